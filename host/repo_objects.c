/* The quarantine as a store: what is written goes there, what is read comes from anywhere. */
#include "repo_objects.h"

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>

#include "path.h"
#include "repo_parts.h"

/* Above the priorities that libgit2 gives to its own stores: what is there may be broken. */
enum { OURS_FIRST = 10 };

/* Says of every object that it is not there. */
static int never(git_odb_backend *backend, const git_oid *id)
{
    (void)backend;
    (void)id;
    return -1;
}

/*
 * Makes a write skip only what the quarantine has.  An object that is elsewhere may be broken, or
 * reachable from nothing and pruned before our commit reaches it.
 */
static void trust_only(const git_odb_backend *trusted, git_odb *odb)
{
    git_odb_backend *backend = NULL;

    for (size_t i = 0; i < git_odb_num_backends(odb); i++) {
        if (git_odb_get_backend(&backend, odb, i) == 0 && backend != trusted) {
            backend->freshen = never;
        }
    }
}

/* libgit2's view: a loose store on the quarantine in front of everything the repository has. */
static int open_view(struct mh_objects *objects, const struct mh_repo *repo, struct mh_err *err)
{
    git_odb_backend *loose = NULL;
    char *store = mh_path_join(mh_repo_commondir(repo), "objects");
    char *path = store != NULL ? mh_path_join(store, objects->quarantine.name) : NULL;
    int result = -1;

    if (path == NULL) {
        (void)mh_err_nomem(err);
        goto out;
    }
    if (git_odb_new(&objects->odb) < 0 || git_odb_backend_loose(&loose, path, -1, 0, 0, 0) < 0) {
        (void)mh_repo_git_failed("cannot open a store for new objects", err);
        goto out;
    }
    if (git_odb_add_backend(objects->odb, loose, OURS_FIRST) < 0) {
        loose->free(loose);
        (void)mh_repo_git_failed("cannot open a store for new objects", err);
        goto out;
    }
    if (git_odb_add_disk_alternate(objects->odb, store) < 0 ||
        git_repository_wrap_odb(&objects->view, objects->odb) < 0) {
        (void)mh_repo_git_failed("cannot open the repository's objects", err);
        goto out;
    }
    trust_only(loose, objects->odb);
    result = 0;
out:
    free(path);
    free(store);
    return result;
}

int mh_objects_open(const struct mh_repo *repo, const char *label, struct mh_objects **out,
                    struct mh_err *err)
{
    struct mh_objects *objects = calloc(1, sizeof *objects);

    if (objects == NULL) {
        return mh_err_nomem(err);
    }
    objects->quarantine = (struct mh_quarantine)MH_QUARANTINE_INIT;
    if (mh_quarantine_open(repo, label, &objects->quarantine, err) < 0 ||
        open_view(objects, repo, err) < 0) {
        mh_objects_close(objects);
        return -1;
    }
    *out = objects;
    return 0;
}

void mh_objects_close(struct mh_objects *objects)
{
    if (objects == NULL) {
        return;
    }
    git_repository_free(objects->view);
    git_odb_free(objects->odb);
    mh_quarantine_close(&objects->quarantine);
    free(objects);
}

int mh_objects_dirfd(const struct mh_objects *objects)
{
    return objects->quarantine.store;
}

int mh_objects_sync(const struct mh_objects *objects, struct mh_err *err)
{
    return mh_quarantine_sync(&objects->quarantine, err);
}

int mh_objects_install(struct mh_objects *objects, size_t *put, struct mh_err *err)
{
    return mh_quarantine_install(&objects->quarantine, put, err);
}
