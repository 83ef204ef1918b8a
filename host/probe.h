/*
 * probe: finds out what this system and a file system can do, by trying it.
 */
#ifndef MH_PROBE_H
#define MH_PROBE_H

#include <stdbool.h>

#include "err.h"

struct mh_probe {
    bool exchange; /* two names can be swapped in one step (renameat2 with RENAME_EXCHANGE) */
    bool reflink;  /* a file can be copied by sharing its extents (FICLONE) */
};

/*
 * Tries both in a new folder beneath `path`, and removes that folder.  0, or -1 with err filled in
 * when nothing can be written there; *probe is then untouched.
 */
int mh_probe_folder(const char *path, struct mh_probe *probe, struct mh_err *err);

#endif
