/* Sin, Cos.
 *
 * Inflections lie at multiples of pi/2: n pi/2 for even n (Sin) or odd n (Cos), extremes at the
 * others. n pi/2 is enclosed by n times the doubles on either side of pi/2; so the inflection is
 * known to some ulp, the arc in between is an unknown one, and its share of the bound is of the
 * size of an ulp. Values of glibc are within an ulp for any argument, however large.
 *
 * SPEC: ONNX Sin-7, Cos-7
 */
#include "op/curve.h"

static const double QUARTER = 1.5707963267948966; /* below pi/2, the next double is above */

/* Beyond this an enclosure of n pi/2 is wider than it is worth. */
static const double FAR = 1e7;

static vouch_span quarters(int64_t n)
{
    const double k = (double)(n < 0 ? -n : n);
    const vouch_span s =
        vouch_span_mul(vouch_span_of(k), (vouch_span){QUARTER, 1.5707963267948968});
    return n < 0 ? vouch_span_neg(s) : s;
}

static int64_t quarter_before(double x) { return (int64_t)floor(x / QUARTER) - 1; }

/* May [low, high] hold n pi/2 for some n = phase modulo 4? */
static bool holds(double low, double high, int phase)
{
    if (!(low >= -FAR && high <= FAR) || high - low > 6.3)
        return true;
    for (int64_t n = quarter_before(low); n <= quarter_before(high) + 3; n++) {
        const vouch_span at = quarters(n);
        if (((n - phase) & 3) == 0 && at.high >= low && at.low <= high)
            return true;
    }
    return false;
}

/* phase: 0 for Sin, whose first quarter is concave, -1 for Cos, which is a quarter ahead */
static int bends_of(double low, double high, int phase, vouch_bend bend[VOUCH_BENDS_MAX],
                    vouch_curvature *first)
{
    int count = 0;
    if (!(low >= -FAR && high <= FAR) || high - low > 3 * (VOUCH_BENDS_MAX - 2))
        return -1;
    for (int64_t n = quarter_before(low); n <= quarter_before(high) + 3; n++) {
        const vouch_span at = quarters(n);
        const int64_t turn = (n - phase) & 3; /* 0: from convex to concave, 2: back */
        if (turn & 1 || at.low > high)
            continue;
        if (at.high < low) {
            *first = turn == 0 ? VOUCH_CONCAVE : VOUCH_CONVEX;
            continue;
        }
        if (count == 0)
            *first = turn == 0 ? VOUCH_CONVEX : VOUCH_CONCAVE;
        if (count == VOUCH_BENDS_MAX)
            return -1;
        bend[count++] = (vouch_bend){.low = at.low,
                                     .high = at.high,
                                     .slope = {-1, 1},
                                     .after = turn == 0 ? VOUCH_CONCAVE : VOUCH_CONVEX};
    }
    return count;
}

/* The greatest values lie a quarter after the bends to concave, the least a quarter before. */
static vouch_span range_of(double low, double high, int phase, vouch_span at_low,
                           vouch_span at_high)
{
    vouch_span r = vouch_span_hull(at_low, at_high);
    if (holds(low, high, phase + 1))
        r.high = 1;
    if (holds(low, high, phase - 1))
        r.low = -1;
    return r;
}

static vouch_span wave(double y) { return vouch_span_cut(vouch_span_library(y), -1, 1); }

#define WAVE(prefix, phase, f, derivative)                                                     \
    static double prefix##_value(const vouch_smooth *c, double x)                              \
    {                                                                                          \
        (void)c;                                                                               \
        return f(x);                                                                           \
    }                                                                                          \
    static double prefix##_slope(const vouch_smooth *c, double x, int side)                    \
    {                                                                                          \
        (void)c, (void)side;                                                                   \
        return derivative(x);                                                                  \
    }                                                                                          \
    static vouch_span prefix##_enclose(const vouch_smooth *c, double x)                        \
    {                                                                                          \
        (void)c;                                                                               \
        return wave(f(x));                                                                     \
    }                                                                                          \
    static vouch_span prefix##_enclose_slope(const vouch_smooth *c, double x, int side)        \
    {                                                                                          \
        (void)c, (void)side;                                                                   \
        return wave(derivative(x));                                                            \
    }                                                                                          \
    static int prefix##_bends(const vouch_smooth *c, double low, double high,                  \
                              vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first)        \
    {                                                                                          \
        (void)c;                                                                               \
        return bends_of(low, high, phase, bend, first);                                        \
    }                                                                                          \
    static vouch_span prefix##_range(const vouch_smooth *c, double low, double high)           \
    {                                                                                          \
        return range_of(low, high, phase, prefix##_enclose(c, low),                            \
                        prefix##_enclose(c, high));                                            \
    }                                                                                          \
    static const vouch_smooth prefix##_curve = {.value = prefix##_value,                       \
                                                .slope = prefix##_slope,                       \
                                                .enclose = prefix##_enclose,                   \
                                                .enclose_slope = prefix##_enclose_slope,       \
                                                .bends = prefix##_bends,                       \
                                                .range = prefix##_range,                       \
                                                .every_value = {-1, 1},                        \
                                                .every_slope = {-1, 1}}

static double minus_sin(double x) { return -sin(x); }

WAVE(sin, 0, sin, cos);
WAVE(cos, -1, cos, minus_sin);

VOUCH_SMOOTH_PLAIN(Cos, cos_curve, "cosine", "ONNX Cos-7");
VOUCH_SMOOTH_PLAIN(Sin, sin_curve, "sine", "ONNX Sin-7");
