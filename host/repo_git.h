/*
 * repo_git: git's own program, where it knows more than libgit2: status, identity, the index in any
 * form (split, sparse).
 *
 * The program runs in the work tree with the repository named explicitly; variables that would
 * point it elsewhere are removed from its environment, hooks and file-system monitors do not run.
 */
#ifndef MH_REPO_GIT_H
#define MH_REPO_GIT_H

#include "repo.h"

struct mh_repo_git_call {
    const char *const *args; /* after "git", ended by NULL */
    const char *index_file;  /* absolute path of another index, NULL for the repository's own */
    const char *input;       /* for standard input, NULL for none */
    size_t input_size;
};

/*
 * Runs git to its end.  *out is its standard output, on the heap and NUL-terminated.  Exit code
 * other than 0: EGIT with the last line git printed as the message.  ENOENT: git is not installed.
 */
int mh_repo_git(const struct mh_repo *repo, const struct mh_repo_git_call *call, char **out,
                size_t *out_size, struct mh_err *err);

/*
 * The same in two calls, so that something else can be done meanwhile: `start`, then `finish`,
 * which waits, takes what was printed and releases `run`, whatever it returns.  The call's input
 * must stay until then; the rest of it need not.
 */
struct mh_repo_git_run;
int mh_repo_git_start(const struct mh_repo *repo, const struct mh_repo_git_call *call,
                      struct mh_repo_git_run **out, struct mh_err *err);
int mh_repo_git_finish(struct mh_repo_git_run *run, char **out, size_t *out_size,
                       struct mh_err *err);

#endif
