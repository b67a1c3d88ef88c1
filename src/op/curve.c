/* Curves between lines; see curve.h. */
#include "op/curve.h"

/* ---- arcs -------------------------------------------------------------------------------- */

typedef struct arc {
    double from, to;
    vouch_curvature curvature;
    vouch_span slope; /* of an unknown arc */
} arc;

/* The curve on [low, high], turned over where sign < 0, so that only upper lines are sought. */
typedef struct arcs {
    const vouch_smooth *curve;
    double sign, low, high;
    vouch_span at_low, at_high; /* f there; not turned over */
    int count;
    arc arc[2 * VOUCH_BENDS_MAX + 1];
} arcs;

static void push(arcs *a, double from, double to, vouch_curvature curvature, vouch_span slope)
{
    if (from < to)
        a->arc[a->count++] = (arc){from, to, curvature, slope};
}

/* False where the curve bends too often. low < high, both finite. */
static bool cut(const vouch_smooth *c, double low, double high, arcs *a)
{
    vouch_bend bend[VOUCH_BENDS_MAX];
    vouch_curvature curvature = c->curvature;
    const int bends = c->bends ? c->bends(c, low, high, bend, &curvature) : 0;
    double at = low;
    *a = (arcs){.curve = c, .sign = 1, .low = low, .high = high};
    a->at_low = c->enclose(c, low);
    a->at_high = c->enclose(c, high);
    for (int i = 0; i < bends; i++) {
        const double from = fmin(fmax(bend[i].low, at), high);
        const double to = fmin(fmax(bend[i].high, at), high);
        push(a, at, from, curvature, (vouch_span){0, 0});
        push(a, from, to, VOUCH_UNKNOWN, bend[i].slope);
        at = to;
        curvature = bend[i].after;
    }
    push(a, at, high, curvature, (vouch_span){0, 0});
    return bends >= 0;
}

static void turn_over(arcs *a)
{
    a->sign = -a->sign;
    for (int i = 0; i < a->count; i++) {
        arc *r = &a->arc[i];
        r->slope = vouch_span_neg(r->slope);
        if (r->curvature != VOUCH_UNKNOWN)
            r->curvature = -r->curvature;
    }
}

/* What was enclosed at the ends serves as a value, too. */
static double value(const arcs *a, double x)
{
    const double y = x == a->low    ? a->at_low.low
                     : x == a->high ? a->at_high.low
                                    : a->curve->value(a->curve, x);
    return a->sign * y;
}

static double slope_at(const arcs *a, double x, int side)
{
    return a->sign * a->curve->slope(a->curve, x, side);
}

static double value_up(const arcs *a, double x)
{
    const vouch_span y = x == a->low    ? a->at_low
                         : x == a->high ? a->at_high
                                        : a->curve->enclose(a->curve, x);
    return a->sign > 0 ? y.high : -y.low;
}

static vouch_span slope_span(const arcs *a, double x, int side)
{
    const vouch_span s = a->curve->enclose_slope(a->curve, x, side);
    return a->sign > 0 ? s : vouch_span_neg(s);
}

/* The side of x that lies in the arc. */
static int side_of(const arc *r, double x) { return x > r->from ? -1 : 1; }

/* ---- proof ------------------------------------------------------------------------------- */

/* At least g(x) = f(x) - s x. */
static double height_up(const arcs *a, double s, double x)
{
    return vouch_sum_up(value_up(a, x), vouch_product_up(-s, x));
}

/* At least k * length, and 0. */
static double rise(double k, double length)
{
    return k <= 0 ? 0 : vouch_product_up(k, length); /* a NaN gives infinity */
}

/* At least the maximum of g on a concave arc, by the tangent at d. */
static double below_tangent(const arcs *a, const arc *r, double s, double d)
{
    const vouch_span k = slope_span(a, d, side_of(r, d));
    const double right = rise(vouch_sum_up(k.high, -s), vouch_sum_up(r->to, -d));
    const double left = rise(vouch_sum_up(s, -k.low), vouch_sum_up(d, -r->from));
    return vouch_sum_up(height_up(a, s, d), fmax(left, right));
}

static double below_unknown(const arcs *a, const arc *r, double s)
{
    const double steepest = vouch_sum_up(r->slope.high, -s);
    return vouch_sum_up(height_up(a, s, r->from),
                        rise(steepest, vouch_sum_up(r->to, -r->from)));
}

