#include <errno.h>
#include <fcntl.h>

#include "os.h"
#include "path.h"
#include "tree.h"
#include "tree_files.h"
#include "tree_walk.h"

enum { OWNER_ALL = 0700 };

/* One copy under way: `made` once there is something to remove when it fails. */
struct copying {
    int to_dir;
    const char *to_name;
    struct mh_walk walk;
    struct mh_place target;
    struct mh_copier copier;
    dev_t root_dev;
    ino_t root_ino;
    bool made;
};

/* "cannot copy <path in the source>: <reason by errno>"; returns -1. */
static int fail_step(const struct copying *copying, const struct mh_walk_step *step,
                     struct mh_err *err)
{
    int saved = errno;

    return mh_err_sys(err, saved, "cannot copy %s/%s", copying->walk.root_name, step->path);
}

static bool is_same(const struct stat *properties, dev_t dev, ino_t ino)
{
    return properties->st_dev == dev && properties->st_ino == ino;
}

static int fail_into_itself(const struct copying *copying, struct mh_err *err)
{
    return mh_err_set(err, "EINVALIDPATH", "cannot copy %s into itself", copying->walk.root_name);
}

static int make_root(struct copying *copying, const struct stat *source, struct mh_err *err)
{
    const mode_t mode = (source->st_mode & 0777) | OWNER_ALL;
    struct stat properties;

    if (fstat(copying->to_dir, &properties) < 0) {
        return mh_err_sys(err, errno, "cannot look at the directory of %s", copying->to_name);
    }
    if (is_same(&properties, source->st_dev, source->st_ino)) {
        return fail_into_itself(copying, err);
    }
    if (mh_os_mkdir(copying->to_dir, copying->to_name, mode) < 0) {
        return mh_err_sys(err, errno, "cannot make directory %s", copying->to_name);
    }
    copying->made = true;
    if (mh_place_open(&copying->target, copying->to_dir, copying->to_name, err) < 0) {
        return -1;
    }
    if (fstat(copying->target.root, &properties) < 0) {
        return mh_err_sys(err, errno, "cannot look at %s", copying->to_name);
    }
    copying->root_dev = properties.st_dev;
    copying->root_ino = properties.st_ino;
    return 0;
}

static int enter_directory(struct copying *copying, const struct mh_walk_step *step,
                           struct mh_err *err)
{
    const mode_t mode = (step->properties.st_mode & 0777) | OWNER_ALL;
    const char *name;
    int parent;

    if (step->length == 0) {
        return make_root(copying, &step->properties, err);
    }
    if (is_same(&step->properties, copying->root_dev, copying->root_ino)) {
        return fail_into_itself(copying, err);
    }
    parent = mh_place_of(&copying->target, step->path, &name);
    if (parent < 0 || mh_os_mkdir(parent, name, mode) < 0) {
        return fail_step(copying, step, err);
    }
    return 0;
}

/* Until all is in it a directory is open to its owner; now it gets the bits of the original. */
static int leave_directory(struct copying *copying, const struct mh_walk_step *step,
                           struct mh_err *err)
{
    struct stat properties;
    int fd = mh_place_at(&copying->target, step->path, step->length);

    if (fd < 0 || fstat(step->fd, &properties) < 0 ||
        mh_set_permissions(fd, properties.st_mode & 0777) < 0) {
        return fail_step(copying, step, err);
    }
    return 0;
}

static int copy_entry(struct copying *copying, const struct mh_walk_step *step, struct mh_err *err)
{
    const char *name;
    int parent;

    if (step->entry_kind != MH_KIND_FILE) {
        return mh_walk_refuse(&copying->walk, step, err);
    }
    parent = mh_place_of(&copying->target, step->path, &name);
    if (parent < 0 ||
        mh_copier_copy(&copying->copier, step->parent, step->name, parent, name) < 0) {
        return fail_step(copying, step, err);
    }
    return 0;
}

static int copy_step(struct copying *copying, const struct mh_walk_step *step, struct mh_err *err)
{
    if (step->length > MH_TREE_PATH_MAX) {
        return mh_err_set(err, "ENAMETOOLONG", "a path in %s is longer than %d bytes: %.64s...",
                          copying->walk.root_name, MH_TREE_PATH_MAX, step->path);
    }
    switch (step->kind) {
    case MH_WALK_ENTER:
        return enter_directory(copying, step, err);
    case MH_WALK_LEAVE:
        return leave_directory(copying, step, err);
    case MH_WALK_ENTRY:
        return copy_entry(copying, step, err);
    }
    return 0;
}

int mh_tree_copy(int from_dir, const char *from_name, int to_dir, const char *to_name,
                 struct mh_err *err)
{
    struct copying copying = {
        .to_dir = to_dir, .to_name = to_name, .walk = MH_WALK_INIT, .target = MH_PLACE_INIT};
    struct mh_walk_step step;
    struct mh_err ignored;
    int more = mh_walk_begin(&copying.walk, from_dir, from_name, 0, err);

    while (more >= 0 && (more = mh_walk_next(&copying.walk, &step, err)) > 0) {
        if (copy_step(&copying, &step, err) < 0) {
            more = -1;
        }
    }
    mh_walk_end(&copying.walk);
    mh_place_close(&copying.target);
    mh_copier_release(&copying.copier);
    if (more < 0 && copying.made) {
        (void)mh_tree_remove(to_dir, to_name, &ignored);
    }
    return more;
}
