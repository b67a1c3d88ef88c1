/* Interval passes of nets (grad/box.h) against interval arithmetic in float64 written out node by
 * node; their gradients against its differences; margins of points of the box. */
#include <math.h>
#include <string.h>

#include "grad/box_priv.h"
#include "support/net.h"
#include "train/architecture.h"

enum { SAMPLES = 3 };

static const struct {
    const char *text;
    int64_t channels, size;
} shapes[] = {
    {"fc3", 1, 2},
    {"fc7 relu fc3", 1, 1},
    {"fc33 relu fc48 relu fc10", 1, 4},
    {"conv4k3p1 relu fc3", 1, 5},
    {"conv16k4s2p1 relu conv20k4s2p1 relu flatten fc20 relu fc10", 1, 8},
    {"conv16k3p1 relu conv18k3s2p1 relu conv17k2s3 relu fc4 relu fc5", 3, 7},
    {"conv16k3s3p2 relu conv16k1s2 relu fc3", 4, 7},
    {"conv16k3p1 conv16k3p1 relu fc2", 2, 5},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* With layers that the reference does not know: against differences of the pass itself. Batch
 * normalisation is in training mode. */
static const char *const others[] = {
    "fc20 bn relu fc16 bn relu fc5",
    "conv16k3p1 bn relu conv18k3s2p1 bn relu fc12 bn relu fc4",
    "conv16p1 res( bn relu conv16p1 bn relu conv16p1 ) bn relu gap fc4",
    "conv16p1 bn relu res( conv32s2p1 bn relu conv32p1 | conv32k1s2 ) bn relu gap fc4",
    "conv16p1 softplus conv18k3s2p1 sigmoid fc12 tanh fc4",
    "conv16p1 gelu conv18k3s2p1 silu fc12 elu fc12 leakyrelu fc4",
    "conv16p1 bn softplus res( conv16p1 silu | relu conv16p1 ) gelu fc4",
    "conv16p1 relu maxpool3s2p1 conv16p1 maxpool3s1p1 relu fc4",
    "conv16p1 res( maxpool3s1p1 | avgpool3s1p1 ) maxpool silu fc4",
    "conv16p1 gate( conv16p1 sigmoid | conv16p1 ) gate( tanh ) fc4",
    "conv16p1 relu gate( conv16p1 relu | relu ) gate( conv16p1 ) res( gate( relu | tanh ) ) "
    "fc4",
    "conv16p1 relu dropout30 conv16p1 softplus dropout50 fc4",
    "conv18p1 relu conv16k2 sigmoid proto9 fc4",
    "conv18p1 ln relu conv16p1 relu ln softplus fc20 ln relu fc4",
};
enum { OTHERS = sizeof others / sizeof *others };

/* ---- the reference --------------------------------------------------------------------------- */

typedef struct box {
    int64_t shape[3], count; /* channels, height, width */
    double *c, *r;
} box;

static box new_box(vouch_arena *arena, int64_t channels, int64_t height, int64_t width)
{
    box b = {.shape = {channels, height, width}, .count = channels * height * width};
    b.c = VOUCH_NEW_ARRAY(arena, double, b.count);
    b.r = VOUCH_NEW_ARRAY(arena, double, b.count);
    assert_true(b.c && b.r);
    return b;
}

static const vouch_tensor *weight_of(const vouch_graph *g, const vouch_node *n, int i)
{
    return g->value[n->input[i]].constant;
}

/* out(o) += w in(i), and its radius */
static void add(box *out, int64_t o, const box *in, int64_t i, double w)
{
    out->c[o] += w * in->c[i];
    out->r[o] += fabs(w) * in->r[i];
}

static box dense(vouch_arena *arena, const vouch_graph *g, const vouch_node *n, const box *in)
{
    const vouch_tensor *w = weight_of(g, n, 1), *b = weight_of(g, n, 2);
    box out = new_box(arena, b->count, 1, 1);
    for (int64_t o = 0; o < out.count; o++) {
        out.c[o] = (double)b->f32[o];
        for (int64_t i = 0; i < in->count; i++)
            add(&out, o, in, i, (double)w->f32[o * in->count + i]);
    }
    return out;
}

static void convolve_at(const vouch_graph *g, const vouch_node *n, const box *in, box *out,
                        const int64_t at[3])
{
    const vouch_tensor *w = weight_of(g, n, 1);
    const int64_t *k = w->shape.dim, *stride = vouch_node_attr(n, "strides")->ints;
    const int64_t *pad = vouch_node_attr(n, "pads")->ints;
    const int64_t o = (at[0] * out->shape[1] + at[1]) * out->shape[2] + at[2];
    out->c[o] = (double)weight_of(g, n, 2)->f32[at[0]];
    for (int64_t e = 0; e < k[1] * k[2] * k[3]; e++) {
        const int64_t y = at[1] * stride[0] - pad[0] + e / k[3] % k[2];
        const int64_t x = at[2] * stride[1] - pad[1] + e % k[3];
        if (y >= 0 && y < in->shape[1] && x >= 0 && x < in->shape[2])
            add(out, o, in, (e / (k[2] * k[3]) * in->shape[1] + y) * in->shape[2] + x,
                (double)w->f32[at[0] * k[1] * k[2] * k[3] + e]);
    }
}

static box convolve(vouch_arena *arena, const vouch_graph *g, const vouch_node *n,
                    const box *in)
{
    const int64_t *dim = g->value[n->output[0]].shape.dim;
    box out = new_box(arena, dim[1], dim[2], dim[3]);
    for (int64_t i = 0; i < out.count; i++) {
        const int64_t at[3] = {i / (dim[2] * dim[3]), i / dim[3] % dim[2], i % dim[3]};
        convolve_at(g, n, in, &out, at);
    }
    return out;
}

static void rectify(box *b)
{
    for (int64_t i = 0; i < b->count; i++) {
        const double u = fmax(b->c[i] + b->r[i], 0), l = fmax(b->c[i] - b->r[i], 0);
        b->c[i] = (u + l) / 2;
        b->r[i] = (u - l) / 2;
    }
}

static void normalise(const vouch_graph *g, const vouch_node *n, box *b)
{
    const double by = vouch_tensor_get(weight_of(g, n, 1), 0);
    for (int64_t i = 0; i < b->count; i++) {
        b->c[i] = strcmp(n->type, "Sub") == 0 ? b->c[i] - by : b->c[i] / by;
        b->r[i] = strcmp(n->type, "Sub") == 0 ? b->r[i] : b->r[i] / by;
    }
}

/* Sum of d_j margin_j, of one box. */
static double reference(vouch_arena *arena, const vouch_graph *g, const box *input, int y,
                        const float *d, float *margin)
{
    box b = new_box(arena, input->shape[0], input->shape[1], input->shape[2]);
    memcpy(b.c, input->c, (size_t)b.count * sizeof *b.c);
    memcpy(b.r, input->r, (size_t)b.count * sizeof *b.r);
    for (int i = 0; i < g->node_count - 1; i++) {
        const vouch_node *n = &g->node[i];
        if (strcmp(n->type, "Conv") == 0)
            b = convolve(arena, g, n, &b);
        else if (strcmp(n->type, "Gemm") == 0)
            b = dense(arena, g, n, &b);
        else if (strcmp(n->type, "Relu") == 0)
            rectify(&b);
        else if (strcmp(n->type, "Flatten") != 0)
            normalise(g, n, &b);
    }
    const vouch_node *last = &g->node[g->node_count - 1];
    const float *w = weight_of(g, last, 1)->f32, *bias = weight_of(g, last, 2)->f32;
    double sum = 0;
    for (int64_t j = 0; j < weight_of(g, last, 2)->count; j++) {
        double m = (double)bias[y] - (double)bias[j];
        for (int64_t k = 0; k < b.count; k++) {
            const double apart = (double)w[y * b.count + k] - (double)w[j * b.count + k];
            m += apart * b.c[k] - fabs(apart) * b.r[k];
        }
        sum += j == y ? 0 : (double)d[j] * m;
        if (margin)
            margin[j] = (float)m;
    }
    return sum;
}

/* ---- the fixture ----------------------------------------------------------------------------- */

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    vouch_box_tape *tape;
    int64_t n, m;
    float *low, *high, *margin, *d; /* [SAMPLES][n or m] */
    int label[SAMPLES];
    box box[SAMPLES];
} fixture;

