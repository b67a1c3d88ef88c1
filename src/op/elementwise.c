/* Add, Sub, Mul, Div: two operands under ONNX broadcasting.
 *
 * Plan: the output's dimensions with the stride of each operand (0 where it repeats),
 * neighbours merged wherever both operands allow, so that the inner loop is long. Everything
 * then walks rows of that plan.
 *
 * Add and Sub are affine in both operands; Mul where one factor is constant (else bilinear);
 * Div where the divisor is. As a linear map each is "out = +-x", "out = x c" or "out = x / c":
 * the quotient is a true division, a single rounding, never x times a rounded 1/c.
 *
 * SPEC: ONNX Add-14, Sub-14, Mul-14, Div-14; before opset 7 operand B is broadcast only
 * by the attributes `broadcast` and `axis` (Add-6).
 */
#include "op/expansion.h"
#include "op/span.h"

typedef enum arithmetic { ADD, SUB, MUL, DIV } arithmetic;

typedef struct plan {
    arithmetic kind;
    bool integer;
    int rank; /* of the merged loop, at least 1 */
    int64_t dim[VOUCH_RANK_MAX];
    int64_t stride[2][VOUCH_RANK_MAX];
    int64_t rows;               /* product of all but the last dimension */
    int64_t count[2], total;    /* elements of the operands and of the output */
    const vouch_tensor *factor; /* float64, of the constant operand, NULL if none */
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

/* Before opset 7: B's shape stands at `axis` of A's, as if followed by ones. */
static vouch_status old_broadcast(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, vouch_shape *b)
{
    const vouch_shape *a = &vouch_op_in(g, node, 0)->shape;
    int64_t broadcast, axis;
    VOUCH_TRY(vouch_node_int(ctx, g, node, "broadcast", 0, &broadcast));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", a->rank - b->rank, &axis));
    const bool fits =
        broadcast ? axis >= 0 && axis + b->rank <= a->rank : vouch_shape_equal(a, b);
    if (!fits)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "operands of different shapes need the attributes "
                               "'broadcast' and 'axis' before opset 7");
    for (; axis + b->rank < a->rank; b->rank++)
        b->dim[b->rank] = 1;
    return VOUCH_OK;
}

/* Appends dimension d, merged into the one before where both operands run on. */
static void plan_append(plan *p, int64_t d, int64_t sa, int64_t sb)
{
    const int last = p->rank - 1;
    if (d == 1)
        return;
    if (p->rank > 0 && p->stride[0][last] == sa * d && p->stride[1][last] == sb * d) {
        p->dim[last] *= d;
        p->stride[0][last] = sa;
        p->stride[1][last] = sb;
        return;
    }
    p->dim[p->rank] = d;
    p->stride[0][p->rank] = sa;
    p->stride[1][p->rank] = sb;
    p->rank++;
}

static void plan_shapes(plan *p, const vouch_shape *a, const vouch_shape *b,
                        const vouch_shape *out)
{
    int64_t sa[VOUCH_RANK_MAX], sb[VOUCH_RANK_MAX];
    vouch_shape_strides(a, out, sa);
    vouch_shape_strides(b, out, sb);
    p->rank = 0;
    for (int i = 0; i < out->rank; i++)
        plan_append(p, out->dim[i], sa[i], sb[i]);
    if (p->rank == 0)
        p->dim[p->rank++] = 1;
    p->rows = 1;
    for (int i = 0; i + 1 < p->rank; i++)
        p->rows *= p->dim[i];
    p->count[0] = vouch_shape_count(a);
    p->count[1] = vouch_shape_count(b);
    p->total = vouch_shape_count(out);
    if (p->total == 0)
        p->rows = 0;
}

/* Integers beside a computed operand: as doubles, which must be exact. Two constants need no
 * factor, and a quotient of integers, which is cut towards zero, is not affine. */
static vouch_status plan_integers(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const vouch_tensor *c, plan *p)
{
    const bool both = vouch_op_constant(g, node, 0) && vouch_op_constant(g, node, 1);
    if (both || p->kind == DIV)
        return VOUCH_OK;
    for (int64_t i = 0; i < c->count; i++)
        if (fabs(vouch_tensor_get(c, i)) > 0x1p52)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "an integer beyond 2^52 meets a computed one");
    p->factor = vouch_tensor_convert(g->arena, c, VOUCH_F64);
    return p->factor ? VOUCH_OK : vouch_op_no_memory(ctx);
}

