/* The transaction up to the staged tree: what it is to be, and whether it may begin. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"
#include "repo_status.h"

char *mh_publish_label(const char *slug, const char *token, struct mh_err *err)
{
    char *label = NULL;

    if (asprintf(&label, "%s@%s", slug, token) < 0) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    return label;
}

size_t mh_publish_slug_length(const char *label)
{
    const char *at = strrchr(label, '@');

    return at != NULL && strlen(at + 1) == MH_TOKEN_HEX &&
                   strspn(at + 1, "0123456789abcdef") == MH_TOKEN_HEX
               ? (size_t)(at - label)
               : 0;
}

/*
 * Keeps what is in the directory out of `git status`.  Written in place: a temporary file would be
 * one more thing to leave behind, and a file cut short by a crash is written again here.
 */
static int write_ignore_file(int dirfd)
{
    static const char text[] = "*\n";
    struct stat info;
    int fd;
    int result;

    if (fstatat(dirfd, ".gitignore", &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        (!S_ISREG(info.st_mode) || info.st_size >= (off_t)sizeof text - 1)) {
        return 0; /* ours, or one that a person made */
    }
    fd = mh_os_create(dirfd, ".gitignore", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    result = fd < 0 ? -1 : mh_os_write_all(fd, text, sizeof text - 1);
    mh_os_close(&fd);
    return result;
}

int mh_publish_open_transactions(const struct mh_site *site, struct mh_err *err)
{
    int fd;

    if (mh_os_mkdir(site->live_fd, MH_TRANSACTIONS, 0777) < 0 && errno != EEXIST) {
        return mh_err_sys(err, errno, "cannot make %s/" MH_TRANSACTIONS, site->live);
    }
    fd = mh_path_open_dir(site->live_fd, MH_TRANSACTIONS, err);
    if (fd < 0) {
        return mh_err_wrap(err, "in %s", site->live);
    }
    if (write_ignore_file(fd) < 0) {
        (void)mh_err_sys(err, errno, "cannot write %s/" MH_TRANSACTIONS "/.gitignore", site->live);
        mh_os_close(&fd);
    }
    return fd;
}

/* The commit message with our trailer; on the heap. */
static char *with_trailer(const char *message, const char *token)
{
    size_t length = strlen(message);
    char *text = NULL;

    while (length > 0 && (message[length - 1] == '\n' || message[length - 1] == ' ')) {
        length--;
    }
    if (asprintf(&text, "%.*s\n\nPublish-Id: %s\n", (int)length, message, token) < 0) {
        return NULL;
    }
    return text;
}

static int set_people_and_time(const struct mh_site *site, struct mh_journal *journal,
                               struct mh_err *err)
{
    const struct mh_repo_person *author = mh_repo_author(site->repo, err);
    const struct mh_repo_person *committer =
        author != NULL ? mh_repo_committer(site->repo, err) : NULL;
    time_t now = time(NULL);
    struct tm local = {0};
    char seconds[32];
    char offset[32];

    if (committer == NULL) {
        return -1;
    }
    (void)localtime_r(&now, &local);
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)now);
    (void)snprintf(offset, sizeof offset, "%ld", local.tm_gmtoff / 60);
    if (mh_journal_set(&journal->author_name, author->name, err) < 0 ||
        mh_journal_set(&journal->author_email, author->email, err) < 0 ||
        mh_journal_set(&journal->committer_name, committer->name, err) < 0 ||
        mh_journal_set(&journal->committer_email, committer->email, err) < 0 ||
        mh_journal_set(&journal->time, seconds, err) < 0) {
        return -1;
    }
    return mh_journal_set(&journal->offset, offset, err);
}

/* Everything in the journal but the trees' digests and the new git tree. */
static int fill_journal(const struct mh_site *site, const struct mh_lease *lease,
                        const struct mh_tx_request *request, const struct mh_repo_head *head,
                        struct mh_journal *journal, struct mh_err *err)
{
    char hex[MH_SHA256_HEX_SIZE];

    mh_sha256_hex(request->base->live.digest, hex);
    journal->message = with_trailer(request->message, request->token);
    if (journal->message == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_journal_set(&journal->operation, request->operation, err) < 0 ||
        mh_journal_set(&journal->slug, lease->slug, err) < 0 ||
        mh_journal_set(&journal->live, site->live, err) < 0 ||
        mh_journal_set(&journal->worktree, mh_repo_worktree(site->repo), err) < 0 ||
        mh_journal_set(&journal->linked, mh_publish_linked_name(site->repo), err) < 0 ||
        mh_journal_set(&journal->token, request->token, err) < 0 ||
        mh_journal_set(&journal->branch, head->branch, err) < 0 ||
        mh_journal_set(&journal->head, head->commit.hex, err) < 0 ||
        mh_journal_set(&journal->base, hex, err) < 0 ||
        mh_journal_set(&journal->base_tree, request->base->tree.hex, err) < 0 ||
        mh_journal_set(&journal->workspace, request->workspace, err) < 0) {
        return -1;
    }
    return set_people_and_time(site, journal, err);
}