/* ---- choice ------------------------------------------------------------------------------ */

/* A line's height hangs on where it touches by the square of the error, on the tangent's slope in
 * the proof directly. */
static const double COARSE = 1e-4, FINE = 1e-8;

/* Where g is greatest on a concave arc: f' falls, f'(d) = s. By false position with halved
 * weights (Illinois), and bisection every third time. Plain arithmetic; any d will do. */
static double peak(const arcs *a, const arc *r, double s, double tolerance)
{
    enum { STEPS = 80 };
    double from = r->from, to = r->to;
    double more = slope_at(a, from, 1) - s, less = slope_at(a, to, -1) - s;
    if (!(more > 0))
        return from;
    if (!(less < 0))
        return to;
    const double enough = tolerance * (isfinite(more) ? more - less : fabs(s));
    int last = 0;
    for (int i = 0; i < STEPS; i++) {
        double d = from + (to - from) * (i % 3 == 2 ? .5 : more / (more - less));
        if (!(d > from && d < to))
            d = from + (to - from) / 2;
        const double rest = slope_at(a, d, -1) - s;
        if (fabs(rest) <= enough || !(to - from > 1e-15 * fabs(d)))
            return d;
        if (rest > 0) {
            from = d, more = rest;
            less = last > 0 ? less / 2 : less;
        } else {
            to = d, less = rest;
            more = last < 0 ? more / 2 : more;
        }
        last = rest > 0 ? 1 : -1;
    }
    return from + (to - from) / 2;
}

/* Least offset we can prove for a line of slope s above the curve. It is the tangent at `hint`
 * if the curve has that slope there. */
static double proved_offset(const arcs *a, double s, double hint)
{
    double most = fmax(height_up(a, s, a->low), height_up(a, s, a->high));
    for (int i = 0; i < a->count; i++) {
        const arc *r = &a->arc[i];
        const bool inside = hint >= r->from && hint <= r->to;
        const bool touches = inside && slope_at(a, hint, side_of(r, hint)) == s;
        if (r->curvature == VOUCH_CONCAVE)
            most = fmax(most, below_tangent(a, r, s, touches ? hint : peak(a, r, s, FINE)));
        else if (r->curvature == VOUCH_UNKNOWN)
            most = fmax(most, below_unknown(a, r, s));
        else if (i > 0)
            most = fmax(most, height_up(a, s, r->from));
    }
    return isnan(most) ? (double)INFINITY : most;
}

/* Where g is greatest; `known`: the arc in which it is at x already (-1: none). */
static double summit(const arcs *a, double s, int known, double x)
{
    double best = known < 0 ? a->low : x, height = value(a, best) - s * best;
    for (int i = 0; i < a->count; i++) {
        const arc *r = &a->arc[i];
        const double at =
            r->curvature == VOUCH_CONCAVE && i != known ? peak(a, r, s, COARSE) : r->to;
        const double y = value(a, at) - s * at;
        if (y > height)
            best = at, height = y;
    }
    const double y = value(a, a->low) - s * a->low;
    return y > height ? a->low : best;
}

static int arc_at(const arcs *a, double x)
{
    int i = 0;
    while (i + 1 < a->count && x > a->arc[i].to)
        i++;
    return i;
}

/* A line's slope, and the stretch of the pivots it is best for. */
typedef struct support {
    double slope, from, to;
} support;

static double chord(const arcs *a, double from, double to)
{
    return (value(a, to) - value(a, from)) / (to - from);
}

/* Does the line of slope s through x rise above the curve, but for rounding? */
static bool is_above(const arcs *a, double s, double x, double top)
{
    const double here = value(a, x) - s * x, there = value(a, top) - s * top;
    return !(there > here + 1e-7 * (fabs(here) + fabs(s) * (a->high - a->low)));
}

/* The bridge of the concave envelope over the pivot: ends move to where the curve rises above
 * the chord between them, until it does not. */
static support bridge(const arcs *a, double pivot)
{
    enum { STEPS = 16 };
    support p = {.from = a->low, .to = a->high};
    for (int i = 0; i < STEPS; i++) {
        p.slope = chord(a, p.from, p.to);
        const double top = summit(a, p.slope, -1, 0);
        if (is_above(a, p.slope, p.from, top) || top == p.from || top == p.to)
            break;
        *(top <= pivot ? &p.from : &p.to) = top;
        if (p.from == p.to)
            break;
    }
    return p;
}

