/* Every kind of layer (layer.def) in small nets: passes against the engine of general graphs in
 * float64, gradients of all parameters against central differences of that engine, the same bits
 * in any batch. Batch normalisation in training mode against its definition in float64. */
#include <math.h>
#include <string.h>

#include "grad/grad.h"
#include "grad/net.h"
#include "grad/net_priv.h"
#include "support/net.h"
#include "train/architecture.h"

enum { SAMPLES = 4, PROBES = 5, MOST_PROBED = 1 << 16 };

/* Nets with layers of the kind; c h w of the input. */
static const struct {
    const char *kind, *text;
    int64_t c, h, w;
} nets[] = {
    {"conv", "conv16k3s2p1 relu conv5k2", 3, 7, 6},
    /* several samples at a time: weights are many, positions few */
    {"conv", "conv128s2p1 relu conv80p1 bn relu conv48k4s2p2 relu conv96k4p1", 16, 6, 5},
    {"conv", "conv464p1 relu gap fc2", 16, 6, 11},
    {"dense", "fc20 relu fc7", 1, 1, 9},
    {"flatten", "conv16p1 relu conv20k3p1 relu fc4", 1, 5, 5},
    {"batch_norm", "conv20p1 bn relu conv16s2 bn relu fc33 bn relu fc3", 3, 7, 6},
    {"batch_norm", "bn conv16k2 bn", 16, 4, 4},
    {"add", "conv16p1 relu res( conv16p1 relu conv16p1 ) relu conv3", 2, 6, 6},
    {"add", "conv16 res( conv16p1 relu res( conv16k1 | res( conv16p1 ) ) ) relu fc3", 1, 6, 5},
    {"add",
     "conv16p1 bn relu res( conv32s2p1 bn relu conv32p1 | conv32k1s2 ) res( bn relu "
     "conv32p1 ) bn relu fc10 res( fc10 bn relu fc10 ) fc3",
     3, 6, 5},
    {"average", "conv16p1 relu avgpool3s2p1 conv16p1 avgpool bn relu gap fc4", 3, 9, 8},
    {"average", "conv20 avgpool3s1 gap", 3, 9, 8},
    {"max", "conv16p1 relu maxpool3s2p1 conv16p1 relu maxpool fc4", 3, 9, 8},
    {"max", "conv16p1 bn res( maxpool3s1p1 | avgpool3s1p1 ) fc4", 3, 5, 8},
    {"max", "conv20p1 maxpool3s2p1 relu conv16p1 relu fc4", 3, 9, 8},
    {"curve", "conv20p1 silu conv16 bn silu fc4 silu fc3", 3, 5, 6},
    {"product", "conv20p1 gate( conv16p1 sigmoid | conv16p1 ) fc4 gate( tanh ) fc3", 3, 5, 6},
    {"product", "conv16p1 relu gate( conv16p1 relu | relu ) gate( sigmoid | silu ) fc3", 3, 5,
     6},
    {"curve", "conv20p1 softplus conv5k2 sigmoid conv17k2 tanh fc9 gelu fc3", 2, 6, 5},
    {"curve", "conv20p1 elu conv5k2 leakyrelu fc9 elu fc3 sigmoid", 2, 6, 5},
    {"curve", "conv16 res( relu conv16p1 | tanh res( conv16p1 ) ) gelu fc3", 1, 6, 5},
    {"prototype", "conv20p1 relu conv12k2 sigmoid proto9 fc3", 2, 6, 5},
    {"prototype", "conv16p1 relu conv16p1 relu proto20 fc9 proto4 fc2", 3, 4, 5},
    {"prototype", "fc12 sigmoid proto6 fc3", 1, 1, 9},
    {"layer_norm", "conv20p1 relu ln relu conv5k2 ln fc20 ln softplus fc3", 2, 6, 5},
    {"layer_norm", "ln fc3 relu ln", 2, 4, 5},
    {"dropout", "conv20p1 relu dropout30 conv5k2 softplus dropout50 fc3", 2, 6, 5},
    {"batch_norm", "bn", 16, 3, 3},
};
enum { NETS = sizeof nets / sizeof *nets };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    vouch_tape *tape;
    int64_t n, m, size;
    float *x, *d, *y, *d_x, *g; /* [SAMPLES][n or m]; [size] */
} fixture;

