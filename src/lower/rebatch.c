/* Widening a bound graph (rebatch.h).
 *
 * Problem: which nodes may be given all samples at once? That depends on operator, attributes,
 * axes and constants: a sum over axis 1 may, over axis 0 not; a Reshape to a stored shape not.
 * Method: no list of rules, but a trial. The node is prepared again on the wide shapes; if that
 * works and gives the wide shape of its output, it is run on random operands, once for all
 * samples and once for the first and the last sample alone. Values and adjoints must agree in
 * every bit; samples are random, so that a node which mixes them, or reads those of another,
 * does not pass.
 *
 * A trial that fails costs speed alone. One that passes by chance would cost a search some
 * points, never a verdict: nothing sound rests on the wide graph.
 */
#include "lower/rebatch.h"

#include <string.h>

#include "base/random.h"

typedef struct widening {
    vouch_context *ctx, *trial_ctx; /* errors of trials are no errors */
    vouch_arena *arena, *scratch;
    vouch_dtype dtype;
    vouch_rebatch *r;
    vouch_random random;
} widening;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "batched network: out of memory");
}

static bool is_real(vouch_dtype dtype) { return dtype == VOUCH_F32 || dtype == VOUCH_F64; }

static vouch_dtype run_dtype(const widening *w, const vouch_value *v)
{
    return is_real(v->dtype) ? w->dtype : v->dtype;
}

static bool depends(const widening *w, int v) { return v >= 0 && !w->r->fixed[v]; }

/* ---- what does not depend on the inputs ---------------------------------------------------- */

static vouch_status fix_constants(widening *w)
{
    const vouch_graph *g = w->r->single;
    for (int v = 0; v < g->value_count; v++) {
        const vouch_tensor *t = g->value[v].constant;
        if (t && is_real(t->dtype) && t->dtype != w->dtype)
            t = vouch_tensor_convert(w->arena, t, w->dtype);
        if (g->value[v].constant && !t)
            return out_of_memory(w->ctx);
        w->r->fixed[v] = t;
    }
    return VOUCH_OK;
}

/* Constants that binding could not fold exactly are computed here, rounded. */
static vouch_status fix_node(widening *w, const vouch_node *node)
{
    const vouch_graph *g = w->r->single;
    const vouch_tensor **in =
        VOUCH_NEW_ARRAY(w->scratch, const vouch_tensor *, node->input_count);
    vouch_tensor **out = VOUCH_NEW_ARRAY(w->scratch, vouch_tensor *, node->output_count);
    if (!in || !out)
        return out_of_memory(w->ctx);
    for (int i = 0; i < node->input_count; i++)
        in[i] = node->input[i] < 0 ? NULL : w->r->fixed[node->input[i]];
    for (int i = 0; i < node->output_count; i++) {
        int v = node->output[i];
        if (v < 0)
            continue;
        out[i] = vouch_tensor_new(w->arena, run_dtype(w, &g->value[v]), &g->value[v].shape);
        if (!out[i])
            return out_of_memory(w->ctx);
        w->r->fixed[v] = out[i];
    }
    const vouch_op_call call = {
        .ctx = w->ctx, .scratch = w->scratch, .graph = g, .node = node, .in = in, .out = out};
    return node->op->eval(&call);
}

static vouch_status fix(widening *w)
{
    const vouch_graph *g = w->r->single;
    VOUCH_TRY(fix_constants(w));
    for (int n = 0; n < g->node_count; n++) {
        bool varies = false;
        for (int i = 0; i < g->node[n].input_count; i++)
            varies = varies || depends(w, g->node[n].input[i]);
        if (varies)
            continue;
        vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
        VOUCH_TRY(fix_node(w, &g->node[n]));
        vouch_arena_reset(w->scratch, mark);
    }
    return VOUCH_OK;
}

/* ---- trials -------------------------------------------------------------------------------- */

/* One node's operands: wide tensors, or those of one sample inside them. */
typedef struct operands {
    const vouch_tensor **in, **d_out;
    vouch_tensor **out, **d_in;
} operands;

static void fill(widening *w, const vouch_tensor *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const double unit = vouch_random_unit(&w->random);
        if (t->dtype == VOUCH_F32)
            t->f32[i] = (float)(2 * unit - 1);
        else if (t->dtype == VOUCH_F64)
            t->f64[i] = 2 * unit - 1;
        else if (t->dtype == VOUCH_I64)
            t->i64[i] = unit < 0.5;
        else
            t->boolean[i] = unit < 0.5;
    }
}

static bool allot(widening *w, const vouch_node *node, operands *o)
{
    o->in = VOUCH_NEW_ARRAY(w->scratch, const vouch_tensor *, node->input_count);
    o->d_in = VOUCH_NEW_ARRAY(w->scratch, vouch_tensor *, node->input_count);
    o->out = VOUCH_NEW_ARRAY(w->scratch, vouch_tensor *, node->output_count);
    o->d_out = VOUCH_NEW_ARRAY(w->scratch, const vouch_tensor *, node->output_count);
    return o->in && o->d_in && o->out && o->d_out;
}

