/* The prepared network: how each node is passed, and the numbering of scalars and mixes.
 *
 * Invariant: scalar[v] is where the intervals of value v's scalars start, for every value that a
 * nonlinear node reads (neurons, first), that is an input (a block of its own, after the
 * neurons) or that the walk ends at (last). An input read by a nonlinear node has both; its
 * scalar[v] is that of the neurons, and narrowing keeps the two alike.
 */
#include <string.h>

#include "bounds/dag_priv.h"
#include "lower/decompose.h"

/* ---- classes ----------------------------------------------------------------------------- */

static bool is_relu(const vouch_graph *graph, const vouch_node *node)
{
    double breakpoint[4];
    vouch_line piece[5];

    return node->op->pieces && node->op->pieces(graph, node, breakpoint, piece) == 1 &&
           breakpoint[0] == 0 && piece[0].slope == 0 && piece[0].offset == 0 &&
           piece[1].slope == 1 && piece[1].offset == 0;
}

static bool both_vary(const vouch_dag *dag, const vouch_node *node)
{
    return node->input_count == 2 && node->input[0] >= 0 && node->input[1] >= 0 &&
           dag->varying[node->input[0]] && dag->varying[node->input[1]];
}

static bool same_count(const vouch_dag *dag, const vouch_node *node)
{
    return node->input_count > 0 && node->input[0] >= 0 && node->output_count > 0 &&
           node->output[0] >= 0 &&
           vouch_bounds_count(dag->graph, node->input[0]) ==
               vouch_bounds_count(dag->graph, node->output[0]);
}

static vouch_dag_step step_of(const vouch_dag *dag, int n)
{
    const vouch_node *node = &dag->graph->node[n];

    switch (dag->node_class[n]) {
    case VOUCH_OP_AFFINE:
        return VOUCH_DAG_AFFINE;
    case VOUCH_OP_POINTWISE:
    case VOUCH_OP_STEP:
        if (!same_count(dag, node) || !dag->varying[node->input[0]])
            return VOUCH_DAG_OTHER;
        if (is_relu(dag->graph, node))
            return VOUCH_DAG_RELU;
        return node->op->lines || node->op->relax ? VOUCH_DAG_CURVE : VOUCH_DAG_OTHER;
    case VOUCH_OP_BILINEAR:
        return node->op->products && both_vary(dag, node) ? VOUCH_DAG_PRODUCT : VOUCH_DAG_OTHER;
    case VOUCH_OP_MAX:
    case VOUCH_OP_SELECT:
    case VOUCH_OP_COMPOSITE:
    case VOUCH_OP_OPAQUE:
    default:
        return VOUCH_DAG_OTHER;
    }
}

/* Which values are affine images of the inputs. */
static void find_linear(vouch_dag *dag)
{
    const vouch_graph *g = dag->graph;

    for (int v = 0; v < g->value_count; v++)
        dag->linear[v] = g->value[v].producer < 0 || !dag->varying[v];
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        bool linear = dag->node[n].step == VOUCH_DAG_AFFINE;

        for (int k = 0; k < node->input_count; k++)
            linear = linear && (node->input[k] < 0 || dag->linear[node->input[k]]);
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                dag->linear[node->output[o]] |= linear;
    }
}

static vouch_status classify(vouch_dag *dag)
{
    vouch_bound_problem problem = {.graph = dag->graph, .varying = dag->varying};
    vouch_pass pass = {
        .ctx = dag->ctx, .arena = dag->arena, .problem = &problem, .graph = dag->graph};

    VOUCH_TRY(vouch_pass_classify(&pass));
    dag->node_class = pass.node_class;
    for (int n = 0; n < dag->graph->node_count; n++) {
        const vouch_node *node = &dag->graph->node[n];

        dag->node[n].step = VOUCH_DAG_DEAD;
        if (!vouch_pass_active(&pass, n))
            continue;
        dag->node[n].step = step_of(dag, n);
        dag->node[n].count =
            node->output[0] < 0 ? 0 : vouch_bounds_count(dag->graph, node->output[0]);
    }
    find_linear(dag);
    return VOUCH_OK;
}

