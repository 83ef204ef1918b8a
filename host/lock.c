#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fstype.h"
#include "interrupt.h"
#include "os.h"
#include "path.h"

/*
 * Taking goes through: file system good -> file open -> locked -> proved to be the one on disk ->
 * text written.  A file that was replaced between "open" and "proved" sends it back to the start.
 */

enum {
    ATTEMPTS = 16,               /* how often the file may be replaced under our hands */
    FIRST_PAUSE_NS = 1000000,    /* 1 ms, doubled up to the longest */
    LONGEST_PAUSE_NS = 50000000, /* 50 ms */
    LINE_MAX_BYTES = 200
};

static double now(void)
{
    struct timespec time = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int check_file_system(int dirfd, const char *name, bool allow_fuse, struct mh_err *err)
{
    enum mh_fstype type;
    const char *kind;

    if (mh_fstype_of(dirfd, &type, &kind, err) < 0) {
        return mh_err_wrap(err, "cannot lock %s", name);
    }
    if (type == MH_FSTYPE_NETWORK || (type == MH_FSTYPE_FUSE && !allow_fuse)) {
        return mh_err_set(
            err, "EUNSUPPORTED",
            "cannot lock %s: it is on a file system (%s) whose locks cannot be relied on", name,
            kind);
    }
    return 0;
}

/* Opens the lock file, making it where it is missing: the descriptor or -1. */
static int open_lock_file(int dirfd, const char *name, struct mh_err *err)
{
    struct stat properties;
    int fd = mh_os_create(dirfd, name, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, 0666);

    if (fd < 0 && errno != EISDIR && errno != ELOOP && errno != ENXIO) {
        return mh_err_sys(err, errno, "cannot open the lock file %s", name);
    }
    if (fd >= 0 && fstat(fd, &properties) < 0) {
        (void)mh_err_sys(err, errno, "cannot open the lock file %s", name);
        mh_os_close(&fd);
        return -1;
    }
    if (fd < 0 || !S_ISREG(properties.st_mode)) {
        mh_os_close(&fd);
        return mh_err_set(err, "EINVALIDPATH", "cannot lock %s: not a regular file", name);
    }
    return fd;
}

/* Reads the holder's text from a lock file; "" where that fails. */
static void read_text(int fd, char text[MH_LOCK_TEXT_MAX + 1])
{
    ssize_t count;

    do {
        count = pread(fd, text, MH_LOCK_TEXT_MAX, 0);
    } while (count < 0 && errno == EINTR);
    text[count > 0 ? count : 0] = '\0';
}

/* Keeps the first line, at most LINE_MAX_BYTES of it, with '?' for what would move a cursor. */
static void keep_line(char text[MH_LOCK_TEXT_MAX + 1])
{
    size_t length = strcspn(text, "\r\n");

    if (length > LINE_MAX_BYTES) {
        length = LINE_MAX_BYTES;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--; /* no character is cut in two */
        }
    }
    text[length] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = '?';
        }
    }
}

static int fail_busy(int fd, const char *name, struct mh_err *err)
{
    char text[MH_LOCK_TEXT_MAX + 1];

    read_text(fd, text);
    keep_line(text);
    if (*text == '\0') {
        return mh_err_set(err, "EBUSY", "%s is held by another process", name);
    }
    return mh_err_set(err, "EBUSY", "%s is held by another process (%s)", name, text);
}

/* Sleeps a while, at most until the deadline; doubles *pause. */
static void pause_before_retry(long *pause, double deadline)
{
    double left = (deadline - now()) * 1e9;
    struct timespec time = {.tv_sec = 0, .tv_nsec = left < (double)*pause ? (long)left : *pause};

    if (time.tv_nsec > 0) {
        (void)nanosleep(&time, NULL); /* a signal ends it early, which is as it should be */
    }
    *pause = *pause < LONGEST_PAUSE_NS / 2 ? *pause * 2 : LONGEST_PAUSE_NS;
}

/* Locks an open file, waiting for its holder until the deadline. */
static int lock_file(int fd, const char *name, double deadline, struct mh_err *err)
{
    long pause = FIRST_PAUSE_NS;

    for (;;) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        if (mh_os.lock(fd, F_OFD_SETLK, &whole) == 0) {
            return 0;
        }
        if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) {
            return mh_err_set(err, "EUNSUPPORTED",
                              "cannot lock %s: its file system offers no locks (%s)", name,
                              mh_err_errno_name(errno));
        }
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return mh_err_sys(err, errno, "cannot lock %s", name);
        }
        if (mh_interrupt_signal != 0) {
            return mh_err_set(err, "EINTERRUPTED", "interrupted while waiting for %s", name);
        }
        if (errno != EINTR && now() >= deadline) {
            return fail_busy(fd, name, err);
        }
        pause_before_retry(&pause, deadline);
    }
}

