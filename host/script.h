/*
 * script: a process for untrusted code.
 *
 * A call of a team's script runs in a fork of mighost, without exec: it starts in well under a
 * millisecond, holds nothing of ours but a copy of our memory, and can do nothing but compute and
 * talk over one socket.  What it may use is limited from outside (address space, processor time,
 * processes, files) and it is killed when its time is over; seccomp leaves it the handful of system
 * calls that computing needs, and Landlock no file, where the kernel has them.
 *
 * Calling sequence: mh_script_start, mh_script_receive until it says 0 (or a DONE or FAILED came)
 * with mh_script_reply after each CALL, mh_script_end.  The child runs `body`, which talks through
 * its port and never returns to the caller's code.
 *
 * What is received comes from an untrusted process: sizes and order are checked here, contents by
 * whoever reads them.  Only this process is waited for; no other child is touched.
 */
#ifndef MH_SCRIPT_H
#define MH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

enum {
    MH_SCRIPT_MESSAGE_MAX = 32 * 1024 * 1024, /* bytes that the child may send at once */
    MH_SCRIPT_TEXT_MAX = 16 * 1024,           /* of a message or a traceback in FAILED */
};

struct mh_script_limits {
    int64_t memory;       /* bytes that it may have beyond what mighost has now */
    int64_t time_ms;      /* from the fork */
    int64_t instructions; /* of its virtual machine; for the body to enforce */
};

enum mh_script_kind {
    MH_SCRIPT_LOG,    /* a text for people */
    MH_SCRIPT_CALL,   /* it asks for something and waits for the reply */
    MH_SCRIPT_REPLY,  /* the other way */
    MH_SCRIPT_DONE,   /* the last word: a result */
    MH_SCRIPT_FAILED, /* the last word: why there is none */
};

/* Why there is none. */
enum mh_script_reason {
    MH_SCRIPT_SETUP,        /* it could not be confined, so nothing ran */
    MH_SCRIPT_ERROR,        /* an error that the script raised */
    MH_SCRIPT_MEMORY,       /* over the limit of that name; likewise the next two */
    MH_SCRIPT_INSTRUCTIONS, /* likewise */
    MH_SCRIPT_TIME,         /* likewise */
    MH_SCRIPT_FORBIDDEN,    /* a system call that computing does not need */
    MH_SCRIPT_CRASHED,      /* ended by the signal `signal` */
    MH_SCRIPT_GARBAGE,      /* what it sent is malformed, or it ended without a last word */
};

struct mh_script_message {
    enum mh_script_kind kind;
    const char *data; /* valid until the next receive or the end */
    size_t size;
};

struct mh_script_failure {
    enum mh_script_reason reason;
    int signal;
    const char *message; /* never NULL; as the child tells it, so unchecked; likewise */
    const char *traceback;
};

struct mh_script;

/* The child's side. */
struct mh_script_port {
    int fd;
    struct mh_script_limits limits;
    int64_t deadline; /* monotonic milliseconds */
};

/* Runs in the child; must end it with mh_script_leave. */
typedef void mh_script_body(const struct mh_script_port *port, void *context);

/*
 * Forks the child.  *started is released with mh_script_end.  0, or -1 with err filled in:
 * EINTERRUPTED when a signal came before.
 */
int mh_script_start(struct mh_script **started, const struct mh_script_limits *limits,
                    mh_script_body *body, void *context, struct mh_err *err);

/*
 * Waits for the child's next message: 1.  After FAILED, and when there will be none (0), the child
 * is gone or as good as, and *failure says why; it is untouched otherwise.  -1 with err:
 * EINTERRUPTED when SIGINT or SIGTERM came meanwhile.
 */
int mh_script_receive(struct mh_script *script, struct mh_script_message *message,
                      struct mh_script_failure *failure, struct mh_err *err);

/*
 * Answers a CALL.  0, also when the child is gone: the next receive tells; -1 as for receive.
 */
int mh_script_reply(struct mh_script *script, const void *data, size_t size, struct mh_err *err);

/* Kills the child where it still is, waits for it, frees *script and makes it NULL. */
void mh_script_end(struct mh_script **script);

/* In the child: sends a message, of which FAILED is not one.  Ends the process where it cannot. */
void mh_script_say(const struct mh_script_port *port, enum mh_script_kind kind, const void *data,
                   size_t size);

/*
 * In the child: says why there is no result, and ends.  Allocates nothing.  The texts are cut at
 * MH_SCRIPT_TEXT_MAX.
 */
_Noreturn void mh_script_give_up(const struct mh_script_port *port, enum mh_script_reason reason,
                                 const char *message, const char *traceback);

/* In the child: the size of the reply that comes next; then its bytes.  Without one it ends. */
size_t mh_script_hear_size(const struct mh_script_port *port);
void mh_script_hear(const struct mh_script_port *port, void *data, size_t size);

/* In the child: ends it. */
_Noreturn void mh_script_leave(void);

/* The monotonic clock in milliseconds. */
int64_t mh_script_now(void);

/*
 * Memory that is counted: with the signature of a Lua allocator, `context` being a
 * struct mh_script_memory.  Nothing beyond the limit is given.
 */
struct mh_script_memory {
    size_t used, limit;
    bool was_short; /* something was refused */
};

void *mh_script_allocate(void *context, void *block, size_t old_size, size_t size);

/* Whether this kernel has seccomp filters, and ours knows the processor's system calls. */
bool mh_script_has_seccomp(void);

#endif
