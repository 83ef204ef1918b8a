/*
 * faults: a library to preload into mighost.  It counts every call of mighost, libgit2 and git that
 * changes a file, a name or a lock, over all processes of one command, and makes one of them go
 * wrong; or it records them all with their data, for the power cut.  Nothing of it is part of
 * mighost: what is tested is the very program that is released.
 *
 *   MIGHOST_FAULT_COUNT   a file of 16 bytes, shared by all processes: calls so far, faults so far
 *   MIGHOST_FAULT         what happens: kill:N          SIGKILL before the N-th call
 *                                       killall:N       the same, and of mighost when that is git's
 *                                       fail:N:ERRNO    the call fails
 *                                       from:N:ERRNO    it and all later ones that need room
 *                                       short:N         the call, a write, writes half
 *                                       edit:N          a person adds a line to MIGHOST_FAULT_FILE;
 *                                                       0: right before the exchange
 *                                       person:N        a person runs MIGHOST_FAULT_PERSON before
 *                                                       the N-th call, which waits for its end
 *   MIGHOST_FAULT_REFUSE  "exchange" (renameat2 does not know it), "locks" (no OFD locks)
 *   MIGHOST_FAULT_DEVICE  a folder that seems to be a file system of its own
 *   MIGHOST_FAULT_LIST    a file that gets one line a call
 *   MIGHOST_FAULT_TRACE   a file that gets what each call changed, the agent's programs' too, and
 *                         when something was said on stdout; spec/crash/disk.lua reads it
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { NOTHING, KILL, KILL_ALL, FAIL, FROM, SHORT, EDIT, PERSON };

struct shared {
    atomic_long calls;
    atomic_long hits;
};

static struct shared *shared;
static enum kind kind;
static long at;
static int errnum;
static bool in_git;
static bool no_exchange;
static bool no_locks;
static int list_fd = -1;
static int trace_fd = -1;

#define REAL(name, type, ...)                             \
    static type (*real_##name)(__VA_ARGS__);              \
    if (real_##name == NULL) {                            \
        *(void **)&real_##name = dlsym(RTLD_NEXT, #name); \
    }

static ssize_t put(int fd, const char *text, size_t size)
{
    REAL(write, ssize_t, int, const void *, size_t)
    return real_write(fd, text, size);
}

static int number_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EROFS", EROFS},  {"EMFILE", EMFILE},
                 {"EACCES", EACCES}, {"EINTR", EINTR},   {"EINVAL", EINVAL}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].number;
        }
    }
    abort();
}

static void read_fault(const char *text)
{
    static const char *const names[] = {"",     "kill",  "killall", "fail",
                                        "from", "short", "edit",    "person"};
    char name[16] = "";
    char error[16] = "EIO";

    if (text == NULL || sscanf(text, "%15[a-z]:%ld:%15s", name, &at, error) < 2) {
        return;
    }
    for (int i = 1; i <= PERSON; i++) {
        if (strcmp(names[i], name) == 0) {
            kind = (enum kind)i;
        }
    }
    errnum = number_of(error);
}

static int open_log(const char *variable)
{
    const char *path = getenv(variable);
    REAL(open, int, const char *, int, ...)
    return path == NULL ? -1 : real_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

__attribute__((constructor)) static void start(void)
{
    const char *count = getenv("MIGHOST_FAULT_COUNT");
    const char *refuse = getenv("MIGHOST_FAULT_REFUSE");
    void *memory;
    int fd;
    REAL(open, int, const char *, int, ...)

    in_git = strcmp(program_invocation_short_name, "git") == 0;
    if (count == NULL || (!in_git && strcmp(program_invocation_short_name, "mighost") != 0 &&
                          getenv("MIGHOST_FAULT_TRACE") == NULL)) {
        return;
    }
    fd = real_open(count, O_RDWR | O_CLOEXEC);
    memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        abort();
    }
    (void)close(fd);
    read_fault(getenv("MIGHOST_FAULT"));
    no_exchange = refuse != NULL && strcmp(refuse, "exchange") == 0;
    no_locks = refuse != NULL && strcmp(refuse, "locks") == 0;
    list_fd = open_log("MIGHOST_FAULT_LIST");
    trace_fd = open_log("MIGHOST_FAULT_TRACE");
    shared = memory;
}

static void list_call(long n, const char *name, const char *what)
{
    char line[512];
    int size = snprintf(line, sizeof line, "%ld %s %s %.300s\n", n, in_git ? "git" : "mighost",
                        name, what);

    if (list_fd >= 0) {
        (void)put(list_fd, line, (size_t)size);
    }
}

/* What a person's editor may do at any moment. */
static void edit(void)
{
    static const char line[] = "edited by hand\n";
    const char *path = getenv("MIGHOST_FAULT_FILE");
    int fd;
    REAL(open, int, const char *, int, ...)

    fd = path != NULL ? real_open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0 || put(fd, line, sizeof line - 1) < 0) {
        abort();
    }
    (void)close(fd);
}

