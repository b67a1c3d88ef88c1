/* The walk: rows of coefficients from where they start back to the inputs.
 *
 * Invariant, for every row and all points of its subproblem:
 *
 *     row  >=  sum over values v of lambda_v . v + offset - error
 *
 * Each node replaces the coefficients of its outputs by coefficients of its inputs (dag.h). The
 * computed coefficients are some linear form; `error` pays for what each step did to the exact
 * one, with X >= |x| on the hull and gamma of all roundings of a step:
 *
 *     AFFINE   gamma sum_i |lambda_i| (|A| X + |b|)_i + m eta sum X
 *     lines    u |fl(lambda s)| X for a product, u |fl(a + b)| X for a sum, the slip of a mix
 *     products as dag_product.c says
 */
#include <string.h>

#include "bounds/dag_product.h"

vouch_status vouch_dag_linear(vouch_dag_worker *w, vouch_linear_call call)
{
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    vouch_status status;

    call.ctx = w->ctx;
    call.scratch = w->scratch;
    call.graph = w->dag->graph;
    status = call.node->op->linear(&call);
    vouch_arena_reset(w->scratch, mark);
    return status;
}

/* ---- one row's account ------------------------------------------------------------------- */

void vouch_dag_account(vouch_dag_walk *walk, int64_t r, const vouch_walk_sums *sums,
                       double more, int64_t n)
{
    double offset = walk->offset[r] + sums->constant;
    double error = vouch_gamma64(n + 4) * sums->magnitude + VOUCH_U64 * fabs(offset) + more;

    walk->offset[r] = offset;
    walk->error[r] = vouch_up(walk->error[r] + vouch_inflate(error, n + 4));
}

static double *take(vouch_dag_worker *w, int64_t count)
{
    return vouch_pool_take(&w->pool, w->walk.count * count);
}

static double *take_zeroed(vouch_dag_worker *w, int64_t count)
{
    double *rows = take(w, count);

    if (rows)
        memset(rows, 0, (size_t)(w->walk.count * count) * sizeof(double));
    return rows;
}

