#include "dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

int mh_dir_open_parent(int dirfd, const char *path, const char **name, struct mh_err *err)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int fd;

    if (!mh_path_is_relative(path)) {
        return mh_err_set(err, "EINVALIDPATH", "not a plain path inside its directory: %s", path);
    }
    parent = strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
    if (parent == NULL) {
        return mh_err_nomem(err);
    }
    fd = mh_path_open_dir(dirfd, parent, err);
    free(parent);
    if (fd >= 0) {
        *name = slash != NULL ? slash + 1 : path;
    }
    return fd;
}

int mh_dir_make(const struct mh_dir *dir, const char *path, mode_t mode, struct mh_err *err)
{
    if (mh_path_make_dirs(dir->fd, path, mode, err) < 0) {
        return mh_err_wrap(err, "in %s", dir->path);
    }
    return 0;
}

int mh_dir_remove(const struct mh_dir *dir, const char *path, struct mh_err *err)
{
    const char *name = NULL;
    int parent = mh_dir_open_parent(dir->fd, path, &name, err);
    int result = 0;

    if (parent < 0) {
        return err->errnum == ENOENT ? 0
                                     : mh_err_wrap(err, "cannot remove %s in %s", path, dir->path);
    }
    if (mh_os_unlink(parent, name, 0) < 0 &&
        (errno != EISDIR || mh_os_unlink(parent, name, AT_REMOVEDIR) < 0)) {
        result = mh_dir_fail(dir, "remove", path, err);
    }
    mh_os_close(&parent);
    return result;
}

int mh_dir_rename(const struct mh_dir *dir, const char *from, const char *to, struct mh_err *err)
{
    const char *old = NULL;
    const char *new = NULL;
    int result = -1;
    int target = -1;
    int source = mh_dir_open_parent(dir->fd, from, &old, err);

    if (source < 0) {
        return mh_err_wrap(err, "cannot rename %s in %s", from, dir->path);
    }
    target = mh_dir_open_parent(dir->fd, to, &new, err);
    if (target < 0) {
        (void)mh_err_wrap(err, "cannot rename %s in %s", from, dir->path);
        goto out;
    }
    if (mh_os_rename(source, old, target, new, RENAME_NOREPLACE) < 0) {
        int saved = errno;

        (void)mh_err_sys(err, saved, "cannot rename %s to %s in %s", from, to, dir->path);
        goto out;
    }
    result = 0;
out:
    mh_os_close(&source);
    mh_os_close(&target);
    return result;
}

int mh_dir_sync(const struct mh_dir *dir, const char *path, struct mh_err *err)
{
    int result = 0;
    int fd = mh_path_open(dir->fd, path, O_RDONLY, MH_LINKS_REFUSE);

    if (fd < 0 || mh_os_fsync(fd) < 0) {
        result = mh_dir_fail(dir, "make durable", path, err);
    }
    mh_os_close(&fd);
    return result;
}
