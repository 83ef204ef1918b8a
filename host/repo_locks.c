/* Which of git's locks there are now, and which of them are ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dir.h"
#include "os.h"
#include "path.h"
#include "repo_lock.h"

#define SUFFIX ".lock"

struct search {
    struct stat ours;
    bool has_ours;
    int (*visit)(void *context, const struct mh_git_lock_found *found);
    void *context;
};

static bool is_ours(const struct search *search, const struct stat *info)
{
    return search->has_ours && search->ours.st_dev == info->st_dev &&
           search->ours.st_ino == info->st_ino;
}

static bool is_lock(const char *name)
{
    size_t length = strlen(name);

    return length >= sizeof SUFFIX && strcmp(name + length + 1 - sizeof SUFFIX, SUFFIX) == 0;
}

/* Looks at one name; what is not a lock, or has vanished, is passed over. */
static int look(const struct search *search, int dirfd, const char *name, const char *folder,
                struct mh_err *err)
{
    struct mh_git_lock_found found = {.dirfd = dirfd, .name = name};
    struct stat info;
    char *whole;
    int result;

    if (!is_lock(name) || fstatat(dirfd, name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISREG(info.st_mode)) {
        return 0;
    }
    whole = mh_path_join(folder, name);
    if (whole == NULL) {
        return mh_err_nomem(err);
    }
    found.path = whole;
    found.age = (long)(time(NULL) - info.st_ctime); /* a link has the times of our file */
    found.ours = is_ours(search, &info);
    result = search->visit(search->context, &found);
    free(whole);
    return result;
}

/*
 * The names in a folder, and in those below it where `deep`; a folder that is missing has none.
 * No deeper than a path can be long.
 */
static int search_folder(const struct search *search, int common, const char *folder, bool deep,
                         struct mh_err *err)
{
    static char here[] = "git's directory";
    struct mh_dir dir = {
        .fd = mh_path_open(common, folder, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE), .path = here};
    struct mh_listing listing = {0};
    int result = 0;

    if (dir.fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                   ? 0
                   : mh_err_sys(err, errno, "cannot open git's directory %s", folder);
    }
    result = mh_dir_list(&dir, "", &listing, err);
    for (size_t i = 0; i < listing.count && result == 0; i++) {
        const char *name = listing.entries[i].name;

        if (listing.entries[i].kind != MH_KIND_DIRECTORY) {
            result = look(search, dir.fd, name, folder, err);
        } else if (deep) {
            char *below = mh_path_join(folder, name);

            result =
                below != NULL ? search_folder(search, common, below, deep, err) : mh_err_nomem(err);
            free(below);
        }
    }
    mh_listing_release(&listing);
    mh_os_close(&dir.fd);
    return result;
}

static int search_worktrees(const struct search *search, int common, struct mh_err *err)
{
    static char here[] = "worktrees";
    struct mh_dir dir = {.fd = mh_path_open(common, here, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE),
                         .path = here};
    struct mh_listing listing = {0};
    int result = 0;

    if (dir.fd < 0) {
        return errno == ENOENT ? 0 : mh_err_sys(err, errno, "cannot open git's directory %s", here);
    }
    result = mh_dir_list(&dir, "", &listing, err);
    for (size_t i = 0; i < listing.count && result == 0; i++) {
        char *folder = mh_path_join(here, listing.entries[i].name);

        result =
            folder != NULL ? search_folder(search, common, folder, false, err) : mh_err_nomem(err);
        free(folder);
    }
    mh_listing_release(&listing);
    mh_os_close(&dir.fd);
    return result;
}

int mh_git_lock_each(const struct mh_repo *repo, int ours_dir,
                     int (*visit)(void *context, const struct mh_git_lock_found *found),
                     void *context, struct mh_err *err)
{
    struct search search = {.visit = visit, .context = context};
    int common = open(mh_repo_commondir(repo), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result;

    if (common < 0) {
        return mh_err_sys(err, errno, "cannot open git's directory %s", mh_repo_commondir(repo));
    }
    search.has_ours = fstatat(ours_dir, MH_GIT_LOCK_OURS, &search.ours, AT_SYMLINK_NOFOLLOW) == 0;
    result = search_folder(&search, common, "", false, err);
    if (result == 0) {
        result = search_worktrees(&search, common, err);
    }
    if (result == 0) {
        result = search_folder(&search, common, "refs", true, err);
    }
    mh_os_close(&common);
    return result;
}