/* The constant operand as doubles; a float divisor must not be zero. */
static vouch_status plan_factor(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, plan *p)
{
    const vouch_tensor *b = vouch_op_constant(g, node, 1);
    const vouch_tensor *c = b ? b : vouch_op_constant(g, node, 0);
    if (!c || !vouch_op_is_float(vouch_op_in(g, node, 0)->dtype))
        return c ? plan_integers(ctx, g, node, c, p) : VOUCH_OK;
    for (int64_t i = 0; p->kind == DIV && b && i < b->count; i++)
        if (vouch_tensor_get(b, i) == 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE,
                                   "divisor '%s' is zero at element %lld",
                                   vouch_op_in(g, node, 1)->name, (long long)i);
    p->factor = c->dtype == VOUCH_F64 ? c : vouch_tensor_convert(g->arena, c, VOUCH_F64);
    return p->factor ? VOUCH_OK : vouch_op_no_memory(ctx);
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state, arithmetic kind)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 2, 1));
    const vouch_value *a = vouch_op_in(g, node, 0), *b = vouch_op_in(g, node, 1);
    const bool floats = vouch_op_is_float(a->dtype) && vouch_op_is_float(b->dtype);
    if (!floats && (a->dtype != VOUCH_I64 || b->dtype != VOUCH_I64))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "operands of types %s and %s",
                               vouch_dtype_name(a->dtype), vouch_dtype_name(b->dtype));
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    p->kind = kind;
    p->integer = !floats;
    vouch_shape shape_b = b->shape, out;
    if (g->opset < 7)
        VOUCH_TRY(old_broadcast(ctx, g, node, &shape_b));
    if (!vouch_shape_broadcast(&a->shape, &shape_b, &out)) {
        char ta[VOUCH_SHAPE_TEXT], tb[VOUCH_SHAPE_TEXT];
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "shapes %s and %s do not fit",
                               vouch_shape_print(&a->shape, ta, sizeof ta),
                               vouch_shape_print(&shape_b, tb, sizeof tb));
    }
    plan_shapes(p, &a->shape, &shape_b, &out);
    VOUCH_TRY(plan_factor(ctx, g, node, p));
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, a->dtype, &out);
}

/* ---- walking ----------------------------------------------------------------------------- */

/* Where row r of the plan begins in operand w. */
static int64_t row_start(const plan *p, int w, int64_t r)
{
    int64_t at = 0;
    for (int i = p->rank - 2; i >= 0; i--) {
        at += r % p->dim[i] * p->stride[w][i];
        r /= p->dim[i];
    }
    return at;
}

/* for every element i of the output: ia, ib are the operands' elements */
#define WALK(p, i, ia, ib)                                                                     \
    for (int64_t row_ = 0, n_ = (p)->dim[(p)->rank - 1], sa_ = (p)->stride[0][(p)->rank - 1],  \
                 sb_ = (p)->stride[1][(p)->rank - 1], i = 0, ia, ib;                           \
         row_ < (p)->rows; row_++)                                                             \
        for (ia = row_start(p, 0, row_), ib = row_start(p, 1, row_); i < (row_ + 1) * n_;      \
             i++, ia += sa_, ib += sb_)

#define EVAL(T, name)                                                                          \
    static void name(const plan *p, const T *a, const T *b, T *y)                              \
    {                                                                                          \
        switch (p->kind) {                                                                     \
        case ADD:                                                                              \
            WALK(p, i, ia, ib)                                                                 \
            y[i] = a[ia] + b[ib];                                                              \
            break;                                                                             \
        case SUB:                                                                              \
            WALK(p, i, ia, ib)                                                                 \
            y[i] = a[ia] - b[ib];                                                              \
            break;                                                                             \
        case MUL:                                                                              \
            WALK(p, i, ia, ib)                                                                 \
            y[i] = a[ia] * b[ib];                                                              \
            break;                                                                             \
        case DIV:                                                                              \
            WALK(p, i, ia, ib)                                                                 \
            y[i] = a[ia] / b[ib];                                                              \
            break;                                                                             \
        }                                                                                      \
    }
EVAL(float, eval_f32)
EVAL(double, eval_f64)

/* Integer arithmetic of shapes: overflow and division by zero are errors, not values. */
static bool integer(arithmetic kind, int64_t a, int64_t b, int64_t *y)
{
    switch (kind) {
    case ADD:
        return !__builtin_add_overflow(a, b, y);
    case SUB:
        return !__builtin_sub_overflow(a, b, y);
    case MUL:
        return !__builtin_mul_overflow(a, b, y);
    case DIV:
        if (b == 0 || (b == -1 && a == INT64_MIN))
            return false;
        *y = a / b;
        return true;
    }
    return false;
}

