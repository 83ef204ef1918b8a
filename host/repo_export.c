/* A tree of history written to a directory, within bounds. */
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dir.h"
#include "os.h"
#include "path.h"
#include "repo_parts.h"
#include "tree.h"

/* One export under way. */
struct export
{
    git_repository *handle;
    git_odb *odb;
    size_t entries; /* left */
    uint64_t bytes; /* left */
    int depth;
    bool made; /* the directory itself */
};

enum { DEPTH_MAX = 64 };

/* A name that git would never check out is one that somebody made up. */
static int check_name(const char *name, struct mh_err *err)
{
    if (mh_path_is_segment(name) && strcasecmp(name, ".git") != 0) {
        return 0;
    }
    return mh_err_set(err, "EINVALIDPATH", "not a name for a file: %s", name);
}

/* Asks for the size before the bytes are read into memory. */
static int check_size(struct export *export, const git_oid *id, const char *name,
                      struct mh_err *err)
{
    git_object_t type;
    size_t size = 0;

    if (git_odb_read_header(&size, &type, export->odb, id) < 0) {
        return mh_repo_git_failed(name, err);
    }
    if (size > export->bytes) {
        return mh_err_set(err, "EFBIG", "%s: the tree has too many bytes", name);
    }
    export->bytes -= size;
    return 0;
}

static int write_file(int dirfd, const char *name, mode_t mode, git_blob *blob, struct mh_err *err)
{
    int fd = mh_os_create(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, mode);
    int result = 0;

    if (fd < 0 ||
        mh_os_write_all(fd, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)) < 0) {
        result = mh_err_sys(err, errno, "cannot write %s", name);
    }
    mh_os_close(&fd);
    return result;
}

static int export_blob(struct export *export, const git_tree_entry *entry, int dirfd,
                       struct mh_err *err)
{
    const char *name = git_tree_entry_name(entry);
    mode_t mode = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666;
    git_blob *blob = NULL;
    int result;

    if (check_size(export, git_tree_entry_id(entry), name, err) < 0) {
        return -1;
    }
    if (git_blob_lookup(&blob, export->handle, git_tree_entry_id(entry)) < 0) {
        return mh_repo_git_failed(name, err);
    }
    result = write_file(dirfd, name, mode, blob, err);
    git_blob_free(blob);
    return result;
}

static int export_tree(struct export *export, const git_oid *id, int dirfd, const char *name,
                       struct mh_err *err);

static int export_entry(struct export *export, const git_tree_entry *entry, int dirfd,
                        struct mh_err *err)
{
    const char *name = git_tree_entry_name(entry);

    if (check_name(name, err) < 0) {
        return -1;
    }
    if (export->entries-- == 0) {
        return mh_err_set(err, "EFBIG", "%s: the tree has too many entries", name);
    }
    switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return export_blob(export, entry, dirfd, err);
    case GIT_FILEMODE_TREE:
        return export_tree(export, git_tree_entry_id(entry), dirfd, name, err);
    case GIT_FILEMODE_LINK:
        return mh_err_set(err, "EINVALIDPATH", "a symbolic link: %s", name);
    case GIT_FILEMODE_COMMIT:
        return mh_err_set(err, "EINVALIDPATH", "a submodule: %s", name);
    default:
        return mh_err_set(err, "EINVALIDPATH", "neither a file nor a directory: %s", name);
    }
}

static int export_tree(struct export *export, const git_oid *id, int dirfd, const char *name,
                       struct mh_err *err)
{
    git_tree *tree = NULL;
    int fd = -1;
    int result = -1;

    if (export->depth >= DEPTH_MAX) {
        return mh_err_set(err, "EFBIG", "%s: the tree is too deep", name);
    }
    if (git_tree_lookup(&tree, export->handle, id) < 0) {
        return mh_repo_git_failed(name, err);
    }
    export->depth++;
    if (mh_os_mkdir(dirfd, name, 0777) < 0) {
        (void)mh_err_sys(err, errno, "cannot make directory %s", name);
        goto out;
    }
    export->made = true;
    fd = mh_path_open_dir(dirfd, name, err);
    result = fd < 0 ? -1 : 0;
    for (size_t i = 0; result == 0 && i < git_tree_entrycount(tree); i++) {
        result = export_entry(export, git_tree_entry_byindex(tree, i), fd, err);
    }
out:
    export->depth--;
    mh_os_close(&fd);
    git_tree_free(tree);
    return result;
}

/* Finds the tree and writes it to `name` in dirfd. */
static int export_to(struct export *export, const struct mh_repo *repo,
                     const struct mh_repo_export *request, int dirfd, const char *name,
                     struct mh_err *err)
{
    struct mh_oid oid;
    struct mh_err ignored;
    git_oid id;
    int found = mh_repo_tree_id(repo, request->rev, request->path, &oid, err);

    if (found <= 0) {
        return found < 0 ? -1 : mh_err_set(err, "ENOENT", "there is none");
    }
    if (git_oid_fromstr(&id, oid.hex) < 0 || git_repository_odb(&export->odb, export->handle) < 0) {
        return mh_repo_git_failed("cannot open the repository's objects", err);
    }
    if (export_tree(export, &id, dirfd, name, err) == 0) {
        return 0;
    }
    if (export->made) {
        (void)mh_tree_remove(dirfd, name, &ignored);
    }
    return -1;
}

int mh_repo_export(const struct mh_repo *repo, const struct mh_repo_export *request,
                   struct mh_err *err)
{
    struct export export = {
        .handle = mh_repo_handle(repo), .entries = MH_EXPORT_ENTRIES, .bytes = MH_EXPORT_BYTES};
    struct mh_dir above = MH_DIR_INIT;
    const char *slash = strrchr(request->to, '/');
    char *parent = NULL;
    int result = -1;

    if (slash == NULL || slash == request->to || !mh_path_is_segment(slash + 1)) {
        return mh_err_set(err, "EINVALIDPATH", "not an absolute path of a new directory: %s",
                          request->to);
    }
    parent = strndup(request->to, (size_t)(slash - request->to));
    if (parent == NULL) {
        return mh_err_nomem(err);
    }
    if (mh_dir_open(parent, &above, err) == 0) {
        result = export_to(&export, repo, request, above.fd, slash + 1, err);
    }
    mh_dir_close(&above);
    free(parent);
    git_odb_free(export.odb);
    return result < 0 ? mh_err_wrap(err, "cannot write out %s of commit %s", request->path,
                                    *request->rev != '\0' ? request->rev : "HEAD")
                      : 0;
}
