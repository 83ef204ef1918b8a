/*
 * States: STARTING -> RUNNING -> ENDING -> OVER, see proc_parts.h.  Each step looks in this order
 * at the program's output and input, the guardian's messages, the limits: what was printed before
 * a limit struck counts.
 */
#include "proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "interrupt.h"
#include "os.h"
#include "proc_parts.h"

enum {
    NUDGE_MS = 250,     /* how often a guardian that someone stopped is woken */
    LATE_MS = 2000,     /* how much longer than it needs a guardian may take */
    PUMPS_PER_STEP = 4, /* reads of a stream before the others have their turn */
    INPUT_BYTES = 65536,
    FAILURES_MAX = 8,
    POLL_CONTROL = 0,
    POLL_INPUT,
    POLL_OUTPUT,
    POLL_COUNT = POLL_OUTPUT + MH_PROC_STREAMS,
};

/* Asks the guardian to end everything.  The first reason is the one that is told. */
static void ask_for_end(struct mh_proc *proc, enum mh_proc_limit limit)
{
    static const char request = 'E';

    if (proc->state >= MH_PROC_ENDING) {
        return;
    }
    proc->state = MH_PROC_ENDING;
    proc->report.limit = limit;
    proc->end_by = mh_proc_now() + proc->grace_ms + MH_PROC_GIVE_UP_MS + LATE_MS;
    (void)send(proc->control, &request, sizeof request,
               MSG_NOSIGNAL); /* failing: its end is heard of soon */
}

static void note_exit(struct mh_proc *proc, int status)
{
    if (WIFEXITED(status)) {
        proc->report.exit = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        proc->report.signal = WTERMSIG(status);
    }
    if (proc->state < MH_PROC_ENDING) {
        proc->state = MH_PROC_ENDING;
        proc->end_by = mh_proc_now() + proc->grace_ms + MH_PROC_GIVE_UP_MS + LATE_MS;
    }
    mh_os_close(&proc->input);
}

static int take_message(struct mh_proc *proc, const struct mh_proc_message *message,
                        struct mh_err *err)
{
    switch (message->news) {
    case MH_PROC_STARTED:
        if (proc->state == MH_PROC_STARTING) {
            proc->state = MH_PROC_RUNNING;
        }
        return 0;
    case MH_PROC_FAILED:
        proc->failure = message->failure;
        break;
    case MH_PROC_EXITED:
        note_exit(proc, message->status);
        return 0;
    case MH_PROC_GONE:
        proc->report.stragglers = message->stragglers;
        proc->report.survivors = message->survivors;
        proc->report.cpu_us = message->cpu_us;
        proc->report.peak_kib = message->peak_kib;
        break;
    }
    mh_proc_wait_for_guardian(proc);
    return mh_proc_finish(proc, err);
}

