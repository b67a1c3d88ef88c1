/* Prototypes: log((D + 1) / (D + e)) of the squared distances D of a map's components to learnt
 * vectors (prototype.h), as an image of a line with a channel for each prototype.
 *
 *   d s / d D = -f / ((D + e) ((D + e) o + f)),  d D / d z = 2 (z - p) = -d D / d p
 *
 * with s = log(f / (D + e) + o). Filling of what is taken is 0, as is that of prototypes, and adds
 * nothing.
 *
 * Boxes: z_i - p_i stays apart by at least max(|c_i - p_i| - r_i, 0) and at most |c_i - p_i| + r_i,
 * so the ends of D are exact, and s falls with D.
 */
#include <math.h>
#include <string.h>

#include "grad/net_weights.h"
#include "grad/prototype.h"

extern const net_kind vouch_layer_prototype;

typedef struct prototype {
    vouch_prototypes chain;
    int64_t at, c; /* where they begin among the parameters; floats of each */
    float offset[2], factor;
} prototype;

/* ---- reading and storing --------------------------------------------------------------------- */

/* Is the node within the chain of a layer that was read? */
static bool read_rest(net_reading *r)
{
    const int n = (int)(r->node - r->graph->node);
    for (int i = 0; i < r->net->layer_count; i++) {
        const net_layer *l = &r->net->layer[i];
        const prototype *p = l->own;
        for (int k = 1; l->kind == &vouch_layer_prototype && k < VOUCH_PROTOTYPE_NODES; k++)
            if (p->chain.node[k] == n) {
                vouch_net_pass_on(r, l->give);
                return true;
            }
    }
    return false;
}

static bool read(net_reading *r)
{
    vouch_prototypes chain;
    if (read_rest(r))
        return true;
    const int take = vouch_net_taken(r);
    if (take < 0 || !vouch_prototypes_at(r->graph, (int)(r->node - r->graph->node), &chain))
        return false;
    const net_value *in = &r->net->value[take];
    if (in->real[0] != chain.dimension || in->real[1] * in->real[2] != chain.components)
        return false;
    net_layer *l = vouch_net_add_layer(r, take, sizeof(prototype));
    if (!l)
        return false;
    *(prototype *)l->own =
        (prototype){.chain = chain,
                    .c = in->image.c,
                    .offset = {(float)chain.offset[0], (float)chain.offset[1]},
                    .factor = (float)chain.factor};
    vouch_net_set_size(r, l, chain.count, 1, chain.components);
    r->net->value[l->give].flat = false;
    return true;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    prototype *own = l->own;
    own->at = p->net->size;
    p->net->size += net_fill(own->chain.count * own->c);
    p->net->scratch = p->net->scratch > 2 * own->c ? p->net->scratch : 2 * own->c;
    return VOUCH_OK;
}

static void load(vouch_net *net, const net_layer *l, const vouch_graph *graph)
{
    const prototype *p = l->own;
    const vouch_tensor *t = graph->value[p->chain.constant].constant;
    for (int64_t i = 0; i < t->count; i++)
        net->parameters[p->at + i / p->chain.dimension * p->c + i % p->chain.dimension] =
            (float)vouch_tensor_get(t, i);
}

static vouch_status store(vouch_context *ctx, const vouch_net *net, const net_layer *l,
                          vouch_graph *graph)
{
    const prototype *p = l->own;
    vouch_tensor *t = NULL;
    VOUCH_TRY(vouch_net_renew(ctx, graph, p->chain.constant, &t));
    for (int64_t i = 0; i < t->count; i++)
        t->f32[i] =
            net->parameters[p->at + i / p->chain.dimension * p->c + i % p->chain.dimension];
    return VOUCH_OK;
}

/* ---- passes ---------------------------------------------------------------------------------- */

static float similarity(const prototype *p, float distance)
{
    return logf(p->factor / (distance + p->offset[0]) + p->offset[1]);
}

