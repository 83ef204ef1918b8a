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

static int compare_marks(const void *a, const void *b)
{
    return mh_marks_compare_paths(((const struct mh_mark *)a)->path,
                                  ((const struct mh_mark *)b)->path);
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