/*
 * What a person does in another terminal: nothing of ours is handed on, no descriptor, no variable
 * but the search path, no signal that is blocked or ignored.
 */
static void let_person_act(void)
{
    char *program = getenv("MIGHOST_FAULT_PERSON");
    const char *path = getenv("PATH");
    char variable[4096];
    char *argv[] = {program, NULL};
    char *env[] = {variable, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t signals;
    pid_t pid;
    int status = -1;

    (void)snprintf(variable, sizeof variable, "PATH=%s", path != NULL ? path : "");
    if (program == NULL || posix_spawn_file_actions_init(&files) != 0 ||
        posix_spawnattr_init(&how) != 0 || sigemptyset(&signals) < 0 ||
        posix_spawnattr_setsigmask(&how, &signals) != 0 || sigfillset(&signals) < 0 ||
        posix_spawnattr_setsigdefault(&how, &signals) != 0 ||
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) != 0) {
        abort();
    }
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0) != 0) {
            abort();
        }
    }
    if (posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) != 0 ||
        posix_spawn(&pid, program, &files, &how, argv, env) != 0) {
        abort();
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        abort();
    }
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&how);
}

/* Counts a call; true with errno when it is to fail.  What frees room works on a full disk. */
static bool fails(const char *name, const char *what, bool frees)
{
    long n;

    if (shared == NULL) {
        return false;
    }
    n = atomic_fetch_add(&shared->calls, 1) + 1;
    list_call(n, name, what);
    if (kind == NOTHING || kind == SHORT || n < at || (n > at && kind != FROM) ||
        (kind == FROM && errnum == ENOSPC && frees)) {
        return false;
    }
    (void)atomic_fetch_add(&shared->hits, 1);
    if (kind == EDIT) {
        edit();
        return false;
    }
    if (kind == PERSON) {
        let_person_act();
        return false;
    }
    if (kind == KILL_ALL && in_git) {
        (void)kill(getppid(), SIGKILL);
    }
    if (kind == KILL || kind == KILL_ALL) {
        (void)kill(getpid(), SIGKILL);
    }
    errno = errnum;
    return true;
}

static void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void trace(const char *format, ...)
{
    int saved = errno;
    char line[1024];
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)put(trace_fd, line, (size_t)size);
    errno = saved;
}

static unsigned long inode_of(int fd)
{
    struct stat info = {0};

    return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/* Gives what is in MIGHOST_FAULT_DEVICE another device. */
static void set_device(int dirfd, const char *path, struct stat *info)
{
    const char *device = getenv("MIGHOST_FAULT_DEVICE");
    size_t length = device != NULL ? strlen(device) : 0;
    char link[64] = "/proc/self/cwd";
    char whole[4096] = "";
    ssize_t used = 0;

    if (length == 0) {
        return;
    }
    if (*path != '/') {
        if (dirfd != AT_FDCWD) {
            (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
        }
        used = readlink(link, whole, sizeof whole - 1);
        used = used < 0 ? 0 : used;
    }
    (void)snprintf(whole + used, sizeof whole - (size_t)used, "%s%s",
                   used > 0 && *path != '\0' ? "/" : "", path);
    if (strncmp(whole, device, length) == 0 && (whole[length] == '\0' || whole[length] == '/')) {
        info->st_dev ^= 1;
    }
}

#define FSTAT(name)                         \
    int name(int fd, struct stat *info)     \
    {                                       \
        int result;                         \
        REAL(name, int, int, struct stat *) \
        result = real_##name(fd, info);     \
        if (result == 0) {                  \
            set_device(fd, "", info);       \
        }                                   \
        return result;                      \
    }

#define FSTATAT(name)                                                   \
    int name(int dirfd, const char *path, struct stat *info, int flags) \
    {                                                                   \
        int result;                                                     \
        REAL(name, int, int, const char *, struct stat *, int)          \
        result = real_##name(dirfd, path, info, flags);                 \
        if (result == 0) {                                              \
            set_device(dirfd, path, info);                              \
        }                                                               \
        return result;                                                  \
    }

FSTAT(fstat)
FSTATAT(fstatat)

/* The directory that holds the last name of a path, and that name. */
struct entry {
    unsigned long parent;
    const char *name;
};

static struct entry entry_of(int dirfd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[4096] = ".";
    struct stat info = {0};

    if (slash != NULL) {
        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash == path ? 1 : slash - path),
                       path);
    }
    (void)fstatat(dirfd, parent, &info, 0);
    return (struct entry){info.st_ino, slash != NULL ? slash + 1 : path};
}

