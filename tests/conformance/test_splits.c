/* Heuristic conformance: every split heuristic with every shape of a cut gives the same verdict,
 * on networks and properties some of which need many cuts. One that cuts badly may reach the
 * limit: where a row is nonlinear in one of three inputs alone, cutting at random makes more open
 * boxes than it closes. (tests/property/test_verify.c draws
 * them at random against an exact oracle.) */
#include <math.h>
#include <stdio.h>

#include "support/net.h"
#include "verify/cut.h"
#include "verify/split.h"
#include "verify/verify.h"

enum { NETS = 6, LIMIT = 20000 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_test_net net;
    vouch_spec *spec;
    vouch_verify_settings settings;
} fixture;

/* A random network on [-1, 1]^3; is its first output ever above the bound? */
static void open_fixture(fixture *f, uint64_t index, double bound)
{
    const int size[] = {3, 8, 8, 1};
    vouch_random r = vouch_random_stream(5, "splits", index);
    char text[512];

    f->ctx = vouch_test_context();
    vouch_test_net_random(f->ctx, VOUCH_F32, 3, size, &r, &f->net);
    snprintf(text, sizeof text,
             "(assert (and (>= X_0 -1) (<= X_0 1) (>= X_1 -1) (<= X_1 1) (>= X_2 -1) (<= X_2 1)"
             " (>= Y_0 %.17f)))",
             bound);
    f->spec = vouch_test_spec(f->ctx, f->net.graph, text);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &f->settings);
    f->settings.attack = false; /* all is left to the search */
    f->settings.slope_steps = 0;
    f->settings.max_subproblems = LIMIT;
}

static void close_fixture(fixture *f)
{
    vouch_spec_free(f->spec);
    vouch_test_net_free(&f->net);
    vouch_context_free(f->ctx);
}

static vouch_verdict verify(fixture *f, uint64_t *subproblems)
{
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_verify_result result;

    assert_non_null(arena);
    vouch_test_ok(f->ctx, vouch_verify(f->ctx, arena, f->net.graph, f->spec, &f->settings, NULL,
                                       &result));
    *subproblems = result.subproblems;
    vouch_arena_free(arena);
    return result.verdict;
}

/* The greatest first output at the points of a grid: a bound a little above it needs cuts. */
static double greatest_on_grid(uint64_t index)
{
    const int steps = 20;
    double most = -(double)INFINITY, x[3], y[1];
    fixture f;

    open_fixture(&f, index, 0);
    for (int i = 0; i < (steps + 1) * (steps + 1) * (steps + 1); i++) {
        x[0] = 2.0 * (i % (steps + 1)) / steps - 1;
        x[1] = 2.0 * (i / (steps + 1) % (steps + 1)) / steps - 1;
        x[2] = 2.0 * (i / (steps + 1) / (steps + 1)) / steps - 1;
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.net.graph, VOUCH_F64, x, y));
        most = fmax(most, y[0]);
    }
    close_fixture(&f);
    return most;
}

static void check_all(fixture *f, uint64_t index)
{
    uint64_t subproblems, most = 0;
    vouch_verdict usual = verify(f, &subproblems);
    int runs = 0, decided = 0;

    assert_true(usual == VOUCH_SAT || usual == VOUCH_UNSAT);
    for (const vouch_split *const *s = vouch_split_table(); *s; s++)
        for (const vouch_cut_shape *const *c = vouch_cut_table(); *c; c++) {
            f->settings.split = (*s)->name;
            f->settings.cut = (*c)->name;
            vouch_verdict verdict = verify(f, &subproblems);
            if (verdict != usual && (verdict != VOUCH_UNKNOWN || subproblems < LIMIT))
                fail_msg("network %llu: %s with split %s, cut %s; %s as usual",
                         (unsigned long long)index, vouch_verdict_name(verdict), (*s)->name,
                         (*c)->name, vouch_verdict_name(usual));
            most = subproblems > most ? subproblems : most;
            decided += verdict == usual;
            runs++;
        }
    assert_true(decided >= runs * 4 / 5);
    if (usual == VOUCH_UNSAT)
        assert_true(most > 1); /* there was something to cut */
}

static void no_heuristic_and_no_cut_changes_a_verdict(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < NETS; k++)
        for (int above = 0; above < 2; above++) {
            double most = greatest_on_grid(k);
            fixture f;
            open_fixture(&f, k, most + (above ? .1 : -.1) * (1 + fabs(most)));
            check_all(&f, k);
            close_fixture(&f);
        }
}

static void every_heuristic_and_cut_is_found_by_its_name(void **state)
{
    (void)state;
    for (const vouch_split *const *s = vouch_split_table(); *s; s++)
        assert_true(vouch_split_find((*s)->name) == *s && (*s)->summary && (*s)->score);
    for (const vouch_cut_shape *const *c = vouch_cut_table(); *c; c++)
        assert_true(vouch_cut_find((*c)->name) == *c && (*c)->summary && (*c)->plan);
    assert_null(vouch_split_find("none"));
    assert_null(vouch_cut_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_heuristic_and_no_cut_changes_a_verdict),
        cmocka_unit_test(every_heuristic_and_cut_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
