/* Shape arithmetic that binding knows the result of: Shape, Size, ConstantOfShape, Range.
 *
 * Shapes are known when a node is bound, so that these are constants whatever their input
 * computes: `prepare` makes the output a constant, and binding drops the node, as it does for
 * Constant.
 *
 * SPEC: ONNX Shape-15 (start, end), Size-13, ConstantOfShape-9, Range-11
 */
#include "op/directed.h"
#include "op/op_priv.h"

/* The output as a new constant tensor, zeroed; NULL on error (recorded). */
static vouch_tensor *new_output(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                vouch_dtype dtype, const vouch_shape *shape)
{
    if (vouch_op_set_output(ctx, g, node, 0, dtype, shape))
        return NULL;
    vouch_tensor *t = vouch_tensor_new(g->arena, dtype, shape);
    if (!t)
        return NULL;
    g->value[node->output[0]].constant = t;
    g->value[node->output[0]].producer = -1;
    return t;
}

static int64_t clamp(int64_t x, int64_t rank)
{
    x = x < 0 ? x + rank : x;
    return x < 0 ? 0 : x > rank ? rank : x;
}

static vouch_status shape_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    int64_t start, end;
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    VOUCH_TRY(vouch_node_int(ctx, g, node, "start", 0, &start));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "end", x->rank, &end));
    start = clamp(start, x->rank);
    end = clamp(end, x->rank);
    const vouch_shape out = {.rank = 1, .dim = {end > start ? end - start : 0}};
    vouch_tensor *t = new_output(ctx, g, node, VOUCH_I64, &out);
    for (int64_t i = 0; t && i < t->count; i++)
        t->i64[i] = x->dim[start + i];
    return t ? VOUCH_OK : vouch_context_status(ctx);
}

static vouch_status size_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    const vouch_shape scalar = {.rank = 0};
    vouch_tensor *t = new_output(ctx, g, node, VOUCH_I64, &scalar);
    if (!t)
        return vouch_context_status(ctx);
    t->i64[0] = vouch_shape_count(&vouch_op_in(g, node, 0)->shape);
    return VOUCH_OK;
}

/* ---- ConstantOfShape --------------------------------------------------------------------- */

static vouch_status constant_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                     const void **state)
{
    const int64_t *dims;
    int64_t count;
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_op_ints(ctx, g, node, 0, "shape", &dims, &count));
    const vouch_attr *attr = vouch_node_attr(node, "value");
    if (attr && (attr->kind != VOUCH_ATTR_TENSOR || attr->tensor->count != 1))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'value' must be one element");
    if (count > VOUCH_RANK_MAX)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, "more than %d dimensions",
                               VOUCH_RANK_MAX);
    vouch_shape out = {.rank = (int)count};
    for (int64_t i = 0; i < count; i++)
        out.dim[i] = dims[i];
    vouch_tensor *t = new_output(ctx, g, node, attr ? attr->tensor->dtype : VOUCH_F32, &out);
    if (!t)
        return vouch_context_status(ctx);
    const size_t size = vouch_dtype_size(t->dtype);
    for (int64_t i = 0; attr && i < t->count; i++)
        memcpy((char *)t->data + (size_t)i * size, attr->tensor->data, size);
    return VOUCH_OK;
}

/* ---- Range ------------------------------------------------------------------------------- */

/* Elements from start to limit; -1 where that is no sensible number. */
static int64_t range_count(double start, double limit, double delta)
{
    const double n = ceil((limit - start) / delta);
    return n != n || n > 1e9 ? -1 : n > 0 ? (int64_t)n : 0;
}

/* start + i delta; false if the real number is not a double. */
static bool range_element(double start, double delta, int64_t i, double *y)
{
    *y = fma((double)i, delta, start);
    const double low = vouch_sum_down(start, vouch_product_down((double)i, delta));
    const double high = vouch_sum_up(start, vouch_product_up((double)i, delta));
    return low == high && *y == low;
}

static vouch_status range_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                  const void **state)
{
    static const char *const what[] = {"start", "limit", "delta"};
    double x[3];
    const vouch_tensor *in = NULL;
    *state = NULL;
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 3, 3, 1));
    for (int i = 0; i < 3; i++) {
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, i, what[i], &in));
        if (in->count != 1 || fabs(vouch_tensor_get(in, 0)) > 0x1p52)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "'%s' must be one number of at most 2^52", what[i]);
        x[i] = vouch_tensor_get(in, 0);
    }
    const vouch_shape out = {.rank = 1, .dim = {range_count(x[0], x[1], x[2])}};
    if (out.dim[0] < 0)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                               "no number of steps leads from "
                               "'start' to 'limit'");
    vouch_tensor *t = new_output(ctx, g, node, in->dtype, &out);
    if (!t)
        return vouch_context_status(ctx);
    for (int64_t i = 0; i < t->count; i++) {
        double y = 0;
        const bool exact = range_element(x[0], x[2], i, &y);
        vouch_tensor_set(t, i, y);
        if (!exact || vouch_tensor_get(t, i) != y)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "element %lld is not exact in %s", (long long)i,
                                   vouch_dtype_name(t->dtype));
    }
    return VOUCH_OK;
}

/* ---- descriptors ------------------------------------------------------------------------- */

#define KNOWN(op, first, prepare_fn, text, spec)                                               \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_OPAQUE,                                                           \
        .since = first,                                                                        \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = vouch_op_eval_never,                                                           \
    }
KNOWN(ConstantOfShape, 9, constant_prepare, "a tensor of one number, its shape constant",
      "ONNX ConstantOfShape-9");
KNOWN(Range, 11, range_prepare, "numbers at equal steps, all constant", "ONNX Range-11");
KNOWN(Shape, 2, shape_prepare, "the shape of a tensor", "ONNX Shape-15");
KNOWN(Size, 2, size_prepare, "the number of elements of a tensor", "ONNX Size-13");
