/*
 * dir: an opened directory, and what is done with single files and names beneath it.
 *
 * Everything is relative to the descriptor, so a directory that is renamed meanwhile stays the same
 * one. Calling sequence: mh_dir_open or mh_dir_open_at into an empty struct, any calls,
 * mh_dir_close.
 *
 * Paths that are read may hold "." segments and doubled slashes; ".." never leads out; an absolute
 * path is EINVALIDPATH.  Paths that are written to are plain: segments with single slashes
 * (mh_path_is_relative), else EINVALIDPATH, and no link is followed on the way to their last
 * segment.
 */
#ifndef MH_DIR_H
#define MH_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "err.h"
#include "path.h"

struct mh_dir {
    int fd;
    char *path; /* as opened, joined: for messages and for programs that need a path */
};

#define MH_DIR_INIT            \
    {                          \
        .fd = -1, .path = NULL \
    }

/* Opens a directory by an absolute path or one relative to the current directory; links are
 * followed. */
int mh_dir_open(const char *path, struct mh_dir *dir, struct mh_err *err);

/* Opens a directory beneath another; links are refused (ELOOP). */
int mh_dir_open_at(const struct mh_dir *parent, const char *path, struct mh_dir *dir,
                   struct mh_err *err);

/* Idempotent; accepts an empty dir. */
void mh_dir_close(struct mh_dir *dir);

/* Bytes on the heap that grow and may be used again.  Empty: all zero. */
struct mh_buffer {
    char *data;
    size_t size;
    size_t capacity;
};

/* Makes room for `capacity` bytes, keeping what is there. */
int mh_buffer_reserve(struct mh_buffer *buffer, size_t capacity, struct mh_err *err);

/* Accepts an empty buffer; the buffer is empty afterwards. */
void mh_buffer_release(struct mh_buffer *buffer);

struct mh_dir_read_options {
    size_t max; /* longest content that is accepted, in bytes */
    enum mh_links links;
};

/*
 * Reads a whole regular file in four system calls where its size stays what it was.  The content
 * replaces the buffer's; after a failure the buffer is as it was or empty.  EINVAL: not a regular
 * file (a FIFO, a device, a directory, a socket); EFBIG: longer than max.
 */
int mh_dir_read(const struct mh_dir *dir, const char *path,
                const struct mh_dir_read_options *options, struct mh_buffer *buffer,
                struct mh_err *err);

/*
 * The properties of what is at `path`, "" being the directory itself.  MH_LINKS_REFUSE gives those
 * of a link when the last segment is one, the others those of what it leads to.  A name without a
 * slash costs one system call.
 */
int mh_dir_stat(const struct mh_dir *dir, const char *path, enum mh_links links,
                struct stat *properties, struct mh_err *err);

/*
 * Where `path` leads once all links are followed, relative to dir and without links; it replaces
 * the buffer's content and is terminated.  EXDEV: outside dir, or dir itself.  ENOENT: nothing is
 * there.
 */
int mh_dir_real(const struct mh_dir *dir, const char *path, struct mh_buffer *real,
                struct mh_err *err);

enum mh_kind { MH_KIND_FILE, MH_KIND_DIRECTORY, MH_KIND_SYMLINK, MH_KIND_OTHER };

enum mh_kind mh_kind_of(mode_t mode);

/*
 * The kind of a directory entry from its d_type, by lstat where the file system does not say: 0, or
 * -1 with errno.
 */
int mh_kind_of_entry(int dirfd, const char *name, unsigned char type, enum mh_kind *kind);

/* "file", "directory", "symlink" or "other". */
const char *mh_kind_name(enum mh_kind kind);

/*
 * Appends the names in the open directory `fd` to the buffer: for each its kind as one byte, the
 * name, a NUL.  What vanishes meanwhile is left out, like "." and "..".  0, or -1 with errno, and
 * then some of them may have been appended; ENOENT: the directory itself was removed.
 */
int mh_dir_names(int fd, struct mh_buffer *names);

struct mh_listed {
    const char *name;
    enum mh_kind kind; /* as lstat says */
};

/* The names in a directory, sorted by byte.  Empty: all zero. */
struct mh_listing {
    struct mh_listed *entries;
    size_t count;
    struct mh_buffer names; /* private: what the names point into */
};

/* Reads a directory beneath dir, "" being dir itself, into an empty listing; links are refused. */
int mh_dir_list(const struct mh_dir *dir, const char *path, struct mh_listing *listing,
                struct mh_err *err);

/* Accepts an empty listing; the listing is empty afterwards. */
void mh_listing_release(struct mh_listing *listing);

/* Makes a directory and what is missing above it, with `mode` less umask; one that exists is fine
 * and stays as it is. */
int mh_dir_make(const struct mh_dir *dir, const char *path, mode_t mode, struct mh_err *err);

/* Removes a file, a link or an empty directory; a missing one is fine, on the way too. */
int mh_dir_remove(const struct mh_dir *dir, const char *path, struct mh_err *err);

/* Renames within dir; what is at `to` already is kept (EEXIST). */
int mh_dir_rename(const struct mh_dir *dir, const char *from, const char *to, struct mh_err *err);

/* Makes one regular file or the entries of one directory durable, "" being dir itself. */
int mh_dir_sync(const struct mh_dir *dir, const char *path, struct mh_err *err);

/*
 * Fills err with "cannot <what> <dir>/<path>: <reason>" from errno, in words of our own where a
 * link was refused (ELOOP) or led out of the directory (EXDEV).  Returns -1.
 */
int mh_dir_fail(const struct mh_dir *dir, const char *what, const char *path, struct mh_err *err);

/*
 * Opens the directory that holds the last segment of `path` and points `*name` at that segment
 * inside `path`.  The descriptor, or -1 (EINVALIDPATH for a path that is not plain).
 */
int mh_dir_open_parent(int dirfd, const char *path, const char **name, struct mh_err *err);

#endif
