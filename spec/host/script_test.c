/*
 * Processes for scripts: each wall by itself, every system call that none may make, and a child
 * that says what it likes.
 */
#include "script_confine.c" /* for the walls that stand before the last one */

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "host_test.h"
#include "interrupt.h"

enum {
    MIB = 1024 * 1024,
    TIME_MS = 300,
    PATIENCE_MS = 20000,
    LAST_FD = 1024,
    REPLY_BYTES = MIB,
    X32 = 0x40000000,
};

static const struct mh_script_limits limits = {
    .memory = 64 * MIB, .time_ms = PATIENCE_MS, .instructions = 1};
static const struct mh_script_limits short_limits = {
    .memory = 64 * MIB, .time_ms = TIME_MS, .instructions = 1};

/* What a child sends, as it is. */
struct bytes {
    const char *data;
    size_t size;
};

static void send_bytes(const struct mh_script_port *port, void *context)
{
    const struct bytes *bytes = context;

    (void)mh_os_write_all(port->fd, bytes->data, bytes->size);
}

/* Starts the child and answers what it asks until it is over; the last message and failure. */
static int run(mh_script_body *body, void *context, const struct mh_script_limits *limit,
               struct mh_script_failure *failure)
{
    static char reply[REPLY_BYTES];
    struct mh_script_message message = {0};
    struct mh_script *script = NULL;
    struct mh_err err = {0};
    int more;

    if (!CHECK_OK(mh_script_start(&script, limit, body, context, &err), &err)) {
        return -1;
    }
    while ((more = mh_script_receive(script, &message, failure, &err)) > 0 &&
           (message.kind == MH_SCRIPT_LOG || message.kind == MH_SCRIPT_CALL)) {
        if (message.kind == MH_SCRIPT_CALL &&
            !CHECK_OK(mh_script_reply(script, reply, sizeof reply, &err), &err)) {
            break;
        }
    }
    CHECK(more >= 0);
    mh_script_end(&script);
    CHECK(script == NULL);
    mh_script_end(&script);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    return more;
}

static void expect(enum mh_script_reason reason, mh_script_body *body, void *context)
{
    struct mh_script_failure failure = {0};

    (void)run(body, context, reason == MH_SCRIPT_TIME ? &short_limits : &limits, &failure);
    if (!CHECK(failure.reason == reason)) {
        (void)fprintf(stderr, "  reason %d, signal %d\n", (int)failure.reason, failure.signal);
    }
}

#define BYTES(text)           \
    {                         \
        text, sizeof text - 1 \
    }

static void test_nonsense(int dirfd)
{
    static struct bytes cases[] = {
        BYTES(""),
        BYTES("\0"),
        BYTES("\3\0\0\0"),
        BYTES("\3\5\0\0\0half"),
        BYTES("\2\0\0\0\0"),         /* REPLY is ours to send */
        BYTES("\5\0\0\0\0"),         /* no kind */
        BYTES("\377\0\0\0\0"),       /* likewise */
        BYTES("\3\1\0\0\2"),         /* a byte more than may come at once */
        BYTES("\3\377\377\377\377"), /* 4 GiB */
        BYTES("\4\0\0\0\0"),         /* FAILED without a reason */
        BYTES("\4\1\0\0\0\1"),       /* without an end of the message */
        BYTES("\4\3\0\0\0\1ab"),     /* likewise */
        BYTES("\4\2\0\0\0\5\0"),     /* a reason that is for us to give */
        BYTES("\4\2\0\0\0\377\0"),   /* no reason */
        BYTES("\4\3\200\0\0\1\0"),   /* longer than any */
    };

    (void)dirfd;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_context("case %zu", i);
        expect(MH_SCRIPT_GARBAGE, send_bytes, &cases[i]);
    }
    check_context("%s", "");
}

static void test_last_words(int dirfd)
{
    static struct bytes done = BYTES("\3\2\0\0\0ok");
    static struct bytes failed = BYTES("\4\6\0\0\0\1no\0at");
    static struct bytes twice = BYTES("\0\1\0\0\0a\0\0\0\0\0\3\0\0\0\0\3\0\0\0\0");
    struct mh_script_failure failure = {0};

    (void)dirfd;
    CHECK(run(send_bytes, &done, &limits, &failure) == 1 && failure.message == NULL);
    CHECK(run(send_bytes, &twice, &limits, &failure) == 1 && failure.message == NULL);
    CHECK(run(send_bytes, &failed, &limits, &failure) == 1);
    CHECK(failure.reason == MH_SCRIPT_ERROR);
}

static void hang(const struct mh_script_port *port, void *context)
{
    (void)port;
    (void)context;
    for (;;) {
        (void)mh_script_now();
    }
}

static void flood(const struct mh_script_port *port, void *context)
{
    (void)context;
    for (;;) {
        mh_script_say(port, MH_SCRIPT_LOG, "flood", 5);
    }
}

