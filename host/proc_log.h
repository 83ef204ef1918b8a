/*
 * proc_log: one output stream of a program: to its log file as it comes, its two ends to memory.
 *
 * Calling sequence: mh_proc_log_open; mh_proc_log_pump whenever the pipe is readable;
 * mh_proc_log_finish at the end; mh_proc_log_close, also after a failure.  A log that failed once
 * (disk full) is written no more, but can still be pumped so that the program is not stuck on a
 * full pipe while it is ended.
 */
#ifndef MH_PROC_LOG_H
#define MH_PROC_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "proc.h"
#include "proc_redact.h"

struct mh_proc_log { /* a closed one has fd -1 and is else all zero */
    const struct mh_redactor *redactor;
    char *path; /* NULL: no file */
    int fd;
    bool failed;
    bool over;      /* more came than the cap */
    uint64_t bytes; /* that went into the log */
    uint64_t cap;
    char *window; /* what the redactor held back, then what is read next */
    size_t held;
    char *out; /* what the redactor passed on, not yet written; NULL when there are no secrets */
    size_t out_size;
    char *head;
    size_t head_size, head_room, head_max;
    char *tail; /* a ring of tail_max bytes, made at its first use */
    size_t tail_max;
    uint64_t tail_bytes; /* that ever went into it */
};

/* Makes the file options->log[stream], where there is one.  Borrows the redactor.  0 or -1. */
int mh_proc_log_open(struct mh_proc_log *log, const struct mh_proc_options *options, int stream,
                     const struct mh_redactor *redactor, struct mh_err *err);

/*
 * Reads once from fd, which does not block.  How many bytes came; 0 when none are there now; -1
 * with err; *ended tells that none will come any more.
 */
long mh_proc_log_pump(struct mh_proc_log *log, int fd, bool *ended, struct mh_err *err);

/* Writes what was held back.  0 or -1. */
int mh_proc_log_finish(struct mh_proc_log *log, struct mh_err *err);

/* What is kept, as in the report; the parts point into the log. */
void mh_proc_log_output(const struct mh_proc_log *log, struct mh_proc_output *output);

/* The last line with anything in it; see mh_proc_last_line. */
size_t mh_proc_log_last_line(const struct mh_proc_log *log, char *line, size_t size);

/* Closes the file and frees the memory.  A second call does nothing. */
void mh_proc_log_close(struct mh_proc_log *log);

#endif
