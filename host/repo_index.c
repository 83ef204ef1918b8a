#include "repo_index.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "repo_git.h"

enum { COPY_SIZE = 1 << 20 };

static int fail(struct mh_err *err, const char *what)
{
    const git_error *last = git_error_last();

    return mh_err_set(err, "EIO", "%s: %s", what,
                      last != NULL ? last->message : "unknown libgit2 error");
}

/* Where records for git go, and the path that their names are below. */
struct records {
    FILE *stream;
    const char *path;
};

/* Writes one record for `git update-index -z --index-info`; a mode of 0 removes the entry. */
static int write_record(const struct records *to, const git_diff_delta *delta)
{
    bool removed = delta->status == GIT_DELTA_DELETED;
    const git_diff_file *file = removed ? &delta->old_file : &delta->new_file;
    char id[MH_OID_HEX + 1];

    (void)git_oid_tostr(id, sizeof id, &file->id);
    return fprintf(to->stream, "%o %s\t%s/%s%c", removed ? 0u : (unsigned)file->mode, id, to->path,
                   file->path, '\0');
}

/* Deltas are asked one by one: libgit2's own loop reads the index, which it cannot when split. */
static int write_records(const struct mh_repo *repo, git_tree *before, git_tree *after,
                         const struct records *to, struct mh_err *err)
{
    git_diff *diff = NULL;
    int result = 0;

    if (git_diff_tree_to_tree(&diff, mh_repo_handle(repo), before, after, NULL) < 0) {
        return fail(err, "cannot compare two trees");
    }
    for (size_t i = 0; i < git_diff_num_deltas(diff) && result >= 0; i++) {
        result = write_record(to, git_diff_get_delta(diff, i));
    }
    git_diff_free(diff);
    return result < 0 ? mh_err_nomem(err) : 0;
}

static int lookup_tree(const struct mh_repo *repo, const char *hex, git_tree **out,
                       struct mh_err *err)
{
    git_oid id;

    if (*hex == '\0') {
        return 0;
    }
    if (git_oid_fromstr(&id, hex) < 0 || git_tree_lookup(out, mh_repo_handle(repo), &id) < 0) {
        return fail(err, "cannot read a tree");
    }
    return 0;
}

/* The records that turn `before` into `after`; *text is on the heap. */
static int list_changes(const struct mh_repo *repo, const struct mh_index_request *request,
                        char **text, size_t *size, struct mh_err *err)
{
    git_tree *before = NULL;
    git_tree *after = NULL;
    struct records to = {.stream = open_memstream(text, size), .path = request->path};
    int result = -1;

    if (to.stream == NULL) {
        return mh_err_nomem(err);
    }
    if (lookup_tree(repo, request->before, &before, err) == 0 &&
        lookup_tree(repo, request->after, &after, err) == 0) {
        result = write_records(repo, before, after, &to, err);
    }
    if (fclose(to.stream) != 0 && result == 0) {
        result = mh_err_nomem(err);
    }
    git_tree_free(before);
    git_tree_free(after);
    if (result < 0) {
        free(*text);
        *text = NULL;
    }
    return result;
}

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
    if (list_changes(repo, request, &records, &size, err) == 0) {
        call.index_file = file;
        call.input = records;
        call.input_size = size;
        result = mh_repo_git(repo, &call, &out, &size, err);
    }
    free(out);
    free(records);
    free(file);
    return result;
}

static int lock_index(const struct mh_index_request *request, int gitdir, struct mh_git_lock *out,
                      struct mh_err *err)
{
    struct mh_git_lock_request lock = {.ours_dir = request->home,
                                       .ours = request->ours,
                                       .dir = gitdir,
                                       .file = "index",
                                       .data = "",
                                       .wait = request->wait};

    return mh_git_lock_take(&lock, out, err);
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
    if (asprintf(&update.copy, "%s.copy", request->ours) < 0) {
        update.copy = NULL;
        (void)mh_err_nomem(err);
    } else if (lock_index(request, gitdir, &update.lock, err) == 0 &&
               copy_index(gitdir, request->home, update.copy, err) == 0 &&
               change_copy(repo, request, update.copy, err) == 0) {
        result = 0;
    }
    mh_os_close(&gitdir);
    if (result < 0) {
        mh_index_drop(&update);
        return -1;
    }
    *out = update;
    return 0;
}

int mh_index_commit(struct mh_index_update *update, struct mh_err *err)
{
    if (mh_os_rename(update->home, update->copy, update->lock.dir, update->lock.file, 0) < 0) {
        return mh_err_sys(err, errno, "cannot put git's index in place");
    }
    free(update->copy);
    update->copy = NULL;
    mh_git_lock_drop(&update->lock);
    return 0;
}

void mh_index_drop(struct mh_index_update *update)
{
    if (update->copy != NULL) {
        (void)mh_os_unlink(update->home, update->copy, 0);
        free(update->copy);
        update->copy = NULL;
    }
    mh_git_lock_drop(&update->lock);
}
