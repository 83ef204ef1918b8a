/*
 * path: names that are safe to use, and opening beneath a directory.
 *
 * Whatever a repository controls is opened relative to a directory descriptor with openat2, so that
 * no symbolic link, "..", or rename by someone else can lead out of the directory that was opened.
 */
#ifndef MH_PATH_H
#define MH_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* What to do with symbolic links on the way and at the end of a path. */
enum mh_links {
    MH_LINKS_REFUSE, /* any link is ELOOP */
    MH_LINKS_INSIDE, /* followed while they stay beneath the directory, else EXDEV */
    MH_LINKS_FOLLOW  /* followed anywhere: for verdicts, never for writing */
};

/* One file name: not empty, ".", or "..", no slash, at most 255 bytes. */
bool mh_path_is_segment(const char *name);

/*
 * A relative path of such segments separated by single slashes: no "..", ".", empty segment or
 * leading '/'.
 */
bool mh_path_is_relative(const char *path);

/*
 * Opens `path` beneath `dirfd` for reading (or as an O_PATH or directory handle, by `flags`).
 * O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added, so a FIFO does not hang the caller; "" and "." open
 * dirfd's own directory again.  Returns the descriptor or -1 with errno.
 */
int mh_path_open(int dirfd, const char *path, int flags, enum mh_links links);

/* The same for a directory, with the error filled in: the descriptor or -1. */
int mh_path_open_dir(int dirfd, const char *path, struct mh_err *err);

/* Makes a directory and what is missing above it beneath dirfd, of `mode` less umask.  0 or -1. */
int mh_path_make_dirs(int dirfd, const char *path, mode_t mode, struct mh_err *err);

/*
 * "<a>/<b>" on the heap (only `b` where `a` is empty, only `a` where `b` is); NULL when out of
 * memory.
 */
char *mh_path_join(const char *a, const char *b);

#endif
