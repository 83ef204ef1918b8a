#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "os.h"
#include "tree.h"
#include "tree_files.h"

enum { OWNER_ALL = 0700 };

/* One update under way: an open place in each of the two trees. */
struct updating {
    const struct mh_update *update;
    struct mh_place from;
    struct mh_place to;
    struct mh_copier copier;
    size_t copied;
};

static int fail_on(const struct updating *updating, const char *what, const char *path,
                   struct mh_err *err)
{
    int saved = errno;

    return mh_err_sys(err, saved, "cannot %s %s/%s", what, updating->update->to_name, path);
}

/* Whether the other tree has just this: the same kind, and for a file the same content and bits. */
static bool has_same(const struct mh_snapshot *other, const struct mh_entry *entry)
{
    const struct mh_entry *there = mh_snapshot_find(other, entry->path);

    if (there == NULL || there->type != entry->type) {
        return false;
    }
    return entry->type == MH_ENTRY_DIRECTORY || mh_entry_same_file(there, entry);
}

static int remove_entry(struct updating *updating, const struct mh_entry *entry, struct mh_err *err)
{
    const char *name;
    int parent = mh_place_of(&updating->to, entry->path, &name);
    int flags = entry->type == MH_ENTRY_DIRECTORY ? AT_REMOVEDIR : 0;

    if (parent < 0 || mh_os_unlink(parent, name, flags) < 0) {
        return fail_on(updating, "remove", entry->path, err);
    }
    return 0;
}

/* Backwards, so that a directory is empty when its turn comes. */
static int remove_others(struct updating *updating, struct mh_err *err)
{
    const struct mh_snapshot *to = updating->update->to;

    for (size_t i = to->count; i-- > 0;) {
        if (!has_same(updating->update->from, &to->entries[i]) &&
            remove_entry(updating, &to->entries[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int add_entry(struct updating *updating, const struct mh_entry *entry, struct mh_err *err)
{
    const char *name;
    int to = mh_place_of(&updating->to, entry->path, &name);
    int from;

    if (to < 0) {
        return fail_on(updating, "update", entry->path, err);
    }
    if (entry->type == MH_ENTRY_DIRECTORY) {
        return mh_os_mkdir(to, name, entry->mode | OWNER_ALL) < 0
                   ? fail_on(updating, "make directory", entry->path, err)
                   : 0;
    }
    from = mh_place_of(&updating->from, entry->path, &name);
    if (from < 0 || mh_copier_copy(&updating->copier, from, name, to, name) < 0) {
        return fail_on(updating, "update", entry->path, err);
    }
    updating->copied++;
    return 0;
}

static int add_missing(struct updating *updating, struct mh_err *err)
{
    const struct mh_snapshot *from = updating->update->from;

    for (size_t i = 0; i < from->count; i++) {
        if (!has_same(updating->update->to, &from->entries[i]) &&
            add_entry(updating, &from->entries[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Innermost first: until all was in it a new directory was open to its owner. */
static int set_directory_modes(struct updating *updating, struct mh_err *err)
{
    const struct mh_snapshot *from = updating->update->from;

    for (size_t i = from->count; i-- > 0;) {
        const struct mh_entry *entry = &from->entries[i];
        const struct mh_entry *before = mh_snapshot_find(updating->update->to, entry->path);
        int fd;

        if (entry->type != MH_ENTRY_DIRECTORY ||
            (before != NULL && before->type == entry->type && before->mode == entry->mode)) {
            continue;
        }
        fd = mh_place_at(&updating->to, entry->path, strlen(entry->path));
        if (fd < 0 || mh_set_permissions(fd, entry->mode) < 0) {
            return fail_on(updating, "set the permissions of", entry->path, err);
        }
    }
    if (mh_set_permissions(updating->to.root, from->mode) < 0) {
        return fail_on(updating, "set the permissions of", "", err);
    }
    return 0;
}

int mh_tree_update(const struct mh_update *update, size_t *copied, struct mh_err *err)
{
    struct updating updating = {.update = update, .from = MH_PLACE_INIT, .to = MH_PLACE_INIT};
    int result = -1;

    if (mh_place_open(&updating.from, update->from_dir, update->from_name, err) == 0 &&
        mh_place_open(&updating.to, update->to_dir, update->to_name, err) == 0 &&
        remove_others(&updating, err) == 0 && add_missing(&updating, err) == 0) {
        result = set_directory_modes(&updating, err);
    }
    mh_place_close(&updating.from);
    mh_place_close(&updating.to);
    mh_copier_release(&updating.copier);
    if (result == 0) {
        *copied = updating.copied;
    }
    return result;
}
