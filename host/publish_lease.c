/* Locks of ours with a text that says who holds them, and the lease of a slug, which is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "path.h"
#include "publish_parts.h"
#include "sys.h"

/* What a lock file says of its holder, for people; on the heap, NULL when out of memory. */
static char *holder_text(const char *operation)
{
    char host[256] = "?";
    char boot[64] = "?";
    char start[32] = "?";
    char since[32] = "?";
    struct mh_err ignored;
    struct tm now_utc;
    time_t now = time(NULL);
    char *text = NULL;

    (void)mh_sys_hostname(host, sizeof host, &ignored);
    (void)mh_sys_boot_id(boot, sizeof boot, &ignored);
    (void)mh_sys_process_start(getpid(), start, sizeof start, &ignored);
    if (gmtime_r(&now, &now_utc) != NULL) {
        (void)strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &now_utc);
    }
    if (asprintf(&text, "pid %ld on %s, %s, since %s\nstart: %s\nboot: %s\n", (long)getpid(), host,
                 operation, since, start, boot) < 0) {
        return NULL;
    }
    return text;
}

int mh_publish_lock(const struct mh_site *site, int dirfd, const char *name, const char *operation,
                    double wait, struct mh_lock *out, struct mh_err *err)
{
    const struct mh_lock_options options = {.wait = wait, .allow_fuse = site->allow_fuse};
    char *text = holder_text(operation);
    int result;

    if (text == NULL) {
        return mh_err_nomem(err);
    }
    result = mh_lock_take(dirfd, name, text, &options, out, err);
    free(text);
    if (result < 0 && strcmp(err->name, "EBUSY") != 0 && strcmp(err->name, "EINTERRUPTED") != 0) {
        (void)mh_err_wrap(err, "in %s", site->home); /* somebody has to look there */
    }
    return result;
}

int mh_lease_take(const struct mh_site *site, const char *slug, const char *operation, double wait,
                  struct mh_lease *out, struct mh_err *err)
{
    struct mh_lease lease = MH_LEASE_INIT;
    char *name = NULL;
    int result = -1;

    if (!mh_path_is_segment(slug) || strlen(slug) > MH_SLUG_MAX || *slug == '.' ||
        strncmp(slug, "__", 2) == 0) {
        return mh_err_set(err, "EINVALIDPATH", "not the name of a migration: %s", slug);
    }
    lease.slug = strdup(slug);
    if (lease.slug == NULL || asprintf(&name, "%s.lock", slug) < 0) {
        name = NULL;
        (void)mh_err_nomem(err);
    } else {
        result = mh_publish_lock(site, site->leases_fd, name, operation, wait, &lease.lock, err);
    }
    free(name);
    if (result < 0) {
        free(lease.slug);
        return -1;
    }
    *out = lease;
    return 0;
}

void mh_lease_drop(struct mh_lease *lease)
{
    mh_lock_drop(&lease->lock);
    free(lease->slug);
    lease->slug = NULL;
}