static float slope(const prototype *p, float distance)
{
    const float near = distance + p->offset[0];
    return -p->factor / (near * (near * p->offset[1] + p->factor));
}

static float apart(int64_t n, const float *restrict z, const float *restrict p)
{
    float sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (z[j] - p[j]) * (z[j] - p[j]);
    return sum;
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const prototype *p = l->own;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const float *vector = t->net->parameters + p->at;
    for (int64_t k = 0; k < in->h * in->w; k++) {
        const float *z =
            net_value_at(t, l->take[0], job->first) + net_at(in, k / in->w, k % in->w);
        float *to = net_value_at(t, l->give, job->first) + net_at(out, 0, k);
        memset(to, 0, (size_t)out->c * sizeof *to);
        for (int64_t j = 0; j < p->chain.count; j++)
            to[j] = similarity(p, apart(p->c, z, vector + j * p->c));
    }
}

/* One component against one prototype: d is the adjoint of their similarity. */
static void pair_back(const prototype *p, const float *restrict z, const float *restrict vector,
                      float d, float *const to[2])
{
    const float by = 2 * d * slope(p, apart(p->c, z, vector));
    for (int64_t i = 0; i < p->c; i++) {
        const float part = by * (z[i] - vector[i]);
        to[0][i] += part;
        if (to[1])
            to[1][i] -= part;
    }
}

/* One component: its adjoint into scratch. */
static void component_back(const net_job *job, int64_t k)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const prototype *p = l->own;
    const net_image *in = &t->net->value[l->take[0]].image;
    const float *z = net_value_at(t, l->take[0], job->first) + net_at(in, k / in->w, k % in->w);
    const float *d =
        net_adjoint_at(t, l->give, job->first) + net_at(&t->net->value[l->give].adjoint, 0, k);
    memset(t->scratch, 0, (size_t)p->c * sizeof *t->scratch);
    for (int64_t j = 0; j < p->chain.count; j++) {
        const int64_t at = p->at + j * p->c;
        float *const to[] = {t->scratch, job->gradient ? job->gradient + at : NULL};
        if (d[j] != 0)
            pair_back(p, z, t->net->parameters + at, d[j], to);
    }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const prototype *p = l->own;
    const net_value *in = &t->net->value[l->take[0]];
    const float *gate = net_gate_at(t, l->take[0], job->first);
    if (job->gradient && job->first == 0 && !job->adds)
        memset(job->gradient + p->at, 0,
               (size_t)net_fill(p->chain.count * p->c) * sizeof(float));
    for (int64_t k = 0; k < in->image.h * in->image.w; k++) {
        const int64_t y = k / in->image.w, x = k % in->image.w;
        component_back(job, k);
        if (!net_wants(job, 0))
            continue;
        const float *on = gate ? gate + net_at(&in->image, y, x) : NULL;
        float *to = net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, x);
        for (int64_t j = 0; j < p->c; j++) {
            const float part = !on || on[j] > 0 ? t->scratch[j] : 0;
            to[j] = l->adds[0] ? to[j] + part : part;
        }
    }
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Of component k: its centre and radius, or their adjoints; where its similarities are. */
typedef struct component {
    const float *c, *r;
    float *to_c, *to_r, *out_c, *out_r;
} component;

static component component_at(const net_job *job, int64_t k)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const int64_t y = k / in->image.w, x = k % in->image.w;
    const int64_t at = net_at(&in->image, y, x), d_at = net_at(&in->adjoint, y, x);
    return (component){
        .c = net_value_at(t, l->take[0], job->first) + at,
        .r = net_value_at(t->pair, l->take[0], job->first) + at,
        .to_c = net_adjoint_at(t, l->take[0], job->first) + d_at,
        .to_r = net_adjoint_at(t->pair, l->take[0], job->first) + d_at,
        .out_c = net_value_at(t, l->give, job->first) + net_at(&out->image, 0, k),
        .out_r = net_value_at(t->pair, l->give, job->first) + net_at(&out->image, 0, k)};
}

