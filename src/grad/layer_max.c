/* Max pooling: the greatest over windows. Backward the first pixel that has it gets the adjoint.
 *
 * Boxes: each end is the greatest of those ends. Spreads (grad/box.h) add up over the window, which
 * bounds the radius from above and is linear.
 * SPEC: ONNX MaxPool-12, one output. */
#include <math.h>
#include <string.h>

#include "grad/layer_window.h"

enum { LEFT, LOW, HIGH, LINES }; /* pixels of scratch */

static bool read(net_reading *r)
{
    return strcmp(r->node->type, "MaxPool") == 0 &&
           vouch_layer_window_read(r, sizeof(net_window));
}

/* A pixel's adjoint, of which the channels that are placed become 0; the ends of its box. */
static vouch_status plan(const net_planning *p, net_layer *l)
{
    const int64_t pixels = LINES * p->net->value[l->give].image.c;
    p->net->scratch = p->net->scratch > pixels ? p->net->scratch : pixels;
    return VOUCH_OK;
}

typedef void gather_fn(const net_spot *s, const net_image *image, const float *from, float *to);

static void add_up(const net_spot *s, const net_image *image, const float *from,
                   float *restrict to)
{
    memset(to, 0, (size_t)image->c * sizeof *to);
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const float *restrict pixel = from + net_at(image, y, x);
            for (int64_t j = 0; j < image->c; j++)
                to[j] += pixel[j];
        }
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

/* most: the points' greatest. */
static void pick(const net_job *job, const net_spot *s, const float *restrict most,
                 float *restrict to)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const net_image *image = &t->net->value[v].image;
    float *restrict left = t->scratch + LEFT * image->c;
    for (int64_t j = 0; j < image->c; j++) {
        left[j] = 1;
        to[j] = 0;
    }
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const int64_t at = net_at(image, y, x);
            const float *restrict pixel = net_value_at(t->at, v, job->first) + at;
            const float *restrict flow = net_value_at(t, v, job->first) + at;
            for (int64_t j = 0; j < image->c; j++) {
                to[j] += pixel[j] == most[j] ? left[j] * flow[j] : 0;
                left[j] = pixel[j] == most[j] ? 0 : left[j];
            }
        }
}

/* Tangents of the first pixels that are greatest at the points. */
static void follow(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            pick(job, &s, net_value_at(t->at, l->give, job->first) + net_at(out, y, x),
                 net_value_at(t, l->give, job->first) + net_at(out, y, x));
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
    gather_fn *const fn = t->plane == NET_RADII ? add_up : gather;
    if (t->plane == NET_TANGENTS) {
        follow(job);
        return;
    }
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            fn(&s, in, from, to + net_at(out, y, x));
        }
}

typedef void place_fn(const net_job *job, const net_spot *s, const float *most, float *left);

/* left: the adjoint of the window's greatest; most: that value. */
static void place(const net_job *job, const net_spot *s, const float *restrict most,
                  float *restrict left)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    const float *from = net_value_at(job->tape->at, job->layer->take[0], job->first);
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

/* Of spreads: every pixel gets what is left. */
static void share(const net_job *job, const net_spot *s, const float *most,
                  float *restrict left)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    float *to = net_adjoint_at(job->tape, job->layer->take[0], job->first);
    (void)most;
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            float *restrict d = to + net_at(&in->adjoint, y, x);
            for (int64_t j = 0; j < in->image.c; j++)
                d[j] += left[j];
        }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image;
    const net_value *out = &t->net->value[l->give];
    place_fn *const fn = t->plane == NET_RADII ? share : place;
    if (!net_wants(job, 0))
        return;
    vouch_layer_window_clear(job);
    for (int64_t y = 0; y < out->image.h; y++)
        for (int64_t x = 0; x < out->image.w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            memcpy(t->scratch,
                   net_adjoint_at(t, l->give, job->first) + net_at(&out->adjoint, y, x),
                   (size_t)in->c * sizeof(float));
            fn(job, &s, net_value_at(t->at, l->give, job->first) + net_at(&out->image, y, x),
               t->scratch);
        }
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Ends of boxes: centres and `sign` radii. */
typedef struct end {
    const float *centre, *radius;
    float sign;
} end;

