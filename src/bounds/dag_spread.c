/* The spread: how much of what relaxing costs comes from each input's extent.
 *
 * A neuron's plane is loose in proportion to the width of its interval, and that is made up of
 * the inputs' widths:  u_j - l_j  ~  sum_d |dz_j / dx_d| w_d.  So input d answers for
 *
 *     w_d sum_j loss_j / (u_j - l_j) |dz_j / dx_d|
 *
 * of the losses, which one walk with magnitudes finds for all inputs at once: it starts with
 * loss_j / (u_j - l_j) at every neuron, and passes affine nodes by |A|^T, curves and products by
 * their steepest slope. The form's own slope adds what a cut gains on the linear part, on one side
 * only. [The batched engine's gap score, docs/theory/partitioning.md, for any network.]
 *
 * Nothing sound rests on it.
 */
#include <string.h>

#include "bounds/dag_priv.h"

typedef struct spread {
    vouch_dag_worker *w;
    int count;
    const vouch_dag_intervals *const *at;     /* [count] */
    const vouch_dag_intervals *const *extent; /* [count]: whose inputs' widths count */
    double *const *loss;                      /* [count][neurons + inputs] */
    double **rows;                            /* [value_count][count][scalars], NULL = zero */
} spread;

static double *rows_of(spread *s, int v)
{
    int64_t all = s->count * vouch_bounds_count(s->w->dag->graph, v);

    if (!s->rows[v]) {
        s->rows[v] = vouch_pool_take(&s->w->pool, all);
        if (s->rows[v])
            memset(s->rows[v], 0, (size_t)all * sizeof(double));
    }
    return s->rows[v];
}

/* The neurons among v's scalars start with their share of the losses. */
static vouch_status start(spread *s, int v)
{
    const vouch_dag *dag = s->w->dag;
    int64_t count = vouch_bounds_count(dag->graph, v), first = dag->scalar[v];
    double *rows;

    if (dag->reader[v] < 0)
        return VOUCH_OK;
    rows = rows_of(s, v);
    if (!rows)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < s->count; r++)
        for (int64_t i = 0; i < count; i++) {
            double width = s->at[r]->high[first + i] - s->at[r]->low[first + i];
            double loss = s->loss[r][first + i];

            if (loss > 0 && width > 0 && isfinite(width))
                rows[r * count + i] += loss / width;
        }
    return VOUCH_OK;
}

static vouch_status pass_affine(spread *s, int n)
{
    const vouch_dag *dag = s->w->dag;
    const vouch_node *node = &dag->graph->node[n];
    const vouch_affine *affine = &dag->affine[n];

    for (int k = 0; k < affine->input_count; k++) {
        int x = node->input[affine->which[k]];
        int64_t all = s->count * vouch_bounds_count(dag->graph, x);
        double *part = vouch_pool_take(&s->w->pool, all), *to = rows_of(s, x);

        if (!part || !to)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(
            vouch_dag_linear(s->w, (vouch_linear_call){.node = node,
                                                       .which = affine->which[k],
                                                       .mode = VOUCH_LINEAR_ABS_TRANSPOSED,
                                                       .batch = s->count,
                                                       .in = s->rows[node->output[0]],
                                                       .out = part}));
        for (int64_t i = 0; i < all; i++)
            to[i] += part[i];
        vouch_pool_give(&s->w->pool, part);
    }
    return VOUCH_OK;
}

/* How steep the lines are that enclose the curve. */
static double steepest(const vouch_lines *family)
{
    double most = 0;

    for (int k = 0; k < family->count; k++)
        most = fmax(most, fabs(family->line[k].slope));
    return most;
}

static double steepness(const vouch_dag_node *at, const vouch_dag_intervals *in, int64_t i)
{
    double low = in->low[at->from + i], high = in->high[at->from + i];

    if (at->step == VOUCH_DAG_RELU)
        return low >= 0 ? 1 : high <= 0 ? 0 : high / (high - low);
    return fmin(steepest(&in->lines->entry[at->lines + i].below),
                steepest(&in->lines->entry[at->lines + i].above));
}

