/* Forward and backward passes of a net over some samples.
 *
 * Convolutions come first in a chain, dense layers last. A sample goes through all convolutions
 * before the next one starts, forward and backward, so that its values stay in the cache; dense
 * layers take all samples at once, so that their weights do. Gates of ReLUs are their outputs: an
 * adjoint passes where the output is positive.
 */
#include <string.h>

#include "grad/net_priv.h"
#include "num/update.h"

enum {
    ROW_BLOCK = 224
}; /* rows of a dense layer's gradient at a time: they stay in the cache */

struct vouch_tape {
    const vouch_net *net;
    int64_t count, capacity;
    float **value; /* [layer_count + 1] of all samples */
    float **image; /* [layer_count + 1] adjoints of one sample, in their border; NULL: dense */
    float **flat;  /* [layer_count + 1] adjoints of all samples around dense layers; NULL */
    int64_t **row; /* [layer_count + 1] where samples begin in value, likewise in flat */
    int64_t **flat_row;
    float *columns;
};

/* ---- the tape -------------------------------------------------------------------------------- */

/* Floats between samples of flat[v]. */
static int64_t flat_stride(const vouch_net *net, int v)
{
    const net_image *x = &net->value[v];
    return 16 * (net_fill(x->h * x->w * x->c) / 16 | 1);
}

static int64_t *steps(vouch_arena *arena, int64_t count, int64_t step)
{
    int64_t *row = VOUCH_NEW_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = i * step;
    return row;
}

static bool new_value(vouch_arena *arena, vouch_tape *t, int v)
{
    const vouch_net *net = t->net;
    t->value[v] = VOUCH_NEW_ARRAY(arena, float, t->capacity * net->value[v].stride);
    t->row[v] = steps(arena, t->capacity, net->value[v].stride);
    if (v >= net->dense_from)
        t->flat[v] = VOUCH_NEW_ARRAY(arena, float, t->capacity *flat_stride(net, v));
    if (v >= net->dense_from)
        t->flat_row[v] = steps(arena, t->capacity, flat_stride(net, v));
    if (v <= net->dense_from && net->dense_from > 0)
        t->image[v] = VOUCH_NEW_ARRAY(arena, float, net->image[v].stride);
    return t->value[v] && t->row[v] &&
           (v < net->dense_from || (t->flat[v] && t->flat_row[v])) &&
           (v > net->dense_from || net->dense_from == 0 || t->image[v]);
}

vouch_status vouch_tape_new(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                            int64_t capacity, vouch_tape **tape)
{
    const int values = net->layer_count + 1;
    vouch_tape *t = VOUCH_NEW(arena, vouch_tape);
    bool fine = t != NULL;
    *tape = NULL;
    if (t) {
        *t = (vouch_tape){.net = net, .capacity = capacity};
        t->value = VOUCH_NEW_ARRAY(arena, float *, values);
        t->image = VOUCH_NEW_ARRAY(arena, float *, values);
        t->flat = VOUCH_NEW_ARRAY(arena, float *, values);
        t->row = VOUCH_NEW_ARRAY(arena, int64_t *, values);
        t->flat_row = VOUCH_NEW_ARRAY(arena, int64_t *, values);
        t->columns = VOUCH_NEW_ARRAY(arena, float, net->columns + 1);
        fine = t->value && t->image && t->flat && t->row && t->flat_row && t->columns;
    }
    for (int v = 0; v < values && fine; v++)
        fine = new_value(arena, t, v);
    if (!fine)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory for %lld samples",
                          (long long)capacity);
    *tape = t;
    return VOUCH_OK;
}

/* ---- products -------------------------------------------------------------------------------- */

static vouch_indirect product(const net_product *q)
{
    return (vouch_indirect){.m = q->m,
                            .n = q->n,
                            .row = q->row,
                            .at = q->at,
                            .gate_at = q->gate_at,
                            .run = q->run,
                            .run_count = q->run_count,
                            .a_step = q->a_step,
                            .b_step = q->b_step,
                            .b_panel = q->b_panel,
                            .c_panel = q->c_panel};
}

static float *value_of(const vouch_tape *t, int v, int64_t sample)
{
    return t->value[v] + sample * t->net->value[v].stride;
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Channels last, normalised. */
static void take_input(const vouch_tape *t, int64_t s, const float *x)
{
    const vouch_net *net = t->net;
    const net_image *in = &net->value[0];
    const float *scale = net->scale, *shift = net->shift;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t y = 0; y < in->h; y++) {
            float *restrict to = value_of(t, 0, s) + net_at(in, y, 0) + c;
            for (int64_t p = 0; p < in->w; p++)
                to[p * in->c] = x[p] * scale[p] + shift[p];
            x += in->w;
            scale += in->w;
            shift += in->w;
        }
}

static void conv_forward(const vouch_tape *t, int i, int64_t s)
{
    const net_layer *l = &t->net->layer[i];
    vouch_indirect g = product(&l->forward);
    g.a = value_of(t, i, s);
    g.b = t->net->parameters + l->weight;
    g.c = value_of(t, i + 1, s);
    g.bias = t->net->parameters + l->bias;
    g.relu = l->relu;
    vouch_indirect_run(&g);
}

