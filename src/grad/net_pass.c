/* Forward and backward passes of a net over some samples.
 *
 * Layers that work sample by sample and follow each other make a run: a sample goes through all
 * of them before the next one starts, so that its values stay in the cache. A layer that takes
 * all samples at once, so that its weights stay there, is a run of its own.
 */
#include <math.h>
#include <string.h>

#include "grad/net_priv.h"
#include "num/sheet.h"

/* ---- the tape -------------------------------------------------------------------------------- */

static int64_t *steps(vouch_arena *arena, int64_t count, int64_t step)
{
    int64_t *row = VOUCH_NEW_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = i * step;
    return row;
}

static bool new_value(vouch_arena *arena, vouch_tape *t, int v)
{
    const net_value *value = &t->net->value[v];
    const int64_t adjoint = value->adjoint.stride;
    t->value[v] = value->shares < v
                      ? t->value[value->shares]
                      : VOUCH_NEW_ARRAY(arena, float, t->capacity * value->image.stride);
    t->row[v] = steps(arena, t->capacity, value->image.stride);
    const bool whole = value->whole || t->plane == NET_FORMS;
    t->adjoint[v] = value->adjoint_shares < v
                        ? t->adjoint[value->adjoint_shares]
                        : VOUCH_NEW_ARRAY(arena, float, whole ? t->capacity *adjoint : adjoint);
    t->adjoint_at[v] = steps(arena, t->capacity, whole ? adjoint : 0);
    return t->value[v] && t->row[v] && t->adjoint[v] && t->adjoint_at[v];
}

vouch_status vouch_net_new_tape(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                                const vouch_tape *like, vouch_tape **tape)
{
    const int values = net->layer_count + 1;
    vouch_tape *t = VOUCH_NEW(arena, vouch_tape);
    bool fine = t != NULL;
    *tape = NULL;
    if (t) {
        *t = *like;
        t->net = net;
        t->at = t;
        t->value = VOUCH_NEW_ARRAY(arena, float *, values);
        t->adjoint = VOUCH_NEW_ARRAY(arena, float *, values);
        t->row = VOUCH_NEW_ARRAY(arena, int64_t *, values);
        t->adjoint_at = VOUCH_NEW_ARRAY(arena, int64_t *, values);
        t->scratch = VOUCH_NEW_ARRAY(arena, float, net->scratch + 1);
        t->state = VOUCH_NEW_ARRAY(arena, float, net->state + 1);
        t->statistics = VOUCH_NEW_ARRAY(arena, float, net->statistic_count + 1);
        fine = t->state && t->statistics && t->value && t->adjoint && t->row && t->adjoint_at &&
               t->scratch;
    }
    for (int v = 0; v < values && fine; v++)
        fine = new_value(arena, t, v);
    if (!fine)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory for %lld samples",
                          (long long)like->capacity);
    *tape = t;
    return VOUCH_OK;
}

vouch_status vouch_tape_new(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                            int64_t capacity, vouch_tape **tape)
{
    return vouch_net_new_tape(ctx, arena, net, &(vouch_tape){.capacity = capacity}, tape);
}

void vouch_tape_train(vouch_tape *tape, bool on) { tape->training = on && tape->net->training; }

void vouch_tape_name(vouch_tape *tape, uint64_t seed, int64_t count, const uint64_t *sample)
{
    tape->seed = seed;
    tape->name_count = count;
    tape->name = sample;
}

const float *vouch_tape_statistics(const vouch_tape *tape) { return tape->statistics; }

vouch_status vouch_tape_follow(vouch_context *ctx, vouch_tape *tangents,
                               const vouch_tape *points)
{
    const vouch_net *net = points->net;
    for (int i = 0; i < net->layer_count; i++)
        if (!net->layer[i].kind->tangents)
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                              "second derivatives do not go through layers '%s'",
                              net->layer[i].kind->name);
    tangents->plane = NET_TANGENTS;
    tangents->at = points;
    return VOUCH_OK;
}

/* ---- inputs and outputs ---------------------------------------------------------------------- */

/* Channels last. */
void vouch_net_take_input(const vouch_tape *t, int64_t s, const float *x)
{
    const vouch_net *net = t->net;
    const net_image *in = &net->value[0].image;
    const float *scale = net->scale, *shift = net->shift;
    const bool radii = t->plane == NET_RADII;
    const float moves = t->plane != NET_RADII && t->plane != NET_TANGENTS;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t y = 0; y < in->h; y++) {
            float *restrict to = net_value_at(t, 0, s) + net_at(in, y, 0) + c;
            for (int64_t p = 0; p < in->w; p++)
                to[p * in->c] = x[p] * (radii ? fabsf(scale[p]) : scale[p]) + moves * shift[p];
            x += in->w;
            scale += in->w;
            shift += in->w;
        }
}

static void give_output(const vouch_tape *t, int64_t s, float *y)
{
    const int last = t->net->layer_count;
    const net_image *out = &t->net->value[last].image;
    const int64_t area = out->h * out->w;
    const float *from = net_value_at(t, last, s);
    for (int64_t j = 0; j < t->net->outputs; j++)
        y[j] = from[net_at(out, j % area / out->w, j % area % out->w) + j / area];
}

static void take_adjoint(const vouch_tape *t, int64_t s, const float *d_y)
{
    const int last = t->net->layer_count;
    const net_image *out = &t->net->value[last].adjoint, *value = &t->net->value[last].image;
    const int64_t area = out->h * out->w;
    const float *gate = net_gate_at(t, last, s);
    float *to = net_adjoint_at(t, last, s);
    for (int64_t j = 0; j < t->net->outputs; j++) {
        const int64_t p = j % area, c = j / area;
        const bool off = gate && !(gate[net_at(value, p / out->w, p % out->w) + c] > 0);
        to[net_at(out, p / out->w, p % out->w) + c] = off ? 0 : d_y[j];
    }
}

