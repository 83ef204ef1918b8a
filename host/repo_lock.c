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

static int busy(const struct mh_git_lock *lock, const char *path, struct mh_err *err)
{
    struct stat info;
    long age = 0;

    if (fstatat(lock->dir, lock->lock, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        age = (long)(time(NULL) - info.st_ctime);
    }
    return mh_err_set(
        err, "EBUSY",
        "git's lock %s.lock is held, for %ld s now; if no git command is running, remove it", path,
        age);
}

/* Whether our file is there; -1 where something else is in its place. */
static int find_ours(int ours_dir, struct stat *info, struct mh_err *err)
{
    if (fstatat(ours_dir, MH_GIT_LOCK_OURS, info, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT
                   ? 0
                   : mh_err_sys(err, errno,
                                "cannot look at mighost/" MH_GIT_LOCK_OURS " in git's directory");
    }
    return S_ISREG(info->st_mode) ? 1
                                  : mh_err_set(err, "ECORRUPT",
                                               "mighost/" MH_GIT_LOCK_OURS
                                               " in git's directory is not a file: remove it");
}

int mh_git_lock_mark(int ours_dir, struct mh_err *err)
{
    struct stat info;
    int found = find_ours(ours_dir, &info, err);
    int result = 0;
    int fd;

    if (found != 0) {
        return found < 0 ? -1 : 0;
    }
    fd = mh_os_create(ours_dir, MH_GIT_LOCK_OURS, O_WRONLY | O_CREAT, 0666);
    if (fd < 0 || mh_os_fsync(fd) < 0 || mh_os_fsync(ours_dir) < 0) {
        result =
            mh_err_sys(err, errno, "cannot make mighost/" MH_GIT_LOCK_OURS " in git's directory");
        (void)mh_os_unlink(ours_dir, MH_GIT_LOCK_OURS, 0);
    }
    mh_os_close(&fd);
    return result;
}

int mh_git_lock_is_linked(int ours_dir, struct mh_err *err)
{
    struct stat info;
    int found = find_ours(ours_dir, &info, err);

    return found > 0 ? info.st_nlink > 1 : found;
}

/* Links our file to "<file>.lock", waiting for another holder. */
static int link_lock(const struct mh_git_lock *lock, const struct mh_git_lock_request *request,
                     struct mh_err *err)
{
    double deadline = monotonic() + request->wait;

    while (mh_os.linkat(request->ours_dir, MH_GIT_LOCK_OURS, lock->dir, lock->lock, 0) < 0) {
        if (errno == EINTR) {
            continue;
        }
        if (errno != EEXIST) {
            return mh_err_sys(err, errno, "cannot take git's lock %s.lock", request->path);
        }
        if (mh_interrupt_signal != 0) {
            return mh_err_set(err, "EINTERRUPTED",
                              "interrupted while waiting for git's lock %s.lock", request->path);
        }
        if (monotonic() >= deadline) {
            return busy(lock, request->path, err);
        }
        (void)poll(NULL, 0, POLL_MS);
    }
    return 0;
}

int mh_git_lock_take(const struct mh_git_lock_request *request, struct mh_git_lock *out,
                     struct mh_err *err)
{
    struct mh_git_lock lock = MH_GIT_LOCK_INIT;

    lock.file = strdup(request->file);
    if (lock.file == NULL || asprintf(&lock.lock, "%s.lock", request->file) < 0) {
        lock.lock = NULL;
        (void)mh_err_nomem(err);
        goto fail;
    }
    lock.dir = fcntl(request->dir, F_DUPFD_CLOEXEC, 0);
    if (lock.dir < 0) {
        (void)mh_err_sys(err, errno, "cannot take git's lock %s.lock", request->path);
        goto fail;
    }
    if (link_lock(&lock, request, err) < 0) {
        goto fail;
    }
    *out = lock;
    return 0;
fail:
    free(lock.lock); /* not ours: it must not be removed */
    lock.lock = NULL;
    mh_git_lock_drop(&lock);
    return -1;
}

int mh_git_lock_commit(const struct mh_git_lock *lock, int from_dir, const char *from,
                       struct mh_err *err)
{
    return mh_os_rename(from_dir, from, lock->dir, lock->file, 0) < 0
               ? mh_err_sys(err, errno, "cannot put git's %s in place", lock->file)
               : 0;
}

void mh_git_lock_drop(struct mh_git_lock *lock)
{
    if (lock->lock != NULL) { /* one that stays is removed with the next lock of the repository */
        (void)mh_os_unlink(lock->dir, lock->lock, 0);
    }
    mh_os_close(&lock->dir);
    free(lock->file);
    free(lock->lock);
    *lock = (struct mh_git_lock)MH_GIT_LOCK_INIT;
}
