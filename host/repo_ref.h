/*
 * repo_ref: moving the current branch by compare and swap, and the reflog that goes with it.
 *
 * Calling sequence, under our own lock of the repository: lock (which writes what the branch will
 * hold), check that the branch is still where it was read, [sync], commit with the reflog, drop the
 * lock, sync.
 */
#ifndef MH_REPO_REF_H
#define MH_REPO_REF_H

#include "repo.h"
#include "repo_lock.h"

struct mh_ref_move {
    const char *branch; /* "refs/heads/main" */
    const char *from;   /* commit ids */
    const char *to;
    const char *message; /* of the reflog, one line */
    const struct mh_repo_person *who;
    long long time;
    int offset;       /* minutes east of UTC */
    int home;         /* a folder of our own, on the repository's file system */
    const char *ours; /* a name there for the branch's new content; the caller removes it */
};

/* Opens the directory that holds the branch's file, making it where the branch is packed. -1 on
 * error. */
int mh_ref_open_dir(const struct mh_repo *repo, const char *branch, struct mh_err *err);

/* The branch's file name in that directory; points into `branch`. */
const char *mh_ref_file(const char *branch);

/* Writes the new content and takes git's lock of the branch; waits up to `wait` seconds. */
int mh_ref_lock(const struct mh_repo *repo, const struct mh_ref_move *move, int ours_dir,
                double wait, struct mh_git_lock *out, struct mh_err *err);

/* 1: HEAD is the branch and the branch is at `from`; 0: one of them moved; -1. */
int mh_ref_is_unmoved(const struct mh_repo *repo, const struct mh_ref_move *move,
                      struct mh_err *err);

/* Moves the branch: the reflogs first, then the rename of its new content.  Nothing is synced. */
int mh_ref_commit(const struct mh_repo *repo, const struct mh_ref_move *move,
                  const struct mh_git_lock *lock, struct mh_err *err);

#endif
