/* Products: planes around a node's products, and rows of coefficients through them.
 *
 * An output is a sum of products, y_i = sum_k a_k b_k. A row takes g y_i, g its coefficient, through
 * the lower plane of each product where g > 0 and the upper one where g < 0 (num/walk.h):
 *
 *     g y_i  >=  sum_k g (left_k a_k + right_k b_k)  +  g sum_k offset_k
 *
 * Planes depend on the intervals and the row's mixes alone. Rows without mixes on the same box, as
 * walks of neurons are, share them; then a row costs two multiply-adds a product.
 *
 * Rounding. At most m products meet in one coefficient, each with one rounding, so together they
 * are off by gamma_m sum_i |g_i| R_i with R_i = sum_k |left_k| X_a + |right_k| X_b; sums over the
 * offsets by gamma_n sum_i |g_i| sum_k |offset_k|.
 */
#include <string.h>

#include "bounds/dag_product.h"

/* ---- planes ------------------------------------------------------------------------------ */

vouch_status vouch_dag_planes_new(vouch_dag_worker *w, int n, vouch_dag_planes *planes)
{
    const vouch_dag_node *at = &w->dag->node[n];
    int64_t products = at->start[at->count];

    *planes = (vouch_dag_planes){.dag = w->dag, .kernel = w->kernel, .node = n};
    for (int side = 0; side < 2; side++) {
        vouch_dag_side *s = &planes->side[side];

        s->left = VOUCH_NEW_ARRAY(w->scratch, double, products);
        s->right = VOUCH_NEW_ARRAY(w->scratch, double, products);
        s->offset = VOUCH_NEW_ARRAY(w->scratch, double, products);
        s->sums = VOUCH_NEW_ARRAY(w->scratch, vouch_walk_sums, at->count);
        if (!s->left || !s->right || !s->offset || !s->sums)
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

/* Sums over the products of output i. */
static void sum_up(const vouch_dag_planes *planes, int side, int64_t i)
{
    const vouch_dag *dag = planes->dag;
    const vouch_dag_node *at = &dag->node[planes->node];
    const vouch_node *node = &dag->graph->node[planes->node];
    const double *left = dag->largest[node->input[0]], *right = dag->largest[node->input[1]];
    const vouch_dag_side *s = &planes->side[side];
    vouch_walk_sums sums = {0, 0, 0};

    for (int64_t k = at->start[i]; k < at->start[i + 1]; k++) {
        sums.constant += s->offset[k];
        sums.magnitude += fabs(s->offset[k]);
        sums.reach += fabs(s->left[k]) * left[at->product[k].left] +
                      fabs(s->right[k]) * right[at->product[k].right];
    }
    s->sums[i] = sums;
}

void vouch_dag_planes_make(const vouch_dag_planes *planes, const vouch_dag_row *row, int64_t i,
                           bool above)
{
    const vouch_dag_node *at = &planes->dag->node[planes->node];
    const vouch_dag_side *s = &planes->side[above];
    const vouch_dag_intervals *in = row->at;
    int64_t first = at->start[i];
    const vouch_walk_planes call = {.count = at->start[i + 1] - first,
                                    .pair = at->product + first,
                                    .a_low = in->low + at->from,
                                    .a_high = in->high + at->from,
                                    .b_low = in->low + at->right,
                                    .b_high = in->high + at->right,
                                    .mix = row->mix ? row->mix + at->mix + first : NULL,
                                    .left = s->left + first,
                                    .right = s->right + first,
                                    .offset = s->offset + first};

    planes->kernel->planes(&call, above);
    sum_up(planes, above, i);
}

/* ---- rows -------------------------------------------------------------------------------- */

bool vouch_dag_planes_shared(const vouch_dag_walk *walk)
{
    for (int r = 0; r < walk->count; r++)
        if (walk->row[r].mix || walk->row[r].at != walk->row[0].at)
            return false;
    return walk->count > 1;
}

void vouch_dag_planes_pass(const vouch_dag_planes *planes, const double *lambda, double *left,
                           double *right, vouch_walk_sums *sums)
{
    const vouch_dag_node *at = &planes->dag->node[planes->node];
    const vouch_product *product = at->product;

    *sums = (vouch_walk_sums){0, 0, 0};
    for (int64_t i = 0; i < at->count; i++) {
        double g = lambda[i];
        const vouch_dag_side *s = &planes->side[g < 0];

        if (g == 0)
            continue;
        for (int64_t k = at->start[i]; k < at->start[i + 1]; k++)
            left[product[k].left] += g * s->left[k];
        for (int64_t k = at->start[i]; k < at->start[i + 1]; k++)
            right[product[k].right] += g * s->right[k];
        sums->constant += g * s->sums[i].constant;
        sums->magnitude += fabs(g) * s->sums[i].magnitude;
        sums->reach += fabs(g) * s->sums[i].reach;
    }
}
