/*
 * Recovery: what a dead holder of a slug left is finished or undone.  The lease is held, so nobody
 * else is at it.  What live is, compared with the journal, decides:
 *
 *   no journal           nothing had reached live: remains are removed
 *   live is base         and HEAD still has the base: the exchange and all after it; else set aside
 *   live is next         and the commit is on the branch: index and clean-up; else the commit and
 * all after live is absent       between the two renames: forward, or back where the staged tree is
 * not whole anything else        somebody edited it: everything is kept and reported
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_objects.h"
#include "repo_status.h"

/* A recovery under way: a transaction rebuilt from its journal. */
struct recovery {
    struct mh_tx tx;
    struct mh_snapshot live;
    struct mh_repo_head head;
    struct mh_oid tree; /* of the slug in HEAD */
    char *path;         /* of the slug, relative to the work tree */
    struct mh_recovery *out;
};

static bool is_digest(const struct mh_snapshot *snapshot, const char *hex)
{
    char mine[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(snapshot->digest, mine);
    return strcmp(mine, hex) == 0;
}

/* A journal that cannot be read: harmless where live is as committed, else nobody can tell. */
static int handle_corrupt(const struct mh_site *site, const char *slug, struct mh_recovery *out,
                          struct mh_err *err)
{
    struct mh_err why = *err;
    char *path = mh_path_join(site->live, slug);
    char *names = NULL;
    int result = -1;

    if (path == NULL || mh_repo_dirty(site->repo, path, &names, err) < 0) {
        free(path);
        return path == NULL ? mh_err_nomem(err) : -1;
    }
    if (names != NULL) {
        (void)mh_err_set(err, "ECORRUPT",
                         "%s, and %s is not as it was committed; all is kept: compare it with "
                         "%s/" MH_TRANSACTIONS "/%s@*, then remove %s/journals/%s",
                         why.message, path, site->live, slug, site->home, slug);
    } else {
        out->action = MH_RECOVERY_DISCARDED;
        result = mh_journal_remove(site->journals_fd, slug, err);
        result = result == 0 ? mh_publish_discard(site, slug, out, err) : -1;
    }
    free(names);
    free(path);
    return result;
}

/* The journal is of this work tree and live directory, and HEAD is on its branch. */
static int check_place(struct recovery *recovery, struct mh_err *err)
{
    const struct mh_journal *journal = &recovery->tx.journal;
    const struct mh_site *site = recovery->tx.site;

    if (strcmp(journal->worktree, mh_repo_worktree(site->repo)) != 0 ||
        strcmp(journal->live, site->live) != 0) {
        return mh_err_set(
            err, "ESTALE",
            "an unfinished publish of %s belongs to %s/%s: run the command there first",
            journal->slug, journal->worktree, journal->live);
    }
    if (mh_repo_read_head(site->repo, &recovery->head, err) < 0) {
        return -1;
    }
    if (recovery->head.branch == NULL || strcmp(recovery->head.branch, journal->branch) != 0) {
        const char *slash = strrchr(journal->branch, '/');

        return mh_err_set(
            err, "ESTALE", "an unfinished publish of %s was made on %s: run 'git switch %s'",
            journal->slug, journal->branch, slash != NULL ? slash + 1 : journal->branch);
    }
    return mh_repo_tree_id(site->repo, recovery->head.commit.hex, recovery->path, &recovery->tree,
                           err) < 0
               ? -1
               : 0;
}

/* Opens the transaction's directory; one that is gone (git clean -fdx) leaves tx.dir at -1. */
static int open_directory(struct recovery *recovery, struct mh_err *err)
{
    int transactions = mh_publish_open_transactions(recovery->tx.site, err);

    if (transactions < 0) {
        return -1;
    }
    recovery->tx.dir =
        mh_path_open(transactions, recovery->tx.label, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    if (recovery->tx.dir < 0 && errno != ENOENT) {
        (void)mh_err_sys(err, errno, "cannot open the transaction %s", recovery->tx.label);
        mh_os_close(&transactions);
        return -1;
    }
    mh_os_close(&transactions);
    return 0;
}

/* A tree of the transaction, an absent one where there is none. */
static int read_part(const struct recovery *recovery, const char *name, struct mh_snapshot *out,
                     struct mh_err *err)
{
    if (recovery->tx.dir < 0) {
        return 0;
    }
    return mh_snapshot_take(recovery->tx.dir, name, NULL, out, err);
}

/* Where the displaced tree is, so how the exchange had been made; tx.own_base becomes its snapshot.
 */
static int find_displaced(struct recovery *recovery, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;

    tx->base = &tx->own_base;
    tx->way = MH_TX_TWO_RENAMES;
    if (read_part(recovery, MH_OLD, &tx->own_base, err) < 0) {
        return -1;
    }
    if (tx->own_base.exists) {
        return 0;
    }
    mh_snapshot_release(&tx->own_base);
    tx->way = MH_TX_SWAPPED;
    if (read_part(recovery, MH_STAGED, &tx->own_base, err) < 0) {
        return -1;
    }
    if (!tx->own_base.exists) {
        tx->way = MH_TX_CREATED;
    }
    return 0;
}

static int finished(struct recovery *recovery, const struct mh_oid *commit)
{
    recovery->out->action = MH_RECOVERY_FINISHED;
    recovery->out->commit = *commit;
    return 0;
}

/* Index and clean-up of a commit that is on the branch. */
static int clean_up(struct recovery *recovery, const struct mh_oid *commit, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;

    if (strcmp(recovery->tree.hex, tx->journal.next_tree) == 0 &&
        mh_publish_finish_index(tx, err) < 0) {
        return -1;
    }
    if (tx->own_base.exists && !is_digest(&tx->own_base, tx->journal.base) &&
        mh_publish_set_aside(tx->site, tx->dir, mh_publish_displaced(tx), tx->label,
                             &recovery->out->kept, err) < 0) {
        return -1;
    }
    return mh_publish_remove_remains(tx, err) < 0 ? -1 : finished(recovery, commit);
}

/* The new tree's objects, written anew from live: the quarantine may be gone or half moved. */
static int rebuild_objects(struct recovery *recovery, struct mh_err *err)
{
    const struct mh_snapshot none = MH_SNAPSHOT_INIT;
    const struct mh_objects_tree tree = {.dirfd = recovery->tx.site->live_fd,
                                         .name = recovery->tx.lease->slug,
                                         .next = &recovery->live,
                                         .base = &none,
                                         .base_tree = ""};
    struct mh_objects *objects = NULL;
    struct mh_oid id;
    int result = -1;

    if (mh_quarantine_discard(recovery->tx.site->repo, recovery->tx.label, err) < 0 ||
        mh_objects_open(recovery->tx.site->repo, recovery->tx.label, &objects, err) < 0) {
        return -1;
    }
    if (mh_objects_add_tree(objects, &tree, &id, err) == 0) {
        result = strcmp(id.hex, recovery->tx.journal.next_tree) == 0
                     ? 0
                     : mh_err_set(err, "ECORRUPT",
                                  "the journal of %s names another git tree than live's",
                                  recovery->tx.journal.slug);
    }
    mh_objects_close(objects);
    return result;
}

/* Live is the new tree and the commit is missing. */
static int go_on_from_commit(struct recovery *recovery, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;
    bool base_was_there = tx->journal.base_tree[0] != '\0';
    struct mh_oid commit;

    if (tx->own_base.exists && !is_digest(&tx->own_base, tx->journal.base)) {
        return mh_err_set(err, "ESTALE",
                          "the tree that %s replaced was edited in %s/" MH_TRANSACTIONS
                          "/%s; all is kept: compare them, then remove the latter",
                          recovery->path, tx->site->live, tx->label);
    }
    if (rebuild_objects(recovery, err) < 0) {
        return -1;
    }
    tx->state = MH_TX_EXCHANGED;
    if (mh_snapshot_take(tx->site->live_fd, tx->journal.slug, &recovery->live, &tx->next, err) <
            0 ||
        mh_tx_commit(tx, &commit, err) < 0) {
        if (tx->state == MH_TX_EXCHANGED && base_was_there && !tx->own_base.exists) {
            tx->state = MH_TX_DONE; /* there is nothing to put back: the next recovery goes on */
        }
        return -1;
    }
    return mh_tx_finish(tx, err) < 0 ? -1 : finished(recovery, &commit);
}

static int recover_next(struct recovery *recovery, struct mh_err *err)
{
    const struct mh_journal *journal = &recovery->tx.journal;
    struct mh_oid commit = {{0}};
    int found;

    if (find_displaced(recovery, err) < 0) {
        return -1;
    }
    found = mh_repo_find_publish(recovery->tx.site->repo, journal->head, recovery->head.commit.hex,
                                 journal->token, &commit, err);
    if (found < 0) {
        return -1;
    }
    if (found == 0 && strcmp(recovery->tree.hex, journal->next_tree) == 0) {
        commit = recovery->head.commit; /* somebody committed just what was live */
        found = 1;
    }
    return found > 0 ? clean_up(recovery, &commit, err) : go_on_from_commit(recovery, err);
}

/* Live and HEAD are as before the exchange, and everything needed is durable. */
static int go_on_from_exchange(struct recovery *recovery, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;
    struct mh_oid commit;

    tx->base = &recovery->live;
    tx->state = MH_TX_STAGED;
    if (mh_publish_go_on_from_exchange(tx, err) < 0) {
        return -1;
    }
    if (mh_tx_commit(tx, &commit, err) < 0) {
        return -1;
    }
    return mh_tx_finish(tx, err) < 0 ? -1 : finished(recovery, &commit);
}

static int recover_base(struct recovery *recovery, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;
    bool whole;

    if (read_part(recovery, MH_STAGED, &tx->next, err) < 0) {
        return -1;
    }
    whole = tx->next.exists && is_digest(&tx->next, tx->journal.next);
    if (whole && strcmp(recovery->tree.hex, tx->journal.base_tree) == 0) {
        return go_on_from_exchange(recovery, err);
    }
    if (whole && mh_publish_set_aside(tx->site, tx->dir, MH_STAGED, tx->label, &recovery->out->kept,
                                      err) < 0) {
        return -1;
    }
    recovery->out->action = whole ? MH_RECOVERY_SET_ASIDE : MH_RECOVERY_DISCARDED;
    return mh_publish_remove_remains(tx, err);
}

/* Between the two renames of the fallback. */
static int recover_absent(struct recovery *recovery, struct mh_err *err)
{
    struct mh_tx *tx = &recovery->tx;
    struct mh_snapshot staged = MH_SNAPSHOT_INIT;
    struct mh_snapshot old = MH_SNAPSHOT_INIT;
    const char *from = NULL;
    int result = -1;

    tx->way = MH_TX_TWO_RENAMES;
    if (read_part(recovery, MH_STAGED, &staged, err) == 0 &&
        read_part(recovery, MH_OLD, &old, err) == 0) {
        if (staged.exists && is_digest(&staged, tx->journal.next)) {
            from = MH_STAGED;
        } else if (old.exists && is_digest(&old, tx->journal.base)) {
            from = MH_OLD;
        }
        if (from == NULL) {
            (void)mh_err_set(
                err, "ESTALE",
                "%s is gone and %s/" MH_TRANSACTIONS
                "/%s holds nothing whole; all is kept: restore it with 'git checkout -- %s'",
                recovery->path, tx->site->live, tx->label, recovery->path);
        } else if (mh_os_rename(tx->dir, from, tx->site->live_fd, tx->journal.slug, 0) < 0) {
            (void)mh_err_sys(err, errno, "cannot put %s back", recovery->path);
        } else {
            result = mh_publish_sync_swap(tx, err);
        }
    }
    mh_snapshot_release(&staged);
    mh_snapshot_release(&old);
    return result;
}

/* Reads live and does what it calls for; 1: live was absent and is there now, decide again. */
static int decide(struct recovery *recovery, struct mh_err *err)
{
    const struct mh_journal *journal = &recovery->tx.journal;
    const struct mh_site *site = recovery->tx.site;

    mh_snapshot_release(&recovery->live);
    if (mh_snapshot_take(site->live_fd, journal->slug, NULL, &recovery->live, err) < 0) {
        return -1;
    }
    if (is_digest(&recovery->live, journal->next)) {
        return recover_next(recovery, err);
    }
    if (is_digest(&recovery->live, journal->base)) {
        return recover_base(recovery, err);
    }
    if (!recovery->live.exists) {
        return recover_absent(recovery, err) < 0 ? -1 : 1;
    }
    return mh_err_set(
        err, "ESTALE",
        "%s was edited while a publish of it was unfinished; all is kept: put it back with "
        "'git checkout -- %s' or compare it with %s/" MH_TRANSACTIONS "/%s",
        recovery->path, recovery->path, site->live, recovery->tx.label);
}

/* A journal of a work tree that no longer exists has nothing left to finish. */
static bool is_orphan(const struct mh_journal *journal)
{
    return access(journal->worktree, F_OK) < 0 && errno == ENOENT;
}

static int recover_journal(struct recovery *recovery, struct mh_err *err)
{
    int result;

    recovery->out->operation = strdup(recovery->tx.journal.operation);
    recovery->tx.label =
        mh_publish_label(recovery->tx.journal.slug, recovery->tx.journal.token, err);
    if (recovery->out->operation == NULL || recovery->tx.label == NULL) {
        return mh_err_nomem(err);
    }
    if (is_orphan(&recovery->tx.journal)) {
        recovery->out->action = MH_RECOVERY_DISCARDED;
        return mh_publish_remove_remains(&recovery->tx, err);
    }
    if (check_place(recovery, err) < 0 || mh_publish_check_operation(recovery->tx.site, err) < 0 ||
        open_directory(recovery, err) < 0) {
        return -1;
    }
    result = decide(recovery, err);
    return result > 0 ? decide(recovery, err) : result;
}

int mh_site_recover(const struct mh_site *site, const struct mh_lease *lease,
                    struct mh_recovery *out, struct mh_err *err)
{
    struct mh_recovery answer = {.action = MH_RECOVERY_NONE};
    struct recovery recovery = {.tx = MH_TX_INIT, .live = MH_SNAPSHOT_INIT, .out = &answer};
    int result = mh_lock_verify(&lease->lock, err);

    if (result < 0) {
        return -1;
    }
    recovery.tx.site = site;
    recovery.tx.lease = lease;
    recovery.path = mh_path_join(site->live, lease->slug);
    if (recovery.path == NULL) {
        return mh_err_nomem(err);
    }
    result = mh_journal_read(site->journals_fd, lease->slug, &recovery.tx.journal, err);
    if (result > 0) {
        result = recover_journal(&recovery, err);
    } else if (result < 0 && strcmp(err->name, "ECORRUPT") == 0) {
        result = handle_corrupt(site, lease->slug, &answer, err);
    }
    if (result == 0) {
        result = mh_publish_sweep_locks(site, err);
    }
    if (result == 0) {
        enum mh_recovery_action done = answer.action;

        result = mh_publish_discard(site, lease->slug, &answer, err);
        answer.action = done != MH_RECOVERY_NONE ? done : answer.action;
    }
    mh_tx_release(&recovery.tx);
    mh_snapshot_release(&recovery.live);
    mh_repo_head_release(&recovery.head);
    free(recovery.path);
    if (result < 0) {
        mh_recovery_release(&answer);
        return -1;
    }
    *out = answer;
    return 0;
}

void mh_recovery_release(struct mh_recovery *recovery)
{
    free(recovery->operation);
    free(recovery->kept);
    *recovery = (struct mh_recovery){.action = MH_RECOVERY_NONE};
}
