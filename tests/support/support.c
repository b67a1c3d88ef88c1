#include "support/support.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void vouch_test_ok(const vouch_context *ctx, vouch_status status)
{
    if (status != VOUCH_OK)
        fail_msg("%s: %s", vouch_status_name(status), vouch_context_error(ctx));
}

void vouch_test_fails(vouch_context *ctx, vouch_status status, vouch_status expected,
                      const char *text)
{
    const char *error = vouch_context_error(ctx);
    if (status != expected || !strstr(error, text))
        fail_msg("'%s' (%s), expected '%s' with \"%s\"", vouch_status_name(status), error,
                 vouch_status_name(expected), text);
    assert_int_equal(vouch_context_status(ctx), expected);
    vouch_context_clear_error(ctx);
}

/* ---- files ----------------------------------------------------------------------------- */

void vouch_test_join(const char *folder, const char *name, char path[VOUCH_TEST_PATH])
{
    const int n = snprintf(path, VOUCH_TEST_PATH, "%s/%s", folder, name);
    assert_in_range(n, 1, VOUCH_TEST_PATH - 1);
}

void vouch_test_data(const char *name, char path[VOUCH_TEST_PATH])
{
    const char *folder = getenv("VOUCH_SHARED_DATA");
    if (!folder || !*folder) {
        print_message("skipped: VOUCH_SHARED_DATA is not set (needs %s)\n",
                      *name ? name : "all of it");
        skip();
    }
    vouch_test_join(folder ? folder : "", name, path);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
}

void vouch_test_source(const char *name, char path[VOUCH_TEST_PATH])
{
    const char *folder = getenv("VOUCH_SOURCE_DIR");
    vouch_test_join(folder && *folder ? folder : ".", name, path);
}

void vouch_test_temp_dir(char path[VOUCH_TEST_PATH])
{
    const char *folder = getenv("TMPDIR");
    vouch_test_join(folder && *folder ? folder : "/tmp", "vouch-test-XXXXXX", path);
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void vouch_test_remove_dir(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void vouch_test_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---- numbers --------------------------------------------------------------------------- */

double vouch_test_double(vouch_random *r)
{
    if (vouch_random_below(r, 16) == 0)
        return 0;
    for (;;) {
        uint64_t bits = vouch_random_bits(r);
        if (vouch_random_below(r, 8) == 0)
            bits &= 0x800fffffffffffffu; /* subnormal */
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

double vouch_test_near_one(vouch_random *r)
{
    return vouch_random_below(r, 8) == 0 ? vouch_test_double(r) : vouch_random_normal(r);
}

float *vouch_test_reals(vouch_arena *arena, vouch_random *r, int64_t count)
{
    float *a = VOUCH_NEW_ARRAY(arena, float, count + 1);
    assert_non_null(a);
    for (int64_t i = 0; i < count; i++)
        a[i] = (float)(2 * vouch_random_unit(r) - 1);
    return a;
}
