/* Reading a chain of layers from a graph, and its parameters from and into the graph.
 *
 * Nodes are read in order. Each must take what the one before gave, with constants for the rest,
 * and nothing else may take it. What a node may be is the table `readers`; anything else, or an
 * attribute beyond the usual, ends the reading: the graph is then no chain, which is no error.
 */
#include <math.h>
#include <string.h>

#include "grad/net_priv.h"

typedef struct reading {
    const vouch_graph *graph;
    vouch_net *net;
    const vouch_node *node;
    int64_t
        shape[3]; /* channels, height, width of what is read so far; a flat input is a line */
    bool flat, open; /* open: the last layer may still get a bias */
} reading;

static const vouch_tensor *constant(const reading *r, int i)
{
    return i < r->node->input_count && r->node->input[i] >= 0
               ? r->graph->value[r->node->input[i]].constant
               : NULL;
}

static const vouch_shape *shape_out(const reading *r)
{
    return &r->graph->value[r->node->output[0]].shape;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static net_layer *add_layer(reading *r, int weight)
{
    net_layer *l = &r->net->layer[r->net->layer_count++];
    *l = (net_layer){.weight_value = weight, .bias_value = -1};
    memcpy(l->in_real, r->shape, sizeof l->in_real);
    return l;
}

/* All ints of an attribute are `value` (absent: they are). */
static bool all_are(const reading *r, const char *name, int64_t value)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    for (size_t i = 0; a && i < (a->kind == VOUCH_ATTR_INTS ? a->count : 1); i++)
        if ((a->kind == VOUCH_ATTR_INTS ? a->ints[i] : a->i) != value)
            return false;
    return true;
}

static void copy_ints(const reading *r, const char *name, int64_t *to)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    for (size_t i = 0; a && a->kind == VOUCH_ATTR_INTS && i < a->count; i++)
        to[i] = a->ints[i];
}

/* No bias, or a constant one that fits. */
static bool bias_fits(const reading *r, int64_t outputs)
{
    const bool absent = r->node->input_count < 3 || r->node->input[2] < 0;
    const vouch_tensor *b = constant(r, 2);
    return absent || (b && b->count == outputs);
}

static bool read_conv(reading *r)
{
    const vouch_tensor *w = constant(r, 1);
    const vouch_attr *padding = vouch_node_attr(r->node, "auto_pad");
    if (r->flat || !w || w->shape.rank != 4 || !bias_fits(r, w->shape.dim[0]) || padding ||
        !all_are(r, "group", 1) || !all_are(r, "dilations", 1) ||
        w->shape.dim[1] != r->shape[0])
        return false;
    net_layer *l = add_layer(r, r->node->input[1]);
    l->conv = true;
    l->bias_value = constant(r, 2) ? r->node->input[2] : -1;
    l->out_real = w->shape.dim[0];
    l->stride[0] = l->stride[1] = 1;
    memcpy(l->kernel, w->shape.dim + 2, sizeof l->kernel);
    copy_ints(r, "strides", l->stride);
    copy_ints(r, "pads", l->pad);
    memcpy(r->shape, shape_out(r)->dim + 1, sizeof r->shape);
    r->open = false;
    return true;
}

static bool add_dense(reading *r, const vouch_tensor *w, bool transposed)
{
    const int64_t inputs = w->shape.dim[transposed], outputs = w->shape.dim[!transposed];
    const vouch_shape *out = shape_out(r);
    if (vouch_shape_count(out) != outputs || inputs != r->shape[0] * r->shape[1] * r->shape[2])
        return false;
    net_layer *l = add_layer(r, r->node->input[1]);
    l->transposed = transposed;
    l->out_real = outputs;
    l->kernel[0] = l->kernel[1] = l->stride[0] = l->stride[1] = 1;
    r->shape[0] = outputs;
    r->shape[1] = r->shape[2] = 1;
    r->flat = r->open = true;
    return true;
}

static bool read_matmul(reading *r)
{
    const vouch_tensor *w = constant(r, 1);
    return r->flat && w && w->shape.rank == 2 && add_dense(r, w, false);
}

static bool is_one(const reading *r, const char *name)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    return !a || (a->kind == VOUCH_ATTR_FLOAT && a->f == 1);
}

static bool read_gemm(reading *r)
{
    const vouch_tensor *w = constant(r, 1);
    const vouch_attr *b = vouch_node_attr(r->node, "transB");
    const bool transposed = b && b->i != 0;
    if (!r->flat || !w || w->shape.rank != 2 || !all_are(r, "transA", 0) ||
        !is_one(r, "alpha") || !is_one(r, "beta") || !bias_fits(r, w->shape.dim[!transposed]) ||
        !add_dense(r, w, transposed))
        return false;
    r->open = !constant(r, 2);
    r->net->layer[r->net->layer_count - 1].bias_value = r->open ? -1 : r->node->input[2];
    return true;
}

static bool read_relu(reading *r)
{
    if (r->net->layer_count == 0 || r->net->layer[r->net->layer_count - 1].relu)
        return false;
    r->net->layer[r->net->layer_count - 1].relu = true;
    r->open = false;
    return true;
}

