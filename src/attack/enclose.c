/* Enclosing the outputs at one point, over the reals.
 *
 * Every node by its operator's own sound range, in order. That is tighter at a point than the
 * interval domain, which treats affine nodes in midpoint-radius form for the sake of boxes: data
 * that is only moved stays exact here, so that a computed index or a comparison is decided.
 *
 * Exact sums. A binarised network adds signs, and then takes the sign of sums that are 0 as
 * often as not: an error bound however small would leave nothing decided. But there is no error.
 * If every x of an affine node is a multiple of 2^a, every stored coefficient one of 2^b, and the
 * sum of magnitudes less than 2^(53 + a + b), then all products and partial sums, in whatever
 * order, are doubles, and what is computed is the exact result (THM: a multiple
 * of 2^e below 2^(53 + e) in magnitude is a double).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "attack/attack_priv.h"

typedef struct enclosure {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    bool *varying;
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

/* ---- exact sums ---------------------------------------------------------------------------- */

enum { ANY_GRID = 1 << 20 };

/* The greatest e for which x is a multiple of 2^e; ANY_GRID for 0. */
static int grid_of(double x)
{
    int exponent;
    if (x == 0 || !isfinite(x))
        return x == 0 ? ANY_GRID : -ANY_GRID;
    const int64_t mantissa = (int64_t)ldexp(frexp(x, &exponent), DBL_MANT_DIG);
    return exponent - DBL_MANT_DIG + __builtin_ctzll((unsigned long long)mantissa);
}

static int grid_of_all(const vouch_tensor *t)
{
    int least = ANY_GRID;
    for (int64_t i = 0; i < t->count && least > -ANY_GRID; i++) {
        const int e = grid_of(vouch_tensor_get(t, i));
        least = e < least ? e : least;
    }
    return least;
}

static bool is_point(const vouch_tensor *low, const vouch_tensor *high)
{
    return memcmp(low->f64, high->f64, (size_t)low->count * sizeof(double)) == 0;
}

/* A node whose coefficients are stored numbers, at a point: the grids of its coefficients and
 * of its inputs. */
static bool on_grids(const enclosure *e, const vouch_node *node, int *coefficients, int *inputs)
{
    const vouch_op *op = node->op;
    if (!op->linear || !op->exact || node->output_count != 1 ||
        vouch_op_node_class(e->graph, node, e->varying) != VOUCH_OP_AFFINE ||
        !op->exact(e->graph, node))
        return false;
    *coefficients = 0;
    *inputs = ANY_GRID;
    for (int i = 0; i < node->input_count; i++) {
        const int v = node->input[i];
        if (v < 0)
            continue;
        if (e->varying[v] && !is_point(e->low[v], e->high[v]))
            return false;
        const int grid = grid_of_all(e->varying[v] ? e->low[v] : e->graph->value[v].constant);
        int *of = e->varying[v] ? inputs : coefficients;
        *of = grid < *of ? grid : *of;
    }
    return *coefficients > -ANY_GRID && *inputs > -ANY_GRID;
}

/* sum += A x, or |A| |x|, over the varying inputs; + b, or |b|. */
static vouch_status add_up(enclosure *e, const vouch_node *node, bool absolute, double *sum)
{
    const int64_t count = e->low[node->output[0]]->count;
    double *part = VOUCH_NEW_ARRAY(e->scratch, double, count);
    vouch_linear_call call = {.ctx = e->ctx,
                              .scratch = e->scratch,
                              .graph = e->graph,
                              .node = node,
                              .batch = 1,
                              .out = sum};
    bool first = true;
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] < 0 || !e->varying[node->input[i]])
            continue;
        const vouch_tensor *x = e->low[node->input[i]];
        double *size = VOUCH_NEW_ARRAY(e->scratch, double, x->count);
        if (!part || !size)
            return out_of_memory(e->ctx);
        for (int64_t j = 0; j < x->count; j++)
            size[j] = absolute ? fabs(x->f64[j]) : x->f64[j];
        call.which = i;
        call.mode = absolute ? VOUCH_LINEAR_ABS_OFFSET : VOUCH_LINEAR_OFFSET;
        call.out = sum;
        if (first)
            VOUCH_TRY(node->op->linear(&call));
        first = false;
        call.mode = absolute ? VOUCH_LINEAR_ABS : VOUCH_LINEAR_PLAIN;
        call.in = size;
        call.out = part;
        VOUCH_TRY(node->op->linear(&call));
        for (int64_t j = 0; j < count; j++)
            sum[j] += part[j];
    }
    return VOUCH_OK;
}

