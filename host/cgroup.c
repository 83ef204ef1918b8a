#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "sys.h"

enum { TOKEN_BYTES = 8, GROUP_MODE = 0755, REMOVE_TRIES = 50, REMOVE_STEP_MS = 2 };

const struct mh_cgroup mh_cgroup_none = {.parent = -1, .members = -1, .killer = -1};

/* The words of a line of /proc/self/mountinfo (proc(5)) that matter here; they point into it. */
struct mount {
    const char *root;
    const char *target;
    const char *type;
};

/* Cuts the line at its blanks.  False where it is not such a line. */
static bool parse_mount(char *line, struct mount *mount)
{
    enum { ROOT = 3, TARGET = 4 };
    char *rest = NULL;
    int index = 0;

    *mount = (struct mount){0};
    for (char *word = strtok_r(line, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        if (index == ROOT) {
            mount->root = word;
        } else if (index == TARGET) {
            mount->target = word;
        } else if (index > TARGET && strcmp(word, "-") == 0) {
            mount->type = strtok_r(NULL, " \n", &rest);
            break;
        }
        index++;
    }
    return mount->type != NULL;
}

/* Opens the root of the one hierarchy that has cgroup.kill; -1 where it is not mounted. */
static int open_root(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    int fd = -1;

    if (file == NULL) {
        return -1;
    }
    while (fd < 0 && getline(&line, &size, file) >= 0) {
        struct mount mount;

        if (parse_mount(line, &mount) && strcmp(mount.type, "cgroup2") == 0 &&
            strcmp(mount.root, "/") == 0) {
            fd = open(mount.target, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
    }
    free(line);
    (void)fclose(file);
    return fd;
}

/* Opens the group that mighost is in, beneath that root; -1 where there is none. */
static int open_own(int root)
{
    static const char prefix[] = "0::/";
    FILE *file = fopen("/proc/self/cgroup", "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int fd = -1;

    if (file == NULL) {
        return -1;
    }
    while (fd < 0 && (length = getline(&line, &size, file)) >= 0) {
        if (strncmp(line, prefix, sizeof prefix - 1) != 0) {
            continue;
        }
        line[length - 1] = '\0'; /* the end of the line */
        fd = mh_path_open(root, line + sizeof prefix - 1, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    }
    free(line);
    (void)fclose(file);
    return fd;
}

static int open_file(const struct mh_cgroup *group, const char *name)
{
    int folder = openat(group->parent, group->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = -1;

    if (folder >= 0) {
        fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    }
    mh_os_close(&folder);
    return fd;
}

/* The number tells a person whose it is. */
static int make_name(struct mh_cgroup *group)
{
    char token[2 * TOKEN_BYTES + 1] = "";
    struct mh_err ignored;

    if (mh_sys_random_hex(token, TOKEN_BYTES, &ignored) < 0) {
        return -1;
    }
    (void)snprintf(group->name, sizeof group->name, "mighost-%ld-%s", (long)getpid(), token);
    return 0;
}

/* What mh_cgroup_open does; -1 with whatever was made so far in *group. */
static int make(struct mh_cgroup *group)
{
    int root = open_root();

    if (root < 0) {
        return -1;
    }
    group->parent = open_own(root);
    mh_os_close(&root);
    if (group->parent < 0 || make_name(group) < 0 ||
        mh_os_mkdir(group->parent, group->name, GROUP_MODE) < 0) {
        mh_os_close(&group->parent);
        return -1;
    }
    group->members = open_file(group, "cgroup.procs");
    group->killer = open_file(group, "cgroup.kill");
    return group->members < 0 || group->killer < 0 ? -1 : 0;
}

void mh_cgroup_open(struct mh_cgroup *group)
{
    *group = mh_cgroup_none;
    if (make(group) < 0) {
        mh_cgroup_remove(group);
        mh_cgroup_close(group);
    }
}

void mh_cgroup_enter(const struct mh_cgroup *group)
{
    if (group->members >= 0) {
        (void)mh_os_write_all(group->members, "0", 1); /* whoever writes it */
    }
}

bool mh_cgroup_kill(const struct mh_cgroup *group)
{
    return group->killer >= 0 && mh_os_write_all(group->killer, "1", 1) == 0;
}

void mh_cgroup_remove(const struct mh_cgroup *group)
{
    for (int i = 0; group->parent >= 0 && i < REMOVE_TRIES; i++) {
        if (mh_os_unlink(group->parent, group->name, AT_REMOVEDIR) == 0 || errno != EBUSY) {
            return;
        }
        (void)poll(NULL, 0, REMOVE_STEP_MS); /* who was killed is in it until it is gone */
    }
}

void mh_cgroup_close(struct mh_cgroup *group)
{
    mh_os_close(&group->parent);
    mh_os_close(&group->members);
    mh_os_close(&group->killer);
}