/* Some terms of all sums at a time, that their weights may be read once. */
static void dense_forward(const vouch_tape *t, int i)
{
    const net_layer *l = &t->net->layer[i];
    const int64_t blocks = l->forward.run_count;
    vouch_indirect g = product(&l->forward);
    g.m = t->count;
    g.run_count = 1;
    g.a = t->value[i];
    g.row = t->row[i];
    g.b = t->net->parameters + l->weight;
    g.c = t->value[i + 1];
    g.at = t->row[i + 1];
    for (int64_t block = 0; block < blocks; block++, g.run++) {
        g.accumulate = block > 0;
        g.bias = block + 1 == blocks ? t->net->parameters + l->bias : NULL;
        g.relu = block + 1 == blocks && l->relu;
        vouch_indirect_run(&g);
    }
}

static void give_output(const vouch_tape *t, int64_t s, float *y)
{
    const int last = t->net->layer_count;
    const net_image *out = &t->net->value[last];
    const int64_t area = out->h * out->w;
    const float *from = value_of(t, last, s);
    for (int64_t j = 0; j < t->net->outputs; j++)
        y[j] = from[net_at(out, j % area / out->w, j % area % out->w) + j / area];
}

void vouch_tape_forward(vouch_tape *t, int64_t count, const float *x, float *y)
{
    const vouch_net *net = t->net;
    t->count = count;
    for (int64_t s = 0; s < count; s++) {
        take_input(t, s, x + s * net->inputs);
        for (int i = 0; i < net->dense_from; i++)
            conv_forward(t, i, s);
    }
    for (int i = net->dense_from; i < net->layer_count; i++)
        dense_forward(t, i);
    for (int64_t s = 0; s < count; s++)
        give_output(t, s, y + s * net->outputs);
}

/* ---- backward -------------------------------------------------------------------------------- */

/* The adjoint of the last layer's sums. */
static void take_adjoint(const vouch_tape *t, int64_t s, const float *d_y)
{
    const vouch_net *net = t->net;
    const int last = net->layer_count;
    const bool dense = net->dense_from < last;
    const net_image *out = dense ? &net->value[last] : &net->image[last];
    const int64_t area = out->h * out->w;
    float *to = dense ? t->flat[last] + t->flat_row[last][s] : t->image[last];
    const float *y = value_of(t, last, s);
    for (int64_t j = 0; j < net->outputs; j++) {
        const int64_t p = j % area, c = j / area;
        const float gate = y[net_at(&net->value[last], p / out->w, p % out->w) + c];
        const bool off = net->layer[last - 1].relu && !(gate > 0);
        to[net_at(out, p / out->w, p % out->w) + c] = off ? 0 : d_y[j];
    }
}

/* Gradient by the bias: the sum of the rows of an adjoint; set for the first ones. */
static void by_bias(const vouch_tape *t, int i, const vouch_row_sums *rows, bool first,
                    float *d)
{
    const net_layer *l = &t->net->layer[i];
    vouch_row_sums s = *rows;
    s.n = l->n;
    s.sum = d + l->bias;
    if (first)
        memset(s.sum, 0, (size_t)l->n * sizeof *d);
    vouch_update_row_sums(&s);
}

/* Gradient by the weights of a dense layer. */
static void dense_by_weight(const vouch_tape *t, int i, float *d)
{
    const net_layer *l = &t->net->layer[i];
    const vouch_run run = {0, 0, t->count};
    vouch_indirect g = product(&l->by_weight);
    g.b = t->flat[i + 1];
    g.b_step = flat_stride(t->net, i + 1);
    g.run = &run;
    for (int64_t first = 0; first < l->depth; first += ROW_BLOCK) {
        g.m = l->depth - first < ROW_BLOCK ? l->depth - first : ROW_BLOCK;
        g.a = t->value[i] + first;
        g.c = d + l->weight + first * VOUCH_PANEL;
        vouch_indirect_run(&g);
    }
    by_bias(t, i, &(vouch_row_sums){.count = t->count, .at = t->flat_row[i + 1], .from = g.b},
            true, d);
}

static void dense_backward(const vouch_tape *t, int i)
{
    const net_layer *l = &t->net->layer[i];
    vouch_indirect g = product(&l->backward[0]);
    g.m = t->count;
    g.a = t->flat[i + 1];
    g.row = t->flat_row[i + 1];
    g.b = t->net->back + l->backward[0].weights;
    g.c = t->flat[i];
    g.at = t->flat_row[i];
    g.gate = i > 0 && l[-1].relu ? t->value[i] : NULL;
    g.gate_at = t->row[i];
    vouch_indirect_run(&g);
}

static void conv_by_weight(const vouch_tape *t, int i, int64_t s, float *d)
{
    const net_layer *l = &t->net->layer[i];
    const net_image *out = &t->net->image[i + 1];
    vouch_indirect g = product(&l->by_weight);
    g.a = value_of(t, i, s);
    g.b = t->image[i + 1];
    g.c = d + l->weight;
    g.accumulate = s > 0;
    vouch_indirect_run(&g);
    by_bias(t, i, &(vouch_row_sums){.count = out->h * out->w, .at = l->position, .from = g.b},
            s == 0, d);
}

