/*
 * The text in a lock file, which anybody may have written: it is read back cut at its limit, and
 * its first line stands in the message for whoever wants the lock.
 */
#include "lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "os.h"

static char folder[] = "/tmp/mighost-fuzz-XXXXXX";
static int folder_fd = -1;
static int lock_fd = -1;

static void clean(void)
{
    (void)unlinkat(folder_fd, "x.lock", 0);
    (void)rmdir(folder);
}

/* A lock that is held through another open file is another holder's, for the kernel as for us. */
static void prepare(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    EXPECT(mkdtemp(folder) != NULL);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lock_fd = openat(folder_fd, "x.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT(lock_fd >= 0 && fcntl(lock_fd, F_OFD_SETLK, &whole) == 0);
    EXPECT(atexit(clean) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MH_LOCK_TEXT_MAX + 1];
    struct mh_lock lock = MH_LOCK_INIT;
    struct mh_err err = {.name = ""};
    size_t length = strnlen((const char *)data, size < MH_LOCK_TEXT_MAX ? size : MH_LOCK_TEXT_MAX);

    if (lock_fd < 0) {
        prepare();
    }
    EXPECT(ftruncate(lock_fd, 0) == 0 && pwrite(lock_fd, data, size, 0) == (ssize_t)size);
    EXPECT(mh_lock_holder(folder_fd, "x.lock", text, &err) == 1);
    EXPECT(strlen(text) == length && memcmp(text, data, length) == 0);
    EXPECT(mh_lock_take(folder_fd, "x.lock", "pid: 1\n", NULL, &lock, &err) < 0);
    EXPECT(strcmp(err.name, "EBUSY") == 0 && lock.fd < 0);
    for (const char *at = err.message; *at != '\0'; at++) {
        EXPECT((unsigned char)*at >= ' ' && *at != 0x7f);
    }
    return 0;
}
