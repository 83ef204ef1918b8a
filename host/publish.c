/* The site, its leases, and what a step starts from.  publish_tx.c has the transaction. */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fstype.h"
#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_status.h"
#include "sys.h"

static int open_absolute(const char *path, struct mh_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open directory %s", path);
}

/* Makes (mode 0700) and opens one directory in another. */
static int make_dir(int dirfd, const char *name, struct mh_err *err)
{
    if (mh_os_mkdir(dirfd, name, 0700) < 0 && errno != EEXIST) {
        return mh_err_sys(err, errno, "cannot make directory %s in git's common directory", name);
    }
    return mh_path_open_dir(dirfd, name, err);
}

/* Opens <git common dir>/mighost and its folders. */
static int open_home(struct mh_site *site, struct mh_err *err)
{
    int common = open_absolute(mh_repo_commondir(site->repo), err);
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
    return result;
}

/* Reads the id; 0 where there is none yet. */
static int read_id(struct mh_site *site, struct mh_err *err)
{
    char id[MH_PROJECT_ID_HEX + 1] = "";
    int fd = mh_path_open(site->home_fd, "id", O_RDONLY, MH_LINKS_REFUSE);
    ssize_t count;

    if (fd < 0) {
        return errno == ENOENT ? 0 : mh_err_sys(err, errno, "cannot open %s/id", site->home);
    }
    count = mh_os_read(fd, id, MH_PROJECT_ID_HEX);
    mh_os_close(&fd);
    if (count != MH_PROJECT_ID_HEX || strspn(id, "0123456789abcdef") != MH_PROJECT_ID_HEX) {
        return mh_err_set(err, "ECORRUPT", "not an id of 32 hexadecimal digits: %s/id", site->home);
    }
    memcpy(site->id, id, sizeof id);
    return 1;
}

/* An id that a power cut takes away would take the kept answers with it, which are found by it. */
static int sync_home(const struct mh_site *site, struct mh_err *err)
{
    int common = open_absolute(mh_repo_commondir(site->repo), err);
    int result = 0;

    if (common < 0) {
        return -1;
    }
    if (mh_os_fsync(site->home_fd) < 0 || mh_os_fsync(common) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s/id durable", site->home);
    }
    mh_os_close(&common);
    return result;
}

/* Gives a file the name of the id, which it may have been given meanwhile. */
static int link_id(int dirfd, const char *name)
{
    int result;

    do {
        result = mh_os.linkat(dirfd, name, dirfd, "id", 0);
    } while (result < 0 && errno == EINTR);
    return result < 0 && errno != EEXIST ? -1 : 0;
}

/* Makes a new id; of two processes that do so at once, the first wins and both read its id
 * afterwards. */
static int make_id(const struct mh_site *site, struct mh_err *err)
{
    char id[MH_PROJECT_ID_HEX + 1] = "";
    char name[MH_PROJECT_ID_HEX + 5] = "id-";
    int fd;
    int result = 0;

    if (mh_sys_random_hex(id, MH_PROJECT_ID_HEX / 2, err) < 0) {
        return -1;
    }
    memcpy(name + 3, id, sizeof id);
    fd = mh_os_create(site->home_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || mh_os_write_all(fd, id, MH_PROJECT_ID_HEX) < 0 || mh_os_fsync(fd) < 0 ||
        link_id(site->home_fd, name) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s/id", site->home);
    }
    mh_os_close(&fd);
    (void)mh_os_unlink(site->home_fd, name, 0);
    return result < 0 ? -1 : sync_home(site, err);
}

static int open_id(struct mh_site *site, struct mh_err *err)
{
    int found = read_id(site, err);

    if (found == 0) {
        found = make_id(site, err) == 0 ? read_id(site, err) : -1;
    }
    if (found == 0) {
        return mh_err_set(err, "ENOENT", "%s/id vanished", site->home);
    }
    return found > 0 ? 0 : -1;
}

static int open_live(struct mh_site *site, struct mh_err *err)
{
    int worktree = open_absolute(mh_repo_worktree(site->repo), err);

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
        open_id(&site, err) < 0) {
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

char *mh_publish_holder_text(const char *operation)
{
    char host[256] = "?";
    char boot[64] = "?";
    char start[32] = "?";
    char since[32] = "?";
    struct mh_err ignored;
    struct tm now_utc;
    time_t now = time(NULL);
    char *text = NULL;

    (void)mh_sys_hostname(host, sizeof host, &ignored);
    (void)mh_sys_boot_id(boot, sizeof boot, &ignored);
    (void)mh_sys_process_start(getpid(), start, sizeof start, &ignored);
    if (gmtime_r(&now, &now_utc) != NULL) {
        (void)strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &now_utc);
    }
    if (asprintf(&text, "pid %ld on %s, %s, since %s\nstart: %s\nboot: %s\n", (long)getpid(), host,
                 operation, since, start, boot) < 0) {
        return NULL;
    }
    return text;
}

