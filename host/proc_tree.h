/*
 * proc_tree: finding and signalling every descendant of a process.
 *
 * A sweep reads the parent of every process in /proc and signals those that descend from the
 * root.  It signals each as it is found, within microseconds, so that a process which forks and
 * ends all the time has no time to get away.  Nobody relies on one sweep being complete: the caller
 * repeats it until its wait for children says that there is none.
 *
 * mh_proc_tree_sweep, mh_proc_stat_read and what they use are async-signal-safe, or bare system
 * calls: they run in a process forked from one that may have been anywhere.  The memory is mapped
 * before.
 */
#ifndef MH_PROC_TREE_H
#define MH_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct mh_proc_tree; /* the descendants that were seen so far */

/* Maps an empty one (address space only, memory as it fills); NULL when there is no memory. */
struct mh_proc_tree *mh_proc_tree_open(struct mh_err *err);

/* Unmaps it and sets *tree to NULL.  Accepts NULL in *tree. */
void mh_proc_tree_close(struct mh_proc_tree **tree);

/* Forgets all; from now on the calling process is the ancestor. */
void mh_proc_tree_reset(struct mh_proc_tree *tree);

/*
 * The same, for a process that has other children: those that it has now, and theirs, count as no
 * descendants, and a sweep also waits for dead children that do.  0, or -1 with errno where /proc
 * cannot be read.
 */
int mh_proc_tree_spare(struct mh_proc_tree *tree);

/*
 * Signals the living descendants: SIGKILL goes to all of them, another signal only to those never
 * seen before, followed by SIGCONT.  Stops at `until`, in milliseconds of the monotonic clock:
 * among thousands that want the processor it may take long.  How many were alive or waited for; -1
 * with errno where /proc cannot be read.
 */
int mh_proc_tree_sweep(struct mh_proc_tree *tree, int signal, int64_t until);

/* How many different descendants were seen, `except` not counted. */
unsigned mh_proc_tree_seen(const struct mh_proc_tree *tree, pid_t except);

/* What /proc/<pid>/stat says; `pid` is a number as text, or "self". */
struct mh_proc_stat {
    char state;
    pid_t parent;
    uint64_t threads;
    uint64_t start;                    /* clock ticks after boot */
    uint64_t arguments, arguments_end; /* where its command line is in memory */
};

/* 0, or -1 when there is no such process. */
int mh_proc_stat_read(const char *pid, struct mh_proc_stat *stat);

#endif
