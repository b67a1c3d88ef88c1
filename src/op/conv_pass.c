/* Convolution in both directions as matrix products; see conv_pass.h.
 *
 * Either way a target position is a sum over taps, each of which reads one source position per
 * channel. Along a dimension, target j of `count` reads, for tap t,
 *
 *     forward   o = j:                         x[j stride + (t dilation - pad)]
 *     backward  p = first + j stride, for one residue of p + pad modulo the stride at a time:
 *               only taps t with t dilation = p + pad (mod stride) reach p, and read
 *               y[j + (first + pad - t dilation) / stride]
 *
 * so that both are "j step + start[t]", and backward runs over contiguous rows whatever the
 * stride. With the columns [taps x channels][positions] of some images gathered, a product with
 * the weights gives [channels][positions]. Backward sums over all m x taps at once: no scatter
 * of partial sums.
 *
 * Columns are made for as many images, or rows of one, as stay in the cache.
 */
#include "op/conv_pass.h"

#include "op/affine.h"

enum { DIMS = VOUCH_WINDOW_DIMS, COLUMN_ELEMENTS = 1 << 16 };

/* One dimension. */
typedef struct axis {
    int64_t count, step; /* targets; source steps between them */
    int64_t first, gap;  /* target j is position first + j gap */
    int64_t taps;
    const int64_t *start; /* [taps] source position of target 0 */
    const int64_t *tap;   /* [taps] index along the kernel */
} axis;

/* The targets that have the same taps. */
typedef struct phase {
    axis a[DIMS];
    int64_t source[DIMS], target[DIMS];   /* extents */
    int64_t source_size, target_size;     /* of one channel */
    int64_t in_channels, out_channels;    /* of a group */
    int64_t taps, depth, rows, positions; /* depth: taps x channels; rows of a[2].count */
    bool dense;                           /* targets are all positions, in order */
    bool direct;                          /* the source is the columns */
} phase;

typedef struct pass {
    const vouch_conv_call *call;
    const phase *p;
    const void *weight; /* [out_channels][depth] for one group, packed; NULL: as stored */
    void *columns, *result;
    int64_t group;
} pass;

/* ---- geometry ---------------------------------------------------------------------------- */

static bool forward_axis(vouch_arena *arena, const vouch_window *w, int d, axis *a)
{
    int64_t *start = VOUCH_NEW_ARRAY(arena, int64_t, 2 * w->kernel[d]);
    if (!start)
        return false;
    *a = (axis){.count = w->out[d],
                .step = w->stride[d],
                .gap = 1,
                .taps = w->kernel[d],
                .start = start,
                .tap = start + w->kernel[d]};
    for (int64_t t = 0; t < w->kernel[d]; t++) {
        start[t] = t * w->dilation[d] - w->pad[d];
        start[w->kernel[d] + t] = t;
    }
    return true;
}

/* Positions p with (p + pad) % stride == residue. */
static bool backward_axis(vouch_arena *arena, const vouch_window *w, int d, int64_t residue,
                          axis *a)
{
    const int64_t s = w->stride[d], k = w->kernel[d];
    int64_t *start = VOUCH_NEW_ARRAY(arena, int64_t, 2 * k), taps = 0;
    if (!start)
        return false;
    const int64_t first = ((residue - w->pad[d]) % s + s) % s;
    for (int64_t t = 0; t < k; t++) {
        if (t * w->dilation[d] % s != residue)
            continue;
        start[taps] = (first + w->pad[d] - t * w->dilation[d]) / s; /* divides */
        start[k + taps++] = t;
    }
    *a = (axis){.count = first < w->in[d] ? (w->in[d] - 1 - first) / s + 1 : 0,
                .step = 1,
                .first = first,
                .gap = s,
                .taps = taps,
                .start = start,
                .tap = start + k};
    return true;
}

