#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "os.h"

/* Of newer kernels than the headers may be of; whether this one has them, its ABI tells. */
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_IOCTL_DEV = 5, ABI_SCOPES = 6 };

/* struct landlock_ruleset_attr as of ABI 6; older kernels take it where what they lack is zero. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

static const uint64_t fs_nodes = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
static const uint64_t fs_changes = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                   LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM;

/* What every program takes for granted; of the last two pseudo-terminals are made. */
static const char *const devices[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                      "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/pts"};

int mh_sandbox_abi(void)
{
    int version = mh_os.landlock_create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? version : 0;
}

enum mh_sandbox_level mh_sandbox_level_of(int abi)
{
    if (abi >= ABI_TRUNCATE) {
        return MH_SANDBOX_FULL;
    }
    return abi > 0 ? MH_SANDBOX_PARTIAL : MH_SANDBOX_NONE;
}

bool mh_sandbox_can_mount(void)
{
    static const char *const anything[] = {"/", NULL};
    struct mh_sandbox_mounts mounts = {0};

    return mh_sandbox_mounts_open(&mounts, anything) == 0;
}

/* Everything that changes something, as far as this kernel can refuse it. */
static uint64_t choose_handled(int abi)
{
    uint64_t handled = fs_changes | fs_nodes;

    handled |= abi >= ABI_REFER ? FS_REFER : 0;
    handled |= abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0;
    handled |= abi >= ABI_IOCTL_DEV ? FS_IOCTL_DEV : 0;
    return handled;
}

/* On a file the kernel refuses the rights that only a folder can have. */
static uint64_t choose_granted(int abi, mode_t type)
{
    uint64_t granted = choose_handled(abi) & ~fs_nodes;

    if (!S_ISDIR(type)) {
        granted &= LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
    }
    return granted;
}

static int add_path(const struct mh_sandbox *sandbox, const char *path)
{
    struct landlock_path_beneath_attr rule = {0};
    struct stat stat;
    int result = -1;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &stat) == 0) {
        rule.parent_fd = fd;
        rule.allowed_access = choose_granted(sandbox->abi, stat.st_mode);
        result = mh_os.landlock_add(sandbox->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule);
    }
    mh_os_close(&fd);
    return result;
}

static int add_paths(const struct mh_sandbox *sandbox, const char *const *writes,
                     struct mh_err *err)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (add_path(sandbox, devices[i]) < 0 && errno != ENOENT) {
            return mh_err_sys(err, errno, "cannot let it write to %s", devices[i]);
        }
    }
    for (size_t i = 0; writes != NULL && writes[i] != NULL; i++) {
        if (writes[i][0] != '/') {
            return mh_err_set(err, "EINVAL", "cannot let it write in %s: no absolute path",
                              writes[i]);
        }
        if (add_path(sandbox, writes[i]) < 0) {
            return mh_err_sys(err, errno, "cannot let it write in %s", writes[i]);
        }
    }
    return 0;
}

static int make_fence(struct mh_sandbox *sandbox, const struct mh_sandbox_options *options,
                      struct mh_err *err)
{
    struct ruleset ruleset = {.scoped = SCOPE_SIGNAL};

    if (sandbox->abi < ABI_SCOPES || options->shares_terminal) {
        return 0;
    }
    sandbox->fence = mh_os.landlock_create(&ruleset, sizeof ruleset, 0);
    return sandbox->fence < 0 ? mh_err_sys(err, errno, "cannot make Landlock rules") : 0;
}

static int make_rules(struct mh_sandbox *sandbox, const struct mh_sandbox_options *options,
                      struct mh_err *err)
{
    struct ruleset ruleset = {.handled_access_fs = choose_handled(sandbox->abi)};

