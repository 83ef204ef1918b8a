/*
 * From the guardian's fork to exec.  Only async-signal-safe calls and bare system calls: this
 * process is a copy of one that may have been anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os.h"
#include "proc_parts.h"

enum { EXIT_NOT_STARTED = 127, FIRST_OTHER_FD = 3 };

static _Noreturn void fail(const struct mh_proc_plan *plan, enum mh_proc_trouble trouble)
{
    struct mh_proc_failure failure = {.trouble = trouble, .errnum = errno};

    (void)mh_os_write_all(plan->status[1], &failure, sizeof failure);
    _exit(EXIT_NOT_STARTED);
}

/* A handler of mighost's would not survive exec, but what it ignores would. */
static int reset_signals(void)
{
    struct sigaction action = {0};
    sigset_t none;

    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &action,
                        NULL); /* EINVAL for SIGKILL, SIGSTOP and the C library's own */
    }
    (void)sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_descriptors(const struct mh_proc_plan *plan)
{
    for (int fd = 0; fd < FIRST_OTHER_FD; fd++) {
        if (plan->stdio[fd] >= 0 && dup2(plan->stdio[fd], fd) < 0) {
            return -1;
        }
    }
    return close_range(FIRST_OTHER_FD, ~0U,
                       CLOSE_RANGE_CLOEXEC); /* the status pipe must tell of exec */
}

/* Like execvp, but without its fall-back to a shell. */
static _Noreturn void run(const struct mh_proc_plan *plan)
{
    int told = ENOENT;

    for (size_t i = 0; plan->candidates[i] != NULL; i++) {
        const char *path = plan->candidates[i];
        int error;

        (void)execve(path, (char *const *)plan->argv, (char *const *)plan->env);
        error = errno;
        if (error == ENOENT && access(path, F_OK) == 0) {
            errno = error;
            fail(plan, MH_PROC_INTERPRETER);
        }
        if (error == EACCES) { /* unless another candidate runs */
            told = error;
        } else if (error != ENOENT && error != ENOTDIR) {
            told = error;
            break;
        }
    }
    errno = told;
    fail(plan, MH_PROC_EXEC);
}

_Noreturn void mh_proc_child(const struct mh_proc_plan *plan)
{
    if (!plan->tty && setsid() < 0) {
        fail(plan, MH_PROC_SETUP);
    }
    mh_cgroup_enter(&plan->cgroup); /* before it can fork, and before the sandbox forbids it */
    if (set_descriptors(plan) < 0 || reset_signals() < 0) {
        fail(plan, MH_PROC_SETUP);
    }
    if (mh_sandbox_enter(&plan->sandbox) < 0) {
        fail(plan, MH_PROC_CONFINE);
    }
    /* Should someone kill the guardian.  Entering the sandbox may take it away, so it comes now. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        fail(plan, MH_PROC_SETUP);
    }
    if (plan->cwd != NULL && chdir(plan->cwd) < 0) {
        fail(plan, MH_PROC_CHDIR);
    }
    run(plan);
}
