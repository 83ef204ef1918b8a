/*
 * What a process with a team's script may send: any bytes.  Whatever was read as values keeps its
 * promises (nesting, places, keys, strings inside the message), and written again it is the same
 * bytes; all else is refused with a message.
 */
#include "script_wire.h"

#include <math.h>

#include "fuzz.h"

struct text {
    unsigned char *data;
    size_t size;
};

/* The bytes of a token behind what was written before. */
static void append(struct text *text, const struct mh_wire_token *token)
{
    unsigned char head[MH_WIRE_HEAD];
    size_t size = mh_wire_put(head, token);

    EXPECT(size >= 1 && size <= MH_WIRE_HEAD);
    memcpy(text->data + text->size, head, size);
    text->size += size;
    if (token->size > 0) {
        memcpy(text->data + text->size, token->data, token->size);
        text->size += token->size;
    }
}

static void expect_sound(const struct mh_wire_token *token, const char *data, size_t size)
{
    EXPECT(token->kind <= MH_WIRE_END && token->place <= MH_WIRE_AT_VALUE);
    if (token->kind == MH_WIRE_STRING) {
        EXPECT(token->data >= data && token->size <= size);
        EXPECT(token->data + token->size <= data + size);
    } else {
        EXPECT(token->data == NULL && token->size == 0);
    }
    if (token->place == MH_WIRE_AT_KEY) {
        EXPECT(token->kind != MH_WIRE_NIL && token->kind != MH_WIRE_TABLE &&
               token->kind != MH_WIRE_FUNCTION && token->kind != MH_WIRE_END);
        EXPECT(token->kind != MH_WIRE_NUMBER || !isnan(token->number));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_text(data, size);
    struct text again = {.data = malloc(size + MH_WIRE_HEAD)};
    struct mh_wire_reader reader;
    struct mh_wire_token token;
    struct mh_err err = {.name = ""};
    size_t depth = 0;
    size_t values = 0;
    int more;

    EXPECT(again.data != NULL);
    mh_wire_open(&reader, copy, size);
    while ((more = mh_wire_next(&reader, &token, &err)) > 0) {
        expect_sound(&token, copy, size);
        EXPECT(token.kind != MH_WIRE_END || depth > 0);
        depth += token.kind == MH_WIRE_TABLE;
        depth -= token.kind == MH_WIRE_END;
        EXPECT(depth <= MH_WIRE_DEPTH && ++values <= 2 * size + 1);
        append(&again, &token);
    }
    if (more == 0) {
        EXPECT(depth == 0 && again.size == size && memcmp(again.data, data, size) == 0);
    } else {
        EXPECT(strcmp(err.name, "ECORRUPT") == 0 && err.message[0] != '\0');
    }
    free(again.data);
    free(copy);
    return 0;
}
