/* Every attack of the table keeps the law: claims lie in the ball and the range and are wrong, the
 * bytes do not depend on threads, the budget holds, and what is easy to find is found. */
#include <gmp.h>
#include <math.h>
#include <string.h>

#include "attack/campaign.h"
#include "support/net.h"

enum { SIDE = 4, INPUTS = SIDE * SIDE, POINTS = 70, BUDGET = 400 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    int classes;
    float x[POINTS * INPUTS], low[INPUTS], high[INPUTS];
    int label[POINTS];
    vouch_ball ball;
} scene;

static void set_ball(scene *s, vouch_norm norm)
{
    static const double eps[VOUCH_NORMS] = {.15, .45, 1.2, 4};
    for (int i = 0; i < INPUTS; i++) {
        s->low[i] = 0;
        s->high[i] = 1;
    }
    s->ball = (vouch_ball){.norm = norm,
                           .eps = eps[norm],
                           .size = INPUTS,
                           .low = s->low,
                           .high = s->high,
                           .image = {1, SIDE, SIDE}};
}

static void draw_points(scene *s, uint64_t seed)
{
    vouch_random r = vouch_random_stream(seed, "points", 0);
    double y[8];
    for (int i = 0; i < POINTS * INPUTS; i++)
        s->x[i] = (float)vouch_random_unit(&r);
    for (int p = 0; p < POINTS; p++) {
        double x[INPUTS];
        float z[8];
        for (int i = 0; i < INPUTS; i++)
            x[i] = (double)s->x[p * INPUTS + i];
        assert_int_equal(vouch_op_eval_graph(s->ctx, s->net.graph, VOUCH_F32, x, y), VOUCH_OK);
        for (int j = 0; j < s->classes; j++)
            z[j] = (float)y[j];
        s->label[p] = vouch_predicted(s->classes, z);
    }
}

/* A random network of that many classes; its own predictions are the labels. */
static void open_scene(scene *s, int classes, uint64_t seed)
{
    const int size[] = {INPUTS, 12, classes};
    vouch_random r = vouch_random_stream(seed, "net", (uint64_t)classes);
    s->ctx = vouch_context_new(NULL);
    s->arena = vouch_arena_new(s->ctx);
    s->classes = classes;
    /* both engines of the victim: a float64 graph is no chain of float32 layers */
    vouch_test_net_random(s->ctx, classes % 2 ? VOUCH_F64 : VOUCH_F32, 2, size, &r, &s->net);
    draw_points(s, seed);
    set_ball(s, VOUCH_NORM_LINF);
}

/* y_0 = bias, y_1 = the sum of w_i x_i: class 0 wherever the sum is below the bias. */
static void open_linear(scene *s, float bias)
{
    const int size[] = {INPUTS, 2};
    float parameters[2 * INPUTS + 2] = {0};
    s->ctx = vouch_context_new(NULL);
    s->arena = vouch_arena_new(s->ctx);
    s->classes = 2;
    for (int i = 0; i < INPUTS; i++)
        parameters[2 * i + 1] = 1;
    parameters[2 * INPUTS] = bias;
    vouch_test_net_new(s->ctx, VOUCH_F32, 1, size, parameters, &s->net);
    for (int k = 0; k < POINTS * INPUTS; k++)
        s->x[k] = .5f;
    memset(s->label, 0, sizeof s->label);
    set_ball(s, VOUCH_NORM_LINF);
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

typedef struct outcome {
    float x[POINTS * INPUTS];
    vouch_fate fate[POINTS];
} outcome;

static vouch_campaign request_of(scene *s, const vouch_attack *attack)
{
    return (vouch_campaign){.graph = s->net.graph,
                            .attack = attack,
                            .ball = &s->ball,
                            .count = POINTS,
                            .x = s->x,
                            .label = s->label,
                            .seed = 1,
                            .budget = BUDGET,
                            .threads = 1};
}

static void run(scene *s, const vouch_campaign *request, outcome *o)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(s->arena);
    const vouch_status status = vouch_campaign_run(s->ctx, s->arena, request, o->x, o->fate);
    if (status)
        print_error("%s: %s\n", request->attack->name, vouch_context_error(s->ctx));
    assert_int_equal(status, VOUCH_OK);
    vouch_arena_reset(s->arena, mark);
}

typedef void check_fn(scene *s, const vouch_attack *attack);

static void for_each(scene *s, check_fn *check)
{
    for (const vouch_attack *const *at = vouch_attack_table(); *at; at++)
        for (int norm = 0; norm < VOUCH_NORMS; norm++)
            if ((*at)->norms >> norm & 1) {
                set_ball(s, (vouch_norm)norm);
                check(s, *at);
            }
}

/* ---- the ball, over the reals -------------------------------------------------------------- */

