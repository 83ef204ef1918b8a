/* lib_repo_history: the commits that changed a path, as host.repo shows them. */
#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "lib_repo.h"
#include "repo.h"

/* Commits are collected in C, so that Lua, which may raise, is not called while libgit2 walks. */
struct commits {
    struct mh_repo_entry *entries; /* the messages are heap copies */
    size_t count;
    size_t room;
    struct mh_err *err; /* of the walk under way */
};

#define COMMITS_TYPE "host.repo.commits"

static int commits_gc(lua_State *L)
{
    struct commits *commits = luaL_checkudata(L, 1, COMMITS_TYPE);

    for (size_t i = 0; i < commits->count; i++) {
        free((char *)(uintptr_t)commits->entries[i].message);
    }
    free(commits->entries);
    *commits = (struct commits){0};
    return 0;
}

void mh_lib_make_commits(lua_State *L)
{
    (void)luaL_newmetatable(L, COMMITS_TYPE);
    lua_pushcfunction(L, commits_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

static int collect(void *context, const struct mh_repo_entry *entry)
{
    struct commits *commits = context;
    char *message = strdup(entry->message);

    if (commits->count == commits->room) {
        size_t room = commits->room * 2 + 16;
        struct mh_repo_entry *grown = realloc(commits->entries, room * sizeof *grown);

        if (grown == NULL) {
            free(message);
            return mh_err_nomem(commits->err);
        }
        commits->entries = grown;
        commits->room = room;
    }
    if (message == NULL) {
        return mh_err_nomem(commits->err);
    }
    commits->entries[commits->count] = *entry;
    commits->entries[commits->count++].message = message;
    return 0;
}

static void push_commit(lua_State *L, const struct mh_repo_entry *entry)
{
    size_t subject = strcspn(entry->message, "\n");
    const char *body = entry->message + subject;

    lua_createtable(L, 0, 5);
    mh_lib_set_text(L, "oid", entry->commit.hex);
    (void)lua_pushlstring(L, entry->message, subject);
    lua_setfield(L, -2, "subject");
    (void)lua_pushstring(L, body + strspn(body, "\n"));
    lua_setfield(L, -2, "body");
    lua_pushinteger(L, entry->time);
    lua_setfield(L, -2, "time");
    lua_pushinteger(L, entry->offset);
    lua_setfield(L, -2, "offset");
}

int mh_lib_repo_history(lua_State *L)
{
    struct mh_repo *repo = mh_lib_check_repo(L, 1);
    const char *path = luaL_checkstring(L, 2);
    lua_Integer max = luaL_optinteger(L, 3, 1000);
    struct commits *commits;
    struct mh_err err = {0};

    luaL_argcheck(L, max >= 0, 3, "a number of commits expected");
    commits = lua_newuserdatauv(L, sizeof *commits, 0);
    *commits = (struct commits){.err = &err};
    luaL_setmetatable(L, COMMITS_TYPE);
    if (mh_repo_history(repo, path, (size_t)max, collect, commits, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    lua_createtable(L, (int)commits->count, 0);
    for (size_t i = 0; i < commits->count; i++) {
        push_commit(L, &commits->entries[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}
