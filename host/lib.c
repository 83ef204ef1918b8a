#include "lib.h"

int mh_lib_fail(lua_State *L, const struct mh_err *err)
{
    lua_pushnil(L);
    lua_pushstring(L, err->message);
    lua_pushstring(L, err->name);
    return 3;
}