/* The batch is one sample: any reshaping to (1, n) or (n) flattens. A flat input may also become
 * an image. */
static bool read_reshape(reading *r)
{
    const vouch_shape *out = shape_out(r);
    const int64_t count = vouch_shape_count(out);
    bool flat = false;
    for (int i = 0; i < out->rank; i++)
        flat |= out->dim[i] == count;
    if (flat || r->net->layer_count > 0 || !r->flat || out->rank != 4)
        return r->flat = flat;
    memcpy(r->shape, out->dim + 1, sizeof r->shape);
    r->flat = false;
    return out->dim[0] == 1;
}

/* ---- the normalisation ----------------------------------------------------------------------- */

/* x becomes x scale + shift: by one number, or one for each channel or element. */
static bool normalise(reading *r, const vouch_tensor *t, double (*value)(double), bool scale)
{
    const int64_t area = r->shape[1] * r->shape[2], count = r->net->inputs;
    const bool channels = !r->flat && t->count == r->shape[0] && t->shape.rank >= 3 &&
                          t->shape.dim[t->shape.rank - 3] == r->shape[0];
    if (t->count != 1 && t->count != count && !channels)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const int64_t from = t->count == 1 ? 0 : t->count == count ? i : i / area;
        const float v = (float)value(vouch_tensor_get(t, from));
        r->net->scale[i] *= scale ? v : 1;
        r->net->shift[i] = scale ? r->net->shift[i] * v : r->net->shift[i] + v;
    }
    return true;
}

static double same(double x) { return x; }
static double negative(double x) { return -x; }
static double inverse(double x) { return 1 / x; }

static bool read_add(reading *r)
{
    const vouch_tensor *t = constant(r, 1) ? constant(r, 1) : constant(r, 0);
    if (t && r->net->layer_count == 0)
        return normalise(r, t, same, false);
    net_layer *l = r->net->layer_count ? &r->net->layer[r->net->layer_count - 1] : NULL;
    if (!t || !l || !r->open || l->conv || t->count != l->out_real)
        return false;
    l->bias_value = r->node->input[constant(r, 1) ? 1 : 0];
    r->open = false;
    return true;
}

static bool read_sub(reading *r)
{
    return constant(r, 1) && r->net->layer_count == 0 &&
           normalise(r, constant(r, 1), negative, false);
}

static bool read_mul(reading *r)
{
    const vouch_tensor *t = constant(r, 1) ? constant(r, 1) : constant(r, 0);
    return t && r->net->layer_count == 0 && normalise(r, t, same, true);
}

static bool read_div(reading *r)
{
    return constant(r, 1) && r->net->layer_count == 0 &&
           normalise(r, constant(r, 1), inverse, true);
}

/* ---- batch normalisation --------------------------------------------------------------------- */

/* Folded into the layer before it, when parameters are read: y = a x + b for each output. */
static bool read_norm(reading *r)
{
    net_layer *l = r->net->layer_count ? &r->net->layer[r->net->layer_count - 1] : NULL;
    const vouch_attr *eps = vouch_node_attr(r->node, "epsilon");
    if (!l || l->relu || l->norm[0] || (eps && eps->kind != VOUCH_ATTR_FLOAT))
        return false;
    for (int i = 0; i < 4; i++) {
        l->norm[i] = constant(r, i + 1);
        if (!l->norm[i] || l->norm[i]->count != l->out_real)
            return false;
    }
    l->epsilon = eps ? eps->f : 1e-5;
    r->open = false;
    return true;
}

static double norm_factor(const net_layer *l, int64_t o)
{
    return l->norm[0] ? vouch_tensor_get(l->norm[0], o) /
                            sqrt(vouch_tensor_get(l->norm[3], o) + l->epsilon)
                      : 1;
}

/* bias is what the layer adds before the normalisation. */
static double norm_bias(const net_layer *l, int64_t o, double bias)
{
    return l->norm[0] ? (bias - vouch_tensor_get(l->norm[2], o)) * norm_factor(l, o) +
                            vouch_tensor_get(l->norm[1], o)
                      : bias;
}

/* ---- the chain ------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    bool (*read)(reading *r);
} readers[] = {
    {"Conv", read_conv},       {"Gemm", read_gemm},       {"MatMul", read_matmul},
    {"Relu", read_relu},       {"Flatten", read_reshape}, {"Reshape", read_reshape},
    {"Squeeze", read_reshape}, {"Add", read_add},         {"Sub", read_sub},
    {"Mul", read_mul},         {"Div", read_div},         {"BatchNormalization", read_norm},
};

static bool read_node(reading *r)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strcmp(r->node->type, readers[i].type) == 0)
            return readers[i].read(r);
    return false;
}

/* The one varying input of the node is `value`. */
static bool takes_only(const vouch_graph *g, const vouch_node *node, int value)
{
    int others = 0;
    for (int i = 0; i < node->input_count; i++)
        others += node->input[i] >= 0 && !g->value[node->input[i]].constant &&
                  node->input[i] != value;
    bool takes = false;
    for (int i = 0; i < node->input_count; i++)
        takes |= node->input[i] == value;
    return takes && others == 0 && node->output_count == 1;
}

