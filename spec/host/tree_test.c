/* Trees: what is read again and what is not, staging, depth and width, other users. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "dir.h"
#include "faults.h"
#include "host_test.h"
#include "tree.h"
#include "tree_marks.h"
#include "tree_walk.h"

enum { FEW_DESCRIPTORS = 128, DEEP = 300, VERY_DEEP = 2100, WIDE = 2500, LARGE = 700001 };

static struct mh_snapshot take(int dirfd, const char *name, const struct mh_snapshot *known)
{
    struct mh_snapshot snapshot = MH_SNAPSHOT_INIT;
    struct mh_err err = {0};

    CHECK_OK(mh_snapshot_take(dirfd, name, known, &snapshot, &err), &err);
    return snapshot;
}

static const struct mh_entry *find(const struct mh_snapshot *snapshot, const char *path)
{
    static const struct mh_entry none = {.path = ""};
    const struct mh_entry *entry = mh_snapshot_find(snapshot, path);

    CHECK(entry != NULL);
    return entry != NULL ? entry : &none;
}

/* ---- what is read again ---- */

static void set_time(int dirfd, const char *path, const struct timespec *time)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, *time};

    CHECK(utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW) == 0);
}

/* Writes other bytes of the same length into the same file and gives it its old time back. */
static void change_unseen(int dirfd, const char *path, const char *text)
{
    struct stat properties = {0};
    int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

    CHECK(fd >= 0 && fstat(fd, &properties) == 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    set_time(dirfd, path, &properties.st_mtim);
}

static bool content_equal(const struct mh_snapshot *a, const struct mh_snapshot *b,
                          const char *path)
{
    return memcmp(find(a, path)->sha256, find(b, path)->sha256, MH_SHA256_SIZE) == 0;
}

static void test_known(int dirfd)
{
    struct mh_snapshot known;
    struct mh_snapshot again;
    struct mh_snapshot anew;

    put_dir(dirfd, "tree");
    put_file(dirfd, "tree/old", "aaaa");
    put_file(dirfd, "tree/fresh", "aaaa");
    put_file(dirfd, "tree/moved", "aaaa");
    make_older(dirfd, "tree/old", 10);
    make_older(dirfd, "tree/moved", 10);
    known = take(dirfd, "tree", NULL);
    change_unseen(dirfd, "tree/old", "bbbb");
    change_unseen(dirfd, "tree/fresh", "bbbb");
    put_file(dirfd, "tree/other", "bbbb");
    set_time(dirfd, "tree/other", &find(&known, "moved")->mtime);
    CHECK(renameat(dirfd, "tree/other", dirfd, "tree/moved") == 0);
    again = take(dirfd, "tree", &known);
    anew = take(dirfd, "tree", NULL);
    CHECK(content_equal(&known, &again, "old")); /* not read: which is the point, and its price */
    CHECK(!content_equal(&known, &anew, "old"));
    CHECK(!content_equal(&known, &again, "fresh")); /* too young to be trusted */
    CHECK(!content_equal(&known, &again, "moved")); /* another inode */
    mh_snapshot_release(&known);
    mh_snapshot_release(&again);
    mh_snapshot_release(&anew);
}

static void test_known_bits(int dirfd)
{
    struct mh_snapshot known;
    struct mh_snapshot again;

    put_dir(dirfd, "tree");
    put_file(dirfd, "tree/file", "text");
    make_older(dirfd, "tree/file", 10);
    known = take(dirfd, "tree", NULL);
    CHECK(linkat(dirfd, "tree/file", dirfd, "link", 0) == 0);
    again = take(dirfd, "tree", &known);
    CHECK(mh_snapshot_equal(&known, &again));
    mh_snapshot_release(&again);
    CHECK(fchmodat(dirfd, "tree/file", 0600, 0) == 0);
    again = take(dirfd, "tree", &known);
    CHECK(!mh_snapshot_equal(&known, &again) && find(&again, "file")->mode == 0600);
    CHECK(content_equal(&known, &again, "file"));
    mh_snapshot_release(&known);
    mh_snapshot_release(&again);
}

static void test_find(int dirfd)
{
    static const char *const names[] = {"a", "a-b", "a/b", "a0", "b"};
    struct mh_snapshot snapshot = MH_SNAPSHOT_INIT;

    CHECK(mh_snapshot_find(&snapshot, "a") == NULL);
    mh_snapshot_release(&snapshot);
    put_dir(dirfd, "tree");
    put_dir(dirfd, "tree/a");
    put_file(dirfd, "tree/a-b", "");
    put_file(dirfd, "tree/a/b", "");
    put_file(dirfd, "tree/a0", "");
    put_file(dirfd, "tree/b", "");
    snapshot = take(dirfd, "tree", NULL);
    CHECK(snapshot.count == 5);
    for (size_t i = 0; i < 5; i++) {
        CHECK(strcmp(snapshot.entries[i].path, names[i]) == 0);
        CHECK(mh_snapshot_find(&snapshot, names[i]) == &snapshot.entries[i]);
    }
    CHECK(mh_snapshot_find(&snapshot, "") == NULL && mh_snapshot_find(&snapshot, "c") == NULL &&
          mh_snapshot_find(&snapshot, "a/") == NULL);
    mh_snapshot_release(&snapshot);
    mh_snapshot_release(&snapshot);
}

static void test_hash(int dirfd)
{
    unsigned char whole[MH_SHA256_SIZE];
    unsigned char read_back[MH_SHA256_SIZE];
    const uint64_t hints[] = {0, 1, LARGE - 1, LARGE, LARGE + 1};
    struct mh_hash hash = MH_HASH_INIT;
    struct mh_err err = {0};
    uint64_t size = 0;
    char *text = malloc(LARGE + 1);

    CHECK(text != NULL);
    memset(text, 'x', LARGE);
    text[LARGE] = '\0';
    put_file(dirfd, "large", text);
    CHECK_OK(mh_sha256(text, LARGE, whole, &err), &err);
    CHECK_OK(mh_hash_init(&hash, &err), &err);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        int fd = openat(dirfd, "large", O_RDONLY | O_CLOEXEC);

        CHECK_OK(mh_hash_file(&hash, fd, hints[i], read_back, &size, &err), &err);
        CHECK(size == LARGE && memcmp(whole, read_back, sizeof whole) == 0);
        (void)close(fd);
    }
    mh_hash_release(&hash);
    mh_hash_release(&hash);
    free(text);
}