/* Sets the node's output to its exact value where nothing rounds; *done says whether. */
static vouch_status try_exact(enclosure *e, const vouch_node *node, bool *done)
{
    int coefficients, inputs;
    *done = on_grids(e, node, &coefficients, &inputs);
    if (!*done)
        return VOUCH_OK;
    vouch_tensor *low = e->low[node->output[0]], *high = e->high[node->output[0]];
    const int product = inputs == ANY_GRID ? coefficients : coefficients + inputs;
    const int grid = product < coefficients ? product : coefficients;
    *done = grid >= DBL_MIN_EXP - DBL_MANT_DIG; /* what is finer has no doubles */
    if (!*done)
        return VOUCH_OK;
    VOUCH_TRY(add_up(e, node, true, low->f64));
    for (int64_t i = 0; i < low->count && *done; i++) /* half the room: the sum was rounded */
        *done = low->f64[i] < ldexp(1, DBL_MANT_DIG - 1 + grid);
    if (!*done)
        return VOUCH_OK;
    VOUCH_TRY(add_up(e, node, false, low->f64));
    memcpy(high->f64, low->f64, (size_t)low->count * sizeof(double));
    return VOUCH_OK;
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* Fills the two sides of the node's inputs; a constant is converted once. */
static vouch_status take_inputs(const enclosure *e, const vouch_node *node,
                                const vouch_tensor **low, const vouch_tensor **high)
{
    for (int i = 0; i < node->input_count; i++) {
        const int v = node->input[i];
        low[i] = side(e, e->low, v);
        high[i] = v < 0 || e->graph->value[v].constant ? low[i] : side(e, e->high, v);
        if (v >= 0 && (!low[i] || !high[i]))
            return out_of_memory(e->ctx);
    }
    return VOUCH_OK;
}

/* The node's outputs, whose tensors are there, from its inputs. */
static vouch_status enclose_outputs(enclosure *e, const vouch_node *node,
                                    vouch_tensor **low_out, vouch_tensor **high_out)
{
    const vouch_tensor **low =
        VOUCH_NEW_ARRAY(e->scratch, const vouch_tensor *, node->input_count);
    const vouch_tensor **high =
        VOUCH_NEW_ARRAY(e->scratch, const vouch_tensor *, node->input_count);
    bool done;
    if (!low || !high)
        return out_of_memory(e->ctx);
    VOUCH_TRY(try_exact(e, node, &done));
    if (done)
        return VOUCH_OK;
    VOUCH_TRY(take_inputs(e, node, low, high));
    const vouch_op_call call = {.ctx = e->ctx,
                                .scratch = e->scratch,
                                .graph = e->graph,
                                .node = node,
                                .in = low,
                                .out = low_out};
    return vouch_op_range(&call, low, high, low_out, high_out);
}

static vouch_status enclose_node(enclosure *e, const vouch_node *node)
{
    vouch_tensor **low = VOUCH_NEW_ARRAY(e->scratch, vouch_tensor *, node->output_count);
    vouch_tensor **high = VOUCH_NEW_ARRAY(e->scratch, vouch_tensor *, node->output_count);
    if (!low || !high)
        return out_of_memory(e->ctx);
    for (int i = 0; i < node->output_count; i++) {
        const int v = node->output[i];
        if (v >= 0 && !new_value(e, v))
            return out_of_memory(e->ctx);
        low[i] = v < 0 ? NULL : e->low[v];
        high[i] = v < 0 ? NULL : e->high[v];
    }
    /* large weights as doubles last no longer than the node */
    const vouch_arena_mark mark = vouch_arena_get_mark(e->scratch);
    const vouch_status status = enclose_outputs(e, node, low, high);
    vouch_arena_reset(e->scratch, mark);
    return status;
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
    e.varying = VOUCH_NEW_ARRAY(scratch, bool, graph->value_count);
    status = e.low && e.high && e.varying ? set_inputs(&e, x_low, x_high) : out_of_memory(ctx);
    if (!status)
        vouch_op_varying(graph, e.varying);
    for (int n = 0; n < graph->node_count && !status; n++)
        status = vouch_context_stopped(ctx) ? vouch_fail_stopped(ctx)
                                            : enclose_node(&e, &graph->node[n]);
    if (!status)
        status = get_outputs(&e, y_low, y_high);
    vouch_arena_reset(scratch, mark);
    return status;
}
