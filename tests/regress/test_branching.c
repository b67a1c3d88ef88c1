/* Defects of the branching search, one test each. */
#include <stdio.h>

#include "support/net.h"
#include "verify/verify.h"

enum { INPUTS = 6, TEXT = 1 << 10 };

/* x in [-1, 1]^6, and what is asserted of y. */
static vouch_spec *unit_box(vouch_context *ctx, const vouch_graph *graph, const char *output)
{
    char text[TEXT];
    size_t length = 0;

    for (int d = 0; d < INPUTS; d++)
        length += (size_t)snprintf(text + length, TEXT - length,
                                   "(assert (>= X_%d -1))(assert (<= X_%d 1))", d, d);
    snprintf(text + length, TEXT - length, "%s", output);
    return vouch_test_spec(ctx, graph, text);
}

/* y = max(0, s) - max(0, s + t/32): s the sum of the inputs, t their alternating sum. |y| is at
 * most 6/32, which the signs of the two neurons show; cuts of inputs would have to cover the
 * plane s = 0 by small boxes. */
static const int twins[] = {INPUTS, 2, 1};
static const float weights[] = {1, 1.03125F, 1, .96875F, 1, 1.03125F, 1, .96875F, 1, 1.03125F,
                                1, .96875F,  0, 0,       1, -1,       0};

static vouch_verdict verify(const char *search, const char *output)
{
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_verify_settings settings;
    vouch_verify_result result;
    vouch_test_net net;

    assert_non_null(arena);
    vouch_test_net_new(ctx, VOUCH_F32, 2, twins, weights, &net);
    vouch_spec *spec = unit_box(ctx, net.graph, output);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.search = search;
    settings.attack = false;
    settings.threads = 1;
    settings.max_subproblems = 100000;
    vouch_test_ok(ctx, vouch_verify(ctx, arena, net.graph, spec, &settings, NULL, &result));
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return result.verdict;
}

/* Its neighbour moved to its place, and stayed in its own: it was freed twice. */
static void a_case_proved_at_the_root_leaves_its_neighbour_one_owner(void **state)
{
    (void)state;
    assert_int_equal(verify("branch", "(assert (or (and (>= Y_0 100)) (and (>= Y_0 0.19))))"),
                     VOUCH_UNSAT);
}

/* Without an attack, candidates of the search were not replayed. */
static void the_branching_search_finds_witnesses_without_an_attack(void **state)
{
    (void)state;
    assert_int_equal(verify("branch", "(assert (>= Y_0 0.1))"), VOUCH_SAT);
}

/* Up to 12 inputs were only cut, without end. */
static void cuts_of_six_inputs_give_way_to_splits_of_neurons(void **state)
{
    (void)state;
    assert_int_equal(verify("auto", "(assert (>= Y_0 0.19))"), VOUCH_UNSAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_proved_at_the_root_leaves_its_neighbour_one_owner),
        cmocka_unit_test(the_branching_search_finds_witnesses_without_an_attack),
        cmocka_unit_test(cuts_of_six_inputs_give_way_to_splits_of_neurons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
