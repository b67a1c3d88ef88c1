/* Max pooling: the greatest over windows. Backward the first pixel that has it gets the adjoint.
 * SPEC: ONNX MaxPool-12, one output. */
#include <string.h>

#include "grad/layer_window.h"

static bool read(net_reading *r)
{
    return strcmp(r->node->type, "MaxPool") == 0 &&
           vouch_layer_window_read(r, sizeof(net_window));
}

/* A copy of the adjoint of one pixel, of which the channels that are placed become 0. */
static vouch_status plan(const net_planning *p, net_layer *l)
{
    const int64_t c = p->net->value[l->give].image.c;
    p->net->scratch = p->net->scratch > c ? p->net->scratch : c;
    return VOUCH_OK;
}

/* NaN stays. */
static void gather(const net_spot *s, const net_image *image, const float *from,
                   float *restrict to)
{
    memcpy(to, from + net_at(image, s->from[0], s->from[1]), (size_t)image->c * sizeof *to);
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const float *restrict pixel = from + net_at(image, y, x);
            for (int64_t j = 0; j < image->c; j++)
                to[j] = pixel[j] <= to[j] || to[j] != to[j] ? to[j] : pixel[j];
        }
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const float *from = net_value_at(t, l->take[0], job->first);
    float *to = net_value_at(t, l->give, job->first);
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            gather(&s, in, from, to + net_at(out, y, x));
        }
}

/* left: the adjoint of the window's greatest; most: that value. */
static void place(const net_job *job, const net_spot *s, const float *restrict most,
                  float *restrict left)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    const float *from = net_value_at(job->tape, job->layer->take[0], job->first);
    float *to = net_adjoint_at(job->tape, job->layer->take[0], job->first);
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const float *restrict pixel = from + net_at(&in->image, y, x);
            float *restrict d = to + net_at(&in->adjoint, y, x);
            for (int64_t j = 0; j < in->image.c; j++) {
                const float part = pixel[j] == most[j] ? left[j] : 0;
                d[j] += !in->gate || pixel[j] > 0 ? part : 0;
                left[j] = pixel[j] == most[j] ? 0 : left[j];
            }
        }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image;
    const net_value *out = &t->net->value[l->give];
    if (!net_wants(job, 0))
        return;
    vouch_layer_window_clear(job);
    for (int64_t y = 0; y < out->image.h; y++)
        for (int64_t x = 0; x < out->image.w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            memcpy(t->scratch,
                   net_adjoint_at(t, l->give, job->first) + net_at(&out->adjoint, y, x),
                   (size_t)in->c * sizeof(float));
            place(job, &s, net_value_at(t, l->give, job->first) + net_at(&out->image, y, x),
                  t->scratch);
        }
}

const net_kind vouch_layer_max = {
    .name = "max", .read = read, .plan = plan, .forward = forward, .backward = backward};
