/* Bounds of the rows' gradients: reverse mode with intervals.
 *
 * Problem:   how much can each input matter anywhere in the box? (The gradient smear heuristic
 * of ReluVal, Wang et al. 2018, sec. 4.3; also a proof of monotonicity where the sign is sure.)
 * Method:    from the rows back to the inputs, g_x = J^T g_y with an interval per scalar:
 * AFFINE by centre and radius, |A^T g - fl(A^T c)| <= |A|^T (r + 2 gamma |c|)   for g within r
 * of c, POINTWISE by the product with the derivative's range. A greatest-of has generalised
 *            gradients between 0 and 1; any other class could have any gradient.
 * Invariant: every (generalised, Clarke) gradient of row r at a point of the box is in
 *            [low, high]; so row differences are within [low, high] times input differences.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

typedef struct gradient {
    vouch_pass pass;
    vouch_pool pool;
    const vouch_bounds *bounds;
    int64_t rows;
    double **low, **high; /* [value_count][rows][count], NULL = zero */
} gradient;

static vouch_status take_pair(gradient *g, int v, double **low, double **high)
{
    int64_t cells = g->rows * vouch_bounds_count(g->pass.graph, v);

    *low = vouch_pool_take(&g->pool, cells);
    *high = vouch_pool_take(&g->pool, cells);
    return *low && *high ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* The value's gradient += [low, high], buffers that are given away. */
static void add_pair(gradient *g, int v, double *low, double *high)
{
    int64_t cells = g->rows * vouch_bounds_count(g->pass.graph, v);

    if (!g->low[v]) {
        g->low[v] = low;
        g->high[v] = high;
        return;
    }
    for (int64_t i = 0; i < cells; i++) {
        g->low[v][i] = vouch_sum_down(g->low[v][i], low[i]);
        g->high[v][i] = vouch_sum_up(g->high[v][i], high[i]);
    }
    vouch_pool_give(&g->pool, low);
    vouch_pool_give(&g->pool, high);
}

static void drop_pair(gradient *g, int v)
{
    vouch_pool_give(&g->pool, g->low[v]);
    vouch_pool_give(&g->pool, g->high[v]);
    g->low[v] = g->high[v] = NULL;
}

/* ---- AFFINE ------------------------------------------------------------------------------ */

/* [low, high] from centre and radius of A^T g, in place of both; terms 0: nothing was rounded.
 */
static void widen(int64_t cells, int64_t terms, double *centre, double *radius)
{
    for (int64_t i = 0; i < cells; i++) {
        double c = centre[i], r = terms == 0 ? radius[i] : vouch_inflate(radius[i], terms + 4);

        centre[i] = isnan(c - r) ? -(double)INFINITY : vouch_sum_down(c, -r);
        radius[i] = isnan(c + r) ? (double)INFINITY : vouch_sum_up(c, r);
    }
}

static vouch_status affine_input(gradient *g, const vouch_node *node, int w)
{
    int x = node->input[w], y = node->output[0];
    int64_t in_cells = g->rows * vouch_bounds_count(g->pass.graph, y);
    int64_t cells = g->rows * vouch_bounds_count(g->pass.graph, x);
    int64_t terms = node->op->terms ? node->op->terms(g->pass.graph, node) : INT64_C(1) << 40;
    double gamma = vouch_gamma64(terms), *centre, *radius, *out_centre, *out_radius;
    vouch_linear_call call = {.node = node, .which = w, .batch = g->rows};

    VOUCH_TRY(take_pair(g, y, &centre, &radius));
    VOUCH_TRY(take_pair(g, x, &out_centre, &out_radius));
    for (int64_t i = 0; i < in_cells; i++) {
        centre[i] = vouch_centre(g->low[y][i], g->high[y][i], &radius[i]);
        radius[i] = vouch_sum_up(radius[i], 2 * gamma * fabs(centre[i]));
    }
    call.mode = VOUCH_LINEAR_TRANSPOSED, call.in = centre, call.out = out_centre;
    VOUCH_TRY(vouch_pass_linear(&g->pass, call));
    call.mode = VOUCH_LINEAR_ABS_TRANSPOSED, call.in = radius, call.out = out_radius;
    VOUCH_TRY(vouch_pass_linear(&g->pass, call));
    widen(cells, terms, out_centre, out_radius);
    vouch_pool_give(&g->pool, centre);
    vouch_pool_give(&g->pool, radius);
    add_pair(g, x, out_centre, out_radius);
    return VOUCH_OK;
}

static vouch_status affine_node(gradient *g, const vouch_node *node)
{
    for (int k = 0; k < node->input_count; k++)
        if (node->input[k] >= 0 && g->pass.problem->varying[node->input[k]])
            VOUCH_TRY(affine_input(g, node, k));
    return VOUCH_OK;
}

/* ---- POINTWISE --------------------------------------------------------------------------- */

static vouch_status curve_node(gradient *g, const vouch_node *node)
{
    int x = node->input[0], y = node->output[0];
    int64_t count = vouch_bounds_count(g->pass.graph, x);
    double *low, *high;

    VOUCH_TRY(take_pair(g, x, &low, &high));
    for (int64_t i = 0; i < count; i++) {
        double least = -(double)INFINITY, greatest = (double)INFINITY;

        if (node->op->slopes)
            node->op->slopes(g->pass.graph, node, g->bounds->low[x][i], g->bounds->high[x][i],
                             &least, &greatest);
        for (int64_t r = 0; r < g->rows; r++)
            vouch_interval_mul(g->low[y][r * count + i], g->high[y][r * count + i], least,
                               greatest, &low[r * count + i], &high[r * count + i]);
    }
    add_pair(g, x, low, high);
    return VOUCH_OK;
}

/* ---- other classes ----------------------------------------------------------------------- */

/* [low, high] of each row becomes all reals where the row's gradient of y is not zero. */
static vouch_status any_gradient(gradient *g, const vouch_node *node, int y)
{
    int64_t count = vouch_bounds_count(g->pass.graph, y);

    for (int k = 0; k < node->input_count; k++) {
        int x = node->input[k];
        int64_t in_count = x < 0 ? 0 : vouch_bounds_count(g->pass.graph, x);
        double *low, *high;

        if (x < 0 || !g->pass.problem->varying[x])
            continue;
        VOUCH_TRY(take_pair(g, x, &low, &high));
        for (int64_t r = 0; r < g->rows; r++) {
            bool zero = true;

            for (int64_t i = 0; i < count; i++)
                zero = zero && g->low[y][r * count + i] == 0 && g->high[y][r * count + i] == 0;
            for (int64_t i = 0; i < in_count; i++) {
                low[r * in_count + i] = zero ? 0 : -(double)INFINITY;
                high[r * in_count + i] = zero ? 0 : (double)INFINITY;
            }
        }
        add_pair(g, x, low, high);
    }
    return VOUCH_OK;
}

/* A greatest-of passes each output's gradient on to its elements in some convex combination. */
typedef struct window_step {
    int64_t in_count, count;
    const double *y_low, *y_high; /* [rows][count] */
    double *low, *high;           /* [rows][in_count] */
} window_step;

static void pass_to_window(const gradient *g, const window_step *s, int64_t out,
                           const int64_t *element, int64_t elements)
{
    for (int64_t r = 0; r < g->rows; r++) {
        double least = fmin(s->y_low[r * s->count + out], 0);
        double most = fmax(s->y_high[r * s->count + out], 0);

        for (int64_t k = 0; k < elements; k++) {
            double *low = &s->low[r * s->in_count + element[k]];
            double *high = &s->high[r * s->in_count + element[k]];

            *low = vouch_sum_down(*low, least);
            *high = vouch_sum_up(*high, most);
        }
    }
}

static vouch_status max_node(gradient *g, const vouch_node *node)
{
    int x = node->input[0], y = node->output[0];
    window_step s = {.in_count = vouch_bounds_count(g->pass.graph, x),
                     .count = vouch_bounds_count(g->pass.graph, y),
                     .y_low = g->low[y],
                     .y_high = g->high[y]};
    int64_t *element = VOUCH_NEW_ARRAY(g->pass.arena, int64_t, s.in_count);

    if (!element)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(take_pair(g, x, &s.low, &s.high));
    memset(s.low, 0, (size_t)(g->rows * s.in_count) * sizeof(double));
    memset(s.high, 0, (size_t)(g->rows * s.in_count) * sizeof(double));
    for (int64_t i = 0; i < s.count; i++) {
        int64_t elements = node->op->window(g->pass.graph, node, i, NULL);

        if (elements > s.in_count)
            return vouch_node_fail(g->pass.ctx, g->pass.graph, node, VOUCH_ERR_INTERNAL,
                                   "a window of %lld elements", (long long)elements);
        node->op->window(g->pass.graph, node, i, element);
        pass_to_window(g, &s, i, element, elements);
    }
    add_pair(g, x, s.low, s.high);
    return VOUCH_OK;
}

/* ---- the run ----------------------------------------------------------------------------- */

static vouch_status step_output(gradient *g, int node, int y)
{
    const vouch_node *n = &g->pass.graph->node[node];

    switch ((int)g->pass.node_class[node]) {
    case VOUCH_OP_AFFINE:
        return affine_node(g, n);
    case VOUCH_OP_POINTWISE:
        return curve_node(g, n);
    case VOUCH_OP_MAX:
        if (n->op->window && n->input_count == 1 && y == n->output[0])
            return max_node(g, n);
        return any_gradient(g, n, y);
    default:
        return any_gradient(g, n, y);
    }
}

static vouch_status walk(gradient *g)
{
    for (int node = g->pass.graph->node_count - 1; node >= 0; node--) {
        const vouch_node *n = &g->pass.graph->node[node];

        VOUCH_TRY(vouch_context_poll(g->pass.ctx));
        for (int o = 0; o < n->output_count; o++) {
            int y = n->output[o];

            if (y < 0 || !g->low[y])
                continue;
            VOUCH_TRY(step_output(g, node, y));
            drop_pair(g, y);
        }
    }
    return VOUCH_OK;
}

static vouch_status start_rows(gradient *g)
{
    const vouch_bound_problem *problem = g->pass.problem;
    const vouch_graph *graph = g->pass.graph;
    int64_t base = 0;

    for (int o = 0; o < graph->output_count; o++) {
        int v = graph->output[o];
        int64_t count = vouch_bounds_count(graph, v);
        double *low, *high;

        if (!graph->value[v].constant) {
            VOUCH_TRY(take_pair(g, v, &low, &high));
            for (int64_t r = 0; r < g->rows; r++)
                memcpy(low + r * count, problem->rows->output + r * problem->output_size + base,
                       (size_t)count * sizeof(double));
            memcpy(high, low, (size_t)(g->rows * count) * sizeof(double));
            add_pair(g, v, low, high);
        }
        base += count;
    }
    return VOUCH_OK;
}

/* What reached the inputs, and the rows' own coefficients. */
static void store(const gradient *g, double *low, double *high)
{
    const vouch_bound_problem *problem = g->pass.problem;
    int64_t size = problem->input_size, base = 0;

    for (int k = 0; k < g->pass.graph->input_count; k++) {
        int v = g->pass.graph->input[k];
        int64_t count = vouch_bounds_count(g->pass.graph, v);

        for (int64_t r = 0; r < g->rows; r++)
            for (int64_t i = 0; i < count; i++) {
                int64_t at = r * size + base + i, from = r * count + i;
                double own = problem->rows->input ? problem->rows->input[at] : 0;

                low[at] = vouch_sum_down(own, g->low[v] ? g->low[v][from] : 0);
                high[at] = vouch_sum_up(own, g->high[v] ? g->high[v][from] : 0);
            }
        base += count;
    }
}

static vouch_status run(gradient *g, double *low, double *high)
{
    int values = g->pass.graph->value_count;

    g->low = VOUCH_NEW_ARRAY(g->pass.arena, double *, values);
    g->high = VOUCH_NEW_ARRAY(g->pass.arena, double *, values);
    if (!g->low || !g->high)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_pass_classify(&g->pass));
    VOUCH_TRY(start_rows(g));
    VOUCH_TRY(walk(g));
    store(g, low, high);
    return VOUCH_OK;
}

vouch_status vouch_gradient_bounds(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_bound_problem *problem,
                                   const vouch_bounds *bounds, double *low, double *high)
{
    vouch_arena_mark mark = vouch_arena_get_mark(arena);
    gradient g = {
        .pass = {.ctx = ctx, .arena = arena, .problem = problem, .graph = problem->graph},
        .pool = {.arena = arena},
        .bounds = bounds,
        .rows = problem->rows ? problem->rows->count : 0};
    vouch_status status = run(&g, low, high);

    vouch_arena_reset(arena, mark);
    return status;
}