/* ---- numbering --------------------------------------------------------------------------- */

static bool is_nonlinear(vouch_dag_step step)
{
    return step == VOUCH_DAG_RELU || step == VOUCH_DAG_CURVE || step == VOUCH_DAG_PRODUCT;
}

static void number_neurons(vouch_dag *dag)
{
    for (int n = 0; n < dag->graph->node_count; n++) {
        const vouch_node *node = &dag->graph->node[n];
        int inputs = dag->node[n].step == VOUCH_DAG_PRODUCT ? 2 : 1;

        for (int k = 0; is_nonlinear(dag->node[n].step) && k < inputs; k++) {
            int v = node->input[k];

            if (dag->scalar[v] >= 0)
                continue;
            dag->scalar[v] = dag->neurons;
            dag->reader[v] = n;
            dag->neurons += vouch_bounds_count(dag->graph, v);
        }
    }
}

static void number_inputs(vouch_dag *dag)
{
    dag->scalars = dag->neurons;
    for (int k = 0; k < dag->graph->input_count; k++) {
        int v = dag->graph->input[k];

        dag->input_scalar[k] = dag->scalars;
        if (dag->scalar[v] < 0)
            dag->scalar[v] = dag->scalars;
        dag->scalars += vouch_bounds_count(dag->graph, v);
    }
    dag->inputs = dag->scalars - dag->neurons;
}

static void number_others(vouch_dag *dag)
{
    for (int n = 0; n < dag->graph->node_count; n++)
        for (int o = 0;
             dag->node[n].step == VOUCH_DAG_OTHER && o < dag->graph->node[n].output_count;
             o++) {
            int v = dag->graph->node[n].output[o];

            if (v < 0 || dag->scalar[v] >= 0)
                continue;
            dag->scalar[v] = dag->scalars;
            dag->scalars += vouch_bounds_count(dag->graph, v);
        }
}

/* The greatest number of products that an output has, and that meet in a scalar of an input. */
static vouch_status count_products(vouch_dag *dag, int n)
{
    const vouch_node *node = &dag->graph->node[n];
    vouch_dag_node *at = &dag->node[n];

    for (int64_t i = 0; i < at->count; i++)
        if (at->start[i + 1] - at->start[i] > at->longest)
            at->longest = at->start[i + 1] - at->start[i];
    for (int side = 0; side < 2; side++) {
        vouch_arena_mark mark = vouch_arena_get_mark(dag->arena);
        int64_t *met = VOUCH_NEW_ARRAY(dag->arena, int64_t,
                                       vouch_bounds_count(dag->graph, node->input[side]));

        if (!met)
            return VOUCH_ERR_MEMORY;
        for (int64_t k = 0; k < at->start[at->count]; k++) {
            int64_t *its = &met[side ? at->product[k].right : at->product[k].left];

            at->most = ++*its > at->most ? *its : at->most;
        }
        vouch_arena_reset(dag->arena, mark);
    }
    return VOUCH_OK;
}

static vouch_status list_products(vouch_dag *dag, int n)
{
    const vouch_node *node = &dag->graph->node[n];
    vouch_dag_node *at = &dag->node[n];
    int64_t *start = VOUCH_NEW_ARRAY(dag->arena, int64_t, at->count + 1);
    vouch_product *product;

    if (!start)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < at->count; i++)
        start[i + 1] = start[i] + node->op->products(dag->graph, node, i, NULL);
    product = VOUCH_NEW_ARRAY(dag->arena, vouch_product, start[at->count]);
    if (!product)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < at->count; i++)
        node->op->products(dag->graph, node, i, product + start[i]);
    at->start = start;
    at->product = product;
    return count_products(dag, n);
}