static end end_of(const net_job *job, float sign)
{
    const int v = job->layer->take[0];
    return (end){net_value_at(job->tape, v, job->first),
                 net_value_at(job->tape->pair, v, job->first), sign};
}

static void gather_end(const net_spot *s, const net_image *image, const end *e,
                       float *restrict to)
{
    for (int64_t j = 0; j < image->c; j++)
        to[j] = -INFINITY;
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const int64_t at = net_at(image, y, x);
            const float *restrict c = e->centre + at, *restrict r = e->radius + at;
            for (int64_t j = 0; j < image->c; j++) {
                const float here = c[j] + e->sign * r[j];
                to[j] = here <= to[j] || to[j] != to[j] ? to[j] : here;
            }
        }
}

static void boxes(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const end low = end_of(job, -1), high = end_of(job, 1);
    float *least = t->scratch + LOW * in->c, *most = t->scratch + HIGH * in->c;
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
            float *c = net_value_at(t, l->give, job->first) + net_at(out, y, x);
            float *r = net_value_at(t->pair, l->give, job->first) + net_at(out, y, x);
            gather_end(&s, in, &low, least);
            gather_end(&s, in, &high, most);
            for (int64_t j = 0; j < in->c; j++) {
                c[j] = 0.5F * (most[j] + least[j]);
                r[j] = 0.5F * (most[j] - least[j]);
            }
        }
}

/* left: the adjoint of the greatest end; most: that end. */
static void place_end(const net_job *job, const net_spot *s, const end *e,
                      const float *restrict most)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const net_image *image = &t->net->value[v].image, *adjoint = &t->net->value[v].adjoint;
    float *restrict left = t->scratch + LEFT * image->c;
    for (int64_t y = s->from[0]; y < s->to[0]; y++)
        for (int64_t x = s->from[1]; x < s->to[1]; x++) {
            const int64_t at = net_at(image, y, x), d_at = net_at(adjoint, y, x);
            float *restrict d_c = net_adjoint_at(t, v, job->first) + d_at;
            float *restrict d_r = net_adjoint_at(t->pair, v, job->first) + d_at;
            for (int64_t j = 0; j < image->c; j++) {
                const bool is = e->centre[at + j] + e->sign * e->radius[at + j] == most[j];
                const float part = is ? left[j] : 0;
                d_c[j] += part;
                d_r[j] += e->sign * part;
                left[j] -= part;
            }
        }
}

static void end_back(const net_job *job, int64_t y, int64_t x, float sign)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].adjoint;
    const net_spot s = vouch_layer_window_spot(l->own, in, y, x);
    const end e = end_of(job, sign);
    const float *d_c = net_adjoint_at(t, l->give, job->first) + net_at(out, y, x);
    const float *d_r = net_adjoint_at(t->pair, l->give, job->first) + net_at(out, y, x);
    float *left = t->scratch + LEFT * in->c, *most = t->scratch + HIGH * in->c;
    gather_end(&s, in, &e, most);
    for (int64_t j = 0; j < in->c; j++)
        left[j] = 0.5F * (d_c[j] + sign * d_r[j]);
    place_end(job, &s, &e, most);
}

static void boxes_back(const net_job *job)
{
    const net_image *out = &job->tape->net->value[job->layer->give].adjoint;
    net_job radii = *job;
    if (!net_wants(job, 0))
        return;
    radii.tape = job->tape->pair;
    vouch_layer_window_clear(job);
    vouch_layer_window_clear(&radii);
    for (int64_t y = 0; y < out->h; y++)
        for (int64_t x = 0; x < out->w; x++) {
            end_back(job, y, x, -1);
            end_back(job, y, x, 1);
        }
}

const net_kind vouch_layer_max = {.name = "max",
                                  .planes = true,
                                  .tangents = true,
                                  .read = read,
                                  .plan = plan,
                                  .forward = forward,
                                  .backward = backward,
                                  .boxes = boxes,
                                  .boxes_back = boxes_back};
