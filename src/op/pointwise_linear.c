/* LeakyRelu, Abs, Clip: piecewise linear curves; see piecewise.h.
 *
 * SPEC: ONNX LeakyRelu-16, Abs-13, Clip-13 (attributes min and max before opset 11; where min >
 * max, every value becomes max).
 */
#include "op/piecewise.h"

/* y_i by two expressions of x, one for each float type. */
#define EVAL(name, in_f32, in_f64)                                                             \
    static vouch_status name(const vouch_op_call *call)                                        \
    {                                                                                          \
        const vouch_curve *c = call->node->state;                                              \
        vouch_tensor *out = call->out[0];                                                      \
        const vouch_tensor *in = vouch_op_operand(call, 0, out->dtype);                        \
        (void)c;                                                                               \
        if (!in)                                                                               \
            return vouch_op_no_memory(call->ctx);                                              \
        for (int64_t i = 0; out->dtype == VOUCH_F32 && i < out->count; i++) {                  \
            const float x = in->f32[i];                                                        \
            out->f32[i] = in_f32;                                                              \
        }                                                                                      \
        for (int64_t i = 0; out->dtype == VOUCH_F64 && i < out->count; i++) {                  \
            const double x = in->f64[i];                                                       \
            out->f64[i] = in_f64;                                                              \
        }                                                                                      \
        return VOUCH_OK;                                                                       \
    }
EVAL(leaky_eval, x < 0 ? (float)c->piece[0].slope * x : x, x < 0 ? c->piece[0].slope * x : x)
EVAL(abs_eval, fabsf(x), fabs(x))

static vouch_status leaky_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    double alpha;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_node_real(ctx, g, node, "alpha", (double)0.01f, &alpha));
    if (!isfinite(alpha))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "alpha is not finite");
    const vouch_curve curve = {.breaks = 1, .at = {0}, .piece = {{alpha, 0}, {1, 0}}};
    return vouch_piecewise_prepare(ctx, g, node, &curve, state);
}

static vouch_status abs_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_curve curve = {.breaks = 1, .at = {0}, .piece = {{-1, 0}, {1, 0}}};
    return vouch_piecewise_prepare(ctx, g, node, &curve, state);
}

/* ---- Clip -------------------------------------------------------------------------------- */

/* Limit i (input, or attribute before opset 11); left as it is where not given. */
static vouch_status read_limit(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                               int i, const char *name, double *limit)
{
    const vouch_tensor *t;
    if (!vouch_op_in(g, node, i))
        return vouch_node_real(ctx, g, node, name, *limit, limit);
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, i, name, &t));
    if (t->count != 1)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'%s' must be a scalar", name);
    *limit = vouch_tensor_get(t, 0);
    return VOUCH_OK;
}

static vouch_status clip_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    double least = -(double)INFINITY, most = (double)INFINITY;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 3, 1));
    VOUCH_TRY(read_limit(ctx, g, node, 1, "min", &least));
    VOUCH_TRY(read_limit(ctx, g, node, 2, "max", &most));
    if (isnan(least) || isnan(most) || least == (double)INFINITY || most == -(double)INFINITY)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "limits from %g to %g", least,
                               most);
    vouch_curve curve = {.breaks = 0};
    if (least >= most) {
        curve.piece[0] = (vouch_line){0, most};
        return vouch_piecewise_prepare(ctx, g, node, &curve, state);
    }
    if (isfinite(least)) {
        curve.piece[curve.breaks] = (vouch_line){0, least};
        curve.at[curve.breaks++] = least;
    }
    curve.piece[curve.breaks] = (vouch_line){1, 0};
    if (isfinite(most)) {
        curve.at[curve.breaks++] = most;
        curve.piece[curve.breaks] = (vouch_line){0, most};
    }
    return vouch_piecewise_prepare(ctx, g, node, &curve, state);
}

/* Every piece is the identity or a constant. */
static double clipped(const vouch_curve *c, double x)
{
    int i = 0;
    while (i < c->breaks && x > c->at[i])
        i++;
    return c->piece[i].slope == 0 ? c->piece[i].offset : x;
}
EVAL(clip_eval, (float)clipped(c, (double)x), clipped(c, x))

/* ---- descriptors ------------------------------------------------------------------------- */

#define PIECEWISE(op, prefix, text, spec, infinity)                                            \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_POINTWISE,                                                        \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prefix##_prepare,                                                           \
        .eval = prefix##_eval,                                                                 \
        .grad = vouch_piecewise_grad,                                                          \
        .range = vouch_piecewise_range,                                                        \
        .relax = vouch_piecewise_relax,                                                        \
        .lines = vouch_piecewise_lines,                                                        \
        .split_point = vouch_piecewise_split_point,                                            \
        .slopes = vouch_piecewise_slopes,                                                      \
        .pieces = vouch_piecewise_pieces,                                                      \
        .takes_infinity = infinity,                                                            \
    }
PIECEWISE(Abs, abs, "|x|", "ONNX Abs-13", false);
PIECEWISE(Clip, clip, "x limited to [min, max]", "ONNX Clip-13", true);
PIECEWISE(LeakyRelu, leaky, "x, or alpha x where x < 0", "ONNX LeakyRelu-16", false);
