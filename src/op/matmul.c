/* MatMul and Gemm: Y = alpha op(A) op(B) + beta C.
 *
 * Plan: sizes m, k, n, the strides of op(A) and op(B), and for MatMul's leading dimensions the
 * offset of each product's operands under broadcasting. A vector operand is a matrix of one row
 * (left) or one column (right).
 *
 * Affine where A or B is constant, and always in C; two varying factors make it bilinear, with
 * an interval product for a range.
 *
 * SPEC: ONNX MatMul-13, Gemm-13 (Gemm-6 and before: C only with attribute `broadcast`).
 */
#include "num/sparse.h"
#include "op/affine.h"
#include "op/directed.h"
#include "op/expansion.h"

typedef struct plan {
    int64_t m, k, n, products;
    const int64_t *at[2];    /* [products] where A and B begin; NULL = 0 for all */
    int64_t stride[2][2];    /* row and column stride of op(A), op(B) */
    int64_t c_row, c_column; /* strides of C in the output */
    int64_t count[3];        /* elements of A, B, C */
    double alpha, beta;
    bool merged; /* all rows of A form one matrix and B is shared: one product does it all */
    const vouch_sparse *sparse; /* of a constant op(B) in a merged product; NULL: dense */
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

static vouch_status bad_shapes(vouch_context *ctx, const vouch_graph *g, const vouch_node *node)
{
    char a[VOUCH_SHAPE_TEXT], b[VOUCH_SHAPE_TEXT];
    return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "shapes %s and %s do not fit",
                           vouch_shape_print(&vouch_op_in(g, node, 0)->shape, a, sizeof a),
                           vouch_shape_print(&vouch_op_in(g, node, 1)->shape, b, sizeof b));
}

static vouch_status check_operands(vouch_context *ctx, const vouch_graph *g,
                                   const vouch_node *node, int most)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, most, 1));
    for (int i = 0; i < node->input_count; i++)
        VOUCH_TRY(vouch_op_check_float(ctx, g, node, i));
    return VOUCH_OK;
}

/* Offsets of every product's operand, in units of `size` elements. */
static const int64_t *plan_offsets(const vouch_graph *g, const vouch_shape *lead,
                                   const vouch_shape *all, int64_t size)
{
    int64_t stride[VOUCH_RANK_MAX];
    const int64_t count = vouch_shape_count(all);
    int64_t *at = VOUCH_NEW_ARRAY(g->arena, int64_t, count + 1);
    vouch_shape_strides(lead, all, stride);
    for (int64_t p = 0; at && p < count; p++) {
        int64_t rest = p;
        for (int i = all->rank - 1; i >= 0; i--) {
            at[p] += rest % all->dim[i] * stride[i] * size;
            rest /= all->dim[i];
        }
    }
    return at;
}

static vouch_status matmul_shapes(vouch_context *ctx, vouch_graph *g, vouch_node *node, plan *p)
{
    vouch_shape a = vouch_op_in(g, node, 0)->shape, b = vouch_op_in(g, node, 1)->shape, out;
    if (a.rank == 0 || b.rank == 0)
        return bad_shapes(ctx, g, node);
    const bool left = a.rank == 1, right = b.rank == 1;
    p->m = left ? 1 : a.dim[a.rank - 2];
    p->k = a.dim[a.rank - 1];
    p->n = right ? 1 : b.dim[b.rank - 1];
    const int64_t k = right ? b.dim[0] : b.dim[b.rank - 2];
    a.rank = left ? 0 : a.rank - 2;
    b.rank = right ? 0 : b.rank - 2;
    if (k != p->k || !vouch_shape_broadcast(&a, &b, &out))
        return bad_shapes(ctx, g, node);
    p->products = vouch_shape_count(&out);
    p->at[0] = plan_offsets(g, &a, &out, p->m * p->k);
    p->at[1] = plan_offsets(g, &b, &out, p->k * p->n);
    if (!p->at[0] || !p->at[1])
        return vouch_op_no_memory(ctx);
    p->merged = vouch_shape_count(&b) == 1 && vouch_shape_count(&a) == p->products;
    if (!left)
        out.dim[out.rank++] = p->m;
    if (!right)
        out.dim[out.rank++] = p->n;
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

static vouch_status find_sparse(vouch_graph *g, const vouch_node *node, plan *p)
{
    const vouch_tensor *b = vouch_op_constant(g, node, 1);
    if (!b || !p->merged)
        return VOUCH_OK;
    const vouch_matrix dense = vouch_op_matrix(b, 0, p->stride[1][0], p->stride[1][1]);
    return vouch_sparse_of(g->arena, &dense, p->k, p->n, &p->sparse);
}

static vouch_status matmul_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                   const void **state)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(check_operands(ctx, g, node, 2));
    VOUCH_TRY(matmul_shapes(ctx, g, node, p));
    p->alpha = p->beta = 1;
    p->stride[0][0] = p->k;
    p->stride[1][0] = p->n;
    p->stride[0][1] = p->stride[1][1] = 1;
    for (int i = 0; i < 2; i++)
        p->count[i] = vouch_shape_count(&vouch_op_in(g, node, i)->shape);
    *state = p;
    return find_sparse(g, node, p);
}