static float *reals(fixture *f, int64_t count, uint64_t index)
{
    vouch_random r = vouch_random_stream(9, "layers", index);
    return vouch_test_reals(f->arena, &r, count);
}

static double *doubles(fixture *f, const float *a, int64_t count)
{
    double *out = VOUCH_NEW_ARRAY(f->arena, double, count + 1);
    assert_non_null(out);
    for (int64_t i = 0; a && i < count; i++)
        out[i] = (double)a[i];
    return out;
}

/* Statistics other than 0 and 1, lest a mistake hides behind them. */
static void stir(fixture *f)
{
    for (int64_t i = 0; i < f->net->statistic_count; i++)
        f->net->statistics[i] = (float)(0.5 + 0.4 * sin((double)i));
    vouch_test_ok(f->ctx, vouch_net_store(f->ctx, f->net, f->graph));
}

static void begin(fixture *f, int i)
{
    const vouch_architecture a = {.text = nets[i].text,
                                  .channels = nets[i].c,
                                  .height = nets[i].h,
                                  .width = nets[i].w,
                                  .deviation = 1,
                                  .seed = (uint64_t)i};
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_net_new_to_train(f->ctx, f->arena, f->graph, &f->net));
    if (!f->net)
        fail_msg("%s: not a net", nets[i].text);
    stir(f);
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, SAMPLES, &f->tape));
    f->n = vouch_net_inputs(f->net);
    f->m = vouch_net_outputs(f->net);
    f->size = vouch_net_size(f->net);
    f->x = reals(f, SAMPLES * f->n, 0);
    f->d = reals(f, SAMPLES * f->m, 1);
    f->y = reals(f, SAMPLES * f->m, 2);
    f->d_x = reals(f, SAMPLES * f->n, 3);
    f->g = reals(f, f->size, 4);
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void assert_close(const char *what, const float *a, const double *b, int64_t count)
{
    double most = 1e-3;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs(b[i]));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= 1e-5 * most))
            fail_msg("%s: element %lld: %.9g, not %.9g", what, (long long)i, (double)a[i],
                     b[i]);
}

static void every_kind_has_a_net_here(void **state)
{
    (void)state;
    for (const net_kind *const *kind = vouch_net_kinds(); *kind; kind++) {
        bool found = false;
        for (int i = 0; i < NETS; i++)
            found |= strcmp(nets[i].kind, (*kind)->name) == 0;
        if (!found)
            fail_msg("no net with a layer of kind %s", (*kind)->name);
    }
    for (int i = 0; i < NETS; i++) {
        fixture f;
        begin(&f, i);
        bool found = false;
        for (int l = 0; l < f.net->layer_count; l++)
            found |= strcmp(f.net->layer[l].kind->name, nets[i].kind) == 0;
        if (!found)
            fail_msg("%s: no layer of kind %s", nets[i].text, nets[i].kind);
        end(&f);
    }
}

/* d . f(x) by the engine of general graphs, with the graph's constants as they are. */
static double reference(fixture *f, double *y, double *d_x)
{
    const vouch_grad_settings settings = {.dtype = VOUCH_F64, .batch = SAMPLES};
    vouch_grad_plan *plan;
    vouch_grad *grad;
    double sum = 0;
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_grad_plan_new(f->ctx, f->arena, f->graph, &settings, &plan));
    vouch_test_ok(f->ctx, vouch_grad_new(f->ctx, f->arena, plan, &grad));
    vouch_test_ok(f->ctx, vouch_grad_run(grad, doubles(f, f->x, SAMPLES * f->n),
                                         doubles(f, f->d, SAMPLES * f->m), d_x, y));
    for (int64_t i = 0; i < SAMPLES * f->m; i++)
        sum += y[i] * (double)f->d[i];
    return sum;
}

