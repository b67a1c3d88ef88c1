/* Softmax, LogSoftmax: y_i = exp(x_i) / sum_j exp(x_j), and its logarithm.
 *
 * With S_i = 1 + sum_{j != i} exp(x_j - x_i), y_i = 1 / S_i and log y_i = -log S_i. S_i falls in
 * x_i and grows in every other x_j, so its extremes lie at two corners of the box:
 * 1 + sum exp(l_j - h_i)  <=  S_i  <=  1 + sum exp(h_j - l_i).
 *
 * Decomposed it is the same formula: the differences are affine, so no product of two curves
 * has to be bounded, and y_i <= 1 comes for free. Of x_j - x_i and x_i - x_j one is the other's
 * negative. Two elements are a Sigmoid of the difference.
 *
 * SPEC: ONNX Softmax-13, LogSoftmax-13 (one axis); before, all dimensions from `axis` on are one.
 */
#include "op/directed.h"
#include "op/expansion.h"

typedef struct plan {
    int64_t outer, n, inner; /* x seen as [outer][n][inner] */
} plan;

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    int64_t axis;
    int a = 0;
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 1, 1, 1));
    VOUCH_TRY(vouch_op_check_float(ctx, g, node, 0));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "axis", g->opset >= 13 ? -1 : 1, &axis));
    const vouch_value *x = vouch_op_in(g, node, 0);
    VOUCH_TRY(vouch_op_axis(ctx, g, node, axis, x->shape.rank, &a));
    const int end = g->opset >= 13 ? a + 1 : x->shape.rank;
    *p = (plan){.outer = vouch_op_extent(&x->shape, 0, a),
                .n = vouch_op_extent(&x->shape, a, end),
                .inner = vouch_op_extent(&x->shape, end, x->shape.rank)};
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, x->dtype, &x->shape);
}

/* for every line: `at` is its first element, elements are p->inner apart */
#define LINES(p, at)                                                                           \
    for (int64_t line_ = 0, at; line_ < (p)->outer * (p)->inner; line_++)                      \
        if ((at = line_ / (p)->inner * (p)->n * (p)->inner + line_ % (p)->inner), true)

#define EVAL(T, soft, log_soft, exponential, logarithm)                                        \
    static void soft(const plan *p, const T *x, T *y)                                          \
    {                                                                                          \
        LINES(p, at)                                                                           \
        {                                                                                      \
            const int64_t end = at + p->n * p->inner;                                          \
            T most = p->n > 0 ? x[at] : 0, sum = 0;                                            \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                most = x[i] > most ? x[i] : most;                                              \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                sum += y[i] = exponential(x[i] - most);                                        \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                y[i] /= sum;                                                                   \
        }                                                                                      \
    }                                                                                          \
    static void log_soft(const plan *p, const T *x, T *y)                                      \
    {                                                                                          \
        LINES(p, at)                                                                           \
        {                                                                                      \
            const int64_t end = at + p->n * p->inner;                                          \
            T most = p->n > 0 ? x[at] : 0, sum = 0;                                            \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                most = x[i] > most ? x[i] : most;                                              \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                sum += exponential(x[i] - most);                                               \
            for (int64_t i = at; i < end; i += p->inner)                                       \
                y[i] = x[i] - most - logarithm(sum);                                           \
        }                                                                                      \
    }
EVAL(float, soft_f32, log_soft_f32, expf, logf)
EVAL(double, soft_f64, log_soft_f64, exp, log)

#define EVALUATE(name, f32_fn, f64_fn)                                                         \
    static vouch_status name(const vouch_op_call *call)                                        \
    {                                                                                          \
        vouch_tensor *y = call->out[0];                                                        \
        const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);                           \
        if (!x)                                                                                \
            return vouch_op_no_memory(call->ctx);                                              \
        if (y->dtype == VOUCH_F32)                                                             \
            f32_fn(call->node->state, x->f32, y->f32);                                         \
        else                                                                                   \
            f64_fn(call->node->state, x->f64, y->f64);                                         \
        return VOUCH_OK;                                                                       \
    }
EVALUATE(eval, soft_f32, soft_f64)
EVALUATE(log_eval, log_soft_f32, log_soft_f64)

/* dx_i += y_i (dy_i - sum_j y_j dy_j); of the logarithm: dy_i - exp(y_i) sum_j dy_j */
static vouch_status add_grad(const vouch_op_call *call, const vouch_tensor *dy,
                             vouch_tensor *dx, bool logarithm)
{
    const plan *p = call->node->state;
    const vouch_tensor *y = call->out[0];
    if (!dx)
        return VOUCH_OK;
    LINES(p, at)
    {
        const int64_t end = at + p->n * p->inner;
        double sum = 0;
        for (int64_t i = at; i < end; i += p->inner)
            sum += (logarithm ? 1 : vouch_tensor_get(y, i)) * vouch_tensor_get(dy, i);
        for (int64_t i = at; i < end; i += p->inner) {
            const double v = vouch_tensor_get(y, i), d = vouch_tensor_get(dy, i);
            vouch_tensor_set(dx, i,
                             vouch_tensor_get(dx, i) +
                                 (logarithm ? d - exp(v) * sum : v * (d - sum)));
        }
    }
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    return add_grad(call, d_out[0], d_in[0], false);
}

