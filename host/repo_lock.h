/*
 * repo_lock: git's lock files ("<file>.lock"), taken so that a dead one of ours can be told from
 * anyone else's.
 *
 * git locks a file by creating "<file>.lock", and such a lock outlives its holder.  Ours are hard
 * links to one file of ours, made durable once and never removed, so a later process removes
 * exactly what a dead one of ours left, whatever a power cut took: the locks that are the same file
 * as that one (repo_locks.c finds them).  Every other lock belongs to somebody else.
 *
 * Calling sequence: mark once, take, [commit], drop.
 */
#ifndef MH_REPO_LOCK_H
#define MH_REPO_LOCK_H

#include <stdbool.h>

#include "repo.h"

/* The file that our locks are links to, in a folder of our own. */
#define MH_GIT_LOCK_OURS "ours"

struct mh_git_lock {
    int dir;    /* the directory of the locked file; owned */
    char *file; /* the locked file's name */
    char *lock; /* "<file>.lock"; NULL once the lock is given back */
};

#define MH_GIT_LOCK_INIT                      \
    {                                         \
        .dir = -1, .file = NULL, .lock = NULL \
    }

struct mh_git_lock_request {
    int ours_dir;     /* holds MH_GIT_LOCK_OURS */
    int dir;          /* duplicated, stays the caller's */
    const char *file; /* the file to lock, in dir */
    const char *path; /* absolute, of the same, for messages */
    double wait;      /* seconds to wait for another holder */
};

/* Makes MH_GIT_LOCK_OURS in a folder and both durable, where it is missing. */
int mh_git_lock_mark(int ours_dir, struct mh_err *err);

/* 1 where anything may be linked to that file, so that a search is worth it; 0; -1. */
int mh_git_lock_is_linked(int ours_dir, struct mh_err *err);

/* EBUSY: somebody else's lock was there until the deadline; the message has its age. */
int mh_git_lock_take(const struct mh_git_lock_request *request, struct mh_git_lock *out,
                     struct mh_err *err);

/* Renames `from` in `from_dir` over the locked file; the lock stays.  Nothing is synced. */
int mh_git_lock_commit(const struct mh_git_lock *lock, int from_dir, const char *from,
                       struct mh_err *err);

/* Removes the lock.  Idempotent; accepts an empty one. */
void mh_git_lock_drop(struct mh_git_lock *lock);

/*
 * Every lock of git's that there is: in the common directory, in those of linked work trees, and of
 * refs.
 * `ours` when it is the same file as MH_GIT_LOCK_OURS in `ours_dir`.  A visit may remove it from
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
