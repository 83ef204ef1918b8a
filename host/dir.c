#include "dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

enum { READ_STEP = 65536 };

int mh_dir_open(const char *path, struct mh_dir *dir, struct mh_err *err)
{
    int fd = mh_path_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, MH_LINKS_FOLLOW);
    char *copy;

    if (fd < 0) {
        return mh_err_sys(err, errno, "cannot open directory %s", path);
    }
    copy = strdup(path);
    if (copy == NULL) {
        mh_os_close(&fd);
        return mh_err_nomem(err);
    }
    dir->fd = fd;
    dir->path = copy;
    return 0;
}

int mh_dir_open_at(const struct mh_dir *parent, const char *path, struct mh_dir *dir,
                   struct mh_err *err)
{
    int fd = mh_path_open(parent->fd, path, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    char *joined;

    if (fd < 0) {
        return mh_dir_fail(parent, "open directory", path, err);
    }
    joined = mh_path_join(parent->path, path);
    if (joined == NULL) {
        mh_os_close(&fd);
        return mh_err_nomem(err);
    }
    dir->fd = fd;
    dir->path = joined;
    return 0;
}

void mh_dir_close(struct mh_dir *dir)
{
    mh_os_close(&dir->fd);
    free(dir->path);
    dir->path = NULL;
}

int mh_buffer_reserve(struct mh_buffer *buffer, size_t capacity, struct mh_err *err)
{
    char *data;

    if (capacity <= buffer->capacity) {
        return 0;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return mh_err_nomem(err);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

void mh_buffer_release(struct mh_buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
    buffer->capacity = 0;
}

int mh_dir_fail(const struct mh_dir *dir, const char *what, const char *path, struct mh_err *err)
{
    int saved = errno;
    const char *slash = *path != '\0' ? "/" : "";

    if (saved != ELOOP && saved != EXDEV) {
        return mh_err_sys(err, saved, "cannot %s %s%s%s", what, dir->path, slash, path);
    }
    (void)mh_err_set(err, mh_err_errno_name(saved), "cannot %s %s%s%s: %s", what, dir->path, slash,
                     path, saved == ELOOP ? "a symbolic link is in the way" : "it leads outside");
    err->errnum = saved;
    return -1;
}

/* True when a ".." segment is in the path, which the kernel would follow out of the directory. */
static bool has_dot_dot(const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.') {
            return true;
        }
        path += length + (path[length] == '/' ? 1 : 0);
    }
    return false;
}

static int check_readable(const struct mh_dir *dir, const char *path, enum mh_links links,
                          struct mh_err *err)
{
    if (path[0] == '/' || (links == MH_LINKS_FOLLOW && has_dot_dot(path))) {
        return mh_err_set(err, "EINVALIDPATH", "not a path inside %s: %s", dir->path, path);
    }
    return 0;
}

/*
 * Reads fd to its end behind one another; `expected` is the size that fstat said.  A read that
 * gives less than it could have given is the end of a regular file, so a file that kept its size
 * costs one read.
 */
static int read_to_end(int fd, size_t expected, size_t max, struct mh_buffer *buffer,
                       struct mh_err *err)
{
    size_t room = expected + 1;

    buffer->size = 0;
    for (;;) {
        ssize_t count;

        if (mh_buffer_reserve(buffer, buffer->size + room, err) < 0) {
            return -1;
        }
        count = mh_os_read(fd, buffer->data + buffer->size, room);
        if (count < 0) {
            return mh_err_sys(err, errno, "cannot read");
        }
        buffer->size += (size_t)count;
        if (buffer->size > max) {
            return mh_err_set(err, "EFBIG", "longer than %zu bytes", max);
        }
        if (count == 0 || ((size_t)count < room && buffer->size >= expected)) {
            return 0;
        }
        room = READ_STEP;
    }
}

static int read_open_file(int fd, size_t max, struct mh_buffer *buffer, struct mh_err *err)
{
    struct stat properties;

    if (fstat(fd, &properties) < 0) {
        return mh_err_sys(err, errno, "cannot read its properties");
    }
    if (!S_ISREG(properties.st_mode)) {
        return mh_err_set(err, "EINVAL", "not a regular file");
    }
    if ((uintmax_t)properties.st_size > max) {
        return mh_err_set(err, "EFBIG", "longer than %zu bytes", max);
    }
    return read_to_end(fd, (size_t)properties.st_size, max, buffer, err);
}

int mh_dir_read(const struct mh_dir *dir, const char *path,
                const struct mh_dir_read_options *options, struct mh_buffer *buffer,
                struct mh_err *err)
{
    int result;
    int fd;

    if (check_readable(dir, path, options->links, err) < 0) {
        return -1;
    }
    fd = mh_path_open(dir->fd, path, O_RDONLY, options->links);
    if (fd < 0 && errno == ENXIO) { /* a socket */
        return mh_err_set(err, "EINVAL", "cannot read %s/%s: not a regular file", dir->path, path);
    }
    if (fd < 0) {
        return mh_dir_fail(dir, "read", path, err);
    }
    result = read_open_file(fd, options->max, buffer, err);
    if (result < 0) {
        (void)mh_err_wrap(err, "cannot read %s/%s", dir->path, path);
        buffer->size = 0;
    }
    mh_os_close(&fd);
    return result;
}

/* stat through an O_PATH handle, so that openat2 checks the way; 0 or -1 with errno. */
static int stat_by_handle(int dirfd, const char *path, enum mh_links links, struct stat *properties)
{
    int flags = O_PATH | (links == MH_LINKS_REFUSE ? O_NOFOLLOW : 0);
    int fd = mh_path_open(dirfd, path, flags, links);
    int result;

    if (fd < 0) {
        return -1;
    }
    result = fstat(fd, properties);
    mh_os_close(&fd);
    return result;
}

int mh_dir_stat(const struct mh_dir *dir, const char *path, enum mh_links links,
                struct stat *properties, struct mh_err *err)
{
    struct stat found;
    bool direct = mh_path_is_segment(path);

    if (check_readable(dir, path, links, err) < 0) {
        return -1;
    }
    if (direct) {
        if (fstatat(dir->fd, path, &found, AT_SYMLINK_NOFOLLOW) < 0) {
            return mh_dir_fail(dir, "look at", path, err);
        }
        if (!S_ISLNK(found.st_mode) || links == MH_LINKS_REFUSE) {
            *properties = found;
            return 0;
        }
    }
    if (links == MH_LINKS_FOLLOW
            ? fstatat(dir->fd, path, &found, *path == '\0' ? AT_EMPTY_PATH : 0) < 0
            : stat_by_handle(dir->fd, path, links, &found) < 0) {
        return mh_dir_fail(dir, "look at", path, err);
    }
    *properties = found;
    return 0;
}

enum mh_kind mh_kind_of(mode_t mode)
{
    if (S_ISREG(mode)) {
        return MH_KIND_FILE;
    }
    if (S_ISDIR(mode)) {
        return MH_KIND_DIRECTORY;
    }
    return S_ISLNK(mode) ? MH_KIND_SYMLINK : MH_KIND_OTHER;
}

const char *mh_kind_name(enum mh_kind kind)
{
    static const char *const names[] = {
        [MH_KIND_FILE] = "file",
        [MH_KIND_DIRECTORY] = "directory",
        [MH_KIND_SYMLINK] = "symlink",
        [MH_KIND_OTHER] = "other",
    };

    return names[kind];
}
