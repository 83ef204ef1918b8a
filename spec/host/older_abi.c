/*
 * older_abi: a library to preload into mighost, which then sees an older Landlock: the version that
 * MIGHOST_LANDLOCK_ABI says (0: none), with only the rights of that version.  Nothing of it is part
 * of mighost.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARGUMENTS = 6, ABI_NET = 4, ABI_SCOPES = 6 };

struct ruleset {
    uint64_t fs, net, scoped;
};

static long abi(void)
{
    const char *text = getenv("MIGHOST_LANDLOCK_ABI");

    return text == NULL ? -1 : strtol(text, NULL, 0);
}

/* The rights on files that a version has, as the kernel's own table says. */
static uint64_t known_rights(long version)
{
    static const unsigned bits[] = {0, 13, 14, 15, 15, 16};

    return version > 5 ? UINT64_MAX : ((uint64_t)1 << bits[version]) - 1;
}

static int refuse(int errnum)
{
    errno = errnum;
    return -1;
}

static long (*find_real(void))(long, ...)
{
    long (*real)(long, ...) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "syscall");

    memcpy(&real, &symbol, sizeof real);
    return real;
}

static long create(const struct ruleset *ruleset, const long *argument)
{
    if (abi() == 0) {
        return refuse(EOPNOTSUPP);
    }
    if (ruleset == NULL) {
        return abi();
    }
    if ((ruleset->fs & ~known_rights(abi())) != 0 || (abi() < ABI_NET && ruleset->net != 0) ||
        (abi() < ABI_SCOPES && ruleset->scoped != 0)) {
        return refuse(EINVAL);
    }
    return find_real()(SYS_landlock_create_ruleset, argument[0], argument[1], argument[2]);
}

long syscall(long number, ...)
{
    long argument[ARGUMENTS];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < ARGUMENTS; i++) {
        argument[i] = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_landlock_create_ruleset && abi() >= 0) {
        const struct ruleset *ruleset;

        memcpy(&ruleset, &argument[0], sizeof ruleset);
        return create(ruleset, argument);
    }
    return find_real()(number, argument[0], argument[1], argument[2], argument[3], argument[4],
                       argument[5]);
}
