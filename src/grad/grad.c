/* Reverse mode over a bound graph, float64.
 *
 * Problem: searches need f and J^T d at thousands of points of one network.
 * Method: the nodes that depend on the inputs become steps with their tensors looked up
 * beforehand; a forward pass calls each step's eval in order, a backward pass zeroes the
 * adjoints, seeds those of the outputs and calls each step's grad in reverse order. Adjoints
 * add up where a value is used several times (operators add to d_in, they never assign).
 *
 * Invariant: value[v] is a tensor for every constant and every value that depends on the
 * inputs; d_value[v] only for floating-point values of the second kind.
 * Source: Griewank, Walther 2008, ch. 3.2 (reverse mode by vector-Jacobian products).
 */
#include "grad/grad.h"

#include <string.h>

typedef struct step {
    const vouch_node *node;
    const vouch_tensor **in;
    vouch_tensor **out;
    const vouch_tensor **d_out;
    vouch_tensor **d_in;
} step;

struct vouch_grad {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    bool *varying;
    bool differentiable;
    vouch_tensor **value, **d_value; /* [value_count] */
    int step_count;
    step *step;
};

static bool is_real(vouch_dtype dtype) { return dtype == VOUCH_F32 || dtype == VOUCH_F64; }

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "gradient: out of memory");
}

/* The tensor of one value: a float64 copy of a constant, an empty tensor for a computed one. */
static vouch_status lay_out_value(vouch_grad *g, int index)
{
    const vouch_value *v = &g->graph->value[index];
    vouch_dtype dtype = is_real(v->dtype) ? VOUCH_F64 : v->dtype;

    if (v->constant)
        g->value[index] = vouch_tensor_convert(g->arena, v->constant, dtype);
    else
        g->value[index] = vouch_tensor_new(g->arena, dtype, &v->shape);
    if (!g->value[index])
        return out_of_memory(g->ctx);
    if (g->varying[index] && dtype == VOUCH_F64)
        g->d_value[index] = vouch_tensor_new(g->arena, VOUCH_F64, &v->shape);
    return g->varying[index] && dtype == VOUCH_F64 && !g->d_value[index] ? out_of_memory(g->ctx)
                                                                         : VOUCH_OK;
}

/* Looks up (and lays out where new) the tensor of value `index`; NULL for -1. */
static vouch_status tensor_of(vouch_grad *g, int index, vouch_tensor **tensor)
{
    *tensor = NULL;
    if (index < 0)
        return VOUCH_OK;
    if (!g->value[index])
        VOUCH_TRY(lay_out_value(g, index));
    *tensor = g->value[index];
    return VOUCH_OK;
}

static vouch_status lay_out_step(vouch_grad *g, const vouch_node *node, step *s)
{
    s->node = node;
    s->in = VOUCH_NEW_ARRAY(g->arena, const vouch_tensor *, node->input_count);
    s->d_in = VOUCH_NEW_ARRAY(g->arena, vouch_tensor *, node->input_count);
    s->out = VOUCH_NEW_ARRAY(g->arena, vouch_tensor *, node->output_count);
    s->d_out = VOUCH_NEW_ARRAY(g->arena, const vouch_tensor *, node->output_count);
    if (!s->in || !s->d_in || !s->out || !s->d_out)
        return out_of_memory(g->ctx);
    for (int i = 0; i < node->input_count; i++) {
        vouch_tensor *t = NULL;
        VOUCH_TRY(tensor_of(g, node->input[i], &t));
        s->in[i] = t;
        s->d_in[i] = node->input[i] < 0 ? NULL : g->d_value[node->input[i]];
    }
    for (int i = 0; i < node->output_count; i++) {
        VOUCH_TRY(tensor_of(g, node->output[i], &s->out[i]));
        s->d_out[i] = node->output[i] < 0 ? NULL : g->d_value[node->output[i]];
    }
    if (!node->op->grad)
        g->differentiable = false;
    return VOUCH_OK;
}

/* A node matters if one of its outputs depends on the inputs. */
static bool node_varies(const vouch_grad *g, const vouch_node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->output[i] >= 0 && g->varying[node->output[i]])
            return true;
    return false;
}

static vouch_status lay_out(vouch_grad *g)
{
    const vouch_graph *graph = g->graph;
    vouch_tensor *unused;

    for (int i = 0; i < graph->input_count; i++)
        VOUCH_TRY(tensor_of(g, graph->input[i], &unused));
    for (int i = 0; i < graph->node_count; i++)
        if (node_varies(g, &graph->node[i]))
            VOUCH_TRY(lay_out_step(g, &graph->node[i], &g->step[g->step_count++]));
    for (int i = 0; i < graph->output_count; i++)
        VOUCH_TRY(tensor_of(g, graph->output[i], &unused));
    return VOUCH_OK;
}