static vouch_status number_mixes(vouch_dag *dag)
{
    for (int n = 0; n < dag->graph->node_count; n++) {
        const vouch_node *node = &dag->graph->node[n];
        vouch_dag_node *at = &dag->node[n];

        if (!is_nonlinear(at->step))
            continue;
        at->from = dag->scalar[node->input[0]];
        at->mix = dag->mixes;
        if (at->step == VOUCH_DAG_PRODUCT) {
            at->right = dag->scalar[node->input[1]];
            VOUCH_TRY(list_products(dag, n));
            dag->mixes += at->start[at->count];
            continue;
        }
        dag->mixes += at->count;
        if (at->step == VOUCH_DAG_CURVE) {
            at->lines = dag->lines;
            dag->lines += at->count;
        }
    }
    return VOUCH_OK;
}

static vouch_status number(vouch_dag *dag)
{
    int values = dag->graph->value_count;

    for (int v = 0; v < values; v++)
        dag->scalar[v] = dag->reader[v] = -1;
    number_neurons(dag);
    number_inputs(dag);
    number_others(dag);
    dag->owner = VOUCH_NEW_ARRAY(dag->arena, int, dag->neurons + dag->inputs);
    if (!dag->owner)
        return VOUCH_ERR_MEMORY;
    for (int v = 0; v < values; v++)
        for (int64_t i = 0; dag->reader[v] >= 0 && i < vouch_bounds_count(dag->graph, v); i++)
            dag->owner[dag->scalar[v] + i] = v;
    for (int k = 0; k < dag->graph->input_count; k++)
        for (int64_t i = 0; i < vouch_bounds_count(dag->graph, dag->graph->input[k]); i++)
            dag->owner[dag->input_scalar[k] + i] = dag->graph->input[k];
    return number_mixes(dag);
}

/* ---- cost -------------------------------------------------------------------------------- */

/* Multiply-adds of one row: every weight of a layer meets every scalar it is shared by. terms is
 * the number of products of one scalar, whichever direction has more. */
static void count_cost(vouch_dag *dag)
{
    for (int n = 0; n < dag->graph->node_count; n++) {
        const vouch_node *node = &dag->graph->node[n];
        vouch_dag_node *at = &dag->node[n];
        double terms = 1;

        if (at->step == VOUCH_DAG_AFFINE && node->op->terms)
            terms += (double)node->op->terms(dag->graph, node);
        if (at->step == VOUCH_DAG_PRODUCT)
            terms = 4 * (double)at->start[at->count] / (double)(at->count ? at->count : 1);
        dag->node_cost[n] = at->step == VOUCH_DAG_DEAD ? 0 : terms * (double)at->count;
        dag->cost += dag->node_cost[n];
    }
}

/* ---- open and close ---------------------------------------------------------------------- */

