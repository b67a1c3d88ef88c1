/* Layer normalisation over all elements of a sample:
 *
 *   y = (x - mean) / sqrt(variance + epsilon) scale + shift
 *
 * with scale and shift for each element. They are kept in the order of the image, channels
 * innermost, which filling, always 0, takes no part in. Backward as layer_batch_norm.c, sample by
 * sample, and so do tangents. Source: Ba, Kiros, Hinton 2016. SPEC: ONNX LayerNormalization-17, axis 1.
 *
 * Boxes: x_i - mean is affine, with radius r_i (1 - 2/n) + mean(r). Its root mean square over the
 * box differs from that of the centre, A, by at most that of the radii, R, because subtracting the
 * mean shortens vectors; so the deviation lies in
 *
 *   [sqrt(max(A - R, 0)^2 + epsilon), sqrt((A + R)^2 + epsilon)]
 *
 * and each end of x_i - mean is divided by the end of it that makes it worst. No normalised element
 * exceeds sqrt(n - 1). Rows of samples do not matter to each other.
 */
#include <math.h>
#include <string.h>

#include "grad/net_weights.h"

typedef struct layer_norm {
    int64_t count;        /* elements, without filling */
    int64_t n;            /* and with it */
    int64_t scale, shift; /* where they begin among the parameters */
    int constant[2];      /* of the graph; shift -1: none */
    double epsilon;
} layer_norm;

/* Mean, and one over the deviation, of a sample. */
typedef struct moments {
    double mean, inverse;
} moments;

/* ---- reading and storing --------------------------------------------------------------------- */

static bool fits(const net_reading *r, const net_value *in)
{
    const vouch_shape *out = vouch_net_shape_out(r);
    const vouch_attr *axis = vouch_node_attr(r->node, "axis");
    const int64_t from = axis ? axis->i : -1, count = in->real[0] * in->real[1] * in->real[2];
    for (int i = 1; i < r->node->input_count; i++)
        if (r->node->input[i] >= 0 &&
            (!vouch_net_constant(r, i) || vouch_net_constant(r, i)->count != count))
            return false;
    return (from < 0 ? from + out->rank : from) == 1 && out->dim[0] == 1 &&
           vouch_net_constant(r, 1);
}

static bool read(net_reading *r)
{
    const int take = vouch_net_taken(r);
    const vouch_attr *eps = vouch_node_attr(r->node, "epsilon");
    if (strcmp(r->node->type, "LayerNormalization") != 0 || take < 0 ||
        !fits(r, &r->net->value[take]))
        return false;
    net_layer *l = vouch_net_add_layer(r, take, sizeof(layer_norm));
    if (!l)
        return false;
    const net_value *in = &r->net->value[take];
    layer_norm *b = l->own;
    b->count = in->real[0] * in->real[1] * in->real[2];
    b->n = in->image.h * in->image.w * in->image.c;
    b->epsilon = eps ? eps->f : 1e-5;
    b->constant[0] = r->node->input[1];
    b->constant[1] = vouch_net_constant(r, 2) ? r->node->input[2] : -1;
    return true;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    layer_norm *b = l->own;
    b->scale = p->net->size;
    b->shift = b->scale + net_fill(b->n);
    p->net->size = b->shift + net_fill(b->n);
    return VOUCH_OK;
}

/* Where the graph's element i is in the image's order. */
static int64_t place(const net_value *in, int64_t i)
{
    const int64_t area = in->real[1] * in->real[2];
    return i % area * in->image.c + i / area;
}

static void load(vouch_net *net, const net_layer *l, const vouch_graph *graph)
{
    const layer_norm *b = l->own;
    const int64_t at[] = {b->scale, b->shift};
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < b->count && b->constant[k] >= 0; i++)
            net->parameters[at[k] + place(&net->value[l->take[0]], i)] =
                (float)vouch_tensor_get(graph->value[b->constant[k]].constant, i);
}

