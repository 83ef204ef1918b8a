/* Each function with each of its mutating calls failing: a clean error, and nothing half done. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "check.h"
#include "dir.h"
#include "faults.h"
#include "host_test.h"
#include "lock.h"
#include "tree.h"

enum { LARGE = 300000, MANY = 30, NEVER = 500 };

/* One function under test: what is there before, the call, and what must hold after it. */
struct scenario {
    const char *name;
    void (*prepare)(int dirfd);
    int (*run)(int dirfd, struct mh_err *err);
    void (*check)(int dirfd, bool failed);
};

static struct mh_dir as_dir(int dirfd)
{
    return (struct mh_dir){.fd = dirfd, .path = (char *)(uintptr_t) "scratch"};
}

/* ---- one file ---- */

static void prepare_file(int dirfd)
{
    put_file(dirfd, "file", "old");
}

static int run_write(int dirfd, struct mh_err *err)
{
    const struct mh_atomic_options options = {.mode = 0644, .durable = true};

    return mh_atomic_write(dirfd, "file", "new text", 8, &options, err);
}

static void check_write(int dirfd, bool failed)
{
    const bool in_place = strcmp(faults_hit(), "fsync") == 0 && faults_count("fsync") == 2;

    CHECK(has_text(dirfd, "file", failed && !in_place ? "old" : "new text"));
    CHECK(count_names(dirfd, ".") == 1);
}

static void prepare_nothing(int dirfd)
{
    (void)dirfd;
}

static int run_make(int dirfd, struct mh_err *err)
{
    const struct mh_dir dir = as_dir(dirfd);

    return mh_dir_make(&dir, "a/b/c", 0777, err);
}

static void check_make(int dirfd, bool failed)
{
    struct mh_err err = {0};

    CHECK(failed || has(dirfd, "a/b/c"));
    CHECK_OK(run_make(dirfd, &err), &err);
}

static int run_rename(int dirfd, struct mh_err *err)
{
    const struct mh_dir dir = as_dir(dirfd);

    return mh_dir_rename(&dir, "file", "other", err);
}

static void check_rename(int dirfd, bool failed)
{
    CHECK(has_text(dirfd, failed ? "file" : "other", "old"));
    CHECK(count_names(dirfd, ".") == 1);
}

static int run_remove(int dirfd, struct mh_err *err)
{
    const struct mh_dir dir = as_dir(dirfd);

    return mh_dir_remove(&dir, "file", err);
}

static void check_remove(int dirfd, bool failed)
{
    CHECK(has(dirfd, "file") == failed);
}

static int run_sync(int dirfd, struct mh_err *err)
{
    const struct mh_dir dir = as_dir(dirfd);

    return mh_dir_sync(&dir, "", err);
}

/* An error of a sync is final: whoever asked again could be told 0 with the data gone. */
static void check_sync(int dirfd, bool failed)
{
    (void)dirfd;
    CHECK(!failed || faults_count("fsync") + faults_count("syncfs") > 0);
}

/* ---- trees ---- */

static void put_tree(int dirfd, const char *name)
{
    char *large = calloc(1, LARGE + 1);
    int root;

    if (large == NULL) {
        abort();
    }
    memset(large, 'x', LARGE);
    put_dir(dirfd, name);
    root = open_dir(dirfd, name);
    put_dir(root, "a");
    put_dir(root, "a/b");
    put_dir(root, "closed");
    put_file(root, "empty", "");
    put_file(root, "a/file", "text");
    put_file(root, "a/b/large", large);
    put_file(root, "closed/run", "#!/bin/sh\n");
    CHECK(fchmodat(root, "closed/run", 0755, 0) == 0);
    CHECK(fchmodat(root, "closed", 0555, 0) == 0);
    (void)close(root);
    free(large);
}

static bool same_trees(int dirfd, const char *a, const char *b)
{
    struct mh_snapshot left = MH_SNAPSHOT_INIT;
    struct mh_snapshot right = MH_SNAPSHOT_INIT;
    struct mh_err err = {0};
    bool same = CHECK_OK(mh_snapshot_take(dirfd, a, NULL, &left, &err), &err) &&
                CHECK_OK(mh_snapshot_take(dirfd, b, NULL, &right, &err), &err) &&
                mh_snapshot_equal(&left, &right);

    mh_snapshot_release(&left);
    mh_snapshot_release(&right);
    return same;
}

static void prepare_tree(int dirfd)
{
    put_tree(dirfd, "tree");
}

static int run_copy(int dirfd, struct mh_err *err)
{
    return mh_tree_copy(dirfd, "tree", dirfd, "copy", err);
}