static vouch_tensor *new_wide(widening *w, int v, bool *complete)
{
    const vouch_value *value = &w->r->wide->value[v];
    vouch_tensor *t = vouch_tensor_new(w->scratch, run_dtype(w, value), &value->shape);
    *complete = *complete && t;
    return t;
}

/* Random operands for all samples. */
static bool draw(widening *w, const vouch_node *node, operands *o)
{
    bool complete = allot(w, node, o);
    for (int i = 0; complete && i < node->input_count; i++) {
        int v = node->input[i];
        o->in[i] = v < 0 ? NULL : w->r->fixed[v];
        if (!depends(w, v))
            continue;
        o->in[i] = new_wide(w, v, &complete);
        if (complete)
            fill(w, o->in[i]);
        if (is_real(w->r->single->value[v].dtype))
            o->d_in[i] = new_wide(w, v, &complete);
    }
    for (int i = 0; complete && i < node->output_count; i++) {
        int v = node->output[i];
        if (v < 0)
            continue;
        o->out[i] = new_wide(w, v, &complete);
        if (is_real(w->r->single->value[v].dtype))
            o->d_out[i] = new_wide(w, v, &complete);
        if (complete && o->d_out[i])
            fill(w, o->d_out[i]);
    }
    return complete;
}

/* Sample s of a wide tensor; fresh: a zeroed tensor of that size instead. */
static vouch_tensor *sample(widening *w, int v, const vouch_tensor *wide, int64_t s, bool fresh)
{
    const vouch_shape *shape = &w->r->single->value[v].shape;
    vouch_tensor *t = fresh ? vouch_tensor_new(w->scratch, wide->dtype, shape)
                            : VOUCH_NEW(w->scratch, vouch_tensor);
    if (!t || fresh)
        return t;
    *t = (vouch_tensor){
        .dtype = wide->dtype, .shape = *shape, .count = vouch_shape_count(shape)};
    t->data = (char *)wide->data + (size_t)(s * t->count) * vouch_dtype_size(t->dtype);
    return t;
}

static bool draw_sample(widening *w, const vouch_node *node, const operands *wide, int64_t s,
                        operands *o)
{
    bool complete = allot(w, node, o);
    for (int i = 0; complete && i < node->input_count; i++) {
        int v = node->input[i];
        o->in[i] = depends(w, v) ? sample(w, v, wide->in[i], s, false) : wide->in[i];
        if (wide->d_in[i])
            o->d_in[i] = sample(w, v, wide->d_in[i], s, true);
        complete = (!wide->in[i] || o->in[i]) && (!wide->d_in[i] || o->d_in[i]);
    }
    for (int i = 0; complete && i < node->output_count; i++) {
        int v = node->output[i];
        if (v < 0)
            continue;
        o->out[i] = sample(w, v, wide->out[i], s, true);
        if (wide->d_out[i])
            o->d_out[i] = sample(w, v, wide->d_out[i], s, false);
        complete = o->out[i] && (!wide->d_out[i] || o->d_out[i]);
    }
    return complete;
}

static vouch_status run(widening *w, const vouch_graph *g, const vouch_node *node,
                        const operands *o)
{
    const vouch_op_call call = {.ctx = w->trial_ctx,
                                .scratch = w->scratch,
                                .graph = g,
                                .node = node,
                                .in = o->in,
                                .out = o->out};
    VOUCH_TRY(node->op->eval(&call));
    return node->op->grad ? node->op->grad(&call, o->d_out, o->d_in) : VOUCH_OK;
}

static bool same(const vouch_tensor *wide, const vouch_tensor *one, int64_t s)
{
    if (!one)
        return true;
    const size_t bytes = (size_t)one->count * vouch_dtype_size(one->dtype);
    return memcmp((const char *)wide->data + (size_t)s * bytes, one->data, bytes) == 0;
}

/* Does sample s alone give what it gave among the others? */
static vouch_status compare(widening *w, int n, const operands *wide, int64_t s, bool *equal)
{
    const vouch_node *node = &w->r->single->node[n];
    operands one;
    if (!draw_sample(w, node, wide, s, &one))
        return vouch_fail(w->trial_ctx, VOUCH_ERR_MEMORY, "out of memory");
    VOUCH_TRY(run(w, w->r->single, node, &one));
    for (int i = 0; i < node->output_count && *equal; i++)
        *equal = same(wide->out[i], one.out[i], s);
    for (int i = 0; i < node->input_count && *equal; i++)
        *equal = same(wide->d_in[i], one.d_in[i], s);
    return VOUCH_OK;
}

