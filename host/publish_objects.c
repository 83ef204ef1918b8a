/* What git gets to hold of a step, and the one sync before the exchange. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "path.h"
#include "publish_parts.h"

int mh_publish_add_commit(const struct mh_tx *tx, struct mh_objects *objects, const char *parent,
                          struct mh_oid *out, struct mh_err *err)
{
    const struct mh_journal *journal = &tx->journal;
    const struct mh_repo_person author = {journal->author_name, journal->author_email};
    const struct mh_repo_person committer = {journal->committer_name, journal->committer_email};
    char *path = mh_path_join(journal->live, journal->slug);
    const struct mh_objects_commit commit = {.parent = parent,
                                             .path = path,
                                             .subtree = journal->next_tree,
                                             .message = journal->message,
                                             .author = &author,
                                             .committer = &committer,
                                             .time = strtoll(journal->time, NULL, 10),
                                             .offset = (int)strtol(journal->offset, NULL, 10)};
    int result;

    if (path == NULL) {
        return mh_err_nomem(err);
    }
    result = mh_objects_add_commit(objects, &commit, out, err);
    free(path);
    return result;
}

/* The journal of a step that is recovered knows the tree already. */
static int set_next_tree(struct mh_journal *journal, const struct mh_oid *id, struct mh_err *err)
{
    if (journal->next_tree == NULL || *journal->next_tree == '\0') {
        return mh_journal_set(&journal->next_tree, id->hex, err);
    }
    return strcmp(journal->next_tree, id->hex) == 0
               ? 0
               : mh_err_set(err, "ECORRUPT", "the journal of %s names another git tree than live's",
                            journal->slug);
}

int mh_publish_write_objects(struct mh_tx *tx, int dirfd, const char *name, struct mh_err *err)
{
    const struct mh_objects_tree tree = {.dirfd = dirfd,
                                         .name = name,
                                         .next = &tx->next,
                                         .base = tx->base,
                                         .base_tree =
                                             tx->base->exists ? tx->journal.base_tree : ""};
    struct mh_objects *objects = NULL;
    struct mh_oid id;
    int result = -1;

    if (mh_objects_open(tx->site->repo, tx->label, &objects, err) < 0) {
        return -1;
    }
    if (mh_objects_add_tree(objects, &tree, &id, err) == 0 &&
        set_next_tree(&tx->journal, &id, err) == 0) {
        result = mh_publish_add_commit(tx, objects, tx->journal.head, &id, err);
    }
    mh_objects_close(objects);
    return result;
}

/* One syncfs for each file system that one of these is on. */
static int sync_file_systems(const int *fds, size_t count)
{
    struct stat info[4];

    for (size_t i = 0; i < count; i++) {
        bool done = false;

        if (fstat(fds[i], &info[i]) < 0) {
            return -1;
        }
        for (size_t j = 0; j < i; j++) {
            done = done || info[j].st_dev == info[i].st_dev;
        }
        if (!done && mh_os_syncfs(fds[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

int mh_publish_sync_prepared(const struct mh_tx *tx, struct mh_err *err)
{
    int store = mh_quarantine_open_store(tx->site->repo, err);
    const int fds[] = {tx->site->live_fd, tx->site->home_fd, store};
    int result = 0;

    if (store < 0) {
        return -1;
    }
    if (sync_file_systems(fds, sizeof fds / sizeof *fds) < 0) {
        result =
            mh_err_sys(err, errno, "cannot make the staged tree of %s durable", tx->journal.slug);
    }
    mh_os_close(&store);
    return result;
}

int mh_publish_sync_commit(const struct mh_tx *tx, int store, struct mh_err *err)
{
    const int fds[] = {store, tx->site->home_fd, tx->site->live_fd};

    return sync_file_systems(fds, sizeof fds / sizeof *fds) < 0
               ? mh_err_sys(err, errno, "cannot make the commit of %s durable", tx->journal.slug)
               : 0;
}