static void make_boxes(fixture *f, int i, int64_t channels, int64_t size)
{
    vouch_random r = vouch_random_stream(5, "box", (uint64_t)i);
    for (int s = 0; s < SAMPLES; s++) {
        f->label[s] = (int)vouch_random_below(&r, (uint64_t)f->m);
        f->box[s] = new_box(f->arena, channels, size, size + 1);
        for (int64_t k = s * f->n, e = 0; e < f->n; k++, e++) {
            f->low[k] = (float)(2 * vouch_random_unit(&r) - 1);
            f->high[k] = f->low[k] + (float)(0.3 * vouch_random_unit(&r));
            f->box[s].c[e] = ((double)f->low[k] + (double)f->high[k]) / 2;
            f->box[s].r[e] = ((double)f->high[k] - (double)f->low[k]) / 2;
        }
    }
    for (int64_t k = 0; k < SAMPLES * f->m; k++)
        f->d[k] = (float)(2 * vouch_random_unit(&r) - 1);
}

static void begin_shape(fixture *f, int i, const char *text, int64_t channels, int64_t size)
{
    const vouch_architecture a = {.text = text,
                                  .channels = channels,
                                  .height = size,
                                  .width = size + 1,
                                  .mean = 0.3,
                                  .deviation = 0.7,
                                  .seed = (uint64_t)i};
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_net_new_to_train(f->ctx, f->arena, f->graph, &f->net));
    assert_non_null(f->net);
    vouch_test_ok(f->ctx, vouch_box_tape_new(f->ctx, f->arena, f->net, SAMPLES, &f->tape));
    f->n = vouch_net_inputs(f->net);
    f->m = vouch_net_outputs(f->net);
    f->low = VOUCH_NEW_ARRAY(f->arena, float, SAMPLES * f->n);
    f->high = VOUCH_NEW_ARRAY(f->arena, float, SAMPLES * f->n);
    f->margin = VOUCH_NEW_ARRAY(f->arena, float, SAMPLES * f->m);
    f->d = VOUCH_NEW_ARRAY(f->arena, float, SAMPLES * f->m);
    assert_true(f->low && f->high && f->margin && f->d);
    make_boxes(f, i, channels, size);
}

