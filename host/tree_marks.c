#include "tree_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "tree_walk.h"

/* The clock of file systems ticks 100 times a second or more often. */
enum { LONGEST_TICK_MS = 20, MILLISECOND = 1000000 };

static bool is_skipped(const struct mh_marks_options *options, const char *path)
{
    for (size_t i = 0; i < options->skip_count; i++) {
        if (strcmp(options->skip[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static int grow(struct mh_marks *marks, size_t length, struct mh_err *err)
{
    if (marks->paths.size + length > marks->paths.capacity &&
        mh_buffer_reserve(&marks->paths, 2 * (marks->paths.size + length) + 4096, err) < 0) {
        return -1;
    }
    if (marks->count == marks->capacity) {
        size_t capacity = marks->capacity > 0 ? 2 * marks->capacity : 64;
        struct mh_mark *entries = reallocarray(marks->entries, capacity, sizeof *entries);

        if (entries == NULL) {
            return mh_err_nomem(err);
        }
        marks->entries = entries;
        marks->capacity = capacity;
    }
    return 0;
}

static struct timespec time_of(const struct statx_timestamp *stamp)
{
    return (struct timespec){.tv_sec = stamp->tv_sec, .tv_nsec = stamp->tv_nsec};
}

/* Without a name, of the open directory itself. */
static int look_at(int fd, const char *name, struct statx *properties)
{
    return statx(fd, name, AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0),
                 STATX_BASIC_STATS | STATX_BTIME, properties);
}

static int add(struct mh_marks *marks, const struct mh_walk_step *step,
               const struct statx *properties, struct mh_err *err)
{
    const bool born = (properties->stx_mask & STATX_BTIME) != 0;

    if (grow(marks, step->length + 1, err) < 0) {
        return -1;
    }
    memcpy(marks->paths.data + marks->paths.size, step->path, step->length + 1);
    marks->entries[marks->count++] = (struct mh_mark){
        .offset = marks->paths.size,
        .dev = makedev(properties->stx_dev_major, properties->stx_dev_minor),
        .ino = properties->stx_ino,
        .mode = properties->stx_mode,
        .uid = properties->stx_uid,
        .gid = properties->stx_gid,
        .nlink = properties->stx_nlink,
        .size = (off_t)properties->stx_size,
        .btime = born ? time_of(&properties->stx_btime) : (struct timespec){0},
        .mtime = time_of(&properties->stx_mtime),
        .ctime = time_of(&properties->stx_ctime),
    };
    marks->paths.size += step->length + 1;
    return 0;
}

/* Adds what the walk has come to, unless it is left out or has vanished. */
static int look(struct mh_walk *walk, const struct mh_walk_step *step,
                const struct mh_marks_options *options, struct mh_marks *marks, struct mh_err *err)
{
    const bool entered = step->kind == MH_WALK_ENTER;
    struct statx properties;

    if (is_skipped(options, step->path)) {
        if (entered) {
            mh_walk_skip(walk);
        }
        return 0;
    }
    if (look_at(entered ? step->fd : step->parent, entered ? "" : step->name, &properties) < 0) {
        return errno == ENOENT || errno == EACCES
                   ? 0
                   : mh_err_sys(err, errno, "%s: cannot look at it", step->path);
    }
    if (options->max > 0 && marks->count >= options->max) {
        return mh_err_set(err, "EFBIG", "%s holds more than %zu entries", walk->root_name,
                          options->max);
    }
    return add(marks, step, &properties, err);
}

static int walk_tree(struct mh_walk *walk, const struct mh_marks_options *options,
                     struct mh_marks *marks, struct mh_err *err)
{
    struct mh_walk_step step;
    int more;

    while ((more = mh_walk_next(walk, &step, err)) > 0) {
        if (step.kind != MH_WALK_LEAVE && look(walk, &step, options, marks, err) < 0) {
            return -1;
        }
    }
    return more;
}

/* As strcmp, but a slash comes before everything else. */
static int compare_paths(const char *a, const char *b)
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

static int compare_marks(const void *a, const void *b)
{
    return compare_paths(((const struct mh_mark *)a)->path, ((const struct mh_mark *)b)->path);
}

static void sort(struct mh_marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        marks->entries[i].path = marks->paths.data + marks->entries[i].offset;
    }
    if (marks->count > 1) {
        qsort(marks->entries, marks->count, sizeof *marks->entries, compare_marks);
    }
}

static bool is_after(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Waits until the clock that entries get their times from is past the newest of them. */
static void settle(const struct mh_marks *marks)
{
    const struct timespec pause = {.tv_nsec = MILLISECOND};
    struct timespec newest = {0};
    struct timespec now;

    for (size_t i = 0; i < marks->count; i++) {
        if (is_after(&marks->entries[i].ctime, &newest)) {
            newest = marks->entries[i].ctime;
        }
    }
    for (int i = 0; i < LONGEST_TICK_MS; i++) {
        if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0 || is_after(&now, &newest)) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* Whether a root is missing, not a directory, or one that may not be read. */
static bool cannot_be_entered(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == EACCES;
}

/* The marks of a root that is not a directory: its own. */
static int look_at_root(int dirfd, const char *name, struct mh_marks *marks, struct mh_err *err)
{
    struct mh_walk_step step = {.path = "", .length = 0};
    struct statx properties;

    if (look_at(dirfd, name, &properties) < 0) {
        return errno == ENOENT ? 0 : mh_err_sys(err, errno, "%s: cannot look at it", name);
    }
    return add(marks, &step, &properties, err);
}

int mh_marks_take(int dirfd, const char *name, const struct mh_marks_options *options,
                  struct mh_marks *marks, struct mh_err *err)
{
    struct mh_walk walk = MH_WALK_INIT;
    struct mh_err why;
    int result = -1;

    if (mh_walk_begin(&walk, dirfd, name, MH_WALK_LOOK, &why) == 0) {
        result = walk_tree(&walk, options, marks, err);
    } else if (cannot_be_entered(why.errnum)) {
        result = look_at_root(dirfd, name, marks, err);
    } else { /* too many descriptors, say: no marks would read as an empty tree */
        *err = why;
    }
    if (result < 0) {
        goto out;
    }
    sort(marks);
    if (options->settle) {
        settle(marks);
    }
out:
    mh_walk_end(&walk);
    if (result < 0) {
        mh_marks_release(marks);
    }
    return result;
}

void mh_marks_release(struct mh_marks *marks)
{
    free(marks->entries);
    mh_buffer_release(&marks->paths);
    *marks = (struct mh_marks)MH_MARKS_INIT;
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
        int order = was == NULL ? 1 : is == NULL ? -1 : compare_paths(was->path, is->path);

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
