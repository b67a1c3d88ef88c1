/* A pass: intervals through the graph, node by node.
 *
 * AFFINE nodes y = sum_w A_w x_w + b go by centre and radius with two kinds of products:
 *
 *     |y - fl(sum A_w c_w + b)| <= sum |A_w| (r_w + 2 gamma |c_w|) + 2 gamma |b|
 *
 * where gamma = gamma_m covers the node's m products, sums over inputs and our own, and the
 * right side is rounded up by vouch_inflate. Nodes whose products are exact (at most one
 * entry, +-1, in each row of A) carry both ends, so that a zero stays a zero; sums and products
 * element by element go by their range, which rounds only where the end is no double. All other
 * classes go by the operator's own `range`. Every result is intersected with what is known.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

int64_t vouch_bounds_count(const vouch_graph *graph, int v)
{
    int64_t count = graph->value[v].shape_known ? vouch_shape_count(&graph->value[v].shape) : 0;

    return count > 0 ? count : 0;
}

void vouch_pass_tighten(vouch_pass *pass, int v, int64_t i, double low, double high)
{
    double *at_low = &pass->bounds->low[v][i], *at_high = &pass->bounds->high[v][i];

    if (pass->graph->value[v].constant)
        return;
    if (low > *at_low)
        *at_low = low;
    if (high < *at_high)
        *at_high = high;
    if (*at_low > *at_high)
        pass->bounds->empty = true;
}

void vouch_pass_tighten_row(vouch_pass *pass, int r, double low, double high)
{
    if (low > pass->bounds->row_low[r])
        pass->bounds->row_low[r] = low;
    if (high < pass->bounds->row_high[r])
        pass->bounds->row_high[r] = high;
    if (pass->bounds->row_low[r] > pass->bounds->row_high[r])
        pass->bounds->empty = true;
}

static void tighten_value(vouch_pass *pass, int v, const double *low, const double *high)
{
    int64_t count = vouch_bounds_count(pass->graph, v);

    for (int64_t i = 0; i < count; i++)
        vouch_pass_tighten(pass, v, i, low ? low[i] : -(double)INFINITY,
                           high ? high[i] : (double)INFINITY);
}

static void tighten_known(vouch_pass *pass, int v)
{
    const vouch_bound_problem *problem = pass->problem;

    tighten_value(pass, v, problem->known_low ? problem->known_low[v] : NULL,
                  problem->known_high ? problem->known_high[v] : NULL);
}

bool vouch_pass_active(const vouch_pass *pass, int node)
{
    const vouch_node *n = &pass->graph->node[node];

    for (int o = 0; o < n->output_count; o++)
        if (n->output[o] >= 0 && !pass->graph->value[n->output[o]].constant)
            return true;
    return false;
}

/* ---- beginning --------------------------------------------------------------------------- */

/* `linear` speaks of output 0 only. */
static bool has_one_output(const vouch_node *node)
{
    for (int o = 1; o < node->output_count; o++)
        if (node->output[o] >= 0)
            return false;
    return node->output_count > 0 && node->output[0] >= 0;
}

/* A node on constants alone whose result has no exact double still varies, in a tiny interval.
 */
static bool has_varying_input(const vouch_pass *pass, const vouch_node *node)
{
    for (int k = 0; k < node->input_count; k++)
        if (node->input[k] >= 0 && pass->problem->varying[node->input[k]])
            return true;
    return false;
}

/* The class a node is handled as: AFFINE, POINTWISE (steps, too: curves with jumps) and MAX only
 * where their functions exist and fit, anything else is bounded by its range. */
