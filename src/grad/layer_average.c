/* Average pooling: means over windows, or over the whole image (GlobalAveragePool).
 * SPEC: ONNX AveragePool-11; windows that reach over the edge count what they meet, or, with
 * count_include_pad, their full size. */
#include <string.h>

#include "grad/layer_window.h"

typedef struct average {
    net_window window;
    bool full; /* padding counts */
} average;

static bool read(net_reading *r)
{
    const bool one = strcmp(r->node->type, "AveragePool") == 0;
    if ((!one && strcmp(r->node->type, "GlobalAveragePool") != 0) ||
        !vouch_net_all_are(r, "ceil_mode", 0) || !vouch_layer_window_read(r, sizeof(average)))
        return false;
    average *a = r->net->layer[r->net->layer_count - 1].own;
    a->full = !vouch_net_all_are(r, "count_include_pad", 0);
    return true;
}

static float share(const average *a, const net_spot *s)
{
    const int64_t met = (s->to[0] - s->from[0]) * (s->to[1] - s->from[1]);
    return 1 / (float)(a->full ? a->window.kernel[0] * a->window.kernel[1] : met);
}

/* to = the mean of the window's pixels. */
static void gather(const average *a, const net_spot *s, const net_image *image,
                   const float *from, float *restrict to)
{
    const float scale = share(a, s);
    memset(to, 0, (size_t)image->c * sizeof *to);
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const float *restrict pixel = from + net_at(image, y, x);
            for (int64_t j = 0; j < image->c; j++)
                to[j] += pixel[j];
        }
    for (int64_t j = 0; j < image->c; j++)
        to[j] *= scale;
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const float *from = net_value_at(t, l->take[0], job->first);
    float *to = net_value_at(t, l->give, job->first);
    const average *a = l->own;
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(&a->window, in, y, x);
            gather(a, &s, in, from, to + net_at(out, y, x));
        }
}

/* Every pixel of the window gets its share of d. */
static void spread(const net_job *job, const net_spot *s, const float *restrict d)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    const float *gate = net_gate_at(job->tape, job->layer->take[0], job->first);
    float *to = net_adjoint_at(job->tape, job->layer->take[0], job->first);
    const float scale = share(job->layer->own, s);
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            float *restrict pixel = to + net_at(&in->adjoint, y, x);
            const float *restrict on = gate ? gate + net_at(&in->image, y, x) : NULL;
            for (int64_t j = 0; j < in->image.c; j++)
                pixel[j] += !on || on[j] > 0 ? scale * d[j] : 0;
        }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image;
    const net_image *out = &t->net->value[l->give].adjoint;
    const average *a = l->own;
    if (!net_wants(job, 0))
        return;
    vouch_layer_window_clear(job);
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(&a->window, in, y, x);
            spread(job, &s, net_adjoint_at(t, l->give, job->first) + net_at(out, y, x));
        }
}

const net_kind vouch_layer_average = {.name = "average",
                                      .planes = true,
                                      .tangents = true,
                                      .forms = true,
                                      .read = read,
                                      .forward = forward,
                                      .backward = backward};
