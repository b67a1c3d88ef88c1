/* From a graph to its piecewise-linear form (pwl.h).
 *
 * Walks the nodes in order and keeps, for every varying value, its scalars as affine forms in
 * the variables v so far: one column of the form's matrix per variable, so that an affine
 * operator applies to all columns in one batched call. Rounding: if column m_v of a value is
 * off by nothing and A is applied, the result is off by gamma_T |A| |m_v|; summed over the
 * variables with their magnitudes this is gamma_T |A| size, with size_i = sum_v |m_v[i]|
 * magnitude_v. What was off before (err) becomes |A| err.
 */
#include "lower/pwl.h"

#include <math.h>
#include <string.h>

#include "num/round.h"

enum { MAX_PIECES = 5 };

/* A value's scalars as affine forms: column v is m[v*count .. v*count+count-1]. */
typedef struct form {
    int64_t count;
    int columns;
    double *m;
    double *err; /* [count] */
} form;

typedef struct lowering {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    const bool *varying;
    const double *low, *high;
    form *value; /* [value_count] */
    vouch_pwl *out;
    double *var_low, *var_high; /* [variables] */
    int neurons;
} lowering;

/* ---- may it be lowered? ------------------------------------------------------------------ */

static int piece_count(const vouch_graph *graph, const vouch_node *node)
{
    double breakpoint[4];
    vouch_line piece[MAX_PIECES];
    if (!node->op->pieces)
        return -1;
    return node->op->pieces(graph, node, breakpoint, piece);
}

/* Neurons node needs: 0 for an affine one, -1 if it has no place in the form. */
static int64_t neurons_of(const lowering *lo, const vouch_node *node)
{
    vouch_op_class c = vouch_op_node_class(lo->graph, node, lo->varying);
    if (c == VOUCH_OP_AFFINE)
        return 0;
    if (c != VOUCH_OP_POINTWISE)
        return -1;
    int pieces = piece_count(lo->graph, node);
    int64_t count = vouch_shape_count(&lo->graph->value[node->output[0]].shape);
    return pieces < 0 ? -1 : pieces * count;
}

/* Only what depends on the inputs is lowered; the rest was folded or is dead. */
static bool is_lowered(const lowering *lo, const vouch_node *node)
{
    return lo->varying[node->output[0]];
}

/* Makes lo->out of the size the graph needs; leaves it NULL where the graph has no form. */
static vouch_status size_form(lowering *lo, const vouch_pwl_limits *limits)
{
    const vouch_graph *g = lo->graph;
    int64_t neurons = 0, widest = 0, inputs = vouch_op_input_size(g);
    int64_t outputs = vouch_op_output_size(g);
    int layers = 0;
    for (int n = 0; n < g->node_count; n++) {
        if (!is_lowered(lo, &g->node[n]))
            continue;
        int64_t more = neurons_of(lo, &g->node[n]);
        int64_t count = vouch_shape_count(&g->value[g->node[n].output[0]].shape);
        widest = count > widest ? count : widest;
        if (more < 0 || (neurons += more) > limits->neurons)
            return VOUCH_OK;
        layers += more > 0;
    }
    if ((widest + outputs) * (inputs + 1 + neurons) > limits->row_scalars)
        return VOUCH_OK;
    lo->out = vouch_pwl_new(lo->ctx, (int)inputs, (int)neurons, (int)outputs, layers);
    return lo->out ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* ---- forms ------------------------------------------------------------------------------- */

static vouch_status new_form(lowering *lo, int value, form *f)
{
    f->count = vouch_shape_count(&lo->graph->value[value].shape);
    f->columns = lo->out->input_count + 1 + lo->neurons;
    f->m = VOUCH_NEW_ARRAY(lo->scratch, double, f->columns * f->count);
    f->err = VOUCH_NEW_ARRAY(lo->scratch, double, f->count);
    return f->m && f->err ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* size_i = sum_v |m_v[i]| magnitude_v, rounded up. */
static void form_size(const lowering *lo, const form *f, double *size)
{
    memset(size, 0, (size_t)f->count * sizeof *size);
    for (int v = 0; v < f->columns; v++)
        for (int64_t i = 0; i < f->count; i++)
            size[i] += fabs(f->m[v * f->count + i]) * lo->out->magnitude[v];
    double grow = 1 + vouch_gamma64(2 * (int64_t)f->columns + 4);
    for (int64_t i = 0; i < f->count; i++)
        size[i] = vouch_up(size[i] * grow + f->columns * DBL_MIN);
}

/* What underflow may cost a form whose coefficients each took `terms` operations: eta for every
 * operation, times the variable the coefficient belongs to. */
static double underflow(const lowering *lo, int columns, int64_t terms)
{
    double sum = 2;
    for (int v = 0; v < columns; v++)
        sum += lo->out->magnitude[v];
    return 4 * (double)terms * DBL_MIN * sum;
}

static vouch_status lower_inputs(lowering *lo)
{
    int at = 0;
    for (int i = 0; i < lo->graph->input_count; i++) {
        form *f = &lo->value[lo->graph->input[i]];
        VOUCH_TRY(new_form(lo, lo->graph->input[i], f));
        for (int64_t s = 0; s < f->count; s++, at++) {
            f->m[at * f->count + s] = 1;
            lo->var_low[at] = lo->low[at];
            lo->var_high[at] = lo->high[at];
            lo->out->magnitude[at] = fmax(fabs(lo->low[at]), fabs(lo->high[at]));
        }
    }
    lo->var_low[at] = lo->var_high[at] = lo->out->magnitude[at] = 1;
    return VOUCH_OK;
}

/* ---- affine nodes ------------------------------------------------------------------------ */

static vouch_status apply(lowering *lo, const vouch_node *node, int which,
                          vouch_linear_mode mode, int64_t batch, const double *in, double *out)
{
    vouch_linear_call call = {.ctx = lo->ctx,
                              .scratch = lo->scratch,
                              .graph = lo->graph,
                              .node = node,
                              .which = which,
                              .mode = mode,
                              .batch = batch,
                              .in = in,
                              .out = out};
    return node->op->linear(&call);
}

/* Adds A f to *to, and |A| (err, size) to bound[0..count-1], bound[count..2count-1]. */
static vouch_status add_product(lowering *lo, const vouch_node *node, int which, form *to,
                                double *bound)
{
    const form *f = &lo->value[node->input[which]];
    double *part = VOUCH_NEW_ARRAY(lo->scratch, double, f->columns * to->count);
    double *pair = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * f->count);
    double *spread = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!part || !pair || !spread)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_PLAIN, f->columns, f->m, part));
    for (int64_t i = 0; i < f->columns * to->count; i++)
        to->m[i] += part[i];
    memcpy(pair, f->err, (size_t)f->count * sizeof *pair);
    form_size(lo, f, pair + f->count);
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_ABS, 2, pair, spread));
    for (int64_t i = 0; i < 2 * to->count; i++)
        bound[i] += spread[i];
    return VOUCH_OK;
}

