/* Every allocation of reading and writing data failing once: an error, and nothing leaks. */
#include "data/files.h"
#include "data/split.h"
#include "data/write.h"

/* What is read, and where it is written; out NULL: nowhere. */
typedef struct job {
    char place[3 * VOUCH_TEST_PATH];
    const char *out;
} job;

static vouch_status read_and_write(vouch_context *ctx, void *user)
{
    const job *j = user;
    vouch_data *set = NULL;
    vouch_status status = vouch_data_load(ctx, j->place, &set);
    if (!status && j->out)
        status = vouch_data_write(set, j->out, NULL);
    vouch_data_free(set);
    return status;
}

static vouch_status split(vouch_context *ctx, void *user)
{
    const job *j = user;
    const double share[] = {3, 1};
    const vouch_data_shares shares = {share, 2, true, 0};
    vouch_data *set = NULL, *part = NULL;
    int64_t index[20], size[2];
    vouch_status status = vouch_data_load(ctx, j->place, &set);
    if (!status)
        status = vouch_data_split(set, &shares, index, size);
    if (!status)
        status = vouch_data_select(set, index, size[0], &part);
    vouch_data_free(part);
    vouch_data_free(set);
    return status;
}

static void writing_and_reading_each_format_survives_any_failed_allocation(void **state)
{
    files *f = *state;
    static const struct {
        const char *place, *name, *settings;
    } rounds[] = {
        {"builtin:glyphs16?count=5", "g.npy", ""},
        {"builtin:glyphs16?count=5", "g.npz", ""},
        {"builtin:glyphs16?count=5", "g-images-ubyte", ""},
        {"builtin:glyphs16?count=5", "g.png", NULL},
        {"builtin:loan?count=20", "l.csv", "?missing=drop&scale=unit"},
    };
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rounds); i++) {
        job j = {.out = f->path};
        (void)snprintf(j.place, sizeof j.place, "%s", rounds[i].place);
        vouch_test_join(f->folder, rounds[i].name, f->path);
        vouch_test_some_allocations_fail(read_and_write, &j, 60);
        (void)snprintf(j.place, sizeof j.place, "%s%s", f->path,
                       rounds[i].settings ? rounds[i].settings : "");
        j.out = NULL;
        if (rounds[i].settings)
            vouch_test_every_allocation_fails(read_and_write, &j);
    }
}

static void splitting_survives_any_failed_allocation(void **state)
{
    (void)state;
    job j = {.place = "builtin:loan?count=20"};
    vouch_test_every_allocation_fails(split, &j);
}

static void a_table_with_a_schema_survives_any_failed_allocation(void **state)
{
    files *f = *state;
    job j = {0};
    char schema[VOUCH_TEST_PATH];
    vouch_data *set = NULL;
    vouch_test_ok(f->ctx, vouch_data_load(f->ctx, "builtin:loan?count=5", &set));
    vouch_test_join(f->folder, "s.json", schema);
    vouch_test_ok(f->ctx, vouch_data_write_schema(f->ctx, set->info.schema, schema));
    vouch_test_join(f->folder, "s.csv", f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
    vouch_data_free(set);
    (void)snprintf(j.place, sizeof j.place, "%s?schema=%s", f->path, schema);
    vouch_test_every_allocation_fails(read_and_write, &j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_and_reading_each_format_survives_any_failed_allocation),
        cmocka_unit_test(splitting_survives_any_failed_allocation),
        cmocka_unit_test(a_table_with_a_schema_survives_any_failed_allocation),
    };
    return cmocka_run_group_tests_name("fault.data", tests, files_open, files_close);
}
