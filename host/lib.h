/*
 * lib: what every binding shares, and the openers of the host.* modules.
 *
 * A failure of the world returns `nil, message, NAME`; misuse raises with the argument's number.
 * host.fs, host.lock, host.proc, host.script, host.sys and host.term are in the executable;
 * host.tree, host.publish and host.repo live in host.so, loaded at the first `require` of one, so
 * that a command which needs no git pays nothing for libgit2 and libcrypto.
 */
#ifndef MH_LIB_H
#define MH_LIB_H

#include <lauxlib.h>
#include <lua.h>

#include "err.h"

/* What the runtime keeps in the registry: this program's path, and <prefix>/share/mighost. */
#define MH_LIB_EXE "mighost.exe"
#define MH_LIB_SHARE "mighost.share"

/* Pushes nil, message, NAME and returns 3: `return mh_lib_fail(L, &err)`. */
int mh_lib_fail(lua_State *L, const struct mh_err *err);

/* The same where the result is negative, else true. */
int mh_lib_answer(lua_State *L, int result, const struct mh_err *err);

/* Sets a field of the table on top of the stack, unless the text is NULL or empty. */
void mh_lib_set_text(lua_State *L, const char *name, const char *value);

/* The type of an opened directory (host.fs). */
#define MH_LIB_DIR "host.fs.Dir"

/* The type of a lock that is held (host.lock). */
#define MH_LIB_LOCK "host.lock.Lock"

struct mh_dir;

/* Pushes a directory that is still closed; host.fs must have been loaded. */
struct mh_dir *mh_lib_push_dir(lua_State *L);

/* The open directory at an index; raises for anything else. */
struct mh_dir *mh_lib_check_dir(lua_State *L, int index);

/*
 * The string at an index, raising for anything else; NULL with EINVALIDPATH when a NUL byte is in
 * it.
 */
const char *mh_lib_check_path(lua_State *L, int index, struct mh_err *err);

int luaopen_host_fs(lua_State *L);
int luaopen_host_lock(lua_State *L);
int luaopen_host_proc(lua_State *L);
int luaopen_host_publish(lua_State *L);
int luaopen_host_repo(lua_State *L);
int luaopen_host_script(lua_State *L);
int luaopen_host_sys(lua_State *L);
int luaopen_host_term(lua_State *L);
int luaopen_host_tree(lua_State *L);

#endif
