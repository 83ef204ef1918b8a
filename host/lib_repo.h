/*
 * lib_repo: what the files of host.repo share, and what host.publish needs of its values.
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

/* repo:history; the type that it works with is made by mh_lib_make_commits. */
int mh_lib_repo_history(lua_State *L);
void mh_lib_make_commits(lua_State *L);

#endif
