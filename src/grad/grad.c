/* Reverse mode over a bound graph (grad.h).
 *
 * Method: the nodes that depend on the inputs become steps with their tensors looked up
 * beforehand; a forward pass calls each step's eval in order, a backward pass zeroes the
 * adjoints, seeds those of the outputs and calls each step's grad in reverse order. Adjoints
 * add up where a value is used several times (operators add to d_in, they never assign).
 * All samples of a batch go through a step before the next: in one call where the node allows it
 * (lower/rebatch.h), sample by sample on views of the same tensors where not.
 *
 * Invariant: value[v] is a tensor for every value that a step reads or writes; adjoint[v] only
 * for floating-point values that depend on the inputs.
 * Source: Griewank, Walther 2008, ch. 3.2 (reverse mode by vector-Jacobian products).
 */
#include "grad/grad.h"

#include <string.h>

#include "grad/surrogate.h"
#include "lower/rebatch.h"

struct vouch_grad_plan {
    vouch_grad_settings settings;
    vouch_rebatch *batch;
    int step_count, operand_count; /* operands: the most inputs or outputs of one node */
    int *step;                     /* [step_count] node indices */
    vouch_surrogate_fn **backward; /* [step_count] NULL: counts as constant */
    bool differentiable;
    int64_t inputs, outputs; /* numbers of one sample */
};

/* A node's tensors for all samples. */
typedef struct step {
    const vouch_tensor **in, **d_out;
    vouch_tensor **out, **d_in;
} step;

struct vouch_grad {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_grad_plan *plan;
    const vouch_tensor **value; /* [value_count] */
    vouch_tensor **adjoint;     /* [value_count] */
    step *steps;                /* [step_count] */
    step view;                  /* one sample of a step: pointers into views */
    vouch_tensor *views;        /* [4][operand_count] */
};

static bool is_real(vouch_dtype dtype) { return dtype == VOUCH_F32 || dtype == VOUCH_F64; }

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "gradient: out of memory");
}

/* ---- the plan ------------------------------------------------------------------------------ */

static bool node_depends(const vouch_grad_plan *p, const vouch_node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && !p->batch->fixed[node->input[i]])
            return true;
    return false;
}

static void add_step(vouch_grad_plan *p, int n)
{
    const vouch_node *node = &p->batch->single->node[n];
    vouch_surrogate_fn *made_up = p->settings.surrogate ? vouch_surrogate_find(node->op) : NULL;
    p->backward[p->step_count] = made_up ? made_up : node->op->grad;
    if (!p->backward[p->step_count])
        p->differentiable = false;
    p->step[p->step_count++] = n;
    if (node->input_count > p->operand_count)
        p->operand_count = node->input_count;
    if (node->output_count > p->operand_count)
        p->operand_count = node->output_count;
}

vouch_status vouch_grad_plan_new(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_graph *graph, const vouch_grad_settings *settings,
                                 vouch_grad_plan **plan)
{
    vouch_grad_plan *p = VOUCH_NEW(arena, vouch_grad_plan);
    *plan = NULL;
    if (!p)
        return out_of_memory(ctx);
    p->settings = *settings;
    p->differentiable = true;
    p->inputs = vouch_op_input_size(graph);
    p->outputs = vouch_op_output_size(graph);
    p->step = VOUCH_NEW_ARRAY(arena, int, graph->node_count);
    p->backward = VOUCH_NEW_ARRAY(arena, vouch_surrogate_fn *, graph->node_count);
    if (!p->step || !p->backward)
        return out_of_memory(ctx);
    VOUCH_TRY(
        vouch_rebatch_new(ctx, arena, graph, settings->dtype, settings->batch, &p->batch));
    for (int n = 0; n < graph->node_count; n++)
        if (node_depends(p, &graph->node[n]))
            add_step(p, n);
    *plan = p;
    return VOUCH_OK;
}

bool vouch_grad_differentiable(const vouch_grad_plan *plan) { return plan->differentiable; }

int64_t vouch_grad_size(const vouch_graph *graph)
{
    int64_t sum = 0;
    for (int v = 0; v < graph->value_count; v++)
        if (!graph->value[v].constant)
            sum += 2 * vouch_shape_count(&graph->value[v].shape);
    return sum;
}

/* ---- the tape ------------------------------------------------------------------------------ */

static vouch_status lay_out_value(vouch_grad *g, int v)
{
    const vouch_rebatch *b = g->plan->batch;
    const vouch_value *value = &b->wide->value[v];
    const bool real = is_real(value->dtype);
    if (b->fixed[v]) {
        g->value[v] = b->fixed[v];
        return VOUCH_OK;
    }
    g->value[v] = vouch_tensor_new(g->arena, real ? g->plan->settings.dtype : value->dtype,
                                   &value->shape);
    if (g->value[v] && real)
        g->adjoint[v] = vouch_tensor_new(g->arena, g->plan->settings.dtype, &value->shape);
    return g->value[v] && (!real || g->adjoint[v]) ? VOUCH_OK : out_of_memory(g->ctx);
}