/* Adds |p - x| or its square, or keeps the greatest, in rationals. */
static void measure(const vouch_ball *ball, const float *x, const float *p, mpq_t sum)
{
    mpq_t a, b;
    mpq_inits(a, b, NULL);
    mpq_set_ui(sum, 0, 1);
    for (int i = 0; i < INPUTS; i++) {
        mpq_set_d(a, (double)x[i]);
        mpq_set_d(b, (double)p[i]);
        mpq_sub(a, a, b);
        mpq_abs(a, a);
        if (ball->norm == VOUCH_NORM_L2)
            mpq_mul(a, a, a);
        if (ball->norm == VOUCH_NORM_L0)
            mpq_set_ui(a, mpq_sgn(a) != 0, 1);
        if (ball->norm != VOUCH_NORM_LINF)
            mpq_add(sum, sum, a);
        else if (mpq_cmp(a, sum) > 0)
            mpq_set(sum, a);
    }
    mpq_clears(a, b, NULL);
}

static bool inside(const vouch_ball *ball, const float *x, const float *p)
{
    mpq_t sum, eps;
    bool in;
    mpq_inits(sum, eps, NULL);
    measure(ball, x, p, sum);
    mpq_set_d(eps, ball->eps);
    if (ball->norm == VOUCH_NORM_L2)
        mpq_mul(eps, eps, eps);
    in = mpq_cmp(sum, eps) <= 0;
    for (int i = 0; i < INPUTS; i++)
        in = in && p[i] >= ball->low[i] && p[i] <= ball->high[i];
    mpq_clears(sum, eps, NULL);
    return in;
}

/* The prediction at the point, in rationals. */
static int exact_class(const scene *s, const float *p)
{
    double x[INPUTS];
    mpq_t y[8];
    int best = 0;
    for (int i = 0; i < INPUTS; i++)
        x[i] = (double)p[i];
    for (int j = 0; j < s->classes; j++)
        mpq_init(y[j]);
    vouch_test_net_exact(&s->net, x, y);
    for (int j = 1; j < s->classes; j++)
        best = mpq_cmp(y[j], y[best]) > 0 ? j : best;
    for (int j = 0; j < s->classes; j++)
        mpq_clear(y[j]);
    return best;
}

static void claims_are_true(scene *s, const vouch_attack *attack)
{
    outcome o;
    const vouch_campaign request = request_of(s, attack);
    run(s, &request, &o);
    for (int p = 0; p < POINTS; p++) {
        if (o.fate[p].outcome == VOUCH_OUTCOME_HELD) {
            assert_memory_equal(o.x + p * INPUTS, s->x + p * INPUTS, sizeof(float) * INPUTS);
            continue;
        }
        assert_true(inside(&s->ball, s->x + p * INPUTS, o.x + p * INPUTS));
        if (o.fate[p].outcome != VOUCH_OUTCOME_FOUND)
            continue;
        assert_int_equal(exact_class(s, o.x + p * INPUTS), o.fate[p].predicted);
        assert_int_not_equal(o.fate[p].predicted, s->label[p]);
        assert_true(o.fate[p].distance <= s->ball.eps * (1 + 1e-9));
    }
}

static void every_claim_is_in_its_ball_and_wrong_over_the_reals(void **state)
{
    static scene s;
    (void)state;
    for (int classes = 2; classes <= 5; classes++) {
        open_scene(&s, classes, 3);
        for_each(&s, claims_are_true);
        close_scene(&s);
    }
}

/* ---- threads and budgets ------------------------------------------------------------------- */

static void threads_change_nothing(scene *s, const vouch_attack *attack)
{
    static outcome one, two;
    vouch_campaign request = request_of(s, attack);
    run(s, &request, &one);
    request.threads = 2;
    run(s, &request, &two);
    assert_memory_equal(one.x, two.x, sizeof one.x);
    for (int p = 0; p < POINTS; p++) {
        assert_int_equal(one.fate[p].outcome, two.fate[p].outcome);
        assert_int_equal(one.fate[p].forward, two.fate[p].forward);
        assert_int_equal(one.fate[p].backward, two.fate[p].backward);
    }
}

static void the_same_seed_gives_the_same_bytes_for_any_number_of_threads(void **state)
{
    static scene s;
    (void)state;
    open_scene(&s, 4, 5);
    for_each(&s, threads_change_nothing);
    close_scene(&s);
}

static void budgets_hold(scene *s, const vouch_attack *attack)
{
    static const int64_t budgets[] = {1, 2, 3, 4, 8, 41};
    static outcome o;
    for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
        vouch_campaign request = request_of(s, attack);
        request.budget = budgets[b];
        run(s, &request, &o);
        for (int p = 0; p < POINTS; p++)
            assert_true(o.fate[p].forward + o.fate[p].backward <= budgets[b]);
        for (int p = 0; p < POINTS && attack->black_box; p++)
            assert_int_equal(o.fate[p].backward, 0);
    }
}

