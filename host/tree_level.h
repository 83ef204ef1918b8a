/*
 * tree_level: the directories on the way from a walk's root down to where it is, a stack.
 *
 * Only the upper MH_WALK_OPEN of the stack are open: pushing one more closes the one that many
 * below, and before a level is popped the one below it is opened again by "..".  For tree_walk.c,
 * which says what the next step is.
 */
#ifndef MH_TREE_LEVEL_H
#define MH_TREE_LEVEL_H

#include "tree_walk.h"

/*
 * One directory on the way down.  Its names lie in the walk's `names` between those of the level
 * above and those of the level below; `fd` is -1 while it is closed to save descriptors.
 */
struct mh_walk_level {
    int fd;
    dev_t dev;
    ino_t ino;
    size_t path_length; /* of the walk's path for this directory */
    size_t names_begin;
    size_t names_next;
    size_t names_end;
};

/*
 * Opens the directory `name` in `parent`, which the walk's path leads to, and fills the walk's
 * properties with its own.  The descriptor, or -1 with errno.
 */
int mh_level_open(struct mh_walk *walk, int parent, const char *name);

/* Makes the directory just opened the top level, its names read.  Takes over fd on success. */
int mh_level_push(struct mh_walk *walk, int fd, struct mh_err *err);

/* Opens the level below the top again, where it was closed.  ESTALE: it is another one now. */
int mh_level_reopen_parent(struct mh_walk *walk, struct mh_err *err);

/* Drops the top level. */
void mh_level_pop(struct mh_walk *walk);

/* "<root>/<path>: cannot <what>: <reason>" for what is at the walk's path; returns -1. */
int mh_walk_fail(const struct mh_walk *walk, const char *what, struct mh_err *err);

#endif
