/* lib_publish: what the files of the binding share. */
#ifndef MH_LIB_PUBLISH_H
#define MH_LIB_PUBLISH_H

#include "lib.h"
#include "publish.h"

#define MH_LIB_SITE "host.publish.Site"
#define MH_LIB_BASE "host.publish.Snapshot"

/* Its user value keeps the repository alive. */
struct mh_lib_site {
    struct mh_site site;
    bool open;
};

/* What a step starts from.  Its user values keep the site and the lease alive. */
struct mh_lib_base {
    struct mh_base base;
    const struct mh_site *site;
    const struct mh_lease *lease;
};

/* The open site at an index; raises for anything else. */
struct mh_site *mh_lib_check_site(lua_State *L, int index);

/* Whether there is an open site, of an open repository, at an index; or as its first user value. */
bool mh_lib_has_site(lua_State *L, int index);
bool mh_lib_keeps_site(lua_State *L, int index);

/* The lease at an index, which is held; raises for anything else. */
struct mh_lease *mh_lib_check_lease(lua_State *L, int index);

/* A text in the table at an index; raises where there is none and no fallback. */
const char *mh_lib_text_field(lua_State *L, int index, const char *name, const char *fallback);

/* Makes a type whose values are released by `release`, which may run twice. */
void mh_lib_make_type(lua_State *L, const char *name, const luaL_Reg *methods,
                      lua_CFunction release);

/* Adds methods to the type of sites. */
void mh_lib_add_site_methods(lua_State *L, const luaL_Reg *methods);

/* The types of the other files, and their methods of sites. */
void mh_lib_add_base(lua_State *L);
void mh_lib_add_tx(lua_State *L);
void mh_lib_add_repair(lua_State *L);

#endif
