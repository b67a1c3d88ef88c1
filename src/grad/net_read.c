/* Reading a net from a graph: which nodes are layers, and which become part of one.
 *
 * Nodes are read in order. Some are folded: affine maps of the input into the normalisation, a
 * bias, a batch normalisation or a ReLU into the layer whose output they alone read. The others
 * are offered to the kinds of layers. A node that nobody takes ends the reading: the graph is
 * then no net, which is no error.
 */
#include <string.h>

#include "grad/net_weights.h"

#define VOUCH_LAYER(name) extern const net_kind vouch_layer_##name;
#include "grad/layer.def"
#undef VOUCH_LAYER

const net_kind *const *vouch_net_kinds(void)
{
    static const net_kind *const table[] = {
#define VOUCH_LAYER(name) &vouch_layer_##name,
#include "grad/layer.def"
#undef VOUCH_LAYER
        NULL};
    return table;
}

/* ---- what kinds ask -------------------------------------------------------------------------- */

const vouch_tensor *vouch_net_constant(const net_reading *r, int i)
{
    return i < r->node->input_count && r->node->input[i] >= 0
               ? r->graph->value[r->node->input[i]].constant
               : NULL;
}

const vouch_shape *vouch_net_shape_out(const net_reading *r)
{
    return &r->graph->value[r->node->output[0]].shape;
}

/* The graph's value that is the only varying input of the node. */
static int taken(const net_reading *r)
{
    int found = -1, count = 0;
    for (int i = 0; i < r->node->input_count; i++)
        if (r->node->input[i] >= 0 && !r->graph->value[r->node->input[i]].constant) {
            found = r->node->input[i];
            count++;
        }
    return count == 1 ? found : -1;
}

int vouch_net_taken(const net_reading *r)
{
    const int found = taken(r);
    return found < 0 ? -1 : r->value_of[found];
}

bool vouch_net_all_are(const net_reading *r, const char *name, int64_t value)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    for (size_t i = 0; a && i < (a->kind == VOUCH_ATTR_INTS ? a->count : 1); i++)
        if ((a->kind == VOUCH_ATTR_INTS ? a->ints[i] : a->i) != value)
            return false;
    return true;
}

net_layer *vouch_net_add_layer(net_reading *r, int take, size_t own_size)
{
    vouch_net *net = r->net;
    net_layer *l = &net->layer[net->layer_count];
    *l = (net_layer){.take_count = 1, .take = {take}, .give = net->layer_count + 1};
    l->own = own_size ? vouch_arena_alloc(r->arena, own_size) : NULL;
    if (own_size && !l->own) {
        r->status = VOUCH_ERR_MEMORY;
        return NULL;
    }
    net->value[l->give] = net->value[take];
    net->value[l->give].readers = 0;
    net->value[take].readers++;
    net->layer_count++;
    vouch_net_pass_on(r, l->give);
    return l;
}

bool vouch_net_add_pair(net_reading *r)
{
    int take[NET_TAKES] = {-1, -1};
    for (int k = 0; k < NET_TAKES; k++)
        take[k] = vouch_net_constant(r, k) ? -1 : r->value_of[r->node->input[k]];
    if (take[0] < 0 || take[1] < 0)
        return false;
    const net_value *a = &r->net->value[take[0]], *b = &r->net->value[take[1]];
    if (memcmp(a->real, b->real, sizeof a->real) != 0 || a->flat != b->flat ||
        a->image.c != b->image.c || a->image.c % VOUCH_LANE != 0)
        return false;
    net_layer *l = vouch_net_add_layer(r, take[0], 0);
    if (!l)
        return false;
    l->take[l->take_count++] = take[1];
    r->net->value[take[1]].readers++;
    return true;
}

void vouch_net_set_size(net_reading *r, const net_layer *l, int64_t c, int64_t h, int64_t w)
{
    net_value *v = &r->net->value[l->give];
    v->real[0] = c;
    v->real[1] = h;
    v->real[2] = w;
    v->image = (net_image){.h = h, .w = w, .c = net_fill(c)};
}

void vouch_net_pass_on(net_reading *r, int value) { r->value_of[r->node->output[0]] = value; }

/* ---- the normalisation ----------------------------------------------------------------------- */

