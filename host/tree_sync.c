#include <errno.h>
#include <fcntl.h>

#include "fstype.h"
#include "os.h"
#include "path.h"
#include "tree.h"
#include "tree_walk.h"

/*
 * One syncfs costs no more than an fsync or two, but writes out whatever else is waiting on the
 * file system; a few fsyncs, at a fifth of a millisecond each, are the better bet.
 */
enum { FEW = 8 };

static int fail_step(const struct mh_walk *walk, const struct mh_walk_step *step,
                     struct mh_err *err)
{
    int saved = errno;

    return mh_err_sys(err, saved, "cannot make %s/%s durable", walk->root_name, step->path);
}

/* A directory is made durable when it is left, a file when it is met. */
static int sync_step(const struct mh_walk *walk, const struct mh_walk_step *step,
                     struct mh_err *err)
{
    int result;
    int fd;

    if (step->kind == MH_WALK_ENTER) {
        return 0;
    }
    if (step->kind == MH_WALK_LEAVE) {
        return mh_os_fsync(step->fd) < 0 ? fail_step(walk, step, err) : 0;
    }
    if (step->entry_kind != MH_KIND_FILE) {
        return mh_walk_refuse(walk, step, err);
    }
    fd = mh_path_open(step->parent, step->name, O_RDONLY, MH_LINKS_REFUSE);
    result = fd < 0 || mh_os_fsync(fd) < 0 ? fail_step(walk, step, err) : 0;
    mh_os_close(&fd);
    return result;
}

static int sync_each(int dirfd, const char *name, struct mh_err *err)
{
    struct mh_walk walk = MH_WALK_INIT;
    struct mh_walk_step step;
    int more = mh_walk_begin(&walk, dirfd, name, 0, err);

    while (more >= 0 && (more = mh_walk_next(&walk, &step, err)) > 0) {
        if (sync_step(&walk, &step, err) < 0) {
            more = -1;
        }
    }
    mh_walk_end(&walk);
    return more;
}

/* 1 when the tree has few entries, 0 when many, -1 on failure. */
static int has_few(int dirfd, const char *name, struct mh_err *err)
{
    struct mh_walk walk = MH_WALK_INIT;
    struct mh_walk_step step;
    int count = 0;
    int more = mh_walk_begin(&walk, dirfd, name, 0, err);

    while (more >= 0 && count <= FEW && (more = mh_walk_next(&walk, &step, err)) > 0) {
        count += step.kind != MH_WALK_LEAVE ? 1 : 0;
    }
    mh_walk_end(&walk);
    return more < 0 ? -1 : count <= FEW;
}

int mh_tree_sync(int dirfd, const char *name, bool *whole, struct mh_err *err)
{
    enum mh_fstype type = MH_FSTYPE_LOCAL;
    const char *kind;
    int result;
    int few = has_few(dirfd, name, err);
    bool each;
    int fd;

    if (few < 0) {
        return -1;
    }
    fd = mh_path_open_dir(dirfd, name, err);
    if (fd < 0) {
        return -1;
    }
    result = mh_fstype_of(fd, &type, &kind, err);
    each = few > 0 || type != MH_FSTYPE_LOCAL;
    if (result == 0 && each) {
        result = sync_each(dirfd, name, err);
    } else if (result == 0 && mh_os_syncfs(fd) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s durable", name);
    }
    mh_os_close(&fd);
    if (result == 0 && whole != NULL) {
        *whole = !each;
    }
    return result;
}