static void trace_data(int fd, off_t offset, const unsigned char *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    int saved = errno;
    char *line = malloc(64 + 2 * size);
    int used;

    if (line == NULL) {
        abort();
    }
    used = sprintf(line, "write\t%lu\t%ld\t", inode_of(fd), (long)offset);
    for (size_t i = 0; i < size; i++) {
        line[used++] = digits[data[i] >> 4];
        line[used++] = digits[data[i] & 15];
    }
    line[used++] = '\n';
    (void)put(trace_fd, line, (size_t)used);
    free(line);
    errno = saved;
}

static int traced_open(int dirfd, const char *path, int flags, mode_t mode)
{
    struct stat before;
    struct stat info = {0};
    bool is_new = trace_fd >= 0 && fstatat(dirfd, path, &before, AT_SYMLINK_NOFOLLOW) < 0;
    int fd;
    REAL(openat, int, int, const char *, int, ...)

    fd = real_openat(dirfd, path, flags, mode);
    if (fd < 0 || trace_fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        return fd;
    }
    if (is_new) {
        struct entry entry = entry_of(dirfd, path);

        trace("create\t%lu\t%s\t%lu\t%o\n", entry.parent, entry.name, info.st_ino,
              info.st_mode & 07777);
    } else if ((flags & O_TRUNC) != 0) {
        trace("truncate\t%lu\t0\n", info.st_ino);
    }
    return fd;
}

/* Opening a terminal or a null device for writing changes nothing. */
static bool is_device(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0;
}

