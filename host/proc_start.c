/* Everything that may fail or allocate happens here, before the fork. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interrupt.h"
#include "os.h"
#include "proc_parts.h"

enum { PIPE_BYTES = 1024 * 1024, START_STEP_MS = 100 };

/* Descriptors and memory that only live until the fork is done. */
struct launch {
    struct mh_proc_plan plan;
    char **candidates;
};

static int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* A pipe whose one end, mighost's, does not block. */
static int open_pipe(int *ours, int *theirs, bool to_child)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    *ours = ends[to_child ? 1 : 0];
    *theirs = ends[to_child ? 0 : 1];
    (void)fcntl(*ours, F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches; not granted to everyone */
    return set_nonblocking(*ours);
}

static int open_channels(struct mh_proc *proc, struct launch *launch,
                         const struct mh_proc_options *options)
{
    struct mh_proc_plan *plan = &launch->plan;
    int control[2];

    plan->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (plan->null < 0 || pipe2(plan->status, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0) {
        return -1;
    }
    proc->control = control[0];
    plan->control = control[1];
    if (options->tty) {
        return 0;
    }
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        if (open_pipe(&proc->output[stream], &plan->stdio[stream + 1], false) < 0) {
            return -1;
        }
    }
    if (options->input != NULL) {
        return open_pipe(&proc->input, &plan->stdio[0], true);
    }
    plan->stdio[0] = fcntl(plan->null, F_DUPFD_CLOEXEC, 0);
    return plan->stdio[0] < 0 ? -1 : 0;
}

static void release_launch(struct launch *launch)
{
    struct mh_proc_plan *plan = &launch->plan;

    mh_proc_search_free(launch->candidates);
    for (int i = 0; i < 3; i++) {
        mh_os_close(&plan->stdio[i]);
    }
    mh_os_close(&plan->null);
    mh_os_close(&plan->control);
    mh_os_close(&plan->status[0]);
    mh_os_close(&plan->status[1]);
    mh_sandbox_close(&plan->sandbox);
}

static int copy_options(struct mh_proc *proc, const struct mh_proc_options *options,
                        struct mh_err *err)
{
    proc->timeout_ms = options->timeout_ms;
    proc->silence_ms = options->silence_ms;
    proc->grace_ms = options->grace_ms;
    proc->finishing = options->finishing;
    proc->input_next = options->input;
    proc->input_left = options->input != NULL ? options->input_size : 0;
    proc->name = strdup(options->argv[0]);
    proc->cwd = strdup(options->cwd != NULL ? options->cwd : ".");
    if (proc->name == NULL || proc->cwd == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_redactor_init(&proc->redactor, options->secrets, options->secret_count, err) < 0) {
        return -1;
    }
    proc->tree = mh_proc_tree_open(err);
    return proc->tree != NULL ? 0 : -1;
}

static struct mh_proc *make_proc(const struct mh_proc_options *options, struct mh_err *err)
{
    struct mh_proc *proc = calloc(1, sizeof *proc);

    if (proc == NULL) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    proc->was_subreaper = -1;
    proc->control = -1;
    proc->input = -1;
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        proc->output[stream] = -1;
        proc->log[stream].fd = -1;
    }
    proc->report.exit = -1;
    proc->cgroup = mh_cgroup_none;
    if (copy_options(proc, options, err) < 0) {
        goto fail;
    }
    for (int stream = 0; stream < MH_PROC_STREAMS && !options->tty; stream++) {
        if (mh_proc_log_open(&proc->log[stream], options, stream, &proc->redactor, err) < 0) {
            goto fail;
        }
    }
    return proc;
fail:
    mh_proc_free(proc);
    return NULL;
}

/* Orphans come to mighost only when the guardian dies before its time. */
static int become_subreaper(struct mh_proc *proc)
{
    int before = 0;

    if (mh_proc_tree_spare(proc->tree) < 0 || prctl(PR_GET_CHILD_SUBREAPER, &before) < 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        return -1;
    }
    proc->was_subreaper = before;
    return 0;
}

