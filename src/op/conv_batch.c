/* Convolution of many images at once: images become the innermost dimension.
 *
 * The source is laid out as [channels][rows][positions of a row][images], the row's positions
 * sorted by their residue modulo the step and padded with zeros, so that what a tap reads for a
 * whole row of targets and all images is one contiguous run. A target row is then a product of
 * the weights with the matrix whose rows are those runs, named by a table of offsets
 * (vouch_matrix.rows): no columns are gathered, whatever stride, dilation and padding are. Taps
 * in the padding of the other dimensions name a run of zeros.
 *
 * Images are taken in chunks whose layout stays in the cache.
 */
#include "op/conv_phase.h"

enum { LAYOUT_ELEMENTS = 1 << 17, LEAST_IMAGES = 16 };

typedef vouch_conv_phase phase;

typedef struct batch {
    const vouch_conv_call *call;
    int64_t first, images; /* the chunk */
    int64_t step, low; /* of the last dimension: sources between targets, least start / step */
    int64_t width;     /* padded positions of one residue of a row */
    int64_t rows, length; /* of a channel of the source */
    int64_t row_size;     /* elements of a row of the layout: step width images */
    int64_t channels;     /* of the source, all groups */
    int64_t zeros;        /* offset of the run of zeros */
    void *layout, *result;
    int64_t *table; /* [depth] */
} batch;

/* x divided by a positive s, downward. */
static int64_t floor_div(int64_t x, int64_t s) { return x >= 0 ? x / s : -((s - 1 - x) / s); }

/* ---- layout ------------------------------------------------------------------------------ */

/* Widens the row so that every tap's run of phase p lies inside. */
static void cover(const phase *p, batch *b, int64_t *high)
{
    const vouch_conv_axis *a = &p->a[2];
    for (int64_t t = 0; t < a->taps && a->count > 0; t++) {
        const int64_t at = floor_div(a->start[t], a->step);
        b->low = at < b->low ? at : b->low;
        *high = at + a->count > *high ? at + a->count : *high;
    }
    b->step = a->step;
}

/* Where position x of a row stands in the layout's row, in units of images; -1: nobody reads
 * it. */
static int64_t slot(const batch *b, int64_t x)
{
    const int64_t at = x / b->step - b->low;
    return at < 0 || at >= b->width ? -1 : x % b->step * b->width + at;
}

#define LAYOUT(T, lay_out, put)                                                                \
    static void lay_out(const batch *b, const T *from, int64_t image_size)                     \
    {                                                                                          \
        for (int64_t r = 0; r < b->channels * b->rows; r++)                                    \
            for (int64_t x = 0; x < b->length; x++) {                                          \
                const int64_t at = slot(b, x);                                                 \
                const T *restrict source = from + r * b->length + x;                           \
                T *restrict to = (T *)b->layout + r * b->row_size + at * b->images;            \
                for (int64_t i = 0; at >= 0 && i < b->images; i++)                             \
                    to[i] = source[i * image_size];                                            \
            }                                                                                  \
    }                                                                                          \
    /* the results [channels][targets of a row][images] of target row r */                     \
    static void put(const batch *b, const phase *p, int64_t group, int64_t r, T *out)          \
    {                                                                                          \
        const vouch_conv_axis *a = &p->a[2];                                                   \
        const int64_t image_size = b->call->conv->groups * p->out_channels * p->target_size;   \
        const int64_t at = vouch_conv_target_row(p, r) * p->target[2] + a->first;              \
        for (int64_t c = 0; c < p->out_channels; c++)                                          \
            for (int64_t i = 0; i < b->images; i++) {                                          \
                const T *restrict from = (const T *)b->result + c * a->count * b->images + i;  \
                T *restrict to = out + i * image_size +                                        \
                                 (group * p->out_channels + c) * p->target_size + at;          \
                if (b->call->add)                                                              \
                    for (int64_t j = 0; j < a->count; j++)                                     \
                        to[j * a->gap] += from[j * b->images];                                 \
                else                                                                           \
                    for (int64_t j = 0; j < a->count; j++)                                     \
                        to[j * a->gap] = from[j * b->images];                                  \
            }                                                                                  \
    }
LAYOUT(float, lay_out_f32, put_f32)
LAYOUT(double, lay_out_f64, put_f64)

/* ---- products ---------------------------------------------------------------------------- */

/* Offsets in the layout of the runs that target row r reads. */
static void fill_table(const batch *b, const phase *p, int64_t group, int64_t r)
{
    const vouch_conv_axis *a = &p->a[2];
    for (int64_t t = 0; t < p->taps; t++) {
        const int64_t row = vouch_conv_source_row(p, r, t), start = a->start[t % a->taps];
        const int64_t at = floor_div(start, b->step), residue = start - at * b->step;
        const int64_t in_row = (residue * b->width + at - b->low) * b->images;
        for (int64_t c = 0; c < p->in_channels; c++) {
            const int64_t channel = group * p->in_channels + c;
            b->table[c * p->taps + t] =
                row < 0 ? b->zeros : (channel * b->rows + row) * b->row_size + in_row;
        }
    }
}

