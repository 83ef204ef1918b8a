#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "path.h"
#include "tree_walk.h"

enum { TEXT_SIZE = 64 * 1024, FIRST_ENTRIES = 64, HEADER_SIZE = 128, SETTLED_SECONDS = 2 };

/* Paths are kept in blocks that never move; `data` holds `size` bytes, the next block is older. */
struct mh_tree_text {
    struct mh_tree_text *next;
    size_t size;
    size_t used;
    char data[];
};

/* What taking a snapshot works with: the snapshot as far as it is done. */
struct taking {
    struct mh_snapshot snapshot;
    const struct mh_snapshot *known;
    size_t capacity;
    struct mh_hash hash;
    struct mh_walk walk;
};

static const char *keep_path(struct mh_snapshot *snapshot, const char *path, size_t length,
                             struct mh_err *err)
{
    struct mh_tree_text *text = snapshot->texts;
    char *kept;

    if (text == NULL || text->size - text->used < length + 1) {
        size_t size = length + 1 > TEXT_SIZE ? length + 1 : TEXT_SIZE;

        text = malloc(sizeof *text + size);
        if (text == NULL) {
            (void)mh_err_nomem(err);
            return NULL;
        }
        *text = (struct mh_tree_text){.next = snapshot->texts, .size = size, .used = 0};
        snapshot->texts = text;
    }
    kept = text->data + text->used;
    memcpy(kept, path, length + 1);
    text->used += length + 1;
    return kept;
}

static struct mh_entry *add_entry(struct taking *taking, const struct mh_walk_step *step,
                                  struct mh_err *err)
{
    struct mh_snapshot *snapshot = &taking->snapshot;
    const char *path;

    if (step->length > MH_TREE_PATH_MAX) {
        (void)mh_err_set(err, "ENAMETOOLONG", "a path in %s is longer than %d bytes: %.64s...",
                         taking->walk.root_name, MH_TREE_PATH_MAX, step->path);
        return NULL;
    }
    if (snapshot->count == taking->capacity) {
        size_t capacity = taking->capacity > 0 ? 2 * taking->capacity : FIRST_ENTRIES;
        struct mh_entry *entries = reallocarray(snapshot->entries, capacity, sizeof *entries);

        if (entries == NULL) {
            (void)mh_err_nomem(err);
            return NULL;
        }
        snapshot->entries = entries;
        taking->capacity = capacity;
    }
    path = keep_path(snapshot, step->path, step->length, err);
    if (path == NULL) {
        return NULL;
    }
    snapshot->entries[snapshot->count] = (struct mh_entry){.path = path};
    return &snapshot->entries[snapshot->count++];
}

static void set_properties(struct mh_entry *entry, const struct stat *properties)
{
    bool file = S_ISREG(properties->st_mode);

    entry->type = file ? MH_ENTRY_FILE : MH_ENTRY_DIRECTORY;
    entry->mode = properties->st_mode & 0777;
    entry->size = file ? (uint64_t)properties->st_size : 0;
    entry->dev = properties->st_dev;
    entry->ino = properties->st_ino;
    entry->mtime = properties->st_mtim;
    entry->ctime = properties->st_ctim;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Fills the entry from the known one at this path, provided the file there is still the one that
 * was read then.  One that had been written within the clock's grain of that reading could have
 * been written once more, unseen, so it is not trusted.
 */
static bool reuse_known(const struct taking *taking, const struct mh_walk_step *step,
                        struct mh_entry *entry)
{
    const struct mh_entry *known;
    struct stat now;

    if (taking->known == NULL) {
        return false;
    }
    known = mh_snapshot_find(taking->known, step->path);
    if (known == NULL || known->type != MH_ENTRY_FILE ||
        known->mtime.tv_sec + SETTLED_SECONDS >= taking->known->taken.tv_sec) {
        return false;
    }
    if (fstatat(step->parent, step->name, &now, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(now.st_mode)) {
        return false; /* reading the file says why */
    }
    if (now.st_dev != known->dev || now.st_ino != known->ino ||
        (uint64_t)now.st_size != known->size || !same_time(&now.st_mtim, &known->mtime)) {
        return false;
    }
    set_properties(entry, &now);
    memcpy(entry->sha256, known->sha256, sizeof entry->sha256);
    return true;
}

/* Fills the entry from an open file, which is read to its end. */
static int read_file(struct taking *taking, int fd, struct mh_entry *entry, struct mh_err *err)
{
    struct stat properties;
    uint64_t size;

    if (fstat(fd, &properties) < 0) {
        return mh_err_sys(err, errno, "cannot look at it");
    }
    if (!S_ISREG(properties.st_mode)) {
        return mh_err_set(err, "ESTALE", "it was replaced while it was being read");
    }
    set_properties(entry, &properties);
    if (mh_hash_file(&taking->hash, fd, entry->size, entry->sha256, &size, err) < 0) {
        return -1;
    }
    if (size != entry->size) {
        return mh_err_set(err, "ESTALE", "it changed while it was being read");
    }
    return 0;
}

static int take_file(struct taking *taking, const struct mh_walk_step *step, struct mh_err *err)
{
    struct mh_entry *entry = add_entry(taking, step, err);
    int result;
    int fd;

    if (entry == NULL) {
        return -1;
    }
    if (reuse_known(taking, step, entry)) {
        return 0;
    }
    fd = mh_path_open(step->parent, step->name, O_RDONLY, MH_LINKS_REFUSE);
    if (fd < 0) {
        return mh_err_sys(err, errno, "cannot read %s/%s", taking->walk.root_name, step->path);
    }
    result = read_file(taking, fd, entry, err);
    if (result < 0) {
        (void)mh_err_wrap(err, "cannot read %s/%s", taking->walk.root_name, step->path);
    }
    mh_os_close(&fd);
    return result;
}

static int take_directory(struct taking *taking, const struct mh_walk_step *step,
                          struct mh_err *err)
{
    struct mh_entry *entry;

    if (step->length == 0) {
        taking->snapshot.mode = step->properties.st_mode & 0777;
        return 0;
    }
    entry = add_entry(taking, step, err);
    if (entry == NULL) {
        return -1;
    }
    set_properties(entry, &step->properties);
    return 0;
}

static int take_step(struct taking *taking, const struct mh_walk_step *step, struct mh_err *err)
{
    if (step->kind == MH_WALK_ENTER) {
        return take_directory(taking, step, err);
    }
    if (step->kind == MH_WALK_LEAVE) {
        return 0;
    }
    if (step->entry_kind != MH_KIND_FILE) {
        return mh_walk_refuse(&taking->walk, step, err);
    }
    return take_file(taking, step, err);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct mh_entry *)a)->path, ((const struct mh_entry *)b)->path);
}