static vouch_status gemm_addend(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, plan *p, const vouch_shape *out)
{
    const vouch_value *c = vouch_op_in(g, node, 2);
    vouch_shape joined;
    int64_t stride[VOUCH_RANK_MAX];
    if (!c)
        return VOUCH_OK;
    if (c->shape.rank > 2 || !vouch_shape_broadcast(&c->shape, out, &joined) ||
        !vouch_shape_equal(&joined, out)) {
        char text[VOUCH_SHAPE_TEXT];
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "C of shape %s does not fit",
                               vouch_shape_print(&c->shape, text, sizeof text));
    }
    vouch_shape_strides(&c->shape, out, stride);
    p->c_row = stride[0];
    p->c_column = stride[1];
    p->count[2] = vouch_shape_count(&c->shape);
    return VOUCH_OK;
}

static vouch_status gemm_attributes(vouch_context *ctx, const vouch_graph *g,
                                    const vouch_node *node, plan *p, bool transposed[2])
{
    int64_t ta, tb;
    VOUCH_TRY(vouch_node_int(ctx, g, node, "transA", 0, &ta));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "transB", 0, &tb));
    VOUCH_TRY(vouch_node_real(ctx, g, node, "alpha", 1, &p->alpha));
    VOUCH_TRY(vouch_node_real(ctx, g, node, "beta", 1, &p->beta));
    if (!isfinite(p->alpha) || !isfinite(p->beta))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "alpha or beta is not finite");
    transposed[0] = ta != 0;
    transposed[1] = tb != 0;
    return VOUCH_OK;
}

