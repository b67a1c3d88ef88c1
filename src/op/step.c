/* Sign, Floor, Ceil, Round: staircases.
 *
 * A staircase rises at its jumps only. A line is above it on [l, u] if it is above its corners:
 * the ends of the interval and the upper end of every jump. As with piecewise linear curves, of
 * the chords between corners on either side of the middle, shifted until valid, the one lowest
 * at the middle is taken; where there are many jumps, the line of slope 1 above all of them.
 * Lower lines mirror it: the staircase turned by half a turn is one again.
 *
 * All values and jumps are exact doubles.
 *
 * SPEC: ONNX Sign-13, Floor-13, Ceil-13, Round-11 (halves to even)
 */
#include "op/directed.h"
#include "op/pointwise.h"

typedef struct stairs {
    double (*value)(double x);
    double phase; /* jumps at k + phase for integers k; or, if only_zero, at 0 alone */
    bool only_zero;
    double under, over; /* x - under <= f(x) <= x + over */
} stairs;

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

static const stairs sign_stairs = {sign, 0, true, 0, 0};
static const stairs floor_stairs = {floor, 0, false, 1, 0};
static const stairs ceil_stairs = {ceil, 0, false, 0, 1};
static const stairs round_stairs = {nearbyint, .5, false, .5, .5};

/* ---- jumps ------------------------------------------------------------------------------- */

enum { JUMPS_MAX = 6 };

/* Jumps in [low, high], at most JUMPS_MAX of them listed; returns how many, or JUMPS_MAX + 1. */
static int find_jumps(const stairs *s, double low, double high, double jump[JUMPS_MAX])
{
    int count = 0;
    if (s->only_zero) {
        jump[0] = 0;
        return low <= 0 && high >= 0;
    }
    if (!(high - low <= JUMPS_MAX) || !(fabs(low) < 0x1p50))
        return JUMPS_MAX + 1;
    const double first = floor(low) - 1 + s->phase;
    for (int k = 0; first + k <= high; k++) {
        const double at = first + k;
        if (at < low)
            continue;
        if (count == JUMPS_MAX)
            return JUMPS_MAX + 1;
        jump[count++] = at;
    }
    return count;
}

/* The limit of f at the jump from the right: between jumps f is constant. */
static double after(const stairs *s, double jump)
{
    return s->only_zero ? 1 : s->value(jump + .25);
}

static double before(const stairs *s, double jump)
{
    return s->only_zero ? -1 : s->value(jump - .25);
}

/* ---- lines ------------------------------------------------------------------------------- */

typedef struct corners {
    int count;
    double x[JUMPS_MAX + 2], y[JUMPS_MAX + 2];
} corners;

static void add_corner(corners *k, double x, double y)
{
    k->x[k->count] = x;
    k->y[k->count++] = y;
}

/* Upper corners, or, turned by half a turn, the lower ones. */
static corners find_corners(const stairs *s, bool lower, double low, double high,
                            const double *jump, int jumps)
{
    corners k = {.count = 0};
    if (!lower) {
        add_corner(&k, low, s->value(low));
        for (int i = 0; i < jumps; i++)
            if (jump[i] < high)
                add_corner(&k, jump[i], after(s, jump[i]));
        add_corner(&k, high, s->value(high));
        return k;
    }
    add_corner(&k, -high, -s->value(high));
    for (int i = jumps - 1; i >= 0; i--)
        if (jump[i] > low)
            add_corner(&k, -jump[i], -before(s, jump[i]));
    add_corner(&k, -low, -s->value(low));
    return k;
}

static vouch_line shifted(const corners *k, double slope)
{
    double offset = -(double)INFINITY;
    for (int i = 0; i < k->count; i++)
        offset = fmax(offset, vouch_sum_up(k->y[i], vouch_product_up(-slope, k->x[i])));
    return (vouch_line){slope, offset};
}

static vouch_line above(const corners *k)
{
    const double mid = k->x[0] / 2 + k->x[k->count - 1] / 2;
    vouch_line best = shifted(k, 0);
    for (int i = 0; i < k->count; i++)
        for (int j = i + 1; j < k->count; j++) {
            const double slope = (k->y[j] - k->y[i]) / (k->x[j] - k->x[i]);
            if (k->x[i] > mid || k->x[j] < mid || !isfinite(slope))
                continue;
            const vouch_line line = shifted(k, slope);
            if (line.slope * mid + line.offset < best.slope * mid + best.offset)
                best = line;
        }
    return best;
}

