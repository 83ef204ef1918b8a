/*
 * The transaction from the exchange on; publish_begin.c is what comes before.
 *
 *   EMPTY --begin--> STAGED --exchange--> EXCHANGED --commit--> COMMITTED --finish--> DONE
 *                      |                      |
 *                      +------- rollback -----+------> DONE, live as it was
 *
 * From the journal's first sync on, a dead process's step is finished by recovery; before it,
 * removed.  DONE is also where only recovery may go on: whatever is left stays as it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_status.h"

static int exchange(struct mh_tx *tx, struct mh_err *err)
{
    if (mh_publish_write_objects(tx, tx->dir, MH_STAGED, err) < 0 ||
        mh_journal_write(tx->site->journals_fd, tx->label, &tx->journal, err) < 0 ||
        mh_publish_sync_prepared(tx, err) < 0) {
        return -1;
    }
    tx->prepared = true;
    return mh_publish_go_on_from_exchange(tx, err);
}

int mh_tx_exchange(struct mh_tx *tx, struct mh_err *err)
{
    struct mh_err why;

    if (tx->state != MH_TX_STAGED) {
        return mh_err_set(err, "EINVAL", "exchange: nothing is staged");
    }
    if (exchange(tx, err) < 0) {
        if (tx->state == MH_TX_STAGED && mh_tx_verify(tx, &why) < 0) {
            mh_publish_blame(&why, err);
        }
        return -1;
    }
    return 0;
}

/* After the exchange: live is the new tree, and the displaced one is what the step started from. */
static int verify(const struct mh_tx *tx, struct mh_err *err)
{
    const char *displaced = mh_publish_displaced(tx);
    int equal = mh_publish_compare(tx->site->live_fd, tx->journal.slug, &tx->next, err);

    if (equal > 0 && displaced != NULL) {
        equal = mh_publish_compare(tx->dir, displaced, tx->base, err);
    }
    return equal == 0  ? mh_publish_edited(tx->site, tx->journal.slug, tx->journal.branch, err)
           : equal < 0 ? -1
                       : 0;
}

/* Before the exchange: the staged tree is where it was made, and live what it was. */
static int verify_staged(const struct mh_tx *tx, struct mh_err *err)
{
    char *path = mh_path_join(MH_TRANSACTIONS, tx->label);
    struct stat ours = {0};
    struct stat there = {0};
    int equal;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    if (tx->dir >= 0 &&
        (fstat(tx->dir, &ours) < 0 || fstatat(tx->site->live_fd, path, &there, 0) < 0 ||
         ours.st_ino != there.st_ino)) {
        free(path);
        return mh_err_set(err, "EREMOVED",
                          "%s/" MH_TRANSACTIONS
                          "/%s was removed while the step was under way, as 'git clean -fdx' does; "
                          "nothing was published: repeat the command",
                          tx->site->live, tx->label);
    }
    free(path);
    equal = mh_publish_compare(tx->site->live_fd, tx->journal.slug, tx->base, err);
    return equal == 0  ? mh_publish_edited(tx->site, tx->journal.slug, tx->journal.branch, err)
           : equal < 0 ? -1
                       : 0;
}

int mh_tx_verify(const struct mh_tx *tx, struct mh_err *err)
{
    struct mh_repo_head head = {0};

    if (mh_publish_check_branch(tx->site, tx->journal.branch, &head, err) < 0) {
        return -1;
    }
    mh_repo_head_release(&head);
    return tx->state == MH_TX_EXCHANGED ? verify(tx, err) : verify_staged(tx, err);
}

/* Puts live back after a failure, whose message then also tells what became of that. */
static void undo(struct mh_tx *tx, struct mh_err *err)
{
    struct mh_err second;
    struct mh_err first = *err;

    if (mh_tx_rollback(tx, &second) < 0) {
        (void)mh_err_set(err, first.name, "%s; %s", first.message, second.message);
    }
}

int mh_publish_go_on_from_exchange(struct mh_tx *tx, struct mh_err *err)
{
    int equal;

    if (mh_lock_verify(&tx->lease->lock, err) < 0 ||
        mh_publish_check_operation(tx->site, err) < 0) {
        return -1;
    }
    equal = mh_publish_compare(tx->site->live_fd, tx->journal.slug, tx->base, err);
    if (equal <= 0) {
        return equal < 0 ? -1
                         : mh_publish_edited(tx->site, tx->journal.slug, tx->journal.branch, err);
    }
    if (mh_publish_swap_in(tx, err) < 0) {
        return -1;
    }
    tx->state = MH_TX_EXCHANGED;
    if (verify(tx, err) < 0) { /* the sync before the branch moves makes the exchange durable */
        undo(tx, err);
        return -1;
    }
    return 0;
}

int mh_publish_remove_remains(struct mh_tx *tx, struct mh_err *err)
{
    int transactions;
    int result = -1;

    if (mh_journal_remove(tx->site->journals_fd, tx->journal.slug, err) < 0) {
        return -1;
    }
    transactions = mh_publish_open_transactions(tx->site, err);
    if (transactions >= 0) {
        result = mh_tree_remove(transactions, tx->label, err);
    }
    mh_os_close(&transactions);
    if (result == 0) {
        result = mh_quarantine_discard(tx->site->repo, tx->label, err);
    }
    if (result == 0) {
        tx->state = MH_TX_DONE;
    }
    return result;
}