static int faulty_open(int dirfd, const char *path, int flags, mode_t mode)
{
    bool changes = (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY &&
                   (flags & O_DIRECTORY) == 0 && !is_device(path);
    REAL(openat, int, int, const char *, int, ...)

    if (shared == NULL || !changes) {
        return real_openat(dirfd, path, flags, mode);
    }
    if (fails("open", path, (flags & O_CREAT) == 0)) {
        return -1;
    }
    return traced_open(dirfd, path, flags, mode);
}

#define MODE_OF(flags, mode)         \
    if (((flags)&O_CREAT) != 0) {    \
        va_list args;                \
        va_start(args, flags);       \
        mode = va_arg(args, mode_t); \
        va_end(args);                \
    }

#define OPEN(name)                                       \
    int name(const char *path, int flags, ...)           \
    {                                                    \
        mode_t mode = 0;                                 \
        MODE_OF(flags, mode)                             \
        return faulty_open(AT_FDCWD, path, flags, mode); \
    }

#define OPENAT(name)                                      \
    int name(int dirfd, const char *path, int flags, ...) \
    {                                                     \
        mode_t mode = 0;                                  \
        MODE_OF(flags, mode)                              \
        return faulty_open(dirfd, path, flags, mode);     \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

static bool is_file(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

/* A pipe to a child, which might then work on half of what it was to get. */
static bool is_pipe(int fd)
{
    struct stat info;

    return fd > STDERR_FILENO && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* Half of a write that is to be short. */
static size_t shorten(size_t size)
{
    if (shared == NULL || kind != SHORT || atomic_load(&shared->calls) != at || size < 2) {
        return size;
    }
    (void)atomic_fetch_add(&shared->hits, 1);
    return size / 2;
}

ssize_t write(int fd, const void *data, size_t size)
{
    bool to_pipe = shared != NULL && is_pipe(fd);
    ssize_t count;

    if (shared == NULL || (!to_pipe && !is_file(fd)) || (fd <= STDERR_FILENO && trace_fd < 0)) {
        return put(fd, data, size);
    }
    if (fails("write", to_pipe ? "pipe" : "", to_pipe)) {
        return -1;
    }
    count = put(fd, data, shorten(size));
    if (count > 0 && trace_fd >= 0 && !to_pipe) {
        trace_data(fd, lseek(fd, 0, SEEK_CUR) - count, data, (size_t)count);
    }
    return count;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
    REAL(fwrite, size_t, const void *, size_t, size_t, FILE *)

    if (trace_fd >= 0 && stream == stdout && count > 0) {
        (void)put(trace_fd, "say\n", 4); /* what is said may be held back, and is true already */
    }
    return real_fwrite(data, size, count, stream);
}

static ssize_t faulty_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t count;
    REAL(pwrite, ssize_t, int, const void *, size_t, off_t)

    if (shared != NULL && fails("pwrite", "", false)) {
        return -1;
    }
    count = real_pwrite(fd, data, shorten(size), offset);
    if (count > 0 && trace_fd >= 0) {
        trace_data(fd, offset, data, (size_t)count);
    }
    return count;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return faulty_pwrite(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return faulty_pwrite(fd, data, size, offset);
}

/* Records the whole content of a file that was filled inside the kernel. */
static void trace_content(int fd)
{
    char path[64];
    unsigned char block[65536];
    off_t offset = 0;
    ssize_t count;
    int again;
    REAL(open, int, const char *, int, ...)

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = real_open(path, O_RDONLY | O_CLOEXEC);
    while (again >= 0 && (count = pread(again, block, sizeof block, offset)) > 0) {
        trace_data(fd, offset, block, (size_t)count);
        offset += count;
    }
    (void)close(again);
}

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags)
{
    ssize_t count;
    REAL(copy_file_range, ssize_t, int, off_t *, int, off_t *, size_t, unsigned)

    if (shared != NULL && fails("copy_file_range", "", false)) {
        return -1;
    }
    count = real_copy_file_range(from, from_at, to, to_at, shorten(size), flags);
    if (count > 0 && trace_fd >= 0) {
        trace_content(to);
    }
    return count;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *value;
    int result;
    REAL(ioctl, int, int, unsigned long, ...)

    va_start(args, request);
    value = va_arg(args, void *);
    va_end(args);
    if (shared != NULL && request == FICLONE && fails("clone", "", false)) {
        return -1;
    }
    result = real_ioctl(fd, request, value);
    if (result == 0 && request == FICLONE && trace_fd >= 0) {
        trace_content(fd);
    }
    return result;
}

static int faulty_fcntl(int fd, int command, void *value)
{
    REAL(fcntl, int, int, int, ...)

    if (shared != NULL && (command == F_OFD_SETLK || command == F_OFD_SETLKW)) {
        if (no_locks) {
            errno = ENOLCK;
            return -1;
        }
        if (fails("lock", "", true)) {
            return -1;
        }
    }
    return real_fcntl(fd, command, value);
}

#define FCNTL(name)                              \
    int name(int fd, int command, ...)           \
    {                                            \
        va_list args;                            \
        void *value;                             \
        va_start(args, command);                 \
        value = va_arg(args, void *);            \
        va_end(args);                            \
        return faulty_fcntl(fd, command, value); \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

static int faulty_ftruncate(int fd, off_t size)
{
    int result;
    REAL(ftruncate, int, int, off_t)

    if (shared != NULL && fails("ftruncate", "", true)) {
        return -1;
    }
    result = real_ftruncate(fd, size);
    if (result == 0 && trace_fd >= 0) {
        trace("truncate\t%lu\t%ld\n", inode_of(fd), (long)size);
    }
    return result;
}

int ftruncate(int fd, off_t size)
{
    return faulty_ftruncate(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return faulty_ftruncate(fd, size);
}

static int changed_mode(int result, int dirfd, const char *path, mode_t mode)
{
    struct stat info = {0};

    if (result == 0 && trace_fd >= 0 && fstatat(dirfd, path, &info, AT_EMPTY_PATH) == 0) {
        trace("chmod\t%lu\t%o\n", info.st_ino, mode);
    }
    return result;
}

int fchmod(int fd, mode_t mode)
{
    REAL(fchmod, int, int, mode_t)
    if (shared != NULL && fails("fchmod", "", true)) {
        return -1;
    }
    return changed_mode(real_fchmod(fd, mode), fd, "", mode);
}

int fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    REAL(fchmodat, int, int, const char *, mode_t, int)
    if (shared != NULL && fails("fchmodat", path, true)) {
        return -1;
    }
    return changed_mode(real_fchmodat(dirfd, path, mode, flags), dirfd, path, mode);
}

int chmod(const char *path, mode_t mode)
{
    REAL(chmod, int, const char *, mode_t)
    if (shared != NULL && fails("chmod", path, true)) {
        return -1;
    }
    return changed_mode(real_chmod(path, mode), AT_FDCWD, path, mode);
}

#define SYNC(name)                                      \
    int name(int fd)                                    \
    {                                                   \
        int result;                                     \
        REAL(name, int, int)                            \
        if (shared != NULL && fails(#name, "", true)) { \
            return -1;                                  \
        }                                               \
        result = real_##name(fd);                       \
        if (result == 0 && trace_fd >= 0) {             \
            trace("%s\t%lu\n", #name, inode_of(fd));    \
        }                                               \
        return result;                                  \
    }

SYNC(fsync)
SYNC(fdatasync)
SYNC(syncfs)

static int faulty_mkdir(int dirfd, const char *path, mode_t mode)
{
    struct stat info = {0};
    int result;
    REAL(mkdirat, int, int, const char *, mode_t)

    if (shared != NULL && fails("mkdir", path, false)) {
        return -1;
    }
    result = real_mkdirat(dirfd, path, mode);
    if (result == 0 && trace_fd >= 0 && fstatat(dirfd, path, &info, 0) == 0) {
        struct entry entry = entry_of(dirfd, path);

        trace("mkdir\t%lu\t%s\t%lu\t%o\n", entry.parent, entry.name, info.st_ino,
              info.st_mode & 07777);
    }
    return result;
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
    return faulty_mkdir(dirfd, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    return faulty_mkdir(AT_FDCWD, path, mode);
}

static int faulty_unlink(int dirfd, const char *path, int flags)
{
    int result;
    REAL(unlinkat, int, int, const char *, int)

    if (shared != NULL && fails("unlink", path, true)) {
        return -1;
    }
    result = real_unlinkat(dirfd, path, flags);
    if (result == 0 && trace_fd >= 0) {
        struct entry entry = entry_of(dirfd, path);

        trace("unlink\t%lu\t%s\n", entry.parent, entry.name);
    }
    return result;
}

int unlinkat(int dirfd, const char *path, int flags)
{
    return faulty_unlink(dirfd, path, flags);
}

int unlink(const char *path)
{
    return faulty_unlink(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return faulty_unlink(AT_FDCWD, path, AT_REMOVEDIR);
}

static int faulty_link(int olddir, const char *old, int newdir, const char *new, int flags)
{
    struct stat info = {0};
    int result;
    REAL(linkat, int, int, const char *, int, const char *, int)

    if (shared != NULL && fails("link", new, false)) {
        return -1;
    }
    result = real_linkat(olddir, old, newdir, new, flags);
    if (result == 0 && trace_fd >= 0 && fstatat(newdir, new, &info, 0) == 0) {
        struct entry entry = entry_of(newdir, new);

        trace("link\t%lu\t%s\t%lu\n", entry.parent, entry.name, info.st_ino);
    }
    return result;
}

int linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
    return faulty_link(olddir, old, newdir, new, flags);
}

int link(const char *old, const char *new)
{
    return faulty_link(AT_FDCWD, old, AT_FDCWD, new, 0);
}

static int faulty_rename(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
    int result;
    REAL(renameat2, int, int, const char *, int, const char *, unsigned)

    if (shared != NULL && fails("rename", new, true)) {
        return -1;
    }
    if (shared != NULL && no_exchange && flags == RENAME_EXCHANGE) {
        errno = EINVAL;
        return -1;
    }
    if (shared != NULL && kind == EDIT && at == 0 && flags == RENAME_EXCHANGE) {
        (void)atomic_fetch_add(&shared->hits, 1);
        edit();
    }
    result = real_renameat2(olddir, old, newdir, new, flags);
    if (result == 0 && trace_fd >= 0) {
        struct entry from = entry_of(olddir, old);
        struct entry to = entry_of(newdir, new);

        trace("rename\t%lu\t%s\t%lu\t%s\t%u\n", from.parent, from.name, to.parent, to.name, flags);
    }
    return result;
}

int renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
    return faulty_rename(olddir, old, newdir, new, flags);
}

int renameat(int olddir, const char *old, int newdir, const char *new)
{
    return faulty_rename(olddir, old, newdir, new, 0);
}

int rename(const char *old, const char *new)
{
    return faulty_rename(AT_FDCWD, old, AT_FDCWD, new, 0);
}
