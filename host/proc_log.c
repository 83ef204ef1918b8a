#include "proc_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

enum {
    READ_BYTES = 256 * 1024,
    HEAD_FIRST = 4096, /* the head grows from this: most programs print little */
    LINE_REACH = 4096, /* how far back the last line is looked for */
    LOG_MODE = 0600,
};

/*
 * An existing file is emptied; what is not a file is refused, as a FIFO would block and a device
 * swallow.
 */
static int open_file(struct mh_proc_log *log, struct mh_err *err)
{
    struct stat status;

    log->fd =
        mh_os_create(AT_FDCWD, log->path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, LOG_MODE);
    if (log->fd < 0) {
        return mh_err_sys(err, errno, "cannot make the log file %s", log->path);
    }
    if (fstat(log->fd, &status) < 0) {
        return mh_err_sys(err, errno, "cannot make the log file %s", log->path);
    }
    if (!S_ISREG(status.st_mode)) {
        return mh_err_set(err, "EINVAL", "cannot log to %s: not a regular file", log->path);
    }
    if (mh_os_fchmod(log->fd, LOG_MODE) < 0) {
        return mh_err_sys(err, errno, "cannot make the log file %s private", log->path);
    }
    return 0;
}

int mh_proc_log_open(struct mh_proc_log *log, const struct mh_proc_options *options, int stream,
                     const struct mh_redactor *redactor, struct mh_err *err)
{
    const char *path = options->log[stream];
    struct mh_proc_log made = {.redactor = redactor, .fd = -1, .cap = options->cap};

    made.tail_max = options->keep / 2;
    made.head_max = options->keep - made.tail_max;
    made.window = malloc(mh_redactor_hold_max(redactor) + READ_BYTES);
    made.out = redactor->count > 0 ? malloc(READ_BYTES) : NULL;
    made.path = path != NULL ? strdup(path) : NULL;
    if (made.window == NULL || (redactor->count > 0 && made.out == NULL) ||
        (path != NULL && made.path == NULL)) {
        (void)mh_err_nomem(err);
        goto fail;
    }
    if (path != NULL && open_file(&made, err) < 0) {
        goto fail;
    }
    *log = made;
    return 0;
fail:
    mh_proc_log_close(&made);
    return -1;
}

static int grow_head(struct mh_proc_log *log, size_t wanted, struct mh_err *err)
{
    size_t room = log->head_room > 0 ? log->head_room : HEAD_FIRST;
    char *grown;

    while (room < wanted) {
        room *= 2;
    }
    if (room > log->head_max) {
        room = log->head_max;
    }
    if (room > log->head_room) {
        grown = realloc(log->head, room);
        if (grown == NULL) {
            return mh_err_nomem(err);
        }
        log->head = grown;
        log->head_room = room;
    }
    return 0;
}

/* Copies into the ring; only the last tail_max bytes can stay. */
static void keep_tail(struct mh_proc_log *log, const char *data, size_t size)
{
    size_t skipped = size > log->tail_max ? size - log->tail_max : 0;
    size_t at = (size_t)((log->tail_bytes + skipped) % log->tail_max);
    size_t first = log->tail_max - at;
    size_t left = size - skipped;

    if (first > left) {
        first = left;
    }
    memcpy(log->tail + at, data + skipped, first);
    memcpy(log->tail, data + skipped + first, left - first);
    log->tail_bytes += size;
}

static int keep(struct mh_proc_log *log, const char *data, size_t size, struct mh_err *err)
{
    size_t front = log->head_max - log->head_size;

    if (front > size) {
        front = size;
    }
    if (front > 0) {
        if (grow_head(log, log->head_size + front, err) < 0) {
            return -1;
        }
        memcpy(log->head + log->head_size, data, front);
        log->head_size += front;
    }
    if (front == size || log->tail_max == 0) {
        return 0;
    }
    if (log->tail == NULL) {
        log->tail = malloc(log->tail_max);
    }
    if (log->tail == NULL) {
        return mh_err_nomem(err);
    }
    keep_tail(log, data + front, size - front);
    return 0;
}

/* Into the file and into memory, up to the cap. */
static int store(struct mh_proc_log *log, const char *data, size_t size, struct mh_err *err)
{
    if (size > log->cap - log->bytes) {
        size = (size_t)(log->cap - log->bytes);
        log->over = true;
    }
    if (data == NULL || size == 0 || log->failed) {
        return 0;
    }
    if (log->fd >= 0 && mh_os_write_all(log->fd, data, size) < 0) {
        (void)mh_err_sys(err, errno, "cannot write the log file %s", log->path);
        log->failed = true;
        return -1;
    }
    log->bytes += size;
    if (keep(log, data, size, err) < 0) {
        log->failed = true;
        return -1;
    }
    return 0;
}

