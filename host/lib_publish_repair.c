/* lib_publish_repair: the part of host.publish's sites that `doctor --repair` needs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir.h"
#include "lib_publish.h"
#include "repo_lock.h"

#define SCRATCH_TYPE "host.publish.scratch"

/* What a search finds, as texts ended by NUL, collected before Lua is called again. */
struct found {
    struct mh_buffer texts;
    struct mh_err *err;
};

static int scratch_gc(lua_State *L)
{
    mh_buffer_release(luaL_checkudata(L, 1, SCRATCH_TYPE));
    return 0;
}

static int add(struct found *found, const char *text)
{
    size_t size = strlen(text) + 1;
    struct mh_buffer *texts = &found->texts;

    if (texts->size + size > texts->capacity &&
        mh_buffer_reserve(texts, 2 * (texts->size + size), found->err) < 0) {
        return -1;
    }
    memcpy(texts->data + texts->size, text, size);
    texts->size += size;
    return 0;
}

/* Hands what was found over to the userdata on top of the stack, which then owns it. */
static void keep(lua_State *L, const struct found *found)
{
    struct mh_buffer *kept = luaL_checkudata(L, -1, SCRATCH_TYPE);

    *kept = found->texts;
}

static void push_scratch(lua_State *L)
{
    struct mh_buffer *scratch = lua_newuserdatauv(L, sizeof *scratch, 0);

    *scratch = (struct mh_buffer){0};
    luaL_setmetatable(L, SCRATCH_TYPE);
}

/* Pushes a list of tables with these fields from the texts in the userdata on top. */
static void push_rows(lua_State *L, const char *const *fields)
{
    const struct mh_buffer *texts = luaL_checkudata(L, -1, SCRATCH_TYPE);
    lua_Integer count = 0;

    lua_newtable(L);
    for (size_t at = 0; at < texts->size;) {
        lua_newtable(L);
        for (const char *const *field = fields; *field != NULL; field++) {
            (void)lua_pushstring(L, texts->data + at);
            lua_setfield(L, -2, *field);
            at += strlen(texts->data + at) + 1;
        }
        lua_rawseti(L, -2, ++count);
    }
}

static int collect_remains(void *context, const struct mh_remains *remains)
{
    static const char *const kinds[] = {[MH_REMAINS_JOURNAL] = "journal",
                                        [MH_REMAINS_DRAFT] = "draft",
                                        [MH_REMAINS_TRANSACTION] = "transaction",
                                        [MH_REMAINS_OBJECTS] = "objects"};
    struct found *found = context;

    return add(found, kinds[remains->kind]) < 0 || add(found, remains->slug) < 0 ||
                   add(found, remains->detail) < 0
               ? -1
               : 0;
}

static int site_remains(lua_State *L)
{
    static const char *const fields[] = {"kind", "slug", "detail", NULL};
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_err err = {0};
    struct found found = {.err = &err};
    int result;

    push_scratch(L);
    result = mh_site_remains(site, collect_remains, &found, &err);
    keep(L, &found);
    if (result < 0) {
        return mh_lib_fail(L, &err);
    }
    push_rows(L, fields);
    return 1;
}

static int collect_lock(void *context, const struct mh_git_lock_found *lock)
{
    struct found *found = context;
    char age[32];

    (void)snprintf(age, sizeof age, "%ld", lock->age);
    return add(found, lock->path) < 0 || add(found, age) < 0 ||
                   add(found, lock->ours ? "ours" : "other") < 0
               ? -1
               : 0;
}

static int site_locks(lua_State *L)
{
    static const char *const fields[] = {"path", "age", "owner", NULL};
    struct mh_site *site = mh_lib_check_site(L, 1);
    struct mh_err err = {0};
    struct found found = {.err = &err};
    int result;

    push_scratch(L);
    result = mh_git_lock_each(site->repo, site->home_fd, collect_lock, &found, &err);
    keep(L, &found);
    if (result < 0) {
        return mh_lib_fail(L, &err);
    }
    push_rows(L, fields);
    return 1;
}

static int site_unlock(lua_State *L)
{
    struct mh_err err = {0};

    return mh_lib_answer(L, mh_site_unlock(mh_lib_check_site(L, 1), &err), &err);
}

static int site_set_aside(lua_State *L)
{
    struct mh_site *site = mh_lib_check_site(L, 1);
    const char *name = luaL_checkstring(L, 2);
    const char *label = luaL_checkstring(L, 3);
    const char *why = luaL_checkstring(L, 4);
    struct mh_err err = {0};
    struct found found = {.err = &err};
    char *path = NULL;
    int result;

    push_scratch(L);
    if (mh_site_set_aside(site, name, label, why, &path, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    result = add(&found, path);
    free(path);
    keep(L, &found);
    if (result < 0) {
        return mh_lib_fail(L, &err);
    }
    (void)lua_pushstring(L, found.texts.data);
    return 1;
}

static const luaL_Reg repair_methods[] = {
    {"remains", site_remains},     {"locks", site_locks}, {"unlock", site_unlock},
    {"set_aside", site_set_aside}, {NULL, NULL},
};

void mh_lib_add_repair(lua_State *L)
{
    (void)luaL_newmetatable(L, SCRATCH_TYPE);
    lua_pushcfunction(L, scratch_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    mh_lib_add_site_methods(L, repair_methods);
}