/* Adds one record to the digest. */
static int add_record(struct mh_hash *hash, mode_t mode, const struct mh_entry *entry,
                      struct mh_err *err)
{
    const bool file = entry->type == MH_ENTRY_FILE;
    char header[HEADER_SIZE];
    char hex[MH_SHA256_HEX_SIZE] = "-";
    int length;

    if (file) {
        mh_sha256_hex(entry->sha256, hex);
    }
    length = snprintf(header, sizeof header, "%c %04o %" PRIu64 " %s ", file ? 'f' : 'd',
                      (unsigned)mode, entry->size, hex);
    if (mh_hash_add(hash, header, (size_t)length, err) < 0) {
        return -1;
    }
    return mh_hash_add(hash, entry->path, strlen(entry->path) + 1, err);
}

static int digest_snapshot(struct mh_snapshot *snapshot, struct mh_hash *hash, struct mh_err *err)
{
    const char *version = snapshot->exists ? "mighost-tree 1\n" : "mighost-tree 1 missing\n";
    const struct mh_entry root = {.path = "", .type = MH_ENTRY_DIRECTORY};

    if (mh_hash_start(hash, err) < 0 || mh_hash_add(hash, version, strlen(version), err) < 0) {
        return -1;
    }
    if (snapshot->exists && add_record(hash, snapshot->mode, &root, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < snapshot->count; i++) {
        if (add_record(hash, snapshot->entries[i].mode, &snapshot->entries[i], err) < 0) {
            return -1;
        }
    }
    return mh_hash_end(hash, snapshot->digest, err);
}

/* Walks the tree into the snapshot; a missing one leaves it empty. */
static int take_entries(struct taking *taking, int dirfd, const char *name, struct mh_err *err)
{
    struct mh_err trouble = {0};
    struct mh_walk_step step;
    int more = mh_walk_begin(&taking->walk, dirfd, name, 0, &trouble);

    if (more < 0 && trouble.errnum == ENOENT) {
        return 0;
    }
    if (more < 0) {
        *err = trouble;
        return -1;
    }
    taking->snapshot.exists = true;
    while ((more = mh_walk_next(&taking->walk, &step, err)) > 0) {
        if (take_step(taking, &step, err) < 0) {
            return -1;
        }
    }
    return more;
}

int mh_snapshot_take(int dirfd, const char *name, const struct mh_snapshot *known,
                     struct mh_snapshot *out, struct mh_err *err)
{
    struct taking taking = {
        .snapshot = MH_SNAPSHOT_INIT, .known = known, .hash = MH_HASH_INIT, .walk = MH_WALK_INIT};
    struct mh_snapshot *snapshot = &taking.snapshot;
    int result = -1;

    (void)clock_gettime(CLOCK_REALTIME, &snapshot->taken);
    if (mh_hash_init(&taking.hash, err) < 0 || take_entries(&taking, dirfd, name, err) < 0) {
        goto out;
    }
    if (snapshot->count > 1) {
        qsort(snapshot->entries, snapshot->count, sizeof *snapshot->entries, compare_entries);
    }
    if (digest_snapshot(snapshot, &taking.hash, err) < 0) {
        goto out;
    }
    *out = *snapshot;
    *snapshot = (struct mh_snapshot)MH_SNAPSHOT_INIT;
    result = 0;
out:
    mh_snapshot_release(snapshot);
    mh_walk_end(&taking.walk);
    mh_hash_release(&taking.hash);
    return result;
}

void mh_snapshot_release(struct mh_snapshot *snapshot)
{
    while (snapshot->texts != NULL) {
        struct mh_tree_text *text = snapshot->texts;

        snapshot->texts = text->next;
        free(text);
    }
    free(snapshot->entries);
    *snapshot = (struct mh_snapshot)MH_SNAPSHOT_INIT;
}
