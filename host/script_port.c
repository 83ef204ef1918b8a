/* The child's side of the socket, and its memory.  Where mighost is gone, so is the child. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "script_parts.h"

_Noreturn void mh_script_leave(void)
{
    _exit(0);
}

static void send_all(const struct mh_script_port *port, const void *data, size_t size)
{
    if (mh_os_write_all(port->fd, data, size) < 0) {
        mh_script_leave();
    }
}

void mh_script_say(const struct mh_script_port *port, enum mh_script_kind kind, const void *data,
                   size_t size)
{
    unsigned char head[MH_SCRIPT_HEAD];

    mh_script_put_head(head, kind, size);
    send_all(port, head, sizeof head);
    send_all(port, data, size);
}

_Noreturn void mh_script_give_up(const struct mh_script_port *port, enum mh_script_reason reason,
                                 const char *message, const char *traceback)
{
    unsigned char head[MH_SCRIPT_HEAD + 1];
    size_t message_size = strnlen(message, MH_SCRIPT_TEXT_MAX);
    size_t traceback_size = strnlen(traceback, MH_SCRIPT_TEXT_MAX);

    mh_script_put_head(head, MH_SCRIPT_FAILED, 1 + message_size + 1 + traceback_size);
    head[MH_SCRIPT_HEAD] = (unsigned char)reason;
    send_all(port, head, sizeof head);
    send_all(port, message, message_size);
    send_all(port, "", 1);
    send_all(port, traceback, traceback_size);
    mh_script_leave();
}

void mh_script_hear(const struct mh_script_port *port, void *data, size_t size)
{
    char *next = data;

    while (size > 0) {
        ssize_t got = mh_os_read(port->fd, next, size);

        if (got <= 0) {
            mh_script_leave();
        }
        next += got;
        size -= (size_t)got;
    }
}

size_t mh_script_hear_size(const struct mh_script_port *port)
{
    unsigned char head[MH_SCRIPT_HEAD];

    mh_script_hear(port, head, sizeof head);
    return mh_script_head_size(head);
}

void *mh_script_allocate(void *context, void *block, size_t old_size, size_t size)
{
    struct mh_script_memory *memory = context;
    size_t freed = block != NULL ? old_size : 0;
    void *fresh;

    if (size == 0) {
        free(block);
        memory->used -= freed;
        return NULL;
    }
    if (size > freed && size - freed > memory->limit - memory->used) {
        memory->was_short = true;
        return NULL;
    }
    fresh = realloc(block, size);
    if (fresh == NULL) {
        memory->was_short = true;
        return NULL;
    }
    memory->used += size - freed;
    return fresh;
}
