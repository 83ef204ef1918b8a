#include "repo.h"

#include <errno.h>
#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "repo_parts.h"

struct mh_repo {
    git_repository *handle;
    char *worktree;
    char *gitdir;
    char *commondir;
    struct mh_repo_people *people; /* what git said, asked once */
};

/* Extensions that change nothing of what is done here; libgit2 refuses what it does not know. */
static const char *const accepted_extensions[] = {"worktreeconfig", "preciousobjects",
                                                  "partialclone"};

static const char *last_message(void)
{
    const git_error *last = git_error_last();

    return last != NULL ? last->message : "unknown libgit2 error";
}

int mh_repo_git_failed(const char *what, struct mh_err *err)
{
    return mh_err_set(err, "EIO", "%s: %s", what, last_message());
}

static int start_library(struct mh_err *err)
{
    static bool started;

    if (started) {
        return 0;
    }
    if (git_libgit2_init() < 0) {
        return mh_repo_git_failed("cannot start libgit2", err);
    }
    if (git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, accepted_extensions,
                         sizeof accepted_extensions / sizeof *accepted_extensions) < 0) {
        return mh_repo_git_failed("cannot configure libgit2", err);
    }
    started = true;
    return 0;
}

/* A copy of an absolute path of libgit2's, which end in a slash. */
static char *without_slash(const char *path)
{
    char *copy = path != NULL ? strdup(path) : NULL;
    size_t length;

    if (copy == NULL) {
        return NULL;
    }
    length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/') {
        copy[--length] = '\0';
    }
    return copy;
}

static int open_failure(int code, const char *path, struct mh_err *err)
{
    const char *why = last_message();

    /* libgit2 1.5 finds no repository of another user's where no directory at all is safe. */
    if (code == GIT_EOWNER || strstr(why, "safe.directory") != NULL) {
        return mh_err_set(err, "EUNSUPPORTED",
                          "the repository is owned by another user; if you trust it, run "
                          "'git config --global --add safe.directory %s'",
                          path);
    }
    if (code == GIT_ENOTFOUND) {
        return mh_err_set(err, "ENOTREPO", "not a git repository: %s", path);
    }
    if (strstr(why, "extension") != NULL || strstr(why, "repository version") != NULL) {
        return mh_err_set(
            err, "EUNSUPPORTED",
            "the repository's format is not supported (SHA-256 objects or reftable?): %s: %s", path,
            why);
    }
    return mh_err_set(err, "ENOTREPO", "cannot open the git repository at %s: %s", path, why);
}

int mh_repo_open(const char *path, struct mh_repo **out, struct mh_err *err)
{
    struct mh_repo *repo = NULL;
    int code;

    if (start_library(err) < 0) {
        return -1;
    }
    repo = calloc(1, sizeof *repo);
    if (repo == NULL) {
        return mh_err_nomem(err);
    }
    code = git_repository_open_ext(&repo->handle, path, 0, NULL);
    if (code < 0) {
        (void)open_failure(code, path, err);
        goto fail;
    }
    if (git_repository_is_bare(repo->handle) == 1) {
        (void)mh_err_set(err, "ENOTREPO", "the repository has no work tree (it is bare): %s", path);
        goto fail;
    }
    repo->worktree = without_slash(git_repository_workdir(repo->handle));
    repo->gitdir = without_slash(git_repository_path(repo->handle));
    repo->commondir = without_slash(git_repository_commondir(repo->handle));
    repo->people = calloc(1, sizeof *repo->people);
    if (repo->worktree == NULL || repo->gitdir == NULL || repo->commondir == NULL ||
        repo->people == NULL) {
        (void)mh_err_nomem(err);
        goto fail;
    }
    *out = repo;
    return 0;
fail:
    mh_repo_close(repo);
    return -1;
}

