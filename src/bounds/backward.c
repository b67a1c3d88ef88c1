/* Backward linear forms: a row over the outputs becomes a row over the inputs, node by node.
 *
 * Problem:   bound Lambda . y from below on a box (from above: bound -Lambda . y from below).
 * Method:    walk the nodes backwards and replace each value by a linear lower bound in the
 *            values it is made of [Zhang et al. 2018, Thm 3.2 (CROWN); Singh et al. 2019,
 *            sec. 4.3 (DeepPoly)]: AFFINE exactly, POINTWISE and MAX by the line that the sign
 * of the coefficient asks for, any other class by its interval, which ends the walk there, as
 * curves do that have not been relaxed.
 * Invariant: row >= sum over values lambda_v . v + offset - error, for all points of the box.
 *
 * The computed coefficients are some linear form; error pays for what each step did to the
 * exact one. With X >= |x| elementwise over the box and gamma of all roundings of a step:
 *
 *     AFFINE     |(fl(Lambda A) - Lambda A) x|  <=  gamma sum_i |Lambda_i| (|A| X)_i + m eta
 * sum X POINTWISE  |(fl(lambda s) - lambda s) x|  <=  (u |fl(lambda s)| + eta) X join |(fl(a +
 * b) - (a + b)) x|      <=  u |fl(a + b)| X
 *
 * |A| X + |b| is computed once per node (`reach`), so a step costs one dot product more per
 * row.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

vouch_status vouch_backward_begin(vouch_pass *pass, int64_t cells, vouch_backward *b)
{
    const vouch_graph *graph = pass->graph;

    *b = (vouch_backward){.pass = pass,
                          .pool = {.arena = pass->arena},
                          .cells = cells,
                          .forms = pass->bounds->lower != NULL};
    b->lines = VOUCH_NEW_ARRAY(pass->arena, vouch_relaxation *, graph->node_count);
    b->source = VOUCH_NEW_ARRAY(pass->arena, int64_t *, graph->node_count);
    b->reach = VOUCH_NEW_ARRAY(pass->arena, double *, graph->node_count);
    b->span = VOUCH_NEW_ARRAY(pass->arena, double, graph->node_count);
    b->lambda = VOUCH_NEW_ARRAY(pass->arena, double *, graph->value_count);
    return b->lines && b->source && b->reach && b->span && b->lambda ? VOUCH_OK
                                                                     : VOUCH_ERR_MEMORY;
}

/* ---- relaxing a node --------------------------------------------------------------------- */

static double largest(const vouch_backward *b, int v, int64_t i)
{
    return vouch_magnitude(b->pass->bounds->low[v][i], b->pass->bounds->high[v][i]);
}

static vouch_status relax_curve(vouch_backward *b, int node)
{
    vouch_pass *pass = b->pass;
    int64_t count = vouch_bounds_count(pass->graph, pass->graph->node[node].output[0]);

    b->lines[node] = VOUCH_NEW_ARRAY(pass->arena, vouch_relaxation, count);
    if (!b->lines[node])
        return VOUCH_ERR_MEMORY;
    if (pass->node_class[node] == VOUCH_OP_MAX) {
        b->source[node] = VOUCH_NEW_ARRAY(pass->arena, int64_t, count);
        if (!b->source[node])
            return VOUCH_ERR_MEMORY;
    }
    return vouch_pass_relax(pass, node, false, b->lines[node], b->source[node]);
}

/* reach += |A_w| X_w, span += sum X_w. */
static vouch_status reach_input(vouch_backward *b, int node, int w, double *reach)
{
    vouch_pass *pass = b->pass;
    const vouch_node *n = &pass->graph->node[node];
    int64_t in_count = vouch_bounds_count(pass->graph, n->input[w]);
    int64_t count = vouch_bounds_count(pass->graph, n->output[0]);
    double *x = vouch_pool_take(&b->pool, in_count), *y = vouch_pool_take(&b->pool, count);
    vouch_linear_call call = {
        .node = n, .which = w, .mode = VOUCH_LINEAR_ABS, .batch = 1, .in = x, .out = y};

    if (!x || !y)
        return VOUCH_ERR_MEMORY;
    for (int64_t j = 0; j < in_count; j++) {
        x[j] = largest(b, n->input[w], j);
        b->span[node] += x[j];
    }
    VOUCH_TRY(vouch_pass_linear(pass, call));
    for (int64_t i = 0; i < count; i++)
        reach[i] += y[i];
    vouch_pool_give(&b->pool, x);
    vouch_pool_give(&b->pool, y);
    return VOUCH_OK;
}

