/* Curves, element by element: smooth activations, and ReLUs that are part of no layer.
 *
 * Each is two loops over a line, its values and its slopes; slopes are taken at what the layer
 * took and what it gave. Filling stays 0, whatever the curve is at 0. A product x sigmoid(x) is one
 * curve, SiLU: the sigmoid's layer becomes it.
 *
 * Boxes: every curve here falls up to its turn and rises from there (most rise everywhere, their
 * turn is -infinity). So it is least at the turn or at the end next to it, and greatest at an end.
 * SPEC: ONNX Softplus-1, Sigmoid-13, Tanh-13, Gelu-20 (approximate = none), Elu-6, LeakyRelu-16
 */
#include <math.h>
#include <string.h>

#include "grad/net_priv.h"

extern const net_kind vouch_layer_curve;

static const float ROOT_HALF = 0.70710678F, DENSITY_AT_0 = 0.39894228F; /* of the normal law */

/* Lines of scratch: an adjoint, what bends it; of boxes, where the curve is least and greatest, its values there
 * and their adjoints. */
enum { ADJOINT, BEND, LOW = 0, HIGH, LEAST, MOST, D_LEAST, D_MOST, LINES };

typedef struct shape {
    const char *type, *parameter; /* parameter: an attribute; NULL */
    float usual;                  /* the parameter's value where it is left out */
    float turn;
    void (*values)(float p, int64_t n, const float *x, float *y);
    /* d times the slope at x, where the value is y; d times the second derivative there */
    void (*slopes)(float p, int64_t n, const float *x, const float *y, float *d);
    void (*bends)(float p, int64_t n, const float *x, const float *y, float *d);
} shape;

typedef struct curve {
    const shape *shape;
    float parameter, turn;
} curve;

/* d times a factor of x and y. */
#define FACTOR(name, factor)                                                                   \
    static void name(float p, int64_t n, const float *restrict from,                           \
                     const float *restrict given, float *restrict d)                           \
    {                                                                                          \
        (void)p;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                      \
            const float x = from[i], y = given[i];                                             \
            (void)x;                                                                           \
            (void)y;                                                                           \
            d[i] *= (factor);                                                                  \
        }                                                                                      \
    }

/* value of x; slope and second derivative of x and y; all may use p. */
#define CURVE(name, value, slope, bend)                                                        \
    static void name##_values(float p, int64_t n, const float *restrict from,                  \
                              float *restrict to)                                              \
    {                                                                                          \
        (void)p;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                      \
            const float x = from[i];                                                           \
            to[i] = (value);                                                                   \
        }                                                                                      \
    }                                                                                          \
    FACTOR(name##_slopes, slope)                                                               \
    FACTOR(name##_bends, bend)

CURVE(relu, x <= 0 ? 0 : x, x > 0 ? 1.0F : 0.0F, 0)
CURVE(leaky_relu, x<0 ? p * x : x, x> 0 ? 1.0F : p, 0)
CURVE(elu, x > 0 ? x : p * expm1f(x), x > 0 ? 1.0F : y + p, x > 0 ? 0 : y + p)
CURVE(sigmoid, 1 / (1 + expf(-x)), y *(1 - y), y *(1 - y) * (1 - 2 * y))
CURVE(silu, x / (1 + expf(-x)), 1 / (1 + expf(-x)) * (1 + x / (1 + expf(x))),
      1 / ((1 + expf(-x)) * (1 + expf(x))) * (2 - x * tanhf(0.5F * x)))
CURVE(tanh, tanhf(x), 1 - y * y, -2 * y * (1 - y * y))
CURVE(softplus, (x > 0 ? x : 0) + log1pf(expf(-fabsf(x))), 1 / (1 + expf(-x)),
      1 / ((1 + expf(-x)) * (1 + expf(x))))
CURVE(gelu, x *(0.5F * erfcf(-x * ROOT_HALF)),
      0.5F * erfcf(-x * ROOT_HALF) + x * DENSITY_AT_0 * expf(-0.5F * x * x),
      DENSITY_AT_0 *expf(-0.5F * x * x) * (2 - x * x))
CURVE(same, x, 1, 0)
#undef CURVE

static const shape shapes[] = {
    {"Relu", NULL, 0, -INFINITY, relu_values, relu_slopes, relu_bends},
    {"LeakyRelu", "alpha", 0.01F, -INFINITY, leaky_relu_values, leaky_relu_slopes,
     leaky_relu_bends},
    {"Elu", "alpha", 1, -INFINITY, elu_values, elu_slopes, elu_bends},
    {"Sigmoid", NULL, 0, -INFINITY, sigmoid_values, sigmoid_slopes, sigmoid_bends},
    {"Tanh", NULL, 0, -INFINITY, tanh_values, tanh_slopes, tanh_bends},
    {"Softplus", NULL, 0, -INFINITY, softplus_values, softplus_slopes, softplus_bends},
    {"Gelu", NULL, 0, -0.75179152F, gelu_values, gelu_slopes, gelu_bends},
};
static const shape silu = {"", NULL, 0, -1.27846454F, silu_values, silu_slopes, silu_bends};
static const shape same = {"", NULL, 0, -INFINITY, same_values, same_slopes, same_bends};

/* ---- reading --------------------------------------------------------------------------------- */

static const shape *find(const net_reading *r)
{
    const vouch_attr *how = vouch_node_attr(r->node, "approximate");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].type, r->node->type) == 0)
            return how && strcmp(how->text, "none") != 0 ? NULL : &shapes[i];
    return NULL;
}

