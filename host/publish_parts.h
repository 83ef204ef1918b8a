/*
 * publish_parts: what the files of publish share and nobody else uses.
 */
#ifndef MH_PUBLISH_PARTS_H
#define MH_PUBLISH_PARTS_H

#include "publish.h"

/* Names in a transaction's directory. */
#define MH_STAGED "staged"
#define MH_OLD "old"
#define MH_TRANSACTIONS "__transactions__"

/* What a lock file says of its holder, for people; on the heap, NULL when out of memory. */
char *mh_publish_holder_text(const char *operation);

/* Takes a lock of ours with that text. */
int mh_publish_lock(const struct mh_site *site, int dirfd, const char *name, const char *operation,
                    double wait, struct mh_lock *out, struct mh_err *err);

/* EMERGING while a merge, rebase or the like is under way. */
int mh_publish_check_operation(const struct mh_site *site, struct mh_err *err);

/* HEAD, where it is on a branch with a commit; EUNSUPPORTED else. */
int mh_publish_read_branch(const struct mh_site *site, struct mh_repo_head *out,
                           struct mh_err *err);

/* Opens the directory that holds the absolute `path`; *name is its last segment, inside `path`. */
int mh_publish_open_parent(const char *path, const char **name, struct mh_err *err);

/* "<slug>@<token>" on the heap; NULL with err when out of memory. */
char *mh_publish_label(const char *slug, const char *token, struct mh_err *err);

/* Opens __transactions__ (made with its .gitignore where it is missing). */
int mh_publish_open_transactions(const struct mh_site *site, struct mh_err *err);

/* Staged and live change places, in the way that the file system allows; sets tx->way.  Not synced.
 */
int mh_publish_swap_in(struct mh_tx *tx, struct mh_err *err);

/* Makes both directories that an exchange changed durable. */
int mh_publish_sync_swap(const struct mh_tx *tx, struct mh_err *err);

/* The reverse of the exchange, synced. */
int mh_publish_swap_out(struct mh_tx *tx, struct mh_err *err);

/* The name, in tx->dir, of the tree that live had before; NULL where there was none. */
const char *mh_publish_displaced(const struct mh_tx *tx);

/* The exchange of what is staged, journalled and durable: recovery enters here. */
int mh_publish_go_on_from_exchange(struct mh_tx *tx, struct mh_err *err);

/*
 * Removes whatever bears the slug's label and has no journal: nothing of it had reached live.  Sets
 * out->action where there was something.
 */
int mh_publish_discard(const struct mh_site *site, const char *slug, struct mh_recovery *out,
                       struct mh_err *err);

/* Removes journal, transaction directory and quarantine, in this order; the transaction is done
 * then. */
int mh_publish_remove_remains(struct mh_tx *tx, struct mh_err *err);

/* Writes the commit of what the journal names on top of `parent` into the quarantine. */
struct mh_objects;
int mh_publish_add_commit(const struct mh_tx *tx, struct mh_objects *objects, const char *parent,
                          struct mh_oid *out, struct mh_err *err);

/* Only the index entries and the syncs of a commit that is already on the branch. */
int mh_publish_finish_index(struct mh_tx *tx, struct mh_err *err);

/* Removes git locks of ours and what is behind them, if nobody holds the repository's lock now. */
int mh_publish_sweep_locks(const struct mh_site *site, struct mh_err *err);

/*
 * Moves the tree `name` in `dirfd` to the project's set-aside folder; *path is its new absolute
 * path, on the heap.
 */
int mh_publish_set_aside(const struct mh_site *site, int dirfd, const char *name, const char *label,
                         char **path, struct mh_err *err);

#endif
