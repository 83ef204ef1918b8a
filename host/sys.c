#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "os.h"

enum { PROC_TEXT_MAX = 4096, START_TIME_FIELD = 22, PASSWD_TEXT_MAX = 65536 };

static const double NANOSECOND = 1e-9;
static const double TIME_LIMIT = 9e15; /* beyond it a double no longer tells seconds apart */

static double read_clock(clockid_t clock)
{
    struct timespec now = {0};

    (void)clock_gettime(clock, &now); /* fails only for a clock that does not exist */
    return (double)now.tv_sec + (double)now.tv_nsec * NANOSECOND;
}

double mh_sys_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

double mh_sys_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int mh_sys_utc_offset(double time, long *offset, struct mh_err *err)
{
    struct tm local = {0};
    time_t seconds;

    if (!(time > -TIME_LIMIT && time < TIME_LIMIT)) { /* also false for a NaN */
        return mh_err_set(err, "EOVERFLOW", "not a usable time: %g", time);
    }
    seconds = (time_t)time; /* towards zero: at most one second off, no zone changes inside one */
    tzset();                /* localtime_r alone need not look at TZ */
    if (localtime_r(&seconds, &local) == NULL) {
        return mh_err_sys(err, errno, "cannot convert %g to local time", time);
    }
    *offset = local.tm_gmtoff;
    return 0;
}

int mh_sys_random_hex(char *text, size_t count, struct mh_err *err)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        unsigned char byte = 0;
        ssize_t got;

        do {
            got = getrandom(&byte, 1, 0);
        } while (got < 0 && errno == EINTR);
        if (got != 1) {
            return mh_err_sys(err, errno, "cannot get random bytes");
        }
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 0xf];
    }
    return 0;
}

/* Copies a text with its terminator. */
static int deliver(const char *text, size_t length, char *buffer, size_t size, struct mh_err *err)
{
    if (length >= size) {
        return mh_err_set(err, "ERANGE", "a buffer of %zu bytes is too small", size);
    }
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    return 0;
}

/* Reads a small file of /proc, terminated: its length, or -1 with errno. */
static ssize_t read_proc(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0) {
        return -1;
    }
    length = mh_os_read(fd, text, size - 1);
    mh_os_close(&fd);
    if (length >= 0) {
        text[length] = '\0';
    }
    return length;
}

int mh_sys_process_start(pid_t pid, char *buffer, size_t size, struct mh_err *err)
{
    char path[64];
    char text[PROC_TEXT_MAX];
    const char *field;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (read_proc(path, text, sizeof text) < 0) {
        return mh_err_sys(err, errno == ENOENT ? ESRCH : errno, "cannot look at process %ld",
                          (long)pid);
    }
    field = strrchr(text, ')'); /* ends field 2, the only one that may hold blanks */
    for (int number = 2; field != NULL && number < START_TIME_FIELD; number++) {
        field = strchr(field + 1, ' ');
    }
    if (field == NULL) {
        return mh_err_set(err, "EPROTO", "cannot understand %s", path);
    }
    field++;
    return deliver(field, strcspn(field, " \n"), buffer, size, err);
}

int mh_sys_boot_id(char *buffer, size_t size, struct mh_err *err)
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    char text[PROC_TEXT_MAX];

    if (read_proc(path, text, sizeof text) < 0) {
        return mh_err_sys(err, errno, "cannot read %s", path);
    }
    return deliver(text, strcspn(text, "\n"), buffer, size, err);
}

int mh_sys_hostname(char *buffer, size_t size, struct mh_err *err)
{
    char text[PROC_TEXT_MAX];

    if (gethostname(text, sizeof text) < 0) {
        return mh_err_sys(err, errno, "cannot get this machine's name");
    }
    return deliver(text, strlen(text), buffer, size, err);
}

int mh_sys_cwd(char *buffer, size_t size, struct mh_err *err)
{
    char *path = getcwd(NULL, 0);
    int result;

    if (path == NULL) {
        return mh_err_sys(err, errno, "cannot find the current directory");
    }
    result = deliver(path, strlen(path), buffer, size, err);
    free(path);
    return result;
}

int mh_sys_realpath(const char *path, char *buffer, size_t size, struct mh_err *err)
{
    char *real = realpath(path, NULL);
    int result;

    if (real == NULL) {
        return mh_err_sys(err, errno, "cannot resolve %s", path);
    }
    result = deliver(real, strlen(real), buffer, size, err);
    free(real);
    return result;
}

/*
 * Finds this user's entry; *entry is NULL where there is none.  `memory` backs the entry's texts.
 */
static int find_user(struct passwd *space, char *memory, struct passwd **entry, struct mh_err *err)
{
    int code;

    do {
        code = getpwuid_r(geteuid(), space, memory, PASSWD_TEXT_MAX, entry);
    } while (code == EINTR);
    if (code != 0 && code != ENOENT && code != ESRCH) {
        return mh_err_sys(err, code, "cannot look up user %lu", (unsigned long)geteuid());
    }
    return 0;
}

int mh_sys_user_name(char *buffer, size_t size, struct mh_err *err)
{
    char memory[PASSWD_TEXT_MAX];
    char number[32];
    struct passwd space = {0};
    struct passwd *entry = NULL;
    const char *name = number;

    if (find_user(&space, memory, &entry, err) < 0) {
        return -1;
    }
    (void)snprintf(number, sizeof number, "%lu", (unsigned long)geteuid());
    if (entry != NULL && entry->pw_name[0] != '\0') {
        name = entry->pw_name;
    }
    return deliver(name, strlen(name), buffer, size, err);
}

int mh_sys_user_home(char *buffer, size_t size, struct mh_err *err)
{
    char memory[PASSWD_TEXT_MAX];
    struct passwd space = {0};
    struct passwd *entry = NULL;
    const char *home = getenv("HOME");

    if (home == NULL || home[0] != '/') {
        if (find_user(&space, memory, &entry, err) < 0) {
            return -1;
        }
        home = entry != NULL ? entry->pw_dir : "";
    }
    return deliver(home, strlen(home), buffer, size, err);
}

/* After a write that failed: 0 to try again, -1 with err filled in. */
static int wait_writable(int fd, struct mh_err *err)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int errnum = errno;

    if (errnum == EINTR && mh_interrupt_signal == 0) {
        return 0;
    }
    if (errnum == EAGAIN) {
        if (poll(&ready, 1, -1) >= 0 || (errno == EINTR && mh_interrupt_signal == 0)) {
            return 0;
        }
        errnum = errno;
    }
    return mh_err_sys(err, errnum, "cannot write to descriptor %d", fd);
}

int mh_sys_write(int fd, const char *data, size_t size, struct mh_err *err)
{
    while (size > 0) {
        ssize_t written = mh_os.write(fd, data, size);

        if (written == 0) {
            return mh_err_sys(err, EIO, "cannot write to descriptor %d", fd);
        }
        if (written < 0) {
            if (wait_writable(fd, err) < 0) {
                return -1;
            }
            continue;
        }
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int mh_sys_can_write(const char *path, struct mh_err *err)
{
    if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0) {
        return mh_err_sys(err, errno, "cannot write in %s", path);
    }
    return 0;
}

mode_t mh_sys_umask(void)
{
    mode_t mask = umask(0); /* it can only be read by setting it; the program has one thread */

    (void)umask(mask);
    return mask;
}
