/*
 * Its states, as the parent sees them:
 *
 *   RUNNING   messages may come; until the deadline
 *   OVER      it has been waited for; `failure` says how it ended
 *
 * DONE and FAILED are its last words, but it is only waited for at the end: how a process ends that
 * has said them does not matter.
 */
#include "script.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "os.h"
#include "script_parts.h"

enum {
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
    KILL_AFTER_MS = 250, /* what the child has left to say itself that its time is over */
    LINGER_MS = 1000,    /* from its last word, or a closed socket, to the end of the process */
};

int64_t mh_script_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* The child, all signals blocked: none of our handlers may run there. */
static _Noreturn void run_child(int fd, pid_t parent, const struct mh_script_limits *limits,
                                mh_script_body *body, void *context)
{
    struct mh_script_port port = {
        .fd = fd, .limits = *limits, .deadline = mh_script_now() + limits->time_ms};
    struct mh_err err = {0};

    if (mh_script_confine(&port.fd, parent, limits, &err) < 0) {
        mh_script_give_up(&port, MH_SCRIPT_SETUP, err.message, "");
    }
    body(&port, context);
    mh_script_leave();
}

static pid_t fork_child(int fd, const struct mh_script_limits *limits, mh_script_body *body,
                        void *context)
{
    pid_t parent = getpid();
    sigset_t all;
    sigset_t before;
    pid_t pid;
    int saved;

    (void)sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, &before) < 0) {
        return -1;
    }
    pid = mh_os.fork();
    saved = errno;
    if (pid == 0) {
        run_child(fd, parent, limits, body, context);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

int mh_script_start(struct mh_script **started, const struct mh_script_limits *limits,
                    mh_script_body *body, void *context, struct mh_err *err)
{
    struct mh_script *script = NULL;
    int ends[2] = {-1, -1};
    int result = -1;

    if (mh_interrupt_signal != 0) {
        return mh_err_set(err, "EINTERRUPTED", "cannot run a script: interrupted");
    }
    script = calloc(1, sizeof *script);
    if (script == NULL) {
        return mh_err_nomem(err);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        (void)mh_err_sys(err, errno, "cannot open a socket for a script");
        goto out;
    }
    script->deadline = mh_script_now() + limits->time_ms + KILL_AFTER_MS;
    script->pid = fork_child(ends[1], limits, body, context);
    if (script->pid < 0) {
        (void)mh_err_sys(err, errno, "cannot start a process for a script");
        goto out;
    }
    script->fd = ends[0];
    ends[0] = -1;
    *started = script;
    script = NULL;
    result = 0;
out:
    mh_os_close(&ends[0]);
    mh_os_close(&ends[1]);
    free(script);
    return result;
}

void mh_script_note(struct mh_script *script, enum mh_script_reason reason, int signal)
{
    script->failure = (struct mh_script_failure){
        .reason = reason, .signal = signal, .message = "", .traceback = ""};
}

/* What a process that was waited for died of, where it said nothing itself. */
static void note_status(struct mh_script *script, int status)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    if (signal == SIGSYS) {
        mh_script_note(script, MH_SCRIPT_FORBIDDEN, signal);
    } else if (signal == SIGXCPU) {
        mh_script_note(script, MH_SCRIPT_TIME, signal);
    } else if (signal != 0) {
        mh_script_note(script, MH_SCRIPT_CRASHED, signal);
    } else {
        mh_script_note(script, MH_SCRIPT_GARBAGE, 0);
    }
}

/* Waits for the child, at most so long; then it is killed.  Its status. */
static int reap(struct mh_script *script, int64_t patience_ms)
{
    int64_t until = mh_script_now() + patience_ms;
    int status = 0;
    pid_t pid;

    for (;;) {
        bool patient = mh_script_now() < until;

        if (!patient) {
            (void)mh_os.kill(script->pid, SIGKILL);
        }
        pid = waitpid(script->pid, &status, patient ? WNOHANG : 0);
        if (pid == script->pid || (pid < 0 && errno != EINTR)) {
            script->pid = 0;
            return status;
        }
        (void)poll(NULL, 0, pid == 0 ? 1 : 0);
    }
}

int mh_script_stop(struct mh_script *script, enum mh_script_reason reason)
{
    (void)reap(script, 0);
    mh_script_note(script, reason, 0);
    script->over = true;
    return 0;
}

int mh_script_lose(struct mh_script *script)
{
    note_status(script, reap(script, LINGER_MS));
    script->over = true;
    return 0;
}

void mh_script_end(struct mh_script **script)
{
    struct mh_script *ended = *script;

    if (ended == NULL) {
        return;
    }
    *script = NULL;
    if (ended->pid > 0) {
        (void)reap(ended, 0);
    }
    mh_os_close(&ended->fd);
    free(ended->body);
    free(ended);
}
