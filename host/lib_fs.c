/* lib_fs: host.fs, an opened directory and the files beneath it. */
#include <string.h>

#include "atomic.h"
#include "dir.h"
#include "lib.h"

#define SCRATCH_TYPE "host.fs.scratch"

enum { SCRATCH_KEEP = 1024 * 1024, DEFAULT_MODE = 0644, DEFAULT_DIR_MODE = 0777 };

static const lua_Integer DEFAULT_MAX = 64 * 1024 * 1024;

/* What a call needs on the heap; the functions' upvalue owns it, so that a raise cannot leak it. */
struct scratch {
    struct mh_buffer text;
    struct mh_listing listing;
};

static struct scratch *get_scratch(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int release_scratch(lua_State *L)
{
    struct scratch *scratch = luaL_checkudata(L, 1, SCRATCH_TYPE);

    mh_buffer_release(&scratch->text);
    mh_listing_release(&scratch->listing);
    return 0;
}

struct mh_dir *mh_lib_check_dir(lua_State *L, int index)
{
    struct mh_dir *dir = luaL_checkudata(L, index, MH_LIB_DIR);

    luaL_argcheck(L, dir->fd >= 0, index, "the directory is closed");
    return dir;
}

const char *mh_lib_check_path(lua_State *L, int index, struct mh_err *err)
{
    size_t length;
    const char *path = luaL_checklstring(L, index, &length);

    if (strlen(path) != length) {
        (void)mh_err_set(err, "EINVALIDPATH", "a NUL byte in a path: %s", path);
        return NULL;
    }
    return path;
}

struct mh_dir *mh_lib_push_dir(lua_State *L)
{
    struct mh_dir *dir = lua_newuserdatauv(L, sizeof *dir, 0);

    *dir = (struct mh_dir)MH_DIR_INIT;
    luaL_setmetatable(L, MH_LIB_DIR);
    return dir;
}

/* The option `links` of the table at `index`, which may be absent. */
static enum mh_links check_links(lua_State *L, int index)
{
    static const char *const names[] = {"refuse", "inside", "follow", NULL};
    int choice = MH_LINKS_REFUSE;

    if (!lua_isnoneornil(L, index)) {
        luaL_checktype(L, index, LUA_TTABLE);
        (void)lua_getfield(L, index, "links");
        if (!lua_isnil(L, -1)) {
            choice = luaL_checkoption(L, -1, NULL, names);
        }
        lua_pop(L, 1);
    }
    return (enum mh_links)choice;
}

/* An integer option of the table at `index`, or `fallback`. */
static lua_Integer check_integer(lua_State *L, int index, const char *name, lua_Integer fallback)
{
    lua_Integer value = fallback;

    if (!lua_isnoneornil(L, index)) {
        luaL_checktype(L, index, LUA_TTABLE);
        if (lua_getfield(L, index, name) != LUA_TNIL) {
            int is_integer;

            value = lua_tointegerx(L, -1, &is_integer);
            luaL_argcheck(L, is_integer && value >= 0, index, name);
        }
        lua_pop(L, 1);
    }
    return value;
}

/* The option `mode` of the table at `index`: permission bits. */
static mode_t check_mode(lua_State *L, int index, lua_Integer fallback)
{
    lua_Integer mode = check_integer(L, index, "mode", fallback);

    luaL_argcheck(L, mode <= 07777, index, "mode");
    return (mode_t)mode;
}

static int fs_open_dir(lua_State *L)
{
    struct mh_err err = {0};
    const char *path = mh_lib_check_path(L, 1, &err);
    struct mh_dir *dir = mh_lib_push_dir(L);

    if (path == NULL || mh_dir_open(path, dir, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int dir_open_dir(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *parent = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    struct mh_dir *dir = mh_lib_push_dir(L);

    if (path == NULL || mh_dir_open_at(parent, path, dir, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int dir_path(lua_State *L)
{
    lua_pushstring(L, mh_lib_check_dir(L, 1)->path);
    return 1;
}

static int dir_close(lua_State *L)
{
    mh_dir_close(luaL_checkudata(L, 1, MH_LIB_DIR));
    return 0;
}

static int dir_tostring(lua_State *L)
{
    struct mh_dir *dir = luaL_checkudata(L, 1, MH_LIB_DIR);

    lua_pushfstring(L, MH_LIB_DIR " (%s)", dir->fd >= 0 ? dir->path : "closed");
    return 1;
}

static int dir_read(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    struct mh_dir_read_options options = {
        .max = (size_t)check_integer(L, 3, "max", DEFAULT_MAX),
        .links = check_links(L, 3),
    };
    struct mh_buffer *text = &get_scratch(L)->text;

    if (path == NULL || mh_dir_read(dir, path, &options, text, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushlstring(L, text->data, text->size);
    if (text->capacity > SCRATCH_KEEP) {
        mh_buffer_release(text);
    }
    return 1;
}

static void push_listing(lua_State *L, const struct mh_listing *listing)
{
    lua_createtable(L, (int)listing->count, 0);
    for (size_t i = 0; i < listing->count; i++) {
        lua_createtable(L, 0, 2);
        (void)lua_pushstring(L, listing->entries[i].name);
        lua_setfield(L, -2, "name");
        (void)lua_pushstring(L, mh_kind_name(listing->entries[i].kind));
        lua_setfield(L, -2, "kind");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static int dir_list(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = lua_isnoneornil(L, 2) ? "" : mh_lib_check_path(L, 2, &err);
    struct mh_listing *listing = &get_scratch(L)->listing;

    mh_listing_release(listing); /* left there by a call that raised */
    if (path == NULL || mh_dir_list(dir, path, listing, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    push_listing(L, listing);
    mh_listing_release(listing);
    return 1;
}

static void push_properties(lua_State *L, const struct stat *properties)
{
    lua_createtable(L, 0, 7);
    (void)lua_pushstring(L, mh_kind_name(mh_kind_of(properties->st_mode)));
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, properties->st_size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, properties->st_mode & 07777);
    lua_setfield(L, -2, "mode");
    lua_pushnumber(L, (lua_Number)properties->st_mtim.tv_sec +
                          (lua_Number)properties->st_mtim.tv_nsec / 1e9);
    lua_setfield(L, -2, "mtime");
    lua_pushinteger(L, (lua_Integer)properties->st_nlink);
    lua_setfield(L, -2, "nlink");
    lua_pushinteger(L, (lua_Integer)properties->st_uid);
    lua_setfield(L, -2, "uid");
    lua_pushinteger(L, (lua_Integer)properties->st_gid);
    lua_setfield(L, -2, "gid");
}

static int dir_stat(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    enum mh_links links = check_links(L, 3);
    struct stat properties;

    if (path == NULL || mh_dir_stat(dir, path, links, &properties, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    push_properties(L, &properties);
    return 1;
}

static int dir_real(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    struct mh_buffer *real = &get_scratch(L)->text;

    if (path == NULL || mh_dir_real(dir, path, real, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushlstring(L, real->data, real->size);
    return 1;
}

static int dir_write(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    size_t size;
    const char *text = luaL_checklstring(L, 3, &size);
    struct mh_atomic_options options = {
        .mode = check_mode(L, 4, DEFAULT_MODE),
        .durable = true,
    };

    if (lua_istable(L, 4)) {
        options.durable = lua_getfield(L, 4, "durable") == LUA_TNIL || lua_toboolean(L, -1);
    }
    if (path == NULL || mh_atomic_write(dir->fd, path, text, size, &options, &err) < 0) {
        if (path != NULL) {
            (void)mh_err_wrap(&err, "in %s", dir->path);
        }
        return mh_lib_fail(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int dir_mkdir(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);
    mode_t mode = check_mode(L, 3, DEFAULT_DIR_MODE);

    return mh_lib_answer(L, path == NULL ? -1 : mh_dir_make(dir, path, mode, &err), &err);
}

static int dir_remove(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = mh_lib_check_path(L, 2, &err);

    return mh_lib_answer(L, path == NULL ? -1 : mh_dir_remove(dir, path, &err), &err);
}

static int dir_rename(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *from = mh_lib_check_path(L, 2, &err);
    const char *to = mh_lib_check_path(L, 3, &err);

    return mh_lib_answer(L, from == NULL || to == NULL ? -1 : mh_dir_rename(dir, from, to, &err),
                         &err);
}

static int dir_sync(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_dir *dir = mh_lib_check_dir(L, 1);
    const char *path = lua_isnoneornil(L, 2) ? "" : mh_lib_check_path(L, 2, &err);

    return mh_lib_answer(L, path == NULL ? -1 : mh_dir_sync(dir, path, &err), &err);
}

static const luaL_Reg dir_methods[] = {
    {"open_dir", dir_open_dir},
    {"path", dir_path},
    {"close", dir_close},
    {"read", dir_read},
    {"list", dir_list},
    {"stat", dir_stat},
    {"write", dir_write},
    {"mkdir", dir_mkdir},
    {"remove", dir_remove},
    {"rename", dir_rename},
    {"sync", dir_sync},
    {"real", dir_real},
    {NULL, NULL},
};

static const luaL_Reg dir_metamethods[] = {
    {"__gc", dir_close},
    {"__close", dir_close},
    {"__tostring", dir_tostring},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"open_dir", fs_open_dir},
    {NULL, NULL},
};

/* Pushes a scratch that owns nothing yet. */
static void push_scratch(lua_State *L)
{
    struct scratch *scratch = lua_newuserdatauv(L, sizeof *scratch, 0);

    *scratch = (struct scratch){0};
    if (luaL_newmetatable(L, SCRATCH_TYPE)) {
        lua_pushcfunction(L, release_scratch);
        lua_setfield(L, -2, "__gc");
    }
    (void)lua_setmetatable(L, -2);
}

int luaopen_host_fs(lua_State *L)
{
    (void)luaL_newmetatable(L, MH_LIB_DIR);
    luaL_setfuncs(L, dir_metamethods, 0);
    luaL_newlibtable(L, dir_methods);
    push_scratch(L);
    luaL_setfuncs(L, dir_methods, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
