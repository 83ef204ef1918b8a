/*
 * check: the words that the C tests are written in.  They hold the host to what Lua cannot reach:
 * failing system calls, limits, other users, structures that no binding shows.
 *
 * A test is a function; CHECK notes a failure with its place and goes on.  Every test gets a
 * scratch directory of its own, and must leave no descriptor open.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)

/* For calls that fill `err`: its message is shown. */
#define CHECK_OK(call, err) check_ok((call) >= 0, #call, (err), __FILE__, __LINE__)
#define CHECK_FAILS(call, err, name) check_fails((call), #call, (err), (name), __FILE__, __LINE__)

bool check_that(bool good, const char *text, const char *file, int line);
bool check_ok(bool good, const char *text, const struct mh_err *err, const char *file, int line);
bool check_fails(int result, const char *text, struct mh_err *err, const char *name,
                 const char *file, int line);

/* What CHECK says with every failure until the next call: which case of a loop it was. */
void check_context(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a test in a new scratch directory, whose descriptor it is given. */
void check_run(const char *name, void (*test)(int dirfd));

/* Runs what follows in a child, as an ordinary user if so asked; true there, until check_leave. */
bool check_enter_child(bool as_nobody, int dirfd);
_Noreturn void check_leave(void);

/* 0 when every check held, else 1; says so. */
int check_result(void);

/* Helpers that end the test program when they fail, since nothing can be tested then. */
void put_file(int dirfd, const char *path, const char *text);
void put_dir(int dirfd, const char *path);
bool has(int dirfd, const char *path);
bool has_text(int dirfd, const char *path, const char *text);
size_t count_names(int dirfd, const char *path);
size_t count_descriptors(void);
int open_dir(int dirfd, const char *path);

/* Sets a file's modification time to `seconds` before now. */
void make_older(int dirfd, const char *path, long seconds);

#endif
