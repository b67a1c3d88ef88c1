/* Intervals of all neurons on a box.
 *
 * Problem: planes need an interval of every neuron, and the tighter it is the better they are.
 * Method:  through the network in order; every value by interval arithmetic, met with what is
 *          known (of the parent; where few inputs vary, of forward forms); then every neuron
 *          whose nonlinear reader would gain from it by two walks, which use the planes of the
 *          neurons before it [Zhang 2018 (CROWN)].
 *
 * The first analysis, of the hull, also fills what walks need to pay for rounding: the largest
 * magnitude of every scalar, and of what affine nodes sum up.
 */
#include <string.h>

#include "bounds/dag_analysis.h"

/* ---- intervals --------------------------------------------------------------------------- */

static vouch_dag_line_block *lines_new(vouch_context *ctx, int64_t count)
{
    vouch_dag_line_block *block =
        vouch_alloc(ctx, sizeof *block + (size_t)count * sizeof(vouch_dag_lines));

    if (block)
        atomic_init(&block->refs, 1);
    return block;
}

static void lines_drop(vouch_context *ctx, vouch_dag_line_block *block)
{
    if (block && atomic_fetch_sub(&block->refs, 1) == 1)
        vouch_release(ctx, block);
}

vouch_dag_intervals *vouch_dag_intervals_new(vouch_context *ctx, const vouch_dag *dag)
{
    size_t size = (size_t)dag->scalars * sizeof(double);
    vouch_dag_intervals *at = vouch_alloc(ctx, sizeof *at + 2 * size + (size_t)dag->neurons);

    if (!at)
        return NULL;
    atomic_init(&at->refs, 1);
    at->count = dag->scalars;
    at->neurons = dag->neurons;
    at->high = at->low + dag->scalars;
    at->open = (uint8_t *)(at->high + dag->scalars);
    return at;
}

void vouch_dag_intervals_hold(vouch_dag_intervals *at) { atomic_fetch_add(&at->refs, 1); }

void vouch_dag_intervals_drop(vouch_context *ctx, vouch_dag_intervals *at)
{
    if (!at || atomic_fetch_sub(&at->refs, 1) != 1)
        return;
    lines_drop(ctx, at->lines);
    vouch_dag_frame_drop(ctx, at->frame);
    vouch_release(ctx, at);
}

const double *vouch_dag_low(const vouch_dag_intervals *at) { return at->low; }
const double *vouch_dag_high(const vouch_dag_intervals *at) { return at->high; }

size_t vouch_dag_intervals_bytes(const vouch_dag_intervals *at)
{
    return sizeof *at + 2 * (size_t)at->count * sizeof(double) + (size_t)at->neurons;
}

/* ---- neurons ----------------------------------------------------------------------------- */

static bool reads(const vouch_node *node, int v)
{
    for (int k = 0; k < node->input_count; k++)
        if (node->input[k] == v)
            return true;
    return false;
}

static bool gains(const vouch_dag *dag, const vouch_dag_intervals *at, int64_t j, int n)
{
    vouch_dag_step step = dag->node[n].step;
    double low = at->low[j], high = at->high[j], value[2];

    if (step == VOUCH_DAG_RELU)
        return low < 0 && high > 0;
    if (step == VOUCH_DAG_CURVE && dag->graph->node[n].op->limit) {
        vouch_dag_step_values(dag, n, at, j, value);
        return value[0] < value[1];
    }
    return step != VOUCH_DAG_AFFINE && step != VOUCH_DAG_DEAD && low < high;
}

bool vouch_dag_unsettled(const vouch_dag *dag, const vouch_dag_intervals *at, int64_t j)
{
    int v = dag->owner[j];

    for (int n = dag->reader[v]; n >= 0 && n < dag->graph->node_count; n++)
        if (reads(&dag->graph->node[n], v) && gains(dag, at, j, n))
            return true;
    return false;
}

/* Does the step change between x and what is beside it on that side? */
static bool jumps(const vouch_dag *dag, int n, double x, int side)
{
    const vouch_node *node = &dag->graph->node[n];

    return node->op->limit(dag->graph, node, x, side) !=
           node->op->limit(dag->graph, node, x, 0);
}

/* A jump inside, or at an end that is part of the interval, cut so that a side of it is decided:
 * the point goes to the child whose value it has. */
