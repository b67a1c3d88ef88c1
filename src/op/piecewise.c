/* Continuous piecewise linear curves; see piecewise.h.
 *
 * On [l, u] the best upper line of least area is the edge of the upper hull of the curve above
 * the midpoint, the lower one likewise. The hull's corners are among the ends and the breaks
 * inside, so: for each pair of corners around the midpoint take the slope of their chord (the
 * exact slope of the piece where they are neighbours), shift the line until it is above every
 * corner, rounded outward, and keep the lowest at the midpoint. For Relu this is DeepPoly.
 *
 * The lower line of f is minus the upper line of -f, so only upper lines are computed.
 * THM: a line above f at both ends of a linear piece is above it on the piece.
 */
#include "op/piecewise.h"
#include "op/directed.h"

static vouch_line negated(vouch_line line) { return (vouch_line){-line.slope, -line.offset}; }

/* line(x), rounded up */
static double line_up(vouch_line line, double x)
{
    return vouch_sum_up(vouch_product_up(line.slope, x), line.offset);
}

static int piece_of(const vouch_curve *c, double x)
{
    int i = 0;
    while (i < c->breaks && x > c->at[i])
        i++;
    return i;
}

static double value_up(const vouch_curve *c, double x)
{
    return line_up(c->piece[piece_of(c, x)], x);
}

static double value_down(const vouch_curve *c, double x)
{
    return -line_up(negated(c->piece[piece_of(c, x)]), x);
}

/* ---- upper line -------------------------------------------------------------------------- */

typedef struct corners {
    int count;
    double x[6];     /* ascending */
    double value[6]; /* at least the curve's */
} corners;

static corners find_corners(const vouch_curve *c, double low, double high)
{
    corners k = {.count = 1, .x = {low}, .value = {value_up(c, low)}};
    for (int i = 0; i < c->breaks; i++)
        if (c->at[i] > low && c->at[i] < high) {
            k.x[k.count] = c->at[i];
            k.value[k.count++] = value_up(c, c->at[i]);
        }
    k.x[k.count] = high;
    k.value[k.count++] = value_up(c, high);
    return k;
}

/* Least offset, rounded up, with which a line of that slope is above all corners. */
static vouch_line shifted(const corners *k, double slope)
{
    double offset = -(double)INFINITY;
    for (int i = 0; i < k->count; i++)
        offset = fmax(offset, vouch_sum_up(k->value[i], vouch_product_up(-slope, k->x[i])));
    return (vouch_line){slope, offset};
}

/* The piece between corners i and i+1, as it is if it lies above all other corners. */
static vouch_line along_piece(const vouch_curve *c, const corners *k, int i)
{
    const vouch_line piece = c->piece[piece_of(c, k->x[i + 1])];
    for (int j = 0; j < k->count; j++)
        if (j != i && j != i + 1 && -line_up(negated(piece), k->x[j]) < k->value[j])
            return shifted(k, piece.slope);
    return piece;
}

/* Lowest at the pivot, a point of [low, high]. */
static vouch_line upper_line(const vouch_curve *c, double low, double high, double pivot)
{
    const corners k = find_corners(c, low, high);
    vouch_line best = shifted(&k, 0);
    for (int i = 0; i < k.count; i++)
        for (int j = i + 1; j < k.count; j++) {
            if (k.x[i] > pivot || k.x[j] < pivot)
                continue;
            const double slope = (k.value[j] - k.value[i]) / (k.x[j] - k.x[i]);
            if (!isfinite(slope))
                continue;
            const vouch_line line = j == i + 1 ? along_piece(c, &k, i) : shifted(&k, slope);
            if (line.slope * pivot + line.offset < best.slope * pivot + best.offset)
                best = line;
        }
    return best;
}

static vouch_curve mirrored(const vouch_curve *c)
{
    vouch_curve m = *c;
    for (int i = 0; i <= c->breaks; i++)
        m.piece[i] = negated(c->piece[i]);
    return m;
}

vouch_status vouch_piecewise_relax(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high, vouch_relaxation *out)
{
    (void)graph;
    const vouch_curve *c = node->state;
    const int last = piece_of(c, high);
    if (last == 0 || low >= c->at[last - 1]) {
        out->lower = out->upper = c->piece[last];
        return VOUCH_OK;
    }
    const vouch_curve m = mirrored(c);
    const double mid = low / 2 + high / 2;
    out->upper = upper_line(c, low, high, mid);
    out->lower = negated(upper_line(&m, low, high, mid));
    return VOUCH_OK;
}

