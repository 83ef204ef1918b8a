/*
 * The forked process: a Lua state of its own with what a script may use, and the prelude, which is
 * Lua of mighost's own, in it.  Nothing of the engine's state is touched here, and nothing returns
 * to it: what this process has to say goes through its port.
 *
 * No boundary runs inside this state.  What a script could do to the prelude it does to itself; the
 * boundary is the process.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "lib_script.h"

enum {
    HOOK_STEP = 1000,         /* instructions from one look at the limits to the next */
    LOOKS_A_CLOCK = 32,       /* looks at the instructions from one at the clock to the next */
    LAST_WORDS = 1024 * 1024, /* memory for a traceback when the limit is reached */
    PLACE_BYTES = LUA_IDSIZE + 32,
};

#define TRACEBACK "traceback" /* in the registry: of the error that ended the script */
#define PRELUDE "=mighost"

struct child {
    const struct mh_script_port *port;
    const struct mh_lib_script_job *job;
    struct mh_script_memory memory;
    int64_t instructions;
    unsigned looks;
};

/* Every coroutine gets a copy of its state's extra space. */
static struct child *child_of(lua_State *L)
{
    struct child **place = lua_getextraspace(L);

    return *place;
}

static int push_traceback(lua_State *L)
{
    luaL_traceback(L, L, NULL, 0);
    return 1;
}

/* Ends the process, so that no pcall of the script's can take this for an error of its own. */
static _Noreturn void stop(lua_State *L, lua_Debug *where, enum mh_script_reason reason)
{
    struct child *child = child_of(L);
    char place[PLACE_BYTES] = "";
    const char *traceback = "";

    child->memory.limit += LAST_WORDS;
    if (lua_getinfo(L, "Sl", where) != 0 && where->currentline > 0) {
        (void)snprintf(place, sizeof place, "%s:%d: ", where->short_src, where->currentline);
    }
    lua_pushcfunction(L, push_traceback);
    if (lua_pcall(L, 0, 1, 0) == LUA_OK) {
        traceback = lua_tostring(L, -1);
    }
    mh_script_give_up(child->port, reason, place, traceback);
}

static void look(lua_State *L, lua_Debug *where)
{
    struct child *child = child_of(L);

    child->instructions += HOOK_STEP;
    if (child->instructions > child->port->limits.instructions) {
        stop(L, where, MH_SCRIPT_INSTRUCTIONS);
    }
    if (++child->looks % LOOKS_A_CLOCK == 0 && mh_script_now() >= child->port->deadline) {
        stop(L, where, MH_SCRIPT_TIME);
    }
}

/* Raises an error at the line of the script that called, through the prelude perhaps. */
static int raise_error(lua_State *L, const char *message)
{
    lua_Debug where = {0};
    int level = 1;

    while (lua_getstack(L, level, &where) != 0 && lua_getinfo(L, "S", &where) != 0 &&
           strcmp(where.source, PRELUDE) == 0) {
        level++;
    }
    luaL_where(L, level);
    lua_pushstring(L, message);
    lua_concat(L, 2);
    return lua_error(L);
}

static void push_mighost(lua_State *L, int64_t number);

/* A function of mighost's: its number is the upvalue. */
static int call_mighost(lua_State *L)
{
    const struct mh_script_port *port = child_of(L)->port;
    const struct mh_lib_script_rules rules = {.functions = MH_LIB_SCRIPT_REFUSE,
                                              .max = MH_SCRIPT_MESSAGE_MAX};
    struct mh_err err = {0};
    const char *data = NULL;
    size_t size = 0;
    char *reply;

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (mh_lib_script_encode(L, 1, lua_gettop(L), &rules, &data, &size) < 0) {
        return raise_error(L, lua_tostring(L, -1));
    }
    mh_script_say(port, MH_SCRIPT_CALL, data, size);
    lua_settop(L, 0);
    size = mh_script_hear_size(port);
    reply = lua_newuserdatauv(L, size, 0);
    mh_script_hear(port, reply, size);
    lua_settop(L, 1);
    if (mh_lib_script_decode(L, reply, size, push_mighost, &err) < 1) {
        return raise_error(L, err.message);
    }
    if (!lua_toboolean(L, 2)) {
        return raise_error(L, lua_tostring(L, 3));
    }
    return lua_gettop(L) - 2;
}

static void push_mighost(lua_State *L, int64_t number)
{
    lua_pushinteger(L, number);
    lua_pushcclosure(L, call_mighost, 1);
}

