/* Convolution in both directions as matrix products; see conv_pass.h.
 *
 * With the columns [taps x channels][positions] of some images gathered (conv_phase.h says from
 * where), a product with the weights gives [channels][positions]. Backward sums over all m x
 * taps at once: no scatter of partial sums.
 *
 * Columns are made for as many images, or rows of one, as stay in the cache. Where images are
 * many, conv_batch.c does without columns.
 */
#include "op/conv_pass.h"

#include "op/conv_phase.h"

enum { COLUMN_ELEMENTS = 1 << 16, FEW_IMAGES = 8 };

typedef vouch_conv_axis axis;
typedef vouch_conv_phase phase;

typedef struct pass {
    const vouch_conv_call *call;
    const phase *p;
    vouch_matrix weights; /* of the group, [out_channels][depth] */
    void *columns, *result;
    int64_t group;
} pass;

/* ---- columns ----------------------------------------------------------------------------- */

/* Targets of a row whose source lies inside: [*from, *to). */
static void inside(const axis *a, int64_t start, int64_t size, int64_t *from, int64_t *to)
{
    *from = start < 0 ? (-start + a->step - 1) / a->step : 0;
    *to = start >= size ? 0 : (size - 1 - start) / a->step + 1;
    *to = *to < a->count ? *to : a->count;
    *from = *from < *to ? *from : *to;
}

#define COLUMNS(T, gather_row, gather, put)                                                    \
    static void gather_row(const axis *a, const T *from, int64_t start, int64_t size,          \
                           T *restrict to)                                                     \
    {                                                                                          \
        int64_t first, last;                                                                   \
        inside(a, start, size, &first, &last);                                                 \
        for (int64_t j = 0; j < first; j++)                                                    \
            to[j] = 0;                                                                         \
        if (a->step == 1)                                                                      \
            for (int64_t j = first; j < last; j++)                                             \
                to[j] = from[start + j];                                                       \
        else                                                                                   \
            for (int64_t j = first; j < last; j++)                                             \
                to[j] = from[start + j * a->step];                                             \
        for (int64_t j = last; j < a->count; j++)                                              \
            to[j] = 0;                                                                         \
    }                                                                                          \
    /* rows r0..r1-1 of one image's group into columns with `pitch` positions a line */        \
    static void gather(const phase *p, const T *x, int64_t r0, int64_t r1, int64_t pitch,      \
                       T *columns)                                                             \
    {                                                                                          \
        const axis *a = &p->a[2];                                                              \
        for (int64_t k = 0; k < p->depth; k++, columns += pitch) {                             \
            const int64_t t = k % p->taps, start = a->start[t % a->taps];                      \
            const T *channel = x + k / p->taps * p->source_size;                               \
            T *to = columns;                                                                   \
            for (int64_t r = r0; r < r1; r++, to += a->count) {                                \
                const int64_t row = vouch_conv_source_row(p, r, t);                            \
                if (row < 0)                                                                   \
                    memset(to, 0, (size_t)a->count * sizeof *to);                              \
                else                                                                           \
                    gather_row(a, channel + row * p->source[2], start, p->source[2], to);      \
            }                                                                                  \
        }                                                                                      \
    }                                                                                          \
    /* the result's rows to where they belong in one image's group */                          \
    static void put(const phase *p, const T *result, int64_t r0, int64_t r1, int64_t pitch,    \
                    bool add, T *y)                                                            \
    {                                                                                          \
        const axis *a = &p->a[2];                                                              \
        for (int64_t i = 0; i < p->out_channels; i++) {                                        \
            const T *from = result + i * pitch;                                                \
            for (int64_t r = r0; r < r1; r++, from += a->count) {                              \
                T *to = y + i * p->target_size + vouch_conv_target_row(p, r) * p->target[2] +  \
                        a->first;                                                              \
                if (add)                                                                       \
                    for (int64_t j = 0; j < a->count; j++)                                     \
                        to[j * a->gap] += from[j];                                             \
                else if (a->gap == 1)                                                          \
                    memcpy(to, from, (size_t)a->count * sizeof *to);                           \
                else                                                                           \
                    for (int64_t j = 0; j < a->count; j++)                                     \
                        to[j * a->gap] = from[j];                                              \
            }                                                                                  \
        }                                                                                      \
    }
COLUMNS(float, gather_row_f32, gather_f32, put_f32)
COLUMNS(double, gather_row_f64, gather_f64, put_f64)

/* ---- products ---------------------------------------------------------------------------- */

static size_t size_of(const pass *s) { return vouch_dtype_size(s->call->dtype); }

static const void *at_const(const pass *s, const void *base, int64_t i)
{
    return (const char *)base + i * (int64_t)size_of(s);
}

static void *at(const pass *s, void *base, int64_t i)
{
    return (char *)base + i * (int64_t)size_of(s);
}

