/*
 * The guardian's states:
 *
 *   WATCHING   the program runs
 *   ASKING     SIGTERM was sent; new descendants get it as they are found; until the grace is over
 *   KILLING    SIGKILL to all, again and again, for at most MH_PROC_GIVE_UP_MS
 *
 * From each it is over as soon as wait says that there is no child: everything that descends from
 * the program has this process as its subreaper, so no child means no descendant.
 *
 * Only async-signal-safe calls and bare system calls: this process is a copy of one that may have
 * been anywhere.  It keeps all signals blocked but SIGCHLD, and that too except while it waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os.h"
#include "proc_parts.h"

enum {
    EXIT_ORPHANED = 1,
    ALL = -1,
    HIGHEST_PRIORITY = -20,
    ORPHAN_GRACE_MS = 1000, /* at most, once mighost is dead */
    ASKING_STEP_MS = 50,
    KILLING_STEP_MS = 10,
    MS_PER_S = 1000,
    US_PER_S = 1000000,
    NS_PER_MS = 1000000,
};

/* What `ps` shows, so that ending mighost by name does not end its guardian with it. */
static const char guardian_name[] = "agent-guardian";

enum phase { WATCHING, ASKING, KILLING };

struct guard {
    const struct mh_proc_plan *plan;
    enum phase phase;
    pid_t program;   /* 0 once it was waited for */
    pid_t first;     /* its number for good: it is not a straggler */
    bool orphaned;   /* mighost is dead */
    bool empty;      /* there is no child */
    bool fenced;     /* it can signal nothing but its descendants */
    bool at_once;    /* all of them were killed in one call */
    unsigned reaped; /* since then */
    int64_t deadline;
    int64_t next_sweep;
};

int64_t mh_proc_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static void on_child(int number)
{
    (void)number; /* it only has to end the wait */
}

static void send_message(const struct guard *guard, const struct mh_proc_message *message)
{
    ssize_t sent;

    do { /* a dead mighost is noticed when it is listened to */
        sent = send(guard->plan->control, message, sizeof *message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
}

static _Noreturn void fail(const struct guard *guard, const struct mh_proc_failure *failure)
{
    struct mh_proc_message message = {.news = MH_PROC_FAILED, .failure = *failure};

    send_message(guard, &message);
    _exit(0);
}

/*
 * Closes all descriptors but its own, so that no log or pipe of mighost outlives it in here, and no
 * lock but the one that is to.
 */
static int close_others(const struct mh_proc_plan *plan)
{
    int kept[] = {STDERR_FILENO, plan->control,       plan->status[0],
                  plan->held,    plan->cgroup.parent, plan->cgroup.killer};
    const int count = sizeof kept / sizeof *kept;

    for (int i = 1; i < count; i++) { /* in order; those that there are not come first */
        for (int j = i; j > 0 && kept[j] < kept[j - 1]; j--) {
            int swap = kept[j];

            kept[j] = kept[j - 1];
            kept[j - 1] = swap;
        }
    }
    for (int i = 0; i < count; i++) {
        const unsigned first = kept[i] < STDERR_FILENO ? STDERR_FILENO + 1 : (unsigned)kept[i] + 1;
        const unsigned last = i + 1 < count ? (unsigned)kept[i + 1] - 1 : ~0U;

        if ((i + 1 == count || kept[i + 1] > (int)first) && close_range(first, last, 0) < 0) {
            return -1;
        }
    }
    return 0;
}

static void rename_self(void)
{
    struct mh_proc_stat stat;
    size_t size;
    char *arguments;

    (void)prctl(PR_SET_NAME, guardian_name);
    if (mh_proc_stat_read("self", &stat) < 0 || stat.arguments == 0 ||
        stat.arguments_end <= stat.arguments) {
        return;
    }
    size = (size_t)(stat.arguments_end - stat.arguments);
    arguments =
        (char *)(uintptr_t)stat.arguments; /* this process's own argv, one block of strings */
    memset(arguments, 0, size);
    memcpy(arguments, guardian_name,
           size < sizeof guardian_name ? size - 1 : sizeof guardian_name - 1);
}

static int set_up(const struct mh_proc_plan *plan)
{
    struct sigaction action = {0};

    action.sa_handler = on_child;
    (void)sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        return -1;
    }
    if (!plan->tty && setsid() < 0) {
        return -1;
    }
    return 0;
}

/* After the program's fork, which needs the descriptors that this one gives up. */
static int let_go(const struct mh_proc_plan *plan)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (dup2(plan->null, fd) < 0) {
            return -1;
        }
    }
    return close_others(plan);
}

static pid_t wait_for(pid_t pid, int *status, int flags)
{
    pid_t result;

    do {
        result = waitpid(pid, status, flags);
    } while (result < 0 && errno == EINTR);
    return result;
}

static _Noreturn void abandon(const struct guard *guard, const struct mh_proc_failure *failure)
{
    if (guard->program > 0) {
        (void)mh_os.kill(guard->program, SIGKILL);
        (void)wait_for(guard->program, NULL, 0);
    }
    fail(guard, failure);
}

/* Forks the program and waits for its exec. */
static void start_program(struct guard *guard)
{
    struct mh_proc_failure failure = {.trouble = MH_PROC_FORK};
    struct mh_proc_message message = {.news = MH_PROC_STARTED};
    ssize_t size;

    guard->program = mh_os.fork();
    if (guard->program == 0) {
        mh_proc_child(guard->plan);
    }
    if (guard->program < 0) {
        failure.errnum = errno;
        abandon(guard, &failure);
    }
    guard->first = guard->program;
    rename_self();
    if (let_go(guard->plan) < 0) {
        failure.trouble = MH_PROC_SETUP;
        failure.errnum = errno;
        abandon(guard, &failure);
    }
    size = mh_os_read(guard->plan->status[0], &failure, sizeof failure);
    if (size != 0) {
        abandon(guard, &failure);
    }
    send_message(guard, &message);
}

