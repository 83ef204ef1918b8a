#include "lib_proc.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "lib.h"
#include "lock.h"

enum {
    KEEP_DEFAULT = 8 * 1024 * 1024,
    CAP_DEFAULT = 1024 * 1024 * 1024,
    GRACE_DEFAULT_MS = 5000,
    SECONDS_MAX = 1000000000,
    MS_PER_S = 1000,
    NO_LIMIT = -1,
};

static int fail_option(lua_State *L, const char *name, const char *expected)
{
    return luaL_argerror(L, MH_LIB_PROC_OPTIONS,
                         lua_pushfstring(L, "%s: expected %s", name, expected));
}

int mh_lib_proc_option(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, MH_LIB_PROC_OPTIONS);
}

/* The string on top of the stack, which has no NUL byte. */
static const char *check_word(lua_State *L, const char *name)
{
    size_t size = 0;
    const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;

    if (word == NULL || strlen(word) != size) {
        fail_option(L, name, "a string without NUL bytes");
    }
    return word;
}

/* An optional one; it lives as long as the options do. */
static const char *read_word(lua_State *L, const char *name)
{
    const char *word = NULL;

    if (mh_lib_proc_option(L, name) != LUA_TNIL) {
        word = check_word(L, name);
    }
    lua_pop(L, 1);
    return word;
}

static int64_t read_ms(lua_State *L, const char *name, int64_t missing)
{
    int64_t ms = missing;

    if (mh_lib_proc_option(L, name) != LUA_TNIL) {
        double seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;

        if (!(seconds >= 0 && seconds <= SECONDS_MAX)) {
            fail_option(L, name, "seconds, not negative");
        }
        ms = (int64_t)(seconds * MS_PER_S);
        ms += (double)ms < seconds * MS_PER_S ? 1 : 0;
    }
    lua_pop(L, 1);
    return ms;
}

static lua_Integer read_bytes(lua_State *L, const char *name, lua_Integer missing)
{
    lua_Integer bytes = missing;

    if (mh_lib_proc_option(L, name) != LUA_TNIL) {
        int is_integer = 0;

        bytes = lua_tointegerx(L, -1, &is_integer);
        if (!is_integer || bytes < 0) {
            fail_option(L, name, "a number of bytes, not negative");
        }
    }
    lua_pop(L, 1);
    return bytes;
}

/* Leaves an array of pointers on the stack, which refers to strings of the options. */
static const char **read_argv(lua_State *L)
{
    lua_Unsigned count;
    const char **argv;

    if (mh_lib_proc_option(L, "argv") != LUA_TTABLE || lua_rawlen(L, -1) == 0) {
        fail_option(L, "argv", "a list of at least one string");
    }
    count = lua_rawlen(L, -1);
    argv = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *argv, 0);
    for (lua_Unsigned i = 0; i < count; i++) {
        (void)lua_rawgeti(L, -2, (lua_Integer)i + 1);
        argv[i] = check_word(L, "argv");
        lua_pop(L, 1);
    }
    argv[count] = NULL;
    lua_remove(L, -2);
    return argv;
}

static size_t count_pairs(lua_State *L)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

/* The pair on top of the stack: a name with a value, neither with NUL bytes. */
static const char *check_pair(lua_State *L, const char *option, const char **value)
{
    const char *name;

    *value = check_word(L, option);
    lua_pushvalue(L, -2);
    name = check_word(L, option);
    lua_pop(L, 1);
    if (*name == '\0' || strchr(name, '=') != NULL) {
        fail_option(L, option, "names that are not empty and have no '='");
    }
    return name;
}

/* Leaves two values on the stack: the "NAME=VALUE" strings, and an array of pointers to them. */
static const char **read_env(lua_State *L)
{
    const char **env;
    const char *value;
    int table;
    lua_Integer count = 0;

    if (mh_lib_proc_option(L, "env") == LUA_TNIL) {
        return NULL;
    }
    if (lua_type(L, -1) != LUA_TTABLE) {
        fail_option(L, "env", "a table of strings");
    }
    table = lua_gettop(L);
    env = lua_newuserdatauv(L, (count_pairs(L) + 1) * sizeof *env, 0);
    lua_insert(L, table);
    lua_newtable(L);
    lua_insert(L, table);
    lua_pushnil(L);
    while (lua_next(L, table + 2) != 0) {
        const char *name = check_pair(L, "env", &value);

        env[count++] = lua_pushfstring(L, "%s=%s", name, value);
        lua_rawseti(L, table, count);
        lua_pop(L, 1);
    }
    env[count] = NULL;
    lua_pop(L, 1);
    return env;
}

