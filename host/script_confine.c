/*
 * From the fork to the first line of a script, in the child.  Each wall holds without the others:
 * limits keep it from files, processes and memory even where the kernel has no seccomp.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"
#include "sandbox.h"
#include "script_parts.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* The sanitizers map terabytes, and say on stderr what they found. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum {
    PORT = 0, /* the socket's number from now on */
    MS_PER_S = 1000,
    STATM_BYTES = 64,
    STACK_BYTES = 16 * 1024 * 1024, /* what the stack may still grow by */
};

#ifdef ARCHITECTURE

#define IF_CALL(name, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, skip)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##what)
#define ALLOW(name) IF_CALL(name, 1), ANSWER(ALLOW)
/* Memory may be had, but none that is run; the protection is the third argument of both calls. */
#define ALLOW_DATA(name)                                                                          \
    IF_CALL(name, 4), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), ANSWER(KILL_PROCESS), ANSWER(ALLOW)

static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
    ANSWER(KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(read),
    ALLOW(write),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    ALLOW(futex),
    ALLOW(clock_gettime),
    ALLOW(gettimeofday),
#ifdef SYS_time
    ALLOW(time),
#endif
    ALLOW(getrandom),
    ALLOW(restart_syscall),
    ALLOW(exit_group),
#if defined(__SANITIZE_ADDRESS__)
    ALLOW(getpid),
    ALLOW(gettid),
    ALLOW(rt_sigprocmask),
    ALLOW(sigaltstack),
    ALLOW(sched_yield),
#endif
    ALLOW_DATA(mmap),
    ALLOW_DATA(mprotect),
    ANSWER(KILL_PROCESS),
};

bool mh_script_has_seccomp(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;
}

static int shut_calls(void)
{
    const struct sock_fprog program = {
        .len = sizeof filter / sizeof filter[0],
        .filter = (struct sock_filter *)(uintptr_t)filter, /* the kernel only reads it */
    };

    return mh_script_has_seccomp() ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) : 0;
}

#else

bool mh_script_has_seccomp(void)
{
    return false;
}

static int shut_calls(void)
{
    return 0;
}

#endif

/* No file at all: everything that this Landlock knows is taken in hand, and nothing is allowed. */
static int shut_files(void)
{
    static const unsigned char rights[] = {0, 13, 14, 15, 15, 16}; /* known to each version */
    enum { LATEST = sizeof rights - 1 };
    int version = mh_sandbox_abi();
    struct landlock_ruleset_attr attr = {
        .handled_access_fs = (UINT64_C(1) << rights[version < LATEST ? version : LATEST]) - 1,
    };
    int fd;
    int result;

    if (version == 0) {
        return 0;
    }
    fd = mh_os.landlock_create(&attr, sizeof attr.handled_access_fs, 0);
    if (fd < 0) {
        return -1;
    }
    result = mh_os.landlock_restrict(fd);
    mh_os_close(&fd);
    return result < 0 && errno != E2BIG ? -1 : 0; /* mighost itself is in as many as there can be */
}

static int set_limit(int resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0) {
        return -1;
    }
    limit.rlim_max = most < limit.rlim_max ? most : limit.rlim_max;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Bytes of address space that this process has; -1 where /proc does not tell. */
static int64_t mapped_bytes(void)
{
    char text[STATM_BYTES] = "";
    char *end = text;
    long long pages;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : mh_os_read(fd, text, sizeof text - 1);

    mh_os_close(&fd);
    if (size <= 0) {
        return -1;
    }
    pages = strtoll(text, &end, 10);
    return end == text || pages <= 0 ? -1 : (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* The memory is counted by the body too; this is what holds when that fails. */
static int limit_memory(const struct mh_script_limits *limits)
{
    int64_t mapped = SANITIZED ? -1 : mapped_bytes();

    if (mapped < 0) {
        return 0;
    }
    return set_limit(RLIMIT_AS, (rlim_t)(mapped + limits->memory + STACK_BYTES));
}

static int set_limits(const struct mh_script_limits *limits)
{
    if (set_limit(RLIMIT_CORE, 0) < 0 || set_limit(RLIMIT_FSIZE, 0) < 0 ||
        set_limit(RLIMIT_NPROC, 0) < 0 || set_limit(RLIMIT_NOFILE, PORT + 1) < 0) {
        return -1;
    }
    return set_limit(RLIMIT_CPU, (rlim_t)(limits->time_ms / MS_PER_S + 2));
}

/* Not killed with us, it would go on alone: a parent that is dead already sends nothing. */
static int die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        return -1;
    }
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int keep_only(int fd)
{
    if (dup2(fd, PORT) < 0) {
        return -1;
    }
    if (!SANITIZED) {
        return close_range(PORT + 1, ~0U, 0);
    }
    return close_range(STDOUT_FILENO, STDOUT_FILENO, 0) < 0 ||
                   close_range(STDERR_FILENO + 1, ~0U, 0) < 0
               ? -1
               : 0;
}

int mh_script_confine(int *fd, pid_t parent, const struct mh_script_limits *limits,
                      struct mh_err *err)
{
    /* A session of its own: Ctrl-C and Ctrl-Z are for mighost, which decides what they mean. */
    if (die_with(parent) < 0 || setsid() < 0) {
        return mh_err_sys(err, errno, "cannot set a script's process apart");
    }
    if (limit_memory(limits) < 0) {
        return mh_err_sys(err, errno, "cannot limit a script's memory");
    }
    if (keep_only(*fd) < 0) {
        return mh_err_sys(err, errno, "cannot close a script's descriptors");
    }
    *fd = PORT;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || shut_files() < 0) {
        return mh_err_sys(err, errno, "cannot shut a script off from files");
    }
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || set_limits(limits) < 0) {
        return mh_err_sys(err, errno, "cannot limit a script");
    }
    if (shut_calls() < 0) {
        return mh_err_sys(err, errno, "cannot shut a script off from system calls");
    }
    return 0;
}
