#include "repo_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "os.h"
#include "path.h"

struct mh_objects {
    struct mh_quarantine quarantine;
    git_odb *odb;         /* writes to the quarantine, reads from both */
    git_repository *view; /* libgit2's object functions over that store */
};

/* Above the priorities that libgit2 gives to its own stores: what is there may be broken. */
enum { OURS_FIRST = 10 };

/* One tree being written. */
struct build {
    struct mh_objects *objects;
    const struct mh_objects_tree *tree;
    int root; /* the tree's own directory */
};

static int fail(struct mh_err *err, const char *what)
{
    const git_error *last = git_error_last();

    return mh_err_set(err, "EIO", "%s: %s", what,
                      last != NULL ? last->message : "unknown libgit2 error");
}

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
        (void)fail(err, "cannot open a store for new objects");
        goto out;
    }
    if (git_odb_add_backend(objects->odb, loose, OURS_FIRST) < 0) {
        loose->free(loose);
        (void)fail(err, "cannot open a store for new objects");
        goto out;
    }
    if (git_odb_add_disk_alternate(objects->odb, store) < 0 ||
        git_repository_wrap_odb(&objects->view, objects->odb) < 0) {
        (void)fail(err, "cannot open the repository's objects");
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

/* Reads a whole file of a known size; *out is on the heap. */
static int read_file(int root, const struct mh_entry *entry, char **out, struct mh_err *err)
{
    size_t size = (size_t)entry->size;
    size_t have = 0;
    char *data = malloc(size + 1);
    int fd = mh_path_open(root, entry->path, O_RDONLY, MH_LINKS_REFUSE);
    ssize_t count = 0;

    if (data == NULL || fd < 0) {
        (void)(data == NULL ? mh_err_nomem(err)
                            : mh_err_sys(err, errno, "cannot open %s", entry->path));
        goto fail;
    }
    while (have <= size && (count = mh_os_read(fd, data + have, size + 1 - have)) > 0) {
        have += (size_t)count;
    }
    if (count < 0) {
        (void)mh_err_sys(err, errno, "cannot read %s", entry->path);
        goto fail;
    }
    if (have != size) {
        (void)mh_err_set(err, "ESTALE", "%s changed while it was being committed", entry->path);
        goto fail;
    }
    mh_os_close(&fd);
    *out = data;
    return 0;
fail:
    mh_os_close(&fd);
    free(data);
    return -1;
}

static int write_blob(const struct build *build, const struct mh_entry *entry, git_oid *out,
                      struct mh_err *err)
{
    unsigned char digest[MH_SHA256_SIZE];
    char *data = NULL;
    int result = -1;

    if (read_file(build->root, entry, &data, err) < 0) {
        return -1;
    }
    if (mh_sha256(data, (size_t)entry->size, digest, err) < 0) {
        goto out;
    }
    if (memcmp(digest, entry->sha256, sizeof digest) != 0) {
        (void)mh_err_set(err, "ESTALE", "%s changed while it was being committed", entry->path);
        goto out;
    }
    if (git_odb_write(out, build->objects->odb, data, (size_t)entry->size, GIT_OBJECT_BLOB) < 0) {
        (void)fail(err, "cannot write an object");
        goto out;
    }
    result = 0;
out:
    free(data);
    return result;
}

/* The id of a file's blob: from the base's git tree where the content is the base's, else written.
 */
static int blob_of(const struct build *build, const struct mh_entry *entry, const char *name,
                   const git_tree *base, git_oid *out, struct mh_err *err)
{
    const struct mh_entry *before = mh_snapshot_find(build->tree->base, entry->path);
    const git_tree_entry *known = base != NULL ? git_tree_entry_byname(base, name) : NULL;

    if (before != NULL && before->type == MH_ENTRY_FILE && known != NULL &&
        git_tree_entry_type(known) == GIT_OBJECT_BLOB &&
        memcmp(before->sha256, entry->sha256, sizeof before->sha256) == 0) {
        git_oid_cpy(out, git_tree_entry_id(known));
        return 0;
    }
    return write_blob(build, entry, out, err);
}

/* The first entry whose path is not below "<prefix>/" in byte order; `prefix` of length 0 is the
 * root. */
static size_t first_below(const struct mh_snapshot *next, const char *prefix, size_t length)
{
    size_t low = 0;
    size_t high = length > 0 ? next->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *path = next->entries[middle].path;
        int order = strncmp(path, prefix, length);

        if (order < 0 || (order == 0 && (unsigned char)path[length] < '/')) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_below(const char *path, const char *prefix, size_t length)
{
    return length == 0 || (strncmp(path, prefix, length) == 0 && path[length] == '/');
}

/* Whether both trees have the same below the directory `prefix`. */
static bool is_unchanged(const struct build *build, const char *prefix)
{
    const struct mh_snapshot *next = build->tree->next;
    const struct mh_snapshot *base = build->tree->base;
    size_t length = strlen(prefix);
    size_t i = first_below(next, prefix, length);
    size_t j = first_below(base, prefix, length);

    for (;; i++, j++) {
        bool more = i < next->count && is_below(next->entries[i].path, prefix, length);

        if (more != (j < base->count && is_below(base->entries[j].path, prefix, length))) {
            return false;
        }
        if (!more) {
            return true;
        }
        if (strcmp(next->entries[i].path, base->entries[j].path) != 0 ||
            next->entries[i].type != base->entries[j].type ||
            (next->entries[i].type == MH_ENTRY_FILE &&
             !mh_entry_same_file(&next->entries[i], &base->entries[j]))) {
            return false;
        }
    }
}

static int write_directory(const struct build *build, const char *prefix, const git_tree *base,
                           git_oid *out, size_t *written, struct mh_err *err);

/* Adds the directory `entry`, where it holds a file at any depth. */
static int add_directory(const struct build *build, git_treebuilder *builder,
                         const struct mh_entry *entry, const char *name, const git_tree *base,
                         struct mh_err *err)
{
    const git_tree_entry *known = base != NULL ? git_tree_entry_byname(base, name) : NULL;
    git_tree *below = NULL;
    size_t written = 0;
    git_oid id;
    int result;

    if (known != NULL && git_tree_entry_type(known) != GIT_OBJECT_TREE) {
        known = NULL;
    }
    if (known != NULL && is_unchanged(build, entry->path)) {
        return git_treebuilder_insert(NULL, builder, name, git_tree_entry_id(known),
                                      GIT_FILEMODE_TREE) < 0
                   ? fail(err, entry->path)
                   : 0;
    }
    if (known != NULL &&
        git_tree_lookup(&below, build->objects->view, git_tree_entry_id(known)) < 0) {
        return fail(err, "cannot read a tree");
    }
    result = write_directory(build, entry->path, below, &id, &written, err);
    git_tree_free(below);
    if (result == 0 && written > 0 &&
        git_treebuilder_insert(NULL, builder, name, &id, GIT_FILEMODE_TREE) < 0) {
        return fail(err, entry->path);
    }
    return result;
}

static int add_entry(const struct build *build, git_treebuilder *builder,
                     const struct mh_entry *entry, const char *name, const git_tree *base,
                     struct mh_err *err)
{
    git_filemode_t mode =
        (entry->mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
    git_oid id;

    if (strcasecmp(name, ".git") == 0) {
        return mh_err_set(err, "EINVALIDPATH", "git cannot hold a file of this name: %s",
                          entry->path);
    }
    if (entry->type == MH_ENTRY_DIRECTORY) {
        return add_directory(build, builder, entry, name, base, err);
    }
    if (blob_of(build, entry, name, base, &id, err) < 0) {
        return -1;
    }
    if (git_treebuilder_insert(NULL, builder, name, &id, mode) < 0) {
        return fail(err, entry->path);
    }
    return 0;
}

/* Writes the directory `prefix` ("" is the root); its depth is bounded by MH_TREE_PATH_MAX. */
static int write_directory(const struct build *build, const char *prefix, const git_tree *base,
                           git_oid *out, size_t *written, struct mh_err *err)
{
    const struct mh_snapshot *next = build->tree->next;
    size_t length = strlen(prefix);
    git_treebuilder *builder = NULL;
    int result = 0;

    if (git_treebuilder_new(&builder, build->objects->view, NULL) < 0) {
        return fail(err, "cannot build a tree");
    }
    for (size_t i = first_below(next, prefix, length);
         result == 0 && i < next->count && is_below(next->entries[i].path, prefix, length); i++) {
        const char *name = next->entries[i].path + (length > 0 ? length + 1 : 0);

        if (strchr(name, '/') == NULL) {
            result = add_entry(build, builder, &next->entries[i], name, base, err);
        }
    }
    *written = git_treebuilder_entrycount(builder);
    if (result == 0 && git_treebuilder_write(out, builder) < 0) {
        result = fail(err, "cannot write a tree");
    }
    git_treebuilder_free(builder);
    return result;
}

/* A base that history no longer has costs writing every file, and no more. */
static int open_base(const struct mh_objects *objects, const char *hex, git_tree **out,
                     struct mh_err *err)
{
    git_oid id;
    int code;

    if (*hex == '\0') {
        return 0;
    }
    code = git_oid_fromstr(&id, hex);
    if (code == 0) {
        code = git_tree_lookup(out, objects->view, &id);
    }
    return code == 0 || code == GIT_ENOTFOUND ? 0 : fail(err, "cannot read the base tree");
}

int mh_objects_add_tree(struct mh_objects *objects, const struct mh_objects_tree *tree,
                        struct mh_oid *out, struct mh_err *err)
{
    struct build build = {.objects = objects, .tree = tree, .root = -1};
    git_tree *base = NULL;
    size_t written = 0;
    git_oid id;
    int result = -1;

    build.root = mh_path_open_dir(tree->dirfd, tree->name, err);
    if (build.root < 0) {
        return -1;
    }
    if (open_base(objects, tree->base_tree, &base, err) < 0) {
        goto out;
    }
    result = write_directory(&build, "", base, &id, &written, err);
    if (result == 0) {
        (void)git_oid_tostr(out->hex, sizeof out->hex, &id);
    }
out:
    git_tree_free(base);
    mh_os_close(&build.root);
    return result;
}

/* The root tree: the parent's with `path` replaced. */
static int replace_subtree(struct mh_objects *objects, const struct mh_objects_commit *commit,
                           git_commit *parent, git_tree **out, struct mh_err *err)
{
    git_tree_update update = {
        .action = GIT_TREE_UPDATE_UPSERT, .filemode = GIT_FILEMODE_TREE, .path = commit->path};
    git_tree *before = NULL;
    git_oid id;
    int result = -1;

    if (git_oid_fromstr(&update.id, commit->subtree) == 0 &&
        git_commit_tree(&before, parent) == 0 &&
        git_tree_create_updated(&id, objects->view, before, 1, &update) == 0 &&
        git_tree_lookup(out, objects->view, &id) == 0) {
        result = 0;
    } else {
        (void)fail(err, "cannot write the commit's tree");
    }
    git_tree_free(before);
    return result;
}

static int write_commit(struct mh_objects *objects, const struct mh_objects_commit *commit,
                        git_commit *parent, git_tree *tree, git_oid *out, struct mh_err *err)
{
    const git_commit *parents[] = {parent};
    git_signature *author = NULL;
    git_signature *committer = NULL;
    git_buf text = {0};
    int result = -1;

    if (git_signature_new(&author, commit->author->name, commit->author->email, commit->time,
                          commit->offset) == 0 &&
        git_signature_new(&committer, commit->committer->name, commit->committer->email,
                          commit->time, commit->offset) == 0 &&
        git_commit_create_buffer(&text, objects->view, author, committer, NULL, commit->message,
                                 tree, 1, parents) == 0 &&
        git_odb_write(out, objects->odb, text.ptr, text.size, GIT_OBJECT_COMMIT) == 0) {
        result = 0;
    } else {
        (void)fail(err, "cannot write the commit");
    }
    git_buf_dispose(&text);
    git_signature_free(author);
    git_signature_free(committer);
    return result;
}

int mh_objects_add_commit(struct mh_objects *objects, const struct mh_objects_commit *commit,
                          struct mh_oid *out, struct mh_err *err)
{
    git_commit *parent = NULL;
    git_tree *tree = NULL;
    git_oid id;
    int result = -1;

    (void)git_odb_refresh(objects->odb); /* the parent may be newer than our view */
    if (git_oid_fromstr(&id, commit->parent) < 0 ||
        git_commit_lookup(&parent, objects->view, &id) < 0) {
        return fail(err, "cannot read the parent commit");
    }
    if (replace_subtree(objects, commit, parent, &tree, err) == 0 &&
        write_commit(objects, commit, parent, tree, &id, err) == 0) {
        (void)git_oid_tostr(out->hex, sizeof out->hex, &id);
        result = 0;
    }
    git_tree_free(tree);
    git_commit_free(parent);
    return result;
}

int mh_objects_sync(const struct mh_objects *objects, struct mh_err *err)
{
    return mh_quarantine_sync(&objects->quarantine, err);
}

int mh_objects_install(struct mh_objects *objects, struct mh_err *err)
{
    return mh_quarantine_install(&objects->quarantine, err);
}
