/* Operators by their definitions, intervals and forms over them (traced_net.h). */
#include "support/traced_net.h"

#include <math.h>
#include <string.h>

#include "support/support.h"

/* Points; radii of boxes: sizes of weights and no bias; those with normalisations by the running
 * deviation alone; one sample of a linear form, normalised as the points were. */
typedef enum plane { POINTS, RADII, SPREAD, FORMS } plane;

typedef struct call {
    traced_net *n;
    const vouch_node *node;
    int index; /* of the node */
    plane plane;
    int64_t samples;
    const traced *in[2]; /* what varies, in the order of the node's inputs */
    traced *out;
} call;

/* ---- small parts ----------------------------------------------------------------------------- */

static int64_t elements(const traced_net *n, int value)
{
    return vouch_shape_count(&n->graph->value[value].shape);
}

static traced *room(const traced_net *n, int64_t count)
{
    traced *a = VOUCH_NEW_ARRAY(n->arena, traced, count + 1);
    assert_non_null(a);
    return a;
}

traced *traced_net_numbers(const traced_net *n, int64_t count, const float *x)
{
    traced *a = room(n, count);
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

static bool signless(const call *c) { return c->plane == RADII || c->plane == SPREAD; }

/* Input i of the node, constant: the weights of the plane. */
static const traced *weights(const call *c, int i)
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

static void gemm(const call *c)
{
    const int64_t in = elements(c->n, c->node->input[0]),
                  out = elements(c->n, c->node->output[0]);
    const traced *w = weights(c, 1), *bias = weights(c, 2);
    for (int64_t s = 0; s < c->samples; s++)
        for (int64_t o = 0; o < out; o++) {
            const traced sum = trace_dot(c->n->t, in, w + o * in, c->in[0] + s * in);
            c->out[s * out + o] = signless(c) ? sum : trace_add(c->n->t, sum, bias[o]);
        }
}

/* The product of output o's kernel with what lies under it. */
static traced under_kernel(const call *c, const traced *x, int64_t o, const int64_t at[2])
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

static void convolve(const call *c)
{
    const int64_t in = elements(c->n, c->node->input[0]),
                  out = elements(c->n, c->node->output[0]);
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

static void add(const call *c)
{
    for (int64_t i = 0; i < c->samples * elements(c->n, c->node->output[0]); i++)
        c->out[i] = trace_add(c->n->t, c->in[0][i], c->in[1][i]);
}

static void subtract(const call *c)
{
    for (int64_t i = 0; i < c->samples * elements(c->n, c->node->output[0]); i++)
        c->out[i] =
            signless(c) ? c->in[0][i] : trace_less(c->n->t, c->in[0][i], *weights(c, 1));
}

static void divide(const call *c)
{
    for (int64_t i = 0; i < c->samples * elements(c->n, c->node->output[0]); i++)
        c->out[i] = trace_over(c->n->t, c->in[0][i], *weights(c, 1));
}

static void copy(const call *c)
{
    memcpy(c->out, c->in[0],
           (size_t)(c->samples * elements(c->n, c->node->output[0])) * sizeof *c->out);
}

static void drop(const call *c)
{
    const float *factor = c->n->factor[c->index];
    copy(c);
    for (int64_t i = 0;
         factor && c->plane != SPREAD && i < c->samples * elements(c->n, c->node->output[0]);
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

static traced inverse_deviation(const call *c, traced variance)
{
    const traced eps = trace_number(c->n->t, real_of(c->node, "epsilon", 1e-5));
    return trace_power(c->n->t, trace_add(c->n->t, variance, eps), -0.5);
}

/* Moments by channel: [2][channels]. */
static const traced *moments(const call *c, int64_t channels, int64_t area)
{
    traced **kept = &c->n->moment[c->index];
    traced *x = room(c->n, c->samples * area);
    if (c->plane != POINTS && *kept && c->plane != SPREAD)
        return *kept;
    traced *m = room(c->n, 2 * channels);
    for (int64_t j = 0; j < channels; j++) {
        traced pair[2] = {c->n->constant[c->node->input[3]][j],
                          c->n->constant[c->node->input[4]][j]};
        for (int64_t i = 0; i < c->samples * area; i++)
            x[i] = c->in[0][(i / area * channels + j) * area + i % area];
        if (c->n->training && c->plane != SPREAD)
            measure(c->n->t, c->samples * area, x, pair);
        m[j] = pair[0];
        m[channels + j] = pair[1];
    }
    if (c->plane == POINTS)
        *kept = m;
    return m;
}

static void batch_norm(const call *c)
{
    vouch_trace *t = c->n->t;
    int64_t shape[3];
    image_of(c->n, c->node->input[0], shape);
    const int64_t area = shape[1] * shape[2];
    const traced *m = moments(c, shape[0], area), *gain = weights(c, 1), *shift = weights(c, 2);
    for (int64_t j = 0; j < shape[0]; j++) {
        const traced inverse = inverse_deviation(c, m[shape[0] + j]);
        const traced by = c->plane == SPREAD ? inverse : trace_times(t, inverse, gain[j]);
        for (int64_t k = 0; k < c->samples * area; k++) {
            const int64_t i = (k / area * shape[0] + j) * area + k % area;
            c->out[i] = signless(c)
                            ? trace_times(t, c->in[0][i], by)
                            : trace_add(t, trace_times(t, trace_less(t, c->in[0][i], m[j]), by),
                                        shift[j]);
        }
    }
}

static void layer_norm(const call *c)
{
    vouch_trace *t = c->n->t;
    const int64_t size = elements(c->n, c->node->input[0]);
    for (int64_t s = 0; s < c->samples; s++) {
        traced m[2];
        measure(t, size, c->in[0] + s * size, m);
        const traced inverse = inverse_deviation(c, m[1]);
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
static int64_t under_window(const call *c, const traced *x, const int64_t at[3], traced *met)
{
    const vouch_attr *kernel = vouch_node_attr(c->node, "kernel_shape");
    const int64_t *stride = kernel ? vouch_node_attr(c->node, "strides")->ints : NULL;
    const int64_t *pad = kernel ? vouch_node_attr(c->node, "pads")->ints : NULL;
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

static void pool(const call *c)
{
    const int64_t in = elements(c->n, c->node->input[0]),
                  out = elements(c->n, c->node->output[0]);
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
            y = c->plane == SPREAD ? trace_add(c->n->t, y, met[k])
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

static traced curve_at(const call *c, traced x)
{
    vouch_trace *t = c->n->t;
    const char *type = c->node->type;
    if (c->plane == SPREAD)
        return x;
    if (strcmp(type, "Sigmoid") == 0)
        return sigmoid(t, x);
    if (strcmp(type, "Mul") == 0)
        return trace_times(t, x, sigmoid(t, x));
    if (strcmp(type, "Tanh") == 0)
        return trace_less(t, trace_scale(t, sigmoid(t, trace_scale(t, x, 2)), 2), TRACED_ONE);
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

static void curve(const call *c)
{
    for (int64_t i = 0; i < c->samples * elements(c->n, c->node->output[0]); i++)
        c->out[i] = curve_at(c, c->in[0][i]);
}

/* The input x of x sigmoid(x), 0 or 1; -1: another product. */
static int silu_of(const traced_net *n, const vouch_node *node)
{
    for (int k = 0; k < 2; k++) {
        const int p = n->graph->value[node->input[!k]].producer;
        const vouch_node *other = p < 0 ? NULL : &n->graph->node[p];
        if (other && strcmp(other->type, "Sigmoid") == 0 && other->input[0] == node->input[k])
            return k;
    }
    return -1;
}

static void multiply(const call *c)
{
    const int x = silu_of(c->n, c->node);
    for (int64_t i = 0; i < c->samples * elements(c->n, c->node->output[0]); i++)
        c->out[i] =
            x >= 0 ? curve_at(c, c->in[x][i]) : trace_times(c->n->t, c->in[0][i], c->in[1][i]);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* How intervals go through: centres and radii apart; end by end; by a function of their own. */
typedef enum ways { AFFINE, RISING, TURNING, PRODUCT, LEVELLED } ways;

static const struct operator
{
    const char *type;
    ways ways;
    void (*run)(const call *c);
}
operators[] = {{"Add", AFFINE, add},
               {"AveragePool", AFFINE, pool},
               {"BatchNormalization", AFFINE, batch_norm},
               {"Conv", AFFINE, convolve},
               {"Div", AFFINE, divide},
               {"Dropout", AFFINE, drop},
               {"Elu", RISING, curve},
               {"Flatten", AFFINE, copy},
               {"Gelu", TURNING, curve},
               {"Gemm", AFFINE, gemm},
               {"GlobalAveragePool", AFFINE, pool},
               {"LayerNormalization", LEVELLED, layer_norm},
               {"LeakyRelu", RISING, curve},
               {"MaxPool", RISING, pool},
               {"Mul", PRODUCT, multiply},
               {"Relu", RISING, curve},
               {"Sigmoid", RISING, curve},
               {"Softplus", RISING, curve},
               {"Sub", AFFINE, subtract},
               {"Tanh", RISING, curve}};

static const struct operator* operator_of(const vouch_node *node)
{
    for (size_t i = 0; i < VOUCH_TEST_COUNT(operators); i++)
        if (strcmp(operators[i].type, node->type) == 0)
            return &operators[i];
    fail_msg("no definition of %s in tests/support/traced_net.c", node->type);
    return NULL;
}

/* Node i from and into values of a plane. */
static void run_node(traced_net *n, int i, plane on, int64_t samples, traced **value)
{
    const vouch_node *node = &n->graph->node[i];
    call c = {.n = n, .node = node, .index = i, .plane = on, .samples = samples};
    int given = 0;
    for (int k = 0; k < node->input_count && given < 2; k++)
        if (!n->graph->value[node->input[k]].constant)
            c.in[given++] = value[node->input[k]];
    c.out = value[node->output[0]] = room(n, samples * elements(n, node->output[0]));
    operator_of(node)->run(&c);
}

/* ---- networks -------------------------------------------------------------------------------- */

static traced **tables(const traced_net *n, int count)
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
    n->constant = tables(n, graph->value_count);
    n->size = tables(n, graph->value_count);
    n->value = tables(n, graph->value_count);
    n->centre = tables(n, graph->value_count);
    n->radius = tables(n, graph->value_count);
    n->moment = tables(n, graph->node_count);
    n->factor = VOUCH_NEW_ARRAY(arena, const float *, graph->node_count + 1);
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_tensor *c = graph->value[v].constant;
        if (!c || c->dtype != VOUCH_F32)
            continue;
        n->constant[v] = traced_net_numbers(n, c->count, c->f32);
        n->size[v] = room(n, c->count);
        for (int64_t i = 0; i < c->count; i++)
            n->size[v][i] = trace_size(t, n->constant[v][i]);
    }
}

static void take(traced_net *n, traced **value, const traced *x, int64_t count)
{
    value[n->graph->input[0]] = room(n, count);
    memcpy(value[n->graph->input[0]], x, (size_t)count * sizeof *x);
}

traced *traced_net_at(traced_net *n, const traced *x)
{
    take(n, n->value, x, n->samples * n->inputs);
    for (int i = 0; i < n->graph->node_count; i++)
        run_node(n, i, POINTS, n->samples, n->value);
    return n->value[n->graph->output[0]];
}

traced traced_net_spread(traced_net *n, const traced *r)
{
    traced **value = tables(n, n->graph->value_count);
    take(n, value, r, n->inputs);
    for (int i = 0; i < n->graph->node_count; i++)
        run_node(n, i, SPREAD, 1, value);
    return trace_sum(n->t, n->outputs, value[n->graph->output[0]]);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

static traced end_of(const traced_net *n, int value, int64_t k, bool high)
{
    return high ? trace_add(n->t, n->centre[value][k], n->radius[value][k])
                : trace_less(n->t, n->centre[value][k], n->radius[value][k]);
}

/* The box of element k of a value, from its ends. */
static void put_ends(traced_net *n, int value, int64_t k, const traced end[2])
{
    n->centre[value][k] = trace_scale(n->t, trace_add(n->t, end[1], end[0]), 0.5);
    n->radius[value][k] = trace_scale(n->t, trace_less(n->t, end[1], end[0]), 0.5);
}

/* A node that rises in everything it takes, at both ends of its interval. */
static void run_ends(traced_net *n, int i)
{
    const vouch_node *node = &n->graph->node[i];
    const int in = node->input[0], out = node->output[0];
    traced **value = tables(n, n->graph->value_count), *ends[2];
    for (int side = 0; side < 2; side++) {
        value[in] = room(n, n->samples * elements(n, in));
        for (int64_t k = 0; k < n->samples * elements(n, in); k++)
            value[in][k] = end_of(n, in, k, side);
        run_node(n, i, POINTS, n->samples, value);
        ends[side] = value[out];
    }
    for (int64_t k = 0; k < n->samples * elements(n, out); k++)
        put_ends(n, out, k, (traced[]){ends[0][k], ends[1][k]});
}

/* A curve of value `in` that falls up to its turn and rises from there. */
static void run_turning(traced_net *n, int i, int in, double turn)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    const call c = {.n = n, .node = node};
    for (int64_t k = 0; k < n->samples * elements(n, in); k++) {
        const traced at = trace_number(t, turn);
        const traced l = end_of(n, in, k, false), u = end_of(n, in, k, true);
        const traced lowest = trace_positive(t, trace_less(t, l, at))   ? l
                              : trace_positive(t, trace_less(t, u, at)) ? at
                                                                        : u;
        put_ends(
            n, node->output[0], k,
            (traced[]){curve_at(&c, lowest), trace_most(t, curve_at(&c, u), curve_at(&c, l))});
    }
}

/* The least and the greatest of the corners' products. */
static void run_product(traced_net *n, int i)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    for (int64_t k = 0; k < n->samples * elements(n, node->output[0]); k++) {
        traced end[2];
        for (int corner = 0; corner < 4; corner++) {
            const traced p = trace_times(t, end_of(n, node->input[0], k, corner / 2),
                                         end_of(n, node->input[1], k, corner % 2));
            end[0] = corner && trace_positive(t, trace_less(t, p, end[0])) ? end[0] : p;
            end[1] = corner ? trace_most(t, p, end[1]) : p;
        }
        put_ends(n, node->output[0], k, end);
    }
}

/* Root mean square of numbers less `from`. */
static traced root_mean_square(vouch_trace *t, int64_t count, const traced *x, traced from)
{
    traced square = TRACED_ZERO;
    for (int64_t i = 0; i < count; i++) {
        const traced off = trace_less(t, x[i], from);
        square = trace_add(t, square, trace_times(t, off, off));
    }
    return trace_power(t, trace_scale(t, square, 1 / (double)count), 0.5);
}

/* Of one sample: means of centres and radii; one over what the deviation is at least, at most. */
typedef struct level {
    traced centre, radius, inverse[2];
} level;

static level measure_box(const call *c, int64_t size, const traced *centre,
                         const traced *radius)
{
    vouch_trace *t = c->n->t;
    level l = {.centre = trace_scale(t, trace_sum(t, size, centre), 1 / (double)size),
               .radius = trace_scale(t, trace_sum(t, size, radius), 1 / (double)size)};
    const traced a = root_mean_square(t, size, centre, l.centre);
    const traced r = root_mean_square(t, size, radius, TRACED_ZERO);
    const traced least = trace_ramp(t, trace_less(t, a, r)), most = trace_add(t, a, r);
    l.inverse[0] = inverse_deviation(c, trace_times(t, least, least));
    l.inverse[1] = inverse_deviation(c, trace_times(t, most, most));
    return l;
}

/* One end of (x - mean) / deviation: |x - mean| <= sqrt(n - 1) deviations. */
static traced level_end(vouch_trace *t, const level *l, traced x, bool high, double cap)
{
    const bool positive = trace_positive(t, x);
    const traced y = trace_times(t, x, l->inverse[positive == high ? 0 : 1]);
    const traced room_left =
        trace_less(t, trace_number(t, cap), positive ? y : trace_scale(t, y, -1));
    return trace_positive(t, room_left) ? y : trace_number(t, positive ? cap : -cap);
}

static void run_levelled(traced_net *n, int i)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    const call c = {.n = n, .node = node};
    const int in = node->input[0], out = node->output[0];
    const int64_t size = elements(n, in);
    const traced *gain = n->constant[node->input[1]], *shift = n->constant[node->input[2]];
    for (int64_t s = 0; s < n->samples; s++) {
        const level l =
            measure_box(&c, size, n->centre[in] + s * size, n->radius[in] + s * size);
        for (int64_t e = 0, k = s * size; e < size; e++, k++) {
            const traced x = trace_less(t, n->centre[in][k], l.centre);
            const traced r =
                trace_add(t, trace_scale(t, n->radius[in][k], 1 - 2 / (double)size), l.radius);
            put_ends(
                n, out, k,
                (traced[]){level_end(t, &l, trace_less(t, x, r), false, sqrt((double)size - 1)),
                           level_end(t, &l, trace_add(t, x, r), true, sqrt((double)size - 1))});
            n->centre[out][k] =
                trace_add(t, trace_times(t, n->centre[out][k], gain[e]), shift[e]);
            n->radius[out][k] = trace_times(t, n->radius[out][k], trace_size(t, gain[e]));
        }
    }
}

/* Minimisers of x sigmoid(x) and of x times the normal law. */
static const double silu_turn = -1.2784645427610738, gelu_turn = -0.7517915246935645;

static void run_box(traced_net *n, int i)
{
    const vouch_node *node = &n->graph->node[i];
    const ways way = operator_of(node)->ways;
    const int silu = way == PRODUCT ? silu_of(n, node) : -1;
    const int64_t size = n->samples * elements(n, node->output[0]);
    n->centre[node->output[0]] = room(n, size);
    n->radius[node->output[0]] = room(n, size);
    if (way == AFFINE) {
        run_node(n, i, POINTS, n->samples, n->centre);
        run_node(n, i, RADII, n->samples, n->radius);
    } else if (way == RISING) {
        run_ends(n, i);
    } else if (way == TURNING || silu >= 0) {
        run_turning(n, i, silu < 0 ? node->input[0] : node->input[silu],
                    silu < 0 ? gelu_turn : silu_turn);
    } else if (way == PRODUCT) {
        run_product(n, i);
    } else {
        run_levelled(n, i);
    }
}

/* b_y - b_j + (W_y - W_j) c - |W_y - W_j| r */
static traced margin(const traced_net *n, int64_t s, int64_t y, int64_t j)
{
    const vouch_node *last = &n->graph->node[n->graph->node_count - 1];
    const int64_t terms = elements(n, last->input[0]);
    const traced *w = n->constant[last->input[1]], *bias = n->constant[last->input[2]];
    const traced *c = n->centre[last->input[0]], *r = n->radius[last->input[0]];
    traced m = trace_less(n->t, bias[y], bias[j]);
    for (int64_t k = 0; k < terms; k++) {
        const traced apart = trace_less(n->t, w[y * terms + k], w[j * terms + k]);
        const traced spread = trace_times(n->t, trace_size(n->t, apart), r[s * terms + k]);
        m = trace_add(n->t, m, trace_times(n->t, apart, c[s * terms + k]));
        m = trace_less(n->t, m, spread);
    }
    return m;
}

traced *traced_net_margins(traced_net *n, const traced *centre, const traced *radius,
                           const int *label)
{
    traced *m = room(n, n->samples * n->outputs);
    take(n, n->centre, centre, n->samples * n->inputs);
    take(n, n->radius, radius, n->samples * n->inputs);
    for (int i = 0; i < n->graph->node_count - 1; i++)
        run_box(n, i);
    for (int64_t s = 0; s < n->samples; s++)
        for (int64_t j = 0; j < n->outputs; j++)
            m[s * n->outputs + j] = j == label[s] ? TRACED_ZERO : margin(n, s, label[s], j);
    return m;
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* A form of the values: coefficients a; what is constant in it. */
typedef struct form {
    traced_net *n;
    int64_t sample;
    traced **a; /* [values] of one sample */
    traced rest;
} form;

/* Adds coefficients to those of a value. */
static void pass_on(form *f, int value, const traced *more)
{
    const int64_t size = elements(f->n, value);
    if (!f->a[value])
        f->a[value] = room(f->n, size);
    for (int64_t k = 0; k < size; k++)
        f->a[value][k] = trace_add(f->n->t, f->a[value][k], more[k]);
}

/* Through an affine node: a f(x) is its value at x = 0 and its derivative there times x. */
static void through_affine(form *f, int i)
{
    const vouch_node *node = &f->n->graph->node[i];
    traced **value = tables(f->n, f->n->graph->value_count);
    for (int k = 0; k < node->input_count; k++) {
        const int v = node->input[k];
        for (int64_t e = 0; !f->n->graph->value[v].constant && e < elements(f->n, v); e++) {
            value[v] = e ? value[v] : room(f->n, elements(f->n, v));
            value[v][e] = trace_number(f->n->t, 0);
        }
    }
    run_node(f->n, i, FORMS, 1, value);
    const traced sum = trace_dot(f->n->t, elements(f->n, node->output[0]),
                                 f->a[node->output[0]], value[node->output[0]]);
    f->rest = trace_add(f->n->t, f->rest, sum);
    for (int k = 0; k < node->input_count; k++) {
        const int v = node->input[k];
        const bool twice = k == 1 && v == node->input[0]; /* counted already */
        if (f->n->graph->value[v].constant || twice)
            continue;
        traced *by = room(f->n, elements(f->n, v));
        trace_differentiate(f->n->t, sum, elements(f->n, v), value[v], by);
        pass_on(f, v, by);
    }
}

/* One unstable ReLU, l < 0 < u: the line above or below, as a's sign asks. */
static traced by_line(form *f, traced a, traced l, traced u)
{
    vouch_trace *t = f->n->t;
    if (trace_positive(t, a))
        return trace_positive(t, trace_add(t, u, l)) ? a : TRACED_ZERO;
    const traced slope = trace_over(t, u, trace_less(t, u, l));
    const traced steep = trace_times(t, a, slope);
    f->rest = trace_less(t, f->rest, trace_times(t, steep, l));
    return steep;
}

static void through_relu(form *f, int i)
{
    vouch_trace *t = f->n->t;
    const vouch_node *node = &f->n->graph->node[i];
    const int in = node->input[0];
    const int64_t size = elements(f->n, in);
    const traced *a = f->a[node->output[0]];
    const traced *c = f->n->centre[in] + f->sample * size;
    const traced *r = f->n->radius[in] + f->sample * size;
    traced *by = room(f->n, size);
    for (int64_t k = 0; k < size; k++) {
        const traced l = trace_less(t, c[k], r[k]), u = trace_add(t, c[k], r[k]);
        by[k] = trace_positive(t, l)                           ? a[k]
                : a[k] == TRACED_ZERO || !trace_positive(t, u) ? TRACED_ZERO
                                                               : by_line(f, a[k], l, u);
    }
    pass_on(f, in, by);
}

/* The form's least value over the box of inputs. */
static traced least(const form *f)
{
    vouch_trace *t = f->n->t;
    const int in = f->n->graph->input[0];
    const int64_t size = f->n->inputs;
    traced m = f->rest;
    for (int64_t k = 0; k < size; k++) {
        const traced a = f->a[in][k];
        const traced spread = trace_times(t, trace_positive(t, a) ? a : trace_scale(t, a, -1),
                                          f->n->radius[in][f->sample * size + k]);
        m = trace_add(t, m, trace_times(t, a, f->n->centre[in][f->sample * size + k]));
        m = trace_less(t, m, spread);
    }
    return m;
}

static traced form_of(traced_net *n, int64_t sample, int64_t y, int64_t j)
{
    form f = {.n = n, .sample = sample, .a = tables(n, n->graph->value_count)};
    traced *a = f.a[n->graph->output[0]] = room(n, n->outputs);
    a[y] = TRACED_ONE;
    a[j] = trace_number(n->t, -1);
    for (int i = n->graph->node_count - 1; i >= 0; i--) {
        if (strcmp(n->graph->node[i].type, "Relu") == 0)
            through_relu(&f, i);
        else if (operator_of(&n->graph->node[i])->ways == AFFINE)
            through_affine(&f, i);
        else
            fail_msg("no form of %s in tests/support/traced_net.c", n->graph->node[i].type);
    }
    return least(&f);
}

traced *traced_net_forms(traced_net *n, const int *label)
{
    traced *m = room(n, n->samples * n->outputs);
    for (int64_t s = 0; s < n->samples; s++)
        for (int64_t j = 0; j < n->outputs; j++)
            m[s * n->outputs + j] = j == label[s] ? TRACED_ZERO : form_of(n, s, label[s], j);
    return m;
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
