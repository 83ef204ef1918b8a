/*
 * What a line on the terminal shows of somebody else's text: valid UTF-8, no control characters, no
 * more than the room for it, and nothing else when it is fitted again.
 */
#include "term_fit.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = size > 0 ? data[0] : 0;
    int columns = size > 1 ? data[1] : 0;
    size_t skipped = size < 2 ? size : 2;
    char *text = fuzz_text(data + skipped, size - skipped);
    char *fitted = malloc(room + 1);
    char *again = malloc(room + 1);
    int width = 0;
    size_t used;

    EXPECT(fitted != NULL && again != NULL);
    used = mh_term_fit(fitted, room, text, size - skipped, columns);
    EXPECT(used <= room);
    for (size_t at = 0; at < used;) {
        uint32_t code;
        size_t taken = decode(fitted + at, used - at, &code);

        EXPECT(code != REPLACEMENT || taken == 3);
        EXPECT(columns_of(code) != HIDDEN);
        width += columns_of(code);
        at += taken;
    }
    EXPECT(width <= columns);
    EXPECT(mh_term_fit(again, room, fitted, used, columns) == used);
    EXPECT(memcmp(again, fitted, used) == 0);
    free(text);
    free(fitted);
    free(again);
    return 0;
}
