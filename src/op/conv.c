/* Conv: grouped convolution in one to three dimensions.
 *
 * As a matrix product per image and group: the weights [M/G][K], K = C/G * kernel, times the
 * columns [K][positions] that the windows see. Columns are laid out for a few output rows at a
 * time, so that they stay small. The transposed product goes the other way: weights^T times the
 * outputs gives columns, which are added back to where they came from.
 *
 * SPEC: ONNX Conv-11 (weights and bias constant).
 */
#include "op/affine.h"
#include "op/window.h"

typedef struct plan {
    vouch_window w;
    int64_t groups, c, m; /* c, m: channels of a group in and out */
    int64_t depth;        /* K */
    int64_t rows;         /* output rows: all spatial dimensions but the last */
    const vouch_tensor *weight, *bias;
} plan;

/* ---- planning ---------------------------------------------------------------------------- */

static vouch_status read_operands(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                  plan *p)
{
    VOUCH_TRY(vouch_op_check_arity(ctx, g, node, 2, 3, 1));
    for (int i = 0; i < node->input_count; i++)
        VOUCH_TRY(vouch_op_check_float(ctx, g, node, i));
    VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 1, "weights", &p->weight));
    if (vouch_op_in(g, node, 2))
        VOUCH_TRY(vouch_op_need_constant(ctx, g, node, 2, "bias", &p->bias));
    VOUCH_TRY(vouch_node_int(ctx, g, node, "group", 1, &p->groups));
    return VOUCH_OK;
}

static vouch_status check_weights(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const plan *p)
{
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape, *w = &p->weight->shape;
    char tx[VOUCH_SHAPE_TEXT], tw[VOUCH_SHAPE_TEXT];
    const bool fits = x->rank == w->rank && x->rank >= 3 && p->groups > 0 &&
                      p->groups <= x->dim[1] && x->dim[1] % p->groups == 0 &&
                      w->dim[1] == x->dim[1] / p->groups && w->dim[0] % p->groups == 0 &&
                      p->weight->count > 0;
    if (!fits)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "input %s and weights %s do not fit (group %lld)",
                               vouch_shape_print(x, tx, sizeof tx),
                               vouch_shape_print(w, tw, sizeof tw), (long long)p->groups);
    if (p->bias && (p->bias->shape.rank != 1 || p->bias->count != w->dim[0]))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "the bias has shape %s",
                               vouch_shape_print(&p->bias->shape, tx, sizeof tx));
    return VOUCH_OK;
}

static vouch_status prepare(vouch_context *ctx, vouch_graph *g, vouch_node *node,
                            const void **state)
{
    plan *p = VOUCH_NEW(g->arena, plan);
    if (!p)
        return vouch_op_no_memory(ctx);
    VOUCH_TRY(read_operands(ctx, g, node, p));
    VOUCH_TRY(check_weights(ctx, g, node, p));
    VOUCH_TRY(vouch_window_prepare(ctx, g, node, p->weight->shape.dim + 2, &p->w));
    p->c = p->w.channels / p->groups;
    p->m = p->weight->shape.dim[0] / p->groups;
    p->depth = p->c * p->w.kernel_size;
    p->rows = p->w.out[0] * p->w.out[1];
    *state = p;
    const vouch_shape out = vouch_window_output(&p->w, p->m * p->groups);
    return vouch_op_set_output(ctx, g, node, 0, vouch_op_in(g, node, 0)->dtype, &out);
}

/* ---- columns ----------------------------------------------------------------------------- */

/* Outputs [from, to) of a row whose window element lies inside the input; `first` is the input
 * position of output 0. */
static void inside(const vouch_window *w, int64_t first, int64_t *from, int64_t *to)
{
    const int64_t s = w->stride[2], n = w->in[2];
    *from = first < 0 ? (-first + s - 1) / s : 0;
    *to = first >= n ? 0 : (n - 1 - first) / s + 1;
    if (*to > w->out[2])
        *to = w->out[2];
    if (*from > *to)
        *from = *to;
}

/* Input row that output row r's window element (kd, kh) looks at; -1 in the padding. */
static int64_t input_row(const vouch_window *w, int64_t r, int64_t kd, int64_t kh)
{
    const int64_t d = r / w->out[1] * w->stride[0] - w->pad[0] + kd * w->dilation[0];
    const int64_t h = r % w->out[1] * w->stride[1] - w->pad[1] + kh * w->dilation[1];
    return d < 0 || d >= w->in[0] || h < 0 || h >= w->in[1] ? -1 : d * w->in[1] + h;
}