static void begin(fixture *f, int i)
{
    begin_shape(f, i, shapes[i].text, shapes[i].channels, shapes[i].size);
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void assert_near_in(const char *text, double a, double b, double most, const char *what)
{
    if (!(fabs(a - b) <= 3e-5 * fmax(most, 1e-2)))
        fail_msg("%s: %s is %g, not %g", text, what, a, b);
}

static void assert_near(double a, double b, double most, const char *what, int i)
{
    assert_near_in(shapes[i].text, a, b, most, what);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void margins_are_those_of_interval_arithmetic(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        float want[16];
        for (int round = 0; round < 2; round++) /* nothing of a pass is left for the next */
            vouch_box_forward(f.tape, SAMPLES, f.low, f.high, f.label, f.margin);
        for (int s = 0; s < SAMPLES; s++) {
            double most = 0;
            (void)reference(f.arena, f.graph, &f.box[s], f.label[s], f.d, want);
            for (int64_t j = 0; j < f.m; j++)
                most = fmax(most, fabs((double)want[j]));
            for (int64_t j = 0; j < f.m; j++)
                assert_near((double)f.margin[s * f.m + j], (double)want[j], most, "a margin",
                            i);
        }
        end(&f);
    }
}

static void margins_of_points_are_no_less(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        vouch_random r = vouch_random_stream(6, "points", (uint64_t)i);
        vouch_tape *points;
        float x[512], y[16];
        vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, f.net, 1, &points));
        vouch_box_forward(f.tape, SAMPLES, f.low, f.high, f.label, f.margin);
        for (int trial = 0; trial < 60; trial++) {
            const int64_t s = trial % SAMPLES;
            for (int64_t k = 0; k < f.n; k++) {
                const float low = f.low[s * f.n + k], high = f.high[s * f.n + k];
                const float corner = (float)vouch_random_below(&r, 2);
                x[k] = low + (high - low) * (trial % 2 ? corner : (float)vouch_random_unit(&r));
            }
            vouch_tape_forward(points, 1, x, y);
            for (int64_t j = 0; j < f.m; j++)
                assert_true(y[f.label[s]] - y[j] >= f.margin[s * f.m + j] - 1e-5F);
        }
        end(&f);
    }
}

