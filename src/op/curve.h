/* Curves between lines: what pointwise operators y = f(x) share, but for f itself.
 *
 * A curve says how to enclose f and f' at a point, and where f bends: the points that cut the
 * line into arcs on which f is convex, or concave. From that alone come the lines.
 *
 * A line s x + o lies above f on [l, u] where o >= max of g(x) = f(x) - s x. Any s will do; the
 * maximum is bounded arc by arc:
 *
 *     convex   g is greatest at an end;
 *     concave  f lies below each of its tangents, so for any d in the arc
 *              g(x) <= f(d) - s d + (f'(d) - s)(x - d),  at most its value at an end of the arc;
 *     unknown  (a bend known to lie in [a, b] only)  g(x) <= f(a) - s a + max(0, sup f' - s)(b - a)
 *
 * all with outward enclosures. So the choice of s and of d, by iteration in plain arithmetic, is
 * free of any duty: it makes the line tight, not sound. s is chosen so that the line touches the
 * concave envelope of f above a given point, the pivot: with the midpoint for a pivot the area
 * under the line is least. Lower lines are upper lines of -f.
 *
 * THM: Zhang 2018 (CROWN), sec. 3.2, and Singh 2019 (DeepPoly), sec. 4.4, for tangents and chords
 * of S-shaped curves; the envelope makes one rule of their cases.
 */
#ifndef VOUCH_OP_CURVE_H
#define VOUCH_OP_CURVE_H

#include "op/pointwise.h"
#include "op/span.h"

typedef enum vouch_curvature {
    VOUCH_STRAIGHT = 0,
    VOUCH_CONVEX = 1,
    VOUCH_CONCAVE = -1,
    VOUCH_UNKNOWN = 2
} vouch_curvature;

/* An inflection or a kink, somewhere in [low, high]. */
typedef struct vouch_bend {
    double low, high;
    vouch_span slope;      /* of f' on [low, high]; not read where low == high */
    vouch_curvature after; /* of the arc to its right */
} vouch_bend;

enum { VOUCH_BENDS_MAX = 16 };

typedef struct vouch_smooth vouch_smooth;
struct vouch_smooth {
    double (*value)(const vouch_smooth *c, double x);           /* f, as the network computes */
    double (*slope)(const vouch_smooth *c, double x, int side); /* f', see below */
    vouch_span (*enclose)(const vouch_smooth *c, double x);     /* f(x); limits at infinity */
    /* f'(x): at a kink from the left (side < 0) or from the right. x finite. */
    vouch_span (*enclose_slope)(const vouch_smooth *c, double x, int side);
    /* All bends that may lie in [low, high], ascending; *first: the curvature to the left of the
     * first of them. Returns how many, -1 where there are too many. NULL: no bends. */
    int (*bends)(const vouch_smooth *c, double low, double high,
                 vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first);
    vouch_curvature curvature; /* where there are no bends */
    /* Sound range on [low, high], ends perhaps infinite. NULL: f is monotone, the ends do. */
    vouch_span (*range)(const vouch_smooth *c, double low, double high);
    /* Is f finite on [low, high], and differentiable between its bends? NULL: always. */
    bool (*defined)(const vouch_smooth *c, double low, double high);
    vouch_span every_value, every_slope; /* bounds on the whole line */
    double a, b, d;                      /* parameters of the curve */
};

/* Sound range on [low, high], ends perhaps infinite. */
vouch_span vouch_smooth_range_of(const vouch_smooth *c, double low, double high);

/* One float input, whose type and shape the output has; the state is the curve, copied. */
vouch_status vouch_smooth_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const vouch_smooth *curve, const void **state);
vouch_status vouch_smooth_eval(const vouch_op_call *call);
vouch_status vouch_smooth_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                               vouch_tensor *const *d_in);
vouch_status vouch_smooth_range(const vouch_op_call *call, const vouch_tensor *const *low,
                                const vouch_tensor *const *high, vouch_tensor *const *out_low,
                                vouch_tensor *const *out_high);
vouch_status vouch_smooth_relax(const vouch_graph *graph, const vouch_node *node, double low,
                                double high, vouch_relaxation *out);
vouch_status vouch_smooth_lines(const vouch_graph *graph, const vouch_node *node, double low,
                                double high, vouch_lines *below, vouch_lines *above);
double vouch_smooth_split_point(const vouch_graph *graph, const vouch_node *node, double low,
                                double high);
void vouch_smooth_slopes(const vouch_graph *graph, const vouch_node *node, double low,
                         double high, double *slope_low, double *slope_high);

/* Bends of a curve that is `left` before 0 and `right` after it. */
int vouch_bend_at_zero(double low, double high, vouch_curvature left, vouch_curvature right,
                       vouch_bend bend[VOUCH_BENDS_MAX], vouch_curvature *first);

#define VOUCH_SMOOTH(op, prepare_fn, text, spec)                                               \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_POINTWISE,                                                        \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = vouch_smooth_eval,                                                             \
        .grad = vouch_smooth_grad,                                                             \
        .range = vouch_smooth_range,                                                           \
        .relax = vouch_smooth_relax,                                                           \
        .lines = vouch_smooth_lines,                                                           \
        .split_point = vouch_smooth_split_point,                                               \
        .slopes = vouch_smooth_slopes,                                                         \
    }

/* An operator without attributes. */
#define VOUCH_SMOOTH_PLAIN(op, curve, text, spec)                                              \
    static vouch_status op##_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,     \
                                     const void **state)                                       \
    {                                                                                          \
        VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));                                \
        return vouch_smooth_prepare(ctx, g, node, &(curve), state);                            \
    }                                                                                          \
    VOUCH_SMOOTH(op, op##_prepare, text, spec)

#endif