static vouch_op_class handled_class(const vouch_pass *pass, const vouch_node *node)
{
    const vouch_graph *graph = pass->graph;
    vouch_op_class class = vouch_op_node_class(graph, node, pass->problem->varying);
    bool affine = class == VOUCH_OP_AFFINE, max = class == VOUCH_OP_MAX;
    bool step = class == VOUCH_OP_STEP && node->op->relax;
    bool curve = class == VOUCH_OP_POINTWISE || step;

    if (!affine && !curve && !max)
        return class;
    if (!has_one_output(node) || node->input_count == 0)
        return VOUCH_OP_OPAQUE;
    if (affine && (!node->op->linear || !has_varying_input(pass, node)))
        return VOUCH_OP_OPAQUE;
    if (max && (node->input[0] < 0 || !node->op->window))
        return VOUCH_OP_OPAQUE;
    if (curve && (node->input[0] < 0 || !node->op->range ||
                  vouch_bounds_count(graph, node->input[0]) !=
                      vouch_bounds_count(graph, node->output[0])))
        return VOUCH_OP_OPAQUE;
    return step ? VOUCH_OP_POINTWISE : class;
}

vouch_status vouch_pass_classify(vouch_pass *pass)
{
    const vouch_graph *graph = pass->graph;

    pass->node_class = VOUCH_NEW_ARRAY(pass->arena, vouch_op_class, graph->node_count);
    if (!pass->node_class)
        return VOUCH_ERR_MEMORY;
    for (int n = 0; n < graph->node_count; n++)
        if (vouch_pass_active(pass, n))
            pass->node_class[n] = handled_class(pass, &graph->node[n]);
    return VOUCH_OK;
}

static vouch_status begin_inputs(vouch_pass *pass)
{
    const vouch_graph *graph = pass->graph;
    int64_t base = 0;

    for (int k = 0; k < graph->input_count; k++) {
        int v = graph->input[k];

        tighten_value(pass, v, pass->problem->low + base, pass->problem->high + base);
        tighten_known(pass, v);
        base += vouch_bounds_count(graph, v);
    }
    if (base != pass->problem->input_size)
        return vouch_fail(pass->ctx, VOUCH_ERR_SHAPE,
                          "%s: the network has %lld inputs, the box %lld", graph->source,
                          (long long)base, (long long)pass->problem->input_size);
    return VOUCH_OK;
}

vouch_status vouch_pass_begin(vouch_context *ctx, vouch_arena *arena,
                              const vouch_bound_problem *problem, bool forms,
                              vouch_bounds *bounds, vouch_pass *pass)
{
    const vouch_graph *graph = problem->graph;

    *pass = (vouch_pass){
        .ctx = ctx, .arena = arena, .problem = problem, .graph = graph, .bounds = bounds};
    VOUCH_TRY(vouch_bounds_new(arena, problem, forms, bounds));
    pass->mark = vouch_arena_get_mark(arena);
    VOUCH_TRY(vouch_pass_classify(pass));
    pass->affine = VOUCH_NEW_ARRAY(arena, vouch_affine, graph->node_count);
    pass->range_low = VOUCH_NEW_ARRAY(arena, double *, graph->node_count);
    pass->range_high = VOUCH_NEW_ARRAY(arena, double *, graph->node_count);
    if (!pass->affine || !pass->range_low || !pass->range_high)
        return VOUCH_ERR_MEMORY;
    return begin_inputs(pass);
}

void vouch_pass_end(vouch_pass *pass)
{
    vouch_bounds *bounds = pass->bounds;
    int rows = pass->problem->rows ? pass->problem->rows->count : 0;

    vouch_arena_reset(pass->arena, pass->mark);
    for (int r = 0; bounds->empty && r < rows; r++) {
        bounds->row_low[r] = (double)INFINITY;
        bounds->row_high[r] = -(double)INFINITY;
    }
}

/* ---- AFFINE ------------------------------------------------------------------------------ */

vouch_status vouch_pass_linear(const vouch_pass *pass, vouch_linear_call call)
{
    vouch_arena_mark mark = vouch_arena_get_mark(pass->arena);
    vouch_status status;

    call.ctx = pass->ctx;
    call.scratch = pass->arena;
    call.graph = pass->graph;
    status = call.node->op->linear(&call);
    vouch_arena_reset(pass->arena, mark);
    return status;
}

