/* Sandboxes: rules and mounts that cannot be made, and a fence that only seems to be there. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "host_test.h"
#include "os.h"
#include "proc.h"
#include "sandbox.h"

enum { STEP_MS = 100, PATH_BYTES = 64, TEXT_BYTES = 128, CALLS_MAX = 100, ABI_SCOPES = 6 };

static struct mh_os real;
static int calls_left; /* until the call that fails */

static int fail_create(const void *attributes, size_t size, unsigned flags)
{
    if (attributes != NULL && --calls_left == 0) {
        errno = EIO;
        return -1;
    }
    return real.landlock_create(attributes, size, flags);
}

static int fail_add(int ruleset, int type, const void *rule)
{
    if (--calls_left == 0) {
        errno = EIO;
        return -1;
    }
    return real.landlock_add(ruleset, type, rule);
}

static int no_landlock(const void *attributes, size_t size, unsigned flags)
{
    (void)attributes;
    (void)size;
    (void)flags;
    errno = EOPNOTSUPP;
    return -1;
}

static int fail_restrict(int ruleset)
{
    (void)ruleset;
    errno = E2BIG;
    return -1;
}

static int pretend_restrict(int ruleset)
{
    (void)ruleset;
    return 0;
}

static int fail_unshare(int flags)
{
    (void)flags;
    errno = EPERM;
    return -1;
}

static int fail_mount(const char *source, const char *target, unsigned long flags)
{
    (void)source;
    (void)target;
    (void)flags;
    errno = EACCES;
    return -1;
}

/* The scratch directory by its name, in a list as options want it. */
static const char *const *list_of(int dirfd)
{
    static char path[PATH_BYTES];
    static const char *list[2];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", dirfd);
    list[0] = path;
    return list;
}

static void test_each_rule_failing(int dirfd)
{
    struct mh_sandbox_options options = {.mode = MH_SANDBOX_AUTO, .writes = list_of(dirfd)};
    size_t open_before = count_descriptors();
    int failures = 0;

    if (mh_sandbox_abi() == 0) {
        return;
    }
    mh_os.landlock_create = fail_create;
    mh_os.landlock_add = fail_add;
    for (int call = 1; call < CALLS_MAX; call++) {
        struct mh_sandbox sandbox = {.ruleset = -1, .fence = -1};
        struct mh_err err = {0};
        int result;

        calls_left = call;
        check_context("call %d", call);
        result = mh_sandbox_open(&sandbox, &options, &err);
        if (calls_left > 0) {
            CHECK_OK(result, &err);
            mh_sandbox_close(&sandbox);
            mh_sandbox_close(&sandbox);
            break;
        }
        CHECK_FAILS(result, &err, "EIO");
        CHECK(sandbox.ruleset == -1 && sandbox.fence == -1);
        CHECK(count_descriptors() == open_before);
        failures++;
    }
    mh_os = real;
    CHECK(failures > 2);
    CHECK(count_descriptors() == open_before);
}

static void test_no_landlock(int dirfd)
{
    struct mh_sandbox_options options = {.mode = MH_SANDBOX_AUTO, .writes = list_of(dirfd)};
    struct mh_sandbox sandbox = {.ruleset = -1, .fence = -1};
    struct mh_err err = {0};
    char text[TEXT_BYTES];

    mh_os.landlock_create = no_landlock;
    CHECK(mh_sandbox_abi() == 0);
    CHECK_OK(mh_sandbox_open(&sandbox, &options, &err), &err);
    mh_sandbox_describe(&sandbox, text, sizeof text);
    CHECK(strcmp(text, "none: this system has no Landlock") == 0);
    CHECK(!mh_sandbox_fence(&sandbox, getppid()));
    mh_sandbox_close(&sandbox);
    options.mode = MH_SANDBOX_REQUIRE;
    CHECK_FAILS(mh_sandbox_open(&sandbox, &options, &err), &err, "EUNSUPPORTED");
    mh_os = real;
}

