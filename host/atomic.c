#include "atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "dir.h"
#include "os.h"

#define TEMPORARY_PREFIX ".mighost-"
#define TEMPORARY_SUFFIX ".tmp"

enum {
    DIGITS = 16,
    TEMPORARY_SIZE = sizeof TEMPORARY_PREFIX + DIGITS + sizeof TEMPORARY_SUFFIX,
    ATTEMPTS = 8
};

bool mh_atomic_is_temporary(const char *name)
{
    const size_t prefix = sizeof TEMPORARY_PREFIX - 1;

    return strncmp(name, TEMPORARY_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == DIGITS &&
           strcmp(name + prefix + DIGITS, TEMPORARY_SUFFIX) == 0;
}

/* Makes a new empty file under a random name, which is written to `name`.  The descriptor or -1
 * with errno. */
static int create_temporary(int dirfd, mode_t mode, char name[TEMPORARY_SIZE])
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t number;
        int fd;

        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            return -1;
        }
        (void)snprintf(name, TEMPORARY_SIZE, TEMPORARY_PREFIX "%016" PRIx64 TEMPORARY_SUFFIX,
                       number);
        fd = mh_os_create(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* The steps from an open temporary file to its new name; 0 or -1 with errno and nothing renamed. */
static int fill_and_rename(int dirfd, int fd, const char *temporary, const char *name,
                           const void *data, size_t size, bool durable)
{
    if (mh_os_write_all(fd, data, size) < 0) {
        return -1;
    }
    if (durable && mh_os_fsync(fd) < 0) {
        return -1;
    }
    return mh_os_rename(dirfd, temporary, dirfd, name, 0);
}

int mh_atomic_write(int dirfd, const char *path, const void *data, size_t size,
                    const struct mh_atomic_options *options, struct mh_err *err)
{
    char temporary[TEMPORARY_SIZE];
    const char *name;
    int result = -1;
    int fd = -1;
    int parent = mh_dir_open_parent(dirfd, path, &name, err);

    if (parent < 0) {
        return mh_err_wrap(err, "cannot write %s", path);
    }
    fd = create_temporary(parent, options->mode, temporary);
    if (fd < 0) {
        (void)mh_err_sys(err, errno, "cannot write %s: cannot make a temporary file", path);
        goto out;
    }
    if (fill_and_rename(parent, fd, temporary, name, data, size, options->durable) < 0) {
        (void)mh_err_sys(err, errno, "cannot write %s", path);
        (void)mh_os_unlink(parent, temporary, 0);
        goto out;
    }
    if (options->durable && mh_os_fsync(parent) < 0) {
        (void)mh_err_sys(err, errno, "%s was written, but cannot be made durable", path);
        goto out;
    }
    result = 0;
out:
    mh_os_close(&fd);
    mh_os_close(&parent);
    return result;
}
