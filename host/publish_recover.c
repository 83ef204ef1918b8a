/*
 * Recovery: what a dead holder of a slug left is finished or undone.  The lease is held, so nobody
 * else is at it.  The journal, HEAD and what is live decide:
 *
 *   no journal               nothing had reached live: remains are removed
 *   the commit is in HEAD    index and cleaning up, whatever live is by now
 *   HEAD is elsewhere        everything is kept, until HEAD is on the branch again
 *   live is next             HEAD has it too: as above; HEAD has the base: the commit and all after
 *   live is base             HEAD too: the exchange and all after it; else the step is given up
 *   live is as HEAD has it   somebody decided so: the step is given up
 *   live is absent           between the two renames: forward, or back
 *   anything else            somebody edited it: everything is kept and reported
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_resume.h"

#define STASH "git stash push --include-untracked -- "

/* A journal that cannot be read: harmless where live is as committed, else nobody can tell. */
static int handle_corrupt(const struct mh_site *site, const char *slug, struct mh_recovery *out,
                          struct mh_err *err)
{
    struct mh_err why = *err;
    int committed = mh_publish_is_committed(site, slug, err);

    if (committed < 0) {
        return -1;
    }
    if (committed == 0) {
        return mh_err_set(err, "ECORRUPT",
                          "%s, and %s/%s is not as it was committed; all is kept: compare it with "
                          "%s/" MH_TRANSACTIONS "/%s@*, then remove %s/journals/%s",
                          why.message, site->live, slug, site->live, slug, site->home, slug);
    }
    out->action = MH_RECOVERY_DISCARDED;
    if (mh_journal_remove(site->journals_fd, slug, err) < 0) {
        return -1;
    }
    return mh_publish_discard(site, slug, out, err);
}

/* 1 where the journal is of a linked work tree that git no longer has: nothing is left to do. */
static int is_orphan(const struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_repo *repo = resume->tx.site->repo;
    const char *linked = resume->tx.journal.linked;
    char *folder = NULL;
    char *path = NULL;
    int orphan = -1;

    if (*linked == '\0') {
        return 0;
    }
    folder = mh_path_join(mh_repo_commondir(repo), "worktrees");
    path = folder != NULL ? mh_path_join(folder, linked) : NULL;
    if (path == NULL) {
        (void)mh_err_nomem(err);
    } else {
        orphan = access(path, F_OK) < 0 && errno == ENOENT;
    }
    free(folder);
    free(path);
    return orphan;
}

/* The journal is of this work tree, wherever that was then, and of this live directory. */
static int check_place(const struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_journal *journal = &resume->tx.journal;
    const struct mh_site *site = resume->tx.site;

    if (strcmp(journal->linked, mh_publish_linked_name(site->repo)) == 0 &&
        strcmp(journal->live, site->live) == 0) {
        return 0;
    }
    return mh_err_set(err, "ESTALE",
                      "an unfinished publish of %s belongs to %s/%s: run the command there first%s",
                      journal->slug, journal->worktree, journal->live,
                      access(journal->worktree, F_OK) == 0
                          ? ""
                          : " (it is not there now; if it is gone for good, 'git worktree prune')");
}

static int read_head(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_repo *repo = resume->tx.site->repo;

    if (mh_repo_read_head(repo, &resume->head, err) < 0) {
        return -1;
    }
    return mh_repo_tree_id(repo, resume->head.commit.hex, resume->path, &resume->tree, err) < 0 ? -1
                                                                                                : 0;
}

