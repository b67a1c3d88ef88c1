/* Binding: a graph as read becomes a graph the engine can work on.
 *
 * Nodes are visited in topological order; each gets its operator, checks itself and sets the
 * shapes of its outputs. Shape arithmetic is folded on the way: later nodes see its results as
 * constants. In the end, nodes that no output depends on are dropped.
 *
 * Folding must not change the network, which is a function over the reals. Integers are exact.
 * A float node on constants is evaluated as an interval: if that is one point, the point is the
 * exact result and the node is folded; otherwise it stays, and its output is a value with a
 * tiny interval, which varies as far as the engine is concerned.
 */
#include "op/expansion.h"
#include "op/live.h"

/* ---- inputs and constants ---------------------------------------------------------------- */

static vouch_status bind_input(vouch_context *ctx, vouch_graph *g, vouch_value *v)
{
    if (!v->shape_known)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE, "%s: input '%s' has no shape", g->source,
                          v->name);
    if (!vouch_op_is_float(v->dtype))
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: input '%s' is of type %s; float32 and float64 are supported",
                          g->source, v->name, vouch_dtype_name(v->dtype));
    if (v->shape.rank > 0 && v->shape.dim[0] <= 0)
        v->shape.dim[0] = 1;
    for (int i = 1; i < v->shape.rank; i++)
        if (v->shape.dim[i] <= 0)
            return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                              "%s: input '%s': the size of dimension %d is not known",
                              g->source, v->name, i);
    if (vouch_shape_count(&v->shape) < 0)
        return vouch_fail(ctx, VOUCH_ERR_LIMIT, "%s: input '%s' is too large", g->source,
                          v->name);
    return VOUCH_OK;
}

/* Index of the first NaN (or infinity, unless allowed); -1 if there is none. */
static int64_t find_bad(const vouch_tensor *t, bool infinity)
{
    for (int64_t i = 0; vouch_op_is_float(t->dtype) && i < t->count; i++) {
        const double x = vouch_tensor_get(t, i);
        if (isnan(x) || (!infinity && isinf(x)))
            return i;
    }
    return -1;
}

static vouch_status check_weights(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const vouch_value *v = vouch_op_in(g, node, i);
        const int64_t bad =
            v && v->constant ? find_bad(v->constant, node->op->takes_infinity) : -1;
        if (bad >= 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "constant '%s' has a NaN or an infinity at element %lld",
                                   v->name, (long long)bad);
    }
    return VOUCH_OK;
}

/* ---- folding ----------------------------------------------------------------------------- */

static bool all_constant(const vouch_graph *g, const vouch_node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && !g->value[node->input[i]].constant)
            return false;
    return true;
}

typedef struct fold {
    const vouch_tensor **in;
    vouch_tensor **low, **high; /* of the outputs; high is used for floats only */
} fold;

/* Tensors for a node's folding: inputs in float64 (other types as they are), outputs. */
static vouch_status fold_tensors(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *g,
                                 const vouch_node *node, fold *f)
{
    f->in = VOUCH_NEW_ARRAY(scratch, const vouch_tensor *, node->input_count);
    f->low = VOUCH_NEW_ARRAY(scratch, vouch_tensor *, node->output_count);
    f->high = VOUCH_NEW_ARRAY(scratch, vouch_tensor *, node->output_count);
    if (!f->in || !f->low || !f->high)
        return vouch_op_no_memory(ctx);
    for (int i = 0; i < node->input_count; i++) {
        const vouch_tensor *t = vouch_op_constant(g, node, i);
        f->in[i] = t && t->dtype == VOUCH_F32 ? vouch_tensor_convert(scratch, t, VOUCH_F64) : t;
        if (t && !f->in[i])
            return vouch_op_no_memory(ctx);
    }
    for (int k = 0; k < node->output_count; k++) {
        if (node->output[k] < 0)
            continue;
        const vouch_value *v = &g->value[node->output[k]];
        const vouch_dtype dtype = vouch_op_is_float(v->dtype) ? VOUCH_F64 : v->dtype;
        f->low[k] = vouch_tensor_new(g->arena, dtype, &v->shape);
        f->high[k] = vouch_tensor_new(scratch, dtype, &v->shape);
        if (!f->low[k] || !f->high[k])
            return vouch_op_no_memory(ctx);
    }
    return VOUCH_OK;
}

static bool is_point(const vouch_tensor *low, const vouch_tensor *high)
{
    for (int64_t i = 0; i < low->count; i++)
        if (!(low->f64[i] == high->f64[i] && isfinite(low->f64[i])))
            return false;
    return true;
}

