/* Linear forms of margins (form.h). One sample at a time, a row for each class: a row's adjoints are
 * its coefficients, walked down; its values are those of the net with lines in place of ReLUs at
 * the row's worst corner, walked up.
 *
 * Coefficients are kept behind the lines: a' = a s. That is all the rest needs: a' < 0 tells the
 * line above, and with h' = s h + t, by what it gave,
 *
 *   d/dl a (s h + t) = a' (h' / u - 1),    d/du a (s h + t) = -a' l h' / u^2.
 */
#include "grad/form.h"

#include <math.h>
#include <string.h>

#include "grad/box_priv.h"
#include "num/select.h"

struct vouch_form_tape {
    const vouch_net *net;
    vouch_box_tape *boxes;
    vouch_tape *rows;         /* a sample for each class */
    float *margin, *d_margin; /* [outputs] */
    float *rank, *spare;      /* [a sample's image of inputs] */
    float *rest;              /* where inputs of a rank greater than edge stay */
    float edge;
    uint64_t name; /* of the sample, as the boxes' tape has it */
};

vouch_status vouch_form_tape_new(vouch_context *ctx, vouch_arena *arena, vouch_box_tape *boxes,
                                 vouch_form_tape **tape)
{
    const vouch_net *net = boxes->net;
    vouch_form_tape *t = VOUCH_NEW(arena, vouch_form_tape);
    *tape = NULL;
    for (int i = 0; i < net->layer_count; i++)
        if (!net->layer[i].kind->forms)
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                              "linear bounds do not go through layers '%s' in training",
                              net->layer[i].kind->name);
    if (!t)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "forms: out of memory");
    *t = (vouch_form_tape){.net = net, .boxes = boxes};
    t->margin = VOUCH_NEW_ARRAY(arena, float, net->outputs);
    t->d_margin = VOUCH_NEW_ARRAY(arena, float, net->outputs);
    t->rank = VOUCH_NEW_ARRAY(arena, float, net->value[0].image.stride);
    t->spare = VOUCH_NEW_ARRAY(arena, float, net->value[0].image.stride);
    t->rest = VOUCH_NEW_ARRAY(arena, float, net->value[0].image.stride);
    if (!t->margin || !t->d_margin || !t->rank || !t->spare || !t->rest)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "forms: out of memory");
    const vouch_tape like = {.plane = NET_FORMS, .capacity = net->outputs};
    VOUCH_TRY(vouch_net_new_tape(ctx, arena, net, &like, &t->rows));
    t->rows->count = net->outputs;
    t->rows->pair = boxes->centre;
    VOUCH_TRY(vouch_box_keep(ctx, arena, boxes));
    *tape = t;
    return VOUCH_OK;
}

/* ---- lines in place of ReLUs ----------------------------------------------------------------- */

/* One line of an image, of one sample and one row. */
typedef struct stripe {
    int64_t count;
    const float *c, *r; /* bounds before the ReLU */
    float *a, *h;       /* coefficients; values */
    float *d_c, *d_r;   /* of the bounds */
    float scale;
} stripe;

/* a <- a', of the form before the ReLU. */
static void relax(const stripe *x)
{
    const float *restrict c = x->c, *restrict r = x->r;
    float *restrict a = x->a;
    for (int64_t i = 0; i < x->count; i++) {
        const float l = c[i] - r[i], u = c[i] + r[i];
        const float above = u / (u - l), below = u > -l ? 1 : 0;
        const float slope = l >= 0 ? 1 : u <= 0 ? 0 : a[i] < 0 ? above : below;
        a[i] *= slope;
    }
}

/* h <- h', behind the chosen line. */
static void follow(const stripe *x)
{
    const float *restrict c = x->c, *restrict r = x->r, *restrict a = x->a;
    float *restrict h = x->h;
    for (int64_t i = 0; i < x->count; i++) {
        const float l = c[i] - r[i], u = c[i] + r[i];
        const float above = u / (u - l) * (h[i] - l), below = u > -l ? h[i] : 0;
        h[i] = l >= 0 ? h[i] : u <= 0 ? 0 : a[i] < 0 ? above : below;
    }
}

