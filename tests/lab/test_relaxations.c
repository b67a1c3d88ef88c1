/* What the study of relaxations is made of: profiles of functions along lines; bounds of margins. */
#include <math.h>

#include "lab/profile.h"
#include "lab/relaxation.h"
#include "support/support.h"
#include "train/recipe.h"

enum { POINTS = 33, MANY = 129 };

static vouch_profile profile_at(int points, double (*f)(double t))
{
    double value[MANY], spare[2 * MANY];
    for (int i = 0; i < points; i++)
        value[i] = f((double)i / (points - 1));
    return vouch_profile_of(points, value, spare);
}

static vouch_profile profile_of(double (*f)(double t)) { return profile_at(POINTS, f); }

/* ---- functions --------------------------------------------------------------------------------- */

static double constant(double t) { return 0 * t + 7; }
static double straight(double t) { return 3 - 2 * t; }
static double cubic(double t) { return t * t * t - t * t; }
static double kink(double t) { return fmax(0, t - 0.41); }
static double step(double t) { return t < 0.41 ? 1 : 4; }
static double sloped_step(double t) { return t + (t < 0.41 ? 0 : 1); }
static double two_steps(double t) { return t < 0.3 ? 0 : t < 0.7 ? 1 : 2; }

static void jumps_are_told_from_slopes_and_kinks(void **state)
{
    (void)state;
    assert_true(profile_of(constant).jumps == 0);
    assert_true(profile_of(straight).jumps < 1e-6);
    assert_true(profile_of(cubic).jumps < 0.05 && profile_of(kink).jumps < 0.05);
    /* What bends and kinks leave goes with the step, at least in proportion; jumps do not. */
    assert_true(profile_at(MANY, cubic).jumps < profile_of(cubic).jumps / 4);
    assert_true(profile_at(MANY, kink).jumps < profile_of(kink).jumps / 2);
    assert_true(fabs(profile_at(MANY, sloped_step).jumps - 0.5) < 0.005);
    assert_true(fabs(profile_of(step).jumps - 1) < 1e-12);
    assert_true(fabs(profile_of(sloped_step).jumps - 0.5) < 0.02);
    assert_true(fabs(profile_of(two_steps).jumps - sqrt(0.5)) < 1e-12); /* as squares add */
}

static void degrees_are_those_of_polynomials(void **state)
{
    (void)state;
    assert_true(profile_of(constant).degree == 0 && profile_of(constant).bend == 0);
    assert_true(profile_of(straight).degree == 1 && profile_of(straight).bend < 1e-6);
    assert_true(profile_of(cubic).degree == 3 && profile_of(cubic).bend > 0.5);
    assert_true(profile_of(kink).degree > 3);
    assert_true(profile_of(step).degree == VOUCH_PROFILE_DEGREE);
}

/* ---- bounds ------------------------------------------------------------------------------------ */

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_data *data;
    vouch_graph *graph;
    bool *varying;
} fixture;

static void open_network(fixture *f)
{
    vouch_recipe recipe = {0};
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &recipe);
    recipe.arch = "fc12 relu fc12 relu";
    vouch_test_ok(f->ctx, vouch_data_load(f->ctx, "builtin:glyphs16?count=10", &f->data));
    vouch_test_ok(f->ctx, vouch_recipe_finish(f->arena, &recipe));
    vouch_test_ok(f->ctx, vouch_recipe_build(f->arena, &recipe, &f->data->info, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    f->varying = VOUCH_NEW_ARRAY(f->arena, bool, f->graph->value_count);
    vouch_op_varying(f->graph, f->varying);
}

static void close_network(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_data_free(f->data);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void margins(const fixture *f, const char *name, double eps, double *margin)
{
    const vouch_relaxation_place place = {f->graph, f->varying, &f->data->info, f->data->x,
                                          f->data->label[0]};
    vouch_lab_relaxation *r;
    int count;
    vouch_test_ok(f->ctx, vouch_relaxation_list(f->arena, name, &r, &count));
    assert_int_equal(count, 1);
    vouch_test_ok(f->ctx, vouch_relaxation_margins(f->ctx, f->arena, r, &place, eps, margin));
}

static void all_relaxations_bound_the_margins_and_meet_at_a_point(void **state)
{
    static const char *const names[] = {
#define VOUCH_RELAXATION(name, text, share, theory) name,
#include "lab/relaxation.def"
#undef VOUCH_RELAXATION
    };
    double loosest[64], exact[64], margin[64], half[64], whole[64];
    fixture f;
    (void)state;
    open_network(&f);
    const int classes = f.data->info.classes, label = f.data->label[0];
    margins(&f, "interval", 0.1, loosest);
    margins(&f, "interval", 0, exact);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        margins(&f, names[n], 0.1, margin);
        for (int j = 0; j < classes; j++) {
            assert_true(margin[j] >= loosest[j] && margin[j] <= exact[j]);
            assert_true(j != label || margin[j] == 0);
        }
        assert_true(vouch_relaxation_loss(classes, margin) <=
                    vouch_relaxation_loss(classes, loosest));
        assert_true(vouch_relaxation_least(classes, label, margin) <=
                    vouch_relaxation_least(classes, label, exact));
        margins(&f, names[n], 0, margin);
        for (int j = 0; j < classes; j++)
            assert_true(fabs(margin[j] - exact[j]) < 1e-9);
    }
    margins(&f, "crown-ibp/2", 0.1, half);
    margins(&f, "crown-ibp", 0.1, whole);
    for (int j = 0; j < classes; j++)
        assert_true(fabs(half[j] - (whole[j] + loosest[j]) / 2) < 1e-12);
    close_network(&f);
}

static void what_is_no_relaxation_is_refused(void **state)
{
    static const char *const bad[] = {"", "alchemy", "crown intermediate=x", "crown,crown"};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vouch_lab_relaxation *r;
        int count;
        assert_int_equal(vouch_relaxation_list(arena, bad[i], &r, &count), VOUCH_ERR_ARGUMENT);
        vouch_context_clear_error(ctx);
    }
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jumps_are_told_from_slopes_and_kinks),
        cmocka_unit_test(degrees_are_those_of_polynomials),
        cmocka_unit_test(all_relaxations_bound_the_margins_and_meet_at_a_point),
        cmocka_unit_test(what_is_no_relaxation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
