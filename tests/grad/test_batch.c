/* Gradients of batches on random networks of every operator: a sample gives the same bits in any
 * batch; float32 agrees with float64, and that with finite differences; steps get surrogates. */
#include <math.h>
#include <string.h>

#include "grad/grad.h"
#include "support/net.h"
#include "support/random_graph.h"

enum { GRAPHS = 150, BATCH = 5 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    int64_t n, m;
    double *x, *d; /* [BATCH][n], [BATCH][m] */
} fixture;

static double *new_reals(fixture *f, int64_t count)
{
    double *a = VOUCH_NEW_ARRAY(f->arena, double, count);
    assert_non_null(a);
    return a;
}

static void begin(fixture *f, uint64_t index)
{
    vouch_random r = vouch_random_stream(3, "batch", index);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    f->graph = vouch_test_random_graph(f->ctx, VOUCH_TEST_ANY, 11, index);
    f->n = vouch_op_input_size(f->graph);
    f->m = vouch_op_output_size(f->graph);
    f->x = new_reals(f, BATCH * f->n);
    f->d = new_reals(f, BATCH * f->m);
    for (int64_t i = 0; i < BATCH * f->n; i++)
        f->x[i] = 2 * vouch_random_unit(&r) - 1;
    for (int64_t i = 0; i < BATCH * f->m; i++)
        f->d[i] = 2 * vouch_random_unit(&r) - 1;
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static vouch_grad *new_tape(fixture *f, vouch_dtype dtype, int64_t batch)
{
    const vouch_grad_settings settings = {.dtype = dtype, .batch = batch, .surrogate = true};
    vouch_grad_plan *plan;
    vouch_grad *grad;
    vouch_test_ok(f->ctx, vouch_grad_plan_new(f->ctx, f->arena, f->graph, &settings, &plan));
    vouch_test_ok(f->ctx, vouch_grad_new(f->ctx, f->arena, plan, &grad));
    return grad;
}

static void a_sample_gives_the_same_bits_in_any_batch(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < GRAPHS; k++) {
        fixture f;
        begin(&f, k);
        for (int t = 0; t < 2; t++) {
            const vouch_dtype dtype = t ? VOUCH_F64 : VOUCH_F32;
            vouch_grad *all = new_tape(&f, dtype, BATCH), *one = new_tape(&f, dtype, 1);
            double *y = new_reals(&f, BATCH * f.m), *dx = new_reals(&f, BATCH * f.n);
            double *y1 = new_reals(&f, f.m), *dx1 = new_reals(&f, f.n);
            vouch_test_ok(f.ctx, vouch_grad_run(all, f.x, f.d, dx, y));
            for (int64_t s = 0; s < BATCH; s++) {
                vouch_test_ok(f.ctx,
                              vouch_grad_run(one, f.x + s * f.n, f.d + s * f.m, dx1, y1));
                assert_memory_equal(y + s * f.m, y1, (size_t)f.m * sizeof *y);
                assert_memory_equal(dx + s * f.n, dx1, (size_t)f.n * sizeof *dx);
            }
        }
        end(&f);
    }
}

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * (1 + fabs(a) + fabs(b)) || (isnan(a) && isnan(b));
}

/* Kinks between two roundings of a point may spoil some; most must agree. */
static void floats_agree_with_doubles_and_evaluation(void **state)
{
    int64_t bad = 0, all = 0;
    (void)state;
    for (uint64_t k = 0; k < GRAPHS; k++) {
        fixture f;
        begin(&f, k);
        double *y = new_reals(&f, BATCH * f.m), *dx = new_reals(&f, BATCH * f.n);
        double *y64 = new_reals(&f, BATCH * f.m), *dx64 = new_reals(&f, BATCH * f.n);
        vouch_test_ok(f.ctx, vouch_grad_run(new_tape(&f, VOUCH_F32, BATCH), f.x, f.d, dx, y));
        vouch_test_ok(f.ctx,
                      vouch_grad_run(new_tape(&f, VOUCH_F64, BATCH), f.x, f.d, dx64, y64));
        for (int64_t i = 0; i < BATCH * f.n; i++)
            bad += !near(dx[i], dx64[i], 1e-2);
        for (int64_t i = 0; i < BATCH * f.m; i++)
            bad += !near(y[i], y64[i], 1e-3);
        all += BATCH * (f.n + f.m);
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, f.x, y));
        assert_memory_equal(y, y64, (size_t)f.m * sizeof *y);
        end(&f);
    }
    assert_true(bad * 50 < all);
}

