/*
 * repo_quarantine: a folder for new objects inside git's object directory, and the step that shows
 * them to git.  `git gc` leaves the folder alone.  Installing links each object into place over one
 * of the same name: that is the same object, or one that something else left broken.  Until the
 * quarantine is discarded, what `git gc --prune=now` takes away meanwhile can be installed again.
 */
#ifndef MH_REPO_QUARANTINE_H
#define MH_REPO_QUARANTINE_H

#include "repo.h"

struct mh_quarantine {
    int store;  /* the repository's object directory */
    int fd;     /* ours, inside it */
    char *name; /* its file name */
};

#define MH_QUARANTINE_INIT                  \
    {                                       \
        .store = -1, .fd = -1, .name = NULL \
    }

/* Opens the repository's object directory. */
int mh_quarantine_open_store(const struct mh_repo *repo, struct mh_err *err);

/* Opens the quarantine `label` (one file name, e.g. "<slug>@<token>"), making it where it is
 * missing. */
int mh_quarantine_open(const struct mh_repo *repo, const char *label, struct mh_quarantine *out,
                       struct mh_err *err);

/* The folder stays on disk.  Accepts an empty one. */
void mh_quarantine_close(struct mh_quarantine *quarantine);

/* Makes everything in it durable, as it must be before it is installed. */
int mh_quarantine_sync(const struct mh_quarantine *quarantine, struct mh_err *err);

/* Links everything into place that is not there; *put is how much was not.  May be run again. */
int mh_quarantine_install(struct mh_quarantine *quarantine, size_t *put, struct mh_err *err);

/* Removes the quarantine `label` with what is left in it; a missing one is success. */
int mh_quarantine_discard(const struct mh_repo *repo, const char *label, struct mh_err *err);

/* Calls `visit` with the label of each quarantine there is; a non-zero answer ends it and is
 * returned. */
int mh_quarantine_each_label(const struct mh_repo *repo,
                             int (*visit)(void *context, const char *label), void *context,
                             struct mh_err *err);

#endif