static vouch_split_point split_step(const vouch_dag *dag, const vouch_dag_intervals *at,
                                    int64_t j, int n)
{
    const vouch_node *node = &dag->graph->node[n];
    double low = at->low[j], high = at->high[j];
    double inside = node->op->split_point(dag->graph, node, low, high);

    if (!isnan(inside))
        return (vouch_split_point){inside, jumps(dag, n, inside, 1) ? VOUCH_CUT_ABOVE
                                                                    : VOUCH_CUT_BELOW};
    if (low < high && !(at->open[j] & VOUCH_OPEN_HIGH) && jumps(dag, n, high, -1))
        return (vouch_split_point){high, VOUCH_CUT_BELOW};
    if (low < high && !(at->open[j] & VOUCH_OPEN_LOW) && jumps(dag, n, low, 1))
        return (vouch_split_point){low, VOUCH_CUT_ABOVE};
    return (vouch_split_point){(double)NAN, VOUCH_CUT_CLOSED};
}

vouch_split_point vouch_dag_split_point(const vouch_dag *dag, const vouch_dag_intervals *at,
                                        int64_t j)
{
    double low = at->low[j], high = at->high[j], middle = .5 * low + .5 * high;
    const vouch_split_point none = {(double)NAN, VOUCH_CUT_CLOSED};
    vouch_split_point cut = {middle, VOUCH_CUT_CLOSED};
    const vouch_node *node;
    int n;

    if (j >= dag->neurons)
        return low < middle && middle < high ? cut : none;
    n = dag->reader[dag->owner[j]];
    node = &dag->graph->node[n];
    if (node->op->limit && dag->node[n].step == VOUCH_DAG_CURVE && gains(dag, at, j, n))
        return split_step(dag, at, j, n);
    if (!(low < middle && middle < high))
        return none;
    if (!gains(dag, at, j, n))
        return vouch_dag_unsettled(dag, at, j) ? cut : none;
    if (dag->node[n].step == VOUCH_DAG_RELU)
        cut.at = 0;
    else if (node->op->split_point)
        cut.at = node->op->split_point(dag->graph, node, low, high);
    return cut;
}

/* ---- the analysis ------------------------------------------------------------------------ */

static bool same_interval(const vouch_dag_intervals *a, const vouch_dag_intervals *b, int64_t j)
{
    return a->low[j] == b->low[j] && a->high[j] == b->high[j] && a->open[j] == b->open[j];
}

static vouch_status fill_lines(vouch_dag_analysis *a, int n)
{
    const vouch_dag_node *node = &a->dag->node[n];

    for (int64_t i = 0; node->step == VOUCH_DAG_CURVE && i < node->count; i++) {
        int64_t j = node->from + i;

        if (a->parent && same_interval(a->parent, a->at, j))
            a->at->lines->entry[node->lines + i] = a->parent->lines->entry[node->lines + i];
        else
            VOUCH_TRY(
                vouch_dag_curve(a->dag, n, a->at, j, &a->at->lines->entry[node->lines + i]));
    }
    return VOUCH_OK;
}

/* Ends that are the parent's are open if they were there. Nothing lies in [p, p] without p. */
static void take_over_open(vouch_dag_analysis *a, int64_t j)
{
    vouch_dag_intervals *at = a->at;
    uint8_t ends = 0;

    if (at->low[j] == a->parent->low[j])
        ends |= VOUCH_OPEN_LOW;
    if (at->high[j] == a->parent->high[j])
        ends |= VOUCH_OPEN_HIGH;
    at->open[j] = a->parent->open[j] & ends;
    if (at->open[j] && at->low[j] == at->high[j])
        a->bounds.empty = true;
}

/* Meets scalar i of v with what the intervals know, both ways. */
static void take_over(vouch_dag_analysis *a, int v)
{
    int64_t at = a->dag->scalar[v], count = vouch_bounds_count(a->dag->graph, v);

    if (at < 0)
        return;
    memcpy(a->at->low + at, a->bounds.low[v], (size_t)count * sizeof(double));
    memcpy(a->at->high + at, a->bounds.high[v], (size_t)count * sizeof(double));
    for (int64_t j = at; a->parent && j < at + count && j < a->dag->neurons; j++)
        take_over_open(a, j);
}

