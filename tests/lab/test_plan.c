/* Plans of grids, and means over repetitions: axes from texts, what is swept, what is refused. */
#include <math.h>
#include <string.h>

#include "lab/plan.h"
#include "lab/summary.h"
#include "support/support.h"

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_recipe recipe;
    vouch_plan plan;
} fixture;

static vouch_status read(fixture *f, vouch_plan_request request)
{
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    f->recipe = (vouch_recipe){0};
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &f->recipe);
    request.recipe = &f->recipe;
    request.seeds = request.seeds ? request.seeds : 1;
    return vouch_plan_read(f->arena, &request, &f->plan);
}

static void open_plan(fixture *f, const vouch_plan_request *request)
{
    const vouch_status status = read(f, *request);
    vouch_test_ok(f->ctx, status);
}

static void end(fixture *f)
{
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void cells_are_all_of_the_axes_and_each_has_its_recipe(void **state)
{
    fixture f;
    (void)state;
    open_plan(&f, &(vouch_plan_request){.nets = "fc8 relu, fc9 relu",
                                        .methods = "fgsm,n-fgsm k=3 + elle-a",
                                        .eps = "8/255,0.25",
                                        .seeds = 3});
    assert_int_equal(f.plan.count, 2 * 2 * 2 * 3);
    for (int64_t c = 0; c < f.plan.count; c++)
        assert_int_equal(vouch_plan_cell(&f.plan, &f.plan.place[c]), c);
    const vouch_plan_place place = {.net = 1, .radius = 0, .method = 1, .seed = 2};
    const vouch_grid_cell *cell = &f.plan.cell[vouch_plan_cell(&f.plan, &place)];
    assert_string_equal(cell->recipe.arch, "fc9 relu");
    assert_string_equal(cell->recipe.loss, "n-fgsm k=3");
    assert_string_equal(cell->recipe.regulariser, "elle-a");
    assert_true(cell->recipe.fit.eps == 8. / 255);
    assert_int_equal(cell->recipe.seed, 3);
    assert_string_equal(cell->unit, "fc9 relu, eps 8/255, n-fgsm k=3 + elle-a, seed 3");
    assert_int_equal(f.plan.place[f.plan.count / 3].seed, 1); /* seeds are outermost */
    end(&f);
}

static void every_named_method_can_be_trained(void **state)
{
    static const char *const names[] = {
#define VOUCH_METHOD(name, text) name,
#include "lab/method.def"
#undef VOUCH_METHOD
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture f;
        open_plan(&f, &(vouch_plan_request){.nets = "fc8", .methods = names[i], .eps = "0.1"});
        assert_string_equal(f.plan.method[0].name, names[i]);
        vouch_test_ok(f.ctx, vouch_recipe_finish(f.arena, &f.plan.cell[0].recipe));
        end(&f);
    }
}

static void what_is_swept_is_of_the_loss_the_regulariser_or_the_recipe(void **state)
{
    static const struct {
        const char *method, *sweep, *loss, *regulariser;
    } rows[] = {{"exp-ibp points=fgsm", "alpha", "exp-ibp points=fgsm alpha=0.5", NULL},
                {"n-fgsm + forwabs", "coefficient", "n-fgsm", "forwabs coefficient=0.5"},
                {"n-fgsm + forwabs + elle", "lambda", "n-fgsm", "forwabs + elle lambda=0.5"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture f;
        open_plan(&f, &(vouch_plan_request){.nets = "fc8",
                                            .methods = rows[i].method,
                                            .eps = "0.1",
                                            .sweep = rows[i].sweep,
                                            .values = "0.25,0.5"});
        assert_int_equal(f.plan.count, 2);
        assert_string_equal(f.plan.cell[1].recipe.loss, rows[i].loss);
        if (rows[i].regulariser)
            assert_string_equal(f.plan.cell[1].recipe.regulariser, rows[i].regulariser);
        end(&f);
    }
    fixture f;
    open_plan(&f, &(vouch_plan_request){.nets = "fc8",
                                        .methods = "n-fgsm",
                                        .eps = "0.1",
                                        .sweep = "eps",
                                        .values = "0.1,0.2"});
    assert_true(f.plan.cell[1].recipe.fit.eps == 0.2 && f.plan.eps[0] == 0.1);
    end(&f);
}

static void lists_that_make_no_sense_are_refused(void **state)
{
    static const vouch_plan_request bad[] = {
        {.nets = "fc8", .methods = "fgsm", .eps = "0"},
        {.nets = "fc8", .methods = "fgsm", .eps = "x"},
        {.nets = "fc8", .methods = "fgsm", .eps = "1/0"},
        {.nets = "fc8", .methods = "fgsm", .eps = "0.1,0.1"},
        {.nets = "fc8,,fc9", .methods = "fgsm", .eps = "0.1"},
        {.nets = "fc8", .methods = "", .eps = "0.1"},
        {.nets = "fc8", .methods = "fgsm", .eps = "0.1", .sweep = "alpha", .values = "1"},
        {.nets = "fc8", .methods = "exp-ibp", .eps = "0.1", .sweep = "alpha", .values = NULL},
        {.nets = "fc8", .methods = "fgsm", .eps = "0.1", .sweep = "eps", .values = "-1"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture f;
        assert_int_equal(read(&f, bad[i]), VOUCH_ERR_ARGUMENT);
        assert_true(strlen(vouch_context_error(f.ctx)) > 0);
        end(&f);
    }
}

static void intervals_are_those_of_student(void **state)
{
    vouch_summary s = {0}, many = {0};
    (void)state;
    assert_true(isnan(vouch_summary_mean(&s)) && isnan(vouch_summary_half(&s)));
    vouch_summary_add(&s, 1);
    vouch_summary_add(&s, (double)NAN);
    assert_true(s.count == 1 && isnan(vouch_summary_half(&s)));
    vouch_summary_add(&s, 2);
    vouch_summary_add(&s, 3);
    assert_true(fabs(vouch_summary_mean(&s) - 2) < 1e-15);
    assert_true(fabs(vouch_summary_half(&s) - 4.303 / sqrt(3)) < 1e-12); /* deviation 1 */
    for (int i = 0; i < 31; i++)
        vouch_summary_add(&many, i % 2 ? 1 : -1);
    const double deviation = sqrt(vouch_summary_half(&many) * vouch_summary_half(&many) * 31);
    assert_true(fabs(deviation / sqrt((31 - 1. / 31) / 30) - 2.0423) < 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_all_of_the_axes_and_each_has_its_recipe),
        cmocka_unit_test(every_named_method_can_be_trained),
        cmocka_unit_test(what_is_swept_is_of_the_loss_the_regulariser_or_the_recipe),
        cmocka_unit_test(lists_that_make_no_sense_are_refused),
        cmocka_unit_test(intervals_are_those_of_student),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
