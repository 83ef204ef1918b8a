#include "repo_quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "tree.h"

/* No name that `git prune` takes for a temporary file of git's: it would remove our objects. */
#define QUARANTINE_PREFIX "mighost-"

enum { OBJECT_NAME = MH_OID_HEX - 2 /* in its fan-out directory */, INSTALL_TRIES = 4 };

int mh_quarantine_open_store(const struct mh_repo *repo, struct mh_err *err)
{
    char *path = mh_path_join(mh_repo_commondir(repo), "objects");
    int fd;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)mh_err_sys(err, errno, "cannot open git's object directory %s", path);
    }
    free(path);
    return fd;
}

static char *quarantine_name(const char *label, struct mh_err *err)
{
    char *name = NULL;

    if (asprintf(&name, QUARANTINE_PREFIX "%s", label) < 0) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    return name;
}

int mh_quarantine_open(const struct mh_repo *repo, const char *label, struct mh_quarantine *out,
                       struct mh_err *err)
{
    struct mh_quarantine quarantine = MH_QUARANTINE_INIT;

    quarantine.name = quarantine_name(label, err);
    quarantine.store = quarantine.name != NULL ? mh_quarantine_open_store(repo, err) : -1;
    if (quarantine.store < 0) {
        goto fail;
    }
    if (mh_os_mkdir(quarantine.store, quarantine.name, 0777) < 0 && errno != EEXIST) {
        (void)mh_err_sys(err, errno, "cannot make %s in git's object directory", quarantine.name);
        goto fail;
    }
    quarantine.fd = mh_path_open_dir(quarantine.store, quarantine.name, err);
    if (quarantine.fd < 0) {
        goto fail;
    }
    *out = quarantine;
    return 0;
fail:
    mh_quarantine_close(&quarantine);
    return -1;
}

void mh_quarantine_close(struct mh_quarantine *quarantine)
{
    free(quarantine->name);
    quarantine->name = NULL;
    mh_os_close(&quarantine->fd);
    mh_os_close(&quarantine->store);
}

/* Calls `visit` for each name in a directory but "." and ".."; names may be renamed away meanwhile.
 */
