/* host.term: the terminal's width, its live line and its state. */
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>

#include "lib.h"
#include "term.h"

#define STATE "host.term.State"

static int check_fd(lua_State *L, int index)
{
    lua_Integer fd = luaL_checkinteger(L, index);

    luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, index, "not a descriptor");
    return (int)fd;
}

static int term_width(lua_State *L)
{
    lua_pushinteger(L, mh_term_width(check_fd(L, 1)));
    return 1;
}

static int term_is_tty(lua_State *L)
{
    lua_pushboolean(L, mh_term_is_tty(check_fd(L, 1)));
    return 1;
}

static int term_live(lua_State *L)
{
    struct mh_err err = {0};
    int fd = check_fd(L, 1);
    size_t length = 0;
    const char *text = luaL_checklstring(L, 2, &length);

    return mh_lib_answer(L, mh_term_live(fd, text, length, &err), &err);
}

static int term_clear_live(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_term_clear_live(check_fd(L, 1), &err), &err);
}

static int term_save(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_term_state *state = lua_newuserdatauv(L, sizeof *state, 0);

    *state = (struct mh_term_state){.fd = -1};
    luaL_setmetatable(L, STATE);
    return mh_term_save(state, &err) < 0 ? mh_lib_fail(L, &err) : 1;
}

static int state_restore(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_term_restore(luaL_checkudata(L, 1, STATE), &err), &err);
}

/* Going out of scope has nobody to tell of a failure. */
static int state_close(lua_State *L)
{
    struct mh_err ignored;

    (void)mh_term_restore(luaL_checkudata(L, 1, STATE), &ignored);
    return 0;
}

int luaopen_host_term(lua_State *L)
{
    static const luaL_Reg functions[] = {{"width", term_width}, {"is_tty", term_is_tty},
                                         {"live", term_live},   {"clear_live", term_clear_live},
                                         {"save", term_save},   {NULL, NULL}};
    static const luaL_Reg methods[] = {{"restore", state_restore}, {NULL, NULL}};
    static const luaL_Reg events[] = {
        {"__gc", state_close}, {"__close", state_close}, {NULL, NULL}};

    (void)luaL_newmetatable(L, STATE);
    luaL_setfuncs(L, events, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