/* The layer that gives sigmoid(x), where the node alone reads it and multiplies it with x; NULL. */
static net_layer *sigmoid_of(const net_reading *r)
{
    for (int k = 0; k < 2 && strcmp(r->node->type, "Mul") == 0; k++) {
        const int other = vouch_net_constant(r, !k) ? -1 : r->value_of[r->node->input[!k]];
        const int v = vouch_net_constant(r, k) ? -1 : r->value_of[r->node->input[k]];
        net_layer *l = v > 0 ? &r->net->layer[v - 1] : NULL;
        if (l && l->kind == &vouch_layer_curve && l->take[0] == other &&
            strcmp(((const curve *)l->own)->shape->type, "Sigmoid") == 0 &&
            r->readers[r->node->input[k]] == 1)
            return l;
    }
    return NULL;
}

static bool read_silu(net_reading *r)
{
    const net_layer *l = sigmoid_of(r);
    if (l)
        *(curve *)l->own = (curve){&silu, 0, silu.turn};
    if (l)
        vouch_net_pass_on(r, l->give);
    return l != NULL;
}

static bool read(net_reading *r)
{
    if (read_silu(r))
        return true;
    const shape *s = find(r);
    const int take = vouch_net_taken(r);
    const vouch_attr *a = s && s->parameter ? vouch_node_attr(r->node, s->parameter) : NULL;
    net_layer *l = s && take >= 0 ? vouch_net_add_layer(r, take, sizeof(curve)) : NULL;
    if (!l)
        return false;
    const float parameter = a ? (float)a->f : s->usual;
    /* Left of 0 such a curve is the parameter times one that rises. */
    *(curve *)l->own = (curve){s, parameter, s->parameter && parameter < 0 ? 0 : s->turn};
    return true;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    const int64_t lines = LINES * in->w * in->c;
    p->net->scratch = p->net->scratch > lines ? p->net->scratch : lines;
    return VOUCH_OK;
}

/* ---- passes ---------------------------------------------------------------------------------- */

static const shape *shape_of(const net_job *job)
{
    const curve *c = job->layer->own;
    return job->tape->plane == NET_RADII ? &same : c->shape;
}

/* Filling of a line that the layer gives. */
static void clear_filling(const net_job *job, float *to)
{
    const net_value *out = &job->tape->net->value[job->layer->give];
    const int64_t filling = out->image.c - out->real[0];
    for (int64_t x = 1; x <= out->image.w && filling > 0; x++)
        memset(to + x * out->image.c - filling, 0, (size_t)filling * sizeof *to);
}