static vouch_status eval_i64(const vouch_op_call *call, const plan *p)
{
    const int64_t *a = call->in[0]->i64, *b = call->in[1]->i64;
    WALK(p, i, ia, ib)
    if (!integer(p->kind, a[ia], b[ib], &call->out[0]->i64[i]))
        return vouch_node_fail(call->ctx, call->graph, call->node, VOUCH_ERR_VALUE,
                               "integer overflow or division by zero");
    return VOUCH_OK;
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    if (y->dtype == VOUCH_I64)
        return eval_i64(call, p);
    const vouch_tensor *a = vouch_op_operand(call, 0, y->dtype);
    const vouch_tensor *b = vouch_op_operand(call, 1, y->dtype);
    if (!a || !b)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        eval_f32(p, a->f32, b->f32, y->f32);
    else
        eval_f64(p, a->f64, b->f64, y->f64);
    return VOUCH_OK;
}

/* ---- gradient ---------------------------------------------------------------------------- */

/* da += dy * dy/da, db likewise */
#define GRAD(T, name)                                                                          \
    static void name(const plan *p, const T *a, const T *b, const T *dy, T *da, T *db)         \
    {                                                                                          \
        WALK(p, i, ia, ib)                                                                     \
        {                                                                                      \
            const T d = dy[i], x = a[ia], z = b[ib];                                           \
            if (da)                                                                            \
                da[ia] += p->kind == MUL ? d * z : p->kind == DIV ? d / z : d;                 \
            if (db)                                                                            \
                db[ib] += p->kind == MUL   ? d * x                                             \
                          : p->kind == DIV ? -d * x / (z * z)                                  \
                          : p->kind == SUB ? -d                                                \
                                           : d;                                                \
        }                                                                                      \
    }
GRAD(float, grad_f32)
GRAD(double, grad_f64)

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    if (!d_out[0]) /* integers */
        return VOUCH_OK;
    const vouch_dtype dtype = d_out[0]->dtype;
    const vouch_tensor *a = vouch_op_operand(call, 0, dtype);
    const vouch_tensor *b = vouch_op_operand(call, 1, dtype);
    if (!a || !b)
        return vouch_op_no_memory(call->ctx);
    if (dtype == VOUCH_F32)
        grad_f32(p, a->f32, b->f32, d_out[0]->f32, d_in[0] ? d_in[0]->f32 : NULL,
                 d_in[1] ? d_in[1]->f32 : NULL);
    else
        grad_f64(p, a->f64, b->f64, d_out[0]->f64, d_in[0] ? d_in[0]->f64 : NULL,
                 d_in[1] ? d_in[1]->f64 : NULL);
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

