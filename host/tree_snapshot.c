#include "tree.h"

#include <string.h>

bool mh_snapshot_equal(const struct mh_snapshot *a, const struct mh_snapshot *b)
{
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

const struct mh_entry *mh_snapshot_find(const struct mh_snapshot *snapshot, const char *path)
{
    size_t low = 0;
    size_t high = snapshot->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, snapshot->entries[middle].path);

        if (order == 0) {
            return &snapshot->entries[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool mh_entry_same_file(const struct mh_entry *a, const struct mh_entry *b)
{
    return a->type == MH_ENTRY_FILE && b->type == MH_ENTRY_FILE && a->mode == b->mode &&
           a->size == b->size && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

/* The next file from position *next on, directories passed over; NULL at the end. */
static const struct mh_entry *next_file(const struct mh_snapshot *snapshot, size_t *next)
{
    while (*next < snapshot->count && snapshot->entries[*next].type != MH_ENTRY_FILE) {
        (*next)++;
    }
    return *next < snapshot->count ? &snapshot->entries[*next] : NULL;
}

bool mh_snapshot_diff_next(struct mh_diff *diff)
{
    for (;;) {
        const struct mh_entry *before = next_file(diff->before, &diff->next_before);
        const struct mh_entry *after = next_file(diff->after, &diff->next_after);
        int order;

        if (before == NULL && after == NULL) {
            return false;
        }
        if (before != NULL && after != NULL) {
            order = strcmp(before->path, after->path);
        } else {
            order = before != NULL ? -1 : 1;
        }
        diff->next_before += order <= 0 ? 1 : 0;
        diff->next_after += order >= 0 ? 1 : 0;
        if (order == 0 && mh_entry_same_file(before, after)) {
            continue;
        }
        diff->path = order <= 0 ? before->path : after->path;
        diff->change = order == 0  ? MH_CHANGE_CHANGED
                       : order < 0 ? MH_CHANGE_REMOVED
                                   : MH_CHANGE_ADDED;
        return true;
    }
}
