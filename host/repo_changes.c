#include "repo_changes.h"

#include <git2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo_diff.h"
#include "repo_parts.h"

/* One entry that differs, as `git diff-index --raw -z` says it. */
struct difference {
    unsigned old_mode; /* in the commit; 0 where it has none */
    unsigned new_mode; /* in the index; 0 where it has none */
    char old_id[MH_OID_HEX + 1];
    char new_id[MH_OID_HEX + 1];
    char status;
    const char *path; /* relative to the work tree */
};

/* Take a mode or an id from *at, which moves behind it; false for anything else. */
static bool take_mode(const char **at, unsigned *mode)
{
    char *after = NULL;
    unsigned long value = strtoul(*at, &after, 8);

    if (after == *at || value > 0777777) {
        return false;
    }
    *mode = (unsigned)value;
    *at = after;
    return true;
}

static bool take_id(const char **at, char id[MH_OID_HEX + 1])
{
    if (**at != ' ' || strspn(*at + 1, "0123456789abcdef") != MH_OID_HEX) {
        return false;
    }
    memcpy(id, *at + 1, MH_OID_HEX);
    id[MH_OID_HEX] = '\0';
    *at += MH_OID_HEX + 1;
    return true;
}

/* Takes ":<mode> <mode> <id> <id> <status>" NUL "<path>" NUL from *at, which moves behind it. */
static int parse_difference(const char **at, const char *end, struct difference *out,
                            struct mh_err *err)
{
    const char *path = *at + strlen(*at) + 1;
    const char *field = *at + 1;

    if (path >= end || !take_mode(&field, &out->old_mode) || !take_mode(&field, &out->new_mode) ||
        !take_id(&field, out->old_id) || !take_id(&field, out->new_id) || *field != ' ') {
        return mh_err_set(err, "EGIT", "git diff-index said what is not understood: %s", *at);
    }
    out->status = field[1];
    out->path = path;
    *at = path + strlen(path) + 1;
    return 0;
}

/* 1 where the index still has just what the tree `before` (NULL: nothing) has at that path. */
static int is_as_before(git_tree *before, const char *path, const struct difference *difference,
                        struct mh_err *err)
{
    git_tree_entry *entry = NULL;
    char id[MH_OID_HEX + 1];
    size_t length = strlen(path);
    int code = GIT_ENOTFOUND;
    int same;

    if (difference->status == 'U' || strlen(difference->path) <= length) {
        return 0; /* a conflict, or a file where the directory belongs */
    }
    if (before != NULL) {
        code = git_tree_entry_bypath(&entry, before, difference->path + length + 1);
    }
    if (code < 0 && code != GIT_ENOTFOUND) {
        return mh_repo_git_failed("cannot read a tree", err);
    }
    if (entry == NULL) {
        return difference->new_mode == 0;
    }
    (void)git_oid_tostr(id, sizeof id, git_tree_entry_id(entry));
    same = (unsigned)git_tree_entry_filemode(entry) == difference->new_mode &&
           strcmp(id, difference->new_id) == 0;
    git_tree_entry_free(entry);
    return same;
}

/* Turns differences into records for `git update-index -z --index-info`. */
static int write_records(const struct mh_index_request *request, git_tree *before,
                         const char *differences, size_t size, FILE *out, struct mh_err *err)
{
    const char *at = differences;

    while (size > 0 && at < differences + size) {
        struct difference difference = {.path = ""};
        int stale;

        if (parse_difference(&at, differences + size, &difference, err) < 0) {
            return -1;
        }
        stale = is_as_before(before, request->path, &difference, err);
        if (stale < 0) {
            return -1;
        }
        if (stale > 0 && fprintf(out, "%o %s\t%s%c", difference.old_mode, difference.old_id,
                                 difference.path, '\0') < 0) {
            return mh_err_nomem(err);
        }
        if (stale == 0 && !request->keep_staged) {
            return mh_err_set(err, "EDIRTY",
                              "%s has a staged change: commit it, or unstage it with 'git restore "
                              "--staged -- %s'",
                              difference.path, request->path);
        }
    }
    return 0;
}

/* The tree, NULL where there is none: then nothing in the index counts as unchanged. */
static int lookup_tree(const struct mh_repo *repo, const char *hex, git_tree **out,
                       struct mh_err *err)
{
    git_oid id;
    int code = 0;

    if (*hex != '\0' && (code = git_oid_fromstr(&id, hex)) == 0) {
        code = git_tree_lookup(out, mh_repo_handle(repo), &id);
    }
    return code == 0 || code == GIT_ENOTFOUND ? 0 : mh_repo_git_failed("cannot read a tree", err);
}

int mh_index_list_changes(const struct mh_repo *repo, const struct mh_index_request *request,
                          const char *file, char **text, size_t *size, struct mh_err *err)
{
    const struct mh_diff_request diff = {
        .commit = request->commit, .path = request->path, .index_file = file};
    git_tree *before = NULL;
    char *differences = NULL;
    size_t length = 0;
    FILE *stream;
    int result = -1;

    if (mh_repo_diff_index(repo, &diff, &differences, &length, err) < 0) {
        return -1;
    }
    stream = open_memstream(text, size);
    if (stream == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    if (lookup_tree(repo, request->before, &before, err) == 0) {
        result = write_records(request, before, differences, length, stream, err);
    }
    if (fclose(stream) != 0 && result == 0) {
        result = mh_err_nomem(err);
    }
    if (result < 0) {
        free(*text);
        *text = NULL;
    }
out:
    git_tree_free(before);
    free(differences);
    return result;
}