/* Leaves an array on the stack, which refers to strings of the options. */
static void read_secrets(lua_State *L, struct mh_proc_options *options)
{
    struct mh_proc_secret *secrets;
    const char *value;
    size_t count = 0;

    if (mh_lib_proc_option(L, "secrets") == LUA_TNIL) {
        return;
    }
    if (lua_type(L, -1) != LUA_TTABLE) {
        fail_option(L, "secrets", "a table of strings");
    }
    secrets = lua_newuserdatauv(L, (count_pairs(L) + 1) * sizeof *secrets, 0);
    lua_insert(L, -2);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        secrets[count].name = check_pair(L, "secrets", &value);
        secrets[count].value = value;
        secrets[count].size = strlen(value);
        count++;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    options->secrets = secrets;
    options->secret_count = count;
}

/* A misspelt limit would be no limit. */
static void check_names(lua_State *L)
{
    static const char *const names[] = {"argv",      "cwd",     "env",         "stdin", "stdout",
                                        "stderr",    "keep",    "cap",         "grace", "timeout",
                                        "silence",   "secrets", "on_progress", "tty",   "held",
                                        "finishing", "sandbox", NULL};

    lua_pushnil(L);
    while (lua_next(L, MH_LIB_PROC_OPTIONS) != 0) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], name) != 0) {
            i++;
        }
        if (names[i] == NULL) {
            luaL_argerror(L, MH_LIB_PROC_OPTIONS, lua_pushfstring(L, "unknown option '%s'", name));
        }
        lua_pop(L, 1);
    }
}

static bool read_flag(lua_State *L, const char *name)
{
    bool flag;

    (void)mh_lib_proc_option(L, name);
    flag = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return flag;
}

/* The lock's descriptor; the options keep the lock. */
static const int *read_held(lua_State *L)
{
    const struct mh_lock *lock = NULL;

    if (mh_lib_proc_option(L, "held") != LUA_TNIL) {
        lock = luaL_testudata(L, -1, MH_LIB_LOCK);
        if (lock == NULL || lock->fd < 0) {
            fail_option(L, "held", "a lock that is held");
        }
    }
    lua_pop(L, 1);
    return lock != NULL ? &lock->fd : NULL;
}

static void check_tty(lua_State *L, struct mh_proc_options *options)
{
    options->tty = read_flag(L, "tty");
    if (options->tty && (options->input != NULL || options->log[MH_PROC_STDOUT] != NULL ||
                         options->log[MH_PROC_STDERR] != NULL || options->silence_ms >= 0)) {
        luaL_argerror(L, MH_LIB_PROC_OPTIONS,
                      "tty: nothing is captured, so no stdin, stdout, stderr, silence");
    }
}

void mh_lib_proc_read(lua_State *L, struct mh_proc_options *options)
{
    const char *out;
    const char *err;

    luaL_checktype(L, MH_LIB_PROC_OPTIONS, LUA_TTABLE);
    lua_settop(L, MH_LIB_PROC_OPTIONS);
    check_names(L);
    if (mh_lib_proc_option(L, "on_progress") != LUA_TNIL && !lua_isfunction(L, -1)) {
        fail_option(L, "on_progress", "a function");
    }
    lua_settop(L, MH_LIB_PROC_OPTIONS);
    out = options->log[MH_PROC_STDOUT] = read_word(L, "stdout");
    err = options->log[MH_PROC_STDERR] = read_word(L, "stderr");
    if (out != NULL && err != NULL && strcmp(out, err) == 0) {
        luaL_argerror(L, MH_LIB_PROC_OPTIONS, "stdout and stderr: expected two different files");
    }
    options->cwd = read_word(L, "cwd");
    options->keep = (size_t)read_bytes(L, "keep", KEEP_DEFAULT);
    options->cap = (uint64_t)read_bytes(L, "cap", CAP_DEFAULT);
    options->timeout_ms = read_ms(L, "timeout", NO_LIMIT);
    options->silence_ms = read_ms(L, "silence", NO_LIMIT);
    options->grace_ms = read_ms(L, "grace", GRACE_DEFAULT_MS);
    options->finishing = read_flag(L, "finishing");
    options->held = read_held(L);
    options->argv = read_argv(L);
    options->env = read_env(L);
    read_secrets(L, options);
    if (mh_lib_proc_option(L, "stdin") != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING) {
        fail_option(L, "stdin", "a string");
    }
    options->input = lua_tolstring(L, -1, &options->input_size);
    check_tty(L, options);
    mh_lib_proc_read_sandbox(L, options);
}
