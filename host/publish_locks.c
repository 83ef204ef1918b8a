/* The lock under which commits are made, and git's own locks that dead holders of it left. */
#include <errno.h>
#include <string.h>

#include "dir.h"
#include "os.h"
#include "publish_parts.h"
#include "repo_lock.h"

struct removal {
    struct mh_err *err;
};

static int remove_if_ours(void *context, const struct mh_git_lock_found *found)
{
    const struct removal *removal = context;

    if (!found->ours || mh_os_unlink(found->dirfd, found->name, 0) == 0) {
        return 0;
    }
    return mh_err_sys(removal->err, errno, "cannot remove the dead lock %s", found->path);
}

static int list_files(const struct mh_site *site, struct mh_listing *out, struct mh_err *err)
{
    static char here[] = "locks";
    const struct mh_dir dir = {.fd = site->locks_fd, .path = here};

    return mh_dir_list(&dir, "", out, err);
}

/* Only a holder of repo.lock takes locks of git's and has anything in our folder, and that is us
 * now. */
static int sweep(const struct mh_site *site, struct mh_err *err)
{
    struct removal removal = {.err = err};
    struct mh_listing listing = {0};
    int result = mh_git_lock_is_linked(site->home_fd, err);

    if (result > 0) {
        result = mh_git_lock_each(site->repo, site->home_fd, remove_if_ours, &removal, err);
    }
    if (result == 0) {
        result = list_files(site, &listing, err);
    }
    for (size_t i = 0; i < listing.count && result == 0; i++) {
        if (mh_os_unlink(site->locks_fd, listing.entries[i].name, 0) < 0) {
            result = mh_err_sys(err, errno, "cannot remove %s/locks/%s, which a dead process left",
                                site->home, listing.entries[i].name);
        }
    }
    mh_listing_release(&listing);
    return result;
}

int mh_publish_lock_repository(const struct mh_site *site, const char *operation, double wait,
                               struct mh_lock *out, struct mh_err *err)
{
    struct mh_lock lock = MH_LOCK_INIT;

    if (mh_publish_lock(site, site->home_fd, "repo.lock", operation, wait, &lock, err) < 0) {
        return -1;
    }
    if (mh_git_lock_mark(site->home_fd, err) < 0 || sweep(site, err) < 0) {
        mh_lock_drop(&lock);
        return -1;
    }
    *out = lock;
    return 0;
}

/* 1 where a dead process may have left anything, 0, -1. */
static int is_littered(const struct mh_site *site, struct mh_err *err)
{
    struct mh_listing listing = {0};
    int result = mh_git_lock_is_linked(site->home_fd, err);

    if (result == 0) {
        result = list_files(site, &listing, err) < 0 ? -1 : listing.count > 0;
    }
    mh_listing_release(&listing);
    return result;
}

int mh_publish_sweep_locks(const struct mh_site *site, struct mh_err *err)
{
    struct mh_lock lock = MH_LOCK_INIT;
    int found = is_littered(site, err);

    if (found <= 0) {
        return found;
    }
    if (mh_publish_lock_repository(site, "recovery", 0, &lock, err) < 0) {
        return strcmp(err->name, "EBUSY") == 0 ? 0 : -1;
    }
    mh_lock_drop(&lock);
    return 0;
}

int mh_site_unlock(const struct mh_site *site, struct mh_err *err)
{
    struct mh_lock lock = MH_LOCK_INIT;

    if (mh_publish_lock_repository(site, "repair", 0, &lock, err) < 0) {
        return -1;
    }
    mh_lock_drop(&lock);
    return 0;
}
