/* Operators by their definitions, networks of them, and what gradients are compared by
 * (traced_net.h). Intervals and forms: traced_bounds.c. */
#include "support/traced_priv.h"

#include <math.h>
#include <string.h>

#include "support/support.h"

/* ---- small parts ----------------------------------------------------------------------------- */

int64_t traced_elements(const traced_net *n, int value)
{
    return vouch_shape_count(&n->graph->value[value].shape);
}

traced *traced_room(const traced_net *n, int64_t count)
{
    traced *a = VOUCH_NEW_ARRAY(n->arena, traced, count + 1);
    assert_non_null(a);
    return a;
}

traced *traced_net_numbers(const traced_net *n, int64_t count, const float *x)
{
    traced *a = traced_room(n, count);
    for (int64_t i = 0; i < count; i++)
        a[i] = trace_number(n->t, (double)x[i]);
    return a;
}

/* Channels, height, width of a value. */
static void image_of(const traced_net *n, int value, int64_t shape[3])
{
    const vouch_shape *s = &n->graph->value[value].shape;
    for (int k = 0; k < 3; k++)
        shape[k] = k + 1 < s->rank ? s->dim[k + 1] : 1;
}

static bool signless(const traced_call *c)
{
    return c->plane == TRACED_RADII || c->plane == TRACED_SPREAD;
}

/* Input i of the node, constant: the weights of the plane. */
static const traced *weights(const traced_call *c, int i)
{
    const int v = c->node->input[i];
    return signless(c) ? c->n->size[v] : c->n->constant[v];
}

static double real_of(const vouch_node *node, const char *name, double otherwise)
{
    const vouch_attr *a = vouch_node_attr(node, name);
    return a ? a->f : otherwise;
}

/* ---- affine operators ------------------------------------------------------------------------ */

static void gemm(const traced_call *c)
{
    const int64_t in = traced_elements(c->n, c->node->input[0]),
                  out = traced_elements(c->n, c->node->output[0]);
    const traced *w = weights(c, 1), *bias = weights(c, 2);
    for (int64_t s = 0; s < c->samples; s++)
        for (int64_t o = 0; o < out; o++) {
            const traced sum = trace_dot(c->n->t, in, w + o * in, c->in[0] + s * in);
            c->out[s * out + o] = signless(c) ? sum : trace_add(c->n->t, sum, bias[o]);
        }
}

/* The product of output o's kernel with what lies under it. */
static traced under_kernel(const traced_call *c, const traced *x, int64_t o,
                           const int64_t at[2])
{
    const int64_t *k = c->n->graph->value[c->node->input[1]].shape.dim;
    const int64_t *stride = vouch_node_attr(c->node, "strides")->ints;
    const int64_t *pad = vouch_node_attr(c->node, "pads")->ints;
    const int64_t size = k[1] * k[2] * k[3];
    const traced *w = weights(c, 1) + o * size;
    int64_t in[3], count = 0;
    traced a[2048], b[2048];
    image_of(c->n, c->node->input[0], in);
    assert_true(size <= 2048);
    for (int64_t e = 0; e < size; e++) {
        const int64_t y = at[0] * stride[0] - pad[0] + e / k[3] % k[2];
        const int64_t z = at[1] * stride[1] - pad[1] + e % k[3];
        if (y < 0 || y >= in[1] || z < 0 || z >= in[2])
            continue;
        a[count] = w[e];
        b[count++] = x[(e / (k[2] * k[3]) * in[1] + y) * in[2] + z];
    }
    return trace_dot(c->n->t, count, a, b);
}

static void convolve(const traced_call *c)
{
    const int64_t in = traced_elements(c->n, c->node->input[0]),
                  out = traced_elements(c->n, c->node->output[0]);
    int64_t shape[3];
    image_of(c->n, c->node->output[0], shape);
    for (int64_t s = 0; s < c->samples; s++)
        for (int64_t i = 0; i < out; i++) {
            const int64_t o = i / (shape[1] * shape[2]);
            const int64_t at[2] = {i / shape[2] % shape[1], i % shape[2]};
            const traced sum = under_kernel(c, c->in[0] + s * in, o, at);
            c->out[s * out + i] = signless(c) ? sum : trace_add(c->n->t, sum, weights(c, 2)[o]);
        }
}