/* Upper lines that are best near the low end, in the middle, near the high end. */
static void family(const vouch_curve *c, double low, double high, vouch_lines *out)
{
    static const double pivots[VOUCH_LINES_MAX] = {1. / 1024, 1. / 2, 1023. / 1024};
    *out = (vouch_lines){.count = 0};
    for (int k = 0; k < VOUCH_LINES_MAX; k++) {
        const double pivot = fmin(fmax(low + pivots[k] * (high - low), low), high);
        const vouch_line line = upper_line(c, low, high, pivot);
        if (out->count == 0 || line.slope != out->line[out->count - 1].slope)
            out->line[out->count++] = line;
        if (k == 1)
            out->start = out->count - 1;
    }
}

/* Slopes of upper lines fall from pivot to pivot; the list is by ascending slope. */
static void reverse(vouch_lines *l)
{
    for (int i = 0, j = l->count - 1; i < j; i++, j--) {
        const vouch_line line = l->line[i];
        l->line[i] = l->line[j];
        l->line[j] = line;
    }
    l->start = l->count - 1 - l->start;
}

vouch_status vouch_piecewise_lines(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high, vouch_lines *below, vouch_lines *above)
{
    (void)graph;
    const vouch_curve *c = node->state;
    const vouch_curve m = mirrored(c);
    const int last = piece_of(c, high);
    if (last == 0 || low >= c->at[last - 1]) {
        *below = *above = (vouch_lines){.count = 1, .line = {c->piece[last]}};
        return VOUCH_OK;
    }
    family(c, low, high, above);
    family(&m, low, high, below);
    reverse(above);
    for (int i = 0; i < below->count; i++)
        below->line[i] = negated(below->line[i]);
    return VOUCH_OK;
}

/* The breakpoint nearest to the middle; NaN where there is none inside. */
double vouch_piecewise_split_point(const vouch_graph *graph, const vouch_node *node, double low,
                                   double high)
{
    (void)graph;
    const vouch_curve *c = node->state;
    const double mid = low / 2 + high / 2;
    double best = (double)NAN;
    for (int i = 0; i < c->breaks; i++)
        if (c->at[i] > low && c->at[i] < high && !(fabs(c->at[i] - mid) >= fabs(best - mid)))
            best = c->at[i];
    return best;
}

/* ---- the rest ---------------------------------------------------------------------------- */

vouch_status vouch_piecewise_prepare(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                     const vouch_curve *curve, const void **state)
{
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    const vouch_value *x = vouch_op_in(g, node, 0);
    vouch_curve *copy = VOUCH_NEW(g->arena, vouch_curve);
    if (!copy)
        return vouch_op_no_memory(ctx);
    *copy = *curve;
    *state = copy;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

static double derivative(const vouch_node *node, double x)
{
    const vouch_curve *c = node->state;
    return c->piece[piece_of(c, x)].slope;
}

vouch_status vouch_piecewise_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                                  vouch_tensor *const *d_in)
{
    return vouch_pointwise_grad(call, d_out, d_in, derivative);
}

vouch_status vouch_piecewise_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                   const vouch_tensor *const *high,
                                   vouch_tensor *const *out_low, vouch_tensor *const *out_high)
{
    const vouch_curve *c = call->node->state;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        const double l = low[0]->f64[i], h = high[0]->f64[i];
        double least = fmin(value_down(c, l), value_down(c, h));
        double most = fmax(value_up(c, l), value_up(c, h));
        for (int b = 0; b < c->breaks; b++)
            if (c->at[b] > l && c->at[b] < h) {
                least = fmin(least, value_down(c, c->at[b]));
                most = fmax(most, value_up(c, c->at[b]));
            }
        out_low[0]->f64[i] = least;
        out_high[0]->f64[i] = most;
    }
    return VOUCH_OK;
}

void vouch_piecewise_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                            double high, double *slope_low, double *slope_high)
{
    (void)graph;
    const vouch_curve *c = node->state;
    *slope_low = (double)INFINITY;
    *slope_high = -(double)INFINITY;
    for (int i = 0; i <= c->breaks; i++) {
        const bool touched =
            (i == 0 || high >= c->at[i - 1]) && (i == c->breaks || low <= c->at[i]);
        if (!touched)
            continue;
        *slope_low = fmin(*slope_low, c->piece[i].slope);
        *slope_high = fmax(*slope_high, c->piece[i].slope);
    }
}

int vouch_piecewise_pieces(const vouch_graph *graph, const vouch_node *node,
                           double breakpoint[4], vouch_line piece[5])
{
    (void)graph;
    const vouch_curve *c = node->state;
    memcpy(breakpoint, c->at, (size_t)c->breaks * sizeof *breakpoint);
    memcpy(piece, c->piece, (size_t)(c->breaks + 1) * sizeof *piece);
    return c->breaks;
}
