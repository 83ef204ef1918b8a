#include "os.h"

#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int real_create(int dirfd, const char *path, int flags, mode_t mode)
{
    return openat(dirfd, path, flags, mode);
}

static int real_clone(int destination, int source)
{
    return ioctl(destination, FICLONE, source);
}

static ssize_t real_copy_file_range(int source, int destination, size_t size)
{
    return copy_file_range(source, NULL, destination, NULL, size, 0);
}

static int real_lock(int fd, int command, struct flock *lock)
{
    return fcntl(fd, command, lock);
}

static int real_mount(const char *source, const char *target, unsigned long flags)
{
    return mount(source, target, NULL, flags, NULL);
}

/* Landlock's calls have no functions in the C library. */
static int real_landlock_create(const void *attributes, size_t size, unsigned flags)
{
    return (int)syscall(SYS_landlock_create_ruleset, attributes, size, flags);
}

static int real_landlock_add(int ruleset, int type, const void *rule)
{
    return (int)syscall(SYS_landlock_add_rule, ruleset, type, rule, 0);
}

static int real_landlock_restrict(int ruleset)
{
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

struct mh_os mh_os = {
    .create = real_create,
    .write = write,
    .ftruncate = ftruncate,
    .fchmod = fchmod,
    .fchmodat = fchmodat,
    .fsync = fsync,
    .syncfs = syncfs,
    .mkdirat = mkdirat,
    .unlinkat = unlinkat,
    .linkat = linkat,
    .renameat2 = renameat2,
    .clone = real_clone,
    .copy_file_range = real_copy_file_range,
    .lock = real_lock,
    .fork = fork,
    .spawn = posix_spawnp,
    .kill = kill,
    .unshare = unshare,
    .mount = real_mount,
    .landlock_create = real_landlock_create,
    .landlock_add = real_landlock_add,
    .landlock_restrict = real_landlock_restrict,
};

int mh_os_create(int dirfd, const char *path, int flags, mode_t mode)
{
    int fd;

    do {
        fd = mh_os.create(dirfd, path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int mh_os_write_all(int fd, const void *data, size_t size)
{
    const char *next = data;

    while (size > 0) {
        ssize_t written = mh_os.write(fd, next, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return -1;
        }
        if (written == 0) {
            errno = EIO;
            return -1;
        }
        next += written;
        size -= (size_t)written;
    }
    return 0;
}

int mh_os_fsync(int fd)
{
    int result;

    do {
        result = mh_os.fsync(fd);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_syncfs(int fd)
{
    int result;

    do {
        result = mh_os.syncfs(fd);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_mkdir(int dirfd, const char *path, mode_t mode)
{
    int result;

    do {
        result = mh_os.mkdirat(dirfd, path, mode);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_fchmod(int fd, mode_t mode)
{
    int result;

    do {
        result = mh_os.fchmod(fd, mode);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_rename(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
    int result;

    do {
        result = mh_os.renameat2(olddir, old, newdir, new, flags);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_link(int olddir, const char *old, int newdir, const char *new)
{
    int result;

    do {
        result = mh_os.linkat(olddir, old, newdir, new, 0);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mh_os_unlink(int dirfd, const char *path, int flags)
{
    int result;

    do {
        result = mh_os.unlinkat(dirfd, path, flags);
    } while (result < 0 && errno == EINTR);
    return result < 0 && errno == ENOENT ? 0 : result;
}

void mh_os_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0) {
        (void)close(
            *fd); /* Linux frees the descriptor whatever close says; what must be kept was synced */
        *fd = -1;
    }
    errno = saved;
}

ssize_t mh_os_read(int fd, void *buffer, size_t size)
{
    ssize_t count;

    do {
        count = read(fd, buffer, size);
    } while (count < 0 && errno == EINTR);
    return count;
}