/* The element of the constant input that element i of what is given meets. */
static int64_t met_constant(const traced_call *c, int64_t i)
{
    const vouch_shape *out = &c->n->graph->value[c->node->output[0]].shape;
    int64_t stride[VOUCH_RANK_MAX];
    vouch_shape_strides(&c->n->graph->value[c->node->input[1]].shape, out, stride);
    return vouch_shape_place(out, stride, i);
}

/* And of what varies. */
static int64_t met_varying(const traced_call *c, int64_t i)
{
    const vouch_shape *out = &c->n->graph->value[c->node->output[0]].shape;
    int64_t stride[VOUCH_RANK_MAX];
    vouch_shape_strides(&c->n->graph->value[c->node->input[0]].shape, out, stride);
    return vouch_shape_place(out, stride, i);
}

static void add(const traced_call *c)
{
    const int64_t out = traced_elements(c->n, c->node->output[0]);
    for (int64_t i = 0; i < c->samples * out; i++)
        if (c->in[1])
            c->out[i] = trace_add(c->n->t, c->in[0][i], c->in[1][i]);
        else
            c->out[i] = signless(c) ? c->in[0][i]
                                    : trace_add(c->n->t, c->in[0][i],
                                                weights(c, 1)[met_constant(c, i % out)]);
}

static void subtract(const traced_call *c)
{
    const int64_t in = traced_elements(c->n, c->node->input[0]),
                  out = traced_elements(c->n, c->node->output[0]);
    for (int64_t i = 0; i < c->samples * out; i++) {
        const traced x = c->in[0][i / out * in + met_varying(c, i % out)];
        c->out[i] =
            signless(c) ? x : trace_less(c->n->t, x, weights(c, 1)[met_constant(c, i % out)]);
    }
}

/* Over the dimension of its attribute or input `axes`, which stays as 1. */
static void sum_up(const traced_call *c)
{
    const vouch_graph *g = c->n->graph;
    const vouch_shape *from = &g->value[c->node->input[0]].shape,
                      *to = &g->value[c->node->output[0]].shape;
    const int64_t in = traced_elements(c->n, c->node->input[0]),
                  out = traced_elements(c->n, c->node->output[0]);
    int64_t stride[VOUCH_RANK_MAX];
    vouch_shape_strides(to, from, stride);
    for (int64_t i = 0; i < c->samples * in; i++) {
        traced *sum = &c->out[i / in * out + vouch_shape_place(from, stride, i % in)];
        *sum = trace_add(c->n->t, *sum, c->in[0][i]);
    }
}

static void divide(const traced_call *c)
{
    for (int64_t i = 0; i < c->samples * traced_elements(c->n, c->node->output[0]); i++)
        c->out[i] = trace_over(c->n->t, c->in[0][i], *weights(c, 1));
}

static void copy(const traced_call *c)
{
    memcpy(c->out, c->in[0],
           (size_t)(c->samples * traced_elements(c->n, c->node->output[0])) * sizeof *c->out);
}

static void drop(const traced_call *c)
{
    const float *factor = c->n->factor[c->index];
    copy(c);
    for (int64_t i = 0; factor && c->plane != TRACED_SPREAD &&
                        i < c->samples * traced_elements(c->n, c->node->output[0]);
         i++)
        c->out[i] = trace_scale(c->n->t, c->out[i], (double)factor[i]);
}

/* ---- normalisations -------------------------------------------------------------------------- */

/* Mean and variance of numbers. */
static void measure(vouch_trace *t, int64_t count, const traced *x, traced moment[2])
{
    traced square = TRACED_ZERO;
    moment[0] = trace_scale(t, trace_sum(t, count, x), 1 / (double)count);
    for (int64_t i = 0; i < count; i++) {
        const traced off = trace_less(t, x[i], moment[0]);
        square = trace_add(t, square, trace_times(t, off, off));
    }
    moment[1] = trace_scale(t, square, 1 / (double)count);
}