static vouch_status log_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in)
{
    return add_grad(call, d_out[0], d_in[0], true);
}

/* ---- range ------------------------------------------------------------------------------- */

typedef struct line {
    const double *low, *high;
    int64_t n, step;
} line;

/* S_i at its greatest, rounded up. */
static double sum_up(const line *l, int64_t i)
{
    double sum = 1;
    for (int64_t j = 0; j < l->n; j++)
        if (j != i) {
            const double d = vouch_sum_up(l->high[j * l->step], -l->low[i * l->step]);
            sum = vouch_add_up(sum, vouch_libm_up(exp(d)));
        }
    return sum;
}

/* S_i at its least, rounded down. */
static double sum_down(const line *l, int64_t i)
{
    double sum = 1;
    for (int64_t j = 0; j < l->n; j++)
        if (j != i) {
            const double d = vouch_sum_down(l->low[j * l->step], -l->high[i * l->step]);
            sum = fmax(vouch_add_down(sum, fmax(vouch_libm_down(exp(d)), 0)), 1);
        }
    return sum;
}

static double least(const line *l, int64_t i)
{
    return fmax(vouch_div_down(1, sum_up(l, i)), 0);
}
static double greatest(const line *l, int64_t i)
{
    return fmin(vouch_div_up(1, sum_down(l, i)), 1);
}
static double log_least(const line *l, int64_t i) { return -vouch_libm_up(log(sum_up(l, i))); }
static double log_greatest(const line *l, int64_t i)
{
    return fmin(-vouch_libm_down(log(sum_down(l, i))), 0);
}

typedef double (*extreme)(const line *l, int64_t i);

static vouch_status range_by(const vouch_op_call *call, const double *const x[2],
                             double *const y[2], const extreme bound[2])
{
    const plan *p = call->node->state;
    LINES(p, at)
    {
        const line l = {x[0] + at, x[1] + at, p->n, p->inner};
        for (int64_t i = 0; i < p->n; i++)
            for (int k = 0; k < 2; k++)
                y[k][at + i * p->inner] = bound[k](&l, i);
    }
    return VOUCH_OK;
}

#define RANGE(name, least_fn, greatest_fn)                                                     \
    static vouch_status name(const vouch_op_call *call, const vouch_tensor *const *low,        \
                             const vouch_tensor *const *high, vouch_tensor *const *out_low,    \
                             vouch_tensor *const *out_high)                                    \
    {                                                                                          \
        return range_by(call, (const double *const[]){low[0]->f64, high[0]->f64},              \
                        (double *const[]){out_low[0]->f64, out_high[0]->f64},                  \
                        (const extreme[]){least_fn, greatest_fn});                             \
    }
RANGE(range, least, greatest)
RANGE(log_range, log_least, log_greatest)

/* ---- decomposition ----------------------------------------------------------------------- */

/* Beyond this, n (n - 1) differences are too many; the range is all there is. */
enum { ELEMENTS_MAX = 64 };

/* x as [outer][n (n - 1) / 2][inner]: x_j - x_i for all i < j. */
static int differences(struct vouch_op_expansion *into, const plan *p, int x)
{
    const int64_t n = p->n, pairs = n * (n - 1) / 2;
    const vouch_shape shape = {.rank = 3, .dim = {p->outer, n, p->inner}};
    int64_t *own = VOUCH_NEW_ARRAY(into->scratch, int64_t, pairs);
    int64_t *other = VOUCH_NEW_ARRAY(into->scratch, int64_t, pairs);
    int64_t count = 0;
    if (!own || !other) {
        into->status = vouch_op_no_memory(vouch_arena_context(into->scratch));
        return -1;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) {
            own[count] = i;
            other[count++] = j;
        }
    const int lines = vouch_emit_reshape(into, x, &shape, -1);
    return vouch_emit_node(into, "Sub", vouch_emit_gather(into, lines, 1, other, count),
                           vouch_emit_gather(into, lines, 1, own, count), NULL, -1);
}

/* f of the differences x_j - x_i, and then of their negatives x_i - x_j: a negative is bounded by
 * what bounds the difference, so it asks for no work of its own. */
