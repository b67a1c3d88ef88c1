/* The geometry of a convolution's passes, in both directions; see conv_phase.h. */
#include "op/conv_phase.h"

static bool forward_axis(vouch_arena *arena, const vouch_window *w, int d, vouch_conv_axis *a)
{
    int64_t *start = VOUCH_NEW_ARRAY(arena, int64_t, 2 * w->kernel[d]);
    if (!start)
        return false;
    *a = (vouch_conv_axis){.count = w->out[d],
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
                          vouch_conv_axis *a)
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
    *a = (vouch_conv_axis){.count = first < w->in[d] ? (w->in[d] - 1 - first) / s + 1 : 0,
                           .step = 1,
                           .first = first,
                           .gap = s,
                           .taps = taps,
                           .start = start,
                           .tap = start + k};
    return true;
}

bool vouch_conv_phase_make(const vouch_conv_call *call, int64_t n, vouch_conv_phase *p)
{
    const vouch_conv *conv = call->conv;
    const vouch_window *w = &conv->w;
    const bool back = call->backward;
    *p = (vouch_conv_phase){.in_channels = back ? conv->m : conv->c,
                            .out_channels = back ? conv->c : conv->m,
                            .source_size = back ? w->out_size : w->in_size,
                            .target_size = back ? w->in_size : w->out_size,
                            .taps = 1,
                            .positions = 1,
                            .dense = true,
                            .direct = true};
    for (int d = 0; d < VOUCH_CONV_DIMS; n /= w->stride[d++]) {
        vouch_conv_axis *a = &p->a[d];
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

int64_t vouch_conv_phases(const vouch_conv_call *call)
{
    const vouch_window *w = &call->conv->w;
    return call->backward ? w->stride[0] * w->stride[1] * w->stride[2] : 1;
}

int64_t vouch_conv_source_row(const vouch_conv_phase *p, int64_t r, int64_t t)
{
    const vouch_conv_axis *a = p->a;
    const int64_t d = r / a[1].count * a[0].step + a[0].start[t / a[2].taps / a[1].taps];
    const int64_t h = r % a[1].count * a[1].step + a[1].start[t / a[2].taps % a[1].taps];
    if (d < 0 || d >= p->source[0] || h < 0 || h >= p->source[1])
        return -1;
    return d * p->source[1] + h;
}

int64_t vouch_conv_target_row(const vouch_conv_phase *p, int64_t r)
{
    const vouch_conv_axis *a = p->a;
    return (r / a[1].count * a[0].gap + a[0].first) * p->target[1] + r % a[1].count * a[1].gap +
           a[1].first;
}

/* ---- weights ----------------------------------------------------------------------------- */

/* A group's weights [m][c][kernel] as [c][m][taps of the phase]. */
#define PACK(T, name)                                                                          \
    static void name(const vouch_conv_phase *p, const vouch_window *w, const T *weight, T *to) \
    {                                                                                          \
        const vouch_conv_axis *a = p->a;                                                       \
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
PACK(float, pack_f32)
PACK(double, pack_f64)

vouch_matrix vouch_conv_weights(const vouch_conv_call *call, const vouch_conv_phase *p,
                                int64_t group)
{
    const vouch_tensor *w = call->weight;
    const vouch_conv *conv = call->conv;
    const int64_t stored = conv->m * conv->c * conv->w.kernel_size;
    vouch_matrix a = vouch_op_matrix(w, group * stored, p->depth, 1);
    a.absolute = call->absolute;
    if (!call->backward)
        return a;
    void *to = vouch_arena_array(call->scratch, (size_t)(p->out_channels * p->depth),
                                 vouch_dtype_size(w->dtype));
    a.data = to;
    if (to && w->dtype == VOUCH_F32)
        pack_f32(p, &conv->w, w->f32 + group * stored, to);
    else if (to)
        pack_f64(p, &conv->w, w->f64 + group * stored, to);
    return a;
}
