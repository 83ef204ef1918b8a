/* lib_tree: host.tree, directory trees as a whole. */
#include "lib_tree.h"

#include <errno.h>
#include <string.h>

#include "dir.h"
#include "lib.h"
#include "tree.h"

#define SNAPSHOT_TYPE "host.tree.snapshot"

int mh_lib_open_above(lua_State *L, int index, struct mh_lib_place *place, struct mh_err *err)
{
    const char *path = mh_lib_check_path(L, index, err);
    const char *above = ".";
    size_t length;
    size_t begin;

    if (path == NULL) {
        return -1;
    }
    length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    for (begin = length; begin > 0 && path[begin - 1] != '/'; begin--) {
    }
    place->name = lua_pushlstring(L, path + begin, length - begin);
    if (*place->name == '\0' || strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0) {
        above = *path != '\0' ? path : "."; /* no name to speak of: the directory itself */
        lua_pop(L, 1);
        place->name = lua_pushliteral(L, ".");
    } else if (begin > 0) {
        above = lua_pushlstring(L, path, begin);
        lua_insert(L, -2);
    }
    place->dir = mh_lib_push_dir(L);
    return mh_dir_open(above, place->dir, err);
}

/* A failure in a place, with its directory named. */
static int fail_in(lua_State *L, const struct mh_lib_place *place, struct mh_err *err)
{
    if (strcmp(place->dir->path, ".") != 0) {
        (void)mh_err_wrap(err, "in %s", place->dir->path);
    }
    return mh_lib_fail(L, err);
}

static int release_snapshot(lua_State *L)
{
    mh_snapshot_release(luaL_checkudata(L, 1, SNAPSHOT_TYPE));
    return 0;
}

/* Pushes an empty snapshot that Lua owns. */
static struct mh_snapshot *push_snapshot(lua_State *L)
{
    struct mh_snapshot *snapshot = lua_newuserdatauv(L, sizeof *snapshot, 0);

    *snapshot = (struct mh_snapshot)MH_SNAPSHOT_INIT;
    luaL_setmetatable(L, SNAPSHOT_TYPE);
    return snapshot;
}