static vouch_status list_varying(vouch_pass *pass, const vouch_node *node, vouch_affine *affine)
{
    int *which = VOUCH_NEW_ARRAY(pass->arena, int, node->input_count);

    if (!which)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < node->input_count; k++)
        if (node->input[k] >= 0 && pass->problem->varying[node->input[k]])
            which[affine->input_count++] = k;
    affine->which = which;
    return VOUCH_OK;
}

static bool all_zero(const double *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (x[i] != 0)
            return false;
    return true;
}

static vouch_status prepare_affine(vouch_pass *pass, const vouch_node *node,
                                   vouch_affine *affine)
{
    int64_t count = vouch_bounds_count(pass->graph, node->output[0]);
    double *offset = VOUCH_NEW_ARRAY(pass->arena, double, count);
    double *magnitude = VOUCH_NEW_ARRAY(pass->arena, double, count);
    int64_t terms = node->op->terms ? node->op->terms(pass->graph, node) : INT64_C(1) << 40;
    vouch_linear_call call = {.node = node, .batch = 1};

    if (!offset || !magnitude)
        return VOUCH_ERR_MEMORY;
    affine->offset = offset;
    affine->abs_offset = magnitude;
    VOUCH_TRY(list_varying(pass, node, affine));
    affine->terms = terms + affine->input_count + 4;
    call.which = affine->which[0];
    call.mode = VOUCH_LINEAR_OFFSET, call.out = offset;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    call.mode = VOUCH_LINEAR_ABS_OFFSET, call.out = magnitude;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    affine->exact = terms == 0;
    affine->by_range = terms > 0 && terms <= 2 && node->op->range;
    affine->bare = affine->exact && all_zero(offset, count);
    affine->moves = affine->bare && affine->input_count == 1;
    return VOUCH_OK;
}

/* sum += the image of one input, end by end: a row of A has one entry at most, so the images of
 * the ends are ends. */
static vouch_status move_input(vouch_pass *pass, const vouch_node *node, int w, double *image,
                               double *sum)
{
    int x = node->input[w];
    int64_t count = vouch_bounds_count(pass->graph, node->output[0]);
    vouch_linear_call call = {.node = node, .which = w, .mode = VOUCH_LINEAR_PLAIN, .batch = 1};

    call.in = pass->bounds->low[x], call.out = image;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    call.in = pass->bounds->high[x], call.out = image + count;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    for (int64_t i = 0; i < count; i++) {
        double a = image[i], b = image[count + i];

        if (isnan(a) || isnan(b))
            a = b = (double)NAN; /* 0 times infinity: nothing is known */
        sum[i] = vouch_sum_down(sum[i], a < b ? a : b);
        sum[count + i] = vouch_sum_up(sum[count + i], a < b ? b : a);
    }
    return VOUCH_OK;
}

static vouch_status move_intervals(vouch_pass *pass, const vouch_node *node,
                                   const vouch_affine *affine)
{
    int64_t count = vouch_bounds_count(pass->graph, node->output[0]);
    double *image = VOUCH_NEW_ARRAY(pass->arena, double, 2 * count);
    double *sum = VOUCH_NEW_ARRAY(pass->arena, double, 2 * count);

    if (!image || !sum)
        return VOUCH_ERR_MEMORY;
    memcpy(sum, affine->offset, (size_t)count * sizeof(double));
    memcpy(sum + count, affine->offset, (size_t)count * sizeof(double));
    for (int k = 0; k < affine->input_count; k++)
        VOUCH_TRY(move_input(pass, node, affine->which[k], image, sum));
    for (int64_t i = 0; i < count; i++)
        vouch_pass_tighten(pass, node->output[0], i, sum[i], sum[count + i]);
    return VOUCH_OK;
}

typedef struct midpoint {
    double *centre, *radius, *image; /* of one input; image: of either, in the output */
    double *sum, *error;             /* of the output */
} midpoint;