static vouch_status gemm_prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                                 const void **state)
{
    bool t[2] = {false, false};
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(check_operands(ctx, g, node, 3));
    VOUCH_TRY(gemm_attributes(ctx, g, node, p, t));
    const vouch_shape *a = &vouch_op_in(g, node, 0)->shape,
                      *b = &vouch_op_in(g, node, 1)->shape;
    if (a->rank != 2 || b->rank != 2 || a->dim[!t[0]] != b->dim[t[1]])
        return bad_shapes(ctx, g, node);
    p->m = a->dim[t[0]];
    p->k = a->dim[!t[0]];
    p->n = b->dim[!t[1]];
    p->products = 1;
    p->stride[0][t[0]] = a->dim[1];
    p->stride[0][!t[0]] = 1;
    p->stride[1][t[1]] = b->dim[1];
    p->stride[1][!t[1]] = 1;
    p->merged = !t[0];
    p->count[0] = p->m * p->k;
    p->count[1] = p->k * p->n;
    const vouch_shape out = {.rank = 2, .dim = {p->m, p->n}};
    VOUCH_TRY(gemm_addend(ctx, g, node, p, &out));
    VOUCH_TRY(find_sparse(g, node, p));
    *state = p;
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

/* ---- products ---------------------------------------------------------------------------- */

static int64_t offset(const plan *p, int w, int64_t product)
{
    return p->at[w] ? p->at[w][product] : 0;
}

static vouch_matrix operand(const plan *p, int w, const vouch_tensor *t, int64_t product)
{
    return vouch_op_matrix(t, offset(p, w, product), p->stride[w][0], p->stride[w][1]);
}

static vouch_matrix transpose(vouch_matrix m)
{
    const int64_t row = m.row;
    m.row = m.column;
    m.column = row;
    return m;
}

static void *element(void *data, vouch_dtype dtype, int64_t i)
{
    return (char *)data + (size_t)i * vouch_dtype_size(dtype);
}

/* y = op(A) op(B), of the given type, for all products. */
static void multiply(const plan *p, const vouch_tensor *a, const vouch_tensor *b, void *y,
                     vouch_dtype dtype)
{
    const int64_t products = p->merged ? 1 : p->products;
    if (p->sparse && a->dtype == dtype) {
        if (dtype == VOUCH_F32)
            vouch_sparse_multiply32(p->sparse, p->products * p->m, a->f32, y);
        else
            vouch_sparse_multiply64(p->sparse, false, p->products * p->m, a->f64, y);
        return;
    }
    for (int64_t i = 0; i < products; i++) {
        const vouch_gemm g = {.m = p->merged ? p->products * p->m : p->m,
                              .n = p->n,
                              .k = p->k,
                              .a = operand(p, 0, a, i),
                              .b = operand(p, 1, b, i),
                              .c = element(y, dtype, i * p->m * p->n),
                              .c_row = p->n,
                              .c_column = 1};
        vouch_op_gemm(&g, dtype);
    }
}

#define SCALE_ADD(T, name)                                                                     \
    static void name(const plan *p, const T *c, T *y)                                          \
    {                                                                                          \
        const T alpha = (T)p->alpha, beta = (T)p->beta;                                        \
        for (int64_t i = 0; p->alpha != 1 && i < p->products * p->m * p->n; i++)               \
            y[i] *= alpha;                                                                     \
        for (int64_t i = 0; c && i < p->m; i++)                                                \
            for (int64_t j = 0; j < p->n; j++)                                                 \
                y[i * p->n + j] += beta * c[i * p->c_row + j * p->c_column];                   \
    }
SCALE_ADD(float, scale_add_f32)
SCALE_ADD(double, scale_add_f64)

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    const bool has_c = call->node->input_count > 2 && call->in[2];
    const vouch_tensor *c = has_c ? vouch_op_operand(call, 2, y->dtype) : NULL;
    if (has_c && !c)
        return vouch_op_no_memory(call->ctx);
    multiply(p, call->in[0], call->in[1], y->data, y->dtype);
    if (y->dtype == VOUCH_F32)
        scale_add_f32(p, c ? c->f32 : NULL, y->f32);
    else
        scale_add_f64(p, c ? c->f64 : NULL, y->f64);
    return VOUCH_OK;
}

/* ---- gradient ---------------------------------------------------------------------------- */

/* dA += alpha dY op(B)^T and dB += alpha op(A)^T dY, written through the operand's strides. dy
 * comes scaled by alpha. */
static void grad_factor(const plan *p, int w, const vouch_tensor *other, const vouch_tensor *dy,
                        vouch_tensor *dx)
{
    if (p->sparse && w == 0 && dx->dtype == dy->dtype) {
        if (dx->dtype == VOUCH_F32)
            vouch_sparse_transposed32(p->sparse, p->products * p->m, dy->f32, dx->f32);
        else
            vouch_sparse_transposed64(p->sparse, false, p->products * p->m, dy->f64, dx->f64);
        return;
    }
    for (int64_t i = 0; i < p->products; i++) {
        const vouch_matrix y = vouch_op_matrix(dy, i * p->m * p->n, p->n, 1);
        const vouch_matrix o = transpose(operand(p, !w, other, i));
        const vouch_gemm g = {.m = w ? p->k : p->m,
                              .n = w ? p->n : p->k,
                              .k = w ? p->m : p->n,
                              .a = w ? o : y,
                              .b = w ? y : o,
                              .c = element(dx->data, dx->dtype, offset(p, w, i)),
                              .c_row = p->stride[w][0],
                              .c_column = p->stride[w][1],
                              .accumulate = true};
        vouch_op_gemm(&g, dx->dtype);
    }
}

