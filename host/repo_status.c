#include "repo_status.h"

#include <git2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo_parts.h"

enum { NAMES_SHOWN = 10 };

/*
 * The names in `git status --porcelain -z --no-renames`, where each record is "XY name" ended by
 * NUL: a rename, which would have a second record, is a removal and an addition here.
 */
static char *list_names(const char *status, size_t size)
{
    char *text = NULL;
    size_t room = 0;
    FILE *stream = open_memstream(&text, &room);
    size_t count = 0;

    if (stream == NULL) {
        return NULL;
    }
    for (const char *at = status; at < status + size; at += strlen(at) + 1) {
        if (count++ < NAMES_SHOWN && strlen(at) > 3) {
            for (const char *c = at + 3; *c != '\0'; c++) {
                (void)fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, stream);
            }
            (void)fputc('\n', stream);
        }
    }
    if (count > NAMES_SHOWN) {
        (void)fprintf(stream, "and %zu more\n", count - NAMES_SHOWN);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

int mh_repo_dirty(const struct mh_repo *repo, const char *path, char **out, struct mh_err *err)
{
    const char *const args[] = {"status",
                                "--porcelain=v1",
                                "-z",
                                "--no-renames",
                                "--untracked-files=all",
                                "--ignored=matching",
                                "--",
                                path,
                                NULL};
    struct mh_repo_git_call call = {.args = args};
    char *status = NULL;
    size_t size = 0;

    if (mh_repo_git(repo, &call, &status, &size, err) < 0) {
        return -1;
    }
    *out = NULL;
    if (size > 0) {
        *out = list_names(status, size);
    }
    free(status);
    return size > 0 && *out == NULL ? mh_err_nomem(err) : 0;
}

int mh_repo_is_modified(const struct mh_repo *repo, const char *path, struct mh_err *err)
{
    const char *const args[] = {
        "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no", "--", path, NULL};
    struct mh_repo_git_call call = {.args = args};
    char *status = NULL;
    size_t size = 0;

    if (mh_repo_git(repo, &call, &status, &size, err) < 0) {
        return -1;
    }
    free(status);
    return size > 0;
}

/* Splits "Name <email> time zone", as git prints an identity. */
static int parse_person(const char *line, struct mh_repo_person *out, struct mh_err *err)
{
    const char *open = strrchr(line, '<');
    const char *end = open != NULL ? strchr(open, '>') : NULL;
    struct mh_repo_person person = {0};

    if (end == NULL || open == line || open[-1] != ' ') {
        return mh_err_set(err, "ENOIDENT", "git has no usable identity for you: %s", line);
    }
    person.name = strndup(line, (size_t)(open - line - 1));
    person.email = strndup(open + 1, (size_t)(end - open - 1));
    if (person.name == NULL || person.email == NULL) {
        mh_repo_person_release(&person);
        return mh_err_nomem(err);
    }
    *out = person;
    return 0;
}

/* What git said of a person; *person is left alone where it does not know one. */
static int take_person(int asked, char *line, struct mh_repo_person *person, struct mh_err *err)
{
    int result;

    if (asked < 0) {
        return strcmp(err->name, "EGIT") != 0 ? -1
                                              : mh_err_set(err, "ENOIDENT",
                                                           "git does not know who you are: "
                                                           "user.name or user.email is not set");
    }
    result = parse_person(line != NULL ? line : "", person, err);
    free(line);
    return result;
}

/* Whether anything could make git name an author who is not the committer. */
static bool may_differ(const struct mh_repo *repo)
{
    static const char *const keys[] = {"author.name", "author.email", "committer.name",
                                       "committer.email"};
    static const char *const variables[] = {"GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG"};
    git_config *config = NULL;
    const char *value = NULL;
    bool found = git_repository_config_snapshot(&config, mh_repo_handle(repo)) < 0;

    for (size_t i = 0; !found && i < sizeof keys / sizeof *keys; i++) {
        found = git_config_get_string(&value, config, keys[i]) == 0;
    }
    git_config_free(config);
    for (char **entry = environ; !found && *entry != NULL; entry++) {
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
            found = found || strncmp(*entry, variables[i], strlen(variables[i])) == 0;
        }
    }
    return found;
}

static int copy_person(const struct mh_repo_person *from, struct mh_repo_person *to,
                       struct mh_err *err)
{
    struct mh_repo_person copy = {.name = strdup(from->name), .email = strdup(from->email)};

    if (copy.name == NULL || copy.email == NULL) {
        mh_repo_person_release(&copy);
        return mh_err_nomem(err);
    }
    *to = copy;
    return 0;
}

static const char *const committer_args[] = {"var", "GIT_COMMITTER_IDENT", NULL};
static const char *const author_args[] = {"var", "GIT_AUTHOR_IDENT", NULL};

int mh_repo_ask_committer(const struct mh_repo *repo, struct mh_err *err)
{
    struct mh_repo_people *people = mh_repo_people(repo);
    const struct mh_repo_git_call call = {.args = committer_args};

    return people->committer.name != NULL || people->asked != NULL
               ? 0
               : mh_repo_git_start(repo, &call, &people->asked, err);
}

const struct mh_repo_person *mh_repo_committer(const struct mh_repo *repo, struct mh_err *err)
{
    struct mh_repo_people *people = mh_repo_people(repo);
    struct mh_repo_git_run *asked;
    char *line = NULL;
    size_t size = 0;
    int result;

    if (people->committer.name != NULL) {
        return &people->committer;
    }
    if (mh_repo_ask_committer(repo, err) < 0) {
        return NULL;
    }
    asked = people->asked;
    people->asked = NULL;
    result = mh_repo_git_finish(asked, &line, &size, err);
    return take_person(result, line, &people->committer, err) < 0 ? NULL : &people->committer;
}

const struct mh_repo_person *mh_repo_author(const struct mh_repo *repo, struct mh_err *err)
{
    struct mh_repo_person *author = &mh_repo_people(repo)->author;
    const struct mh_repo_git_call call = {.args = author_args};
    const struct mh_repo_person *committer;
    char *line = NULL;
    size_t size = 0;
    int result;

    if (author->name != NULL) {
        return author;
    }
    if (may_differ(repo)) {
        result = mh_repo_git(repo, &call, &line, &size, err);
        result = take_person(result, line, author, err);
    } else {
        committer = mh_repo_committer(repo, err);
        result = committer != NULL ? copy_person(committer, author, err) : -1;
    }
    return result < 0 ? NULL : author;
}
