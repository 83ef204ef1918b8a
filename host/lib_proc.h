/*
 * lib_proc: the table of options that host.proc's run takes, read into what proc wants.
 */
#ifndef MH_LIB_PROC_H
#define MH_LIB_PROC_H

#include <lua.h>

#include "proc.h"

enum { MH_LIB_PROC_OPTIONS = 1 }; /* the stack index of the table */

/*
 * Checks the whole table, raising for anything that is wrong or unknown.  What `options` then
 * refers to lives in the table and on the stack, above which it leaves scratch values.
 */
void mh_lib_proc_read(lua_State *L, struct mh_proc_options *options);

/*
 * The part of it that is about the sandbox; cwd and tty are read already.  Leaves scratch values on
 * the stack too.
 */
void mh_lib_proc_read_sandbox(lua_State *L, struct mh_proc_options *options);

/* Pushes an option, returns its type.  Raw: what is pushed lives as long as the table. */
int mh_lib_proc_option(lua_State *L, const char *name);

#endif