/* What is about to be removed may have been edited by somebody who was still in it: then it is
 * kept. */
static int keep_if_edited(struct mh_tx *tx, const char *name, const struct mh_snapshot *want,
                          struct mh_err *err)
{
    const struct mh_aside aside = {
        .dirfd = tx->dir, .name = name, .label = tx->label, .why = "edited while it was replaced"};
    char *path = NULL;
    int equal = mh_publish_compare(tx->dir, name, want, err);

    if (equal != 0) {
        return equal < 0 ? -1 : 0;
    }
    if (mh_publish_set_aside(tx->site, &aside, &path, err) < 0) {
        return -1;
    }
    (void)mh_err_set(err, "ESTALE", "an edit to the tree that was removed from %s/%s is kept in %s",
                     tx->site->live, tx->journal.slug, path);
    free(path);
    return 1;
}

/*
 * Whether a commit meanwhile took up what is live, as `git commit -a` does with all but new files:
 * then the old tree would not go with it any more.
 */
static int is_half_committed(const struct mh_tx *tx, struct mh_err *err)
{
    const struct mh_journal *journal = &tx->journal;
    struct mh_repo_head head = {0};
    struct mh_oid tree = {{0}};
    char *path = mh_path_join(journal->live, journal->slug);
    int half = -1;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_repo_read_head(tx->site->repo, &head, err) == 0 &&
        mh_repo_tree_id(tx->site->repo, head.commit.hex, path, &tree, err) >= 0) {
        half = 0;
    }
    if (half == 0 && head.branch != NULL && strcmp(head.branch, journal->branch) == 0 &&
        strcmp(tree.hex, journal->base_tree) != 0) {
        half = mh_repo_is_modified(tx->site->repo, path, err);
        half = half < 0 ? -1 : !half;
    }
    mh_repo_head_release(&head);
    free(path);
    return half;
}

/*
 * Whether somebody has put into live what HEAD has, as `git checkout` and `git reset` do, or into
 * HEAD what live has: then that is what belongs there, and not what was there before us.
 */
static int is_given_up(const struct mh_tx *tx, struct mh_err *err)
{
    int equal = mh_publish_compare(tx->site->live_fd, tx->journal.slug, &tx->next, err);
    int committed = equal == 0 ? mh_publish_is_committed(tx->site, tx->journal.slug, err) : 0;

    if (equal < 0 || committed != 0) {
        return equal < 0 ? -1 : committed;
    }
    return is_half_committed(tx, err);
}

/*
 * Gives live back.  1: an edit was kept, and err says so; 0; -1: then live is either still the new
 * tree (EXCHANGED), or the transaction is over here and recovery's.
 */
static int put_back(struct mh_tx *tx, struct mh_err *err)
{
    const char *displaced = mh_publish_displaced(tx);
    int given_up = is_given_up(tx, err);
    int kept = 0;

    if (given_up < 0) {
        return -1;
    }
    if (given_up > 0) {
        kept = displaced != NULL ? keep_if_edited(tx, displaced, tx->base, err) : 0;
    } else {
        if (mh_publish_swap_out(tx, err) < 0) {
            return -1;
        }
        kept =
            mh_publish_sync_swap(tx, err) < 0 ? -1 : keep_if_edited(tx, MH_STAGED, &tx->next, err);
    }
    tx->state = kept < 0 ? MH_TX_DONE : MH_TX_STAGED;
    return kept;
}

int mh_tx_rollback(struct mh_tx *tx, struct mh_err *err)
{
    int kept = 0;

    if (tx->state != MH_TX_STAGED && tx->state != MH_TX_EXCHANGED) {
        return 0;
    }
    if (tx->lease->slug == NULL) {
        return mh_err_set(err, "EINVAL", "rollback: the lease was given back");
    }
    if (tx->state == MH_TX_EXCHANGED) {
        kept = put_back(tx, err);
    }
    if (kept < 0 || mh_publish_remove_remains(tx, err) < 0) {
        return -1;
    }
    return kept > 0 ? -1 : 0;
}

int mh_tx_finish(struct mh_tx *tx, struct mh_err *err)
{
    const char *displaced = mh_publish_displaced(tx);
    int kept = 0;

    if (tx->state != MH_TX_COMMITTED) {
        return mh_err_set(err, "EINVAL", "finish: nothing is committed");
    }
    tx->settled = false;
    if (displaced != NULL) {
        kept = keep_if_edited(tx, displaced, tx->base, err);
    }
    if (kept < 0 || mh_publish_remove_remains(tx, err) < 0) {
        return -1;
    }
    return kept > 0 ? -1 : 0;
}

void mh_tx_release(struct mh_tx *tx)
{
    struct mh_err ignored;

    if (tx->state == MH_TX_STAGED || tx->state == MH_TX_EXCHANGED) {
        (void)mh_tx_rollback(tx, &ignored); /* what fails here is recovered by the next command */
    }
    if (tx->settled && tx->lease->slug != NULL) {
        (void)mh_tx_finish(tx, &ignored); /* the same */
    }
    mh_os_close(&tx->dir);
    mh_journal_release(&tx->journal);
    mh_snapshot_release(&tx->next);
    mh_snapshot_release(&tx->own_base);
    free(tx->label);
    *tx = (struct mh_tx)MH_TX_INIT;
}