static vouch_status pass_curve(spread *s, int n)
{
    const vouch_dag_node *at = &s->w->dag->node[n];
    const vouch_node *node = &s->w->dag->graph->node[n];
    const double *from = s->rows[node->output[0]];
    double *to = rows_of(s, node->input[0]);

    if (!to)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < s->count; r++)
        for (int64_t i = 0; i < at->count; i++)
            if (from[r * at->count + i] > 0)
                to[r * at->count + i] += from[r * at->count + i] * steepness(at, s->at[r], i);
    return VOUCH_OK;
}

static vouch_status pass_product(spread *s, int n)
{
    const vouch_dag *dag = s->w->dag;
    const vouch_dag_node *at = &dag->node[n];
    const vouch_node *node = &dag->graph->node[n];
    int64_t lefts = vouch_bounds_count(dag->graph, node->input[0]);
    int64_t rights = vouch_bounds_count(dag->graph, node->input[1]);
    const double *from = s->rows[node->output[0]];
    double *left = rows_of(s, node->input[0]), *right = rows_of(s, node->input[1]);

    if (!left || !right)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < s->count; r++)
        for (int64_t i = 0; i < at->count; i++) {
            const vouch_dag_intervals *in = s->at[r];
            double g = from[r * at->count + i];

            for (int64_t k = at->start[i]; g > 0 && k < at->start[i + 1]; k++) {
                int64_t a = at->product[k].left, b = at->product[k].right;

                left[r * lefts + a] +=
                    g * vouch_magnitude(in->low[at->right + b], in->high[at->right + b]);
                right[r * rights + b] +=
                    g * vouch_magnitude(in->low[at->from + a], in->high[at->from + a]);
            }
        }
    return VOUCH_OK;
}

static vouch_status pass_node(spread *s, int n)
{
    const vouch_node *node = &s->w->dag->graph->node[n];
    vouch_dag_step step = s->w->dag->node[n].step;
    int v = node->output[0];
    vouch_status status = VOUCH_OK;

    if (step == VOUCH_DAG_DEAD || v < 0)
        return VOUCH_OK;
    VOUCH_TRY(start(s, v));
    if (!s->rows[v])
        return VOUCH_OK;
    if (step == VOUCH_DAG_AFFINE)
        status = pass_affine(s, n);
    else if (step == VOUCH_DAG_RELU || step == VOUCH_DAG_CURVE)
        status = pass_curve(s, n);
    else if (step == VOUCH_DAG_PRODUCT)
        status = pass_product(s, n);
    vouch_pool_give(&s->w->pool, s->rows[v]);
    s->rows[v] = NULL;
    return status;
}

/* The inputs' losses: their share of the neurons', and their own part in the form. */
static void finish(spread *s)
{
    const vouch_dag *dag = s->w->dag;
    const double own = .25;

    for (int k = 0; k < dag->graph->input_count; k++) {
        int v = dag->graph->input[k];
        int64_t count = vouch_bounds_count(dag->graph, v), block = dag->input_scalar[k];

        for (int r = 0; r < s->count; r++)
            for (int64_t i = 0; i < count; i++) {
                double width = s->extent[r]->high[block + i] - s->extent[r]->low[block + i];
                double share = s->rows[v] ? s->rows[v][r * count + i] * width : 0;
                double *loss = &s->loss[r][block + i];

                *loss = own * *loss + (isfinite(share) ? share : 0);
            }
    }
}

static vouch_status run(spread *s)
{
    const vouch_graph *graph = s->w->dag->graph;

    for (int n = graph->node_count - 1; n >= 0; n--)
        VOUCH_TRY(pass_node(s, n));
    for (int k = 0; k < graph->input_count; k++)
        VOUCH_TRY(start(s, graph->input[k]));
    finish(s);
    return VOUCH_OK;
}

vouch_status vouch_dag_spread(vouch_dag_worker *w, int count,
                              const vouch_dag_intervals *const *at,
                              const vouch_dag_intervals *const *extent, double *const *loss)
{
    const vouch_graph *graph = w->dag->graph;
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    spread s = {.w = w,
                .count = count,
                .at = at,
                .extent = extent,
                .loss = loss,
                .rows = VOUCH_NEW_ARRAY(w->scratch, double *, graph->value_count)};
    vouch_status status = s.rows ? run(&s) : VOUCH_ERR_MEMORY;

    for (int v = 0; s.rows && v < graph->value_count; v++)
        vouch_pool_give(&w->pool, s.rows[v]);
    vouch_arena_reset(w->scratch, mark);
    return status;
}