static void run_row(const batch *b, const phase *p, const vouch_matrix *weights, int64_t group,
                    int64_t r)
{
    const vouch_dtype dtype = b->call->dtype;
    const int64_t n = p->a[2].count * b->images;
    const int64_t first = b->first * b->call->conv->groups * p->out_channels * p->target_size;
    fill_table(b, p, group, r);
    const vouch_gemm g = {
        .m = p->out_channels,
        .n = n,
        .k = p->depth,
        .a = *weights,
        .b = {.data = b->layout, .column = 1, .is_float = dtype == VOUCH_F32, .rows = b->table},
        .c = b->result,
        .c_row = n,
        .c_column = 1};
    vouch_op_gemm(&g, dtype);
    if (dtype == VOUCH_F32)
        put_f32(b, p, group, r, (float *)b->call->out + first);
    else
        put_f64(b, p, group, r, (double *)b->call->out + first);
}

static vouch_status run_phase(batch *b, const phase *p)
{
    const vouch_conv_call *call = b->call;
    b->table = VOUCH_NEW_ARRAY(call->scratch, int64_t, p->depth + 1);
    b->result =
        vouch_arena_array(call->scratch, (size_t)(p->out_channels * p->a[2].count * b->images),
                          vouch_dtype_size(call->dtype));
    if (!b->table || !b->result)
        return vouch_op_no_memory(call->ctx);
    for (int64_t group = 0; group < call->conv->groups; group++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
        const vouch_matrix weights = vouch_conv_weights(call, p, group);
        if (!weights.data)
            return vouch_op_no_memory(call->ctx);
        for (int64_t r = 0; r < p->rows; r++)
            run_row(b, p, &weights, group, r);
        vouch_arena_reset(call->scratch, mark);
    }
    return VOUCH_OK;
}

/* ---- chunks ------------------------------------------------------------------------------ */

static vouch_status run_chunk(batch *b, const phase *phases, int64_t count)
{
    const vouch_conv_call *call = b->call;
    const int64_t image_size = b->channels * b->rows * b->length;
    const int64_t cells = b->channels * b->rows * b->step * b->width;
    b->row_size = b->step * b->width * b->images;
    b->zeros = cells * b->images;
    b->layout = vouch_arena_array(call->scratch, (size_t)((cells + b->width) * b->images),
                                  vouch_dtype_size(call->dtype));
    if (!b->layout)
        return vouch_op_no_memory(call->ctx);
    if (call->dtype == VOUCH_F32)
        lay_out_f32(b, (const float *)call->in + b->first * image_size, image_size);
    else
        lay_out_f64(b, (const double *)call->in + b->first * image_size, image_size);
    for (int64_t n = 0; n < count; n++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
        if (phases[n].positions > 0 && phases[n].depth > 0)
            VOUCH_TRY(run_phase(b, &phases[n]));
        vouch_arena_reset(call->scratch, mark);
    }
    return VOUCH_OK;
}

/* Images of a chunk: equal parts of all, as many as the cache holds. */
static int64_t chunk_size(const batch *b)
{
    const int64_t cells = b->channels * b->rows * b->step * b->width;
    int64_t most = LAYOUT_ELEMENTS / (cells + 1) / LEAST_IMAGES * LEAST_IMAGES;
    most = most < LEAST_IMAGES ? LEAST_IMAGES : most;
    const int64_t chunks = (b->call->images + most - 1) / most;
    return (b->call->images + chunks - 1) / chunks;
}

static vouch_status apply(const vouch_conv_call *call)
{
    const vouch_conv *conv = call->conv;
    const int64_t count = vouch_conv_phases(call);
    phase *phases = VOUCH_NEW_ARRAY(call->scratch, phase, count);
    batch b = {.call = call, .step = 1};
    int64_t high = 0;
    if (!phases)
        return vouch_op_no_memory(call->ctx);
    for (int64_t n = 0; n < count; n++) {
        if (!vouch_conv_phase_make(call, n, &phases[n]))
            return vouch_op_no_memory(call->ctx);
        cover(&phases[n], &b, &high);
    }
    b.width = high - b.low;
    b.rows = phases[0].source[0] * phases[0].source[1];
    b.length = phases[0].source[2];
    b.channels = conv->groups * phases[0].in_channels;
    const int64_t chunk = chunk_size(&b);
    for (b.first = 0; b.first < call->images; b.first += chunk) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
        b.images = call->images - b.first < chunk ? call->images - b.first : chunk;
        VOUCH_TRY(run_chunk(&b, phases, count));
        vouch_arena_reset(call->scratch, mark);
    }
    return VOUCH_OK;
}

vouch_status vouch_conv_apply_batch(const vouch_conv_call *call)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(call->scratch);
    const vouch_status status = apply(call);
    vouch_arena_reset(call->scratch, mark);
    return status;
}