/* Writing goes through the same tensor as reading. */
static vouch_tensor *writable(const vouch_tensor *t)
{
    union {
        const vouch_tensor *constant;
        vouch_tensor *variable;
    } u = {.constant = t};
    return u.variable;
}

static bool new_operands(vouch_arena *arena, int inputs, int outputs, step *s)
{
    s->in = VOUCH_NEW_ARRAY(arena, const vouch_tensor *, inputs);
    s->d_in = VOUCH_NEW_ARRAY(arena, vouch_tensor *, inputs);
    s->out = VOUCH_NEW_ARRAY(arena, vouch_tensor *, outputs);
    s->d_out = VOUCH_NEW_ARRAY(arena, const vouch_tensor *, outputs);
    return s->in && s->d_in && s->out && s->d_out;
}

static vouch_status lay_out_step(vouch_grad *g, const vouch_node *node, step *s)
{
    if (!new_operands(g->arena, node->input_count, node->output_count, s))
        return out_of_memory(g->ctx);
    for (int i = 0; i < node->input_count; i++) {
        s->in[i] = node->input[i] < 0 ? NULL : g->value[node->input[i]];
        s->d_in[i] = node->input[i] < 0 ? NULL : g->adjoint[node->input[i]];
    }
    for (int i = 0; i < node->output_count; i++) {
        s->out[i] = node->output[i] < 0 ? NULL : writable(g->value[node->output[i]]);
        s->d_out[i] = node->output[i] < 0 ? NULL : g->adjoint[node->output[i]];
    }
    return VOUCH_OK;
}

static vouch_status lay_out(vouch_grad *g)
{
    const vouch_grad_plan *p = g->plan;
    const vouch_graph *graph = p->batch->wide;
    for (int v = 0; v < graph->value_count; v++)
        if (graph->value[v].shape_known)
            VOUCH_TRY(lay_out_value(g, v));
    for (int i = 0; i < p->step_count; i++)
        VOUCH_TRY(lay_out_step(g, &graph->node[p->step[i]], &g->steps[i]));
    return VOUCH_OK;
}

vouch_status vouch_grad_new(vouch_context *ctx, vouch_arena *arena, const vouch_grad_plan *plan,
                            vouch_grad **grad)
{
    vouch_grad *g = VOUCH_NEW(arena, vouch_grad);
    const int values = plan->batch->wide->value_count, operands = plan->operand_count;

    *grad = NULL;
    if (!g)
        return out_of_memory(ctx);
    *g = (vouch_grad){.ctx = ctx, .arena = arena, .plan = plan};
    g->value = VOUCH_NEW_ARRAY(arena, const vouch_tensor *, values);
    g->adjoint = VOUCH_NEW_ARRAY(arena, vouch_tensor *, values);
    g->steps = VOUCH_NEW_ARRAY(arena, step, plan->step_count);
    g->views = VOUCH_NEW_ARRAY(arena, vouch_tensor, 4 * operands);
    if (!g->value || !g->adjoint || !g->steps || !g->views ||
        !new_operands(arena, operands, operands, &g->view))
        return out_of_memory(ctx);
    VOUCH_TRY(lay_out(g));
    *grad = g;
    return VOUCH_OK;
}

/* ---- passes -------------------------------------------------------------------------------- */

/* Sample s of a wide tensor; values that are the same for all samples are themselves. */
static vouch_tensor *sample(const vouch_grad *g, int v, const vouch_tensor *wide, int64_t s,
                            vouch_tensor *view)
{
    const vouch_rebatch *b = g->plan->batch;
    if (v < 0 || !wide || b->fixed[v])
        return writable(wide);
    view->dtype = wide->dtype;
    view->shape = b->single->value[v].shape;
    view->count = wide->count / b->count;
    view->data = (char *)wide->data + (size_t)(s * view->count) * vouch_dtype_size(wide->dtype);
    return view;
}

static const step *view_sample(vouch_grad *g, const vouch_node *node, const step *all,
                               int64_t s)
{
    vouch_tensor *view = g->views;
    for (int i = 0; i < node->input_count; i++) {
        g->view.in[i] = sample(g, node->input[i], all->in[i], s, view++);
        g->view.d_in[i] = sample(g, node->input[i], all->d_in[i], s, view++);
    }
    for (int i = 0; i < node->output_count; i++) {
        g->view.out[i] = sample(g, node->output[i], all->out[i], s, view++);
        g->view.d_out[i] = sample(g, node->output[i], all->d_out[i], s, view++);
    }
    return &g->view;
}

static vouch_status call_step(vouch_grad *g, int i, bool together, const step *s, bool backward)
{
    const vouch_rebatch *b = g->plan->batch;
    const vouch_graph *graph = together ? b->wide : b->single;
    const vouch_node *node = &graph->node[g->plan->step[i]];
    const vouch_op_call call = {.ctx = g->ctx,
                                .scratch = g->arena,
                                .graph = graph,
                                .node = node,
                                .in = s->in,
                                .out = s->out};
    vouch_arena_mark mark = vouch_arena_get_mark(g->arena);
    const vouch_status status =
        backward ? g->plan->backward[i](&call, s->d_out, s->d_in) : node->op->eval(&call);
    vouch_arena_reset(g->arena, mark);
    return status;
}

