/* lib_publish_tx: a transaction, as host.publish shows it. */
#include <string.h>

#include "lib_publish.h"
#include "publish_parts.h"

#define TX_TYPE "host.publish.Tx"

static struct mh_tx *check_tx(lua_State *L)
{
    struct mh_tx *tx = luaL_checkudata(L, 1, TX_TYPE);

    luaL_argcheck(L, tx->label != NULL, 1, "the transaction is closed");
    luaL_argcheck(L, mh_lib_keeps_site(L, 1), 1, "its site or its repository is closed");
    return tx;
}

static int site_begin(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_lease *lease = mh_lib_check_lease(L, 2);
    struct mh_lib_base *box = luaL_checkudata(L, 3, MH_LIB_BASE);
    struct mh_tx_request request = {.base = &box->base};
    struct mh_err err = {0};
    struct mh_tx *tx;

    luaL_checktype(L, 4, LUA_TTABLE);
    request.workspace = mh_lib_text_field(L, 4, "workspace", NULL);
    request.digest = mh_lib_text_field(L, 4, "digest", "");
    request.operation = mh_lib_text_field(L, 4, "operation", NULL);
    request.message = mh_lib_text_field(L, 4, "message", NULL);
    request.token = mh_lib_text_field(L, 4, "token", NULL);
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

    return mh_lib_answer(L, mh_tx_exchange(check_tx(L), &err), &err);
}

static int tx_verify(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_tx_verify(check_tx(L), &err), &err);
}

static int tx_commit(lua_State *L)
{
    struct mh_tx *tx = check_tx(L);
    double wait = luaL_optnumber(L, 2, MH_TX_WAIT_SECONDS);
    struct mh_oid commit = {{0}};
    struct mh_err err = {0};

    if (mh_tx_commit(tx, wait, &commit, &err) < 0) {
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

    return mh_lib_answer(L, mh_tx_finish(check_tx(L), &err), &err);
}

static int tx_rollback(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_tx_rollback(check_tx(L), &err), &err);
}

static int tx_release(lua_State *L)
{
    struct mh_tx *tx = luaL_checkudata(L, 1, TX_TYPE);

    if (!mh_lib_keeps_site(L, 1)) {
        tx->state = MH_TX_DONE; /* nothing is left to roll it back with: the next command does it */
    }
    mh_tx_release(tx);
    return 0;
}

static const luaL_Reg site_methods[] = {{"begin", site_begin}, {NULL, NULL}};

static const luaL_Reg tx_methods[] = {
    {"staged", tx_staged}, {"exchange", tx_exchange},
    {"commit", tx_commit}, {"committed", tx_committed},
    {"finish", tx_finish}, {"rollback", tx_rollback},
    {"verify", tx_verify}, {NULL, NULL},
};

void mh_lib_add_tx(lua_State *L)
{
    mh_lib_make_type(L, TX_TYPE, tx_methods, tx_release);
    mh_lib_add_site_methods(L, site_methods);
}
