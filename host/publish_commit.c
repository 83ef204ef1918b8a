/*
 * The commit of what was exchanged, under the repository's lock:
 *
 *   commit object -> objects in place -> git's lock of the branch -> git's lock of the index,
 * changed copy
 *   -> one sync of everything -> branch (the point of no return) -> index -> sync of both
 * directories
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dir.h"
#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_index.h"
#include "repo_objects.h"
#include "repo_ref.h"

enum { LOCK_WAIT_SECONDS = 30, ATTEMPTS = 8 };

/* One try at the commit: everything that must be given back. */
struct attempt {
    struct mh_tx *tx;
    struct mh_objects *objects;
    struct mh_repo_head head;
    struct mh_repo_person committer;
    struct mh_ref_move move;
    struct mh_oid commit;
    struct mh_git_lock ref;
    struct mh_index_update index;
    char *path;     /* of the subtree, relative to the work tree */
    char *ref_ours; /* names of our files behind git's locks */
    char *index_ours;
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
    attempt->index_ours = format_name(journal->token, "index");
    attempt->locks_path = mh_path_join(attempt->tx->site->home, "locks");
    if (asprintf(&attempt->reflog, "commit: %.*s", (int)strcspn(journal->message, "\n"),
                 journal->message) < 0) {
        attempt->reflog = NULL;
    }
    if (attempt->path == NULL || attempt->ref_ours == NULL || attempt->index_ours == NULL ||
        attempt->locks_path == NULL || attempt->reflog == NULL) {
        return mh_err_nomem(err);
    }
    attempt->committer = (struct mh_repo_person){journal->committer_name, journal->committer_email};
    return 0;
}

static void release(struct attempt *attempt)
{
    mh_index_drop(&attempt->index);
    mh_git_lock_drop(&attempt->ref);
    mh_objects_close(attempt->objects);
    mh_repo_head_release(&attempt->head);
    free(attempt->path);
    free(attempt->ref_ours);
    free(attempt->index_ours);
    free(attempt->locks_path);
    free(attempt->reflog);
}

/* The branch is the one the step began on and its subtree is still the base's. */
static int check_branch(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_journal *journal = &attempt->tx->journal;
    const struct mh_site *site = attempt->tx->site;
    struct mh_oid tree;

    mh_repo_head_release(&attempt->head);
    if (mh_publish_check_operation(site, err) < 0 ||
        mh_publish_read_branch(site, &attempt->head, err) < 0) {
        return -1;
    }
    if (strcmp(attempt->head.branch, journal->branch) != 0) {
        return mh_err_set(err, "ESTALE",
                          "the step began on %s, and HEAD is now %s: run 'git switch %s'",
                          journal->branch, attempt->head.branch, mh_ref_file(journal->branch));
    }
    if (mh_repo_tree_id(site->repo, attempt->head.commit.hex, attempt->path, &tree, err) < 0) {
        return -1;
    }
    if (strcmp(tree.hex, journal->base_tree) != 0) {
        return mh_err_set(err, "ESTALE", "%s was changed by a commit meanwhile", attempt->path);
    }
    return 0;
}

int mh_publish_add_commit(const struct mh_tx *tx, struct mh_objects *objects, const char *parent,
                          struct mh_oid *out, struct mh_err *err)
{
    const struct mh_journal *journal = &tx->journal;
    const struct mh_repo_person author = {journal->author_name, journal->author_email};
    const struct mh_repo_person committer = {journal->committer_name, journal->committer_email};
    struct mh_objects_commit commit = {.parent = parent,
                                       .subtree = journal->next_tree,
                                       .message = journal->message,
                                       .author = &author,
                                       .committer = &committer,
                                       .time = strtoll(journal->time, NULL, 10),
                                       .offset = (int)strtol(journal->offset, NULL, 10)};
    char *path = mh_path_join(journal->live, journal->slug);
    int result;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    commit.path = path;
    result = mh_objects_add_commit(objects, &commit, out, err);
    free(path);
    return result;
}

/*
 * The commit's objects, in place.  They are renamed there only once their bytes are durable: those
 * that were written before the exchange are, the others are synced here.
 */
static int write_commit(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_tx *tx = attempt->tx;
    const char *parent = attempt->head.commit.hex;
    bool is_durable = tx->prepared && strcmp(parent, tx->journal.head) == 0;

    if (mh_publish_add_commit(tx, attempt->objects, parent, &attempt->commit, err) < 0) {
        return -1;
    }
    if (!is_durable && mh_os_syncfs(mh_objects_dirfd(attempt->objects)) < 0) {
        return mh_err_sys(err, errno, "cannot make new objects of %s durable", attempt->path);
    }
    if (mh_objects_install(attempt->objects, err) < 0) {
        return -1;
    }
    attempt->move = (struct mh_ref_move){.branch = tx->journal.branch,
                                         .from = parent,
                                         .to = attempt->commit.hex,
                                         .message = attempt->reflog,
                                         .who = &attempt->committer,
                                         .time = strtoll(tx->journal.time, NULL, 10),
                                         .offset = (int)strtol(tx->journal.offset, NULL, 10)};
    return 0;
}