/* float64 to the value's own type where that is exact: weights stay as small as they were. */
static const vouch_tensor *narrowed(const vouch_graph *g, const vouch_value *v,
                                    const vouch_tensor *t)
{
    if (t->dtype != VOUCH_F64 || v->dtype != VOUCH_F32)
        return t;
    for (int64_t i = 0; i < t->count; i++)
        if ((double)(float)t->f64[i] != t->f64[i])
            return t;
    return vouch_tensor_convert(g->arena, t, VOUCH_F32);
}

static void make_constant(const vouch_graph *g, const vouch_node *node, int k,
                          const vouch_tensor *t)
{
    vouch_value *v = &g->value[node->output[k]];
    v->constant = t;
    v->producer = -1;
}

/* Computes the outputs; *folded says whether they are exact and have been made constants. */
static vouch_status fold_in(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *g,
                            const vouch_node *node, bool *folded)
{
    fold f;
    VOUCH_TRY(fold_tensors(ctx, scratch, g, node, &f));
    const vouch_op_call call = {
        .ctx = ctx, .scratch = scratch, .graph = g, .node = node, .in = f.in, .out = f.low};
    *folded = true;
    if (f.low[0]->dtype != VOUCH_F64) {
        VOUCH_TRY(node->op->eval(&call));
    } else {
        const vouch_tensor *const *in = f.in;
        VOUCH_TRY(vouch_op_range(&call, in, in, f.low, f.high));
        *folded = is_point(f.low[0], f.high[0]);
    }
    for (int k = 0; *folded && k < node->output_count; k++) {
        if (node->output[k] < 0 || g->value[node->output[k]].constant)
            continue;
        const vouch_tensor *t = narrowed(g, &g->value[node->output[k]], f.low[k]);
        if (!t)
            return vouch_op_no_memory(ctx);
        make_constant(g, node, k, t);
    }
    return VOUCH_OK;
}

static vouch_status try_fold(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *g,
                             const vouch_node *node, bool *folded)
{
    *folded =
        node->output_count > 0 && node->output[0] >= 0 && g->value[node->output[0]].constant;
    if (*folded || node->op->expand || !all_constant(g, node))
        return VOUCH_OK;
    const vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    const vouch_status status = fold_in(ctx, scratch, g, node, folded);
    vouch_arena_reset(scratch, mark);
    return status;
}

/* ---- nodes ------------------------------------------------------------------------------- */

static vouch_status attach(vouch_context *ctx, const vouch_graph *g, vouch_node *node)
{
    if (node->domain && node->domain[0] && strcmp(node->domain, "ai.onnx") != 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "operator of domain '%s' is not supported", node->domain);
    node->op = vouch_op_find(node->type, g->opset);
    if (node->op)
        return VOUCH_OK;
    for (const vouch_op *const *op = vouch_op_table(); *op; op++)
        if (strcmp((*op)->name, node->type) == 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "operator of opset %lld is not supported (%d to %d are)",
                                   (long long)g->opset, (*op)->since, (*op)->until);
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "operator is not supported");
}

static vouch_status bind_node(vouch_context *ctx, vouch_graph *g,
                              struct vouch_op_expansion *into, vouch_node *node)
{
    bool folded = false;
    VOUCH_TRY(attach(ctx, g, node));
    VOUCH_TRY(check_weights(ctx, g, node));
    VOUCH_TRY(node->op->prepare(ctx, g, node, &node->state));
    vouch_op_spread_partial(g, node);
    VOUCH_TRY(try_fold(ctx, into->scratch, g, node, &folded));
    if (folded)
        return VOUCH_OK;
    return vouch_op_expansion_add(into, node);
}

static bool has_varying_input(const vouch_graph *g, const vouch_node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && !g->value[node->input[i]].constant)
            return true;
    return false;
}

/* Adds what the node is replaced by, if anything. */
static vouch_status add_replacement(struct vouch_op_expansion *into, const vouch_node *node,
                                    bool *replaced)
{
    vouch_context *ctx = vouch_arena_context(into->scratch);
    const int64_t before = into->added;
    if (node->op && node->op->expand) {
        *replaced = true;
        return node->op->expand(ctx, into->graph, node, into);
    }
    if (!node->op) { /* a new node made by an expansion */
        vouch_node made = *node;
        *replaced = true;
        return bind_node(ctx, into->graph, into, &made);
    }
    if (into->decompose && node->op->decompose && has_varying_input(into->graph, node)) {
        const vouch_arena_mark mark = vouch_arena_get_mark(into->scratch);
        VOUCH_TRY(node->op->decompose(ctx, into->graph, node, into));
        vouch_arena_reset(into->scratch, mark);
    }
    *replaced = into->added != before;
    return VOUCH_OK;
}

