/* From a graph to its piecewise-linear form (pwl.h).
 *
 * Walks the nodes in order and keeps, for every varying value that is still to be read, its
 * scalars as affine forms in the variables v so far: one column of the form's matrix per
 * variable, so that an affine operator applies to all columns in one batched call. Neurons that
 * are stable on the box are folded away as they appear (pwl_curve.c).
 *
 * Rounding: if column m_v of a value is off by nothing and A is applied, the result is off by
 * gamma_T |A| |m_v|; summed over the variables with their magnitudes this is gamma_T |A| size,
 * with size_i = sum_v |m_v[i]| magnitude_v. What was off before (err) becomes |A| err.
 */
#include "lower/pwl_priv.h"

#include <math.h>
#include <string.h>

#include "num/round.h"

/* ---- may it be lowered? ------------------------------------------------------------------ */

static bool is_affine(const vouch_lowering *lo, const vouch_node *node)
{
    return vouch_op_node_class(lo->graph, node, lo->varying) == VOUCH_OP_AFFINE;
}

/* Neurons node needs at most: 0 for an affine one, -1 if it has no place in the form. */
static int64_t neurons_of(const vouch_lowering *lo, const vouch_node *node)
{
    double breakpoint[4];
    vouch_line piece[5];
    if (is_affine(lo, node))
        return 0;
    if (vouch_op_node_class(lo->graph, node, lo->varying) != VOUCH_OP_POINTWISE ||
        !node->op->pieces)
        return -1;
    int pieces = node->op->pieces(lo->graph, node, breakpoint, piece);
    int64_t count = vouch_shape_count(&lo->graph->value[node->output[0]].shape);
    return pieces < 0 ? -1 : pieces * count;
}

/* Only what depends on the inputs is lowered; the rest was folded or is dead. */
static bool is_lowered(const vouch_lowering *lo, const vouch_node *node)
{
    return lo->varying[node->output[0]];
}

/* Neurons of the whole graph if none were stable, -1 where it has no form; *widest its largest
 * value. */
static int64_t count_neurons(const vouch_lowering *lo, int64_t *widest)
{
    const vouch_graph *g = lo->graph;
    int64_t neurons = 0;
    *widest = 0;
    for (int n = 0; n < g->node_count; n++) {
        if (!is_lowered(lo, &g->node[n]))
            continue;
        int64_t more = neurons_of(lo, &g->node[n]);
        int64_t count = vouch_shape_count(&g->value[g->node[n].output[0]].shape);
        if (more < 0)
            return -1;
        *widest = count > *widest ? count : *widest;
        neurons += more;
    }
    return neurons;
}

/* May the form be within the limits? Sets capacity. Where inputs are many, neurons are taken as
 * if none were stable, so that nothing is tried in vain. */
static bool may_fit(vouch_lowering *lo)
{
    const int64_t inputs = vouch_op_input_size(lo->graph);
    int64_t widest, neurons = count_neurons(lo, &widest), most = lo->limits->neurons;
    if (neurons < 0 || (inputs > VOUCH_PWL_FEW_INPUTS && neurons > most))
        return false;
    int64_t columns = inputs + 1 + (inputs > VOUCH_PWL_FEW_INPUTS ? neurons : 0);
    if ((widest + vouch_op_output_size(lo->graph)) * columns > lo->limits->row_scalars)
        return false;
    lo->inputs = (int)inputs;
    lo->capacity = (int)(inputs + 1 + (neurons < most ? neurons : most));
    return true;
}

/* ---- forms ------------------------------------------------------------------------------- */

vouch_status vouch_pwl_new_form(vouch_lowering *lo, int value, vouch_form *f)
{
    f->count = vouch_shape_count(&lo->graph->value[value].shape);
    f->columns = lo->inputs + 1 + lo->neurons;
    if (f->count * f->columns > lo->limits->row_scalars) {
        lo->too_large = true;
        return VOUCH_OK;
    }
    f->m = vouch_alloc(lo->ctx, (size_t)(f->count * (f->columns + 1)) * sizeof(double));
    if (!f->m)
        return VOUCH_ERR_MEMORY;
    f->err = f->m + f->count * f->columns;
    return VOUCH_OK;
}

