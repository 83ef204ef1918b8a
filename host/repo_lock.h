/*
 * repo_lock: git's lock files ("<file>.lock"), taken so that a dead one of ours can be told from
 * anyone else's.
 *
 * git locks a file by creating "<file>.lock", and such a lock outlives its holder.  Ours are hard
 * links to a file in a folder of our own, so a later process removes exactly what a dead one of
 * ours left: the locks that are the same file as one of ours (repo_locks.c finds them).  Every
 * other lock belongs to somebody else.
 *
 * Calling sequence: take (with the content that committing will put in place), then commit or drop.
 */
#ifndef MH_REPO_LOCK_H
#define MH_REPO_LOCK_H

#include <stddef.h>

#include "repo.h"

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

/*
 * Every lock of git's that there is: in the common directory, in those of linked work trees, and of
 * refs.
 * `ours` when it is the same file as one in the folder `ours_dir`.  A visit may remove it from
 * `dirfd`; a non-zero answer ends the search and is returned.
 */
struct mh_git_lock_found {
    const char *path; /* relative to the common directory */
    int dirfd;
    const char *name;
    long age; /* seconds since it was made or written to */
    bool ours;
};

int mh_git_lock_each(const struct mh_repo *repo, int ours_dir,
                     int (*visit)(void *context, const struct mh_git_lock_found *found),
                     void *context, struct mh_err *err);

#endif
