/* Heuristic conformance: every pick heuristic gives the same verdict, with one thread and with
 * two, on networks with so many inputs that neurons are split, and properties some of which need
 * many splits. One that picks badly may reach the limit. */
#include <math.h>
#include <stdio.h>

#include "support/net.h"
#include "verify/pick.h"
#include "verify/verify.h"

enum { NETS = 3, LIMIT = 4000, INPUTS = 10, SAMPLES = 4000 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_test_net net;
    vouch_spec *spec;
    vouch_verify_settings settings;
} fixture;

/* Is the first output of a random network ever above the bound, on [-.4, .4]^10? */
static void open_fixture(fixture *f, uint64_t index, double bound)
{
    const int size[] = {INPUTS, 10, 6, 1};
    vouch_random r = vouch_random_stream(6, "picks", index);
    char text[2048];
    int length = 0;

    f->ctx = vouch_test_context();
    vouch_test_net_random(f->ctx, VOUCH_F32, 3, size, &r, &f->net);
    for (int d = 0; d < INPUTS; d++)
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "(assert (<= X_%d .4))(assert (>= X_%d -.4))", d, d);
    snprintf(text + length, sizeof text - (size_t)length, "(assert (>= Y_0 %.17f))", bound);
    f->spec = vouch_test_spec(f->ctx, f->net.graph, text);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &f->settings);
    f->settings.search = "branch";
    f->settings.attack = false; /* all is left to the bounds */
    f->settings.root_steps = 4;
    f->settings.branch_steps = 2;
    f->settings.max_subproblems = LIMIT;
}

static void close_fixture(fixture *f)
{
    vouch_spec_free(f->spec);
    vouch_test_net_free(&f->net);
    vouch_context_free(f->ctx);
}

static vouch_verify_result verify(fixture *f)
{
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_verify_result result;

    assert_non_null(arena);
    vouch_test_ok(f->ctx, vouch_verify(f->ctx, arena, f->net.graph, f->spec, &f->settings, NULL,
                                       &result));
    vouch_arena_free(arena);
    return result;
}

static double greatest_of_samples(uint64_t index)
{
    vouch_random r = vouch_random_stream(7, "samples", index);
    double most = -(double)INFINITY, x[INPUTS], y[1];
    fixture f;

    open_fixture(&f, index, 0);
    for (int i = 0; i < SAMPLES; i++) {
        for (int d = 0; d < INPUTS; d++)
            x[d] = i % 2                       ? .8 * vouch_random_unit(&r) - .4
                   : vouch_random_below(&r, 2) ? .4
                                               : -.4;
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.net.graph, VOUCH_F64, x, y));
        most = fmax(most, y[0]);
    }
    close_fixture(&f);
    return most;
}

/* The bound is above all samples by a share of the magnitude: mostly unsat, after splits; returns
 * how many. */
static uint64_t check_all(uint64_t index)
{
    double most = greatest_of_samples(index);
    vouch_verdict usual = VOUCH_UNKNOWN;
    uint64_t splits = 0;
    fixture f;

    open_fixture(&f, index, most + .02 * (1 + fabs(most)));
    for (const vouch_pick *const *p = vouch_pick_table(); *p; p++) {
        f.settings.pick = (*p)->name;
        f.settings.threads = 1;
        vouch_verify_result one = verify(&f);
        f.settings.threads = 2;
        vouch_verify_result two = verify(&f);
        assert_int_equal(one.verdict, two.verdict);
        assert_int_equal(one.subproblems, two.subproblems);
        assert_int_equal(one.splits, two.splits);
        assert_int_equal(one.max_depth, two.max_depth);
        splits = one.splits > splits ? one.splits : splits;
        if (one.verdict == VOUCH_UNKNOWN)
            assert_true(one.subproblems >= LIMIT);
        else if (usual == VOUCH_UNKNOWN)
            usual = one.verdict;
        else if (one.verdict != usual)
            fail_msg("network %llu: %s with pick %s; %s with another",
                     (unsigned long long)index, vouch_verdict_name(one.verdict), (*p)->name,
                     vouch_verdict_name(usual));
    }
    assert_true(usual != VOUCH_UNKNOWN);
    close_fixture(&f);
    return splits;
}

static void no_heuristic_and_no_thread_changes_a_verdict(void **state)
{
    uint64_t splits = 0;

    (void)state;
    for (uint64_t k = 0; k < NETS; k++)
        splits += check_all(k);
    assert_true(splits > NETS); /* there was something to split */
}

static void every_heuristic_is_found_by_its_name(void **state)
{
    (void)state;
    for (const vouch_pick *const *p = vouch_pick_table(); *p; p++)
        assert_true(vouch_pick_find((*p)->name) == *p && (*p)->summary && (*p)->score);
    assert_null(vouch_pick_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_heuristic_and_no_thread_changes_a_verdict),
        cmocka_unit_test(every_heuristic_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
