#include "repo_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "repo_parts.h"

static int open_absolute(const char *path, struct mh_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fd : mh_err_sys(err, errno, "cannot open git's directory %s", path);
}

/* Opens the directory part of `path` beneath `root`, made where it is missing. */
static int open_parent(int root, const char *path, struct mh_err *err)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int fd = -1;

    if (slash == NULL) {
        return mh_path_open_dir(root, "", err);
    }
    parent = strndup(path, (size_t)(slash - path));
    if (parent == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_path_make_dirs(root, parent, 0777, err) == 0) {
        fd = mh_path_open_dir(root, parent, err);
    }
    free(parent);
    return fd;
}

const char *mh_ref_file(const char *branch)
{
    const char *slash = strrchr(branch, '/');

    return slash != NULL ? slash + 1 : branch;
}

int mh_ref_open_dir(const struct mh_repo *repo, const char *branch, struct mh_err *err)
{
    int common = open_absolute(mh_repo_commondir(repo), err);
    int fd = common >= 0 ? open_parent(common, branch, err) : -1;

    mh_os_close(&common);
    return fd;
}

static int write_content(const struct mh_ref_move *move, struct mh_err *err)
{
    char line[MH_OID_HEX + 2];
    int size = snprintf(line, sizeof line, "%s\n", move->to);
    int fd = mh_os_create(move->home, move->ours, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int result = 0;

    if (fd < 0 || mh_os_write_all(fd, line, (size_t)size) < 0) {
        result = mh_err_sys(err, errno, "cannot write the new content of %s", move->branch);
    }
    mh_os_close(&fd);
    return result;
}

int mh_ref_lock(const struct mh_repo *repo, const struct mh_ref_move *move, int ours_dir,
                double wait, struct mh_git_lock *out, struct mh_err *err)
{
    char *path = mh_path_join(mh_repo_commondir(repo), move->branch);
    struct mh_git_lock_request request = {.ours_dir = ours_dir,
                                          .dir = -1,
                                          .file = mh_ref_file(move->branch),
                                          .path = path,
                                          .wait = wait};
    int result = -1;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    if (write_content(move, err) == 0) {
        request.dir = mh_ref_open_dir(repo, move->branch, err);
    }
    if (request.dir >= 0) {
        result = mh_git_lock_take(&request, out, err);
    }
    mh_os_close(&request.dir);
    free(path);
    return result;
}

int mh_ref_is_unmoved(const struct mh_repo *repo, const struct mh_ref_move *move,
                      struct mh_err *err)
{
    struct mh_repo_head head = {0};
    int unmoved;

    if (mh_repo_read_head(repo, &head, err) < 0) {
        return -1;
    }
    unmoved = head.branch != NULL && strcmp(head.branch, move->branch) == 0 &&
              strcmp(head.commit.hex, move->from) == 0;
    mh_repo_head_release(&head);
    return unmoved;
}

/* Whether git would make a reflog that is not there: core.logAllRefUpdates, on by default with a
 * work tree. */
static bool makes_reflogs(const struct mh_repo *repo)
{
    git_config *config = NULL;
    const char *value = NULL;
    int on = 1;

    if (git_repository_config_snapshot(&config, mh_repo_handle(repo)) < 0) {
        return true;
    }
    if (git_config_get_string(&value, config, "core.logallrefupdates") == 0 &&
        strcmp(value, "always") != 0 && git_config_parse_bool(&on, value) < 0) {
        on = 1;
    }
    git_config_free(config);
    return on != 0;
}

/* Appends one line to a reflog beneath `root`, as git does: one write to a file opened for
 * appending. */
static int append_line(int root, const char *path, bool make, const char *line, struct mh_err *err)
{
    int dir = -1;
    int fd = -1;
    int result = 0;

    if (!make && faccessat(root, path, F_OK, 0) < 0) {
        return 0;
    }
    dir = open_parent(root, path, err);
    if (dir < 0) {
        return mh_err_wrap(err, "cannot write git's log %s", path);
    }
    fd = mh_os_create(dir, mh_ref_file(path), O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (fd < 0 || mh_os_write_all(fd, line, strlen(line)) < 0) {
        result = mh_err_sys(err, errno, "cannot write git's log %s", path);
    }
    mh_os_close(&fd);
    mh_os_close(&dir);
    return result;
}

static int write_reflogs(const struct mh_repo *repo, const struct mh_ref_move *move,
                         const char *line, struct mh_err *err)
{
    bool make = makes_reflogs(repo);
    char *path = mh_path_join("logs", move->branch);
    int common = open_absolute(mh_repo_commondir(repo), err);
    int gitdir = common >= 0 ? open_absolute(mh_repo_gitdir(repo), err) : -1;
    int result = -1;

    if (gitdir >= 0 && path != NULL) {
        result = append_line(common, path, make, line, err);
    }
    if (result == 0) {
        result = append_line(gitdir, "logs/HEAD", make, line, err);
    }
    mh_os_close(&gitdir);
    mh_os_close(&common);
    free(path);
    return result;
}

int mh_ref_commit(const struct mh_repo *repo, const struct mh_ref_move *move,
                  const struct mh_git_lock *lock, struct mh_err *err)
{
    int minutes = abs(move->offset);
    char *line = NULL;
    int result;

    if (asprintf(&line, "%s %s %s <%s> %lld %c%02d%02d\t%s\n", move->from, move->to,
                 move->who->name, move->who->email, move->time, move->offset < 0 ? '-' : '+',
                 minutes / 60, minutes % 60, move->message) < 0) {
        return mh_err_nomem(err);
    }
    result = write_reflogs(repo, move, line, err);
    free(line);
    return result == 0 ? mh_git_lock_commit(lock, move->home, move->ours, err) : -1;
}