/* A vector, or one image with channels first; all float32. */
static bool read_input(reading *r)
{
    const vouch_value *x = &r->graph->value[r->graph->input[0]];
    const vouch_shape *s = &x->shape;
    const int64_t count = vouch_shape_count(s);
    r->flat = false;
    for (int i = 0; i < s->rank; i++)
        r->flat |= s->dim[i] == count;
    if (x->dtype != VOUCH_F32 || count == 0 || !(r->flat || s->rank == 4))
        return false;
    for (int i = 0; i < 3; i++)
        r->shape[i] = s->rank == 4 ? s->dim[1 + i] : i == 2 ? count : 1;
    r->flat = s->rank != 4;
    return true;
}

static bool read_chain(reading *r)
{
    int value = r->graph->input[0];
    for (int n = 0; n < r->graph->node_count; n++) {
        r->node = &r->graph->node[n];
        if (!takes_only(r->graph, r->node, value) || !read_node(r))
            return false;
        value = r->node->output[0];
    }
    return r->net->layer_count > 0 && value == r->graph->output[0];
}

vouch_status vouch_net_read(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_net *net, bool *fits)
{
    reading r = {.graph = graph, .net = net};
    *fits = false;
    if (graph->input_count != 1 || graph->output_count != 1 || !read_input(&r))
        return VOUCH_OK;
    net->inputs = vouch_op_input_size(graph);
    net->outputs = vouch_op_output_size(graph);
    net->layer = VOUCH_NEW_ARRAY(arena, net_layer, graph->node_count + 1);
    net->scale = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    net->shift = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    if (!net->layer || !net->scale || !net->shift)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    for (int64_t i = 0; i < net->inputs; i++)
        net->scale[i] = 1;
    *fits = read_chain(&r);
    return VOUCH_OK;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* The element of the layer's sums that is element e of the graph's weights of one output:
 * (channel, place) becomes (place, channel). Places are those of the kernel, or the pixels of a
 * flattened image. */
static int64_t term(const vouch_net *net, const net_layer *l, int64_t e)
{
    const int64_t area = l->conv ? l->kernel[0] * l->kernel[1] : l->in_real[1] * l->in_real[2];
    return e % area * net->value[l - net->layer].c + e / area;
}

/* Calls for every weight: its place in the graph's tensor and among the parameters. */
static void each_weight(const vouch_net *net, const net_layer *l, vouch_tensor *t, bool load)
{
    const int64_t terms =
        l->in_real[0] * (l->conv ? l->kernel[0] * l->kernel[1] : l->in_real[1] * l->in_real[2]);
    for (int64_t e = 0; e < terms; e++) {
        const int64_t k = term(net, l, e);
        for (int64_t o = 0; o < l->out_real; o++) {
            float *at = &net->parameters[net_weight(l, o, k)];
            const bool output_first = l->conv || l->transposed;
            const int64_t i = output_first ? o * terms + e : e * l->out_real + o;
            if (load)
                *at = (float)(vouch_tensor_get(t, i) * norm_factor(l, o));
            else
                vouch_tensor_set(t, i, (double)*at);
        }
    }
}

static vouch_tensor *writable(const vouch_tensor *t)
{
    union {
        const vouch_tensor *constant;
        vouch_tensor *variable;
    } u = {.constant = t};
    return u.variable;
}

void vouch_net_load(vouch_net *net, const vouch_graph *graph)
{
    for (int i = 0; i < net->layer_count; i++) {
        const net_layer *l = &net->layer[i];
        each_weight(net, l, writable(graph->value[l->weight_value].constant), true);
        const vouch_tensor *b = l->bias_value < 0 ? NULL : graph->value[l->bias_value].constant;
        for (int64_t o = 0; o < l->out_real; o++)
            net->parameters[l->bias + o] =
                (float)norm_bias(l, o, b ? vouch_tensor_get(b, o) : 0);
    }
}

vouch_status vouch_net_store(vouch_context *ctx, const vouch_net *net, vouch_graph *graph)
{
    for (int i = 0; i < net->layer_count; i++) {
        const net_layer *l = &net->layer[i];
        const int values[] = {l->weight_value, l->bias_value};
        if (l->norm[0])
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                              "%s: a network with batch normalisation cannot be trained yet",
                              graph->source);
        for (int j = 0; j < 2; j++) {
            const vouch_tensor *old = values[j] < 0 ? NULL : graph->value[values[j]].constant;
            vouch_tensor *t =
                old ? vouch_tensor_new(graph->arena, VOUCH_F32, &old->shape) : NULL;
            if (old && !t)
                return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
            if (!old)
                continue;
            if (j == 0)
                each_weight(net, l, t, false);
            for (int64_t o = 0; j == 1 && o < l->out_real; o++)
                t->f32[o] = net->parameters[l->bias + o];
            graph->value[values[j]].constant = t;
        }
    }
    return VOUCH_OK;
}