static int each_name(int dirfd, int (*visit)(void *context, const char *name, struct mh_err *err),
                     void *context, struct mh_err *err)
{
    int fd = mh_path_open(dirfd, ".", O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int result = 0;

    if (directory == NULL) {
        result = mh_err_sys(err, errno, "cannot list a directory of new objects");
        mh_os_close(&fd);
        return result;
    }
    while (result == 0 && (errno = 0, entry = readdir(directory)) != NULL) {
        if (mh_path_is_segment(entry->d_name)) {
            result = visit(context, entry->d_name, err);
        }
    }
    if (result == 0 && errno != 0) {
        result = mh_err_sys(err, errno, "cannot list a directory of new objects");
    }
    (void)closedir(directory);
    return result;
}

/* One fan-out directory, ours and git's. */
struct install {
    int from;
    int to;
    size_t put; /* objects that were not in place */
};

/* The whole object takes the place of one of the same name, which something left broken. */
static int replace_file(const struct install *install, const char *name)
{
    static const char second[] = "again"; /* a rename does nothing to names of one file */

    (void)mh_os_unlink(install->from, second, 0);
    return mh_os_link(install->from, name, install->from, second) < 0
               ? -1
               : mh_os_rename(install->from, second, install->to, name, 0);
}

static int install_file(void *context, const char *name, struct mh_err *err)
{
    struct install *install = context;
    struct stat ours;
    struct stat there;
    int result;

    if (strlen(name) != OBJECT_NAME) {
        return 0;
    }
    if (fstatat(install->from, name, &ours, AT_SYMLINK_NOFOLLOW) < 0) {
        return mh_err_sys(err, errno, "cannot look at a new object");
    }
    if (fstatat(install->to, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
        return 0;
    }
    result = mh_os_link(install->from, name, install->to, name);
    if (result < 0 && errno == EEXIST) {
        result = replace_file(install, name);
    }
    install->put += result == 0;
    return result == 0 ? 0 : mh_err_sys(err, errno, "cannot put an object where git has its own");
}

/*
 * Opens git's fan-out directory, making it where it is missing, with the permissions of the object
 * directory, as `git init --shared` set them.
 */
static int open_fan_out(const struct mh_quarantine *quarantine, const char *name,
                        struct mh_err *err)
{
    struct stat info;
    int fd = mh_path_open(quarantine->store, name, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);

    if (fd >= 0 || errno != ENOENT) {
        return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open git's object directory %s", name);
    }
    if (mh_os_mkdir(quarantine->store, name, 0777) < 0 && errno != EEXIST) {
        return mh_err_sys(err, errno, "cannot make git's object directory %s", name);
    }
    fd = mh_path_open_dir(quarantine->store, name, err);
    if (fd >= 0 &&
        (fstat(quarantine->store, &info) < 0 || mh_os_fchmod(fd, info.st_mode & 07777) < 0)) {
        (void)mh_err_sys(err, errno, "cannot set the permissions of git's object directory %s",
                         name);
        mh_os_close(&fd);
    }
    return fd;
}

struct install_all {
    const struct mh_quarantine *quarantine;
    size_t put;
};

/* *put grows by the number of objects that were not in place. */
static int install_fan_out(const struct mh_quarantine *quarantine, const char *name, size_t *put,
                           struct mh_err *err)
{
    struct install install = {.from = -1, .to = -1};
    int result = -1;

    install.from = mh_path_open_dir(quarantine->fd, name, err);
    if (install.from < 0) {
        return -1;
    }
    install.to = open_fan_out(quarantine, name, err);
    if (install.to >= 0) {
        result = each_name(install.from, install_file, &install, err);
    }
    *put += install.put;
    mh_os_close(&install.from);
    mh_os_close(&install.to);
    return result;
}

static int install_directory(void *context, const char *name, struct mh_err *err)
{
    struct install_all *all = context;
    int result = -1;

    if (strlen(name) != 2) {
        return 0; /* libgit2's own temporary file, left by a write that failed */
    }
    for (int i = 0; i < INSTALL_TRIES && result < 0; i++) {
        result = install_fan_out(all->quarantine, name, &all->put, err);
        if (result < 0 && strcmp(err->name, "ENOENT") != 0) {
            break; /* else `git gc` found git's directory empty and removed it */
        }
    }
    return result;
}

int mh_quarantine_install(struct mh_quarantine *quarantine, size_t *put, struct mh_err *err)
{
    struct install_all all = {.quarantine = quarantine};
    int result = each_name(quarantine->fd, install_directory, &all, err);

    if (result == 0) {
        *put = all.put;
    }
    return result;
}

int mh_quarantine_sync(const struct mh_quarantine *quarantine, struct mh_err *err)
{
    return mh_tree_sync(quarantine->store, quarantine->name, NULL, err);
}

int mh_quarantine_discard(const struct mh_repo *repo, const char *label, struct mh_err *err)
{
    char *name = quarantine_name(label, err);
    int store = name != NULL ? mh_quarantine_open_store(repo, err) : -1;
    int result = -1;

    if (store >= 0) {
        result = mh_tree_remove(store, name, err);
    }
    mh_os_close(&store);
    free(name);
    return result;
}

struct label_visit {
    int (*visit)(void *context, const char *label);
    void *context;
};

static int visit_label(void *context, const char *name, struct mh_err *err)
{
    const struct label_visit *visit = context;

    (void)err;
    if (strncmp(name, QUARANTINE_PREFIX, sizeof QUARANTINE_PREFIX - 1) != 0) {
        return 0;
    }
    return visit->visit(visit->context, name + sizeof QUARANTINE_PREFIX - 1);
}

int mh_quarantine_each_label(const struct mh_repo *repo,
                             int (*visit)(void *context, const char *label), void *context,
                             struct mh_err *err)
{
    struct label_visit each = {.visit = visit, .context = context};
    int store = mh_quarantine_open_store(repo, err);
    int result = -1;

    if (store >= 0) {
        result = each_name(store, visit_label, &each, err);
    }
    mh_os_close(&store);
    return result;
}
