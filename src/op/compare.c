/* Comparisons and logic: Equal, Less, LessOrEqual, Greater, GreaterOrEqual, And, Or, Xor, Not.
 *
 * The output is 0 or 1. On intervals it is decided where all pairs of points agree; else its
 * range is [0, 1]. A step has no gradient: it passes nothing back. For bounds, comparisons of
 * floats become steps of a difference, and logic products, so that branch and bound can split on
 * what is compared:
 *
 *     a > b is  max(sign(a - b), 0),   a >= b is  1 - (b > a),   a = b is  1 - |sign(a - b)|
 *
 * SPEC: ONNX Equal-19, Less-13, LessOrEqual-16, Greater-13, GreaterOrEqual-16, And-7, Or-7,
 * Xor-7, Not-1
 */
#include "op/broadcast.h"
#include "op/expansion.h"

typedef enum relation {
    EQUAL,
    LESS,
    LESS_EQUAL,
    GREATER,
    GREATER_EQUAL,
    AND,
    OR,
    XOR
} relation;

typedef struct plan {
    vouch_broadcast b;
    relation relation;
} plan;

static bool is_logic(relation r) { return r == AND || r == OR || r == XOR; }

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, relation r)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    const vouch_dtype a = vouch_op_in(g, node, 0)->dtype, b = vouch_op_in(g, node, 1)->dtype;
    const bool floats = vouch_op_is_float(a) && vouch_op_is_float(b);
    const bool bools = a == VOUCH_BOOL && b == VOUCH_BOOL;
    const bool fits =
        is_logic(r) ? bools
                    : floats || (bools && r == EQUAL) || (a == VOUCH_I64 && b == VOUCH_I64);
    if (!fits)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "operands of types %s and %s",
                               vouch_dtype_name(a), vouch_dtype_name(b));
    if (g->opset < 7 &&
        !vouch_shape_equal(&vouch_op_in(g, node, 0)->shape, &vouch_op_in(g, node, 1)->shape))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "broadcasting before opset 7 is not supported");
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    p->relation = r;
    *state = p;
    return vouch_broadcast_prepare(ctx, g, node, 2, VOUCH_BOOL, &p->b);
}

/* ---- values ------------------------------------------------------------------------------ */

#define HOLDS(T, name)                                                                         \
    static bool name(relation r, T a, T b)                                                     \
    {                                                                                          \
        switch (r) {                                                                           \
        case EQUAL:                                                                            \
            return a == b;                                                                     \
        case LESS:                                                                             \
            return a < b;                                                                      \
        case LESS_EQUAL:                                                                       \
            return a <= b;                                                                     \
        case GREATER:                                                                          \
            return a > b;                                                                      \
        case GREATER_EQUAL:                                                                    \
            return a >= b;                                                                     \
        case AND:                                                                              \
            return a != 0 && b != 0;                                                           \
        case OR:                                                                               \
            return a != 0 || b != 0;                                                           \
        case XOR:                                                                              \
            return (a != 0) != (b != 0);                                                       \
        }                                                                                      \
        return false;                                                                          \
    }
HOLDS(double, holds_f64)
HOLDS(int64_t, holds_i64)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    const vouch_tensor *a = call->in[0], *b = call->in[1];
    const bool ints = a->dtype == VOUCH_I64 && b->dtype == VOUCH_I64;
    for (int64_t i = 0; i < p->b.total; i++) {
        const int64_t ia = vouch_broadcast_at(&p->b, 0, i),
                      ib = vouch_broadcast_at(&p->b, 1, i);
        const bool y =
            ints ? holds_i64(p->relation, a->i64[ia], b->i64[ib])
                 : holds_f64(p->relation, vouch_tensor_get(a, ia), vouch_tensor_get(b, ib));
        vouch_tensor_set(call->out[0], i, y ? 1 : 0);
    }
    return VOUCH_OK;
}

/* A step: nothing flows back. */
static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    (void)call, (void)d_out, (void)d_in;
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

typedef struct interval {
    double low, high;
} interval;

