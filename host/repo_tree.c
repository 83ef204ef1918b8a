/* A tree object from a snapshot: only what differs from the base is read and written. */
#include <git2.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "os.h"
#include "path.h"
#include "repo_parts.h"

/* One tree being written. */
struct build {
    struct mh_objects *objects;
    const struct mh_objects_tree *tree;
    int root; /* the tree's own directory */
};

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
    return mh_objects_add_blob(build->objects, build->root, entry, out, err);
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

static int refuse_name(const struct mh_entry *entry, struct mh_err *err)
{
    return mh_err_set(err, "EINVALIDPATH", "git cannot hold a file of this name: %s", entry->path);
}

static git_filemode_t mode_of(const struct mh_entry *entry)
{
    if (entry->type == MH_ENTRY_DIRECTORY) {
        return GIT_FILEMODE_TREE;
    }
    return (entry->mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
}

static int insert(git_treebuilder *builder, const struct mh_entry *entry, const char *name,
                  const git_oid *id, struct mh_err *err)
{
    const git_error *why;

    if (git_treebuilder_insert(NULL, builder, name, id, mode_of(entry)) == 0) {
        return 0;
    }
    why = git_error_last(); /* "git~1" is what some file systems call ".git" */
    return why != NULL && why->klass == GIT_ERROR_TREE ? refuse_name(entry, err)
                                                       : mh_repo_git_failed(entry->path, err);
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
        return insert(builder, entry, name, git_tree_entry_id(known), err);
    }
    if (known != NULL &&
        git_tree_lookup(&below, build->objects->view, git_tree_entry_id(known)) < 0) {
        return mh_repo_git_failed("cannot read a tree", err);
    }
    result = write_directory(build, entry->path, below, &id, &written, err);
    git_tree_free(below);
    return result == 0 && written > 0 ? insert(builder, entry, name, &id, err) : result;
}

static int add_entry(const struct build *build, git_treebuilder *builder,
                     const struct mh_entry *entry, const char *name, const git_tree *base,
                     struct mh_err *err)
{
    git_oid id;

    if (strcasecmp(name, ".git") == 0) { /* a folder of that name may have no file in it */
        return refuse_name(entry, err);
    }
    if (entry->type == MH_ENTRY_DIRECTORY) {
        return add_directory(build, builder, entry, name, base, err);
    }
    if (blob_of(build, entry, name, base, &id, err) < 0) {
        return -1;
    }
    return insert(builder, entry, name, &id, err);
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
        return mh_repo_git_failed("cannot build a tree", err);
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
        result = mh_repo_git_failed("cannot write a tree", err);
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
    return code == 0 || code == GIT_ENOTFOUND
               ? 0
               : mh_repo_git_failed("cannot read the base tree", err);
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