static int of_both_signs(struct vouch_op_expansion *into, const char *f, int difference)
{
    const vouch_attr axis = vouch_emit_attr("axis", 1);
    const int negative = vouch_emit_node(into, "Neg", difference, -1, NULL, -1);
    const int forth = vouch_emit_node(into, f, difference, -1, NULL, -1);
    const int back = vouch_emit_node(into, f, negative, -1, NULL, -1);
    return vouch_emit_node(into, "Concat", forth, back, &axis, -1);
}

/* Where of_both_signs has x_j - x_i, for all i and, within, all j != i. */
static int gather_rows(struct vouch_op_expansion *into, int64_t n, int both)
{
    int64_t *from = VOUCH_NEW_ARRAY(into->scratch, int64_t, n * n);
    int64_t count = 0;
    if (!from) {
        into->status = vouch_op_no_memory(vouch_arena_context(into->scratch));
        return -1;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t low = i < j ? i : j, high = i < j ? j : i;
            const int64_t pair = low * n - low * (low + 1) / 2 + high - low - 1;
            from[count] = i < j ? pair : n * (n - 1) / 2 + pair;
            count += j != i;
        }
    return vouch_emit_gather(into, both, 1, from, count);
}

/* S, of shape [outer][n][1][inner]. */
static int sums(struct vouch_op_expansion *into, const plan *p, int difference)
{
    const vouch_shape shape = {.rank = 4, .dim = {p->outer, p->n, p->n - 1, p->inner}};
    const int power = gather_rows(into, p->n, of_both_signs(into, "Exp", difference));
    const int rows = vouch_emit_reshape(into, power, &shape, -1);
    const int sum = vouch_emit_reduce(into, "ReduceSum", rows, 2, 1, -1);
    return vouch_emit_node(into, "Add", sum, vouch_emit_scalar(into, 1), NULL, -1);
}

/* Of a single element: 0 x + 1, and its logarithm 0 x. */
static vouch_status alone(struct vouch_op_expansion *into, const vouch_node *node,
                          bool logarithm)
{
    const int y = vouch_emit_node(into, "Mul", node->input[0], vouch_emit_scalar(into, 0), NULL,
                                  logarithm ? node->output[0] : -1);
    if (!logarithm)
        (void)vouch_emit_node(into, "Add", y, vouch_emit_scalar(into, 1), NULL,
                              node->output[0]);
    return vouch_emit_status(into);
}

/* Of two elements: 1 / (1 + exp(d)) is Sigmoid(-d), and its logarithm -Softplus(d). */
static vouch_status decompose_as(struct vouch_op_expansion *into, const vouch_node *node,
                                 bool logarithm)
{
    const plan *p = node->state;
    const vouch_shape out = into->graph->value[node->output[0]].shape;
    if (p->n == 1)
        return alone(into, node, logarithm);
    if (p->n < 1 || p->n > ELEMENTS_MAX || p->outer * p->inner == 0)
        return VOUCH_OK;
    int y = differences(into, p, node->input[0]);
    if (p->n == 2 && !logarithm) {
        y = vouch_emit_node(into, "Neg", y, -1, NULL, -1);
        y = of_both_signs(into, "Sigmoid", y);
    } else if (p->n == 2) {
        y = of_both_signs(into, "Softplus", y);
        y = vouch_emit_node(into, "Neg", y, -1, NULL, -1);
    } else {
        y = sums(into, p, y);
        y = vouch_emit_node(into, logarithm ? "Log" : "Reciprocal", y, -1, NULL, -1);
        if (logarithm)
            y = vouch_emit_node(into, "Neg", y, -1, NULL, -1);
    }
    (void)vouch_emit_reshape(into, y, &out, node->output[0]);
    return vouch_emit_status(into);
}

static vouch_status decompose(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                              struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    return decompose_as(into, node, false);
}

static vouch_status log_decompose(vouch_context *ctx, vouch_graph *graph,
                                  const vouch_node *node, struct vouch_op_expansion *into)
{
    (void)ctx, (void)graph;
    return decompose_as(into, node, true);
}

#define SOFTMAX(op, prefix, text, spec)                                                        \
    const vouch_op vouch_op_##op = {                                                           \
        .name = #op,                                                                           \
        .summary = text,                                                                       \
        .citation = spec,                                                                      \
        .op_class = VOUCH_OP_COMPOSITE,                                                        \
        .since = 2,                                                                            \
        .until = 22,                                                                           \
        .prepare = prepare,                                                                    \
        .eval = prefix##eval,                                                                  \
        .grad = prefix##grad,                                                                  \
        .range = prefix##range,                                                                \
        .decompose = prefix##decompose,                                                        \
    }
SOFTMAX(Softmax, , "exponentials divided by their sum", "ONNX Softmax-13");
SOFTMAX(LogSoftmax, log_, "logarithm of Softmax", "ONNX LogSoftmax-13");
