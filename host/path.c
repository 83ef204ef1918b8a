#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

enum { SEGMENT_MAX = 255 };

static bool is_segment(const char *name, size_t length)
{
    if (length == 0 || length > SEGMENT_MAX) {
        return false;
    }
    if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'))) {
        return false;
    }
    return memchr(name, '/', length) == NULL;
}

bool mh_path_is_segment(const char *name)
{
    return is_segment(name, strlen(name));
}

bool mh_path_is_relative(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");

        if (!is_segment(path, length)) {
            return false;
        }
        if (path[length] == '\0') {
            return true;
        }
        path += length + 1;
    }
}

int mh_path_open(int dirfd, const char *path, int flags, enum mh_links links)
{
    struct open_how how = {0};
    long fd;

    how.flags = (unsigned)(flags | O_CLOEXEC);
    if ((flags & O_PATH) == 0) { /* openat2 refuses the others with O_PATH */
        how.flags |= O_NOCTTY | O_NONBLOCK;
    }
    if (links == MH_LINKS_REFUSE) {
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    } else if (links == MH_LINKS_INSIDE) {
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    }
    do { /* EAGAIN: a rename elsewhere raced with the walk; the kernel asks to try again */
        fd = syscall(SYS_openat2, dirfd, *path != '\0' ? path : ".", &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && how.resolve != 0)));
    return (int)fd;
}

int mh_path_open_dir(int dirfd, const char *path, struct mh_err *err)
{
    int fd = mh_path_open(dirfd, path, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);

    return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open directory %s", path);
}

/* One more segment: made where it is missing, then entered.  Takes over and replaces *fd. */
static int enter(int *fd, const char *name, mode_t mode)
{
    int next;

    if (mh_os_mkdir(*fd, name, mode) < 0 && errno != EEXIST) {
        return -1;
    }
    next = mh_path_open(*fd, name, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    if (next < 0) {
        return -1;
    }
    mh_os_close(fd);
    *fd = next;
    return 0;
}

int mh_path_make_dirs(int dirfd, const char *path, mode_t mode, struct mh_err *err)
{
    int result = -1;
    int fd = -1;
    char *copy = strdup(path);
    char *rest = copy;
    char *name;

    if (copy == NULL) {
        return mh_err_nomem(err);
    }
    if (!mh_path_is_relative(path)) {
        (void)mh_err_set(err, "EINVALIDPATH", "not a relative path inside its root: %s", path);
        goto out;
    }
    fd = mh_path_open(dirfd, ".", O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    if (fd < 0) {
        (void)mh_err_sys(err, errno, "cannot make directory %s", path);
        goto out;
    }
    while ((name = strsep(&rest, "/")) != NULL) {
        if (enter(&fd, name, mode) < 0) {
            (void)mh_err_sys(err, errno, "cannot make directory %s", path);
            goto out;
        }
    }
    result = 0;
out:
    mh_os_close(&fd);
    free(copy);
    return result;
}

char *mh_path_join(const char *a, const char *b)
{
    size_t left = strlen(a);
    size_t right = strlen(b);
    size_t slash = left > 0 && right > 0 && a[left - 1] != '/' ? 1 : 0;
    char *joined = malloc(left + slash + right + 1);

    if (joined == NULL) {
        return NULL;
    }
    memcpy(joined, a, left);
    if (slash > 0) {
        joined[left] = '/';
    }
    memcpy(joined + left + slash, b, right + 1);
    return joined;
}
