/*
 * lib_repo: what host.publish needs of host.repo's values.
 */
#ifndef MH_LIB_REPO_H
#define MH_LIB_REPO_H

#include <lua.h>
#include <stdbool.h>

struct mh_repo;

/* The open repository at an index; raises for anything else. */
struct mh_repo *mh_lib_check_repo(lua_State *L, int index);

/* Whether there is an open repository at an index. */
bool mh_lib_has_repo(lua_State *L, int index);

#endif
