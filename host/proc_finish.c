/* How a run ends: the last output, the guardian waited for, or lost before its time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "os.h"
#include "proc_parts.h"

enum {
    DRAIN_BYTES = 2048 * 1024, /* more than a pipe holds: the rest is of someone who lives on */
    TAKEOVER_STEP_MS = 10,
};

void mh_proc_wait_for_guardian(struct mh_proc *proc)
{
    (void)mh_os.kill(proc->guardian, SIGKILL); /* it has nothing left to do */
    while (waitpid(proc->guardian, NULL, 0) < 0 && errno == EINTR) {
    }
    mh_os_close(&proc->control);
}

/* What is in a pipe now, though someone out of reach may still hold its other end. */
static int drain(struct mh_proc *proc, int stream, struct mh_err *err)
{
    int result = 0;
    size_t drained = 0;
    bool ended = proc->output[stream] < 0;

    while (!ended && !proc->log[stream].over && drained < DRAIN_BYTES) {
        long size = mh_proc_log_pump(&proc->log[stream], proc->output[stream], &ended, err);

        if (size < 0) {
            result = -1;
        } else if (size == 0) {
            break;
        } else {
            drained += (size_t)size;
        }
    }
    mh_os_close(&proc->output[stream]);
    return result;
}

int mh_proc_finish(struct mh_proc *proc, struct mh_err *err)
{
    int result = 0;

    proc->state = MH_PROC_OVER;
    mh_os_close(&proc->input);
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        if (proc->log[stream].window == NULL) { /* nothing was captured */
            continue;
        }
        if (drain(proc, stream, err) < 0 || mh_proc_log_finish(&proc->log[stream], err) < 0) {
            result = -1;
        }
        mh_proc_log_output(&proc->log[stream], &proc->report.output[stream]);
    }
    proc->report.wall_ms = mh_proc_now() - proc->started;
    return result;
}

/* Ends what a dead guardian left: mighost inherited it. */
static void take_over(struct mh_proc *proc)
{
    int64_t until = mh_proc_now() + MH_PROC_GIVE_UP_MS;

    mh_proc_wait_for_guardian(proc);
    (void)mh_cgroup_kill(&proc->cgroup);
    while (mh_proc_tree_sweep(proc->tree, SIGKILL, until) != 0 && mh_proc_now() < until) {
        (void)mh_cgroup_kill(&proc->cgroup);
        (void)poll(NULL, 0, TAKEOVER_STEP_MS);
    }
}

int mh_proc_lose_guardian(struct mh_proc *proc, struct mh_err *err)
{
    struct mh_err ignored;

    take_over(proc);
    (void)mh_proc_finish(proc, &ignored);
    return mh_err_set(err, "EAGENT",
                      "lost %s: its guardian was killed from outside, so all of it was",
                      proc->name);
}

void mh_proc_free(struct mh_proc *proc)
{
    if (proc->was_subreaper >= 0) {
        (void)prctl(PR_SET_CHILD_SUBREAPER, proc->was_subreaper);
    }
    mh_os_close(&proc->control);
    mh_os_close(&proc->input);
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        mh_os_close(&proc->output[stream]);
        mh_proc_log_close(&proc->log[stream]);
    }
    mh_redactor_release(&proc->redactor);
    mh_proc_tree_close(&proc->tree);
    mh_cgroup_remove(&proc->cgroup); /* unless the guardian has: it is as a rule first */
    mh_cgroup_close(&proc->cgroup);
    free(proc->name);
    free(proc->cwd);
    free(proc);
}