static double form(vouch_grad *grad, const fixture *f, const double *x, double *y)
{
    double sum = 0;
    vouch_test_ok(f->ctx, vouch_grad_forward(grad, x, y));
    for (int64_t j = 0; j < f->m; j++)
        sum += f->d[j] * y[j];
    return sum;
}

static void doubles_agree_with_finite_differences(void **state)
{
    const double h = 1e-6;
    int64_t bad = 0, all = 0;
    (void)state;
    for (uint64_t k = 0; k < GRAPHS; k++) {
        fixture f;
        begin(&f, k);
        const vouch_grad_settings settings = {.dtype = VOUCH_F64, .batch = 1};
        vouch_grad_plan *plan;
        vouch_test_ok(f.ctx, vouch_grad_plan_new(f.ctx, f.arena, f.graph, &settings, &plan));
        vouch_grad *grad;
        vouch_test_ok(f.ctx, vouch_grad_new(f.ctx, f.arena, plan, &grad));
        double *y = new_reals(&f, f.m), *dx = new_reals(&f, f.n);
        const bool has_gradient = vouch_grad_differentiable(plan);
        if (has_gradient)
            vouch_test_ok(f.ctx, vouch_grad_run(grad, f.x, f.d, dx, y));
        for (int64_t i = 0; has_gradient && i < f.n; i++, all++) {
            const double x = f.x[i];
            f.x[i] = x + h;
            const double above = form(grad, &f, f.x, y);
            f.x[i] = x - h;
            const double below = form(grad, &f, f.x, y);
            f.x[i] = x;
            bad += !near((above - below) / (2 * h), dx[i], 1e-4);
        }
        end(&f);
    }
    assert_true(all > 100);
    assert_true(bad * 20 < all);
}

/* y = Sign(x): no slope of its own, one near the step and a small one far away. */
static void a_step_has_a_surrogate_slope_where_it_is_asked_for(void **state)
{
    fixture f = {.ctx = vouch_test_context(), .n = 3, .m = 3};
    const vouch_shape shape = {.rank = 2, .dim = {1, 3}};
    const double x[] = {-0.5, 0.25, 3}, d[] = {1, -2, 8};
    double y[3], dx[3];
    (void)state;
    if (!vouch_op_find("Sign", 13))
        skip();
    f.arena = vouch_arena_new(f.ctx);
    vouch_graph_builder *b = vouch_graph_builder_new(f.ctx, "step", 13);
    int *index = VOUCH_NEW_ARRAY(vouch_graph_builder_arena(b), int, 2);
    index[0] = vouch_graph_value(b, "x");
    index[1] = vouch_graph_value(b, "y");
    const vouch_node node = {.type = "Sign",
                             .name = "",
                             .domain = "",
                             .input_count = 1,
                             .output_count = 1,
                             .input = index,
                             .output = index + 1};
    vouch_test_ok(f.ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &shape));
    vouch_test_ok(f.ctx, vouch_graph_add_node(b, &node));
    vouch_test_ok(f.ctx, vouch_graph_add_output(b, "y"));
    vouch_test_ok(f.ctx, vouch_graph_finish(b, &f.graph));
    vouch_test_ok(f.ctx, vouch_op_bind_graph(f.ctx, f.graph));
    vouch_test_ok(f.ctx, vouch_grad_run(new_tape(&f, VOUCH_F32, 1), x, d, dx, y));
    assert_true(y[0] == -1 && y[1] == 1 && y[2] == 1);
    assert_true(dx[0] == 1 && dx[1] == -2 && dx[2] == 1);
    end(&f);
}

static vouch_status run_small(vouch_context *ctx, void *user)
{
    const vouch_grad_settings settings = {.dtype = VOUCH_F32, .batch = 3, .surrogate = true};
    const vouch_graph *graph = user;
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_grad_plan *plan;
    vouch_grad *grad;
    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_grad_plan_new(ctx, arena, graph, &settings, &plan);
    if (!status)
        status = vouch_grad_new(ctx, arena, plan, &grad);
    vouch_arena_free(arena);
    return status;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    fixture f;
    (void)state;
    begin(&f, 2);
    vouch_test_some_allocations_fail(run_small, f.graph, 60);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_gives_the_same_bits_in_any_batch),
        cmocka_unit_test(floats_agree_with_doubles_and_evaluation),
        cmocka_unit_test(doubles_agree_with_finite_differences),
        cmocka_unit_test(a_step_has_a_surrogate_slope_where_it_is_asked_for),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