static vouch_status run_step(vouch_grad *g, int i, bool backward)
{
    const vouch_rebatch *b = g->plan->batch;
    const int n = g->plan->step[i];
    if (backward && !g->plan->backward[i])
        return VOUCH_OK;
    if (b->together[n])
        return call_step(g, i, true, &g->steps[i], backward);
    for (int64_t s = 0; s < b->count; s++) {
        const step *one = view_sample(g, &b->single->node[n], &g->steps[i], s);
        VOUCH_TRY(call_step(g, i, false, one, backward));
    }
    return VOUCH_OK;
}

/* Sample s of tensor t gets numbers, or gives them. */
static void put(const vouch_tensor *t, int64_t s, int64_t count, const double *from)
{
    for (int64_t j = 0; t->dtype == VOUCH_F32 && j < count; j++)
        t->f32[s * count + j] = (float)from[j];
    for (int64_t j = 0; t->dtype == VOUCH_F64 && j < count; j++)
        t->f64[s * count + j] = from[j];
}

static void get(const vouch_tensor *t, int64_t s, int64_t count, double *to)
{
    for (int64_t j = 0; j < count; j++)
        to[j] = vouch_tensor_get(t, s * count + j);
}

static int64_t size_of(const vouch_grad *g, int v)
{
    return vouch_shape_count(&g->plan->batch->single->value[v].shape);
}

static void set_inputs(vouch_grad *g, const double *point)
{
    const vouch_rebatch *b = g->plan->batch;
    for (int64_t s = 0; s < b->count; s++)
        for (int i = 0; i < b->single->input_count; i++) {
            const int v = b->single->input[i];
            put(g->value[v], s, size_of(g, v), point);
            point += size_of(g, v);
        }
}

static void get_outputs(const vouch_grad *g, double *output)
{
    const vouch_rebatch *b = g->plan->batch;
    for (int64_t s = 0; s < b->count; s++)
        for (int i = 0; i < b->single->output_count; i++) {
            const int v = b->single->output[i];
            get(g->value[v], b->fixed[v] ? 0 : s, size_of(g, v), output);
            output += size_of(g, v);
        }
}

vouch_status vouch_grad_forward(vouch_grad *grad, const double *point, double *output)
{
    set_inputs(grad, point);
    for (int i = 0; i < grad->plan->step_count; i++)
        VOUCH_TRY(run_step(grad, i, false));
    get_outputs(grad, output);
    return VOUCH_OK;
}

/* Adds d_output to the adjoints of sample s's outputs (one value may be several outputs). */
static void seed_sample(vouch_grad *g, int64_t s, const double *d_output)
{
    const vouch_graph *graph = g->plan->batch->single;
    for (int i = 0; i < graph->output_count; i++) {
        const int v = graph->output[i];
        const vouch_tensor *d = g->adjoint[v];
        const int64_t count = size_of(g, v), at = s * count;
        for (int64_t j = 0; d && d->dtype == VOUCH_F32 && j < count; j++)
            d->f32[at + j] += (float)d_output[j];
        for (int64_t j = 0; d && d->dtype == VOUCH_F64 && j < count; j++)
            d->f64[at + j] += d_output[j];
        d_output += count;
    }
}

static void seed_adjoints(vouch_grad *g, const double *d_output)
{
    const vouch_grad_plan *p = g->plan;
    for (int v = 0; v < p->batch->wide->value_count; v++)
        if (g->adjoint[v])
            memset(g->adjoint[v]->data, 0,
                   (size_t)g->adjoint[v]->count * vouch_dtype_size(g->adjoint[v]->dtype));
    for (int64_t s = 0; s < p->batch->count; s++)
        seed_sample(g, s, d_output + s * p->outputs);
}

static void get_input_adjoints(const vouch_grad *g, double *d_input)
{
    const vouch_rebatch *b = g->plan->batch;
    for (int64_t s = 0; s < b->count; s++)
        for (int i = 0; i < b->single->input_count; i++) {
            const int v = b->single->input[i];
            get(g->adjoint[v], s, size_of(g, v), d_input);
            d_input += size_of(g, v);
        }
}

vouch_status vouch_grad_backward(vouch_grad *grad, const double *d_output, double *d_input)
{
    const vouch_grad_plan *p = grad->plan;
    if (!p->differentiable && !p->settings.surrogate)
        return vouch_fail(grad->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: the network has an operator without a gradient",
                          p->batch->single->source);
    seed_adjoints(grad, d_output);
    for (int i = p->step_count - 1; i >= 0; i--)
        VOUCH_TRY(run_step(grad, i, true));
    get_input_adjoints(grad, d_input);
    return VOUCH_OK;
}

vouch_status vouch_grad_run(vouch_grad *grad, const double *point, const double *d_output,
                            double *d_input, double *output)
{
    VOUCH_TRY(vouch_grad_forward(grad, point, output));
    return vouch_grad_backward(grad, d_output, d_input);
}
