/* The site: one live directory, and our folder in git's common directory. */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fstype.h"
#include "os.h"
#include "path.h"
#include "publish_parts.h"

int mh_publish_open_absolute(const char *path, struct mh_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open directory %s", path);
}

/* Makes (mode 0700) and opens one directory in another. */
static int make_dir(int dirfd, const char *name, struct mh_err *err)
{
    if (mh_os_mkdir(dirfd, name, 0700) < 0 && errno != EEXIST) {
        return mh_err_sys(err, errno, "cannot make directory %s", name);
    }
    return mh_path_open_dir(dirfd, name, err);
}

/* Opens <git common dir>/mighost and its folders. */
static int open_home(struct mh_site *site, struct mh_err *err)
{
    int common = mh_publish_open_absolute(mh_repo_commondir(site->repo), err);
    int result = -1;

    if (common < 0) {
        return -1;
    }
    site->home_fd = make_dir(common, "mighost", err);
    if (site->home_fd >= 0 && (site->leases_fd = make_dir(site->home_fd, "leases", err)) >= 0 &&
        (site->journals_fd = make_dir(site->home_fd, "journals", err)) >= 0 &&
        (site->locks_fd = make_dir(site->home_fd, "locks", err)) >= 0) {
        result = 0;
    }
    mh_os_close(&common);
    return result < 0 ? mh_err_wrap(err, "in git's directory %s", mh_repo_commondir(site->repo))
                      : 0;
}

static int open_live(struct mh_site *site, struct mh_err *err)
{
    int worktree = mh_publish_open_absolute(mh_repo_worktree(site->repo), err);

    if (worktree < 0) {
        return -1;
    }
    site->live_fd = mh_path_open_dir(worktree, site->live, err);
    mh_os_close(&worktree);
    return site->live_fd < 0 ? mh_err_wrap(err, "the live migrations directory") : 0;
}

/* Live may lie elsewhere than git's directory, whose locks refuse such a file system too. */
static int check_live(const struct mh_site *site, struct mh_err *err)
{
    enum mh_fstype type;
    const char *kind;

    if (mh_fstype_of(site->live_fd, &type, &kind, err) < 0) {
        return -1;
    }
    if (type == MH_FSTYPE_NETWORK || (type == MH_FSTYPE_FUSE && !site->allow_fuse)) {
        return mh_err_set(err, "EUNSUPPORTED",
                          "%s is on a file system (%s) that cannot be relied on to keep what was "
                          "synced",
                          site->live, kind);
    }
    return 0;
}

int mh_site_open(const struct mh_site_options *options, struct mh_site *out, struct mh_err *err)
{
    struct mh_site site = {.repo = options->repo,
                           .home_fd = -1,
                           .leases_fd = -1,
                           .journals_fd = -1,
                           .locks_fd = -1,
                           .live_fd = -1,
                           .allow_fuse = options->allow_fuse};

    if (!mh_path_is_relative(options->live)) {
        return mh_err_set(err, "EINVALIDPATH", "not a path inside the work tree: %s",
                          options->live);
    }
    site.live = strdup(options->live);
    site.state_home = strdup(options->state_home);
    site.home = mh_path_join(mh_repo_commondir(options->repo), "mighost");
    if (site.live == NULL || site.state_home == NULL || site.home == NULL) {
        (void)mh_err_nomem(err);
        goto fail;
    }
    if (open_live(&site, err) < 0 || check_live(&site, err) < 0 || open_home(&site, err) < 0 ||
        mh_publish_open_id(&site, err) < 0) {
        goto fail;
    }
    *out = site;
    return 0;
fail:
    mh_site_close(&site);
    return -1;
}

void mh_site_close(struct mh_site *site)
{
    free(site->live);
    free(site->state_home);
    free(site->home);
    mh_os_close(&site->home_fd);
    mh_os_close(&site->leases_fd);
    mh_os_close(&site->journals_fd);
    mh_os_close(&site->locks_fd);
    mh_os_close(&site->live_fd);
    *site = (struct mh_site){
        .home_fd = -1, .leases_fd = -1, .journals_fd = -1, .locks_fd = -1, .live_fd = -1};
}
