/*
 * Paths: what they are by their text, against a second reading of the same rules, and what opens
 * beneath a folder that holds links to the inside and to the outside: never anything outside.
 */
#include "dir.c"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static char folder[] = "/tmp/mighost-fuzz-XXXXXX";
static int inside = -1;
static struct stat nodes[5]; /* all there is inside, links apart */

static void clean(void)
{
    static const char *const files[] = {"a/b/f", "a/in", "a/out", "a/up", "in", "out", "root", "f"};
    static const char *const folders[] = {"a/b", "a"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)unlinkat(inside, files[i], 0);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)unlinkat(inside, folders[i], AT_REMOVEDIR);
    }
    (void)rmdir(folder);
}

static void make_file(const char *path)
{
    int fd = openat(inside, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    EXPECT(fd >= 0);
    mh_os_close(&fd);
}

static void prepare(void)
{
    static const char *const links[][2] = {{"b", "a/in"},   {"../../..", "a/out"}, {"..", "a/up"},
                                           {"a/b/f", "in"}, {"..", "out"},         {"/", "root"}};
    static const char *const known[] = {".", "a", "a/b", "a/b/f", "f"};

    EXPECT(mkdtemp(folder) != NULL);
    inside = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT(inside >= 0 && atexit(clean) == 0);
    EXPECT(mkdirat(inside, "a", 0700) == 0 && mkdirat(inside, "a/b", 0700) == 0);
    make_file("a/b/f");
    make_file("f");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        EXPECT(symlinkat(links[i][0], inside, links[i][1]) == 0);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        EXPECT(fstatat(inside, known[i], &nodes[i], AT_SYMLINK_NOFOLLOW) == 0);
    }
}

static bool is_known(const struct stat *found)
{
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        if (nodes[i].st_dev == found->st_dev && nodes[i].st_ino == found->st_ino) {
            return true;
        }
    }
    return false;
}

/* The same rule byte by byte: what stands between two slashes or ends. */
static bool is_plain(const char *path)
{
    size_t length = 0;
    size_t dots = 0;

    for (;; path++) {
        if (*path == '/' || *path == '\0') {
            if (length == 0 || length > NAME_MAX || (length == dots && length <= 2)) {
                return false;
            }
            if (*path == '\0') {
                return true;
            }
            length = 0;
            dots = 0;
        } else {
            length++;
            dots += *path == '.';
        }
    }
}

static void try_text(const char *path)
{
    bool plain = is_plain(path);
    char *joined = mh_path_join("root", path);

    EXPECT(mh_path_is_relative(path) == plain);
    EXPECT(mh_path_is_segment(path) == (plain && strchr(path, '/') == NULL));
    EXPECT(!plain || !has_dot_dot(path));
    EXPECT(joined != NULL && strncmp(joined, "root", 4) == 0);
    EXPECT(*path == '\0' || strcmp(joined + strlen(joined) - strlen(path), path) == 0);
    free(joined);
}

static void try_open(const char *path, enum mh_links links)
{
    struct mh_dir dir = {.fd = inside, .path = folder};
    struct mh_dir_read_options options = {.max = 16, .links = links};
    struct mh_buffer buffer = {0};
    struct mh_err err = {.name = ""};
    struct stat found;
    int fd = mh_path_open(inside, path, O_PATH, links);

    if (fd >= 0) {
        EXPECT(fstat(fd, &found) == 0 && is_known(&found));
        mh_os_close(&fd);
    }
    if (mh_dir_stat(&dir, path, links, &found, &err) == 0 && !S_ISLNK(found.st_mode)) {
        EXPECT(is_known(&found));
    }
    if (mh_dir_read(&dir, path, &options, &buffer, &err) == 0) {
        EXPECT(buffer.size == 0); /* the two files inside are empty */
    }
    mh_buffer_release(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = fuzz_text(data, size);

    if (inside < 0) {
        prepare();
    }
    try_text(path);
    try_open(path, MH_LINKS_REFUSE);
    try_open(path, MH_LINKS_INSIDE);
    free(path);
    return 0;
}
