/* host.script: a call of a team's script in a process of its own. */
#include "lib_script.h"

#include <lauxlib.h>
#include <string.h>

#include "lib.h"
#include "sandbox.h"

#define RUN "host.script.Run"

enum {
    OPTIONS = 1, /* stack indices while something runs */
    NUMBERS = 2,
    LOG = 3,
    HANDLE = 4,
    REQUEST = 5,
    BASE = 5,
    REQUEST_MAX = 256 * 1024 * 1024,
    REPLY_MAX = 64 * 1024 * 1024,
    LOG_MAX = 64 * 1024,
    MS_PER_S = 1000,
    SECONDS_MAX = 86400,
};

struct handle {
    struct mh_script *script; /* NULL: nothing runs */
    size_t logged;
};

/* What stands for a function of the script's in a result; its address is all that counts. */
static const char marker = 0;

static int handle_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, RUN);

    mh_script_end(&handle->script);
    return 0;
}

static void push_marker(lua_State *L, int64_t number)
{
    (void)number;
    lua_pushlightuserdata(L, (void *)(uintptr_t)&marker);
}

/* Reads a string option, which stays alive as long as the options do. */
static const char *read_text(lua_State *L, const char *name, size_t *size)
{
    const char *text;

    if (lua_getfield(L, OPTIONS, name) != LUA_TSTRING) {
        (void)luaL_error(L, "script.run: %s must be a string", name);
    }
    text = lua_tolstring(L, -1, size);
    lua_pop(L, 1);
    return text;
}

static lua_Number read_number(lua_State *L, const char *name, lua_Number most)
{
    lua_Number number;

    (void)lua_getfield(L, OPTIONS, name);
    number = lua_tonumber(L, -1);
    if (!(number > 0 && number <= most)) {
        (void)luaL_error(L, "script.run: %s must be a number above 0, at most %f", name, most);
    }
    lua_pop(L, 1);
    return number;
}

static void read_libraries(lua_State *L, struct mh_lib_script_job *job)
{
    if (lua_getfield(L, OPTIONS, "libraries") == LUA_TTABLE) {
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
            if (lua_type(L, -2) != LUA_TSTRING || !lua_iscfunction(L, -1) ||
                job->library_count == MH_LIB_SCRIPT_LIBRARIES) {
                (void)luaL_error(L, "script.run: libraries must have at most %d C functions",
                                 MH_LIB_SCRIPT_LIBRARIES);
            }
            job->libraries[job->library_count].name = lua_tostring(L, -2);
            job->libraries[job->library_count].open = lua_tocfunction(L, -1);
            job->library_count++;
        }
    }
    lua_pop(L, 1);
}

static void read_options(lua_State *L, struct mh_lib_script_job *job,
                         struct mh_script_limits *limits)
{
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    lua_settop(L, OPTIONS);
    job->prelude = read_text(L, "prelude", &job->prelude_size);
    limits->memory = (int64_t)read_number(L, "memory", (lua_Number)(INT64_C(1) << 40));
    limits->instructions = (int64_t)read_number(L, "instructions", 1e18);
    limits->time_ms = (int64_t)(read_number(L, "seconds", SECONDS_MAX) * MS_PER_S) + 1;
    if (lua_getfield(L, OPTIONS, "serve") != LUA_TFUNCTION) {
        (void)luaL_error(L, "script.run: serve must be a function");
    }
    (void)lua_getfield(L, OPTIONS, "marks");
    job->functions = lua_toboolean(L, -1) ? MH_LIB_SCRIPT_MARK : MH_LIB_SCRIPT_REFUSE;
    lua_settop(L, OPTIONS);
    read_libraries(L, job);
}

static void keep_log(lua_State *L, struct handle *handle, const struct mh_script_message *message)
{
    size_t left = LOG_MAX - handle->logged;
    size_t size = message->size < left ? message->size : left;

    if (left > 0) {
        (void)lua_pushlstring(L, message->data, size);
        lua_rawseti(L, LOG, (lua_Integer)lua_rawlen(L, LOG) + 1);
        handle->logged += size + 1 < left ? size + 1 : left; /* an empty text counts too */
    }
}

/* Pushes serve, the function that the child calls, and its arguments.  Their count, or -1. */
static int push_call(lua_State *L, const struct mh_script_message *message)
{
    struct mh_err err = {0};
    int count;

    (void)lua_getfield(L, OPTIONS, "serve");
    count = mh_lib_script_decode(L, message->data, message->size, NULL, &err);
    if (count < 1 || !lua_isinteger(L, BASE + 2)) {
        return -1;
    }
    if (lua_rawgeti(L, NUMBERS, lua_tointeger(L, BASE + 2)) != LUA_TFUNCTION) {
        return -1;
    }
    lua_replace(L, BASE + 2);
    return count;
}

/* Does what the child asks for: 0; 1 when that makes no sense; -1 with err. */
static int serve(lua_State *L, const struct handle *handle, const struct mh_script_message *message,
                 struct mh_err *err)
{
    const struct mh_lib_script_rules rules = {
        .functions = MH_LIB_SCRIPT_NUMBER, .numbers = NUMBERS, .max = REPLY_MAX};
    const char *data = NULL;
    size_t size = 0;
    int result;
    int count;

