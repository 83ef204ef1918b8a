/* lib_publish_base: what a step starts from, as host.publish shows it. */
#include "lib_publish.h"
#include "lib_tree.h"

static int site_snapshot(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = mh_lib_check_lease(L, 2);
    struct mh_lib_base *box = lua_newuserdatauv(L, sizeof *box, 2);
    struct mh_err err = {0};

    *box = (struct mh_lib_base){.base = MH_BASE_INIT, .site = site, .lease = lease};
    luaL_setmetatable(L, MH_LIB_BASE);
    lua_pushvalue(L, 1);
    (void)lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, 2);
    (void)lua_setiuservalue(L, -2, 2);
    if (mh_site_base(site, lease, &box->base, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int snapshot_gc(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);

    mh_base_release(&box->base);
    return 0;
}

static int snapshot_digest(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);
    char hex[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(box->base.live.digest, hex);
    (void)lua_pushstring(L, hex);
    return 1;
}

static int snapshot_tree_id(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);

    (void)lua_pushstring(L, box->base.tree.hex);
    return 1;
}

static int snapshot_exists(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);

    lua_pushboolean(L, box->base.live.exists);
    return 1;
}

/* For what needs more than the snapshot itself. */
static void check_usable(lua_State *L, const struct mh_lib_base *box)
{
    luaL_argcheck(L, mh_lib_keeps_site(L, 1), 1, "its site or its repository is closed");
    luaL_argcheck(L, box->lease->slug != NULL, 1, "its lease was given back");
}

static int snapshot_copy(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);
    const char *path = luaL_checkstring(L, 2);
    struct mh_err err = {0};

    check_usable(L, box);
    return mh_lib_answer(L, mh_base_copy(box->site, box->lease, &box->base, path, &err), &err);
}

static int snapshot_refresh(lua_State *L)
{
    struct mh_lib_base *box = luaL_checkudata(L, 1, MH_LIB_BASE);
    const char *path = luaL_checkstring(L, 2);
    const struct mh_snapshot *old = mh_lib_opt_snapshot(L, 3);
    struct mh_err err = {0};

    check_usable(L, box);
    luaL_argexpected(L, old != NULL, 3, "snapshot");
    return mh_lib_answer(L, mh_base_refresh(box->site, box->lease, &box->base, path, old, &err),
                         &err);
}

static const luaL_Reg site_methods[] = {{"snapshot", site_snapshot}, {NULL, NULL}};

static const luaL_Reg snapshot_methods[] = {
    {"digest", snapshot_digest}, {"tree_id", snapshot_tree_id}, {"exists", snapshot_exists},
    {"copy", snapshot_copy},     {"refresh", snapshot_refresh}, {NULL, NULL},
};

void mh_lib_add_base(lua_State *L)
{
    mh_lib_make_type(L, MH_LIB_BASE, snapshot_methods, snapshot_gc);
    mh_lib_add_site_methods(L, site_methods);
}