static vouch_span combine(arithmetic kind, bool same, vouch_span a, vouch_span b)
{
    switch (kind) {
    case ADD:
        return vouch_span_add(a, b);
    case SUB:
        return vouch_span_add(a, vouch_span_neg(b));
    case MUL:
        return same ? vouch_span_square(a) : vouch_span_mul(a, b);
    case DIV:
        return vouch_span_div(a, b);
    }
    return vouch_span_all();
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    const bool same = call->node->input[0] == call->node->input[1];
    const bool cut = p->integer && p->kind == DIV;
    const double *x[4];
    for (int k = 0; k < 4; k++) { /* constants come as stored */
        const vouch_tensor *t = k < 2 ? low[k] : high[k - 2];
        if (t->dtype != VOUCH_F64)
            t = vouch_tensor_convert(call->scratch, t, VOUCH_F64);
        if (!t)
            return vouch_op_no_memory(call->ctx);
        x[k] = t->f64;
    }
    WALK(p, i, ia, ib)
    {
        const vouch_span a = {x[0][ia], x[2][ia]}, b = {x[1][ib], x[3][ib]};
        const vouch_span y = combine(p->kind, same, a, b);
        out_low[0]->f64[i] = cut ? trunc(y.low) : y.low;
        out_high[0]->f64[i] = cut ? trunc(y.high) : y.high;
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

/* One coefficient applied: +-x, x c or x / c. */
static inline double apply(const plan *p, int which, bool absolute, double x, double c)
{
    if (p->kind == MUL)
        return x * (absolute ? fabs(c) : c);
    if (p->kind == DIV)
        return x / (absolute ? fabs(c) : c);
    return p->kind == SUB && which == 1 && !absolute ? -x : x;
}

static void linear_forward(const vouch_linear_call *call, const plan *p, const double *x,
                           double *y)
{
    const double *c = p->factor ? p->factor->f64 : NULL;
    const int w = call->which;
    const bool absolute = vouch_op_absolute(call->mode);
    const bool scales = c && (p->kind == MUL || p->kind == DIV);
    WALK(p, i, ia, ib)
    {
        const int64_t own = w ? ib : ia, other = w ? ia : ib;
        y[i] = apply(p, w, absolute, x[own], scales ? c[other] : 0);
    }
}

static void linear_backward(const vouch_linear_call *call, const plan *p, const double *y,
                            double *x)
{
    const double *c = p->factor ? p->factor->f64 : NULL;
    const int w = call->which;
    const bool absolute = vouch_op_absolute(call->mode);
    const bool scales = c && (p->kind == MUL || p->kind == DIV);
    memset(x, 0, (size_t)p->count[w] * sizeof *x);
    WALK(p, i, ia, ib)
    {
        const int64_t own = w ? ib : ia, other = w ? ia : ib;
        x[own] += apply(p, w, absolute, y[i], scales ? c[other] : 0);
    }
}

/* The constant operand of a sum; nothing for products. */
static void linear_offset(const vouch_linear_call *call, const plan *p, double *y)
{
    memset(y, 0, (size_t)p->total * sizeof *y);
    if (!p->factor || p->kind == MUL || p->kind == DIV)
        return;
    const bool second = vouch_op_constant(call->graph, call->node, 1) != NULL;
    const double sign = second && p->kind == SUB ? -1 : 1;
    WALK(p, i, ia, ib)
    {
        const double c = sign * p->factor->f64[second ? ib : ia];
        y[i] = call->mode == VOUCH_LINEAR_ABS_OFFSET ? fabs(c) : c;
    }
}

/* Sums whose operand is not repeated hand all vectors through as they are. */
static bool is_copy(const vouch_linear_call *call, const plan *p)
{
    return !vouch_op_offset(call->mode) && p->count[call->which] == p->total &&
           (p->kind == ADD || (p->kind == SUB && call->which == 0));
}

/* Of an operand with the output's shape; factors must not differ between positions. */
static bool patch(const vouch_graph *g, const vouch_node *node, int which, const vouch_patch *y,
                  vouch_patch *x)
{
    const plan *p = node->state;
    const vouch_shape *c = &vouch_op_in(g, node, 1 - which)->shape;
    const int lead = vouch_op_in(g, node, which)->shape.rank - c->rank; /* the channels are 1 */
    *x = *y;
    if (p->count[which] != p->total || !vouch_shape_equal(&vouch_op_in(g, node, which)->shape,
                                                          &g->value[node->output[0]].shape))
        return false;
    if (p->kind == ADD || p->kind == SUB || p->count[1 - which] == 1)
        return true;
    return g->opset >= 7 && lead <= 1 && p->count[1 - which] == y->channels &&
           c->dim[1 - lead] == y->channels;
}

static void linear_patch(const vouch_linear_call *call, const plan *p)
{
    const int64_t channels = call->patch_y->channels;
    const int64_t inner = vouch_patch_positions(call->patch_y);
    const bool scales = p->kind == MUL || p->kind == DIV;
    for (int64_t line = 0; line < call->batch * channels; line++) {
        const double *y = call->in + line * inner;
        double *x = call->out + line * inner;
        const double c = !scales                 ? 0
                         : p->factor->count == 1 ? p->factor->f64[0]
                                                 : p->factor->f64[line % channels];
        for (int64_t i = 0; i < inner; i++)
            x[i] = apply(p, call->which, false, y[i], c);
    }
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    const int64_t own = p->count[call->which], y = p->total;
    if ((p->kind == MUL || p->kind == DIV) && !p->factor)
        return vouch_node_fail(call->ctx, call->graph, call->node, VOUCH_ERR_INTERNAL,
                               "is not affine");
    if (call->patch_y) {
        linear_patch(call, p);
        return VOUCH_OK;
    }
    if (is_copy(call, p)) {
        memcpy(call->out, call->in, (size_t)(call->batch * y) * sizeof *call->out);
        return VOUCH_OK;
    }
    for (int64_t v = 0; v < call->batch; v++) {
        if (vouch_op_offset(call->mode))
            linear_offset(call, p, call->out + v * y);
        else if (vouch_op_transposed(call->mode))
            linear_backward(call, p, call->in + v * y, call->out + v * own);
        else
            linear_forward(call, p, call->in + v * own, call->out + v * y);
    }
    return VOUCH_OK;
}

/* One rounding per product, one per addition where an operand was repeated. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const plan *p = node->state;
    int64_t repeat = 1;
    for (int w = 0; w < 2; w++)
        if (p->count[w] > 0 && p->total / p->count[w] > repeat)
            repeat = p->total / p->count[w];
    const bool scales = p->kind == MUL || p->kind == DIV;
    return repeat - 1 + (scales ? 1 : 0);
}

/* Sums and products by a constant have stored coefficients; quotients have not. */
static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const plan *p = node->state;
    return p->kind != DIV;
}

static bool product_is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g;
    return !(varying[node->input[0]] && varying[node->input[1]]);
}