static void give_values(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].image;
    const curve *c = l->own;
    for (int64_t y = 0; y < out->h; y++) {
        float *to = net_value_at(t, l->give, job->first) + net_at(out, y, 0);
        shape_of(job)->values(
            c->parameter, out->w * out->c,
            net_value_at(t, l->take[0], job->first) + net_at(&in->image, y, 0), to);
        clear_filling(job, to);
    }
}

/* Tangents: times the slopes at the points. */
static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const curve *c = l->own;
    if (t->plane != NET_TANGENTS) {
        give_values(job);
        return;
    }
    for (int64_t y = 0; y < out->h; y++) {
        float *to = net_value_at(t, l->give, job->first) + net_at(out, y, 0);
        memcpy(to, net_value_at(t, l->take[0], job->first) + net_at(in, y, 0),
               (size_t)(out->w * out->c) * sizeof *to);
        c->shape->slopes(c->parameter, out->w * out->c,
                         net_value_at(t->at, l->take[0], job->first) + net_at(in, y, 0),
                         net_value_at(t->at, l->give, job->first) + net_at(out, y, 0), to);
    }
}

/* d += the second derivative times the tangent times its adjoint. */
static void bend(const net_job *job, int64_t y, float *restrict d)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const curve *c = l->own;
    const int64_t line = in->image.w * in->image.c, at = net_at(&in->image, y, 0);
    const float *flow = net_value_at(job->bent, l->take[0], job->first) + at;
    const float *d_flow =
        net_adjoint_at(job->bent, l->give, job->first) + net_at(&out->adjoint, y, 0);
    float *more = t->scratch + BEND * line;
    for (int64_t j = 0; j < line; j++)
        more[j] = flow[j] * d_flow[j];
    c->shape->bends(c->parameter, line, net_value_at(t, l->take[0], job->first) + at,
                    net_value_at(t, l->give, job->first) + net_at(&out->image, y, 0), more);
    for (int64_t j = 0; j < line; j++)
        d[j] += more[j];
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const float *gate = net_gate_at(t, l->take[0], job->first);
    const curve *c = l->own;
    const int64_t line = in->image.w * in->image.c;
    float *d = t->scratch + ADJOINT * line;
    for (int64_t y = 0; y < in->image.h && net_wants(job, 0); y++) {
        float *to = net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        memcpy(d, net_adjoint_at(t, l->give, job->first) + net_at(&out->adjoint, y, 0),
               (size_t)line * sizeof *d);
        shape_of(job)->slopes(
            c->parameter, line,
            net_value_at(t->at, l->take[0], job->first) + net_at(&in->image, y, 0),
            net_value_at(t->at, l->give, job->first) + net_at(&out->image, y, 0), d);
        if (job->bent)
            bend(job, y, d);
        for (int64_t j = 0; j < line; j++) {
            const float part = !on || on[j] > 0 ? d[j] : 0;
            to[j] = l->adds[0] ? to[j] + part : part;
        }
    }
}

/* ---- boxes ----------------------------------------------------------------------------------- */

typedef struct ends {
    int64_t count;
    float *line[LINES];
} ends;

/* Where the curve is least: at its turn, or at the end next to it. */
static void turn(const ends *e, float at)
{
    float *restrict low = e->line[LOW], *restrict high = e->line[HIGH];
    float *restrict least = e->line[LEAST], *restrict most = e->line[MOST];
    for (int64_t i = 0; i < e->count; i++) {
        const float l = low[i], u = high[i];
        low[i] = u < at ? u : l > at ? l : at;
        high[i] = least[i] > most[i] ? l : u;
        most[i] = least[i] > most[i] ? least[i] : most[i];
    }
}