static int prepare_sandbox(struct mh_proc *proc, struct mh_proc_plan *plan,
                           const struct mh_proc_options *options, struct mh_err *err)
{
    if (options->sandbox == NULL) {
        return 0;
    }
    if (mh_sandbox_open(&plan->sandbox, options->sandbox, err) < 0) {
        return mh_err_wrap(err, "cannot start %s", proc->name);
    }
    mh_sandbox_describe(&plan->sandbox, proc->report.sandbox, sizeof proc->report.sandbox);
    if (plan->sandbox.fence < 0) { /* with it one call ends them all already */
        mh_cgroup_open(&proc->cgroup);
    }
    plan->cgroup = proc->cgroup;
    return 0;
}

/* Signals stay blocked across the fork, so that no handler of mighost's runs in the guardian. */
static int fork_guardian(struct mh_proc *proc, const struct mh_proc_plan *plan)
{
    sigset_t all;
    sigset_t before;
    int saved;

    (void)sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, &before) < 0) {
        return -1;
    }
    proc->guardian = mh_os.fork();
    saved = errno;
    if (proc->guardian == 0) {
        mh_proc_guard(plan);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (proc->guardian < 0) {
        errno = saved;
        return -1;
    }
    return 0;
}

static int launch_guardian(struct mh_proc *proc, const struct mh_proc_options *options,
                           struct mh_err *err)
{
    struct launch launch = {.plan = {.stdio = {-1, -1, -1},
                                     .null = -1,
                                     .control = -1,
                                     .status = {-1, -1},
                                     .sandbox = {.ruleset = -1, .fence = -1},
                                     .cgroup = mh_cgroup_none}};
    int result = -1;

    launch.plan.argv = options->argv;
    launch.plan.env = options->env != NULL ? options->env : (const char *const *)environ;
    launch.plan.cwd = options->cwd;
    launch.plan.tty = options->tty;
    launch.plan.held = options->held != NULL ? *options->held : -1;
    launch.plan.grace_ms = options->grace_ms;
    launch.plan.tree = proc->tree;
    launch.candidates = mh_proc_search(launch.plan.argv[0], launch.plan.env, err);
    if (launch.candidates == NULL || prepare_sandbox(proc, &launch.plan, options, err) < 0) {
        goto out;
    }
    launch.plan.candidates = (const char *const *)launch.candidates;
    if (open_channels(proc, &launch, options) < 0 || become_subreaper(proc) < 0 ||
        fork_guardian(proc, &launch.plan) < 0) {
        (void)mh_err_sys(err, errno, "cannot start %s", proc->name);
        goto out;
    }
    result = 0;
out:
    release_launch(&launch);
    return result;
}

static int fail_start(const struct mh_proc *proc, struct mh_err *err)
{
    int errnum = proc->failure.errnum;

    switch (proc->failure.trouble) {
    case MH_PROC_CONFINE:
        return mh_err_sys(err, errnum, "cannot start %s: it cannot be confined", proc->name);
    case MH_PROC_CHDIR:
        return mh_err_sys(err, errnum, "cannot start %s in the directory %s", proc->name,
                          proc->cwd);
    case MH_PROC_INTERPRETER:
        return mh_err_set(err, "ENOENT",
                          "cannot run %s: the interpreter in its first line is missing",
                          proc->name);
    case MH_PROC_EXEC:
        if (errnum == ENOENT && strchr(proc->name, '/') == NULL) {
            return mh_err_set(err, "ENOENT", "cannot run %s: not found in PATH", proc->name);
        }
        return mh_err_sys(err, errnum, "cannot run %s", proc->name);
    default:
        return mh_err_sys(err, errnum, "cannot start %s", proc->name);
    }
}

int mh_proc_start(struct mh_proc **started, const struct mh_proc_options *options,
                  struct mh_err *err)
{
    struct mh_proc *proc;

    if (mh_interrupt_signal != 0 && !options->finishing) {
        return mh_err_set(err, "EINTERRUPTED", "cannot start %s: interrupted", options->argv[0]);
    }
    proc = make_proc(options, err);
    if (proc == NULL) {
        return -1;
    }
    proc->started = mh_proc_now();
    proc->last_output = proc->started;
    if (launch_guardian(proc, options, err) < 0) {
        mh_proc_free(proc);
        return -1;
    }
    while (proc->state == MH_PROC_STARTING) {
        if (mh_proc_poll(proc, START_STEP_MS, err) < 0) {
            goto fail;
        }
    }
    if (proc->failure.trouble != MH_PROC_NO_TROUBLE) {
        (void)fail_start(proc, err);
        goto fail;
    }
    *started = proc;
    return 0;
fail:
    mh_proc_end(&proc);
    return -1;
}
