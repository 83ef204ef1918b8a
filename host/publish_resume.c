#include "publish_resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

bool mh_resume_is(const struct mh_snapshot *snapshot, const char *hex)
{
    char mine[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(snapshot->digest, mine);
    return strcmp(mine, hex) == 0;
}

/* A tree of the transaction, an absent one where there is none. */
static int read_part(const struct mh_resume *resume, const char *name, struct mh_snapshot *out,
                     struct mh_err *err)
{
    return resume->tx.dir < 0 ? 0 : mh_snapshot_take(resume->tx.dir, name, NULL, out, err);
}

static int set_aside(struct mh_resume *resume, const char *name, const char *why,
                     struct mh_err *err)
{
    const struct mh_aside aside = {
        .dirfd = resume->tx.dir, .name = name, .label = resume->tx.label, .why = why};
    char *path = NULL;

    if (mh_publish_set_aside(resume->tx.site, &aside, &path, err) < 0) {
        return -1;
    }
    free(resume->out->kept);
    resume->out->kept = path;
    return 0;
}

/*
 * Keeps a tree of the transaction unless it is just the base, which git has, or the new one where
 * that is not wanted.  One that cannot be read, because of what somebody put there, is kept too.
 */
static int keep_part(struct mh_resume *resume, const char *name, bool keep_next, struct mh_err *err)
{
    const struct mh_journal *journal = &resume->tx.journal;
    struct mh_snapshot part = MH_SNAPSHOT_INIT;
    const char *why = "changed by somebody else while it was published";
    bool known = false;
    struct mh_err trouble;

    if (read_part(resume, name, &part, &trouble) == 0) {
        bool next = part.exists && mh_resume_is(&part, journal->next);

        known = !part.exists || mh_resume_is(&part, journal->base) || (next && !keep_next);
        why = next ? "a step of an interrupted process that no longer fitted" : why;
    } else if (strcmp(trouble.name, "EINVALIDPATH") != 0) {
        *err = trouble;
        return -1;
    }
    mh_snapshot_release(&part);
    return known ? 0 : set_aside(resume, name, why, err);
}

static int clean_up(struct mh_resume *resume, bool keep_next, struct mh_err *err)
{
    if (keep_part(resume, MH_STAGED, keep_next, err) < 0 ||
        keep_part(resume, MH_OLD, keep_next, err) < 0) {
        return -1;
    }
    return mh_publish_remove_remains(&resume->tx, err);
}

int mh_resume_finish(struct mh_resume *resume, const struct mh_oid *commit, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;

    if (strcmp(resume->tree.hex, tx->journal.next_tree) == 0 &&
        mh_publish_finish_index(tx, err) < 0) {
        return -1;
    }
    if (clean_up(resume, false, err) < 0) {
        return -1;
    }
    resume->out->action = MH_RECOVERY_FINISHED;
    resume->out->commit = *commit;
    return 0;
}

int mh_resume_give_up(struct mh_resume *resume, struct mh_err *err)
{
    if (clean_up(resume, true, err) < 0) {
        return -1;
    }
    resume->out->action = resume->out->kept != NULL ? MH_RECOVERY_SET_ASIDE : MH_RECOVERY_DISCARDED;
    return 0;
}

/* The new tree's objects, written anew: the quarantine may be gone, half written or half moved. */
static int rebuild_objects(struct mh_resume *resume, int dirfd, const char *name,
                           struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;

    return mh_quarantine_discard(tx->site->repo, tx->label, err) < 0
               ? -1
               : mh_publish_write_objects(tx, dirfd, name, err);
}

/* What is exchanged and has its objects is committed; live stays as it is where that fails. */
static int commit(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;
    struct mh_oid oid = {{0}};
    int result;

    tx->state = MH_TX_EXCHANGED;
    result = mh_tx_commit(tx, MH_TX_WAIT_SECONDS, &oid, err);
    tx->state = MH_TX_DONE; /* whatever is left to do, recovery does it */
    if (result < 0) {
        return -1;
    }
    if (clean_up(resume, false, err) < 0) {
        return -1;
    }
    resume->out->action = MH_RECOVERY_FINISHED;
    resume->out->commit = oid;
    return 0;
}

/* Live becomes what it was when recovery found it. */
static void take_back(struct mh_tx *tx)
{
    struct mh_err ignored; /* a failure leaves live new: the next recovery goes on from there */

    (void)mh_publish_swap_out(tx, &ignored);
    tx->state = MH_TX_DONE;
}

int mh_resume_exchange(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;
    int result;

    if (read_part(resume, MH_STAGED, &tx->next, err) < 0) {
        return strcmp(err->name, "EINVALIDPATH") == 0 ? 0 : -1;
    }
    if (!tx->next.exists || !mh_resume_is(&tx->next, tx->journal.next)) {
        return 0;
    }
    tx->base = &resume->live;
    if (rebuild_objects(resume, tx->dir, MH_STAGED, err) < 0 ||
        mh_publish_sync_prepared(tx, err) < 0) {
        return -1;
    }
    tx->prepared = true;
    tx->state = MH_TX_STAGED;
    result = mh_publish_go_on_from_exchange(tx, err);
    if (result < 0) {
        tx->state = MH_TX_DONE;
        return -1;
    }
    result = commit(resume, err);
    if (result < 0 && !tx->committed) {
        take_back(tx);
    }
    return result < 0 ? -1 : 1;
}

/*
 * Where the displaced tree is, so how the exchange had been made; tx.own_base becomes its snapshot.
 * -1 with EINVALIDPATH, and tx.way, where somebody put into it what belongs in no tree.
 */
static int find_displaced(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;

    tx->base = &tx->own_base;
    tx->way = MH_TX_TWO_RENAMES;
    if (read_part(resume, MH_OLD, &tx->own_base, err) < 0) {
        return -1;
    }
    if (tx->own_base.exists) {
        return 0;
    }
    mh_snapshot_release(&tx->own_base);
    tx->way = MH_TX_SWAPPED;
    if (read_part(resume, MH_STAGED, &tx->own_base, err) < 0) {
        return -1;
    }
    if (!tx->own_base.exists) {
        tx->way = MH_TX_CREATED;
    }
    return 0;
}

/* Somebody's last edit is in the tree that was displaced: it goes back to where it was made. */
static int give_back(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;

    if (mh_publish_swap_out(tx, err) < 0 || mh_publish_sync_swap(tx, err) < 0) {
        tx->state = MH_TX_DONE;
        return -1;
    }
    tx->state = MH_TX_DONE;
    return mh_resume_give_up(resume, err);
}

int mh_resume_commit(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;
    int found = find_displaced(resume, err);

    if (found < 0 && strcmp(err->name, "EINVALIDPATH") != 0) {
        return -1;
    }
    if (found < 0 || (tx->own_base.exists && !mh_resume_is(&tx->own_base, tx->journal.base))) {
        return give_back(resume, err);
    }
    tx->next = resume->live;
    resume->live = (struct mh_snapshot)MH_SNAPSHOT_INIT;
    return rebuild_objects(resume, tx->site->live_fd, tx->journal.slug, err) < 0
               ? -1
               : commit(resume, err);
}

int mh_resume_restore(struct mh_resume *resume, struct mh_err *err)
{
    struct mh_tx *tx = &resume->tx;
    struct mh_snapshot staged = MH_SNAPSHOT_INIT;
    struct mh_snapshot old = MH_SNAPSHOT_INIT;
    const char *from = NULL;
    int result = -1;

    if (read_part(resume, MH_STAGED, &staged, err) < 0 ||
        read_part(resume, MH_OLD, &old, err) < 0) {
        goto out;
    }
    if (staged.exists && mh_resume_is(&staged, tx->journal.next)) {
        from = MH_STAGED;
    } else if (old.exists && mh_resume_is(&old, tx->journal.base)) {
        from = MH_OLD;
    }
    if (from == NULL) {
        (void)mh_err_set(
            err, "ESTALE",
            "%s is gone while a publish of it was unfinished; all is kept: put it back "
            "with 'git checkout HEAD -- %s', or commit that it is gone",
            resume->path, resume->path);
    } else if (mh_publish_rename_new(tx->dir, from, tx->site->live_fd, tx->journal.slug) < 0) {
        (void)mh_err_sys(err, errno, "cannot put %s back", resume->path);
    } else {
        result = mh_publish_sync_swap(tx, err) < 0 ? -1 : 1;
    }
out:
    mh_snapshot_release(&staged);
    mh_snapshot_release(&old);
    return result;
}