static void no_attack_spends_more_than_its_budget(void **state)
{
    static scene s;
    (void)state;
    open_scene(&s, 4, 7);
    for_each(&s, budgets_hold);
    close_scene(&s);
}

static void a_point_does_not_feel_its_neighbours(scene *s, const vouch_attack *attack)
{
    static outcome all, few;
    enum { FEW = 5 };
    vouch_campaign request = request_of(s, attack);
    if (attack->whole)
        return;
    run(s, &request, &all);
    request.count = FEW;
    run(s, &request, &few);
    assert_memory_equal(all.x, few.x, sizeof(float) * FEW * INPUTS);
}

static void what_a_point_gets_depends_on_the_point_alone(void **state)
{
    static scene s;
    (void)state;
    open_scene(&s, 3, 9);
    for_each(&s, a_point_does_not_feel_its_neighbours);
    close_scene(&s);
}

/* ---- what there is to find ----------------------------------------------------------------- */

static void finds_all(scene *s, const vouch_attack *attack)
{
    static outcome o;
    vouch_campaign request = request_of(s, attack);
    request.budget = 0;
    run(s, &request, &o);
    for (int p = 0; p < POINTS; p++) {
        if (o.fate[p].outcome != VOUCH_OUTCOME_FOUND)
            print_error("%s in %s, point %d\n", attack->name, vouch_norm_name(s->ball.norm), p);
        assert_int_equal(o.fate[p].outcome, VOUCH_OUTCOME_FOUND);
        assert_int_equal(o.fate[p].predicted, 1);
    }
}

/* From all .5 the sum 8 grows by 2.4 in the L-infinity ball of .15, by 1.8 in the L2 ball of .45,
 * by 1.2 and by 2 in the others. */
static void what_is_easy_to_find_is_found_by_every_attack(void **state)
{
    static scene s;
    (void)state;
    open_linear(&s, 8.1f);
    for_each(&s, finds_all);
    close_scene(&s);
}

static void finds_none(scene *s, const vouch_attack *attack)
{
    static outcome o;
    vouch_campaign request = request_of(s, attack);
    run(s, &request, &o);
    for (int p = 0; p < POINTS; p++)
        assert_int_equal(o.fate[p].outcome, VOUCH_OUTCOME_HELD);
}

static void where_nothing_exists_nothing_is_claimed(void **state)
{
    static scene s;
    (void)state;
    open_linear(&s, 10.5f);
    for_each(&s, finds_none);
    close_scene(&s);
}

/* Random corners and points of the L-infinity ball. */
static bool brute_force(scene *s, int p, vouch_random *r)
{
    enum { TRIES = 3000 };
    double x[INPUTS], y[8];
    for (int t = 0; t < TRIES; t++) {
        int best = 0;
        for (int i = 0; i < INPUTS; i++) {
            const double sign = vouch_random_bits(r) >> 63 ? 1 : -1;
            x[i] = fmin(fmax((double)s->x[p * INPUTS + i] + sign * s->ball.eps, 0), 1);
        }
        assert_int_equal(vouch_op_eval_graph(s->ctx, s->net.graph, VOUCH_F64, x, y), VOUCH_OK);
        for (int j = 1; j < s->classes; j++)
            best = y[j] > y[best] ? j : best;
        if (best != s->label[p])
            return true;
    }
    return false;
}

static void strong_attacks_find_what_brute_force_finds(void **state)
{
    static const char *const strong[] = {"pgd",      "cw",     "apgd-ce",
                                         "apgd-dlr", "apgd-t", "autoattack"};
    enum { LOOKED_AT = 12 };
    static scene s;
    static outcome o;
    bool exists[LOOKED_AT];
    int known = 0;
    (void)state;
    open_scene(&s, 3, 11);
    vouch_random r = vouch_random_stream(1, "brute", 0);
    for (int p = 0; p < LOOKED_AT; p++)
        known += exists[p] = brute_force(&s, p, &r);
    assert_true(known >= 2 && known < LOOKED_AT);
    for (size_t k = 0; k < sizeof strong / sizeof *strong; k++) {
        vouch_campaign request = request_of(&s, vouch_attack_find(strong[k]));
        request.count = LOOKED_AT;
        request.budget = 0;
        run(&s, &request, &o);
        for (int p = 0; p < LOOKED_AT; p++)
            if (exists[p])
                assert_int_equal(o.fate[p].outcome, VOUCH_OUTCOME_FOUND);
    }
    close_scene(&s);
}

/* ---- targets, tables, distances ------------------------------------------------------------ */