static void passes_agree_with_the_engine_of_general_graphs(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        fixture f;
        begin(&f, i);
        double *y = doubles(&f, NULL, SAMPLES * f.m), *d_x = doubles(&f, NULL, SAMPLES * f.n);
        (void)reference(&f, y, d_x);
        vouch_net *folded; /* what attacks use */
        vouch_tape *tape;
        vouch_test_ok(f.ctx, vouch_net_new(f.ctx, f.arena, f.graph, &folded));
        assert_non_null(folded);
        vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, folded, SAMPLES, &tape));
        vouch_tape *const tapes[] = {f.tape, f.tape, tape};
        for (int round = 0; round < 3; round++) { /* nothing of a pass is left for the next */
            vouch_tape_forward(tapes[round], SAMPLES, f.x, f.y);
            vouch_tape_backward(tapes[round], f.d, f.d_x, NULL);
            assert_close(nets[i].text, f.y, y, SAMPLES * f.m);
            assert_close(nets[i].text, f.d_x, d_x, SAMPLES * f.n);
        }
        end(&f);
    }
}

/* And parameters' gradients add up. */
static void a_sample_gives_the_same_bits_in_any_batch(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        fixture f;
        begin(&f, i);
        float *y = reals(&f, f.m, 5), *d_x = reals(&f, f.n, 6), *g = reals(&f, f.size, 7);
        double *sum = doubles(&f, NULL, f.size);
        memset(g, 0, (size_t)f.size * sizeof *g); /* filling is not written */
        memset(f.g, 0, (size_t)f.size * sizeof *g);
        vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
        vouch_tape_backward(f.tape, f.d, f.d_x, f.g);
        for (int64_t s = 0; s < SAMPLES; s++) {
            vouch_tape_forward(f.tape, 1, f.x + s * f.n, y);
            vouch_tape_backward(f.tape, f.d + s * f.m, d_x, g);
            assert_memory_equal(y, f.y + s * f.m, (size_t)f.m * sizeof *y);
            assert_memory_equal(d_x, f.d_x + s * f.n, (size_t)f.n * sizeof *d_x);
            for (int64_t k = 0; k < f.size; k++)
                sum[k] += (double)g[k];
        }
        assert_close(nets[i].text, f.g, sum, f.size);
        end(&f);
    }
}

static double slope_by_constant(fixture *f, float *at)
{
    const float step = 0x1p-17F, here = *at;
    double ends[2], places[2];
    for (int side = 0; side < 2; side++) {
        *at = side ? here - step : here + step;
        places[side] = (double)*at;
        ends[side] =
            reference(f, doubles(f, NULL, SAMPLES * f->m), doubles(f, NULL, SAMPLES * f->n));
    }
    *at = here;
    return (ends[0] - ends[1]) / (places[0] - places[1]);
}

static vouch_tensor *writable(const vouch_tensor *t)
{
    union {
        const vouch_tensor *constant;
        vouch_tensor *variable;
    } u = {.constant = t};
    return u.variable;
}

/* Whether the graph's constant is trained: the net writes 0 there when its parameters are 0. */
static void probe(fixture *f, const vouch_tensor *gradient, vouch_tensor *t, const char *text)
{
    double most = 1e-3;
    for (int64_t i = 0; i < t->count; i++)
        most = fmax(most, fabs(vouch_tensor_get(gradient, i)));
    for (int64_t k = 0; k < PROBES; k++) {
        const int64_t i = k * (t->count - 1) / (PROBES - 1);
        const double slope = slope_by_constant(f, t->f32 + i);
        if (!(fabs(slope - vouch_tensor_get(gradient, i)) <= 1e-4 * most))
            fail_msg("%s: element %lld of %lld: %.9g, not %.9g", text, (long long)i,
                     (long long)t->count, vouch_tensor_get(gradient, i), slope);
    }
}

/* Gradients go the way that parameters go into the graph. */
static void parameter_gradients_agree_with_central_differences(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        fixture f;
        begin(&f, i);
        if (f.size > MOST_PROBED) { /* that would take long */
            end(&f);
            continue;
        }
        vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
        vouch_tape_backward(f.tape, f.d, NULL, f.g);
        const int values = f.graph->value_count;
        const vouch_tensor **kept = VOUCH_NEW_ARRAY(f.arena, const vouch_tensor *, values);
        const vouch_tensor **gradient = VOUCH_NEW_ARRAY(f.arena, const vouch_tensor *, values);
        assert_true(kept && gradient);
        for (int v = 0; v < values; v++)
            kept[v] = f.graph->value[v].constant;
        memcpy(vouch_net_parameters(f.net), f.g, (size_t)f.size * sizeof *f.g);
        memset(f.net->statistics, 0, (size_t)f.net->statistic_count * sizeof(float));
        vouch_test_ok(f.ctx, vouch_net_store(f.ctx, f.net, f.graph));
        for (int v = 0; v < values; v++) {
            gradient[v] = f.graph->value[v].constant;
            f.graph->value[v].constant = kept[v];
        }
        for (int v = 0; v < values; v++) {
            const char letter = f.graph->value[v].name[0];
            if (kept[v] && kept[v] != gradient[v] && letter != 'm' && letter != 'v')
                probe(&f, gradient[v], writable(kept[v]), nets[i].text);
        }
        end(&f);
    }
}

