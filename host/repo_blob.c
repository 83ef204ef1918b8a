/* One file as an object, if it is still what a snapshot says. */
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "path.h"
#include "repo_parts.h"

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

int mh_objects_add_blob(struct mh_objects *objects, int root, const struct mh_entry *entry,
                        git_oid *out, struct mh_err *err)
{
    unsigned char digest[MH_SHA256_SIZE];
    char *data = NULL;
    int result = -1;

    if (read_file(root, entry, &data, err) < 0) {
        return -1;
    }
    if (mh_sha256(data, (size_t)entry->size, digest, err) < 0) {
        goto out;
    }
    if (memcmp(digest, entry->sha256, sizeof digest) != 0) {
        (void)mh_err_set(err, "ESTALE", "%s changed while it was being committed", entry->path);
        goto out;
    }
    if (git_odb_write(out, objects->odb, data, (size_t)entry->size, GIT_OBJECT_BLOB) < 0) {
        (void)mh_repo_git_failed("cannot write an object", err);
        goto out;
    }
    result = 0;
out:
    free(data);
    return result;
}
