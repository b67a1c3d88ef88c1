/* Coefficients that overflow while every value stays small: bounds become NaN, which must never
 * prove, clip or fix anything. Found by review: a NaN lower bound counted as "stable", and a
 * NaN half-space clipped its box to a sliver, so that the rest was never searched. */
#include <math.h>
#include <string.h>

#include "bounds/clip.h"
#include "support/net.h"
#include "verify/verify.h"

static vouch_verdict verify(vouch_context *ctx, const vouch_graph *graph,
                            const char *assertions, const char *precision)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_spec *spec = vouch_test_spec(ctx, graph, assertions);
    vouch_verify_settings settings;
    vouch_verify_result result;

    assert_non_null(arena);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.attack = false;
    settings.precision = precision;
    settings.max_subproblems = 2000;
    vouch_test_ok(ctx, vouch_verify(ctx, arena, graph, spec, &settings, NULL, &result));
    vouch_spec_free(spec);
    vouch_arena_free(arena);
    return result.verdict;
}

/* h1 = max(0, 1e25 x - 5e-6), h2 = max(0, 1e15 h1 - 2e9), y = h2 on x in [0, 1e-30]: the
 * coefficient of x in h2 is 1e40, beyond float, and y rises to 3e9 at the right end. */
static const int chain[] = {1, 1, 1, 1};
static const float steep[] = {1e25F, -5e-6F, 1e15F, -2e9F, 1, 0};

static void a_coefficient_beyond_float_proves_nothing(void **state)
{
    static const char *const precisions[] = {"auto", "float", "double"};
    vouch_context *ctx = vouch_test_context();
    vouch_test_net net;

    (void)state;
    vouch_test_net_new(ctx, VOUCH_F32, 3, chain, steep, &net);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(precisions); i++)
        assert_int_not_equal(verify(ctx, net.graph,
                                    "(assert (>= X_0 0)) (assert (<= X_0 1e-30))"
                                    "(assert (>= Y_0 1e9)) (assert (<= Y_0 1.5e9))",
                                    precisions[i]),
                             VOUCH_UNSAT);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
}

static void an_undefined_half_space_cuts_nothing_off(void **state)
{
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++)
        for (int where = 0; where < 3; where++) {
            double form[6] = {1, -1, .25, 1, -1, .25}, low[2] = {0, -1}, high[2] = {1, 2};
            double work[3 + 2 * 2];
            form[where] = form[3 + where] = bad[i];
            assert_true(vouch_clip_box(2, form, low, high));
            assert_true(vouch_clip_case(2, 2, form, low, high, work));
            assert_true(low[0] == 0 && low[1] == -1 && high[0] == 1 && high[1] == 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coefficient_beyond_float_proves_nothing),
        cmocka_unit_test(an_undefined_half_space_cuts_nothing_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