/* ---- batch normalisation in training mode ---------------------------------------------------- */

enum { CHANNELS = 16, AREA = 9, COUNT = SAMPLES * CHANNELS * AREA };

/* Sum of d y, y the definition over the batch; gain and shift by channel. */
static double normalised(const double *x, const double *gain, const double *shift,
                         const float *d)
{
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++) {
        double mean = 0, square = 0;
        for (int k = 0; k < SAMPLES * AREA; k++)
            mean += x[(k / AREA * CHANNELS + c) * AREA + k % AREA] / (SAMPLES * AREA);
        for (int k = 0; k < SAMPLES * AREA; k++) {
            const double off = x[(k / AREA * CHANNELS + c) * AREA + k % AREA] - mean;
            square += off * off / (SAMPLES * AREA);
        }
        for (int k = 0; k < SAMPLES * AREA; k++) {
            const int i = (k / AREA * CHANNELS + c) * AREA + k % AREA;
            sum += (double)d[i] * ((x[i] - mean) / sqrt(square + 1e-5) * gain[c] + shift[c]);
        }
    }
    return sum;
}

static void differences(double *at, int64_t count, const double *x, const double *gain,
                        const double *shift, const float *d, double *slope)
{
    for (int64_t i = 0; i < count; i++) {
        const double here = at[i], step = 1e-5;
        at[i] = here + step;
        const double above = normalised(x, gain, shift, d);
        at[i] = here - step;
        slope[i] = (above - normalised(x, gain, shift, d)) / (2 * step);
        at[i] = here;
    }
}

static void batch_normalisation_in_training_follows_its_definition(void **state)
{
    (void)state;
    fixture f;
    begin(&f, NETS - 1);
    assert_int_equal(f.n, CHANNELS * AREA);
    for (int i = 0; i < COUNT; i++)
        f.x[i] = 0.5F * f.x[i] + 3 + (float)(i / AREA % CHANNELS); /* means far from 0 */
    memcpy(vouch_net_parameters(f.net), reals(&f, 2 * CHANNELS, 7),
           2 * CHANNELS * sizeof(float));
    double *x = doubles(&f, f.x, COUNT), *slope = doubles(&f, NULL, COUNT);
    double *gain = doubles(&f, vouch_net_parameters(f.net), CHANNELS);
    double *shift = doubles(&f, vouch_net_parameters(f.net) + CHANNELS, CHANNELS);
    vouch_tape_train(f.tape, true);
    vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
    vouch_tape_backward(f.tape, f.d, f.d_x, f.g);
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += (double)f.y[i] * (double)f.d[i];
    assert_true(fabs(sum - normalised(x, gain, shift, f.d)) < 1e-5 * fabs(sum));
    differences(x, COUNT, x, gain, shift, f.d, slope);
    assert_close("by inputs", f.d_x, slope, COUNT);
    differences(gain, CHANNELS, x, gain, shift, f.d, slope);
    assert_close("by scale", f.g, slope, CHANNELS);
    differences(shift, CHANNELS, x, gain, shift, f.d, slope);
    assert_close("by shift", f.g + CHANNELS, slope, CHANNELS);
    end(&f);
}

