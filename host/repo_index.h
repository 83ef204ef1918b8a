/*
 * repo_index: bringing the index entries of one path up to a commit, and nothing else.
 *
 * git's own lock of the index is held from `prepare` on, so a `git add` that runs meanwhile waits
 * or fails and is never lost.  Only entries that are still as in the tree `before` are changed:
 * any other is what somebody staged.  The change is made by git's own program on a copy, which
 * therefore keeps whatever form the index has (split, sparse, extensions); `commit` renames the
 * copy into place.
 *
 * Calling sequence: prepare, [sync], commit, sync of the directory, drop.
 */
#ifndef MH_REPO_INDEX_H
#define MH_REPO_INDEX_H

#include "repo.h"
#include "repo_lock.h"

struct mh_index_update {
    struct mh_git_lock lock;
    int home;   /* borrowed: the folder of our own files */
    char *copy; /* our copy's name there; NULL once in place, or where nothing changes */
};

#define MH_INDEX_UPDATE_INIT                               \
    {                                                      \
        .lock = MH_GIT_LOCK_INIT, .home = -1, .copy = NULL \
    }

struct mh_index_request {
    const char *path;   /* of the subtree, relative to the work tree */
    const char *before; /* tree id of the subtree; "" where there was none */
    const char *commit; /* what the entries are to be as in; git must be able to read it */
    bool keep_staged;   /* what somebody staged is passed over; false: it is EDIRTY */
    int ours_dir;       /* holds the file that our locks are links to */
    int home;           /* a folder of our own, on the repository's file system */
    const char *home_path;
    const char *copy; /* a name of our own there, unique to the transaction */
    double wait;      /* seconds to wait for git's lock of the index */
};

/* EBUSY: the index is locked by somebody else.  EDIRTY: something is staged below the path. */
int mh_index_prepare(const struct mh_repo *repo, const struct mh_index_request *request,
                     struct mh_index_update *out, struct mh_err *err);

/* Renames the copy over the index and gives the lock back.  Nothing is synced. */
int mh_index_commit(struct mh_index_update *update, struct mh_err *err);

/* Removes lock and copy.  Idempotent; accepts an empty one. */
void mh_index_drop(struct mh_index_update *update);

#endif