static void grad_addend(const plan *p, const vouch_tensor *dy, vouch_tensor *dc)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            const int64_t to = i * p->c_row + j * p->c_column, from = i * p->n + j;
            if (dc->dtype == VOUCH_F32)
                dc->f32[to] += (float)p->beta * dy->f32[from];
            else
                dc->f64[to] += p->beta * dy->f64[from];
        }
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *dy = d_out[0];
    if (call->node->input_count > 2 && d_in[2])
        grad_addend(p, dy, d_in[2]);
    if (p->alpha != 1) {
        vouch_tensor *scaled = vouch_tensor_convert(call->scratch, dy, dy->dtype);
        if (!scaled)
            return vouch_op_no_memory(call->ctx);
        for (int64_t i = 0; i < scaled->count; i++)
            vouch_tensor_set(scaled, i, p->alpha * vouch_tensor_get(scaled, i));
        dy = scaled;
    }
    for (int w = 0; w < 2; w++)
        if (d_in[w])
            grad_factor(p, w, call->in[!w], dy, d_in[w]);
    return VOUCH_OK;
}

/* ---- range ------------------------------------------------------------------------------- */

/* One entry of the interval product: sums of the least and greatest products, widened by
 * gamma_{k+1} of the sum of magnitudes (one rounding per product, k per sum). */
static void range_entry(const plan *p, const vouch_tensor *const *low,
                        const vouch_tensor *const *high, const int64_t at[2], double out[2])
{
    double least = 0, greatest = 0, size = 0;
    for (int64_t l = 0; l < p->k; l++) {
        const int64_t ia = at[0] + l * p->stride[0][1], ib = at[1] + l * p->stride[1][0];
        double lo, hi;
        vouch_interval_mul(low[0]->f64[ia], high[0]->f64[ia], low[1]->f64[ib], high[1]->f64[ib],
                           &lo, &hi);
        least += lo;
        greatest += hi;
        size += fmax(-lo, hi);
    }
    const double error = vouch_mul_up(vouch_gamma64(2 * p->k + 2), size);
    out[0] = vouch_add_down(least, -error);
    out[1] = vouch_add_up(greatest, error);
    if (!isfinite(size)) {
        out[0] = isnan(out[0]) ? -(double)INFINITY : out[0];
        out[1] = isnan(out[1]) ? (double)INFINITY : out[1];
    }
    double lo, hi;
    vouch_interval_mul(out[0], out[1], p->alpha, p->alpha, &lo, &hi);
    out[0] = p->alpha == 1 ? out[0] : lo;
    out[1] = p->alpha == 1 ? out[1] : hi;
}

static void range_addend(const plan *p, double l, double h, double out[2])
{
    double lo = vouch_product_down(p->beta, p->beta < 0 ? h : l);
    double hi = vouch_product_up(p->beta, p->beta < 0 ? l : h);
    out[0] = vouch_sum_down(out[0], lo);
    out[1] = vouch_sum_up(out[1], hi);
}

