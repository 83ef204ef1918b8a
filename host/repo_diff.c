#include "repo_diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo_git.h"
#include "repo_parts.h"

/* Whether all that the index has at or beneath the path is plain files, one entry each. */
static bool is_plain(git_index *index, const char *path)
{
    char *prefix = NULL;
    size_t at = 0;
    bool plain = git_index_find(NULL, index, path) == GIT_ENOTFOUND;

    if (asprintf(&prefix, "%s/", path) < 0) {
        return false;
    }
    if (plain && git_index_find_prefix(&at, index, prefix) == 0) {
        const git_index_entry *entry;

        while (plain && (entry = git_index_get_byindex(index, at)) != NULL &&
               strncmp(entry->path, prefix, strlen(prefix)) == 0) {
            plain =
                git_index_entry_stage(entry) == 0 && (entry->flags & GIT_INDEX_ENTRY_EXTENDED) == 0;
            at++;
        }
    }
    free(prefix);
    return plain;
}

static char letter_of(git_delta_t status)
{
    switch (status) {
    case GIT_DELTA_ADDED:
        return 'A';
    case GIT_DELTA_DELETED:
        return 'D';
    case GIT_DELTA_MODIFIED:
        return 'M';
    case GIT_DELTA_TYPECHANGE:
        return 'T';
    default:
        return '\0';
    }
}

/* Writes one difference; false where it is none that git would tell like this. */
static bool write_delta(const git_diff_delta *delta, FILE *out)
{
    char letter = letter_of(delta->status);
    char old_id[MH_OID_HEX + 1];
    char new_id[MH_OID_HEX + 1];

    (void)git_oid_tostr(old_id, sizeof old_id, &delta->old_file.id);
    (void)git_oid_tostr(new_id, sizeof new_id, &delta->new_file.id);
    return letter != '\0' && fprintf(out, ":%06o %06o %s %s %c%c%s%c",
                                     (unsigned)delta->old_file.mode, (unsigned)delta->new_file.mode,
                                     old_id, new_id, letter, '\0', delta->new_file.path, '\0') > 0;
}

static bool write_deltas(git_diff *diff, char **out, size_t *size)
{
    FILE *stream = open_memstream(out, size);
    bool written = stream != NULL;

    for (size_t i = 0; written && i < git_diff_num_deltas(diff); i++) {
        written = write_delta(git_diff_get_delta(diff, i), stream);
    }
    if (stream != NULL && (fclose(stream) != 0 || !written)) {
        free(*out);
        *out = NULL;
        written = false;
    }
    return written;
}

static int lookup_tree(const struct mh_repo *repo, const char *hex, git_tree **out)
{
    git_commit *commit = NULL;
    git_oid id;
    int code = git_oid_fromstr(&id, hex);

    if (code == 0) {
        code = git_commit_lookup(&commit, mh_repo_handle(repo), &id);
    }
    if (code == 0) {
        code = git_commit_tree(out, commit);
    }
    git_commit_free(commit);
    return code;
}

/* False where libgit2 does not know, for whatever reason. */
static bool ask_library(const struct mh_repo *repo, const struct mh_diff_request *request,
                        char **out, size_t *size)
{
    git_diff_options options = {0};
    char *path = strdup(request->path);
    git_index *index = NULL;
    git_tree *tree = NULL;
    git_diff *diff = NULL;
    bool known = false;

    (void)git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_DISABLE_PATHSPEC_MATCH | GIT_DIFF_INCLUDE_TYPECHANGE;
    options.pathspec.strings = &path;
    options.pathspec.count = 1;
    if (path != NULL && git_index_open(&index, request->index_file) == 0 && is_plain(index, path) &&
        lookup_tree(repo, request->commit, &tree) == 0 &&
        git_diff_tree_to_index(&diff, mh_repo_handle(repo), tree, index, &options) == 0) {
        known = write_deltas(diff, out, size);
    }
    git_diff_free(diff);
    git_tree_free(tree);
    git_index_free(index);
    free(path);
    return known;
}

int mh_repo_diff_index(const struct mh_repo *repo, const struct mh_diff_request *request,
                       char **out, size_t *size, struct mh_err *err)
{
    const char *const args[] = {"diff-index",   "--cached",    "--raw",         "-z",
                                "--no-renames", "--no-abbrev", request->commit, "--",
                                request->path,  NULL};
    const struct mh_repo_git_call call = {.args = args, .index_file = request->index_file};

    return ask_library(repo, request, out, size) ? 0 : mh_repo_git(repo, &call, out, size, err);
}