/* One image's group in the source and in the target. */
static const void *source_of(const pass *s, int64_t image)
{
    const int64_t groups = s->call->conv->groups;
    return at_const(s, s->call->in,
                    (image * groups + s->group) * s->p->in_channels * s->p->source_size);
}

static void *target_of(const pass *s, int64_t image)
{
    const int64_t groups = s->call->conv->groups;
    return at(s, s->call->out,
              (image * groups + s->group) * s->p->out_channels * s->p->target_size);
}

static vouch_matrix columns_of(const pass *s, const void *data, int64_t pitch)
{
    return (vouch_matrix){
        .data = data, .row = pitch, .column = 1, .is_float = s->call->dtype == VOUCH_F32};
}

/* result [out_channels][n], lines `pitch` apart, (+)= weights x columns */
static void multiply(const pass *s, const void *columns, int64_t column_pitch, int64_t n,
                     void *result, int64_t pitch, bool add)
{
    const vouch_gemm g = {.m = s->p->out_channels,
                          .n = n,
                          .k = s->p->depth,
                          .a = s->weights,
                          .b = columns_of(s, columns, column_pitch),
                          .c = result,
                          .c_row = pitch,
                          .c_column = 1,
                          .accumulate = add};
    vouch_op_gemm(&g, s->call->dtype);
}

static void gather_image(const pass *s, int64_t image, int64_t r0, int64_t r1, int64_t pitch,
                         void *columns)
{
    if (s->call->dtype == VOUCH_F32)
        gather_f32(s->p, source_of(s, image), r0, r1, pitch, columns);
    else
        gather_f64(s->p, source_of(s, image), r0, r1, pitch, columns);
}

static void put_image(const pass *s, int64_t image, int64_t r0, int64_t r1, int64_t pitch,
                      const void *result)
{
    if (s->call->dtype == VOUCH_F32)
        put_f32(s->p, result, r0, r1, pitch, s->call->add, target_of(s, image));
    else
        put_f64(s->p, result, r0, r1, pitch, s->call->add, target_of(s, image));
}

/* Images first .. last - 1, each as a whole. */
static void run_images(const pass *s, int64_t first, int64_t last)
{
    const phase *p = s->p;
    const int64_t pitch = (last - first) * p->positions;
    for (int64_t i = first; i < last; i++)
        gather_image(s, i, 0, p->rows, pitch, at(s, s->columns, (i - first) * p->positions));
    multiply(s, s->columns, pitch, pitch, s->result, pitch, false);
    for (int64_t i = first; i < last; i++)
        put_image(s, i, 0, p->rows, pitch, at_const(s, s->result, (i - first) * p->positions));
}

/* One image, some rows at a time. */
static void run_rows(const pass *s, int64_t image, int64_t step)
{
    const phase *p = s->p;
    const int64_t length = p->a[2].count;
    for (int64_t r = 0; r < p->rows; r += step) {
        const int64_t end = r + step < p->rows ? r + step : p->rows, n = (end - r) * length;
        void *to = p->dense ? at(s, target_of(s, image), r * length) : s->result;
        gather_image(s, image, r, end, n, s->columns);
        multiply(s, s->columns, n, n, to, p->dense ? p->target_size : n,
                 p->dense && s->call->add);
        if (!p->dense)
            put_image(s, image, r, end, n, s->result);
    }
}

/* Are images columns as they are? */
static bool is_direct(const phase *p)
{
    return p->direct && (p->positions >= 64 || COLUMN_ELEMENTS / (p->depth * p->positions) < 2);
}

static void run_group(const pass *s)
{
    const phase *p = s->p;
    const int64_t images = s->call->images, whole = p->depth * p->positions;
    const int64_t together = COLUMN_ELEMENTS / whole;
    if (is_direct(p)) {
        for (int64_t i = 0; i < images; i++)
            multiply(s, source_of(s, i), p->source_size, p->positions, target_of(s, i),
                     p->target_size, s->call->add);
    } else if (together >= 1) {
        for (int64_t i = 0; i < images; i += together)
            run_images(s, i, i + together < images ? i + together : images);
    } else {
        const int64_t row = p->depth * p->a[2].count;
        for (int64_t i = 0; i < images; i++)
            run_rows(s, i, row < COLUMN_ELEMENTS ? COLUMN_ELEMENTS / row : 1);
    }
}

/* How many elements the columns hold at a time: none, those of some images, or of some rows. */
static int64_t column_room(const pass *s)
{
    const phase *p = s->p;
    const int64_t row = p->depth * p->a[2].count, whole = p->depth * p->positions;
    const int64_t together = COLUMN_ELEMENTS / whole, images = s->call->images;
    if (is_direct(p))
        return 0;
    if (together >= 1)
        return (images < together ? images : together) * whole;
    return row > COLUMN_ELEMENTS ? row : COLUMN_ELEMENTS;
}