static interval truth(bool always, bool never) { return (interval){always, !never}; }

static interval decide(relation r, interval a, interval b)
{
    switch (r) {
    case EQUAL:
        return truth(a.low == a.high && b.low == b.high && a.low == b.low,
                     a.low > b.high || b.low > a.high);
    case LESS:
        return truth(a.high < b.low, a.low >= b.high);
    case LESS_EQUAL:
        return truth(a.high <= b.low, a.low > b.high);
    case GREATER:
        return decide(LESS, b, a);
    case GREATER_EQUAL:
        return decide(LESS_EQUAL, b, a);
    case AND:
        return truth(a.low >= 1 && b.low >= 1, a.high <= 0 || b.high <= 0);
    case OR:
        return truth(a.low >= 1 || b.low >= 1, a.high <= 0 && b.high <= 0);
    case XOR:
        return truth((a.low >= 1 && b.high <= 0) || (b.low >= 1 && a.high <= 0),
                     (a.low >= 1 && b.low >= 1) || (a.high <= 0 && b.high <= 0));
    }
    return (interval){0, 1};
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    for (int64_t i = 0; i < p->b.total; i++) {
        interval x[2];
        for (int k = 0; k < 2; k++) {
            const int64_t at = vouch_broadcast_at(&p->b, k, i);
            x[k] = (interval){vouch_tensor_get(low[k], at), vouch_tensor_get(high[k], at)};
        }
        const interval y = decide(p->relation, x[0], x[1]);
        out_low[0]->f64[i] = y.low;
        out_high[0]->f64[i] = y.high;
    }
    return VOUCH_OK;
}

/* ---- as simpler nodes ---------------------------------------------------------------------- */

static bool is_zero(const vouch_tensor *t)
{
    for (int64_t i = 0; t && i < t->count; i++)
        if (vouch_tensor_get(t, i) != 0)
            return false;
    return t != NULL;
}

/* sign(a - b), operands by their place in the node. With zero nothing is subtracted: that would
 * round the bounds of what is compared. */
static int emit_sign(struct vouch_op_expansion *into, const vouch_graph *g,
                     const vouch_node *node, int a, int b)
{
    const vouch_shape *shape = &g->value[node->output[0]].shape;
    const int x = node->input[a], y = node->input[b];
    int z;
    if (vouch_shape_equal(&g->value[x].shape, shape) && is_zero(g->value[y].constant))
        z = x;
    else if (vouch_shape_equal(&g->value[y].shape, shape) && is_zero(g->value[x].constant))
        z = vouch_emit_node(into, "Neg", y, -1, NULL, -1);
    else
        z = vouch_emit_node(into, "Sub", x, y, NULL, -1);
    return vouch_emit_node(into, "Sign", z, -1, NULL, -1);
}

static int emit_complement(struct vouch_op_expansion *into, int x, int output)
{
    return vouch_emit_node(into, "Sub", vouch_emit_scalar(into, 1), x, NULL, output);
}

static vouch_status compare_decompose(vouch_context *ctx, vouch_graph *g,
                                      const vouch_node *node, struct vouch_op_expansion *into)
{
    const relation r = ((const plan *)node->state)->relation;
    const bool first = r == GREATER || r == LESS_EQUAL || r == EQUAL; /* a - b, else b - a */
    const bool complement = r == GREATER_EQUAL || r == LESS_EQUAL || r == EQUAL;
    (void)ctx;
    if (!vouch_op_is_float(vouch_op_in(g, node, 0)->dtype))
        return VOUCH_OK;
    const int sign = emit_sign(into, g, node, first ? 0 : 1, first ? 1 : 0);
    const int y = vouch_emit_node(into, r == EQUAL ? "Abs" : "Relu", sign, -1, NULL,
                                  complement ? -1 : node->output[0]);
    if (complement)
        emit_complement(into, y, node->output[0]);
    return vouch_emit_status(into);
}

/* A truth as a number, 0 or 1. */
static int emit_number(struct vouch_op_expansion *into, int x)
{
    const vouch_attr to = vouch_emit_attr("to", 11);
    return vouch_emit_node(into, "Cast", x, -1, &to, -1);
}

