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
#include "repo_diff.h"
#include "repo_git.h"
#include "repo_parts.h"

enum { COPY_SIZE = 1 << 20 };

/* One entry that differs, as `git diff-index --raw -z` says it. */
struct difference {
    unsigned old_mode; /* in the commit; 0 where it has none */
    unsigned new_mode; /* in the index; 0 where it has none */
    char old_id[MH_OID_HEX + 1];
    char new_id[MH_OID_HEX + 1];
    char status;
    const char *path; /* relative to the work tree */
};

/* Take a mode or an id from *at, which moves behind it; false for anything else. */
static bool take_mode(const char **at, unsigned *mode)
{
    char *after = NULL;
    unsigned long value = strtoul(*at, &after, 8);

    if (after == *at || value > 0777777) {
        return false;
    }
    *mode = (unsigned)value;
    *at = after;
    return true;
}

static bool take_id(const char **at, char id[MH_OID_HEX + 1])
{
    if (**at != ' ' || strspn(*at + 1, "0123456789abcdef") != MH_OID_HEX) {
        return false;
    }
    memcpy(id, *at + 1, MH_OID_HEX);
    id[MH_OID_HEX] = '\0';
    *at += MH_OID_HEX + 1;
    return true;
}

/* Takes ":<mode> <mode> <id> <id> <status>" NUL "<path>" NUL from *at, which moves behind it. */
static int parse_difference(const char **at, const char *end, struct difference *out,
                            struct mh_err *err)
{
    const char *path = *at + strlen(*at) + 1;
    const char *field = *at + 1;

    if (path >= end || !take_mode(&field, &out->old_mode) || !take_mode(&field, &out->new_mode) ||
        !take_id(&field, out->old_id) || !take_id(&field, out->new_id) || *field != ' ') {
        return mh_err_set(err, "EGIT", "git diff-index said what is not understood: %s", *at);
    }
    out->status = field[1];
    out->path = path;
    *at = path + strlen(path) + 1;
    return 0;
}

/* 1 where the index still has just what the tree `before` (NULL: nothing) has at that path. */
static int is_as_before(git_tree *before, const char *path, const struct difference *difference,
                        struct mh_err *err)
{
    git_tree_entry *entry = NULL;
    char id[MH_OID_HEX + 1];
    size_t length = strlen(path);
    int code = GIT_ENOTFOUND;
    int same;

    if (difference->status == 'U' || strlen(difference->path) <= length) {
        return 0; /* a conflict, or a file where the directory belongs */
    }
    if (before != NULL) {
        code = git_tree_entry_bypath(&entry, before, difference->path + length + 1);
    }
    if (code < 0 && code != GIT_ENOTFOUND) {
        return mh_repo_git_failed("cannot read a tree", err);
    }
    if (entry == NULL) {
        return difference->new_mode == 0;
    }
    (void)git_oid_tostr(id, sizeof id, git_tree_entry_id(entry));
    same = (unsigned)git_tree_entry_filemode(entry) == difference->new_mode &&
           strcmp(id, difference->new_id) == 0;
    git_tree_entry_free(entry);
    return same;
}

/* Turns differences into records for `git update-index -z --index-info`. */
static int write_records(const struct mh_index_request *request, git_tree *before,
                         const char *differences, size_t size, FILE *out, struct mh_err *err)
{
    const char *at = differences;

    while (size > 0 && at < differences + size) {
        struct difference difference = {.path = ""};
        int stale;

        if (parse_difference(&at, differences + size, &difference, err) < 0) {
            return -1;
        }
        stale = is_as_before(before, request->path, &difference, err);
        if (stale < 0) {
            return -1;
        }
        if (stale > 0 && fprintf(out, "%o %s\t%s%c", difference.old_mode, difference.old_id,
                                 difference.path, '\0') < 0) {
            return mh_err_nomem(err);
        }
        if (stale == 0 && !request->keep_staged) {
            return mh_err_set(err, "EDIRTY",
                              "%s has a staged change: commit it, or unstage it with 'git restore "
                              "--staged -- %s'",
                              difference.path, request->path);
        }
    }
    return 0;
}

/* The tree, NULL where there is none: then nothing in the index counts as unchanged. */
static int lookup_tree(const struct mh_repo *repo, const char *hex, git_tree **out,
                       struct mh_err *err)
{
    git_oid id;
    int code = 0;

    if (*hex != '\0' && (code = git_oid_fromstr(&id, hex)) == 0) {
        code = git_tree_lookup(out, mh_repo_handle(repo), &id);
    }
    return code == 0 || code == GIT_ENOTFOUND ? 0 : mh_repo_git_failed("cannot read a tree", err);
}

static int run_git(const struct mh_repo *repo, struct mh_repo_git_call *call, char **out,
                   size_t *size, struct mh_err *err)
{
    *out = NULL;
    *size = 0;
    return mh_repo_git(repo, call, out, size, err);
}

/* The records that bring the index `file` up to the commit; *text is on the heap. */
static int list_changes(const struct mh_repo *repo, const struct mh_index_request *request,
                        const char *file, char **text, size_t *size, struct mh_err *err)
{
    const struct mh_diff_request diff = {
        .commit = request->commit, .path = request->path, .index_file = file};
    git_tree *before = NULL;
    char *differences = NULL;
    size_t length = 0;
    FILE *stream;
    int result = -1;

    if (mh_repo_diff_index(repo, &diff, &differences, &length, err) < 0) {
        return -1;
    }
    stream = open_memstream(text, size);
    if (stream == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    if (lookup_tree(repo, request->before, &before, err) == 0) {
        result = write_records(request, before, differences, length, stream, err);
    }
    if (fclose(stream) != 0 && result == 0) {
        result = mh_err_nomem(err);
    }
    if (result < 0) {
        free(*text);
        *text = NULL;
    }
out:
    git_tree_free(before);
    free(differences);
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
    if (list_changes(repo, request, file, &records, &call.input_size, err) == 0) {
        result = 0;
    }
    if (result == 0 && call.input_size > 0) {
        call.index_file = file;
        call.input = records;
        result = run_git(repo, &call, &out, &size, err) < 0 ? -1 : 1;
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