static vouch_status add_offset(lowering *lo, const vouch_node *node, int which, form *to,
                               double *size)
{
    double *offset = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!offset)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_OFFSET, 1, NULL, offset));
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_ABS_OFFSET, 1, NULL, offset + to->count));
    for (int64_t i = 0; i < to->count; i++) {
        to->m[lo->out->input_count * to->count + i] += offset[i];
        size[i] += offset[to->count + i];
    }
    return VOUCH_OK;
}

static vouch_status lower_affine(lowering *lo, const vouch_node *node)
{
    form *to = &lo->value[node->output[0]];
    VOUCH_TRY(new_form(lo, node->output[0], to));
    double *bound = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!bound)
        return VOUCH_ERR_MEMORY;
    int first = -1, summed = 0;
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] < 0 || !lo->varying[node->input[i]])
            continue;
        first = first < 0 ? i : first;
        summed++;
        VOUCH_TRY(add_product(lo, node, i, to, bound));
    }
    VOUCH_TRY(add_offset(lo, node, first, to, bound + to->count));
    int64_t terms = node->op->terms(lo->graph, node) + summed + 4;
    double gamma = vouch_gamma64(2 * terms), grow = 1 + vouch_gamma64(4 * terms);
    double lost = underflow(lo, to->columns, terms);
    for (int64_t i = 0; i < to->count; i++)
        to->err[i] = vouch_up((bound[i] + gamma * bound[to->count + i]) * grow + lost);
    return VOUCH_OK;
}

/* ---- curves ------------------------------------------------------------------------------ */

/* Appends the neuron  max(0, f_i - at)  and returns its variable. */
static int add_neuron(lowering *lo, const form *f, int64_t i, double at)
{
    vouch_pwl *out = lo->out;
    int k = lo->neurons++, var = out->input_count + 1 + k;
    double *row = vouch_pwl_row(out, k);
    double high = 0, size = 0;
    for (int v = 0; v < f->columns; v++)
        row[v] = f->m[v * f->count + i];
    row[out->input_count] -= at;
    for (int v = 0; v < f->columns; v++) {
        high += fmax(row[v] * lo->var_low[v], row[v] * lo->var_high[v]);
        size += fabs(row[v]) * out->magnitude[v];
    }
    double gamma = vouch_gamma64(2 * (int64_t)f->columns + 8);
    out->size[k] = vouch_up(size * (1 + gamma) + f->columns * DBL_MIN);
    out->radius[k] =
        vouch_up(f->err[i] + VOUCH_U64 * 4 * (fabs(row[out->input_count]) + fabs(at)));
    high = vouch_up(high + gamma * out->size[k] + out->radius[k]);
    out->identity[k] = k;
    lo->var_low[var] = 0;
    lo->var_high[var] = out->magnitude[var] = fmax(high, 0);
    return var;
}

/* p_0 of the curve applied to every column of f, with its rounding. */
static void first_piece(lowering *lo, const form *f, vouch_line p, form *to)
{
    double *size = to->err, lost = underflow(lo, f->columns, 2);
    form_size(lo, f, size);
    for (int64_t c = 0; c < f->columns * f->count; c++)
        to->m[c] = p.slope * f->m[c];
    for (int64_t i = 0; i < f->count; i++) {
        double *constant = &to->m[lo->out->input_count * f->count + i];
        *constant += p.offset;
        to->err[i] =
            vouch_up(fabs(p.slope) * f->err[i] * (1 + 4 * VOUCH_U64) +
                     4 * VOUCH_U64 * (fabs(p.slope) * size[i] + fabs(p.offset)) + lost);
    }
}