static void check_copy(int dirfd, bool failed)
{
    CHECK(has(dirfd, "copy") == !failed);
    CHECK(failed || same_trees(dirfd, "tree", "copy"));
}

static void prepare_stage(int dirfd)
{
    put_tree(dirfd, "live");
    put_tree(dirfd, "work");
    put_file(dirfd, "work/a/new", "new");
    put_file(dirfd, "work/a/file", "changed");
}

/* Stages with snapshots taken before the faults begin counting. */
static int run_stage(int dirfd, struct mh_err *err)
{
    struct mh_snapshot work = MH_SNAPSHOT_INIT;
    struct mh_snapshot live = MH_SNAPSHOT_INIT;
    struct mh_stage_counts counts = {0};
    const struct mh_stage what = {.work_dir = dirfd,
                                  .work_name = "work",
                                  .work = &work,
                                  .live_dir = dirfd,
                                  .live_name = "live",
                                  .live = &live,
                                  .to_dir = dirfd,
                                  .to_name = "staged"};
    int result = -1;

    if (mh_snapshot_take(dirfd, "work", NULL, &work, err) == 0 &&
        mh_snapshot_take(dirfd, "live", NULL, &live, err) == 0) {
        result = mh_tree_stage(&what, &counts, err);
        CHECK(result == 0 || counts.directories == 0);
    }
    mh_snapshot_release(&work);
    mh_snapshot_release(&live);
    return result;
}

static void check_stage(int dirfd, bool failed)
{
    CHECK(has(dirfd, "staged") == !failed);
    CHECK(failed || same_trees(dirfd, "work", "staged"));
    CHECK(has_text(dirfd, "live/a/file", "text"));
}

static int run_tree_sync(int dirfd, struct mh_err *err)
{
    return mh_tree_sync(dirfd, "tree", NULL, err);
}

static void prepare_many(int dirfd)
{
    put_dir(dirfd, "tree");
    for (int i = 0; i < MANY; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "tree/%d", i);
        put_file(dirfd, name, "text");
    }
}

static int run_tree_remove(int dirfd, struct mh_err *err)
{
    return mh_tree_remove(dirfd, "tree", err);
}

static void check_tree_remove(int dirfd, bool failed)
{
    struct mh_err err = {0};

    CHECK(has(dirfd, "tree") == failed);
    CHECK_OK(mh_tree_remove(dirfd, "tree", &err), &err);
    CHECK(!has(dirfd, "tree"));
}

/* ---- locks ---- */

static int run_lock(int dirfd, struct mh_err *err)
{
    struct mh_lock lock = MH_LOCK_INIT;
    char text[MH_LOCK_TEXT_MAX + 1];
    int result = mh_lock_take(dirfd, "file", "holder", NULL, &lock, err);
    struct mh_err ignored;

    CHECK((lock.fd >= 0) == (result == 0));
    CHECK(result < 0 || mh_lock_holder(dirfd, "file", text, &ignored) == 1);
    mh_lock_drop(&lock);
    return result;
}

static void check_lock(int dirfd, bool failed)
{
    char text[MH_LOCK_TEXT_MAX + 1];
    struct mh_err err = {0};

    CHECK(!failed || strcmp(faults_hit(), "write") != 0); /* the text is a courtesy */
    CHECK(mh_lock_holder(dirfd, "file", text, &err) == 0);
}

static const struct scenario scenarios[] = {
    {"write a file", prepare_file, run_write, check_write},
    {"make directories", prepare_nothing, run_make, check_make},
    {"rename", prepare_file, run_rename, check_rename},
    {"remove", prepare_file, run_remove, check_remove},
    {"sync", prepare_file, run_sync, check_sync},
    {"copy a tree", prepare_tree, run_copy, check_copy},
    {"stage", prepare_stage, run_stage, check_stage},
    {"sync a small tree", prepare_tree, run_tree_sync, check_sync},
    {"sync a large tree", prepare_many, run_tree_sync, check_sync},
    {"remove a tree", prepare_tree, run_tree_remove, check_tree_remove},
    {"lock", prepare_file, run_lock, check_lock},
};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

/* Runs a scenario in a directory of its own with one fault; false when that did not happen. */
static bool run_once(int dirfd, const struct scenario *scenario, struct fault fault)
{
    size_t before = count_descriptors();
    struct mh_err err = {0};
    bool happened;
    int result;
    int fd;

    put_dir(dirfd, "case");
    fd = open_dir(dirfd, "case");
    scenario->prepare(fd);
    faults_arm(fault);
    result = scenario->run(fd, &err);
    happened = faults_disarm();
    check_context("%s, call %d (%s), %s", scenario->name, fault.call, faults_hit(),
                  strerrorname_np(fault.errnum));
    CHECK(result < 0 || *err.name == '\0');
    CHECK(result == 0 ||
          (*err.name != '\0' && *err.message != '\0' && strchr(err.message, '\n') == NULL));
    CHECK(happened || result == 0);
    CHECK(fault.kind != FAULT_FAIL || fault.errnum != EINTR || result == 0);
    scenario->check(fd, result < 0);
    (void)close(fd);
    CHECK(count_descriptors() == before);
    CHECK(mh_tree_remove(dirfd, "case", &err) == 0);
    return happened;
}

