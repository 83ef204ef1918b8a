/* Live and staged change places: at once where the file system can, else by two renames. */
#include <errno.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "os.h"
#include "publish_parts.h"

const char *mh_publish_displaced(const struct mh_tx *tx)
{
    switch (tx->way) {
    case MH_TX_SWAPPED:
        return MH_STAGED;
    case MH_TX_TWO_RENAMES:
        return MH_OLD;
    default:
        return NULL;
    }
}

/* Errors that say that the file system does not know this kind of rename. */
static bool is_refused(int errnum)
{
    return errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP || errnum == EXDEV;
}

static int fail(const struct mh_tx *tx, struct mh_err *err)
{
    const char *live = tx->site->live;
    const char *slug = tx->journal.slug;

    if (errno == EXDEV) { /* an overlay renames no directory of its lower layer */
        return mh_err_set(err, "EXDEV",
                          "the file system cannot rename %s/%s; give it a copy once: cd %s && "
                          "cp -a %s .%s && rm -r %s && mv .%s %s",
                          live, slug, live, slug, slug, slug, slug, slug);
    }
    return mh_err_sys(err, errno, "cannot put %s/%s in place", tx->site->live, tx->journal.slug);
}

int mh_publish_sync_swap(const struct mh_tx *tx, struct mh_err *err)
{
    if (mh_os_fsync(tx->site->live_fd) < 0 || mh_os_fsync(tx->dir) < 0) {
        return mh_err_sys(err, errno, "cannot make the exchange of %s/%s durable", tx->site->live,
                          tx->journal.slug);
    }
    return 0;
}

int mh_publish_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat there;

    if (mh_os_rename(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (!is_refused(errno)) {
        return -1;
    }
    if (fstatat(to_dir, to, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return mh_os_rename(from_dir, from, to_dir, to, 0);
}

static int swap_by_two_renames(struct mh_tx *tx, struct mh_err *err)
{
    int live = tx->site->live_fd;

    tx->way = MH_TX_TWO_RENAMES;
    if (mh_publish_rename_new(live, tx->journal.slug, tx->dir, MH_OLD) < 0) {
        return fail(tx, err);
    }
    if (mh_publish_rename_new(tx->dir, MH_STAGED, live, tx->journal.slug) < 0) {
        (void)fail(tx, err);
        if (mh_publish_rename_new(tx->dir, MH_OLD, live, tx->journal.slug) < 0) {
            tx->state = MH_TX_DONE; /* live is absent: only recovery may touch what is here */
        }
        return -1;
    }
    return 0;
}

int mh_publish_swap_in(struct mh_tx *tx, struct mh_err *err)
{
    int live = tx->site->live_fd;

    if (!tx->base->exists) {
        tx->way = MH_TX_CREATED;
        return mh_publish_rename_new(tx->dir, MH_STAGED, live, tx->journal.slug) < 0 ? fail(tx, err)
                                                                                     : 0;
    }
    tx->way = MH_TX_SWAPPED;
    if (mh_os_rename(tx->dir, MH_STAGED, live, tx->journal.slug, RENAME_EXCHANGE) == 0) {
        return 0;
    }
    return is_refused(errno) ? swap_by_two_renames(tx, err) : fail(tx, err);
}

/* The two renames backwards; where the second fails the first is taken back. */
static int swap_out_by_two_renames(struct mh_tx *tx)
{
    int live = tx->site->live_fd;
    int saved;

    if (mh_publish_rename_new(live, tx->journal.slug, tx->dir, MH_STAGED) < 0) {
        return -1;
    }
    if (mh_publish_rename_new(tx->dir, MH_OLD, live, tx->journal.slug) == 0) {
        return 0;
    }
    saved = errno;
    if (mh_publish_rename_new(tx->dir, MH_STAGED, live, tx->journal.slug) < 0) {
        tx->state = MH_TX_DONE; /* live is absent: only recovery may touch what is here */
    }
    errno = saved;
    return -1;
}

int mh_publish_swap_out(struct mh_tx *tx, struct mh_err *err)
{
    int live = tx->site->live_fd;
    int result = -1;

    switch (tx->way) {
    case MH_TX_SWAPPED:
        result = mh_os_rename(tx->dir, MH_STAGED, live, tx->journal.slug, RENAME_EXCHANGE);
        break;
    case MH_TX_TWO_RENAMES:
        result = swap_out_by_two_renames(tx);
        break;
    case MH_TX_CREATED:
        result = mh_publish_rename_new(live, tx->journal.slug, tx->dir, MH_STAGED);
        break;
    }
    if (result < 0) {
        return fail(tx, err);
    }
    tx->state = MH_TX_STAGED;
    return 0;
}