/* The slope of the envelope above the pivot. */
static support touch(const arcs *a, double pivot)
{
    const int i = arc_at(a, pivot);
    const arc *r = &a->arc[i];
    if (r->curvature == VOUCH_CONCAVE) {
        const double s = slope_at(a, pivot, side_of(r, pivot));
        if (a->count == 1 || is_above(a, s, pivot, summit(a, s, i, pivot)))
            return (support){s, pivot, pivot};
    }
    if (a->count == 1)
        return (support){chord(a, a->low, a->high), a->low, a->high};
    return bridge(a, pivot);
}

/* On a short interval the chord is noise, but never steeper than the curve. */
static double tamed(const arcs *a, double s, double pivot)
{
    const double middle = slope_at(a, pivot, -1);
    if (a->high - a->low < 1e-6) {
        const double left = slope_at(a, a->low, 1), right = slope_at(a, a->high, -1);
        s = fmin(s, fmax(middle, fmax(left, right)));
        s = fmax(s, fmin(middle, fmin(left, right)));
    }
    return isfinite(s) ? s : isfinite(middle) ? middle : 0;
}

static vouch_line upper_line(const arcs *a, double pivot, support *p)
{
    *p = touch(a, pivot);
    const double s = tamed(a, p->slope, pivot);
    return (vouch_line){a->sign * s, a->sign * proved_offset(a, s, pivot)};
}

/* ---- lines ------------------------------------------------------------------------------- */

vouch_span vouch_smooth_range_of(const vouch_smooth *c, double low, double high)
{
    const vouch_span r = c->range ? c->range(c, low, high)
                                  : vouch_span_hull(c->enclose(c, low), c->enclose(c, high));
    return vouch_span_cut(r, c->every_value.low, c->every_value.high);
}

/* Can lines be drawn on [low, high]? Fills a. */
static bool ready(const vouch_smooth *c, double low, double high, arcs *a)
{
    return low < high && isfinite(low) && isfinite(high) && isfinite(high - low) &&
           (!c->defined || c->defined(c, low, high)) && cut(c, low, high, a);
}

vouch_status vouch_smooth_relax(const vouch_graph *graph, const vouch_node *node, double low,
                                double high, vouch_relaxation *out)
{
    (void)graph;
    const vouch_smooth *c = node->state;
    arcs a;
    support p;
    if (!ready(c, low, high, &a)) {
        const vouch_span r = vouch_smooth_range_of(c, low, high);
        *out = (vouch_relaxation){{0, r.low}, {0, r.high}};
        return VOUCH_OK;
    }
    const double pivot = low + (high - low) / 2;
    out->upper = upper_line(&a, pivot, &p);
    turn_over(&a);
    out->lower = upper_line(&a, pivot, &p);
    return VOUCH_OK;
}

/* Puts a line where its slope belongs; returns the place. */
static int insert(vouch_lines *l, vouch_line line)
{
    int at = l->count++;
    for (; at > 0 && l->line[at - 1].slope > line.slope; at--)
        l->line[at] = l->line[at - 1];
    l->line[at] = line;
    return at;
}

/* Lines for three pivots, those that differ, by ascending slope; the middle one is the start. */
static void family(const arcs *a, vouch_lines *out)
{
    static const double pivots[VOUCH_LINES_MAX] = {1. / 2, 1. / 6, 5. / 6};
    support p[VOUCH_LINES_MAX];
    int middle = 0;
    *out = (vouch_lines){.count = 0};
    for (int k = 0; k < VOUCH_LINES_MAX; k++) {
        const double pivot = a->low + pivots[k] * (a->high - a->low);
        if (k > 0 && pivot >= p[0].from && pivot <= p[0].to)
            continue;
        const int at = insert(out, upper_line(a, pivot, &p[k]));
        middle = k == 0 ? at : middle + (at <= middle);
    }
    out->start = middle;
}

