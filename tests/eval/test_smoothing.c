/* Randomised smoothing: the published arithmetic, and a classifier whose smoothing is known. */
#include <math.h>
#include <string.h>

#include "eval/smoothing.h"
#include "support/net.h"

static void near(double got, double wanted, double absolute)
{
    if (!(fabs(got - wanted) <= absolute))
        print_error("got %.17g, wanted %.17g\n", got, wanted);
    assert_true(fabs(got - wanted) <= absolute);
}

static void test_radii_are_those_of_the_reference(void **state)
{
    (void)state;
    static const struct {
        int64_t hits, of;
        double sigma, radius;
    } rows[] = {{99000, 100000, .5, 1.14499998},
                {100000, 100000, .5, 1.90572828},
                {9990, 10000, .25, .70464958},
                {600, 1000, .25, .03209475}};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(rows); i++) {
        const vouch_smoothing s = {
            .sigma = rows[i].sigma, .samples = rows[i].of, .alpha = .001};
        const vouch_smoothed a = vouch_smoothing_judge(&s, 3, rows[i].hits);
        assert_int_equal(a.predicted, 3);
        near(a.radius_l2, rows[i].radius, 1e-8);
    }
}

static void test_without_a_majority_it_abstains(void **state)
{
    (void)state;
    const vouch_smoothing s = {.sigma = .25, .samples = 1000, .alpha = .001};
    const vouch_smoothed a = vouch_smoothing_judge(&s, 3, 510);
    assert_int_equal(a.predicted, VOUCH_SMOOTHING_ABSTAINS);
    assert_true(a.radius_l2 == 0);
}

static void test_votes_need_a_significant_lead(void **state)
{
    (void)state;
    const int64_t clear[] = {0, 67, 33}, narrow[] = {34, 0, 66}, tie[] = {5, 5};
    assert_int_equal(vouch_smoothing_vote(3, clear, .001), 1);
    assert_int_equal(vouch_smoothing_vote(3, narrow, .001), VOUCH_SMOOTHING_ABSTAINS);
    assert_int_equal(vouch_smoothing_vote(2, tie, .001), VOUCH_SMOOTHING_ABSTAINS);
}

/* Class 1 where x_0 + x_1 > 1: smoothed, its radius is the distance to that line. */
enum { POINTS = 3 };
static const float at[POINTS][2] = {{.75f, .75f}, {.25f, 0}, {.5f, .5f}};

static void run(vouch_context *ctx, int threads, vouch_smoothed *out)
{
    const float parameters[] = {0, 1, 0, 1, 1, 0};
    const int size[] = {2, 2};
    const vouch_smoothing s = {.sigma = .5,
                               .selection = 100,
                               .samples = 20000,
                               .alpha = .001,
                               .seed = 1,
                               .threads = threads};
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_net net;
    vouch_victim_plan *plan;
    vouch_test_net_new(ctx, VOUCH_F32, 1, size, parameters, &net);
    vouch_test_ok(ctx, vouch_victim_plan_new(ctx, arena, net.graph, &plan));
    vouch_test_ok(ctx, vouch_smoothing_run(arena, plan, &s, POINTS, at[0], out));
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
}

static void test_a_half_space_is_certified_up_to_its_boundary(void **state)
{
    (void)state;
    vouch_smoothed one[POINTS], three[POINTS];
    vouch_context *ctx = vouch_test_context();
    run(ctx, 1, one);
    run(ctx, 3, three);
    static const int class[POINTS] = {1, 0, VOUCH_SMOOTHING_ABSTAINS};
    for (int p = 0; p < POINTS; p++) {
        const double distance = fabs((double)at[p][0] + (double)at[p][1] - 1) / sqrt(2);
        assert_int_equal(one[p].predicted, class[p]);
        assert_true(one[p].radius_l2 <= distance);
        near(one[p].radius_l2, distance, .03);
        assert_int_equal(one[p].predicted, three[p].predicted); /* any number of threads */
        assert_int_equal(one[p].hits, three[p].hits);
    }
    vouch_context_free(ctx);
}

static void test_senseless_settings_are_refused(void **state)
{
    (void)state;
    static const vouch_smoothing bad[] = {
        {.sigma = 0, .selection = 1, .samples = 1, .alpha = .001},
        {.sigma = (double)NAN, .selection = 1, .samples = 1, .alpha = .001},
        {.sigma = 1, .selection = 1, .samples = 1, .alpha = .5},
        {.sigma = 1, .selection = 1, .samples = 0, .alpha = .001}};
    const int size[] = {2, 2};
    const float parameters[6] = {0};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_test_net net;
    vouch_victim_plan *plan;
    vouch_smoothed out;
    vouch_test_net_new(ctx, VOUCH_F32, 1, size, parameters, &net);
    vouch_test_ok(ctx, vouch_victim_plan_new(ctx, arena, net.graph, &plan));
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++)
        vouch_test_fails(ctx, vouch_smoothing_run(arena, plan, &bad[i], 1, at[0], &out),
                         VOUCH_ERR_ARGUMENT, "smoothing");
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_radii_are_those_of_the_reference),
        cmocka_unit_test(test_without_a_majority_it_abstains),
        cmocka_unit_test(test_votes_need_a_significant_lead),
        cmocka_unit_test(test_a_half_space_is_certified_up_to_its_boundary),
        cmocka_unit_test(test_senseless_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
