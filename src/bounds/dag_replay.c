/* The replay: the planes that a walk chose, forwards, at the minimiser of each row.
 *
 * The walk's bound of a row is  min over x of  form(x), and form(x) is the row's value when every
 * nonlinear node is replaced by the plane chosen for that row. At the minimiser x* [Danskin],
 *
 *     d bound / d mix_i   =  lambda_i d plane_i(z*) / d mix_i
 *     d bound / d beta_j  =  s_j (z*_j - p_j),         d bound / d weight_k = row_k(x*, y*)
 *
 * where z*, y* are the values of this replaced network at x*. The loss of a node at x*,
 * lambda_i (f_i(z*) - plane_i(z*)) >= 0, says what relaxing it costs there.
 *
 * Nothing sound rests on any of this; it rounds freely.
 */
#include <string.h>

#include "bounds/dag_product.h"

typedef struct replay {
    vouch_dag_worker *w;
    const vouch_dag_walk *walk;
    const vouch_dag_replay *into;
    double **value; /* [value_count][rows][scalars], NULL where not varying */
} replay;

static double *new_value(replay *p, int v)
{
    double *rows =
        vouch_pool_take(&p->w->pool, p->walk->count * vouch_bounds_count(p->w->dag->graph, v));

    p->value[v] = rows;
    return rows;
}

/* The end of [low, high] that the coefficient asks for. */
static double asked_end(double g, double low, double high)
{
    return g > 0 ? low : g < 0 ? high : .5 * low + .5 * high;
}

static vouch_status place_inputs(replay *p)
{
    const vouch_dag *dag = p->w->dag;
    int64_t base = 0;

    for (int k = 0; k < dag->graph->input_count; k++) {
        int v = dag->graph->input[k];
        int64_t count = vouch_bounds_count(dag->graph, v);
        double *rows = new_value(p, v);

        if (!rows)
            return VOUCH_ERR_MEMORY;
        for (int r = 0; r < p->walk->count; r++) {
            const vouch_dag_intervals *at = p->walk->row[r].at;
            const double *low = at->low + dag->input_scalar[k];
            const double *high = at->high + dag->input_scalar[k];
            const double *form = p->walk->form + r * dag->inputs + base;

            for (int64_t i = 0; i < count; i++)
                rows[r * count + i] = asked_end(form[i], low[i], high[i]);
        }
        base += count;
    }
    return VOUCH_OK;
}

static vouch_status replay_affine(replay *p, int n)
{
    const vouch_dag *dag = p->w->dag;
    const vouch_node *node = &dag->graph->node[n];
    const vouch_affine *affine = &dag->affine[n];
    int64_t count = dag->node[n].count, all = p->walk->count * count;
    double *rows = new_value(p, node->output[0]);
    double *more = affine->input_count > 1 ? vouch_pool_take(&p->w->pool, all) : NULL;

    if (!rows || (affine->input_count > 1 && !more))
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < affine->input_count; k++) {
        VOUCH_TRY(vouch_dag_linear(
            p->w, (vouch_linear_call){.node = node,
                                      .which = affine->which[k],
                                      .mode = VOUCH_LINEAR_PLAIN,
                                      .batch = p->walk->count,
                                      .in = p->value[node->input[affine->which[k]]],
                                      .out = k == 0 ? rows : more}));
        for (int64_t i = 0; k > 0 && i < all; i++)
            rows[i] += more[i];
    }
    for (int r = 0; r < p->walk->count && !affine->moves; r++)
        for (int64_t i = 0; i < count; i++)
            rows[r * count + i] += affine->offset[i];
    vouch_pool_give(&p->w->pool, more);
    return VOUCH_OK;
}

/* Adds |loss| of a node's scalar to neuron j of row r; the coefficient of its output counts as
 * the neuron's. */
static void note(replay *p, int r, int64_t j, double loss, double lambda)
{
    if (p->into->loss && loss > 0)
        p->into->loss[r][j] += loss;
    if (p->into->slope)
        p->into->slope[r][j] += lambda;
}

/* A Relu's loss where the walk went, and half of what it loses at worst: at x* many relaxations
 * are exact that cost elsewhere. */
