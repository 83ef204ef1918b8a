#include "lib.h"

int mh_lib_fail(lua_State *L, const struct mh_err *err)
{
    lua_pushnil(L);
    lua_pushstring(L, err->message);
    lua_pushstring(L, err->name);
    return 3;
}

int mh_lib_answer(lua_State *L, int result, const struct mh_err *err)
{
    if (result < 0) {
        return mh_lib_fail(L, err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

void mh_lib_set_text(lua_State *L, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        (void)lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}