static vouch_status relax_stairs(const stairs *s, double low, double high,
                                 vouch_relaxation *out)
{
    double jump[JUMPS_MAX];
    const int jumps = find_jumps(s, low, high, jump);
    *out = (vouch_relaxation){{0, s->value(low)}, {0, s->value(high)}};
    if (jumps == 0 || !isfinite(low) || !isfinite(high))
        return VOUCH_OK;
    if (jumps > JUMPS_MAX) {
        *out = (vouch_relaxation){{1, -s->under}, {1, s->over}};
        return VOUCH_OK;
    }
    const corners upper = find_corners(s, false, low, high, jump, jumps);
    const corners lower = find_corners(s, true, low, high, jump, jumps);
    const vouch_line turned = above(&lower);
    out->upper = above(&upper);
    out->lower = (vouch_line){turned.slope, -turned.offset};
    return VOUCH_OK;
}

/* The jump nearest to the middle; NaN where none lies inside. */
static double split_stairs(const stairs *s, double low, double high)
{
    const double middle = low + (high - low) / 2;
    double jump[JUMPS_MAX], best = (double)NAN;
    const int jumps = find_jumps(s, low, high, jump);
    if (jumps > JUMPS_MAX)
        return floor(middle) + s->phase;
    for (int i = 0; i < jumps; i++)
        if (jump[i] > low && jump[i] < high && !(fabs(jump[i] - middle) >= fabs(best - middle)))
            best = jump[i];
    return best;
}

static double limit_stairs(const stairs *s, double x, int side)
{
    double jump[JUMPS_MAX];
    if (side == 0 || find_jumps(s, x, x, jump) != 1)
        return s->value(x);
    return side > 0 ? after(s, x) : before(s, x);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static vouch_status eval_stairs(const stairs *s, const vouch_op_call *call)
{
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    for (int64_t i = 0; i < y->count; i++)
        vouch_tensor_set(y, i, s->value(vouch_tensor_get(x, i)));
    return VOUCH_OK;
}

/* Zero almost everywhere. */
static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    (void)call, (void)d_out, (void)d_in;
    return VOUCH_OK;
}

#define STAIRS(op, s, text, spec)                                                              \
    static vouch_status op##_eval(const vouch_op_call *call)                                   \
    {                                                                                          \
        return eval_stairs(&(s), call);                                                        \
    }                                                                                          \
    static vouch_status op##_range(const vouch_op_call *call, const vouch_tensor *const *low,  \
                                   const vouch_tensor *const *high,                            \
                                   vouch_tensor *const *out_low,                               \
                                   vouch_tensor *const *out_high)                              \
    {                                                                                          \
        (void)call;                                                                            \
        for (int64_t i = 0; i < out_low[0]->count; i++) {                                      \
            out_low[0]->f64[i] = (s).value(low[0]->f64[i]);                                    \
            out_high[0]->f64[i] = (s).value(high[0]->f64[i]);                                  \
        }                                                                                      \
        return VOUCH_OK;                                                                       \
    }                                                                                          \
    static vouch_status op##_relax(const vouch_graph *graph, const vouch_node *node,           \
                                   double low, double high, vouch_relaxation *out)             \
    {                                                                                          \
        (void)graph, (void)node;                                                               \
        return relax_stairs(&(s), low, high, out);                                             \
    }                                                                                          \
    static double op##_split_point(const vouch_graph *graph, const vouch_node *node,           \
                                   double low, double high)                                    \
    {                                                                                          \
        (void)graph, (void)node;                                                               \
        return split_stairs(&(s), low, high);                                                  \
    }                                                                                          \
    static double op##_limit(const vouch_graph *graph, const vouch_node *node, double x,       \
                             int side)                                                         \
    {                                                                                          \
        (void)graph, (void)node;                                                               \
        return limit_stairs(&(s), x, side);                                                    \
    }                                                                                          \
    static void op##_slopes(const vouch_graph *graph, const vouch_node *node, double low,      \
                            double high, double *slope_low, double *slope_high)                \
    {                                                                                          \
        double jump[JUMPS_MAX];                                                                \
        (void)graph, (void)node;                                                               \
        *slope_low = 0;                                                                        \
        *slope_high = find_jumps(&(s), low, high, jump) ? (double)INFINITY : 0;                \
    }                                                                                          \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_STEP,                                                             \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = vouch_pointwise_prepare,                                                    \
        .eval = op##_eval,                                                                     \
        .grad = grad,                                                                          \
        .range = op##_range,                                                                   \
        .relax = op##_relax,                                                                   \
        .split_point = op##_split_point,                                                       \
        .limit = op##_limit,                                                                   \
        .slopes = op##_slopes,                                                                 \
    }

STAIRS(Ceil, ceil_stairs, "least integer not below", "ONNX Ceil-13");
STAIRS(Floor, floor_stairs, "greatest integer not above", "ONNX Floor-13");
STAIRS(Round, round_stairs, "nearest integer, halves to even", "ONNX Round-11");
STAIRS(Sign, sign_stairs, "-1, 0 or 1", "ONNX Sign-13");
