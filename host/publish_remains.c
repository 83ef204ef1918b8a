/* What there may be of steps that are not over, and what may be done about the rest of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dir.h"
#include "os.h"
#include "path.h"
#include "publish_parts.h"

struct survey {
    const struct mh_site *site;
    int (*visit)(void *context, const struct mh_remains *remains);
    void *context;
    struct mh_err *err;
};

/* Something that bears a label; any other name is none of ours. */
static int visit_label(const struct survey *survey, enum mh_remains_kind kind, const char *label)
{
    size_t length = mh_publish_slug_length(label);
    struct mh_remains remains = {.kind = kind, .detail = label};
    char *slug;
    int result;

    if (length == 0) {
        return 0;
    }
    slug = strndup(label, length);
    if (slug == NULL) {
        return mh_err_nomem(survey->err);
    }
    remains.slug = slug;
    result = survey->visit(survey->context, &remains);
    free(slug);
    return result;
}

static int visit_journal(const struct survey *survey, const char *slug)
{
    struct mh_journal journal = {0};
    struct mh_remains remains = {.kind = MH_REMAINS_JOURNAL, .slug = slug, .detail = ""};
    struct mh_err ignored;
    int result;

    if (mh_journal_read(survey->site->journals_fd, slug, &journal, &ignored) > 0) {
        remains.detail = journal.operation;
    }
    result = survey->visit(survey->context, &remains);
    mh_journal_release(&journal);
    return result;
}

static int survey_journals(const struct survey *survey)
{
    static char here[] = "journals";
    const struct mh_dir dir = {.fd = survey->site->journals_fd, .path = here};
    struct mh_listing listing = {0};
    int result = mh_dir_list(&dir, "", &listing, survey->err);

    for (size_t i = 0; i < listing.count && result == 0; i++) {
        const char *name = listing.entries[i].name;

        result = name[0] == '.' ? visit_label(survey, MH_REMAINS_DRAFT, name + 1)
                                : visit_journal(survey, name);
    }
    mh_listing_release(&listing);
    return result;
}

static int survey_transactions(const struct survey *survey)
{
    static char here[] = MH_TRANSACTIONS;
    struct mh_dir dir = {
        .fd = mh_path_open(survey->site->live_fd, here, O_RDONLY | O_DIRECTORY, MH_LINKS_REFUSE),
        .path = here};
    struct mh_listing listing = {0};
    int result;

    if (dir.fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                   ? 0
                   : mh_err_sys(survey->err, errno, "cannot open %s/" MH_TRANSACTIONS,
                                survey->site->live);
    }
    result = mh_dir_list(&dir, "", &listing, survey->err);
    for (size_t i = 0; i < listing.count && result == 0; i++) {
        result = visit_label(survey, MH_REMAINS_TRANSACTION, listing.entries[i].name);
    }
    mh_listing_release(&listing);
    mh_os_close(&dir.fd);
    return result;
}

static int visit_quarantine(void *context, const char *label)
{
    return visit_label(context, MH_REMAINS_OBJECTS, label);
}

int mh_site_remains(const struct mh_site *site,
                    int (*visit)(void *context, const struct mh_remains *remains), void *context,
                    struct mh_err *err)
{
    struct survey survey = {.site = site, .visit = visit, .context = context, .err = err};
    int result = survey_journals(&survey);

    if (result == 0) {
        result = survey_transactions(&survey);
    }
    return result == 0 ? mh_quarantine_each_label(site->repo, visit_quarantine, &survey, err)
                       : result;
}

int mh_site_set_aside(const struct mh_site *site, const char *name, const char *label,
                      const char *why, char **path, struct mh_err *err)
{
    struct mh_aside aside = {.dirfd = -1, .name = name, .label = label, .why = why};
    int result;

    if (!mh_path_is_segment(name) || !mh_path_is_segment(label) || *label == '.') {
        return mh_err_set(err, "EINVALIDPATH", "not the name of an entry: %s", name);
    }
    aside.dirfd = mh_path_open_dir(site->live_fd, MH_TRANSACTIONS, err);
    if (aside.dirfd < 0) {
        return -1;
    }
    result = mh_publish_set_aside(site, &aside, path, err);
    mh_os_close(&aside.dirfd);
    return result;
}