/* Nothing but the picture itself, and of that where the layer before let something through. */
static void shut(const vouch_tape *t, int v, const float *gate)
{
    const net_image *here = &t->net->image[v], *from = &t->net->value[v];
    float *d = t->image[v];
    const int64_t line = here->w * here->c;
    for (int64_t y = 0; gate && y < here->h; y++) {
        float *restrict to = d + net_at(here, y, 0);
        const float *restrict on = gate + net_at(from, y, 0);
        for (int64_t j = 0; j < line; j++)
            to[j] = on[j] > 0 ? to[j] : 0;
    }
    memset(d, 0, (size_t)net_at(here, 0, 0) * sizeof *d);
    for (int64_t y = 0; y < here->h; y++)
        memset(d + net_at(here, y, 0) + line, 0, (size_t)(here->pitch - line) * sizeof *d);
    memset(d + net_at(here, here->h, 0), 0,
           (size_t)(here->stride - net_at(here, here->h, 0)) * sizeof *d);
}

/* Columns of every position to the pixels they stand for. */
static void scatter(const vouch_tape *t, int i)
{
    const net_layer *l = &t->net->layer[i];
    const net_image *to = &t->net->image[i];
    const vouch_columns c = {.count = l->backward[0].m,
                             .lines = l->kernel[0],
                             .line = l->kernel[1] * to->c,
                             .pitch = to->pitch,
                             .stride = l->backward[0].n,
                             .at = l->corner,
                             .from = t->columns,
                             .to = t->image[i]};
    vouch_update_columns(&c);
}

static void conv_backward(const vouch_tape *t, int i, int64_t s)
{
    const net_layer *l = &t->net->layer[i];
    const float *gate = i > 0 && l[-1].relu ? value_of(t, i, s) : NULL;
    if (l->way != NET_PHASES)
        memset(t->image[i], 0, (size_t)t->net->image[i].stride * sizeof(float));
    for (int f = 0; f < l->product_count; f++) {
        vouch_indirect g = product(&l->backward[f]);
        g.a = t->image[i + 1];
        g.b = t->net->back + l->backward[f].weights;
        g.c = l->way == NET_COLUMNS ? t->columns : t->image[i];
        g.accumulate = l->way == NET_TAPS;
        g.gate = l->way == NET_PHASES ? gate : NULL;
        vouch_indirect_run(&g);
    }
    if (l->way == NET_COLUMNS)
        scatter(t, i);
    if (l->way != NET_PHASES)
        shut(t, i, gate);
}

/* The adjoint of the first dense layer's inputs becomes an image in its border. */
static void unfold(const vouch_tape *t, int64_t s)
{
    const int v = t->net->dense_from;
    const net_image *to = &t->net->image[v];
    const float *from = t->flat[v] + t->flat_row[v][s];
    for (int64_t y = 0; y < to->h; y++)
        memcpy(t->image[v] + net_at(to, y, 0), from + y * to->w * to->c,
               (size_t)(to->w * to->c) * sizeof *from);
}

/* Channels first again, as the graph has it. */
static void give_gradient(const vouch_tape *t, int64_t s, float *d_x)
{
    const vouch_net *net = t->net;
    const bool dense = net->dense_from == 0;
    const net_image *in = dense ? &net->value[0] : &net->image[0];
    const float *from = dense ? t->flat[0] + t->flat_row[0][s] : t->image[0];
    const float *scale = net->scale;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t y = 0; y < in->h; y++, scale += in->w, d_x += in->w) {
            const float *line = from + net_at(in, y, 0) + c;
            for (int64_t x = 0; x < in->w; x++)
                d_x[x] = line[x * in->c] * scale[x];
        }
}

static void convolutions_backward(const vouch_tape *t, int64_t s, bool inputs, float *d)
{
    for (int i = t->net->dense_from - 1; i >= 0; i--) {
        if (d)
            conv_by_weight(t, i, s, d);
        if (i > 0 || inputs)
            conv_backward(t, i, s);
    }
}

void vouch_tape_backward(vouch_tape *t, const float *d_y, float *d_x, float *d_parameters)
{
    const vouch_net *net = t->net;
    const bool dense = net->dense_from < net->layer_count;
    for (int64_t s = 0; dense && s < t->count; s++)
        take_adjoint(t, s, d_y + s * net->outputs);
    for (int i = net->layer_count - 1; i >= net->dense_from; i--) {
        if (d_parameters)
            dense_by_weight(t, i, d_parameters);
        if (i > 0 || d_x)
            dense_backward(t, i);
    }
    for (int64_t s = 0; s < t->count; s++) {
        if (dense && net->dense_from > 0)
            unfold(t, s);
        else if (!dense)
            take_adjoint(t, s, d_y + s * net->outputs);
        convolutions_backward(t, s, d_x != NULL, d_parameters);
        if (d_x)
            give_gradient(t, s, d_x + s * net->inputs);
    }
}