/* and = ab, or = a + b - ab, xor = a + b - 2ab */
static vouch_status logic_decompose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                    struct vouch_op_expansion *into)
{
    const relation r = ((const plan *)node->state)->relation;
    (void)ctx, (void)g;
    const int a = emit_number(into, node->input[0]), b = emit_number(into, node->input[1]);
    const int both = vouch_emit_node(into, "Mul", a, b, NULL, r == AND ? node->output[0] : -1);
    if (r == AND)
        return vouch_emit_status(into);
    const int sum = vouch_emit_node(into, "Add", a, b, NULL, -1);
    const int twice =
        r == OR ? both
                : vouch_emit_node(into, "Mul", both, vouch_emit_scalar(into, 2), NULL, -1);
    vouch_emit_node(into, "Sub", sum, twice, NULL, node->output[0]);
    return vouch_emit_status(into);
}

static vouch_status not_decompose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                  struct vouch_op_expansion *into)
{
    (void)ctx, (void)g;
    emit_complement(into, emit_number(into, node->input[0]), node->output[0]);
    return vouch_emit_status(into);
}

/* ---- Not --------------------------------------------------------------------------------- */

static vouch_status not_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                const void **state)
{
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_value *x = vouch_op_in(g, node, 0);
    if (x->dtype != VOUCH_BOOL)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "operand of type %s",
                               vouch_dtype_name(x->dtype));
    return vouch_op_set_output(ctx, g, node, 0, VOUCH_BOOL, &x->shape);
}

static vouch_status not_eval(const vouch_op_call *call)
{
    for (int64_t i = 0; i < call->out[0]->count; i++)
        vouch_tensor_set(call->out[0], i, vouch_tensor_get(call->in[0], i) == 0);
    return VOUCH_OK;
}

static vouch_status not_range(const vouch_op_call *call, const vouch_tensor *const *low,
                              const vouch_tensor *const *high, vouch_tensor *const *out_low,
                              vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = 1 - vouch_tensor_get(high[0], i);
        out_high[0]->f64[i] = 1 - vouch_tensor_get(low[0], i);
    }
    return VOUCH_OK;
}

/* ---- descriptors ------------------------------------------------------------------------- */

#define DECIDING(op, prepare_fn, eval_fn, range_fn, decompose_fn, text, spec)                  \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_SELECT,                                                           \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = eval_fn,                                                                       \
        .grad = grad,                                                                          \
        .range = range_fn,                                                                     \
        .decompose = decompose_fn,                                                             \
        .takes_infinity = true,                                                                \
    }
#define RELATION(op, relation, decompose_fn, text, spec)                                       \
    static vouch_status op##_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,     \
                                     const void **state)                                       \
    {                                                                                          \
        return prepare(ctx, g, node, state, relation);                                         \
    }                                                                                          \
    DECIDING(op, op##_prepare, eval, range, decompose_fn, text, spec)

RELATION(And, AND, logic_decompose, "are both true", "ONNX And-7");
RELATION(Equal, EQUAL, compare_decompose, "are two tensors equal, by element", "ONNX Equal-19");
RELATION(Greater, GREATER, compare_decompose, "is the first greater, by element",
         "ONNX Greater-13");
RELATION(GreaterOrEqual, GREATER_EQUAL, compare_decompose, "is the first not less, by element",
         "ONNX GreaterOrEqual-16");
RELATION(Less, LESS, compare_decompose, "is the first less, by element", "ONNX Less-13");
RELATION(LessOrEqual, LESS_EQUAL, compare_decompose, "is the first not greater, by element",
         "ONNX LessOrEqual-16");
DECIDING(Not, not_prepare, not_eval, not_range, not_decompose, "is it false", "ONNX Not-1");
RELATION(Or, OR, logic_decompose, "is one of both true", "ONNX Or-7");
RELATION(Xor, XOR, logic_decompose, "is exactly one true", "ONNX Xor-7");
