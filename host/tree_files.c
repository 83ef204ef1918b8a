#include "tree_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os.h"
#include "path.h"

/* Below SMALL a read and a write are quicker than what the kernel sets up to copy by itself. */
enum { BLOCK = 128 * 1024, SMALL = 64 * 1024, OWNER_WRITE = 0200 };

int mh_place_open(struct mh_place *place, int dirfd, const char *name, struct mh_err *err)
{
    place->root = mh_path_open_dir(dirfd, name, err);
    return place->root < 0 ? -1 : 0;
}

int mh_place_at(struct mh_place *place, const char *path, size_t length)
{
    struct mh_err ignored;

    if (length == 0) {
        return place->root;
    }
    if (place->fd >= 0 && place->path.size == length &&
        memcmp(place->path.data, path, length) == 0) {
        return place->fd;
    }
    mh_os_close(&place->fd);
    if (mh_buffer_reserve(&place->path, length + 1, &ignored) < 0) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(place->path.data, path, length);
    place->path.data[length] = '\0';
    place->path.size = length;
    place->fd =
        mh_path_open(place->root, place->path.data, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    return place->fd;
}

int mh_place_of(struct mh_place *place, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');

    *name = slash != NULL ? slash + 1 : path;
    return mh_place_at(place, path, slash != NULL ? (size_t)(slash - path) : 0);
}

void mh_place_close(struct mh_place *place)
{
    mh_os_close(&place->fd);
    mh_os_close(&place->root);
    mh_buffer_release(&place->path);
}

void mh_copier_release(struct mh_copier *copier)
{
    free(copier->block);
    copier->block = NULL;
}

int mh_set_permissions(int fd, mode_t mode)
{
    struct stat properties;

    if (fstat(fd, &properties) < 0) {
        return -1;
    }
    if ((properties.st_mode & 0777) == mode) {
        return 0;
    }
    return mh_os_fchmod(fd, (properties.st_mode & 07000) | mode);
}

/* Opens a regular file for reading: the descriptor, or -1 with errno. */
static int open_source(int from, const char *name, struct stat *properties)
{
    int fd = mh_path_open(from, name, O_RDONLY, MH_LINKS_REFUSE);

    if (fd >= 0 && fstat(fd, properties) < 0) {
        mh_os_close(&fd);
    } else if (fd >= 0 && !S_ISREG(properties->st_mode)) {
        mh_os_close(&fd);
        errno = EINVAL;
    }
    return fd;
}

static int create_target(int to, const char *name, mode_t mode)
{
    return mh_os_create(to, name, O_WRONLY | O_CREAT | O_EXCL, (mode & 0777) | OWNER_WRITE);
}

/* True for errors that say "not like this": another way may work. */
static bool is_unsupported(int errnum)
{
    return errnum == EOPNOTSUPP || errnum == EXDEV || errnum == EINVAL || errnum == ENOSYS ||
           errnum == ENOTTY || errnum == EPERM || errnum == EBADF;
}

/* Shares the blocks of one open file with another: 1, 0 where that does not work, -1 with errno. */
static int clone_content(struct mh_copier *copier, int from, int to)
{
    int result;

    do {
        result = mh_os.clone(to, from);
    } while (result < 0 && errno == EINTR);
    if (result == 0) {
        return 1;
    }
    if (!is_unsupported(errno)) {
        return -1;
    }
    copier->no_clone = true;
    return 0;
}

/* Copies up to `size` bytes in the kernel: how many it did, -1 with errno. */
static int64_t copy_range(struct mh_copier *copier, int from, int to, uint64_t size)
{
    uint64_t done = 0;

    while (done < size) {
        ssize_t count = mh_os.copy_file_range(from, to, (size_t)(size - done));

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && !is_unsupported(errno)) {
            return -1;
        }
        if (count <= 0) {
            copier->no_range = copier->no_range || count < 0;
            break;
        }
        done += (uint64_t)count;
    }
    return (int64_t)done;
}

/* Copies to the end of the source through memory: how many bytes, -1 with errno. */
static int64_t copy_through_memory(struct mh_copier *copier, int from, int to)
{
    int64_t done = 0;

    if (copier->block == NULL) {
        copier->block = malloc(BLOCK);
    }
    if (copier->block == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (;;) {
        ssize_t count = mh_os_read(from, copier->block, BLOCK);

        if (count <= 0) {
            return count < 0 ? -1 : done;
        }
        if (mh_os_write_all(to, copier->block, (size_t)count) < 0) {
            return -1;
        }
        done += count;
    }
}

static int copy_content(struct mh_copier *copier, int from, int to, uint64_t size)
{
    int64_t ranged = 0;
    int64_t rest = 0;

    if (!copier->no_clone && size > 0) {
        int cloned = clone_content(copier, from, to);

        if (cloned != 0) {
            return cloned < 0 ? -1 : 0;
        }
    }
    if (!copier->no_range && size > SMALL) {
        ranged = copy_range(copier, from, to, size);
    }
    if (ranged >= 0 && (uint64_t)ranged < size) {
        rest = copy_through_memory(copier, from, to);
    }
    if (ranged < 0 || rest < 0) {
        return -1;
    }
    if ((uint64_t)(ranged + rest) < size) {
        errno = ESTALE;
        return -1;
    }
    return 0;
}

int mh_copier_copy(struct mh_copier *copier, int from, const char *from_name, int to,
                   const char *to_name)
{
    struct stat properties;
    int result = -1;
    int target = -1;
    int source = open_source(from, from_name, &properties);

    if (source < 0) {
        return -1;
    }
    target = create_target(to, to_name, properties.st_mode);
    if (target >= 0 && copy_content(copier, source, target, (uint64_t)properties.st_size) == 0) {
        result = mh_set_permissions(target, properties.st_mode & 0777);
    }
    mh_os_close(&target);
    mh_os_close(&source);
    return result;
}

int mh_copier_clone(struct mh_copier *copier, int from, const char *from_name, int to,
                    const char *to_name)
{
    struct stat properties;
    int result = -1;
    int target = -1;
    int source;

    if (copier->no_clone) {
        return 0;
    }
    source = open_source(from, from_name, &properties);
    if (source < 0) {
        return 0; /* it is not what the snapshot saw: another way gets or misses it */
    }
    target = create_target(to, to_name, properties.st_mode);
    if (target >= 0) {
        result = clone_content(copier, source, target);
        if (result > 0 && mh_set_permissions(target, properties.st_mode & 0777) < 0) {
            result = -1;
        }
        if (result == 0 && mh_os_unlink(to, to_name, 0) < 0) {
            result = -1;
        }
    }
    mh_os_close(&target);
    mh_os_close(&source);
    return result;
}

int mh_copier_link(struct mh_copier *copier, int from, const char *from_name, int to,
                   const char *to_name)
{
    int result;

    if (copier->no_link) {
        return 0;
    }
    do {
        result = mh_os.linkat(from, from_name, to, to_name, 0);
    } while (result < 0 && errno == EINTR);
    if (result == 0) {
        return 1;
    }
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EEXIST) {
        return -1;
    }
    copier->no_link = errno == EXDEV || errno == EOPNOTSUPP || errno == ENOSYS;
    return 0;
}