/* lambda_v += part, of that patch: a buffer of the pool that is given away. */
static vouch_status join(vouch_dag_worker *w, int v, const vouch_patch *patch, double *part)
{
    vouch_dag_walk *walk = &w->walk;
    const double *largest;
    int64_t count;

    if (!walk->lambda[v]) {
        walk->lambda[v] = part;
        walk->patch[v] = *patch;
        return VOUCH_OK;
    }
    VOUCH_TRY(vouch_dag_patch_meet(w, v, patch, &part));
    count = vouch_dag_width(w, v);
    largest = vouch_dag_view(w, v, w->dag->largest[v]);
    for (int r = 0; largest && r < walk->count; r++) {
        double reach =
            w->kernel->add(count, walk->lambda[v] + r * count, part + r * count, largest);
        vouch_walk_sums none = {0, 0, 0};

        vouch_dag_account(walk, r, &none, VOUCH_U64 * reach, count);
    }
    vouch_pool_give(&w->pool, part);
    return largest ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* The intervals of the scalars of v, numbered from `from`, that row r meets. Local rows share
 * them: they are gathered for the first. */
typedef struct ends {
    const double *low, *high;
} ends;

static vouch_status look(vouch_dag_worker *w, int v, int64_t from, int r, ends *e)
{
    const vouch_dag_intervals *at = w->walk.row[r].at;

    if (r > 0 && w->walk.local)
        return VOUCH_OK;
    e->low = vouch_dag_view(w, v, at->low + from);
    e->high = vouch_dag_view(w, v, at->high + from);
    return e->low && e->high ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static const vouch_patch WHOLE; /* the patch of rows that are not local */

/* ---- the steps --------------------------------------------------------------------------- */

/* What b and rounding add to the rows. */
static vouch_status account_affine(vouch_dag_worker *w, int n)
{
    const vouch_dag_node *at = &w->dag->node[n];
    const vouch_affine *affine = &w->dag->affine[n];
    int y = w->dag->graph->node[n].output[0];
    int64_t count = vouch_dag_width(w, y);
    double gamma = affine->exact ? 0 : vouch_gamma64(affine->terms);
    double tiny = affine->exact ? 0 : (double)affine->terms * DBL_MIN * at->span;
    const double *offset = vouch_dag_view(w, y, affine->offset);
    const double *reach = vouch_dag_view(w, y, at->reach);

    if (!offset || !reach)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < w->walk.count; r++) {
        vouch_walk_sums sums;

        w->kernel->affine(count, w->walk.lambda[y] + r * count, offset, reach, &sums);
        vouch_dag_account(&w->walk, r, &sums, affine->exact ? 0 : gamma * sums.reach + tiny,
                          count);
    }
    return VOUCH_OK;
}

/* The rows' part through input `which` of an affine node. */
static vouch_status pull_affine(vouch_dag_worker *w, int n, int which)
{
    const vouch_node *node = &w->dag->graph->node[n];
    vouch_dag_walk *walk = &w->walk;
    int x = node->input[which], y = node->output[0];
    bool local = walk->patch[y].channels > 0;
    vouch_patch patch = WHOLE;
    double *out;

    if (local && !vouch_dag_patch_pull(w->dag, n, which, &walk->patch[y], &patch))
        return vouch_fail(w->ctx, VOUCH_ERR_INTERNAL, "a walk lost its patch");
    out = take(w, local ? vouch_patch_count(&patch) : vouch_bounds_count(w->dag->graph, x));
    if (!out)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_dag_linear(w, (vouch_linear_call){.node = node,
                                                      .which = which,
                                                      .mode = VOUCH_LINEAR_TRANSPOSED,
                                                      .batch = walk->count,
                                                      .in = walk->lambda[y],
                                                      .out = out,
                                                      .patch_y = local ? &walk->patch[y] : NULL,
                                                      .patch_x = local ? &patch : NULL}));
    return join(w, x, &patch, out);
}

static vouch_status pass_affine(vouch_dag_worker *w, int n)
{
    const vouch_affine *affine = &w->dag->affine[n];
    const vouch_dag_frame *frame = n == w->dag->entry ? vouch_dag_frame_of(&w->walk) : NULL;

    if (frame)
        return vouch_dag_frame_pass(w, frame);
    if (!affine->bare)
        VOUCH_TRY(account_affine(w, n));
    for (int k = 0; k < affine->input_count; k++)
        VOUCH_TRY(pull_affine(w, n, affine->which[k]));
    return VOUCH_OK;
}

static vouch_status pass_relu(vouch_dag_worker *w, int n)
{
    const vouch_dag *dag = w->dag;
    const vouch_dag_node *at = &dag->node[n];
    vouch_dag_walk *walk = &w->walk;
    int x = dag->graph->node[n].input[0], y = dag->graph->node[n].output[0];
    int64_t count = vouch_dag_width(w, y);
    const double *largest = vouch_dag_view(w, y, dag->largest[x]);
    double *out = take(w, count);
    ends in = {0};

    if (!out || !largest)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < walk->count; r++) {
        const float *mix = walk->row[r].mix;
        vouch_walk_relu relu = {.count = count,
                                .lambda = walk->lambda[y] + r * count,
                                .mix = mix ? mix + at->mix : NULL,
                                .largest = largest,
                                .out = out + r * count};
        vouch_walk_sums sums;

        VOUCH_TRY(look(w, y, at->from, r, &in));
        relu.low = in.low;
        relu.high = in.high;
        w->kernel->relu(&relu, &sums);
        vouch_dag_account(walk, r, &sums, VOUCH_U64 * sums.reach + DBL_MIN * at->span, count);
    }
    return join(w, x, &walk->patch[y], out);
}

