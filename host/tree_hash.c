#include "tree_hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "os.h"

enum { BLOCK = 128 * 1024 };

static int fail(struct mh_err *err)
{
    return mh_err_set(err, "EIO", "libcrypto cannot compute SHA-256");
}

int mh_hash_init(struct mh_hash *hash, struct mh_err *err)
{
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        return fail(err);
    }
    hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->algorithm == NULL || hash->context == NULL) {
        return fail(err);
    }
    hash->block = malloc(BLOCK);
    return hash->block != NULL ? 0 : mh_err_nomem(err);
}

void mh_hash_release(struct mh_hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->algorithm);
    free(hash->block);
    *hash = (struct mh_hash)MH_HASH_INIT;
}

int mh_hash_start(struct mh_hash *hash, struct mh_err *err)
{
    return EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) == 1 ? 0 : fail(err);
}

int mh_hash_add(struct mh_hash *hash, const void *data, size_t size, struct mh_err *err)
{
    return EVP_DigestUpdate(hash->context, data, size) == 1 ? 0 : fail(err);
}

int mh_hash_end(struct mh_hash *hash, unsigned char digest[MH_SHA256_SIZE], struct mh_err *err)
{
    return EVP_DigestFinal_ex(hash->context, digest, NULL) == 1 ? 0 : fail(err);
}

int mh_hash_file(struct mh_hash *hash, int fd, uint64_t size_hint,
                 unsigned char digest[MH_SHA256_SIZE], uint64_t *size, struct mh_err *err)
{
    uint64_t total = 0;

    if (mh_hash_start(hash, err) < 0) {
        return -1;
    }
    for (;;) {
        ssize_t count = mh_os_read(fd, hash->block, BLOCK);

        if (count < 0) {
            return mh_err_sys(err, errno, "cannot read");
        }
        if (mh_hash_add(hash, hash->block, (size_t)count, err) < 0) {
            return -1;
        }
        total += (uint64_t)count;
        if (count == 0 || (count < BLOCK && total >= size_hint)) {
            break;
        }
    }
    if (mh_hash_end(hash, digest, err) < 0) {
        return -1;
    }
    *size = total;
    return 0;
}

int mh_sha256(const void *data, size_t size, unsigned char digest[MH_SHA256_SIZE],
              struct mh_err *err)
{
    struct mh_hash hash = MH_HASH_INIT;
    int result = -1;

    if (mh_hash_init(&hash, err) == 0 && mh_hash_start(&hash, err) == 0 &&
        mh_hash_add(&hash, data, size, err) == 0 && mh_hash_end(&hash, digest, err) == 0) {
        result = 0;
    }
    mh_hash_release(&hash);
    return result;
}

void mh_sha256_hex(const unsigned char digest[MH_SHA256_SIZE], char hex[MH_SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < MH_SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * MH_SHA256_SIZE] = '\0';
}