/* The phase of number n (forward there is one). False when out of memory. */
static bool make_phase(const vouch_conv_call *call, int64_t n, phase *p)
{
    const vouch_conv *conv = call->conv;
    const vouch_window *w = &conv->w;
    const bool back = call->backward;
    *p = (phase){.in_channels = back ? conv->m : conv->c,
                 .out_channels = back ? conv->c : conv->m,
                 .source_size = back ? w->out_size : w->in_size,
                 .target_size = back ? w->in_size : w->out_size,
                 .taps = 1,
                 .positions = 1,
                 .dense = true,
                 .direct = true};
    for (int d = 0; d < DIMS; n /= w->stride[d++]) {
        axis *a = &p->a[d];
        if (!(back ? backward_axis(call->scratch, w, d, n % w->stride[d], a)
                   : forward_axis(call->scratch, w, d, a)))
            return false;
        p->source[d] = back ? w->out[d] : w->in[d];
        p->target[d] = back ? w->in[d] : w->out[d];
        p->taps *= a->taps;
        p->positions *= a->count;
        p->dense = p->dense && a->gap == 1;
        p->direct = p->direct && a->taps == 1 && a->start[0] == 0 && a->step == 1 &&
                    a->count == p->source[d];
    }
    p->direct = p->direct && p->dense;
    p->depth = p->taps * p->in_channels;
    p->rows = p->a[0].count * p->a[1].count;
    return true;
}

/* Targets of a row whose source lies inside: [*from, *to). */
static void inside(const axis *a, int64_t start, int64_t size, int64_t *from, int64_t *to)
{
    *from = start < 0 ? (-start + a->step - 1) / a->step : 0;
    *to = start >= size ? 0 : (size - 1 - start) / a->step + 1;
    *to = *to < a->count ? *to : a->count;
    *from = *from < *to ? *from : *to;
}

/* Source row (over the first two dimensions) of target row r for tap t; -1 in the padding. */
static int64_t source_row(const phase *p, int64_t r, int64_t t)
{
    const axis *a = p->a;
    const int64_t d = r / a[1].count * a[0].step + a[0].start[t / a[2].taps / a[1].taps];
    const int64_t h = r % a[1].count * a[1].step + a[1].start[t / a[2].taps % a[1].taps];
    if (d < 0 || d >= p->source[0] || h < 0 || h >= p->source[1])
        return -1;
    return d * p->source[1] + h;
}

static int64_t target_row(const phase *p, int64_t r)
{
    const axis *a = p->a;
    return (r / a[1].count * a[0].gap + a[0].first) * p->target[1] + r % a[1].count * a[1].gap +
           a[1].first;
}

/* ---- columns ----------------------------------------------------------------------------- */

#define COLUMNS(T, gather_row, gather, put, pack)                                              \
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
                const int64_t row = source_row(p, r, t);                                       \
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
                T *to = y + i * p->target_size + target_row(p, r) * p->target[2] + a->first;   \
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
    }                                                                                          \
    /* a group's weights [m][c][kernel] as [c][m][taps of the phase] */                        \
    static void pack(const phase *p, const vouch_window *w, const T *weight, T *to)            \
    {                                                                                          \
        const axis *a = p->a;                                                                  \
        for (int64_t c = 0; c < p->out_channels; c++)                                          \
            for (int64_t k = 0; k < p->depth; k++) {                                           \
                const int64_t t = k % p->taps, m = k / p->taps;                                \
                const int64_t td = a[0].tap[t / a[2].taps / a[1].taps];                        \
                const int64_t th = a[1].tap[t / a[2].taps % a[1].taps];                        \
                const int64_t e =                                                              \
                    (td * w->kernel[1] + th) * w->kernel[2] + a[2].tap[t % a[2].taps];         \
                *to++ = weight[(m * p->out_channels + c) * w->kernel_size + e];                \
            }                                                                                  \
    }
COLUMNS(float, gather_row_f32, gather_f32, put_f32, pack_f32)
COLUMNS(double, gather_row_f64, gather_f64, put_f64, pack_f64)

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

