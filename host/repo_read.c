/* Reading commits, trees and blobs. */
#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "repo_parts.h"

/* 1 with the commit, 0 where HEAD is unborn, -1. */
static int find_commit(const struct mh_repo *repo, const char *rev, git_commit **out,
                       struct mh_err *err)
{
    git_repository *handle = mh_repo_handle(repo);
    git_oid id;
    int code;

    if (*rev == '\0') {
        code = git_reference_name_to_id(&id, handle, "HEAD");
        if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH) {
            return 0;
        }
        if (code < 0) {
            return mh_repo_git_failed("cannot read HEAD", err);
        }
    } else if (git_oid_fromstr(&id, rev) < 0) {
        return mh_err_set(err, "EINVAL", "not a commit id: %s", rev);
    }
    if (git_commit_lookup(out, handle, &id) < 0) {
        return mh_repo_git_failed("cannot read a commit", err);
    }
    return 1;
}

/* 1 with the id and type of what is at path, 0 where nothing is, -1. */
static int entry_of(git_commit *commit, const char *path, git_oid *id, git_object_t *type,
                    struct mh_err *err)
{
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    int code;

    if (git_commit_tree(&tree, commit) < 0) {
        return mh_repo_git_failed("cannot read a commit's tree", err);
    }
    code = git_tree_entry_bypath(&entry, tree, path);
    git_tree_free(tree);
    if (code == GIT_ENOTFOUND) {
        return 0;
    }
    if (code < 0) {
        return mh_repo_git_failed("cannot read a tree", err);
    }
    git_oid_cpy(id, git_tree_entry_id(entry));
    *type = git_tree_entry_type(entry);
    git_tree_entry_free(entry);
    return 1;
}

int mh_repo_tree_id(const struct mh_repo *repo, const char *rev, const char *path,
                    struct mh_oid *out, struct mh_err *err)
{
    git_commit *commit = NULL;
    git_object_t type;
    git_oid id;
    int found = find_commit(repo, rev, &commit, err);

    if (found > 0) {
        found = entry_of(commit, path, &id, &type, err);
        git_commit_free(commit);
    }
    if (found < 0) {
        return -1;
    }
    out->hex[0] = '\0';
    if (found > 0) {
        (void)git_oid_tostr(out->hex, sizeof out->hex, &id);
    }
    return found;
}

