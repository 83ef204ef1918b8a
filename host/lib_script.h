/*
 * lib_script: what the files of the binding host.script share.
 *
 *   lib_script.c         host.script: a run as mighost sees it
 *   lib_script_child.c   the forked process: a Lua state of its own, and the script in it
 *   lib_script_values.c  values of Lua as messages, and back
 */
#ifndef MH_LIB_SCRIPT_H
#define MH_LIB_SCRIPT_H

#include <lua.h>
#include <stdint.h>

#include "err.h"
#include "script.h"

enum { MH_LIB_SCRIPT_LIBRARIES = 4 };

/* What becomes of a function among values. */
enum mh_lib_script_functions {
    MH_LIB_SCRIPT_REFUSE,
    MH_LIB_SCRIPT_MARK,   /* only that there is one */
    MH_LIB_SCRIPT_NUMBER, /* it gets a number, under which the table at `numbers` has it */
};

/* What the child runs; all of it made before the fork. */
struct mh_lib_script_job {
    const char *prelude; /* Lua source, mighost's own */
    size_t prelude_size;
    const char *request; /* a message: the prelude's argument */
    size_t request_size;
    struct {
        const char *name;
        lua_CFunction open;
    } libraries[MH_LIB_SCRIPT_LIBRARIES];
    size_t library_count;
    enum mh_lib_script_functions functions; /* in the result */
};

/* The body of mh_script_start; its context is a struct mh_lib_script_job. */
mh_script_body mh_lib_script_child;

struct mh_lib_script_rules {
    enum mh_lib_script_functions functions;
    int numbers; /* stack index of a table */
    size_t max;  /* bytes of the message */
};

/*
 * Makes a message of the values at first to last; pushes one value that owns the bytes.  0, or -1
 * with a message for people pushed instead: which part of which value cannot cross, and why.
 */
int mh_lib_script_encode(lua_State *L, int first, int last, const struct mh_lib_script_rules *rules,
                         const char **data, size_t *size);

/* Pushes what stands for the function with this number in a message. */
typedef void mh_lib_script_push(lua_State *L, int64_t number);

/*
 * Pushes the values of a message: their count, or -1 with ECORRUPT and nothing pushed.  Functions
 * are corrupt where push_function is NULL.
 */
int mh_lib_script_decode(lua_State *L, const char *data, size_t size,
                         mh_lib_script_push *push_function, struct mh_err *err);

#endif
