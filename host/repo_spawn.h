/*
 * repo_spawn: git's own program started on a repository; repo_git.c talks to it and waits for it.
 */
#ifndef MH_REPO_SPAWN_H
#define MH_REPO_SPAWN_H

#include <sys/types.h>

#include "repo_git.h"

enum { MH_REPO_STREAMS = 3 };

struct mh_repo_process {
    pid_t pid;
    int ends[MH_REPO_STREAMS]; /* ours of the pipes that are its standard streams; -1 once closed */
};

/* Starts it; the caller closes the ends and waits for the process.  ENOENT: git is not installed.
 */
int mh_repo_spawn(const struct mh_repo *repo, const struct mh_repo_git_call *call,
                  struct mh_repo_process *out, struct mh_err *err);

#endif
