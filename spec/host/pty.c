/*
 * pty COLUMNS PROGRAM [ARGUMENT...]: runs a program on a terminal of its own, for the specs.
 *
 * The terminal has 24 lines and that many columns.  What comes on stdin is typed there; what is
 * shown goes to stdout.  Ends with the program's exit code, or 128 + the signal that ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { LINES = 24, DECIMAL = 10, EXIT_USAGE = 125, EXIT_TROUBLE = 126, SIGNAL_BASE = 128 };

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
    _exit(EXIT_TROUBLE);
}

static int open_master(int columns)
{
    struct winsize size = {.ws_row = LINES};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    size.ws_col = (unsigned short)columns;
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
        ioctl(master, TIOCSWINSZ, &size) < 0) {
        die("cannot open a terminal");
    }
    return master;
}

static _Noreturn void run(const char *terminal, char **argv)
{
    int slave;

    if (setsid() < 0) {
        die("cannot start a session");
    }
    slave = open(terminal, O_RDWR); /* the first one that a session opens controls it */
    if (slave < 0 || dup2(slave, STDIN_FILENO) < 0 || dup2(slave, STDOUT_FILENO) < 0 ||
        dup2(slave, STDERR_FILENO) < 0) {
        die("cannot use the terminal");
    }
    if (slave > STDERR_FILENO) {
        (void)close(slave);
    }
    (void)execvp(argv[0], argv);
    die(argv[0]);
}

/* Copies once; 0 at the end.  A master says EIO once nobody has the terminal open any more. */
static ssize_t copy(int from, int to)
{
    char buffer[BUFSIZ];
    ssize_t size = read(from, buffer, sizeof buffer);

    for (ssize_t done = 0; done < size;) {
        ssize_t written = write(to, buffer + done, (size_t)(size - done));

        if (written < 0) {
            die("cannot write");
        }
        done += written;
    }
    return size > 0 ? size : 0;
}

static void relay(int master)
{
    struct pollfd fds[2] = {{.fd = master, .events = POLLIN},
                            {.fd = STDIN_FILENO, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0) {
            die("cannot wait");
        }
        if (fds[1].revents != 0 && copy(STDIN_FILENO, master) == 0) {
            fds[1].fd = -1;
        }
        if (fds[0].revents != 0 && copy(master, STDOUT_FILENO) == 0) {
            return;
        }
    }
}

int main(int argc, char **argv)
{
    int status = 0;
    int master;
    pid_t child;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: pty COLUMNS PROGRAM [ARGUMENT...]\n");
        return EXIT_USAGE;
    }
    master = open_master((int)strtol(argv[1], NULL, DECIMAL));
    child = fork();
    if (child == 0) {
        run(ptsname(master), argv + 2);
    }
    if (child < 0) {
        die("cannot fork");
    }
    relay(master);
    if (waitpid(child, &status, 0) < 0) {
        die("cannot wait for the program");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_BASE + WTERMSIG(status);
}
