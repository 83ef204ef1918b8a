#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "lib.h"
#include "os.h"

enum { EXIT_INTERNAL = 12, EXIT_SIGNAL_BASE = 128 };

static const luaL_Reg preloaded[] = {
    {"host.fs", luaopen_host_fs},
    {"host.lock", luaopen_host_lock},
    {"host.proc", luaopen_host_proc},
    {"host.script", luaopen_host_script},
    {"host.sys", luaopen_host_sys},
    {"host.term", luaopen_host_term},
    {NULL, NULL},
};

static const char AT_ONCE[] =
    "\nmighost: ended at once; run it again, and what was under way is settled first\n";
static lua_State *volatile interruptible; /* the state whose hook a signal arms */

static void raise_interrupt(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    lua_createtable(L, 0, 3);
    (void)lua_pushliteral(L, "EINTERRUPTED");
    lua_setfield(L, -2, "name");
    (void)lua_pushliteral(L, "interrupted");
    lua_setfield(L, -2, "message");
    lua_pushinteger(L, mh_interrupt_signal);
    lua_setfield(L, -2, "signal");
    (void)lua_error(L);
}

/* Only where that cannot block: a reader that is stuck must not keep the process alive. */
static void say_at_once(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0) {
        (void)mh_os_write_all(STDERR_FILENO, AT_ONCE, sizeof AT_ONCE - 1);
    }
}

static void on_signal(int number)
{
    if (mh_interrupt_signal != 0) {
        say_at_once();
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

int mh_runtime_open_stdio(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_NOCTTY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0) {
        return -1;
    }
    (void)close(fd);
    return 0;
}

/* Where this program is, links resolved; on the heap. */
static char *find_exe(struct mh_err *err)
{
    char *exe = realpath("/proc/self/exe", NULL);

    if (exe == NULL) {
        (void)mh_err_sys(err, errno, "cannot find this program's own path in /proc/self/exe");
        return NULL;
    }
    if (strpbrk(exe, ";?") != NULL) { /* both mean something in Lua's search paths */
        (void)mh_err_set(err, "EUNSUPPORTED", "cannot run from a path with ';' or '?' in it: %s",
                         exe);
        free(exe);
        return NULL;
    }
    return exe;
}

/* Pushes the directory above the executable's own, e.g. /usr/local for /usr/local/bin/mighost. */
static const char *push_prefix(lua_State *L, const char *exe)
{
    const char *end = exe + strlen(exe);

    for (int up = 0; up < 2; up++) {
        while (end > exe && end[-1] != '/') {
            end--;
        }
        if (end > exe) {
            end--;
        }
    }
    return lua_pushlstring(L, exe, (size_t)(end - exe));
}

static void set_package_paths(lua_State *L, const char *prefix)
{
    (void)lua_getglobal(L, "package");
    (void)lua_pushfstring(L, "%s/share/mighost/scripts/?.lua;%s/?.lua;%s/?/init.lua", prefix,
                          MH_LUA_DIR, MH_LUA_DIR);
    lua_setfield(L, -2, "path");
    (void)lua_pushfstring(L, "%s/lib/mighost/?.so;%s/?.so", prefix, MH_LUA_C_DIR);
    lua_setfield(L, -2, "cpath");
    lua_pop(L, 1);
}

/*
 * Runs protected: opens libraries and fills the module tables.  Argument 1: the executable's path.
 */
static int open_libraries(lua_State *L)
{
    const char *exe = lua_touserdata(L, 1);
    const char *prefix = push_prefix(L, exe);

    lua_pushboolean(L, 1); /* LUA_PATH, LUA_CPATH and LUA_INIT do not count here */
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    set_package_paths(L, prefix);
    (void)luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, preloaded, 0);
    lua_pushstring(L, exe);
    lua_setfield(L, LUA_REGISTRYINDEX, MH_LIB_EXE);
    (void)lua_pushfstring(L, "%s/share/mighost", prefix);
    lua_setfield(L, LUA_REGISTRYINDEX, MH_LIB_SHARE);
    return 0;
}

lua_State *mh_runtime_open(struct mh_err *err)
{
    lua_State *L = NULL;
    char *exe = find_exe(err);

    if (exe == NULL) {
        return NULL;
    }
    L = luaL_newstate();
    if (L == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    lua_pushcfunction(L, open_libraries);
    lua_pushlightuserdata(L, exe); /* a light pointer: pushing a string could raise out here */
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        (void)mh_err_set(err, "ENOMEM", "cannot start Lua: %s", lua_tostring(L, -1));
        lua_close(L);
        L = NULL;
        goto out;
    }
    interruptible = L;
out:
    free(exe);
    return L;
}

static int add_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/*
 * Runs protected: loads scripts/main.lua and calls it.  Arguments: argc, argv; result: what it
 * returns.
 */
static int call_main(lua_State *L)
{
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);

    (void)lua_getfield(L, LUA_REGISTRYINDEX, MH_LIB_SHARE);
    if (luaL_loadfilex(L, lua_pushfstring(L, "%s/scripts/main.lua", lua_tostring(L, -1)), "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    luaL_checkstack(L, argc, "too many arguments");
    for (int i = 1; i < argc; i++) {
        (void)lua_pushstring(L, argv[i]);
    }
    lua_call(L, argc > 0 ? argc - 1 : 0, 1);
    return 1;
}

int mh_runtime_run(lua_State *L, int argc, char **argv)
{
    int code = EXIT_INTERNAL;

    lua_settop(L, 0);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, call_main);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    if (lua_pcall(L, 2, 1, 1) == LUA_OK) {
        code = lua_isinteger(L, -1) ? (int)lua_tointeger(L, -1) : EXIT_INTERNAL;
    } else if (mh_interrupt_signal != 0) {
        code = EXIT_SIGNAL_BASE + mh_interrupt_signal;
    } else {
        (void)fprintf(stderr, "mighost: internal error: %s\n", lua_tostring(L, -1));
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
