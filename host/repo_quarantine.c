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

/* Where the files of one fan-out directory go. */
struct install {
    int from;
    int to;
};

static int install_file(void *context, const char *name, struct mh_err *err)
{
    const struct install *install = context;

    if (mh_os_rename(install->from, name, install->to, name, 0) < 0) {
        return mh_err_sys(err, errno, "cannot move an object into git's object directory");
    }
    return 0;
}

/*
 * Moves a whole fan-out directory to where git has none of that name, with the permissions of the
 * object directory, as `git init --shared` set them.  1: done; 0: git has one; -1.
 */
static int install_whole(const struct mh_quarantine *quarantine, int fd, const char *name,
                         struct mh_err *err)
{
    struct stat info;

    if (fstatat(quarantine->store, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        return 0;
    }
    if (fstat(quarantine->store, &info) < 0 || mh_os_fchmod(fd, info.st_mode & 07777) < 0) {
        return mh_err_sys(err, errno, "cannot set the permissions of git's object directory %s",
                          name);
    }
    if (mh_os_rename(quarantine->fd, name, quarantine->store, name, 0) == 0) {
        return 1;
    }
    return errno == EEXIST || errno == ENOTEMPTY /* git was faster */
               ? 0
               : mh_err_sys(err, errno, "cannot make git's object directory %s", name);
}

static int install_directory(void *context, const char *name, struct mh_err *err)
{
    const struct mh_quarantine *quarantine = context;
    struct install install = {.from = -1, .to = -1};
    int result = -1;

    if (strlen(name) != 2) {
        return 0; /* libgit2's own temporary file, left by a write that failed */
    }
    install.from = mh_path_open_dir(quarantine->fd, name, err);
    if (install.from < 0) {
        return -1;
    }
    result = install_whole(quarantine, install.from, name, err);
    if (result == 0) {
        install.to = mh_path_open_dir(quarantine->store, name, err);
        result = install.to < 0 ? -1 : each_name(install.from, install_file, &install, err);
    }
    mh_os_close(&install.from);
    mh_os_close(&install.to);
    return result < 0 ? -1 : 0;
}

int mh_quarantine_install(struct mh_quarantine *quarantine, struct mh_err *err)
{
    return each_name(quarantine->fd, install_directory, quarantine, err);
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