/* Adjoints of the bounds gain `scale` times what the lines above give. */
static void ask(const stripe *x)
{
    const float *restrict c = x->c, *restrict r = x->r, *restrict a = x->a, *restrict h = x->h;
    float *restrict d_c = x->d_c, *restrict d_r = x->d_r;
    for (int64_t i = 0; i < x->count; i++) {
        const float l = c[i] - r[i], u = c[i] + r[i];
        const bool above = l < 0 && u > 0 && a[i] < 0;
        const float d_l = above ? x->scale * a[i] * (h[i] / u - 1) : 0;
        const float d_u = above ? -x->scale * a[i] * l * h[i] / (u * u) : 0;
        d_c[i] += d_l + d_u;
        d_r[i] += d_u - d_l;
    }
}

typedef void stripe_fn(const stripe *x);

static void each_line(const vouch_form_tape *t, int v, int64_t sample, int64_t row,
                      stripe_fn *fn)
{
    const net_image *value = &t->net->value[v].image, *adjoint = &t->net->value[v].adjoint;
    const box_kept *k = &t->boxes->kept[v];
    for (int64_t y = 0; y < value->h; y++) {
        const int64_t in = net_at(value, y, 0), at = sample * value->stride + in;
        fn(&(stripe){.count = value->w * value->c,
                     .c = k->centre + at,
                     .r = k->radius + at,
                     .a = net_adjoint_at(t->rows, v, row) + net_at(adjoint, y, 0),
                     .h = net_value_at(t->rows, v, row) + in,
                     .d_c = k->d_centre + at,
                     .d_r = k->d_radius + at,
                     .scale = t->d_margin[row]});
    }
}

