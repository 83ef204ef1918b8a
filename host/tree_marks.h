/*
 * tree_marks: how every entry of a directory tree looks, taken twice to tell what was touched.
 *
 *     struct mh_marks before = MH_MARKS_INIT, after = MH_MARKS_INIT;
 *     mh_marks_take(dirfd, name, &(struct mh_marks_options){.settle = true}, &before, err);
 *     ... somebody works ...
 *     mh_marks_take(dirfd, name, &(struct mh_marks_options){0}, &after, err);
 *     struct mh_marks_diff diff = {.before = &before, .after = &after};
 *     while (mh_marks_diff_next(&diff)) { ... }
 *
 * No content is read: whoever changes content, permissions, owner, times, links or extended
 * attributes of an entry changes the time of its last change (ctime) with it, which no program can
 * set.  Anything may be in such a tree, and may change while it is read: no link is followed, no
 * mount point entered, what has vanished is passed over, and a directory that cannot be read is
 * taken for itself, without what is in it.
 */
#ifndef MH_TREE_MARKS_H
#define MH_TREE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "dir.h"
#include "err.h"

struct mh_mark {
    size_t offset;    /* of the path in `paths` */
    const char *path; /* relative to the root, which is "" */
    dev_t dev;
    ino_t ino;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    nlink_t nlink;
    off_t size;
    struct timespec btime; /* when it was made, 0 where that is not kept: inodes are used again */
    struct timespec mtime;
    struct timespec ctime;
};

/* Sorted so that what is in a directory follows it at once.  Empty for a root that is not there. */
struct mh_marks {
    struct mh_mark *entries;
    size_t count;
    size_t capacity;        /* private, as is `paths` */
    struct mh_buffer paths; /* what the entries' paths point into */
};

#define MH_MARKS_INIT   \
    {                   \
        .entries = NULL \
    }

struct mh_marks_options {
    const char *const *skip; /* paths that are left out, with all beneath them */
    size_t skip_count;
    size_t max;  /* entries, 0: any number; more are EFBIG */
    bool settle; /* waits until the next change of an entry must get another ctime: some ms */
};

/* Fills empty marks; they are empty after a failure.  A root that is not a directory, or that
 * cannot be opened, has marks of itself alone. */
int mh_marks_take(int dirfd, const char *name, const struct mh_marks_options *options,
                  struct mh_marks *marks, struct mh_err *err);

/* Accepts empty marks; the marks are empty afterwards. */
void mh_marks_release(struct mh_marks *marks);

/*
 * Added, removed and replaced (by another kind of entry or another inode) directories are given
 * without what is in them.  (tree_touched.c has this and what follows.)
 */
enum mh_touch { MH_TOUCH_ADDED, MH_TOUCH_REMOVED, MH_TOUCH_REPLACED, MH_TOUCH_CHANGED };

/*
 * What differs of an entry that is still the same inode.  Size, time and links of a directory are
 * those of what is in it and do not count.  MH_DIFFERS_OTHER: its ctime, and nothing that can be
 * seen: content written with the old time, attributes changed and back, extended attributes.
 */
enum {
    MH_DIFFERS_SIZE = 1,
    MH_DIFFERS_MTIME = 2,
    MH_DIFFERS_MODE = 4,
    MH_DIFFERS_OWNER = 8,
    MH_DIFFERS_LINKS = 16,
    MH_DIFFERS_OTHER = 32
};

/* The order that entries are in: as strcmp, but a slash comes before everything else. */
int mh_marks_compare_paths(const char *a, const char *b);

struct mh_marks_diff {
    const struct mh_marks *before;
    const struct mh_marks *after;
    size_t next_before; /* private, as is the next one */
    size_t next_after;
    enum mh_touch touch; /* valid after a call that gave true, as are the next ones */
    int differs;
    const struct mh_mark *was; /* NULL for what was added */
    const struct mh_mark *is;  /* NULL for what was removed */
};

bool mh_marks_diff_next(struct mh_marks_diff *diff);

#endif
