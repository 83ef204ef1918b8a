/* lib_tree_marks: tree.marks and tree.touched. */
#include <errno.h>

#include "dir.h"
#include "lib.h"
#include "lib_tree.h"
#include "tree_marks.h"

#define MARKS_TYPE "host.tree.Marks"

static int release_marks(lua_State *L)
{
    mh_marks_release(luaL_checkudata(L, 1, MARKS_TYPE));
    return 0;
}

void mh_lib_make_marks(lua_State *L)
{
    if (luaL_newmetatable(L, MARKS_TYPE)) {
        lua_pushcfunction(L, release_marks);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}

/* The paths of the option `skip`; what holds them stays on the stack. */
static void check_skip(lua_State *L, int index, struct mh_marks_options *options)
{
    const char **paths;

    if (lua_getfield(L, index, "skip") == LUA_TNIL) {
        return;
    }
    luaL_argcheck(L, lua_istable(L, -1), index, "skip must be a list of paths");
    options->skip_count = (size_t)lua_rawlen(L, -1);
    paths = lua_newuserdatauv(L, (options->skip_count + 1) * sizeof *paths, 0);
    for (size_t i = 0; i < options->skip_count; i++) {
        (void)lua_rawgeti(L, -2, (lua_Integer)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, index, "skip must be a list of paths");
        paths[i] = lua_tostring(L, -1); /* the list keeps it */
        lua_pop(L, 1);
    }
    options->skip = paths;
}

static void check_options(lua_State *L, int index, struct mh_marks_options *options)
{
    if (lua_isnil(L, index)) {
        return;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getfield(L, index, "max") != LUA_TNIL) {
        int is_integer;
        lua_Integer max = lua_tointegerx(L, -1, &is_integer);

        luaL_argcheck(L, is_integer && max > 0, index, "max must be an integer above 0");
        options->max = (size_t)max;
    }
    (void)lua_getfield(L, index, "settle");
    options->settle = lua_toboolean(L, -1);
    lua_pop(L, 2);
    check_skip(L, index, options);
}

int mh_lib_tree_marks(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_marks_options options = {0};
    struct mh_lib_place place;
    struct mh_marks *marks;

    lua_settop(L, 2);
    (void)luaL_checkstring(L, 1);
    check_options(L, 2, &options);
    marks = lua_newuserdatauv(L, sizeof *marks, 0);
    *marks = (struct mh_marks)MH_MARKS_INIT;
    luaL_setmetatable(L, MARKS_TYPE);
    lua_insert(L, 3);
    if (mh_lib_open_above(L, 1, &place, &err) < 0) {
        if (err.errnum != ENOENT) {
            return mh_lib_fail(L, &err);
        }
    } else if (mh_marks_take(place.dir->fd, place.name, &options, marks, &err) < 0) {
        (void)mh_err_wrap(&err, "cannot look at %s", lua_tostring(L, 1));
        return mh_lib_fail(L, &err);
    }
    lua_settop(L, 3);
    return 1;
}

static void set_flag(lua_State *L, const char *name, int flag)
{
    if (flag != 0) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, name);
    }
}

static void push_touched(lua_State *L, const struct mh_marks_diff *diff)
{
    static const char *const names[] = {"added", "removed", "replaced", "changed"};
    const struct mh_mark *seen = diff->is != NULL ? diff->is : diff->was;
    const bool both = diff->is != NULL && diff->was != NULL;

    lua_createtable(L, 0, 6);
    (void)lua_pushstring(L, seen->path);
    lua_setfield(L, -2, "path");
    (void)lua_pushstring(L, mh_kind_name(mh_kind_of(seen->mode)));
    lua_setfield(L, -2, "kind");
    (void)lua_pushstring(L, names[diff->touch]);
    lua_setfield(L, -2, "touch");
    set_flag(L, "size", diff->differs & MH_DIFFERS_SIZE);
    set_flag(L, "shrunk", both && diff->is->size < diff->was->size);
    set_flag(L, "mtime", diff->differs & MH_DIFFERS_MTIME);
    set_flag(L, "mode", diff->differs & MH_DIFFERS_MODE);
    set_flag(L, "owner", diff->differs & MH_DIFFERS_OWNER);
    set_flag(L, "links", diff->differs & MH_DIFFERS_LINKS);
    set_flag(L, "other", diff->differs & MH_DIFFERS_OTHER);
    set_flag(L, "written",
             diff->is != NULL && diff->is->mtime.tv_sec == diff->is->ctime.tv_sec &&
                 diff->is->mtime.tv_nsec == diff->is->ctime.tv_nsec);
}

int mh_lib_tree_touched(lua_State *L)
{
    struct mh_marks_diff diff = {
        .before = luaL_checkudata(L, 1, MARKS_TYPE),
        .after = luaL_checkudata(L, 2, MARKS_TYPE),
    };
    lua_Integer count = 0;

    lua_newtable(L);
    while (mh_marks_diff_next(&diff)) {
        push_touched(L, &diff);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}
