/* EFX inputs: counts that the geometry of linear networks gives, what is kept and found again, the
 * error where attack and proof meet, figures over networks of one label. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lab/efx_study.h"
#include "support/net.h"

enum { INPUTS = 4, POINTS = 4, RADII = 2 };

/* Class 0 wins by x_0 - x_1; the other two inputs do nothing. */
static const float two_matter[] = {1, 0, -1, 0, 0, 0, 0, 0, 0, 0};
/* Class 0 wins by the sum of all, less 1.9. */
static const float all_matter[] = {1, 0, 1, 0, 1, 0, 1, 0, -1.9f, 0};
/* Margins .8, .3, .1 (of x_0 - x_1), and a label that is wrong. */
static const float at[POINTS][INPUTS] = {
    {.9f, .1f, .5f, .5f}, {.65f, .35f, .5f, .5f}, {.55f, .45f, .5f, .5f}, {.9f, .1f, .5f, .5f}};
static const int labels[POINTS] = {0, 0, 0, 1};
static const double radii[RADII] = {.01, .2};

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_data_info info;
    vouch_feature feature[INPUTS];
    float low[INPUTS], high[INPUTS];
    vouch_eval_attack attack[2];
    vouch_eval_request eval;
    vouch_eval_result result;
    vouch_formal_settings formal;
    vouch_efx_how how;
    vouch_efx_radius radius[RADII];
} scene;

static void open_scene(scene *s, const float *parameters)
{
    const int size[] = {INPUTS, 2};
    *s = (scene){.high = {1, 1, 1, 1}};
    s->ctx = vouch_test_context();
    s->arena = vouch_arena_new(s->ctx);
    for (int i = 0; i < INPUTS; i++)
        s->feature[i] = (vouch_feature){.high = 1, .group = -1};
    s->info = (vouch_data_info){.shape = {.rank = 2, .dim = {1, INPUTS}},
                                .size = INPUTS,
                                .classes = 2,
                                .feature = s->feature};
    vouch_test_net_new(s->ctx, VOUCH_F32, 1, size, parameters, &s->net);
    s->attack[0] = (vouch_eval_attack){vouch_attack_find("pgd"), NULL, "pgd"};
    s->attack[1] = (vouch_eval_attack){vouch_attack_find("fgsm"), NULL, "fgsm"};
    s->eval = (vouch_eval_request){.graph = s->net.graph,
                                   .points = {&s->info, POINTS, INPUTS, at[0], labels},
                                   .eps_count = RADII,
                                   .eps = radii,
                                   .attack_count = 2,
                                   .attack = s->attack,
                                   .seed = 1,
                                   .threads = 1};
    s->eval.ball =
        (vouch_ball){.size = INPUTS, .low = s->low, .high = s->high, .image = {1, 1, INPUTS}};
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &s->formal);
    s->how = (vouch_efx_how){.grouping = vouch_grouping_find("value"), .formal = &s->formal};
}

static void close_scene(scene *s)
{
    vouch_test_net_free(&s->net);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static void run(scene *s)
{
    vouch_test_ok(s->ctx, vouch_eval_run(s->ctx, s->arena, &s->eval, &s->result));
    vouch_test_ok(s->ctx, vouch_efx_run(s->arena, &s->eval, &s->result, &s->how, s->radius));
}

static void counts_are_those_of_the_geometry(void **state)
{
    static const int64_t irrelevant[POINTS] = {4, 3, 2, 0};
    scene s;
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2) {
        open_scene(&s, two_matter);
        s.eval.threads = threads;
        run(&s);
        const vouch_efx_sum *large = &s.radius[1].sum, *small = &s.radius[0].sum;
        for (int p = 0; p < POINTS; p++)
            assert_int_equal(s.radius[1].point[p].irrelevant, irrelevant[p]);
        assert_false(
            s.radius[1].point[3].is_explained); /* wrong: there is nothing to explain */
        assert_int_equal(large->explained, 3);
        assert_int_equal(large->explainable, 3);
        assert_int_equal(large->efx, 2); /* the first one is robust */
        assert_int_equal(s.radius[1].efx[0], 2);
        assert_int_equal(s.radius[1].efx[1], 2);
        assert_true(large->irrelevant == 3 && large->features == INPUTS);
        assert_int_equal(small->efx, 0);
        assert_true(small->irrelevant == INPUTS);
        close_scene(&s);
    }
}