static vouch_status allocate(vouch_dag *dag)
{
    const vouch_graph *g = dag->graph;

    dag->varying = VOUCH_NEW_ARRAY(dag->arena, bool, g->value_count);
    dag->linear = VOUCH_NEW_ARRAY(dag->arena, bool, g->value_count);
    dag->scalar = VOUCH_NEW_ARRAY(dag->arena, int64_t, g->value_count);
    dag->reader = VOUCH_NEW_ARRAY(dag->arena, int, g->value_count);
    dag->input_scalar = VOUCH_NEW_ARRAY(dag->arena, int64_t, g->input_count);
    dag->node = VOUCH_NEW_ARRAY(dag->arena, vouch_dag_node, g->node_count);
    dag->node_cost = VOUCH_NEW_ARRAY(dag->arena, double, g->node_count);
    dag->affine = VOUCH_NEW_ARRAY(dag->arena, vouch_affine, g->node_count);
    dag->largest = VOUCH_NEW_ARRAY(dag->arena, double *, g->value_count);
    dag->tile = VOUCH_NEW_ARRAY(dag->arena, vouch_dag_tile, g->value_count);
    return dag->varying && dag->linear && dag->scalar && dag->reader && dag->input_scalar &&
                   dag->node && dag->node_cost && dag->affine && dag->largest && dag->tile
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

/* The neurons that node n reads where its coefficients are not zero. */
static void mark_node(const vouch_dag *dag, int n, const double *kept, bool *matters)
{
    const vouch_dag_node *at = &dag->node[n];

    for (int64_t i = 0; i < at->count; i++) {
        if (kept[i] == 0)
            continue;
        if (at->step != VOUCH_DAG_PRODUCT) {
            matters[at->from + i] = true;
            continue;
        }
        for (int64_t k = at->start[i]; k < at->start[i + 1]; k++)
            matters[at->from + at->product[k].left] =
                matters[at->right + at->product[k].right] = true;
    }
}

/* Marks what some case's rows meet on their way back, whatever the lines: mixes are such that no
 * slope is zero but that of a decided Relu. */
static vouch_status mark_case(vouch_dag_worker *w, int which, const float *mix, bool *matters)
{
    const vouch_dag *dag = w->dag;
    int rows = dag->task->case_start[which + 1] - dag->task->case_start[which];
    double *weight = VOUCH_NEW_ARRAY(w->answers, double, rows);
    vouch_dag_row row = {.at = dag->hull, .which_case = which, .mix = mix, .weight = weight};
    vouch_status status;

    if (!weight)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < rows; k++)
        weight[k] = 1 + (double)k / 16; /* unequal, so that no two rows cancel out */
    status = vouch_dag_walk_run(w, 1, &row, -1, true);
    for (int n = 0; !status && n < dag->graph->node_count; n++)
        if (w->walk.kept[n] && is_nonlinear(dag->node[n].step))
            mark_node(dag, n, w->walk.kept[n], matters);
    vouch_dag_walk_end(w);
    return status;
}

/* Which neurons can matter to the task, from bounds by intervals alone. */
static vouch_status mark_neurons(vouch_dag *dag, vouch_dag_worker *w)
{
    const double most = 1e10; /* multiply-adds: else all matter */
    bool *matters = VOUCH_NEW_ARRAY(dag->arena, bool, dag->neurons);
    float *mix = VOUCH_NEW_ARRAY(w->answers, float, dag->mixes);

    if (!matters || !mix)
        return VOUCH_ERR_MEMORY;
    if (dag->cost * dag->task->case_count > most)
        return VOUCH_OK;
    for (int64_t i = 0; i < dag->mixes; i++)
        mix[i] = .37F;
    for (int k = 0; k < dag->task->case_count; k++)
        VOUCH_TRY(mark_case(w, k, mix, matters));
    dag->matters = matters;
    return VOUCH_OK;
}

/* Intervals alone, then walks of what can matter: in a convolutional network often a part. */
static vouch_status analyse_hull(vouch_dag *dag, vouch_dag_worker *w)
{
    const double *low = dag->task->low, *high = dag->task->high;
    const vouch_dag_settings *settings = &dag->settings;
    double work =
        dag->neurons <= settings->hull_neurons ? settings->hull_work : settings->root_work;
    vouch_dag_intervals *walked = NULL;

    VOUCH_TRY(vouch_dag_analyse(w, low, high, dag, 0, &dag->hull));
    if (!dag->hull)
        return VOUCH_OK;
    VOUCH_TRY(vouch_dag_frame_plan(dag, w));
    VOUCH_TRY(mark_neurons(dag, w));
    vouch_arena_reset(w->answers, w->fresh);
    VOUCH_TRY(vouch_dag_analyse(w, low, high, dag, work, &walked));
    vouch_dag_intervals_drop(dag->ctx, dag->hull);
    dag->hull = walked;
    return VOUCH_OK;
}

static vouch_status first_analysis(vouch_dag *dag)
{
    vouch_dag_worker *worker;
    vouch_status status;

    VOUCH_TRY(vouch_dag_worker_new(dag->ctx, dag, &worker));
    status = analyse_hull(dag, worker);
    vouch_dag_worker_free(dag->ctx, worker);
    return status;
}

