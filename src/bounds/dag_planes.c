/* Planes around curves: pick a line, then prove it; and what products' planes gain.
 *
 * Curve: the operator gives families of sound lines (op/op.h). A mix of two neighbours is sound
 * over the reals; computed, it is off by at most a few roundings of its coefficients, the slip,
 * which the walk charges to the row's error.
 *
 * Product: on a box, a b lies between McCormick's planes [McCormick 1976]
 *
 *     a b >= a_0 b + b_0 a - a_0 b_0,  a_1 b + b_1 a - a_1 b_1
 *     a b <= a_1 b + b_0 a - a_1 b_0,  a_0 b + b_1 a - a_0 b_1
 *
 * and between any mix of them. The planes are made in bulk (num/walk.h): slopes of the mix as
 * computed, the offset proved, since a b - s a - t b is bilinear and has its extrema on the box in
 * its four corners.
 */
#include "bounds/dag_priv.h"

/* ---- curves ------------------------------------------------------------------------------ */

static bool is_sound_family(const vouch_lines *family)
{
    bool finite = family->count >= 1 && family->count <= VOUCH_LINES_MAX;

    for (int k = 0; finite && k < family->count; k++)
        finite = isfinite(family->line[k].slope) && isfinite(family->line[k].offset);
    return finite;
}

static vouch_lines flat_family(double offset)
{
    return (vouch_lines){.count = 1, .line = {{0, offset}}};
}

void vouch_dag_step_values(const vouch_dag *dag, int node, const vouch_dag_intervals *at,
                           int64_t j, double value[2])
{
    const vouch_node *n = &dag->graph->node[node];

    value[0] = n->op->limit(dag->graph, n, at->low[j], at->open[j] & VOUCH_OPEN_LOW ? 1 : 0);
    value[1] = n->op->limit(dag->graph, n, at->high[j], at->open[j] & VOUCH_OPEN_HIGH ? -1 : 0);
}

/* A step that is decided where open ends are left out. */
static bool is_decided(const vouch_dag *dag, int node, const vouch_dag_intervals *at, int64_t j,
                       vouch_dag_lines *lines)
{
    double value[2];

    if (!dag->graph->node[node].op->limit)
        return false;
    vouch_dag_step_values(dag, node, at, j, value);
    if (value[0] != value[1])
        return false;
    *lines = (vouch_dag_lines){flat_family(value[0]), flat_family(value[0])};
    return true;
}

vouch_status vouch_dag_curve(const vouch_dag *dag, int node, const vouch_dag_intervals *at,
                             int64_t j, vouch_dag_lines *lines)
{
    const vouch_node *n = &dag->graph->node[node];
    vouch_relaxation pair = {{0, -(double)INFINITY}, {0, (double)INFINITY}};
    double low = at->low[j], high = at->high[j];

    *lines = (vouch_dag_lines){flat_family(-(double)INFINITY), flat_family((double)INFINITY)};
    if (is_decided(dag, node, at, j, lines) || !isfinite(low) || !isfinite(high))
        return VOUCH_OK;
    if (low == high) { /* a point of the curve: lines on the smallest interval around it */
        low = vouch_down(low);
        high = vouch_up(high);
    }
    if (n->op->lines) {
        VOUCH_TRY(n->op->lines(dag->graph, n, low, high, &lines->below, &lines->above));
    } else if (n->op->relax) {
        VOUCH_TRY(n->op->relax(dag->graph, n, low, high, &pair));
        lines->below = (vouch_lines){.count = 1, .line = {pair.lower}};
        lines->above = (vouch_lines){.count = 1, .line = {pair.upper}};
    }
    if (!is_sound_family(&lines->below))
        lines->below = flat_family(-(double)INFINITY);
    if (!is_sound_family(&lines->above))
        lines->above = flat_family((double)INFINITY);
    return VOUCH_OK;
}

/* Place of mix t in the family: between lines *k and *k + 1, share *f of the latter. */
static void place(const vouch_lines *family, float t, int *k, double *f)
{
    double at = t < 0 ? family->start : (double)t * (family->count - 1);

    at = at >= 0 ? at : 0; /* NaN too */
    *k = (int)fmin(at, family->count - 2);
    *f = fmin(at - *k, 1);
}

vouch_dag_line vouch_dag_mixed(const vouch_lines *family, float t)
{
    const vouch_line *a = family->line, *b = family->line + 1;
    double f;
    int k;

    if (family->count == 1)
        return (vouch_dag_line){a->slope, a->offset, 0, 0};
    place(family, t, &k, &f);
    a += k;
    b += k;
    if (f == 0 || f == 1)
        return (vouch_dag_line){f == 0 ? a->slope : b->slope, f == 0 ? a->offset : b->offset, 0,
                                0};
    return (vouch_dag_line){(1 - f) * a->slope + f * b->slope,
                            (1 - f) * a->offset + f * b->offset,
                            6 * VOUCH_U64 * (fabs(a->slope) + fabs(b->slope)) + 4 * DBL_MIN,
                            6 * VOUCH_U64 * (fabs(a->offset) + fabs(b->offset)) + 4 * DBL_MIN};
}

double vouch_dag_mixed_gain(const vouch_lines *family, float t, double x)
{
    const vouch_line *line = family->line;
    double f;
    int k;

    if (family->count == 1)
        return 0;
    place(family, t, &k, &f);
    line += k;
    return (family->count - 1) *
           ((line[1].slope - line[0].slope) * x + line[1].offset - line[0].offset);
}

/* ---- products ---------------------------------------------------------------------------- */

double vouch_dag_product_gain(const double a[2], const double b[2], bool above, double x,
                              double y)
{
    double across = above ? a[0] - a[1] : a[1] - a[0];
    double corners = above ? a[0] * b[1] - a[1] * b[0] : a[1] * b[1] - a[0] * b[0];

    return (b[1] - b[0]) * x + across * y - corners;
}