static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    const plan *p = call->node->state;
    const bool a = vouch_op_constant(call->graph, call->node, 0) != NULL;
    const bool b = vouch_op_constant(call->graph, call->node, 1) != NULL;
    if (a != b)
        return vouch_op_affine_range(call, low, high, out_low[0], out_high[0]);
    const bool addend = call->node->input_count > 2 && low[2];
    for (int64_t i = 0; i < p->products * p->m * p->n; i++) {
        const int64_t product = i / (p->m * p->n), row = i / p->n % p->m, column = i % p->n;
        const int64_t at[2] = {offset(p, 0, product) + row * p->stride[0][0],
                               offset(p, 1, product) + column * p->stride[1][1]};
        double out[2];
        range_entry(p, low, high, at, out);
        const int64_t c = row * p->c_row + column * p->c_column;
        if (addend)
            range_addend(p, low[2]->f64[c], high[2]->f64[c], out);
        out_low[0]->f64[i] = out[0];
        out_high[0]->f64[i] = out[1];
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void scale(double factor, int64_t n, double *x)
{
    for (int64_t i = 0; factor != 1 && i < n; i++)
        x[i] *= factor;
}

/* One vector through the constant factor: y from x, or x from y (transposed). */
static void factor_vector(const vouch_linear_call *call, const plan *p, const double *in,
                          double *out)
{
    const int w = call->which;
    const vouch_tensor *other = vouch_op_constant(call->graph, call->node, !w);
    const bool transposed = vouch_op_transposed(call->mode);
    if (transposed)
        memset(out, 0, (size_t)p->count[w] * sizeof *out);
    for (int64_t i = 0; i < p->products; i++) {
        vouch_matrix o = operand(p, !w, other, i);
        o.absolute = vouch_op_absolute(call->mode);
        if (transposed)
            o = transpose(o);
        const vouch_matrix x = transposed ? vouch_op_matrix64(in + i * p->m * p->n, p->n, 1)
                                          : vouch_op_matrix64(in + offset(p, w, i),
                                                              p->stride[w][0], p->stride[w][1]);
        vouch_gemm g = {.m = p->m,
                        .n = p->n,
                        .k = p->k,
                        .a = w ? o : x,
                        .b = w ? x : o,
                        .c = out + i * p->m * p->n,
                        .c_row = p->n,
                        .c_column = 1};
        if (transposed) {
            g.m = w ? p->k : p->m;
            g.n = w ? p->n : p->k;
            g.k = w ? p->m : p->n;
            g.c = out + offset(p, w, i);
            g.c_row = p->stride[w][0];
            g.c_column = p->stride[w][1];
            g.accumulate = true;
        }
        vouch_gemm64(&g);
    }
}

static void factor_sparse(const vouch_linear_call *call, const plan *p)
{
    const bool absolute = vouch_op_absolute(call->mode);
    const int64_t count = call->batch * p->products * p->m;
    if (!vouch_op_transposed(call->mode)) {
        vouch_sparse_multiply64(p->sparse, absolute, count, call->in, call->out);
        return;
    }
    memset(call->out, 0, (size_t)(count * p->k) * sizeof *call->out);
    vouch_sparse_transposed64(p->sparse, absolute, count, call->in, call->out);
}

/* Elements of a row of what factor_merged makes. */
static int64_t row_size(const vouch_linear_call *call, const plan *p)
{
    return call->pick ? call->pick_count : vouch_op_transposed(call->mode) ? p->k : p->n;
}

/* All vectors at once where the rows of the varying left factor form one matrix. */
static void factor_merged(const vouch_linear_call *call, const plan *p)
{
    const bool transposed = vouch_op_transposed(call->mode);
    vouch_matrix b = operand(p, 1, vouch_op_constant(call->graph, call->node, 1), 0);
    b.absolute = vouch_op_absolute(call->mode);
    const int64_t in = transposed ? p->n : p->k, out = row_size(call, p);
    b = transposed ? transpose(b) : b;
    b.columns = call->pick;
    const vouch_gemm g = {.m = call->batch * p->products * p->m,
                          .n = out,
                          .k = in,
                          .a = vouch_op_matrix64(call->in, in, 1),
                          .b = b,
                          .c = call->out,
                          .c_row = out,
                          .c_column = 1,
                          .thin = transposed};
    vouch_gemm64(&g);
}

/* Have all rows one entry that is not zero? */
static bool all_lone(int64_t count, int64_t size, const double *row)
{
    for (int64_t r = 0; r < count; r++) {
        int64_t met = 0;
        for (int64_t j = 0; j < size && met < 2; j++)
            met += row[r * size + j] != 0;
        if (met != 1)
            return false;
    }
    return true;
}

/* out[i] = x b(j, i) */
static void scale_row(const vouch_matrix *b, int64_t j, double x, int64_t count, double *out)
{
    const float *narrow = b->data;
    const double *wide = b->data;
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = j * b->row + (b->columns ? b->columns[i] : i) * b->column;
        out[i] = x * (b->is_float ? (double)narrow[at] : wide[at]);
    }
}

/* Such rows, transposed, are rows of the factor, scaled: where walks of neurons begin. */
static void factor_rows(const vouch_linear_call *call, const plan *p)
{
    vouch_matrix b = operand(p, 1, vouch_op_constant(call->graph, call->node, 1), 0);
    const int64_t out = row_size(call, p);
    b = transpose(b);
    b.columns = call->pick;
    for (int64_t r = 0; r < call->batch * p->products * p->m; r++) {
        const double *row = call->in + r * p->n;
        int64_t j = 0;
        while (row[j] == 0)
            j++;
        scale_row(&b, j, row[j], out, call->out + r * out);
    }
}

