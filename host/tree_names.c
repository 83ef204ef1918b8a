/* The names in a directory that a walk enters. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "tree_level.h"

enum { BLOCK = 32768 };

static int add_name(struct mh_walk *walk, const char *name, enum mh_kind kind, struct mh_err *err)
{
    size_t size = strlen(name) + 1;

    if (walk->names.size + 1 + size > walk->names.capacity &&
        mh_buffer_reserve(&walk->names, 2 * (walk->names.size + 1 + size), err) < 0) {
        return -1;
    }
    walk->names.data[walk->names.size] = (char)kind;
    memcpy(walk->names.data + walk->names.size + 1, name, size);
    walk->names.size += 1 + size;
    return 0;
}

static int add_block(struct mh_walk *walk, int fd, const char *block, size_t size,
                     struct mh_err *err)
{
    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(block + at);
        enum mh_kind kind;

        at += entry->d_reclen;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (mh_kind_of_entry(fd, entry->d_name, entry->d_type, &kind) < 0) {
            if (errno == ENOENT && walk->flags != 0) {
                continue;
            }
            return mh_walk_fail(walk, "look at what is in it", err);
        }
        if (add_name(walk, entry->d_name, kind, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int mh_walk_read_names(struct mh_walk *walk, int fd, struct mh_err *err)
{
    _Alignas(struct dirent64) char block[BLOCK];
    ssize_t size;

    while ((size = getdents64(fd, block, sizeof block)) > 0) {
        if (add_block(walk, fd, block, (size_t)size, err) < 0) {
            return -1;
        }
    }
    if (size < 0 && !(errno == ENOENT && walk->flags != 0)) {
        return mh_walk_fail(walk, "list", err);
    }
    return 0;
}