/* Takes the messages that are there. */
static int listen_to_guardian(struct mh_proc *proc, struct mh_err *err)
{
    struct mh_proc_message message;

    while (proc->state != MH_PROC_OVER) {
        ssize_t size = recv(proc->control, &message, sizeof message, MSG_DONTWAIT);

        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return 0;
        }
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size != (ssize_t)sizeof message) {
            return mh_proc_lose_guardian(proc, err);
        }
        if (take_message(proc, &message, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A program that closes its stdin early has read what it wanted. */
static void feed_input(struct mh_proc *proc)
{
    while (proc->input_left > 0) {
        size_t size = proc->input_left < INPUT_BYTES ? proc->input_left : INPUT_BYTES;
        ssize_t written = mh_os.write(proc->input, proc->input_next, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (written <= 0) {
            break;
        }
        proc->input_next += written;
        proc->input_left -= (size_t)written;
    }
    mh_os_close(&proc->input);
}

static int pump_output(struct mh_proc *proc, int stream, struct mh_err *err)
{
    struct mh_proc_log *log = &proc->log[stream];
    bool ended = false;

    for (int i = 0; i < PUMPS_PER_STEP && !ended && !log->over; i++) {
        long size = mh_proc_log_pump(log, proc->output[stream], &ended, err);

        if (size < 0) {
            return -1;
        }
        if (size == 0) {
            break;
        }
        proc->latest = stream;
        proc->last_output = mh_proc_now();
    }
    if (ended) {
        mh_os_close(&proc->output[stream]);
    }
    return 0;
}

static void check_limits(struct mh_proc *proc, int64_t now)
{
    if (proc->state >= MH_PROC_ENDING) {
        return;
    }
    if (mh_interrupt_signal != 0 && !proc->finishing) {
        ask_for_end(proc, MH_PROC_INTERRUPT);
    } else if (proc->log[MH_PROC_STDOUT].over || proc->log[MH_PROC_STDERR].over) {
        ask_for_end(proc, MH_PROC_OUTPUT);
    } else if (proc->timeout_ms >= 0 && now - proc->started >= proc->timeout_ms) {
        ask_for_end(proc, MH_PROC_TIMEOUT);
    } else if (proc->silence_ms >= 0 && now - proc->last_output >= proc->silence_ms) {
        ask_for_end(proc, MH_PROC_SILENCE);
    }
}

/* How long to wait at most, so that no limit is noticed late. */
static int choose_wait(const struct mh_proc *proc, int64_t now, int max_ms)
{
    int64_t wait = max_ms < NUDGE_MS ? max_ms : NUDGE_MS;

    if (proc->state < MH_PROC_ENDING) {
        if (proc->timeout_ms >= 0 && proc->started + proc->timeout_ms - now < wait) {
            wait = proc->started + proc->timeout_ms - now;
        }
        if (proc->silence_ms >= 0 && proc->last_output + proc->silence_ms - now < wait) {
            wait = proc->last_output + proc->silence_ms - now;
        }
    }
    return wait > 0 ? (int)wait : 0;
}

static int move_data(struct mh_proc *proc, const struct pollfd *fds, struct mh_err *err)
{
    if (fds[POLL_INPUT].revents != 0) {
        feed_input(proc);
    }
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        if (fds[POLL_OUTPUT + stream].revents != 0 && pump_output(proc, stream, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A guardian that is stopped is woken; one that is long overdue counts as lost. */
static int watch_guardian(struct mh_proc *proc, int64_t now, struct mh_err *err)
{
    if (now - proc->last_nudge >= NUDGE_MS) {
        proc->last_nudge = now;
        (void)mh_os.kill(proc->guardian, SIGCONT);
    }
    if (proc->state == MH_PROC_ENDING && now >= proc->end_by) {
        return mh_proc_lose_guardian(proc, err);
    }
    return 0;
}

int mh_proc_poll(struct mh_proc *proc, int max_ms, struct mh_err *err)
{
    struct pollfd fds[POLL_COUNT] = {
        [POLL_CONTROL] = {.fd = proc->control, .events = POLLIN},
        [POLL_INPUT] = {.fd = proc->input, .events = POLLOUT},
    };
    int64_t now;

    if (proc->state == MH_PROC_OVER) {
        return 0;
    }
    for (int stream = 0; stream < MH_PROC_STREAMS; stream++) {
        fds[POLL_OUTPUT + stream].fd = proc->log[stream].over ? -1 : proc->output[stream];
        fds[POLL_OUTPUT + stream].events = POLLIN;
    }
    if (poll(fds, POLL_COUNT, choose_wait(proc, mh_proc_now(), max_ms)) < 0 && errno != EINTR) {
        return mh_err_sys(err, errno, "cannot wait for %s", proc->name);
    }
    if (move_data(proc, fds, err) < 0) {
        return -1;
    }
    if (fds[POLL_CONTROL].revents != 0 && listen_to_guardian(proc, err) < 0) {
        return -1;
    }
    if (proc->state == MH_PROC_OVER) {
        return 0;
    }
    now = mh_proc_now();
    check_limits(proc, now);
    return watch_guardian(proc, now, err) < 0 ? -1 : 1;
}

void mh_proc_progress(const struct mh_proc *proc, struct mh_proc_progress *progress)
{
    progress->elapsed_ms = mh_proc_now() - proc->started;
    progress->bytes = proc->log[MH_PROC_STDOUT].bytes + proc->log[MH_PROC_STDERR].bytes;
}

size_t mh_proc_last_line(const struct mh_proc *proc, char *line, size_t size)
{
    return mh_proc_log_last_line(&proc->log[proc->latest], line, size);
}

const struct mh_proc_report *mh_proc_report(const struct mh_proc *proc)
{
    return &proc->report;
}

void mh_proc_end(struct mh_proc **slot)
{
    struct mh_proc *proc = *slot;
    int failures = 0;

    if (proc == NULL) {
        return;
    }
    *slot = NULL;
    ask_for_end(proc, MH_PROC_NO_LIMIT);
    while (proc->state != MH_PROC_OVER) {
        struct mh_err err;

        if (mh_proc_poll(proc, NUDGE_MS, &err) < 0) {
            failures++; /* a full disk fails once; what fails on and on is the waiting */
        }
        if (failures > FAILURES_MAX) {
            (void)mh_proc_lose_guardian(proc, &err);
        }
    }
    mh_proc_free(proc);
}