traced traced_inverse_deviation(const traced_call *c, traced variance)
{
    const traced eps = trace_number(c->n->t, real_of(c->node, "epsilon", 1e-5));
    return trace_power(c->n->t, trace_add(c->n->t, variance, eps), -0.5);
}

/* Moments by channel: [2][channels]. */
static const traced *moments(const traced_call *c, int64_t channels, int64_t area)
{
    traced **kept = &c->n->moment[c->index];
    traced *x = traced_room(c->n, c->samples * area);
    if (c->plane != TRACED_POINTS && *kept && c->plane != TRACED_SPREAD)
        return *kept;
    traced *m = traced_room(c->n, 2 * channels);
    for (int64_t j = 0; j < channels; j++) {
        traced pair[2] = {c->n->constant[c->node->input[3]][j],
                          c->n->constant[c->node->input[4]][j]};
        for (int64_t i = 0; i < c->samples * area; i++)
            x[i] = c->in[0][(i / area * channels + j) * area + i % area];
        if (c->n->training && c->plane != TRACED_SPREAD)
            measure(c->n->t, c->samples * area, x, pair);
        m[j] = pair[0];
        m[channels + j] = pair[1];
    }
    if (c->plane == TRACED_POINTS)
        *kept = m;
    return m;
}

static void batch_norm(const traced_call *c)
{
    vouch_trace *t = c->n->t;
    int64_t shape[3];
    image_of(c->n, c->node->input[0], shape);
    const int64_t area = shape[1] * shape[2];
    const traced *m = moments(c, shape[0], area), *gain = weights(c, 1), *shift = weights(c, 2);
    for (int64_t j = 0; j < shape[0]; j++) {
        const traced inverse = traced_inverse_deviation(c, m[shape[0] + j]);
        const traced by =
            c->plane == TRACED_SPREAD ? inverse : trace_times(t, inverse, gain[j]);
        for (int64_t k = 0; k < c->samples * area; k++) {
            const int64_t i = (k / area * shape[0] + j) * area + k % area;
            c->out[i] = signless(c)
                            ? trace_times(t, c->in[0][i], by)
                            : trace_add(t, trace_times(t, trace_less(t, c->in[0][i], m[j]), by),
                                        shift[j]);
        }
    }
}

static void layer_norm(const traced_call *c)
{
    vouch_trace *t = c->n->t;
    const int64_t size = traced_elements(c->n, c->node->input[0]);
    for (int64_t s = 0; s < c->samples; s++) {
        traced m[2];
        measure(t, size, c->in[0] + s * size, m);
        const traced inverse = traced_inverse_deviation(c, m[1]);
        for (int64_t i = 0; i < size; i++) {
            const traced u =
                trace_times(t, trace_less(t, c->in[0][s * size + i], m[0]), inverse);
            c->out[s * size + i] =
                trace_add(t, trace_times(t, u, weights(c, 1)[i]), weights(c, 2)[i]);
        }
    }
}

/* ---- windows --------------------------------------------------------------------------------- */

/* The pixels under window `at` of channel j; returns how many. */
static int64_t under_window(const traced_call *c, const traced *x, const int64_t at[3],
                            traced *met)
{
    static const int64_t ones[2] = {1, 1}, zeros[4] = {0};
    const vouch_attr *kernel = vouch_node_attr(c->node, "kernel_shape");
    const vouch_attr *strides = vouch_node_attr(c->node, "strides");
    const vouch_attr *pads = vouch_node_attr(c->node, "pads");
    const int64_t *stride = strides ? strides->ints : ones, *pad = pads ? pads->ints : zeros;
    int64_t in[3], count = 0;
    image_of(c->n, c->node->input[0], in);
    const int64_t *k = kernel ? kernel->ints : in + 1;
    for (int64_t e = 0; e < k[0] * k[1]; e++) {
        const int64_t y = (kernel ? at[1] * stride[0] - pad[0] : 0) + e / k[1];
        const int64_t z = (kernel ? at[2] * stride[1] - pad[1] : 0) + e % k[1];
        if (y >= 0 && y < in[1] && z >= 0 && z < in[2])
            met[count++] = x[(at[0] * in[1] + y) * in[2] + z];
    }
    return count;
}

