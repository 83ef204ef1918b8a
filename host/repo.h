/*
 * repo: a git repository as mighost reads it, all through libgit2 1.5.
 *
 * Refused at opening, because nothing here could be kept true for them: a bare repository, one
 * owned by another user, SHA-256 objects, the reftable format.  libgit2 is initialised at the first
 * open. repo_git.h runs git's own program, repo_objects.h writes.
 */
#ifndef MH_REPO_H
#define MH_REPO_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum { MH_OID_HEX = 40 };

/* A hexadecimal object id; "" where there is none. */
struct mh_oid {
    char hex[MH_OID_HEX + 1];
};

struct mh_repo;

/*
 * Opens the repository whose work tree is or holds `path`.  Owner of *out is the caller.
 * ENOTREPO: none there, or bare.  EUNSUPPORTED: one of the kinds above.
 */
int mh_repo_open(const char *path, struct mh_repo **out, struct mh_err *err);

/* Accepts NULL. */
void mh_repo_close(struct mh_repo *repo);

/* Absolute paths without a trailing slash; valid as long as repo is open. */
const char *mh_repo_worktree(const struct mh_repo *repo);
const char *mh_repo_gitdir(const struct mh_repo *repo);    /* of this worktree */
const char *mh_repo_commondir(const struct mh_repo *repo); /* shared by all linked worktrees */

/* libgit2's version as text. */
const char *mh_repo_library_version(void);

/* Where HEAD is.  `branch` is the full name of the branch ("refs/heads/main"), NULL when detached.
 */
struct mh_repo_head {
    char *branch;
    struct mh_oid commit; /* empty when unborn */
    bool detached;
    bool unborn;
};
int mh_repo_read_head(const struct mh_repo *repo, struct mh_repo_head *out, struct mh_err *err);
void mh_repo_head_release(struct mh_repo_head *head);

/* 1: there is a reference of this full name; 0: there is none; -1. */
int mh_repo_has_ref(const struct mh_repo *repo, const char *name, struct mh_err *err);

/*
 * Whether a setting has a value: 1, 0 or -1.  libgit2 does not see what GIT_CONFIG_* variables
 * bring, nor what an include says that depends on a remote's URL.
 */
int mh_repo_has_setting(const struct mh_repo *repo, const char *name, struct mh_err *err);

/* The operation under way: "none", "merge", "rebase", "cherry-pick", ... static storage. */
const char *mh_repo_operation(const struct mh_repo *repo);

/* A name and an address. */
struct mh_repo_person {
    char *name;
    char *email;
};

/* Accepts an empty one. */
void mh_repo_person_release(struct mh_repo_person *person);

/*
 * The id of the tree or blob at `path` in commit `rev` (hex, or "" for HEAD).  1: found; 0: nothing
 * there or HEAD is unborn, *out is ""; -1: error.
 */
int mh_repo_tree_id(const struct mh_repo *repo, const char *rev, const char *path,
                    struct mh_oid *out, struct mh_err *err);

/* The bytes of the blob at `path` in `rev` ("" is HEAD), on the heap, NUL-terminated.  ENOENT. */
int mh_repo_read_blob(const struct mh_repo *repo, const char *rev, const char *path, char **out,
                      size_t *size, struct mh_err *err);

/*
 * Writes the tree at `path` in `rev` ("" is HEAD) to the new directory `to`: files with their
 * executable bit, other permissions by the umask.  A link, a submodule or a name that git itself
 * acts on is EINVALIDPATH, more than these bounds or 64 levels EFBIG, nothing there ENOENT.
 * Nothing is made durable; after a failure nothing is left.
 */
enum { MH_EXPORT_ENTRIES = 50000, MH_EXPORT_BYTES = 1 << 30 };

struct mh_repo_export {
    const char *rev;
    const char *path;
    const char *to; /* absolute; the directory above it exists */
};

int mh_repo_export(const struct mh_repo *repo, const struct mh_repo_export *request,
                   struct mh_err *err);

/* One commit that changed a path. */
struct mh_repo_entry {
    struct mh_oid commit;
    const char *message; /* the whole of it; valid during the call back */
    long long time;      /* seconds since the epoch */
    int offset;          /* minutes east of UTC */
};

/*
 * Calls `visit` for each commit reachable from HEAD that changed `path` against its first parent,
 * newest first, at most `max` of them; a visit that returns non-zero ends the walk, and that value
 * is returned.
 */
int mh_repo_history(const struct mh_repo *repo, const char *path, size_t max,
                    int (*visit)(void *context, const struct mh_repo_entry *entry), void *context,
                    struct mh_err *err);

/*
 * Looks for a commit with the trailer `Publish-Id: <token>` in `after`..`tip`; where `after` is not
 * an ancestor, or a parent is missing (a shallow clone), the search ends at the roots it can see.
 * 1: found, with its id; 0: not there; -1: error.
 */
int mh_repo_find_publish(const struct mh_repo *repo, const char *after, const char *tip,
                         const char *token, struct mh_oid *out, struct mh_err *err);

#endif
