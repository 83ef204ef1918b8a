/*
 * fstype: what kind of file system something lives on, where that decides what can be relied on.
 */
#ifndef MH_FSTYPE_H
#define MH_FSTYPE_H

#include "err.h"

enum mh_fstype {
    MH_FSTYPE_LOCAL,   /* none of the below: locks and syncs mean what they say */
    MH_FSTYPE_NETWORK, /* NFS, SMB, 9p: other machines may see neither */
    MH_FSTYPE_FUSE     /* depends on a program */
};

/*
 * The kind of the file system of an open file, and a name for people in `*name` (static storage).
 */
int mh_fstype_of(int fd, enum mh_fstype *type, const char **name, struct mh_err *err);

#endif
