/*
 * repo_status: two questions that git's own program answers best: what differs from the commit, and
 * who commits.
 */
#ifndef MH_REPO_STATUS_H
#define MH_REPO_STATUS_H

#include "repo.h"

/*
 * What is not exactly as in HEAD at or below `path`: changed, staged, untracked or ignored.  *out
 * is a heap string of the names, one on each line, at most 10 and a line "and N more", with control
 * characters replaced; NULL when everything is clean.
 */
int mh_repo_dirty(const struct mh_repo *repo, const char *path, char **out, struct mh_err *err);

/* 1 where a file at or below `path` that git tracks is not as in HEAD, staged or not; 0; -1. */
int mh_repo_is_modified(const struct mh_repo *repo, const char *path, struct mh_err *err);

/*
 * Who authors and commits, by git's own word: environment, then configuration, from wherever git
 * takes it; nothing is guessed from the host's name.  Asked once and kept while repo is open.  NULL
 * with err filled in: ENOIDENT.
 */
/* Starts asking for the committer, so that something else can be done before that is needed. */
int mh_repo_ask_committer(const struct mh_repo *repo, struct mh_err *err);

const struct mh_repo_person *mh_repo_author(const struct mh_repo *repo, struct mh_err *err);
const struct mh_repo_person *mh_repo_committer(const struct mh_repo *repo, struct mh_err *err);

#endif
