/*
 * sandbox_mount: folders that a child sees read-only, in a mount namespace of its own.
 *
 * Root makes only that namespace.  Any other user gets a user namespace with it, if the system
 * allows that: the user and group keep their numbers there, all others show as "nobody", and access
 * to files stays the same.  The mounts cannot be undone from within: the privilege to do so is
 * given up, and a namespace made inside has them locked.
 */
#ifndef MH_SANDBOX_MOUNT_H
#define MH_SANDBOX_MOUNT_H

#include <stddef.h>

enum { MH_SANDBOX_MAP_BYTES = 32 };

struct mh_sandbox_mounts {    /* all zero: none */
    const char *const *paths; /* absolute, of folders and files that exist, then NULL; borrowed */
    char uid_map[MH_SANDBOX_MAP_BYTES], gid_map[MH_SANDBOX_MAP_BYTES];
};

/*
 * Prepares the mounts and tries them in a child that ends at once, since a namespace that could
 * only be half made would leave the process in it without a name.  0, or -1 with errno and *mounts
 * untouched: they cannot be made here.
 */
int mh_sandbox_mounts_open(struct mh_sandbox_mounts *mounts, const char *const *paths);

/* Makes them, for this process and its children.  0 or -1 with errno.  Async-signal-safe. */
int mh_sandbox_mounts_enter(const struct mh_sandbox_mounts *mounts);

size_t mh_sandbox_mounts_count(const struct mh_sandbox_mounts *mounts);

#endif
