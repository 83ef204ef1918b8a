/* host.proc: a run, and its report as a table. */
#include "lib_proc.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "lib.h"
#include "proc.h"

#define HANDLE "host.proc.Handle"

enum {
    TICK_MS = 250,
    LINE_BYTES = 512,
    MS_PER_S = 1000,
};

static const double us_per_s = 1e6;

struct handle {
    struct mh_proc *proc; /* NULL: nothing runs */
};

static int handle_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, HANDLE);

    mh_proc_end(&handle->proc);
    return 0;
}

static void call_progress(lua_State *L, const struct handle *handle)
{
    struct mh_proc_progress progress = {0};
    char line[LINE_BYTES];

    if (mh_lib_proc_option(L, "on_progress") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    mh_proc_progress(handle->proc, &progress);
    lua_createtable(L, 0, 3);
    lua_pushnumber(L, (double)progress.elapsed_ms / MS_PER_S);
    lua_setfield(L, -2, "elapsed");
    lua_pushinteger(L, (lua_Integer)progress.bytes);
    lua_setfield(L, -2, "bytes");
    (void)lua_pushlstring(L, line, mh_proc_last_line(handle->proc, line, sizeof line));
    lua_setfield(L, -2, "last_line");
    lua_call(L, 1, 0);
}

static void push_parts(lua_State *L, const struct mh_proc_output *output, int from, int to)
{
    luaL_Buffer buffer;
    size_t size = 0;
    char *text;

    for (int part = from; part <= to; part++) {
        size += output->size[part];
    }
    text = luaL_buffinitsize(L, &buffer, size);
    size = 0;
    for (int part = from; part <= to; part++) {
        if (output->size[part] > 0) {
            memcpy(text + size, output->part[part], output->size[part]);
            size += output->size[part];
        }
    }
    luaL_pushresultsize(&buffer, size);
}

static void push_output(lua_State *L, const struct mh_proc_output *output)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, (lua_Integer)output->bytes);
    lua_setfield(L, -2, "bytes");
    lua_pushboolean(L, output->whole);
    lua_setfield(L, -2, "whole");
    push_parts(L, output, 0, output->whole ? 2 : 0);
    lua_setfield(L, -2, "head");
    if (output->whole) {
        (void)lua_pushliteral(L, "");
    } else {
        push_parts(L, output, 1, 2);
    }
    lua_setfield(L, -2, "tail");
}

static void push_numbers(lua_State *L, const struct mh_proc_report *report)
{
    lua_pushinteger(L, report->stragglers);
    lua_setfield(L, -2, "stragglers");
    lua_pushinteger(L, report->survivors);
    lua_setfield(L, -2, "survivors");
    lua_pushnumber(L, (double)report->wall_ms / MS_PER_S);
    lua_setfield(L, -2, "wall");
    lua_pushnumber(L, (double)report->cpu_us / us_per_s);
    lua_setfield(L, -2, "cpu");
    lua_pushinteger(L, report->peak_kib);
    lua_setfield(L, -2, "peak_kib");
}

static void push_report(lua_State *L, const struct mh_proc_report *report, bool captured)
{
    static const char *const limits[] = {NULL, "timeout", "silence", "output", "interrupt"};

    lua_newtable(L);
    if (report->exit >= 0) {
        lua_pushinteger(L, report->exit);
        lua_setfield(L, -2, "exit");
    }
    if (report->signal > 0) {
        lua_pushinteger(L, report->signal);
        lua_setfield(L, -2, "signal");
    }
    if (report->limit != MH_PROC_NO_LIMIT) {
        lua_pushstring(L, limits[report->limit]);
        lua_setfield(L, -2, "ended_by");
    }
    push_numbers(L, report);
    if (report->sandbox[0] != '\0') {
        lua_pushstring(L, report->sandbox);
        lua_setfield(L, -2, "sandbox");
    }
    if (captured) {
        push_output(L, &report->output[MH_PROC_STDOUT]);
        lua_setfield(L, -2, "stdout");
        push_output(L, &report->output[MH_PROC_STDERR]);
        lua_setfield(L, -2, "stderr");
    }
}

static int proc_run(lua_State *L)
{
    struct mh_err err = {0};
    struct mh_proc_options options = {0};
    struct handle *handle;
    lua_Integer calls = 0;
    int more;

    mh_lib_proc_read(L, &options);
    handle = lua_newuserdatauv(L, sizeof *handle, 1);
    handle->proc = NULL;
    luaL_setmetatable(L, HANDLE);
    (void)mh_lib_proc_option(L, "stdin"); /* borrowed: kept while the program runs */
    (void)lua_setiuservalue(L, -2, 1);
    lua_toclose(L, -1);
    if (mh_proc_start(&handle->proc, &options, &err) < 0) {
        return mh_lib_fail(L, &err);
    }
    while ((more = mh_proc_poll(handle->proc, TICK_MS, &err)) > 0) {
        struct mh_proc_progress progress = {0};

        mh_proc_progress(handle->proc, &progress);
        if (progress.elapsed_ms / TICK_MS > calls) {
            calls = progress.elapsed_ms / TICK_MS;
            call_progress(L, handle);
        }
    }
    if (more < 0) {
        return mh_lib_fail(L, &err);
    }
    push_report(L, mh_proc_report(handle->proc), !options.tty);
    mh_proc_end(&handle->proc);
    return 1;
}

int luaopen_host_proc(lua_State *L)
{
    static const luaL_Reg functions[] = {{"run", proc_run}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"__gc", handle_close}, {"__close", handle_close}, {NULL, NULL}};

    (void)luaL_newmetatable(L, HANDLE);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
