/* Curves, element by element: smooth activations, and ReLUs that are part of no layer.
 *
 * Each is two loops over a line, its values and its slopes; slopes are taken at what the layer
 * took and what it gave. Filling stays 0, whatever the curve is at 0.
 * SPEC: ONNX Softplus-1, Sigmoid-13, Tanh-13, Gelu-20 (approximate = none), Elu-6, LeakyRelu-16
 */
#include <math.h>
#include <string.h>

#include "grad/net_priv.h"

static const float ROOT_HALF = 0.70710678F, DENSITY_AT_0 = 0.39894228F; /* of the normal law */

typedef struct shape {
    const char *type, *parameter; /* parameter: an attribute; NULL */
    float usual;                  /* the parameter's value where it is left out */
    void (*values)(float p, int64_t n, const float *x, float *y);
    /* d times the slope at x, where the value is y */
    void (*slopes)(float p, int64_t n, const float *x, const float *y, float *d);
} shape;

typedef struct curve {
    const shape *shape;
    float parameter;
} curve;

/* value of x; slope of x and y; both may use p. */
#define CURVE(name, value, slope)                                                              \
    static void name##_values(float p, int64_t n, const float *restrict from,                  \
                              float *restrict to)                                              \
    {                                                                                          \
        (void)p;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                      \
            const float x = from[i];                                                           \
            to[i] = (value);                                                                   \
        }                                                                                      \
    }                                                                                          \
    static void name##_slopes(float p, int64_t n, const float *restrict from,                  \
                              const float *restrict given, float *restrict d)                  \
    {                                                                                          \
        (void)p;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                      \
            const float x = from[i], y = given[i];                                             \
            (void)x;                                                                           \
            (void)y;                                                                           \
            d[i] *= (slope);                                                                   \
        }                                                                                      \
    }

CURVE(relu, x <= 0 ? 0 : x, x > 0 ? 1.0F : 0.0F)
CURVE(leaky_relu, x<0 ? p * x : x, x> 0 ? 1.0F : p)
CURVE(elu, x > 0 ? x : p * expm1f(x), x > 0 ? 1.0F : y + p)
CURVE(sigmoid, 1 / (1 + expf(-x)), y *(1 - y))
CURVE(tanh, tanhf(x), 1 - y * y)
CURVE(softplus, (x > 0 ? x : 0) + log1pf(expf(-fabsf(x))), 1 / (1 + expf(-x)))
CURVE(gelu, x *(0.5F * erfcf(-x * ROOT_HALF)),
      0.5F * erfcf(-x * ROOT_HALF) + x * DENSITY_AT_0 * expf(-0.5F * x * x))
#undef CURVE

static const shape shapes[] = {
    {"Relu", NULL, 0, relu_values, relu_slopes},
    {"LeakyRelu", "alpha", 0.01F, leaky_relu_values, leaky_relu_slopes},
    {"Elu", "alpha", 1, elu_values, elu_slopes},
    {"Sigmoid", NULL, 0, sigmoid_values, sigmoid_slopes},
    {"Tanh", NULL, 0, tanh_values, tanh_slopes},
    {"Softplus", NULL, 0, softplus_values, softplus_slopes},
    {"Gelu", NULL, 0, gelu_values, gelu_slopes},
};

/* ---- reading --------------------------------------------------------------------------------- */

static const shape *find(const net_reading *r)
{
    const vouch_attr *how = vouch_node_attr(r->node, "approximate");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].type, r->node->type) == 0)
            return how && strcmp(how->text, "none") != 0 ? NULL : &shapes[i];
    return NULL;
}

static bool read(net_reading *r)
{
    const shape *s = find(r);
    const int take = vouch_net_taken(r);
    const vouch_attr *a = s && s->parameter ? vouch_node_attr(r->node, s->parameter) : NULL;
    net_layer *l = s && take >= 0 ? vouch_net_add_layer(r, take, sizeof(curve)) : NULL;
    if (!l)
        return false;
    *(curve *)l->own = (curve){s, a ? (float)a->f : s->usual};
    return true;
}

/* A line of adjoints. */
static vouch_status plan(const net_planning *p, net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    p->net->scratch = p->net->scratch > in->w * in->c ? p->net->scratch : in->w * in->c;
    return VOUCH_OK;
}

/* ---- passes ---------------------------------------------------------------------------------- */

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].image;
    const curve *c = l->own;
    const int64_t filling = out->c - in->real[0];
    for (int64_t y = 0; y < out->h; y++) {
        float *to = net_value_at(t, l->give, job->first) + net_at(out, y, 0);
        c->shape->values(c->parameter, out->w * out->c,
                         net_value_at(t, l->take[0], job->first) + net_at(&in->image, y, 0),
                         to);
        for (int64_t x = 1; x <= out->w && filling > 0; x++)
            memset(to + x * out->c - filling, 0, (size_t)filling * sizeof *to);
    }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const float *gate = net_gate_at(t, l->take[0], job->first);
    const curve *c = l->own;
    const int64_t line = in->image.w * in->image.c;
    float *d = t->scratch;
    for (int64_t y = 0; y < in->image.h && net_wants(job, 0); y++) {
        float *to = net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        memcpy(d, net_adjoint_at(t, l->give, job->first) + net_at(&out->adjoint, y, 0),
               (size_t)line * sizeof *d);
        c->shape->slopes(c->parameter, line,
                         net_value_at(t, l->take[0], job->first) + net_at(&in->image, y, 0),
                         net_value_at(t, l->give, job->first) + net_at(&out->image, y, 0), d);
        for (int64_t j = 0; j < line; j++) {
            const float part = !on || on[j] > 0 ? d[j] : 0;
            to[j] = l->adds[0] ? to[j] + part : part;
        }
    }
}

const net_kind vouch_layer_curve = {
    .name = "curve", .read = read, .plan = plan, .forward = forward, .backward = backward};