static vouch_status store(vouch_context *ctx, const vouch_net *net, const net_layer *l,
                          vouch_graph *graph)
{
    const layer_norm *b = l->own;
    const int64_t at[] = {b->scale, b->shift};
    for (int k = 0; k < 2; k++) {
        vouch_tensor *t = NULL;
        if (b->constant[k] < 0)
            continue;
        VOUCH_TRY(vouch_net_renew(ctx, graph, b->constant[k], &t));
        for (int64_t i = 0; i < b->count; i++)
            t->f32[i] = net->parameters[at[k] + place(&net->value[l->take[0]], i)];
    }
    return VOUCH_OK;
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* Every pixel: `at` where its channels begin in an image, `e` in the parameters. */
#define EACH_PIXEL(image, y, x, e)                                                             \
    for (int64_t y = 0, e = 0; y < (image)->h; y++)                                            \
        for (int64_t x = 0; x < (image)->w; x++, e += (image)->c)

/* Of the points. */
static moments measure(const net_job *job)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    const float *from = net_value_at(job->tape->at, job->layer->take[0], job->first);
    const layer_norm *b = job->layer->own;
    double sum = 0, square = 0;
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0]; j++)
        sum += (double)from[net_at(&in->image, y, x) + j];
    const double mean = sum / (double)b->count;
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0]; j++) {
        const double off = (double)from[net_at(&in->image, y, x) + j] - mean;
        square += off * off;
    }
    return (moments){mean, 1 / sqrt(square / (double)b->count + b->epsilon)};
}

static void give_values(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].image;
    const moments m = measure(job);
    const float mean = (float)m.mean, inverse = (float)m.inverse;
    const float *scale = t->net->parameters + b->scale, *shift = t->net->parameters + b->shift;
    EACH_PIXEL(out, y, x, e)
    {
        const float *from = net_value_at(t, l->take[0], job->first) + net_at(&in->image, y, x);
        float *restrict to = net_value_at(t, l->give, job->first) + net_at(out, y, x);
        for (int64_t j = 0; j < in->real[0]; j++)
            to[j] = (from[j] - mean) * inverse * scale[e + j] + shift[e + j];
    }
}

/* Means over the sample of tangents v, of u v with u the normalised points, of adjoints a of what
 * is given times scale, of u a and of a v. */
typedef struct flows {
    double v, uv, a, ua, av;
} flows;

static flows measure_flows(const net_job *job, const vouch_tape *tangents, const moments *m)
{
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &job->tape->net->value[l->take[0]],
                    *out = &job->tape->net->value[l->give];
    const float *scale = job->tape->net->parameters + b->scale;
    const double n = (double)b->count;
    flows f = {0};
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0]; j++) {
        const int64_t at = net_at(&in->image, y, x) + j;
        const int64_t d_at = net_at(&out->adjoint, y, x) + j;
        const double here = (double)net_value_at(job->tape->at, l->take[0], job->first)[at];
        const double u = (here - m->mean) * m->inverse;
        const double v = (double)net_value_at(tangents, l->take[0], job->first)[at];
        const double a =
            (double)scale[e + j] * (double)net_adjoint_at(tangents, l->give, job->first)[d_at];
        f.v += v / n;
        f.uv += u * v / n;
        f.a += a / n;
        f.ua += u * a / n;
        f.av += a * v / n;
    }
    return f;
}

/* What the element's scale multiplies, of tangents. */
static double flow_at(const net_job *job, const moments *m, const flows *f, int64_t at)
{
    const int v = job->layer->take[0];
    const double x = (double)net_value_at(job->tape->at, v, job->first)[at];
    const double flow = (double)net_value_at(job->tape, v, job->first)[at];
    return m->inverse * (flow - f->v - (x - m->mean) * m->inverse * f->uv);
}

static void follow(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].image;
    const float *scale = t->net->parameters + ((const layer_norm *)l->own)->scale;
    const moments m = measure(job);
    const flows f = measure_flows(job, t, &m);
    EACH_PIXEL(out, y, x, e)
    {
        float *to = net_value_at(t, l->give, job->first) + net_at(out, y, x);
        for (int64_t j = 0; j < in->real[0]; j++)
            to[j] = scale[e + j] * (float)flow_at(job, &m, &f, net_at(&in->image, y, x) + j);
    }
}

