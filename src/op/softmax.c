/* Softmax: y_i = exp(x_i) / sum_j exp(x_j).
 *
 * Range: y_i = 1 / (1 + sum_{j != i} exp(x_j - x_i)) grows in x_i and falls in every other x_j,
 * so its extremes lie at two corners of the box: 1 / (1 + sum exp(h_j - l_i))  <=  y_i  <=  1 /
 * (1 + sum exp(l_j - h_i)).
 *
 * SPEC: ONNX Softmax-13 (one axis); before, all dimensions from `axis` on are one.
 */
#include "op/directed.h"
#include "op/op_priv.h"

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

#define EVAL(T, name, exponential)                                                             \
    static void name(const plan *p, const T *x, T *y)                                          \
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
    }
EVAL(float, eval_f32, expf)
EVAL(double, eval_f64, exp)

static vouch_status eval(const vouch_op_call *call)
{
    vouch_tensor *y = call->out[0];
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    if (y->dtype == VOUCH_F32)
        eval_f32(call->node->state, x->f32, y->f32);
    else
        eval_f64(call->node->state, x->f64, y->f64);
    return VOUCH_OK;
}

/* dx_i += y_i (dy_i - sum_j y_j dy_j) */
static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *y = call->out[0], *dy = d_out[0];
    vouch_tensor *dx = d_in[0];
    if (!dx)
        return VOUCH_OK;
    LINES(p, at)
    {
        const int64_t end = at + p->n * p->inner;
        double sum = 0;
        for (int64_t i = at; i < end; i += p->inner)
            sum += vouch_tensor_get(y, i) * vouch_tensor_get(dy, i);
        for (int64_t i = at; i < end; i += p->inner)
            vouch_tensor_set(dx, i,
                             vouch_tensor_get(dx, i) +
                                 vouch_tensor_get(y, i) * (vouch_tensor_get(dy, i) - sum));
    }
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

typedef struct line {
    const double *low, *high;
    int64_t n, step;
} line;

static double least(const line *l, int64_t i)
{
    double sum = 1;
    for (int64_t j = 0; j < l->n; j++)
        if (j != i) {
            const double d = vouch_sum_up(l->high[j * l->step], -l->low[i * l->step]);
            sum = vouch_add_up(sum, vouch_libm_up(exp(d)));
        }
    return fmax(vouch_div_down(1, sum), 0);
}

static double greatest(const line *l, int64_t i)
{
    double sum = 1;
    for (int64_t j = 0; j < l->n; j++)
        if (j != i) {
            const double d = vouch_sum_down(l->low[j * l->step], -l->high[i * l->step]);
            sum = fmax(vouch_add_down(sum, fmax(vouch_libm_down(exp(d)), 0)), 1);
        }
    return fmin(vouch_div_up(1, sum), 1);
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    LINES(p, at)
    {
        const line l = {low[0]->f64 + at, high[0]->f64 + at, p->n, p->inner};
        for (int64_t i = 0; i < p->n; i++) {
            out_low[0]->f64[at + i * p->inner] = least(&l, i);
            out_high[0]->f64[at + i * p->inner] = greatest(&l, i);
        }
    }
    return VOUCH_OK;
}

const vouch_op vouch_op_Softmax = {
    .name = "Softmax",
    .summary = "exponentials divided by their sum",
    .citation = "ONNX Softmax-13",
    .op_class = VOUCH_OP_COMPOSITE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
};