/* What open ends leave of a step's values. */
static void tighten_step(vouch_dag_analysis *a, int n)
{
    const vouch_dag_node *node = &a->dag->node[n];
    double value[2];

    if (!a->parent || node->step != VOUCH_DAG_CURVE || !a->dag->graph->node[n].op->limit)
        return;
    for (int64_t i = 0; i < node->count; i++) {
        if (!a->at->open[node->from + i])
            continue;
        vouch_dag_step_values(a->dag, n, a->at, node->from + i, value);
        vouch_pass_tighten(&a->pass, a->dag->graph->node[n].output[0], i, value[0], value[1]);
    }
}

/* ---- magnitudes, on the hull ------------------------------------------------------------- */

static vouch_status measure_value(vouch_dag_analysis *a, int v)
{
    int64_t count = vouch_bounds_count(a->dag->graph, v);
    double *largest;

    if (!a->first)
        return VOUCH_OK;
    largest = VOUCH_NEW_ARRAY(a->first->arena, double, count);
    if (!largest)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++)
        largest[i] = vouch_magnitude(a->bounds.low[v][i], a->bounds.high[v][i]);
    a->first->largest[v] = largest;
    return VOUCH_OK;
}

/* reach = sum over varying inputs of |A_w| X_w, + |b|. */
static vouch_status measure_affine(vouch_dag_analysis *a, int n)
{
    const vouch_node *node = &a->dag->graph->node[n];
    const vouch_affine *affine = &a->dag->affine[n];
    int64_t count = a->dag->node[n].count;
    double *reach = VOUCH_NEW_ARRAY(a->first->arena, double, count);
    double *part = VOUCH_NEW_ARRAY(a->pass.arena, double, count);

    if (!reach || !part)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < affine->input_count; k++) {
        const double *largest = a->dag->largest[node->input[affine->which[k]]];

        VOUCH_TRY(vouch_dag_linear(a->w, (vouch_linear_call){.node = node,
                                                             .which = affine->which[k],
                                                             .mode = VOUCH_LINEAR_ABS,
                                                             .batch = 1,
                                                             .in = largest,
                                                             .out = part}));
        for (int64_t i = 0; i < count; i++)
            reach[i] += part[i];
    }
    for (int64_t i = 0; i < count; i++)
        reach[i] = vouch_inflate(reach[i] + affine->abs_offset[i], affine->terms);
    a->first->node[n].reach = reach;
    return VOUCH_OK;
}

static vouch_status measure_node(vouch_dag_analysis *a, int n)
{
    const vouch_node *node = &a->dag->graph->node[n];
    double span = 0;

    if (!a->first)
        return VOUCH_OK;
    for (int k = 0; k < node->input_count; k++) {
        int v = node->input[k];

        if (v >= 0 && a->dag->largest[v] && a->dag->varying[v])
            for (int64_t i = 0; i < vouch_bounds_count(a->dag->graph, v); i++)
                span += a->dag->largest[v][i];
    }
    a->first->node[n].span = span;
    return a->dag->node[n].step == VOUCH_DAG_AFFINE ? measure_affine(a, n) : VOUCH_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

static vouch_status visit(vouch_dag_boxes *b, int n)
{
    const vouch_node *node = &b->dag->graph->node[n];

    for (int k = 0; k < b->count; k++) {
        vouch_dag_analysis *a = &b->box[k];

        if (a->bounds.empty)
            continue;
        VOUCH_TRY(vouch_pass_node(&a->pass, n));
        tighten_step(a, n);
        VOUCH_TRY(measure_node(a, n));
        VOUCH_TRY(fill_lines(a, n));
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                take_over(a, node->output[o]);
    }
    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];

        if (v < 0)
            continue;
        if (b->first && b->dag->reader[v] >= 0)
            VOUCH_TRY(vouch_dag_patch_plan(b->dag, v, b->w->scratch, &b->first->tile[v]));
        VOUCH_TRY(vouch_dag_walk_neurons(b, v));
        for (int k = 0; k < b->count; k++)
            if (!b->box[k].bounds.empty) {
                take_over(&b->box[k], v);
                VOUCH_TRY(measure_value(&b->box[k], v));
            }
    }
    return VOUCH_OK;
}

static vouch_status begin_inputs(vouch_dag_analysis *a)
{
    const vouch_graph *graph = a->dag->graph;

    for (int k = 0; k < graph->input_count; k++) {
        int v = graph->input[k];
        size_t size = (size_t)vouch_bounds_count(graph, v) * sizeof(double);

        take_over(a, v);
        memcpy(a->at->low + a->dag->input_scalar[k], a->bounds.low[v], size);
        memcpy(a->at->high + a->dag->input_scalar[k], a->bounds.high[v], size);
        VOUCH_TRY(measure_value(a, v));
    }
    return VOUCH_OK;
}

