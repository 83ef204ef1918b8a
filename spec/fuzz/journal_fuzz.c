/*
 * The journal: whatever is in its file, it is read and written again as the very same bytes, or it
 * is refused: as ECORRUPT, or as EUNSUPPORTED where its first line is another version's.  Mutated
 * bytes have no good checksum, so each input is tried as it is and with the checksum that belongs
 * to it.
 */
#include "publish_journal.c"

#include <stdbool.h>

#include "fuzz.h"

static bool is_of_version(const char *text, size_t size)
{
    return size >= sizeof VERSION_LINE - 1 &&
           memcmp(text, VERSION_LINE, sizeof VERSION_LINE - 1) == 0;
}

/* `summed`: the checksum is right. */
static void try(const char *text, size_t size, bool summed)
{
    struct mh_journal journal = {0};
    struct mh_err err = {.name = ""};
    char *again = NULL;
    size_t again_size = 0;

    if (decode(text, size, &journal, &err) < 0) {
        EXPECT(strcmp(err.name, is_of_version(text, size) ? "ECORRUPT" : "EUNSUPPORTED") == 0 ||
               (strcmp(err.name, "ECORRUPT") == 0 && !summed));
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

    try(text, size, false);
    free(text);
    text = add_checksum(data, size, &total);
    try(text, total, true);
    free(text);
    return 0;
}