static void linear_factor(const vouch_linear_call *call, const plan *p)
{
    const int64_t y = p->products * p->m * p->n, x = p->count[call->which];
    const int64_t in = vouch_op_transposed(call->mode) ? y : x;
    const int64_t out = call->pick ? call->pick_count : vouch_op_transposed(call->mode) ? x : y;
    if (call->which == 0 && p->sparse)
        factor_sparse(call, p);
    else if (call->which == 0 && p->merged && call->mode == VOUCH_LINEAR_TRANSPOSED &&
             all_lone(call->batch * p->products * p->m, p->n, call->in))
        factor_rows(call, p);
    else if (call->which == 0 && p->merged)
        factor_merged(call, p);
    else
        for (int64_t v = 0; v < call->batch; v++)
            factor_vector(call, p, call->in + v * in, call->out + v * out);
    scale(vouch_op_absolute(call->mode) ? fabs(p->alpha) : p->alpha, call->batch * out,
          call->out);
}

static void linear_addend(const vouch_linear_call *call, const plan *p)
{
    const bool transposed = vouch_op_transposed(call->mode);
    const double beta = vouch_op_absolute(call->mode) ? fabs(p->beta) : p->beta;
    const int64_t y = p->m * p->n, c = p->count[2];
    if (transposed)
        memset(call->out, 0, (size_t)(call->batch * c) * sizeof *call->out);
    for (int64_t v = 0; v < call->batch; v++)
        for (int64_t i = 0; i < y; i++) {
            const int64_t at = v * c + i / p->n * p->c_row + i % p->n * p->c_column;
            if (transposed)
                call->out[at] += beta * call->in[v * y + i];
            else
                call->out[v * y + i] = beta * call->in[at];
        }
}

/* What the constants add: beta C, and alpha A B if both factors are constant. */
static void offset_vector(const vouch_linear_call *call, const plan *p, double *out)
{
    const vouch_tensor *a = vouch_op_constant(call->graph, call->node, 0);
    const vouch_tensor *b = vouch_op_constant(call->graph, call->node, 1);
    const vouch_tensor *c = vouch_op_constant(call->graph, call->node, 2);
    const bool absolute = vouch_op_absolute(call->mode);
    const double beta = absolute ? fabs(p->beta) : p->beta;
    if (a && b) {
        for (int64_t i = 0; i < p->products; i++) {
            vouch_gemm g = {.m = p->m,
                            .n = p->n,
                            .k = p->k,
                            .a = operand(p, 0, a, i),
                            .b = operand(p, 1, b, i),
                            .c = out + i * p->m * p->n,
                            .c_row = p->n,
                            .c_column = 1};
            g.a.absolute = g.b.absolute = absolute;
            vouch_gemm64(&g);
        }
        scale(absolute ? fabs(p->alpha) : p->alpha, p->products * p->m * p->n, out);
    } else {
        memset(out, 0, (size_t)(p->products * p->m * p->n) * sizeof *out);
    }
    for (int64_t i = 0; c && i < p->m * p->n; i++) {
        const double x = vouch_tensor_get(c, i / p->n * p->c_row + i % p->n * p->c_column);
        out[i] += beta * (absolute ? fabs(x) : x);
    }
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    const int64_t y = p->products * p->m * p->n;
    if (vouch_op_offset(call->mode)) {
        for (int64_t v = 0; v < call->batch; v++)
            offset_vector(call, p, call->out + v * y);
    } else if (call->which == 2) {
        linear_addend(call, p);
    } else {
        linear_factor(call, p);
    }
    return VOUCH_OK;
}

/* Columns of a dense factor that a single row meets. */
static bool picks(const vouch_graph *g, const vouch_node *node, int which)
{
    const plan *p = node->state;
    return which == 0 && vouch_op_constant(g, node, 1) && p->merged && !p->sparse &&
           p->products * p->m == 1;
}