/* What is known before: the parent's intervals, value by value. */
static vouch_status set_known(vouch_dag_analysis *a, vouch_bound_problem *problem)
{
    const vouch_graph *graph = a->dag->graph;
    const double **low = VOUCH_NEW_ARRAY(a->pass.arena, const double *, graph->value_count);
    const double **high = VOUCH_NEW_ARRAY(a->pass.arena, const double *, graph->value_count);

    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    for (int v = 0; v < graph->value_count; v++)
        if (a->dag->scalar[v] >= 0) {
            low[v] = a->parent->low + a->dag->scalar[v];
            high[v] = a->parent->high + a->dag->scalar[v];
        }
    problem->known_low = low;
    problem->known_high = high;
    return VOUCH_OK;
}

enum { FEW_INPUTS = 48 };

static bool few_vary(const vouch_bound_problem *problem)
{
    int64_t count = 0;

    for (int64_t i = 0; i < problem->input_size; i++)
        count += problem->low[i] < problem->high[i];
    return count <= FEW_INPUTS;
}

/* Forward forms are dear only in inputs that vary: where these are few, they come first. */
static vouch_status add_forward(vouch_dag_analysis *a, vouch_bound_problem *problem)
{
    vouch_bounds forward = {0};

    if (a->parent || !few_vary(problem))
        return VOUCH_OK;
    VOUCH_TRY(vouch_domain_symbolic.run(a->w->ctx, a->pass.arena, NULL, problem, &forward));
    a->bounds.empty = forward.empty;
    problem->known_low = (const double *const *)forward.low;
    problem->known_high = (const double *const *)forward.high;
    return VOUCH_OK;
}

/* A child's inputs stay where its parent's do. */
static vouch_status take_frame(vouch_dag_analysis *a, const double *low, const double *high)
{
    if (!a->parent)
        return vouch_dag_frame_new(a->w, low, high, &a->at->frame);
    a->at->frame = a->parent->frame;
    vouch_dag_frame_hold(a->at->frame);
    return VOUCH_OK;
}

static vouch_status begin_box(vouch_dag_analysis *a, const double *low, const double *high)
{
    const vouch_dag *dag = a->dag;

    a->problem = (vouch_bound_problem){.graph = dag->graph,
                                       .varying = dag->varying,
                                       .input_size = dag->inputs,
                                       .output_size = vouch_op_output_size(dag->graph),
                                       .low = low,
                                       .high = high};
    a->at = vouch_dag_intervals_new(a->w->ctx, dag);
    if (!a->at || (dag->lines && !(a->at->lines = lines_new(a->w->ctx, dag->lines))))
        return VOUCH_ERR_MEMORY;
    if (a->parent)
        VOUCH_TRY(set_known(a, &a->problem));
    VOUCH_TRY(add_forward(a, &a->problem));
    if (a->bounds.empty)
        return VOUCH_OK;
    VOUCH_TRY(
        vouch_pass_begin(a->w->ctx, a->pass.arena, &a->problem, false, &a->bounds, &a->pass));
    a->pass.node_class = dag->node_class;
    a->pass.affine = dag->affine;
    a->need = vouch_dag_neurons_need(a, a->parent ? a->parent : dag->hull);
    VOUCH_TRY(take_frame(a, low, high));
    return begin_inputs(a);
}

static vouch_status run(vouch_dag_boxes *b, const double *const *low, const double *const *high)
{
    for (int k = 0; k < b->count; k++)
        VOUCH_TRY(begin_box(&b->box[k], low[k], high[k]));
    for (int n = 0; n < b->dag->graph->node_count; n++)
        if (b->dag->node[n].step != VOUCH_DAG_DEAD)
            VOUCH_TRY(visit(b, n));
    return VOUCH_OK;
}

/* Everything on one arena, reset afterwards but for the first analysis, whose prepared nodes
 * stay with the dag. */
