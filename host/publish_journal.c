#include "publish_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir.h"
#include "os.h"
#include "tree_hash.h"

#define VERSION_LINE "mighost-journal 1\n"

enum { JOURNAL_MAX = 1 << 20 };

struct field {
    const char *name;
    size_t offset;
};

#define FIELD(name)                              \
    {                                            \
#name, offsetof(struct mh_journal, name) \
    }

static const struct field fields[] = {
    FIELD(operation),    FIELD(slug),           FIELD(live),
    FIELD(worktree),     FIELD(linked),         FIELD(token),
    FIELD(branch),       FIELD(head),           FIELD(base),
    FIELD(next),         FIELD(base_tree),      FIELD(next_tree),
    FIELD(workspace),    FIELD(message),        FIELD(author_name),
    FIELD(author_email), FIELD(committer_name), FIELD(committer_email),
    FIELD(time),         FIELD(offset),
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static char **value_of(struct mh_journal *journal, size_t i)
{
    return (char **)((char *)journal + fields[i].offset);
}

static const char *text_of(const struct mh_journal *journal, size_t i)
{
    return *(char *const *)((const char *)journal + fields[i].offset);
}

void mh_journal_release(struct mh_journal *journal)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        free(*value_of(journal, i));
    }
    *journal = (struct mh_journal){0};
}

int mh_journal_set(char **field, const char *value, struct mh_err *err)
{
    char *copy = strdup(value);

    if (copy == NULL) {
        return mh_err_nomem(err);
    }
    free(*field);
    *field = copy;
    return 0;
}

/* The whole text with its checksum, on the heap, after a failure too. */
static int encode(const struct mh_journal *journal, char **text, size_t *size, struct mh_err *err)
{
    unsigned char digest[MH_SHA256_SIZE];
    char hex[MH_SHA256_HEX_SIZE];
    FILE *stream = open_memstream(text, size);
    int result = 0;

    if (stream == NULL) {
        return mh_err_nomem(err);
    }
    (void)fputs(VERSION_LINE, stream);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        (void)fprintf(stream, "%s %zu\n%s\n", fields[i].name, strlen(text_of(journal, i)),
                      text_of(journal, i));
    }
    if (fflush(stream) != 0) {
        result = mh_err_nomem(err);
    } else {
        result = mh_sha256(*text, *size, digest, err);
    }
    if (result == 0) {
        mh_sha256_hex(digest, hex);
        (void)fprintf(stream, "sha256 %s\n", hex);
    }
    if (fclose(stream) != 0 && result == 0) {
        result = mh_err_nomem(err);
    }
    if (result == 0 && *size > JOURNAL_MAX) { /* which no recovery would read */
        result = mh_err_set(err, "EFBIG", "the journal of %s would be longer than %d bytes",
                            journal->slug, JOURNAL_MAX);
    }
    return result;
}

/* The name of a journal that is being written: hidden, as no slug is. */
static char *draft_name(const char *label, struct mh_err *err)
{
    char *name = NULL;

    if (asprintf(&name, ".%s", label) < 0) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    return name;
}

