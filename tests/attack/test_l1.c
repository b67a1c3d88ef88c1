/* L1: the projection against bisection, FAB's points, and AutoAttack against an exact oracle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attack/campaign.h"
#include "support/net.h"
#include "support/tiny.h"

/* ---- projection ---------------------------------------------------------------------------- */

enum { N = 40, ROUNDS = 400 };

static double thresholded(const vouch_cell *cell, const float *wish, double threshold, int i)
{
    const double d = (double)wish[i] - (double)cell->x[i];
    const double room = d > 0 ? (double)cell->high[i] - (double)cell->x[i]
                              : (double)cell->x[i] - (double)cell->low[i];
    return fmin(fmax(fabs(d) - threshold, 0), room);
}

/* The threshold by plain bisection: the conditions of Karush, Kuhn and Tucker leave no other. */
static double bisected(const vouch_cell *cell, const float *wish, double eps)
{
    double low = -1, high = 10;
    for (int step = 0; step < 200; step++) {
        const double middle = low + (high - low) / 2;
        double sum = 0;
        for (int i = 0; i < N; i++)
            sum += thresholded(cell, wish, fmax(middle, 0), i);
        *(sum > eps ? &low : &high) = middle;
    }
    return fmax(high, 0);
}

static void the_projection_is_the_one_that_bisection_finds(void **state)
{
    vouch_random r = vouch_random_stream(1, "l1", 0);
    float zero[N] = {0}, one[N], x[N], wish[N], p[N], low[N], high[N];
    double scratch[2 * N];
    (void)state;
    for (int i = 0; i < N; i++)
        one[i] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        const vouch_ball ball = {.norm = VOUCH_NORM_L1,
                                 .eps = pow(10, 4 * vouch_random_unit(&r) - 2),
                                 .size = N,
                                 .low = zero,
                                 .high = one,
                                 .image = {1, 1, N}};
        const vouch_cell cell = {x, low, high};
        for (int i = 0; i < N; i++) { /* ties, corners and moves of nothing among them */
            x[i] = (float)vouch_random_below(&r, 5) / 4;
            wish[i] = p[i] = x[i] + (float)((double)vouch_random_below(&r, 17) / 8 - 1) *
                                        (float)vouch_random_unit(&r);
        }
        vouch_ball_cell(&ball, &cell);
        vouch_ball_project(&ball, &cell, scratch, p);
        assert_true(vouch_ball_contains(&ball, x, p));
        const double threshold = bisected(&cell, wish, ball.eps);
        for (int i = 0; i < N; i++)
            assert_true(fabs(fabs((double)p[i] - (double)x[i]) -
                             thresholded(&cell, wish, threshold, i)) < 3e-7);
    }
}

/* ---- attacks on tiny networks -------------------------------------------------------------- */

enum { INPUTS = 2, CLASSES = 3, POINTS = 12, NETS = 12 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_tiny net;
    float x[POINTS * INPUTS], found[POINTS * INPUTS], low[INPUTS], high[INPUTS];
    int label[POINTS];
    vouch_ball ball;
    vouch_fate fate[POINTS];
} scene;

static void open_scene(scene *s, int number, double eps)
{
    const vouch_tiny_shape shape = {.inputs = INPUTS,
                                    .outputs = CLASSES,
                                    .hidden = 1 + number % 2,
                                    .width = 5,
                                    .relu_only = true,
                                    .style = VOUCH_TINY_FLOATS,
                                    .dtype = VOUCH_F32};
    vouch_random r = vouch_random_stream(5, "scene", (uint64_t)number);
    *s = (scene){.ctx = vouch_context_new(NULL), .high = {1, 1}};
    s->arena = vouch_arena_new(s->ctx);
    vouch_tiny_random(s->ctx, &shape, &r, &s->net);
    for (int i = 0; i < POINTS * INPUTS; i++)
        s->x[i] = (float)vouch_random_below(&r, 1025) / 1024;
    for (int p = 0; p < POINTS; p++)
        s->label[p] = -1;
    s->ball = (vouch_ball){.norm = VOUCH_NORM_L1,
                           .eps = eps,
                           .size = INPUTS,
                           .low = s->low,
                           .high = s->high,
                           .image = {1, 1, INPUTS}};
}