static vouch_status analyse(vouch_dag_boxes *b, const vouch_dag_analysis *model,
                            const double *const *low, const double *const *high,
                            vouch_dag_intervals **at)
{
    vouch_arena_mark mark = vouch_arena_get_mark(b->arena);
    vouch_status status;

    b->box = VOUCH_NEW_ARRAY(b->arena, vouch_dag_analysis, b->count);
    if (!b->box)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < b->count; k++) {
        b->box[k] = *model;
        b->box[k].pass.arena = b->arena;
    }
    status = run(b, low, high);
    for (int k = 0; k < b->count; k++) {
        bool keep = !status && !b->box[k].bounds.empty;

        at[k] = keep ? b->box[k].at : NULL;
        if (!keep)
            vouch_dag_intervals_drop(b->w->ctx, b->box[k].at);
    }
    if (!b->first)
        vouch_arena_reset(b->arena, mark);
    return status;
}

vouch_status vouch_dag_analyse(vouch_dag_worker *worker, const double *low, const double *high,
                               vouch_dag *first, double work, vouch_dag_intervals **at)
{
    const vouch_dag_analysis model = {
        .w = worker, .dag = worker->dag, .first = first, .work = work};
    vouch_dag_boxes b = {.w = worker,
                         .dag = worker->dag,
                         .first = first,
                         .threads = worker->dag->settings.threads,
                         .count = 1};

    b.arena = first ? first->arena : worker->answers;
    return analyse(&b, &model, &low, &high, at);
}

static bool is_hull(const vouch_dag *dag, const double *low, const double *high)
{
    size_t size = (size_t)dag->inputs * sizeof(double);

    return dag->hull && memcmp(low, dag->hull->low + dag->neurons, size) == 0 &&
           memcmp(high, dag->hull->high + dag->neurons, size) == 0;
}

vouch_status vouch_dag_root(vouch_dag_worker *worker, const double *low, const double *high,
                            vouch_dag_intervals **at)
{
    return vouch_dag_roots(worker, 1, &low, &high, at);
}

static vouch_status roots(vouch_dag_worker *worker, int count, const double *const *low,
                          const double *const *high, vouch_dag_intervals **at)
{
    const vouch_dag_analysis model = {
        .w = worker, .dag = worker->dag, .work = worker->dag->settings.root_work};
    vouch_dag_boxes b = {
        .w = worker, .dag = worker->dag, .arena = worker->answers, .count = count};
    vouch_status status = analyse(&b, &model, low, high, at);

    if (!status)
        return VOUCH_OK;
    for (int k = 0; k < count; k++)
        at[k] = NULL;
    return status;
}

enum { SIDE_BY_SIDE = 16 };

vouch_status vouch_dag_roots(vouch_dag_worker *worker, int count, const double *const *low,
                             const double *const *high, vouch_dag_intervals **at)
{
    vouch_status status = VOUCH_OK;

    for (int k = 0; k < count; k++)
        at[k] = NULL;
    if (count == 1 && is_hull(worker->dag, low[0], high[0])) {
        at[0] = worker->dag->hull;
        vouch_dag_intervals_hold(at[0]);
        return VOUCH_OK;
    }
    for (int k = 0; !status && k < count; k += SIDE_BY_SIDE)
        status = roots(worker, count - k < SIDE_BY_SIDE ? count - k : SIDE_BY_SIDE, low + k,
                       high + k, at + k);
    for (int k = 0; status && k < count; k++) {
        vouch_dag_intervals_drop(worker->ctx, at[k]);
        at[k] = NULL;
    }
    return status;
}

/* ---- children ---------------------------------------------------------------------------- */

/* Narrows scalar j; false: nothing is left. */
static bool narrow_one(vouch_dag_intervals *at, int64_t j, const vouch_decision *d)
{
    const uint8_t bit = d->upper ? VOUCH_OPEN_HIGH : VOUCH_OPEN_LOW;
    double *end = d->upper ? &at->high[j] : &at->low[j];
    const bool tighter = d->upper ? d->point < *end : d->point > *end;
    uint8_t none = 0, *open = j < at->neurons ? &at->open[j] : &none;

    if (tighter) {
        *end = d->point;
        *open &= (uint8_t)~bit;
    }
    if (d->open && *end == d->point)
        *open |= bit;
    return at->low[j] < at->high[j] || (at->low[j] == at->high[j] && !*open);
}

