/* Every corruption of the table: stays in the valid range, does more at severity 5 than at 1, and
 * gives the same bytes for the same seed and number, others for others. */
#include <math.h>
#include <string.h>

#include "data/corruption.h"
#include "support/support.h"

enum { COUNT = 60 };

typedef struct scene {
    vouch_context *ctx;
    vouch_data *image, *table;
    float *x, *scratch;
} scene;

static void open_scene(scene *s)
{
    s->ctx = vouch_test_context();
    vouch_test_ok(s->ctx, vouch_data_load(s->ctx, "builtin:glyphs16?count=60", &s->image));
    vouch_test_ok(s->ctx, vouch_data_load(s->ctx, "builtin:loan?count=60", &s->table));
    s->x = vouch_alloc(s->ctx, 1024 * sizeof(float));
    s->scratch = vouch_alloc(s->ctx, 1024 * sizeof(float));
}

static void close_scene(scene *s)
{
    vouch_release(s->ctx, s->x);
    vouch_release(s->ctx, s->scratch);
    vouch_data_free(s->image);
    vouch_data_free(s->table);
    vouch_context_free(s->ctx);
}

static const vouch_data *data_for(const scene *s, const vouch_corruption *c)
{
    return c->tables ? s->table : s->image;
}

static void corrupt(scene *s, const vouch_corruption *c, int severity, uint64_t seed, int64_t i,
                    float *x)
{
    const vouch_data *d = data_for(s, c);
    memcpy(x, vouch_data_x(d, i), (size_t)d->info.size * sizeof *x);
    const vouch_corrupting how = {c, &d->info, severity, seed};
    vouch_corrupt(&how, (uint64_t)i, x, s->scratch);
}

static double distance(const vouch_data *d, int64_t i, const float *x)
{
    double sum = 0;
    for (int64_t j = 0; j < d->info.size; j++)
        sum += fabs((double)x[j] - (double)vouch_data_x(d, i)[j]) /
               fmax(1e-9, (double)d->info.feature[j].high - (double)d->info.feature[j].low);
    return sum / (double)d->info.size;
}

static void test_the_valid_range_is_kept(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c; c++)
        for (int severity = 1; severity <= VOUCH_SEVERITIES; severity++)
            for (int64_t i = 0; i < COUNT; i++) {
                const vouch_data *d = data_for(&s, *c);
                corrupt(&s, *c, severity, 1, i, s.x);
                for (int64_t j = 0; j < d->info.size; j++)
                    assert_true(s.x[j] >= d->info.feature[j].low &&
                                s.x[j] <= d->info.feature[j].high);
            }
    close_scene(&s);
}

static void test_severities_grow(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c; c++) {
        double mean[VOUCH_SEVERITIES + 1] = {0};
        for (int severity = 1; severity <= VOUCH_SEVERITIES; severity++)
            for (int64_t i = 0; i < COUNT; i++) {
                corrupt(&s, *c, severity, 1, i, s.x);
                mean[severity] += distance(data_for(&s, *c), i, s.x) / COUNT;
            }
        for (int severity = 1; severity <= VOUCH_SEVERITIES; severity++)
            if (!(mean[severity] > mean[severity - 1]))
                fail_msg("%s: severity %d moves by %g, the one before by %g", (*c)->name,
                         severity, mean[severity], mean[severity - 1]);
    }
    close_scene(&s);
}

static void test_the_seed_decides(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c; c++) {
        const size_t bytes = (size_t)data_for(&s, *c)->info.size * sizeof(float);
        for (int64_t i = 0; i < COUNT; i++) {
            corrupt(&s, *c, 3, 7, i, s.x);
            float again[1024];
            corrupt(&s, *c, 3, 7, i, again);
            assert_memory_equal(s.x, again, bytes);
        }
    }
    close_scene(&s);
}

static void test_groups_of_categories_stay_whole(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c; c++)
        for (int64_t i = 0; (*c)->tables && i < COUNT; i++) {
            float sum[64] = {0};
            const vouch_data_info *info = &s.table->info;
            corrupt(&s, *c, 5, 1, i, s.x);
            for (int64_t j = 0; j < info->size; j++)
                if (info->feature[j].group >= 0)
                    sum[info->feature[j].group] += s.x[j];
            for (int64_t j = 0; j < info->size; j++)
                assert_true(info->feature[j].group < 0 || sum[info->feature[j].group] == 1);
        }
    close_scene(&s);
}

static void test_kinds_of_data_are_told_apart(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c; c++) {
        assert_true(vouch_corruption_find((*c)->name) == *c);
        assert_int_equal(vouch_corruption_applies(*c, &s.image->info), !(*c)->tables);
        assert_int_equal(vouch_corruption_applies(*c, &s.table->info), (*c)->tables);
    }
    assert_null(vouch_corruption_find("rain"));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_valid_range_is_kept),
        cmocka_unit_test(test_severities_grow),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_groups_of_categories_stay_whole),
        cmocka_unit_test(test_kinds_of_data_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
