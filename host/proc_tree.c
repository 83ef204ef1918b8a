#include "proc_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "proc_parts.h"

enum {
    PID_LIMIT = 1 << 22, /* the kernel gives no higher number, so `seen` cannot overflow */
    ENTRY_BYTES = 32768,
    STAT_BYTES = 1024,
    PID_DIGITS = 10,
    PASSES_MAX =
        4, /* of one sweep: whatever forks all the time must not keep a sweep from ending */
    FIELD_PARENT = 4, /* of /proc/<pid>/stat, counted from 1 as in proc(5) */
    FIELD_THREADS = 20,
    FIELD_ARGUMENTS = 48,
    FIELD_ARGUMENTS_END = 49,
    DECIMAL = 10,
    SPARED = 0,
};

struct entry { /* struct linux_dirent64, which no header declares */
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

struct descendant {
    pid_t pid;
    unsigned sweep; /* the last one that found it to be a descendant; SPARED: it is none */
};

struct mh_proc_tree {
    pid_t root;
    bool waits;
    unsigned sweep; /* from 1 */
    size_t count;
    uint64_t entries[ENTRY_BYTES / sizeof(uint64_t)];
    struct descendant seen[PID_LIMIT]; /* sorted by pid */
};

struct mh_proc_tree *mh_proc_tree_open(struct mh_err *err)
{
    void *memory = mmap(NULL, sizeof(struct mh_proc_tree), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    return memory;
}

void mh_proc_tree_close(struct mh_proc_tree **tree)
{
    if (*tree != NULL) {
        (void)munmap(*tree, sizeof **tree);
        *tree = NULL;
    }
}

void mh_proc_tree_reset(struct mh_proc_tree *tree)
{
    tree->root = getpid();
    tree->waits = false;
    tree->sweep = 0;
    tree->count = 0;
}

/* A number at the start of text; 0 where there is none. */
static uint64_t parse_number(const char *text)
{
    uint64_t number = 0;

    while (*text >= '0' && *text <= '9') {
        number = number * DECIMAL + (uint64_t)(*text - '0');
        text++;
    }
    return number;
}

/* The field with that number; `third` points at field 3, the first after the name. */
static uint64_t parse_field(const char *third, int number)
{
    for (int field = 3; field < number; field++) {
        while (*third != '\0' && *third != ' ') {
            third++;
        }
        if (*third == ' ') {
            third++;
        }
    }
    return parse_number(third);
}

int mh_proc_stat_read(const char *pid, struct mh_proc_stat *stat)
{
    char path[sizeof "/proc//stat" + PID_DIGITS] = "/proc/";
    char text[STAT_BYTES];
    size_t length = strlen(pid);
    const char *third = text;
    ssize_t size;
    int fd;

    if (length > PID_DIGITS) {
        return -1;
    }
    memcpy(path + sizeof "/proc/" - 1, pid, length);
    memcpy(path + sizeof "/proc/" - 1 + length, "/stat", sizeof "/stat");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    size = mh_os_read(fd, text, sizeof text - 1);
    mh_os_close(&fd);
    if (size <= 0) {
        return -1;
    }
    text[size] = '\0';
    for (const char *at = text; *at != '\0'; at++) { /* the name may hold anything, ") " too */
        if (at[0] == ')' && at[1] == ' ') {
            third = at + 2;
        }
    }
    stat->state = *third;
    stat->parent = (pid_t)parse_field(third, FIELD_PARENT);
    stat->threads = parse_field(third, FIELD_THREADS);
    stat->arguments = parse_field(third, FIELD_ARGUMENTS);
    stat->arguments_end = parse_field(third, FIELD_ARGUMENTS_END);
    return 0;
}

/* Where pid is in `seen`, or would be. */
static size_t find_place(const struct mh_proc_tree *tree, pid_t pid)
{
    size_t low = 0;
    size_t high = tree->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tree->seen[middle].pid < pid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct mh_proc_tree *tree, size_t place, pid_t pid)
{
    return place < tree->count && tree->seen[place].pid == pid;
}

/* Returns whether it is new. */
static bool remember(struct mh_proc_tree *tree, pid_t pid)
{
    size_t place = find_place(tree, pid);
    bool is_new = !is_at(tree, place, pid);

    if (is_new) {
        memmove(tree->seen + place + 1, tree->seen + place,
                (tree->count - place) * sizeof *tree->seen);
        tree->seen[place].pid = pid;
        tree->count++;
    }
    tree->seen[place].sweep = tree->sweep;
    return is_new;
}

/*
 * Only what this sweep has found counts as a parent: an older number may be someone else's by now.
 */
static bool is_descendant(const struct mh_proc_tree *tree, pid_t pid,
                          const struct mh_proc_stat *stat)
{
    size_t place = find_place(tree, stat->parent);

    if (stat->parent == tree->root) {
        place = find_place(tree, pid);
        return !is_at(tree, place, pid) || tree->seen[place].sweep != SPARED;
    }
    return is_at(tree, place, stat->parent) && tree->seen[place].sweep == tree->sweep;
}

/* A process whose first thread has ended shows as a zombie while its other threads live on. */
static bool is_alive(const struct mh_proc_stat *stat)
{
    return (stat->state != 'Z' && stat->state != 'X') || stat->threads > 1;
}

struct pass {
    int signal; /* 0: children are only noted as spared */
    int64_t until;
    int found;
    bool found_new;
};

static void visit_dead(const struct mh_proc_tree *tree, pid_t pid, const struct mh_proc_stat *stat,
                       struct pass *pass)
{
    if (tree->waits && stat->parent == tree->root && waitpid(pid, NULL, WNOHANG) == pid) {
        pass->found++;
    }
}

static void spare(struct mh_proc_tree *tree, pid_t pid, const char *name)
{
    struct mh_proc_stat stat;

    if (mh_proc_stat_read(name, &stat) == 0 && stat.parent == tree->root) {
        (void)remember(tree, pid);
    }
}

static void visit(struct mh_proc_tree *tree, const char *name, struct pass *pass)
{
    pid_t pid = (pid_t)parse_number(name);
    struct mh_proc_stat stat;
    bool is_new;

    if (pid > 1 && pass->signal == 0) {
        spare(tree, pid, name);
        return;
    }
    if (pid <= 1 || mh_proc_stat_read(name, &stat) < 0 || !is_descendant(tree, pid, &stat)) {
        return;
    }
    if (!is_alive(&stat)) {
        visit_dead(tree, pid, &stat, pass);
        return;
    }
    is_new = remember(tree, pid);
    pass->found_new = pass->found_new || is_new;
    pass->found++;
    if (pass->signal == SIGKILL) {
        (void)mh_os.kill(pid, SIGKILL);
    } else if (is_new) {
        (void)mh_os.kill(pid, pass->signal);
        (void)mh_os.kill(pid, SIGCONT); /* a stopped process handles no signal */
    }
}

static int sweep_once(struct mh_proc_tree *tree, struct pass *pass)
{
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long size = 0;

    if (fd < 0) {
        return -1;
    }
    pass->found = 0;
    pass->found_new = false;
    while ((size = syscall(SYS_getdents64, fd, tree->entries, sizeof tree->entries)) > 0) {
        for (long at = 0; at < size && mh_proc_now() < pass->until;) {
            const struct entry *entry = (const void *)((const char *)tree->entries + at);

            visit(tree, entry->name, pass);
            at += entry->size;
        }
    }
    mh_os_close(&fd);
    return size < 0 ? -1 : 0;
}

int mh_proc_tree_spare(struct mh_proc_tree *tree)
{
    struct pass pass = {.until = INT64_MAX};
    siginfo_t child;

    mh_proc_tree_reset(tree); /* to sweep 0, which is SPARED */
    tree->waits = true;
    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD) {
        return 0; /* as a rule: nothing to look for */
    }
    return sweep_once(tree, &pass);
}

int mh_proc_tree_sweep(struct mh_proc_tree *tree, int signal, int64_t until)
{
    struct pass pass = {.signal = signal, .until = until};
    int passes = signal == SIGKILL ? 1 : PASSES_MAX;

    tree->sweep++;
    do { /* again for children whose number is lower than their parent's */
        if (sweep_once(tree, &pass) < 0) {
            return -1;
        }
        passes--;
    } while (pass.found_new && passes > 0 && mh_proc_now() < until);
    return pass.found;
}

unsigned mh_proc_tree_seen(const struct mh_proc_tree *tree, pid_t except)
{
    return (unsigned)(tree->count - (is_at(tree, find_place(tree, except), except) ? 1 : 0));
}