/* One row of columns, to or from a row of the image. */
#define COLUMNS(T, gather_row, scatter_row, gather, scatter)                                   \
    static void gather_row(const vouch_window *w, const T *image, int64_t first, T *column)    \
    {                                                                                          \
        int64_t from = 0, to = 0;                                                              \
        const int64_t s = w->stride[2];                                                        \
        if (image)                                                                             \
            inside(w, first, &from, &to);                                                      \
        memset(column, 0, (size_t)w->out[2] * sizeof *column);                                 \
        for (int64_t o = from; o < to; o++)                                                    \
            column[o] = image[first + o * s];                                                  \
    }                                                                                          \
    static void scatter_row(const vouch_window *w, T *image, int64_t first, const T *column)   \
    {                                                                                          \
        int64_t from, to;                                                                      \
        const int64_t s = w->stride[2];                                                        \
        inside(w, first, &from, &to);                                                          \
        for (int64_t o = from; o < to; o++)                                                    \
            image[first + o * s] += column[o];                                                 \
    }                                                                                          \
    /* Columns of output rows r0..r1-1 for one group: [K][(r1-r0) * out] */                    \
    static void gather(const plan *p, const T *x, int64_t r0, int64_t r1, T *columns)          \
    {                                                                                          \
        const vouch_window *w = &p->w;                                                         \
        for (int64_t k = 0; k < p->depth; k++) {                                               \
            const int64_t e = k % w->kernel_size, kw = e % w->kernel[2];                       \
            const int64_t kh = e / w->kernel[2] % w->kernel[1];                                \
            const int64_t kd = e / w->kernel[2] / w->kernel[1];                                \
            const T *channel = x + k / w->kernel_size * w->in_size;                            \
            for (int64_t r = r0; r < r1; r++, columns += w->out[2]) {                          \
                const int64_t row = input_row(w, r, kd, kh);                                   \
                gather_row(w, row < 0 ? NULL : channel + row * w->in[2],                       \
                           kw * w->dilation[2] - w->pad[2], columns);                          \
            }                                                                                  \
        }                                                                                      \
    }                                                                                          \
    static void scatter(const plan *p, T *x, int64_t r0, int64_t r1, const T *columns)         \
    {                                                                                          \
        const vouch_window *w = &p->w;                                                         \
        for (int64_t k = 0; k < p->depth; k++) {                                               \
            const int64_t e = k % w->kernel_size, kw = e % w->kernel[2];                       \
            const int64_t kh = e / w->kernel[2] % w->kernel[1];                                \
            const int64_t kd = e / w->kernel[2] / w->kernel[1];                                \
            T *channel = x + k / w->kernel_size * w->in_size;                                  \
            for (int64_t r = r0; r < r1; r++, columns += w->out[2]) {                          \
                const int64_t row = input_row(w, r, kd, kh);                                   \
                if (row >= 0)                                                                  \
                    scatter_row(w, channel + row * w->in[2], kw * w->dilation[2] - w->pad[2],  \
                                columns);                                                      \
            }                                                                                  \
        }                                                                                      \
    }
COLUMNS(float, gather_row_f32, scatter_row_f32, gather_f32, scatter_f32)
COLUMNS(double, gather_row_f64, scatter_row_f64, gather_f64, scatter_f64)

/* ---- passes ------------------------------------------------------------------------------ */

typedef struct pass {
    const plan *p;
    const vouch_tensor *weight;
    vouch_dtype dtype; /* of images, columns, outputs */
    bool absolute;     /* |weights| */
    void *columns;     /* [K][step * out] */
    int64_t step;      /* output rows at a time */
} pass;

static bool pass_begin(pass *s, vouch_arena *scratch)
{
    enum { COLUMN_ELEMENTS = 1 << 18 };
    const int64_t width = s->p->depth * s->p->w.out[2];
    s->step = width > 0 ? COLUMN_ELEMENTS / width : 1;
    if (s->step < 1)
        s->step = 1;
    if (s->step > s->p->rows)
        s->step = s->p->rows;
    s->columns =
        vouch_arena_array(scratch, (size_t)(s->step * width + 1), vouch_dtype_size(s->dtype));
    return s->columns != NULL;
}

/* Address of element i. */
static void *at(const pass *s, void *base, int64_t i)
{
    return (char *)base + i * (int64_t)vouch_dtype_size(s->dtype);
}

