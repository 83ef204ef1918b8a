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
#include <string.h>
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
    SLICE_MS = 100,      /* so often is looked whether a signal came */
    KILL_AFTER_MS = 250, /* what the child has left to say itself that its time is over */
    LINGER_MS = 1000,    /* from its last word, or a closed socket, to the end of the process */
    BYTE_BITS = 8,
    FAILED_MAX = 2 * MH_SCRIPT_TEXT_MAX + 2,
};

struct mh_script {
    pid_t pid; /* 0 once it was waited for */
    int fd;
    int64_t deadline; /* monotonic milliseconds */
    bool over;
    struct mh_script_failure failure;
    unsigned char head[MH_SCRIPT_HEAD];
    char *body;
    size_t room, got; /* of the body; bytes of head and body that have come */
};

int64_t mh_script_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

void mh_script_put_head(unsigned char *head, enum mh_script_kind kind, size_t size)
{
    head[0] = (unsigned char)kind;
    for (int i = 1; i < MH_SCRIPT_HEAD; i++) {
        head[i] = (unsigned char)(size >> (BYTE_BITS * (i - 1)));
    }
}

size_t mh_script_head_size(const unsigned char *head)
{
    size_t size = 0;

    for (int i = MH_SCRIPT_HEAD - 1; i > 0; i--) {
        size = size << BYTE_BITS | head[i];
    }
    return size;
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

static void note(struct mh_script *script, enum mh_script_reason reason, int signal)
{
    script->failure = (struct mh_script_failure){
        .reason = reason, .signal = signal, .message = "", .traceback = ""};
}

/* What a process that was waited for died of, where it said nothing itself. */
static void note_status(struct mh_script *script, int status)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    if (signal == SIGSYS) {
        note(script, MH_SCRIPT_FORBIDDEN, signal);
    } else if (signal == SIGXCPU) {
        note(script, MH_SCRIPT_TIME, signal);
    } else if (signal != 0) {
        note(script, MH_SCRIPT_CRASHED, signal);
    } else {
        note(script, MH_SCRIPT_GARBAGE, 0);
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

/* Ends it for a reason of ours; returns 0, which receive returns. */
static int stop(struct mh_script *script, enum mh_script_reason reason)
{
    (void)reap(script, 0);
    note(script, reason, 0);
    script->over = true;
    return 0;
}

/* The socket is closed: whatever happened to the process tells why. */
static int lose(struct mh_script *script)
{
    note_status(script, reap(script, LINGER_MS));
    script->over = true;
    return 0;
}

static bool is_sane(const struct mh_script *script)
{
    size_t size = mh_script_head_size(script->head);

    switch (script->head[0]) {
    case MH_SCRIPT_LOG:
    case MH_SCRIPT_CALL:
    case MH_SCRIPT_DONE:
        return size <= MH_SCRIPT_MESSAGE_MAX;
    case MH_SCRIPT_FAILED:
        return size >= 2 && size <= FAILED_MAX;
    default:
        return false;
    }
}

/* Room for the body whose head has come, and for a NUL behind it. */
static int make_room(struct mh_script *script, struct mh_err *err)
{
    size_t size = mh_script_head_size(script->head) + 1;
    char *body;

    if (size <= script->room) {
        return 0;
    }
    body = realloc(script->body, size);
    if (body == NULL) {
        return mh_err_nomem(err);
    }
    script->body = body;
    script->room = size;
    return 0;
}

/* How much of the message is missing; at least its head at first. */
static size_t missing(const struct mh_script *script)
{
    if (script->got < MH_SCRIPT_HEAD) {
        return MH_SCRIPT_HEAD - script->got;
    }
    return MH_SCRIPT_HEAD + mh_script_head_size(script->head) - script->got;
}

enum pulled { PULLED_ALL, PULLED_SOME, PULLED_NOTHING, PULLED_GARBAGE, PULLED_END };

/* Takes what has come, without waiting. */
static int pull(struct mh_script *script, enum pulled *pulled, struct mh_err *err)
{
    bool in_head = script->got < MH_SCRIPT_HEAD;
    char *to = in_head ? (char *)script->head + script->got
                       : script->body + (script->got - MH_SCRIPT_HEAD);
    ssize_t size = recv(script->fd, to, missing(script), MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        *pulled = PULLED_NOTHING;
        return 0;
    }
    if (size <= 0) { /* also ECONNRESET: it died with a reply unread */
        *pulled = PULLED_END;
        return 0;
    }
    script->got += (size_t)size;
    *pulled = PULLED_SOME;
    if (in_head && script->got == MH_SCRIPT_HEAD) {
        if (!is_sane(script)) {
            *pulled = PULLED_GARBAGE;
            return 0;
        }
        if (make_room(script, err) < 0) {
            return -1;
        }
    }
    if (script->got >= MH_SCRIPT_HEAD && missing(script) == 0) {
        *pulled = PULLED_ALL;
    }
    return 0;
}

static int fail_interrupted(struct mh_err *err)
{
    return mh_err_set(err, "EINTERRUPTED", "a script was interrupted");
}

/* Until the socket is ready, a signal comes or a slice of time is over.  0, or -1 with err. */
static int wait_for(struct mh_script *script, short events, struct mh_err *err)
{
    struct pollfd ready = {.fd = script->fd, .events = events};
    int64_t left = script->deadline - mh_script_now();

    if (left > 0 && poll(&ready, 1, (int)(left < SLICE_MS ? left : SLICE_MS)) < 0 &&
        errno != EINTR) {
        return mh_err_sys(err, errno, "cannot wait for a script");
    }
    return mh_interrupt_signal != 0 ? fail_interrupted(err) : 0;
}

/* FAILED: a byte for the reason, the message, a NUL, the traceback. */
static int take_failure(struct mh_script *script)
{
    size_t size = mh_script_head_size(script->head);
    unsigned reason = (unsigned char)script->body[0];
    char *message = script->body + 1;
    const char *nul = memchr(message, '\0', size - 1);

    if (reason > MH_SCRIPT_TIME || nul == NULL) {
        return stop(script, MH_SCRIPT_GARBAGE);
    }
    note(script, (enum mh_script_reason)reason, 0);
    script->failure.message = message;
    script->failure.traceback = nul + 1;
    script->over = true;
    return 1;
}

/* A whole message is here. */
static int take(struct mh_script *script, struct mh_script_message *message,
                struct mh_script_failure *failure)
{
    enum mh_script_kind kind = (enum mh_script_kind)script->head[0];
    size_t size = mh_script_head_size(script->head);
    int result = 1;

    script->body[size] = '\0';
    script->got = 0;
    if (kind == MH_SCRIPT_FAILED) {
        result = take_failure(script);
        *failure = script->failure;
    } else if (kind != MH_SCRIPT_DONE && mh_script_now() >= script->deadline) {
        result = stop(script, MH_SCRIPT_TIME); /* however much it has to say */
        *failure = script->failure;
    } else if (kind == MH_SCRIPT_DONE) {
        note(script, MH_SCRIPT_GARBAGE, 0);
        script->over = true;
    }
    if (result == 1) {
        *message = (struct mh_script_message){.kind = kind, .data = script->body, .size = size};
    }
    return result;
}

int mh_script_receive(struct mh_script *script, struct mh_script_message *message,
                      struct mh_script_failure *failure, struct mh_err *err)
{
    enum pulled pulled = PULLED_SOME;
    int result = 0;

    while (!script->over) {
        if (pull(script, &pulled, err) < 0) {
            return -1;
        }
        switch (pulled) {
        case PULLED_ALL:
            return take(script, message, failure);
        case PULLED_SOME:
            continue;
        case PULLED_END:
            result = lose(script);
            break;
        case PULLED_GARBAGE:
            result = stop(script, MH_SCRIPT_GARBAGE);
            break;
        case PULLED_NOTHING:
            if (mh_script_now() >= script->deadline) {
                result = stop(script, MH_SCRIPT_TIME);
            } else if (wait_for(script, POLLIN, err) < 0) {
                return -1;
            }
            break;
        }
    }
    *failure = script->failure;
    return result;
}

/* Sends without ever waiting longer than the child has time. */
static int push(struct mh_script *script, const void *data, size_t size, struct mh_err *err)
{
    const char *next = data;

    while (size > 0 && mh_script_now() < script->deadline) {
        ssize_t sent = send(script->fd, next, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            next += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_for(script, POLLOUT, err) < 0) {
                return -1;
            }
        } else if (errno != EINTR) {
            return 0; /* it is gone, as receive will find */
        }
    }
    return 0;
}

int mh_script_reply(struct mh_script *script, const void *data, size_t size, struct mh_err *err)
{
    unsigned char head[MH_SCRIPT_HEAD];

    if (script->over) {
        return 0;
    }
    mh_script_put_head(head, MH_SCRIPT_REPLY, size);
    if (push(script, head, sizeof head, err) < 0) {
        return -1;
    }
    return push(script, data, size, err);
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
