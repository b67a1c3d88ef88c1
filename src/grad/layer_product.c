/* Products of two values, element by element: gates.
 *
 * Boxes: a product is at its least and at its greatest in a corner of the rectangle of its factors,
 * and passes adjoints to the two ends that make the corner. A square is bounded as if its factors
 * were apart.
 */
#include <string.h>

#include "grad/net_priv.h"

static bool read(net_reading *r)
{
    return strcmp(r->node->type, "Mul") == 0 && vouch_net_add_pair(r);
}

static void multiply(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *image[NET_TAKES], *to = &t->net->value[l->give].image;
    const float *from[NET_TAKES];
    for (int k = 0; k < NET_TAKES; k++) {
        image[k] = &t->net->value[l->take[k]].image;
        from[k] = net_value_at(t, l->take[k], job->first);
    }
    for (int64_t y = 0; y < to->h; y++) {
        const float *a = from[0] + net_at(image[0], y, 0),
                    *b = from[1] + net_at(image[1], y, 0);
        float *restrict out = net_value_at(t, l->give, job->first) + net_at(to, y, 0);
        for (int64_t j = 0; j < to->w * to->c; j++)
            out[j] = a[j] * b[j];
    }
}

/* Tangents: each factor's with the other factor at the points. */
static void follow(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *to = &t->net->value[l->give].image;
    for (int64_t y = 0; y < to->h; y++) {
        float *restrict out = net_value_at(t, l->give, job->first) + net_at(to, y, 0);
        for (int k = 0; k < NET_TAKES; k++) {
            const int64_t at = net_at(&t->net->value[l->take[k]].image, y, 0);
            const int64_t by_at = net_at(&t->net->value[l->take[!k]].image, y, 0);
            const float *flow = net_value_at(t, l->take[k], job->first) + at;
            const float *by = net_value_at(t->at, l->take[!k], job->first) + by_at;
            for (int64_t j = 0; j < to->w * to->c; j++)
                out[j] = (k > 0 ? out[j] : 0) + flow[j] * by[j];
        }
    }
}

static void forward(const net_job *job)
{
    if (job->tape->plane == NET_TANGENTS)
        follow(job);
    else
        multiply(job);
}

/* The adjoint times the other factor, and the tangents' adjoint times the other's tangent. */
static void by_input(const net_job *job, int k)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[k]];
    const net_image *other = &t->net->value[l->take[!k]].image;
    const net_image *given = &t->net->value[l->give].adjoint;
    const float *gate = net_gate_at(t, l->take[k], job->first);
    for (int64_t y = 0; y < given->h; y++) {
        const float *d = net_adjoint_at(t, l->give, job->first) + net_at(given, y, 0);
        const float *by = net_value_at(t->at, l->take[!k], job->first) + net_at(other, y, 0);
        const vouch_tape *bent = job->bent ? job->bent : t;
        const float *flow = net_value_at(bent, l->take[!k], job->first) + net_at(other, y, 0);
        const float *d_flow = net_adjoint_at(bent, l->give, job->first) + net_at(given, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        float *restrict to =
            net_adjoint_at(t, l->take[k], job->first) + net_at(&in->adjoint, y, 0);
        for (int64_t j = 0; j < given->w * given->c; j++) {
            const float more = job->bent ? d_flow[j] * flow[j] : 0;
            const float part = !on || on[j] > 0 ? d[j] * by[j] + more : 0;
            to[j] = l->adds[k] ? to[j] + part : part;
        }
    }
}

