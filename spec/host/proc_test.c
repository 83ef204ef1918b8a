/* Processes: failing calls, a disk that fills up, ends in the middle, secrets cut anywhere. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "faults.h"
#include "host_test.h"
#include "interrupt.h"
#include "os.h"
#include "proc.h"
#include "proc_redact.h"

enum { STEP_MS = 100, PATH_BYTES = 64, TEXT_BYTES = 512, CALLS = 30, CALLS_AT_LEAST = 6 };

/* The path of "log" in the scratch directory. */
static const char *log_in(int dirfd)
{
    static char path[PATH_BYTES];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/log", dirfd);
    return path;
}

static struct mh_proc_options options_for(const char *const *argv)
{
    struct mh_proc_options options = {0};

    options.argv = argv;
    options.keep = TEXT_BYTES;
    options.cap = UINT64_MAX;
    options.timeout_ms = -1;
    options.silence_ms = -1;
    options.grace_ms = 0;
    return options;
}

/* To its end; 0 with a copy of the report, whose parts are gone, or -1. */
static int run(const struct mh_proc_options *options, struct mh_proc_report *report,
               struct mh_err *err)
{
    struct mh_proc *proc = NULL;
    int more;

    if (mh_proc_start(&proc, options, err) < 0) {
        CHECK(proc == NULL);
        return -1;
    }
    do {
        more = mh_proc_poll(proc, STEP_MS, err);
    } while (more > 0);
    *report = *mh_proc_report(proc);
    mh_proc_end(&proc);
    CHECK(proc == NULL);
    mh_proc_end(&proc);
    return more;
}

static bool has_no_child(void)
{
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void test_each_call_failing(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "cat; echo said; (sleep 60 &)", NULL};
    static const int errors[] = {EIO, ENOSPC, EINTR, EAGAIN};
    struct mh_proc_options options = options_for(argv);
    size_t open_before = count_descriptors();

    options.input = "read\n";
    options.input_size = strlen(options.input);
    options.log[MH_PROC_STDOUT] = log_in(dirfd);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        int happened = 0;

        for (int call = 1; call <= CALLS; call++) { /* the guardian's go on from mighost's */
            struct mh_proc_report report = {0};
            struct mh_err err = {0};
            int result;

            faults_arm((struct fault){.call = call, .errnum = errors[i]});
            result = run(&options, &report, &err);
            happened += faults_disarm() ? 1 : 0;
            check_context("%s of call %d, %s", mh_err_errno_name(errors[i]), call, faults_hit());
            CHECK(result == 0 || *err.message != '\0');
            CHECK(has_no_child());
            CHECK(count_descriptors() == open_before);
        }
        CHECK(happened >= CALLS_AT_LEAST);
    }
    CHECK(has_text(dirfd, "log", "read\nsaid\n"));
}