static void note_relu(replay *p, int r, const vouch_dag_node *at, const double *lambda,
                      const double *loss)
{
    const double *low = p->walk->row[r].at->low + at->from;
    const double *high = p->walk->row[r].at->high + at->from;

    for (int64_t i = 0; i < at->count; i++) {
        double g = lambda[i], worst;

        if (g == 0 || !(low[i] < 0 && high[i] > 0))
            continue;
        worst = g < 0 ? g * low[i] * high[i] / (high[i] - low[i]) : 0;
        note(p, r, at->from + i, .5 * loss[i] + .5 * worst, g);
    }
}

static vouch_status replay_relu(replay *p, int n)
{
    const vouch_dag *dag = p->w->dag;
    const vouch_dag_node *at = &dag->node[n];
    const vouch_node *node = &dag->graph->node[n];
    const double *z = p->value[node->input[0]], *kept = p->walk->kept[n];
    double *rows = new_value(p, node->output[0]), *loss = NULL;

    if (p->into->loss)
        loss = vouch_pool_take(&p->w->pool, at->count);
    if (!rows || (p->into->loss && !loss))
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < p->walk->count; r++) {
        const vouch_dag_row *row = &p->walk->row[r];
        vouch_walk_relu_value value = {.count = at->count,
                                       .lambda = kept + r * at->count,
                                       .low = row->at->low + at->from,
                                       .high = row->at->high + at->from,
                                       .z = z + r * at->count,
                                       .mix = row->mix ? row->mix + at->mix : NULL,
                                       .value = rows + r * at->count,
                                       .gain =
                                           p->into->gain ? p->into->gain[r] + at->mix : NULL,
                                       .loss = loss};

        p->w->kernel->relu_value(&value);
        if (loss)
            note_relu(p, r, at, value.lambda, loss);
    }
    vouch_pool_give(&p->w->pool, loss);
    return VOUCH_OK;
}

static void replay_curve_row(replay *p, int n, int r, const double *z, double *out)
{
    const vouch_dag_node *at = &p->w->dag->node[n];
    const vouch_dag_row *row = &p->walk->row[r];
    const vouch_dag_lines *lines = row->at->lines->entry + at->lines;
    const double *lambda = p->walk->kept[n] + r * at->count;

    for (int64_t i = 0; i < at->count; i++) {
        float t = row->mix ? row->mix[at->mix + i] : -1.F;
        const vouch_lines *family = lambda[i] < 0 ? &lines[i].above : &lines[i].below;
        const vouch_lines *other = lambda[i] < 0 ? &lines[i].below : &lines[i].above;
        vouch_dag_line line = vouch_dag_mixed(family, t), back = vouch_dag_mixed(other, -1.F);

        out[i] = line.slope * z[i] + line.offset;
        if (p->into->gain)
            p->into->gain[r][at->mix + i] =
                (float)(lambda[i] * vouch_dag_mixed_gain(family, t, z[i]));
        if (lambda[i] != 0)
            note(p, r, at->from + i,
                 fabs(lambda[i]) * fabs(back.slope * z[i] + back.offset - out[i]), lambda[i]);
    }
}

static vouch_status replay_curve(replay *p, int n)
{
    const vouch_node *node = &p->w->dag->graph->node[n];
    int64_t count = p->w->dag->node[n].count;
    double *rows = new_value(p, node->output[0]);

    if (!rows)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < p->walk->count; r++)
        replay_curve_row(p, n, r, p->value[node->input[0]] + r * count, rows + r * count);
    return VOUCH_OK;
}

static double replay_one_product(replay *p, const vouch_dag_planes *planes, int r,
                                 double lambda, int64_t k, double x, double y)
{
    const vouch_dag_node *at = &p->w->dag->node[planes->node];
    const vouch_dag_side *side = &planes->side[lambda < 0];
    const vouch_dag_intervals *in = p->walk->row[r].at;
    int64_t i = at->from + at->product[k].left, j = at->right + at->product[k].right;
    const double a[2] = {in->low[i], in->high[i]}, b[2] = {in->low[j], in->high[j]};
    double value = side->left[k] * x + side->right[k] * y + side->offset[k];
    double loss = .5 * lambda * (x * y - value);

    loss += .125 * fabs(lambda) * (a[1] - a[0]) * (b[1] - b[0]);
    if (p->into->gain)
        p->into->gain[r][at->mix + k] =
            (float)(lambda * vouch_dag_product_gain(a, b, lambda < 0, x, y));
    if (lambda != 0) {
        note(p, r, i, a[1] > a[0] ? loss : 0, lambda);
        note(p, r, j, b[1] > b[0] ? loss : 0, lambda);
    }
    return value;
}

