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

static vouch_arc arc_of(const vouch_pass *pass, int node, int64_t i)
{
    const vouch_node *n = &pass->graph->node[node];
    const vouch_bounds *bounds = pass->bounds;

    return (vouch_arc){.graph = pass->graph,
                       .node = n,
                       .low = bounds->low[n->input[0]][i],
                       .high = bounds->high[n->input[0]][i],
                       .range_low = pass->range_low[node][i],
                       .range_high = pass->range_high[node][i],
                       .out_low = bounds->low[n->output[0]][i],
                       .out_high = bounds->high[n->output[0]][i]};
}

static vouch_relaxation flat(const vouch_arc *arc)
{
    return (vouch_relaxation){.lower = {0, arc->out_low}, .upper = {0, arc->out_high}};
}

static bool is_finite_line(vouch_line line)
{
    return isfinite(line.slope) && isfinite(line.offset);
}

/* The piece that holds all of [low, high]. A breakpoint belongs to both of its pieces. */
bool vouch_arc_is_line(const vouch_arc *arc, vouch_line *line)
{
    double breakpoint[PIECES_MAX - 1];
    vouch_line piece[PIECES_MAX];
    int count;

    if (!arc->node->op->pieces)
        return false;
    count = arc->node->op->pieces(arc->graph, arc->node, breakpoint, piece);
    for (int p = 0; p <= count; p++)
        if ((p == 0 || arc->low >= breakpoint[p - 1]) &&
            (p == count || arc->high <= breakpoint[p])) {
            *line = piece[p];
            return is_finite_line(*line);
        }
    return false;
}

/* No line is needed or possible: a point, or an end at infinity. */
static bool is_degenerate(const vouch_arc *arc)
{
    return !(arc->low < arc->high) || !isfinite(arc->low) || !isfinite(arc->high);
}

static vouch_status adaptive_lines(const vouch_arc *arc, vouch_relaxation *lines)
{
    vouch_relaxation rest = flat(arc);
    vouch_line line;

    *lines = rest;
    if (vouch_arc_is_line(arc, &line)) {
        *lines = (vouch_relaxation){line, line};
        return VOUCH_OK;
    }
    if (is_degenerate(arc) || !arc->node->op->relax)
        return VOUCH_OK;
    VOUCH_TRY(arc->node->op->relax(arc->graph, arc->node, arc->low, arc->high, lines));
    if (!is_finite_line(lines->lower))
        lines->lower = rest.lower;
    if (!is_finite_line(lines->upper))
        lines->upper = rest.upper;
    return VOUCH_OK;
}

/* ---- parallel lines ---------------------------------------------------------------------- */

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

static void offer_pieces(const vouch_arc *arc, vouch_relaxation *best)
{
    double breakpoint[PIECES_MAX - 1], slope, low, high, last;
    vouch_line piece[PIECES_MAX];
    int count = arc->node->op->pieces(arc->graph, arc->node, breakpoint, piece);
    int first = 0, end = 0;

    while (first < count && breakpoint[first] <= arc->low)
        first++;
    for (end = first; end < count && breakpoint[end] < arc->high;)
        end++;
    last = piece[end].slope * arc->high + piece[end].offset;
    slope =
        (last - (piece[first].slope * arc->low + piece[first].offset)) / (arc->high - arc->low);
    low = fmin(gap_down(piece[first], slope, arc->low), gap_down(piece[end], slope, arc->high));
    high = fmax(gap_up(piece[first], slope, arc->low), gap_up(piece[end], slope, arc->high));
    for (int p = first; p < end; p++) {
        low = fmin(low, gap_down(piece[p], slope, breakpoint[p]));
        high = fmax(high, gap_up(piece[p], slope, breakpoint[p]));
    }
    offer(best, slope, low, high);
}

static void offer_slopes(const vouch_arc *arc, vouch_relaxation *best)
{
    double least, greatest;

    arc->node->op->slopes(arc->graph, arc->node, arc->low, arc->high, &least, &greatest);
    if (!isfinite(least))
        return;
    offer(best, least, vouch_sum_down(arc->range_low, -vouch_product_up(least, arc->low)),
          vouch_sum_up(arc->range_high, -vouch_product_down(least, arc->high)));
}

static vouch_status offer_lines(const vouch_arc *arc, vouch_relaxation *best)
{
    vouch_relaxation lines;
    double slope[2];

    VOUCH_TRY(adaptive_lines(arc, &lines));
    slope[0] = lines.lower.slope;
    slope[1] = lines.upper.slope;
    for (int k = 0; k < 2; k++)
        offer(best, slope[k],
              fmin(gap_down(lines.lower, slope[k], arc->low),
                   gap_down(lines.lower, slope[k], arc->high)),
              fmax(gap_up(lines.upper, slope[k], arc->low),
                   gap_up(lines.upper, slope[k], arc->high)));
    return VOUCH_OK;
}

