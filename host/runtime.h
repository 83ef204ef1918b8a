/*
 * runtime: the Lua state that everything above the host runs in.
 *
 * Calling sequence: mh_runtime_open_stdio, mh_runtime_install_signals, mh_runtime_open,
 * mh_runtime_run, mh_runtime_close. The state ignores LUA_PATH, LUA_CPATH and LUA_INIT, never loads
 * a module from the current directory, and finds its scripts beside the executable:
 * <exe>/../share/mighost/{scripts,stages}, <exe>/../lib/mighost.
 */
#ifndef MH_RUNTIME_H
#define MH_RUNTIME_H

#include <lua.h>

#include "err.h"

/*
 * SIGINT and SIGTERM from now on raise an error inside Lua at the next instruction; a second one
 * says so on stderr and ends the process at once with 128 + signal.  SIGPIPE is ignored, so that a
 * closed pipe is an error of write.
 */
void mh_runtime_install_signals(void);

/*
 * Opens /dev/null for each of descriptors 0 to 2 that the caller left closed, so that no file of
 * ours ever gets one of these numbers and what is printed goes into it.  0, or -1 with errno.
 */
int mh_runtime_open_stdio(void);

/* Opens a state with the standard and the host.* modules.  NULL on failure with err filled in. */
lua_State *mh_runtime_open(struct mh_err *err);

/*
 * Runs scripts/main.lua with the arguments after argv[0]; returns the process's exit code: the
 * integer that it returned, 128 + signal when a signal ended it, and 12 (with a traceback on
 * stderr) for a bug.
 */
int mh_runtime_run(lua_State *L, int argc, char **argv);

/* Closes the state and runs what its finalizers still hold.  Accepts NULL. */
void mh_runtime_close(lua_State *L);

#endif
