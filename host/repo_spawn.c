#include "repo_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

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
static int spawn(const struct mh_repo *repo, char **argv, char **env, int pipes[MH_REPO_STREAMS][2],
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
    for (int i = 0; i < MH_REPO_STREAMS && code == 0; i++) {
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

int mh_repo_spawn(const struct mh_repo *repo, const struct mh_repo_git_call *call,
                  struct mh_repo_process *out, struct mh_err *err)
{
    int pipes[MH_REPO_STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
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
    for (int i = 0; i < MH_REPO_STREAMS; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) < 0) {
            code = errno;
            goto out;
        }
    }
    code = spawn(repo, argv, env, pipes, &out->pid);
    for (int i = 0; i < MH_REPO_STREAMS && code == 0; i++) {
        out->ends[i] = pipes[i][i == 0 ? 1 : 0];
        pipes[i][i == 0 ? 1 : 0] = -1;
    }
out:
    for (int i = 0; i < MH_REPO_STREAMS; i++) {
        mh_os_close(&pipes[i][0]);
        mh_os_close(&pipes[i][1]);
    }
    free_argv(argv);
    free(env);
    free(index_entry);
    if (code == ENOENT && access(mh_repo_worktree(repo), F_OK) == 0) {
        return mh_err_set(err, "EUNSUPPORTED",
                          "cannot run git: not found in PATH; install git, "
                          "or add its folder to PATH");
    }
    return code == 0 ? 0 : mh_err_sys(err, code, "cannot run git");
}