static void an_attacked_point_of_which_nothing_is_irrelevant_is_not_efx(void **state)
{
    scene s;
    (void)state;
    open_scene(&s, all_matter);
    s.eval.points.count = 1; /* margin .1: each input alone may take .2 of it */
    run(&s);
    assert_int_equal(s.radius[1].sum.explained, 1);
    assert_int_equal(s.radius[1].sum.explainable, 0);
    assert_int_equal(s.radius[1].sum.efx, 0);
    assert_non_null(s.result.verdict[1].found_by);
    close_scene(&s);
}

static void an_attack_where_all_is_irrelevant_is_an_error(void **state)
{
    scene s;
    (void)state;
    open_scene(&s, two_matter);
    run(&s);
    s.result.verdict[POINTS].found_by =
        "forged"; /* of the robust point, at the second radius */
    assert_int_equal(vouch_efx_run(s.arena, &s.eval, &s.result, &s.how, s.radius),
                     VOUCH_ERR_INTERNAL);
    assert_non_null(strstr(vouch_context_error(s.ctx), "point 0, eps 0.2"));
    close_scene(&s);
}

static void what_the_journal_has_is_not_done_again(void **state)
{
    const vouch_journal_fact fact = {"what", "test"};
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH];
    vouch_journal *whole;
    scene s;
    (void)state;
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "journal", path);
    open_scene(&s, two_matter);
    for (int turn = 0; turn < 2; turn++) {
        vouch_test_ok(s.ctx, vouch_journal_open(s.arena, path, &fact, 1, &whole));
        vouch_test_ok(s.ctx, vouch_journal_part(s.arena, whole, "net", &s.eval.journal));
        assert_int_equal(vouch_journal_units(s.eval.journal), turn * (4 + 2 * 3));
        s.formal.oracle = turn == 0 ? "alpha" : "interval"; /* which says less, were it asked */
        run(&s);
        assert_true(s.radius[1].sum.irrelevant == 3);
        vouch_journal_close(whole);
    }
    close_scene(&s);
    (void)remove(path);
}

static void networks_of_one_label_are_repetitions(void **state)
{
    static const char *const order[] = {"index", "gradient"};
    vouch_efx_net net[3] = {{.label = "a"}, {.label = "b"}, {.label = "a"}};
    scene s;
    (void)state;
    open_scene(&s, two_matter);
    const vouch_efx_plan plan = {.eval = &s.eval,
                                 .how = s.how,
                                 .most = 2,
                                 .order_strategy = "verix",
                                 .orders = 2,
                                 .order = order,
                                 .few = 1};
    for (int k = 0; k < 2; k++)
        vouch_test_ok(s.ctx, vouch_efx_study_net(s.arena, &plan, s.net.graph, NULL, &net[k]));
    assert_int_equal(net[0].right, 3);
    assert_int_equal(net[0].chosen, 2);
    assert_true(vouch_efx_value(&net[0], (vouch_efx_place){VOUCH_EFX_ACCURACY, 0, 0}) == .75);
    assert_true(vouch_efx_value(&net[0], (vouch_efx_place){VOUCH_EFX_ANY, 1, 0}) == .5);
    assert_true(vouch_efx_value(&net[0], (vouch_efx_place){VOUCH_EFX_ATTACK, 1, 1}) == .5);
    assert_true(vouch_efx_value(&net[0], (vouch_efx_place){VOUCH_EFX_ORDER, 1, 1}) == INPUTS);
    net[2] = net[0];
    net[2].right = 1;
    const vouch_summary all =
        vouch_efx_gather(net, 3, "a", (vouch_efx_place){VOUCH_EFX_ACCURACY, 0, 0});
    assert_int_equal(all.count, 2);
    assert_true(vouch_summary_mean(&all) == .5);
    net[2].is_finished = false;
    assert_int_equal(
        vouch_efx_gather(net, 3, "a", (vouch_efx_place){VOUCH_EFX_ACCURACY, 0, 0}).count, 1);
    assert_true(vouch_efx_is_first(net, 1));
    assert_false(vouch_efx_is_first(net, 2));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_geometry),
        cmocka_unit_test(an_attacked_point_of_which_nothing_is_irrelevant_is_not_efx),
        cmocka_unit_test(an_attack_where_all_is_irrelevant_is_an_error),
        cmocka_unit_test(what_the_journal_has_is_not_done_again),
        cmocka_unit_test(networks_of_one_label_are_repetitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
