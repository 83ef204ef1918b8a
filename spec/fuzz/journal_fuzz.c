/*
 * The journal: whatever is in its file, it is refused as ECORRUPT, or it is read and written again
 * as the very same bytes.  Mutated bytes have no good checksum, so each input is tried as it is and
 * with the checksum that belongs to it.
 */
#include "publish_journal.c"

#include "fuzz.h"

static void try(const char *text, size_t size)
{
    struct mh_journal journal = {0};
    struct mh_err err = {.name = ""};
    char *again = NULL;
    size_t again_size = 0;

    if (decode(text, size, &journal, &err) < 0) {
        EXPECT(strcmp(err.name, "ECORRUPT") == 0);
        EXPECT(strpbrk(err.message, "\r\n") == NULL);
        for (size_t i = 0; i < FIELD_COUNT; i++) {
            EXPECT(text_of(&journal, i) == NULL);
        }
        return;
    }
    EXPECT(encode(&journal, &again, &again_size, &err) == 0);
    EXPECT(again_size == size && memcmp(again, text, size) == 0);
    free(again);
    mh_journal_release(&journal);
}

static char *add_checksum(const uint8_t *data, size_t size, size_t *total)
{
    unsigned char digest[MH_SHA256_SIZE];
    char hex[MH_SHA256_HEX_SIZE];
    struct mh_err err;
    char *text = NULL;
    FILE *stream = open_memstream(&text, total);

    EXPECT(stream != NULL && mh_sha256(data, size, digest, &err) == 0);
    mh_sha256_hex(digest, hex);
    (void)fwrite(data, 1, size, stream);
    (void)fprintf(stream, "sha256 %s\n", hex);
    EXPECT(fclose(stream) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    size_t total = 0;

    try(text, size);
    free(text);
    text = add_checksum(data, size, &total);
    try(text, total);
    free(text);
    return 0;
}
