#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "lib.h"
#include "probe.h"
#include "sandbox.h"
#include "sys.h"

enum { FIRST_BUFFER = 256, RANDOM_MAX = 1024 };

typedef int (*fill_text)(const char *subject, char *buffer, size_t size, struct mh_err *err);

/*
 * Pushes the text that `fill` gives, in a buffer that grows until it fits; else nil, message, NAME.
 */
static int push_text(lua_State *L, fill_text fill, const char *subject)
{
    struct mh_err err = {0};
    size_t size = FIRST_BUFFER;

    for (;;) {
        char *buffer = lua_newuserdatauv(L, size, 0);

        if (fill(subject, buffer, size, &err) == 0) {
            lua_pushstring(L, buffer);
            return 1;
        }
        if (strcmp(err.name, "ERANGE") != 0) {
            return mh_lib_fail(L, &err);
        }
        lua_pop(L, 1);
        size *= 2;
    }
}

static int fill_cwd(const char *subject, char *buffer, size_t size, struct mh_err *err)
{
    (void)subject;
    return mh_sys_cwd(buffer, size, err);
}

static int fill_home(const char *subject, char *buffer, size_t size, struct mh_err *err)
{
    (void)subject;
    return mh_sys_user_home(buffer, size, err);
}

static int sys_now(lua_State *L)
{
    lua_pushnumber(L, mh_sys_now());
    return 1;
}

static int sys_monotonic(lua_State *L)
{
    lua_pushnumber(L, mh_sys_monotonic());
    return 1;
}

