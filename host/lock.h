/*
 * lock: locks that die with their holder.
 *
 * A lock is an open-file-description write lock on a file that is made when first needed and never
 * unlinked.  The kernel drops it when the holder ends, however it ends, so nothing is ever stale; a
 * holder that is merely stopped still holds and is waited for, never robbed.  The descriptor is
 * close-on-exec: a child that inherited it would keep the lock alive.  mh_lock_drop gives it back
 * even where a child that was forked and never called exec still has the descriptor; such a child
 * cannot give it back.
 *
 * Calling sequence:
 *
 *     struct mh_lock lock = MH_LOCK_INIT;
 *     if (mh_lock_take(dirfd, "x.lock", "pid: 7\n...", NULL, &lock, err) < 0) { goto out; }
 *     ... mh_lock_verify(&lock, err) again before each step that cannot be undone ...
 *     out: mh_lock_drop(&lock);
 *
 * The file's content is for people only: who holds the lock is the kernel's word.
 */
#ifndef MH_LOCK_H
#define MH_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* The longest holder text that is written or read back, in bytes. */
enum { MH_LOCK_TEXT_MAX = 4096 };

struct mh_lock {
    int dirfd;  /* our own handle of the directory */
    int fd;     /* the locked file; -1 while nothing is held */
    char *name; /* the file's name in that directory */
    pid_t pid;  /* who took it: a forked child that drops its copy leaves the lock alone */
};

#define MH_LOCK_INIT                                  \
    {                                                 \
        .dirfd = -1, .fd = -1, .name = NULL, .pid = 0 \
    }

struct mh_lock_options {
    double wait;     /* seconds to wait for a holder; 0 answers at once */
    bool allow_fuse; /* a FUSE file system is trusted to lock */
};

/*
 * Takes the lock `name` (one file name) in the directory `dirfd`, which stays the caller's.  `text`
 * is written into the file for people, as far as that is possible: a full disk prevents no locking,
 * so that what a crash left there can still be cleaned up.  `options` may be NULL: no waiting, no
 * FUSE.  `lock` must be empty.  Failures, `lock` untouched:
 *   EBUSY         held by another process (or by this one, through another mh_lock) until the
 *                 deadline; the message ends with the first line of the holder's text
 *   EINTERRUPTED  a SIGINT or SIGTERM came while waiting
 *   EUNSUPPORTED  the file system cannot be trusted to lock: NFS, SMB, 9p, FUSE, ENOLCK, EOPNOTSUPP
 *   EINVALIDPATH  `name` is not a file name, or what is there is not a regular file
 *   ESTALE        the file on disk was replaced again and again while it was being locked
 *   an errno      anything else
 */
int mh_lock_take(int dirfd, const char *name, const char *text,
                 const struct mh_lock_options *options, struct mh_lock *lock, struct mh_err *err);

/* 0 while the file on disk is still the one locked; else ESTALE (it was removed or replaced). */
int mh_lock_verify(const struct mh_lock *lock, struct mh_err *err);

/* Gives the lock back.  Idempotent; accepts an empty lock; leaves the file where it is. */
void mh_lock_drop(struct mh_lock *lock);

/*
 * Is the lock held now?  1: by a live process (or by this one), and `text` has its text, cut to
 * MH_LOCK_TEXT_MAX bytes and ended by a NUL, "" where the file may not be read; 0: free, or there
 * is no such file; -1: could not be found out.  Needs only the permission to read or to write the
 * file, makes nothing and never waits.
 */
int mh_lock_holder(int dirfd, const char *name, char text[MH_LOCK_TEXT_MAX + 1],
                   struct mh_err *err);

#endif