static void forward(const net_job *job)
{
    if (job->tape->plane == NET_TANGENTS)
        follow(job);
    else
        give_values(job);
}

/* How the tangents' adjoints change with an element of the points (layer_batch_norm.c). */
static double bend(const net_job *job, const moments *m, const flows *f, const int64_t place[3])
{
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const double scale = (double)job->tape->net->parameters[b->scale + place[2]];
    const double x = (double)net_value_at(job->tape, l->take[0], job->first)[place[0]];
    const double v = (double)net_value_at(job->bent, l->take[0], job->first)[place[0]];
    const double a = scale * (double)net_adjoint_at(job->bent, l->give, job->first)[place[1]];
    const double u = (x - m->mean) * m->inverse;
    return -m->inverse * m->inverse *
           (u * (f->av - f->a * f->v - 3 * f->uv * f->ua) + f->ua * (v - f->v) +
            f->uv * (a - f->a));
}

/* Sums over the sample of g = d scale, and of g (x - mean) / deviation; the parameters' gradient
 * on the way. */
static void add_up(const net_job *job, const moments *m, double sum[2])
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const float *scale = t->net->parameters + b->scale;
    float *by_scale = job->gradient ? job->gradient + b->scale : NULL;
    const bool tangents = t->plane == NET_TANGENTS;
    const flows f = tangents ? measure_flows(job, t, m) : (flows){0};
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0]; j++) {
        const int64_t from = net_at(&in->image, y, x) + j;
        const float at = net_value_at(t->at, l->take[0], job->first)[from];
        const float d = net_adjoint_at(t, l->give, job->first)[net_at(&out->adjoint, y, x) + j];
        const double u = ((double)at - m->mean) * m->inverse;
        sum[0] += (double)(d * scale[e + j]);
        sum[1] += (double)(d * scale[e + j]) * u;
        if (by_scale) {
            by_scale[e + j] += (float)((double)d * (tangents ? flow_at(job, m, &f, from) : u));
            by_scale[b->shift - b->scale + e + j] += tangents ? 0 : d;
        }
    }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const float *scale = t->net->parameters + b->scale;
    const float *gate = net_gate_at(t, l->take[0], job->first);
    const moments m = measure(job);
    const flows f = job->bent ? measure_flows(job, job->bent, &m) : (flows){0};
    double sum[2] = {0};
    if (job->gradient && job->first == 0 && !job->adds)
        memset(job->gradient + b->scale, 0, (size_t)(2 * net_fill(b->n)) * sizeof(float));
    add_up(job, &m, sum);
    const float mean = (float)m.mean, inverse = (float)m.inverse;
    const float level = (float)(sum[0] / (double)b->count);
    const float tilt = (float)(sum[1] / (double)b->count);
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0] && net_wants(job, 0); j++) {
        const int64_t at = net_at(&in->image, y, x) + j;
        const float u = (net_value_at(t->at, l->take[0], job->first)[at] - mean) * inverse;
        const int64_t place[] = {at, net_at(&out->adjoint, y, x) + j, e + j};
        const float d = net_adjoint_at(t, l->give, job->first)[place[1]];
        float *to = net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, x) + j;
        const float more = job->bent ? (float)bend(job, &m, &f, place) : 0;
        const float part = inverse * (d * scale[e + j] - level - u * tilt) + more;
        const float passed = !gate || gate[at] > 0 ? part : 0;
        *to = l->adds[0] ? *to + passed : passed;
    }
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Of one sample: means of centres and radii, root mean squares A and R, what the deviation is at
 * least and at most, and adjoints of what depends on all elements. */
typedef struct spans {
    double centre, radius, size, reach, least, most, cap;
    double d_least, d_most;    /* of the deviation's ends */
    double d_level, d_breadth; /* sums of adjoints of x - mean, of its radius */
} spans;