int mh_publish_lock(const struct mh_site *site, int dirfd, const char *name, const char *operation,
                    double wait, struct mh_lock *out, struct mh_err *err)
{
    const struct mh_lock_options options = {.wait = wait, .allow_fuse = site->allow_fuse};
    char *text = mh_publish_holder_text(operation);
    int result;

    if (text == NULL) {
        return mh_err_nomem(err);
    }
    result = mh_lock_take(dirfd, name, text, &options, out, err);
    free(text);
    return result;
}

int mh_lease_take(const struct mh_site *site, const char *slug, const char *operation, double wait,
                  struct mh_lease *out, struct mh_err *err)
{
    struct mh_lease lease = MH_LEASE_INIT;
    char *name = NULL;
    int result = -1;

    if (!mh_path_is_segment(slug) || strlen(slug) > MH_SLUG_MAX || *slug == '.' ||
        strncmp(slug, "__", 2) == 0) {
        return mh_err_set(err, "EINVALIDPATH", "not the name of a migration: %s", slug);
    }
    lease.slug = strdup(slug);
    if (lease.slug == NULL || asprintf(&name, "%s.lock", slug) < 0) {
        name = NULL;
        (void)mh_err_nomem(err);
    } else {
        result = mh_publish_lock(site, site->leases_fd, name, operation, wait, &lease.lock, err);
    }
    free(name);
    if (result < 0) {
        free(lease.slug);
        return -1;
    }
    *out = lease;
    return 0;
}

void mh_lease_drop(struct mh_lease *lease)
{
    mh_lock_drop(&lease->lock);
    free(lease->slug);
    lease->slug = NULL;
}

int mh_publish_check_operation(const struct mh_site *site, struct mh_err *err)
{
    const char *operation = mh_repo_operation(site->repo);

    if (strcmp(operation, "none") != 0) {
        return mh_err_set(err, "EMERGING", "a git %s is under way in %s: finish or abort it first",
                          operation, mh_repo_worktree(site->repo));
    }
    return 0;
}

int mh_publish_read_branch(const struct mh_site *site, struct mh_repo_head *out, struct mh_err *err)
{
    struct mh_repo_head head = {0};

    if (mh_repo_read_head(site->repo, &head, err) < 0) {
        return -1;
    }
    if (head.unborn || head.detached) {
        (void)mh_err_set(err, "EUNSUPPORTED",
                         head.unborn
                             ? "the branch has no commit yet: make a first one"
                             : "HEAD is detached: switch to a branch first (git switch <branch>)");
        mh_repo_head_release(&head);
        return -1;
    }
    *out = head;
    return 0;
}

const char *mh_publish_linked_name(const struct mh_repo *repo)
{
    const char *gitdir = mh_repo_gitdir(repo);

    return strcmp(gitdir, mh_repo_commondir(repo)) == 0 ? "" : strrchr(gitdir, '/') + 1;
}

const char *mh_publish_branch_name(const char *branch)
{
    static const char heads[] = "refs/heads/";

    return strncmp(branch, heads, sizeof heads - 1) == 0 ? branch + sizeof heads - 1 : branch;
}

/* The names at the slug that differ from HEAD, staged, untracked and ignored ones included; NULL
 * where none does. */
static int find_dirty(const struct mh_site *site, const char *slug, char **names,
                      struct mh_err *err)
{
    char *path = mh_path_join(site->live, slug);
    int result;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    result = mh_repo_dirty(site->repo, path, names, err);
    free(path);
    return result;
}

int mh_publish_is_committed(const struct mh_site *site, const char *slug, struct mh_err *err)
{
    char *names = NULL;
    int committed;

    if (find_dirty(site, slug, &names, err) < 0) {
        return -1;
    }
    committed = names == NULL;
    free(names);
    return committed;
}

static int check_clean(const struct mh_site *site, const char *slug, struct mh_err *err)
{
    char *names = NULL;

    if (find_dirty(site, slug, &names, err) < 0) {
        return -1;
    }
    if (names == NULL) {
        return 0;
    }
    for (char *c = names; *c != '\0'; c++) {
        if (*c == '\n') {
            *c = c[1] != '\0' ? ',' : '\0';
        }
    }
    (void)mh_err_set(err, "EDIRTY", "%s/%s is not as it was committed: %s", site->live, slug,
                     names);
    free(names);
    return -1;
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
        mh_snapshot_take(site->live_fd, lease->slug, NULL, &base.live, err) == 0 &&
        check_clean(site, lease->slug, err) == 0 &&
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
    return result;
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
    return result;
}

void mh_base_release(struct mh_base *base)
{
    mh_snapshot_release(&base->live);
    base->tree.hex[0] = '\0';
    free(base->branch);
    base->branch = NULL;
}