/* 1 when the name in the directory is the open file, 0 when not, -1 with errno. */
static int is_on_disk(int dirfd, const char *name, int fd)
{
    struct stat held;
    struct stat named;

    if (fstat(fd, &held) < 0) {
        return -1;
    }
    if (fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Opens, locks and proves: the descriptor or -1. */
static int take_file(int dirfd, const char *name, double wait, struct mh_err *err)
{
    double deadline = now() + wait;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int fd = open_lock_file(dirfd, name, err);
        int proved;

        if (fd < 0) {
            return -1;
        }
        if (lock_file(fd, name, deadline, err) < 0) {
            mh_os_close(&fd);
            return -1;
        }
        proved = is_on_disk(dirfd, name, fd);
        if (proved > 0) {
            return fd;
        }
        if (proved < 0) {
            (void)mh_err_sys(err, errno, "cannot look at the lock file %s", name);
            mh_os_close(&fd);
            return -1;
        }
        mh_os_close(&fd);
    }
    return mh_err_set(err, "ESTALE", "cannot lock %s: something keeps replacing it", name);
}

/* The text is a courtesy: without it the lock is as good, so a full disk is not a failure here. */
static void write_text(int fd, const char *text)
{
    size_t length = strlen(text);

    if (mh_os.ftruncate(fd, 0) == 0) {
        (void)mh_os_write_all(fd, text, length < MH_LOCK_TEXT_MAX ? length : MH_LOCK_TEXT_MAX);
    }
}

/* Takes the lock into `taken`, which the caller drops on failure. */
static int acquire(int dirfd, const char *name, double wait, struct mh_lock *taken,
                   struct mh_err *err)
{
    taken->pid = getpid();
    taken->name = strdup(name);
    if (taken->name == NULL) {
        return mh_err_nomem(err);
    }
    taken->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    if (taken->dirfd < 0) {
        return mh_err_sys(err, errno, "cannot lock %s", name);
    }
    taken->fd = take_file(dirfd, name, wait, err);
    return taken->fd < 0 ? -1 : 0;
}

int mh_lock_take(int dirfd, const char *name, const char *text,
                 const struct mh_lock_options *options, struct mh_lock *lock, struct mh_err *err)
{
    static const struct mh_lock_options defaults = {.wait = 0, .allow_fuse = false};
    struct mh_lock taken = MH_LOCK_INIT;

    if (options == NULL) {
        options = &defaults;
    }
    if (!mh_path_is_segment(name)) {
        return mh_err_set(err, "EINVALIDPATH", "not a name for a lock file: %s", name);
    }
    if (check_file_system(dirfd, name, options->allow_fuse, err) < 0) {
        return -1;
    }
    if (acquire(dirfd, name, options->wait, &taken, err) < 0) {
        mh_lock_drop(&taken);
        return -1;
    }
    write_text(taken.fd, text);
    *lock = taken;
    return 0;
}

int mh_lock_verify(const struct mh_lock *lock, struct mh_err *err)
{
    int proved;

    if (lock->fd < 0) {
        return mh_err_set(err, "ESTALE", "the lock is not held");
    }
    proved = is_on_disk(lock->dirfd, lock->name, lock->fd);
    if (proved < 0) {
        return mh_err_sys(err, errno, "cannot look at the lock file %s", lock->name);
    }
    if (proved == 0) {
        return mh_err_set(err, "ESTALE",
                          "the lock file %s was removed or replaced while it was held", lock->name);
    }
    return 0;
}

void mh_lock_drop(struct mh_lock *lock)
{
    if (lock->fd >= 0 && lock->pid == getpid()) {
        struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

        (void)mh_os.lock(lock->fd, F_OFD_SETLK, &whole); /* closing gives it back, if this cannot */
    }
    mh_os_close(&lock->fd);
    mh_os_close(&lock->dirfd);
    free(lock->name);
    lock->name = NULL;
}

/* Opens a lock file for a question, which needs no more than any permission on it. */
static int open_for_question(int dirfd, const char *name)
{
    int fd = mh_path_open(dirfd, name, O_RDONLY, MH_LINKS_REFUSE);

    return fd < 0 && errno == EACCES ? mh_path_open(dirfd, name, O_WRONLY, MH_LINKS_REFUSE) : fd;
}

int mh_lock_holder(int dirfd, const char *name, char text[MH_LOCK_TEXT_MAX + 1], struct mh_err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat properties;
    int result = -1;
    int fd;

    if (!mh_path_is_segment(name)) {
        return mh_err_set(err, "EINVALIDPATH", "not a name for a lock file: %s", name);
    }
    fd = open_for_question(dirfd, name);
    if (fd < 0 && errno == ENOENT) {
        return 0;
    }
    if (fd < 0 || fstat(fd, &properties) < 0) {
        (void)mh_err_sys(err, errno, "cannot ask who holds %s", name);
        goto out;
    }
    if (!S_ISREG(properties.st_mode)) {
        (void)mh_err_set(err, "EINVALIDPATH", "cannot ask who holds %s: not a regular file", name);
        goto out;
    }
    if (fcntl(fd, F_OFD_GETLK, &whole) < 0) {
        (void)mh_err_sys(err, errno, "cannot ask who holds %s", name);
        goto out;
    }
    if (whole.l_type == F_UNLCK) {
        result = 0;
        goto out;
    }
    read_text(fd, text);
    result = 1;
out:
    mh_os_close(&fd);
    return result;
}