/* Asks and asks, and listens to nothing: mighost must not wait for it. */
static void ask(const struct mh_script_port *port, void *context)
{
    (void)context;
    for (int i = 0; i < 4; i++) {
        mh_script_say(port, MH_SCRIPT_CALL, "", 0);
    }
    hang(port, NULL);
}

static void trap(const struct mh_script_port *port, void *context)
{
    (void)port;
    (void)context;
    __builtin_trap();
}

static void give_up(const struct mh_script_port *port, void *context)
{
    static char text[4 * MH_SCRIPT_TEXT_MAX];

    (void)context;
    memset(text, 'x', sizeof text - 1);
    mh_script_give_up(port, MH_SCRIPT_MEMORY, text, text);
}

static void allocate(const struct mh_script_port *port, void *context)
{
    struct mh_script_memory memory = {.limit = MIB};
    char *block = mh_script_allocate(&memory, NULL, 3, MIB / 2);

    (void)context;
    if (block == NULL || mh_script_allocate(&memory, NULL, 0, MIB) != NULL || !memory.was_short) {
        return;
    }
    block = mh_script_allocate(&memory, block, MIB / 2, MIB);
    if (block == NULL || mh_script_allocate(&memory, block, MIB, MIB + 1) != NULL) {
        return;
    }
    if (mh_script_allocate(&memory, block, MIB, 0) == NULL && memory.used == 0) {
        mh_script_say(port, MH_SCRIPT_DONE, "", 0);
    }
}

static void test_ends(int dirfd)
{
    struct mh_script_failure failure = {0};
    int64_t began = mh_script_now();

    (void)dirfd;
    expect(MH_SCRIPT_TIME, hang, NULL);
    expect(MH_SCRIPT_TIME, flood, NULL);
    expect(MH_SCRIPT_TIME, ask, NULL);
    CHECK(mh_script_now() - began < PATIENCE_MS);
    expect(MH_SCRIPT_CRASHED, trap, NULL);
    expect(MH_SCRIPT_MEMORY, give_up, NULL);
    CHECK(run(allocate, NULL, &limits, &failure) == 1 && failure.message == NULL);
}

struct call {
    const char *name;
    long number, third; /* its third argument */
};

static void make_call(const struct mh_script_port *port, void *context)
{
    const struct call *call = context;

    (void)syscall(call->number, 0, 4096, call->third, 0x22, -1, 0);
    mh_script_say(port, MH_SCRIPT_DONE, "", 0);
}

static void test_forbidden_calls(int dirfd)
{
    static struct call calls[] = {
        {"openat", SYS_openat, 0},
        {"openat2", SYS_openat2, 0},
        {"close", SYS_close, 0},
        {"dup", SYS_dup, 0},
        {"fcntl", SYS_fcntl, 0},
        {"ioctl", SYS_ioctl, 0},
        {"pread64", SYS_pread64, 0},
        {"readlinkat", SYS_readlinkat, 0},
        {"unlinkat", SYS_unlinkat, 0},
        {"newfstatat", SYS_newfstatat, 0},
        {"socket", SYS_socket, 0},
        {"connect", SYS_connect, 0},
        {"sendmsg", SYS_sendmsg, 0},
        {"recvmsg", SYS_recvmsg, 0},
        {"clone", SYS_clone, 0},
        {"execve", SYS_execve, 0},
        {"kill", SYS_kill, 0},
        {"tgkill", SYS_tgkill, 0},
        {"ptrace", SYS_ptrace, 0},
        {"process_vm_readv", SYS_process_vm_readv, 0},
        {"prctl", SYS_prctl, 0},
        {"seccomp", SYS_seccomp, 0},
        {"prlimit64", SYS_prlimit64, 0},
        {"setsid", SYS_setsid, 0},
        {"unshare", SYS_unshare, 0},
        {"mount", SYS_mount, 0},
        {"bpf", SYS_bpf, 0},
        {"memfd_create", SYS_memfd_create, 0},
        {"io_uring_setup", SYS_io_uring_setup, 0},
        {"userfaultfd", SYS_userfaultfd, 0},
        {"rt_sigaction", SYS_rt_sigaction, 0},
        {"nanosleep", SYS_nanosleep, 0},
        {"mmap for execution", SYS_mmap, PROT_READ | PROT_EXEC},
        {"mprotect for execution", SYS_mprotect, PROT_READ | PROT_EXEC},
        {"a number of the x32 ABI", X32 | SYS_read, 0},
        {"a number that is not a call", 100000, 0},
    };
    static struct call allowed = {"mmap", SYS_mmap, PROT_READ | PROT_WRITE};
    struct mh_script_failure failure = {0};

    (void)dirfd;
    CHECK(run(make_call, &allowed, &limits, &failure) == 1 && failure.message == NULL);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && mh_script_has_seccomp(); i++) {
        check_context("%s", calls[i].name);
        expect(MH_SCRIPT_FORBIDDEN, make_call, &calls[i]);
    }
    check_context("%s", "");
}