static vouch_status new_ball(vouch_pass *pass, int64_t in_count, int64_t count, midpoint *ball)
{
    ball->centre = VOUCH_NEW_ARRAY(pass->arena, double, in_count);
    ball->radius = VOUCH_NEW_ARRAY(pass->arena, double, in_count);
    ball->image = VOUCH_NEW_ARRAY(pass->arena, double, count);
    ball->sum = VOUCH_NEW_ARRAY(pass->arena, double, count);
    ball->error = VOUCH_NEW_ARRAY(pass->arena, double, count);
    return ball->centre && ball->radius && ball->image && ball->sum && ball->error
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

/* Adds A_w c_w to the sum and |A_w| (r_w + 2 gamma |c_w|) to the error. */
static vouch_status add_input(vouch_pass *pass, const vouch_node *node, int w, double gamma,
                              midpoint *ball)
{
    int x = node->input[w];
    int64_t in_count = vouch_bounds_count(pass->graph, x);
    int64_t count = vouch_bounds_count(pass->graph, node->output[0]);
    const double *low = pass->bounds->low[x], *high = pass->bounds->high[x];
    vouch_linear_call call = {.node = node, .which = w, .batch = 1, .out = ball->image};

    for (int64_t j = 0; j < in_count; j++) {
        ball->centre[j] = vouch_centre(low[j], high[j], &ball->radius[j]);
        ball->radius[j] = vouch_up(ball->radius[j] + 2 * gamma * fabs(ball->centre[j]));
    }
    call.mode = VOUCH_LINEAR_PLAIN, call.in = ball->centre;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    for (int64_t i = 0; i < count; i++)
        ball->sum[i] += ball->image[i];
    call.mode = VOUCH_LINEAR_ABS, call.in = ball->radius;
    VOUCH_TRY(vouch_pass_linear(pass, call));
    for (int64_t i = 0; i < count; i++)
        ball->error[i] += ball->image[i];
    return VOUCH_OK;
}

static int64_t widest_input(const vouch_pass *pass, const vouch_node *node,
                            const vouch_affine *affine)
{
    int64_t widest = 0;

    for (int k = 0; k < affine->input_count; k++) {
        int64_t count = vouch_bounds_count(pass->graph, node->input[affine->which[k]]);
        widest = count > widest ? count : widest;
    }
    return widest;
}

static vouch_status multiply_intervals(vouch_pass *pass, const vouch_node *node,
                                       const vouch_affine *affine)
{
    int y = node->output[0];
    int64_t count = vouch_bounds_count(pass->graph, y);
    double gamma = vouch_gamma64(affine->terms);
    midpoint ball;

    VOUCH_TRY(new_ball(pass, widest_input(pass, node, affine), count, &ball));
    for (int k = 0; k < affine->input_count; k++)
        VOUCH_TRY(add_input(pass, node, affine->which[k], gamma, &ball));
    for (int64_t i = 0; i < count; i++) {
        double sum = ball.sum[i] + affine->offset[i];
        double error =
            vouch_inflate(ball.error[i] + 2 * gamma * affine->abs_offset[i], affine->terms);

        vouch_pass_tighten(pass, y, i, vouch_down(sum - error), vouch_up(sum + error));
    }
    return VOUCH_OK;
}

/* ---- all other classes: the operator's range --------------------------------------------- */

static bool is_float(vouch_dtype dtype) { return dtype == VOUCH_F32 || dtype == VOUCH_F64; }

/* Numbers of a float constant for `range`, which reads doubles. */
static double *constant_numbers(vouch_pass *pass, const vouch_tensor *constant, double *known)
{
    double *x = known ? known : VOUCH_NEW_ARRAY(pass->arena, double, constant->count);

    for (int64_t i = 0; x && !known && i < constant->count; i++)
        x[i] = vouch_tensor_get(constant, i);
    return x;
}

/* Tensors over the arrays of one side of the bounds: doubles, but for integers and truths, which
 * stay as they are stored. */
static const vouch_tensor **side(vouch_pass *pass, const vouch_node *node, double **array)
{
    int count = node->input_count;
    const vouch_tensor **list = VOUCH_NEW_ARRAY(pass->arena, const vouch_tensor *, count);
    vouch_tensor *tensor = VOUCH_NEW_ARRAY(pass->arena, vouch_tensor, count);

    for (int k = 0; list && tensor && k < count; k++) {
        int v = node->input[k];
        const vouch_tensor *constant = v < 0 ? NULL : pass->graph->value[v].constant;

        if (v < 0)
            continue;
        if (constant && (constant->dtype == VOUCH_F64 || !is_float(constant->dtype))) {
            list[k] = constant;
            continue;
        }
        tensor[k] = (vouch_tensor){.dtype = VOUCH_F64,
                                   .shape = pass->graph->value[v].shape,
                                   .count = vouch_bounds_count(pass->graph, v),
                                   .f64 = constant ? constant_numbers(pass, constant, array[v])
                                                   : array[v]};
        if (!tensor[k].f64)
            return NULL;
        list[k] = &tensor[k];
    }
    return tensor ? list : NULL;
}

static vouch_tensor **new_outputs(vouch_pass *pass, const vouch_node *node)
{
    vouch_tensor **list = VOUCH_NEW_ARRAY(pass->arena, vouch_tensor *, node->output_count);

    for (int o = 0; list && o < node->output_count; o++) {
        if (node->output[o] < 0)
            continue;
        list[o] = vouch_tensor_new(pass->arena, VOUCH_F64,
                                   &pass->graph->value[node->output[o]].shape);
        if (!list[o])
            return NULL;
    }
    return list;
}

/* Runs the operator's range between tensors made for it; the caller resets the arena. */
static vouch_status range_node(vouch_pass *pass, int index)
{
    const vouch_node *node = &pass->graph->node[index];
    const vouch_tensor **low = side(pass, node, pass->bounds->low);
    const vouch_tensor **high = side(pass, node, pass->bounds->high);
    vouch_tensor **out_low = new_outputs(pass, node), **out_high = new_outputs(pass, node);
    vouch_op_call call = {.ctx = pass->ctx,
                          .scratch = pass->arena,
                          .graph = pass->graph,
                          .node = node,
                          .in = low,
                          .out = out_low};

    if (!low || !high || !out_low || !out_high)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_op_range(&call, low, high, out_low, out_high));
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0)
            tighten_value(pass, node->output[o], out_low[o]->f64, out_high[o]->f64);
    if (pass->range_low[index]) {
        size_t size = (size_t)out_low[0]->count * sizeof(double);

        memcpy(pass->range_low[index], out_low[0]->f64, size);
        memcpy(pass->range_high[index], out_high[0]->f64, size);
    }
    return VOUCH_OK;
}

