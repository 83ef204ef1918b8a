/*
 * proc_parts: what the files of proc share, and nobody else includes.
 *
 *   proc.c        the object while it runs: poll, limits, end
 *   proc_finish.c the last output; a guardian that was killed
 *   proc_start.c  everything prepared, then the fork of the guardian
 *   proc_search.c argv[0] along PATH
 *   proc_guard.c  the guardian's whole life, after that fork
 *   proc_child.c  the program's side of the guardian's fork, up to exec
 *
 * mighost and the guardian talk over a socket pair of whole messages.  mighost sends one byte to
 * have everything ended; closing its end (mighost died) means the same with a short grace.  The
 * guardian sends struct mh_proc_message.
 */
#ifndef MH_PROC_PARTS_H
#define MH_PROC_PARTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "err.h"
#include "proc.h"
#include "proc_log.h"
#include "proc_redact.h"
#include "proc_tree.h"
#include "sandbox.h"

enum { MH_PROC_GIVE_UP_MS = 5000 }; /* SIGKILL is repeated for so long */

/* What a start can fail at, after the fork. */
enum mh_proc_trouble {
    MH_PROC_NO_TROUBLE,
    MH_PROC_SETUP,       /* session, descriptors */
    MH_PROC_FORK,        /* of the program */
    MH_PROC_CONFINE,     /* by the sandbox */
    MH_PROC_CHDIR,       /* into options.cwd */
    MH_PROC_EXEC,        /* of argv[0] */
    MH_PROC_INTERPRETER, /* the file is there, what its first line names is not */
};

struct mh_proc_failure {
    enum mh_proc_trouble trouble;
    int errnum;
};

enum mh_proc_news {
    MH_PROC_STARTED, /* exec succeeded */
    MH_PROC_FAILED,  /* it did not, and nothing runs; the last message */
    MH_PROC_EXITED,  /* the program ended; its descendants are being ended */
    MH_PROC_GONE,    /* nothing is left; the last message */
};

struct mh_proc_message {
    enum mh_proc_news news;
    struct mh_proc_failure failure; /* MH_PROC_FAILED */
    int status;                     /* MH_PROC_EXITED: of wait() */
    unsigned stragglers, survivors; /* MH_PROC_GONE, and all below */
    int64_t cpu_us;
    int64_t peak_kib;
};

/*
 * What the guardian and the program's side need, all made before the fork; nothing is freed there.
 */
struct mh_proc_plan {
    const char *const *argv;
    const char *const *env;
    const char *const *candidates; /* paths to try for argv[0], then NULL */
    const char *cwd;
    int stdio[3];  /* become 0, 1, 2; all -1: those of mighost stay */
    int null;      /* /dev/null, for the guardian's own 0, 1, 2 */
    int control;   /* the guardian's end */
    int status[2]; /* a pipe that exec closes, or that tells why there was none */
    int held;      /* a lock's, which the guardian keeps; -1: none */
    bool tty;
    int64_t grace_ms;
    struct mh_sandbox sandbox;
    struct mh_cgroup cgroup; /* the program's */
    struct mh_proc_tree *tree;
};

enum mh_proc_state {
    MH_PROC_STARTING, /* forked; STARTED or FAILED has not come */
    MH_PROC_RUNNING,
    MH_PROC_ENDING, /* the end was asked for, or EXITED came: limits count no more */
    MH_PROC_OVER,   /* the guardian is gone and waited for; all output is in */
};

struct mh_proc {
    enum mh_proc_state state;
    struct mh_proc_failure failure;
    char *name; /* argv[0], for messages */
    char *cwd;  /* likewise */
    pid_t guardian;
    int was_subreaper; /* mighost's own state, put back at the end; -1: not changed */
    int control;       /* socket to the guardian */
    int input;         /* the pipe to the program's stdin */
    const char *input_next;
    size_t input_left;
    int output[MH_PROC_STREAMS]; /* the pipes it prints to */
    int latest;                  /* the stream that printed last */
    struct mh_proc_log log[MH_PROC_STREAMS];
    struct mh_redactor redactor;
    struct mh_proc_tree *tree;
    struct mh_cgroup cgroup; /* closed by mh_proc_free */
    bool finishing;
    int64_t timeout_ms, silence_ms, grace_ms;
    int64_t started, last_output, last_nudge, end_by; /* monotonic milliseconds */
    struct mh_proc_report report;
};

/* The monotonic clock in milliseconds.  Async-signal-safe. */
int64_t mh_proc_now(void);

/*
 * The paths to try for argv[0] with that environment, then NULL; on the heap.  NULL when out of
 * memory.
 */
char **mh_proc_search(const char *name, const char *const *env, struct mh_err *err);
void mh_proc_search_free(char **found);

/* The guardian.  Called in the forked process with all signals blocked; never returns. */
_Noreturn void mh_proc_guard(const struct mh_proc_plan *plan);

/*
 * The program's side.  Called in the guardian's forked process with all signals blocked; never
 * returns.
 */
_Noreturn void mh_proc_child(const struct mh_proc_plan *plan);

/* Waits for a guardian that has said its last word, or that must go. */
void mh_proc_wait_for_guardian(struct mh_proc *proc);

/* The guardian is gone: takes in the rest of the output and completes the report.  0 or -1. */
int mh_proc_finish(struct mh_proc *proc, struct mh_err *err);

/* The guardian died or hangs: mighost ends what it inherited from it.  Returns -1 with err. */
int mh_proc_lose_guardian(struct mh_proc *proc, struct mh_err *err);

/* Frees what mh_proc_start has made, closing all descriptors.  Accepts a half-made object. */
void mh_proc_free(struct mh_proc *proc);

#endif