static int sys_utc_offset(lua_State *L)
{
    struct mh_err err = {0};
    lua_Number time = luaL_checknumber(L, 1);
    long offset = 0;

    if (mh_sys_utc_offset(time, &offset, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushinteger(L, offset);
    return 1;
}

static int sys_random_hex(lua_State *L)
{
    struct mh_err err = {0};
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_Buffer buffer;
    char *text;

    luaL_argcheck(L, count >= 1 && count <= RANDOM_MAX, 1, "must be from 1 to 1024");
    text = luaL_buffinitsize(L, &buffer, 2 * (size_t)count);
    if (mh_sys_random_hex(text, (size_t)count, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    luaL_pushresultsize(&buffer, 2 * (size_t)count);
    return 1;
}

static int sys_pid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

static int sys_process_start(lua_State *L)
{
    struct mh_err err = {0};
    lua_Integer pid = luaL_checkinteger(L, 1);
    char text[FIRST_BUFFER];

    luaL_argcheck(L, pid >= 1 && pid <= INT32_MAX, 1, "must be a process id");
    if (mh_sys_process_start((pid_t)pid, text, sizeof text, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushstring(L, text);
    return 1;
}

static int sys_boot_id(lua_State *L)
{
    struct mh_err err = {0};
    char text[FIRST_BUFFER];

    if (mh_sys_boot_id(text, sizeof text, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushstring(L, text);
    return 1;
}

static int sys_hostname(lua_State *L)
{
    struct mh_err err = {0};
    char text[FIRST_BUFFER];

    if (mh_sys_hostname(text, sizeof text, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushstring(L, text);
    return 1;
}

static int sys_cwd(lua_State *L)
{
    return push_text(L, fill_cwd, NULL);
}

static int sys_realpath(lua_State *L)
{
    return push_text(L, mh_sys_realpath, luaL_checkstring(L, 1));
}

static int sys_user(lua_State *L)
{
    struct mh_err err = {0};
    char name[FIRST_BUFFER];

    if (mh_sys_user_name(name, sizeof name, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_settop(L, 0);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, name);
    lua_setfield(L, 1, "name");
    lua_pushinteger(L, geteuid());
    lua_setfield(L, 1, "uid");
    if (push_text(L, fill_home, NULL) != 1) {
        return 3;
    }
    lua_setfield(L, 1, "home");
    lua_settop(L, 1);
    return 1;
}

static int sys_share(lua_State *L)
{
    (void)lua_getfield(L, LUA_REGISTRYINDEX, MH_LIB_SHARE);
    return 1;
}

static int sys_exe(lua_State *L)
{
    (void)lua_getfield(L, LUA_REGISTRYINDEX, MH_LIB_EXE);
    return 1;
}

static int sys_env(lua_State *L)
{
    lua_newtable(L);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');

        if (equals == NULL || equals == *entry) {
            continue;
        }
        (void)lua_pushlstring(L, *entry, (size_t)(equals - *entry));
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) != LUA_TNIL) { /* the first of a name counts, as for getenv */
            lua_pop(L, 2);
            continue;
        }
        lua_pop(L, 1);
        (void)lua_pushstring(L, equals + 1);
        lua_rawset(L, -3);
    }
    return 1;
}

/* A descriptor's number from argument 1. */
static int check_fd(lua_State *L)
{
    lua_Integer fd = luaL_checkinteger(L, 1);

    luaL_argcheck(L, fd >= 0 && fd <= INT32_MAX, 1, "must be a descriptor's number");
    return (int)fd;
}

static int sys_isatty(lua_State *L)
{
    lua_pushboolean(L, isatty(check_fd(L)));
    return 1;
}

static int sys_write(lua_State *L)
{
    struct mh_err err = {0};
    int fd = check_fd(L);
    size_t size = 0;
    const char *text = luaL_checklstring(L, 2, &size);

    return mh_lib_answer(L, mh_sys_write(fd, text, size, &err), &err);
}

static int sys_version(lua_State *L)
{
    lua_createtable(L, 0, 2);
    (void)lua_pushliteral(L, MH_VERSION);
    lua_setfield(L, -2, "mighost");
    (void)lua_pushliteral(L, LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    lua_setfield(L, -2, "lua");
    return 1;
}

static int sys_interrupted(lua_State *L)
{
    if (mh_interrupt_signal == 0) {
        lua_pushnil(L);
    } else {
        lua_pushinteger(L, mh_interrupt_signal);
    }
    return 1;
}

static int sys_can_write(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_sys_can_write(luaL_checkstring(L, 1), &err), &err);
}

static int sys_umask(lua_State *L)
{
    lua_pushinteger(L, mh_sys_umask());
    return 1;
}

static const char *name_sandbox(int abi)
{
    switch (mh_sandbox_level_of(abi)) {
    case MH_SANDBOX_FULL:
        return "full";
    case MH_SANDBOX_PARTIAL:
        return "partial";
    default:
        return "none";
    }
}

static int sys_sandbox(lua_State *L)
{
    int abi = mh_sandbox_abi();

    lua_pushstring(L, name_sandbox(abi));
    lua_pushinteger(L, abi);
    return 2;
}

static int sys_features(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_probe probe = {0};
    const char *path = luaL_optstring(L, 1, NULL);

    if (path != NULL && mh_probe_folder(path, &probe, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, 0, 5);
    lua_pushinteger(L, mh_sandbox_abi());
    lua_setfield(L, -2, "landlock_abi");
    lua_pushstring(L, name_sandbox(mh_sandbox_abi()));
    lua_setfield(L, -2, "sandbox");
    lua_pushboolean(L, mh_sandbox_can_mount());
    lua_setfield(L, -2, "read_only_mounts");
    if (path != NULL) {
        lua_pushboolean(L, probe.exchange);
        lua_setfield(L, -2, "exchange");
        lua_pushboolean(L, probe.reflink);
        lua_setfield(L, -2, "reflink");
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"boot_id", sys_boot_id},
    {"can_write", sys_can_write},
    {"cwd", sys_cwd},
    {"env", sys_env},
    {"exe", sys_exe},
    {"features", sys_features},
    {"hostname", sys_hostname},
    {"interrupted", sys_interrupted},
    {"isatty", sys_isatty},
    {"monotonic", sys_monotonic},
    {"now", sys_now},
    {"pid", sys_pid},
    {"process_start", sys_process_start},
    {"random_hex", sys_random_hex},
    {"realpath", sys_realpath},
    {"sandbox", sys_sandbox},
    {"share", sys_share},
    {"umask", sys_umask},
    {"user", sys_user},
    {"utc_offset", sys_utc_offset},
    {"version", sys_version},
    {"write", sys_write},
    {NULL, NULL},
};

int luaopen_host_sys(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
