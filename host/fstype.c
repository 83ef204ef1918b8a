#include "fstype.h"

#include <errno.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/vfs.h>

/* Numbers that older kernel headers lack. */
#define MAGIC_CIFS 0xFF534D42u
#define MAGIC_SMB2 0xFE534D42u

static const struct {
    unsigned long magic;
    enum mh_fstype type;
    const char *name;
} known[] = {
    {NFS_SUPER_MAGIC, MH_FSTYPE_NETWORK, "NFS"}, {SMB_SUPER_MAGIC, MH_FSTYPE_NETWORK, "SMB"},
    {MAGIC_CIFS, MH_FSTYPE_NETWORK, "SMB"},      {MAGIC_SMB2, MH_FSTYPE_NETWORK, "SMB"},
    {V9FS_MAGIC, MH_FSTYPE_NETWORK, "9p"},       {FUSE_SUPER_MAGIC, MH_FSTYPE_FUSE, "FUSE"},
};

int mh_fstype_of(int fd, enum mh_fstype *type, const char **name, struct mh_err *err)
{
    struct statfs properties;
    unsigned long magic;
    int result;

    do {
        result = fstatfs(fd, &properties);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return mh_err_sys(err, errno, "cannot find out the file system");
    }
    magic =
        (unsigned long)properties.f_type & 0xFFFFFFFFu; /* the type is signed on some machines */
    *type = MH_FSTYPE_LOCAL;
    *name = "local";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].magic == magic) {
            *type = known[i].type;
            *name = known[i].name;
        }
    }
    return 0;
}
