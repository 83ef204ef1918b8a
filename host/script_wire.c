#include "script_wire.h"

#include <math.h>
#include <string.h>

enum { BYTE_BITS = 8, SHORT_BYTES = 4, LONG_BYTES = 8 };

void mh_wire_open(struct mh_wire_reader *reader, const void *data, size_t size)
{
    memset(reader, 0, sizeof *reader);
    reader->next = data;
    reader->end = reader->next + size;
}

static int refuse(struct mh_err *err, const char *why)
{
    return mh_err_set(err, "ECORRUPT", "no message of plain values: %s", why);
}

/* A number of `bytes` bytes, the lowest first; false when there are not so many. */
static bool take_number(struct mh_wire_reader *reader, size_t bytes, uint64_t *number)
{
    uint64_t value = 0;

    if ((size_t)(reader->end - reader->next) < bytes) {
        return false;
    }
    for (size_t i = bytes; i > 0; i--) {
        value = value << BYTE_BITS | reader->next[i - 1];
    }
    reader->next += bytes;
    *number = value;
    return true;
}

/* What belongs to the kind. */
static bool take_rest(struct mh_wire_reader *reader, struct mh_wire_token *token)
{
    uint64_t number = 0;

    switch (token->kind) {
    case MH_WIRE_INTEGER:
    case MH_WIRE_NUMBER:
        if (!take_number(reader, LONG_BYTES, &number)) {
            return false;
        }
        memcpy(&token->integer, &number, sizeof number);
        memcpy(&token->number, &number, sizeof number);
        return true;
    case MH_WIRE_STRING:
        if (!take_number(reader, SHORT_BYTES, &number) ||
            number > (size_t)(reader->end - reader->next)) {
            return false;
        }
        token->data = (const char *)reader->next;
        token->size = (size_t)number;
        reader->next += number;
        return true;
    case MH_WIRE_FUNCTION:
        if (!take_number(reader, SHORT_BYTES, &number)) {
            return false;
        }
        token->integer = (int64_t)number;
        return true;
    default:
        return true;
    }
}

static enum mh_wire_place place_of_next(const struct mh_wire_reader *reader)
{
    if (reader->depth == 0) {
        return MH_WIRE_AT_TOP;
    }
    return reader->has_key[reader->depth - 1] ? MH_WIRE_AT_VALUE : MH_WIRE_AT_KEY;
}

static bool is_key(const struct mh_wire_token *token)
{
    switch (token->kind) {
    case MH_WIRE_NIL:
    case MH_WIRE_TABLE:
    case MH_WIRE_FUNCTION:
        return false;
    case MH_WIRE_NUMBER:
        return !isnan(token->number);
    default:
        return true;
    }
}

/* A value is complete: what comes next in its table. */
static void turn(struct mh_wire_reader *reader, enum mh_wire_place place)
{
    if (reader->depth > 0) {
        reader->has_key[reader->depth - 1] = place == MH_WIRE_AT_KEY;
    }
}

static int end_table(struct mh_wire_reader *reader, struct mh_wire_token *token, struct mh_err *err)
{
    if (token->place != MH_WIRE_AT_KEY) {
        return refuse(err, "the end of a table where none can be");
    }
    reader->depth--;
    token->place = place_of_next(reader);
    turn(reader, token->place);
    return 1;
}

static int begin_table(struct mh_wire_reader *reader, struct mh_err *err)
{
    if (reader->depth == MH_WIRE_DEPTH) {
        return refuse(err, "tables inside each other too deep");
    }
    reader->has_key[reader->depth] = false;
    reader->depth++;
    return 1;
}

int mh_wire_next(struct mh_wire_reader *reader, struct mh_wire_token *token, struct mh_err *err)
{
    memset(token, 0, sizeof *token);
    token->place = place_of_next(reader);
    if (reader->next == reader->end) {
        return reader->depth == 0 ? 0 : refuse(err, "it ends inside a table");
    }
    if (*reader->next > MH_WIRE_END) {
        return refuse(err, "a value of no known kind");
    }
    token->kind = (enum mh_wire_kind) * reader->next++;
    if (token->kind == MH_WIRE_END) {
        return end_table(reader, token, err);
    }
    if (++reader->values > MH_WIRE_VALUES ||
        (token->place == MH_WIRE_AT_TOP && ++reader->top > MH_WIRE_TOP)) {
        return refuse(err, "too many values");
    }
    if (!take_rest(reader, token)) {
        return refuse(err, "it ends inside a value");
    }
    if (token->place == MH_WIRE_AT_KEY && !is_key(token)) {
        return refuse(err, "a key that no table can have");
    }
    if (token->kind == MH_WIRE_TABLE) {
        return begin_table(reader, err);
    }
    turn(reader, token->place);
    return 1;
}

static size_t put_number(unsigned char *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(number >> (BYTE_BITS * i));
    }
    return bytes;
}

size_t mh_wire_put(unsigned char *out, const struct mh_wire_token *token)
{
    uint64_t number = 0;

    out[0] = (unsigned char)token->kind;
    switch (token->kind) {
    case MH_WIRE_INTEGER:
        return 1 + put_number(out + 1, (uint64_t)token->integer, LONG_BYTES);
    case MH_WIRE_NUMBER:
        memcpy(&number, &token->number, sizeof number);
        return 1 + put_number(out + 1, number, LONG_BYTES);
    case MH_WIRE_STRING:
        return 1 + put_number(out + 1, token->size, SHORT_BYTES);
    case MH_WIRE_FUNCTION:
        return 1 + put_number(out + 1, (uint64_t)token->integer, SHORT_BYTES);
    default:
        return 1;
    }
}