/* Gives back the forms that nobody reads after node n. */
static void release_read(vouch_lowering *lo, int n)
{
    const vouch_node *node = &lo->graph->node[n];
    for (int i = 0; i < node->input_count; i++) {
        const int v = node->input[i];
        if (v < 0 || !lo->value[v].m || lo->last_use[v] > n)
            continue;
        vouch_release(lo->ctx, lo->value[v].m);
        lo->value[v].m = NULL;
    }
}

void vouch_pwl_form_size(const vouch_lowering *lo, const vouch_form *f, double *size)
{
    memset(size, 0, (size_t)f->count * sizeof *size);
    for (int v = 0; v < f->columns; v++)
        for (int64_t i = 0; i < f->count; i++)
            size[i] += fabs(f->m[v * f->count + i]) * lo->magnitude[v];
    double grow = 1 + vouch_gamma64(2 * (int64_t)f->columns + 4);
    for (int64_t i = 0; i < f->count; i++)
        size[i] = vouch_up(size[i] * grow + f->columns * DBL_MIN);
}

double vouch_pwl_underflow(const vouch_lowering *lo, int columns, int64_t terms)
{
    double sum = 2;
    for (int v = 0; v < columns; v++)
        sum += lo->magnitude[v];
    return 4 * (double)terms * DBL_MIN * sum;
}

static vouch_status lower_inputs(vouch_lowering *lo)
{
    int at = 0;
    for (int i = 0; i < lo->graph->input_count && !lo->too_large; i++) {
        vouch_form *f = &lo->value[lo->graph->input[i]];
        VOUCH_TRY(vouch_pwl_new_form(lo, lo->graph->input[i], f));
        for (int64_t s = 0; f->m && s < f->count; s++, at++) {
            f->m[at * f->count + s] = 1;
            lo->var_low[at] = lo->low[at];
            lo->var_high[at] = lo->high[at];
            lo->magnitude[at] = fmax(fabs(lo->low[at]), fabs(lo->high[at]));
        }
    }
    lo->var_low[at] = lo->var_high[at] = lo->magnitude[at] = 1;
    return VOUCH_OK;
}

/* ---- affine nodes ------------------------------------------------------------------------ */

static vouch_status apply(vouch_lowering *lo, const vouch_node *node, int which,
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

/* to += A f. The first operand is written in place; the columns that f has not are zero. */
static vouch_status add_columns(vouch_lowering *lo, const vouch_node *node, int which,
                                bool is_first, vouch_form *to)
{
    const vouch_form *f = &lo->value[node->input[which]];
    const int64_t cells = f->columns * to->count;
    double *part = is_first ? to->m : VOUCH_NEW_ARRAY(lo->scratch, double, cells);
    if (!part)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_PLAIN, f->columns, f->m, part));
    for (int64_t i = 0; !is_first && i < cells; i++)
        to->m[i] += part[i];
    return VOUCH_OK;
}

/* Adds |A| (err, size) to bound[0..count-1], bound[count..2count-1]. */
static vouch_status add_errors(vouch_lowering *lo, const vouch_node *node, int which,
                               const vouch_form *to, double *bound)
{
    const vouch_form *f = &lo->value[node->input[which]];
    double *pair = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * f->count);
    double *spread = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!pair || !spread)
        return VOUCH_ERR_MEMORY;
    memcpy(pair, f->err, (size_t)f->count * sizeof *pair);
    vouch_pwl_form_size(lo, f, pair + f->count);
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_ABS, 2, pair, spread));
    for (int64_t i = 0; i < 2 * to->count; i++)
        bound[i] += spread[i];
    return VOUCH_OK;
}

static vouch_status add_offset(vouch_lowering *lo, const vouch_node *node, int which,
                               vouch_form *to, double *size)
{
    double *offset = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!offset)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_OFFSET, 1, NULL, offset));
    VOUCH_TRY(apply(lo, node, which, VOUCH_LINEAR_ABS_OFFSET, 1, NULL, offset + to->count));
    for (int64_t i = 0; i < to->count; i++) {
        to->m[lo->inputs * to->count + i] += offset[i];
        size[i] += offset[to->count + i];
    }
    return VOUCH_OK;
}