/* The node is the only reader of the net's input, and no layer has been read. */
static bool at_input(const net_reading *r)
{
    const int from = taken(r);
    return from >= 0 && r->net->layer_count == 0 && r->value_of[from] == 0 &&
           r->readers[from] == 1;
}

/* x becomes x scale + shift: by one number, or one for each channel or element. */
static bool normalise(net_reading *r, const vouch_tensor *t, double (*value)(double),
                      bool scale)
{
    const net_value *in = &r->net->value[0];
    const int64_t area = in->real[1] * in->real[2], count = r->net->inputs;
    const bool channels = !in->flat && t->count == in->real[0] && t->shape.rank >= 3 &&
                          t->shape.dim[t->shape.rank - 3] == in->real[0];
    if (t->count != 1 && t->count != count && !channels)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const int64_t from = t->count == 1 ? 0 : t->count == count ? i : i / area;
        const float v = (float)value(vouch_tensor_get(t, from));
        r->net->scale[i] *= scale ? v : 1;
        r->net->shift[i] = scale ? r->net->shift[i] * v : r->net->shift[i] + v;
    }
    vouch_net_pass_on(r, 0);
    return true;
}

static double same(double x) { return x; }
static double negative(double x) { return -x; }
static double inverse(double x) { return 1 / x; }

static const vouch_tensor *either(const net_reading *r)
{
    return vouch_net_constant(r, 1) ? vouch_net_constant(r, 1) : vouch_net_constant(r, 0);
}

static bool fold_sub(net_reading *r)
{
    return at_input(r) && vouch_net_constant(r, 1) &&
           normalise(r, vouch_net_constant(r, 1), negative, false);
}

static bool fold_mul(net_reading *r)
{
    return at_input(r) && either(r) && normalise(r, either(r), same, true);
}

static bool fold_div(net_reading *r)
{
    return at_input(r) && vouch_net_constant(r, 1) &&
           normalise(r, vouch_net_constant(r, 1), inverse, true);
}

/* A flat input may become an image. */
static bool fold_reshape(net_reading *r)
{
    const vouch_shape *out = vouch_net_shape_out(r);
    net_value *in = &r->net->value[0];
    const int64_t count = vouch_shape_count(out);
    bool flat = false;
    for (int i = 0; i < out->rank; i++)
        flat |= out->dim[i] == count;
    if (!at_input(r) || !in->flat || flat || out->rank != 4 || out->dim[0] != 1)
        return false;
    memcpy(in->real, out->dim + 1, sizeof in->real);
    in->image = (net_image){.c = in->real[0], .h = in->real[1], .w = in->real[2]};
    in->flat = false;
    vouch_net_pass_on(r, 0);
    return true;
}

/* ---- parts of layers ------------------------------------------------------------------------- */

/* The layer that gave what this node alone reads, if no ReLU ends it; NULL. Layers that only move
 * what they take may lie between. */
static net_layer *before(const net_reading *r)
{
    const int from = taken(r);
    int v = from < 0 || r->readers[from] != 1 ? -1 : r->value_of[from];
    while (v > 0 && r->net->layer[v - 1].kind->keeps &&
           r->net->value[r->net->layer[v - 1].take[0]].readers == 1)
        v = r->net->layer[v - 1].take[0];
    net_layer *l = v > 0 ? &r->net->layer[v - 1] : NULL;
    return l && !l->relu && l->kind->relu ? l : NULL;
}

static bool fold_relu(net_reading *r)
{
    net_layer *l = before(r);
    if (l)
        l->relu = true;
    if (l)
        vouch_net_pass_on(r, vouch_net_taken(r));
    return l != NULL;
}

static bool fold_add(net_reading *r)
{
    const vouch_tensor *t = either(r);
    if (t && at_input(r))
        return normalise(r, t, same, false);
    const net_layer *l = before(r);
    net_weights *w = l ? l->weights : NULL;
    if (!t || !w || !w->late_bias || w->bias_value >= 0 || w->norm[0] ||
        t->count != w->out_real)
        return false;
    w->bias_value = r->node->input[vouch_net_constant(r, 1) ? 1 : 0];
    vouch_net_pass_on(r, vouch_net_taken(r));
    return true;
}

