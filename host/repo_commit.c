/* A commit object: its parent's tree with one subtree replaced. */
#include <git2.h>

#include "repo_parts.h"

/* The root tree: the parent's with `path` replaced. */
static int replace_subtree(struct mh_objects *objects, const struct mh_objects_commit *commit,
                           git_commit *parent, git_tree **out, struct mh_err *err)
{
    git_tree_update update = {
        .action = GIT_TREE_UPDATE_UPSERT, .filemode = GIT_FILEMODE_TREE, .path = commit->path};
    git_tree *before = NULL;
    git_oid id;
    int result = -1;

    if (git_oid_fromstr(&update.id, commit->subtree) == 0 &&
        git_commit_tree(&before, parent) == 0 &&
        git_tree_create_updated(&id, objects->view, before, 1, &update) == 0 &&
        git_tree_lookup(out, objects->view, &id) == 0) {
        result = 0;
    } else {
        (void)mh_repo_git_failed("cannot write the commit's tree", err);
    }
    git_tree_free(before);
    return result;
}

static int write_commit(struct mh_objects *objects, const struct mh_objects_commit *commit,
                        git_commit *parent, git_tree *tree, git_oid *out, struct mh_err *err)
{
    const git_commit *parents[] = {parent};
    git_signature *author = NULL;
    git_signature *committer = NULL;
    git_buf text = {0};
    int result = -1;

    if (git_signature_new(&author, commit->author->name, commit->author->email, commit->time,
                          commit->offset) == 0 &&
        git_signature_new(&committer, commit->committer->name, commit->committer->email,
                          commit->time, commit->offset) == 0 &&
        git_commit_create_buffer(&text, objects->view, author, committer, NULL, commit->message,
                                 tree, 1, parents) == 0 &&
        git_odb_write(out, objects->odb, text.ptr, text.size, GIT_OBJECT_COMMIT) == 0) {
        result = 0;
    } else {
        (void)mh_repo_git_failed("cannot write the commit", err);
    }
    git_buf_dispose(&text);
    git_signature_free(author);
    git_signature_free(committer);
    return result;
}

int mh_objects_add_commit(struct mh_objects *objects, const struct mh_objects_commit *commit,
                          struct mh_oid *out, struct mh_err *err)
{
    git_commit *parent = NULL;
    git_tree *tree = NULL;
    git_oid id;
    int result = -1;

    (void)git_odb_refresh(objects->odb); /* the parent may be newer than our view */
    if (git_oid_fromstr(&id, commit->parent) < 0 ||
        git_commit_lookup(&parent, objects->view, &id) < 0) {
        return mh_repo_git_failed("cannot read the parent commit", err);
    }
    if (replace_subtree(objects, commit, parent, &tree, err) == 0 &&
        write_commit(objects, commit, parent, tree, &id, err) == 0) {
        (void)git_oid_tostr(out->hex, sizeof out->hex, &id);
        result = 0;
    }
    git_tree_free(tree);
    git_commit_free(parent);
    return result;
}
