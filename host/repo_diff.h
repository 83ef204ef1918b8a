/*
 * repo_diff: how an index differs from a commit.
 *
 * libgit2 answers where it certainly sees the index as git does, which saves a process.  git's own
 * program answers for the rest: a split or sparse index, one without a checksum, entries with a
 * conflict, outside a sparse checkout, or only announced (`git add -N`).
 */
#ifndef MH_REPO_DIFF_H
#define MH_REPO_DIFF_H

#include "repo.h"

struct mh_diff_request {
    const char *commit;
    const char *path;       /* of a directory, relative to the work tree: only what is beneath it */
    const char *index_file; /* absolute; a missing one holds nothing */
};

/*
 * *out is what `git diff-index --cached --raw -z --no-renames --no-abbrev` says, on the heap: for
 * each file ":<mode> <mode> <id> <id> <status>" NUL "<path>" NUL, the commit's side first.
 */
int mh_repo_diff_index(const struct mh_repo *repo, const struct mh_diff_request *request,
                       char **out, size_t *size, struct mh_err *err);

#endif
