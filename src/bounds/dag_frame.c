/* Inputs that stay: what they contribute to the first layer, once for all rows.
 *
 * Problem: on a box in which most inputs are points, a row that only its least value is wanted of
 *          spends most of its walk on coefficients of inputs that do not move.
 * Method:  let the network begin with y = A x + b, and x have a part s that stays and a part m that
 *          moves. Then  lambda . y = lambda . (A_s x_s + b) + (lambda A_m) . x_m : the frame keeps
 *          A_s x_s + b and the list of m; rows end at y by the columns of m alone.
 * Rounding: the kept vector is off by gamma_t (|A| X + |b|) of its products, X >= |x| on the hull,
 *          and by a rounding of its sum. That is charged to rows as the products of lambda with A
 *          are, by a reach three times that of the node.
 */
#include <string.h>

#include "bounds/dag_priv.h"

/* ---- where the network begins ------------------------------------------------------------ */

static bool is_iota(const double *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (x[i] != (double)i)
            return false;
    return true;
}

/* Does an affine node with one varying input hand it on as it is? */
static vouch_status is_copy(vouch_dag_worker *w, int n, bool *copies)
{
    const vouch_node *node = &w->dag->graph->node[n];
    const vouch_affine *affine = &w->dag->affine[n];
    const int64_t in = vouch_bounds_count(w->dag->graph, node->input[affine->which[0]]);
    const int64_t out = w->dag->node[n].count;
    const vouch_arena_mark mark = vouch_arena_get_mark(w->answers);
    double *numbers = VOUCH_NEW_ARRAY(w->answers, double, in + out);

    *copies = false;
    if (!numbers)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < in; i++)
        numbers[i] = (double)i;
    if (affine->moves && in == out) {
        VOUCH_TRY(vouch_dag_linear(w, (vouch_linear_call){.node = node,
                                                          .which = affine->which[0],
                                                          .mode = VOUCH_LINEAR_PLAIN,
                                                          .batch = 1,
                                                          .in = numbers,
                                                          .out = numbers + in}));
        *copies = is_iota(numbers + in, out);
    }
    vouch_arena_reset(w->answers, mark);
    return VOUCH_OK;
}

static bool can_pick(const vouch_dag *dag, int n)
{
    const vouch_node *node = &dag->graph->node[n];

    return node->op->picks && node->op->picks(dag->graph, node, dag->affine[n].which[0]);
}

vouch_status vouch_dag_frame_plan(vouch_dag *dag, vouch_dag_worker *w)
{
    int x = dag->graph->input_count == 1 ? dag->graph->input[0] : -1; /* a copy of the inputs */

    dag->entry = -1;
    for (int n = 0; x >= 0 && n < dag->graph->node_count; n++) {
        const vouch_node *node = &dag->graph->node[n];
        const vouch_affine *affine = &dag->affine[n];
        bool copies;

        if (dag->node[n].step != VOUCH_DAG_AFFINE || affine->input_count != 1 ||
            node->input[affine->which[0]] != x)
            continue;
        if (can_pick(dag, n)) {
            dag->entry = n;
            return VOUCH_OK;
        }
        VOUCH_TRY(is_copy(w, n, &copies));
        if (copies)
            x = node->output[0];
    }
    return VOUCH_OK;
}

/* ---- frames ------------------------------------------------------------------------------ */

void vouch_dag_frame_hold(vouch_dag_frame *frame)
{
    if (frame)
        atomic_fetch_add(&frame->refs, 1);
}

void vouch_dag_frame_drop(vouch_context *ctx, vouch_dag_frame *frame)
{
    if (frame && atomic_fetch_sub(&frame->refs, 1) == 1)
        vouch_release(ctx, frame);
}

static vouch_dag_frame *new_frame(vouch_context *ctx, int64_t moving, int64_t outputs)
{
    const size_t lists = (size_t)moving * sizeof(int64_t);
    vouch_dag_frame *frame =
        vouch_alloc(ctx, sizeof *frame + lists + 2 * (size_t)outputs * sizeof(double));

    if (!frame)
        return NULL;
    atomic_init(&frame->refs, 1);
    frame->count = moving;
    frame->reach = frame->constant + outputs;
    frame->list = (int64_t *)(frame->reach + outputs);
    return frame;
}