/* An input that is a neuron too has two places. */
static bool narrow_twin(const vouch_dag *dag, vouch_dag_intervals *at, const vouch_decision *d)
{
    for (int k = 0; k < dag->graph->input_count; k++) {
        int v = dag->graph->input[k];
        int64_t count = vouch_bounds_count(dag->graph, v);
        int64_t block = dag->input_scalar[k], neurons = dag->scalar[v];

        if (block == neurons)
            continue;
        if (d->neuron >= neurons && d->neuron < neurons + count)
            return narrow_one(at, block + d->neuron - neurons, d);
        if (d->neuron >= block && d->neuron < block + count)
            return narrow_one(at, neurons + d->neuron - block, d);
    }
    return true;
}

/* The lines of neurons that changed are made anew, in a copy. */
static vouch_status renew_lines(vouch_dag_worker *w, const vouch_dag_intervals *parent,
                                vouch_dag_intervals *at)
{
    const vouch_dag *dag = w->dag;

    at->lines = lines_new(w->ctx, dag->lines);
    if (!at->lines)
        return VOUCH_ERR_MEMORY;
    memcpy(at->lines->entry, parent->lines->entry,
           (size_t)dag->lines * sizeof(vouch_dag_lines));
    for (int n = 0; n < dag->graph->node_count; n++)
        for (int64_t i = 0; dag->node[n].step == VOUCH_DAG_CURVE && i < dag->node[n].count;
             i++) {
            int64_t j = dag->node[n].from + i;

            if (!same_interval(parent, at, j))
                VOUCH_TRY(
                    vouch_dag_curve(dag, n, at, j, &at->lines->entry[dag->node[n].lines + i]));
        }
    return VOUCH_OK;
}

/* The parent's intervals with the decisions met. *at NULL: contradiction. */
static vouch_status meet_decisions(vouch_dag_worker *w, const vouch_dag_intervals *parent,
                                   int count, const vouch_decision *decision,
                                   vouch_dag_intervals **out)
{
    const vouch_dag *dag = w->dag;
    vouch_dag_intervals *at = vouch_dag_intervals_new(w->ctx, dag);
    size_t size = (size_t)dag->scalars * sizeof(double);
    bool left = true;
    vouch_status status = VOUCH_OK;

    *out = NULL;
    if (!at)
        return VOUCH_ERR_MEMORY;
    at->frame = parent->frame;
    vouch_dag_frame_hold(at->frame);
    memcpy(at->low, parent->low, size);
    memcpy(at->high, parent->high, size);
    memcpy(at->open, parent->open, (size_t)dag->neurons);
    for (int k = 0; k < count; k++)
        left = left && narrow_one(at, decision[k].neuron, &decision[k]) &&
               narrow_twin(dag, at, &decision[k]);
    if (left && dag->lines)
        status = renew_lines(w, parent, at);
    if (!left || status) {
        vouch_dag_intervals_drop(w->ctx, at);
        return status;
    }
    *out = at;
    return VOUCH_OK;
}

vouch_status vouch_dag_narrow(vouch_dag_worker *worker, const vouch_dag_intervals *parent,
                              int decision_count, const vouch_decision *decision,
                              const vouch_dag_effort *effort, vouch_dag_intervals **at)
{
    const vouch_dag *dag = worker->dag;
    vouch_dag_intervals *met;
    vouch_status status;
    vouch_dag_analysis model = {.w = worker,
                                .dag = dag,
                                .score = effort->score,
                                .work = 2 * (double)effort->walks * dag->cost};
    vouch_dag_boxes b = {.w = worker,
                         .dag = dag,
                         .arena = worker->answers,
                         .threads = effort->threads,
                         .count = 1};
    const size_t bytes = (size_t)dag->inputs * sizeof(double);
    const double *low, *high;

    *at = NULL;
    VOUCH_TRY(meet_decisions(worker, parent, decision_count, decision, &met));
    if (!met || effort->walks <= 0) {
        *at = met;
        return VOUCH_OK;
    }
    model.parent = met;
    model.same_box = memcmp(met->low + dag->neurons, parent->low + dag->neurons, bytes) == 0 &&
                     memcmp(met->high + dag->neurons, parent->high + dag->neurons, bytes) == 0;
    status = effort->score ? vouch_dag_neurons_choose(&model, met) : VOUCH_OK;
    low = met->low + dag->neurons;
    high = met->high + dag->neurons;
    if (!status)
        status = analyse(&b, &model, &low, &high, at);
    vouch_dag_intervals_drop(worker->ctx, met);
    return status;
}