/* Of line y of what the layer takes. */
static ends find_ends(const net_job *job, int64_t y)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const net_image *in = &t->net->value[v].image;
    const float *c = net_value_at(t, v, job->first) + net_at(in, y, 0);
    const float *r = net_value_at(t->pair, v, job->first) + net_at(in, y, 0);
    const curve *of = job->layer->own;
    ends e = {.count = in->w * in->c};
    for (int k = 0; k < LINES; k++)
        e.line[k] = t->scratch + k * e.count;
    for (int64_t i = 0; i < e.count; i++) {
        e.line[LOW][i] = c[i] - r[i];
        e.line[HIGH][i] = c[i] + r[i];
    }
    of->shape->values(of->parameter, e.count, e.line[LOW], e.line[LEAST]);
    of->shape->values(of->parameter, e.count, e.line[HIGH], e.line[MOST]);
    if (of->turn > -INFINITY) {
        turn(&e, of->turn);
        of->shape->values(of->parameter, e.count, e.line[LOW], e.line[LEAST]);
    }
    return e;
}

static void boxes(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->give;
    const net_image *out = &t->net->value[v].image;
    for (int64_t y = 0; y < out->h; y++) {
        const ends e = find_ends(job, y);
        float *c = net_value_at(t, v, job->first) + net_at(out, y, 0);
        float *r = net_value_at(t->pair, v, job->first) + net_at(out, y, 0);
        for (int64_t i = 0; i < e.count; i++) {
            c[i] = 0.5F * (e.line[MOST][i] + e.line[LEAST][i]);
            r[i] = 0.5F * (e.line[MOST][i] - e.line[LEAST][i]);
        }
        clear_filling(job, c);
        clear_filling(job, r);
    }
}

/* Adjoints of least and greatest value become those of the places; what is least at the turn, no
 * end, passes nothing. */
static void ends_back(const net_job *job, int64_t y, const ends *e)
{
    const vouch_tape *t = job->tape;
    const curve *of = job->layer->own;
    const int64_t at = net_at(&t->net->value[job->layer->give].adjoint, y, 0);
    const float *d_c = net_adjoint_at(t, job->layer->give, job->first) + at;
    const float *d_r = net_adjoint_at(t->pair, job->layer->give, job->first) + at;
    for (int64_t i = 0; i < e->count; i++) {
        e->line[D_LEAST][i] = 0.5F * (d_c[i] - d_r[i]);
        e->line[D_MOST][i] = 0.5F * (d_c[i] + d_r[i]);
    }
    of->shape->slopes(of->parameter, e->count, e->line[LOW], e->line[LEAST], e->line[D_LEAST]);
    of->shape->slopes(of->parameter, e->count, e->line[HIGH], e->line[MOST], e->line[D_MOST]);
}

static void line_back(const net_job *job, int64_t y)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const net_value *in = &t->net->value[v];
    const int64_t at = net_at(&in->image, y, 0), d_at = net_at(&in->adjoint, y, 0);
    const float *c = net_value_at(t, v, job->first) + at;
    const float *r = net_value_at(t->pair, v, job->first) + at;
    float *d_c = net_adjoint_at(t, v, job->first) + d_at;
    float *d_r = net_adjoint_at(t->pair, v, job->first) + d_at;
    const bool adds = job->layer->adds[0];
    const ends e = find_ends(job, y);
    ends_back(job, y, &e);
    for (int64_t i = 0; i < e.count; i++) {
        const float l = c[i] - r[i], u = c[i] + r[i], least_at = e.line[LOW][i];
        const float d_least = e.line[D_LEAST][i], d_most = e.line[D_MOST][i];
        const float d_l = (least_at == l ? d_least : 0) + (e.line[HIGH][i] < u ? d_most : 0);
        const float d_u =
            (least_at != l && least_at == u ? d_least : 0) + (e.line[HIGH][i] < u ? 0 : d_most);
        d_c[i] = (adds ? d_c[i] : 0) + d_u + d_l;
        d_r[i] = (adds ? d_r[i] : 0) + d_u - d_l;
    }
}

static void boxes_back(const net_job *job)
{
    const net_image *in = &job->tape->net->value[job->layer->take[0]].image;
    for (int64_t y = 0; y < in->h && net_wants(job, 0); y++)
        line_back(job, y);
}

const net_kind vouch_layer_curve = {.name = "curve",
                                    .planes = true,
                                    .tangents = true,
                                    .read = read,
                                    .plan = plan,
                                    .forward = forward,
                                    .backward = backward,
                                    .boxes = boxes,
                                    .boxes_back = boxes_back};
