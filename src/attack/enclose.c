/* Enclosing the outputs at one point, over the reals.
 *
 * Every node by its operator's own sound range, in order. That is tighter at a point than the
 * interval domain, which treats affine nodes in midpoint-radius form for the sake of boxes: data
 * that is only moved stays exact here, so that a computed index or a comparison is decided.
 */
#include <string.h>

#include "attack/attack_priv.h"

typedef struct enclosure {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    vouch_tensor **low, **high; /* [value_count] float64; NULL for constants */
} enclosure;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "witness: out of memory");
}

static bool new_value(enclosure *e, int v)
{
    const vouch_shape *shape = &e->graph->value[v].shape;
    e->low[v] = vouch_tensor_new(e->scratch, VOUCH_F64, shape);
    e->high[v] = vouch_tensor_new(e->scratch, VOUCH_F64, shape);
    return e->low[v] && e->high[v];
}

/* The value's tensor on one side; ranges read float64 alone, so constants are converted. NULL
 * where v is left out, or out of memory. */
static const vouch_tensor *side(const enclosure *e, vouch_tensor *const *of, int v)
{
    const vouch_tensor *constant = v < 0 ? NULL : e->graph->value[v].constant;
    if (v < 0 || !constant)
        return v < 0 ? NULL : of[v];
    return constant->dtype == VOUCH_F64 ? constant
                                        : vouch_tensor_convert(e->scratch, constant, VOUCH_F64);
}

static vouch_status enclose_node(enclosure *e, const vouch_node *node)
{
    enum { LOW, HIGH };
    const vouch_tensor **in[2];
    vouch_tensor **out[2];
    for (int s = LOW; s <= HIGH; s++) {
        in[s] = VOUCH_NEW_ARRAY(e->scratch, const vouch_tensor *, node->input_count);
        out[s] = VOUCH_NEW_ARRAY(e->scratch, vouch_tensor *, node->output_count);
        if (!in[s] || !out[s])
            return out_of_memory(e->ctx);
        for (int i = 0; i < node->input_count; i++) {
            in[s][i] = side(e, s == LOW ? e->low : e->high, node->input[i]);
            if (node->input[i] >= 0 && !in[s][i])
                return out_of_memory(e->ctx);
        }
    }
    for (int i = 0; i < node->output_count; i++) {
        const int v = node->output[i];
        if (v >= 0 && !new_value(e, v))
            return out_of_memory(e->ctx);
        out[LOW][i] = v < 0 ? NULL : e->low[v];
        out[HIGH][i] = v < 0 ? NULL : e->high[v];
    }
    const vouch_op_call call = {.ctx = e->ctx,
                                .scratch = e->scratch,
                                .graph = e->graph,
                                .node = node,
                                .in = in[LOW],
                                .out = out[LOW]};
    return vouch_op_range(&call, in[LOW], in[HIGH], out[LOW], out[HIGH]);
}

static vouch_status set_inputs(enclosure *e, const double *low, const double *high)
{
    for (int i = 0; i < e->graph->input_count; i++) {
        const int v = e->graph->input[i];
        if (!new_value(e, v))
            return out_of_memory(e->ctx);
        const size_t bytes = (size_t)e->low[v]->count * sizeof(double);
        memcpy(e->low[v]->f64, low, bytes);
        memcpy(e->high[v]->f64, high, bytes);
        low += e->low[v]->count;
        high += e->low[v]->count;
    }
    return VOUCH_OK;
}

static vouch_status get_outputs(const enclosure *e, double *low, double *high)
{
    for (int i = 0; i < e->graph->output_count; i++) {
        const vouch_tensor *l = side(e, e->low, e->graph->output[i]);
        const vouch_tensor *h = side(e, e->high, e->graph->output[i]);
        if (!l || !h)
            return out_of_memory(e->ctx);
        memcpy(low, l->f64, (size_t)l->count * sizeof *low);
        memcpy(high, h->f64, (size_t)h->count * sizeof *high);
        low += l->count;
        high += h->count;
    }
    return VOUCH_OK;
}

vouch_status vouch_enclose_outputs(vouch_context *ctx, vouch_arena *scratch,
                                   const vouch_graph *graph, const double *x_low,
                                   const double *x_high, double *y_low, double *y_high)
{
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    enclosure e = {.ctx = ctx, .scratch = scratch, .graph = graph};
    vouch_status status = VOUCH_OK;

    e.low = VOUCH_NEW_ARRAY(scratch, vouch_tensor *, graph->value_count);
    e.high = VOUCH_NEW_ARRAY(scratch, vouch_tensor *, graph->value_count);
    status = e.low && e.high ? set_inputs(&e, x_low, x_high) : out_of_memory(ctx);
    for (int n = 0; n < graph->node_count && !status; n++)
        status = vouch_context_stopped(ctx) ? vouch_fail_stopped(ctx)
                                            : enclose_node(&e, &graph->node[n]);
    if (!status)
        status = get_outputs(&e, y_low, y_high);
    vouch_arena_reset(scratch, mark);
    return status;
}
