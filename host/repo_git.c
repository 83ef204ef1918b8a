#include "repo_git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"

enum { PIPES = 3, READ_SIZE = 65536 };

struct buffer {
    char *data;
    size_t size;
    size_t room;
};

/* A running git: our ends of its standard streams; -1 once closed. */
struct child {
    pid_t pid;
    int ends[PIPES];
    struct buffer streams[PIPES]; /* [0] unused */
    const char *input;
    size_t input_left;
    int trouble; /* errno of a pipe that failed, or 0 */
};

/* Variables that choose another repository, index or object store. */
static const char *const steering[] = {
    "GIT_DIR=",
    "GIT_WORK_TREE=",
    "GIT_INDEX_FILE=",
    "GIT_OBJECT_DIRECTORY=",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES=",
    "GIT_COMMON_DIR=",
    "GIT_NAMESPACE=",
    "GIT_PREFIX=",
    "GIT_LITERAL_PATHSPECS=",
    "GIT_GLOB_PATHSPECS=", /* with literal ones git refuses these three */
    "GIT_NOGLOB_PATHSPECS=",
    "GIT_ICASE_PATHSPECS=",
    "GIT_OPTIONAL_LOCKS=",
    "GIT_TRACE",
    "LC_ALL=",
    "LANGUAGE=",
};