/* ---- staging ---- */

struct trees {
    struct mh_snapshot work;
    struct mh_snapshot live;
    struct mh_stage stage;
    struct mh_stage_counts counts;
};

/* Three files stay; one each changes, changes its bits, goes, and turns into a directory. */
static void put_trees(int dirfd)
{
    static const char *const names[] = {"live", "work"};

    for (int i = 0; i < 2; i++) {
        int root;

        put_dir(dirfd, names[i]);
        root = open_dir(dirfd, names[i]);
        put_dir(root, "sub");
        put_dir(root, "sub/deeper");
        put_file(root, "same", "same");
        put_file(root, "sub/same", "same");
        put_file(root, "sub/deeper/same", "same");
        put_file(root, "changes", i == 0 ? "old" : "new");
        put_file(root, "bits", "bits");
        (void)close(root);
    }
    put_file(dirfd, "live/goes", "");
    put_file(dirfd, "live/turns", "");
    put_dir(dirfd, "work/turns");
    put_file(dirfd, "work/turns/inside", "inside");
    put_file(dirfd, "work/sub-new", "new");
    CHECK(fchmodat(dirfd, "work/bits", 0700, 0) == 0);
}

static void take_trees(int dirfd, struct trees *trees)
{
    *trees = (struct trees){.work = take(dirfd, "work", NULL), .live = take(dirfd, "live", NULL)};
    trees->stage = (struct mh_stage){.work_dir = dirfd,
                                     .work_name = "work",
                                     .work = &trees->work,
                                     .live_dir = dirfd,
                                     .live_name = "live",
                                     .live = &trees->live,
                                     .to_dir = dirfd,
                                     .to_name = "staged"};
}

/* Stages and compares; `shared` says how the three unchanged files must have come. */
static void stage_and_compare(int dirfd, struct trees *trees, size_t cloned, size_t linked)
{
    struct mh_err err = {0};
    struct mh_snapshot staged;

    CHECK_OK(mh_tree_stage(&trees->stage, &trees->counts, &err), &err);
    staged = take(dirfd, "staged", &trees->live);
    CHECK(mh_snapshot_equal(&staged, &trees->work));
    CHECK(trees->counts.cloned == cloned && trees->counts.linked == linked);
    CHECK(trees->counts.copied == 7 - cloned - linked);
    CHECK(trees->counts.directories == 4);
    CHECK((find(&staged, "sub/same")->ino == find(&trees->live, "sub/same")->ino) == (linked > 0));
    CHECK_FAILS(mh_tree_stage(&trees->stage, &trees->counts, &err), &err, "EEXIST");
    CHECK(has(dirfd, "staged/same"));
    CHECK_OK(mh_tree_remove(dirfd, "staged", &err), &err);
    mh_snapshot_release(&staged);
}

