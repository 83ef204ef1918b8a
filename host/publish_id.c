/* The id of a project: random, made once, found by everybody who opens the site. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "sys.h"

/* Reads the id; 0 where there is none yet. */
static int read_id(struct mh_site *site, struct mh_err *err)
{
    char id[MH_PROJECT_ID_HEX + 1] = "";
    int fd = mh_path_open(site->home_fd, "id", O_RDONLY, MH_LINKS_REFUSE);
    ssize_t count;

    if (fd < 0) {
        return errno == ENOENT ? 0 : mh_err_sys(err, errno, "cannot open %s/id", site->home);
    }
    count = mh_os_read(fd, id, MH_PROJECT_ID_HEX);
    mh_os_close(&fd);
    if (count != MH_PROJECT_ID_HEX || strspn(id, "0123456789abcdef") != MH_PROJECT_ID_HEX) {
        return mh_err_set(
            err, "ECORRUPT",
            "%s/id is damaged: put back its 32 hexadecimal digits, the name of a "
            "folder in %s/projects, or remove it and begin without what is kept there",
            site->home, site->state_home);
    }
    memcpy(site->id, id, sizeof id);
    return 1;
}

/* An id that a power cut takes away would take the kept answers with it, which are found by it. */
static int sync_home(const struct mh_site *site, struct mh_err *err)
{
    int common = mh_publish_open_absolute(mh_repo_commondir(site->repo), err);
    int result = 0;

    if (common < 0) {
        return -1;
    }
    if (mh_os_fsync(site->home_fd) < 0 || mh_os_fsync(common) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s/id durable", site->home);
    }
    mh_os_close(&common);
    return result;
}

/* Gives a file the name of the id, which it may have been given meanwhile. */
static int link_id(int dirfd, const char *name)
{
    int result;

    do {
        result = mh_os.linkat(dirfd, name, dirfd, "id", 0);
    } while (result < 0 && errno == EINTR);
    return result < 0 && errno != EEXIST ? -1 : 0;
}

/* Makes a new id; of two processes that do so at once, the first wins and both read its id
 * afterwards. */
static int make_id(const struct mh_site *site, struct mh_err *err)
{
    char id[MH_PROJECT_ID_HEX + 1] = "";
    char name[MH_PROJECT_ID_HEX + 5] = "id-";
    int fd;
    int result = 0;

    if (mh_sys_random_hex(id, MH_PROJECT_ID_HEX / 2, err) < 0) {
        return -1;
    }
    memcpy(name + 3, id, sizeof id);
    fd = mh_os_create(site->home_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || mh_os_write_all(fd, id, MH_PROJECT_ID_HEX) < 0 || mh_os_fsync(fd) < 0 ||
        link_id(site->home_fd, name) < 0) {
        result = mh_err_sys(err, errno, "cannot make %s/id", site->home);
    }
    mh_os_close(&fd);
    (void)mh_os_unlink(site->home_fd, name, 0);
    return result < 0 ? -1 : sync_home(site, err);
}

int mh_publish_open_id(struct mh_site *site, struct mh_err *err)
{
    int found = read_id(site, err);

    if (found == 0) {
        found = make_id(site, err) == 0 ? read_id(site, err) : -1;
    }
    if (found == 0) {
        return mh_err_set(err, "ENOENT", "%s/id vanished", site->home);
    }
    return found > 0 ? 0 : -1;
}