static int write_draft(int dirfd, const char *name, const char *text, size_t size)
{
    int fd = mh_os_create(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int result = fd < 0 ? -1 : mh_os_write_all(fd, text, size);

    mh_os_close(&fd);
    return result;
}

int mh_journal_write(int dirfd, const char *label, const struct mh_journal *journal,
                     struct mh_err *err)
{
    char *text = NULL;
    char *draft = draft_name(label, err);
    size_t size = 0;
    int result = -1;

    if (draft == NULL || encode(journal, &text, &size, err) < 0) {
        goto out;
    }
    if (write_draft(dirfd, draft, text, size) < 0 ||
        mh_os_rename(dirfd, draft, dirfd, journal->slug, 0) < 0) {
        (void)mh_err_sys(err, errno, "cannot write the journal of %s", journal->slug);
        (void)mh_os_unlink(dirfd, draft, 0);
        goto out;
    }
    result = 0;
out:
    free(text);
    free(draft);
    return result;
}

int mh_journal_remove_draft(int dirfd, const char *label, struct mh_err *err)
{
    char *draft = draft_name(label, err);
    int result = -1;

    if (draft == NULL) {
        return -1;
    }
    if (mh_os_unlink(dirfd, draft, 0) < 0) {
        (void)mh_err_sys(err, errno, "cannot remove the unfinished journal %s", label);
    } else {
        result = 0;
    }
    free(draft);
    return result;
}

static int corrupt(struct mh_err *err)
{
    return mh_err_set(err, "ECORRUPT", "the journal is torn or altered");
}

/* Checks the last line against everything before it; *size becomes the length before it. */
static int check_sum(const char *text, size_t *size, struct mh_err *err)
{
    enum { LINE = sizeof "sha256 " - 1 + MH_SHA256_HEX_SIZE };
    unsigned char digest[MH_SHA256_SIZE];
    char hex[MH_SHA256_HEX_SIZE];
    const char *line;

    if (*size < LINE) {
        return corrupt(err);
    }
    *size -= LINE;
    line = text + *size;
    if (mh_sha256(text, *size, digest, err) < 0) {
        return -1;
    }
    mh_sha256_hex(digest, hex);
    if (strncmp(line, "sha256 ", 7) != 0 || strncmp(line + 7, hex, sizeof hex - 1) != 0 ||
        line[LINE - 1] != '\n') {
        return corrupt(err);
    }
    return 0;
}

/*
 * The number at *at as printf writes it: digits without a sign, a blank or a zero in front.  *at
 * moves behind it.  SIZE_MAX for anything else, and for what no journal is long enough for.
 */
static size_t decode_size(const char **at, const char *end)
{
    const char *first = *at;
    size_t number = 0;

    while (*at < end && **at >= '0' && **at <= '9' && number <= JOURNAL_MAX) {
        number = number * 10 + (size_t)(**at - '0');
        (*at)++;
    }
    return *at == first || (*first == '0' && *at - first > 1) ? SIZE_MAX : number;
}

/* Takes "<name> <bytes>\n<value>\n" from *at, which moves behind it. */
static int decode_field(const char **at, const char *end, const char *name, char **out,
                        struct mh_err *err)
{
    size_t length = strlen(name);
    const char *value;
    size_t bytes;

    if ((size_t)(end - *at) < length + 2 || memcmp(*at, name, length) != 0 ||
        (*at)[length] != ' ') {
        return corrupt(err);
    }
    value = *at + length + 1;
    bytes = decode_size(&value, end);
    if (value >= end || *value++ != '\n' || bytes >= (size_t)(end - value) ||
        value[bytes] != '\n' || memchr(value, '\0', bytes) != NULL) {
        return corrupt(err);
    }
    *out = strndup(value, bytes);
    if (*out == NULL) {
        return mh_err_nomem(err);
    }
    *at = value + bytes + 1;
    return 0;
}

static int decode(const char *text, size_t size, struct mh_journal *out, struct mh_err *err)
{
    struct mh_journal journal = {0};
    const char *at;
    const char *end;
    int result = 0;

    if (check_sum(text, &size, err) < 0) {
        return -1;
    }
    end = text + size;
    if (size < sizeof VERSION_LINE - 1 ||
        strncmp(text, VERSION_LINE, sizeof VERSION_LINE - 1) != 0) {
        return mh_err_set(err, "EUNSUPPORTED",
                          "it is of a version that is unknown here: run the mighost that wrote it");
    }
    at = text + sizeof VERSION_LINE - 1;
    for (size_t i = 0; i < FIELD_COUNT && result == 0; i++) {
        result = decode_field(&at, end, fields[i].name, value_of(&journal, i), err);
    }
    if (result == 0 && at != end) {
        result = corrupt(err);
    }
    if (result < 0) {
        mh_journal_release(&journal);
        return -1;
    }
    *out = journal;
    return 0;
}

int mh_journal_read(int dirfd, const char *slug, struct mh_journal *out, struct mh_err *err)
{
    static char here[] = "journals";
    const struct mh_dir dir = {.fd = dirfd, .path = here};
    const struct mh_dir_read_options options = {.max = JOURNAL_MAX, .links = MH_LINKS_REFUSE};
    struct mh_buffer buffer = {0};
    struct mh_err failure;
    int result;

    if (mh_dir_read(&dir, slug, &options, &buffer, &failure) < 0) {
        if (failure.errnum == ENOENT) {
            return 0;
        }
        *err = failure;
        return strcmp(failure.name, "EFBIG") == 0 /* none of ours is so long */
                   ? mh_err_set(err, "ECORRUPT", "%s", failure.message)
                   : -1;
    }
    result = mh_buffer_reserve(&buffer, buffer.size + 1, err);
    if (result == 0) {
        buffer.data[buffer.size] = '\0';
        result = decode(buffer.data, buffer.size, out, err);
    }
    mh_buffer_release(&buffer);
    return result < 0 ? mh_err_wrap(err, "cannot read the journal of %s", slug) : 1;
}

int mh_journal_remove(int dirfd, const char *slug, struct mh_err *err)
{
    if (mh_os_unlink(dirfd, slug, 0) < 0) {
        return mh_err_sys(err, errno, "cannot remove the journal of %s", slug);
    }
    return 0;
}
