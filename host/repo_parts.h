/*
 * repo_parts: what the files of repo share and nobody else uses.
 */
#ifndef MH_REPO_PARTS_H
#define MH_REPO_PARTS_H

#include <git2.h>

#include "repo_git.h"
#include "repo_objects.h"

/* libgit2's own handle. */
git_repository *mh_repo_handle(const struct mh_repo *repo);

/* Where repo_status.c's answers are kept for as long as repo is open. */
struct mh_repo_people {
    struct mh_repo_person author;
    struct mh_repo_person committer;
    struct mh_repo_git_run *asked; /* git, while it is being asked for the committer; or NULL */
};
struct mh_repo_people *mh_repo_people(const struct mh_repo *repo);

/* An open store for new objects. */
struct mh_objects {
    struct mh_quarantine quarantine;
    git_odb *odb;         /* writes to the quarantine, reads from both */
    git_repository *view; /* libgit2's object functions over that store */
};

/* EIO: "<what>: <what libgit2 said last>".  Returns -1. */
int mh_repo_git_failed(const char *what, struct mh_err *err);

/*
 * Writes the file of that entry, beneath the directory `root`, as a blob.  ESTALE: it is not as the
 * entry says any more.
 */
int mh_objects_add_blob(struct mh_objects *objects, int root, const struct mh_entry *entry,
                        git_oid *out, struct mh_err *err);

#endif