static vouch_status lower_affine(vouch_lowering *lo, const vouch_node *node)
{
    vouch_form *to = &lo->value[node->output[0]];
    VOUCH_TRY(vouch_pwl_new_form(lo, node->output[0], to));
    if (lo->too_large)
        return VOUCH_OK;
    double *bound = VOUCH_NEW_ARRAY(lo->scratch, double, 2 * to->count);
    if (!bound)
        return VOUCH_ERR_MEMORY;
    int first = -1, summed = 0;
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] < 0 || !lo->varying[node->input[i]])
            continue;
        VOUCH_TRY(add_columns(lo, node, i, first < 0, to));
        VOUCH_TRY(add_errors(lo, node, i, to, bound));
        first = first < 0 ? i : first;
        summed++;
    }
    VOUCH_TRY(add_offset(lo, node, first, to, bound + to->count));
    int64_t terms = node->op->terms(lo->graph, node) + summed + 4;
    double gamma = vouch_gamma64(2 * terms), grow = 1 + vouch_gamma64(4 * terms);
    double lost = vouch_pwl_underflow(lo, to->columns, terms);
    for (int64_t i = 0; i < to->count; i++)
        to->err[i] = vouch_up((bound[i] + gamma * bound[to->count + i]) * grow + lost);
    return VOUCH_OK;
}

/* ---- the result -------------------------------------------------------------------------- */

static void copy_neurons(const vouch_lowering *lo, vouch_pwl *out)
{
    for (int k = 0; k < lo->neurons; k++) {
        const vouch_neuron *n = &lo->neuron[k];
        memcpy(vouch_pwl_row(out, k), n->row, (size_t)n->columns * sizeof(double));
        out->radius[k] = n->radius;
        out->size[k] = n->size;
        out->identity[k] = n->identity;
    }
    memcpy(out->layer_start, lo->layer_start, ((size_t)lo->layers + 1) * sizeof(int));
    memcpy(out->magnitude, lo->magnitude,
           (size_t)(lo->inputs + 1 + lo->neurons) * sizeof(double));
}

static vouch_status copy_output(vouch_lowering *lo, int value, vouch_pwl *out, int at)
{
    vouch_form *f = &lo->value[value];
    const vouch_tensor *constant = lo->graph->value[value].constant;
    if (!lo->varying[value] && !f->m) {
        VOUCH_TRY(vouch_pwl_new_form(lo, value, f));
        for (int64_t i = 0; f->m && constant && i < f->count; i++)
            f->m[lo->inputs * f->count + i] = vouch_tensor_get(constant, i);
    }
    if (lo->too_large)
        return VOUCH_OK;
    double *size = VOUCH_NEW_ARRAY(lo->scratch, double, f->count);
    if (!size)
        return VOUCH_ERR_MEMORY;
    vouch_pwl_form_size(lo, f, size);
    for (int64_t i = 0; i < f->count; i++, at++) {
        for (int v = 0; v < f->columns; v++)
            vouch_pwl_row(out, at)[v] = f->m[v * f->count + i];
        out->radius[at] = f->err[i];
        out->size[at] = size[i];
        out->identity[at] = at - out->neuron_count;
    }
    return VOUCH_OK;
}