/* The gradient as the graph has its parameters: put into the graph in their place. */
static void keep_gradient(fixture *f, float *g, float **copy)
{
    const size_t bytes = (size_t)vouch_net_size(f->net) * sizeof *g;
    float *w = vouch_net_parameters(f->net), *before = VOUCH_NEW_ARRAY(f->arena, float, bytes);
    memcpy(before, w, bytes);
    memcpy(w, g, bytes);
    vouch_test_ok(f->ctx, vouch_net_store(f->ctx, f->net, f->graph));
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_tensor *t = f->graph->value[v].constant;
        if (!t || t->dtype != VOUCH_F32)
            continue;
        copy[v] = VOUCH_NEW_ARRAY(f->arena, float, t->count);
        memcpy(copy[v], t->f32, (size_t)t->count * sizeof *g);
    }
    memcpy(w, before, bytes);
    vouch_test_ok(f->ctx, vouch_net_store(f->ctx, f->net, f->graph));
}

static double total(const fixture *f)
{
    double sum = 0;
    vouch_arena *arena = vouch_arena_new(f->ctx);
    for (int s = 0; s < SAMPLES; s++)
        sum += reference(arena, f->graph, &f->box[s], f->label[s], f->d + s * f->m, NULL);
    vouch_arena_free(arena);
    return sum;
}

/* The reference's slope by one weight; false near a kink. */
static bool slope_by(const fixture *f, float *w, double *slope)
{
    const float at = *w;
    const double step = 0x1p-9, here = total(f);
    *w = at + (float)step;
    const double above = total(f), up = (double)*w - (double)at;
    *w = at - (float)step;
    const double below = total(f), down = (double)at - (double)*w;
    *w = at;
    *slope = (above - below) / (up + down);
    return fabs((above - here) / up - (here - below) / down) <= 1e-6;
}

static void check_gradients(fixture *f, int i, float *const *gradient, bool trained[])
{
    vouch_random r = vouch_random_stream(7, "weights", (uint64_t)i);
    double most = 0;
    int checked = 0;
    for (int v = 0; v < f->graph->value_count; v++)
        for (int64_t k = 0; trained[v] && k < f->graph->value[v].constant->count; k++)
            most = fmax(most, fabs((double)gradient[v][k]));
    for (int v = 0; v < f->graph->value_count; v++)
        for (int trial = 0; trained[v] && trial < 6; trial++) {
            const vouch_tensor *t = f->graph->value[v].constant;
            const int64_t k = (int64_t)vouch_random_below(&r, (uint64_t)t->count);
            double slope;
            if (slope_by(f, &t->f32[k], &slope)) {
                assert_near((double)gradient[v][k], slope, most, "a gradient", i);
                checked++;
            }
        }
    assert_true(checked >= 8);
}

static void gradients_are_the_slopes_of_interval_arithmetic(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        float *g = VOUCH_NEW_ARRAY(f.arena, float, vouch_net_size(f.net)), *copy[64] = {0};
        bool trained[64] = {0};
        vouch_box_forward(f.tape, SAMPLES, f.low, f.high, f.label, f.margin);
        for (int round = 0; round < 2; round++)
            vouch_box_backward(f.tape, f.d, g);
        keep_gradient(&f, g, copy);
        for (int n = 0; n < f.graph->node_count; n++) {
            const vouch_node *node = &f.graph->node[n];
            for (int k = 1; node->input_count == 3 && k < 3; k++)
                trained[node->input[k]] = true;
        }
        check_gradients(&f, i, copy, trained);
        end(&f);
    }
}

/* With magnitudes for weights and biases no ReLU cuts anything: the points' pass is affine. And
 * the spread is of degree one in every layer's weights (Euler). */