static void release_trees(struct trees *trees)
{
    mh_snapshot_release(&trees->work);
    mh_snapshot_release(&trees->live);
}

static void test_stage(int dirfd)
{
    static const int unsupported[] = {EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS, EACCES};
    struct mh_err err = {0};
    struct trees trees;

    put_trees(dirfd);
    take_trees(dirfd, &trees);
    stage_and_compare(dirfd, &trees, 0, 3);
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        check_context("links fail with %s", strerrorname_np(unsupported[i]));
        faults_arm(
            (struct fault){.call = 1, .errnum = unsupported[i], .only = "linkat", .every = true});
        stage_and_compare(dirfd, &trees, 0, 0);
        CHECK(faults_disarm());
    }
    check_context("%s", "");
    faults_arm((struct fault){.call = 1, .errnum = EIO, .only = "linkat"});
    CHECK_FAILS(mh_tree_stage(&trees.stage, &trees.counts, &err), &err, "EIO");
    CHECK(faults_disarm() && !has(dirfd, "staged"));
    faults_clone_works(true);
    stage_and_compare(dirfd, &trees, 3, 0);
    faults_clone_works(false);
    release_trees(&trees);
}

/* The first tree of its kind: there is no live one. */
static void test_stage_new(int dirfd)
{
    struct mh_err err = {0};
    struct mh_snapshot staged;
    struct trees trees;

    put_trees(dirfd);
    CHECK_OK(mh_tree_remove(dirfd, "live", &err), &err);
    take_trees(dirfd, &trees);
    CHECK(!trees.live.exists && trees.live.count == 0);
    CHECK_OK(mh_tree_stage(&trees.stage, &trees.counts, &err), &err);
    staged = take(dirfd, "staged", NULL);
    CHECK(mh_snapshot_equal(&staged, &trees.work));
    CHECK(trees.counts.copied == 7 && trees.counts.linked == 0);
    mh_snapshot_release(&staged);
    release_trees(&trees);
}

/* What changed after the snapshots shows when the staged tree is compared, or is a clean error. */
static void test_stage_races(int dirfd)
{
    struct mh_err err = {0};
    struct mh_snapshot staged;
    struct trees trees;

    put_trees(dirfd);
    take_trees(dirfd, &trees);
    put_file(dirfd, "work/sub-new", "changed since");
    put_file(dirfd, "live/same", "edited by hand");
    CHECK(unlinkat(dirfd, "live/sub/same", 0) == 0);
    CHECK(symlinkat("nowhere", dirfd, "live/sub/same") == 0);
    CHECK_OK(mh_tree_stage(&trees.stage, &trees.counts, &err), &err);
    CHECK_FAILS(mh_snapshot_take(dirfd, "staged", &trees.live, &staged, &err), &err,
                "EINVALIDPATH");
    CHECK_OK(mh_tree_remove(dirfd, "staged", &err), &err);
    CHECK(unlinkat(dirfd, "live/sub/same", 0) == 0);
    CHECK_OK(mh_tree_stage(&trees.stage, &trees.counts, &err), &err);
    staged = take(dirfd, "staged", &trees.live);
    CHECK(!mh_snapshot_equal(&staged, &trees.work));
    CHECK(!content_equal(&staged, &trees.work, "same"));
    CHECK(content_equal(&staged, &trees.work, "sub/same"));
    CHECK_OK(mh_tree_remove(dirfd, "staged", &err), &err);
    CHECK(unlinkat(dirfd, "work/sub-new", 0) == 0);
    CHECK_FAILS(mh_tree_stage(&trees.stage, &trees.counts, &err), &err, "ENOENT");
    CHECK(!has(dirfd, "staged"));
    mh_snapshot_release(&staged);
    release_trees(&trees);
}

/* ---- depth and width ---- */

/* A chain of directories "d" with a file at its end. */
static void put_chain(int dirfd, const char *name, int depth)
{
    int fd;

    put_dir(dirfd, name);
    fd = open_dir(dirfd, name);
    for (int i = 0; i < depth; i++) {
        int next;

        put_dir(fd, "d");
        next = open_dir(fd, "d");
        (void)close(fd);
        fd = next;
    }
    put_file(fd, "end", "text");
    (void)close(fd);
}

