#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tree.h"

enum { NOBODY = 65534, SHOWN = 20 };

static int failures;
static int tests;
static char context[200];

bool check_that(bool good, const char *text, const char *file, int line)
{
    if (!good && ++failures <= SHOWN) {
        (void)fprintf(stderr, "%s:%d: not so: %s%s%s\n", file, line, text,
                      *context != '\0' ? ", with " : "", context);
    }
    return good;
}

bool check_ok(bool good, const char *text, const struct mh_err *err, const char *file, int line)
{
    if (!good && failures < SHOWN) {
        (void)fprintf(stderr, "%s:%d: %s (%s)\n", file, line, err->message, err->name);
    }
    return check_that(good, text, file, line);
}

bool check_fails(int result, const char *text, struct mh_err *err, const char *name,
                 const char *file, int line)
{
    bool good = result < 0 && strcmp(err->name, name) == 0 && *err->message != '\0';

    if (!good && failures < SHOWN) {
        (void)fprintf(stderr, "%s:%d: wanted %s: %d, %s (%s)\n", file, line, name, result,
                      err->message, err->name);
    }
    *err = (struct mh_err){0};
    return check_that(good, text, file, line);
}

void check_context(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
}

static _Noreturn void give_up(const char *what, const char *path)
{
    (void)fprintf(stderr, "cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

void check_run(const char *name, void (*test)(int dirfd))
{
    const char *above = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    size_t before = count_descriptors();
    struct mh_err err = {0};
    int failed = failures;
    char *path = NULL;
    int above_fd = open_dir(AT_FDCWD, above);
    int fd;

    if (asprintf(&path, "%s/mighost-check-XXXXXX", above) < 0 || mkdtemp(path) == NULL) {
        give_up("make a scratch directory in", above);
    }
    fd = open_dir(AT_FDCWD, path);
    check_context("%s", "");
    tests++;
    test(fd);
    check_context("%s", "");
    (void)close(fd);
    CHECK_OK(mh_tree_remove(above_fd, strrchr(path, '/') + 1, &err), &err);
    (void)close(above_fd);
    free(path);
    CHECK(count_descriptors() == before);
    (void)printf("%s %s\n", failures == failed ? "ok" : "FAILED", name);
    (void)fflush(stdout);
}

bool check_enter_child(bool as_nobody, int dirfd)
{
    int status = 0;
    pid_t pid;

    if (as_nobody && geteuid() == 0 && fchown(dirfd, NOBODY, NOBODY) < 0) {
        give_up("give away", "the scratch directory");
    }
    pid = fork();
    if (pid < 0) {
        give_up("start", "a child");
    }
    if (pid == 0) {
        if (as_nobody && geteuid() == 0 &&
            (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)) {
            give_up("become", "an ordinary user");
        }
        failures = 0;
        return true;
    }
    (void)waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

void check_leave(void)
{
    (void)fflush(stdout);
    _exit(failures == 0 ? 0 : 1);
}

int check_result(void)
{
    (void)printf("%d tests, %d failures\n", tests, failures);
    return failures == 0 && tests > 0 ? 0 : 1;
}

void put_file(int dirfd, const char *path, const char *text)
{
    size_t size = strlen(text);
    int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, size) != (ssize_t)size) {
        give_up("write", path);
    }
    (void)close(fd);
}

void put_dir(int dirfd, const char *path)
{
    if (mkdirat(dirfd, path, 0755) < 0) {
        give_up("make", path);
    }
}

bool has(int dirfd, const char *path)
{
    struct stat properties;

    return fstatat(dirfd, path, &properties, AT_SYMLINK_NOFOLLOW) == 0;
}

bool has_text(int dirfd, const char *path, const char *text)
{
    size_t size = strlen(text);
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    char *found = malloc(size + 1);
    bool same = fd >= 0 && found != NULL && read(fd, found, size + 1) == (ssize_t)size &&
                memcmp(found, text, size) == 0;

    free(found);
    if (fd >= 0) {
        (void)close(fd);
    }
    return same;
}

size_t count_names(int dirfd, const char *path)
{
    int fd = open_dir(dirfd, path);
    DIR *names = fdopendir(fd);
    size_t count = 0;

    if (names == NULL) {
        give_up("list", path);
    }
    while (readdir(names) != NULL) {
        count++;
    }
    (void)closedir(names);
    return count - 2;
}

size_t count_descriptors(void)
{
    return count_names(AT_FDCWD, "/proc/self/fd") - 1;
}

int open_dir(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        give_up("open", path);
    }
    return fd;
}

void make_older(int dirfd, const char *path, long seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};

    (void)clock_gettime(CLOCK_REALTIME, &times[1]);
    times[1].tv_sec -= seconds;
    if (utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW) < 0) {
        give_up("set the time of", path);
    }
}
