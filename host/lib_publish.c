/* lib_publish: host.publish, the transaction of publish.h for planning: sites and leases. */
#include "lib_publish.h"

#include <string.h>

#include "lib_repo.h"

#define LEASE_TYPE "host.publish.Lease"
#define RECOVERY_TYPE "host.publish.recovery"

struct mh_site *mh_lib_check_site(lua_State *L, int index)
{
    struct mh_lib_site *box = luaL_checkudata(L, index, MH_LIB_SITE);

    luaL_argcheck(L, mh_lib_has_site(L, index), index, "the site or its repository is closed");
    return &box->site;
}

bool mh_lib_has_site(lua_State *L, int index)
{
    const struct mh_lib_site *box = luaL_testudata(L, index, MH_LIB_SITE);
    bool has = false;

    if (box != NULL && box->open) {
        (void)lua_getiuservalue(L, index, 1);
        has = mh_lib_has_repo(L, -1);
        lua_pop(L, 1);
    }
    return has;
}

bool mh_lib_keeps_site(lua_State *L, int index)
{
    bool keeps;

    (void)lua_getiuservalue(L, index, 1);
    keeps = mh_lib_has_site(L, lua_gettop(L));
    lua_pop(L, 1);
    return keeps;
}

struct mh_lease *mh_lib_check_lease(lua_State *L, int index)
{
    struct mh_lease *lease = luaL_checkudata(L, index, LEASE_TYPE);

    luaL_argcheck(L, lease->slug != NULL, index, "the lease was given back");
    return lease;
}

const char *mh_lib_text_field(lua_State *L, int index, const char *name, const char *fallback)
{
    const char *value;

    if (lua_getfield(L, index, name) == LUA_TNIL && fallback != NULL) {
        lua_pop(L, 1);
        return fallback;
    }
    value = lua_tostring(L, -1);
    luaL_argexpected(L, value != NULL, index, name);
    lua_pop(L, 1); /* the table keeps it */
    return value;
}

static double wait_option(lua_State *L, int index)
{
    double wait = 0;

    if (!lua_isnoneornil(L, index)) {
        luaL_checktype(L, index, LUA_TTABLE);
        if (lua_getfield(L, index, "wait") != LUA_TNIL) {
            wait = luaL_checknumber(L, -1);
        }
        lua_pop(L, 1);
    }
    return wait;
}

static int publish_open(lua_State *L)
{
    struct mh_site_options options = {0};
    struct mh_err err = {0};
    struct mh_lib_site *box;

    luaL_checktype(L, 1, LUA_TTABLE);
    (void)lua_getfield(L, 1, "repo");
    options.repo = mh_lib_check_repo(L, -1);
    options.live = mh_lib_text_field(L, 1, "live", NULL);
    options.state_home = mh_lib_text_field(L, 1, "state_home", NULL);
    (void)lua_getfield(L, 1, "allow_fuse");
    options.allow_fuse = lua_toboolean(L, -1);
    box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = (struct mh_lib_site){.open = false};
    luaL_setmetatable(L, MH_LIB_SITE);
    (void)lua_getfield(L, 1, "repo");
    (void)lua_setiuservalue(L, -2, 1);
    if (mh_site_open(&options, &box->site, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    box->open = true;
    return 1;
}

static int site_close(lua_State *L)
{
    struct mh_lib_site *box = luaL_checkudata(L, 1, MH_LIB_SITE);

    if (box->open) {
        box->open = false;
        mh_site_close(&box->site);
    }
    return 0;
}

static int site_project_id(lua_State *L)
{
    (void)lua_pushstring(L, mh_lib_check_site(L, 1)->id);
    return 1;
}

static int site_common(lua_State *L)
{
    (void)lua_pushstring(L, mh_lib_check_site(L, 1)->home);
    return 1;
}

static int site_lease(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    const char *slug = luaL_checkstring(L, 2);
    const char *operation = luaL_checkstring(L, 3);
    double wait = wait_option(L, 4);
    struct mh_lease *lease = lua_newuserdatauv(L, sizeof *lease, 1);
    struct mh_err err = {0};

    *lease = (struct mh_lease)MH_LEASE_INIT;
    luaL_setmetatable(L, LEASE_TYPE);
    lua_pushvalue(L, 1);
    (void)lua_setiuservalue(L, -2, 1);
    if (mh_lease_take(site, slug, operation, wait, lease, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int lease_drop(lua_State *L)
{
    mh_lease_drop(luaL_checkudata(L, 1, LEASE_TYPE));
    return 0;
}

static int recovery_gc(lua_State *L)
{
    mh_recovery_release(luaL_checkudata(L, 1, RECOVERY_TYPE));
    return 0;
}

static int site_recover(lua_State *L)
{
    static const char *const actions[] = {[MH_RECOVERY_NONE] = "none",
                                          [MH_RECOVERY_FINISHED] = "finished",
                                          [MH_RECOVERY_DISCARDED] = "discarded",
                                          [MH_RECOVERY_SET_ASIDE] = "set-aside"};
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = mh_lib_check_lease(L, 2);
    struct mh_recovery *recovery = lua_newuserdatauv(L, sizeof *recovery, 0);
    struct mh_err err = {0};

    *recovery = (struct mh_recovery){.action = MH_RECOVERY_NONE};
    luaL_setmetatable(L, RECOVERY_TYPE);
    if (mh_site_recover(site, lease, recovery, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, 0, 5);
    mh_lib_set_text(L, "action", actions[recovery->action]);
    mh_lib_set_text(L, "commit", recovery->commit.hex);
    mh_lib_set_text(L, "operation", recovery->operation);
    mh_lib_set_text(L, "workspace", recovery->workspace);
    mh_lib_set_text(L, "kept", recovery->kept);
    return 1;
}

static const luaL_Reg publish_functions[] = {{"open", publish_open}, {NULL, NULL}};

static const luaL_Reg site_methods[] = {
    {"project_id", site_project_id}, {"common", site_common}, {"lease", site_lease},
    {"recover", site_recover},       {"close", site_close},   {NULL, NULL},
};

static const luaL_Reg lease_methods[] = {{"drop", lease_drop}, {NULL, NULL}};

static const luaL_Reg no_methods[] = {{NULL, NULL}};

void mh_lib_make_type(lua_State *L, const char *name, const luaL_Reg *methods,
                      lua_CFunction release)
{
    (void)luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, release);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, release);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
}

void mh_lib_add_site_methods(lua_State *L, const luaL_Reg *methods)
{
    luaL_getmetatable(L, MH_LIB_SITE);
    (void)lua_getfield(L, -1, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 2);
}

int luaopen_host_publish(lua_State *L)
{
    mh_lib_make_type(L, MH_LIB_SITE, site_methods, site_close);
    mh_lib_make_type(L, LEASE_TYPE, lease_methods, lease_drop);
    mh_lib_make_type(L, RECOVERY_TYPE, no_methods, recovery_gc);
    mh_lib_add_base(L);
    mh_lib_add_tx(L);
    mh_lib_add_repair(L);
    luaL_newlib(L, publish_functions);
    return 1;
}
