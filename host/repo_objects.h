/*
 * repo_objects: writing trees and commits so that git never sees a half-written object.
 *
 * Objects are first written to a quarantine (repo_quarantine.h), made durable there, and only then
 * linked into place.  So an object file that git can see is always whole: an empty one left by a
 * power cut would be taken by git for the real one from then on.  What is written goes there even
 * where git has such an object already, unless the base has it: the other may be broken, or be
 * pruned before the new commit reaches it.
 *
 * Calling sequence: open, add_tree, add_commit, sync (or the caller's), install, [sync], move the
 * ref, install again, close, discard the quarantine.
 */
#ifndef MH_REPO_OBJECTS_H
#define MH_REPO_OBJECTS_H

#include "repo.h"
#include "repo_quarantine.h"
#include "tree.h"

struct mh_objects;

/* Opens the quarantine `label` (one file name, e.g. "<slug>@<token>"), making it where it is
 * missing. */
int mh_objects_open(const struct mh_repo *repo, const char *label, struct mh_objects **out,
                    struct mh_err *err);

/* Accepts NULL.  The quarantine stays on disk. */
void mh_objects_close(struct mh_objects *objects);

/* An open descriptor of the repository's object directory, for syncing its file system. */
int mh_objects_dirfd(const struct mh_objects *objects);

/*
 * Writes the tree `name` in `dirfd`, which must be as `next` says: a file whose bytes differ from
 * its record is ESTALE.  Files that `base` records with the same content are not read: their ids
 * come from the git tree `base_tree` ("" and an empty `base`: everything is written).  Bytes are
 * stored as they are. Empty directories have no place in git.  A name that git reserves (".git") is
 * EINVALIDPATH.
 */
struct mh_objects_tree {
    int dirfd;
    const char *name;
    const struct mh_snapshot *next;
    const struct mh_snapshot *base;
    const char *base_tree;
};
int mh_objects_add_tree(struct mh_objects *objects, const struct mh_objects_tree *tree,
                        struct mh_oid *out, struct mh_err *err);

/* Writes a commit: `parent`'s tree with the subtree at `path` replaced by `subtree`. */
struct mh_objects_commit {
    const char *parent;
    const char *path;
    const char *subtree;
    const char *message;
    const struct mh_repo_person *author;
    const struct mh_repo_person *committer;
    long long time; /* seconds since the epoch */
    int offset;     /* minutes east of UTC */
};
int mh_objects_add_commit(struct mh_objects *objects, const struct mh_objects_commit *commit,
                          struct mh_oid *out, struct mh_err *err);

/* Makes everything in the quarantine durable. */
int mh_objects_sync(const struct mh_objects *objects, struct mh_err *err);

/*
 * Links everything from the quarantine into place that is not there, and says in *put how much was
 * not: run again, what somebody pruned before anything reached it.
 */
int mh_objects_install(struct mh_objects *objects, size_t *put, struct mh_err *err);

#endif