/* Two passes' statistics together are those of all their samples, the variance over count - 1. */
static void running_statistics_are_those_of_all_chunks(void **state)
{
    (void)state;
    fixture f;
    begin(&f, NETS - 1);
    const int64_t size = vouch_net_statistics(f.net), split[] = {1, SAMPLES - 1};
    const float *parts[2];
    float *before = reals(&f, size, 8);
    memcpy(before, f.net->statistics, (size_t)size * sizeof *before);
    vouch_tape_train(f.tape, true);
    for (int p = 0; p < 2; p++) {
        float *kept = reals(&f, size, 9);
        vouch_tape_forward(f.tape, split[p], f.x + p * f.n, f.y);
        memcpy(kept, vouch_tape_statistics(f.tape), (size_t)size * sizeof *kept);
        parts[p] = kept;
    }
    vouch_net_absorb(f.net,
                     &(vouch_net_passes){.count = 2, .statistics = parts, .samples = split});
    for (int c = 0; c < CHANNELS; c++) {
        double mean = 0, square = 0;
        for (int k = 0; k < SAMPLES * AREA; k++) {
            const double v = (double)f.x[(k / AREA * CHANNELS + c) * AREA + k % AREA];
            mean += v / (SAMPLES * AREA);
            square += v * v;
        }
        square = (square - SAMPLES * AREA * mean * mean) / (SAMPLES * AREA - 1);
        const float *now = f.net->statistics;
        assert_true(fabs(0.9 * (double)before[c] + 0.1 * mean - (double)now[c]) < 1e-6);
        assert_true(fabs(0.9 * (double)before[CHANNELS + c] + 0.1 * square -
                         (double)now[CHANNELS + c]) < 1e-6);
    }
    end(&f);
}

/* ---- dropout --------------------------------------------------------------------------------- */

/* By names of samples, whatever the batch; the share that is asked for; the same backward. */
static void dropout_depends_on_the_names_of_samples_alone(void **state)
{
    (void)state;
    fixture f;
    begin(&f, NETS - 2);
    const uint64_t name[SAMPLES] = {7, 9, 7, 11};
    float *again = reals(&f, SAMPLES * f.m, 5), *d_x = reals(&f, SAMPLES * f.n, 6);
    vouch_tape_train(f.tape, true);
    vouch_tape_name(f.tape, 3, SAMPLES, name);
    vouch_tape_forward(f.tape, SAMPLES, f.x, f.y);
    vouch_tape_backward(f.tape, f.d, f.d_x, NULL);
    int64_t dropped = 0, all = 0;
    for (int i = 0; i < f.net->layer_count; i++) {
        const net_layer *l = &f.net->layer[i];
        const net_image *out = &f.net->value[l->give].image;
        if (strcmp(l->kind->name, "dropout") != 0 || out->h * out->w == 1)
            continue;
        for (int64_t k = 0; k < out->w * 5; k++) {
            const float from =
                net_value_at(f.tape, l->take[0],
                             0)[net_at(&f.net->value[l->take[0]].image, 0, k / 5) + k % 5];
            const float to = net_value_at(f.tape, l->give, 0)[net_at(out, 0, k / 5) + k % 5];
            dropped += from != 0 && to == 0;
            all += from != 0;
        }
    }
    assert_true(dropped > 0 && dropped < all);
    for (int64_t s = 0; s < SAMPLES; s++) {
        vouch_tape_name(f.tape, 3, 1, name + s);
        vouch_tape_forward(f.tape, 1, f.x + s * f.n, again);
        vouch_tape_backward(f.tape, f.d + s * f.m, d_x, NULL);
        assert_memory_equal(again, f.y + s * f.m, (size_t)f.m * sizeof *again);
        assert_memory_equal(d_x, f.d_x + s * f.n, (size_t)f.n * sizeof *d_x);
    }
    vouch_tape_name(f.tape, 4, SAMPLES, name); /* another seed drops others */
    vouch_tape_forward(f.tape, SAMPLES, f.x, again);
    assert_memory_not_equal(again, f.y, (size_t)(SAMPLES * f.m) * sizeof *again);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_net_here),
        cmocka_unit_test(passes_agree_with_the_engine_of_general_graphs),
        cmocka_unit_test(a_sample_gives_the_same_bits_in_any_batch),
        cmocka_unit_test(parameter_gradients_agree_with_central_differences),
        cmocka_unit_test(batch_normalisation_in_training_follows_its_definition),
        cmocka_unit_test(dropout_depends_on_the_names_of_samples_alone),
        cmocka_unit_test(running_statistics_are_those_of_all_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
