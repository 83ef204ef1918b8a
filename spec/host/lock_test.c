/* Locks: file systems that cannot lock, files replaced under our hands, forks, other users. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "faults.h"
#include "host_test.h"
#include "interrupt.h"
#include "lock.h"
#include "os.h"
#include "repo_lock.h"

static long pretended_type; /* what fstatfs says instead of the truth, unless 0 */

int fstatfs(int fd, struct statfs *properties)
{
    long result = syscall(SYS_fstatfs, fd, properties);

    if (result == 0 && pretended_type != 0) {
        properties->f_type = pretended_type;
    }
    return (int)result;
}

static void test_file_systems(int dirfd)
{
    static const long refused[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, 0xFF534D42,
                                   0xFE534D42,      V9FS_MAGIC,      FUSE_SUPER_MAGIC};
    static const struct mh_lock_options trusting = {.allow_fuse = true};
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        pretended_type = refused[i];
        check_context("file system %lx", refused[i]);
        CHECK_FAILS(mh_lock_take(dirfd, "x", "", NULL, &lock, &err), &err, "EUNSUPPORTED");
        CHECK(!has(dirfd, "x"));
        if (pretended_type != FUSE_SUPER_MAGIC) {
            CHECK_FAILS(mh_lock_take(dirfd, "x", "", &trusting, &lock, &err), &err, "EUNSUPPORTED");
        }
    }
    CHECK_OK(mh_lock_take(dirfd, "x", "", &trusting, &lock, &err), &err);
    pretended_type = 0;
    mh_lock_drop(&lock);
}

static void test_no_locks(int dirfd)
{
    static const int errors[] = {ENOLCK, EOPNOTSUPP, ENOSYS};
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_arm((struct fault){.call = 1, .errnum = errors[i], .only = "lock", .every = true});
        CHECK_FAILS(mh_lock_take(dirfd, "x", "", NULL, &lock, &err), &err, "EUNSUPPORTED");
        CHECK(faults_disarm());
        CHECK(lock.fd == -1 && lock.dirfd == -1 && lock.name == NULL);
    }
}

/* ---- a file that is replaced between opening and locking ---- */

static int (*real_lock)(int fd, int command, struct flock *lock);
static int replaced_in;
static int replacements;

static int replace_and_lock(int fd, int command, struct flock *lock)
{
    if (lock->l_type == F_WRLCK && replacements > 0) {
        replacements--;
        (void)unlinkat(replaced_in, "x", 0);
    }
    return real_lock(fd, command, lock);
}

static void test_replaced(int dirfd)
{
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    real_lock = mh_os.lock;
    mh_os.lock = replace_and_lock;
    replaced_in = dirfd;
    replacements = 3;
    CHECK_OK(mh_lock_take(dirfd, "x", "text", NULL, &lock, &err), &err);
    CHECK_OK(mh_lock_verify(&lock, &err), &err);
    CHECK(has_text(dirfd, "x", "text"));
    mh_lock_drop(&lock);
    replacements = 1000;
    CHECK_FAILS(mh_lock_take(dirfd, "x", "text", NULL, &lock, &err), &err, "ESTALE");
    mh_os.lock = real_lock;
}

static void test_empty(int dirfd)
{
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    mh_lock_drop(&lock);
    CHECK_FAILS(mh_lock_verify(&lock, &err), &err, "ESTALE");
    CHECK_OK(mh_lock_take(dirfd, "x", "", NULL, &lock, &err), &err);
    CHECK((fcntl(lock.fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(lock.dirfd, F_GETFD) & FD_CLOEXEC) != 0);
    mh_lock_drop(&lock);
    mh_lock_drop(&lock);
}

static void test_interrupted(int dirfd)
{
    static const struct mh_lock_options patient = {.wait = 60};
    struct mh_lock held = MH_LOCK_INIT;
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    CHECK_OK(mh_lock_take(dirfd, "x", "", NULL, &held, &err), &err);
    mh_interrupt_signal = SIGTERM;
    CHECK_FAILS(mh_lock_take(dirfd, "x", "", &patient, &lock, &err), &err, "EINTERRUPTED");
    mh_interrupt_signal = 0;
    mh_lock_drop(&held);
}

/* A child that was forked and stays: it can neither give the lock back nor keep it. */
static void test_fork(int dirfd)
{
    char text[MH_LOCK_TEXT_MAX + 1];
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};
    int ready[2];
    int finish[2];
    char byte = 0;
    pid_t pid;

    CHECK_OK(mh_lock_take(dirfd, "x", "", NULL, &lock, &err), &err);
    CHECK(pipe2(ready, O_CLOEXEC) == 0 && pipe2(finish, O_CLOEXEC) == 0);
    pid = fork();
    if (pid == 0) {
        struct mh_lock copy = lock;

        copy.name = NULL; /* the parent's memory is none of this test */
        (void)close(finish[1]);
        mh_lock_drop(&copy);
        _exit(write(ready[1], "d", 1) == 1 && read(finish[0], &byte, 1) == 0 ? 0 : 1);
    }
    (void)close(finish[0]);
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 'd');
    CHECK(mh_lock_holder(dirfd, "x", text, &err) == 1);
    mh_lock_drop(&lock);
    CHECK(mh_lock_holder(dirfd, "x", text, &err) == 0);
    (void)close(finish[1]);
    (void)waitpid(pid, NULL, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* The same with a child that does not even drop it. */
static void test_fork_that_holds_on(int dirfd)
{
    char text[MH_LOCK_TEXT_MAX + 1];
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};
    int finish[2];
    char byte;
    pid_t pid;

    CHECK_OK(mh_lock_take(dirfd, "x", "", NULL, &lock, &err), &err);
    CHECK(pipe2(finish, O_CLOEXEC) == 0);
    pid = fork();
    if (pid == 0) {
        (void)close(finish[1]);
        _exit(read(finish[0], &byte, 1) == 0 ? 0 : 1);
    }
    (void)close(finish[0]);
    mh_lock_drop(&lock);
    CHECK(mh_lock_holder(dirfd, "x", text, &err) == 0);
    (void)close(finish[1]);
    (void)waitpid(pid, NULL, 0);
}