    if (sandbox->abi >= ABI_SCOPES) {
        ruleset.scoped = SCOPE_ABSTRACT_UNIX_SOCKET;
        ruleset.scoped |= options->shares_terminal ? 0 : SCOPE_SIGNAL;
    }
    sandbox->ruleset = mh_os.landlock_create(&ruleset, sizeof ruleset, 0);
    if (sandbox->ruleset < 0) {
        return mh_err_sys(err, errno, "cannot make Landlock rules");
    }
    if (add_paths(sandbox, options->writes, err) < 0) {
        return -1;
    }
    return make_fence(sandbox, options, err);
}

static int check_level(const struct mh_sandbox *sandbox, struct mh_err *err)
{
    if (sandbox->mode != MH_SANDBOX_REQUIRE ||
        mh_sandbox_level_of(sandbox->abi) == MH_SANDBOX_FULL) {
        return 0;
    }
    if (sandbox->abi == 0) {
        return mh_err_set(err, "EUNSUPPORTED", "cannot confine it: this system has no Landlock");
    }
    return mh_err_set(err, "EUNSUPPORTED",
                      "cannot confine it fully: this system has Landlock ABI %d, it takes %d",
                      sandbox->abi, ABI_TRUNCATE);
}

int mh_sandbox_open(struct mh_sandbox *sandbox, const struct mh_sandbox_options *options,
                    struct mh_err *err)
{
    struct mh_sandbox made = {.mode = options->mode, .ruleset = -1, .fence = -1};

    if (made.mode == MH_SANDBOX_OFF) {
        *sandbox = made;
        return 0;
    }
    made.abi = mh_sandbox_abi();
    if (check_level(&made, err) < 0 || (made.abi > 0 && make_rules(&made, options, err) < 0)) {
        goto fail;
    }
    if (options->protect != NULL && options->protect[0] != NULL &&
        mh_sandbox_mounts_open(&made.mounts, options->protect) < 0) {
        made.mount_errnum = errno;
    }
    *sandbox = made;
    return 0;
fail:
    mh_sandbox_close(&made);
    return -1;
}

static int restrict_self(int ruleset)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return -1;
    }
    return mh_os.landlock_restrict(ruleset);
}

int mh_sandbox_enter(const struct mh_sandbox *sandbox)
{
    if (mh_sandbox_mounts_enter(&sandbox->mounts) < 0) { /* first: rules forbid all mounting */
        return -1;
    }
    return sandbox->ruleset < 0 ? 0 : restrict_self(sandbox->ruleset);
}

bool mh_sandbox_fence(const struct mh_sandbox *sandbox, pid_t outside)
{
    if (sandbox->fence < 0 || mh_os.kill(outside, 0) < 0 || restrict_self(sandbox->fence) < 0) {
        return false;
    }
    return mh_os.kill(outside, 0) < 0 && errno == EPERM;
}

static int describe_rules(const struct mh_sandbox *sandbox, char *text, size_t size)
{
    bool is_full = mh_sandbox_level_of(sandbox->abi) == MH_SANDBOX_FULL;

    if (sandbox->mode == MH_SANDBOX_OFF) {
        return snprintf(text, size, "off");
    }
    if (sandbox->abi == 0) {
        return snprintf(text, size, "none: this system has no Landlock");
    }
    return snprintf(text, size, "%s: Landlock ABI %d", is_full ? "full" : "partial", sandbox->abi);
}

void mh_sandbox_describe(const struct mh_sandbox *sandbox, char *text, size_t size)
{
    size_t count = mh_sandbox_mounts_count(&sandbox->mounts);
    int length = describe_rules(sandbox, text, size);

    if (length < 0 || (size_t)length >= size) {
        return;
    }
    if (count > 0) {
        (void)snprintf(text + length, size - (size_t)length, "; mounted read-only: %zu", count);
    } else if (sandbox->mount_errnum != 0) {
        (void)snprintf(text + length, size - (size_t)length, "; nothing mounted read-only: %s",
                       mh_err_errno_name(sandbox->mount_errnum));
    }
}

void mh_sandbox_close(struct mh_sandbox *sandbox)
{
    mh_os_close(&sandbox->ruleset);
    mh_os_close(&sandbox->fence);
    *sandbox = (struct mh_sandbox){.ruleset = -1, .fence = -1};
}
