/* Values of Lua as messages, and back. */
#include <lauxlib.h>
#include <string.h>

#include "lib_script.h"
#include "script_wire.h"

enum {
    FIRST_ROOM = 512,
    NUMBERS_MAX = 4096, /* functions that one run may hand out */
    LEVEL_SLOTS = 4,    /* of the stack, for a table that is open */
    KEY_SHOWN = 40,     /* bytes */
    PLACE_SHOWN = 8,    /* keys */
};

struct encoder {
    lua_State *L;
    const struct mh_lib_script_rules *rules;
    int owner; /* stack index of the userdata that holds the bytes */
    unsigned char *data;
    size_t size, room, values;
    unsigned depth;
    const void *open[MH_WIRE_DEPTH]; /* the tables that are being written, outermost first */
    int key[MH_WIRE_DEPTH];          /* stack index of the key that each is at */
};

/* Pushes where in the values the encoder is, e.g. "edges.review[2]". */
static void push_place(struct encoder *encoder)
{
    lua_State *L = encoder->L;

    (void)lua_pushliteral(L, "");
    for (unsigned i = 0; i < encoder->depth; i++) {
        if (i == PLACE_SHOWN) {
            (void)lua_pushliteral(L, "...");
            lua_concat(L, 2);
            return;
        }
        if (lua_type(L, encoder->key[i]) == LUA_TSTRING) {
            const char *name = lua_tostring(L, encoder->key[i]);

            (void)lua_pushlstring(L, name, strnlen(name, KEY_SHOWN));
            (void)lua_pushfstring(L, i > 0 ? ".%s" : "%s", lua_tostring(L, -1));
            lua_remove(L, -2);
        } else {
            (void)luaL_tolstring(L, encoder->key[i], NULL);
            (void)lua_pushfstring(L, "[%s]", lua_tostring(L, -1));
            lua_remove(L, -2);
        }
        lua_concat(L, 2);
    }
}

/* Leaves one message on the stack above what encode was called with. */
static int refuse(struct encoder *encoder, const char *why)
{
    lua_State *L = encoder->L;

    luaL_checkstack(L, LEVEL_SLOTS, NULL);
    push_place(encoder);
    if (lua_rawlen(L, -1) > 0) {
        (void)lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), why);
    } else {
        lua_pushstring(L, why);
    }
    lua_replace(L, encoder->owner);
    lua_settop(L, encoder->owner);
    return -1;
}

static int reserve(struct encoder *encoder, size_t more)
{
    size_t room = encoder->room;
    unsigned char *data;

    if (more > encoder->rules->max - encoder->size) {
        (void)lua_pushfstring(encoder->L, "more than %d MiB", (int)(encoder->rules->max >> 20));
        return refuse(encoder, lua_tostring(encoder->L, -1));
    }
    if (more <= room - encoder->size) {
        return 0;
    }
    while (room - encoder->size < more) {
        room *= 2;
    }
    data = lua_newuserdatauv(encoder->L, room, 0);
    memcpy(data, encoder->data, encoder->size);
    lua_replace(encoder->L, encoder->owner); /* the old bytes are garbage now */
    encoder->data = data;
    encoder->room = room;
    return 0;
}

static int put(struct encoder *encoder, const struct mh_wire_token *token)
{
    if (reserve(encoder, MH_WIRE_HEAD + token->size) < 0) {
        return -1;
    }
    encoder->size += mh_wire_put(encoder->data + encoder->size, token);
    if (token->size > 0) {
        memcpy(encoder->data + encoder->size, token->data, token->size);
        encoder->size += token->size;
    }
    return 0;
}

static int put_kind(struct encoder *encoder, enum mh_wire_kind kind)
{
    struct mh_wire_token token = {.kind = kind};

    return put(encoder, &token);
}

static int put_number(struct encoder *encoder, int index)
{
    struct mh_wire_token token = {.kind = MH_WIRE_NUMBER};

    if (lua_isinteger(encoder->L, index)) {
        token.kind = MH_WIRE_INTEGER;
        token.integer = lua_tointeger(encoder->L, index);
    } else {
        token.number = lua_tonumber(encoder->L, index);
    }
    return put(encoder, &token);
}

static int put_string(struct encoder *encoder, int index)
{
    struct mh_wire_token token = {.kind = MH_WIRE_STRING};

    token.data = lua_tolstring(encoder->L, index, &token.size);
    return put(encoder, &token);
}

/* The number of the function at `index`, a new one where it has none yet; 0: there are too many. */
static lua_Integer number_of(const struct encoder *encoder, int index)
{
    lua_State *L = encoder->L;
    int numbers = encoder->rules->numbers;
    lua_Integer number;

    lua_pushvalue(L, index);
    if (lua_rawget(L, numbers) == LUA_TNUMBER) {
        number = lua_tointeger(L, -1);
        lua_pop(L, 1);
        return number;
    }
    lua_pop(L, 1);
    number = (lua_Integer)lua_rawlen(L, numbers) + 1;
    if (number > NUMBERS_MAX) {
        return 0;
    }
    lua_pushvalue(L, index);
    lua_rawseti(L, numbers, number);
    lua_pushvalue(L, index);
    lua_pushinteger(L, number);
    lua_rawset(L, numbers);
    return number;
}

