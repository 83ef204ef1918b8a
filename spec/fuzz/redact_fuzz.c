/*
 * Redaction of a stream: one window, windows cut anywhere, and a plain scan byte by byte must give
 * the same text.
 *
 * Input: a byte for the number of secrets, a byte for the cuts, then for each secret its length and
 * bytes, then the stream.  Bytes are taken from an alphabet of four, so that secrets overlap,
 * repeat and begin each other all the time.
 */
#include "proc_redact.h"

#include "fuzz.h"

enum { SECRETS_MAX = 4, LENGTH_MAX = 24, NAME_SIZE = 2 };

struct text {
    char *data;
    size_t size, room;
};

struct input {
    struct mh_proc_secret secrets[SECRETS_MAX];
    char names[SECRETS_MAX][NAME_SIZE];
    size_t count;
    uint32_t cuts;
    const char *stream;
    size_t size;
};

static int append(void *context, const char *data, size_t size, struct mh_err *err)
{
    struct text *text = context;

    (void)err;
    if (text->size + size > text->room) {
        text->room = 2 * (text->size + size);
        text->data = realloc(text->data, text->room);
        EXPECT(text->data != NULL);
    }
    if (size > 0) {
        memcpy(text->data + text->size, data, size);
    }
    text->size += size;
    return 0;
}

static void append_tag(struct text *text, const char *name)
{
    (void)append(text, "<redacted:", strlen("<redacted:"), NULL);
    (void)append(text, name, strlen(name), NULL);
    (void)append(text, ">", 1, NULL);
}

/* Whether secret a goes before b: longer, or as long with a name that sorts first. */
static bool goes_before(const struct mh_proc_secret *a, const struct mh_proc_secret *b)
{
    return b == NULL || a->size > b->size || (a->size == b->size && strcmp(a->name, b->name) < 0);
}

/* The secret that begins at `at`, whole or cut off by the stream's end. */
static const struct mh_proc_secret *find_at(const struct input *input, size_t at, bool cut_off)
{
    const struct mh_proc_secret *found = NULL;
    size_t rest = input->size - at;

    for (size_t i = 0; i < input->count; i++) {
        const struct mh_proc_secret *secret = &input->secrets[i];
        size_t size = cut_off ? rest : secret->size;

        if (secret->size >= MH_REDACT_MIN && size <= rest && (secret->size > rest) == cut_off &&
            memcmp(secret->value, input->stream + at, size) == 0 && goes_before(secret, found)) {
            found = secret;
        }
    }
    return found;
}

static void scan(const struct input *input, struct text *out)
{
    size_t at = 0;

    while (at < input->size) {
        const struct mh_proc_secret *cut_off = find_at(input, at, true);
        const struct mh_proc_secret *whole = find_at(input, at, false);

        if (cut_off != NULL && input->size - at >= MH_REDACT_MIN) {
            append_tag(out, cut_off->name);
            return;
        }
        if (whole != NULL) {
            append_tag(out, whole->name);
            at += whole->size;
        } else {
            (void)append(out, input->stream + at, 1, NULL);
            at++;
        }
    }
}

static size_t next_chunk(uint32_t *state, size_t left)
{
    size_t size;

    *state = *state * 1664525 + 1013904223;
    size = (*state >> 16) % 13; /* none now and then */
    return size < left ? size : left;
}

static void redact(const struct input *input, bool whole, struct text *out)
{
    struct mh_redactor redactor = {0};
    struct mh_err err;
    uint32_t state = input->cuts;
    size_t start = 0;
    size_t end = 0;
    size_t held = 0;

    EXPECT(mh_redactor_init(&redactor, input->secrets, input->count, &err) == 0);
    do {
        struct mh_redact_window window;
        char *copy;

        end += whole ? input->size : next_chunk(&state, input->size - end);
        window.size = end - start;
        window.last = end == input->size;
        copy = fuzz_text((const uint8_t *)input->stream + start, window.size);
        window.data = copy;
        EXPECT(mh_redactor_run(&redactor, &window, append, out, &held, &err) == 0);
        EXPECT(held <= mh_redactor_hold_max(&redactor) && held <= window.size);
        EXPECT(held == 0 || !window.last);
        free(copy);
        start = end - held;
    } while (end < input->size);
    mh_redactor_release(&redactor);
}

static void expect_same(const struct text *a, const struct text *b)
{
    EXPECT(a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {.count = 0};
    struct text whole = {0}, chunked = {0}, scanned = {0};
    size_t wanted = size > 0 ? data[0] % (SECRETS_MAX + 1) : 0;
    char *text = fuzz_text(data, size);
    size_t at = 2;

    for (size_t i = 0; i < size; i++) {
        text[i] = (char)('a' + (data[i] & 3));
    }
    while (at < size && input.count < wanted) {
        struct mh_proc_secret *secret = &input.secrets[input.count];
        size_t length = data[at++] % LENGTH_MAX;

        secret->size = length < size - at ? length : size - at;
        secret->value = text + at;
        input.names[input.count][0] = (char)('A' + input.count);
        secret->name = input.names[input.count++];
        at += secret->size;
    }
    input.cuts = size > 1 ? data[1] : 0;
    input.stream = text + (at < size ? at : size);
    input.size = at < size ? size - at : 0;
    scan(&input, &scanned);
    redact(&input, true, &whole);
    redact(&input, false, &chunked);
    expect_same(&scanned, &whole);
    expect_same(&whole, &chunked);
    free(whole.data);
    free(chunked.data);
    free(scanned.data);
    free(text);
    return 0;
}
