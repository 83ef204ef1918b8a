/* What a step starts from: the base, and the copies of it that an agent works in. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"

static int read_live(const struct mh_site *site, const char *slug, struct mh_snapshot *out,
                     struct mh_err *err)
{
    return mh_snapshot_take(site->live_fd, slug, NULL, out, err) < 0
               ? mh_err_wrap(err, "in %s", site->live)
               : 0;
}

int mh_site_base(const struct mh_site *site, const struct mh_lease *lease, struct mh_base *out,
                 struct mh_err *err)
{
    struct mh_base base = MH_BASE_INIT;
    struct mh_repo_head head = {0};
    char *path = mh_path_join(site->live, lease->slug);
    int result = -1;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    /* The digest comes before the look at git: an edit after it is found at the exchange. */
    if (mh_lock_verify(&lease->lock, err) == 0 && mh_publish_check_operation(site, err) == 0 &&
        mh_publish_read_branch(site, &head, err) == 0 &&
        read_live(site, lease->slug, &base.live, err) == 0 &&
        mh_publish_check_clean(site, lease->slug, err) == 0 &&
        mh_repo_tree_id(site->repo, head.commit.hex, path, &base.tree, err) >= 0) {
        base.branch = head.branch;
        head.branch = NULL;
        result = 0;
    }
    mh_repo_head_release(&head);
    free(path);
    if (result < 0) {
        mh_base_release(&base);
        return -1;
    }
    *out = base;
    return 0;
}

int mh_publish_open_parent(const char *path, const char **name, struct mh_err *err)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int fd;

    if (slash == NULL || slash == path || !mh_path_is_segment(slash + 1)) {
        return mh_err_set(err, "EINVALIDPATH", "not an absolute path of a workspace: %s", path);
    }
    parent = strndup(path, (size_t)(slash - path));
    if (parent == NULL) {
        return mh_err_nomem(err);
    }
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)mh_err_sys(err, errno, "cannot open the workspace %s", path);
    }
    free(parent);
    *name = slash + 1;
    return fd;
}

/* Copies live, or makes an empty directory in its place. */
static int copy_live(const struct mh_site *site, const char *slug, const struct mh_base *base,
                     int parent, const char *name, struct mh_err *err)
{
    if (base->live.exists) {
        return mh_tree_copy(site->live_fd, slug, parent, name, err);
    }
    return mh_os_mkdir(parent, name, 0777) < 0
               ? mh_err_sys(err, errno, "cannot make the workspace %s", name)
               : 0;
}

/*
 * After live was copied: 0 where it still is the base, so that no workspace, and no step's commit
 * after that, has an edit in it which was made while it was copied.  A failure keeps its own reason
 * where nobody was at live.
 */
static int check_copied(const struct mh_site *site, const struct mh_lease *lease,
                        const struct mh_base *base, int result, struct mh_err *err)
{
    struct mh_err why;
    int equal = mh_publish_compare(site->live_fd, lease->slug, &base->live, &why);

    if (equal == 0) {
        result = mh_publish_edited(site, lease->slug, base->branch, err);
    } else if (equal < 0 && result == 0) {
        *err = why;
        result = -1;
    }
    return result;
}

int mh_base_copy(const struct mh_site *site, const struct mh_lease *lease,
                 const struct mh_base *base, const char *workspace, struct mh_err *err)
{
    const char *name = NULL;
    int parent = mh_publish_open_parent(workspace, &name, err);
    int result = -1;

    if (parent < 0) {
        return -1;
    }
    result = copy_live(site, lease->slug, base, parent, name, err);
    mh_os_close(&parent);
    return check_copied(site, lease, base, result, err);
}

int mh_base_refresh(const struct mh_site *site, const struct mh_lease *lease,
                    const struct mh_base *base, const char *workspace,
                    const struct mh_snapshot *old, struct mh_err *err)
{
    struct mh_update update = {
        .from_dir = site->live_fd, .from_name = lease->slug, .from = &base->live, .to = old};
    size_t copied = 0;
    int result;

    if (!base->live.exists) {
        return mh_err_set(err, "ENOENT", "there is no live %s to refresh from", lease->slug);
    }
    update.to_dir = mh_publish_open_parent(workspace, &update.to_name, err);
    if (update.to_dir < 0) {
        return -1;
    }
    result = mh_tree_update(&update, &copied, err);
    mh_os_close(&update.to_dir);
    return check_copied(site, lease, base, result, err);
}

void mh_base_release(struct mh_base *base)
{
    mh_snapshot_release(&base->live);
    base->tree.hex[0] = '\0';
    free(base->branch);
    base->branch = NULL;
}
