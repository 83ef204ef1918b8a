/*
 * The commit of what was exchanged, under the repository's lock:
 *
 *   commit object -> objects durable, then in place -> git's lock of the index, changed copy of it
 *   -> git's lock of the branch -> one sync of everything, the exchange included -> branch (the
 *   point of no return) -> index -> sync of their directories
 *
 * The index is locked before the branch, as git itself does: a `git commit` that holds the index
 * while its editor is open must find the branch free.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_index.h"
#include "repo_ref.h"

enum { ATTEMPTS = 8 };

/* One try at the commit: everything that must be given back. */
struct attempt {
    struct mh_tx *tx;
    double wait; /* seconds, for each lock */
    struct mh_objects *objects;
    struct mh_repo_head head;
    struct mh_repo_person committer;
    struct mh_ref_move move;
    struct mh_oid commit;
    struct mh_git_lock ref;
    struct mh_index_update index;
    char *path;     /* of the subtree, relative to the work tree */
    char *ref_ours; /* names of what is put in place, in our folder of locks */
    char *index_copy;
    char *locks_path;
    char *reflog;
};

static char *format_name(const char *token, const char *suffix)
{
    char *name = NULL;

    return asprintf(&name, "%s.%s", token, suffix) < 0 ? NULL : name;
}

static int prepare_names(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_journal *journal = &attempt->tx->journal;

    attempt->path = mh_path_join(journal->live, journal->slug);
    attempt->ref_ours = format_name(journal->token, "ref");
    attempt->index_copy = format_name(journal->token, "index");
    attempt->locks_path = mh_path_join(attempt->tx->site->home, "locks");
    if (asprintf(&attempt->reflog, "commit: %.*s", (int)strcspn(journal->message, "\n"),
                 journal->message) < 0) {
        attempt->reflog = NULL;
    }
    if (attempt->path == NULL || attempt->ref_ours == NULL || attempt->index_copy == NULL ||
        attempt->locks_path == NULL || attempt->reflog == NULL) {
        return mh_err_nomem(err);
    }
    attempt->committer = (struct mh_repo_person){journal->committer_name, journal->committer_email};
    return 0;
}

static void release(struct attempt *attempt)
{
    if (attempt->move.ours != NULL) { /* the branch's content, not put in place */
        (void)mh_os_unlink(attempt->move.home, attempt->move.ours, 0);
    }
    mh_git_lock_drop(&attempt->ref);
    mh_index_drop(&attempt->index);
    mh_objects_close(attempt->objects);
    mh_repo_head_release(&attempt->head);
    free(attempt->path);
    free(attempt->ref_ours);
    free(attempt->index_copy);
    free(attempt->locks_path);
    free(attempt->reflog);
}

/*
 * HEAD is on the branch that the step began on.  0: its subtree is still the base's; 1: somebody
 * committed just what is live; -1.
 */
static int check_branch(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_journal *journal = &attempt->tx->journal;
    const struct mh_site *site = attempt->tx->site;
    struct mh_oid tree;

    mh_repo_head_release(&attempt->head);
    if (mh_publish_check_branch(site, journal->branch, &attempt->head, err) < 0 ||
        mh_repo_tree_id(site->repo, attempt->head.commit.hex, attempt->path, &tree, err) < 0) {
        return -1;
    }
    if (strcmp(tree.hex, journal->next_tree) == 0) {
        return 1;
    }
    return strcmp(tree.hex, journal->base_tree) == 0
               ? 0
               : mh_err_set(err, "ESTALE",
                            "%s was changed by a commit meanwhile; nothing was published: repeat "
                            "the command",
                            attempt->path);
}

