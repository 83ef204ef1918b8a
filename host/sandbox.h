/*
 * sandbox: what a child may write, as the kernel enforces it.
 *
 * Two things, each where the system has it:
 *
 *   Landlock           writing, making, removing, renaming, linking and truncating only beneath the
 *                      paths that are named, and on the few devices that every program needs;
 *                      reading and running stay open everywhere.  From ABI 6 on the child also
 *                      reaches no abstract socket and, unless it shares our terminal, no process by
 *                      a signal but its own.
 *   read-only mounts   folders within those paths that must stay as they are, in a mount
 *                      namespace of the child's own.  A user other than root gets a user namespace
 *                      with it, in which only that user and group have names.
 *
 * Not covered: modes, owners, times and extended attributes; what another process does for the
 * child when it is asked through a socket that has a name; an administrator's other powers.
 *
 * Calling sequence: mh_sandbox_open; mh_sandbox_enter in the forked child, before exec;
 * mh_sandbox_close in the parent.  What was entered is inherited and cannot be left.
 */
#ifndef MH_SANDBOX_H
#define MH_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"
#include "sandbox_mount.h"

enum mh_sandbox_mode {
    MH_SANDBOX_OFF,     /* nothing is done */
    MH_SANDBOX_AUTO,    /* what the system has */
    MH_SANDBOX_REQUIRE, /* MH_SANDBOX_FULL, or the child is not started */
};

enum mh_sandbox_level {
    MH_SANDBOX_NONE,    /* no Landlock */
    MH_SANDBOX_PARTIAL, /* ABI 1 and 2: the child can still truncate files */
    MH_SANDBOX_FULL,    /* ABI 3 (Linux 6.2) and later */
};

struct mh_sandbox_options {
    enum mh_sandbox_mode mode;
    const char *const *writes;  /* absolute paths of folders and files that exist, then NULL */
    const char *const *protect; /* likewise; NULL: none.  Borrowed until mh_sandbox_close */
    bool shares_terminal;       /* its job control sends signals to our process group, too */
};

struct mh_sandbox { /* a closed one has ruleset and fence -1 and is else all zero */
    enum mh_sandbox_mode mode;
    int abi;
    int ruleset; /* -1: no Landlock */
    int fence;   /* rules for whoever watches over the child; -1: none */
    struct mh_sandbox_mounts mounts;
    int mount_errnum; /* why there are no mounts though they were asked for */
};

/* The version of Landlock that the kernel offers; 0 where it has none or it is switched off. */
int mh_sandbox_abi(void);

enum mh_sandbox_level mh_sandbox_level_of(int abi);

/* Whether a child can be given read-only mounts, by trying it. */
bool mh_sandbox_can_mount(void);

/*
 * Makes the rules and tries the mounts.  0, or -1 with nothing left behind: EUNSUPPORTED
 * (MH_SANDBOX_REQUIRE), ENOENT of a path that is not there, EINVAL of one that is not absolute.
 */
int mh_sandbox_open(struct mh_sandbox *sandbox, const struct mh_sandbox_options *options,
                    struct mh_err *err);

/*
 * Confines the calling process for good.  0, or -1 with errno: then it must not go on.  The working
 * directory is to be entered afterwards: the one it had may lie beneath a mount.
 * Async-signal-safe.
 */
int mh_sandbox_enter(const struct mh_sandbox *sandbox);

/*
 * For the process that forks the child and is to end it: from now on its signals, and those of all
 * that it forks, reach nothing but what it forks, so that kill(-1, SIGKILL) ends just that, in one
 * call that no fork escapes.  `outside` is a process that it may signal now.  True only where it
 * was seen that it no longer may; false, with that call forbidden, before ABI 6 and on a shared
 * terminal.  Async-signal-safe.
 */
bool mh_sandbox_fence(const struct mh_sandbox *sandbox, pid_t outside);

/* What is in force, in a line: "full: Landlock ABI 7; mounted read-only: 2". */
void mh_sandbox_describe(const struct mh_sandbox *sandbox, char *text, size_t size);

/* A second call does nothing. */
void mh_sandbox_close(struct mh_sandbox *sandbox);

#endif