static void replay_product_row(replay *p, const vouch_dag_planes *planes, int r,
                               const double *x, const double *y, double *out)
{
    const vouch_dag_node *at = &p->w->dag->node[planes->node];
    const double *lambda = p->walk->kept[planes->node] + r * at->count;

    for (int64_t i = 0; i < at->count; i++) {
        double sum = 0;

        vouch_dag_planes_make(planes, &p->walk->row[r], i, lambda[i] < 0);
        for (int64_t k = at->start[i]; k < at->start[i + 1]; k++)
            sum += replay_one_product(p, planes, r, lambda[i], k, x[at->product[k].left],
                                      y[at->product[k].right]);
        out[i] = sum;
    }
}

static vouch_status replay_product(replay *p, int n)
{
    const vouch_dag *dag = p->w->dag;
    const vouch_node *node = &dag->graph->node[n];
    int64_t count = dag->node[n].count;
    int64_t lefts = vouch_bounds_count(dag->graph, node->input[0]);
    int64_t rights = vouch_bounds_count(dag->graph, node->input[1]);
    double *rows = new_value(p, node->output[0]);
    vouch_arena_mark mark = vouch_arena_get_mark(p->w->scratch);
    vouch_dag_planes planes;

    if (!rows)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_dag_planes_new(p->w, n, &planes));
    for (int r = 0; r < p->walk->count; r++)
        replay_product_row(p, &planes, r, p->value[node->input[0]] + r * lefts,
                           p->value[node->input[1]] + r * rights, rows + r * count);
    vouch_arena_reset(p->w->scratch, mark);
    return VOUCH_OK;
}

static void replay_ends(const replay *p, int r, int64_t at, int64_t count, const double *kept,
                        double *row)
{
    const vouch_dag_intervals *in = p->walk->row[r].at;

    for (int64_t i = 0; i < count; i++)
        row[i] = asked_end(kept ? kept[i] : 0, in->low[at + i], in->high[at + i]);
}

static vouch_status replay_other(replay *p, int n)
{
    const vouch_dag *dag = p->w->dag;
    const vouch_node *node = &dag->graph->node[n];

    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];
        int64_t count = v < 0 ? 0 : vouch_bounds_count(dag->graph, v);
        const double *kept = o == 0 ? p->walk->kept[n] : NULL;
        double *rows;

        if (v < 0 || dag->graph->value[v].constant)
            continue;
        rows = new_value(p, v);
        if (!rows)
            return VOUCH_ERR_MEMORY;
        for (int r = 0; r < p->walk->count; r++)
            replay_ends(p, r, dag->scalar[v], count, kept ? kept + r * count : NULL,
                        rows + r * count);
    }
    return VOUCH_OK;
}

/* A node whose coefficients are zero in all rows keeps none: its value does not matter. */
static vouch_status replay_zero(replay *p, int n)
{
    int v = p->w->dag->graph->node[n].output[0];
    double *rows = new_value(p, v);

    if (!rows)
        return VOUCH_ERR_MEMORY;
    memset(rows, 0,
           (size_t)(p->walk->count * vouch_bounds_count(p->w->dag->graph, v)) * sizeof(double));
    return VOUCH_OK;
}

static vouch_status replay_node(replay *p, int n)
{
    vouch_dag_step step = p->w->dag->node[n].step;

    if (step == VOUCH_DAG_DEAD)
        return VOUCH_OK;
    if (step == VOUCH_DAG_AFFINE)
        return replay_affine(p, n);
    if (step == VOUCH_DAG_OTHER)
        return replay_other(p, n);
    if (!p->walk->kept[n])
        return replay_zero(p, n);
    return step == VOUCH_DAG_RELU    ? replay_relu(p, n)
           : step == VOUCH_DAG_CURVE ? replay_curve(p, n)
                                     : replay_product(p, n);
}