/* Room for the columns and results of a phase. */
static bool make_room(const phase *p, pass *s)
{
    const int64_t n = column_room(s);
    const int64_t results = n / p->depth * p->out_channels;
    s->columns = vouch_arena_array(s->call->scratch, (size_t)n, size_of(s));
    s->result = vouch_arena_array(s->call->scratch, (size_t)results, size_of(s));
    return s->columns && s->result;
}

static vouch_status run_phase(const vouch_conv_call *call, int64_t n)
{
    phase p;
    pass s = {.call = call, .p = &p};
    if (!vouch_conv_phase_make(call, n, &p))
        return vouch_op_no_memory(call->ctx);
    if (p.positions == 0 || p.depth == 0) /* no tap: nothing to add, and out is zero */
        return VOUCH_OK;
    if (!make_room(&p, &s))
        return vouch_op_no_memory(call->ctx);
    for (s.group = 0; s.group < call->conv->groups; s.group++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
        s.weights = vouch_conv_weights(call, &p, s.group);
        if (!s.weights.data)
            return vouch_op_no_memory(call->ctx);
        run_group(&s);
        vouch_arena_reset(call->scratch, mark);
    }
    return VOUCH_OK;
}

/* Does some phase write nothing? Then its targets must be cleared. */
static bool has_gaps(const vouch_window *w)
{
    for (int d = 0; d < VOUCH_CONV_DIMS; d++)
        if (w->stride[d] > w->kernel[d] || (w->dilation[d] > 1 && w->stride[d] > 1))
            return true;
    return false;
}

/* Is every image already its own columns, and wide enough for a product? */
static bool is_pointwise(const vouch_window *w)
{
    bool one = w->kernel_size == 1 && w->in_size >= 64;
    for (int d = 0; d < VOUCH_CONV_DIMS; d++)
        one = one && w->stride[d] == 1 && w->pad[d] == 0 && w->in[d] == w->out[d];
    return one;
}

vouch_status vouch_conv_apply(const vouch_conv_call *call)
{
    const vouch_conv *conv = call->conv;
    const vouch_window *w = &conv->w;
    const int64_t phases = vouch_conv_phases(call);
    if (call->backward && !call->add && has_gaps(w))
        memset(call->out, 0,
               (size_t)(call->images * conv->groups * conv->c * w->in_size) *
                   vouch_dtype_size(call->dtype));
    if (call->images >= FEW_IMAGES && !is_pointwise(w))
        return vouch_conv_apply_batch(call);
    const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
    vouch_status status = VOUCH_OK;
    for (int64_t n = 0; n < phases && !status; n++) {
        status = run_phase(call, n);
        vouch_arena_reset(call->scratch, mark);
    }
    return status;
}

/* ---- gradient of the weights ------------------------------------------------------------- */

/* d_weight of one group += d_y columns(x)^T, rows r0..r1-1 of one image. */
static void grad_rows(const pass *s, int64_t image, int64_t r0, int64_t r1, const void *d_y,
                      void *d_weight)
{
    const phase *p = s->p;
    const int64_t length = p->a[2].count, n = (r1 - r0) * length;
    const int64_t groups = s->call->conv->groups;
    const int64_t y = (image * groups + s->group) * p->out_channels * p->target_size;
    gather_image(s, image, r0, r1, n, s->columns);
    vouch_gemm g = {.m = p->out_channels,
                    .n = p->depth,
                    .k = n,
                    .a = columns_of(s, at_const(s, d_y, y + r0 * length), p->target_size),
                    .b = columns_of(s, s->columns, 1),
                    .c = at(s, d_weight, s->group * p->out_channels * p->depth),
                    .c_row = p->depth,
                    .c_column = 1,
                    .accumulate = true};
    g.b.column = n;
    vouch_op_gemm(&g, s->call->dtype);
}

vouch_status vouch_conv_grad_weight(const vouch_conv_call *call, const void *d_y,
                                    void *d_weight)
{
    phase p;
    pass s = {.call = call, .p = &p};
    vouch_conv_call forward = *call;
    forward.backward = false;
    if (!vouch_conv_phase_make(&forward, 0, &p) || !make_room(&p, &s))
        return vouch_op_no_memory(call->ctx);
    const int64_t row = p.depth * p.a[2].count;
    const int64_t step = row < COLUMN_ELEMENTS && row > 0 ? COLUMN_ELEMENTS / row : 1;
    for (int64_t i = 0; i < call->images; i++)
        for (s.group = 0; s.group < call->conv->groups; s.group++)
            for (int64_t r = 0; r < p.rows; r += step)
                grad_rows(&s, i, r, r + step < p.rows ? r + step : p.rows, d_y, d_weight);
    return VOUCH_OK;
}
