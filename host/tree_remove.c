#include <errno.h>
#include <fcntl.h>

#include "os.h"
#include "tree.h"
#include "tree_walk.h"

static int remove_step(const struct mh_walk *walk, const struct mh_walk_step *step,
                       struct mh_err *err)
{
    const int flags = step->kind == MH_WALK_LEAVE ? AT_REMOVEDIR : 0;

    if (step->kind == MH_WALK_ENTER || mh_os_unlink(step->parent, step->name, flags) == 0) {
        return 0;
    }
    return mh_err_sys(err, errno, "cannot remove %s%s%s", walk->root_name,
                      step->length > 0 ? "/" : "", step->path);
}

/* Removes what is not a directory. */
static int remove_file(int dirfd, const char *name, struct mh_err *err)
{
    return mh_os_unlink(dirfd, name, 0) < 0 ? mh_err_sys(err, errno, "cannot remove %s", name) : 0;
}

int mh_tree_remove(int dirfd, const char *name, struct mh_err *err)
{
    struct mh_walk walk = MH_WALK_INIT;
    struct mh_walk_step step;
    struct mh_err trouble = {0};
    int more = mh_walk_begin(&walk, dirfd, name, MH_WALK_FORCE, &trouble);

    if (more < 0) {
        mh_walk_end(&walk);
        if (trouble.errnum == ENOENT) {
            return 0;
        }
        if (trouble.errnum == ENOTDIR || trouble.errnum == ELOOP) {
            return remove_file(dirfd, name, err);
        }
        *err = trouble;
        return mh_err_wrap(err, "cannot remove %s", name);
    }
    while (more >= 0 && (more = mh_walk_next(&walk, &step, err)) > 0) {
        more = remove_step(&walk, &step, err);
    }
    mh_walk_end(&walk);
    return more;
}