static void pool(const traced_call *c)
{
    const int64_t in = traced_elements(c->n, c->node->input[0]),
                  out = traced_elements(c->n, c->node->output[0]);
    const bool most = strcmp(c->node->type, "MaxPool") == 0;
    int64_t shape[3];
    traced met[256];
    image_of(c->n, c->node->output[0], shape);
    for (int64_t i = 0; i < c->samples * out; i++) {
        const int64_t e = i % out;
        const int64_t at[3] = {e / (shape[1] * shape[2]), e / shape[2] % shape[1],
                               e % shape[2]};
        const int64_t count = under_window(c, c->in[0] + i / out * in, at, met);
        traced y = met[0];
        for (int64_t k = 1; most && k < count; k++)
            y = c->plane == TRACED_SPREAD ? trace_add(c->n->t, y, met[k])
                                          : trace_most(c->n->t, y, met[k]);
        c->out[i] =
            most ? y : trace_scale(c->n->t, trace_sum(c->n->t, count, met), 1 / (double)count);
    }
}

/* ---- curves ---------------------------------------------------------------------------------- */

static traced sigmoid(vouch_trace *t, traced x)
{
    return trace_power(t, trace_add(t, TRACED_ONE, trace_exp(t, trace_scale(t, x, -1))), -1);
}

traced traced_curve_at(const traced_call *c, traced x)
{
    vouch_trace *t = c->n->t;
    const char *type = c->node->type;
    if (c->plane == TRACED_SPREAD)
        return x;
    if (strcmp(type, "Sigmoid") == 0)
        return sigmoid(t, x);
    if (strcmp(type, "Mul") == 0)
        return trace_times(t, x, sigmoid(t, x));
    if (strcmp(type, "Tanh") == 0)
        return trace_less(t, trace_scale(t, sigmoid(t, trace_scale(t, x, 2)), 2), TRACED_ONE);
    if (strcmp(type, "Reciprocal") == 0)
        return trace_power(t, x, -1);
    if (strcmp(type, "Log") == 0)
        return trace_log(t, x);
    if (strcmp(type, "Softplus") == 0)
        return trace_log(t, trace_add(t, TRACED_ONE, trace_exp(t, x)));
    if (strcmp(type, "Gelu") == 0)
        return trace_scale(t, trace_times(t, x, trace_erfc(t, trace_scale(t, x, -sqrt(0.5)))),
                           0.5);
    if (trace_positive(t, x))
        return x;
    if (strcmp(type, "LeakyRelu") == 0)
        return trace_scale(t, x, real_of(c->node, "alpha", 0.01));
    if (strcmp(type, "Elu") == 0)
        return trace_scale(t, trace_less(t, trace_exp(t, x), TRACED_ONE),
                           real_of(c->node, "alpha", 1));
    return TRACED_ZERO;
}

static void curve(const traced_call *c)
{
    for (int64_t i = 0; i < c->samples * traced_elements(c->n, c->node->output[0]); i++)
        c->out[i] = traced_curve_at(c, c->in[0][i]);
}

/* The input x of x sigmoid(x), 0 or 1; -1: another product. */
int traced_silu_of(const traced_net *n, const vouch_node *node)
{
    for (int k = 0; k < 2; k++) {
        const int p = n->graph->value[node->input[!k]].producer;
        const vouch_node *other = p < 0 ? NULL : &n->graph->node[p];
        if (other && strcmp(other->type, "Sigmoid") == 0 && other->input[0] == node->input[k])
            return k;
    }
    return -1;
}

