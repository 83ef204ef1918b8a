#include "tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"
#include "path.h"

/*
 * A level is one directory on the way down.  Its names lie in `names` between those of the level
 * above and those of the level below; `fd` is -1 while it is closed to save descriptors.
 */
struct mh_walk_level {
    int fd;
    dev_t dev;
    ino_t ino;
    size_t path_length; /* of the walk's path for this directory */
    size_t names_begin;
    size_t names_next;
    size_t names_end;
};

enum { BLOCK = 32768, OWNER_ALL = 0700 };

enum { GONE = 0, ENTERED = 1, CLOSED = 2 };

/* "<root>/<path>: cannot <what>: <reason>" for what is at the walk's path. */
static int fail_sys(const struct mh_walk *walk, const char *what, struct mh_err *err)
{
    int saved = errno;
    bool root = walk->path.size == 0;

    return mh_err_sys(err, saved, "%s%s%.*s: cannot %s", walk->root_name, root ? "" : "/",
                      (int)walk->path.size, root ? "" : walk->path.data, what);
}

/* The path of the level on top, or "" before there is one, plus one more name. */
static int set_path(struct mh_walk *walk, const char *name, struct mh_err *err)
{
    size_t base = walk->depth > 0 ? walk->levels[walk->depth - 1].path_length : 0;
    size_t length = strlen(name);
    size_t size = base + (base > 0 ? 1 : 0) + length;

    if (size + 1 > walk->path.capacity && mh_buffer_reserve(&walk->path, 2 * size + 64, err) < 0) {
        return -1;
    }
    if (base > 0) {
        walk->path.data[base] = '/';
    }
    memcpy(walk->path.data + size - length, name, length + 1);
    walk->path.size = size;
    return 0;
}

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

static int add_name(struct mh_walk *walk, const char *name, enum mh_kind kind, struct mh_err *err)
{
    size_t size = strlen(name) + 1;

    if (walk->names.size + 1 + size > walk->names.capacity &&
        mh_buffer_reserve(&walk->names, 2 * (walk->names.size + 1 + size), err) < 0) {
        return -1;
    }
    walk->names.data[walk->names.size] = (char)kind;
    memcpy(walk->names.data + walk->names.size + 1, name, size);
    walk->names.size += 1 + size;
    return 0;
}

static int add_block(struct mh_walk *walk, int fd, const char *block, size_t size,
                     struct mh_err *err)
{
    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(block + at);
        enum mh_kind kind;

