/*
 * Trees kept for a person: moved out of the way, never deleted.
 *
 * <state home>/projects/<id>/set-aside/<label>      the tree
 * <state home>/projects/<id>/set-aside/<label>.why  one line: why it is there
 *
 * A label that is taken gets a number behind it, "<label>-2".  A tree that has to be copied, from
 * another file system, is copied to ".<label>.copy" first; one that a dead process left is made
 * anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"

enum { NAMES_TRIED = 1000 };

/* Opens the absolute path of a directory, making (mode 0700) what is missing of it. */
static int open_or_make(const char *path, struct mh_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *slash = strrchr(path, '/');
    char *above = NULL;
    int parent = -1;

    if (fd >= 0 || errno != ENOENT || slash == NULL || slash == path || slash[1] == '\0') {
        return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open the state directory %s", path);
    }
    above = strndup(path, (size_t)(slash - path));
    parent = above != NULL ? open_or_make(above, err) : mh_err_nomem(err);
    if (parent >= 0) {
        if (mh_os_mkdir(parent, slash + 1, 0700) < 0 && errno != EEXIST) {
            (void)mh_err_sys(err, errno, "cannot make the state directory %s", path);
        } else {
            fd = mh_path_open_dir(parent, slash + 1, err);
        }
    }
    mh_os_close(&parent);
    free(above);
    return fd;
}

/* Opens <state home>/projects/<id>/set-aside, made where it is missing. */
static int open_folder(const struct mh_site *site, struct mh_err *err)
{
    char *path = NULL;
    int fd;

    if (asprintf(&path, "%s/projects/%s/set-aside", site->state_home, site->id) < 0) {
        return mh_err_nomem(err);
    }
    fd = open_or_make(path, err);
    free(path);
    return fd;
}

/* Another device: copied, made durable, and only then named and removed. */
static int move_by_copy(const struct mh_aside *aside, int folder, const char *name,
                        struct mh_err *err)
{
    char *copy = NULL;
    int result = -1;

    if (asprintf(&copy, ".%s.copy", aside->label) < 0) {
        return mh_err_nomem(err);
    }
    if (mh_tree_remove(folder, copy, err) < 0 ||
        mh_tree_copy(aside->dirfd, aside->name, folder, copy, err) < 0 ||
        mh_tree_sync(folder, copy, NULL, err) < 0) {
        goto out;
    }
    if (mh_publish_rename_new(folder, copy, folder, name) < 0 || mh_os_fsync(folder) < 0) {
        (void)mh_err_sys(err, errno, "cannot make %s durable", name);
        goto out;
    }
    result = mh_tree_remove(aside->dirfd, aside->name, err);
out:
    free(copy);
    return result;
}

/* The how many-th name that is tried for a label; on the heap. */
static char *candidate(const char *label, int number)
{
    char *name = NULL;
    int length =
        number == 1 ? asprintf(&name, "%s", label) : asprintf(&name, "%s-%d", label, number);

    return length < 0 ? NULL : name;
}

/* Moves the tree to a name that is free; *name is that, on the heap. */
static int move(const struct mh_aside *aside, int folder, char **name, struct mh_err *err)
{
    for (int number = 1; number <= NAMES_TRIED; number++) {
        char *tried = candidate(aside->label, number);
        int result;

        if (tried == NULL) {
            return mh_err_nomem(err);
        }
        result = mh_publish_rename_new(aside->dirfd, aside->name, folder, tried);
        if (result < 0 && errno == EXDEV) {
            result = move_by_copy(aside, folder, tried, err);
        } else if (result < 0 && errno != EEXIST) {
            (void)mh_err_sys(err, errno, "cannot move %s there", aside->label);
        } else if (result < 0) {
            free(tried);
            continue;
        }
        if (result < 0) {
            free(tried);
            return -1;
        }
        *name = tried;
        return 0;
    }
    return mh_err_set(err, "EEXIST", "too many trees are kept of %s", aside->label);
}

/* Says why, for people; a tree without its reason is kept all the same. */
static void write_reason(int folder, const char *name, const char *why)
{
    char *file = NULL;
    int fd;

    if (asprintf(&file, "%s.why", name) < 0) {
        return;
    }
    fd = mh_os_create(folder, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && mh_os_write_all(fd, why, strlen(why)) == 0) {
        (void)mh_os_write_all(fd, "\n", 1);
    }
    mh_os_close(&fd);
    free(file);
}

int mh_publish_set_aside(const struct mh_site *site, const struct mh_aside *aside, char **path,
                         struct mh_err *err)
{
    char *kept = NULL;
    char *name = NULL;
    int folder = open_folder(site, err);
    int result = -1;

    if (folder < 0 || move(aside, folder, &name, err) < 0) {
        mh_os_close(&folder);
        return mh_err_wrap(err, "cannot set a tree of %s aside", aside->label);
    }
    write_reason(folder, name, aside->why);
    if (asprintf(&kept, "%s/projects/%s/set-aside/%s", site->state_home, site->id, name) < 0) {
        (void)mh_err_nomem(err);
    } else {
        *path = kept;
        result = 0;
    }
    free(name);
    mh_os_close(&folder);
    return result;
}
