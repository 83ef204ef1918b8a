/*
 * publish_parts: what the files of publish share and nobody else uses.
 */
#ifndef MH_PUBLISH_PARTS_H
#define MH_PUBLISH_PARTS_H

#include "publish.h"
#include "repo_objects.h"

/* Names in a transaction's directory. */
#define MH_STAGED "staged"
#define MH_OLD "old"
#define MH_TRANSACTIONS "__transactions__"

/* Opens a directory by its absolute path. */
int mh_publish_open_absolute(const char *path, struct mh_err *err);

/* Fills site->id, making the id where there is none; `home_fd` is open. */
int mh_publish_open_id(struct mh_site *site, struct mh_err *err);

/* Takes a lock of ours; the file says of its holder, for people, who it is and what it does. */
int mh_publish_lock(const struct mh_site *site, int dirfd, const char *name, const char *operation,
                    double wait, struct mh_lock *out, struct mh_err *err);

/* 1 where the slug is exactly as HEAD has it, nothing staged, untracked or ignored; 0; -1. */
int mh_publish_is_committed(const struct mh_site *site, const char *slug, struct mh_err *err);

/* EDIRTY with the names where it is not so. */
int mh_publish_check_clean(const struct mh_site *site, const char *slug, struct mh_err *err);

/* EMERGING while a merge, rebase or the like is under way. */
int mh_publish_check_operation(const struct mh_site *site, struct mh_err *err);

/* HEAD, where it is on a branch with a commit; EUNSUPPORTED else. */
int mh_publish_read_branch(const struct mh_site *site, struct mh_repo_head *out,
                           struct mh_err *err);

/* Opens the directory that holds the absolute `path`; *name is its last segment, inside `path`. */
int mh_publish_open_parent(const char *path, const char **name, struct mh_err *err);

/* "<slug>@<token>" on the heap; NULL with err when out of memory. */
char *mh_publish_label(const char *slug, const char *token, struct mh_err *err);

/* The length of the slug where a name is such a label, else 0. */
size_t mh_publish_slug_length(const char *label);

/* Which work tree of the repository this is: "" for the main one, else git's name for it. */
const char *mh_publish_linked_name(const struct mh_repo *repo);

/* The name of a branch as people say it: without "refs/heads/". */
const char *mh_publish_branch_name(const char *branch);

/* Compares a tree with what it must be.  1: equal, 0: not, -1. */
int mh_publish_compare(int dirfd, const char *name, const struct mh_snapshot *want,
                       struct mh_err *err);

/* HEAD, which must be on `branch` with nothing under way: EMERGING, EUNSUPPORTED, ESTALE. */
int mh_publish_check_branch(const struct mh_site *site, const char *branch,
                            struct mh_repo_head *out, struct mh_err *err);

/* Live is not what it was, and what to do about it: ESTALE, or EMERGING where a merge did it. */
int mh_publish_edited(const struct mh_site *site, const char *slug, const char *branch,
                      struct mh_err *err);

/* After a failure: *err becomes what somebody did, where `why` says that. */
void mh_publish_blame(const struct mh_err *why, struct mh_err *err);

/* Opens __transactions__ (made with its .gitignore where it is missing). */
int mh_publish_open_transactions(const struct mh_site *site, struct mh_err *err);

/*
 * A rename to a name that is free, else EEXIST; the check and the rename are one step where the
 * file system can.  0 or -1 with errno.
 */
int mh_publish_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Staged and live change places, in the way that the file system allows; sets tx->way.  Not synced.
 */
int mh_publish_swap_in(struct mh_tx *tx, struct mh_err *err);

/* Makes both directories that an exchange changed durable. */
int mh_publish_sync_swap(const struct mh_tx *tx, struct mh_err *err);

/* The reverse of the exchange; the transaction is staged then.  Not synced. */
int mh_publish_swap_out(struct mh_tx *tx, struct mh_err *err);

/* The name, in tx->dir, of the tree that live had before; NULL where there was none. */
const char *mh_publish_displaced(const struct mh_tx *tx);

/* The exchange of what is staged, journalled and durable: recovery enters here. */
int mh_publish_go_on_from_exchange(struct mh_tx *tx, struct mh_err *err);

/*
 * Writes what the commit needs to the quarantine: the objects of tx->next, which is `dirfd`/`name`,
 * and the commit itself as it will be if the branch does not move.  The journal gets the tree's id.
 */
int mh_publish_write_objects(struct mh_tx *tx, int dirfd, const char *name, struct mh_err *err);

/* The commit that the journal tells of, on that parent. */
int mh_publish_add_commit(const struct mh_tx *tx, struct mh_objects *objects, const char *parent,
                          struct mh_oid *out, struct mh_err *err);

/* Makes the staged tree, the journal and the quarantine durable. */
int mh_publish_sync_prepared(const struct mh_tx *tx, struct mh_err *err);

/*
 * Makes the exchange and everything the commit reaches durable, objects that git had written
 * earlier and never synced included, and with them the new content of branch and index.  `store` is
 * the repository's object directory.
 */
int mh_publish_sync_commit(const struct mh_tx *tx, int store, struct mh_err *err);

/*
 * Removes whatever bears the slug's label and has no journal: nothing of it had reached live.  Sets
 * out->action where there was something.
 */
int mh_publish_discard(const struct mh_site *site, const char *slug, struct mh_recovery *out,
                       struct mh_err *err);

/* Removes journal, transaction directory and quarantine, in this order; the transaction is done
 * then. */
int mh_publish_remove_remains(struct mh_tx *tx, struct mh_err *err);

/*
 * Only the index entries and the syncs of a commit that is already on the branch; what somebody
 * staged since stays staged.
 */
int mh_publish_finish_index(struct mh_tx *tx, struct mh_err *err);

/* Takes the lock under which commits are made, and clears what dead holders of it left. */
int mh_publish_lock_repository(const struct mh_site *site, const char *operation, double wait,
                               struct mh_lock *out, struct mh_err *err);

/* The latter alone, and nothing where somebody holds the lock now. */
int mh_publish_sweep_locks(const struct mh_site *site, struct mh_err *err);

/* A tree that is to be kept. */
struct mh_aside {
    int dirfd;
    const char *name;
    const char *label;
    const char *why; /* one line */
};

/*
 * Moves a tree to the project's set-aside folder; *path is its new absolute path, on the heap.
 */
int mh_publish_set_aside(const struct mh_site *site, const struct mh_aside *aside, char **path,
                         struct mh_err *err);

#endif
