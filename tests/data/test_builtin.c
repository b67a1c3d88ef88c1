/* The sets that vouch makes: the same on every call, valid, and with what they are known for. */
#include <math.h>

#include "data/builtin.h"
#include "data/files.h"

static vouch_data *make(files *f, const char *place)
{
    (void)snprintf(f->path, sizeof f->path, "%s", place);
    return files_load(f, "");
}

static void the_same_place_gives_the_same_bytes(void **state)
{
    files *f = *state;
    for (const vouch_data_builtin *const *b = vouch_data_builtin_table(); *b; b++) {
        char place[128];
        (void)snprintf(place, sizeof place, "builtin:%s?count=70&seed=5", (*b)->name);
        vouch_data *one = make(f, place), *two = make(f, place);
        const size_t bytes = (size_t)(70 * one->info.size) * sizeof(float);
        assert_int_equal(one->info.count, 70);
        assert_memory_equal(one->x, two->x, bytes);
        (void)snprintf(place, sizeof place, "builtin:%s?count=70&seed=6", (*b)->name);
        vouch_data *other = make(f, place);
        assert_true(memcmp(one->x, other->x, bytes) != 0);
        vouch_data_free(one);
        vouch_data_free(two);
        vouch_data_free(other);
    }
}

static void later_samples_do_not_depend_on_where_one_begins(void **state)
{
    files *f = *state;
    vouch_data *whole = make(f, "builtin:glyphs16?count=30");
    vouch_data *rest = make(f, "builtin:glyphs16?count=10&first=20");
    assert_int_equal(rest->info.count, 10);
    assert_memory_equal(vouch_data_x(whole, 20), rest->x, 10 * 256 * sizeof(float));
    vouch_data_free(whole);
    vouch_data_free(rest);
}

static void every_feature_is_in_its_range_and_every_group_holds_one(void **state)
{
    files *f = *state;
    static const char *const places[] = {"builtin:glyphs28?count=50", "builtin:loan",
                                         "builtin:loan?scale=unit", "builtin:collision"};
    for (size_t p = 0; p < VOUCH_TEST_COUNT(places); p++) {
        vouch_data *set = make(f, places[p]);
        for (int64_t i = 0; i < set->info.count; i++) {
            double groups[16] = {0};
            for (int64_t k = 0; k < set->info.size; k++) {
                const vouch_feature *feature = &set->info.feature[k];
                const float x = vouch_data_x(set, i)[k];
                assert_true(x >= feature->low && x <= feature->high);
                if (feature->group >= 0)
                    groups[feature->group] += (double)x;
            }
            for (int64_t k = 0; k < set->info.size; k++)
                assert_true(set->info.feature[k].group < 0 ||
                            groups[set->info.feature[k].group] == 1);
            assert_true(set->label[i] >= 0 && set->label[i] < set->info.classes);
        }
        vouch_data_free(set);
    }
}

static void loans_carry_the_bias_they_are_made_with(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:loan?count=20000");
    double asked[2] = {0}, given[2] = {0};
    for (int64_t i = 0; i < set->info.count; i++) {
        const int man = vouch_data_x(set, i)[1] == 1.0f;
        asked[man]++;
        given[man] += set->label[i];
    }
    print_message("approved: %.3f of women, %.3f of men\n", given[0] / asked[0],
                  given[1] / asked[1]);
    assert_true(given[1] / asked[1] - given[0] / asked[0] > .08);
    assert_true(given[0] / asked[0] > .25 && given[1] / asked[1] < .75);
    vouch_data_free(set);
}

/* Whoever is far is clear of, and whoever is close ahead and slow is turned away from. */
static void advisories_follow_the_distance(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:collision?count=20000");
    int64_t far = 0, close = 0, given[5] = {0};
    for (int64_t i = 0; i < set->info.count; i++) {
        const float *x = vouch_data_x(set, i);
        given[set->label[i]]++;
        if (x[0] > 16000 && x[3] < 200 && x[4] < 200) {
            far++;
            assert_int_equal(set->label[i], 0);
        }
        if (x[0] < 2500 && fabsf(x[1]) < .6f && x[3] > 250 && x[4] < 120) {
            close++;
            assert_int_not_equal(set->label[i], 0);
        }
    }
    assert_true(far > 200 && close > 20);
    for (int k = 0; k < 5; k++)
        assert_true(given[k] > 1000);
    vouch_data_free(set);
}

static void shares_are_where_in_its_range_a_number_is(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:collision?count=50"),
               *unit = make(f, "builtin:collision?count=50&scale=unit");
    vouch_test_ok(f->ctx, vouch_data_to_shares(set));
    for (int64_t i = 0; i < set->info.count * set->info.size; i++)
        assert_true(fabsf(set->x[i] - unit->x[i]) < 1e-6f);
    assert_true(set->info.feature[0].low == 0 && set->info.feature[0].high == 1);
    vouch_data_free(set);
    vouch_data_free(unit);
    set = files_load(f, (files_text(f, "t.csv", "a,b\n1,x\n2,y\n"), ""));
    ((vouch_feature *)set->info.feature)[0].high = INFINITY;
    assert_int_equal(vouch_data_to_shares(set), VOUCH_ERR_VALUE);
    assert_non_null(strstr(vouch_context_error(f->ctx), "feature 0 has no range"));
    vouch_context_clear_error(f->ctx);
    vouch_data_free(set);
}

static void samples_with_missing_values_can_be_dropped_or_refused(void **state)
{
    files *f = *state;
    vouch_data *all = make(f, "builtin:loan?count=500"),
               *kept = make(f, "builtin:loan?count=500&missing=drop");
    assert_int_equal(kept->info.count, 500);
    assert_true(memcmp(all->x, kept->x, (size_t)(500 * all->info.size) * sizeof(float)) != 0);
    vouch_data_free(all);
    vouch_data_free(kept);
    files_fail(f, "&missing=error", "a value is missing");
}

static void an_unknown_set_is_an_error(void **state)
{
    files *f = *state;
    (void)snprintf(f->path, sizeof f->path, "builtin:nothing");
    files_fail(f, "", "'nothing' is not a built-in data set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_place_gives_the_same_bytes),
        cmocka_unit_test(later_samples_do_not_depend_on_where_one_begins),
        cmocka_unit_test(every_feature_is_in_its_range_and_every_group_holds_one),
        cmocka_unit_test(loans_carry_the_bias_they_are_made_with),
        cmocka_unit_test(advisories_follow_the_distance),
        cmocka_unit_test(shares_are_where_in_its_range_a_number_is),
        cmocka_unit_test(samples_with_missing_values_can_be_dropped_or_refused),
        cmocka_unit_test(an_unknown_set_is_an_error),
    };
    return cmocka_run_group_tests_name("data.builtin", tests, files_open, files_close);
}
