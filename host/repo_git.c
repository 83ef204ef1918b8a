#include "repo_git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "repo_spawn.h"

enum { READ_SIZE = 65536 };

struct buffer {
    char *data;
    size_t size;
    size_t room;
};

struct mh_repo_git_run {
    struct mh_repo_process process;
    struct buffer streams[MH_REPO_STREAMS]; /* [0] unused */
    const char *input;
    size_t input_left;
    int trouble; /* errno of a pipe that failed, or 0 */
    char *command;
};

/* Takes what is there from stream i; closes it at its end.  0 or -1 when out of memory. */
static int drain(struct mh_repo_git_run *child, int i)
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
    count = mh_os_read(child->process.ends[i], buffer->data + buffer->size, READ_SIZE);
    if (count < 0) {
        child->trouble = errno;
    }
    if (count <= 0) {
        mh_os_close(&child->process.ends[i]);
        count = 0;
    }
    buffer->size += (size_t)count;
    buffer->data[buffer->size] = '\0';
    return 0;
}

static void feed(struct mh_repo_git_run *child)
{
    ssize_t count = mh_os.write(child->process.ends[0], child->input, child->input_left);

    if (count < 0 && errno != EINTR && errno != EAGAIN) {
        child->trouble = errno;
        child->input_left = 0; /* where git ended early its exit code tells why */
    } else if (count > 0) {
        child->input += count;
        child->input_left -= (size_t)count;
    }
    if (child->input_left == 0) {
        mh_os_close(&child->process.ends[0]);
    }
}

static int talk(struct mh_repo_git_run *child, struct mh_err *err)
{
    if (child->input_left == 0) {
        mh_os_close(&child->process.ends[0]);
    } else if (fcntl(child->process.ends[0], F_SETFL, O_NONBLOCK) < 0) {
        return mh_err_sys(err, errno, "cannot talk to git");
    }
    while (child->process.ends[1] >= 0 || child->process.ends[2] >= 0) {
        struct pollfd polls[MH_REPO_STREAMS] = {{.fd = child->process.ends[0], .events = POLLOUT},
                                                {.fd = child->process.ends[1], .events = POLLIN},
                                                {.fd = child->process.ends[2], .events = POLLIN}};

        if (poll(polls, MH_REPO_STREAMS, -1) < 0 && errno != EINTR) {
            return mh_err_sys(err, errno, "cannot wait for git");
        }
        if (polls[0].revents != 0) {
            feed(child);
        }
        for (int i = 1; i < MH_REPO_STREAMS; i++) {
            if (polls[i].revents != 0 && drain(child, i) < 0) {
                return mh_err_nomem(err);
            }
        }
    }
    return 0;
}

/* Waits for the end.  0 where git ended well, else -1 with its last words. */
static int reap(struct mh_repo_git_run *child, struct mh_err *err)
{
    const char *words = child->streams[2].data != NULL ? child->streams[2].data : "";
    size_t length = strlen(words);
    const char *line;
    int status = 0;

    while (waitpid(child->process.pid, &status, 0) < 0) {
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
        return mh_err_set(err, "EGIT", "git %s was ended by signal %d", child->command,
                          WTERMSIG(status));
    }
    return mh_err_set(err, "EGIT", "git %s failed with exit code %d: %.*s", child->command,
                      WEXITSTATUS(status), (int)(words + length - line), line);
}

static void release(struct mh_repo_git_run *run)
{
    for (int i = 0; i < MH_REPO_STREAMS; i++) {
        mh_os_close(&run->process.ends[i]);
        free(run->streams[i].data);
    }
    free(run->command);
    free(run);
}

int mh_repo_git_start(const struct mh_repo *repo, const struct mh_repo_git_call *call,
                      struct mh_repo_git_run **out, struct mh_err *err)
{
    struct mh_repo_git_run *run = calloc(1, sizeof *run);

    if (run == NULL) {
        (void)mh_err_nomem(err);
        return -1;
    }
    *run = (struct mh_repo_git_run){.process = {.ends = {-1, -1, -1}},
                                    .input = call->input,
                                    .input_left = call->input_size,
                                    .command = strdup(call->args[0])};
    if (run->command == NULL) {
        (void)mh_err_nomem(err);
        goto fail;
    }
    if (mh_repo_spawn(repo, call, &run->process, err) < 0) {
        goto fail;
    }
    *out = run;
    return 0;
fail:
    release(run);
    return -1;
}

int mh_repo_git_finish(struct mh_repo_git_run *run, char **out, size_t *out_size,
                       struct mh_err *err)
{
    struct mh_err ignored;
    int result = talk(run, err);

    for (int i = 0; i < MH_REPO_STREAMS; i++) {
        mh_os_close(&run->process.ends[i]);
    }
    if (reap(run, result < 0 ? &ignored : err) < 0) {
        result = -1;
    }
    if (result == 0 && run->trouble != 0) { /* git may have taken a part for all */
        result = mh_err_sys(err, run->trouble, "cannot talk to git %s", run->command);
    }
    if (result == 0) {
        *out = run->streams[1].data;
        *out_size = run->streams[1].size;
        run->streams[1].data = NULL;
    }
    release(run);
    return result;
}

int mh_repo_git(const struct mh_repo *repo, const struct mh_repo_git_call *call, char **out,
                size_t *out_size, struct mh_err *err)
{
    struct mh_repo_git_run *run = NULL;

    return mh_repo_git_start(repo, call, &run, err) < 0
               ? -1
               : mh_repo_git_finish(run, out, out_size, err);
}