/* Channels first again, as the graph has it. */
static void give_gradient(const vouch_tape *t, int64_t s, float *d_x)
{
    const net_image *in = &t->net->value[0].adjoint;
    const float *from = net_adjoint_at(t, 0, s), *scale = t->net->scale;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t y = 0; y < in->h; y++, scale += in->w, d_x += in->w) {
            const float *line = from + net_at(in, y, 0) + c;
            for (int64_t x = 0; x < in->w; x++)
                d_x[x] = line[x * in->c] * scale[x];
        }
}

void vouch_net_shut(const net_job *job)
{
    const int v = job->layer->give;
    const net_image *image = &job->tape->net->value[v].image;
    vouch_sheet_pass pass = {.sheet = {image->h, image->w, image->c},
                             .d_pitch = image->pitch,
                             .gate_pitch = image->pitch,
                             .to_pitch = image->pitch};
    for (int64_t s = job->first; s < job->first + job->count; s++) {
        const float *gate = net_gate_at(job->tape, v, s);
        pass.to = net_value_at(job->tape, v, s) + net_at(image, 0, 0);
        pass.d = pass.to;
        pass.gate = gate ? gate + net_at(image, 0, 0) : NULL;
        if (gate)
            vouch_sheet_run_pass(&pass);
    }
}

/* ---- passes ---------------------------------------------------------------------------------- */

net_stretch vouch_net_stretch(const vouch_tape *t, int i)
{
    const net_layer *layer = t->net->layer;
    net_stretch s = {i, i + 1, layer[i].whole ? t->count : 1};
    while (s.from > 0 && layer[s.from - 1].run == layer[i].run)
        s.from--;
    while (s.to < t->net->layer_count && layer[s.to].run == layer[i].run)
        s.to++;
    return s;
}

static void forward_run(const vouch_tape *t, const net_stretch *r, const float *x)
{
    const int64_t inputs = t->net->inputs;
    for (int64_t first = 0; first < t->count; first += r->step) {
        for (int64_t s = first; r->from == 0 && s < first + r->step; s++)
            vouch_net_take_input(t, s, x + s * inputs);
        for (int i = r->from; i < r->to; i++)
            t->net->layer[i].kind->forward(&(net_job){
                .tape = t, .layer = &t->net->layer[i], .first = first, .count = r->step});
    }
}

void vouch_tape_forward(vouch_tape *t, int64_t count, const float *x, float *y)
{
    const vouch_net *net = t->net;
    t->count = count;
    for (int i = 0; i < net->layer_count && count > 0;) {
        const net_stretch r = vouch_net_stretch(t, i);
        forward_run(t, &r, x);
        i = r.to;
    }
    for (int64_t s = 0; s < count; s++)
        give_output(t, s, y + s * net->outputs);
}

typedef struct gradients {
    const float *d_y;
    float *d_x, *d_parameters;
} gradients;

static void backward_run(const vouch_tape *t, const net_stretch *r, const gradients *g)
{
    const vouch_net *net = t->net;
    net_job job = {
        .tape = t, .count = r->step, .inputs = g->d_x != NULL, .gradient = g->d_parameters};
    for (job.first = 0; job.first < t->count; job.first += r->step) {
        const int64_t end = job.first + r->step;
        for (int64_t s = job.first; r->to == net->layer_count && s < end; s++)
            take_adjoint(t, s, g->d_y + s * net->outputs);
        for (int i = r->to - 1; i >= r->from; i--) {
            job.layer = &net->layer[i];
            job.layer->kind->backward(&job);
        }
        for (int64_t s = job.first; r->from == 0 && g->d_x && s < end; s++)
            give_gradient(t, s, g->d_x + s * net->inputs);
    }
}

void vouch_tape_backward(vouch_tape *t, const float *d_y, float *d_x, float *d_parameters)
{
    const gradients g = {d_y, d_x, d_parameters};
    for (int i = t->net->layer_count; i > 0 && t->count > 0;) {
        const net_stretch r = vouch_net_stretch(t, i - 1);
        backward_run(t, &r, &g);
        i = r.from;
    }
}

/* Tangents first: what is curved takes their adjoints on to the points. */
static void backward_run_bent(const vouch_tape *t, const net_stretch *r, const float *d_y,
                              const float *d_points, float *gradient)
{
    const vouch_net *net = t->net;
    net_job tangents = {.tape = t, .count = r->step, .gradient = gradient};
    net_job points = {
        .tape = t->at, .count = r->step, .gradient = gradient, .adds = true, .bent = t};
    for (int64_t first = 0; first < t->count; first += r->step) {
        tangents.first = points.first = first;
        for (int64_t s = first; r->to == net->layer_count && s < first + r->step; s++) {
            take_adjoint(t, s, d_y + s * net->outputs);
            take_adjoint(t->at, s, d_points + s * net->outputs);
        }
        for (int i = r->to - 1; i >= r->from; i--) {
            tangents.layer = points.layer = &net->layer[i];
            net->layer[i].kind->backward(&tangents);
            net->layer[i].kind->backward(&points);
        }
    }
}

void vouch_tape_backward_bent(vouch_tape *t, const float *d_y, const float *d_points,
                              float *d_parameters)
{
    for (int i = t->net->layer_count; i > 0 && t->count > 0;) {
        const net_stretch r = vouch_net_stretch(t, i - 1);
        backward_run_bent(t, &r, d_y, d_points, d_parameters);
        i = r.from;
    }
}
