/*
 * repo_changes: what has to change in an index so that it has of one path what a commit has.
 */
#ifndef MH_REPO_CHANGES_H
#define MH_REPO_CHANGES_H

#include "repo_index.h"

/*
 * Records for `git update-index -z --index-info`, in *text on the heap, that bring the index at the
 * absolute path `file` up to request->commit; none where nothing has to change.  What somebody
 * staged is left out, or EDIRTY, as the request says.
 */
int mh_index_list_changes(const struct mh_repo *repo, const struct mh_index_request *request,
                          const char *file, char **text, size_t *size, struct mh_err *err);

#endif
