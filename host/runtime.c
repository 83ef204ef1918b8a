#include "runtime.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "lib.h"

enum { EXIT_INTERNAL = 12, EXIT_SIGNAL_BASE = 128 };

static const luaL_Reg preloaded[] = {
    {NULL, NULL},
};

static lua_State *interruptible; /* the state whose hook a signal arms */

static void raise_interrupt(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "EINTERRUPTED");
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, mh_interrupt_signal);
    lua_setfield(L, -2, "signal");
    (void)lua_error(L);
}

static void on_signal(int number)
{
    if (mh_interrupt_signal != 0) {
        _exit(EXIT_SIGNAL_BASE + number);
    }
    mh_interrupt_signal = number;
    if (interruptible != NULL) { /* lua_sethook may be called from a signal handler (lua.c does) */
        lua_sethook(interruptible, raise_interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
    }
}

void mh_runtime_install_signals(void)
{
    struct sigaction action = {0};

    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

/* The directory above the executable's own, e.g. /usr/local for /usr/local/bin/mighost; on the heap. */
static char *find_prefix(struct mh_err *err)
{
    char *exe = realpath("/proc/self/exe", NULL);
    char *slash;

    if (exe == NULL) {
        (void)mh_err_sys(err, errno, "cannot find this program's own path in /proc/self/exe");
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        slash = strrchr(exe, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    return exe;
}

static void set_package_paths(lua_State *L, const char *prefix)
{
    (void)lua_getglobal(L, "package");
    lua_pushfstring(L, "%s/share/mighost/scripts/?.lua;" MH_LUA_DIR "/?.lua;" MH_LUA_DIR "/?/init.lua", prefix);
    lua_setfield(L, -2, "path");
    lua_pushfstring(L, "%s/lib/mighost/?.so;" MH_LUA_C_DIR "/?.so", prefix);
    lua_setfield(L, -2, "cpath");
    lua_pop(L, 1);
}

/* Runs protected: opens libraries and fills the module tables.  Upvalue: none; argument 1: the prefix. */
static int open_libraries(lua_State *L)
{
    const char *prefix = luaL_checkstring(L, 1);

    lua_pushboolean(L, 1); /* LUA_PATH, LUA_CPATH and LUA_INIT do not count here */
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    set_package_paths(L, prefix);
    (void)luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, preloaded, 0);
    lua_pop(L, 1);
    lua_pushfstring(L, "%s/share/mighost", prefix);
    lua_setfield(L, LUA_REGISTRYINDEX, "mighost.share");
    return 0;
}

lua_State *mh_runtime_open(struct mh_err *err)
{
    char *prefix = find_prefix(err);
    lua_State *L;

    if (prefix == NULL) {
        return NULL;
    }
    L = luaL_newstate();
    if (L == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    lua_pushcfunction(L, open_libraries);
    lua_pushstring(L, prefix);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        (void)mh_err_set(err, "ENOMEM", "cannot start Lua: %s", lua_tostring(L, -1));
        lua_close(L);
        L = NULL;
        goto out;
    }
    interruptible = L;
out:
    free(prefix);
    return L;
}

static int add_traceback(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);

    luaL_traceback(L, L, message, 1);
    return 1;
}

/* Pushes the chunk of scripts/main.lua, or an error message; returns loadfile's status. */
static int load_main(lua_State *L)
{
    const char *file;

    (void)lua_getfield(L, LUA_REGISTRYINDEX, "mighost.share");
    file = lua_pushfstring(L, "%s/scripts/main.lua", lua_tostring(L, -1));
    return luaL_loadfilex(L, file, "t");
}

int mh_runtime_run(lua_State *L, int argc, char **argv)
{
    int status;
    int code = EXIT_INTERNAL;

    lua_settop(L, 0);
    lua_pushcfunction(L, add_traceback);
    status = load_main(L);
    if (status == LUA_OK) {
        luaL_checkstack(L, argc, "too many arguments");
        for (int i = 1; i < argc; i++) {
            (void)lua_pushstring(L, argv[i]);
        }
        status = lua_pcall(L, argc > 0 ? argc - 1 : 0, 1, 1);
    }
    if (status != LUA_OK) {
        (void)fprintf(stderr, "mighost: internal error: %s\n", lua_tostring(L, -1));
    } else if (lua_isinteger(L, -1)) {
        code = (int)lua_tointeger(L, -1);
    }
    lua_settop(L, 0);
    return code;
}

void mh_runtime_close(lua_State *L)
{
    if (L == NULL) {
        return;
    }
    interruptible = NULL;
    lua_close(L);
}