typedef struct curve_row {
    int64_t count;
    const double *lambda, *largest;
    const float *mix; /* or NULL */
    const vouch_dag_lines *lines;
    double *out;
} curve_row;

static void pass_curve_row(const curve_row *c, vouch_walk_sums *sums)
{
    const vouch_dag_lines *lines = c->lines;
    const double *largest = c->largest;
    double *out = c->out;

    *sums = (vouch_walk_sums){0, 0, 0};
    for (int64_t i = 0; i < c->count; i++) {
        double g = c->lambda[i], term;
        vouch_dag_line line;

        out[i] = 0;
        if (g == 0)
            continue;
        line = vouch_dag_mixed(g > 0 ? &lines[i].below : &lines[i].above,
                               c->mix ? c->mix[i] : -1.F);
        out[i] = g * line.slope;
        term = g * line.offset;
        sums->constant += term;
        sums->magnitude += fabs(term);
        if (out[i] != 0 || line.slip_slope > 0)
            sums->reach += (VOUCH_U64 * fabs(out[i]) + fabs(g) * line.slip_slope) * largest[i];
        sums->reach += fabs(g) * line.slip_offset;
    }
}

static vouch_status pass_curve(vouch_dag_worker *w, int n)
{
    const vouch_dag_node *at = &w->dag->node[n];
    int x = w->dag->graph->node[n].input[0], y = w->dag->graph->node[n].output[0];
    vouch_dag_walk *walk = &w->walk;
    int64_t count = vouch_dag_width(w, y);
    double *out = take(w, count);
    curve_row c = {.count = count, .largest = vouch_dag_view(w, y, w->dag->largest[x])};

    if (!out || !c.largest)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < walk->count; r++) {
        const vouch_dag_row *row = &walk->row[r];
        vouch_walk_sums sums;

        if (r == 0 || !walk->local)
            c.lines = vouch_dag_see(w, y, row->at->lines->entry + at->lines, sizeof *c.lines);
        if (!c.lines)
            return VOUCH_ERR_MEMORY;
        c.lambda = walk->lambda[y] + r * count;
        c.mix = row->mix ? row->mix + at->mix : NULL;
        c.out = out + r * count;
        pass_curve_row(&c, &sums);
        vouch_dag_account(walk, r, &sums, sums.reach + DBL_MIN * at->span, count);
    }
    return join(w, x, &walk->patch[y], out);
}

/* Planes for one row, of the sides it asks for; or for all rows alike (lambda NULL), both. */
static void make_planes(const vouch_dag_planes *planes, const vouch_dag_row *row,
                        const double *lambda)
{
    const vouch_dag_node *at = &planes->dag->node[planes->node];

    for (int64_t i = 0; i < at->count; i++) {
        if (!lambda || lambda[i] > 0)
            vouch_dag_planes_make(planes, row, i, false);
        if (!lambda || lambda[i] < 0)
            vouch_dag_planes_make(planes, row, i, true);
    }
}

static vouch_status pass_product(vouch_dag_worker *w, int n)
{
    const vouch_dag *dag = w->dag;
    const vouch_dag_node *at = &dag->node[n];
    const vouch_node *node = &dag->graph->node[n];
    int64_t lefts = vouch_bounds_count(dag->graph, node->input[0]);
    int64_t rights = vouch_bounds_count(dag->graph, node->input[1]);
    double *left = take_zeroed(w, lefts), *right = take_zeroed(w, rights);
    const double *lambda = w->walk.lambda[node->output[0]];
    bool shared = vouch_dag_planes_shared(&w->walk);
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    vouch_dag_planes planes;

    if (!left || !right)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_dag_planes_new(w, n, &planes));
    if (shared)
        make_planes(&planes, w->walk.row, NULL);
    for (int r = 0; r < w->walk.count; r++) {
        const double *its = lambda + r * at->count;
        vouch_walk_sums sums;

        if (!shared)
            make_planes(&planes, &w->walk.row[r], its);
        vouch_dag_planes_pass(&planes, its, left + r * lefts, right + r * rights, &sums);
        vouch_dag_account(&w->walk, r, &sums,
                          vouch_gamma64(at->most) * sums.reach + 4 * DBL_MIN * at->span,
                          at->count + at->longest);
    }
    vouch_arena_reset(w->scratch, mark);
    VOUCH_TRY(join(w, node->input[0], &WHOLE, left));
    return join(w, node->input[1], &WHOLE, right);
}