static void multiply(const traced_call *c)
{
    const int x = c->in[1] ? traced_silu_of(c->n, c->node) : -1;
    for (int64_t i = 0; i < c->samples * traced_elements(c->n, c->node->output[0]); i++)
        c->out[i] =
            x >= 0 ? traced_curve_at(c, c->in[x][i])
                   : trace_times(c->n->t, c->in[0][i], c->in[1] ? c->in[1][i] : *weights(c, 1));
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct operator
{
    const char *type;
    traced_way way;
    void (*run)(const traced_call *c);
}
operators[] = {{"Add", TRACED_AFFINE, add},
               {"AveragePool", TRACED_AFFINE, pool},
               {"BatchNormalization", TRACED_AFFINE, batch_norm},
               {"Conv", TRACED_AFFINE, convolve},
               {"Div", TRACED_AFFINE, divide},
               {"Dropout", TRACED_AFFINE, drop},
               {"Elu", TRACED_RISING, curve},
               {"Flatten", TRACED_AFFINE, copy},
               {"Gelu", TRACED_TURNING, curve},
               {"Gemm", TRACED_AFFINE, gemm},
               {"GlobalAveragePool", TRACED_AFFINE, pool},
               {"LayerNormalization", TRACED_LEVELLED, layer_norm},
               {"LeakyRelu", TRACED_RISING, curve},
               {"Log", TRACED_RISING, curve},
               {"MaxPool", TRACED_RISING, pool},
               {"Mul", TRACED_PRODUCT, multiply},
               {"Reciprocal", TRACED_FALLING, curve},
               {"ReduceSum", TRACED_AFFINE, sum_up},
               {"Relu", TRACED_RISING, curve},
               {"Reshape", TRACED_AFFINE, copy},
               {"Sigmoid", TRACED_RISING, curve},
               {"Softplus", TRACED_RISING, curve},
               {"Sub", TRACED_AFFINE, subtract},
               {"Tanh", TRACED_RISING, curve}};

static const struct operator* operator_of(const vouch_node *node)
{
    for (size_t i = 0; i < VOUCH_TEST_COUNT(operators); i++)
        if (strcmp(operators[i].type, node->type) == 0)
            return &operators[i];
    fail_msg("no definition of %s in tests/support/traced_net.c", node->type);
    return NULL;
}

traced_way traced_way_of(const vouch_node *node) { return operator_of(node)->way; }

/* Node i from and into values of a plane. */
void traced_run_node(traced_net *n, int i, traced_plane on, int64_t samples, traced **value)
{
    const vouch_node *node = &n->graph->node[i];
    traced_call c = {.n = n, .node = node, .index = i, .plane = on, .samples = samples};
    int given = 0;
    for (int k = 0; k < node->input_count && given < 2; k++)
        if (!n->graph->value[node->input[k]].constant)
            c.in[given++] = value[node->input[k]];
    c.out = value[node->output[0]] =
        traced_room(n, samples * traced_elements(n, node->output[0]));
    operator_of(node)->run(&c);
}

/* ---- networks -------------------------------------------------------------------------------- */

traced **traced_tables(const traced_net *n, int count)
{
    traced **table = VOUCH_NEW_ARRAY(n->arena, traced *, count + 1);
    assert_non_null(table);
    return table;
}

void traced_net_begin(traced_net *n, vouch_trace *t, vouch_arena *arena, vouch_graph *graph,
                      int64_t samples)
{
    *n = (traced_net){.t = t, .arena = arena, .graph = graph, .samples = samples};
    n->inputs = vouch_op_input_size(graph);
    n->outputs = vouch_op_output_size(graph);
    n->constant = traced_tables(n, graph->value_count);
    n->size = traced_tables(n, graph->value_count);
    n->value = traced_tables(n, graph->value_count);
    n->centre = traced_tables(n, graph->value_count);
    n->radius = traced_tables(n, graph->value_count);
    n->moment = traced_tables(n, graph->node_count);
    n->factor = VOUCH_NEW_ARRAY(arena, const float *, graph->node_count + 1);
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_tensor *c = graph->value[v].constant;
        if (!c || c->dtype != VOUCH_F32)
            continue;
        n->constant[v] = traced_net_numbers(n, c->count, c->f32);
        n->size[v] = traced_room(n, c->count);
        for (int64_t i = 0; i < c->count; i++)
            n->size[v][i] = trace_size(t, n->constant[v][i]);
    }
}

void traced_take(traced_net *n, traced **value, const traced *x, int64_t count)
{
    value[n->graph->input[0]] = traced_room(n, count);
    memcpy(value[n->graph->input[0]], x, (size_t)count * sizeof *x);
}