/* Who may read or write the file may ask; who may do neither is told so. */
static void test_permissions(int dirfd)
{
    char text[MH_LOCK_TEXT_MAX + 1];
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {0};

    CHECK_OK(mh_lock_take(dirfd, "read", "text", NULL, &lock, &err), &err);
    CHECK(fchmodat(dirfd, "read", 0444, 0) == 0);
    if (check_enter_child(true, dirfd)) {
        CHECK(mh_lock_holder(dirfd, "read", text, &err) == 1 && strcmp(text, "text") == 0);
        CHECK_FAILS(mh_lock_take(dirfd, "read", "", NULL, &lock, &err), &err, "EACCES");
        check_leave();
    }
    CHECK(fchmodat(dirfd, "read", 0222, 0) == 0);
    if (check_enter_child(true, dirfd)) {
        CHECK(mh_lock_holder(dirfd, "read", text, &err) == 1 && strcmp(text, "") == 0);
        check_leave();
    }
    CHECK(fchmodat(dirfd, "read", 0000, 0) == 0);
    if (check_enter_child(true, dirfd)) {
        CHECK_FAILS(mh_lock_holder(dirfd, "read", text, &err), &err, "EACCES");
        check_leave();
    }
    mh_lock_drop(&lock);
}

static void test_git_lock(int dirfd)
{
    const struct mh_git_lock_request request = {
        .ours_dir = dirfd, .dir = dirfd, .file = "index", .path = "/repo/.git/index"};
    struct mh_git_lock lock = MH_GIT_LOCK_INIT;
    struct mh_err err = {0};

    CHECK_OK(mh_git_lock_mark(dirfd, &err), &err);
    put_file(dirfd, "index.lock", "");
    CHECK(mh_git_lock_take(&request, &lock, &err) < 0 && strcmp(err.name, "EBUSY") == 0);
    CHECK(strstr(err.message, " /repo/.git/index.lock ") != NULL);
    CHECK(lock.dir < 0 && has(dirfd, "index.lock"));
    mh_interrupt_signal = SIGTERM;
    CHECK(mh_git_lock_take(&request, &lock, &err) < 0 && strcmp(err.name, "EINTERRUPTED") == 0);
    mh_interrupt_signal = 0;
    CHECK(strstr(err.message, "/repo/.git/index.lock") != NULL);
    CHECK(unlinkat(dirfd, "index.lock", 0) == 0);
    CHECK_OK(mh_git_lock_take(&request, &lock, &err), &err);
    CHECK(mh_git_lock_is_linked(dirfd, &err) == 1);
    mh_git_lock_drop(&lock);
    CHECK(!has(dirfd, "index.lock") && mh_git_lock_is_linked(dirfd, &err) == 0);
}

void run_lock_tests(void)
{
    check_run("file systems that cannot lock are refused", test_file_systems);
    check_run("locking that does not work is refused", test_no_locks);
    check_run("a replaced file is noticed", test_replaced);
    check_run("empty locks, close-on-exec", test_empty);
    check_run("waiting ends with a signal", test_interrupted);
    check_run("a forked child cannot give it back", test_fork);
    check_run("a forked child cannot keep it", test_fork_that_holds_on);
    check_run("any permission is enough to ask", test_permissions);
    check_run("git's lock of somebody else is named by its path", test_git_lock);
}