static void backward(const net_job *job)
{
    for (int k = NET_TAKES - 1; k >= 0; k--) /* x x: the last one sets */
        if (net_wants(job, k))
            by_input(job, k);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Ends of two factors, and the corner of which `sign` times the product is greatest. */
typedef struct corner {
    float end[NET_TAKES][2];
    int at[NET_TAKES];
    float product;
} corner;

static void choose(corner *c, float sign)
{
    for (int k = 0; k < 4; k++) {
        const float product = c->end[0][k / 2] * c->end[1][k % 2];
        if (k > 0 && !(sign * product > sign * c->product))
            continue;
        c->product = product;
        c->at[0] = k / 2;
        c->at[1] = k % 2;
    }
}

/* Where a line of value v begins in both planes. */
typedef struct stripe {
    float *c, *r;
} stripe;

static stripe values_of(const net_job *job, int v, int64_t y)
{
    const int64_t at = net_at(&job->tape->net->value[v].image, y, 0);
    return (stripe){net_value_at(job->tape, v, job->first) + at,
                    net_value_at(job->tape->pair, v, job->first) + at};
}

static stripe adjoints_of(const net_job *job, int v, int64_t y)
{
    const int64_t at = net_at(&job->tape->net->value[v].adjoint, y, 0);
    return (stripe){net_adjoint_at(job->tape, v, job->first) + at,
                    net_adjoint_at(job->tape->pair, v, job->first) + at};
}

static corner corner_at(const stripe from[NET_TAKES], int64_t j, float sign)
{
    corner c = {.product = 0};
    for (int k = 0; k < NET_TAKES; k++) {
        c.end[k][0] = from[k].c[j] - from[k].r[j];
        c.end[k][1] = from[k].c[j] + from[k].r[j];
    }
    choose(&c, sign);
    return c;
}

static void boxes(const net_job *job)
{
    const net_layer *l = job->layer;
    const net_image *out = &job->tape->net->value[l->give].image;
    for (int64_t y = 0; y < out->h; y++) {
        const stripe from[] = {values_of(job, l->take[0], y), values_of(job, l->take[1], y)};
        const stripe to = values_of(job, l->give, y);
        for (int64_t j = 0; j < out->w * out->c; j++) {
            const float least = corner_at(from, j, -1).product;
            const float most = corner_at(from, j, 1).product;
            to.c[j] = 0.5F * (most + least);
            to.r[j] = 0.5F * (most - least);
        }
    }
}

/* The adjoint of a corner to the ends that make it. */
static void corner_back(const corner *c, float d, float end[NET_TAKES][2])
{
    for (int k = 0; k < NET_TAKES; k++)
        end[k][c->at[k]] += d * c->end[!k][c->at[!k]];
}

static void line_back(const net_job *job, int64_t y)
{
    const net_layer *l = job->layer;
    const net_image *out = &job->tape->net->value[l->give].adjoint;
    const stripe from[] = {values_of(job, l->take[0], y), values_of(job, l->take[1], y)};
    const stripe to[] = {adjoints_of(job, l->take[0], y), adjoints_of(job, l->take[1], y)};
    const stripe d = adjoints_of(job, l->give, y);
    for (int64_t j = 0; j < out->w * out->c; j++) {
        const corner least = corner_at(from, j, -1), most = corner_at(from, j, 1);
        const float d_least = 0.5F * (d.c[j] - d.r[j]), d_most = 0.5F * (d.c[j] + d.r[j]);
        float end[NET_TAKES][2] = {{0}};
        corner_back(&least, d_least, end);
        corner_back(&most, d_most, end);
        for (int k = NET_TAKES - 1; k >= 0; k--) { /* x x: the last one sets */
            if (!net_wants(job, k))
                continue;
            to[k].c[j] = (l->adds[k] ? to[k].c[j] : 0) + end[k][1] + end[k][0];
            to[k].r[j] = (l->adds[k] ? to[k].r[j] : 0) + end[k][1] - end[k][0];
        }
    }
}

static void boxes_back(const net_job *job)
{
    const net_image *out = &job->tape->net->value[job->layer->give].adjoint;
    for (int64_t y = 0; y < out->h; y++)
        line_back(job, y);
}

const net_kind vouch_layer_product = {.name = "product",
                                      .tangents = true,
                                      .read = read,
                                      .forward = forward,
                                      .backward = backward,
                                      .boxes = boxes,
                                      .boxes_back = boxes_back};