int mh_repo_read_blob(const struct mh_repo *repo, const char *rev, const char *path, char **out,
                      size_t *size, struct mh_err *err)
{
    git_commit *commit = NULL;
    git_blob *blob = NULL;
    git_object_t type = GIT_OBJECT_INVALID;
    git_oid id;
    char *copy = NULL;
    size_t length;
    int result = -1;
    int found = find_commit(repo, rev, &commit, err);

    if (found > 0) {
        found = entry_of(commit, path, &id, &type, err);
    }
    if (found < 0) {
        goto out;
    }
    if (found == 0 || type != GIT_OBJECT_BLOB) {
        (void)mh_err_set(err, "ENOENT", "no file %s in commit %s", path,
                         *rev != '\0' ? rev : "HEAD");
        goto out;
    }
    if (git_blob_lookup(&blob, mh_repo_handle(repo), &id) < 0) {
        (void)mh_repo_git_failed("cannot read a file from history", err);
        goto out;
    }
    length = (size_t)git_blob_rawsize(blob);
    copy = malloc(length + 1);
    if (copy == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    if (length > 0) {
        memcpy(copy, git_blob_rawcontent(blob), length);
    }
    copy[length] = '\0';
    *out = copy;
    *size = length;
    result = 0;
out:
    git_blob_free(blob);
    git_commit_free(commit);
    return result;
}

/* 1 where path differs between the commit and its first parent (a missing parent counts as empty).
 */
static int changed_path(git_commit *commit, const char *path, struct mh_err *err)
{
    git_commit *parent = NULL;
    git_object_t type;
    git_oid here = {{0}};
    git_oid there = {{0}};
    int found = entry_of(commit, path, &here, &type, err);
    int before = 0;

    if (found < 0) {
        return -1;
    }
    if (git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0) {
        before = entry_of(parent, path, &there, &type, err);
        git_commit_free(parent);
    }
    if (before < 0) {
        return -1;
    }
    return found != before || !git_oid_equal(&here, &there);
}

/* Visits one commit where it changed path.  Returns the visit's value, -1 on error. */
static int visit_commit(git_repository *handle, const git_oid *id, const char *path, size_t *left,
                        int (*visit)(void *, const struct mh_repo_entry *), void *context,
                        struct mh_err *err)
{
    struct mh_repo_entry entry = {0};
    git_commit *commit = NULL;
    int result;

    if (git_commit_lookup(&commit, handle, id) < 0) {
        return mh_repo_git_failed("cannot read a commit", err);
    }
    result = changed_path(commit, path, err);
    if (result > 0) {
        (void)git_oid_tostr(entry.commit.hex, sizeof entry.commit.hex, id);
        entry.message = git_commit_message_raw(commit);
        entry.time = git_commit_time(commit);
        entry.offset = git_commit_time_offset(commit);
        *left -= 1;
        result = visit(context, &entry);
    }
    git_commit_free(commit);
    return result;
}

int mh_repo_history(const struct mh_repo *repo, const char *path, size_t max,
                    int (*visit)(void *context, const struct mh_repo_entry *entry), void *context,
                    struct mh_err *err)
{
    git_repository *handle = mh_repo_handle(repo);
    git_revwalk *walk = NULL;
    git_oid id;
    int result = 0;

    if (git_repository_head_unborn(handle) == 1) {
        return 0;
    }
    if (git_revwalk_new(&walk, handle) < 0 || git_revwalk_push_head(walk) < 0) {
        result = mh_repo_git_failed("cannot walk the history", err);
        goto out;
    }
    (void)git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL);
    while (result == 0 && max > 0 && git_revwalk_next(&id, walk) == 0) {
        result = visit_commit(handle, &id, path, &max, visit, context, err);
    }
out:
    git_revwalk_free(walk);
    return result;
}

/* Whether the message's last lines hold the trailer. */
static bool has_trailer(const char *message, const char *token)
{
    static const char key[] = "\nPublish-Id: ";
    size_t length = strlen(token);

    for (const char *at = message; (at = strstr(at, key)) != NULL; at += sizeof key - 1) {
        const char *value = at + sizeof key - 1;

        if (strncmp(value, token, length) == 0 &&
            (value[length] == '\n' || value[length] == '\0')) {
            return true;
        }
    }
    return false;
}

int mh_repo_find_publish(const struct mh_repo *repo, const char *after, const char *tip,
                         const char *token, struct mh_oid *out, struct mh_err *err)
{
    git_repository *handle = mh_repo_handle(repo);
    git_revwalk *walk = NULL;
    git_oid id;
    int result = 0;

    if (git_revwalk_new(&walk, handle) < 0 || git_oid_fromstr(&id, tip) < 0 ||
        git_revwalk_push(walk, &id) < 0) {
        result = mh_repo_git_failed("cannot walk the history", err);
        goto out;
    }
    if (git_oid_fromstr(&id, after) == 0) {
        (void)git_revwalk_hide(walk,
                               &id); /* gone after a rewrite: then all that is there is searched */
    }
    while (result == 0 && git_revwalk_next(&id, walk) == 0) {
        git_commit *commit = NULL;

        if (git_commit_lookup(&commit, handle, &id) < 0) {
            break;
        }
        if (has_trailer(git_commit_message_raw(commit), token)) {
            (void)git_oid_tostr(out->hex, sizeof out->hex, &id);
            result = 1;
        }
        git_commit_free(commit);
    }
out:
    git_revwalk_free(walk);
    return result;
}