vouch_status vouch_grad_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_grad **grad)
{
    vouch_grad *g = VOUCH_NEW(arena, vouch_grad);

    *grad = NULL;
    if (!g)
        return out_of_memory(ctx);
    *g = (vouch_grad){.ctx = ctx, .arena = arena, .graph = graph, .differentiable = true};
    g->varying = VOUCH_NEW_ARRAY(arena, bool, graph->value_count);
    g->value = VOUCH_NEW_ARRAY(arena, vouch_tensor *, graph->value_count);
    g->d_value = VOUCH_NEW_ARRAY(arena, vouch_tensor *, graph->value_count);
    g->step = VOUCH_NEW_ARRAY(arena, step, graph->node_count);
    if (!g->varying || !g->value || !g->d_value || !g->step)
        return out_of_memory(ctx);
    vouch_op_varying(graph, g->varying);
    VOUCH_TRY(lay_out(g));
    *grad = g;
    return VOUCH_OK;
}

bool vouch_grad_differentiable(const vouch_grad *grad) { return grad->differentiable; }

static vouch_op_call call_of(const vouch_grad *g, const step *s)
{
    return (vouch_op_call){.ctx = g->ctx,
                           .scratch = g->arena,
                           .graph = g->graph,
                           .node = s->node,
                           .in = s->in,
                           .out = s->out};
}

/* Copies flat doubles into the tensors of the graph's inputs. */
static void set_inputs(vouch_grad *g, const double *point)
{
    for (int i = 0; i < g->graph->input_count; i++) {
        vouch_tensor *t = g->value[g->graph->input[i]];
        for (int64_t j = 0; j < t->count; j++)
            vouch_tensor_set(t, j, *point++);
    }
}

vouch_status vouch_grad_forward(vouch_grad *grad, const double *point, double *output)
{
    vouch_status status = VOUCH_OK;

    set_inputs(grad, point);
    for (int i = 0; i < grad->step_count && !status; i++) {
        vouch_arena_mark mark = vouch_arena_get_mark(grad->arena);
        vouch_op_call call = call_of(grad, &grad->step[i]);
        status = grad->step[i].node->op->eval(&call);
        vouch_arena_reset(grad->arena, mark);
    }
    for (int i = 0; i < grad->graph->output_count && !status; i++) {
        const vouch_tensor *t = grad->value[grad->graph->output[i]];
        for (int64_t j = 0; j < t->count; j++)
            *output++ = vouch_tensor_get(t, j);
    }
    return status;
}

/* All adjoints zero, but those of the outputs, which get d_output. */
static void seed_adjoints(vouch_grad *g, const double *d_output)
{
    for (int v = 0; v < g->graph->value_count; v++)
        if (g->d_value[v])
            memset(g->d_value[v]->data, 0, (size_t)g->d_value[v]->count * sizeof(double));
    for (int i = 0; i < g->graph->output_count; i++) {
        int v = g->graph->output[i];
        int64_t count = g->value[v]->count;
        for (int64_t j = 0; j < count && g->d_value[v]; j++)
            g->d_value[v]->f64[j] += d_output[j];
        d_output += count;
    }
}

static void get_input_adjoints(const vouch_grad *g, double *d_input)
{
    for (int i = 0; i < g->graph->input_count; i++) {
        int v = g->graph->input[i];
        for (int64_t j = 0; j < g->value[v]->count; j++)
            *d_input++ = g->d_value[v] ? g->d_value[v]->f64[j] : 0;
    }
}

vouch_status vouch_grad_backward(vouch_grad *grad, const double *d_output, double *d_input)
{
    vouch_status status = VOUCH_OK;

    if (!grad->differentiable)
        return vouch_fail(grad->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: the network has an operator without a gradient",
                          grad->graph->source);
    seed_adjoints(grad, d_output);
    for (int i = grad->step_count - 1; i >= 0 && !status; i--) {
        const step *s = &grad->step[i];
        vouch_arena_mark mark = vouch_arena_get_mark(grad->arena);
        vouch_op_call call = call_of(grad, s);
        status = s->node->op->grad(&call, s->d_out, s->d_in);
        vouch_arena_reset(grad->arena, mark);
    }
    if (!status)
        get_input_adjoints(grad, d_input);
    return status;
}

vouch_status vouch_grad_run(vouch_grad *grad, const double *point, const double *d_output,
                            double *d_input, double *output)
{
    VOUCH_TRY(vouch_grad_forward(grad, point, output));
    return vouch_grad_backward(grad, d_output, d_input);
}