/* Into the weights before it, when parameters are read: y = a x + b for each output. */
static bool fold_norm(net_reading *r)
{
    const net_layer *l = before(r);
    net_weights *w = l ? l->weights : NULL;
    const vouch_attr *eps = vouch_node_attr(r->node, "epsilon");
    if (!w || w->norm[0] || r->net->training || (eps && eps->kind != VOUCH_ATTR_FLOAT))
        return false;
    for (int i = 1; i < 5; i++)
        if (!vouch_net_constant(r, i) || vouch_net_constant(r, i)->count != w->out_real)
            return false;
    for (int i = 0; i < 4; i++)
        w->norm[i] = vouch_net_constant(r, i + 1);
    w->epsilon = eps ? eps->f : 1e-5;
    vouch_net_pass_on(r, vouch_net_taken(r));
    return true;
}

/* ---- the graph ------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    bool (*fold)(net_reading *r);
} folds[] = {
    {"Relu", fold_relu},       {"Add", fold_add}, {"Sub", fold_sub},
    {"Mul", fold_mul},         {"Div", fold_div}, {"BatchNormalization", fold_norm},
    {"Reshape", fold_reshape},
};

static bool read_node(net_reading *r)
{
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++)
        if (strcmp(r->node->type, folds[i].type) == 0 && folds[i].fold(r))
            return true;
    const int count = r->net->layer_count;
    for (const net_kind *const *kind = vouch_net_kinds(); *kind && !r->status; kind++)
        if ((*kind)->read(r)) {
            r->net->layer[count].kind = *kind;
            return true;
        }
    return false;
}

/* A vector, or one image with channels first; all float32. */
static bool read_input(const vouch_graph *g, net_value *in)
{
    const vouch_value *x = &g->value[g->input[0]];
    const vouch_shape *s = &x->shape;
    const int64_t count = vouch_shape_count(s);
    bool line = false;
    for (int i = 0; i < s->rank; i++)
        line |= s->dim[i] == count;
    if (x->dtype != VOUCH_F32 || count == 0 || !(line || s->rank == 4))
        return false;
    for (int i = 0; i < 3; i++)
        in->real[i] = s->rank == 4 ? s->dim[1 + i] : i == 2 ? count : 1;
    in->image = (net_image){.c = in->real[0], .h = in->real[1], .w = in->real[2]};
    in->flat = s->rank != 4;
    return true;
}

/* Every value but the last is read, and the last is what the graph gives. */
static bool is_net(const net_reading *r)
{
    const int last = r->net->layer_count;
    for (int v = 0; v < last; v++)
        if (r->net->value[v].readers == 0)
            return false;
    return last > 0 && r->value_of[r->graph->output[0]] == last;
}

static bool read_nodes(net_reading *r)
{
    const vouch_graph *g = r->graph;
    for (int v = 0; v < g->value_count; v++)
        r->value_of[v] = -1;
    r->value_of[g->input[0]] = 0;
    r->readers[g->output[0]] = 1;
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                r->readers[g->node[n].input[i]]++;
    for (int n = 0; n < g->node_count; n++) {
        r->node = &g->node[n];
        if (r->node->output_count != 1 || !read_node(r))
            return false;
    }
    return is_net(r);
}

vouch_status vouch_net_read(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_net *net, bool *fits)
{
    net_reading r = {.ctx = ctx, .arena = arena, .graph = graph, .net = net};
    net_value in = {0};
    *fits = false;
    if (graph->input_count != 1 || graph->output_count != 1 || !read_input(graph, &in))
        return VOUCH_OK;
    net->inputs = vouch_op_input_size(graph);
    net->outputs = vouch_op_output_size(graph);
    net->layer = VOUCH_NEW_ARRAY(arena, net_layer, graph->node_count + 1);
    net->value = VOUCH_NEW_ARRAY(arena, net_value, graph->node_count + 1);
    net->scale = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    net->shift = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    r.value_of = VOUCH_NEW_ARRAY(arena, int, graph->value_count);
    r.readers = VOUCH_NEW_ARRAY(arena, int, graph->value_count);
    if (!net->layer || !net->value || !net->scale || !net->shift || !r.value_of || !r.readers)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    net->value[0] = in;
    for (int64_t i = 0; i < net->inputs; i++)
        net->scale[i] = 1;
    *fits = read_nodes(&r);
    return r.status ? vouch_fail(ctx, r.status, "net: out of memory") : VOUCH_OK;
}