static void spreads_are_products_of_magnitudes(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        fixture f;
        begin(&f, i);
        const int64_t size = vouch_net_size(f.net);
        float *w = vouch_net_parameters(f.net), x[512], y[2][16], r[512];
        float *g = VOUCH_NEW_ARRAY(f.arena, float, size);
        double want = 0, euler = 0;
        int layers = 0;
        vouch_tape *points;
        for (int64_t k = 0; k < f.n; k++)
            r[k] = f.high[k] - f.low[k];
        const double spread = vouch_box_spread(f.tape, r);
        memset(g, 0, (size_t)size * sizeof *g);
        vouch_box_spread_backward(f.tape, 0.5F, g);
        for (int64_t k = 0; k < size; k++) {
            euler += 2 * (double)g[k] * (double)w[k];
            w[k] = fabsf(w[k]);
        }
        vouch_net_refresh(f.net, 0, 1);
        vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, f.net, 1, &points));
        for (int side = 0; side < 2; side++) {
            for (int64_t k = 0; k < f.n; k++)
                x[k] = 0.3F + (side ? 0 : r[k]);
            vouch_tape_forward(points, 1, x, y[side]);
        }
        for (int64_t j = 0; j < f.m; j++)
            want += (double)y[0][j] - (double)y[1][j];
        for (int n = 0; n < f.graph->node_count; n++)
            layers += f.graph->node[n].input_count == 3;
        assert_near(spread, want, want, "a spread", i);
        assert_near(euler, layers * spread, layers * spread, "the gradient", i);
        end(&f);
    }
}

static double along(fixture *f)
{
    double sum = 0;
    vouch_net_refresh(f->net, 0, 1);
    vouch_box_forward(f->tape, SAMPLES, f->low, f->high, f->label, f->margin);
    for (int64_t k = 0; k < SAMPLES * f->m; k++)
        sum += k % f->m == f->label[k / f->m] ? 0 : (double)f->d[k] * (double)f->margin[k];
    return sum;
}

/* Slopes along the gradient, where most kinks are not met. */
static void other_boxes_have_the_gradients_of_their_margins(void **state)
{
    (void)state;
    for (int i = 0; i < OTHERS; i++) {
        fixture f;
        begin_shape(&f, i, others[i], 2, 6);
        const int64_t size = vouch_net_size(f.net);
        float *w = vouch_net_parameters(f.net), *g = VOUCH_NEW_ARRAY(f.arena, float, size);
        vouch_random r = vouch_random_stream(8, "scales", (uint64_t)i);
        for (int64_t k = 0; k < size; k++) /* scales and shifts begin as 1 and 0 */
            w[k] += w[k] != 0 ? (float)(0.3 * vouch_random_unit(&r)) : 0;
        (void)along(&f);
        for (int round = 0; round < 2; round++) /* nothing of a pass is left for the next */
            vouch_box_backward(f.tape, f.d, g);
        double square = 0, ends[2];
        for (int64_t k = 0; k < size; k++)
            square += (double)g[k] * (double)g[k];
        const double step = 1e-3 / sqrt(square);
        for (int side = 0; side < 2; side++) {
            for (int64_t k = 0; k < size; k++)
                w[k] += (float)((side ? -2 : 1) * step * (double)g[k]);
            ends[side] = along(&f);
        }
        assert_near_in(others[i], (ends[0] - ends[1]) / (2 * step) / square, 1, 600,
                       "slope by square");
        end(&f);
    }
}

static void boxes_of_no_size_are_points(void **state)
{
    (void)state;
    for (int i = 0; i < OTHERS; i++) {
        fixture f;
        begin_shape(&f, i, others[i], 2, 6);
        float y[SAMPLES * 16];
        vouch_tape *points;
        vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, f.net, SAMPLES, &points));
        vouch_tape_train(points, true);
        vouch_tape_forward(points, SAMPLES, f.low, y);
        vouch_box_forward(f.tape, SAMPLES, f.low, f.low, f.label, f.margin);
        for (int64_t k = 0; k < SAMPLES * f.m; k++)
            assert_near_in(others[i], (double)f.margin[k],
                           (double)y[k / f.m * f.m + f.label[k / f.m]] - (double)y[k], 1,
                           "a margin");
        end(&f);
    }
}

static void assert_within(const fixture *f, int i, int64_t s, const vouch_tape *points)
{
    for (int v = 0; v < f->net->layer_count; v++) { /* the last layer is elided */
        const int64_t count = f->net->value[v].image.stride;
        const float *x = net_value_at(points, v, s);
        const float *c = net_value_at(f->tape->centre, v, s);
        const float *r = net_value_at(f->tape->radius, v, s);
        for (int64_t k = 0; k < count; k++)
            if (!(fabsf(x[k] - c[k]) <= r[k] + 1e-5F * (1 + fabsf(c[k]))))
                fail_msg("%s: value %d, element %lld: %g is not in %g +- %g", others[i], v,
                         (long long)k, (double)x[k], (double)c[k], (double)r[k]);
    }
}