/* constant <- A x + b of the inputs in `still`, which is zero elsewhere. */
static vouch_status fill(vouch_dag_worker *w, const double *still, vouch_dag_frame *frame)
{
    const vouch_dag *dag = w->dag;
    const vouch_affine *affine = &dag->affine[dag->entry];
    const vouch_dag_node *at = &dag->node[dag->entry];
    const double gamma = vouch_gamma64(affine->terms);

    VOUCH_TRY(vouch_dag_linear(w, (vouch_linear_call){.node = &dag->graph->node[dag->entry],
                                                      .which = affine->which[0],
                                                      .mode = VOUCH_LINEAR_PLAIN,
                                                      .batch = 1,
                                                      .in = still,
                                                      .out = frame->constant}));
    for (int64_t i = 0; i < at->count; i++) {
        frame->constant[i] += affine->offset[i];
        frame->reach[i] =
            vouch_up(3 * at->reach[i] + (double)affine->terms * 4 * DBL_MIN / gamma);
    }
    return VOUCH_OK;
}

vouch_status vouch_dag_frame_new(vouch_dag_worker *w, const double *low, const double *high,
                                 vouch_dag_frame **out)
{
    const vouch_dag *dag = w->dag;
    double *still;
    int64_t moving = 0, k = 0;

    *out = NULL;
    for (int64_t i = 0; i < dag->inputs; i++)
        moving += low[i] < high[i];
    if (dag->entry < 0 || 4 * moving > 3 * dag->inputs)
        return VOUCH_OK;
    still = vouch_pool_take(&w->pool, dag->inputs);
    *out = new_frame(w->ctx, moving, dag->node[dag->entry].count);
    if (!still || !*out)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < dag->inputs; i++) {
        still[i] = low[i] < high[i] ? 0 : low[i];
        if (low[i] < high[i])
            (*out)->list[k++] = i;
    }
    const vouch_status status = fill(w, still, *out);
    vouch_pool_give(&w->pool, still);
    return status;
}

/* ---- rows -------------------------------------------------------------------------------- */

const vouch_dag_frame *vouch_dag_frame_of(const vouch_dag_walk *walk)
{
    const vouch_dag_frame *frame = walk->row[0].at->frame;

    for (int r = 1; r < walk->count; r++)
        if (walk->row[r].at->frame != frame)
            return NULL;
    return walk->formless && !walk->row[0].mix ? frame : NULL;
}

/* The ends of the inputs that move. */
static void gather(const vouch_dag *dag, const vouch_dag_frame *frame,
                   const vouch_dag_intervals *at, double *low, double *high)
{
    for (int64_t k = 0; k < frame->count; k++) {
        low[k] = at->low[dag->neurons + frame->list[k]];
        high[k] = at->high[dag->neurons + frame->list[k]];
    }
}

static vouch_status end_rows(vouch_dag_worker *w, const vouch_dag_frame *frame,
                             const double *moved)
{
    vouch_dag_walk *walk = &w->walk;
    double *low = VOUCH_NEW_ARRAY(w->scratch, double, frame->count + 1);
    double *high = VOUCH_NEW_ARRAY(w->scratch, double, frame->count + 1);

    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < walk->count; r++) {
        vouch_walk_sums sums;

        if (r == 0 || walk->row[r].at != walk->row[r - 1].at)
            gather(w->dag, frame, walk->row[r].at, low, high);
        w->kernel->least(frame->count, moved + r * frame->count, low, high, &sums);
        vouch_dag_account(walk, r, &sums, 0, frame->count);
    }
    return VOUCH_OK;
}

vouch_status vouch_dag_frame_pass(vouch_dag_worker *w, const vouch_dag_frame *frame)
{
    const vouch_dag *dag = w->dag;
    const int n = dag->entry;
    const vouch_affine *affine = &dag->affine[n];
    const double *lambda = w->walk.lambda[dag->graph->node[n].output[0]];
    const double gamma = vouch_gamma64(affine->terms);
    const double tiny = (double)affine->terms * DBL_MIN * dag->node[n].span;
    const int64_t count = dag->node[n].count;
    double *moved = vouch_pool_take(&w->pool, w->walk.count * frame->count + 1);

    if (!moved)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < w->walk.count; r++) {
        vouch_walk_sums sums;

        w->kernel->affine(count, lambda + r * count, frame->constant, frame->reach, &sums);
        vouch_dag_account(&w->walk, r, &sums, gamma * sums.reach + tiny, count);
    }
    VOUCH_TRY(vouch_dag_linear(w, (vouch_linear_call){.node = &dag->graph->node[n],
                                                      .which = affine->which[0],
                                                      .mode = VOUCH_LINEAR_TRANSPOSED,
                                                      .batch = w->walk.count,
                                                      .in = lambda,
                                                      .out = moved,
                                                      .pick = frame->list,
                                                      .pick_count = frame->count}));
    VOUCH_TRY(end_rows(w, frame, moved));
    vouch_pool_give(&w->pool, moved);
    return VOUCH_OK;
}
