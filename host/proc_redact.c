/*
 * The search is that of Wu and Manber: a table says for each pair of bytes how far it is at least
 * from the end of the first `shortest` bytes of any value.  As no value is shorter than
 * MH_REDACT_MIN, most text is crossed several bytes at a time.
 */
#include "proc_redact.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS = 1 << 16, SKIP_MAX = 255, BYTE_BITS = 8 };

struct mh_redact_value {
    char *value;
    size_t size;
    char *tag;
    size_t tag_size;
};

static int copy_secret(struct mh_redact_value *to, const struct mh_proc_secret *from)
{
    static const char before[] = "<redacted:";
    size_t name = strlen(from->name);

    to->size = from->size;
    to->tag_size = sizeof before - 1 + name + 1;
    to->value = malloc(from->size);
    to->tag = malloc(to->tag_size);
    if (to->value == NULL || to->tag == NULL) {
        return -1;
    }
    memcpy(to->value, from->value, from->size);
    memcpy(to->tag, before, sizeof before - 1);
    memcpy(to->tag + sizeof before - 1, from->name, name);
    to->tag[to->tag_size - 1] = '>';
    return 0;
}

static int compare_values(const void *a, const void *b)
{
    const struct mh_redact_value *left = a;
    const struct mh_redact_value *right = b;

    if (left->size != right->size) {
        return left->size > right->size ? -1 : 1;
    }
    return memcmp(left->tag, right->tag,
                  left->tag_size < right->tag_size ? left->tag_size : right->tag_size);
}

static size_t pair_at(const char *data)
{
    return (size_t)(unsigned char)data[0] << BYTE_BITS | (unsigned char)data[1];
}

static void fill_skips(struct mh_redactor *redactor)
{
    size_t far = redactor->shortest - 1;

    memset(redactor->skip, far < SKIP_MAX ? (int)far : SKIP_MAX, PAIRS);
    for (size_t i = 0; i < redactor->count; i++) {
        for (size_t at = 0; at + 1 < redactor->shortest; at++) {
            uint8_t *skip = redactor->skip + pair_at(redactor->values[i].value + at);
            size_t distance = redactor->shortest - 2 - at;

            if (distance < *skip) {
                *skip = (uint8_t)distance;
            }
        }
    }
}

int mh_redactor_init(struct mh_redactor *redactor, const struct mh_proc_secret *secrets,
                     size_t count, struct mh_err *err)
{
    struct mh_redactor made = {0};

    made.values = calloc(count > 0 ? count : 1, sizeof *made.values);
    made.skip = malloc(PAIRS);
    if (made.values == NULL || made.skip == NULL) {
        goto fail;
    }
    for (size_t i = 0; i < count; i++) {
        if (secrets[i].size >= MH_REDACT_MIN) {
            made.count++;
            if (copy_secret(&made.values[made.count - 1], &secrets[i]) < 0) {
                goto fail;
            }
        }
    }
    if (made.count > 0) {
        qsort(made.values, made.count, sizeof *made.values, compare_values);
        made.longest = made.values[0].size;
        made.shortest = made.values[made.count - 1].size;
        fill_skips(&made);
    }
    *redactor = made;
    return 0;
fail:
    mh_redactor_release(&made);
    return mh_err_nomem(err);
}

size_t mh_redactor_hold_max(const struct mh_redactor *redactor)
{
    return redactor->count > 0 ? redactor->longest - 1 : 0;
}

/* The longest value that stands at the start of data; NULL when none does. */
static const struct mh_redact_value *match(const struct mh_redactor *redactor, const char *data,
                                           size_t size)
{
    for (size_t i = 0; i < redactor->count; i++) {
        const struct mh_redact_value *value = &redactor->values[i];

        if (value->size <= size && memcmp(data, value->value, value->size) == 0) {
            return value;
        }
    }
    return NULL;
}

/* Where the first value at or after `from` begins; the window's size when there is none. */
static size_t find(const struct mh_redactor *redactor, const struct mh_redact_window *window,
                   size_t from, const struct mh_redact_value **found)
{
    size_t reach = redactor->shortest;

    while (from + reach <= window->size) {
        uint8_t skip = redactor->skip[pair_at(window->data + from + reach - 2)];

        if (skip == 0) {
            *found = match(redactor, window->data + from, window->size - from);
            if (*found != NULL) {
                return from;
            }
            skip = 1;
        }
        from += skip;
    }
    *found = NULL;
    return window->size;
}

/*
 * Where an unfinished value begins that reaches the window's end; the window's size when none
 * does.
 */
static size_t find_unfinished(const struct mh_redactor *redactor,
                              const struct mh_redact_window *window, size_t from,
                              const struct mh_redact_value **found)
{
    size_t hold = mh_redactor_hold_max(redactor);

    if (window->size > hold && window->size - hold > from) {
        from = window->size - hold;
    }
    for (; from < window->size; from++) {
        size_t rest = window->size - from;

        for (size_t i = 0; i < redactor->count && redactor->values[i].size > rest; i++) {
            if (memcmp(window->data + from, redactor->values[i].value, rest) == 0) {
                *found = &redactor->values[i];
                return from;
            }
        }
    }
    *found = NULL;
    return window->size;
}

/* What begins like a value at the very end: the beginning of one is as secret as the whole. */
static int pass_end(const struct mh_redact_window *window, size_t from,
                    const struct mh_redact_value *value, mh_redact_sink sink, void *context,
                    struct mh_err *err)
{
    size_t rest = window->size - from;

    if (value != NULL && rest >= MH_REDACT_MIN) {
        return sink(context, value->tag, value->tag_size, err);
    }
    return sink(context, window->data + from, rest, err);
}

int mh_redactor_run(const struct mh_redactor *redactor, const struct mh_redact_window *window,
                    mh_redact_sink sink, void *context, size_t *held, struct mh_err *err)
{
    const struct mh_redact_value *value = NULL;
    const struct mh_redact_value *unfinished = NULL;
    size_t at = 0;
    size_t limit = 0;
    size_t start;

    if (redactor->count == 0) {
        *held = 0;
        return sink(context, window->data, window->size, err);
    }
    limit = find_unfinished(redactor, window, 0, &unfinished);
    while ((start = find(redactor, window, at, &value)) < limit && value != NULL) {
        if (sink(context, window->data + at, start - at, err) < 0 ||
            sink(context, value->tag, value->tag_size, err) < 0) {
            return -1;
        }
        at = start + value->size;
        if (at > limit) {
            limit = find_unfinished(redactor, window, at, &unfinished);
        }
    }
    if (sink(context, window->data + at, limit - at, err) < 0) {
        return -1;
    }
    *held = window->last ? 0 : window->size - limit;
    return window->last ? pass_end(window, limit, unfinished, sink, context, err) : 0;
}

void mh_redactor_release(struct mh_redactor *redactor)
{
    for (size_t i = 0; redactor->values != NULL && i < redactor->count; i++) {
        free(redactor->values[i].value);
        free(redactor->values[i].tag);
    }
    free(redactor->values);
    free(redactor->skip);
    *redactor = (struct mh_redactor){0};
}
