/* What differs between the marks of a tree at two times. */
#include <string.h>

#include "tree_marks.h"

int mh_marks_compare_paths(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    if (*a == *b) {
        return 0;
    }
    if (*a == '/' && *b != '\0') {
        return -1;
    }
    if (*b == '/' && *a != '\0') {
        return 1;
    }
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_inode(const struct mh_mark *a, const struct mh_mark *b)
{
    return a->dev == b->dev && a->ino == b->ino && same_time(&a->btime, &b->btime) &&
           (a->mode & S_IFMT) == (b->mode & S_IFMT);
}

/* What differs between two looks at one inode. */
static int difference(const struct mh_mark *was, const struct mh_mark *is)
{
    const bool directory = S_ISDIR(is->mode);
    const bool written = !same_time(&was->mtime, &is->mtime);
    int differs = (was->mode != is->mode ? MH_DIFFERS_MODE : 0) |
                  (was->uid != is->uid || was->gid != is->gid ? MH_DIFFERS_OWNER : 0);

    if (!directory) {
        differs |= (was->size != is->size ? MH_DIFFERS_SIZE : 0) |
                   (written ? MH_DIFFERS_MTIME : 0) |
                   (was->nlink != is->nlink ? MH_DIFFERS_LINKS : 0);
    }
    if (differs == 0 && !(directory && written) && !same_time(&was->ctime, &is->ctime)) {
        differs = MH_DIFFERS_OTHER;
    }
    return differs;
}

/* The position after an entry and all that is in it. */
static size_t pass(const struct mh_marks *marks, size_t at)
{
    const char *path = marks->entries[at].path;
    size_t length = strlen(path);

    for (at++; at < marks->count; at++) {
        const char *next = marks->entries[at].path;

        if (length > 0 && (strncmp(next, path, length) != 0 || next[length] != '/')) {
            break;
        }
    }
    return at;
}

/* Goes past an entry that both have: false where nothing differs. */
static bool compare_entry(struct mh_marks_diff *diff, const struct mh_mark *was,
                          const struct mh_mark *is)
{
    diff->was = was;
    diff->is = is;
    if (!same_inode(was, is)) {
        diff->touch = MH_TOUCH_REPLACED;
        diff->differs = 0;
        diff->next_before = pass(diff->before, diff->next_before);
        diff->next_after = pass(diff->after, diff->next_after);
        return true;
    }
    diff->next_before++;
    diff->next_after++;
    diff->touch = MH_TOUCH_CHANGED;
    diff->differs = difference(was, is);
    return diff->differs != 0;
}

bool mh_marks_diff_next(struct mh_marks_diff *diff)
{
    const struct mh_marks *before = diff->before;
    const struct mh_marks *after = diff->after;

    while (diff->next_before < before->count || diff->next_after < after->count) {
        const struct mh_mark *was =
            diff->next_before < before->count ? &before->entries[diff->next_before] : NULL;
        const struct mh_mark *is =
            diff->next_after < after->count ? &after->entries[diff->next_after] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : mh_marks_compare_paths(was->path, is->path);

        if (order == 0) {
            if (compare_entry(diff, was, is)) {
                return true;
            }
            continue;
        }
        diff->differs = 0;
        diff->touch = order < 0 ? MH_TOUCH_REMOVED : MH_TOUCH_ADDED;
        diff->was = order < 0 ? was : NULL;
        diff->is = order < 0 ? NULL : is;
        if (order < 0) {
            diff->next_before = pass(before, diff->next_before);
        } else {
            diff->next_after = pass(after, diff->next_after);
        }
        return true;
    }
    return false;
}