static const void *at_const(const pass *s, const void *base, int64_t i)
{
    return (const char *)base + i * (int64_t)vouch_dtype_size(s->dtype);
}

static vouch_matrix group_weights(const pass *s, int64_t group)
{
    const plan *p = s->p;
    vouch_matrix w = vouch_op_matrix(s->weight, group * p->m * p->depth, p->depth, 1);
    w.absolute = s->absolute;
    return w;
}

static vouch_matrix dense(const pass *s, const void *data, int64_t row)
{
    return (vouch_matrix){
        .data = data, .row = row, .column = 1, .is_float = s->dtype == VOUCH_F32};
}

/* y = W x for one group of one image. */
static void forward_group(const pass *s, int64_t group, const void *x, void *y)
{
    const plan *p = s->p;
    for (int64_t r = 0; r < p->rows; r += s->step) {
        const int64_t end = r + s->step < p->rows ? r + s->step : p->rows;
        const int64_t n = (end - r) * p->w.out[2];
        if (s->dtype == VOUCH_F32)
            gather_f32(p, x, r, end, s->columns);
        else
            gather_f64(p, x, r, end, s->columns);
        const vouch_gemm g = {.m = p->m,
                              .n = n,
                              .k = p->depth,
                              .a = group_weights(s, group),
                              .b = dense(s, s->columns, n),
                              .c = at(s, y, r * p->w.out[2]),
                              .c_row = p->w.out_size,
                              .c_column = 1};
        vouch_op_gemm(&g, s->dtype);
    }
}

/* x += W^T y for one group of one image. */
static void backward_group(const pass *s, int64_t group, const void *y, void *x)
{
    const plan *p = s->p;
    for (int64_t r = 0; r < p->rows; r += s->step) {
        const int64_t end = r + s->step < p->rows ? r + s->step : p->rows;
        const int64_t n = (end - r) * p->w.out[2];
        const vouch_matrix w = group_weights(s, group);
        vouch_gemm g = {.m = p->depth,
                        .n = n,
                        .k = p->m,
                        .a = w,
                        .b = dense(s, at_const(s, y, r * p->w.out[2]), p->w.out_size),
                        .c = s->columns,
                        .c_row = n,
                        .c_column = 1};
        g.a.row = w.column;
        g.a.column = w.row;
        vouch_op_gemm(&g, s->dtype);
        if (s->dtype == VOUCH_F32)
            scatter_f32(p, x, r, end, s->columns);
        else
            scatter_f64(p, x, r, end, s->columns);
    }
}

/* All groups of `images` images; x is zeroed first in the backward direction if `clear`. */
static void run_images(const pass *s, int64_t images, bool backward, const void *in, void *out)
{
    const plan *p = s->p;
    for (int64_t i = 0; i < images * p->groups; i++) {
        const int64_t x = i * p->c * p->w.in_size, y = i * p->m * p->w.out_size;
        if (backward)
            backward_group(s, i % p->groups, at_const(s, in, y), at(s, out, x));
        else
            forward_group(s, i % p->groups, at_const(s, in, x), at(s, out, y));
    }
}

/* ---- values ------------------------------------------------------------------------------ */

static void add_bias(const plan *p, const vouch_tensor *bias, vouch_tensor *y)
{
    const int64_t size = p->w.out_size, channels = p->m * p->groups;
    for (int64_t i = 0; bias && i < p->w.batch * channels; i++) {
        const double b = vouch_tensor_get(bias, i % channels);
        for (int64_t o = i * size; o < (i + 1) * size; o++) {
            if (y->dtype == VOUCH_F32)
                y->f32[o] += (float)b;
            else
                y->f64[o] += b;
        }
    }
}

static vouch_status eval(const vouch_op_call *call)
{
    const plan *p = call->node->state;
    vouch_tensor *y = call->out[0];
    pass s = {.p = p, .weight = call->in[1], .dtype = y->dtype};
    const vouch_tensor *x = vouch_op_operand(call, 0, y->dtype);
    if (!x || !pass_begin(&s, call->scratch))
        return vouch_op_no_memory(call->ctx);
    run_images(&s, p->w.batch, false, x->data, y->data);
    add_bias(p, call->node->input_count > 2 ? call->in[2] : NULL, y);
    return VOUCH_OK;
}