static void each_row(const vouch_form_tape *t, const net_layer *l, int64_t sample,
                     stripe_fn *fn)
{
    for (int64_t row = 0; l->relu && row < t->rows->count; row++)
        each_line(t, l->give, sample, row, fn);
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* All rows through a layer, one by one or at once, as it takes them. */
static void pass(const vouch_form_tape *t, const net_layer *l, void (*fn)(const net_job *job),
                 const net_job *which)
{
    net_job job = *which;
    job.tape = t->rows;
    job.layer = l;
    job.count = l->whole ? t->rows->count : 1;
    for (job.first = 0; job.first < t->rows->count; job.first += job.count)
        fn(&job);
}

/* Coefficients of z_y - z_j, row j; of y's own row 0. */
static void begin(const vouch_form_tape *t, int y)
{
    const net_image *out = &t->net->value[t->net->layer_count].adjoint;
    for (int64_t j = 0; j < t->net->outputs; j++) {
        float *a = net_adjoint_at(t->rows, t->net->layer_count, j);
        memset(a, 0, (size_t)out->stride * sizeof *a);
        a[y] += 1;
        a[j] -= 1;
    }
}

/* A line of inputs of one sample, for one row. */
typedef struct input_line {
    int64_t at, count; /* in the image */
    const float *a, *c, *r, *x;
    float *h;
} input_line;

static input_line take_line(const vouch_form_tape *t, int64_t sample, int64_t row, int64_t y)
{
    const net_image *value = &t->net->value[0].image, *adjoint = &t->net->value[0].adjoint;
    const int64_t at = net_at(value, y, 0), count = value->w * value->c;
    return (input_line){.at = at,
                        .count = count,
                        .a = net_adjoint_at(t->rows, 0, row) + net_at(adjoint, y, 0),
                        .c = net_value_at(t->boxes->centre, 0, sample) + at,
                        .r = net_value_at(t->boxes->radius, 0, sample) + at,
                        .x = t->rest + at,
                        .h = net_value_at(t->rows, 0, row) + at};
}

static float worst_end(const input_line *l, int64_t i)
{
    return l->c[i] - (l->a[i] > 0 ? l->r[i] : l->a[i] < 0 ? -l->r[i] : 0);
}

/* The worst corner of the box for each row, or of the part that may move. */
static void take_corners(const vouch_form_tape *t, int64_t sample)
{
    for (int64_t row = 0; row < t->rows->count; row++)
        for (int64_t y = 0; y < t->net->value[0].image.h; y++) {
            const input_line l = take_line(t, sample, row, y);
            for (int64_t i = 0; i < l.count; i++)
                l.h[i] = t->rank[l.at + i] > t->edge ? l.x[i] : worst_end(&l, i);
        }
}

/* ---- a share of the inputs ------------------------------------------------------------------- */

static float drop_of(const input_line *l, int64_t i)
{
    return l->a[i] * (l->x[i] - worst_end(l, i));
}

static float row_drop(const vouch_form_tape *t, int64_t sample, int64_t row)
{
    float sum = 0;
    for (int64_t y = 0; y < t->net->value[0].image.h; y++) {
        const input_line l = take_line(t, sample, row, y);
        for (int64_t i = 0; i < l.count; i++)
            sum += drop_of(&l, i);
    }
    return sum;
}

static void rank_inputs(vouch_form_tape *t, int64_t sample)
{
    memset(t->rank, 0, (size_t)t->net->value[0].image.stride * sizeof *t->rank);
    for (int64_t row = 0; row < t->rows->count; row++) {
        const float sum = row_drop(t, sample, row);
        for (int64_t y = 0; sum > 0 && y < t->net->value[0].image.h; y++) {
            const input_line l = take_line(t, sample, row, y);
            for (int64_t i = 0; i < l.count; i++)
                t->rank[l.at + i] = fmaxf(t->rank[l.at + i], drop_of(&l, i) / sum);
        }
    }
}

/* The rank up to which inputs move; those of the same rank move together. */
static float find_edge(const vouch_form_tape *t, double share)
{
    const net_image *image = &t->net->value[0].image;
    const int64_t width = image->w * image->c, n = image->h * width;
    const int64_t moving = (int64_t)(share * (double)n);
    for (int64_t y = 0; y < image->h; y++)
        memcpy(t->spare + y * width, t->rank + net_at(image, y, 0),
               (size_t)width * sizeof *t->spare);
    return moving > 0 ? vouch_select_greatest(t->spare, n, n - moving) : -1;
}

static void choose(vouch_form_tape *t, int64_t sample, const vouch_form_question *q)
{
    const size_t size = (size_t)t->net->value[0].image.stride * sizeof *t->rest;
    t->edge = INFINITY;
    if (q->share >= 1)
        return;
    vouch_net_take_input(t->rows, 0, q->x + sample * t->net->inputs);
    memcpy(t->rest, net_value_at(t->rows, 0, 0), size);
    rank_inputs(t, sample);
    t->edge = find_edge(t, q->share);
}

static void bound(vouch_form_tape *t, int64_t sample, const vouch_form_question *q)
{
    const vouch_net *net = t->net;
    const int y = t->boxes->label[sample];
    begin(t, y);
    for (int i = net->layer_count - 1; i >= 0; i--) {
        each_row(t, &net->layer[i], sample, relax);
        pass(t, &net->layer[i], net->layer[i].kind->backward, &(net_job){.inputs = true});
    }
    choose(t, sample, q);
    take_corners(t, sample);
    for (int i = 0; i < net->layer_count; i++) {
        pass(t, &net->layer[i], net->layer[i].kind->forward, &(net_job){0});
        each_row(t, &net->layer[i], sample, follow);
    }
    for (int64_t j = 0; j < net->outputs; j++) {
        const float *z = net_value_at(t->rows, net->layer_count, j);
        t->margin[j] = z[y] - z[j];
        t->d_margin[j] = 0;
    }
}

/* Coefficients of every row times its margin's adjoint. */
static void scale(const vouch_form_tape *t, int v)
{
    for (int64_t row = 0; row < t->rows->count; row++) {
        float *a = net_adjoint_at(t->rows, v, row);
        for (int64_t i = 0; i < t->net->value[v].adjoint.stride; i++)
            a[i] *= t->d_margin[row];
    }
}

static void learn(const vouch_form_tape *t, int64_t sample, float *d_parameters)
{
    const vouch_net *net = t->net;
    const net_job job = {.gradient = d_parameters, .adds = true, .settled = true};
    for (int i = 0; i < net->layer_count; i++)
        each_row(t, &net->layer[i], sample, ask);
    for (int v = 1; v <= net->layer_count; v++)
        if (net->value[v].adjoint_shares == v)
            scale(t, v);
    for (int i = 0; i < net->layer_count; i++)
        pass(t, &net->layer[i], net->layer[i].kind->backward, &job);
}

/* Layers that draw at random draw as for the boxes. */
static void name_sample(vouch_form_tape *t, int64_t sample)
{
    const vouch_tape *c = t->boxes->centre;
    t->name = c->name_count > 0 ? c->name[sample % c->name_count] : (uint64_t)sample;
    vouch_tape_name(t->rows, c->seed, 1, &t->name);
    t->rows->training = c->training;
}

void vouch_form_run(vouch_form_tape *t, const vouch_form_question *q, float *d_parameters)
{
    memset(d_parameters, 0, (size_t)t->net->size * sizeof *d_parameters);
    for (int64_t s = 0; s < t->boxes->centre->count; s++) {
        name_sample(t, s);
        bound(t, s, q);
        q->loss(q->user, s, t->margin, t->d_margin);
        learn(t, s, d_parameters);
    }
}
