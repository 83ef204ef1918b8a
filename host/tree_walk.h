/*
 * tree_walk: one directory tree, entry by entry, without recursion.
 *
 *     struct mh_walk walk = MH_WALK_INIT;
 *     struct mh_walk_step step;
 *     int more = mh_walk_begin(&walk, dirfd, name, 0, err);
 *     while (more >= 0 && (more = mh_walk_next(&walk, &step, err)) > 0) { ... }
 *     mh_walk_end(&walk);
 *
 * Steps come in the order enter root, (enter directory ... leave directory | entry)*, leave root;
 * the names in a directory in no particular order, all read before the directory's enter step is
 * given.  No link is followed, no mount point entered (EXDEV), and no more than MH_WALK_OPEN
 * directories are open at a time: those above are opened again by "..", and must then be the same
 * (else ESTALE).
 */
#ifndef MH_TREE_WALK_H
#define MH_TREE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "dir.h"
#include "err.h"

enum { MH_WALK_OPEN = 64 };

/* For removal: gives an owner the permissions that a directory lacks, and passes over what has
 * vanished. */
enum { MH_WALK_FORCE = 1 };

/* For a look at what others may be changing: passes over what has vanished, and gives a directory
 * that cannot be entered (no permission, a mount point, no directory any more) as an entry. */
enum { MH_WALK_LOOK = 2 };

enum mh_walk_kind { MH_WALK_ENTER, MH_WALK_LEAVE, MH_WALK_ENTRY };

/* Valid until the next call. */
struct mh_walk_step {
    enum mh_walk_kind kind;
    int fd;                  /* enter and leave: the directory itself */
    int parent;              /* what holds `name`: the caller's directory for the root */
    const char *name;        /* one file name */
    const char *path;        /* relative to the root, which is "" */
    size_t length;           /* of path */
    struct stat properties;  /* enter: the directory's */
    enum mh_kind entry_kind; /* entry: what it is; a directory only with MH_WALK_LOOK */
};

struct mh_walk {
    int flags;
    int dirfd; /* the caller's, as is the name */
    const char *root_name;
    struct mh_walk_level *levels; /* the directories from the root down to the one being read */
    size_t depth;
    size_t capacity;
    struct mh_buffer names; /* not yet given, of all levels: a kind byte, the name, a NUL */
    struct mh_buffer path;  /* of the step */
    struct stat properties; /* of the directory entered last */
    enum { MH_WALK_AT_ROOT, MH_WALK_INSIDE, MH_WALK_LEAVING } state;
};

#define MH_WALK_INIT                \
    {                               \
        .dirfd = -1, .levels = NULL \
    }

/*
 * Opens the root: the directory `name` in dirfd.  Both must stay valid.  A root that cannot be
 * opened fails with its errno; one that is not a directory, or a link, is EINVALIDPATH with errno
 * ENOTDIR or ELOOP.
 */
int mh_walk_begin(struct mh_walk *walk, int dirfd, const char *name, int flags, struct mh_err *err);

/* 1 with the next step, 0 after the last, -1 on failure.  Messages begin with the path in the tree.
 */
int mh_walk_next(struct mh_walk *walk, struct mh_walk_step *step, struct mh_err *err);

/* After an enter step: passes over all that is in the directory. */
void mh_walk_skip(struct mh_walk *walk);

/* Accepts an empty walk and one that was not finished. */
void mh_walk_end(struct mh_walk *walk);

/* Fills err with EINVALIDPATH for an entry that is not a regular file: names what it is; -1. */
int mh_walk_refuse(const struct mh_walk *walk, const struct mh_walk_step *step, struct mh_err *err);

#endif