static void close_scene(scene *s)
{
    vouch_tiny_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static void attack(scene *s, const char *name, int64_t budget)
{
    const vouch_campaign request = {.graph = s->net.graph,
                                    .attack = vouch_attack_find(name),
                                    .ball = &s->ball,
                                    .count = POINTS,
                                    .x = s->x,
                                    .label = s->label,
                                    .seed = 1,
                                    .budget = budget,
                                    .threads = 1};
    assert_int_equal(vouch_campaign_run(s->ctx, s->arena, &request, s->found, s->fate),
                     VOUCH_OK);
}

/* Is there a real point of that L1 ball and the box where class j leads the label by `lead`? The
 * ball of two inputs is four half-planes. */
static bool exists(const scene *s, int p, int j, double eps, double lead)
{
    const double a = (double)s->x[p * INPUTS], b = (double)s->x[p * INPUTS + 1];
    char text[4096], *at = text;
    for (int i = 0; i < INPUTS; i++)
        at += sprintf(at, "(assert (>= X_%d 0))(assert (<= X_%d 1))\n", i, i);
    for (int side = 0; side < 4; side++) {
        const int u = side & 1 ? 1 : -1, v = side & 2 ? 1 : -1;
        at += sprintf(at, "(assert (<= (+ (* %d X_0) (* %d X_1)) %.20f))\n", u, v,
                      u * a + v * b + eps); /* all of few bits: exact */
    }
    sprintf(at, "(assert (>= (- Y_%d Y_%d) %.6f))\n", j, s->fate[p].label, lead);
    vouch_spec *spec = vouch_test_spec(s->ctx, s->net.graph, text);
    const bool solvable = vouch_tiny_case_solvable(&s->net, spec, 0, NULL);
    vouch_spec_free(spec);
    return solvable;
}

static bool any_exists(const scene *s, int p, double eps, double lead)
{
    bool any = false;
    for (int j = 0; j < CLASSES; j++)
        any = any || (j != s->fate[p].label && exists(s, p, j, eps, lead));
    return any;
}

/* What is found exists; what exists by more than rounding is found, but for at most one in
 * fifty. */
static void autoattack_finds_what_exists_and_nothing_else(void **state)
{
    static scene s;
    int clear = 0, missed = 0, none = 0;
    (void)state;
    for (int k = 0; k < NETS; k++) {
        open_scene(&s, k, k % 3 == 0 ? .0625 : .25);
        attack(&s, "autoattack", 0);
        for (int p = 0; p < POINTS; p++) {
            const bool found = s.fate[p].outcome == VOUCH_OUTCOME_FOUND;
            const bool is_clear = any_exists(&s, p, s.ball.eps, 1e-3);
            if (found)
                assert_true(any_exists(&s, p, s.ball.eps, 0));
            clear += is_clear;
            missed += is_clear && !found;
            none += !found;
        }
        close_scene(&s);
    }
    assert_true(clear >= 20 && none >= 20);
    assert_true(missed * 50 <= clear);
}

/* Without a bound: the distance found is one at which something exists, and a little below there
 * is mostly nothing. */
static void fab_finds_points_that_are_nearly_the_nearest(void **state)
{
    static scene s;
    int found = 0, nearest = 0;
    (void)state;
    for (int k = 0; k < NETS; k++) {
        open_scene(&s, k, (double)INFINITY);
        attack(&s, "fab-t", 1000);
        for (int p = 0; p < POINTS; p++) {
            if (s.fate[p].outcome != VOUCH_OUTCOME_FOUND)
                continue;
            /* distances in units of 2^-20: decimals of the oracle stay exact */
            const double above = ceil(s.fate[p].distance * 0x1p20) / 0x1p20;
            const double below = floor(s.fate[p].distance * .9 * 0x1p20) / 0x1p20;
            found++;
            assert_true(any_exists(&s, p, above, 0));
            nearest += !any_exists(&s, p, below, 0);
        }
        close_scene(&s);
    }
    assert_true(found >= 30);
    assert_true(nearest * 10 >= found * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_projection_is_the_one_that_bisection_finds),
        cmocka_unit_test(autoattack_finds_what_exists_and_nothing_else),
        cmocka_unit_test(fab_finds_points_that_are_nearly_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
