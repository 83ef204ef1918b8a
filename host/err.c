#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mh_err_errno_name(int errnum)
{
    const char *name = strerrorname_np(errnum);

    return name != NULL ? name : "EIO";
}

static void set_name(struct mh_err *err, const char *name)
{
    (void)snprintf(err->name, sizeof err->name, "%s", name);
}

int mh_err_set(struct mh_err *err, const char *name, const char *format, ...)
{
    va_list args;

    set_name(err, name);
    err->errnum = 0;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return -1;
}

int mh_err_sys(struct mh_err *err, int errnum, const char *format, ...)
{
    va_list args;
    size_t used;

    set_name(err, mh_err_errno_name(errnum));
    err->errnum = errnum;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, ": %s",
                   strerrordesc_np(errnum) != NULL ? strerrordesc_np(errnum) : "unknown error");
    return -1;
}

int mh_err_wrap(struct mh_err *err, const char *format, ...)
{
    char inner[sizeof err->message];
    va_list args;
    size_t used;

    memcpy(inner, err->message, sizeof inner);
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, ": %s", inner);
    return -1;
}

int mh_err_nomem(struct mh_err *err)
{
    return mh_err_set(err, "ENOMEM", "out of memory");
}