static void test_fork(int dirfd)
{
    static const char *const argv[] = {"true", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc_report report;
    struct mh_err err = {0};

    (void)dirfd;
    for (int call = 1; call <= 2; call++) { /* the guardian's, then the program's */
        check_context("fork %d", call);
        faults_arm((struct fault){.call = call, .errnum = EAGAIN, .only = "fork"});
        CHECK_FAILS(run(&options, &report, &err), &err, "EAGAIN");
        (void)faults_disarm();
        CHECK(has_no_child());
    }
    CHECK_OK(run(&options, &report, &err), &err);
    CHECK(report.exit == 0);
}

static void test_short_writes(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "cat; printf 0123456789", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc_report report;
    struct mh_err err = {0};

    options.input = "abcdefghij";
    options.input_size = strlen(options.input);
    options.log[MH_PROC_STDOUT] = log_in(dirfd);
    faults_write_short(true);
    CHECK_OK(run(&options, &report, &err), &err);
    faults_write_short(false);
    CHECK(has_text(dirfd, "log", "abcdefghij0123456789"));
}

static void test_full_disk(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "trap '' TERM; while :; do echo more; done",
                                       NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc_report report;
    struct mh_err err = {0};

    options.log[MH_PROC_STDOUT] = log_in(dirfd);
    faults_arm((struct fault){.kind = FAULT_FULL_DISK, .call = 3, .only = "write"});
    CHECK_FAILS(run(&options, &report, &err), &err, "ENOSPC");
    CHECK(faults_disarm());
    CHECK(has_no_child());
    CHECK(has(dirfd, "log"));
}

static void test_unkillable(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "sleep 60 & echo $!", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc *proc = NULL;
    struct mh_err err = {0};
    char id[PATH_BYTES] = "";

    (void)dirfd;
    faults_arm((struct fault){.call = 1, .errnum = EPERM, .only = "kill", .every = true});
    CHECK_OK(mh_proc_start(&proc, &options, &err), &err);
    while (proc != NULL && mh_proc_poll(proc, STEP_MS, &err) > 0) {
    }
    (void)faults_disarm();
    if (proc != NULL) {
        const struct mh_proc_report *report = mh_proc_report(proc);

        CHECK(report->exit == 0);
        CHECK(report->stragglers == 1);
        CHECK(report->survivors == 1);
        memcpy(id, report->output[MH_PROC_STDOUT].part[0], report->output[MH_PROC_STDOUT].size[0]);
    }
    CHECK(atoi(id) > 1 && kill(atoi(id), SIGKILL) == 0);
    CHECK(waitpid(atoi(id), NULL, 0) == atoi(id)); /* the guardian's child before, ours since */
    mh_proc_end(&proc);
}

static void test_end_in_the_middle(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "setsid sleep 60 & exec sleep 60", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc *proc = NULL;
    struct mh_err err = {0};

    (void)dirfd;
    mh_proc_end(&proc);
    for (int polls = 0; polls < 3; polls++) {
        CHECK_OK(mh_proc_start(&proc, &options, &err), &err);
        for (int i = 0; i < polls; i++) {
            CHECK(mh_proc_poll(proc, 1, &err) == 1);
        }
        mh_proc_end(&proc);
        CHECK(proc == NULL);
        CHECK(has_no_child());
    }
}

static void test_interrupt(int dirfd)
{
    static const char *const argv[] = {"sh", "-c",
                                       "trap 'exit 5' TERM; echo up; while :; do :; done", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc_progress progress = {0};
    struct mh_proc *proc = NULL;
    struct mh_err err = {0};

    (void)dirfd;
    options.grace_ms = 60000;
    CHECK_OK(mh_proc_start(&proc, &options, &err), &err);
    while (proc != NULL && progress.bytes == 0 && mh_proc_poll(proc, STEP_MS, &err) > 0) {
        mh_proc_progress(proc, &progress);
    }
    mh_interrupt_signal = SIGINT;
    while (proc != NULL && mh_proc_poll(proc, STEP_MS, &err) > 0) {
    }
    CHECK(proc != NULL && mh_proc_report(proc)->limit == MH_PROC_INTERRUPT);
    CHECK(proc != NULL && mh_proc_report(proc)->exit == 5);
    mh_proc_end(&proc);
    CHECK_FAILS(mh_proc_start(&proc, &options, &err), &err, "EINTERRUPTED");
    mh_interrupt_signal = 0;
}

/* What a caller of mighost's set up before it started must not matter. */
static void test_ignored_child_signal(int dirfd)
{
    static const char *const argv[] = {"sh", "-c", "(exit 3); exit $?", NULL};
    struct mh_proc_options options = options_for(argv);
    struct mh_proc_report report;
    struct mh_err err = {0};

    (void)dirfd;
    (void)signal(SIGCHLD, SIG_IGN);
    CHECK_OK(run(&options, &report, &err), &err);
    (void)signal(SIGCHLD, SIG_DFL);
    CHECK(report.exit == 3);
}

/* ---- secrets ---- */

struct text {
    char bytes[TEXT_BYTES];
    size_t size;
};

static int append(void *context, const char *data, size_t size, struct mh_err *err)
{
    struct text *text = context;

    (void)err;
    if (!CHECK(size <= sizeof text->bytes - text->size)) {
        return -1;
    }
    memcpy(text->bytes + text->size, data, size);
    text->size += size;
    return 0;
}

/* Redacts a text cut at two places. */
static void redact(const struct mh_redactor *redactor, const char *text, size_t first,
                   size_t second, struct text *out)
{
    size_t size = strlen(text);
    size_t cuts[] = {first, second, size, size};
    struct mh_err err = {0};
    char window[TEXT_BYTES];
    size_t held = 0;
    size_t at = 0;

    *out = (struct text){0};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct mh_redact_window part = {.data = window,
                                        .last = i + 1 == sizeof cuts / sizeof cuts[0]};

        memcpy(window + held, text + at, cuts[i] - at);
        part.size = held + cuts[i] - at;
        at = cuts[i];
        CHECK_OK(mh_redactor_run(redactor, &part, append, out, &held, &err), &err);
        CHECK(held <= mh_redactor_hold_max(redactor));
        memmove(window, window + part.size - held, held);
    }
    CHECK(held == 0);
}

static void test_secrets_cut_anywhere(int dirfd)
{
    static const struct mh_proc_secret secrets[] = {
        {"A", "aaaaaaab", 8},    {"LONG", "aaaaaaabaaaaaaac", 16}, {"B", "bcabcabc", 8},
        {"SHORT", "zzzzzzz", 7}, {"TWIN", "aaaaaaab", 8},
    };
    static const char text[] = "aaaaaaaaaab|aaaaaaabaaaaaaac|aaaaaaabaaaaaaa|abcabcabcabc|zzzzzzzz|"
                               "bcabcabcabcabcbcabcabc|";
    static const char expected[] =
        "aaa<redacted:A>|<redacted:LONG>|<redacted:A>aaaaaaa|a<redacted:B>abc|zzzzzzzz|"
        "<redacted:B>abcabc<redacted:B>|";
    struct mh_redactor redactor = {0};
    struct mh_err err = {0};
    struct text out;

    (void)dirfd;
    CHECK_OK(mh_redactor_init(&redactor, secrets, sizeof secrets / sizeof secrets[0], &err), &err);
    for (size_t first = 0; first <= strlen(text); first++) {
        for (size_t second = first; second <= strlen(text); second++) {
            check_context("cuts at %zu and %zu", first, second);
            redact(&redactor, text, first, second, &out);
            CHECK(out.size == strlen(expected) && memcmp(out.bytes, expected, out.size) == 0);
        }
    }
    mh_redactor_release(&redactor);
    mh_redactor_release(&redactor);
}

static void test_secrets_at_the_end(int dirfd)
{
    static const struct mh_proc_secret secrets[] = {{"KEY", "0123456789abcdef", 16}};
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"x0123456", "x0123456"},
        {"x01234567", "x<redacted:KEY>"},
        {"x0123456789abcde", "x<redacted:KEY>"},
        {"x0123456789abcdef", "x<redacted:KEY>"},
        {"x0123456789abcdef0123456", "x<redacted:KEY>0123456"},
    };
    struct mh_redactor redactor = {0};
    struct mh_err err = {0};
    struct text out;

    (void)dirfd;
    CHECK_OK(mh_redactor_init(&redactor, secrets, 1, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
            check_context("%s cut at %zu", cases[i].text, cut);
            redact(&redactor, cases[i].text, cut, cut, &out);
            CHECK(out.size == strlen(cases[i].expected) &&
                  memcmp(out.bytes, cases[i].expected, out.size) == 0);
        }
    }
    mh_redactor_release(&redactor);
}

void run_proc_tests(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as the runtime does */
    check_run("each call failing in turn", test_each_call_failing);
    check_run("no process can be made", test_fork);
    check_run("short writes", test_short_writes);
    check_run("a disk that fills up", test_full_disk);
    check_run("a descendant that cannot be killed", test_unkillable);
    check_run("the end in the middle", test_end_in_the_middle);
    check_run("an interrupt", test_interrupt);
    check_run("SIGCHLD ignored", test_ignored_child_signal);
    check_run("secrets cut anywhere", test_secrets_cut_anywhere);
    check_run("secrets at the very end", test_secrets_at_the_end);
}
