/* host.proc: the option `sandbox` of a run. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "lib_proc.h"

static int fail_field(lua_State *L, const char *name, const char *expected)
{
    return luaL_argerror(L, MH_LIB_PROC_OPTIONS,
                         lua_pushfstring(L, "sandbox.%s: expected %s", name, expected));
}

/* A field of the table on top of the stack, raw: it lives as long as the table.  Its type. */
static int push_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, -2);
}

static enum mh_sandbox_mode read_mode(lua_State *L)
{
    static const char *const names[] = {"off", "auto", "require"};
    const char *word = push_field(L, "mode") == LUA_TSTRING ? lua_tostring(L, -1) : "";
    enum mh_sandbox_mode mode = MH_SANDBOX_OFF;

    while (mode < MH_SANDBOX_REQUIRE && strcmp(word, names[mode]) != 0) {
        mode++;
    }
    if (strcmp(word, names[mode]) != 0) {
        fail_field(L, "mode", "'auto', 'require' or 'off'");
    }
    lua_pop(L, 1);
    return mode;
}

static const char *check_path(lua_State *L, const char *name)
{
    size_t size = 0;
    const char *path = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;

    if (path == NULL || path[0] != '/' || strlen(path) != size) {
        fail_field(L, name, "absolute paths");
    }
    return path;
}

/* Leaves an array of pointers beneath the table, which refers to its strings. */
static const char *const *read_paths(lua_State *L, const char *name)
{
    int type = push_field(L, name);
    lua_Unsigned count = type == LUA_TTABLE ? lua_rawlen(L, -1) : 0;
    const char **paths;

    if (type != LUA_TTABLE && type != LUA_TNIL) {
        fail_field(L, name, "a list of absolute paths");
    }
    paths = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *paths, 0);
    for (lua_Unsigned i = 0; i < count; i++) {
        (void)lua_rawgeti(L, -2, (lua_Integer)i + 1);
        paths[i] = check_path(L, name);
        lua_pop(L, 1);
    }
    paths[count] = NULL;
    lua_insert(L, -3);
    lua_pop(L, 1);
    return (const char *const *)paths;
}

/* A misspelt field would confine less than was meant. */
static void check_names(lua_State *L)
{
    static const char *const names[] = {"mode", "writes", "protect", NULL};

    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], name) != 0) {
            i++;
        }
        if (names[i] == NULL) {
            luaL_argerror(L, MH_LIB_PROC_OPTIONS,
                          lua_pushfstring(L, "sandbox: unknown field '%s'", name));
        }
        lua_pop(L, 1);
    }
}

void mh_lib_proc_read_sandbox(lua_State *L, struct mh_proc_options *options)
{
    struct mh_sandbox_options *sandbox;

    if (mh_lib_proc_option(L, "sandbox") == LUA_TNIL) {
        return;
    }
    if (lua_type(L, -1) != LUA_TTABLE) {
        luaL_argerror(L, MH_LIB_PROC_OPTIONS, "sandbox: expected a table");
    }
    if (options->cwd == NULL) {
        luaL_argerror(L, MH_LIB_PROC_OPTIONS, "sandbox: needs cwd");
    }
    check_names(L);
    sandbox = lua_newuserdatauv(L, sizeof *sandbox, 0);
    lua_insert(L, -2);
    sandbox->mode = read_mode(L);
    sandbox->writes = read_paths(L, "writes");
    sandbox->protect = read_paths(L, "protect");
    sandbox->shares_terminal = options->tty;
    options->sandbox = sandbox;
}
