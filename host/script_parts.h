/*
 * script_parts: what the files of script share, and nobody else includes.
 */
#ifndef MH_SCRIPT_PARTS_H
#define MH_SCRIPT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "script.h"

/* What goes in front of each message: its kind, and the size of what follows. */
enum { MH_SCRIPT_HEAD = 5 };

void mh_script_put_head(unsigned char *head, enum mh_script_kind kind, size_t size);
size_t mh_script_head_size(const unsigned char *head);

struct mh_script {
    pid_t pid; /* 0 once it was waited for */
    int fd;
    int64_t deadline; /* monotonic milliseconds */
    bool over;        /* there will be no message, and `failure` says why */
    struct mh_script_failure failure;
    unsigned char head[MH_SCRIPT_HEAD];
    char *body;
    size_t room, got; /* of the body; bytes of head and body that have come */
};

/* Notes a reason without words. */
void mh_script_note(struct mh_script *script, enum mh_script_reason reason, int signal);

/* Kills the child for a reason of ours; returns 0, which receive returns. */
int mh_script_stop(struct mh_script *script, enum mh_script_reason reason);

/* The socket is closed: how the process ended tells why.  Returns 0 likewise. */
int mh_script_lose(struct mh_script *script);

/*
 * In the child, all signals blocked: moves the socket *fd to descriptor 0, closes everything else,
 * sets the limits and shuts it in.  0, or -1 with err: then nothing may run.  What this kernel does
 * not have is left out.
 */
int mh_script_confine(int *fd, pid_t parent, const struct mh_script_limits *limits,
                      struct mh_err *err);

#endif