static void begin_end(struct guard *guard, int64_t grace)
{
    int64_t now = mh_proc_now();

    if (guard->phase == WATCHING) {
        guard->phase = ASKING;
        /* Thousands may want the processor; not everyone may put himself before them. */
        (void)setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY);
        guard->deadline = now + grace;
        guard->next_sweep = now;
    } else if (guard->phase == ASKING && now + grace < guard->deadline) {
        guard->deadline = now + grace;
    }
}

/* Waits for every child that has ended. */
static void reap(struct guard *guard)
{
    struct mh_proc_message message = {.news = MH_PROC_EXITED};
    pid_t pid;

    while ((pid = wait_for(-1, &message.status, WNOHANG)) > 0) {
        guard->reaped += guard->at_once && pid != guard->first ? 1 : 0;
        if (pid == guard->program) {
            guard->program = 0;
            send_message(guard, &message);
            begin_end(guard, guard->plan->grace_ms);
        }
    }
    guard->empty = pid < 0; /* ECHILD */
}

/* Whoever forks all the time escapes a walk through /proc, but not a kill of all at once. */
static void sweep(struct guard *guard, int signal)
{
    if (signal == SIGKILL && guard->fenced) {
        guard->at_once = true;
        (void)mh_os.kill(ALL, SIGKILL);
        return;
    }
    if (signal == SIGKILL && mh_cgroup_kill(&guard->plan->cgroup)) {
        guard->at_once = true; /* but for those that have left the group */
    }
    if (mh_proc_tree_sweep(guard->plan->tree, signal, guard->deadline) < 0 && guard->program > 0) {
        (void)mh_os.kill(guard->program, signal); /* without /proc nobody else is known */
    }
}

/* Signals what is due.  Returns false when SIGKILL was tried for long enough. */
static bool advance(struct guard *guard)
{
    int64_t now = mh_proc_now();

    if (guard->phase == WATCHING) {
        return true;
    }
    if (guard->phase == ASKING && now >= guard->deadline) {
        guard->phase = KILLING;
        guard->deadline = now + MH_PROC_GIVE_UP_MS;
        guard->next_sweep = now;
    }
    if (guard->phase == KILLING && now >= guard->deadline) {
        return false;
    }
    if (now >= guard->next_sweep) {
        bool killing = guard->phase == KILLING;

        sweep(guard, killing ? SIGKILL : SIGTERM);
        guard->next_sweep = mh_proc_now() + (killing ? KILLING_STEP_MS : ASKING_STEP_MS);
    }
    return true;
}

static void hear(struct guard *guard)
{
    char byte;
    ssize_t size;

    do {
        size = recv(guard->plan->control, &byte, sizeof byte, MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    if (size > 0) {
        begin_end(guard, guard->plan->grace_ms);
    } else if (size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
        guard->orphaned = true;
        begin_end(guard, guard->plan->grace_ms < ORPHAN_GRACE_MS ? guard->plan->grace_ms
                                                                 : ORPHAN_GRACE_MS);
    }
}

/* Until a child ends, mighost says something, or the next sweep is due. */
static void wait_for_event(struct guard *guard)
{
    struct pollfd control = {.fd = guard->orphaned ? -1 : guard->plan->control, .events = POLLIN};
    struct timespec timeout = {0};
    int64_t left = guard->next_sweep - mh_proc_now();
    sigset_t all_but_child;

    if (left < 0) {
        left = 0;
    }
    timeout.tv_sec = (time_t)(left / MS_PER_S);
    timeout.tv_nsec = (long)(left % MS_PER_S) * NS_PER_MS;
    (void)sigfillset(&all_but_child);
    (void)sigdelset(&all_but_child, SIGCHLD);
    if (ppoll(&control, 1, guard->phase == WATCHING ? NULL : &timeout, &all_but_child) > 0) {
        hear(guard);
    }
}

static void report(const struct guard *guard)
{
    struct mh_proc_message message = {.news = MH_PROC_GONE};
    struct rusage usage = {0};

    message.stragglers = mh_proc_tree_seen(guard->plan->tree, guard->first);
    if (message.stragglers < guard->reaped) {
        message.stragglers = guard->reaped;
    }
    if (!guard->empty) {
        int alive = mh_proc_tree_sweep(guard->plan->tree, SIGKILL, INT64_MAX);

        message.survivors = alive > 0 ? (unsigned)alive : 1;
    }
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    message.cpu_us = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * US_PER_S +
                     usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    message.peak_kib = usage.ru_maxrss;
    send_message(guard, &message);
}

_Noreturn void mh_proc_guard(const struct mh_proc_plan *plan)
{
    struct guard guard = {.plan = plan};

    if (set_up(plan) < 0) {
        struct mh_proc_failure failure = {.trouble = MH_PROC_SETUP, .errnum = errno};

        fail(&guard, &failure);
    }
    mh_proc_tree_reset(plan->tree);
    guard.fenced = mh_sandbox_fence(&plan->sandbox, getppid());
    start_program(&guard);
    for (reap(&guard); !guard.empty && advance(&guard); reap(&guard)) {
        wait_for_event(&guard);
    }
    mh_cgroup_remove(&plan->cgroup);
    report(&guard);
    _exit(guard.orphaned ? EXIT_ORPHANED : 0);
}