static vouch_status affine_node(vouch_pass *pass, int node)
{
    const vouch_node *n = &pass->graph->node[node];
    vouch_affine *affine = &pass->affine[node];
    vouch_arena_mark mark;
    vouch_status status;

    if (!affine->offset) /* prepared by an earlier pass over the same graph */
        VOUCH_TRY(prepare_affine(pass, n, affine));
    mark = vouch_arena_get_mark(pass->arena);
    if (affine->by_range)
        status = range_node(pass, node);
    else
        status = affine->exact ? move_intervals(pass, n, affine)
                               : multiply_intervals(pass, n, affine);
    vouch_arena_reset(pass->arena, mark);
    return status;
}

static vouch_status curve_or_other_node(vouch_pass *pass, int node)
{
    const vouch_node *n = &pass->graph->node[node];
    vouch_arena_mark mark;
    vouch_status status;

    if (pass->node_class[node] == VOUCH_OP_POINTWISE) {
        int64_t count = vouch_bounds_count(pass->graph, n->output[0]);

        pass->range_low[node] = VOUCH_NEW_ARRAY(pass->arena, double, count);
        pass->range_high[node] = VOUCH_NEW_ARRAY(pass->arena, double, count);
        if (!pass->range_low[node] || !pass->range_high[node])
            return VOUCH_ERR_MEMORY;
    }
    mark = vouch_arena_get_mark(pass->arena);
    status = range_node(pass, node);
    vouch_arena_reset(pass->arena, mark);
    return status;
}