static vouch_status relax_affine(vouch_backward *b, int node)
{
    vouch_pass *pass = b->pass;
    const vouch_affine *affine = &pass->affine[node];
    int64_t count = vouch_bounds_count(pass->graph, pass->graph->node[node].output[0]);
    double *reach = VOUCH_NEW_ARRAY(pass->arena, double, count);

    if (!reach)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < affine->input_count; k++)
        VOUCH_TRY(reach_input(b, node, affine->which[k], reach));
    for (int64_t i = 0; i < count; i++)
        reach[i] = vouch_inflate(reach[i] + affine->abs_offset[i], affine->terms);
    b->reach[node] = reach;
    return VOUCH_OK;
}

vouch_status vouch_backward_node(vouch_backward *b, int node)
{
    if (vouch_pass_has_lines(b->pass, node))
        return relax_curve(b, node);
    return b->pass->node_class[node] == VOUCH_OP_AFFINE ? relax_affine(b, node) : VOUCH_OK;
}

/* ---- one chunk of rows ------------------------------------------------------------------- */

/* offset_r += sum of n terms with that sum of magnitudes; `more` is error from elsewhere. */
static void add_offset(vouch_backward *b, int64_t r, double sum, double magnitude, double more,
                       int64_t n)
{
    double offset = b->offset[r] + sum;
    double error = vouch_gamma64(n + 4) * magnitude + VOUCH_U64 * fabs(offset) + more;

    b->offset[r] = offset;
    b->error[r] = vouch_up(b->error[r] + vouch_inflate(error, n + 4));
}

/* lambda_v += part, a buffer of the pool that is given away. */
static void add_lambda(vouch_backward *b, int v, double *part)
{
    int64_t count = vouch_bounds_count(b->pass->graph, v);
    double *lambda = b->lambda[v];

    if (!lambda) {
        b->lambda[v] = part;
        return;
    }
    for (int64_t r = 0; r < b->rows; r++) {
        double *at = lambda + r * count, *from = part + r * count, error = 0;

        for (int64_t i = 0; i < count; i++) {
            double sum = at[i] + from[i];

            if (at[i] != 0 && from[i] != 0)
                error += VOUCH_U64 * fabs(sum) * largest(b, v, i);
            at[i] = sum;
        }
        b->error[r] = vouch_up(b->error[r] + vouch_inflate(error, count + 4));
    }
    vouch_pool_give(&b->pool, part);
}

/* The value's rows become numbers: each scalar goes to the end its coefficient asks for. */
static void concretise(vouch_backward *b, int v)
{
    const double *low = b->pass->bounds->low[v], *high = b->pass->bounds->high[v];
    int64_t count = vouch_bounds_count(b->pass->graph, v);

    for (int64_t r = 0; r < b->rows; r++) {
        const double *lambda = b->lambda[v] + r * count;
        double sum = 0, magnitude = 0;

        for (int64_t i = 0; i < count; i++) {
            double term;

            if (lambda[i] == 0)
                continue;
            term = lambda[i] * (lambda[i] > 0 ? low[i] : high[i]);
            sum += term;
            magnitude += fabs(term);
        }
        add_offset(b, r, sum, magnitude, 0, count);
    }
}

/* out: a row over the curves' input, zeroed. Elements of several windows add up. */
static void curve_row(vouch_backward *b, int node, int64_t r, double *out)
{
    const vouch_node *n = &b->pass->graph->node[node];
    const vouch_relaxation *lines = b->lines[node];
    const int64_t *source = b->source[node];
    int64_t count = vouch_bounds_count(b->pass->graph, n->output[0]);
    const double *lambda = b->lambda[n->output[0]] + r * count;
    double sum = 0, magnitude = 0, error = 0;

    for (int64_t i = 0; i < count; i++) {
        vouch_line line = lambda[i] > 0 ? lines[i].lower : lines[i].upper;
        int64_t j = source ? source[i] : i;
        double product, before = out[j], largest_x;

        if (lambda[i] == 0)
            continue;
        largest_x = line.slope == 0 ? 0 : largest(b, n->input[0], j);
        product = lambda[i] * line.slope;
        if (line.slope != 1)
            error += (VOUCH_U64 * fabs(product) + DBL_MIN) * largest_x;
        out[j] += product;
        if (before != 0)
            error += VOUCH_U64 * fabs(out[j]) * largest_x;
        product = lambda[i] * line.offset;
        sum += product;
        magnitude += fabs(product);
    }
    add_offset(b, r, sum, magnitude, error, count);
}

