#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "sys.h"

enum { NAME_BYTES = 8 };

/* Makes ".mighost-probe-<random>" in `parent`; `name` holds it. */
static int make_folder(int parent, char *name, size_t size, struct mh_err *err)
{
    char token[2 * NAME_BYTES + 1] = "";

    if (mh_sys_random_hex(token, NAME_BYTES, err) < 0) {
        return -1;
    }
    (void)snprintf(name, size, ".mighost-probe-%s", token);
    if (mh_os.mkdirat(parent, name, 0700) < 0) {
        return mh_err_sys(err, errno, "cannot make a folder to try things in");
    }
    return 0;
}

static int make_file(int folder, const char *name, struct mh_err *err)
{
    int fd = mh_os_create(folder, name, O_RDWR | O_CREAT | O_EXCL, 0600);

    if (fd < 0) {
        return mh_err_sys(err, errno, "cannot make a file to try things with");
    }
    if (mh_os_write_all(fd, name, strlen(name)) < 0) {
        int errnum = errno;

        mh_os_close(&fd);
        return mh_err_sys(err, errnum, "cannot write a file to try things with");
    }
    return fd;
}

/* Tries both inside the open folder, and removes the two files. */
static int try_inside(int folder, struct mh_probe *probe, struct mh_err *err)
{
    int result = -1;
    int a = make_file(folder, "a", err);
    int b = -1;

    if (a < 0) {
        goto out;
    }
    b = make_file(folder, "b", err);
    if (b < 0) {
        goto out;
    }
    probe->exchange = mh_os_rename(folder, "a", folder, "b", RENAME_EXCHANGE) == 0;
    probe->reflink = mh_os.clone(b, a) == 0;
    result = 0;
out:
    mh_os_close(&a);
    mh_os_close(&b);
    (void)mh_os_unlink(folder, "a", 0);
    (void)mh_os_unlink(folder, "b", 0);
    return result;
}

int mh_probe_folder(const char *path, struct mh_probe *probe, struct mh_err *err)
{
    char name[64];
    struct mh_probe found = {0};
    int result = -1;
    int folder = -1;
    int parent = mh_path_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, MH_LINKS_FOLLOW);

    if (parent < 0) {
        return mh_err_sys(err, errno, "cannot open %s", path);
    }
    if (make_folder(parent, name, sizeof name, err) < 0) {
        (void)mh_err_wrap(err, "%s", path);
        goto out;
    }
    folder = mh_path_open_dir(parent, name, err);
    if (folder >= 0) {
        result = try_inside(folder, &found, err);
    }
    mh_os_close(&folder);
    (void)mh_os_unlink(parent, name, AT_REMOVEDIR);
    if (result == 0) {
        *probe = found;
    }
out:
    mh_os_close(&parent);
    return result;
}