static vouch_status make_result(vouch_lowering *lo, vouch_pwl **pwl)
{
    const vouch_graph *g = lo->graph;
    vouch_status status = VOUCH_OK;
    int at = lo->neurons;
    *pwl = vouch_pwl_new(lo->ctx, lo->inputs, lo->neurons, (int)vouch_op_output_size(g),
                         lo->layers);
    if (!*pwl)
        return VOUCH_ERR_MEMORY;
    copy_neurons(lo, *pwl);
    for (int o = 0; !status && o < g->output_count; o++) {
        status = copy_output(lo, g->output[o], *pwl, at);
        at += (int)vouch_shape_count(&g->value[g->output[o]].shape);
    }
    if (status || lo->too_large) {
        vouch_pwl_free(lo->ctx, *pwl);
        *pwl = NULL;
    }
    return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static vouch_status lower_nodes(vouch_lowering *lo)
{
    for (int n = 0; n < lo->graph->node_count && !lo->too_large; n++) {
        const vouch_node *node = &lo->graph->node[n];
        if (!is_lowered(lo, node))
            continue;
        VOUCH_TRY(vouch_context_poll(lo->ctx));
        vouch_arena_mark mark = vouch_arena_get_mark(lo->scratch);
        vouch_status status =
            is_affine(lo, node) ? lower_affine(lo, node) : vouch_pwl_lower_curve(lo, node);
        vouch_arena_reset(lo->scratch, mark);
        VOUCH_TRY(status);
        release_read(lo, n);
    }
    return VOUCH_OK;
}

static void find_last_uses(vouch_lowering *lo)
{
    const vouch_graph *g = lo->graph;
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->node[n].input_count; i++)
            if (g->node[n].input[i] >= 0)
                lo->last_use[g->node[n].input[i]] = n;
    for (int o = 0; o < g->output_count; o++)
        lo->last_use[g->output[o]] = g->node_count;
}

static vouch_status allocate(vouch_lowering *lo)
{
    const int variables = lo->capacity + 1;
    lo->value = VOUCH_NEW_ARRAY(lo->arena, vouch_form, lo->graph->value_count);
    lo->last_use = VOUCH_NEW_ARRAY(lo->arena, int, lo->graph->value_count);
    lo->layer_start = VOUCH_NEW_ARRAY(lo->arena, int, lo->graph->node_count + 1);
    lo->var_low = VOUCH_NEW_ARRAY(lo->arena, double, variables);
    lo->var_high = VOUCH_NEW_ARRAY(lo->arena, double, variables);
    lo->magnitude = VOUCH_NEW_ARRAY(lo->arena, double, variables);
    lo->neuron = VOUCH_NEW_ARRAY(lo->arena, vouch_neuron, variables);
    return lo->value && lo->last_use && lo->layer_start && lo->var_low && lo->var_high &&
                   lo->magnitude && lo->neuron
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

static vouch_status lower_in(vouch_lowering *lo, vouch_pwl **pwl)
{
    bool *varying = VOUCH_NEW_ARRAY(lo->arena, bool, lo->graph->value_count);
    if (!varying)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(lo->graph, varying);
    lo->varying = varying;
    lo->too_large = !may_fit(lo);
    if (lo->too_large)
        return VOUCH_OK;
    VOUCH_TRY(allocate(lo));
    find_last_uses(lo);
    VOUCH_TRY(lower_inputs(lo));
    VOUCH_TRY(lower_nodes(lo));
    return lo->too_large ? VOUCH_OK : make_result(lo, pwl);
}

vouch_status vouch_pwl_lower(vouch_context *ctx, const vouch_graph *graph, const double *low,
                             const double *high, const vouch_pwl_limits *limits,
                             vouch_pwl **pwl)
{
    *pwl = NULL;
    vouch_arena *arena = vouch_arena_new(ctx), *scratch = vouch_arena_new(ctx);
    vouch_lowering lo = {.ctx = ctx,
                         .arena = arena,
                         .scratch = scratch,
                         .graph = graph,
                         .low = low,
                         .high = high,
                         .limits = limits};
    vouch_status status = arena && scratch ? lower_in(&lo, pwl) : VOUCH_ERR_MEMORY;
    for (int v = 0; lo.value && v < graph->value_count; v++)
        vouch_release(ctx, lo.value[v].m);
    vouch_arena_free(arena);
    vouch_arena_free(scratch);
    return status;
}

vouch_status vouch_pwl_has_form(vouch_context *ctx, const vouch_graph *graph, bool *has)
{
    int64_t widest;
    bool *varying = vouch_alloc(ctx, (size_t)graph->value_count * sizeof *varying);
    if (!varying)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(graph, varying);
    const vouch_lowering lo = {.graph = graph, .varying = varying};
    *has = count_neurons(&lo, &widest) >= 0;
    vouch_release(ctx, varying);
    return VOUCH_OK;
}