static vouch_status step_curve(vouch_backward *b, int node)
{
    int x = b->pass->graph->node[node].input[0];
    int64_t count = vouch_bounds_count(b->pass->graph, x);
    double *out = vouch_pool_take(&b->pool, b->rows * count);

    if (!out)
        return VOUCH_ERR_MEMORY;
    memset(out, 0, (size_t)(b->rows * count) * sizeof(double));
    for (int64_t r = 0; r < b->rows; r++)
        curve_row(b, node, r, out + r * count);
    add_lambda(b, x, out);
    return VOUCH_OK;
}

/* offset += Lambda b, and the error of Lambda A x + Lambda b. */
static void affine_offset(vouch_backward *b, int node)
{
    const vouch_affine *affine = &b->pass->affine[node];
    int y = b->pass->graph->node[node].output[0];
    int64_t count = vouch_bounds_count(b->pass->graph, y);
    double gamma = vouch_gamma64(affine->terms);
    double tiny = affine->exact ? 0 : (double)affine->terms * DBL_MIN * b->span[node];

    for (int64_t r = 0; r < b->rows; r++) {
        const double *lambda = b->lambda[y] + r * count;
        double sum = 0, magnitude = 0, reach = 0;

        for (int64_t i = 0; i < count; i++) {
            double product = lambda[i] * affine->offset[i];

            sum += product;
            magnitude += fabs(product);
            if (lambda[i] != 0)
                reach += fabs(lambda[i]) * b->reach[node][i];
        }
        add_offset(b, r, sum, magnitude, affine->exact ? 0 : gamma * reach + tiny, count);
    }
}

static vouch_status step_affine(vouch_backward *b, int node)
{
    const vouch_node *n = &b->pass->graph->node[node];
    const vouch_affine *affine = &b->pass->affine[node];

    affine_offset(b, node);
    for (int k = 0; k < affine->input_count; k++) {
        int w = affine->which[k], x = n->input[w];
        double *out =
            vouch_pool_take(&b->pool, b->rows * vouch_bounds_count(b->pass->graph, x));
        vouch_linear_call call = {.node = n,
                                  .which = w,
                                  .mode = VOUCH_LINEAR_TRANSPOSED,
                                  .batch = b->rows,
                                  .in = b->lambda[n->output[0]],
                                  .out = out};

        if (!out)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_pass_linear(b->pass, call));
        add_lambda(b, x, out);
    }
    return VOUCH_OK;
}

static void drop_lambda(vouch_backward *b, int v)
{
    vouch_pool_give(&b->pool, b->lambda[v]);
    b->lambda[v] = NULL;
}

static vouch_status step_node(vouch_backward *b, int node)
{
    const vouch_node *n = &b->pass->graph->node[node];

    for (int o = 0; o < n->output_count; o++) {
        int y = n->output[o];

        if (y < 0 || !b->lambda[y])
            continue;
        if (b->pass->node_class[node] == VOUCH_OP_AFFINE)
            VOUCH_TRY(step_affine(b, node));
        else if (b->lines[node])
            VOUCH_TRY(step_curve(b, node));
        else
            concretise(b, y);
        drop_lambda(b, y);
    }
    return VOUCH_OK;
}

/* What the walk left at the inputs, side by side. */
static void gather_form(vouch_backward *b)
{
    const vouch_graph *graph = b->pass->graph;
    int64_t size = b->pass->problem->input_size, base = 0;

    memset(b->form, 0, (size_t)(b->rows * size) * sizeof(double));
    for (int k = 0; k < graph->input_count; k++) {
        int v = graph->input[k];
        int64_t count = vouch_bounds_count(graph, v);

        for (int64_t r = 0; b->lambda[v] && r < b->rows; r++)
            memcpy(b->form + r * size + base, b->lambda[v] + r * count,
                   (size_t)count * sizeof(double));
        drop_lambda(b, v);
        base += count;
    }
}

