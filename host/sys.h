/*
 * sys: what the program asks the system about itself and its surroundings.
 *
 * Nothing here keeps state or owns anything.  Functions that fill a text buffer terminate it, leave
 * it untouched on failure, and fail with "ERANGE" when it is too small: call again with a larger
 * one.
 */
#ifndef MH_SYS_H
#define MH_SYS_H

#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* Seconds since 1970, and seconds of a clock that never goes back; both with fractions. */
double mh_sys_now(void);
double mh_sys_monotonic(void);

/*
 * Seconds that local time is east of UTC at `time`.  0, or -1 when that time cannot be represented.
 */
int mh_sys_utc_offset(double time, long *offset, struct mh_err *err);

/* Writes 2 * count digits of `count` random bytes; `text` holds 2 * count bytes, not terminated. */
int mh_sys_random_hex(char *text, size_t count, struct mh_err *err);

/*
 * When a process started, in clock ticks since boot: with pid and boot id it names one process for
 * ever. "ESRCH" when there is none.
 */
int mh_sys_process_start(pid_t pid, char *buffer, size_t size, struct mh_err *err);

/* A random name of this boot of the system. */
int mh_sys_boot_id(char *buffer, size_t size, struct mh_err *err);

int mh_sys_hostname(char *buffer, size_t size, struct mh_err *err);
int mh_sys_cwd(char *buffer, size_t size, struct mh_err *err);

/* The absolute path without links, "." and ".."; every part must exist. */
int mh_sys_realpath(const char *path, char *buffer, size_t size, struct mh_err *err);

/*
 * The user's name (the number, where the system has no name for it) and home directory: $HOME where
 * that is absolute, else the one in the user database, else "".
 */
int mh_sys_user_name(char *buffer, size_t size, struct mh_err *err);
int mh_sys_user_home(char *buffer, size_t size, struct mh_err *err);

/*
 * Writes everything, also to a descriptor in non-blocking mode.  Fails with EINTR only once SIGINT
 * or SIGTERM came: a blocked reader must not keep the program from ending.
 */
int mh_sys_write(int fd, const char *data, size_t size, struct mh_err *err);

/*
 * 0 where this process may make and remove names in the directory, by its permissions and its file
 * system; nothing is written to find out.
 */
int mh_sys_can_write(const char *path, struct mh_err *err);

/* The file mode creation mask. */
mode_t mh_sys_umask(void);

#endif
