/* Trees kept for a person: moved out of the way, never deleted. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"

/* Opens <state home>/projects/<id>/set-aside, made where it is missing. */
static int open_folder(const struct mh_site *site, struct mh_err *err)
{
    char *relative = NULL;
    int home = open(site->state_home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = -1;

    if (home < 0) {
        return mh_err_sys(err, errno, "cannot open the state directory %s", site->state_home);
    }
    if (asprintf(&relative, "projects/%s/set-aside", site->id) < 0) {
        relative = NULL;
        (void)mh_err_nomem(err);
    } else if (mh_path_make_dirs(home, relative, err) == 0) {
        fd = mh_path_open_dir(home, relative, err);
    }
    mh_os_close(&home);
    free(relative);
    return fd;
}

/* Another device: copied, made durable, and only then removed. */
static int move_by_copy(int dirfd, const char *name, int folder, const char *label,
                        struct mh_err *err)
{
    if (mh_tree_copy(dirfd, name, folder, label, err) < 0 || mh_tree_sync(folder, label, err) < 0) {
        return -1;
    }
    if (mh_os_fsync(folder) < 0) {
        return mh_err_sys(err, errno, "cannot make %s durable", label);
    }
    return mh_tree_remove(dirfd, name, err);
}

int mh_publish_set_aside(const struct mh_site *site, int dirfd, const char *name, const char *label,
                         char **path, struct mh_err *err)
{
    char *kept = NULL;
    int folder = open_folder(site, err);
    int result = -1;

    if (folder < 0) {
        return -1;
    }
    if (asprintf(&kept, "%s/projects/%s/set-aside/%s", site->state_home, site->id, label) < 0) {
        kept = NULL;
        (void)mh_err_nomem(err);
    } else if (mh_os_rename(dirfd, name, folder, label, 0) == 0) {
        result = 0;
    } else if (errno == EXDEV) {
        result = move_by_copy(dirfd, name, folder, label, err);
    } else {
        (void)mh_err_sys(err, errno, "cannot move %s to %s", label, kept);
    }
    mh_os_close(&folder);
    if (result < 0) {
        free(kept);
        return mh_err_wrap(err, "cannot set a tree aside");
    }
    *path = kept;
    return 0;
}