static void limit_descriptors(void)
{
    const struct rlimit limit = {.rlim_cur = FEW_DESCRIPTORS, .rlim_max = FEW_DESCRIPTORS};

    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void test_deep(int dirfd)
{
    struct mh_err err = {0};

    put_chain(dirfd, "work", DEEP);
    if (check_enter_child(false, dirfd)) {
        struct mh_snapshot copy;
        struct trees trees;

        limit_descriptors();
        CHECK_OK(mh_tree_copy(dirfd, "work", dirfd, "live", &err), &err);
        take_trees(dirfd, &trees);
        CHECK(trees.work.count == DEEP + 1 && mh_snapshot_equal(&trees.work, &trees.live));
        CHECK_OK(mh_tree_stage(&trees.stage, &trees.counts, &err), &err);
        copy = take(dirfd, "staged", NULL);
        CHECK(mh_snapshot_equal(&trees.work, &copy));
        CHECK_OK(mh_tree_sync(dirfd, "staged", NULL, &err), &err);
        mh_snapshot_release(&copy);
        release_trees(&trees);
        CHECK_OK(mh_tree_remove(dirfd, "staged", &err), &err);
        CHECK_OK(mh_tree_remove(dirfd, "live", &err), &err);
        check_leave();
    }
    CHECK(count_names(dirfd, ".") == 1);
}

static void test_very_deep(int dirfd)
{
    struct mh_snapshot snapshot = MH_SNAPSHOT_INIT;
    struct mh_err err = {0};

    put_chain(dirfd, "tree", VERY_DEEP);
    if (check_enter_child(false, dirfd)) {
        limit_descriptors();
        CHECK_FAILS(mh_snapshot_take(dirfd, "tree", NULL, &snapshot, &err), &err, "ENAMETOOLONG");
        CHECK_FAILS(mh_tree_copy(dirfd, "tree", dirfd, "copy", &err), &err, "ENAMETOOLONG");
        CHECK(!has(dirfd, "copy"));
        CHECK_OK(mh_tree_sync(dirfd, "tree", NULL, &err), &err);
        CHECK_OK(mh_tree_remove(dirfd, "tree", &err), &err);
        check_leave();
    }
    CHECK(!has(dirfd, "tree"));
}

static void test_wide(int dirfd)
{
    struct mh_err err = {0};
    struct mh_snapshot snapshot;
    char name[64];

    put_dir(dirfd, "tree");
    for (int i = 0; i < WIDE; i++) {
        (void)snprintf(name, sizeof name, "tree/%d-%.*s", i, i % 30,
                       "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        if (i % 10 == 0) {
            put_dir(dirfd, name);
        } else {
            put_file(dirfd, name, name);
        }
    }
    snapshot = take(dirfd, "tree", NULL);
    CHECK(snapshot.count == WIDE);
    for (size_t i = 1; i < snapshot.count; i++) {
        CHECK(strcmp(snapshot.entries[i - 1].path, snapshot.entries[i].path) < 0);
    }
    CHECK_OK(mh_tree_remove(dirfd, "tree", &err), &err);
    mh_snapshot_release(&snapshot);
}

/* Directories far above are closed meanwhile; a moved one is not taken for where we came from. */
static void test_moved(int dirfd)
{
    struct mh_walk walk = MH_WALK_INIT;
    struct mh_walk_step step;
    struct mh_err err = {0};
    int more;

    put_chain(dirfd, "tree", MH_WALK_OPEN + 10);
    put_chain(dirfd, "other", 3);
    more = mh_walk_begin(&walk, dirfd, "tree", 0, &err);
    while (more >= 0 && (more = mh_walk_next(&walk, &step, &err)) > 0) {
        if (step.kind == MH_WALK_ENTRY) {
            CHECK(renameat(dirfd, "tree/d/d/d", dirfd, "other/d/d/d/moved") == 0);
        }
    }
    CHECK_FAILS(more, &err, "ESTALE");
    mh_walk_end(&walk);
    mh_walk_end(&walk);
}

/* ---- permissions, kinds, syncs ---- */

static void test_permissions(int dirfd)
{
    struct mh_snapshot snapshot = MH_SNAPSHOT_INIT;
    struct mh_err err = {0};

    if (!check_enter_child(true, dirfd)) {
        return;
    }
    put_dir(dirfd, "tree");
    put_dir(dirfd, "tree/no-write");
    put_file(dirfd, "tree/no-write/file", "");
    put_dir(dirfd, "tree/nothing");
    put_dir(dirfd, "tree/nothing/inside");
    put_file(dirfd, "tree/secret", "");
    CHECK(fchmodat(dirfd, "tree/secret", 0000, 0) == 0);
    CHECK_FAILS(mh_snapshot_take(dirfd, "tree", NULL, &snapshot, &err), &err, "EACCES");
    CHECK_FAILS(mh_tree_copy(dirfd, "tree", dirfd, "copy", &err), &err, "EACCES");
    CHECK(!has(dirfd, "copy"));
    CHECK(fchmodat(dirfd, "tree/nothing", 0000, 0) == 0);
    CHECK(fchmodat(dirfd, "tree/no-write", 0555, 0) == 0);
    CHECK(fchmodat(dirfd, "tree", 0100, 0) == 0);
    CHECK_FAILS(mh_snapshot_take(dirfd, "tree", NULL, &snapshot, &err), &err, "EACCES");
    CHECK_OK(mh_tree_remove(dirfd, "tree", &err), &err);
    CHECK(!has(dirfd, "tree"));
    put_dir(dirfd, "above");
    put_dir(dirfd, "above/tree");
    CHECK(fchmodat(dirfd, "above", 0555, 0) == 0);
    {
        int above = open_dir(dirfd, "above");

        CHECK_FAILS(mh_tree_remove(above, "tree", &err), &err, "EACCES");
        CHECK_FAILS(mh_tree_copy(above, "tree", above, "copy", &err), &err, "EACCES");
    }
    CHECK(has(dirfd, "above/tree"));
    check_leave();
}

static void test_kinds(int dirfd)
{
    static const struct {
        const char *name;
        enum mh_kind kind;
    } entries[] = {{"file", MH_KIND_FILE},
                   {"directory", MH_KIND_DIRECTORY},
                   {"link", MH_KIND_SYMLINK},
                   {"fifo", MH_KIND_OTHER}};
    enum mh_kind kind = MH_KIND_OTHER;

    put_file(dirfd, "file", "");
    put_dir(dirfd, "directory");
    CHECK(symlinkat("directory", dirfd, "link") == 0 && mkfifoat(dirfd, "fifo", 0600) == 0);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        CHECK(mh_kind_of_entry(dirfd, entries[i].name, DT_UNKNOWN, &kind) == 0);
        CHECK(kind == entries[i].kind);
    }
    CHECK(mh_kind_of_entry(dirfd, "missing", DT_UNKNOWN, &kind) == -1);
    CHECK(mh_kind_of_entry(dirfd, "missing", DT_LNK, &kind) == 0 && kind == MH_KIND_SYMLINK);
}

