/* lib_lock: host.lock, locks that die with their holder. */
#include "dir.h"
#include "lib.h"
#include "lock.h"

/* The table at an index, which may be absent, as options. */
static struct mh_lock_options check_options(lua_State *L, int index)
{
    struct mh_lock_options options = {0};

    if (lua_isnoneornil(L, index)) {
        return options;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getfield(L, index, "wait") != LUA_TNIL) {
        options.wait = luaL_checknumber(L, -1);
        luaL_argcheck(L, options.wait >= 0, index, "wait must not be negative");
    }
    options.allow_fuse = lua_getfield(L, index, "allow_fuse") != LUA_TNIL && lua_toboolean(L, -1);
    lua_pop(L, 2);
    return options;
}

static int lock_take(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *name = mh_lib_check_path(L, 2, &err);
    const char *text = luaL_checkstring(L, 3);
    struct mh_lock_options options = check_options(L, 4);
    struct mh_lock *lock = lua_newuserdatauv(L, sizeof *lock, 0);

    *lock = (struct mh_lock)MH_LOCK_INIT;
    luaL_setmetatable(L, MH_LIB_LOCK);
    if (name == NULL || mh_lock_take(dir->fd, name, text, &options, lock, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int lock_holder(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *name = mh_lib_check_path(L, 2, &err);
    char text[MH_LOCK_TEXT_MAX + 1];
    int held = name == NULL ? -1 : mh_lock_holder(dir->fd, name, text, &err);

    if (held < 0) {
        return mh_lib_fail(L, &err);
    }
    if (held > 0) {
        (void)lua_pushstring(L, text);
    } else {
        lua_pushboolean(L, 0);
    }
    return 1;
}

static int lock_verify(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_lock_verify(luaL_checkudata(L, 1, MH_LIB_LOCK), &err), &err);
}

static int lock_drop(lua_State *L)
{
    mh_lock_drop(luaL_checkudata(L, 1, MH_LIB_LOCK));
    return 0;
}

static int lock_tostring(lua_State *L)
{
    const struct mh_lock *lock = luaL_checkudata(L, 1, MH_LIB_LOCK);

    lua_pushfstring(L, MH_LIB_LOCK " (%s)", lock->fd >= 0 ? lock->name : "dropped");
    return 1;
}

static const luaL_Reg lock_methods[] = {
    {"verify", lock_verify},
    {"drop", lock_drop},
    {NULL, NULL},
};

static const luaL_Reg lock_metamethods[] = {
    {"__gc", lock_drop},
    {"__close", lock_drop},
    {"__tostring", lock_tostring},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"take", lock_take},
    {"holder", lock_holder},
    {NULL, NULL},
};

int luaopen_host_lock(lua_State *L)
{
    (void)luaL_newmetatable(L, MH_LIB_LOCK);
    luaL_setfuncs(L, lock_metamethods, 0);
    luaL_newlib(L, lock_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
