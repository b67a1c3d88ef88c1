/* Lines around curves: pick a slope, then shift the line until it is proved.
 *
 * For a curve f on [l, u] and a slope s, the line s x + o lies above f where
 * o >= max over [l, u] of f(x) - s x, and below where o <= min. We bound these extrema in three
 * ways, each sound for any s:
 *
 *   pieces   f piecewise linear: f - s x takes its extrema at l, u or a breakpoint;
 *   slopes   s <= f' on [l, u]: f - s x never falls, so its extrema are f(l) - s l, f(u) - s u;
 *   lines    between lines a x + b <= f <= c x + d, those of (a-s) x + b, (c-s) x + d at l, u.
 *
 * Several slopes are tried for parallel lines and the narrowest pair is kept; s = 0 with the
 * curve's range always works. [Singh 2018, Thm 3.1 (DeepZ): the chord's slope for Relu and the
 * least derivative for sigmoid and tanh give the smallest area; both are among the candidates.]
 */
#include "bounds/bounds_priv.h"

enum { PIECES_MAX = 5 };

vouch_curve vouch_pass_curve(const vouch_pass *pass, int node, int64_t i)
{
    const vouch_node *n = &pass->graph->node[node];
    const vouch_bounds *bounds = pass->bounds;

    return (vouch_curve){.graph = pass->graph,
                         .node = n,
                         .low = bounds->low[n->input[0]][i],
                         .high = bounds->high[n->input[0]][i],
                         .range_low = pass->range_low[node][i],
                         .range_high = pass->range_high[node][i],
                         .out_low = bounds->low[n->output[0]][i],
                         .out_high = bounds->high[n->output[0]][i]};
}

static vouch_relaxation flat(const vouch_curve *curve)
{
    return (vouch_relaxation){.lower = {0, curve->out_low}, .upper = {0, curve->out_high}};
}

static bool is_finite_line(vouch_line line)
{
    return isfinite(line.slope) && isfinite(line.offset);
}

/* The piece that holds all of [low, high]. A breakpoint belongs to both of its pieces. */
bool vouch_curve_is_line(const vouch_curve *curve, vouch_line *line)
{
    double breakpoint[PIECES_MAX - 1];
    vouch_line piece[PIECES_MAX];
    int count;

    if (!curve->node->op->pieces)
        return false;
    count = curve->node->op->pieces(curve->graph, curve->node, breakpoint, piece);
    for (int p = 0; p <= count; p++)
        if ((p == 0 || curve->low >= breakpoint[p - 1]) &&
            (p == count || curve->high <= breakpoint[p])) {
            *line = piece[p];
            return is_finite_line(*line);
        }
    return false;
}

/* No line is needed or possible: a point, or an end at infinity. */
static bool is_degenerate(const vouch_curve *curve)
{
    return !(curve->low < curve->high) || !isfinite(curve->low) || !isfinite(curve->high);
}

vouch_status vouch_lines_adaptive(const vouch_curve *curve, vouch_relaxation *lines)
{
    vouch_relaxation rest = flat(curve);
    vouch_line line;

    *lines = rest;
    if (vouch_curve_is_line(curve, &line)) {
        *lines = (vouch_relaxation){line, line};
        return VOUCH_OK;
    }
    if (is_degenerate(curve) || !curve->node->op->relax)
        return VOUCH_OK;
    VOUCH_TRY(
        curve->node->op->relax(curve->graph, curve->node, curve->low, curve->high, lines));
    if (!is_finite_line(lines->lower))
        lines->lower = rest.lower;
    if (!is_finite_line(lines->upper))
        lines->upper = rest.upper;
    return VOUCH_OK;
}

/* ---- parallel lines
 * --------------------------------------------------------------------------- */

/* Bounds of (line - slope x) at x. */
static double gap_down(vouch_line line, double slope, double x)
{
    return vouch_sum_down(
        vouch_sum_down(vouch_product_down(line.slope, x), -vouch_product_up(slope, x)),
        line.offset);
}
static double gap_up(vouch_line line, double slope, double x)
{
    return vouch_sum_up(
        vouch_sum_up(vouch_product_up(line.slope, x), -vouch_product_down(slope, x)),
        line.offset);
}

/* Keeps the pair of that slope if it is narrower than the best so far. */
static void offer(vouch_relaxation *best, double slope, double low, double high)
{
    vouch_relaxation pair = {{slope, low}, {slope, high}};

    if (is_finite_line(pair.lower) && is_finite_line(pair.upper) && low <= high &&
        !(high - low >= best->upper.offset - best->lower.offset))
        *best = pair;
}

static void offer_pieces(const vouch_curve *curve, vouch_relaxation *best)
{
    double breakpoint[PIECES_MAX - 1], slope, low, high, last;
    vouch_line piece[PIECES_MAX];
    int count = curve->node->op->pieces(curve->graph, curve->node, breakpoint, piece);
    int first = 0, end = 0;

    while (first < count && breakpoint[first] <= curve->low)
        first++;
    for (end = first; end < count && breakpoint[end] < curve->high;)
        end++;
    last = piece[end].slope * curve->high + piece[end].offset;
    slope = (last - (piece[first].slope * curve->low + piece[first].offset)) /
            (curve->high - curve->low);
    low = fmin(gap_down(piece[first], slope, curve->low),
               gap_down(piece[end], slope, curve->high));
    high =
        fmax(gap_up(piece[first], slope, curve->low), gap_up(piece[end], slope, curve->high));
    for (int p = first; p < end; p++) {
        low = fmin(low, gap_down(piece[p], slope, breakpoint[p]));
        high = fmax(high, gap_up(piece[p], slope, breakpoint[p]));
    }
    offer(best, slope, low, high);
}

static void offer_slopes(const vouch_curve *curve, vouch_relaxation *best)
{
    double least, greatest;

    curve->node->op->slopes(curve->graph, curve->node, curve->low, curve->high, &least,
                            &greatest);
    if (!isfinite(least))
        return;
    offer(best, least, vouch_sum_down(curve->range_low, -vouch_product_up(least, curve->low)),
          vouch_sum_up(curve->range_high, -vouch_product_down(least, curve->high)));
}

static vouch_status offer_lines(const vouch_curve *curve, vouch_relaxation *best)
{
    vouch_relaxation lines;
    double slope[2];

    VOUCH_TRY(vouch_lines_adaptive(curve, &lines));
    slope[0] = lines.lower.slope;
    slope[1] = lines.upper.slope;
    for (int k = 0; k < 2; k++)
        offer(best, slope[k],
              fmin(gap_down(lines.lower, slope[k], curve->low),
                   gap_down(lines.lower, slope[k], curve->high)),
              fmax(gap_up(lines.upper, slope[k], curve->low),
                   gap_up(lines.upper, slope[k], curve->high)));
    return VOUCH_OK;
}

vouch_status vouch_lines_parallel(const vouch_curve *curve, vouch_relaxation *lines)
{
    vouch_line line;

    *lines = flat(curve);
    if (vouch_curve_is_line(curve, &line)) {
        *lines = (vouch_relaxation){line, line};
        return VOUCH_OK;
    }
    if (is_degenerate(curve))
        return VOUCH_OK;
    if (curve->node->op->pieces)
        offer_pieces(curve, lines);
    if (curve->node->op->slopes)
        offer_slopes(curve, lines);
    return curve->node->op->relax ? offer_lines(curve, lines) : VOUCH_OK;
}