static void test_sync(int dirfd)
{
    struct mh_err err = {0};
    char name[32];

    put_dir(dirfd, "tree");
    put_dir(dirfd, "tree/sub");
    put_file(dirfd, "tree/sub/file", "text");
    faults_arm((struct fault){.call = 1000});
    CHECK_OK(mh_tree_sync(dirfd, "tree", NULL, &err), &err);
    (void)faults_disarm();
    CHECK(faults_count("fsync") == 3 && faults_count("syncfs") == 0);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "tree/%d", i);
        put_file(dirfd, name, "text");
    }
    faults_arm((struct fault){.call = 1000});
    CHECK_OK(mh_tree_sync(dirfd, "tree", NULL, &err), &err);
    (void)faults_disarm();
    CHECK(faults_count("fsync") == 0 && faults_count("syncfs") == 1);
}

/* Marks without what is in the root would read as if somebody had removed it all. */
static void test_marks_without_descriptors(int dirfd)
{
    const struct mh_marks_options options = {0};
    struct mh_marks marks = MH_MARKS_INIT;
    struct mh_err err = {0};

    put_dir(dirfd, "tree");
    put_file(dirfd, "tree/file", "text");
    if (check_enter_child(false, dirfd)) {
        const rlim_t none = (rlim_t)fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
        const struct rlimit limit = {.rlim_cur = none, .rlim_max = none};

        CHECK(close((int)none) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK_FAILS(mh_marks_take(dirfd, "tree", &options, &marks, &err), &err, "EMFILE");
        CHECK(marks.count == 0);
        check_leave();
    }
}

void run_tree_tests(void)
{
    check_run("known files are not read again, unless they are too young", test_known);
    check_run("permission bits are never taken from what is known", test_known_bits);
    check_run("entries are found and sorted", test_find);
    check_run("a large file is hashed whole, whatever its size was said to be", test_hash);
    check_run("staging shares what is unchanged", test_stage);
    check_run("staging without a live tree", test_stage_new);
    check_run("what changes meanwhile is noticed", test_stage_races);
    check_run("a deep tree needs few descriptors", test_deep);
    check_run("a very deep tree can be removed, and is refused else", test_very_deep);
    check_run("a wide tree", test_wide);
    check_run("a moved directory is noticed", test_moved);
    check_run("closed directories", test_permissions);
    check_run("kinds of entries", test_kinds);
    check_run("one sync or many", test_sync);
    check_run("marks are whole or fail", test_marks_without_descriptors);
}
