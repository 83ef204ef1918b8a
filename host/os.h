/*
 * os: the table of every mutating system call that mighost makes, and the few loops around them.
 *
 * Every call that changes a file, a directory, a lock or a process goes through `mh_os`.  The fault
 * tests swap entries to fail, delay, cut short or kill at any of them; production code never
 * assigns to the table.  Entries have the signature and errno of the call they name and do not
 * retry; the mh_os_* functions below retry EINTR and finish short writes.  Reading calls are made
 * directly.
 */
#ifndef MH_OS_H
#define MH_OS_H

#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "err.h"

struct mh_os {
    int (*create)(int dirfd, const char *path, int flags, mode_t mode); /* openat for writing */
    ssize_t (*write)(int fd, const void *data, size_t size);
    int (*ftruncate)(int fd, off_t size);
    int (*fchmod)(int fd, mode_t mode);
    int (*fchmodat)(int dirfd, const char *path, mode_t mode, int flags);
    int (*fsync)(int fd);
    int (*syncfs)(int fd);
    int (*mkdirat)(int dirfd, const char *path, mode_t mode);
    int (*unlinkat)(int dirfd, const char *path, int flags);
    int (*linkat)(int olddir, const char *old, int newdir, const char *new, int flags);
    int (*renameat2)(int olddir, const char *old, int newdir, const char *new, unsigned flags);
    int (*clone)(int destination, int source); /* ioctl(FICLONE): share extents, copy on write */
    ssize_t (*copy_file_range)(int source, int destination, size_t size);
    int (*lock)(int fd, int command, struct flock *lock); /* fcntl with F_OFD_SETLK */
    pid_t (*fork)(void);
    int (*spawn)(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const env[]);
    int (*kill)(pid_t pid, int signal);
    int (*unshare)(int flags);
    int (*mount)(const char *source, const char *target, unsigned long flags);
    int (*landlock_create)(const void *attributes, size_t size, unsigned flags);
    int (*landlock_add)(int ruleset, int type, const void *rule);
    int (*landlock_restrict)(int ruleset);
};

extern struct mh_os mh_os;

/*
 * Creates or truncates a file for writing beneath dirfd: O_CLOEXEC | O_NOFOLLOW are added to
 * `flags`. Returns the descriptor, or -1 with errno.
 */
int mh_os_create(int dirfd, const char *path, int flags, mode_t mode);

/* Writes all of data; 0, or -1 with errno.  A write of no bytes at all counts as EIO. */
int mh_os_write_all(int fd, const void *data, size_t size);

/*
 * fsync, retried only on EINTR: after an error the kernel may answer 0 with the data gone.  0 or -1
 * with errno.
 */
int mh_os_fsync(int fd);

/* syncfs of the file system that holds fd.  0 or -1 with errno. */
int mh_os_syncfs(int fd);

/* mkdirat and fchmod, retried on EINTR.  0 or -1 with errno. */
int mh_os_mkdir(int dirfd, const char *path, mode_t mode);
int mh_os_fchmod(int fd, mode_t mode);

/* renameat2, retried on EINTR.  0 or -1 with errno. */
int mh_os_rename(int olddir, const char *old, int newdir, const char *new, unsigned flags);

/* linkat, retried on EINTR; a link is not followed.  0 or -1 with errno. */
int mh_os_link(int olddir, const char *old, int newdir, const char *new);

/* unlinkat; an entry that is not there is success.  0 or -1 with errno. */
int mh_os_unlink(int dirfd, const char *path, int flags);

/* Closes *fd where it is open and sets it to -1; errno is kept.  Accepts -1. */
void mh_os_close(int *fd);

/* read, retried on EINTR: the count, 0 at the end, -1 with errno. */
ssize_t mh_os_read(int fd, void *buffer, size_t size);

#endif
