/* lib_publish: host.publish, the transaction of publish.h for planning. */
#include "lib_publish.h"

#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "lib_repo.h"
#include "lib_tree.h"
#include "publish_parts.h"

#define LEASE_TYPE "host.publish.Lease"
#define SNAPSHOT_TYPE "host.publish.Snapshot"
#define TX_TYPE "host.publish.Tx"
#define RECOVERY_TYPE "host.publish.recovery"

/* A value keeps what it was made from alive through its user values. */
struct snapshot_box {
    struct mh_base base;
    const struct mh_site *site;
    const struct mh_lease *lease;
};

struct mh_site *mh_lib_check_site(lua_State *L, int index)
{
    struct mh_lib_site *box = luaL_checkudata(L, index, MH_LIB_SITE);

    luaL_argcheck(L, box->open, index, "the site is closed");
    return &box->site;
}

static struct mh_lease *check_lease(lua_State *L, int index)
{
    struct mh_lease *lease = luaL_checkudata(L, index, LEASE_TYPE);

    luaL_argcheck(L, lease->slug != NULL, index, "the lease was given back");
    return lease;
}

static struct mh_tx *check_tx(lua_State *L)
{
    struct mh_tx *tx = luaL_checkudata(L, 1, TX_TYPE);

    luaL_argcheck(L, tx->label != NULL, 1, "the transaction is closed");
    return tx;
}

/* A string field of the table at index; raises where it is absent and there is no fallback. */
static const char *field(lua_State *L, int index, const char *name, const char *fallback)
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