/* The rows of value v, whose scalars are numbered from `at`, become numbers: each scalar goes to
 * the end its coefficient asks for. */
static vouch_status concretise(vouch_dag_worker *w, int v, int64_t at)
{
    int64_t count = vouch_dag_width(w, v);
    ends in = {0};

    for (int r = 0; r < w->walk.count; r++) {
        vouch_walk_sums sums;

        VOUCH_TRY(look(w, v, at, r, &in));
        w->kernel->least(count, w->walk.lambda[v] + r * count, in.low, in.high, &sums);
        vouch_dag_account(&w->walk, r, &sums, 0, count);
    }
    return VOUCH_OK;
}

static void drop(vouch_dag_worker *w, int v)
{
    vouch_pool_give(&w->pool, w->walk.lambda[v]);
    w->walk.lambda[v] = NULL;
    w->walk.patch[v] = WHOLE;
}

static vouch_status pass_output(vouch_dag_worker *w, int n, int v)
{
    VOUCH_TRY(vouch_dag_patch_prepare(w, n, v));
    switch (w->dag->node[n].step) {
    case VOUCH_DAG_AFFINE:
        return pass_affine(w, n);
    case VOUCH_DAG_RELU:
        return pass_relu(w, n);
    case VOUCH_DAG_CURVE:
        return pass_curve(w, n);
    case VOUCH_DAG_PRODUCT:
        return pass_product(w, n);
    case VOUCH_DAG_OTHER:
        return concretise(w, v, w->dag->scalar[v]);
    case VOUCH_DAG_DEAD:
    default:
        return VOUCH_OK;
    }
}

/* ---- decisions --------------------------------------------------------------------------- */

/* lambda_z + s b, offset - s b p: what b >= 0 times the decision's slack adds to the row. Input
 * decisions need none: the box has them. */
static vouch_status add_decision(vouch_dag_worker *w, int v, int r, const vouch_decision *d,
                                 double beta)
{
    int64_t count = vouch_bounds_count(w->dag->graph, v), i = d->neuron - w->dag->scalar[v];
    double signed_beta = d->upper ? beta : -beta, *at;
    vouch_walk_sums sums;

    if (!w->walk.lambda[v] && !(w->walk.lambda[v] = take_zeroed(w, count)))
        return VOUCH_ERR_MEMORY;
    at = &w->walk.lambda[v][r * count + i];
    *at += signed_beta;
    sums.constant = -signed_beta * d->point;
    sums.magnitude = fabs(sums.constant);
    vouch_dag_account(&w->walk, r, &sums, VOUCH_U64 * fabs(*at) * w->dag->largest[v][i], 1);
    return VOUCH_OK;
}

static vouch_status add_decisions(vouch_dag_worker *w, int v)
{
    for (int r = 0; r < w->walk.count; r++) {
        const vouch_dag_row *row = &w->walk.row[r];

        for (int k = 0; k < row->decision_count; k++) {
            const vouch_decision *d = &row->decision[k];

            if (d->neuron < w->dag->neurons && w->dag->owner[d->neuron] == v &&
                row->beta[k] > 0)
                VOUCH_TRY(add_decision(w, v, r, d, (double)row->beta[k]));
        }
    }
    return VOUCH_OK;
}

/* ---- the start --------------------------------------------------------------------------- */

