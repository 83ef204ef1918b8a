/*
 * What git prints: the names in its status and the line of an identity.  The first byte says which
 * one the rest is.
 */
#include "repo_status.c"

#include "fuzz.h"

static void try_status(const char *text, size_t size)
{
    char *names = list_names(text, size);
    size_t lines = 0;

    EXPECT(names != NULL);
    for (const char *at = names; *at != '\0'; at++) {
        EXPECT(*at == '\n' || ((unsigned char)*at >= ' ' && *at != 0x7f));
        lines += *at == '\n';
    }
    EXPECT(lines <= NAMES_SHOWN + 1);
    EXPECT(*names == '\0' || names[strlen(names) - 1] == '\n');
    free(names);
}

static void try_person(const char *line)
{
    struct mh_repo_person person = {0};
    struct mh_err err = {.name = ""};
    char *shown = NULL;

    if (parse_person(line, &person, &err) < 0) {
        EXPECT(strcmp(err.name, "ENOIDENT") == 0);
        EXPECT(person.name == NULL && person.email == NULL);
        return;
    }
    EXPECT(asprintf(&shown, "%s <%s>", person.name, person.email) >= 0);
    EXPECT(strncmp(line, shown, strlen(shown)) == 0);
    free(shown);
    mh_repo_person_release(&person);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0) {
        return 0;
    }
    text = fuzz_text(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        try_status(text, size - 1);
    } else {
        try_person(text);
    }
    free(text);
    return 0;
}