static vouch_status new_chunk(vouch_backward *b, int64_t rows)
{
    b->rows = rows;
    b->offset = vouch_pool_take(&b->pool, rows);
    b->error = vouch_pool_take(&b->pool, rows);
    b->form = vouch_pool_take(&b->pool, rows * b->pass->problem->input_size);
    if (!b->offset || !b->error || !b->form)
        return VOUCH_ERR_MEMORY;
    memset(b->offset, 0, (size_t)rows * sizeof(double));
    memset(b->error, 0, (size_t)rows * sizeof(double));
    return VOUCH_OK;
}

static void end_chunk(vouch_backward *b)
{
    vouch_pool_give(&b->pool, b->offset);
    vouch_pool_give(&b->pool, b->error);
    vouch_pool_give(&b->pool, b->form);
}

/* Walks from node `last` to the inputs; b->form then holds the rows. */
static vouch_status walk(vouch_backward *b, int last)
{
    for (int n = last; n >= 0; n--) {
        VOUCH_TRY(vouch_context_poll(b->pass->ctx));
        VOUCH_TRY(step_node(b, n));
    }
    gather_form(b);
    return VOUCH_OK;
}

/* Lower bound of row r over the points in question. */
static double row_minimum(const vouch_backward *b, int64_t r)
{
    const vouch_bound_problem *problem = b->pass->problem;

    return vouch_form_least(problem, b->form + r * problem->input_size,
                            vouch_down(b->offset[r] - b->error[r]));
}

/* Rows that fit in the limit when every value before node `last` were alive at once. */
static int64_t chunk_rows(const vouch_backward *b, int last)
{
    const vouch_graph *graph = b->pass->graph;
    int64_t per_row = b->pass->problem->input_size + 1;

    for (int n = 0; n <= last; n++)
        for (int o = 0; o < graph->node[n].output_count; o++)
            if (graph->node[n].output[o] >= 0)
                per_row += vouch_bounds_count(graph, graph->node[n].output[o]);
    return b->cells / per_row / 2 > 1 ? b->cells / per_row / 2 : 1;
}

/* ---- scalars of a value ------------------------------------------------------------------ */

/* Rows +-e_i for the scalars listed. */
static vouch_status bound_scalars(vouch_backward *b, int v, const int64_t *list, int64_t n)
{
    int64_t count = vouch_bounds_count(b->pass->graph, v);
    double *start = vouch_pool_take(&b->pool, 2 * n * count);

    VOUCH_TRY(new_chunk(b, 2 * n));
    if (!start)
        return VOUCH_ERR_MEMORY;
    memset(start, 0, (size_t)(2 * n * count) * sizeof(double));
    for (int64_t k = 0; k < n; k++) {
        start[k * count + list[k]] = 1;
        start[(n + k) * count + list[k]] = -1;
    }
    b->lambda[v] = start;
    VOUCH_TRY(walk(b, b->pass->graph->value[v].producer));
    for (int64_t k = 0; k < n; k++)
        vouch_pass_tighten(b->pass, v, list[k], row_minimum(b, k), -row_minimum(b, n + k));
    end_chunk(b);
    return VOUCH_OK;
}

vouch_status vouch_backward_value(vouch_backward *b, int v, const bool *wanted)
{
    int64_t count = vouch_bounds_count(b->pass->graph, v), n = 0;
    int64_t chunk = chunk_rows(b, b->pass->graph->value[v].producer);
    int64_t *list = VOUCH_NEW_ARRAY(b->pass->arena, int64_t, count);

    if (!list)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count && !b->pass->bounds->empty; i++) {
        if (wanted[i])
            list[n++] = i;
        if (n == chunk || (i == count - 1 && n > 0)) {
            VOUCH_TRY(bound_scalars(b, v, list, n));
            n = 0;
        }
    }
    return VOUCH_OK;
}

/* ---- the problem's rows ------------------------------------------------------------------ */

/* lambda of the outputs: rows first .. first + n - 1, then their negatives. */
static vouch_status start_rows(vouch_backward *b, int first, int64_t n)
{
    const vouch_bound_problem *problem = b->pass->problem;
    const vouch_graph *graph = b->pass->graph;
    int64_t base = 0;

    for (int o = 0; o < graph->output_count; o++) {
        int v = graph->output[o];
        int64_t count = vouch_bounds_count(graph, v);
        double *part = vouch_pool_take(&b->pool, 2 * n * count);

        if (!part)
            return VOUCH_ERR_MEMORY;
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = 0; i < count; i++) {
                double a = problem->rows->output[(first + r) * problem->output_size + base + i];

                part[r * count + i] = a;
                part[(n + r) * count + i] = -a;
            }
        add_lambda(b, v, part);
        base += count;
        if (graph->value[v].constant) {
            concretise(b, v);
            drop_lambda(b, v);
        }
    }
    return VOUCH_OK;
}