/* HEAD on a branch, nothing under way, and the subtree in HEAD still the base's. */
static int check_head(const struct mh_site *site, const struct mh_lease *lease,
                      const struct mh_base *base, struct mh_repo_head *head, struct mh_err *err)
{
    struct mh_oid tree;
    char *path = mh_path_join(site->live, lease->slug);
    int result = -1;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_lock_verify(&lease->lock, err) < 0 ||
        mh_publish_check_branch(site, base->branch, head, err) < 0) {
        goto out;
    }
    if (mh_repo_tree_id(site->repo, head->commit.hex, path, &tree, err) >= 0) {
        result = strcmp(tree.hex, base->tree.hex) == 0
                     ? 0
                     : mh_err_set(err, "ESTALE",
                                  "%s was changed by a commit meanwhile; nothing was published: "
                                  "repeat the command",
                                  path);
    }
out:
    free(path);
    return result;
}

/* Reads all of the workspace, whatever its times say; ESTALE where it is not what was judged. */
static int read_workspace(int dirfd, const char *name, const struct mh_tx_request *request,
                          struct mh_snapshot *out, struct mh_err *err)
{
    char hex[MH_SHA256_HEX_SIZE];

    if (mh_snapshot_take(dirfd, name, NULL, out, err) < 0) {
        return -1;
    }
    mh_sha256_hex(out->digest, hex);
    if (!out->exists || (request->digest != NULL && strcmp(hex, request->digest) != 0)) {
        mh_snapshot_release(out);
        return mh_err_set(err, "ESTALE", "the workspace is not as it was judged: %s",
                          request->workspace);
    }
    return 0;
}

int mh_publish_compare(int dirfd, const char *name, const struct mh_snapshot *want,
                       struct mh_err *err)
{
    struct mh_snapshot now = MH_SNAPSHOT_INIT;
    int equal;

    if (mh_snapshot_take(dirfd, name, want, &now, err) < 0) {
        return -1;
    }
    equal = mh_snapshot_equal(&now, want);
    mh_snapshot_release(&now);
    return equal;
}

static int make_directory_once(struct mh_tx *tx, struct mh_err *err)
{
    int transactions = mh_publish_open_transactions(tx->site, err);
    int result = -1;

    if (transactions < 0) {
        return -1;
    }
    if (mh_os_mkdir(transactions, tx->label, 0777) < 0) {
        (void)mh_err_sys(err, errno, "cannot make %s/" MH_TRANSACTIONS "/%s", tx->site->live,
                         tx->label);
    } else {
        tx->state = MH_TX_STAGED;
        tx->dir = mh_path_open_dir(transactions, tx->label, err);
        result = tx->dir < 0 ? -1 : 0;
    }
    mh_os_close(&transactions);
    return result;
}

/* Makes the transaction's directory, again where `git clean -fdx` took the one above it away. */
static int make_directory(struct mh_tx *tx, struct mh_err *err)
{
    int result = make_directory_once(tx, err);

    return result < 0 && strcmp(err->name, "ENOENT") == 0 ? make_directory_once(tx, err) : result;
}

/* Makes the transaction's directory and the staged tree in it, and reads that back. */
static int stage(struct mh_tx *tx, int work_dir, const char *work_name,
                 const struct mh_snapshot *work, struct mh_err *err)
{
    struct mh_stage request = {.work_dir = work_dir,
                               .work_name = work_name,
                               .work = work,
                               .live_dir = tx->site->live_fd,
                               .live_name = tx->journal.slug,
                               .live = tx->base,
                               .to_name = MH_STAGED};
    struct mh_stage_counts counts;

    if (make_directory(tx, err) < 0) {
        return -1;
    }
    request.to_dir = tx->dir;
    if (mh_tree_stage(&request, &counts, err) < 0 ||
        mh_snapshot_take(tx->dir, MH_STAGED, tx->base, &tx->next, err) < 0) {
        return -1;
    }
    return mh_snapshot_equal(&tx->next, work)
               ? 0
               : mh_err_set(err, "ESTALE", "%s/%s or its workspace changed while it was staged",
                            tx->site->live, tx->journal.slug);
}

int mh_tx_begin(const struct mh_site *site, const struct mh_lease *lease,
                const struct mh_tx_request *request, struct mh_tx *out, struct mh_err *err)
{
    struct mh_tx tx = MH_TX_INIT;
    struct mh_repo_head head = {0};
    struct mh_snapshot work = MH_SNAPSHOT_INIT;
    struct mh_err why;
    char hex[MH_SHA256_HEX_SIZE];
    const char *name = NULL;
    int work_dir = mh_publish_open_parent(request->workspace, &name, err);
    int result = -1;

    tx.site = site;
    tx.lease = lease;
    tx.base = &request->base->live;
    tx.label = mh_publish_label(lease->slug, request->token, err);
    if (work_dir < 0 || tx.label == NULL ||
        check_head(site, lease, request->base, &head, err) < 0 ||
        fill_journal(site, lease, request, &head, &tx.journal, err) < 0 ||
        read_workspace(work_dir, name, request, &work, err) < 0) {
        goto out;
    }
    mh_sha256_hex(work.digest, hex);
    if (mh_journal_set(&tx.journal.next, hex, err) == 0) {
        result = stage(&tx, work_dir, name, &work, err);
    }
    if (result < 0 && tx.journal.branch != NULL && mh_tx_verify(&tx, &why) < 0) {
        mh_publish_blame(&why, err);
    }
out:
    mh_snapshot_release(&work);
    mh_repo_head_release(&head);
    mh_os_close(&work_dir);
    if (result < 0) {
        mh_tx_release(&tx);
        return -1;
    }
    *out = tx;
    return 0;
}
