/*
 * tree: directory trees of plain files: what is in one (snapshot, digest, difference), copying,
 * staging the next one from two, making one durable, removing one.
 *
 * A tree is named by an open directory and one file name in it.  Only directories and regular files
 * belong in a tree; a symbolic link, socket, device or FIFO is refused by name (EINVALIDPATH),
 * never followed, and a mount point inside is refused (EXDEV).  Names may hold any byte but NUL and
 * '/'.  A relative path longer than MH_TREE_PATH_MAX bytes is ENAMETOOLONG (except for
 * mh_tree_remove, which removes any depth); at most some eighty descriptors are open at a time,
 * however deep or wide the tree is.
 *
 * Permission bits are the nine of rwxrwxrwx.  Set-id and sticky bits are neither recorded nor
 * copied, and the set-group-id bit that a directory inherits from its parent is left as it is.
 */
#ifndef MH_TREE_H
#define MH_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "err.h"
#include "tree_hash.h"

enum { MH_TREE_PATH_MAX = 4095 };

enum mh_entry_type { MH_ENTRY_DIRECTORY, MH_ENTRY_FILE };

struct mh_entry {
    const char *path; /* relative to the tree's root, which itself has no entry */
    enum mh_entry_type type;
    mode_t mode;                          /* permission bits */
    uint64_t size;                        /* of a file; 0 for a directory */
    unsigned char sha256[MH_SHA256_SIZE]; /* of a file's content; zeros for a directory */
    dev_t dev; /* where it was found; not part of the digest, as is all below */
    ino_t ino;
    struct timespec mtime;
    struct timespec ctime;
};

struct mh_snapshot {
    bool exists;              /* false: there was no such directory */
    mode_t mode;              /* permission bits of the root */
    struct mh_entry *entries; /* in byte order of their paths */
    size_t count;
    unsigned char digest[MH_SHA256_SIZE]; /* of the whole tree */
    struct timespec taken;                /* wall clock when reading began */
    struct mh_tree_text *texts;           /* private: what the paths point into */
};

#define MH_SNAPSHOT_INIT                                            \
    {                                                               \
        .exists = false, .entries = NULL, .count = 0, .texts = NULL \
    }

/*
 * Reads the tree `name` in `dirfd` into the empty snapshot `out`; a missing one is not a failure:
 * `exists` is false and the digest is the one of a missing tree.  `out` is untouched on failure.
 *
 * The digest is SHA-256 over "mighost-tree 1\n" and one record an entry, the root first with an
 * empty path, then in byte order of relative paths: "d" or "f", a space, the permission bits as
 * four octal digits, a space, the size in decimal, a space, the content's SHA-256 in hexadecimal
 * ("-" for a directory), a space, the path, a NUL.  A missing tree has the digest of "mighost-tree
 * 1 missing\n".  Link counts, owners and times are not part of it.
 *
 * `known` (or NULL) is an older snapshot of this or another tree whose digests may be reused: a
 * file with the same path, device, inode, size and modification time as one of its files is not
 * read again, provided the modification lies at least two seconds before that snapshot began, since
 * a later write could have left the time as it is.  (The change time is not asked: a hard link
 * changes it.)
 *
 * A tree that changes while it is read gives ESTALE or the failure of what had vanished, or a
 * snapshot of one of its states, entry by entry.
 */
int mh_snapshot_take(int dirfd, const char *name, const struct mh_snapshot *known,
                     struct mh_snapshot *out, struct mh_err *err);

/* Accepts an empty snapshot; the snapshot is empty afterwards. */
void mh_snapshot_release(struct mh_snapshot *snapshot);

/* True when both trees have the same digest. */
bool mh_snapshot_equal(const struct mh_snapshot *a, const struct mh_snapshot *b);

/* The entry of a path, or NULL. */
const struct mh_entry *mh_snapshot_find(const struct mh_snapshot *snapshot, const char *path);

/* True for two files with the same content and permission bits. */
bool mh_entry_same_file(const struct mh_entry *a, const struct mh_entry *b);

/*
 * The difference of two snapshots, one file after the other in byte order of paths; directories are
 * passed over.  A file is changed when its content or its permission bits differ.  A path that was
 * a directory and is a file, or the other way round, counts as added or removed.
 *
 *     struct mh_diff diff = {.before = &a, .after = &b};
 *     while (mh_snapshot_diff_next(&diff)) { ... diff.change, diff.path ... }
 */
enum mh_change { MH_CHANGE_ADDED, MH_CHANGE_CHANGED, MH_CHANGE_REMOVED };

struct mh_diff {
    const struct mh_snapshot *before;
    const struct mh_snapshot *after;
    size_t next_before; /* private */
    size_t next_after;  /* private */
    enum mh_change change;
    const char *path;
};

bool mh_snapshot_diff_next(struct mh_diff *diff);

/*
 * Copies the tree `from_name` in `from_dir` to `to_name` in `to_dir`, which must not exist
 * (EEXIST).  Each file shares its blocks with the original where the file system can, else is
 * copied by the kernel, else through memory; two hard links become two files; permission bits are
 * kept.  Nothing is made durable. A copy that failed is removed again, as far as that is possible.
 */
int mh_tree_copy(int from_dir, const char *from_name, int to_dir, const char *to_name,
                 struct mh_err *err);

/*
 * Stages the next live tree: `to` becomes a tree with just the entries of `work`.  A file that
 * `live` has with the same content and permission bits comes from there (its blocks shared, else a
 * hard link), every other one, and any that could not be shared, is copied from `work`.  The
 * snapshots must be those of the two trees; live may be one that does not exist.  `to` must not
 * exist (EEXIST).
 *
 * What is staged is not read back: take a snapshot of it (with `live` known, hard links cost no
 * reading) and compare.  Nothing is made durable.  A stage that failed is removed again, as far as
 * that is possible.
 */
struct mh_stage {
    int work_dir;
    const char *work_name;
    const struct mh_snapshot *work;
    int live_dir;
    const char *live_name;
    const struct mh_snapshot *live;
    int to_dir;
    const char *to_name;
};

struct mh_stage_counts {
    size_t directories; /* made, the root included */
    size_t copied;      /* files copied from work */
    size_t cloned;      /* files that share blocks with live's */
    size_t linked;      /* hard links to live's files */
};

int mh_tree_stage(const struct mh_stage *stage, struct mh_stage_counts *counts, struct mh_err *err);

/*
 * Makes the tree `to`, which exists, the same as `from` by removing and copying only what differs;
 * the snapshots must be those of the two trees.  Nothing is made durable, and the result is not
 * read back.  After a failure `to` is something between the two.
 */
struct mh_update {
    int from_dir;
    const char *from_name;
    const struct mh_snapshot *from;
    int to_dir;
    const char *to_name;
    const struct mh_snapshot *to;
};

int mh_tree_update(const struct mh_update *update, size_t *copied, struct mh_err *err);

/*
 * Makes the tree `name` durable: an fsync of everything in it where that is little, else one syncfs
 * (not where the file system is known to do nothing then); *whole, which may be NULL, says that it
 * was the latter, so that everything else on the file system is durable too.  Else the entry `name`
 * itself is the caller's to make durable, by an fsync of `dirfd`.
 */
int mh_tree_sync(int dirfd, const char *name, bool *whole, struct mh_err *err);

/*
 * Removes the tree `name` of any depth and whatever is in it, or the file or link of that name.
 * Links are removed, never followed; directories without permissions are given them first where we
 * own them.  A missing tree is success.  Stops at the first failure and may be called again.
 */
int mh_tree_remove(int dirfd, const char *name, struct mh_err *err);

#endif