static vouch_status parallel_lines(const vouch_arc *arc, vouch_relaxation *lines)
{
    vouch_line line;

    *lines = flat(arc);
    if (vouch_arc_is_line(arc, &line)) {
        *lines = (vouch_relaxation){line, line};
        return VOUCH_OK;
    }
    if (is_degenerate(arc))
        return VOUCH_OK;
    if (arc->node->op->pieces)
        offer_pieces(arc, lines);
    if (arc->node->op->slopes)
        offer_slopes(arc, lines);
    return arc->node->op->relax ? offer_lines(arc, lines) : VOUCH_OK;
}

/* ---- the greatest of several ------------------------------------------------------------- */

/* x <= y <= max(x, c) on [low, high]: the chord of the right side, and x. */
static vouch_relaxation greatest_adaptive(double low, double high, double c)
{
    vouch_relaxation lines = {.lower = {1, 0}, .upper = {0, fmax(c, high)}};
    double slope = (high - c) / (high - low);

    if (c <= low)
        lines.upper = lines.lower;
    else if (slope > 0 && slope < 1)
        lines.upper = (vouch_line){slope, fmax(gap_up((vouch_line){0, c}, slope, low),
                                               gap_up((vouch_line){1, 0}, slope, high))};
    return lines;
}

/* y - s x is at least (1 - s) low and, max(x, c) being convex, greatest at an end. */
static vouch_relaxation greatest_parallel(double low, double high, double c,
                                          vouch_relaxation flat_lines)
{
    vouch_line line = {1, 0}, constant = {0, c};
    double slope[2] = {1, (high - c) / (high - low)};
    vouch_relaxation best = flat_lines;

    if (c <= low)
        return (vouch_relaxation){line, line};
    for (int k = 0; k < 2; k++)
        if (slope[k] > 0 && slope[k] <= 1)
            offer(&best, slope[k], gap_down(line, slope[k], low),
                  fmax(gap_up(constant, slope[k], low),
                       fmax(gap_up(line, slope[k], high), gap_up(constant, slope[k], high))));
    return best;
}

/* The element with the greatest lower bound; *others: the greatest upper bound of the others.
 */
static int64_t choose_source(const vouch_pass *pass, const vouch_node *node,
                             const int64_t *element, int64_t elements, double *others)
{
    const double *low = pass->bounds->low[node->input[0]];
    const double *high = pass->bounds->high[node->input[0]];
    int64_t best = 0;

    *others = -(double)INFINITY;
    for (int64_t k = 1; k < elements; k++)
        if (low[element[k]] > low[element[best]])
            best = k;
    for (int64_t k = 0; k < elements; k++)
        if (k != best && high[element[k]] > *others)
            *others = high[element[k]];
    return element[best];
}

/* Scalar i of a MAX node; element: room for its window. Returns the source. */
static int64_t relax_greatest(const vouch_pass *pass, const vouch_node *n, bool parallel,
                              int64_t i, int64_t *element, vouch_relaxation *lines)
{
    const vouch_bounds *bounds = pass->bounds;
    vouch_relaxation rest = {{0, bounds->low[n->output[0]][i]},
                             {0, bounds->high[n->output[0]][i]}};
    int64_t elements = n->op->window(pass->graph, n, i, NULL);
    int64_t source;
    double others, low, high;

    *lines = rest;
    if (elements < 1 || elements > vouch_bounds_count(pass->graph, n->input[0]))
        return 0;
    n->op->window(pass->graph, n, i, element);
    source = choose_source(pass, n, element, elements, &others);
    low = bounds->low[n->input[0]][source];
    high = bounds->high[n->input[0]][source];
    if (!isfinite(low) || !isfinite(high) || !(low < high || others <= low))
        return source;
    *lines = parallel ? greatest_parallel(low, high, others, rest)
                      : greatest_adaptive(low, high, others);
    if (!is_finite_line(lines->upper))
        lines->upper = rest.upper;
    return source;
}

static vouch_status relax_max(vouch_pass *pass, int node, bool parallel,
                              vouch_relaxation *lines, int64_t *source)
{
    const vouch_node *n = &pass->graph->node[node];
    int64_t count = vouch_bounds_count(pass->graph, n->output[0]);
    vouch_arena_mark mark = vouch_arena_get_mark(pass->arena);
    int64_t *element =
        VOUCH_NEW_ARRAY(pass->arena, int64_t, vouch_bounds_count(pass->graph, n->input[0]));

    if (!element)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++)
        source[i] = relax_greatest(pass, n, parallel, i, element, &lines[i]);
    vouch_arena_reset(pass->arena, mark);
    return VOUCH_OK;
}

vouch_status vouch_pass_relax(vouch_pass *pass, int node, bool parallel,
                              vouch_relaxation *lines, int64_t *source)
{
    const vouch_node *n = &pass->graph->node[node];
    int64_t count = vouch_bounds_count(pass->graph, n->output[0]);

    if (pass->node_class[node] == VOUCH_OP_MAX)
        return relax_max(pass, node, parallel, lines, source);
    for (int64_t i = 0; i < count; i++) {
        vouch_arc arc = arc_of(pass, node, i);

        VOUCH_TRY(parallel ? parallel_lines(&arc, &lines[i]) : adaptive_lines(&arc, &lines[i]));
    }
    return VOUCH_OK;
}
