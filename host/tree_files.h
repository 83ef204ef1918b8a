/*
 * tree_files: what copying and staging share: finding the directory of a path, and copying one file
 * in the cheapest way that works.
 */
#ifndef MH_TREE_FILES_H
#define MH_TREE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "dir.h"
#include "err.h"

/* The directory beneath a root that was asked for last: consecutive files mostly lie in the same
 * one. */
struct mh_place {
    int root; /* -1: the place is empty */
    int fd;   /* the directory at `path`; -1 while that is the root itself */
    struct mh_buffer path;
};

#define MH_PLACE_INIT        \
    {                        \
        .root = -1, .fd = -1 \
    }

/* Opens the tree `name` in dirfd as the root of an empty place. */
int mh_place_open(struct mh_place *place, int dirfd, const char *name, struct mh_err *err);

/* The directory at a path of `length` bytes beneath the root, valid until the next call; -1 with
 * errno. */
int mh_place_at(struct mh_place *place, const char *path, size_t length);

/* The directory that holds the last segment of `path`, and that segment in `*name`; -1 with errno.
 */
int mh_place_of(struct mh_place *place, const char *path, const char **name);

/* Accepts an empty place. */
void mh_place_close(struct mh_place *place);

/* Remembers what does not work between these file systems, so that it is not tried each time. */
struct mh_copier {
    bool no_clone;
    bool no_range;
    bool no_link;
    char *block; /* made when first needed */
};

/* Accepts an empty copier. */
void mh_copier_release(struct mh_copier *copier);

/*
 * Copies the regular file `from_name` to a new file `to_name`: by sharing blocks, else in the
 * kernel, else through memory.  Permission bits are kept.  On failure a part of the copy may be
 * left.  -1 with errno: EINVAL for what is not a regular file, ESTALE when it shrank meanwhile.
 */
int mh_copier_copy(struct mh_copier *copier, int from, const char *from_name, int to,
                   const char *to_name);

/*
 * Makes a new file `to_name` that shares its blocks with `from_name`: 1; 0 with nothing made where
 * that does not work; -1 with errno.
 */
int mh_copier_clone(struct mh_copier *copier, int from, const char *from_name, int to,
                    const char *to_name);

/* Makes a hard link: 1; 0 with nothing made where that does not work; -1 with errno. */
int mh_copier_link(struct mh_copier *copier, int from, const char *from_name, int to,
                   const char *to_name);

/*
 * Gives an open file or directory its permission bits where it lacks them; other mode bits stay. -1
 * with errno.
 */
int mh_set_permissions(int fd, mode_t mode);

#endif