    lua_settop(L, BASE);
    count = push_call(L, message);
    if (count < 0) {
        return 1;
    }
    lua_call(L, count, LUA_MULTRET);
    if (mh_lib_script_encode(L, BASE + 1, lua_gettop(L), &rules, &data, &size) < 0) {
        lua_pushboolean(L, 0); /* the script may know what to do about it */
        lua_insert(L, -2);
        if (mh_lib_script_encode(L, lua_gettop(L) - 1, lua_gettop(L), &rules, &data, &size) < 0) {
            return lua_error(L);
        }
    }
    result = mh_script_reply(handle->script, data, size, err);
    lua_settop(L, BASE);
    return result;
}

static void push_failure(lua_State *L, const struct mh_script_failure *failure)
{
    static const char *const reasons[] = {
        [MH_SCRIPT_SETUP] = "setup",     [MH_SCRIPT_ERROR] = "error",
        [MH_SCRIPT_MEMORY] = "memory",   [MH_SCRIPT_INSTRUCTIONS] = "instructions",
        [MH_SCRIPT_TIME] = "time",       [MH_SCRIPT_FORBIDDEN] = "forbidden",
        [MH_SCRIPT_CRASHED] = "crashed", [MH_SCRIPT_GARBAGE] = "garbage",
    };

    lua_createtable(L, 0, 5);
    lua_pushstring(L, reasons[failure->reason]);
    lua_setfield(L, -2, "reason");
    lua_pushstring(L, failure->message);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, failure->traceback);
    lua_setfield(L, -2, "traceback");
    if (failure->signal != 0) {
        lua_pushinteger(L, failure->signal);
        lua_setfield(L, -2, "signal");
    }
}

/* Pushes what the child's last word, or its lack, comes to. */
static void push_outcome(lua_State *L, const struct mh_script_message *message,
                         const struct mh_script_failure *failure)
{
    struct mh_script_failure garbage = {
        .reason = MH_SCRIPT_GARBAGE, .message = "", .traceback = ""};
    struct mh_err err = {0};
    mh_lib_script_push *push = NULL;
    int count = -1;

    lua_settop(L, BASE);
    if (lua_getfield(L, OPTIONS, "marks") != LUA_TNIL && lua_toboolean(L, -1)) {
        push = push_marker;
    }
    lua_settop(L, BASE);
    if (message != NULL) {
        count = mh_lib_script_decode(L, message->data, message->size, push, &err);
        garbage.message = err.message;
    }
    if (count >= 0) {
        lua_createtable(L, count, 1);
        lua_insert(L, BASE + 1);
        for (int i = count; i > 0; i--) {
            lua_rawseti(L, BASE + 1, i);
        }
        lua_pushinteger(L, count);
        lua_setfield(L, BASE + 1, "n");
        lua_createtable(L, 0, 2);
        lua_insert(L, -2);
        lua_setfield(L, -2, "values");
    } else {
        push_failure(L, message != NULL ? &garbage : failure);
    }
    lua_pushvalue(L, LOG);
    lua_setfield(L, -2, "log");
}

/* Until the child has said its last word; pushes the outcome.  0, or -1 with err. */
static int attend(lua_State *L, struct handle *handle, struct mh_err *err)
{
    struct mh_script_message message = {0};
    struct mh_script_failure failure = {
        .reason = MH_SCRIPT_GARBAGE, .message = "", .traceback = ""};
    int more;

    while ((more = mh_script_receive(handle->script, &message, &failure, err)) > 0) {
        int served = 0;

        switch (message.kind) {
        case MH_SCRIPT_LOG:
            keep_log(L, handle, &message);
            break;
        case MH_SCRIPT_CALL:
            served = serve(L, handle, &message, err);
            break;
        case MH_SCRIPT_DONE:
            push_outcome(L, &message, NULL);
            return 0;
        default:
            push_outcome(L, NULL, &failure);
            return 0;
        }
        if (served < 0) {
            return -1;
        }
        if (served > 0) {
            break;
        }
    }
    if (more < 0) {
        return -1;
    }
    push_outcome(L, NULL, &failure);
    return 0;
}

static int script_run(lua_State *L)
{
    const struct mh_lib_script_rules rules = {
        .functions = MH_LIB_SCRIPT_NUMBER, .numbers = NUMBERS, .max = REQUEST_MAX};
    struct mh_lib_script_job job = {0};
    struct mh_script_limits limits = {0};
    struct mh_err err = {0};
    struct handle *handle;

    read_options(L, &job, &limits);
    lua_newtable(L);
    lua_newtable(L);
    handle = lua_newuserdatauv(L, sizeof *handle, 0);
    memset(handle, 0, sizeof *handle);
    luaL_setmetatable(L, RUN);
    lua_toclose(L, HANDLE);
    (void)lua_getfield(L, OPTIONS, "request");
    if (mh_lib_script_encode(L, REQUEST, REQUEST, &rules, &job.request, &job.request_size) < 0) {
        return luaL_error(L, "script.run: request: %s", lua_tostring(L, -1));
    }
    lua_replace(L, REQUEST); /* the bytes' owner */
    if (mh_script_start(&handle->script, &limits, mh_lib_script_child, &job, &err) < 0 ||
        attend(L, handle, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    mh_script_end(&handle->script);
    return 1;
}

static int script_walls(lua_State *L)
{
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, mh_script_has_seccomp());
    lua_setfield(L, -2, "seccomp");
    lua_pushboolean(L, mh_sandbox_abi() > 0);
    lua_setfield(L, -2, "landlock");
    return 1;
}

int luaopen_host_script(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"run", script_run}, {"walls", script_walls}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"__gc", handle_close}, {"__close", handle_close}, {NULL, NULL}};

    (void)luaL_newmetatable(L, RUN);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    push_marker(L, 0);
    lua_setfield(L, -2, "FUNCTION");
    return 1;
}