static vouch_status start_scalars(vouch_dag_worker *w, int v)
{
    vouch_dag_walk *walk = &w->walk;
    vouch_patch image;
    int64_t count;
    double *rows;

    walk->patch[v] = vouch_dag_patch_start(w, v);
    walk->local = walk->patch[v].channels > 0;
    count = vouch_dag_width(w, v);
    rows = take_zeroed(w, count);
    if (!rows)
        return VOUCH_ERR_MEMORY;
    vouch_patch_whole(&w->dag->graph->value[v].shape, &image);
    for (int r = 0; r < walk->count; r++) {
        int64_t i = walk->row[r].scalar;

        rows[r * count + (walk->local ? vouch_patch_index(&image, i, &walk->patch[v]) : i)] =
            walk->row[r].sign;
    }
    walk->lambda[v] = rows;
    return VOUCH_OK;
}

/* Coefficients `from` of one of the case's rows, weighted, into a row over `count` scalars;
 * returns how far rounding may have moved it. */
static double add_weighted(int64_t count, double weight, const double *from,
                           const double *largest, double *to)
{
    double reach = 0;

    for (int64_t j = 0; j < count; j++)
        if (from[j] != 0) {
            to[j] += weight * from[j];
            if (weight != 1)
                reach += (fabs(weight * from[j]) + fabs(to[j])) * largest[j];
        }
    return VOUCH_U64 * reach;
}

static double slack_of(const vouch_dag *dag, int row, int64_t base, int64_t count,
                       const double *largest)
{
    const vouch_task *t = dag->task;
    double sum = 0;

    for (int64_t j = 0; t->row_output_slack && j < count; j++)
        sum += t->row_output_slack[(int64_t)row * t->output_count + base + j] * largest[j];
    return sum;
}

/* Rows over output value v, whose scalars are outputs base, base + 1 ... */
static vouch_status start_output(vouch_dag_worker *w, int v, int64_t base)
{
    const vouch_task *t = w->dag->task;
    int64_t count = vouch_bounds_count(w->dag->graph, v);
    double *rows = take_zeroed(w, count);

    if (!rows)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < w->walk.count; r++) {
        const vouch_dag_row *row = &w->walk.row[r];
        int first = t->case_start[row->which_case], end = t->case_start[row->which_case + 1];
        vouch_walk_sums none = {0, 0, 0};
        double error = 0;

        for (int k = first; k < end; k++) {
            double weight = row->weight[k - first];
            const double *from =
                t->row_output + (int64_t)t->case_row[k] * t->output_count + base;

            if (weight == 0)
                continue;
            error += add_weighted(count, weight, from, w->dag->largest[v], rows + r * count);
            error += weight * slack_of(w->dag, t->case_row[k], base, count, w->dag->largest[v]);
        }
        vouch_dag_account(&w->walk, r, &none, error, count + 4);
    }
    return join(w, v, &WHOLE, rows);
}

static vouch_status start_cases(vouch_dag_worker *w)
{
    const vouch_graph *graph = w->dag->graph;
    int64_t base = 0;

    for (int o = 0; o < graph->output_count; o++) {
        VOUCH_TRY(start_output(w, graph->output[o], base));
        base += vouch_bounds_count(graph, graph->output[o]);
    }
    return VOUCH_OK;
}

/* ---- the end ----------------------------------------------------------------------------- */

/* What the walk left at the inputs, side by side. */
static vouch_status gather_form(vouch_dag_worker *w)
{
    const vouch_graph *graph = w->dag->graph;
    int64_t size = w->dag->inputs, base = 0;

    w->walk.form = take_zeroed(w, size);
    if (!w->walk.form)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < graph->input_count; k++) {
        int v = graph->input[k];
        int64_t count = vouch_bounds_count(graph, v);

        for (int r = 0; w->walk.lambda[v] && r < w->walk.count; r++)
            memcpy(w->walk.form + r * size + base, w->walk.lambda[v] + r * count,
                   (size_t)count * sizeof(double));
        drop(w, v);
        base += count;
    }
    return VOUCH_OK;
}