vouch_status vouch_pass_node(vouch_pass *pass, int node)
{
    const vouch_node *n = &pass->graph->node[node];

    VOUCH_TRY(vouch_context_poll(pass->ctx));
    VOUCH_TRY(pass->node_class[node] == VOUCH_OP_AFFINE ? affine_node(pass, node)
                                                        : curve_or_other_node(pass, node));
    for (int o = 0; o < n->output_count; o++)
        if (n->output[o] >= 0)
            tighten_known(pass, n->output[o]);
    return VOUCH_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

static void row_interval(const vouch_pass *pass, const double *y_low, const double *y_high,
                         int r, double *low, double *high)
{
    const vouch_bound_problem *problem = pass->problem;
    const vouch_linear_rows *rows = problem->rows;
    double offset = rows->constant ? rows->constant[r] : 0;
    const double *out = rows->output + (int64_t)r * problem->output_size;
    const double *in = rows->input ? rows->input + (int64_t)r * problem->input_size : NULL;

    *low = vouch_form_min(problem->output_size, out, offset, y_low, y_high);
    *high = vouch_form_max(problem->output_size, out, offset, y_low, y_high);
    if (in) {
        *low = vouch_form_min(problem->input_size, in, *low, problem->low, problem->high);
        *high = vouch_form_max(problem->input_size, in, *high, problem->low, problem->high);
    }
}

vouch_status vouch_pass_rows(vouch_pass *pass)
{
    const vouch_bound_problem *problem = pass->problem;
    double *y_low, *y_high, low, high;
    vouch_arena_mark mark = vouch_arena_get_mark(pass->arena);
    int64_t base = 0;

    if (!problem->rows || pass->bounds->empty)
        return VOUCH_OK;
    y_low = VOUCH_NEW_ARRAY(pass->arena, double, problem->output_size);
    y_high = VOUCH_NEW_ARRAY(pass->arena, double, problem->output_size);
    if (!y_low || !y_high)
        return VOUCH_ERR_MEMORY;
    for (int o = 0; o < pass->graph->output_count; o++) {
        int v = pass->graph->output[o];
        int64_t count = vouch_bounds_count(pass->graph, v);

        memcpy(y_low + base, pass->bounds->low[v], (size_t)count * sizeof(double));
        memcpy(y_high + base, pass->bounds->high[v], (size_t)count * sizeof(double));
        base += count;
    }
    for (int r = 0; r < problem->rows->count; r++) {
        row_interval(pass, y_low, y_high, r, &low, &high);
        vouch_pass_tighten_row(pass, r, low, high);
    }
    vouch_arena_reset(pass->arena, mark);
    return VOUCH_OK;
}

static void check_form(double *form, double *offset, int64_t size, double nothing)
{
    bool finite = isfinite(*offset);

    for (int64_t j = 0; j < size; j++)
        finite = finite && isfinite(form[j]);
    if (finite)
        return;
    memset(form, 0, (size_t)size * sizeof(double));
    *offset = nothing;
}

void vouch_pass_check_forms(vouch_pass *pass, int r)
{
    vouch_bounds *bounds = pass->bounds;
    int64_t size = pass->problem->input_size;

    check_form(bounds->lower + r * size, &bounds->lower_offset[r], size, -(double)INFINITY);
    check_form(bounds->upper + r * size, &bounds->upper_offset[r], size, (double)INFINITY);
}
