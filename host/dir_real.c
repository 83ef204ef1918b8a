#include "dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

enum { FIRST_LENGTH = 256, PROC_LENGTH = 64 };

/* The kernel's own path of an open descriptor, terminated. */
static int path_of(int fd, struct mh_buffer *name, struct mh_err *err)
{
    char link[PROC_LENGTH];
    size_t room = FIRST_LENGTH;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    for (;;) {
        ssize_t length;

        if (mh_buffer_reserve(name, room, err) < 0) {
            return -1;
        }
        length = readlink(link, name->data, name->capacity);
        if (length < 0) {
            return mh_err_sys(err, errno, "cannot read %s", link);
        }
        if ((size_t)length < name->capacity) { /* one that fills the room may have been cut */
            name->data[length] = '\0';
            name->size = (size_t)length;
            return 0;
        }
        room = 2 * name->capacity;
    }
}

/* Keeps of `real` what is beneath `home`; -1 when it is elsewhere. */
static int keep_beneath(const struct mh_buffer *home, struct mh_buffer *real)
{
    size_t skipped = home->size > 1 ? home->size + 1 : 1; /* "/" has no slash behind it */

    if (real->size <= skipped || memcmp(real->data, home->data, home->size) != 0 ||
        real->data[skipped - 1] != '/') {
        return -1;
    }
    real->size -= skipped;
    memmove(real->data, real->data + skipped, real->size + 1);
    return 0;
}

int mh_dir_real(const struct mh_dir *dir, const char *path, struct mh_buffer *real,
                struct mh_err *err)
{
    struct mh_buffer home = {0};
    struct stat properties;
    int result = -1;
    int fd = -1;

    if (mh_dir_stat(dir, path, MH_LINKS_FOLLOW, &properties, err) < 0) {
        return -1;
    }
    fd = mh_path_open(dir->fd, path, O_PATH, MH_LINKS_FOLLOW);
    if (fd < 0) {
        (void)mh_dir_fail(dir, "follow", path, err);
        goto out;
    }
    if (path_of(dir->fd, &home, err) < 0 || path_of(fd, real, err) < 0) {
        goto out;
    }
    if (keep_beneath(&home, real) < 0) {
        errno = EXDEV;
        (void)mh_dir_fail(dir, "follow", path, err);
        goto out;
    }
    result = 0;
out:
    mh_os_close(&fd);
    mh_buffer_release(&home);
    return result;
}
