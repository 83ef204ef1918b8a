#include "tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "tree_level.h"

enum { GONE = 0, ENTERED = 1, CLOSED = 2 };

int mh_walk_fail(const struct mh_walk *walk, const char *what, struct mh_err *err)
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

/* Whether a look may go on without what is in a directory that could not be opened. */
static bool is_closed(int errnum)
{
    return errnum == EACCES || errnum == EXDEV || errnum == ENOTDIR || errnum == ELOOP;
}

/* Enters the directory at the walk's path: ENTERED, or GONE when it has vanished and that is fine,
 * CLOSED when it cannot be entered and that is fine, or -1. */
static int enter(struct mh_walk *walk, int parent, const char *name, struct mh_err *err)
{
    int fd = mh_level_open(walk, parent, name);

    if (fd < 0 && errno == ENOENT && walk->flags != 0 && walk->depth > 0) {
        return GONE;
    }
    if (fd < 0 && is_closed(errno) && (walk->flags & MH_WALK_LOOK) != 0 && walk->depth > 0) {
        return CLOSED;
    }
    if (fd < 0) {
        return mh_walk_fail(walk, "open directory", err);
    }
    if (mh_level_push(walk, fd, err) < 0) {
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
    if (walk->depth > 1 && mh_level_reopen_parent(walk, err) < 0) {
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

int mh_walk_next(struct mh_walk *walk, struct mh_walk_step *step, struct mh_err *err)
{
    int given = 0;

    if (walk->state == MH_WALK_AT_ROOT) {
        walk->state = MH_WALK_INSIDE;
        fill_directory_step(walk, MH_WALK_ENTER, step);
        return 1;
    }
    if (walk->state == MH_WALK_LEAVING) {
        mh_level_pop(walk);
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
        mh_level_pop(walk);
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