/* dW += dY columns(x)^T for one image and group. */
static void grad_weights(const pass *s, const void *x, const void *dy, void *dw)
{
    const plan *p = s->p;
    for (int64_t r = 0; r < p->rows; r += s->step) {
        const int64_t end = r + s->step < p->rows ? r + s->step : p->rows;
        const int64_t n = (end - r) * p->w.out[2];
        if (s->dtype == VOUCH_F32)
            gather_f32(p, x, r, end, s->columns);
        else
            gather_f64(p, x, r, end, s->columns);
        vouch_gemm g = {.m = p->m,
                        .n = p->depth,
                        .k = n,
                        .a = dense(s, at_const(s, dy, r * p->w.out[2]), p->w.out_size),
                        .b = dense(s, s->columns, 1),
                        .c = dw,
                        .c_row = p->depth,
                        .c_column = 1,
                        .accumulate = true};
        g.b.column = n;
        vouch_op_gemm(&g, s->dtype);
    }
}

static void grad_bias(const plan *p, const vouch_tensor *dy, vouch_tensor *db)
{
    const int64_t channels = p->m * p->groups;
    for (int64_t i = 0; i < dy->count; i++) {
        const int64_t c = i / p->w.out_size % channels;
        vouch_tensor_set(db, c, vouch_tensor_get(db, c) + vouch_tensor_get(dy, i));
    }
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    const plan *p = call->node->state;
    const vouch_tensor *dy = d_out[0];
    pass s = {.p = p, .weight = call->in[1], .dtype = dy->dtype};
    if (!pass_begin(&s, call->scratch))
        return vouch_op_no_memory(call->ctx);
    if (d_in[0])
        run_images(&s, p->w.batch, true, dy->data, d_in[0]->data);
    for (int64_t i = 0; d_in[1] && i < p->w.batch * p->groups; i++)
        grad_weights(&s, at_const(&s, call->in[0]->data, i * p->c * p->w.in_size),
                     at_const(&s, dy->data, i * p->m * p->w.out_size),
                     at(&s, d_in[1]->data, i % p->groups * p->m * p->depth));
    if (call->node->input_count > 2 && d_in[2])
        grad_bias(p, dy, d_in[2]);
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void offset(const vouch_linear_call *call, const plan *p)
{
    const int64_t size = p->w.out_size, channels = p->m * p->groups;
    const bool absolute = vouch_op_absolute(call->mode);
    for (int64_t i = 0; i < call->batch * p->w.batch * channels; i++) {
        const double b = p->bias ? vouch_tensor_get(p->bias, i % channels) : 0;
        for (int64_t o = i * size; o < (i + 1) * size; o++)
            call->out[o] = absolute ? fabs(b) : b;
    }
}

static vouch_status products(const vouch_linear_call *call, const plan *p)
{
    const bool backward = vouch_op_transposed(call->mode);
    const int64_t images = call->batch * p->w.batch;
    pass s = {.p = p,
              .weight = p->weight,
              .dtype = VOUCH_F64,
              .absolute = vouch_op_absolute(call->mode)};
    if (!pass_begin(&s, call->scratch))
        return vouch_op_no_memory(call->ctx);
    if (backward)
        memset(call->out, 0,
               (size_t)(images * p->w.channels * p->w.in_size) * sizeof *call->out);
    run_images(&s, images, backward, call->in, call->out);
    return VOUCH_OK;
}

static vouch_status linear(const vouch_linear_call *call)
{
    const plan *p = call->node->state;
    if (vouch_op_offset(call->mode)) {
        offset(call, p);
        return VOUCH_OK;
    }
    const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
    const vouch_status status = products(call, p);
    vouch_arena_reset(call->scratch, mark);
    return status;
}

/* K products forward; backward every input element meets each output channel of its group at
 * most once per kernel element. */
static int64_t terms(const vouch_graph *g, const vouch_node *node)
{
    (void)g;
    const plan *p = node->state;
    const int64_t backward = p->m * p->w.kernel_size;
    return (p->depth > backward ? p->depth : backward) + 1;
}

/* One product an entry, and the bias as stored. */
static bool exact(const vouch_graph *g, const vouch_node *node)
{
    (void)g, (void)node;
    return true;
}

const vouch_op vouch_op_Conv = {
    .name = "Conv",
    .summary = "convolution in 1 to 3 dimensions, any stride, dilation, group",
    .citation = "ONNX Conv-11",
    .op_class = VOUCH_OP_AFFINE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .linear = linear,
    .terms = terms,
    .exact = exact,
};
