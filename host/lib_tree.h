/*
 * lib_tree: what the parts of host.tree share, and what host.publish needs of its values.
 */
#ifndef MH_LIB_TREE_H
#define MH_LIB_TREE_H

#include <lua.h>

struct mh_err;
struct mh_snapshot;

/* A path taken apart: an open directory and one name in it.  Both are anchored on the Lua stack. */
struct mh_lib_place {
    struct mh_dir *dir;
    const char *name;
};

/*
 * Opens what is above the path at an index; pushes two values.  -1 with err on a failure of the
 * world.
 */
int mh_lib_open_above(lua_State *L, int index, struct mh_lib_place *place, struct mh_err *err);

/* tree.marks and tree.touched; the type of their values is made by mh_lib_make_marks. */
int mh_lib_tree_marks(lua_State *L);
int mh_lib_tree_touched(lua_State *L);
void mh_lib_make_marks(lua_State *L);

/*
 * The snapshot behind the table of tree.snapshot at an index, NULL for nil or nothing there; raises
 * for anything else.  The table keeps it.
 */
const struct mh_snapshot *mh_lib_opt_snapshot(lua_State *L, int index);

#endif
