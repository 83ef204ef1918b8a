/*
 * tree_hash: SHA-256 of bytes and of open files, by libcrypto.
 *
 * A hash fetches its algorithm once and digests any number of texts one after the other; make one
 * for an operation and hand it down.  libcrypto starts at the first mh_hash_init and reads no
 * configuration file.
 */
#ifndef MH_TREE_HASH_H
#define MH_TREE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum { MH_SHA256_SIZE = 32, MH_SHA256_HEX_SIZE = 2 * MH_SHA256_SIZE + 1 };

struct mh_hash {
    void *algorithm; /* EVP_MD */
    void *context;   /* EVP_MD_CTX */
    char *block;     /* what files are read through */
};

#define MH_HASH_INIT                                      \
    {                                                     \
        .algorithm = NULL, .context = NULL, .block = NULL \
    }

/* Prepares an empty hash.  Release it on failure too. */
int mh_hash_init(struct mh_hash *hash, struct mh_err *err);

/* Accepts an empty hash; the hash is empty afterwards. */
void mh_hash_release(struct mh_hash *hash);

/* One digest: start, any number of adds, end. */
int mh_hash_start(struct mh_hash *hash, struct mh_err *err);
int mh_hash_add(struct mh_hash *hash, const void *data, size_t size, struct mh_err *err);
int mh_hash_end(struct mh_hash *hash, unsigned char digest[MH_SHA256_SIZE], struct mh_err *err);

/*
 * The digest of what fd gives from its current position to its end, and how many bytes that were.
 * `size_hint` is the size that fstat said: a file of just that size costs one read.
 */
int mh_hash_file(struct mh_hash *hash, int fd, uint64_t size_hint,
                 unsigned char digest[MH_SHA256_SIZE], uint64_t *size, struct mh_err *err);

/* The digest of one text in one call. */
int mh_sha256(const void *data, size_t size, unsigned char digest[MH_SHA256_SIZE],
              struct mh_err *err);

/* Lower-case hexadecimal digits and a NUL. */
void mh_sha256_hex(const unsigned char digest[MH_SHA256_SIZE], char hex[MH_SHA256_HEX_SIZE]);

#endif