vouch_status vouch_smooth_lines(const vouch_graph *graph, const vouch_node *node, double low,
                                double high, vouch_lines *below, vouch_lines *above)
{
    (void)graph;
    const vouch_smooth *c = node->state;
    arcs a;
    if (!ready(c, low, high, &a)) {
        const vouch_span r = vouch_smooth_range_of(c, low, high);
        *below = (vouch_lines){.count = 1, .line = {{0, r.low}}};
        *above = (vouch_lines){.count = 1, .line = {{0, r.high}}};
        return VOUCH_OK;
    }
    family(&a, above);
    turn_over(&a);
    family(&a, below);
    return VOUCH_OK;
}

/* ---- where to cut ------------------------------------------------------------------------ */

/* The bend nearest to the middle if it is well inside; else where the curve is farthest from its
 * chord, or the middle. */
double vouch_smooth_split_point(const vouch_graph *graph, const vouch_node *node, double low,
                                double high)
{
    (void)graph;
    const double middle = low + (high - low) / 2, margin = (high - low) / 16;
    double best = (double)NAN;
    arcs a;
    if (!ready(node->state, low, high, &a))
        return middle;
    for (int i = 1; i < a.count; i++) {
        const double at = a.arc[i].from;
        if (at >= low + margin && at <= high - margin &&
            !(fabs(at - middle) >= fabs(best - middle)))
            best = at;
    }
    if (isnan(best) && a.count == 1 && a.arc[0].curvature != VOUCH_STRAIGHT) {
        if (a.arc[0].curvature == VOUCH_CONVEX)
            turn_over(&a);
        best = peak(&a, &a.arc[0], chord(&a, low, high), COARSE);
        best = fmin(fmax(best, low + margin), high - margin);
    }
    return best > low && best < high ? best : middle;
}

void vouch_smooth_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                         double high, double *slope_low, double *slope_high)
{
    (void)graph;
    const vouch_smooth *c = node->state;
    const bool point = low == high;
    vouch_span s = c->every_slope;
    arcs a;
    if (ready(c, low, point ? vouch_up(high) : high, &a)) {
        s = (vouch_span){(double)INFINITY, -(double)INFINITY};
        for (int i = 0; i < a.count; i++) {
            const arc *r = &a.arc[i];
            s = vouch_span_hull(s, slope_span(&a, r->from, 1));
            s = vouch_span_hull(s, slope_span(&a, r->to, -1));
            if (r->curvature == VOUCH_UNKNOWN)
                s = vouch_span_hull(s, r->slope);
        }
        s = vouch_span_cut(s, c->every_slope.low, c->every_slope.high);
    }
    *slope_low = s.low;
    *slope_high = s.high;
}

int vouch_bend_at_zero(double low, double high, vouch_curvature left, vouch_curvature right,
                       vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)
{
    *first = low < 0 ? left : right;
    if (!(low < 0 && high > 0))
        return 0;
    bend[0] = (vouch_bend){.low = 0, .high = 0, .after = right};
    return 1;
}

/* ---- values ------------------------------------------------------------------------------ */

vouch_status vouch_smooth_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const vouch_smooth *curve, const void **state)
{
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    const vouch_value *x = vouch_op_in(g, node, 0);
    vouch_smooth *copy = VOUCH_NEW(g->arena, vouch_smooth);
    if (!copy)
        return vouch_op_no_memory(ctx);
    *copy = *curve;
    *state = copy;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

vouch_status vouch_smooth_eval(const vouch_op_call *call)
{
    const vouch_smooth *c = call->node->state;
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; y->dtype == VOUCH_F32 && i < y->count; i++)
        y->f32[i] = (float)c->value(c, (double)x->f32[i]);
    for (int64_t i = 0; y->dtype == VOUCH_F64 && i < y->count; i++)
        y->f64[i] = c->value(c, x->f64[i]);
    return VOUCH_OK;
}

static double derivative(const vouch_node *node, double x)
{
    const vouch_smooth *c = node->state;
    return c->slope(c, x, -1);
}

vouch_status vouch_smooth_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                               vouch_tensor *const *d_in)
{
    return vouch_pointwise_grad(call, d_out, d_in, derivative);
}

vouch_status vouch_smooth_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                const vouch_tensor *const *high, vouch_tensor *const *out_low,
                                vouch_tensor *const *out_high)
{
    const vouch_smooth *c = call->node->state;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        const vouch_span r = vouch_smooth_range_of(c, low[0]->f64[i], high[0]->f64[i]);
        out_low[0]->f64[i] = r.low;
        out_high[0]->f64[i] = r.high;
    }
    return VOUCH_OK;
}