/* Of every layer, where statistics do not depend on the points. */
static void values_of_points_lie_within_their_boxes(void **state)
{
    (void)state;
    for (int i = 0; i < OTHERS; i++) {
        fixture f;
        begin_shape(&f, i, others[i], 2, 6);
        vouch_random r = vouch_random_stream(6, "points", (uint64_t)i);
        float *x = VOUCH_NEW_ARRAY(f.arena, float, SAMPLES *f.n), y[SAMPLES * 16];
        vouch_tape *points;
        vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, f.net, SAMPLES, &points));
        vouch_tape_train(points, f.net->statistic_count == 0);
        for (int64_t k = 0; k < SAMPLES * f.n; k++) /* wide ones too */
            f.high[k] += k / f.n == 2 ? 2 : 0;
        vouch_tape_train(f.tape->centre, f.net->statistic_count == 0);
        vouch_tape_train(f.tape->radius, f.net->statistic_count == 0);
        vouch_box_forward(f.tape, SAMPLES, f.low, f.high, f.label, f.margin);
        for (int trial = 0; trial < 20; trial++) {
            for (int64_t k = 0; k < SAMPLES * f.n; k++)
                x[k] = f.low[k] +
                       (f.high[k] - f.low[k]) * (trial % 2 ? (float)vouch_random_below(&r, 2)
                                                           : (float)vouch_random_unit(&r));
            vouch_tape_forward(points, SAMPLES, x, y);
            for (int64_t s = 0; s < SAMPLES; s++)
                assert_within(&f, i, s, points);
        }
        end(&f);
    }
}

/* Every kind of layer has one, and a net here. */
static void every_kind_of_layer_has_an_interval_pass(void **state)
{
    (void)state;
    for (const net_kind *const *kind = vouch_net_kinds(); *kind; kind++) {
        bool found = false;
        for (int i = 0; i < OTHERS && !found; i++) {
            fixture f;
            begin_shape(&f, i, others[i], 2, 6);
            for (int l = 0; l < f.net->layer_count; l++)
                found |= f.net->layer[l].kind == *kind;
            end(&f);
        }
        if (!found || !((*kind)->planes || (*kind)->boxes))
            fail_msg("no interval pass through layers of kind %s here", (*kind)->name);
    }
}

/* A curve passes the spread on, a maximum adds it up, a product has none. */
static void spreads_go_through_curves_and_maxima(void **state)
{
    (void)state;
    const char *const alike[][2] = {
        {"conv16p1 softplus fc4", "conv16p1 relu fc4"},
        {"conv16p1 dropout30 gelu fc4", "conv16p1 dropout90 relu fc4"},
        {"conv16p1 maxpool2 fc4", "conv16p1 avgpool2 fc4"}};
    for (int i = 0; i < 3; i++) {
        double spread[2];
        for (int k = 0; k < 2; k++) {
            fixture f;
            begin_shape(&f, 7, alike[i][k], 2, 6);
            spread[k] = vouch_box_spread(f.tape, f.high);
            end(&f);
        }
        assert_near_in(alike[i][0], spread[0], i == 2 ? 4 * spread[1] : spread[1], spread[0],
                       "a spread");
    }
    fixture f;
    begin_shape(&f, 7, "conv16p1 gate( conv16p1 | tanh ) fc4", 2, 6);
    assert_int_equal(vouch_box_spread_check(f.ctx, f.net), VOUCH_ERR_UNSUPPORTED);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(margins_are_those_of_interval_arithmetic),
        cmocka_unit_test(margins_of_points_are_no_less),
        cmocka_unit_test(other_boxes_have_the_gradients_of_their_margins),
        cmocka_unit_test(values_of_points_lie_within_their_boxes),
        cmocka_unit_test(every_kind_of_layer_has_an_interval_pass),
        cmocka_unit_test(spreads_go_through_curves_and_maxima),
        cmocka_unit_test(boxes_of_no_size_are_points),
        cmocka_unit_test(spreads_are_products_of_magnitudes),
        cmocka_unit_test(gradients_are_the_slopes_of_interval_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