/* Appends the node, or what it expands to. */
vouch_status vouch_op_expansion_add(struct vouch_op_expansion *into, const vouch_node *node)
{
    vouch_context *ctx = vouch_arena_context(into->scratch);
    bool replaced = false;
    into->added++;
    VOUCH_TRY(add_replacement(into, node, &replaced));
    if (replaced)
        return VOUCH_OK;
    if (into->count == into->capacity) {
        const int capacity = 2 * into->capacity + 8;
        vouch_node *grown = VOUCH_NEW_ARRAY(into->graph->arena, vouch_node, capacity);
        if (!grown)
            return vouch_op_no_memory(ctx);
        if (into->count > 0)
            memcpy(grown, into->node, (size_t)into->count * sizeof *grown);
        into->node = grown;
        into->capacity = capacity;
    }
    const int index = into->count++;
    into->node[index] = *node;
    for (int k = 0; k < node->output_count; k++)
        if (node->output[k] >= 0 && !into->graph->value[node->output[k]].constant)
            into->graph->value[node->output[k]].producer = index;
    return VOUCH_OK;
}

/* Every node of the graph: bound, or (already bound) decomposed. */
static vouch_status visit_nodes(vouch_context *ctx, vouch_graph *g, bool decompose)
{
    struct vouch_op_expansion into = {
        .graph = g, .capacity = g->node_count, .decompose = decompose};
    into.node = VOUCH_NEW_ARRAY(g->arena, vouch_node, g->node_count);
    into.scratch = vouch_arena_new(ctx);
    vouch_status status = into.node && into.scratch ? VOUCH_OK : vouch_op_no_memory(ctx);
    for (int n = 0; !status && n < g->node_count; n++) {
        if (vouch_context_stopped(ctx))
            status = vouch_fail(ctx, VOUCH_ERR_CANCELLED, "%s: stopped", g->source);
        else if (decompose)
            status = vouch_op_expansion_add(&into, &g->node[n]);
        else
            status = bind_node(ctx, g, &into, &g->node[n]);
    }
    vouch_arena_free(into.scratch);
    g->node = into.node;
    g->node_count = into.count;
    return status;
}

vouch_status vouch_op_decompose_nodes(vouch_context *ctx, vouch_graph *graph)
{
    return visit_nodes(ctx, graph, true);
}

/* What the file declares of its outputs may be sloppy in form, but not in the number of
 * elements: a property would then be about another network than its author thought. */
static vouch_status check_declared(vouch_context *ctx, const vouch_graph *g)
{
    char declared[VOUCH_SHAPE_TEXT], computed[VOUCH_SHAPE_TEXT];
    for (int i = 0; g->declared && i < g->output_count; i++) {
        const vouch_value *v = &g->value[g->output[i]];
        const vouch_shape *shape = &g->declared[i];
        bool full = shape->rank >= 0;
        for (int k = 0; k < shape->rank; k++)
            full = full && shape->dim[k] >= 0;
        if (full && vouch_shape_count(shape) != vouch_shape_count(&v->shape))
            return vouch_fail(
                ctx, VOUCH_ERR_SHAPE, "%s: output '%s': declared output shape %s, computed %s",
                g->source, v->name, vouch_shape_print(shape, declared, sizeof declared),
                vouch_shape_print(&v->shape, computed, sizeof computed));
    }
    return VOUCH_OK;
}

vouch_status vouch_op_bind_graph(vouch_context *ctx, vouch_graph *graph)
{
    for (int i = 0; i < graph->input_count; i++)
        VOUCH_TRY(bind_input(ctx, graph, &graph->value[graph->input[i]]));
    for (int v = 0; v < graph->value_count; v++) {
        vouch_value *value = &graph->value[v];
        if (!value->constant)
            continue;
        value->dtype = value->constant->dtype;
        value->shape = value->constant->shape;
        value->shape_known = true;
    }
    VOUCH_TRY(visit_nodes(ctx, graph, false));
    VOUCH_TRY(vouch_op_keep_live(ctx, graph));
    return check_declared(ctx, graph);
}

void vouch_op_varying(const vouch_graph *graph, bool *varying)
{
    for (int v = 0; v < graph->value_count; v++)
        varying[v] = !graph->value[v].constant;
}

vouch_op_class vouch_op_node_class(const vouch_graph *graph, const vouch_node *node,
                                   const bool *varying)
{
    const vouch_op *op = node->op;
    bool any = false;
    for (int i = 0; i < node->input_count; i++)
        any = any || (node->input[i] >= 0 && varying[node->input[i]]);
    if (!any) /* on constants that could not be folded exactly: only its range is known */
        return VOUCH_OP_OPAQUE;
    if (op->is_affine && !op->is_affine(graph, node, varying))
        return op->otherwise;
    return op->op_class;
}