/* A sparse product's longest sum; else a product's k terms forward; backward n (or m) for every product that shares the operand;
 * alpha, beta and the sum with C round once each. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const plan *p = node->state;
    const int64_t y = p->products * p->m * p->n;
    int64_t most = p->sparse ? p->sparse->longest : p->k;
    for (int w = p->sparse ? 2 : 0; w < 3; w++) {
        if (p->count[w] == 0)
            continue;
        /* outputs that one element of the operand reaches */
        const int64_t each = w == 2 ? 1 : w == 1 ? p->m : p->n;
        const int64_t share = w == 2
                                  ? y / p->count[2]
                                  : p->products * (w ? p->k * p->n : p->m * p->k) / p->count[w];
        most = each * share > most ? each * share : most;
    }
    return most + 2 + (p->count[2] > 0 ? 1 : 0);
}

/* Are A and b stored numbers? Not where alpha or beta scales them, nor where b is a product. */
static bool exact(const vouch_graph *g, const vouch_node *node)
{
    const plan *p = node->state;
    const bool constant = vouch_op_constant(g, node, 0) && vouch_op_constant(g, node, 1);
    return p->alpha == 1 && p->beta == 1 && !constant;
}

static bool is_affine(const vouch_graph *g, const vouch_node *node, const bool *varying)
{
    (void)g;
    return !(varying[node->input[0]] && varying[node->input[1]]);
}

/* ---- products of varying operands -------------------------------------------------------- */

static int64_t products(const vouch_graph *g, const vouch_node *node, int64_t i,
                        vouch_product *product)
{
    (void)g;
    const plan *p = node->state;
    const int64_t which = i / (p->m * p->n), row = i / p->n % p->m, column = i % p->n;
    const int64_t left = offset(p, 0, which) + row * p->stride[0][0];
    const int64_t right = offset(p, 1, which) + column * p->stride[1][1];
    for (int64_t l = 0; product && l < p->k; l++)
        product[l] = (vouch_product){.left = left + l * p->stride[0][1],
                                     .right = right + l * p->stride[1][0]};
    return p->k;
}

static int scaled(struct vouch_op_expansion *into, int x, double factor)
{
    return factor == 1
               ? x
               : vouch_emit_node(into, "Mul", x, vouch_emit_scalar(into, factor), NULL, -1);
}

/* alpha A B + beta C of varying A and B: the product first, the rest is affine. */
static vouch_status gemm_decompose(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                   struct vouch_op_expansion *into)
{
    const plan *p = node->state;
    int factor[2] = {node->input[0], node->input[1]};
    if (g->value[factor[0]].constant || g->value[factor[1]].constant)
        return VOUCH_OK;
    for (int w = 0; w < 2; w++) {
        int64_t transposed;
        VOUCH_TRY(vouch_node_int(ctx, g, node, w ? "transB" : "transA", 0, &transposed));
        if (transposed)
            factor[w] = vouch_emit_node(into, "Transpose", factor[w], -1, NULL, -1);
    }
    const bool addend = node->input_count > 2 && node->input[2] >= 0;
    const bool last = !addend && p->alpha == 1;
    int y = vouch_emit_node(into, "MatMul", factor[0], factor[1], NULL,
                            last ? node->output[0] : -1);
    if (p->alpha != 1)
        y = vouch_emit_node(into, "Mul", y, vouch_emit_scalar(into, p->alpha), NULL,
                            addend ? -1 : node->output[0]);
    if (addend)
        (void)vouch_emit_node(into, "Add", y, scaled(into, node->input[2], p->beta), NULL,
                              node->output[0]);
    return vouch_emit_status(into);
}

const vouch_op vouch_op_MatMul = {
    .name = "MatMul",
    .summary = "matrix product, leading dimensions broadcast",
    .citation = "ONNX MatMul-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = matmul_prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = is_affine,
    .otherwise = VOUCH_OP_BILINEAR,
    .linear = linear,
    .picks = picks,
    .terms = terms,
    .exact = exact,
    .products = products,
};

const vouch_op vouch_op_Gemm = {
    .name = "Gemm",
    .summary = "alpha A B + beta C, A and B optionally transposed",
    .citation = "ONNX Gemm-13",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = gemm_prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .is_affine = is_affine,
    .otherwise = VOUCH_OP_BILINEAR,
    .linear = linear,
    .picks = picks,
    .terms = terms,
    .exact = exact,
    .decompose = gemm_decompose,
};
