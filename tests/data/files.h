/* Small data files for the tests of readers, in a temporary folder. */
#ifndef VOUCH_TESTS_DATA_FILES_H
#define VOUCH_TESTS_DATA_FILES_H

#include <stdio.h>
#include <string.h>

#include "data/data.h"
#include "support/support.h"

typedef struct files {
    vouch_context *ctx;
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH];
} files;

static inline int files_open(void **state)
{
    static files f;
    f.ctx = vouch_context_new(NULL);
    vouch_test_temp_dir(f.folder);
    *state = &f;
    return 0;
}

static inline int files_close(void **state)
{
    files *f = *state;
    vouch_test_remove_dir(f->folder);
    vouch_context_free(f->ctx);
    return 0;
}

/* Writes the bytes under that name; the path stays in f->path. */
static inline const char *files_put(files *f, const char *name, const void *data, size_t size)
{
    vouch_test_join(f->folder, name, f->path);
    FILE *file = fopen(f->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return f->path;
}

static inline const char *files_text(files *f, const char *name, const char *text)
{
    return files_put(f, name, text, strlen(text));
}

/* The data of f->path with settings ("?target=none") read into memory. */
static inline vouch_data *files_load(files *f, const char *settings)
{
    char place[3 * VOUCH_TEST_PATH];
    vouch_data *set = NULL;
    (void)snprintf(place, sizeof place, "%s%s", f->path, settings);
    if (vouch_data_load(f->ctx, place, &set))
        print_error("%s\n", vouch_context_error(f->ctx));
    assert_non_null(set);
    return set;
}

/* It cannot be read, and the text says so with those words. */
static inline void files_fail(files *f, const char *settings, const char *words)
{
    char place[3 * VOUCH_TEST_PATH];
    vouch_data *set = NULL;
    (void)snprintf(place, sizeof place, "%s%s", f->path, settings);
    assert_int_not_equal(vouch_data_load(f->ctx, place, &set), VOUCH_OK);
    assert_null(set);
    if (!strstr(vouch_context_error(f->ctx), words))
        print_error("'%s' lacks '%s'\n", vouch_context_error(f->ctx), words);
    assert_non_null(strstr(vouch_context_error(f->ctx), words));
    vouch_context_clear_error(f->ctx);
}

#endif
