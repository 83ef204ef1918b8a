#include "dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

static int compare_names(const void *a, const void *b)
{
    const struct mh_listed *left = a;
    const struct mh_listed *right = b;

    return strcmp(left->name, right->name);
}

/* Makes the listing from the names, which it takes over on success. */
static int make_listing(struct mh_buffer *names, struct mh_listing *listing, struct mh_err *err)
{
    size_t count = 0;
    struct mh_listed *entries;

    for (size_t at = 0; at < names->size; at += 1 + strlen(names->data + at + 1) + 1) {
        count++;
    }
    entries = reallocarray(NULL, count > 0 ? count : 1, sizeof *entries);
    if (entries == NULL) {
        return mh_err_nomem(err);
    }
    count = 0;
    for (size_t at = 0; at < names->size; at += 1 + strlen(names->data + at + 1) + 1) {
        entries[count].kind = (enum mh_kind)names->data[at];
        entries[count].name = names->data + at + 1;
        count++;
    }
    qsort(entries, count, sizeof *entries, compare_names);
    *listing = (struct mh_listing){.entries = entries, .count = count, .names = *names};
    *names = (struct mh_buffer){0};
    return 0;
}

int mh_dir_list(const struct mh_dir *dir, const char *path, struct mh_listing *listing,
                struct mh_err *err)
{
    struct mh_buffer names = {0};
    int result;
    int fd = mh_path_open(dir->fd, path, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);

    if (fd < 0) {
        return mh_dir_fail(dir, "list", path, err);
    }
    if (mh_dir_names(fd, &names) < 0) {
        result = mh_dir_fail(dir, "list", path, err);
    } else {
        result = make_listing(&names, listing, err);
    }
    mh_os_close(&fd);
    mh_buffer_release(&names);
    return result;
}

void mh_listing_release(struct mh_listing *listing)
{
    free(listing->entries);
    listing->entries = NULL;
    listing->count = 0;
    mh_buffer_release(&listing->names);
}
