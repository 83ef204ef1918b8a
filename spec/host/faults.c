#include "faults.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

enum { ENTRIES = 16, KILLED = 137 };

static struct mh_os real;
static struct fault fault;
static bool armed;
static bool happened;
static int calls;
static const char *hit;
static bool short_writes;
static bool clone_works;
static struct {
    const char *name;
    int count;
} counted[ENTRIES];

static void count_entry(const char *name)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (counted[i].name == NULL || strcmp(counted[i].name, name) == 0) {
            counted[i].name = name;
            counted[i].count++;
            return;
        }
    }
}

static bool frees_room(const char *name)
{
    return strcmp(name, "unlinkat") == 0 || strcmp(name, "renameat2") == 0 ||
           strcmp(name, "fchmodat") == 0 || strcmp(name, "fchmod") == 0 ||
           strcmp(name, "lock") == 0 || strcmp(name, "kill") == 0;
}

/* Counts a call; true with errno when it is to fail. */
static bool fails(const char *name)
{
    if (!armed) {
        return false;
    }
    count_entry(name);
    if (fault.only != NULL && strcmp(fault.only, name) != 0) {
        return false;
    }
    calls++;
    if (fault.kind == FAULT_FULL_DISK) {
        if (calls < fault.call || frees_room(name)) {
            return false;
        }
        errno = ENOSPC;
    } else {
        if (calls < fault.call || (calls > fault.call && !fault.every)) {
            return false;
        }
        errno = fault.errnum;
    }
    if (fault.kind == FAULT_KILL) {
        _exit(KILLED);
    }
    hit = happened ? hit : name;
    happened = true;
    return true;
}

static int fault_create(int dirfd, const char *path, int flags, mode_t mode)
{
    return fails("create") ? -1 : real.create(dirfd, path, flags, mode);
}

static ssize_t fault_write(int fd, const void *data, size_t size)
{
    return fails("write") ? -1 : real.write(fd, data, short_writes && size > 1 ? size / 2 : size);
}

static int fault_ftruncate(int fd, off_t size)
{
    return fails("ftruncate") ? -1 : real.ftruncate(fd, size);
}

static int fault_fchmod(int fd, mode_t mode)
{
    return fails("fchmod") ? -1 : real.fchmod(fd, mode);
}

static int fault_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    return fails("fchmodat") ? -1 : real.fchmodat(dirfd, path, mode, flags);
}

static int fault_fsync(int fd)
{
    return fails("fsync") ? -1 : real.fsync(fd);
}

static int fault_syncfs(int fd)
{
    return fails("syncfs") ? -1 : real.syncfs(fd);
}

static int fault_mkdirat(int dirfd, const char *path, mode_t mode)
{
    return fails("mkdirat") ? -1 : real.mkdirat(dirfd, path, mode);
}

static int fault_unlinkat(int dirfd, const char *path, int flags)
{
    return fails("unlinkat") ? -1 : real.unlinkat(dirfd, path, flags);
}

static int fault_linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
    return fails("linkat") ? -1 : real.linkat(olddir, old, newdir, new, flags);
}

static int fault_renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
    return fails("renameat2") ? -1 : real.renameat2(olddir, old, newdir, new, flags);
}

/* What a file system that can share blocks does, as far as a reader can tell. */
static int fault_clone(int destination, int source)
{
    char block[4096];
    ssize_t count;

    if (fails("clone")) {
        return -1;
    }
    if (!clone_works) {
        errno = EOPNOTSUPP;
        return -1;
    }
    while ((count = read(source, block, sizeof block)) > 0) {
        if (real.write(destination, block, (size_t)count) != count) {
            return -1;
        }
    }
    return (int)count;
}

static ssize_t fault_copy_file_range(int source, int destination, size_t size)
{
    return fails("copy_file_range")
               ? -1
               : real.copy_file_range(source, destination,
                                      short_writes && size > 1 ? size / 2 : size);
}

static int fault_lock(int fd, int command, struct flock *lock)
{
    return fails("lock") ? -1 : real.lock(fd, command, lock);
}

static pid_t fault_fork(void)
{
    return fails("fork") ? -1 : real.fork();
}

static int fault_kill(pid_t pid, int signal)
{
    return fails("kill") ? -1 : real.kill(pid, signal);
}

void faults_install(void)
{
    real = mh_os;
    mh_os.create = fault_create;
    mh_os.write = fault_write;
    mh_os.ftruncate = fault_ftruncate;
    mh_os.fchmod = fault_fchmod;
    mh_os.fchmodat = fault_fchmodat;
    mh_os.fsync = fault_fsync;
    mh_os.syncfs = fault_syncfs;
    mh_os.mkdirat = fault_mkdirat;
    mh_os.unlinkat = fault_unlinkat;
    mh_os.linkat = fault_linkat;
    mh_os.renameat2 = fault_renameat2;
    mh_os.clone = fault_clone;
    mh_os.copy_file_range = fault_copy_file_range;
    mh_os.lock = fault_lock;
    mh_os.fork = fault_fork;
    mh_os.kill = fault_kill;
}

void faults_arm(struct fault what)
{
    fault = what;
    calls = 0;
    happened = false;
    hit = "nothing";
    memset(counted, 0, sizeof counted);
    armed = true;
}

bool faults_disarm(void)
{
    armed = false;
    return happened;
}

const char *faults_hit(void)
{
    return hit;
}

int faults_count(const char *name)
{
    for (size_t i = 0; i < ENTRIES && counted[i].name != NULL; i++) {
        if (strcmp(counted[i].name, name) == 0) {
            return counted[i].count;
        }
    }
    return 0;
}

void faults_write_short(bool on)
{
    short_writes = on;
}

void faults_clone_works(bool on)
{
    clone_works = on;
}