/* Nobody wants to know any more who commits. */
static void drop_question(struct mh_repo_people *people)
{
    struct mh_err ignored;
    char *line = NULL;
    size_t size = 0;

    if (people->asked != NULL) {
        (void)mh_repo_git_finish(people->asked, &line, &size, &ignored);
        free(line);
    }
}

void mh_repo_close(struct mh_repo *repo)
{
    if (repo == NULL) {
        return;
    }
    git_repository_free(repo->handle);
    free(repo->worktree);
    free(repo->gitdir);
    free(repo->commondir);
    if (repo->people != NULL) {
        mh_repo_person_release(&repo->people->author);
        mh_repo_person_release(&repo->people->committer);
        drop_question(repo->people);
        free(repo->people);
    }
    free(repo);
}

const char *mh_repo_worktree(const struct mh_repo *repo)
{
    return repo->worktree;
}

const char *mh_repo_gitdir(const struct mh_repo *repo)
{
    return repo->gitdir;
}

const char *mh_repo_commondir(const struct mh_repo *repo)
{
    return repo->commondir;
}

struct mh_repo_people *mh_repo_people(const struct mh_repo *repo)
{
    return repo->people;
}

git_repository *mh_repo_handle(const struct mh_repo *repo)
{
    return repo->handle;
}

const char *mh_repo_library_version(void)
{
    return LIBGIT2_VERSION;
}

int mh_repo_read_head(const struct mh_repo *repo, struct mh_repo_head *out, struct mh_err *err)
{
    struct mh_repo_head head = {0};
    git_reference *reference = NULL;
    int code = git_repository_head(&reference, repo->handle);

    if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) {
        head.unborn = true;
    } else if (code < 0) {
        return mh_repo_git_failed("cannot read HEAD", err);
    } else {
        (void)git_oid_tostr(head.commit.hex, sizeof head.commit.hex,
                            git_reference_target(reference));
        head.detached = git_repository_head_detached(repo->handle) == 1;
        if (!head.detached) {
            head.branch = strdup(git_reference_name(reference));
        }
        git_reference_free(reference);
        if (!head.detached && head.branch == NULL) {
            return mh_err_nomem(err);
        }
    }
    *out = head;
    return 0;
}

void mh_repo_head_release(struct mh_repo_head *head)
{
    free(head->branch);
    *head = (struct mh_repo_head){0};
}

int mh_repo_has_ref(const struct mh_repo *repo, const char *name, struct mh_err *err)
{
    git_reference *reference = NULL;
    int code = git_reference_lookup(&reference, repo->handle, name);

    git_reference_free(reference);
    return code == 0               ? 1
           : code == GIT_ENOTFOUND ? 0
                                   : mh_repo_git_failed("cannot read a reference", err);
}

int mh_repo_has_setting(const struct mh_repo *repo, const char *name, struct mh_err *err)
{
    git_config *config = NULL;
    git_config_entry *entry = NULL;
    int code = git_repository_config_snapshot(&config, repo->handle);

    if (code == 0) {
        code = git_config_get_entry(&entry, config, name);
    }
    git_config_entry_free(entry);
    git_config_free(config);
    return code == 0               ? 1
           : code == GIT_ENOTFOUND ? 0
                                   : mh_repo_git_failed("cannot read git's configuration", err);
}

const char *mh_repo_operation(const struct mh_repo *repo)
{
    switch (git_repository_state(repo->handle)) {
    case GIT_REPOSITORY_STATE_NONE:
        return "none";
    case GIT_REPOSITORY_STATE_MERGE:
        return "merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
        return "revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
        return "cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
        return "bisect";
    case GIT_REPOSITORY_STATE_REBASE:
    case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
    case GIT_REPOSITORY_STATE_REBASE_MERGE:
        return "rebase";
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
        return "am";
    default:
        return "an operation unknown to libgit2";
    }
}

void mh_repo_person_release(struct mh_repo_person *person)
{
    free(person->name);
    free(person->email);
    *person = (struct mh_repo_person){0};
}