static bool quotient_is_affine(const vouch_graph *g, const vouch_node *node,
                               const bool *varying)
{
    (void)g;
    return !varying[node->input[1]] && !((const plan *)node->state)->integer;
}

/* ---- products of varying operands -------------------------------------------------------- */

/* Where element i of the output lies in operand w. */
static int64_t place(const plan *p, int w, int64_t i)
{
    const int64_t n = p->dim[p->rank - 1];
    return row_start(p, w, i / n) + i % n * p->stride[w][p->rank - 1];
}

static int64_t products(const vouch_graph *g, const vouch_node *node, int64_t i,
                        vouch_product *product)
{
    (void)g;
    const plan *p = node->state;
    if (product)
        *product = (vouch_product){.left = place(p, 0, i), .right = place(p, 1, i)};
    return 1;
}

/* x * x is a curve: x^2. */
static vouch_status square_decompose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                     struct vouch_op_expansion *into)
{
    (void)ctx;
    const bool floats = vouch_op_is_float(g->value[node->input[0]].dtype);
    if (floats && node->input[0] == node->input[1])
        (void)vouch_emit_node(into, "Pow", node->input[0], vouch_emit_scalar(into, 2), NULL,
                              node->output[0]);
    return vouch_emit_status(into);
}

/* a / b = a * (1 / b); x / x stays, it is not 1 where x is 0. */
static vouch_status quotient_decompose(vouch_context *ctx, vouch_graph *g,
                                       const vouch_node *node, struct vouch_op_expansion *into)
{
    (void)ctx;
    if (g->value[node->input[1]].constant || node->input[0] == node->input[1] ||
        ((const plan *)node->state)->integer)
        return VOUCH_OK;
    const int inverse = vouch_emit_node(into, "Reciprocal", node->input[1], -1, NULL, -1);
    (void)vouch_emit_node(into, "Mul", node->input[0], inverse, NULL, node->output[0]);
    return vouch_emit_status(into);
}

/* ---- descriptors ------------------------------------------------------------------------- */

#define PREPARE(name, kind)                                                                    \
    static vouch_status name(vouch_context *ctx, vouch_graph *g, vouch_node *node,             \
                             const void **state)                                               \
    {                                                                                          \
        return prepare(ctx, g, node, state, kind);                                             \
    }
PREPARE(add_prepare, ADD)
PREPARE(sub_prepare, SUB)
PREPARE(mul_prepare, MUL)
PREPARE(div_prepare, DIV)

#define SUM(op, prepare_fn, text, spec)                                                        \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_AFFINE,                                                           \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare_fn,                                                                 \
        .eval = eval,                                                                          \
        .grad = grad,                                                                          \
        .range = range,                                                                        \
        .linear = linear,                                                                      \
        .patch = patch,                                                                        \
        .terms = terms,                                                                        \
        .exact = exact,                                                                        \
    }
SUM(Add, add_prepare, "sum of two tensors, broadcast", "ONNX Add-14");
SUM(Sub, sub_prepare, "difference of two tensors, broadcast", "ONNX Sub-14");

const vouch_op vouch_op_Mul = {
    .name = "Mul",
    .summary = "product of two tensors, broadcast",
    .citation = "ONNX Mul-14",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = mul_prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = product_is_affine,
    .otherwise = VOUCH_OP_BILINEAR,
    .linear = linear,
    .patch = patch,
    .terms = terms,
    .exact = exact,
    .products = products,
    .decompose = square_decompose,
};

const vouch_op vouch_op_Div = {
    .name = "Div",
    .summary = "quotient of two tensors, broadcast",
    .citation = "ONNX Div-14",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = div_prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = quotient_is_affine,
    .otherwise = VOUCH_OP_OPAQUE,
    .linear = linear,
    .patch = patch,
    .terms = terms,
    .decompose = quotient_decompose,
};