static int take_index(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    const struct mh_index_request request = {.path = attempt->path,
                                             .before = attempt->tx->journal.base_tree,
                                             .after = attempt->tx->journal.next_tree,
                                             .home = site->locks_fd,
                                             .home_path = attempt->locks_path,
                                             .ours = attempt->index_ours,
                                             .wait = LOCK_WAIT_SECONDS};

    return mh_index_prepare(site->repo, &request, &attempt->index, err);
}

/*
 * Makes everything the commit reaches durable, objects that git had written earlier and never
 * synced included, and with them the exchange, the new ref's content and the new index.
 */
static int sync_all(const struct attempt *attempt, struct mh_err *err)
{
    struct stat objects;
    struct stat home;
    int store = mh_objects_dirfd(attempt->objects);

    if (fstat(store, &objects) < 0 || fstat(attempt->tx->site->home_fd, &home) < 0 ||
        mh_os_syncfs(store) < 0 ||
        (objects.st_dev != home.st_dev && mh_os_syncfs(attempt->tx->site->home_fd) < 0)) {
        return mh_err_sys(err, errno, "cannot make the commit of %s durable", attempt->path);
    }
    return 0;
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

/* Moves the branch, then the index.  From the first rename on the transaction is committed. */
static int move_refs(struct attempt *attempt, struct mh_err *err)
{
    const struct mh_repo *repo = attempt->tx->site->repo;
    int refs = mh_ref_open_dir(repo, attempt->tx->journal.branch, err);
    int result = -1;

    if (refs < 0) {
        return -1;
    }
    if (mh_ref_commit(repo, &attempt->move, &attempt->ref, err) < 0) {
        goto out;
    }
    attempt->tx->state = MH_TX_COMMITTED;
    attempt->tx->committed = true;
    if (mh_index_commit(&attempt->index, err) < 0) {
        goto out;
    }
    if (mh_os_fsync(refs) < 0) {
        (void)mh_err_sys(err, errno, "cannot make the branch durable");
        goto out;
    }
    result = sync_path(mh_repo_gitdir(repo), err);
out:
    mh_os_close(&refs);
    return result;
}

/* 1: committed; 0: the branch moved meanwhile, try again; -1. */
static int try_commit(struct attempt *attempt, const struct mh_lock *lock, struct mh_err *err)
{
    const struct mh_site *site = attempt->tx->site;
    int unmoved;

    if (check_branch(attempt, err) < 0 || write_commit(attempt, err) < 0 ||
        mh_ref_lock(site->repo, &attempt->move, site->locks_fd, attempt->ref_ours,
                    LOCK_WAIT_SECONDS, &attempt->ref, err) < 0) {
        return -1;
    }
    unmoved = mh_ref_is_unmoved(site->repo, &attempt->move, err);
    if (unmoved <= 0) {
        mh_git_lock_drop(&attempt->ref);
        return unmoved;
    }
    if (take_index(attempt, err) < 0 || sync_all(attempt, err) < 0 ||
        mh_lock_verify(lock, err) < 0 || mh_lock_verify(&attempt->tx->lease->lock, err) < 0 ||
        mh_publish_check_operation(site, err) < 0) {
        return -1;
    }
    return move_refs(attempt, err) < 0 ? -1 : 1;
}

/* Removes the git locks that a dead process of ours left: only holders of repo.lock make any. */
static int sweep_journal(void *context, const struct mh_journal *journal)
{
    const struct mh_site *site = *(const struct mh_site *const *)context;
    char *ref = format_name(journal->token, "ref");
    char *index = format_name(journal->token, "index");
    struct mh_err ignored;
    int refs = mh_ref_open_dir(site->repo, journal->branch, &ignored);
    int gitdir = open(journal->gitdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (ref != NULL && refs >= 0) {
        (void)mh_git_lock_sweep(site->locks_fd, ref, refs, mh_ref_file(journal->branch), &ignored);
    }
    if (index != NULL && gitdir >= 0) {
        (void)mh_git_lock_sweep(site->locks_fd, index, gitdir, "index", &ignored);
    }
    mh_os_close(&refs);
    mh_os_close(&gitdir);
    free(ref);
    free(index);
    return 0;
}

/* The same for one whose journal is gone too: it could not be removed when its publish ended. */
static void sweep_orphan(const struct mh_site *site, const char *ours)
{
    const char *suffix = strrchr(ours, '.');
    struct mh_repo_head head = {0};
    struct mh_err ignored;
    int dir = -1;

    if (suffix != NULL && strcmp(suffix, ".index") == 0) {
        dir = open(mh_repo_gitdir(site->repo), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0) {
            (void)mh_git_lock_sweep(site->locks_fd, ours, dir, "index", &ignored);
        }
    } else if (suffix != NULL && strcmp(suffix, ".ref") == 0 &&
               mh_publish_read_branch(site, &head, &ignored) == 0) {
        dir = mh_ref_open_dir(site->repo, head.branch, &ignored);
        if (dir >= 0) {
            (void)mh_git_lock_sweep(site->locks_fd, ours, dir, mh_ref_file(head.branch), &ignored);
        }
    }
    mh_repo_head_release(&head);
    mh_os_close(&dir);
}

/* Clears our folder of what holders of repo.lock left there; it is held. */
static int sweep(const struct mh_site *site, const struct mh_listing *listing, struct mh_err *err)
{
    int result = mh_journal_each(site->journals_fd, sweep_journal, &site, err);

    for (size_t i = 0; i < listing->count && result == 0; i++) {
        sweep_orphan(site, listing->entries[i].name);
        if (mh_os_unlink(site->locks_fd, listing->entries[i].name, 0) < 0) {
            result = mh_err_sys(err, errno, "cannot remove an old lock file");
        }
    }
    return result;
}

static int list_locks(const struct mh_site *site, struct mh_listing *out, struct mh_err *err)
{
    static char here[] = "locks";
    const struct mh_dir dir = {.fd = site->locks_fd, .path = here};

    return mh_dir_list(&dir, "", out, err);
}

/* Takes repo.lock and clears what dead holders of it left. */
static int lock_repository(const struct mh_tx *tx, struct mh_lock *out, struct mh_err *err)
{
    const struct mh_site *site = tx->site;
    struct mh_listing listing = {0};
    int result;

    if (mh_publish_lock(site, site->home_fd, "repo.lock", tx->journal.operation, LOCK_WAIT_SECONDS,
                        out, err) < 0) {
        return -1;
    }
    result = list_locks(site, &listing, err);
    if (result == 0) {
        result = sweep(site, &listing, err);
    }
    mh_listing_release(&listing);
    if (result < 0) {
        mh_lock_drop(out);
    }
    return result;
}

int mh_publish_sweep_locks(const struct mh_site *site, struct mh_err *err)
{
    struct mh_listing listing = {0};
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err busy;
    int result = list_locks(site, &listing, err);

    if (result == 0 && listing.count > 0 &&
        mh_publish_lock(site, site->home_fd, "repo.lock", "recovery", 0, &lock, &busy) == 0) {
        mh_listing_release(&listing); /* what is there now is a dead process's */
        result = list_locks(site, &listing, err);
        if (result == 0) {
            result = sweep(site, &listing, err);
        }
        mh_lock_drop(&lock);
    }
    mh_listing_release(&listing);
    return result;
}

int mh_tx_commit(struct mh_tx *tx, struct mh_oid *commit, struct mh_err *err)
{
    struct attempt attempt = {.tx = tx, .ref = MH_GIT_LOCK_INIT, .index = MH_INDEX_UPDATE_INIT};
    struct mh_lock lock = MH_LOCK_INIT;
    int done = 0;

    if (tx->state != MH_TX_EXCHANGED) {
        return mh_err_set(err, "EINVAL", "commit: nothing was exchanged");
    }
    if (prepare_names(&attempt, err) < 0 || lock_repository(tx, &lock, err) < 0 ||
        mh_objects_open(tx->site->repo, tx->label, &attempt.objects, err) < 0) {
        done = -1;
    }
    for (int i = 0; done == 0 && i < ATTEMPTS; i++) {
        done = try_commit(&attempt, &lock, err);
    }
    if (done == 0) {
        done = mh_err_set(err, "EBUSY", "the branch %s keeps moving", tx->journal.branch);
    }
    if (done > 0) {
        *commit = attempt.commit;
    }
    release(&attempt);
    mh_lock_drop(&lock);
    return done > 0 ? 0 : -1;
}

int mh_publish_finish_index(struct mh_tx *tx, struct mh_err *err)
{
    struct attempt attempt = {.tx = tx, .ref = MH_GIT_LOCK_INIT, .index = MH_INDEX_UPDATE_INIT};
    struct mh_lock lock = MH_LOCK_INIT;
    int refs = -1;
    int result = -1;

    if (prepare_names(&attempt, err) < 0 || lock_repository(tx, &lock, err) < 0 ||
        mh_objects_open(tx->site->repo, tx->label, &attempt.objects, err) < 0) {
        goto out;
    }
    refs = mh_ref_open_dir(tx->site->repo, tx->journal.branch, err);
    if (refs < 0 || take_index(&attempt, err) < 0 || sync_all(&attempt, err) < 0 ||
        mh_index_commit(&attempt.index, err) < 0) {
        goto out;
    }
    if (mh_os_fsync(refs) < 0) {
        (void)mh_err_sys(err, errno, "cannot make the branch durable");
        goto out;
    }
    result = sync_path(mh_repo_gitdir(tx->site->repo), err);
out:
    mh_os_close(&refs);
    release(&attempt);
    mh_lock_drop(&lock);
    return result;
}