/* The commit and all that it reaches, durable and in place. */
static int write_commit(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_journal *journal = &attempt->tx->journal;
    const char *parent = attempt->head.commit.hex;
    bool durable = attempt->tx->prepared && strcmp(parent, journal->head) == 0;
    size_t put;

    if (mh_publish_add_commit(attempt->tx, attempt->objects, parent, &attempt->commit, err) < 0 ||
        (!durable && mh_objects_sync(attempt->objects, err) < 0) ||
        mh_objects_install(attempt->objects, &put, err) < 0) {
        return -1;
    }
    attempt->move = (struct mh_ref_move){.branch = journal->branch,
                                         .from = parent,
                                         .to = attempt->commit.hex,
                                         .message = attempt->reflog,
                                         .who = &attempt->committer,
                                         .time = strtoll(journal->time, NULL, 10),
                                         .offset = (int)strtol(journal->offset, NULL, 10),
                                         .home = attempt->tx->site->locks_fd,
                                         .ours = attempt->ref_ours};
    return 0;
}

static int take_index(struct attempt *attempt, bool keep_staged, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    const struct mh_index_request request = {.path = attempt->path,
                                             .before = attempt->tx->journal.base_tree,
                                             .commit = attempt->commit.hex,
                                             .keep_staged = keep_staged,
                                             .ours_dir = site->home_fd,
                                             .home = site->locks_fd,
                                             .home_path = attempt->locks_path,
                                             .copy = attempt->index_copy,
                                             .wait = attempt->wait};

    return mh_index_prepare(site->repo, &request, &attempt->index, err);
}

static int sync_path(const char *path, struct mh_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    if (fd < 0 || mh_os_fsync(fd) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s durable", path);
    }
    mh_os_close(&fd);
    return result;
}

/* The index, once the branch has the commit, and the sync of all directories that changed. */
static int settle(struct attempt *attempt, int refs, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;

    mh_git_lock_drop(&attempt->ref);
    if (mh_index_commit(&attempt->index, err) < 0) {
        return -1;
    }
    if (mh_os_fsync(site->locks_fd) < 0 || mh_os_fsync(refs) < 0) {
        return mh_err_sys(err, errno, "cannot make the branch durable");
    }
    return sync_path(mh_repo_gitdir(site->repo), err);
}

static void set_committed(struct mh_tx *tx)
{
    tx->state = MH_TX_COMMITTED;
    tx->committed = true;
}

/* What somebody pruned is put back, and is durable then. */
static int keep_objects(const struct attempt *attempt, struct mh_err *err)
{
    size_t put = 0;

    if (mh_objects_install(attempt->objects, &put, err) < 0) {
        return -1;
    }
    return put == 0 ? 0
                    : mh_publish_sync_commit(attempt->tx, mh_objects_dirfd(attempt->objects), err);
}

/* Moves the branch, then the index.  From the first rename on the transaction is committed. */
static int move_refs(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_repo *repo = attempt->tx->site->repo;
    int refs = mh_ref_open_dir(repo, attempt->tx->journal.branch, err);
    int result = -1;

    if (refs < 0) {
        return -1;
    }
    if (mh_ref_commit(repo, &attempt->move, &attempt->ref, err) == 0) {
        set_committed(attempt->tx);
        attempt->move.ours = NULL;
        /* from here on the branch reaches them, and nothing prunes them any more */
        result = keep_objects(attempt, err) < 0 ? -1 : settle(attempt, refs, err);
    }
    mh_os_close(&refs);
    return result;
}

/* The index of a commit that the branch has already. */
static int follow(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    int store = mh_quarantine_open_store(site->repo, err);
    int refs = store >= 0 ? mh_ref_open_dir(site->repo, attempt->tx->journal.branch, err) : -1;
    int result = -1;

    if (refs >= 0 && take_index(attempt, true, err) == 0 &&
        mh_publish_sync_commit(attempt->tx, store, err) == 0) {
        result = settle(attempt, refs, err);
    }
    mh_os_close(&refs);
    mh_os_close(&store);
    return result;
}

/* Somebody else committed what is live: 1, or -1. */
static int adopt(struct attempt *attempt, struct mh_err *err)
{
    attempt->commit = attempt->head.commit;
    set_committed(attempt->tx);
    return follow(attempt, err) < 0 ? -1 : 1;
}

/*
 * After a failure: whether another try may do, 0 or -1.  Somebody pruned what nothing reached yet,
 * or committed, which changes the index as well.
 */
