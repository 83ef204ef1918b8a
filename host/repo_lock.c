#include "repo_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "os.h"

enum { POLL_MS = 20 };

static double monotonic(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int busy(const struct mh_git_lock *lock, struct mh_err *err)
{
    struct stat info;
    long age = 0;

    if (fstatat(lock->dir, lock->lock, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        age = (long)(time(NULL) - info.st_mtime);
    }
    return mh_err_set(
        err, "EBUSY",
        "git's lock %s is held, for %ld s now; if no git command is running, remove it", lock->lock,
        age);
}

/* Makes our own file with the content that the lock will carry. */
static int write_ours(const struct mh_git_lock_request *request, struct mh_err *err)
{
    int fd;
    int result = 0;

    if (mh_os_unlink(request->ours_dir, request->ours, 0) < 0) {
        return mh_err_sys(err, errno, "cannot remove an old lock file %s", request->ours);
    }
    fd = mh_os_create(request->ours_dir, request->ours, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0) {
        return mh_err_sys(err, errno, "cannot make the lock file %s", request->ours);
    }
    if (mh_os_write_all(fd, request->data, request->size) < 0) {
        result = mh_err_sys(err, errno, "cannot write the lock file %s", request->ours);
    }
    mh_os_close(&fd);
    return result;
}

/* Links our file to "<file>.lock", waiting for another holder. */
static int link_lock(const struct mh_git_lock *lock, double wait, struct mh_err *err)
{
    double deadline = monotonic() + wait;

    while (mh_os.linkat(lock->ours_dir, lock->ours, lock->dir, lock->lock, 0) < 0) {
        if (errno == EINTR) {
            continue;
        }
        if (errno != EEXIST) {
            return mh_err_sys(err, errno, "cannot take git's lock %s", lock->lock);
        }
        if (mh_interrupt_signal != 0) {
            return mh_err_set(err, "EINTERRUPTED", "interrupted while waiting for git's lock %s",
                              lock->lock);
        }
        if (monotonic() >= deadline) {
            return busy(lock, err);
        }
        (void)poll(NULL, 0, POLL_MS);
    }
    return 0;
}

int mh_git_lock_take(const struct mh_git_lock_request *request, struct mh_git_lock *out,
                     struct mh_err *err)
{
    struct mh_git_lock lock = MH_GIT_LOCK_INIT;

    lock.ours_dir = request->ours_dir;
    lock.ours = strdup(request->ours);
    lock.file = strdup(request->file);
    if (lock.ours == NULL || lock.file == NULL ||
        asprintf(&lock.lock, "%s.lock", request->file) < 0) {
        lock.lock = NULL;
        (void)mh_err_nomem(err);
        goto fail;
    }
    lock.dir = fcntl(request->dir, F_DUPFD_CLOEXEC, 0);
    if (lock.dir < 0) {
        (void)mh_err_sys(err, errno, "cannot take git's lock %s", lock.lock);
        goto fail;
    }
    if (write_ours(request, err) < 0 || link_lock(&lock, request->wait, err) < 0) {
        goto fail;
    }
    *out = lock;
    return 0;
fail:
    if (lock.ours != NULL) {
        (void)mh_os_unlink(lock.ours_dir, lock.ours, 0);
    }
    free(lock.lock); /* not ours: it must not be removed */
    lock.lock = NULL;
    mh_git_lock_drop(&lock);
    return -1;
}

int mh_git_lock_commit(struct mh_git_lock *lock, struct mh_err *err)
{
    if (mh_os_rename(lock->dir, lock->lock, lock->dir, lock->file, 0) < 0) {
        return mh_err_sys(err, errno, "cannot put %s in place", lock->lock);
    }
    free(lock->lock);
    lock->lock = NULL;
    return 0;
}

void mh_git_lock_drop(struct mh_git_lock *lock)
{
    /* While the lock is there our file must be too: it tells later that the lock is ours. */
    if (lock->ours != NULL && (lock->lock == NULL || mh_os_unlink(lock->dir, lock->lock, 0) == 0)) {
        (void)mh_os_unlink(lock->ours_dir, lock->ours, 0);
    }
    mh_os_close(&lock->dir);
    free(lock->ours);
    free(lock->file);
    free(lock->lock);
    *lock = (struct mh_git_lock)MH_GIT_LOCK_INIT;
}
