/* Remains of a step that had not reached live: everything that bears the slug's label. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "dir.h"
#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_objects.h"

/* Whether a name is "<slug>@<token>" of just this slug. */
static bool is_label_of(const char *name, const char *slug)
{
    size_t length = mh_publish_slug_length(name);

    return length > 0 && length == strlen(slug) && strncmp(name, slug, length) == 0;
}

/* Removes our entries of __transactions__; *count grows by their number. */
static int remove_directories(const struct mh_site *site, const char *slug, size_t *count,
                              struct mh_err *err)
{
    static char here[] = MH_TRANSACTIONS;
    struct mh_dir dir = {.fd = -1, .path = here};
    struct mh_listing listing = {0};
    int result;

    dir.fd = mh_path_open(site->live_fd, MH_TRANSACTIONS, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE);
    if (dir.fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                   ? 0
                   : mh_err_sys(err, errno, "cannot open %s/" MH_TRANSACTIONS, site->live);
    }
    result = mh_dir_list(&dir, "", &listing, err);
    for (size_t i = 0; i < listing.count && result == 0; i++) {
        if (is_label_of(listing.entries[i].name, slug)) {
            result = mh_tree_remove(dir.fd, listing.entries[i].name, err);
            *count += 1;
        }
    }
    mh_listing_release(&listing);
    mh_os_close(&dir.fd);
    return result;
}

/* Removes journals of the slug that a dead process was still writing. */
static int remove_drafts(const struct mh_site *site, const char *slug, struct mh_err *err)
{
    static char here[] = "journals";
    const struct mh_dir dir = {.fd = site->journals_fd, .path = here};
    struct mh_listing listing = {0};
    int result = mh_dir_list(&dir, "", &listing, err);

    for (size_t i = 0; i < listing.count && result == 0; i++) {
        const char *name = listing.entries[i].name;

        if (name[0] == '.' && is_label_of(name + 1, slug)) {
            result = mh_journal_remove_draft(site->journals_fd, name + 1, err);
        }
    }
    mh_listing_release(&listing);
    return result;
}

struct quarantine_sweep {
    const struct mh_site *site;
    const char *slug;
    size_t count;
    struct mh_err *err;
};

static int discard_quarantine(void *context, const char *label)
{
    struct quarantine_sweep *sweep = context;

    if (!is_label_of(label, sweep->slug)) {
        return 0;
    }
    sweep->count++;
    return mh_quarantine_discard(sweep->site->repo, label, sweep->err);
}

int mh_publish_discard(const struct mh_site *site, const char *slug, struct mh_recovery *out,
                       struct mh_err *err)
{
    struct quarantine_sweep sweep = {.site = site, .slug = slug, .err = err};

    if (remove_drafts(site, slug, err) < 0 ||
        remove_directories(site, slug, &sweep.count, err) < 0 ||
        mh_quarantine_each_label(site->repo, discard_quarantine, &sweep, err) < 0) {
        return -1;
    }
    if (sweep.count > 0) {
        out->action = MH_RECOVERY_DISCARDED;
    }
    return 0;
}
