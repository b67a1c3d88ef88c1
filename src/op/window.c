/* The geometry of a sliding window; see window.h.
 *
 * SPEC: ONNX Conv-11, MaxPool-12, AveragePool-19: auto_pad, ceil_mode (windows that would start
 * beyond the input and its leading padding are dropped).
 */
#include "op/window.h"

/* A size no true network reaches, below which the arithmetic of positions cannot overflow. */
static const int64_t SIZE_LIMIT = (int64_t)1 << 30;

/* Attribute list into the trailing entries; `otherwise` for the leading ones and where absent.
 * per_axis 2: pads (begins, then ends into `second`). */
static vouch_status read_list(vouch_context *ctx, const vouch_graph *g, const vouch_node *node,
                              const char *name, int spatial, int64_t otherwise, int64_t *first,
                              int64_t *second)
{
    const int64_t *list;
    size_t count;
    const size_t need = (size_t)spatial * (second ? 2 : 1);
    VOUCH_TRY(vouch_node_ints(ctx, g, node, name, &list, &count));
    if (list && count != need)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                               "'%s' has %zu entries instead of %zu", name, count, need);
    const int lead = VOUCH_WINDOW_DIMS - spatial;
    for (int i = 0; i < VOUCH_WINDOW_DIMS; i++) {
        first[i] = list && i >= lead ? list[i - lead] : otherwise;
        if (second)
            second[i] = list && i >= lead ? list[i - lead + spatial] : otherwise;
        const bool bad = first[i] < otherwise || first[i] > SIZE_LIMIT ||
                         (second && (second[i] < otherwise || second[i] > SIZE_LIMIT));
        if (bad)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_VALUE, "'%s' is out of range", name);
    }
    return VOUCH_OK;
}

static vouch_status read_kernel(vouch_context *ctx, const vouch_graph *g,
                                const vouch_node *node, const int64_t *kernel, vouch_window *w)
{
    const int lead = VOUCH_WINDOW_DIMS - w->spatial;
    VOUCH_TRY(read_list(ctx, g, node, "kernel_shape", w->spatial, 1, w->kernel, NULL));
    if (!kernel && !vouch_node_attr(node, "kernel_shape"))
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE, "'kernel_shape' is missing");
    for (int i = lead; kernel && i < VOUCH_WINDOW_DIMS; i++) {
        if (vouch_node_attr(node, "kernel_shape") && w->kernel[i] != kernel[i - lead])
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "'kernel_shape' differs from the shape of the weights");
        w->kernel[i] = kernel[i - lead];
    }
    return VOUCH_OK;
}

/* auto_pad SAME_*: out = ceil(in / stride), an odd padding goes to the end or the beginning. */
static void pad_same(vouch_window *w, int i, bool lower)
{
    const int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    const int64_t span = (w->kernel[i] - 1) * w->dilation[i] + 1;
    const int64_t need = (out - 1) * w->stride[i] + span - w->in[i];
    const int64_t pad = need > 0 ? need : 0;
    w->pad[i] = lower ? pad - pad / 2 : pad / 2;
    w->pad_end[i] = pad - w->pad[i];
}

static vouch_status read_padding(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, vouch_window *w)
{
    const char *mode;
    VOUCH_TRY(vouch_node_text(ctx, g, node, "auto_pad", "NOTSET", &mode));
    const bool upper = strcmp(mode, "SAME_UPPER") == 0, lower = strcmp(mode, "SAME_LOWER") == 0;
    const bool valid = strcmp(mode, "VALID") == 0;
    if (!upper && !lower && !valid) {
        if (strcmp(mode, "NOTSET") != 0)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                                   "auto_pad '%s' is not supported", mode);
        return read_list(ctx, g, node, "pads", w->spatial, 0, w->pad, w->pad_end);
    }
    for (int i = 0; i < VOUCH_WINDOW_DIMS && !valid; i++)
        pad_same(w, i, lower);
    return VOUCH_OK;
}