/* compile(text, name, environment): a function; or nil, message. */
static int host_compile(lua_State *L)
{
    size_t size = 0;
    const char *text = luaL_checklstring(L, 1, &size);

    if (luaL_loadbufferx(L, text, size, luaL_checkstring(L, 2), "t") != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushvalue(L, 3);
    (void)lua_setupvalue(L, -2, 1);
    return 1;
}

static int host_log(lua_State *L)
{
    size_t size = 0;
    const char *text = luaL_checklstring(L, 1, &size);

    mh_script_say(child_of(L)->port, MH_SCRIPT_LOG, text,
                  size < MH_SCRIPT_TEXT_MAX ? size : MH_SCRIPT_TEXT_MAX);
    return 0;
}

/* open(name): the C library that the job has under this name. */
static int host_open(lua_State *L)
{
    const struct mh_lib_script_job *job = child_of(L)->job;
    const char *name = luaL_checkstring(L, 1);

    for (size_t i = 0; i < job->library_count; i++) {
        if (strcmp(job->libraries[i].name, name) == 0) {
            lua_pushcfunction(L, job->libraries[i].open);
            lua_pushstring(L, name);
            lua_call(L, 1, 1);
            return 1;
        }
    }
    return luaL_error(L, "there is no library %s", name);
}

static void push_host(lua_State *L)
{
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, host_compile);
    lua_setfield(L, -2, "compile");
    lua_pushcfunction(L, host_log);
    lua_setfield(L, -2, "log");
    lua_pushcfunction(L, host_open);
    lua_setfield(L, -2, "open");
}

/* Of the table on top of the stack. */
static void remove_fields(lua_State *L, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

static void open_libraries(lua_State *L)
{
    static const char *const no_globals[] = {"load", "loadfile",       "dofile",
                                             "warn", "collectgarbage", NULL};
    static const char *const no_strings[] = {"dump", NULL};

    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    remove_fields(L, no_strings);
    lua_pushglobaltable(L);
    remove_fields(L, no_globals);
    (void)lua_pushliteral(L, "");
    (void)lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable"); /* what getmetatable("") says */
    lua_settop(L, 0);
}

/* Runs protected: the prelude, and what it returns as the result. */
static int run(lua_State *L)
{
    const struct child *child = child_of(L);
    const struct mh_lib_script_rules rules = {.functions = child->job->functions,
                                              .max = MH_SCRIPT_MESSAGE_MAX};
    struct mh_err err = {0};
    const char *data = NULL;
    size_t size = 0;

    open_libraries(L);
    if (luaL_loadbufferx(L, child->job->prelude, child->job->prelude_size, PRELUDE, "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    push_host(L);
    if (mh_lib_script_decode(L, child->job->request, child->job->request_size, push_mighost,
                             &err) != 1) {
        return luaL_error(L, "%s", err.message);
    }
    lua_sethook(L, look, LUA_MASKCOUNT, HOOK_STEP);
    lua_call(L, 2, LUA_MULTRET);
    if (mh_lib_script_encode(L, 1, lua_gettop(L), &rules, &data, &size) < 0) {
        return lua_error(L);
    }
    mh_script_say(child->port, MH_SCRIPT_DONE, data, size);
    return 0;
}

/* The message of an error, whatever was raised; its traceback is kept beside. */
static int describe(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
            lua_pop(L, 1);
            (void)luaL_tolstring(L, 1, NULL);
        } else {
            (void)lua_pushfstring(L, "an error that is a %s, not a text", luaL_typename(L, 1));
        }
        lua_replace(L, 1);
        lua_settop(L, 1);
    }
    luaL_traceback(L, L, NULL, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, TRACEBACK);
    return 1;
}

static _Noreturn void fail(lua_State *L, struct child *child, int status)
{
    const char *message = lua_tostring(L, -1);
    const char *traceback = "";
    bool is_memory = status == LUA_ERRMEM;

    child->memory.limit += LAST_WORDS;
    if (message == NULL) {
        message = "an error without a message";
    }
    if (child->memory.was_short && strstr(message, "not enough memory") != NULL) {
        is_memory = true; /* caught by the script, and raised again */
    }
    if (status == LUA_ERRRUN && lua_getfield(L, LUA_REGISTRYINDEX, TRACEBACK) == LUA_TSTRING) {
        traceback = lua_tostring(L, -1);
    }
    mh_script_give_up(child->port, is_memory ? MH_SCRIPT_MEMORY : MH_SCRIPT_ERROR, message,
                      traceback);
}

void mh_lib_script_child(const struct mh_script_port *port, void *context)
{
    struct child child = {
        .port = port, .job = context, .memory = {.limit = (size_t)port->limits.memory}};
    struct child **place;
    lua_State *L = lua_newstate(mh_script_allocate, &child.memory);
    int status;

    if (L == NULL) {
        mh_script_give_up(port, MH_SCRIPT_MEMORY, "", "");
    }
    place = lua_getextraspace(L);
    *place = &child;
    lua_pushcfunction(L, describe);
    lua_pushcfunction(L, run);
    status = lua_pcall(L, 0, 0, 1);
    if (status != LUA_OK) {
        fail(L, &child, status);
    }
    mh_script_leave();
}
