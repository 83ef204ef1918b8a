/* What git says of the work tree before it may be changed: the operation, the branch, the dirt. */
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "publish_parts.h"
#include "repo_status.h"

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

int mh_publish_check_branch(const struct mh_site *site, const char *branch,
                            struct mh_repo_head *out, struct mh_err *err)
{
    struct mh_repo_head head = {0};
    const char *name = mh_publish_branch_name(branch);

    if (mh_publish_check_operation(site, err) < 0 || mh_publish_read_branch(site, &head, err) < 0) {
        return -1;
    }
    if (strcmp(head.branch, branch) != 0) {
        (void)mh_err_set(err, "ESTALE",
                         "the step began on the branch %s, and HEAD is now on %s: run 'git switch "
                         "%s' and repeat it",
                         name, mh_publish_branch_name(head.branch), name);
        mh_repo_head_release(&head);
        return -1;
    }
    *out = head;
    return 0;
}

int mh_publish_edited(const struct mh_site *site, const char *slug, const char *branch,
                      struct mh_err *err)
{
    struct mh_repo_head head = {0};

    if (mh_publish_check_branch(site, branch, &head, err) < 0) {
        return -1; /* which is why live is another */
    }
    mh_repo_head_release(&head);
    return mh_err_set(
        err, "ESTALE",
        "%s/%s was edited while the step was under way; nothing was published: put the "
        "edit away with 'git stash push --include-untracked -- %s/%s', or commit it, "
        "and repeat",
        site->live, slug, site->live, slug);
}

void mh_publish_blame(const struct mh_err *why, struct mh_err *err)
{
    if (strcmp(why->name, "ESTALE") == 0 || strcmp(why->name, "EREMOVED") == 0 ||
        strcmp(why->name, "EMERGING") == 0) {
        *err = *why;
    }
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

int mh_publish_check_clean(const struct mh_site *site, const char *slug, struct mh_err *err)
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
