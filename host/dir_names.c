#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dir.h"

enum { BLOCK = 32768 };

int mh_kind_of_entry(int dirfd, const char *name, unsigned char type, enum mh_kind *kind)
{
    struct stat properties;

    if (type != DT_UNKNOWN) {
        *kind = mh_kind_of((mode_t)DTTOIF(type));
        return 0;
    }
    if (fstatat(dirfd, name, &properties, AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    *kind = mh_kind_of(properties.st_mode);
    return 0;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int add(struct mh_buffer *names, const char *name, enum mh_kind kind)
{
    size_t size = 1 + strlen(name) + 1;
    struct mh_err ignored;

    if (names->size + size > names->capacity &&
        mh_buffer_reserve(names, 2 * (names->size + size), &ignored) < 0) {
        errno = ENOMEM;
        return -1;
    }
    names->data[names->size] = (char)kind;
    memcpy(names->data + names->size + 1, name, size - 1);
    names->size += size;
    return 0;
}

static int add_block(int fd, const char *block, size_t size, struct mh_buffer *names)
{
    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(block + at);
        enum mh_kind kind;

        at += entry->d_reclen;
        if (is_dot(entry->d_name)) {
            continue;
        }
        if (mh_kind_of_entry(fd, entry->d_name, entry->d_type, &kind) < 0) {
            if (errno == ENOENT) {
                continue;
            }
            return -1;
        }
        if (add(names, entry->d_name, kind) < 0) {
            return -1;
        }
    }
    return 0;
}

int mh_dir_names(int fd, struct mh_buffer *names)
{
    _Alignas(struct dirent64) char block[BLOCK];
    ssize_t size;

    do {
        size = getdents64(fd, block, sizeof block);
        if (size > 0 && add_block(fd, block, (size_t)size, names) < 0) {
            return -1;
        }
    } while (size > 0 || (size < 0 && errno == EINTR));
    return size < 0 ? -1 : 0;
}