/* Rows without forms end in numbers. */
static vouch_status close_inputs(vouch_dag_worker *w)
{
    const vouch_graph *graph = w->dag->graph;

    for (int k = 0; k < graph->input_count; k++) {
        int v = graph->input[k];

        if (w->walk.lambda[v])
            VOUCH_TRY(concretise(w, v, w->dag->input_scalar[k]));
        drop(w, v);
    }
    return VOUCH_OK;
}

/* The case's rows have coefficients of the inputs and constants of their own. */
static void add_case_inputs(vouch_dag_worker *w, int r)
{
    const vouch_task *t = w->dag->task;
    const vouch_dag_row *row = &w->walk.row[r];
    int first = t->case_start[row->which_case], end = t->case_start[row->which_case + 1];
    const double *low = row->at->low + w->dag->neurons, *high = row->at->high + w->dag->neurons;

    for (int k = first; k < end; k++) {
        double weight = row->weight[k - first], error;
        const double *from = t->row_input + (int64_t)t->case_row[k] * t->input_count;
        double constant = weight * t->row_constant[t->case_row[k]];
        vouch_walk_sums sums = {constant, fabs(constant), 0};

        if (weight == 0)
            continue;
        error = weight * t->row_radius[t->case_row[k]];
        for (int64_t j = 0; j < w->dag->inputs; j++) {
            double *to = w->walk.form + r * w->dag->inputs + j;
            double term = weight * from[j], before = *to;

            if (term == 0)
                continue;
            *to += term;
            if (weight != 1 || before != 0)
                error +=
                    VOUCH_U64 * (fabs(term) + fabs(*to)) * vouch_magnitude(low[j], high[j]);
        }
        vouch_dag_account(&w->walk, r, &sums, error, w->dag->inputs + 4);
    }
}

/* Least value of each row on its box, rounded down. */
static void find_least(vouch_dag_worker *w)
{
    vouch_dag_walk *walk = &w->walk;

    for (int r = 0; r < walk->count; r++) {
        const vouch_dag_intervals *at = walk->row[r].at;
        vouch_walk_sums sums = {0, 0, 0};
        double error;

        if (walk->value < 0 && walk->form)
            add_case_inputs(w, r);
        if (walk->form)
            w->kernel->least(w->dag->inputs, walk->form + r * w->dag->inputs,
                             at->low + w->dag->neurons, at->high + w->dag->neurons, &sums);
        error = vouch_inflate(vouch_gamma64(w->dag->inputs + 4) * sums.magnitude,
                              w->dag->inputs + 4);
        if (sums.magnitude == 0)
            error = 0;
        walk->lower[r] = vouch_down(
            vouch_down(vouch_down(walk->offset[r] - walk->error[r]) + sums.constant) - error);
        if (isnan(walk->lower[r]))
            walk->lower[r] = -(double)INFINITY;
    }
}

static vouch_status begin(vouch_dag_worker *w, int count, const vouch_dag_row *row, int value,
                          bool keep)
{
    vouch_dag_walk *walk = &w->walk;

    walk->count = count;
    walk->row = row;
    walk->value = value;
    walk->keep = keep;
    walk->formless = value >= 0 && !keep;
    walk->offset = vouch_pool_take(&w->pool, count);
    walk->error = vouch_pool_take(&w->pool, count);
    walk->lower = vouch_pool_take(&w->pool, count);
    walk->local = false;
    if (!walk->offset || !walk->error || !walk->lower)
        return VOUCH_ERR_MEMORY;
    memset(walk->offset, 0, (size_t)count * sizeof(double));
    memset(walk->error, 0, (size_t)count * sizeof(double));
    return value >= 0 ? start_scalars(w, value) : start_cases(w);
}

