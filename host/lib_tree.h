/*
 * lib_tree: what host.publish needs of host.tree's values.
 */
#ifndef MH_LIB_TREE_H
#define MH_LIB_TREE_H

#include <lua.h>

struct mh_snapshot;

/*
 * The snapshot behind the table of tree.snapshot at an index, NULL for nil or nothing there; raises
 * for anything else.  The table keeps it.
 */
const struct mh_snapshot *mh_lib_opt_snapshot(lua_State *L, int index);

#endif
