#include "sandbox_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"

enum { ROOT = 0 };

static int write_proc(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result;

    if (fd < 0) {
        return -1;
    }
    result = mh_os_write_all(fd, text, strlen(text));
    mh_os_close(&fd);
    return result;
}

/* A namespace in which this process may mount, and nobody else sees it. */
static int enter_namespace(const struct mh_sandbox_mounts *mounts)
{
    if (geteuid() == ROOT) {
        if (mh_os.unshare(CLONE_NEWNS) < 0) {
            return -1;
        }
    } else if (mh_os.unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
               write_proc("/proc/self/setgroups", "deny") < 0 ||
               write_proc("/proc/self/uid_map", mounts->uid_map) < 0 ||
               write_proc("/proc/self/gid_map", mounts->gid_map) < 0) {
        return -1;
    }
    return mh_os.mount(NULL, "/", MS_REC | MS_SLAVE);
}

/* mount_setattr changes that one property: others, locked ones among them, stay. */
static int mount_read_only(const char *path)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

    if (mh_os.mount(path, path, MS_BIND | MS_REC) < 0) {
        return -1;
    }
    return mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes);
}

int mh_sandbox_mounts_enter(const struct mh_sandbox_mounts *mounts)
{
    if (mounts->paths == NULL) {
        return 0;
    }
    if (enter_namespace(mounts) < 0) {
        return -1;
    }
    for (size_t i = 0; mounts->paths[i] != NULL; i++) {
        if (mount_read_only(mounts->paths[i]) < 0) {
            return -1;
        }
    }
    /* Who is not root loses all powers at exec; root would keep this one, and unmount. */
    return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
}

static int try_in_child(const struct mh_sandbox_mounts *mounts)
{
    pid_t child = mh_os.fork();
    int status = 0;
    pid_t ended;

    if (child < 0) {
        return -1;
    }
    if (child == 0) {
        _exit(mh_sandbox_mounts_enter(mounts) < 0 ? errno : 0);
    }
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0) {
        return -1;
    }
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return errno == 0 ? 0 : -1;
}

int mh_sandbox_mounts_open(struct mh_sandbox_mounts *mounts, const char *const *paths)
{
    struct mh_sandbox_mounts wanted = {.paths = paths};

    (void)snprintf(wanted.uid_map, sizeof wanted.uid_map, "%u %u 1", geteuid(), geteuid());
    (void)snprintf(wanted.gid_map, sizeof wanted.gid_map, "%u %u 1", getegid(), getegid());
    if (try_in_child(&wanted) < 0) {
        return -1;
    }
    *mounts = wanted;
    return 0;
}

size_t mh_sandbox_mounts_count(const struct mh_sandbox_mounts *mounts)
{
    size_t count = 0;

    while (mounts->paths != NULL && mounts->paths[count] != NULL) {
        count++;
    }
    return count;
}