static bool is_steering(const char *entry)
{
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++) {
        if (strncmp(entry, steering[i], strlen(steering[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The caller's environment without what steers git, with what makes it predictable; heap array
 * only. */
static char **build_environment(char *index_entry)
{
    static char literal[] = "GIT_LITERAL_PATHSPECS=1";
    static char no_locks[] = "GIT_OPTIONAL_LOCKS=0";
    static char locale[] = "LC_ALL=C";
    size_t count = 0;
    size_t used = 0;
    char **built;

    while (environ[count] != NULL) {
        count++;
    }
    built = calloc(count + 5, sizeof *built);
    if (built == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_steering(environ[i])) {
            built[used++] = environ[i];
        }
    }
    built[used++] = literal;
    built[used++] = no_locks;
    built[used++] = locale;
    built[used] = index_entry;
    return built;
}

/* "git --git-dir=… --work-tree=… <args>"; argv[1] and argv[2] are on the heap. */
static char **build_argv(const struct mh_repo *repo, const char *const *args)
{
    static char git[] = "git";
    static char dash_c[] = "-c";
    static char no_monitor[] = "core.fsmonitor=false";
    static char no_guessing[] = "user.useConfigOnly=true";
    size_t count = 0;
    char **argv;

    while (args[count] != NULL) {
        count++;
    }
    argv = calloc(count + 8, sizeof *argv);
    if (argv == NULL) {
        return NULL;
    }
    argv[0] = git;
    if (asprintf(&argv[1], "--git-dir=%s", mh_repo_gitdir(repo)) < 0) {
        argv[1] = NULL;
    }
    if (asprintf(&argv[2], "--work-tree=%s", mh_repo_worktree(repo)) < 0) {
        argv[2] = NULL;
    }
    argv[3] = dash_c;
    argv[4] = no_monitor;
    argv[5] = dash_c;
    argv[6] = no_guessing;
    memcpy(argv + 7, args, count * sizeof *argv);
    return argv;
}

static void free_argv(char **argv)
{
    if (argv != NULL) {
        free(argv[1]);
        free(argv[2]);
        free(argv);
    }
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t defaults;

    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE); /* ignored here, but git counts on dying of it */
    return posix_spawnattr_setsigdefault(attributes, &defaults) != 0 ||
                   posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF) != 0
               ? -1
               : 0;
}

/* Spawns git with pipes[i] as its stream i; returns 0 or an errno. */
static int spawn(const struct mh_repo *repo, char **argv, char **env, int pipes[PIPES][2],
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    code = set_attributes(&attributes);
    for (int i = 0; i < PIPES && code == 0; i++) {
        code = posix_spawn_file_actions_adddup2(&actions, pipes[i][i == 0 ? 0 : 1], i);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_addchdir_np(&actions, mh_repo_worktree(repo));
    }
    code = code == 0 ? mh_os.spawn(pid, argv[0], &actions, &attributes, argv, env) : ENOMEM;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return code;
}

static int start(const struct mh_repo *repo, const struct mh_repo_git_call *call,
                 struct child *child, struct mh_err *err)
{
    int pipes[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    char *index_entry = NULL;
    char **argv = build_argv(repo, call->args);
    char **env = NULL;
    int code = ENOMEM;

    if (call->index_file != NULL &&
        asprintf(&index_entry, "GIT_INDEX_FILE=%s", call->index_file) < 0) {
        index_entry = NULL;
        goto out;
    }
    env = build_environment(index_entry);
    if (argv == NULL || argv[1] == NULL || argv[2] == NULL || env == NULL) {
        goto out;
    }
    for (int i = 0; i < PIPES; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) < 0) {
            code = errno;
            goto out;
        }
    }
    code = spawn(repo, argv, env, pipes, &child->pid);
    for (int i = 0; i < PIPES && code == 0; i++) {
        child->ends[i] = pipes[i][i == 0 ? 1 : 0];
        pipes[i][i == 0 ? 1 : 0] = -1;
    }
out:
    for (int i = 0; i < PIPES; i++) {
        mh_os_close(&pipes[i][0]);
        mh_os_close(&pipes[i][1]);
    }
    free_argv(argv);
    free(env);
    free(index_entry);
    return code == 0 ? 0 : mh_err_sys(err, code, "cannot run git");
}

/* Takes what is there from stream i; closes it at its end.  0 or -1 when out of memory. */
static int drain(struct child *child, int i)
{
    struct buffer *buffer = &child->streams[i];
    ssize_t count;

    if (buffer->room - buffer->size < READ_SIZE + 1) {
        size_t room = buffer->room * 2 + READ_SIZE + 1;
        char *grown = realloc(buffer->data, room);

        if (grown == NULL) {
            return -1;
        }
        buffer->data = grown;
        buffer->room = room;
    }
    count = mh_os_read(child->ends[i], buffer->data + buffer->size, READ_SIZE);
    if (count < 0) {
        child->trouble = errno;
    }
    if (count <= 0) {
        mh_os_close(&child->ends[i]);
        count = 0;
    }
    buffer->size += (size_t)count;
    buffer->data[buffer->size] = '\0';
    return 0;
}

static void feed(struct child *child)
{
    ssize_t count = mh_os.write(child->ends[0], child->input, child->input_left);

    if (count < 0 && errno != EINTR && errno != EAGAIN) {
        child->trouble = errno;
        child->input_left = 0; /* where git ended early its exit code tells why */
    } else if (count > 0) {
        child->input += count;
        child->input_left -= (size_t)count;
    }
    if (child->input_left == 0) {
        mh_os_close(&child->ends[0]);
    }
}

static int talk(struct child *child, struct mh_err *err)
{
    if (child->input_left == 0) {
        mh_os_close(&child->ends[0]);
    } else if (fcntl(child->ends[0], F_SETFL, O_NONBLOCK) < 0) {
        return mh_err_sys(err, errno, "cannot talk to git");
    }
    while (child->ends[1] >= 0 || child->ends[2] >= 0) {
        struct pollfd polls[PIPES] = {{.fd = child->ends[0], .events = POLLOUT},
                                      {.fd = child->ends[1], .events = POLLIN},
                                      {.fd = child->ends[2], .events = POLLIN}};

        if (poll(polls, PIPES, -1) < 0 && errno != EINTR) {
            return mh_err_sys(err, errno, "cannot wait for git");
        }
        if (polls[0].revents != 0) {
            feed(child);
        }
        for (int i = 1; i < PIPES; i++) {
            if (polls[i].revents != 0 && drain(child, i) < 0) {
                return mh_err_nomem(err);
            }
        }
    }
    return 0;
}

/* Waits for the end.  0 where git ended well, else -1 with its last words. */
static int finish(struct child *child, const char *command, struct mh_err *err)
{
    const char *words = child->streams[2].data != NULL ? child->streams[2].data : "";
    size_t length = strlen(words);
    const char *line;
    int status = 0;

    while (waitpid(child->pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return mh_err_sys(err, errno, "cannot wait for git");
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    while (length > 0 && words[length - 1] == '\n') {
        length--;
    }
    line = memrchr(words, '\n', length);
    line = line != NULL ? line + 1 : words;
    if (WIFSIGNALED(status)) {
        return mh_err_set(err, "EGIT", "git %s was ended by signal %d", command, WTERMSIG(status));
    }
    return mh_err_set(err, "EGIT", "git %s failed with exit code %d: %.*s", command,
                      WEXITSTATUS(status), (int)(words + length - line), line);
}

int mh_repo_git(const struct mh_repo *repo, const struct mh_repo_git_call *call, char **out,
                size_t *out_size, struct mh_err *err)
{
    struct child child = {
        .ends = {-1, -1, -1}, .input = call->input, .input_left = call->input_size};
    int result;

    if (start(repo, call, &child, err) < 0) {
        return -1;
    }
    result = talk(&child, err);
    for (int i = 0; i < PIPES; i++) {
        mh_os_close(&child.ends[i]);
    }
    if (result < 0) {
        struct mh_err ignored;

        (void)finish(&child, call->args[0], &ignored);
    } else {
        result = finish(&child, call->args[0], err);
    }
    if (result == 0 && child.trouble != 0) { /* git may have taken a part for all */
        result = mh_err_sys(err, child.trouble, "cannot talk to git %s", call->args[0]);
    }
    free(child.streams[2].data);
    if (result < 0) {
        free(child.streams[1].data);
        return -1;
    }
    *out = child.streams[1].data;
    *out_size = child.streams[1].size;
    return 0;
}
