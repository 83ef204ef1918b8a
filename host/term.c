#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 10000, LIVE_BYTES = 4096, DECIMAL = 10 };

/*
 * Attributes off, normal screen, cursor shown and keys in normal mode, no mouse, focus or paste
 * marks.
 */
static const char calm[] = "\033[0m\033[?1047l\033[?25h\033[?1l\033>"
                           "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l";
static const char erase[] = "\r\033[K";

bool mh_term_is_tty(int fd)
{
    return isatty(fd) == 1;
}

int mh_term_width(int fd)
{
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    char *end = NULL;
    long width;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    if (columns == NULL || *columns < '0' || *columns > '9') {
        return WIDTH_DEFAULT;
    }
    width = strtol(columns, &end, DECIMAL);
    return *end == '\0' && width > 0 && width <= WIDTH_MAX ? (int)width : WIDTH_DEFAULT;
}

/* Whether escape sequences mean anything there. */
static bool takes_escapes(int fd)
{
    const char *kind = getenv("TERM");

    return mh_term_is_tty(fd) && kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
}

static int write_terminal(int fd, const char *data, size_t size, struct mh_err *err)
{
    if (mh_os_write_all(fd, data, size) < 0) {
        return mh_err_sys(err, errno, "cannot write to the terminal");
    }
    return 0;
}

int mh_term_live(int fd, const char *text, size_t length, struct mh_err *err)
{
    char line[LIVE_BYTES];
    size_t used = sizeof erase - 1;

    if (!takes_escapes(fd)) {
        return 0;
    }
    memcpy(line, erase, used); /* erased first: at the right margin it would take the last column */
    used += mh_term_fit(line + used, sizeof line - used, text, length, mh_term_width(fd) - 1);
    return write_terminal(fd, line, used, err);
}

int mh_term_clear_live(int fd, struct mh_err *err)
{
    return takes_escapes(fd) ? write_terminal(fd, erase, sizeof erase - 1, err) : 0;
}

int mh_term_save(struct mh_term_state *state, struct mh_err *err)
{
    struct mh_term_state saved = {.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};

    if (saved.fd < 0) { /* ENXIO, ENOENT: there is no terminal, so nothing can disturb it */
        *state = saved;
        return 0;
    }
    if (tcgetattr(saved.fd, &saved.settings) < 0) {
        (void)mh_err_sys(err, errno, "cannot read the state of the terminal");
        mh_os_close(&saved.fd);
        return -1;
    }
    saved.foreground = tcgetpgrp(saved.fd);
    *state = saved;
    return 0;
}

/*
 * After a program that took the foreground and died there, mighost is in the background: unless it
 * ignores SIGTTOU it would be stopped for touching the terminal.
 */
static int put_back(const struct mh_term_state *state)
{
    int result;

    if (state->foreground > 0) {
        (void)tcsetpgrp(state->fd, state->foreground); /* that group may have ended */
    }
    do {
        result = tcsetattr(state->fd, TCSADRAIN, &state->settings);
    } while (result < 0 && errno == EINTR);
    if (result == 0 && takes_escapes(state->fd)) {
        result = mh_os_write_all(state->fd, calm, sizeof calm - 1);
    }
    return result;
}

int mh_term_restore(struct mh_term_state *state, struct mh_err *err)
{
    struct sigaction ignore = {0};
    struct sigaction before;
    int result;

    if (state->fd < 0) {
        return 0;
    }
    ignore.sa_handler = SIG_IGN;
    (void)sigemptyset(&ignore.sa_mask);
    result = sigaction(SIGTTOU, &ignore, &before);
    if (result == 0) {
        result = put_back(state);
        if (result < 0) {
            (void)mh_err_sys(err, errno, "cannot restore the terminal");
        }
        (void)sigaction(SIGTTOU, &before, NULL);
    } else {
        (void)mh_err_sys(err, errno, "cannot restore the terminal");
    }
    mh_os_close(&state->fd);
    return result;
}