static vouch_status prepare(vouch_dag *dag)
{
    VOUCH_TRY(vouch_lower_decompose(dag->ctx, dag->task->graph, &dag->graph));
    VOUCH_TRY(allocate(dag));
    vouch_op_varying(dag->graph, dag->varying);
    VOUCH_TRY(classify(dag));
    VOUCH_TRY(number(dag));
    count_cost(dag);
    return first_analysis(dag);
}

vouch_status vouch_dag_open(vouch_context *ctx, const vouch_task *task,
                            const vouch_dag_settings *settings, vouch_dag **out)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_dag *dag = arena ? VOUCH_NEW(arena, vouch_dag) : NULL;
    vouch_status status;

    *out = NULL;
    if (!dag) {
        vouch_arena_free(arena);
        return VOUCH_ERR_MEMORY;
    }
    dag->ctx = ctx;
    dag->task = task;
    dag->settings = *settings;
    dag->arena = arena;
    dag->entry = -1;
    status = prepare(dag);
    if (status)
        vouch_dag_close(ctx, dag);
    else
        *out = dag;
    return status;
}

void vouch_dag_close(vouch_context *ctx, vouch_dag *dag)
{
    if (!dag)
        return;
    vouch_dag_intervals_drop(ctx, dag->hull);
    vouch_graph_free(dag->graph);
    vouch_arena_free(dag->arena);
}

/* ---- workers ----------------------------------------------------------------------------- */

vouch_status vouch_dag_worker_new(vouch_context *ctx, const vouch_dag *dag,
                                  vouch_dag_worker **worker)
{
    vouch_arena *buffers = vouch_arena_new(ctx);
    vouch_dag_worker *w = buffers ? VOUCH_NEW(buffers, vouch_dag_worker) : NULL;

    *worker = w;
    if (!w) {
        vouch_arena_free(buffers);
        return VOUCH_ERR_MEMORY;
    }
    *w = (vouch_dag_worker){.dag = dag,
                            .ctx = ctx,
                            .kernel = vouch_walk_kernels_here(),
                            .scratch = vouch_arena_new(ctx),
                            .buffers = buffers,
                            .answers = vouch_arena_new(ctx),
                            .pool = {.arena = buffers}};
    w->walk.lambda = VOUCH_NEW_ARRAY(buffers, double *, dag->graph->value_count);
    w->walk.kept = VOUCH_NEW_ARRAY(buffers, double *, dag->graph->node_count);
    w->walk.patch = VOUCH_NEW_ARRAY(buffers, vouch_patch, dag->graph->value_count);
    if (w->scratch && w->answers && w->walk.lambda && w->walk.kept && w->walk.patch) {
        w->fresh = vouch_arena_get_mark(w->answers);
        return VOUCH_OK;
    }
    vouch_dag_worker_free(ctx, w);
    *worker = NULL;
    return VOUCH_ERR_MEMORY;
}

void vouch_dag_worker_free(vouch_context *ctx, vouch_dag_worker *worker)
{
    (void)ctx;
    if (!worker)
        return;
    vouch_arena_free(worker->scratch);
    vouch_arena_free(worker->answers);
    vouch_arena_free(worker->buffers); /* the worker itself lives there */
}

/* ---- asking ------------------------------------------------------------------------------ */

int64_t vouch_dag_neuron_count(const vouch_dag *dag) { return dag->neurons; }
const vouch_graph *vouch_dag_graph(const vouch_dag *dag) { return dag->graph; }

int64_t vouch_dag_neuron(const vouch_dag *dag, int value)
{
    int64_t at = dag->scalar[value];

    return at >= 0 && at < dag->neurons ? at : -1;
}

int64_t vouch_dag_mix_count(const vouch_dag *dag) { return dag->mixes; }
bool vouch_dag_is_ragged(const vouch_dag *dag)
{
    for (int n = 0; n < dag->graph->node_count; n++)
        if (dag->node[n].step == VOUCH_DAG_OTHER ||
            (dag->node[n].step == VOUCH_DAG_CURVE && dag->graph->node[n].op->limit))
            return true;
    return false;
}

double vouch_dag_cost(const vouch_dag *dag) { return dag->cost; }
