/*
 * err: one shape for every failure of the world.
 *
 * A function that can fail takes `struct mh_err *err` last and returns 0 (or a non-negative value)
 * on success, a negative one on failure.  On success `err` is untouched; on failure it holds a NAME
 * that callers branch on, the errno where there was one, and one line of text for people.
 *
 * NAME is an errno's symbolic name ("ENOENT") or one of mighost's own: EDIRTY, ESTALE,
 * EINVALIDPATH, EUNSUPPORTED, ECORRUPT, ... (host/README.md lists them with their exit codes).
 *
 * The object owns nothing, so it needs no release.  Text longer than the buffer is cut, never
 * overrun.
 */
#ifndef MH_ERR_H
#define MH_ERR_H

struct mh_err {
    char name[24];
    int errnum; /* errno, or 0 where the failure is not a system call's */
    char message[2048];
};

/* Fills err with a failure of our own; returns -1 so that `return mh_err_set(...)` reads well. */
int mh_err_set(struct mh_err *err, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Fills err from a system call's errno: the name follows from errnum and the system's text is
 * appended. `format` says what was tried, on what ("cannot open migrations/x").  Returns -1.
 */
int mh_err_sys(struct mh_err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context in front of a message that is already there: "<context>: <message>".  Returns -1. */
int mh_err_wrap(struct mh_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fills err with "out of memory" (ENOMEM).  Returns -1. */
int mh_err_nomem(struct mh_err *err);

/*
 * The symbolic name of an errno, "EIO" for one that is unknown here.  Never NULL; static storage.
 */
const char *mh_err_errno_name(int errnum);

#endif
