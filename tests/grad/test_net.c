/* Chains of layers (grad/net.h) against the engine of general graphs in float64; the same bits in
 * any batch; gradients of parameters against differences; parameters return to the graph. */
#include <math.h>
#include <string.h>

#include "grad/grad.h"
#include "grad/net.h"
#include "support/net.h"
#include "train/architecture.h"

enum { SAMPLES = 5 };

static const struct {
    const char *text;
    int64_t channels, size;
} shapes[] = {
    {"fc7 relu fc3", 1, 1},
    {"fc33 relu fc48 relu fc10", 1, 6},
    {"conv4k3p1 relu fc3", 1, 5},
    {"conv16k4s2p1 relu conv32k4s2p1 relu flatten fc20 relu fc10", 1, 12},
    {"conv16k4s2 relu conv32k4 relu fc10", 3, 13},
    {"conv48k3p1 relu conv20k3s2p1 relu conv17k2s3 relu fc4 relu fc5", 3, 11},
    {"conv32k3p1 conv32k3p1 relu conv5k3s2", 2, 8},
    {"conv16k3s3p2 relu conv16k1s2 relu fc3", 16, 9},
    {"conv64k3p1 relu conv64k3p1 relu fc2", 32, 8},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    vouch_tape *tape;
    int64_t n, m;
    float *x, *d, *y, *d_x; /* [SAMPLES][n or m] */
} fixture;

static float *reals(fixture *f, int64_t count, uint64_t index)
{
    vouch_random r = vouch_random_stream(5, "net", index);
    return vouch_test_reals(f->arena, &r, count);
}

static void begin(fixture *f, int i)
{
    const vouch_architecture a = {.text = shapes[i].text,
                                  .channels = shapes[i].channels,
                                  .height = shapes[i].size,
                                  .width = shapes[i].size + 1,
                                  .mean = 0.3,
                                  .deviation = 0.7,
                                  .seed = (uint64_t)i};
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_net_new(f->ctx, f->arena, f->graph, &f->net));
    assert_non_null(f->net);
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, SAMPLES, &f->tape));
    f->n = vouch_net_inputs(f->net);
    f->m = vouch_net_outputs(f->net);
    f->x = reals(f, SAMPLES * f->n, 0);
    f->d = reals(f, SAMPLES * f->m, 1);
    f->y = reals(f, SAMPLES * f->m, 2);
    f->d_x = reals(f, SAMPLES * f->n, 3);
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static double *doubles(fixture *f, const float *a, int64_t count)
{
    double *out = VOUCH_NEW_ARRAY(f->arena, double, count);
    assert_non_null(out);
    for (int64_t i = 0; a && i < count; i++)
        out[i] = (double)a[i];
    return out;
}

static void assert_close(const float *a, const double *b, int64_t count)
{
    double most = 1e-3;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs(b[i]));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= 2e-5 * most))
            fail_msg("element %lld: %g, not %g", (long long)i, (double)a[i], b[i]);
}

static void passes_agree_with_the_engine_of_general_graphs(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        const vouch_grad_settings settings = {.dtype = VOUCH_F64, .batch = SAMPLES};
        vouch_grad_plan *plan;
        vouch_grad *grad;
        double *y = doubles(&f, NULL, SAMPLES * f.m), *d_x = doubles(&f, NULL, SAMPLES * f.n);
        vouch_test_ok(f.ctx, vouch_grad_plan_new(f.ctx, f.arena, f.graph, &settings, &plan));
        vouch_test_ok(f.ctx, vouch_grad_new(f.ctx, f.arena, plan, &grad));
        vouch_test_ok(f.ctx, vouch_grad_run(grad, doubles(&f, f.x, SAMPLES * f.n),
                                            doubles(&f, f.d, SAMPLES * f.m), d_x, y));
        for (int round = 0; round < 2; round++) { /* nothing of a pass is left for the next */
            vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
            vouch_tape_backward(f.tape, f.d, f.d_x, NULL);
            assert_close(f.y, y, SAMPLES * f.m);
            assert_close(f.d_x, d_x, SAMPLES * f.n);
        }
        end(&f);
    }
}

static void a_sample_gives_the_same_bits_in_any_batch(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        float *y = reals(&f, f.m, 4), *d_x = reals(&f, f.n, 5);
        vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
        vouch_tape_backward(f.tape, f.d, f.d_x, NULL);
        for (int64_t s = 0; s < SAMPLES; s++) {
            vouch_tape_forward(f.tape, 1, f.x + s * f.n, y);
            vouch_tape_backward(f.tape, f.d + s * f.m, d_x, NULL);
            assert_memory_equal(y, f.y + s * f.m, (size_t)f.m * sizeof *y);
            assert_memory_equal(d_x, f.d_x + s * f.n, (size_t)f.n * sizeof *d_x);
        }
        end(&f);
    }
}

static double weighted(fixture *f)
{
    double sum = 0;
    vouch_tape_forward(f->tape, SAMPLES, f->x, f->y);
    for (int64_t i = 0; i < SAMPLES * f->m; i++)
        sum += (double)f->y[i] * (double)f->d[i];
    return sum;
}

/* Along a direction, where kinks are few: float32 differences are coarse, float64 ones are those
 * of the engine of general graphs, which the inputs' test is against. */
static void parameter_gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        const int64_t size = vouch_net_size(f.net);
        float *g = reals(&f, size, 6), *w = vouch_net_parameters(f.net);
        (void)weighted(&f);
        memset(g, 0, (size_t)size * sizeof *g);
        vouch_tape_backward(f.tape, f.d, NULL, g);
        double square = 0;
        for (int64_t k = 0; k < size; k++)
            square += (double)g[k] * (double)g[k];
        const double step = 2e-4 / sqrt(square);
        double ends[2];
        for (int side = 0; side < 2; side++) {
            for (int64_t k = 0; k < size; k++)
                w[k] += (float)((side ? -2 : 1) * step * (double)g[k]);
            ends[side] = weighted(&f);
        }
        const double slope = (ends[0] - ends[1]) / (2 * step);
        if (!(fabs(slope - square) <= 0.02 * square))
            fail_msg("%s: %g, not %g", shapes[i].text, square, slope);
        end(&f);
    }
}

static void parameters_return_to_the_graph(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        const int64_t size = vouch_net_size(f.net);
        float *w = vouch_net_parameters(f.net), *g = reals(&f, size, 6);
        memset(g, 0, (size_t)size * sizeof *g);
        (void)weighted(&f);
        vouch_tape_backward(f.tape, f.d, NULL, g);
        for (int64_t k = 0; k < size; k++)
            w[k] -= 0.01F * g[k];
        vouch_net *again = NULL;
        vouch_test_ok(f.ctx, vouch_net_store(f.ctx, f.net, f.graph));
        vouch_test_ok(f.ctx, vouch_net_new(f.ctx, f.arena, f.graph, &again));
        assert_memory_equal(vouch_net_parameters(again), w, (size_t)size * sizeof *w);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_agree_with_the_engine_of_general_graphs),
        cmocka_unit_test(a_sample_gives_the_same_bits_in_any_batch),
        cmocka_unit_test(parameter_gradients_agree_with_differences),
        cmocka_unit_test(parameters_return_to_the_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
