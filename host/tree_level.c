#include "tree_level.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

enum { OWNER_ALL = 0700 };

static int open_level(int dirfd, const char *name, bool root)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | (root ? 0 : RESOLVE_NO_XDEV),
    };
    long fd;

    do {
        fd = syscall(SYS_openat2, dirfd, name, &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)fd;
}

/* Opens a directory that denies it to its owner, by giving the owner all permissions first. */
static int open_forced(int dirfd, const char *name, bool root)
{
    if (mh_os.fchmodat(dirfd, name, OWNER_ALL, AT_SYMLINK_NOFOLLOW) < 0) {
        errno = EACCES;
        return -1;
    }
    return open_level(dirfd, name, root);
}

/* Without all its permissions an owner cannot remove what is in a directory; failing shows up
 * there. */
static void permit(int fd, const struct stat *properties)
{
    if ((properties->st_mode & OWNER_ALL) != OWNER_ALL && properties->st_uid == geteuid()) {
        (void)mh_os_fchmod(fd, (properties->st_mode & 07777) | OWNER_ALL);
    }
}

static int grow_levels(struct mh_walk *walk, struct mh_err *err)
{
    size_t capacity = walk->capacity > 0 ? 2 * walk->capacity : 16;
    struct mh_walk_level *levels;

    if (walk->depth < walk->capacity) {
        return 0;
    }
    levels = reallocarray(walk->levels, capacity, sizeof *levels);
    if (levels == NULL) {
        return mh_err_nomem(err);
    }
    walk->levels = levels;
    walk->capacity = capacity;
    return 0;
}

int mh_level_open(struct mh_walk *walk, int parent, const char *name)
{
    const bool force = (walk->flags & MH_WALK_FORCE) != 0;
    const bool root = walk->depth == 0;
    int fd = open_level(parent, name, root);

    if (fd < 0 && errno == EACCES && force) {
        fd = open_forced(parent, name, root);
    }
    if (fd >= 0 && fstat(fd, &walk->properties) < 0) {
        mh_os_close(&fd);
    }
    if (fd >= 0 && force) {
        permit(fd, &walk->properties);
    }
    return fd;
}

/* One that was removed after it was opened has none, and says ENOENT. */
static int read_names(struct mh_walk *walk, int fd, struct mh_err *err)
{
    if (mh_dir_names(fd, &walk->names) < 0 && !(errno == ENOENT && walk->flags != 0)) {
        return mh_walk_fail(walk, "list", err);
    }
    return 0;
}

int mh_level_push(struct mh_walk *walk, int fd, struct mh_err *err)
{
    size_t names_begin = walk->names.size;

    if (grow_levels(walk, err) < 0 || read_names(walk, fd, err) < 0) {
        return -1;
    }
    walk->levels[walk->depth++] = (struct mh_walk_level){
        .fd = fd,
        .dev = walk->properties.st_dev,
        .ino = walk->properties.st_ino,
        .path_length = walk->path.size,
        .names_begin = names_begin,
        .names_next = names_begin,
        .names_end = walk->names.size,
    };
    if (walk->depth > MH_WALK_OPEN) {
        mh_os_close(&walk->levels[walk->depth - 1 - MH_WALK_OPEN].fd);
    }
    return 0;
}

int mh_level_reopen_parent(struct mh_walk *walk, struct mh_err *err)
{
    const struct mh_walk_level *top = &walk->levels[walk->depth - 1];
    struct mh_walk_level *parent = &walk->levels[walk->depth - 2];
    struct stat properties;
    int fd;

    if (parent->fd >= 0) {
        return 0;
    }
    fd = openat(top->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &properties) < 0) {
        (void)mh_walk_fail(walk, "go back up", err);
        mh_os_close(&fd);
        return -1;
    }
    if (properties.st_dev != parent->dev || properties.st_ino != parent->ino) {
        mh_os_close(&fd);
        return mh_err_set(err, "ESTALE", "%s/%s was moved while it was being read", walk->root_name,
                          walk->path.data);
    }
    parent->fd = fd;
    return 0;
}

void mh_level_pop(struct mh_walk *walk)
{
    struct mh_walk_level *top = &walk->levels[--walk->depth];

    mh_os_close(&top->fd);
    walk->names.size = top->names_begin;
}
