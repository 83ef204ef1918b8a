/* lib_repo: host.repo, a git repository for reading. */
#include "lib_repo.h"

#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "repo.h"
#include "repo_git.h"
#include "repo_status.h"

#define REPO_TYPE "host.repo.Repo"
#define SCRATCH_TYPE "host.repo.scratch"

struct repo_box {
    struct mh_repo *repo;
};

/* What a call needs on the heap; the functions' upvalue owns it, so that a raise cannot leak it. */
struct scratch {
    struct mh_repo_head head;
    char *text;
};

static struct scratch *take_scratch(lua_State *L)
{
    struct scratch *scratch = lua_touserdata(L, lua_upvalueindex(1));

    mh_repo_head_release(&scratch->head); /* left there by a call that raised */
    free(scratch->text);
    scratch->text = NULL;
    return scratch;
}

static int scratch_gc(lua_State *L)
{
    struct scratch *scratch = luaL_checkudata(L, 1, SCRATCH_TYPE);

    mh_repo_head_release(&scratch->head);
    free(scratch->text);
    scratch->text = NULL;
    return 0;
}

struct mh_repo *mh_lib_check_repo(lua_State *L, int index)
{
    struct repo_box *box = luaL_checkudata(L, index, REPO_TYPE);

    luaL_argcheck(L, box->repo != NULL, index, "the repository is closed");
    return box->repo;
}

bool mh_lib_has_repo(lua_State *L, int index)
{
    const struct repo_box *box = luaL_testudata(L, index, REPO_TYPE);

    return box != NULL && box->repo != NULL;
}

static int repo_open(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct repo_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    struct mh_err err = {0};

    box->repo = NULL;
    luaL_setmetatable(L, REPO_TYPE);
    if (mh_repo_open(path, &box->repo, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    return 1;
}

static int repo_close(lua_State *L)
{
    struct repo_box *box = luaL_checkudata(L, 1, REPO_TYPE);
    struct mh_repo *repo = box->repo;

    box->repo = NULL;
    mh_repo_close(repo);
    return 0;
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

static int repo_info(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    struct scratch *scratch = take_scratch(L);
    struct mh_err err = {0};

    if (mh_repo_read_head(repo, &scratch->head, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, 0, 8);
    mh_lib_set_text(L, "workdir", mh_repo_worktree(repo));
    mh_lib_set_text(L, "gitdir", mh_repo_gitdir(repo));
    mh_lib_set_text(L, "commondir", mh_repo_commondir(repo));
    mh_lib_set_text(L, "state", mh_repo_operation(repo));
    mh_lib_set_text(L, "branch", scratch->head.branch);
    mh_lib_set_text(L, "head", scratch->head.commit.hex);
    set_flag(L, "detached", scratch->head.detached);
    set_flag(L, "unborn", scratch->head.unborn);
    return 1;
}

static int repo_ask_identity(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    struct mh_err err = {0};

    if (mh_repo_ask_committer(repo, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int repo_identity(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const struct mh_repo_person *committer = NULL;
    struct mh_err err = {0};

    if (mh_repo_author(repo, &err) != NULL) {
        committer = mh_repo_committer(repo, &err);
    }
    if (committer == NULL) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, 0, 2);
    mh_lib_set_text(L, "name", committer->name);
    mh_lib_set_text(L, "email", committer->email);
    return 1;
}

static int repo_has_setting(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const char *name = luaL_checkstring(L, 2);
    struct mh_err err = {0};
    int found = mh_repo_has_setting(repo, name, &err);

    if (found < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_pushboolean(L, found);
    return 1;
}

static int repo_tree_id(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const char *path = luaL_checkstring(L, 2);
    const char *rev = luaL_optstring(L, 3, "");
    struct mh_oid id = {{0}};
    struct mh_err err = {0};
    int found = mh_repo_tree_id(repo, rev, path, &id, &err);

    if (found < 0) {
        return mh_lib_fail(L, &err);
    }
    if (found == 0) {
        lua_pushboolean(L, 0);
    } else {
        (void)lua_pushstring(L, id.hex);
    }
    return 1;
}

static int repo_read(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const char *path = luaL_checkstring(L, 2);
    const char *rev = luaL_optstring(L, 3, "");
    struct scratch *scratch = take_scratch(L);
    struct mh_err err = {0};
    size_t size = 0;

    if (mh_repo_read_blob(repo, rev, path, &scratch->text, &size, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushlstring(L, scratch->text, size);
    free(scratch->text);
    scratch->text = NULL;
    return 1;
}

/* The words of a table as an array that Lua owns, ended by NULL. */
static const char **check_words(lua_State *L, int index)
{
    lua_Unsigned count = lua_rawlen(L, index);
    const char **words = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *words, 0);

    luaL_argcheck(L, count > 0, index, "words for git expected");
    for (lua_Unsigned i = 0; i < count; i++) {
        (void)lua_rawgeti(L, index, (lua_Integer)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, index, "words for git are strings");
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the table keeps it */
    }
    words[count] = NULL;
    return words;
}

static int repo_git(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    struct mh_repo_git_call call = {.args = NULL};
    struct scratch *scratch;
    struct mh_err err = {0};
    size_t size = 0;

    luaL_checktype(L, 2, LUA_TTABLE);
    call.args = check_words(L, 2);
    scratch = take_scratch(L);
    if (mh_repo_git(repo, &call, &scratch->text, &size, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushlstring(L, scratch->text != NULL ? scratch->text : "", size);
    free(scratch->text);
    scratch->text = NULL;
    return 1;
}

static int repo_export(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const struct mh_repo_export request = {.path = luaL_checkstring(L, 2),
                                           .rev = luaL_checkstring(L, 3),
                                           .to = luaL_checkstring(L, 4)};
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_repo_export(repo, &request, &err), &err);
}

static int repo_version(lua_State *L)
{
    (void)lua_pushstring(L, mh_repo_library_version());
    return 1;
}

static const luaL_Reg repo_functions[] = {
    {"open", repo_open},
    {"version", repo_version},
    {NULL, NULL},
};

static const luaL_Reg repo_methods[] = {
    {"info", repo_info},
    {"ask_identity", repo_ask_identity},
    {"identity", repo_identity},
    {"has_setting", repo_has_setting},
    {"tree_id", repo_tree_id},
    {"history", mh_lib_repo_history},
    {"read", repo_read},
    {"git", repo_git},
    {"export", repo_export},
    {"close", repo_close},
    {NULL, NULL},
};

static const luaL_Reg repo_meta[] = {
    {"__gc", repo_close},
    {"__close", repo_close},
    {NULL, NULL},
};

int luaopen_host_repo(lua_State *L)
{
    struct scratch *scratch;

    (void)luaL_newmetatable(L, SCRATCH_TYPE);
    lua_pushcfunction(L, scratch_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    mh_lib_make_commits(L);
    (void)luaL_newmetatable(L, REPO_TYPE);
    luaL_setfuncs(L, repo_meta, 0);
    luaL_newlibtable(L, repo_methods);
    scratch = lua_newuserdatauv(L, sizeof *scratch, 0);
    *scratch = (struct scratch){0};
    luaL_setmetatable(L, SCRATCH_TYPE);
    luaL_setfuncs(L, repo_methods, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, repo_functions);
    return 1;
}