static int look_again(struct attempt *attempt, struct mh_err *err)
{
    struct mh_err first = *err;
    size_t put = 0;
    int found = 0;

    if (mh_objects_install(attempt->objects, &put, err) < 0) {
        return -1;
    }
    if (put == 0 && strcmp(first.name, "EDIRTY") == 0) {
        found = check_branch(attempt, err);
    }
    if (found < 0) {
        return -1;
    }
    *err = first;
    return put > 0 || found > 0 ? 0 : -1;
}

/* 1: both are locked and the branch is where it was; 0: it moved, nothing is locked; -1. */
static int lock_both(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    int unmoved;

    if (take_index(attempt, false, err) < 0) {
        return look_again(attempt, err);
    }
    if (mh_ref_lock(site->repo, &attempt->move, site->home_fd, attempt->wait, &attempt->ref, err) <
        0) {
        return -1;
    }
    unmoved = mh_ref_is_unmoved(site->repo, &attempt->move, err);
    if (unmoved <= 0) {
        mh_git_lock_drop(&attempt->ref);
        mh_index_drop(&attempt->index);
    }
    return unmoved;
}

/* 1: committed; 0: the branch moved meanwhile, try again; -1. */
static int try_commit(struct attempt *attempt, const struct mh_lock *lock, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    int found = check_branch(attempt, err);
    int locked;

    if (found != 0) {
        return found < 0 ? -1 : adopt(attempt, err);
    }
    if (write_commit(attempt, err) < 0) {
        return -1;
    }
    locked = lock_both(attempt, err);
    if (locked <= 0) {
        return locked;
    }
    if (mh_publish_sync_commit(attempt->tx, mh_objects_dirfd(attempt->objects), err) < 0 ||
        mh_lock_verify(lock, err) < 0 || mh_lock_verify(&attempt->tx->lease->lock, err) < 0 ||
        mh_publish_check_operation(site, err) < 0 || keep_objects(attempt, err) < 0) {
        return -1;
    }
    return move_refs(attempt, err) < 0 ? -1 : 1;
}

int mh_tx_commit(struct mh_tx *tx, double wait, struct mh_oid *commit, struct mh_err *err)
{
    struct attempt attempt = {
        .tx = tx, .wait = wait, .ref = MH_GIT_LOCK_INIT, .index = MH_INDEX_UPDATE_INIT};
    struct mh_lock lock = MH_LOCK_INIT;
    int done = 0;

    if (tx->state != MH_TX_EXCHANGED) {
        return mh_err_set(err, "EINVAL", "commit: nothing was exchanged");
    }
    if (prepare_names(&attempt, err) < 0 ||
        mh_publish_lock_repository(tx->site, tx->journal.operation, wait, &lock, err) < 0 ||
        mh_objects_open(tx->site->repo, tx->label, &attempt.objects, err) < 0) {
        done = -1;
    }
    for (int i = 0; done == 0 && i < ATTEMPTS; i++) {
        done = try_commit(&attempt, &lock, err);
        tx->prepared = false; /* the next one makes another commit */
    }
    if (done == 0) {
        done = mh_err_set(err, "EBUSY", "the branch %s keeps moving",
                          mh_publish_branch_name(tx->journal.branch));
    }
    if (done > 0) {
        *commit = attempt.commit;
        tx->settled = true;
    }
    release(&attempt);
    mh_lock_drop(&lock);
    return done > 0 ? 0 : -1;
}

int mh_publish_finish_index(struct mh_tx *tx, struct mh_err *err)
{
    struct attempt attempt = {.tx = tx,
                              .wait = MH_TX_WAIT_SECONDS,
                              .ref = MH_GIT_LOCK_INIT,
                              .index = MH_INDEX_UPDATE_INIT};
    struct mh_lock lock = MH_LOCK_INIT;
    int result = -1;

    if (prepare_names(&attempt, err) == 0 &&
        mh_publish_lock_repository(tx->site, tx->journal.operation, attempt.wait, &lock, err) ==
            0 &&
        mh_repo_read_head(tx->site->repo, &attempt.head, err) == 0) {
        attempt.commit = attempt.head.commit;
        result = follow(&attempt, err);
    }
    release(&attempt);
    mh_lock_drop(&lock);
    return result;
}
