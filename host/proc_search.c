#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "proc_parts.h"

static const char path_entry[] = "PATH=";
static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

static const char *find_search_path(const char *const *env)
{
    for (; *env != NULL; env++) {
        if (strncmp(*env, path_entry, sizeof path_entry - 1) == 0) {
            return *env + sizeof path_entry - 1;
        }
    }
    return default_path;
}

static size_t count_entries(const char *search)
{
    size_t count = 1;

    for (; *search != '\0'; search++) {
        count += *search == ':' ? 1 : 0;
    }
    return count;
}

static char *join_entry(const char *entry, size_t length, const char *name)
{
    char *directory = strndup(entry, length);
    char *joined = directory != NULL ? mh_path_join(directory, name) : NULL;

    free(directory);
    return joined;
}

/* The name beneath every absolute entry.  0 or -1 when out of memory. */
static int fill_from_path(char **found, const char *search, const char *name)
{
    size_t count = 0;

    for (;;) {
        size_t length = strcspn(search, ":");

        if (*search == '/') {
            found[count] = join_entry(search, length, name);
            if (found[count] == NULL) {
                return -1;
            }
            count++;
        }
        if (search[length] == '\0') {
            return 0;
        }
        search += length + 1;
    }
}

char **mh_proc_search(const char *name, const char *const *env, struct mh_err *err)
{
    const char *search = find_search_path(env);
    char **found = calloc(count_entries(search) + 1, sizeof *found);
    int result = 0;

    if (found == NULL) {
        (void)mh_err_nomem(err);
        return NULL;
    }
    if (strchr(name, '/') != NULL) {
        found[0] = strdup(name);
        result = found[0] != NULL ? 0 : -1;
    } else if (*name != '\0') {
        result = fill_from_path(found, search, name);
    }
    if (result < 0) {
        mh_proc_search_free(found);
        (void)mh_err_nomem(err);
        return NULL;
    }
    return found;
}

void mh_proc_search_free(char **found)
{
    for (size_t i = 0; found != NULL && found[i] != NULL; i++) {
        free(found[i]);
    }
    free(found);
}