static vouch_status pass_node(vouch_dag_worker *w, int n)
{
    const vouch_node *node = &w->dag->graph->node[n];

    for (int o = 0; o < node->output_count; o++) {
        vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
        int v = node->output[o];

        if (v < 0)
            continue;
        if (w->dag->reader[v] >= 0 && w->walk.value != v)
            VOUCH_TRY(add_decisions(w, v));
        if (!w->walk.lambda[v])
            continue;
        VOUCH_TRY(pass_output(w, n, v));
        vouch_arena_reset(w->scratch, mark);
        if (w->walk.keep && o == 0 && w->dag->node[n].step != VOUCH_DAG_AFFINE) {
            w->walk.kept[n] = w->walk.lambda[v];
            w->walk.lambda[v] = NULL;
        } else
            drop(w, v);
    }
    return VOUCH_OK;
}

/* Constants among the outputs have no producer left: their rows become numbers here. */
static void close_constants(vouch_dag_worker *w)
{
    const vouch_graph *graph = w->dag->graph;

    for (int v = 0; v < graph->value_count; v++)
        if (w->walk.lambda[v]) {
            int64_t count = vouch_bounds_count(graph, v);

            for (int r = 0; r < w->walk.count && graph->value[v].constant; r++) {
                vouch_walk_sums sums = {0, 0, 0};

                for (int64_t i = 0; i < count; i++) {
                    double term = w->walk.lambda[v][r * count + i] *
                                  vouch_tensor_get(graph->value[v].constant, i);
                    sums.constant += term;
                    sums.magnitude += fabs(term);
                }
                vouch_dag_account(&w->walk, r, &sums, 0, count);
            }
            drop(w, v);
        }
}

vouch_status vouch_dag_walk_run(vouch_dag_worker *w, int count, const vouch_dag_row *row,
                                int value, bool keep)
{
    const vouch_graph *graph = w->dag->graph;
    int last = value >= 0 ? graph->value[value].producer : graph->node_count - 1;

    VOUCH_TRY(begin(w, count, row, value, keep));
    for (int n = last; n >= 0; n--) {
        VOUCH_TRY(vouch_context_poll(w->ctx));
        VOUCH_TRY(pass_node(w, n));
    }
    VOUCH_TRY(w->walk.formless ? close_inputs(w) : gather_form(w));
    close_constants(w);
    find_least(w);
    return VOUCH_OK;
}

void vouch_dag_walk_end(vouch_dag_worker *w)
{
    vouch_dag_walk *walk = &w->walk;
    double **own[] = {&walk->offset, &walk->error, &walk->lower, &walk->form};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        vouch_pool_give(&w->pool, *own[i]);
        *own[i] = NULL;
    }
    for (int v = 0; v < w->dag->graph->value_count; v++)
        drop(w, v);
    for (int n = 0; n < w->dag->graph->node_count; n++) {
        vouch_pool_give(&w->pool, walk->kept[n]);
        walk->kept[n] = NULL;
    }
}

/* Rows of the widest value should stay in a core's cache, but products with a layer's weights want
 * some rows, however wide. */
enum { ROWS_MOST = 512, ROWS_CACHED = 48, CACHE_CELLS = 1 << 18 };

int64_t vouch_dag_chunk(const vouch_dag *dag, bool keep)
{
    int64_t all = dag->inputs + 1, widest = 0, rows, cached;

    for (int n = 0; n < dag->graph->node_count; n++) {
        all += dag->node[n].count;
        widest = dag->node[n].count > widest ? dag->node[n].count : widest;
    }
    rows = dag->settings.cells / (keep ? 3 * all : 4 * widest + all / 4 + 1);
    cached = CACHE_CELLS / (widest + 1);
    cached = cached < ROWS_CACHED ? ROWS_CACHED : cached;
    rows = rows < cached ? rows : cached;
    return rows < 1 ? 1 : rows > ROWS_MOST ? ROWS_MOST : rows;
}