static vouch_status lower_curve(lowering *lo, const vouch_node *node)
{
    const form *f = &lo->value[node->input[0]];
    form *to = &lo->value[node->output[0]];
    double breakpoint[4];
    vouch_line piece[MAX_PIECES];
    int breaks = node->op->pieces(lo->graph, node, breakpoint, piece);
    int first = lo->neurons;
    for (int b = 0; b < breaks; b++)
        for (int64_t i = 0; i < f->count; i++)
            add_neuron(lo, f, i, breakpoint[b]);
    VOUCH_TRY(new_form(lo, node->output[0], to));
    first_piece(lo, f, piece[0], to);
    for (int b = 0; b < breaks; b++) {
        double bend = piece[b + 1].slope - piece[b].slope;
        for (int64_t i = 0; i < f->count; i++) {
            int var = lo->out->input_count + 1 + first + b * (int)f->count + (int)i;
            to->m[var * to->count + i] = bend;
            to->err[i] =
                vouch_up(to->err[i] + 2 * VOUCH_U64 * fabs(bend) * lo->out->magnitude[var]);
        }
    }
    return VOUCH_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

static vouch_status lower_outputs(lowering *lo)
{
    vouch_pwl *out = lo->out;
    int at = out->neuron_count;
    for (int o = 0; o < lo->graph->output_count; o++) {
        int value = lo->graph->output[o];
        form *f = &lo->value[value];
        const vouch_tensor *constant = lo->graph->value[value].constant;
        if (!lo->varying[value]) {
            VOUCH_TRY(new_form(lo, value, f));
            for (int64_t i = 0; constant && i < f->count; i++)
                f->m[out->input_count * f->count + i] = vouch_tensor_get(constant, i);
        }
        double *size = VOUCH_NEW_ARRAY(lo->scratch, double, f->count);
        if (!size)
            return VOUCH_ERR_MEMORY;
        form_size(lo, f, size);
        for (int64_t i = 0; i < f->count; i++, at++) {
            for (int v = 0; v < f->columns; v++)
                vouch_pwl_row(out, at)[v] = f->m[v * f->count + i];
            out->radius[at] = f->err[i];
            out->size[at] = size[i];
            out->identity[at] = at - out->neuron_count;
        }
    }
    return VOUCH_OK;
}

static vouch_status lower_nodes(lowering *lo)
{
    int layer = 0;
    for (int n = 0; n < lo->graph->node_count; n++) {
        const vouch_node *node = &lo->graph->node[n];
        if (!is_lowered(lo, node))
            continue;
        if (vouch_context_stopped(lo->ctx))
            return vouch_fail_stopped(lo->ctx);
        if (vouch_op_node_class(lo->graph, node, lo->varying) == VOUCH_OP_AFFINE) {
            VOUCH_TRY(lower_affine(lo, node));
            continue;
        }
        int before = lo->neurons;
        VOUCH_TRY(lower_curve(lo, node));
        if (lo->neurons > before)
            lo->out->layer_start[++layer] = lo->neurons;
    }
    return VOUCH_OK;
}

static vouch_status allocate(lowering *lo)
{
    int variables = lo->out->input_count + 1 + lo->out->neuron_count;
    lo->value = VOUCH_NEW_ARRAY(lo->scratch, form, lo->graph->value_count);
    lo->var_low = VOUCH_NEW_ARRAY(lo->scratch, double, variables);
    lo->var_high = VOUCH_NEW_ARRAY(lo->scratch, double, variables);
    return lo->value && lo->var_low && lo->var_high ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status lower_in(lowering *lo, const vouch_pwl_limits *limits)
{
    bool *varying = VOUCH_NEW_ARRAY(lo->scratch, bool, lo->graph->value_count);
    if (!varying)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(lo->graph, varying);
    lo->varying = varying;
    VOUCH_TRY(size_form(lo, limits));
    if (!lo->out)
        return VOUCH_OK;
    VOUCH_TRY(allocate(lo));
    VOUCH_TRY(lower_inputs(lo));
    VOUCH_TRY(lower_nodes(lo));
    return lower_outputs(lo);
}

vouch_status vouch_pwl_lower(vouch_context *ctx, const vouch_graph *graph, const double *low,
                             const double *high, const vouch_pwl_limits *limits,
                             vouch_pwl **pwl)
{
    *pwl = NULL;
    vouch_arena *scratch = vouch_arena_new(ctx);
    if (!scratch)
        return VOUCH_ERR_MEMORY;
    lowering lo = {.ctx = ctx, .scratch = scratch, .graph = graph, .low = low, .high = high};
    vouch_status status = lower_in(&lo, limits);
    vouch_arena_free(scratch);
    if (status)
        vouch_pwl_free(ctx, lo.out);
    else
        *pwl = lo.out;
    return status;
}