/* form += the rows' own coefficients of the inputs. */
static void add_inputs(vouch_backward *b, int first, int64_t n)
{
    const vouch_bound_problem *problem = b->pass->problem;
    int64_t size = problem->input_size;

    for (int64_t r = 0; r < 2 * n; r++) {
        double sign = r < n ? 1 : -1, error = 0;
        int64_t row = first + (r < n ? r : r - n);
        double constant = problem->rows->constant ? problem->rows->constant[row] : 0;

        for (int64_t j = 0; problem->rows->input && j < size; j++) {
            double *at = b->form + r * size + j;
            double a = sign * problem->rows->input[row * size + j];

            if (*at != 0 && a != 0)
                error += VOUCH_U64 * fabs(*at + a) *
                         vouch_magnitude(problem->low[j], problem->high[j]);
            *at += a;
        }
        add_offset(b, r, sign * constant, fabs(constant), error, size);
    }
}

/* The lower form of row r is row k of the chunk, the upper one the negative of row n + k. */
static void store_row(vouch_backward *b, int r, int64_t k, int64_t n)
{
    vouch_bounds *bounds = b->pass->bounds;
    int64_t size = b->pass->problem->input_size;
    const double *negated = b->form + (n + k) * size;

    vouch_pass_tighten_row(b->pass, r, row_minimum(b, k), -row_minimum(b, n + k));
    if (!b->forms)
        return;
    memcpy(bounds->lower + r * size, b->form + k * size, (size_t)size * sizeof(double));
    for (int64_t j = 0; j < size; j++)
        bounds->upper[r * size + j] = -negated[j];
    bounds->lower_offset[r] = vouch_down(b->offset[k] - b->error[k]);
    bounds->upper_offset[r] = -vouch_down(b->offset[n + k] - b->error[n + k]);
    vouch_pass_check_forms(b->pass, r);
}

vouch_status vouch_backward_rows(vouch_backward *b)
{
    const vouch_bound_problem *problem = b->pass->problem;
    int last = b->pass->graph->node_count - 1;
    int64_t chunk = chunk_rows(b, last);

    for (int first = 0; first < problem->rows->count;) {
        int64_t left = problem->rows->count - first, n = left < chunk ? left : chunk;

        VOUCH_TRY(new_chunk(b, 2 * n));
        VOUCH_TRY(start_rows(b, first, n));
        VOUCH_TRY(walk(b, last));
        add_inputs(b, first, n);
        for (int64_t k = 0; k < n; k++)
            store_row(b, first + (int)k, k, n);
        end_chunk(b);
        first += (int)n;
    }
    return VOUCH_OK;
}

/* ---- elided rows ------------------------------------------------------------------------- */

/* Relaxes the AFFINE nodes between the last curves and the outputs, and no others. */
static vouch_status relax_tail(vouch_backward *b)
{
    const vouch_graph *graph = b->pass->graph;
    bool *reached = VOUCH_NEW_ARRAY(b->pass->arena, bool, graph->value_count);

    if (!reached)
        return VOUCH_ERR_MEMORY;
    for (int o = 0; o < graph->output_count; o++)
        reached[graph->output[o]] = true;
    for (int n = graph->node_count - 1; n >= 0; n--) {
        const vouch_node *node = &graph->node[n];
        const vouch_affine *affine = &b->pass->affine[n];

        if (!vouch_pass_active(b->pass, n) || b->pass->node_class[n] != VOUCH_OP_AFFINE ||
            !reached[node->output[0]])
            continue;
        VOUCH_TRY(vouch_backward_node(b, n));
        for (int k = 0; k < affine->input_count; k++)
            reached[node->input[affine->which[k]]] = true;
    }
    return VOUCH_OK;
}

vouch_status vouch_backward_elided_rows(vouch_pass *pass)
{
    vouch_backward b;

    if (!pass->problem->rows || pass->bounds->empty)
        return VOUCH_OK;
    VOUCH_TRY(vouch_backward_begin(pass, VOUCH_CELLS, &b));
    b.forms = false;
    VOUCH_TRY(relax_tail(&b));
    return vouch_backward_rows(&b);
}