static int fail_landlock(const void *attributes, size_t size, unsigned flags)
{
    (void)attributes;
    (void)size;
    if ((flags & LANDLOCK_CREATE_RULESET_VERSION) != 0) {
        return 1;
    }
    errno = ENOMEM;
    return -1;
}

static void never(const struct mh_script_port *port, void *context)
{
    (void)context;
    mh_script_say(port, MH_SCRIPT_DONE, "", 0);
}

static void test_no_walls_no_script(int dirfd)
{
    struct mh_os before = mh_os;

    (void)dirfd;
    mh_os.landlock_create = fail_landlock;
    expect(MH_SCRIPT_SETUP, never, NULL);
    mh_os = before;
}

static pid_t fail_fork(void)
{
    errno = EAGAIN;
    return -1;
}

static void on_alarm(int number)
{
    mh_interrupt_signal = number;
}

static void test_start_and_interrupt(int dirfd)
{
    struct mh_script_message message = {0};
    struct mh_script_failure failure = {0};
    struct mh_script *script = NULL;
    struct mh_err err = {0};
    struct mh_os before = mh_os;
    struct sigaction action = {0};
    struct sigaction old_action = {0};
    const struct itimerspec soon = {.it_value = {.tv_nsec = 50 * 1000 * 1000}};
    timer_t timer = NULL;

    (void)dirfd;
    mh_os.fork = fail_fork;
    CHECK_FAILS(mh_script_start(&script, &limits, hang, NULL, &err), &err, "EAGAIN");
    mh_os = before;
    CHECK(script == NULL);
    mh_interrupt_signal = SIGINT;
    CHECK_FAILS(mh_script_start(&script, &limits, hang, NULL, &err), &err, "EINTERRUPTED");
    mh_interrupt_signal = 0;
    CHECK(script == NULL);

    action.sa_handler = on_alarm;
    (void)sigaction(SIGALRM, &action, &old_action);
    CHECK_OK(mh_script_start(&script, &limits, hang, NULL, &err), &err);
    CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK_FAILS(mh_script_receive(script, &message, &failure, &err), &err, "EINTERRUPTED");
    mh_interrupt_signal = 0;
    mh_script_end(&script);
    (void)timer_delete(timer);
    (void)sigaction(SIGALRM, &old_action, NULL);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* What follows is without seccomp: each of these holds by itself. */

static void test_descriptors(int dirfd)
{
    if (check_enter_child(false, dirfd)) {
        int open_now = 0;

        CHECK(keep_only(dirfd) == 0);
        for (int fd = 0; fd < LAST_FD; fd++) {
            open_now += fcntl(fd, F_GETFD) >= 0 && (fd == PORT || !SANITIZED || fd != 2);
        }
        CHECK(open_now == 1);
        check_leave();
    }
}

static void test_files(int dirfd)
{
    if (mh_sandbox_abi() > 0 && check_enter_child(false, dirfd)) {
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(shut_files() == 0);
        CHECK(open("/proc/self/statm", O_RDONLY) < 0 && errno == EACCES);
        CHECK(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
        CHECK(openat(dirfd, "new", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
        check_leave();
    }
}

static void test_limits(int dirfd)
{
    if (check_enter_child(true, dirfd)) {
        int file = openat(dirfd, "file", O_WRONLY | O_CREAT, 0600);

        CHECK(file >= 0);
        (void)signal(SIGXFSZ, SIG_IGN);
        CHECK(set_limits(&limits) == 0);
        CHECK(open("/", O_RDONLY) < 0 && errno == EMFILE);
        CHECK(fork() < 0 && errno == EAGAIN);
        CHECK(write(file, "x", 1) < 0 && errno == EFBIG);
        check_leave();
    }
}

static void test_memory(int dirfd)
{
    if (!SANITIZED && check_enter_child(false, dirfd)) {
        size_t size = (size_t)limits.memory;

        CHECK(mapped_bytes() > 0);
        CHECK(limit_memory(&limits) == 0);
        CHECK(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
        CHECK(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
        check_leave();
    }
}

static void test_parent(int dirfd)
{
    if (check_enter_child(false, dirfd)) {
        CHECK(die_with(getppid()) == 0);
        CHECK(die_with(getppid() + 1) < 0 && errno == ESRCH);
        check_leave();
    }
}

void run_script_tests(void)
{
    check_run("nonsense from the child", test_nonsense);
    check_run("last words", test_last_words);
    check_run("ends", test_ends);
    check_run("calls that no script may make", test_forbidden_calls);
    check_run("no walls, no script", test_no_walls_no_script);
    check_run("start and interrupt", test_start_and_interrupt);
    check_run("descriptors", test_descriptors);
    check_run("files", test_files);
    check_run("limits", test_limits);
    check_run("memory", test_memory);
    check_run("parent", test_parent);
}
