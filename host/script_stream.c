/* Messages as they come from a child and go to it, never waiting longer than it has time. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "interrupt.h"
#include "script_parts.h"

enum {
    SLICE_MS = 100, /* so often is looked whether a signal came */
    BYTE_BITS = 8,
    FAILED_MAX = 2 * MH_SCRIPT_TEXT_MAX + 2,
};

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
        return mh_script_stop(script, MH_SCRIPT_GARBAGE);
    }
    mh_script_note(script, (enum mh_script_reason)reason, 0);
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
        result = mh_script_stop(script, MH_SCRIPT_TIME); /* however much it has to say */
        *failure = script->failure;
    } else if (kind == MH_SCRIPT_DONE) {
        mh_script_note(script, MH_SCRIPT_GARBAGE, 0);
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
            result = mh_script_lose(script);
            break;
        case PULLED_GARBAGE:
            result = mh_script_stop(script, MH_SCRIPT_GARBAGE);
            break;
        case PULLED_NOTHING:
            if (mh_script_now() >= script->deadline) {
                result = mh_script_stop(script, MH_SCRIPT_TIME);
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