static int answer(lua_State *L, int result, const struct mh_err *err)
{
    if (result < 0) {
        return mh_lib_fail(L, err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int publish_open(lua_State *L)
{
    struct mh_site_options options = {0};
    struct mh_err err = {0};
    struct mh_lib_site *box;

    luaL_checktype(L, 1, LUA_TTABLE);
    (void)lua_getfield(L, 1, "repo");
    options.repo = mh_lib_check_repo(L, -1);
    options.live = field(L, 1, "live", NULL);
    options.state_home = field(L, 1, "state_home", NULL);
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

static void set_text(lua_State *L, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        (void)lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}

static int site_recover(lua_State *L)
{
    static const char *const actions[] = {[MH_RECOVERY_NONE] = "none",
                                          [MH_RECOVERY_FINISHED] = "finished",
                                          [MH_RECOVERY_DISCARDED] = "discarded",
                                          [MH_RECOVERY_SET_ASIDE] = "set-aside"};
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = check_lease(L, 2);
    struct mh_recovery *recovery = lua_newuserdatauv(L, sizeof *recovery, 0);
    struct mh_err err = {0};

    *recovery = (struct mh_recovery){.action = MH_RECOVERY_NONE};
    luaL_setmetatable(L, RECOVERY_TYPE);
    if (mh_site_recover(site, lease, recovery, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, 0, 5);
    set_text(L, "action", actions[recovery->action]);
    set_text(L, "commit", recovery->commit.hex);
    set_text(L, "operation", recovery->operation);
    set_text(L, "workspace", recovery->workspace);
    set_text(L, "kept", recovery->kept);
    return 1;
}

static int site_snapshot(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = check_lease(L, 2);
    struct snapshot_box *box = lua_newuserdatauv(L, sizeof *box, 2);
    struct mh_err err = {0};

    *box = (struct snapshot_box){.base = MH_BASE_INIT, .site = site, .lease = lease};
    luaL_setmetatable(L, SNAPSHOT_TYPE);
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
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);

    mh_base_release(&box->base);
    return 0;
}

static int snapshot_digest(lua_State *L)
{
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);
    char hex[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(box->base.live.digest, hex);
    (void)lua_pushstring(L, hex);
    return 1;
}

static int snapshot_tree_id(lua_State *L)
{
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);

    (void)lua_pushstring(L, box->base.tree.hex);
    return 1;
}

static int snapshot_exists(lua_State *L)
{
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);

    lua_pushboolean(L, box->base.live.exists);
    return 1;
}

static int snapshot_copy(lua_State *L)
{
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);
    const char *path = luaL_checkstring(L, 2);
    struct mh_err err = {0};

    luaL_argcheck(L, box->lease->slug != NULL, 1, "its lease was given back");
    return answer(L, mh_base_copy(box->site, box->lease, &box->base, path, &err), &err);
}

static int snapshot_refresh(lua_State *L)
{
    struct snapshot_box *box = luaL_checkudata(L, 1, SNAPSHOT_TYPE);
    const char *path = luaL_checkstring(L, 2);
    const struct mh_snapshot *old = mh_lib_opt_snapshot(L, 3);
    struct mh_err err = {0};

    luaL_argcheck(L, box->lease->slug != NULL, 1, "its lease was given back");
    luaL_argexpected(L, old != NULL, 3, "snapshot");
    return answer(L, mh_base_refresh(box->site, box->lease, &box->base, path, old, &err), &err);
}

static int site_begin(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = check_lease(L, 2);
    struct snapshot_box *box = luaL_checkudata(L, 3, SNAPSHOT_TYPE);
    struct mh_tx_request request = {.base = &box->base};
    struct mh_err err = {0};
    struct mh_tx *tx;

    luaL_checktype(L, 4, LUA_TTABLE);
    request.workspace = field(L, 4, "workspace", NULL);
    request.digest = field(L, 4, "digest", "");
    request.operation = field(L, 4, "operation", NULL);
    request.message = field(L, 4, "message", NULL);
    request.token = field(L, 4, "token", NULL);
    luaL_argcheck(L,
                  strlen(request.token) == MH_TOKEN_HEX &&
                      strspn(request.token, "0123456789abcdef") == MH_TOKEN_HEX,
                  4, "token: 32 hexadecimal digits expected");
    if (*request.digest == '\0') {
        request.digest = NULL;
    }
    tx = lua_newuserdatauv(L, sizeof *tx, 3);
    *tx = (struct mh_tx)MH_TX_INIT;
    luaL_setmetatable(L, TX_TYPE);
    for (int i = 1; i <= 3; i++) {
        lua_pushvalue(L, i);
        (void)lua_setiuservalue(L, -2, i);
    }
    if (mh_tx_begin(site, lease, &request, tx, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int tx_staged(lua_State *L)
{
    struct mh_tx *tx = check_tx(L);

    (void)lua_pushfstring(L, "%s/%s/" MH_TRANSACTIONS "/%s/" MH_STAGED,
                          mh_repo_worktree(tx->site->repo), tx->site->live, tx->label);
    return 1;
}

static int tx_exchange(lua_State *L)
{
    struct mh_err err = {0};

    return answer(L, mh_tx_exchange(check_tx(L), &err), &err);
}

static int tx_commit(lua_State *L)
{
    struct mh_oid commit = {{0}};
    struct mh_err err = {0};

    if (mh_tx_commit(check_tx(L), &commit, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushstring(L, commit.hex);
    return 1;
}

static int tx_committed(lua_State *L)
{
    struct mh_tx *tx = check_tx(L);

    lua_pushboolean(L, tx->committed);
    return 1;
}

static int tx_finish(lua_State *L)
{
    struct mh_err err = {0};

    return answer(L, mh_tx_finish(check_tx(L), &err), &err);
}

static int tx_rollback(lua_State *L)
{
    struct mh_err err = {0};

    return answer(L, mh_tx_rollback(check_tx(L), &err), &err);
}

static int tx_release(lua_State *L)
{
    mh_tx_release(luaL_checkudata(L, 1, TX_TYPE));
    return 0;
}

static const luaL_Reg publish_functions[] = {{"open", publish_open}, {NULL, NULL}};

static const luaL_Reg site_methods[] = {
    {"project_id", site_project_id}, {"common", site_common},
    {"lease", site_lease},           {"recover", site_recover},
    {"snapshot", site_snapshot},     {"begin", site_begin},
    {"close", site_close},           {NULL, NULL},
};

static const luaL_Reg lease_methods[] = {{"drop", lease_drop}, {NULL, NULL}};

static const luaL_Reg snapshot_methods[] = {
    {"digest", snapshot_digest}, {"tree_id", snapshot_tree_id}, {"exists", snapshot_exists},
    {"copy", snapshot_copy},     {"refresh", snapshot_refresh}, {NULL, NULL},
};

static const luaL_Reg tx_methods[] = {
    {"staged", tx_staged}, {"exchange", tx_exchange},
    {"commit", tx_commit}, {"committed", tx_committed},
    {"finish", tx_finish}, {"rollback", tx_rollback},
    {NULL, NULL},
};

static const luaL_Reg no_methods[] = {{NULL, NULL}};

static void make_type(lua_State *L, const char *name, const luaL_Reg *methods,
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

int luaopen_host_publish(lua_State *L)
{
    make_type(L, MH_LIB_SITE, site_methods, site_close);
    mh_lib_add_repair(L);
    make_type(L, LEASE_TYPE, lease_methods, lease_drop);
    make_type(L, SNAPSHOT_TYPE, snapshot_methods, snapshot_gc);
    make_type(L, TX_TYPE, tx_methods, tx_release);
    make_type(L, RECOVERY_TYPE, no_methods, recovery_gc);
    luaL_newlib(L, publish_functions);
    return 1;
}