traced *traced_net_at(traced_net *n, const traced *x)
{
    traced_take(n, n->value, x, n->samples * n->inputs);
    for (int i = 0; i < n->graph->node_count; i++)
        traced_run_node(n, i, TRACED_POINTS, n->samples, n->value);
    return n->value[n->graph->output[0]];
}

traced traced_net_spread(traced_net *n, const traced *r)
{
    traced **value = traced_tables(n, n->graph->value_count);
    traced_take(n, value, r, n->inputs);
    for (int i = 0; i < n->graph->node_count; i++)
        traced_run_node(n, i, TRACED_SPREAD, 1, value);
    return trace_sum(n->t, n->outputs, value[n->graph->output[0]]);
}

/* ---- losses ---------------------------------------------------------------------------------- */

void traced_log_softmax(vouch_trace *t, int64_t classes, const traced *y, traced *log_share)
{
    traced sum = TRACED_ZERO;
    for (int64_t j = 0; j < classes; j++)
        sum = trace_add(t, sum, trace_exp(t, y[j]));
    const traced all = trace_log(t, sum);
    for (int64_t j = 0; j < classes; j++)
        log_share[j] = trace_less(t, y[j], all);
}

traced traced_cross_entropy(vouch_trace *t, const traced_aim *aim, const traced *y)
{
    traced log_share[64], sum = TRACED_ZERO;
    assert_true(aim->classes <= 64);
    traced_log_softmax(t, aim->classes, y, log_share);
    for (int64_t j = 0; j < aim->classes; j++) {
        const double share = aim->target ? (double)aim->target[j] : j == aim->label;
        sum = trace_less(t, sum, trace_scale(t, log_share[j], share));
    }
    return sum;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Sums of squares: of what a gradient is off, and of what it should be. */
typedef struct squares {
    double off, all;
} squares;

static void compare(squares *q, double got, double want)
{
    q->off += (got - want) * (got - want);
    q->all += want * want;
}

/* A normalisation's running statistics, which are no parameters. */
static bool is_statistic(const vouch_graph *g, int value)
{
    for (int i = 0; i < g->node_count; i++)
        if (strcmp(g->node[i].type, "BatchNormalization") == 0 &&
            (g->node[i].input[3] == value || g->node[i].input[4] == value))
            return true;
    return false;
}

/* The engine's gradient goes the way that parameters go: it is put into the graph. */
double traced_net_apart(const traced_net *n, vouch_net *net, const float *g, const double *d,
                        double by)
{
    vouch_context *ctx = vouch_arena_context(n->arena);
    const int values = n->graph->value_count;
    const size_t bytes = (size_t)vouch_net_size(net) * sizeof *g;
    float *before = VOUCH_NEW_ARRAY(n->arena, float, vouch_net_size(net));
    const vouch_tensor **kept = VOUCH_NEW_ARRAY(n->arena, const vouch_tensor *, values);
    squares q = {0};
    assert_true(before && kept);
    for (int v = 0; v < values; v++)
        kept[v] = n->graph->value[v].constant;
    memcpy(before, vouch_net_parameters(net), bytes);
    memcpy(vouch_net_parameters(net), g, bytes);
    vouch_test_ok(ctx, vouch_net_store(ctx, net, n->graph));
    memcpy(vouch_net_parameters(net), before, bytes);
    for (int v = 0; v < values; v++) {
        const vouch_tensor *t = n->graph->value[v].constant;
        for (int64_t i = 0; t != kept[v] && !is_statistic(n->graph, v) && i < t->count; i++)
            compare(&q, vouch_tensor_get(t, i), by * d[n->constant[v][i]]);
        n->graph->value[v].constant = kept[v];
    }
    return sqrt(q.off / q.all);
}

double traced_apart(int64_t count, const traced *x, const float *g, const double *d, double by)
{
    squares q = {0};
    for (int64_t i = 0; i < count; i++)
        compare(&q, (double)g[i], by * d[x[i]]);
    return sqrt(q.off / q.all);
}
