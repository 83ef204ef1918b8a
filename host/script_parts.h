/*
 * script_parts: what the files of script share, and nobody else includes.
 */
#ifndef MH_SCRIPT_PARTS_H
#define MH_SCRIPT_PARTS_H

#include <stdint.h>
#include <sys/types.h>

#include "script.h"

/* What goes in front of each message: its kind, and the size of what follows. */
enum { MH_SCRIPT_HEAD = 5 };

void mh_script_put_head(unsigned char *head, enum mh_script_kind kind, size_t size);
size_t mh_script_head_size(const unsigned char *head);

/*
 * In the child, all signals blocked: moves the socket *fd to descriptor 0, closes everything else,
 * sets the limits and shuts it in.  0, or -1 with err: then nothing may run.  What this kernel does
 * not have is left out.
 */
int mh_script_confine(int *fd, pid_t parent, const struct mh_script_limits *limits,
                      struct mh_err *err);

#endif
