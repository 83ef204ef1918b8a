#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "os.h"
#include "path.h"
#include "tree.h"
#include "tree_files.h"

enum { OWNER_ALL = 0700 };

/* One staging under way: an open place in each of the three trees. */
struct staging {
    const struct mh_stage *stage;
    struct mh_place work;
    struct mh_place live;
    struct mh_place to;
    struct mh_copier from_work; /* two, since the trees may lie on different file systems */
    struct mh_copier from_live;
    struct mh_stage_counts counts;
    size_t next_live; /* live's entries before this one sort before the current path */
};

static int fail_on(const struct staging *staging, const char *what, const char *path,
                   struct mh_err *err)
{
    int saved = errno;

    return mh_err_sys(err, saved, "cannot %s %s/%s", what, staging->stage->to_name, path);
}

/* Whether live has the same file.  Both are sorted, so one pass over live serves all calls. */
static bool is_in_live(struct staging *staging, const struct mh_entry *entry)
{
    const struct mh_snapshot *live = staging->stage->live;
    int order = 1;

    while (staging->next_live < live->count) {
        order = strcmp(live->entries[staging->next_live].path, entry->path);
        if (order >= 0) {
            break;
        }
        staging->next_live++;
    }
    return order == 0 && mh_entry_same_file(&live->entries[staging->next_live], entry);
}

static int make_directory(struct staging *staging, const struct mh_entry *entry, struct mh_err *err)
{
    const char *name;
    int parent = mh_place_of(&staging->to, entry->path, &name);

    if (parent < 0 || mh_os_mkdir(parent, name, entry->mode | OWNER_ALL) < 0) {
        return fail_on(staging, "make directory", entry->path, err);
    }
    staging->counts.directories++;
    return 0;
}

/* Tries to take a file from live: 1 when it did, 0 when it cannot be shared, -1 with errno. */
static int share(struct staging *staging, const char *path, int to)
{
    const char *name;
    int from = mh_place_of(&staging->live, path, &name);
    int shared;

    if (from < 0) {
        return 0; /* live has changed since its snapshot; what is staged is compared afterwards */
    }
    shared = mh_copier_clone(&staging->from_live, from, name, to, name);
    if (shared != 0) {
        staging->counts.cloned += shared > 0 ? 1 : 0;
        return shared;
    }
    shared = mh_copier_link(&staging->from_live, from, name, to, name);
    staging->counts.linked += shared > 0 ? 1 : 0;
    return shared;
}

static int stage_file(struct staging *staging, const struct mh_entry *entry, struct mh_err *err)
{
    const char *name;
    int shared = 0;
    int from;
    int to = mh_place_of(&staging->to, entry->path, &name);

    if (to < 0) {
        return fail_on(staging, "stage", entry->path, err);
    }
    if (is_in_live(staging, entry)) {
        shared = share(staging, entry->path, to);
    }
    if (shared < 0) {
        return fail_on(staging, "stage", entry->path, err);
    }
    if (shared > 0) {
        return 0;
    }
    from = mh_place_of(&staging->work, entry->path, &name);
    if (from < 0 || mh_copier_copy(&staging->from_work, from, name, to, name) < 0) {
        return fail_on(staging, "stage", entry->path, err);
    }
    staging->counts.copied++;
    return 0;
}

/* Directories were open to their owner until all was in them; now they get their bits, innermost
 * first. */
static int set_directory_modes(struct staging *staging, struct mh_err *err)
{
    const struct mh_snapshot *work = staging->stage->work;

    for (size_t i = work->count; i-- > 0;) {
        const struct mh_entry *entry = &work->entries[i];
        int fd;

        if (entry->type != MH_ENTRY_DIRECTORY) {
            continue;
        }
        fd = mh_place_at(&staging->to, entry->path, strlen(entry->path));
        if (fd < 0 || mh_set_permissions(fd, entry->mode) < 0) {
            return fail_on(staging, "set the permissions of", entry->path, err);
        }
    }
    if (mh_set_permissions(staging->to.root, work->mode) < 0) {
        return fail_on(staging, "set the permissions of", "", err);
    }
    return 0;
}

/* Opens the three trees; the one that is staged was just made. */
static int open_places(struct staging *staging, struct mh_err *err)
{
    const struct mh_stage *stage = staging->stage;

    if (mh_place_open(&staging->to, stage->to_dir, stage->to_name, err) < 0 ||
        mh_place_open(&staging->work, stage->work_dir, stage->work_name, err) < 0) {
        return -1;
    }
    return stage->live->exists
               ? mh_place_open(&staging->live, stage->live_dir, stage->live_name, err)
               : 0;
}

static int stage_entries(struct staging *staging, struct mh_err *err)
{
    const struct mh_snapshot *work = staging->stage->work;

    if (open_places(staging, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < work->count; i++) {
        const struct mh_entry *entry = &work->entries[i];

        if (entry->type == MH_ENTRY_DIRECTORY ? make_directory(staging, entry, err) < 0
                                              : stage_file(staging, entry, err) < 0) {
            return -1;
        }
    }
    return set_directory_modes(staging, err);
}

int mh_tree_stage(const struct mh_stage *stage, struct mh_stage_counts *counts, struct mh_err *err)
{
    struct staging staging = {
        .stage = stage, .work = MH_PLACE_INIT, .live = MH_PLACE_INIT, .to = MH_PLACE_INIT};
    struct mh_err ignored;
    int result;

    if (mh_os_mkdir(stage->to_dir, stage->to_name, stage->work->mode | OWNER_ALL) < 0) {
        return mh_err_sys(err, errno, "cannot make directory %s", stage->to_name);
    }
    staging.counts.directories = 1;
    result = stage_entries(&staging, err);
    mh_place_close(&staging.to);
    mh_place_close(&staging.work);
    mh_place_close(&staging.live);
    mh_copier_release(&staging.from_work);
    mh_copier_release(&staging.from_live);
    if (result < 0) {
        (void)mh_tree_remove(stage->to_dir, stage->to_name, &ignored);
        return -1;
    }
    *counts = staging.counts;
    return 0;
}