/* The least and the greatest squared distance. */
static void ends(const prototype *p, const component *at, const float *vector, float end[2])
{
    end[0] = end[1] = 0;
    for (int64_t i = 0; i < p->c; i++) {
        const float from = fabsf(at->c[i] - vector[i]);
        const float least = from > at->r[i] ? from - at->r[i] : 0, most = from + at->r[i];
        end[0] += least * least;
        end[1] += most * most;
    }
}

static void boxes(const net_job *job)
{
    const prototype *p = job->layer->own;
    const net_image *out = &job->tape->net->value[job->layer->give].image;
    const float *vector = job->tape->net->parameters + p->at;
    for (int64_t k = 0; k < p->chain.components; k++) {
        const component at = component_at(job, k);
        memset(at.out_c, 0, (size_t)out->c * sizeof *at.out_c);
        memset(at.out_r, 0, (size_t)out->c * sizeof *at.out_r);
        for (int64_t j = 0; j < p->chain.count; j++) {
            float end[2];
            ends(p, &at, vector + j * p->c, end);
            const float most = similarity(p, end[0]), least = similarity(p, end[1]);
            at.out_c[j] = 0.5F * (most + least);
            at.out_r[j] = 0.5F * (most - least);
        }
    }
}

/* d: adjoints of the least and the greatest similarity to one prototype. to: of centre, radius and
 * prototype. */
static void ends_back(const prototype *p, const component *at, const float *vector,
                      const float d[2], float *const to[3])
{
    float end[2];
    ends(p, at, vector, end);
    const float by_near = 2 * d[1] * slope(p, end[0]), by_far = 2 * d[0] * slope(p, end[1]);
    for (int64_t i = 0; i < p->c; i++) {
        const float off = at->c[i] - vector[i], from = fabsf(off), r = at->r[i];
        const float near = from > r ? by_near * (from - r) : 0, far = by_far * (from + r);
        const float part = off > 0 ? far + near : -(far + near);
        to[0][i] += part;
        to[1][i] += far - near;
        if (to[2])
            to[2][i] -= part;
    }
}

static void component_boxes_back(const net_job *job, int64_t k)
{
    const vouch_tape *t = job->tape;
    const prototype *p = job->layer->own;
    const int64_t d_at = net_at(&t->net->value[job->layer->give].adjoint, 0, k);
    const float *d_c = net_adjoint_at(t, job->layer->give, job->first) + d_at;
    const float *d_r = net_adjoint_at(t->pair, job->layer->give, job->first) + d_at;
    const component at = component_at(job, k);
    memset(t->scratch, 0, (size_t)(2 * p->c) * sizeof *t->scratch);
    for (int64_t j = 0; j < p->chain.count; j++) {
        const int64_t place = p->at + j * p->c;
        const float d[] = {0.5F * (d_c[j] - d_r[j]), 0.5F * (d_c[j] + d_r[j])};
        ends_back(p, &at, t->net->parameters + place, d,
                  (float *const[]){t->scratch, t->scratch + p->c,
                                   job->gradient ? job->gradient + place : NULL});
    }
    for (int64_t i = 0; i < p->c && net_wants(job, 0); i++) {
        at.to_c[i] = (job->layer->adds[0] ? at.to_c[i] : 0) + t->scratch[i];
        at.to_r[i] = (job->layer->adds[0] ? at.to_r[i] : 0) + t->scratch[p->c + i];
    }
}

static void boxes_back(const net_job *job)
{
    const prototype *p = job->layer->own;
    if (job->gradient && job->first == 0)
        memset(job->gradient + p->at, 0,
               (size_t)net_fill(p->chain.count * p->c) * sizeof(float));
    for (int64_t k = 0; k < p->chain.components; k++)
        component_boxes_back(job, k);
}

const net_kind vouch_layer_prototype = {.name = "prototype",
                                        .read = read,
                                        .plan = plan,
                                        .forward = forward,
                                        .backward = backward,
                                        .boxes = boxes,
                                        .boxes_back = boxes_back,
                                        .load = load,
                                        .store = store};
