/*
 * repo_lock: git's lock files ("<file>.lock"), taken so that a dead one of ours can be told from
 * anyone else's.
 *
 * git locks a file by creating "<file>.lock", and such a lock outlives its holder.  Ours are hard
 * links to a file in a folder of our own, so a later process that knows the label removes exactly
 * what a dead one of ours left: the lock that is the same file as ours.  Every other lock belongs
 * to somebody else.
 *
 * Calling sequence: take (with the content that committing will put in place), then commit or drop.
 */
#ifndef MH_REPO_LOCK_H
#define MH_REPO_LOCK_H

#include <stddef.h>

#include "err.h"

struct mh_git_lock {
    int ours_dir; /* borrowed: the folder of our own files */
    char *ours;   /* our file's name there */
    int dir;      /* the directory of the locked file; owned */
    char *file;   /* the locked file's name */
    char *lock;   /* "<file>.lock"; NULL once the lock is given back or committed */
};

#define MH_GIT_LOCK_INIT                                                    \
    {                                                                       \
        .ours_dir = -1, .ours = NULL, .dir = -1, .file = NULL, .lock = NULL \
    }

struct mh_git_lock_request {
    int ours_dir;
    const char *ours; /* a name of our own for it, unique to the transaction */
    int dir;          /* duplicated, stays the caller's */
    const char *file; /* the file to lock, in dir */
    const void *data; /* what committing puts in place */
    size_t size;
    double wait; /* seconds to wait for another holder */
};

/* EBUSY: somebody else's lock was there until the deadline; the message has its age. */
int mh_git_lock_take(const struct mh_git_lock_request *request, struct mh_git_lock *out,
                     struct mh_err *err);

/* Renames the lock over the file it locks.  Nothing is synced. */
int mh_git_lock_commit(struct mh_git_lock *lock, struct mh_err *err);

/* Removes the lock and our file.  Idempotent; accepts an empty one. */
void mh_git_lock_drop(struct mh_git_lock *lock);

/* Removes what a dead holder left of the lock named `ours` on `file`; nothing of anyone else's. */
int mh_git_lock_sweep(int ours_dir, const char *ours, int dir, const char *file,
                      struct mh_err *err);

#endif