static bool output_size(vouch_window *w, int i, bool ceil_mode)
{
    const int64_t span = (w->kernel[i] - 1) * w->dilation[i] + 1;
    const int64_t room = w->in[i] + w->pad[i] + w->pad_end[i] - span;
    if (room < 0)
        return false;
    w->out[i] = (room + (ceil_mode ? w->stride[i] - 1 : 0)) / w->stride[i] + 1;
    if (ceil_mode && (w->out[i] - 1) * w->stride[i] >= w->in[i] + w->pad[i])
        w->out[i]--;
    return true;
}

static vouch_status output_sizes(vouch_context *ctx, const vouch_graph *g,
                                 const vouch_node *node, vouch_window *w)
{
    int64_t ceil_mode;
    VOUCH_TRY(vouch_node_int(ctx, g, node, "ceil_mode", 0, &ceil_mode));
    w->in_size = w->out_size = w->kernel_size = 1;
    for (int i = 0; i < VOUCH_WINDOW_DIMS; i++) {
        if (!output_size(w, i, ceil_mode != 0))
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "the kernel is larger than the padded input");
        w->in_size *= w->in[i];
        w->out_size *= w->out[i];
        if (w->kernel[i] > SIZE_LIMIT / w->kernel_size)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_LIMIT, "the kernel is too large");
        w->kernel_size *= w->kernel[i];
    }
    return VOUCH_OK;
}

/* The input's positions (to `size`), strides, dilations and kernel. */
static vouch_status read_geometry(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const int64_t *kernel,
                                  vouch_window *w, int64_t size[VOUCH_WINDOW_DIMS])
{
    const vouch_shape *x = &vouch_op_in(g, node, 0)->shape;
    if (x->rank < 3 || x->rank > 2 + VOUCH_WINDOW_DIMS)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED,
                               "%d spatial dimensions; 1 to %d are supported", x->rank - 2,
                               VOUCH_WINDOW_DIMS);
    *w = (vouch_window){.spatial = x->rank - 2, .batch = x->dim[0], .channels = x->dim[1]};
    for (int i = 0; i < VOUCH_WINDOW_DIMS; i++) {
        const int from = i - (VOUCH_WINDOW_DIMS - w->spatial);
        size[i] = from < 0 ? 1 : x->dim[2 + from];
    }
    VOUCH_TRY(read_list(ctx, g, node, "strides", w->spatial, 1, w->stride, NULL));
    VOUCH_TRY(read_list(ctx, g, node, "dilations", w->spatial, 1, w->dilation, NULL));
    return read_kernel(ctx, g, node, kernel, w);
}

vouch_status vouch_window_prepare(vouch_context *ctx, const vouch_graph *g,
                                  const vouch_node *node, const int64_t *kernel,
                                  vouch_window *w)
{
    int64_t in[VOUCH_WINDOW_DIMS];
    VOUCH_TRY(read_geometry(ctx, g, node, kernel, w, in));
    memcpy(w->in, in, sizeof in);
    VOUCH_TRY(read_padding(ctx, g, node, w));
    return output_sizes(ctx, g, node, w);
}

/* ---- transposed -------------------------------------------------------------------------- */