        at += entry->d_reclen;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (mh_kind_of_entry(fd, entry->d_name, entry->d_type, &kind) < 0) {
            if (errno == ENOENT && walk->flags != 0) {
                continue;
            }
            return fail_sys(walk, "look at what is in it", err);
        }
        if (add_name(walk, entry->d_name, kind, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Puts the names in a directory on top of `names`.  One that was removed after it was opened has
 * none, and says ENOENT. */
static int read_names(struct mh_walk *walk, int fd, struct mh_err *err)
{
    _Alignas(struct dirent64) char block[BLOCK];
    ssize_t size;

    while ((size = getdents64(fd, block, sizeof block)) > 0) {
        if (add_block(walk, fd, block, (size_t)size, err) < 0) {
            return -1;
        }
    }
    if (size < 0 && !(errno == ENOENT && walk->flags != 0)) {
        return fail_sys(walk, "list", err);
    }
    return 0;
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

/* Opens the directory at the walk's path: the descriptor, or -1 with errno. */
static int open_directory(struct mh_walk *walk, int parent, const char *name)
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

/* Makes the directory at the walk's path the top level, its names read.  Takes over fd on success.
 */
static int push_level(struct mh_walk *walk, int fd, struct mh_err *err)
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

/* Whether a look may go on without what is in a directory that could not be opened. */
static bool is_closed(int errnum)
{
    return errnum == EACCES || errnum == EXDEV || errnum == ENOTDIR || errnum == ELOOP;
}

/* Enters the directory at the walk's path: ENTERED, or GONE when it has vanished and that is fine,
 * CLOSED when it cannot be entered and that is fine, or -1. */
static int enter(struct mh_walk *walk, int parent, const char *name, struct mh_err *err)
{
    int fd = open_directory(walk, parent, name);

    if (fd < 0 && errno == ENOENT && walk->flags != 0 && walk->depth > 0) {
        return GONE;
    }
    if (fd < 0 && is_closed(errno) && (walk->flags & MH_WALK_LOOK) != 0 && walk->depth > 0) {
        return CLOSED;
    }
    if (fd < 0) {
        return fail_sys(walk, "open directory", err);
    }
    if (push_level(walk, fd, err) < 0) {
        mh_os_close(&fd);
        return -1;
    }
    return ENTERED;
}

int mh_walk_begin(struct mh_walk *walk, int dirfd, const char *name, int flags, struct mh_err *err)
{
    walk->dirfd = dirfd;
    walk->root_name = name;
    walk->flags = flags;
    walk->state = MH_WALK_AT_ROOT;
    if (set_path(walk, "", err) < 0) {
        return -1;
    }
    if (enter(walk, dirfd, name, err) < 0) {
        int errnum = err->errnum;

        if (errnum == ENOTDIR || errnum == ELOOP) {
            (void)mh_err_set(err, "EINVALIDPATH", "%s is not a directory", name);
            err->errnum = errnum;
        }
        return -1;
    }
    return 0;
}

/* Opens the level below the top again, where it was closed to save descriptors. */
static int reopen_parent(struct mh_walk *walk, struct mh_err *err)
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
        (void)fail_sys(walk, "go back up", err);
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

static void fill_directory_step(const struct mh_walk *walk, enum mh_walk_kind kind,
                                struct mh_walk_step *step)
{
    const struct mh_walk_level *top = &walk->levels[walk->depth - 1];
    const struct mh_walk_level *parent = walk->depth > 1 ? top - 1 : NULL;
    size_t above = walk->depth > 1 && parent->path_length > 0 ? parent->path_length + 1 : 0;

    *step = (struct mh_walk_step){
        .kind = kind,
        .fd = top->fd,
        .parent = parent != NULL ? parent->fd : walk->dirfd,
        .name = parent != NULL ? walk->path.data + above : walk->root_name,
        .path = walk->path.data,
        .length = walk->path.size,
        .properties = walk->properties,
    };
}

static int leave(struct mh_walk *walk, struct mh_walk_step *step, struct mh_err *err)
{
    walk->path.size = walk->levels[walk->depth - 1].path_length;
    walk->path.data[walk->path.size] = '\0';
    if (walk->depth > 1 && reopen_parent(walk, err) < 0) {
        return -1;
    }
    fill_directory_step(walk, MH_WALK_LEAVE, step);
    walk->state = MH_WALK_LEAVING;
    return 1;
}

/* The next name of the top level: 1 with the step, 0 when there is nothing to say about it, -1. */
static int take_name(struct mh_walk *walk, struct mh_walk_step *step, struct mh_err *err)
{
    struct mh_walk_level *top = &walk->levels[walk->depth - 1];
    const char *entry = walk->names.data + top->names_next;
    enum mh_kind kind = (enum mh_kind)entry[0];
    size_t length = strlen(entry + 1);
    int entered = CLOSED;
    const char *name;

    top->names_next += 1 + length + 1;
    if (set_path(walk, entry + 1, err) < 0) {
        return -1;
    }
    name = walk->path.data + walk->path.size - length; /* the names move when more are read */
    if (kind == MH_KIND_DIRECTORY) {
        entered = enter(walk, top->fd, name, err);
    }
    if (entered == CLOSED) {
        *step = (struct mh_walk_step){
            .kind = MH_WALK_ENTRY,
            .fd = -1,
            .parent = top->fd,
            .name = name,
            .path = walk->path.data,
            .length = walk->path.size,
            .entry_kind = kind,
        };
        return 1;
    }
    if (entered == ENTERED) {
        fill_directory_step(walk, MH_WALK_ENTER, step);
    }
    return entered;
}

static void pop_level(struct mh_walk *walk)
{
    struct mh_walk_level *top = &walk->levels[--walk->depth];

    mh_os_close(&top->fd);
    walk->names.size = top->names_begin;
}

int mh_walk_next(struct mh_walk *walk, struct mh_walk_step *step, struct mh_err *err)
{
    int given = 0;

    if (walk->state == MH_WALK_AT_ROOT) {
        walk->state = MH_WALK_INSIDE;
        fill_directory_step(walk, MH_WALK_ENTER, step);
        return 1;
    }
    if (walk->state == MH_WALK_LEAVING) {
        pop_level(walk);
        walk->state = MH_WALK_INSIDE;
    }
    while (given == 0 && walk->depth > 0) {
        const struct mh_walk_level *top = &walk->levels[walk->depth - 1];

        given =
            top->names_next < top->names_end ? take_name(walk, step, err) : leave(walk, step, err);
    }
    return given;
}

void mh_walk_skip(struct mh_walk *walk)
{
    struct mh_walk_level *top = &walk->levels[walk->depth - 1];

    top->names_next = top->names_end;
}

void mh_walk_end(struct mh_walk *walk)
{
    while (walk->depth > 0) {
        pop_level(walk);
    }
    free(walk->levels);
    mh_buffer_release(&walk->names);
    mh_buffer_release(&walk->path);
    *walk = (struct mh_walk)MH_WALK_INIT;
}

static const char *name_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return "a symbolic link";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFBLK:
    case S_IFCHR:
        return "a device";
    default:
        return "something else";
    }
}

int mh_walk_refuse(const struct mh_walk *walk, const struct mh_walk_step *step, struct mh_err *err)
{
    struct stat properties = {0};

    (void)fstatat(step->parent, step->name, &properties, AT_SYMLINK_NOFOLLOW);
    return mh_err_set(err, "EINVALIDPATH",
                      "%s/%s is %s: only directories and regular files belong here",
                      walk->root_name, step->path, name_type(properties.st_mode));
}