static int flush_out(struct mh_proc_log *log, struct mh_err *err)
{
    size_t size = log->out_size;

    log->out_size = 0;
    return store(log, log->out, size, err);
}

/* The redactor's sink: many small pieces become few writes. */
static int take_piece(void *context, const char *data, size_t size, struct mh_err *err)
{
    struct mh_proc_log *log = context;

    if (log->out == NULL || size >= READ_BYTES) {
        return flush_out(log, err) < 0 ? -1 : store(log, data, size, err);
    }
    if (size > READ_BYTES - log->out_size && flush_out(log, err) < 0) {
        return -1;
    }
    memcpy(log->out + log->out_size, data, size);
    log->out_size += size;
    return 0;
}

/* Runs the window through the redactor and keeps what that holds back for the next one. */
static int pass_window(struct mh_proc_log *log, size_t size, bool last, struct mh_err *err)
{
    struct mh_redact_window window = {.data = log->window, .size = size, .last = last};
    size_t held = 0;

    log->held = 0;
    if (mh_redactor_run(log->redactor, &window, take_piece, log, &held, err) < 0) {
        return -1;
    }
    memmove(log->window, log->window + size - held, held);
    log->held = held;
    return flush_out(log, err);
}

long mh_proc_log_pump(struct mh_proc_log *log, int fd, bool *ended, struct mh_err *err)
{
    ssize_t size = mh_os_read(fd, log->window + log->held, READ_BYTES);

    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return 0;
    }
    if (size <= 0) { /* EIO or the like: nothing more can be had from this end */
        *ended = true;
        return 0;
    }
    return pass_window(log, log->held + (size_t)size, false, err) < 0 ? -1 : (long)size;
}

int mh_proc_log_finish(struct mh_proc_log *log, struct mh_err *err)
{
    return pass_window(log, log->held, true, err);
}

void mh_proc_log_output(const struct mh_proc_log *log, struct mh_proc_output *output)
{
    size_t at = log->tail_max > 0 ? (size_t)(log->tail_bytes % log->tail_max) : 0;
    bool wrapped = log->tail_bytes > log->tail_max;

    output->bytes = log->bytes;
    output->whole = !log->over && log->bytes == log->head_size + log->tail_bytes && !wrapped;
    output->part[0] = log->head;
    output->size[0] = log->head_size;
    output->part[1] = wrapped ? log->tail + at : log->tail;
    output->size[1] = wrapped ? log->tail_max - at : (size_t)log->tail_bytes;
    output->part[2] = log->tail;
    output->size[2] = wrapped ? at : 0;
}

/* Copies the last bytes that are kept, at most `size`, in order; how many. */
static size_t copy_end(const struct mh_proc_output *output, char *to, size_t size)
{
    size_t used = 0;

    for (int part = 2; part >= 0 && used < size; part--) {
        size_t take = output->size[part];

        if (part == 0 && output->size[1] + output->size[2] > 0 && !output->whole) {
            break; /* what is between was dropped: no line goes across */
        }
        if (take > size - used) {
            take = size - used;
        }
        if (take > 0) {
            memmove(to + take, to, used);
            memcpy(to, output->part[part] + output->size[part] - take, take);
            used += take;
        }
    }
    return used;
}

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

size_t mh_proc_log_last_line(const struct mh_proc_log *log, char *line, size_t size)
{
    struct mh_proc_output output = {0};
    char end[LINE_REACH];
    size_t stop;
    size_t start;

    mh_proc_log_output(log, &output);
    stop = copy_end(&output, end, sizeof end);
    while (stop > 0 && (is_line_end(end[stop - 1]) || end[stop - 1] == ' ')) {
        stop--;
    }
    start = stop;
    while (start > 0 && !is_line_end(end[start - 1])) {
        start--;
    }
    if (stop - start < size) {
        size = stop - start;
    }
    memcpy(line, end + start, size);
    return size;
}

void mh_proc_log_close(struct mh_proc_log *log)
{
    mh_os_close(&log->fd);
    free(log->path);
    free(log->window);
    free(log->out);
    free(log->head);
    free(log->tail);
    *log = (struct mh_proc_log){.fd = -1};
}