static void push_hex(lua_State *L, const unsigned char digest[MH_SHA256_SIZE])
{
    char hex[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(digest, hex);
    (void)lua_pushstring(L, hex);
}

static int tree_sha256(lua_State *L)
{
    struct mh_err err = {0};
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    unsigned char digest[MH_SHA256_SIZE];

    if (mh_sha256(text, size, digest, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    push_hex(L, digest);
    return 1;
}

static const struct mh_snapshot *check_snapshot(lua_State *L, int index)
{
    const struct mh_snapshot *snapshot;

    luaL_checktype(L, index, LUA_TTABLE);
    if (luaL_getmetafield(L, index, SNAPSHOT_TYPE) == LUA_TNIL) {
        luaL_argerror(L, index, "not a table from tree.snapshot");
    }
    snapshot = luaL_checkudata(L, -1, SNAPSHOT_TYPE);
    lua_pop(L, 1); /* the table keeps it */
    return snapshot;
}

const struct mh_snapshot *mh_lib_opt_snapshot(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? NULL : check_snapshot(L, index);
}

static int tree_digest(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_snapshot *snapshot;
    struct mh_lib_place place;

    lua_settop(L, 1);
    (void)luaL_checkstring(L, 1);
    snapshot = push_snapshot(L);
    if (mh_lib_open_above(L, 1, &place, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    if (mh_snapshot_take(place.dir->fd, place.name, NULL, snapshot, &err) < 0) {
        return fail_in(L, &place, &err);
    }
    push_hex(L, snapshot->digest);
    mh_snapshot_release(snapshot);
    return 1;
}

static void push_entry(lua_State *L, const struct mh_entry *entry)
{
    const bool file = entry->type == MH_ENTRY_FILE;

    lua_createtable(L, 0, 4);
    (void)lua_pushstring(L, file ? "file" : "directory");
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, (lua_Integer)entry->size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, (lua_Integer)entry->mode);
    lua_setfield(L, -2, "mode");
    if (file) {
        push_hex(L, entry->sha256);
        lua_setfield(L, -2, "sha256");
    }
}

/* The table keeps the snapshot it shows in its metatable, for tree.diff. */
static int tree_snapshot(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_snapshot *snapshot;
    const struct mh_snapshot *known = mh_lib_opt_snapshot(L, 2);
    struct mh_lib_place place;

    lua_settop(L, 2);
    (void)luaL_checkstring(L, 1);
    snapshot = push_snapshot(L);
    if (mh_lib_open_above(L, 1, &place, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    if (mh_snapshot_take(place.dir->fd, place.name, known, snapshot, &err) < 0) {
        return fail_in(L, &place, &err);
    }
    lua_createtable(L, 0, (int)snapshot->count);
    for (size_t i = 0; i < snapshot->count; i++) {
        push_entry(L, &snapshot->entries[i]);
        lua_setfield(L, -2, snapshot->entries[i].path);
    }
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 3); /* the snapshot */
    lua_setfield(L, -2, SNAPSHOT_TYPE);
    (void)lua_setmetatable(L, -2);
    push_hex(L, snapshot->digest);
    return 2;
}

static int tree_diff(lua_State *L)
{
    static const char *const names[] = {"added", "changed", "removed"};
    struct mh_diff diff = {.before = check_snapshot(L, 1), .after = check_snapshot(L, 2)};
    lua_Integer counts[] = {0, 0, 0};
    int first;

    lua_createtable(L, 0, 3);
    first = lua_gettop(L) + 1;
    for (int i = 0; i < 3; i++) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, first - 1, names[i]);
    }
    while (mh_snapshot_diff_next(&diff)) {
        (void)lua_pushstring(L, diff.path);
        lua_rawseti(L, first + (int)diff.change, ++counts[diff.change]);
    }
    lua_settop(L, first - 1);
    return 1;
}

static int tree_copy(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_lib_place from;
    struct mh_lib_place to;

    lua_settop(L, 2);
    (void)luaL_checkstring(L, 1);
    (void)luaL_checkstring(L, 2);
    if (mh_lib_open_above(L, 1, &from, &err) < 0 || mh_lib_open_above(L, 2, &to, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    if (mh_tree_copy(from.dir->fd, from.name, to.dir->fd, to.name, &err) < 0) {
        (void)mh_err_wrap(&err, "cannot copy %s to %s", lua_tostring(L, 1), lua_tostring(L, 2));
        return mh_lib_fail(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int tree_remove(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_lib_place place;

    lua_settop(L, 1);
    if (mh_lib_open_above(L, 1, &place, &err) < 0) {
        if (err.errnum != ENOENT) {
            return mh_lib_fail(L, &err);
        }
    } else if (mh_tree_remove(place.dir->fd, place.name, &err) < 0) {
        return fail_in(L, &place, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int tree_sync(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_lib_place place;
    bool whole = false;

    lua_settop(L, 1);
    if (mh_lib_open_above(L, 1, &place, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    if (mh_tree_sync(place.dir->fd, place.name, &whole, &err) < 0) {
        return fail_in(L, &place, &err);
    }
    lua_pushboolean(L, 1);
    lua_pushboolean(L, whole);
    return 2;
}

static const luaL_Reg functions[] = {
    {"sha256", tree_sha256},
    {"digest", tree_digest},
    {"snapshot", tree_snapshot},
    {"diff", tree_diff},
    {"copy", tree_copy},
    {"remove", tree_remove},
    {"sync", tree_sync},
    {"marks", mh_lib_tree_marks},
    {"touched", mh_lib_tree_touched},
    {NULL, NULL},
};

int luaopen_host_tree(lua_State *L)
{
    luaL_requiref(L, "host.fs", luaopen_host_fs, 0);
    lua_pop(L, 1);
    if (luaL_newmetatable(L, SNAPSHOT_TYPE)) {
        lua_pushcfunction(L, release_snapshot);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    mh_lib_make_marks(L);
    luaL_newlib(L, functions);
    return 1;
}