/* An element of the boxes: x - mean as centre and radius, and what becomes of both ends. */
typedef struct element {
    double centre, radius;
    double end[2], by[2]; /* normalised; the deviation it was divided by */
    bool kept[2];         /* not cut */
} element;

static spans measure_boxes(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const net_value *in = &t->net->value[v];
    const float *c = net_value_at(t, v, job->first), *r = net_value_at(t->pair, v, job->first);
    const layer_norm *b = job->layer->own;
    const double n = (double)b->count;
    spans s = {.cap = sqrt(n - 1)};
    double square = 0, spread = 0;
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0, at = net_at(&in->image, y, x); j < in->real[0]; j++, at++) {
        s.centre += (double)c[at] / n;
        s.radius += (double)r[at] / n;
        spread += (double)r[at] * (double)r[at] / n;
    }
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0, at = net_at(&in->image, y, x); j < in->real[0]; j++, at++)
        square += ((double)c[at] - s.centre) * ((double)c[at] - s.centre) / n;
    s.size = sqrt(square);
    s.reach = sqrt(spread);
    const double low = fmax(s.size - s.reach, 0), high = s.size + s.reach;
    s.least = sqrt(low * low + b->epsilon);
    s.most = sqrt(high * high + b->epsilon);
    return s;
}

static element normalise_box(const net_job *job, const spans *s, int64_t at)
{
    const vouch_tape *t = job->tape;
    const int v = job->layer->take[0];
    const double n = (double)((const layer_norm *)job->layer->own)->count;
    const double r = (double)net_value_at(t->pair, v, job->first)[at];
    element e = {.centre = (double)net_value_at(t, v, job->first)[at] - s->centre,
                 .radius = r * (1 - 2 / n) + s->radius};
    for (int k = 0; k < 2; k++) {
        const double x = e.centre + (k ? e.radius : -e.radius);
        e.by[k] = (x >= 0) == (k == 1) ? s->least : s->most;
        e.kept[k] = fabs(x / e.by[k]) < s->cap;
        e.end[k] = e.kept[k] ? x / e.by[k] : x >= 0 ? s->cap : -s->cap;
    }
    return e;
}

static void boxes(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].image;
    const float *scale = t->net->parameters + b->scale, *shift = t->net->parameters + b->shift;
    const spans s = measure_boxes(job);
    EACH_PIXEL(out, y, x, e)
    {
        float *c = net_value_at(t, l->give, job->first) + net_at(out, y, x);
        float *r = net_value_at(t->pair, l->give, job->first) + net_at(out, y, x);
        for (int64_t j = 0; j < in->real[0]; j++) {
            const element of = normalise_box(job, &s, net_at(&in->image, y, x) + j);
            c[j] = scale[e + j] * (float)(0.5 * (of.end[1] + of.end[0])) + shift[e + j];
            r[j] = fabsf(scale[e + j]) * (float)(0.5 * (of.end[1] - of.end[0]));
        }
    }
}

/* Adjoints of centre and radius of x - mean; what the deviation gets on the way. */
static void element_back(const element *of, double d_low, double d_high, spans *s, double d[2])
{
    const double d_end[] = {d_low, d_high};
    d[0] = d[1] = 0;
    for (int k = 0; k < 2; k++) {
        const double part = of->kept[k] ? d_end[k] / of->by[k] : 0;
        d[0] += part;
        d[1] += k ? part : -part;
        if (of->by[k] == s->least)
            s->d_least -= part * of->end[k];
        else
            s->d_most -= part * of->end[k];
    }
}

/* Adjoints of one element's box, before what goes through means and deviation. */
static void adjoints_of(const net_job *job, const element *of, const int64_t place[2], spans *s,
                        double d[2])
{
    const vouch_tape *t = job->tape;
    const layer_norm *b = job->layer->own;
    const int v = job->layer->give;
    const double scale = (double)t->net->parameters[b->scale + place[1]];
    const double d_c = (double)net_adjoint_at(t, v, job->first)[place[0]];
    const double d_r = (double)net_adjoint_at(t->pair, v, job->first)[place[0]];
    element_back(of, 0.5 * (scale * d_c - fabs(scale) * d_r),
                 0.5 * (scale * d_c + fabs(scale) * d_r), s, d);
}

