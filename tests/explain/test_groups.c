/* Groupings: every input is in one feature, and which go together. */
#include "explain/groups.h"
#include "support/support.h"

static void make(vouch_arena *arena, const char *name, const vouch_group_request *request,
                 vouch_groups *groups)
{
    vouch_test_ok(vouch_arena_context(arena),
                  vouch_groups_make(arena, vouch_grouping_find(name), request, groups));
    int64_t seen = 0;
    for (int64_t g = 0; g < groups->count; g++)
        for (int64_t k = groups->start[g]; k < groups->start[g + 1]; k++, seen++) {
            assert_int_equal(groups->of[groups->member[k]], g);
            assert_true(k == groups->start[g] || groups->member[k - 1] < groups->member[k]);
        }
    assert_int_equal(seen, groups->inputs);
}

static void test_images_are_grouped_by_place_patch_and_channel(void **state)
{
    const vouch_group_request image = {.inputs = 2 * 5 * 4, .image = {2, 5, 4}, .patch = 2};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_groups g;
    (void)state;
    make(arena, "value", &image, &g);
    assert_int_equal(g.count, 40);
    make(arena, "pixel", &image, &g);
    assert_int_equal(g.count, 20);
    assert_int_equal(g.of[3], g.of[23]);
    make(arena, "auto", &image, &g);
    assert_int_equal(g.count, 20);
    make(arena, "patch", &image, &g);
    assert_int_equal(g.count, 6);
    assert_int_equal(g.of[0], g.of[5]);
    assert_int_equal(g.of[0], g.of[25]);
    assert_int_not_equal(g.of[0], g.of[2]);
    make(arena, "channel", &image, &g);
    assert_int_equal(g.count, 2);
    assert_int_equal(g.of[19], 0);
    assert_int_equal(g.of[20], 1);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

/* Two halves of a picture, of one colour each, and a spot in one of them. */
static void test_superpixels_are_parts_of_one_colour(void **state)
{
    float x[2 * 8 * 8];
    const vouch_group_request image = {
        .inputs = 2 * 8 * 8, .image = {2, 8, 8}, .x = x, .bandwidth = 0.9, .lambda = 20};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_groups g, again;
    (void)state;
    for (int i = 0; i < 128; i++)
        x[i] = i % 8 < 4 ? 0.2F : i < 64 ? 0.8F : 0.4F;
    x[9] = 1;
    make(arena, "superpixel", &image, &g);
    assert_int_equal(g.count, 3);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(g.of[i], g.of[64 + i]);
        assert_int_equal(g.of[i], i == 9 ? 2 : i % 8 < 4 ? 0 : 1);
    }
    make(arena, "superpixel", &image, &again);
    assert_memory_equal(g.of, again.of, sizeof(int64_t) * 128);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void test_superpixels_of_one_colour_are_near_in_place(void **state)
{
    float x[12 * 12] = {0};
    vouch_group_request image = {
        .inputs = 12 * 12, .image = {1, 12, 12}, .x = x, .bandwidth = 0.25, .lambda = 1};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_groups g;
    (void)state;
    make(arena, "superpixel", &image, &g);
    assert_true(g.count > 1);
    assert_int_not_equal(g.of[0], g.of[143]);
    image.bandwidth = 3;
    make(arena, "superpixel", &image, &g);
    assert_int_equal(g.count, 1);
    image.bandwidth = 0.01; /* nothing is that near */
    make(arena, "superpixel", &image, &g);
    assert_int_equal(g.count, 144);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void test_a_category_is_one_feature_of_its_table(void **state)
{
    const vouch_feature feature[] = {{.column = 0, .group = -1},
                                     {.column = 2, .group = 0},
                                     {.column = 2, .group = 0},
                                     {.column = 3, .group = -1}};
    const vouch_group_request table = {
        .inputs = 4, .image = {1, 1, 4}, .feature = feature, .patch = 1};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_groups g;
    (void)state;
    make(arena, "column", &table, &g);
    assert_int_equal(g.count, 3);
    assert_int_equal(g.of[1], g.of[2]);
    make(arena, "auto", &table, &g);
    assert_int_equal(g.count, 3);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void test_a_grouping_that_does_not_apply_is_refused(void **state)
{
    const vouch_group_request line = {.inputs = 4, .image = {1, 1, 4}, .patch = 1};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_groups g;
    (void)state;
    vouch_test_fails(ctx, vouch_groups_make(arena, vouch_grouping_find("patch"), &line, &g),
                     VOUCH_ERR_ARGUMENT, "needs an image");
    vouch_test_fails(ctx, vouch_groups_make(arena, vouch_grouping_find("column"), &line, &g),
                     VOUCH_ERR_ARGUMENT, "needs the columns of a table");
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images_are_grouped_by_place_patch_and_channel),
        cmocka_unit_test(test_superpixels_are_parts_of_one_colour),
        cmocka_unit_test(test_superpixels_of_one_colour_are_near_in_place),
        cmocka_unit_test(test_a_category_is_one_feature_of_its_table),
        cmocka_unit_test(test_a_grouping_that_does_not_apply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