static void test_no_mounts(int dirfd)
{
    struct mh_sandbox_options options = {
        .mode = MH_SANDBOX_AUTO, .writes = list_of(dirfd), .protect = list_of(dirfd)};
    struct mh_sandbox sandbox = {.ruleset = -1, .fence = -1};
    struct mh_err err = {0};
    char text[TEXT_BYTES];

    for (int half = 0; half <= 1; half++) {
        mh_os.unshare = half ? real.unshare : fail_unshare;
        mh_os.mount = half ? fail_mount : real.mount;
        CHECK_OK(mh_sandbox_open(&sandbox, &options, &err), &err);
        CHECK(mh_sandbox_mounts_count(&sandbox.mounts) == 0);
        mh_sandbox_describe(&sandbox, text, sizeof text);
        CHECK(strstr(text, "; nothing mounted read-only: E") != NULL);
        CHECK(!mh_sandbox_can_mount());
        mh_sandbox_close(&sandbox);
    }
    mh_os = real;
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* Whoever believes in a fence sends SIGKILL to everything that it may signal. */
static void test_fence(int dirfd)
{
    struct mh_sandbox_options options = {.mode = MH_SANDBOX_AUTO, .writes = list_of(dirfd)};
    struct mh_sandbox sandbox = {.ruleset = -1, .fence = -1};
    struct mh_err err = {0};

    if (mh_sandbox_abi() < ABI_SCOPES) {
        return;
    }
    CHECK_OK(mh_sandbox_open(&sandbox, &options, &err), &err);
    if (check_enter_child(false, dirfd)) {
        mh_os.landlock_restrict = pretend_restrict;
        CHECK(!mh_sandbox_fence(&sandbox, getppid()));
        mh_os.landlock_restrict = fail_restrict;
        CHECK(!mh_sandbox_fence(&sandbox, getppid()));
        mh_os = real;
        CHECK(mh_sandbox_fence(&sandbox, getppid()));
        CHECK(kill(getppid(), 0) < 0 && errno == EPERM);
        CHECK(!mh_sandbox_fence(&sandbox, getppid())); /* it cannot be tried a second time */
        check_leave();
    }
    mh_sandbox_close(&sandbox);
    options.shares_terminal = true;
    CHECK_OK(mh_sandbox_open(&sandbox, &options, &err), &err);
    CHECK(sandbox.fence == -1);
    mh_sandbox_close(&sandbox);
}

static void test_child_not_confined(int dirfd)
{
    static const char *const argv[] = {"touch", "ran", NULL};
    struct mh_sandbox_options sandbox = {.mode = MH_SANDBOX_AUTO, .writes = list_of(dirfd)};
    struct mh_proc_options options = {.argv = argv,
                                      .cwd = list_of(dirfd)[0],
                                      .cap = UINT64_MAX,
                                      .timeout_ms = -1,
                                      .silence_ms = -1,
                                      .sandbox = &sandbox};
    struct mh_proc *proc = NULL;
    struct mh_err err = {0};

    if (mh_sandbox_abi() == 0) {
        return;
    }
    mh_os.landlock_restrict = fail_restrict;
    CHECK(mh_proc_start(&proc, &options, &err) < 0);
    CHECK(strcmp(err.name, "E2BIG") == 0);
    CHECK(strstr(err.message, "cannot start touch: it cannot be confined") != NULL);
    CHECK(proc == NULL);
    CHECK(!has(dirfd, "ran"));
    mh_os = real;
    CHECK_OK(mh_proc_start(&proc, &options, &err), &err);
    while (mh_proc_poll(proc, STEP_MS, &err) > 0) {
    }
    CHECK(mh_proc_report(proc)->exit == 0);
    mh_proc_end(&proc);
    CHECK(has(dirfd, "ran"));
}

void run_sandbox_tests(void)
{
    real = mh_os;
    check_run("each rule failing in turn", test_each_rule_failing);
    check_run("no Landlock at all", test_no_landlock);
    check_run("mounts that cannot be made", test_no_mounts);
    check_run("a fence, believed only when it holds", test_fence);
    check_run("a child that cannot be confined", test_child_not_confined);
}