/* Without padding: where the last window ends, and output_padding. */
static int64_t full_size(const vouch_window *w, int i, int64_t output_padding)
{
    return (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 +
           output_padding;
}

/* auto_pad SAME_*: `in` is out * stride unless asked otherwise; the padding that this needs is
 * split, an odd one to the end for SAME_UPPER. */
static void pad_to(vouch_window *w, int i, int64_t output_padding, bool upper)
{
    const int64_t all = full_size(w, i, output_padding) - w->in[i];
    const int64_t need = all > 0 ? all : 0;
    w->pad[i] = upper ? need / 2 : need - need / 2;
    w->pad_end[i] = need - w->pad[i];
}

vouch_status vouch_window_prepare_transposed(vouch_context *ctx, const vouch_graph *g,
                                             const vouch_node *node, const int64_t *kernel,
                                             vouch_window *w)
{
    int64_t more[VOUCH_WINDOW_DIMS] = {0}, shape[VOUCH_WINDOW_DIMS] = {0};
    int64_t out[VOUCH_WINDOW_DIMS];
    const char *mode;
    VOUCH_TRY(read_geometry(ctx, g, node, kernel, w, out));
    memcpy(w->out, out, sizeof out);
    VOUCH_TRY(read_list(ctx, g, node, "output_padding", w->spatial, 0, more, NULL));
    VOUCH_TRY(vouch_node_text(ctx, g, node, "auto_pad", "NOTSET", &mode));
    const bool upper = strcmp(mode, "SAME_UPPER") == 0, same = strncmp(mode, "SAME_", 5) == 0;
    const bool asked = vouch_node_attr(node, "output_shape") != NULL;
    if (asked)
        VOUCH_TRY(read_list(ctx, g, node, "output_shape", w->spatial, 1, shape, NULL));
    if (!same && strcmp(mode, "VALID") != 0)
        VOUCH_TRY(read_padding(ctx, g, node, w));
    w->in_size = w->out_size = w->kernel_size = 1;
    for (int i = 0; i < VOUCH_WINDOW_DIMS; i++) {
        w->in[i] = asked  ? shape[i]
                   : same ? w->out[i] * w->stride[i]
                          : full_size(w, i, more[i]) - w->pad[i] - w->pad_end[i];
        if (asked || same)
            pad_to(w, i, more[i], upper);
        if (w->in[i] <= 0 || w->in[i] > SIZE_LIMIT ||
            w->kernel[i] > SIZE_LIMIT / w->kernel_size)
            return vouch_node_fail(ctx, g, node, VOUCH_ERR_SHAPE,
                                   "the output has no sane size");
        w->in_size *= w->in[i];
        w->out_size *= w->out[i];
        w->kernel_size *= w->kernel[i];
    }
    return VOUCH_OK;
}

vouch_shape vouch_window_output(const vouch_window *w, int64_t channels)
{
    vouch_shape s = {.rank = 2 + w->spatial, .dim = {w->batch, channels}};
    for (int i = 0; i < w->spatial; i++)
        s.dim[2 + i] = w->out[VOUCH_WINDOW_DIMS - w->spatial + i];
    return s;
}

/* ---- patches ----------------------------------------------------------------------------- */

/* [low, high) cut to [0, size); where nothing is left, the nearest position. */
static void cut(int64_t low, int64_t high, int64_t size, vouch_patch *p, int d)
{
    low = low < 0 ? 0 : low;
    high = high > size ? size : high;
    if (low >= high) {
        low = low < size ? low : size - 1;
        high = low + 1;
    }
    p->low[d] = low;
    p->high[d] = high;
}

bool vouch_window_back(const vouch_window *w, const vouch_patch *y, int64_t channels,
                       vouch_patch *x)
{
    *x = (vouch_patch){.channels = channels};
    for (int d = 0; d < VOUCH_WINDOW_DIMS; d++) {
        const int64_t first = y->low[d] * w->stride[d] - w->pad[d];
        const int64_t last =
            (y->high[d] - 1) * w->stride[d] - w->pad[d] + (w->kernel[d] - 1) * w->dilation[d];
        cut(first, last + 1, w->in[d], x, d);
    }
    return w->batch == 1;
}

bool vouch_window_ahead(const vouch_window *w, const vouch_patch *x, int64_t channels,
                        vouch_patch *y)
{
    *y = (vouch_patch){.channels = channels};
    for (int d = 0; d < VOUCH_WINDOW_DIMS; d++) {
        const int64_t s = w->stride[d];
        const int64_t first = x->low[d] + w->pad[d] - (w->kernel[d] - 1) * w->dilation[d];
        const int64_t last = x->high[d] - 1 + w->pad[d];
        cut(first > 0 ? (first + s - 1) / s : 0, last / s + 1, w->out[d], y, d);
    }
    return w->batch == 1;
}

void vouch_window_between(const vouch_window *w, const vouch_patch *in, const vouch_patch *out,
                          vouch_window *part)
{
    *part = *w;
    part->in_size = vouch_patch_positions(in);
    part->out_size = vouch_patch_positions(out);
    for (int d = 0; d < VOUCH_WINDOW_DIMS; d++) {
        part->in[d] = in->high[d] - in->low[d];
        part->out[d] = out->high[d] - out->low[d];
        part->pad[d] = w->pad[d] + in->low[d] - out->low[d] * w->stride[d];
    }
}
