/*
 * script_wire: plain values as bytes, the only form in which anything passes between mighost and
 * the process that runs a team's script.
 *
 * A message is a sequence of values.  A value is one byte, its kind, and what belongs to it:
 *
 *   NIL FALSE TRUE   nothing
 *   INTEGER NUMBER   8 bytes, the lowest first; a NUMBER is an IEEE double
 *   STRING           4 bytes of length, the lowest first, and the bytes
 *   FUNCTION         4 bytes, its number: a function stays where it was made, and is called there
 *   TABLE            key, value, key, value, …, then END; a key is not NIL, NaN, TABLE or FUNCTION
 *
 * Reading trusts nothing: lengths, nesting, order and count are checked, and what a string points
 * to lies in the message.  Nothing here allocates.
 */
#ifndef MH_SCRIPT_WIRE_H
#define MH_SCRIPT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum {
    MH_WIRE_DEPTH = 100,      /* tables inside each other, at most */
    MH_WIRE_VALUES = 1000000, /* in one message, at most; keys count too */
    MH_WIRE_TOP = 250,        /* values that are in no table, at most */
    MH_WIRE_HEAD = 9,         /* the most bytes that a value takes but for a string's own */
};

enum mh_wire_kind {
    MH_WIRE_NIL,
    MH_WIRE_FALSE,
    MH_WIRE_TRUE,
    MH_WIRE_INTEGER,
    MH_WIRE_NUMBER,
    MH_WIRE_STRING,
    MH_WIRE_FUNCTION,
    MH_WIRE_TABLE, /* begins; its keys and values follow */
    MH_WIRE_END,   /* the table that began last is complete */
};

/* Where a value stands. */
enum mh_wire_place { MH_WIRE_AT_TOP, MH_WIRE_AT_KEY, MH_WIRE_AT_VALUE };

struct mh_wire_token {
    enum mh_wire_kind kind;
    enum mh_wire_place place; /* of END: where the table stands that is complete now */
    int64_t integer;          /* INTEGER, FUNCTION */
    double number;
    const char *data; /* STRING: in the message */
    size_t size;
};

struct mh_wire_reader {
    const unsigned char *next, *end;
    size_t values, top;          /* read so far */
    unsigned depth;              /* tables that are open */
    bool has_key[MH_WIRE_DEPTH]; /* of each: whether a key waits for its value */
};

void mh_wire_open(struct mh_wire_reader *reader, const void *data, size_t size);

/*
 * Reads the next token: 1, or 0 at the end of a complete message, or -1 with ECORRUPT for bytes
 * that are not a message; after that the reader must not be used.
 */
int mh_wire_next(struct mh_wire_reader *reader, struct mh_wire_token *token, struct mh_err *err);

/*
 * Writes a token into `out`, which has room for MH_WIRE_HEAD bytes; the bytes of a string follow
 * it, which is the caller's work.  Returns the number of bytes.
 */
size_t mh_wire_put(unsigned char *out, const struct mh_wire_token *token);

#endif