static void a_wanted_class_is_what_is_found(scene *s, const vouch_attack *attack)
{
    static outcome o;
    int target[POINTS];
    vouch_campaign request = request_of(s, attack);
    if (!attack->targeted)
        return;
    for (int p = 0; p < POINTS; p++)
        target[p] = (s->label[p] + 1) % s->classes;
    request.target = target;
    run(s, &request, &o);
    for (int p = 0; p < POINTS; p++)
        if (o.fate[p].outcome == VOUCH_OUTCOME_FOUND)
            assert_int_equal(exact_class(s, o.x + p * INPUTS), target[p]);
}

static void targeted_attacks_claim_their_target_alone(void **state)
{
    static scene s;
    (void)state;
    open_scene(&s, 4, 13);
    for_each(&s, a_wanted_class_is_what_is_found);
    close_scene(&s);
}

/* Columns 0-3 one group, 4 and 5 whole numbers of 0..9, 6 and 7 fixed, the rest numbers. */
static void rows_of_tables_keep_their_rules(void **state)
{
    static scene s;
    static outcome o;
    vouch_feature feature[INPUTS];
    int found = 0;
    (void)state;
    open_scene(&s, 3, 17);
    for (int i = 0; i < INPUTS; i++) {
        feature[i] = (vouch_feature){
            .group = i < 4 ? 0 : -1, .is_integer = i < 6, .immutable = i == 6 || i == 7};
        s.high[i] = i == 4 || i == 5 ? 9 : 1;
    }
    for (int p = 0; p < POINTS; p++)
        for (int i = 0; i < 6; i++)
            s.x[p * INPUTS + i] = i < 4 ? (float)(i == p % 4) : (float)(p % 10);
    const vouch_rules rules = {feature, true};
    s.ball.rules = &rules;
    vouch_campaign request = request_of(&s, vouch_attack_find("tabular"));
    run(&s, &request, &o);
    for (int p = 0; p < POINTS; p++) {
        const float *x = o.x + p * INPUTS, *clean = s.x + p * INPUTS;
        found += o.fate[p].outcome == VOUCH_OUTCOME_FOUND;
        assert_true(x[0] + x[1] + x[2] + x[3] == 1);
        assert_true(x[4] == rintf(x[4]) && x[5] == rintf(x[5]) &&
                    fabsf(x[4] - clean[4]) <= 1.35f);
        assert_true(x[6] == clean[6] && x[7] == clean[7]);
        for (int i = 8; i < INPUTS; i++)
            assert_true(fabs((double)x[i] - (double)clean[i]) <= .15);
    }
    assert_true(found > 0);
    close_scene(&s);
}

static void an_attack_without_rules_refuses_tables(void **state)
{
    static scene s;
    static outcome o;
    const vouch_feature feature[INPUTS] = {{0}};
    const vouch_rules rules = {feature, false};
    (void)state;
    open_scene(&s, 3, 19);
    s.ball.rules = &rules;
    const vouch_campaign request = request_of(&s, vouch_attack_find("pgd"));
    assert_int_equal(vouch_campaign_run(s.ctx, s.arena, &request, o.x, o.fate),
                     VOUCH_ERR_ARGUMENT);
    close_scene(&s);
}

/* The sum must grow by .4: in L1 that far, in L2 by .1, in L-infinity by .025. */
static void without_a_bound_the_nearest_is_found(void **state)
{
    static scene s;
    static outcome o;
    (void)state;
    open_linear(&s, 8.4f);
    for (const vouch_attack *const *at = vouch_attack_table(); *at; at++)
        for (int norm = 0; norm < 3; norm++) {
            static const double nearest[] = {.025, .1, .4};
            const double least = nearest[norm];
            vouch_campaign request = request_of(&s, *at);
            set_ball(&s, (vouch_norm)norm);
            s.ball.eps = (double)INFINITY;
            request.count = 3;
            request.budget = 3000;
            if (!((*at)->nearest >> norm & 1))
                continue;
            run(&s, &request, &o);
            for (int p = 0; p < 3; p++) {
                assert_int_equal(o.fate[p].outcome, VOUCH_OUTCOME_FOUND);
                assert_true(o.fate[p].distance > least * .999 &&
                            o.fate[p].distance < least * 1.3);
            }
        }
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_claim_is_in_its_ball_and_wrong_over_the_reals),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(no_attack_spends_more_than_its_budget),
        cmocka_unit_test(what_a_point_gets_depends_on_the_point_alone),
        cmocka_unit_test(what_is_easy_to_find_is_found_by_every_attack),
        cmocka_unit_test(where_nothing_exists_nothing_is_claimed),
        cmocka_unit_test(strong_attacks_find_what_brute_force_finds),
        cmocka_unit_test(targeted_attacks_claim_their_target_alone),
        cmocka_unit_test(rows_of_tables_keep_their_rules),
        cmocka_unit_test(an_attack_without_rules_refuses_tables),
        cmocka_unit_test(without_a_bound_the_nearest_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
