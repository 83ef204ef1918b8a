/*
 * atomic: one file replaced as a whole.
 *
 * The new content goes to a temporary file in the same directory, is made durable, and takes the
 * name by a rename, which is made durable too.  A reader sees the old content or the new one, at
 * every instant and after a crash.  What was at the name is replaced whether it was a file or a
 * link; a directory is not.
 */
#ifndef MH_ATOMIC_H
#define MH_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

struct mh_atomic_options {
    mode_t mode;  /* permission bits, less the umask's */
    bool durable; /* false: whole at every instant, but a power cut may restore the old content */
};

/*
 * Replaces or makes the file `path` beneath `dirfd`; its directory must exist, links on the way to
 * it are refused.  On failure nothing has changed and the temporary file is gone, with one
 * exception: when only the last step failed, the sync of the directory, the new content is in place
 * and may not be durable. A process that is killed leaves at most a file that
 * mh_atomic_is_temporary knows.
 */
int mh_atomic_write(int dirfd, const char *path, const void *data, size_t size,
                    const struct mh_atomic_options *options, struct mh_err *err);

/* True for the names that mh_atomic_write gives to temporary files: ".mighost-<16 hex digits>.tmp".
 */
bool mh_atomic_is_temporary(const char *name);

#endif
