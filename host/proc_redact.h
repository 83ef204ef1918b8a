/*
 * proc_redact: values of secrets replaced in a stream of bytes, wherever the chunks are cut.
 *
 * Calling sequence: mh_redactor_init; mh_redactor_run for each window; mh_redactor_release.  A
 * window is what the last run held back, followed by new bytes.  Each value becomes
 * "<redacted:NAME>"; where several begin at one place the longest counts, and of equal ones the
 * name that sorts first.
 */
#ifndef MH_PROC_REDACT_H
#define MH_PROC_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "proc.h"

enum { MH_REDACT_MIN = 8 }; /* a shorter value would match by chance */

struct mh_redact_value;

struct mh_redactor { /* all zero is a released one, which replaces nothing */
    size_t count;
    struct mh_redact_value *values; /* longest first */
    size_t shortest, longest;
    uint8_t *skip;
};

/* Receives the bytes that may be shown; 0, or -1 to stop with err filled in. */
typedef int (*mh_redact_sink)(void *context, const char *data, size_t size, struct mh_err *err);

/* Copies the secrets.  0 or -1 (ENOMEM). */
int mh_redactor_init(struct mh_redactor *redactor, const struct mh_proc_secret *secrets,
                     size_t count, struct mh_err *err);

/* How many bytes a run may hold back at most. */
size_t mh_redactor_hold_max(const struct mh_redactor *redactor);

struct mh_redact_window {
    const char *data;
    size_t size;
    bool last; /* no more will come */
};

/*
 * Passes the window on to the sink, all but an end that may be the beginning of a value: *held
 * bytes. With `last` nothing is held back, and the beginning of a value of at least MH_REDACT_MIN
 * bytes counts as the value.  0, or -1 where the sink failed.
 */
int mh_redactor_run(const struct mh_redactor *redactor, const struct mh_redact_window *window,
                    mh_redact_sink sink, void *context, size_t *held, struct mh_err *err);

void mh_redactor_release(struct mh_redactor *redactor);

#endif