/* ---- what the values say ----------------------------------------------------------------- */

static double value_of(const replay *p, int r, int64_t neuron)
{
    int v = p->w->dag->owner[neuron];
    int64_t count = vouch_bounds_count(p->w->dag->graph, v);

    return p->value[v] ? p->value[v][r * count + neuron - p->w->dag->scalar[v]] : 0;
}

static void find_beta_gains(replay *p, int r)
{
    const vouch_dag_row *row = &p->walk->row[r];

    for (int k = 0; k < row->decision_count; k++) {
        const vouch_decision *d = &row->decision[k];
        double over = 0;

        if (d->neuron < p->w->dag->neurons)
            over = value_of(p, r, d->neuron) - d->point;
        p->into->beta_gain[r][k] = (float)(d->upper ? over : -over);
    }
}

static double row_at(const replay *p, int r, int which)
{
    const vouch_task *t = p->w->dag->task;
    const vouch_graph *graph = p->w->dag->graph;
    double sum = t->row_constant[which];
    int64_t out = 0, in = 0;

    for (int o = 0; o < graph->output_count; o++) {
        int v = graph->output[o];
        int64_t count = vouch_bounds_count(graph, v);

        for (int64_t i = 0; i < count; i++, out++)
            sum += t->row_output[(int64_t)which * t->output_count + out] *
                   (p->value[v] ? p->value[v][r * count + i]
                                : vouch_tensor_get(graph->value[v].constant, i));
    }
    for (int k = 0; k < graph->input_count; k++) {
        int64_t count = vouch_bounds_count(graph, graph->input[k]);

        for (int64_t i = 0; i < count; i++, in++)
            sum += t->row_input[(int64_t)which * t->input_count + in] *
                   p->value[graph->input[k]][r * count + i];
    }
    return sum;
}

static void find_row_values(replay *p, int r)
{
    const vouch_task *t = p->w->dag->task;
    int first = t->case_start[p->walk->row[r].which_case];
    int end = t->case_start[p->walk->row[r].which_case + 1];

    for (int k = first; k < end; k++)
        p->into->row_value[r][k - first] = row_at(p, r, t->case_row[k]);
}

/* What an input's extent contributes: the form's spread along it. */
static void find_input_losses(replay *p, int r)
{
    const vouch_dag *dag = p->w->dag;
    const vouch_dag_intervals *at = p->walk->row[r].at;

    for (int64_t i = 0; i < dag->inputs; i++)
        p->into->loss[r][dag->neurons + i] =
            fabs(p->walk->form[r * dag->inputs + i]) *
            (at->high[dag->neurons + i] - at->low[dag->neurons + i]);
}

static vouch_status run(replay *p)
{
    const vouch_graph *graph = p->w->dag->graph;
    int last =
        p->walk->value < 0 ? graph->node_count - 1 : graph->value[p->walk->value].producer;

    VOUCH_TRY(place_inputs(p));
    for (int n = 0; n <= last; n++)
        VOUCH_TRY(replay_node(p, n));
    for (int r = 0; r < p->walk->count; r++) {
        if (p->into->beta_gain)
            find_beta_gains(p, r);
        if (p->into->row_value && p->walk->value < 0)
            find_row_values(p, r);
        if (p->into->loss)
            find_input_losses(p, r);
    }
    return VOUCH_OK;
}

vouch_status vouch_dag_replay_run(vouch_dag_worker *w, const vouch_dag_replay *into)
{
    const vouch_graph *graph = w->dag->graph;
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    replay p = {.w = w,
                .walk = &w->walk,
                .into = into,
                .value = VOUCH_NEW_ARRAY(w->scratch, double *, graph->value_count)};
    vouch_status status = p.value ? run(&p) : VOUCH_ERR_MEMORY;

    for (int v = 0; p.value && v < graph->value_count; v++)
        vouch_pool_give(&w->pool, p.value[v]);
    vouch_arena_reset(w->scratch, mark);
    return status;
}
