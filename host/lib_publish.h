/* lib_publish: what the two files of the binding share. */
#ifndef MH_LIB_PUBLISH_H
#define MH_LIB_PUBLISH_H

#include "lib.h"
#include "publish.h"

#define MH_LIB_SITE "host.publish.Site"

struct mh_lib_site {
    struct mh_site site;
    bool open;
};

/* The open site at an index; raises for anything else. */
struct mh_site *mh_lib_check_site(lua_State *L, int index);

/* Adds the methods for repairing to the type of sites. */
void mh_lib_add_repair(lua_State *L);

#endif