/* Opens the transaction's directory; one that is gone (git clean -fdx) leaves tx.dir at -1. */
static int open_directory(struct mh_resume *resume, struct mh_err *err)
{
    int transactions = mh_publish_open_transactions(resume->tx.site, err);

    if (transactions < 0) {
        return -1;
    }
    resume->tx.dir =
        mh_path_open(transactions, resume->tx.label, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    if (resume->tx.dir < 0 && errno != ENOENT) {
        (void)mh_err_sys(err, errno, "cannot open the transaction %s", resume->tx.label);
        mh_os_close(&transactions);
        return -1;
    }
    mh_os_close(&transactions);
    return 0;
}

/* Live is the new tree. */
static int recover_next(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_journal *journal = &resume->tx.journal;

    if (strcmp(resume->tree.hex, journal->next_tree) == 0) {
        return mh_resume_finish(resume, &resume->head.commit, err);
    }
    if (strcmp(resume->tree.hex, journal->base_tree) == 0) {
        return mh_resume_commit(resume, err);
    }
    return mh_err_set(
        err, "ESTALE",
        "%s holds a step that was not committed, and a commit has changed it meanwhile; "
        "all is kept: commit it as it is, or put it back with '" STASH "%s'",
        resume->path, resume->path);
}

/* Live is the old tree. */
static int recover_base(struct mh_resume *resume, struct mh_err *err)
{
    int result = 0;

    if (strcmp(resume->tree.hex, resume->tx.journal.base_tree) == 0) {
        result = mh_resume_exchange(resume, err);
    }
    return result == 0 ? mh_resume_give_up(resume, err) : (result < 0 ? -1 : 0);
}

/* Live is neither. */
static int recover_other(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_tx *tx = &resume->tx;
    int committed = mh_publish_is_committed(tx->site, tx->journal.slug, err);

    if (committed != 0) {
        return committed < 0 ? -1 : mh_resume_give_up(resume, err);
    }
    if (!resume->live.exists) {
        return mh_resume_restore(resume, err);
    }
    return mh_err_set(
        err, "ESTALE",
        "%s was edited while a publish of it was unfinished; all is kept, the rest in "
        "%s/" MH_TRANSACTIONS "/%s: commit it as it is, or put it back with '" STASH "%s'",
        resume->path, tx->site->live, tx->label, resume->path);
}

/* Reads live and does what it calls for; 1: live was absent and is there now, decide again. */
static int decide(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_journal *journal = &resume->tx.journal;

    mh_snapshot_release(&resume->live);
    if (mh_snapshot_take(resume->tx.site->live_fd, journal->slug, NULL, &resume->live, err) < 0) {
        return -1;
    }
    if (mh_resume_is(&resume->live, journal->next)) {
        return recover_next(resume, err);
    }
    return mh_resume_is(&resume->live, journal->base) ? recover_base(resume, err)
                                                      : recover_other(resume, err);
}

/* HEAD is not on the journal's branch, and the step is not in its history. */
static int handle_elsewhere(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_tx *tx = &resume->tx;
    const char *branch = mh_publish_branch_name(tx->journal.branch);
    int exists = mh_repo_has_ref(tx->site->repo, tx->journal.branch, err);
    int committed;

    if (exists < 0) {
        return -1;
    }
    if (exists > 0) {
        return mh_err_set(
            err, "ESTALE",
            "an unfinished publish of %s was made on the branch %s: run 'git switch %s'",
            tx->journal.slug, branch, branch);
    }
    committed = mh_publish_is_committed(tx->site, tx->journal.slug, err);
    if (committed != 0) {
        return committed < 0 ? -1 : mh_resume_give_up(resume, err);
    }
    return mh_err_set(
        err, "ESTALE",
        "an unfinished publish of %s was made on the branch %s, which is gone; all is "
        "kept: commit %s as it is, or put it back with '" STASH "%s'",
        tx->journal.slug, branch, resume->path, resume->path);
}

static int resume_step(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_journal *journal = &resume->tx.journal;
    struct mh_oid commit = {{0}};
    int found = 0;
    int result;

    if (!resume->head.unborn) {
        found = mh_repo_find_publish(resume->tx.site->repo, journal->head, resume->head.commit.hex,
                                     journal->token, &commit, err);
    }
    if (found != 0) {
        return found < 0 ? -1 : mh_resume_finish(resume, &commit, err);
    }
    if (resume->head.branch == NULL || strcmp(resume->head.branch, journal->branch) != 0) {
        return handle_elsewhere(resume, err);
    }
    result = decide(resume, err);
    if (result > 0) {
        result = decide(resume, err);
    }
    return result > 0 ? mh_err_set(err, "ESTALE", "%s was put back and is gone again", resume->path)
                      : result;
}

static int fill_answer(const struct mh_journal *journal, struct mh_recovery *out,
                       struct mh_err *err)
{
    return mh_journal_set(&out->operation, journal->operation, err) < 0
               ? -1
               : mh_journal_set(&out->workspace, journal->workspace, err);
}

static int recover_journal(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;
    int orphan;

    tx->label = mh_publish_label(tx->journal.slug, tx->journal.token, err);
    if (tx->label == NULL || fill_answer(&tx->journal, resume->out, err) < 0) {
        return -1;
    }
    orphan = is_orphan(resume, err);
    if (orphan != 0) {
        resume->out->action = MH_RECOVERY_DISCARDED;
        return orphan < 0 ? -1 : mh_publish_remove_remains(tx, err);
    }
    if (check_place(resume, err) < 0 || mh_publish_check_operation(tx->site, err) < 0 ||
        read_head(resume, err) < 0 || open_directory(resume, err) < 0) {
        return -1;
    }
    return resume_step(resume, err);
}

/* The journal's part; the caller removes what bears the slug's label afterwards. */
static int recover(struct mh_resume *resume, struct mh_err *err)
{
    const struct mh_site *site = resume->tx.site;
    const char *slug = resume->tx.lease->slug;
    int found = mh_journal_read(site->journals_fd, slug, &resume->tx.journal, err);

    if (found > 0) {
        return recover_journal(resume, err);
    }
    if (found < 0 && strcmp(err->name, "ECORRUPT") == 0) {
        return handle_corrupt(site, slug, resume->out, err);
    }
    return found < 0 ? mh_err_wrap(err, "in %s", site->home) : 0;
}

int mh_site_recover(const struct mh_site *site, const struct mh_lease *lease,
                    struct mh_recovery *out, struct mh_err *err)
{
    struct mh_recovery answer = {.action = MH_RECOVERY_NONE};
    struct mh_recovery rest = {.action = MH_RECOVERY_NONE};
    struct mh_resume resume = {.tx = MH_TX_INIT, .live = MH_SNAPSHOT_INIT, .out = &answer};
    int result = mh_lock_verify(&lease->lock, err);

    if (result < 0) {
        return -1;
    }
    resume.tx.site = site;
    resume.tx.lease = lease;
    resume.path = mh_path_join(site->live, lease->slug);
    if (resume.path == NULL) {
        return mh_err_nomem(err);
    }
    result = recover(&resume, err);
    if (result == 0) {
        result = mh_publish_sweep_locks(site, err);
    }
    if (result == 0) {
        result = mh_publish_discard(site, lease->slug, &rest, err);
    }
    mh_tx_release(&resume.tx);
    mh_snapshot_release(&resume.live);
    mh_repo_head_release(&resume.head);
    free(resume.path);
    if (result < 0) {
        mh_recovery_release(&answer);
        return -1;
    }
    answer.action = answer.action != MH_RECOVERY_NONE ? answer.action : rest.action;
    *out = answer;
    return 0;
}

void mh_recovery_release(struct mh_recovery *recovery)
{
    free(recovery->operation);
    free(recovery->workspace);
    free(recovery->kept);
    *recovery = (struct mh_recovery){.action = MH_RECOVERY_NONE};
}
