/* main: argv to exit code.  Everything else happens in scripts/main.lua. */
#include <stdio.h>

#include "runtime.h"

enum { EXIT_FAILED = 1, EXIT_INTERNAL = 12 };

/* What a script printed and nobody could read must not look like success. */
static int check_stdout(int code)
{
    if ((fflush(stdout) == 0 && ferror(stdout) == 0) || code != 0) {
        return code;
    }
    (void)fprintf(stderr, "mighost: cannot write to standard output\n");
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct mh_err err = {0};
    lua_State *L;
    int code;

    if (mh_runtime_open_stdio() < 0) {
        return EXIT_INTERNAL;
    }
    mh_runtime_install_signals();
    L = mh_runtime_open(&err);
    if (L == NULL) {
        (void)fprintf(stderr, "mighost: %s\n", err.message);
        return EXIT_INTERNAL;
    }
    code = mh_runtime_run(L, argc, argv);
    mh_runtime_close(L);
    return check_stdout(code);
}
