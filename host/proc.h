/*
 * proc: a child program run to its end, with everything that it started.
 *
 * Calling sequence: mh_proc_start; mh_proc_poll until it returns 0; mh_proc_report; mh_proc_end.
 * mh_proc_end may come at any time after a successful start and ends whatever still runs; whoever
 * holds the object must call it on every way out.
 *
 * How it is built: mighost forks a guardian, and the guardian forks the program.  The guardian is a
 * child subreaper, so that every descendant of the program stays beneath it, whatever session,
 * name or environment it takes on.  When the program has ended, when mighost asks, or when mighost
 * dies (the guardian then sees its end of a socket close), the guardian sends SIGTERM to all of
 * them, waits for the grace, then sends SIGKILL until the kernel says that it has no child left,
 * which is the proof that no descendant lives.  Should the guardian itself be killed, its children
 * fall to mighost, a subreaper for that time too, and mighost ends them.  Out of reach: work handed
 * to other daemons (systemd-run, docker, tmux), and a program that kills mighost and its guardian
 * in one go.
 *
 * The program gets its own session, default signals, an empty signal mask, and no descriptor but
 * 0, 1 and 2.  argv[0] without a '/' is looked up in the PATH of the environment it will get;
 * relative and empty entries of that PATH do not count, so nothing in the working directory is run
 * by accident.
 *
 * Output is copied to its log as it comes.  Values of secrets are replaced in the stream, before a
 * byte of them reaches the log or memory; byte counts and the cap are those of the log.  At most
 * `keep` bytes of a stream stay in memory: its first and its last half.
 *
 * A sandbox holds the program and its descendants, not the guardian.
 *
 * Needs: /proc; descriptors 0, 1 and 2 open; one thread.
 */
#ifndef MH_PROC_H
#define MH_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "sandbox.h"

/* Why the program was ended by mighost, if it was. */
enum mh_proc_limit {
    MH_PROC_NO_LIMIT,  /* it ended by itself, or mh_proc_end was called */
    MH_PROC_TIMEOUT,   /* the whole call took too long */
    MH_PROC_SILENCE,   /* it printed nothing for too long */
    MH_PROC_OUTPUT,    /* it printed more than the cap on one stream */
    MH_PROC_INTERRUPT, /* mighost got SIGINT or SIGTERM */
};

enum { MH_PROC_STDOUT, MH_PROC_STDERR, MH_PROC_STREAMS };

enum { MH_PROC_SANDBOX_BYTES = 128 };

struct mh_proc_secret {
    const char *name;
    const char *value;
    size_t size; /* of the value; one of fewer than 8 bytes is ignored */
};

struct mh_proc_options {
    const char *const *argv; /* at least one, then NULL; never a shell */
    const char *const *env;  /* "NAME=VALUE", then NULL; NULL inherits mighost's own */
    const char *cwd;         /* NULL: mighost's own */
    const char *input;       /* for its stdin, borrowed until mh_proc_end; NULL: /dev/null */
    size_t input_size;
    const char *log[MH_PROC_STREAMS]; /* files made with mode 0600, emptied if there; NULL: none */
    const struct mh_proc_secret *secrets; /* copied */
    size_t secret_count;
    size_t keep;        /* bytes of each stream kept in memory */
    uint64_t cap;       /* bytes of each stream that are logged; more ends the program */
    int64_t timeout_ms; /* of the whole call; negative: none */
    int64_t silence_ms; /* without output; negative: none */
    int64_t grace_ms;   /* between SIGTERM and SIGKILL */
    const struct mh_sandbox_options *sandbox; /* needs cwd; NULL: as with MH_SANDBOX_OFF */
    bool tty; /* it gets mighost's own stdin, stdout, stderr and session: nothing is captured */
    bool finishing;  /* a signal that mighost got neither keeps it from starting nor ends it */
    const int *held; /* descriptor of a lock that lives on while a descendant does; NULL: none */
};

/* What is kept of a stream, in order: the first half, then the last half, which may be in two. */
struct mh_proc_output {
    uint64_t bytes; /* in the log */
    const char *part[3];
    size_t size[3];
    bool whole; /* the parts together are all that was printed */
};

struct mh_proc_report {
    int exit;   /* exit code, or -1 */
    int signal; /* the signal that ended it, or 0 */
    enum mh_proc_limit limit;
    unsigned stragglers; /* descendants still alive when the ending began, or found during it */
    unsigned survivors;  /* that SIGKILL could not end: another user's, or stuck in the kernel */
    int64_t wall_ms;
    int64_t cpu_us;   /* of the program and all descendants that were waited for */
    int64_t peak_kib; /* largest resident size of any one of them */
    char sandbox[MH_PROC_SANDBOX_BYTES]; /* what was in force, for people */
    struct mh_proc_output output[MH_PROC_STREAMS];
};

struct mh_proc_progress {
    int64_t elapsed_ms;
    uint64_t bytes; /* of both streams */
};

struct mh_proc;

/*
 * Starts the program.  0 with *started set, or -1 with nothing left behind: ENOENT, EACCES, E2BIG,
 * ... of the program, its working directory, a log file or a path of the sandbox; EUNSUPPORTED when
 * that cannot be had; EINTERRUPTED when mighost got a signal before.
 */
int mh_proc_start(struct mh_proc **started, const struct mh_proc_options *options,
                  struct mh_err *err);

/*
 * Moves input and output and looks at the limits, for at most max_ms.  1 while it runs, 0 once the
 * program and all its descendants have ended and all output is in, -1 on a failure (a log that
 * cannot be written, a guardian killed from outside): then mh_proc_end is all that is left to do.
 */
int mh_proc_poll(struct mh_proc *proc, int max_ms, struct mh_err *err);

/* How far the program is. */
void mh_proc_progress(const struct mh_proc *proc, struct mh_proc_progress *progress);

/*
 * The last line with anything in it of the stream that printed last, without line end, at most
 * `size` bytes of its front; its length.  Raw bytes but for the secrets.
 */
size_t mh_proc_last_line(const struct mh_proc *proc, char *line, size_t size);

/* Valid after mh_proc_poll returned 0, until mh_proc_end; it points into the object. */
const struct mh_proc_report *mh_proc_report(const struct mh_proc *proc);

/*
 * Ends what still runs, waiting for the grace and for the proof that nothing is left; then frees
 * the object and sets *slot to NULL.  Accepts NULL in *slot, so a second call does nothing.
 */
void mh_proc_end(struct mh_proc **slot);

#endif
