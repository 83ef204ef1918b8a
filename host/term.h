/*
 * term: the terminal that a person looks at: its width, a line that is rewritten in place, its
 * state.
 *
 * The live line is for progress: mh_term_live writes it over itself, mh_term_clear_live takes it
 * away before anything else is printed.  On what is not a terminal, or a dumb one, both do nothing.
 *
 * The state is saved before a program that may change it is run on the terminal (an editor, an
 * agent's own interface) and restored after, also when that program was killed: mh_term_save; run;
 * mh_term_restore.  A state that is all zero but for fd -1 is a restored one.
 */
#ifndef MH_TERM_H
#define MH_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "err.h"

struct mh_term_state {
    int fd; /* the controlling terminal; -1: there was none, or it is restored */
    pid_t foreground;
    struct termios settings;
};

bool mh_term_is_tty(int fd);

/* Columns of the terminal behind fd; where it is none, or does not say: $COLUMNS, else 80. */
int mh_term_width(int fd);

/*
 * Copies as much of a UTF-8 text as fits into `columns` and `size` bytes, without terminating NUL;
 * how many bytes.  Control characters and what changes the direction of text are left out, broken
 * bytes become U+FFFD; wide characters count two columns, combining ones none.
 */
size_t mh_term_fit(char *fitted, size_t size, const char *text, size_t length, int columns);

/* Replaces the live line.  0 or -1. */
int mh_term_live(int fd, const char *text, size_t length, struct mh_err *err);

/* Takes the live line away.  0 or -1. */
int mh_term_clear_live(int fd, struct mh_err *err);

/*
 * Saves the settings of the controlling terminal; without one there is nothing to save.  0 or -1.
 */
int mh_term_save(struct mh_term_state *state, struct mh_err *err);

/*
 * Puts the settings and the foreground process group back, leaves the alternate screen, shows the
 * cursor, ends mouse reports.  A second call does nothing.  0 or -1; either way the state is a
 * restored one.
 */
int mh_term_restore(struct mh_term_state *state, struct mh_err *err);

#endif