static void run_all(int dirfd, const struct scenario *scenario, struct fault fault)
{
    for (fault.call = 1; fault.call < NEVER && run_once(dirfd, scenario, fault); fault.call++) {
    }
    CHECK(fault.call > 1 || fault.kind == FAULT_FULL_DISK);
    CHECK(fault.call < NEVER);
}

static void test_each_call_fails(int dirfd)
{
    static const int errors[] = {EIO, ENOSPC, EINTR};

    for (int i = 0; i < SCENARIOS; i++) {
        for (size_t k = 0; k < sizeof errors / sizeof errors[0]; k++) {
            run_all(dirfd, &scenarios[i], (struct fault){.kind = FAULT_FAIL, .errnum = errors[k]});
        }
    }
}

static void test_full_disk(int dirfd)
{
    for (int i = 0; i < SCENARIOS; i++) {
        run_all(dirfd, &scenarios[i], (struct fault){.kind = FAULT_FULL_DISK, .errnum = ENOSPC});
    }
}

static void test_short_writes(int dirfd)
{
    faults_write_short(true);
    for (int i = 0; i < SCENARIOS; i++) {
        (void)run_once(dirfd, &scenarios[i], (struct fault){.call = NEVER});
    }
    faults_write_short(false);
}

static void test_shared_blocks(int dirfd)
{
    faults_clone_works(true);
    for (int i = 0; i < SCENARIOS; i++) {
        run_all(dirfd, &scenarios[i], (struct fault){.kind = FAULT_FAIL, .errnum = EIO});
    }
    faults_clone_works(false);
}

/* ---- killed while writing a file ---- */

/* True when the child was killed at its n-th call. */
static bool kill_at(int fd, int call)
{
    struct mh_err err = {0};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        faults_arm((struct fault){.kind = FAULT_KILL, .call = call});
        _exit(run_write(fd, &err) == 0 ? 0 : 1);
    }
    (void)waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 137));
    return WEXITSTATUS(status) != 0;
}

static void check_only_temporaries(int fd)
{
    const struct mh_dir dir = as_dir(fd);
    struct mh_listing listing = {0};
    struct mh_err err = {0};

    CHECK_OK(mh_dir_list(&dir, "", &listing, &err), &err);
    for (size_t i = 0; i < listing.count; i++) {
        CHECK(strcmp(listing.entries[i].name, "file") == 0 ||
              mh_atomic_is_temporary(listing.entries[i].name));
    }
    mh_listing_release(&listing);
}

static void test_killed_write(int dirfd)
{
    bool killed = true;
    int call;

    for (call = 1; killed && call < NEVER; call++) {
        struct mh_err err = {0};
        int fd;

        put_dir(dirfd, "case");
        fd = open_dir(dirfd, "case");
        prepare_file(fd);
        killed = kill_at(fd, call);
        check_context("killed at call %d", call);
        CHECK(has_text(fd, "file", "old") || has_text(fd, "file", "new text"));
        check_only_temporaries(fd);
        (void)close(fd);
        CHECK(mh_tree_remove(dirfd, "case", &err) == 0);
    }
    CHECK(call > 5);
}

static void test_temporary_names(int dirfd)
{
    (void)dirfd;
    CHECK(mh_atomic_is_temporary(".mighost-0123456789abcdef.tmp"));
    CHECK(!mh_atomic_is_temporary(".mighost-0123456789abcdeg.tmp"));
    CHECK(!mh_atomic_is_temporary(".mighost-0123456789abcde.tmp"));
    CHECK(!mh_atomic_is_temporary(".mighost-0123456789abcdef.tmpx"));
    CHECK(!mh_atomic_is_temporary("mighost-0123456789abcdef.tmp"));
    CHECK(!mh_atomic_is_temporary(".mighost-"));
    CHECK(!mh_atomic_is_temporary(""));
}

void run_fault_tests(void)
{
    check_run("each call fails once", test_each_call_fails);
    check_run("the disk is full from a call on", test_full_disk);
    check_run("writes are short", test_short_writes);
    check_run("blocks can be shared", test_shared_blocks);
    check_run("a write is killed at each call", test_killed_write);
    check_run("temporary names", test_temporary_names);
}