/* Of the scale and the shift, by one element's box. */
static void by_parameters(const net_job *job, const element *of, const int64_t place[2])
{
    const vouch_tape *t = job->tape;
    const layer_norm *b = job->layer->own;
    const int v = job->layer->give;
    const float d_c = net_adjoint_at(t, v, job->first)[place[0]];
    const float d_r = net_adjoint_at(t->pair, v, job->first)[place[0]];
    const float scale = t->net->parameters[b->scale + place[1]];
    const float sign = (float)((scale > 0) - (scale < 0));
    job->gradient[b->scale + place[1]] += d_c * (float)(0.5 * (of->end[1] + of->end[0])) +
                                          sign * d_r * (float)(0.5 * (of->end[1] - of->end[0]));
    job->gradient[b->shift + place[1]] += d_c;
}

static void add_up_boxes(const net_job *job, spans *s)
{
    const net_value *in = &job->tape->net->value[job->layer->take[0]];
    const net_image *out = &job->tape->net->value[job->layer->give].adjoint;
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0]; j++) {
        const element of = normalise_box(job, s, net_at(&in->image, y, x) + j);
        const int64_t place[] = {net_at(out, y, x) + j, e + j};
        double d[2];
        adjoints_of(job, &of, place, s, d);
        s->d_level += d[0];
        s->d_breadth += d[1];
        if (job->gradient)
            by_parameters(job, &of, place);
    }
}

/* What one element's centre and radius get, from the sums over all of them. */
static void element_by_all(const net_job *job, const spans *s, int64_t at, double d[2])
{
    const double n = (double)((const layer_norm *)job->layer->own)->count;
    const double r = (double)net_value_at(job->tape->pair, job->layer->take[0], job->first)[at];
    const double c =
        (double)net_value_at(job->tape, job->layer->take[0], job->first)[at] - s->centre;
    const double low = fmax(s->size - s->reach, 0), high = s->size + s->reach;
    const double by_low = s->d_least * low / s->least, by_high = s->d_most * high / s->most;
    d[0] += (s->size > 0 ? (by_high + by_low) * c / (n * s->size) : 0) - s->d_level / n;
    d[1] = d[1] * (1 - 2 / n) + s->d_breadth / n +
           (s->reach > 0 ? (by_high - by_low) * r / (n * s->reach) : 0);
}

static void boxes_back(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const layer_norm *b = l->own;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].adjoint;
    spans s = measure_boxes(job);
    if (job->gradient && job->first == 0)
        memset(job->gradient + b->scale, 0, (size_t)(2 * net_fill(b->n)) * sizeof(float));
    add_up_boxes(job, &s);
    spans ignored = s;
    EACH_PIXEL(&in->image, y, x, e)
    for (int64_t j = 0; j < in->real[0] && net_wants(job, 0); j++) {
        const int64_t at = net_at(&in->image, y, x) + j, to = net_at(&in->adjoint, y, x) + j;
        const element of = normalise_box(job, &s, at);
        float *d_c = net_adjoint_at(t, l->take[0], job->first) + to;
        float *d_r = net_adjoint_at(t->pair, l->take[0], job->first) + to;
        double d[2];
        adjoints_of(job, &of, (int64_t[]){net_at(out, y, x) + j, e + j}, &ignored, d);
        element_by_all(job, &s, at, d);
        *d_c = (l->adds[0] ? *d_c : 0) + (float)d[0];
        *d_r = (l->adds[0] ? *d_r : 0) + (float)d[1];
    }
}
#undef EACH_PIXEL

const net_kind vouch_layer_layer_norm = {.name = "layer_norm",
                                         .tangents = true,
                                         .boxes = boxes,
                                         .boxes_back = boxes_back,
                                         .read = read,
                                         .plan = plan,
                                         .forward = forward,
                                         .backward = backward,
                                         .load = load,
                                         .store = store};
