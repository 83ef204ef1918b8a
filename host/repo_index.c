#include "repo_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "repo_changes.h"
#include "repo_git.h"

enum { COPY_SIZE = 1 << 20 };

static int copy_bytes(int from, int to)
{
    char *block = malloc(COPY_SIZE);
    ssize_t count = -1;

    if (block == NULL) {
        errno = ENOMEM;
        return -1;
    }
    while ((count = mh_os_read(from, block, COPY_SIZE)) > 0) {
        if (mh_os_write_all(to, block, (size_t)count) < 0) {
            count = -1;
            break;
        }
    }
    free(block);
    return count < 0 ? -1 : 0;
}

/* Copies the index, where there is one, to our own folder. */
static int copy_index(int gitdir, int home, const char *copy, struct mh_err *err)
{
    int from = mh_path_open(gitdir, "index", O_RDONLY, MH_LINKS_REFUSE);
    int to = -1;
    int result = 0;

    if (from < 0) {
        return errno == ENOENT ? 0 : mh_err_sys(err, errno, "cannot open git's index");
    }
    to = mh_os_create(home, copy, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (to < 0 || copy_bytes(from, to) < 0) {
        result = mh_err_sys(err, errno, "cannot copy git's index");
    }
    mh_os_close(&from);
    mh_os_close(&to);
    return result;
}

/* 1: the copy was changed; 0: nothing had to be; -1. */
static int change_copy(const struct mh_repo *repo, const struct mh_index_request *request,
                       const char *copy, struct mh_err *err)
{
    const char *const args[] = {"update-index", "-z", "--index-info", NULL};
    struct mh_repo_git_call call = {.args = args};
    char *file = mh_path_join(request->home_path, copy);
    char *records = NULL;
    char *out = NULL;
    size_t size = 0;
    int result = -1;

    if (file == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_index_list_changes(repo, request, file, &records, &call.input_size, err) == 0) {
        result = 0;
    }
    if (result == 0 && call.input_size > 0) {
        call.index_file = file;
        call.input = records;
        result = mh_repo_git(repo, &call, &out, &size, err) < 0 ? -1 : 1;
    }
    free(out);
    free(records);
    free(file);
    return result;
}

static int lock_index(const struct mh_repo *repo, const struct mh_index_request *request,
                      int gitdir, struct mh_git_lock *out, struct mh_err *err)
{
    char *path = mh_path_join(mh_repo_gitdir(repo), "index");
    const struct mh_git_lock_request lock = {.ours_dir = request->ours_dir,
                                             .dir = gitdir,
                                             .file = "index",
                                             .path = path,
                                             .wait = request->wait};
    int result = path != NULL ? mh_git_lock_take(&lock, out, err) : mh_err_nomem(err);

    free(path);
    return result;
}

static void drop_copy(struct mh_index_update *update)
{
    if (update->copy != NULL) {
        (void)mh_os_unlink(update->home, update->copy, 0);
        free(update->copy);
        update->copy = NULL;
    }
}

int mh_index_prepare(const struct mh_repo *repo, const struct mh_index_request *request,
                     struct mh_index_update *out, struct mh_err *err)
{
    struct mh_index_update update = MH_INDEX_UPDATE_INIT;
    int gitdir = open(mh_repo_gitdir(repo), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = -1;

    if (gitdir < 0) {
        return mh_err_sys(err, errno, "cannot open git's directory %s", mh_repo_gitdir(repo));
    }
    update.home = request->home;
    update.copy = strdup(request->copy);
    if (update.copy == NULL) {
        (void)mh_err_nomem(err);
    } else if (lock_index(repo, request, gitdir, &update.lock, err) == 0 &&
               copy_index(gitdir, request->home, update.copy, err) == 0) {
        result = change_copy(repo, request, update.copy, err);
    }
    mh_os_close(&gitdir);
    if (result <= 0) {
        drop_copy(&update);
    }
    if (result < 0) {
        mh_index_drop(&update);
        return -1;
    }
    *out = update;
    return 0;
}

int mh_index_commit(struct mh_index_update *update, struct mh_err *err)
{
    if (update->copy != NULL &&
        mh_git_lock_commit(&update->lock, update->home, update->copy, err) < 0) {
        return -1;
    }
    free(update->copy);
    update->copy = NULL;
    mh_git_lock_drop(&update->lock);
    return 0;
}

void mh_index_drop(struct mh_index_update *update)
{
    drop_copy(update);
    mh_git_lock_drop(&update->lock);
}