/* Prepares the node on the wide shapes; whatever it finds for its outputs is put back. */
static vouch_status prepare(widening *w, vouch_node *node, bool *equal)
{
    vouch_graph *g = w->r->wide;
    for (int i = 0; i < node->output_count && *equal; i++)
        *equal = node->output[i] < 0 || depends(w, node->output[i]);
    if (!*equal)
        return VOUCH_OK;
    vouch_value *before = VOUCH_NEW_ARRAY(w->scratch, vouch_value, node->output_count);
    if (!before)
        return vouch_fail(w->trial_ctx, VOUCH_ERR_MEMORY, "out of memory");
    for (int i = 0; i < node->output_count; i++)
        if (node->output[i] >= 0)
            before[i] = g->value[node->output[i]];
    const vouch_status status = node->op->prepare(w->trial_ctx, g, node, &node->state);
    for (int i = 0; i < node->output_count; i++) {
        if (node->output[i] < 0)
            continue;
        vouch_value *after = &g->value[node->output[i]];
        *equal = *equal && !after->constant && after->dtype == before[i].dtype &&
                 vouch_shape_equal(&after->shape, &before[i].shape);
        *after = before[i];
    }
    return status;
}

static vouch_status try_node(widening *w, int n, bool *together)
{
    vouch_node *node = &w->r->wide->node[n];
    operands all;
    *together = true;
    VOUCH_TRY(prepare(w, node, together));
    if (!*together)
        return VOUCH_OK;
    if (!draw(w, node, &all))
        return vouch_fail(w->trial_ctx, VOUCH_ERR_MEMORY, "out of memory");
    VOUCH_TRY(run(w, w->r->wide, node, &all));
    VOUCH_TRY(compare(w, n, &all, 0, together));
    return *together ? compare(w, n, &all, w->r->count - 1, together) : VOUCH_OK;
}

static vouch_status widen_node(widening *w, int n)
{
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    const vouch_status status = try_node(w, n, &w->r->together[n]);
    vouch_arena_reset(w->scratch, mark);
    if (!status)
        return VOUCH_OK;
    w->r->together[n] = false;
    if (status == VOUCH_ERR_MEMORY || status == VOUCH_ERR_CANCELLED) {
        vouch_context_adopt_error(w->ctx, w->trial_ctx);
        return status;
    }
    vouch_context_clear_error(w->trial_ctx);
    return VOUCH_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static vouch_shape wide_shape(const vouch_shape *shape, int64_t count)
{
    vouch_shape s = *shape;
    if (s.rank == 0)
        s.dim[s.rank++] = 1;
    s.dim[0] *= count;
    return s;
}

static vouch_status copy_graph(widening *w)
{
    const vouch_graph *g = w->r->single;
    vouch_graph *wide = VOUCH_NEW(w->arena, vouch_graph);
    w->r->wide = wide;
    if (!wide)
        return out_of_memory(w->ctx);
    *wide = *g;
    wide->arena = w->arena;
    wide->value = VOUCH_NEW_ARRAY(w->arena, vouch_value, g->value_count);
    wide->node = VOUCH_NEW_ARRAY(w->arena, vouch_node, g->node_count);
    if (!wide->value || !wide->node)
        return out_of_memory(w->ctx);
    for (int v = 0; v < g->value_count; v++) {
        wide->value[v] = g->value[v];
        if (w->r->fixed[v])
            wide->value[v].constant = w->r->fixed[v];
        else
            wide->value[v].shape = wide_shape(&g->value[v].shape, w->r->count);
    }
    for (int n = 0; n < g->node_count; n++)
        wide->node[n] = g->node[n];
    return VOUCH_OK;
}

static bool is_fixed(const widening *w, const vouch_node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (depends(w, node->output[i]))
            return false;
    return true;
}

static vouch_status widen(widening *w)
{
    const vouch_graph *g = w->r->single;
    VOUCH_TRY(fix(w));
    VOUCH_TRY(copy_graph(w));
    for (int n = 0; n < g->node_count; n++)
        if (w->r->count > 1 && !is_fixed(w, &g->node[n]))
            VOUCH_TRY(widen_node(w, n));
    return VOUCH_OK;
}

vouch_status vouch_rebatch_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                               vouch_dtype dtype, int64_t count, vouch_rebatch **rebatch)
{
    widening w = {.ctx = ctx, .arena = arena, .dtype = dtype};
    w.random = vouch_random_stream(1, "rebatch", 0);
    w.r = VOUCH_NEW(arena, vouch_rebatch);
    *rebatch = w.r;
    if (!w.r)
        return out_of_memory(ctx);
    *w.r = (vouch_rebatch){.single = graph, .count = count};
    w.r->fixed = VOUCH_NEW_ARRAY(arena, const vouch_tensor *, graph->value_count);
    w.r->together = VOUCH_NEW_ARRAY(arena, bool, graph->node_count);
    w.trial_ctx = vouch_context_new_child(ctx);
    w.scratch = w.trial_ctx ? vouch_arena_new(w.trial_ctx) : NULL;
    const bool complete = w.r->fixed && w.r->together && w.scratch;
    const vouch_status status = complete ? widen(&w) : out_of_memory(ctx);
    if (w.scratch)
        vouch_arena_free(w.scratch);
    vouch_context_free(w.trial_ctx);
    return status;
}
