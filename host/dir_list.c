#include "dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

enum { BLOCK = 32768, FIRST_ENTRIES = 16 };

/* While names are collected their buffer may move, so `name` holds an offset until all are there.
 */
struct collected {
    struct mh_listed *entries;
    size_t count;
    size_t capacity;
    struct mh_buffer names;
};

static int add_name(struct collected *list, const char *name, enum mh_kind kind, struct mh_err *err)
{
    size_t size = strlen(name) + 1;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : FIRST_ENTRIES;
        struct mh_listed *entries = reallocarray(list->entries, capacity, sizeof *entries);

        if (entries == NULL) {
            return mh_err_nomem(err);
        }
        list->entries = entries;
        list->capacity = capacity;
    }
    if (list->names.size + size > list->names.capacity &&
        mh_buffer_reserve(&list->names, 2 * (list->names.size + size), err) < 0) {
        return -1;
    }
    memcpy(list->names.data + list->names.size, name, size);
    list->names.size += size;
    list->entries[list->count].kind = kind;
    list->count++;
    return 0;
}

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

static int collect_block(int fd, const char *block, size_t size, struct collected *list,
                         struct mh_err *err)
{
    enum mh_kind kind = MH_KIND_OTHER;

    for (size_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(block + at);

        at += entry->d_reclen;
        if (is_dot(entry->d_name)) {
            continue;
        }
        if (mh_kind_of_entry(fd, entry->d_name, entry->d_type, &kind) < 0) {
            return mh_err_sys(err, errno, "cannot look at %s", entry->d_name);
        }
        if (add_name(list, entry->d_name, kind, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int collect(int fd, struct collected *list, struct mh_err *err)
{
    _Alignas(struct dirent64) char block[BLOCK];

    for (;;) {
        ssize_t size = getdents64(fd, block, sizeof block);

        if (size < 0) {
            return mh_err_sys(err, errno, "cannot read directory");
        }
        if (size == 0) {
            return 0;
        }
        if (collect_block(fd, block, (size_t)size, list, err) < 0) {
            return -1;
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct mh_listed *left = a;
    const struct mh_listed *right = b;

    return strcmp(left->name, right->name);
}

static void finish(struct collected *list, struct mh_listing *listing)
{
    const char *name = list->names.data;

    for (size_t i = 0; i < list->count; i++) {
        list->entries[i].name = name;
        name += strlen(name) + 1;
    }
    if (list->count > 1) {
        qsort(list->entries, list->count, sizeof *list->entries, compare_names);
    }
    listing->entries = list->entries;
    listing->count = list->count;
    listing->names = list->names;
}

int mh_dir_list(const struct mh_dir *dir, const char *path, struct mh_listing *listing,
                struct mh_err *err)
{
    struct collected list = {0};
    const char *slash = *path != '\0' ? "/" : "";
    int fd = mh_path_open(dir->fd, path, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);

    if (fd < 0) {
        return mh_dir_fail(dir, "list", path, err);
    }
    if (collect(fd, &list, err) < 0) {
        (void)mh_err_wrap(err, "cannot list %s%s%s", dir->path, slash, path);
        mh_os_close(&fd);
        free(list.entries);
        mh_buffer_release(&list.names);
        return -1;
    }
    mh_os_close(&fd);
    finish(&list, listing);
    return 0;
}

void mh_listing_release(struct mh_listing *listing)
{
    free(listing->entries);
    listing->entries = NULL;
    listing->count = 0;
    mh_buffer_release(&listing->names);
}