static int put_function(struct encoder *encoder, int index)
{
    struct mh_wire_token token = {.kind = MH_WIRE_FUNCTION};

    switch (encoder->rules->functions) {
    case MH_LIB_SCRIPT_REFUSE:
        return refuse(encoder, "a function cannot be handed over");
    case MH_LIB_SCRIPT_MARK:
        return put(encoder, &token);
    default:
        token.integer = number_of(encoder, index);
        return token.integer > 0 ? put(encoder, &token) : refuse(encoder, "too many functions");
    }
}

static int put_value(struct encoder *encoder, int index);

static int put_key(struct encoder *encoder, int index)
{
    switch (lua_type(encoder->L, index)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
    case LUA_TBOOLEAN:
        return put_value(encoder, index);
    default:
        encoder->depth--; /* the place is the table, not its key */
        return refuse(encoder, "only a string, number or boolean can be a key here");
    }
}

static int put_table(struct encoder *encoder, int index)
{
    lua_State *L = encoder->L;
    unsigned level = encoder->depth;

    if (level == MH_WIRE_DEPTH) {
        return refuse(encoder, "tables inside each other too deep to be handed over");
    }
    encoder->open[level] = lua_topointer(L, index);
    for (unsigned i = 0; i < level; i++) {
        if (encoder->open[i] == encoder->open[level]) {
            return refuse(encoder, "a table that contains itself cannot be handed over");
        }
    }
    if (put_kind(encoder, MH_WIRE_TABLE) < 0) {
        return -1;
    }
    encoder->depth++;
    luaL_checkstack(L, LEVEL_SLOTS, NULL);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        int value = lua_gettop(L);

        encoder->key[level] = value - 1;
        if (put_key(encoder, value - 1) < 0 || put_value(encoder, value) < 0) {
            return -1;
        }
    }
    encoder->depth--;
    return put_kind(encoder, MH_WIRE_END);
}

static int put_value(struct encoder *encoder, int index)
{
    lua_State *L = encoder->L;

    if (++encoder->values > MH_WIRE_VALUES) {
        return refuse(encoder, "too many values to be handed over");
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return put_kind(encoder, MH_WIRE_NIL);
    case LUA_TBOOLEAN:
        return put_kind(encoder, lua_toboolean(L, index) ? MH_WIRE_TRUE : MH_WIRE_FALSE);
    case LUA_TNUMBER:
        return put_number(encoder, index);
    case LUA_TSTRING:
        return put_string(encoder, index);
    case LUA_TTABLE:
        return put_table(encoder, index);
    case LUA_TFUNCTION:
        return put_function(encoder, index);
    case LUA_TTHREAD:
        return refuse(encoder, "a coroutine cannot be handed over");
    default:
        return refuse(encoder, "a userdata cannot be handed over");
    }
}

int mh_lib_script_encode(lua_State *L, int first, int last, const struct mh_lib_script_rules *rules,
                         const char **data, size_t *size)
{
    struct encoder encoder = {.L = L, .rules = rules, .room = FIRST_ROOM};

    luaL_checkstack(L, LEVEL_SLOTS, NULL);
    encoder.data = lua_newuserdatauv(L, encoder.room, 0);
    encoder.owner = lua_gettop(L);
    if (last - first >= MH_WIRE_TOP) {
        return refuse(&encoder, "too many values to be handed over");
    }
    for (int index = first; index <= last; index++) {
        if (put_value(&encoder, index) < 0) {
            return -1;
        }
    }
    *data = (const char *)encoder.data;
    *size = encoder.size;
    return 0;
}

/* Pushes a value that is not a table. */
static void push_token(lua_State *L, const struct mh_wire_token *token,
                       mh_lib_script_push *push_function)
{
    switch (token->kind) {
    case MH_WIRE_FALSE:
    case MH_WIRE_TRUE:
        lua_pushboolean(L, token->kind == MH_WIRE_TRUE);
        break;
    case MH_WIRE_INTEGER:
        lua_pushinteger(L, token->integer);
        break;
    case MH_WIRE_NUMBER:
        lua_pushnumber(L, token->number);
        break;
    case MH_WIRE_STRING:
        (void)lua_pushlstring(L, token->data, token->size);
        break;
    case MH_WIRE_FUNCTION:
        push_function(L, token->integer);
        break;
    default:
        lua_pushnil(L);
        break;
    }
}

int mh_lib_script_decode(lua_State *L, const char *data, size_t size,
                         mh_lib_script_push *push_function, struct mh_err *err)
{
    int base = lua_gettop(L);
    struct mh_wire_reader reader;
    struct mh_wire_token token;
    int more;

    luaL_checkstack(L, MH_WIRE_TOP + 2 * MH_WIRE_DEPTH + LEVEL_SLOTS, NULL);
    mh_wire_open(&reader, data, size);
    while ((more = mh_wire_next(&reader, &token, err)) > 0) {
        if (token.kind == MH_WIRE_TABLE) {
            lua_newtable(L);
            continue;
        }
        if (token.kind == MH_WIRE_FUNCTION && push_function == NULL) {
            more = mh_err_set(err, "ECORRUPT", "no message of plain values: a function");
            break;
        }
        if (token.kind != MH_WIRE_END) { /* an END's table is on the stack already */
            push_token(L, &token, push_function);
        }
        if (token.place == MH_WIRE_AT_VALUE) {
            lua_rawset(L, -3);
        }
    }
    if (more < 0) {
        lua_settop(L, base);
        return -1;
    }
    return lua_gettop(L) - base;
}