static vouch_matrix weights(const pass *s)
{
    const vouch_tensor *w = s->call->weight;
    const phase *p = s->p;
    vouch_matrix m = vouch_op_matrix(w, s->group * p->out_channels * p->depth, p->depth, 1);
    if (s->weight)
        m.data = s->weight;
    m.absolute = s->call->absolute;
    return m;
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
                          .a = weights(s),
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

static void run_group(const pass *s)
{
    const phase *p = s->p;
    const int64_t images = s->call->images, whole = p->depth * p->positions;
    const int64_t together = COLUMN_ELEMENTS / whole;
    if (p->direct && (p->positions >= 64 || together < 2)) {
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

/* Room for the columns and results of a phase. */
static bool make_room(const phase *p, pass *s)
{
    const int64_t row = p->depth * p->a[2].count,
                  n = row > COLUMN_ELEMENTS ? row : COLUMN_ELEMENTS;
    const int64_t results = n / p->depth * p->out_channels;
    s->columns = vouch_arena_array(s->call->scratch, (size_t)n, size_of(s));
    s->result = vouch_arena_array(s->call->scratch, (size_t)results, size_of(s));
    return s->columns && s->result;
}

/* A group's weights for a backward phase; NULL: out of memory. */
static const void *pack_weights(const vouch_conv_call *call, const phase *p, int64_t group)
{
    const vouch_tensor *w = call->weight;
    const int64_t stored = call->conv->m * call->conv->c * call->conv->w.kernel_size;
    void *to = vouch_arena_array(call->scratch, (size_t)(p->out_channels * p->depth),
                                 vouch_dtype_size(w->dtype));
    if (!to)
        return NULL;
    if (w->dtype == VOUCH_F32)
        pack_f32(p, &call->conv->w, w->f32 + group * stored, to);
    else
        pack_f64(p, &call->conv->w, w->f64 + group * stored, to);
    return to;
}

static vouch_status run_phase(const vouch_conv_call *call, int64_t n)
{
    phase p;
    pass s = {.call = call, .p = &p};
    if (!make_phase(call, n, &p))
        return vouch_op_no_memory(call->ctx);
    if (p.positions == 0 || p.depth == 0) /* no tap: nothing to add, and out is zero */
        return VOUCH_OK;
    if (!make_room(&p, &s))
        return vouch_op_no_memory(call->ctx);
    for (s.group = 0; s.group < call->conv->groups; s.group++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
        if (call->backward) {
            s.weight = pack_weights(call, &p, s.group);
            if (!s.weight)
                return vouch_op_no_memory(call->ctx);
        }
        run_group(&s);
        vouch_arena_reset(call->scratch, mark);
    }
    return VOUCH_OK;
}

/* Does some phase write nothing? Then its targets must be cleared. */
static bool has_gaps(const vouch_window *w)
{
    for (int d = 0; d < DIMS; d++)
        if (w->stride[d] > w->kernel[d] || (w->dilation[d] > 1 && w->stride[d] > 1))
            return true;
    return false;
}

vouch_status vouch_conv_apply(const vouch_conv_call *call)
{
    const vouch_conv *conv = call->conv;
    const vouch_window *w = &conv->w;
    const int64_t phases = call->backward ? w->stride[0] * w->stride[1] * w->stride[2] : 1;
    if (call->backward && !call->add && has_gaps(w))
        memset(call->out, 0,
               (size_t)(call->images * conv->groups * conv->c * w->in_size) *
                   vouch_dtype_size(call->dtype));
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
    if (!make_phase(&forward, 0, &p) || !make_room(&p, &s))
        return vouch_op_no_memory(call->ctx);
    const int64_t row = p.depth * p.a[2].count;
    const int64_t step = row < COLUMN_ELEMENTS && row > 0 ? COLUMN_ELEMENTS / row : 1;
    for (int64_t i = 0; i < call->images; i++)
        for (s.group = 0; s.group < call->conv->groups; s.group++)
            for (int64_t r = 0; r < p.rows; r += step)
                grad_rows(&s, i, r, r + step < p.rows ? r + step : p.rows, d_y, d_weight);
    return VOUCH_OK;
}
