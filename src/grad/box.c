/* Interval passes (box.h): two tapes of the net, one of centres, one of radii, layer by layer.
 *
 * Kinds that are affine go by *planes*: their own passes, with |W| and without bias where the tape
 * is of radii (net_priv.h). ReLUs, which couple the planes, are applied here: forward after the
 * layer they are part of, backward before it. Other kinds take both planes at once.
 */
#include <string.h>

#include "grad/box_priv.h"
#include "grad/net_weights.h"
#include "num/update.h"

/* ---- the tape -------------------------------------------------------------------------------- */

static vouch_status check(vouch_context *ctx, const vouch_net *net)
{
    const net_layer *last = &net->layer[net->layer_count - 1];
    for (int i = 0; i < net->layer_count; i++)
        if (!net->layer[i].kind->planes && !net->layer[i].kind->boxes)
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                              "interval bounds do not go through layers '%s' in training",
                              net->layer[i].kind->name);
    return net->layer_count > 0 && last->weights && last->whole && !last->relu
               ? VOUCH_OK
               : vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                            "interval bounds in training need a dense layer at the end");
}

vouch_status vouch_box_tape_new(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                                int64_t capacity, vouch_box_tape **tape)
{
    *tape = NULL;
    VOUCH_TRY(check(ctx, net));
    vouch_box_tape *t = VOUCH_NEW(arena, vouch_box_tape);
    if (!t)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "boxes: out of memory");
    *t = (vouch_box_tape){.net = net, .last = &net->layer[net->layer_count - 1]};
    t->terms = t->last->weights->depth;
    VOUCH_TRY(vouch_tape_new(ctx, arena, net, capacity, &t->centre));
    VOUCH_TRY(vouch_tape_new(ctx, arena, net, capacity, &t->radius));
    t->centre->plane = NET_CENTRES;
    t->radius->plane = NET_RADII;
    t->centre->pair = t->radius;
    t->radius->pair = t->centre;
    vouch_tape_train(t->centre, true);
    vouch_tape_train(t->radius, true);
    t->middle = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    t->half = VOUCH_NEW_ARRAY(arena, float, net->inputs);
    t->weight = VOUCH_NEW_ARRAY(arena, float, net->outputs * t->terms);
    t->d_weight = VOUCH_NEW_ARRAY(arena, float, net->outputs * t->terms);
    if (!t->middle || !t->half || !t->weight || !t->d_weight)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "boxes: out of memory");
    *tape = t;
    return VOUCH_OK;
}

void vouch_box_name(vouch_box_tape *t, uint64_t seed, int64_t count, const uint64_t *sample)
{
    vouch_tape_name(t->centre, seed, count, sample);
    vouch_tape_name(t->radius, seed, count, sample);
}

static bool new_kept(vouch_arena *arena, int64_t count, box_kept *k)
{
    k->centre = VOUCH_NEW_ARRAY(arena, float, count);
    k->radius = VOUCH_NEW_ARRAY(arena, float, count);
    k->d_centre = VOUCH_NEW_ARRAY(arena, float, count);
    k->d_radius = VOUCH_NEW_ARRAY(arena, float, count);
    return k->centre && k->radius && k->d_centre && k->d_radius;
}

vouch_status vouch_box_keep(vouch_context *ctx, vouch_arena *arena, vouch_box_tape *t)
{
    const vouch_net *net = t->net;
    box_kept *kept = VOUCH_NEW_ARRAY(arena, box_kept, net->layer_count + 1);
    for (int i = 0; kept && i < net->layer_count; i++) {
        const int v = net->layer[i].give;
        const int64_t count = t->centre->capacity * net->value[v].image.stride;
        if (net->layer[i].relu && !new_kept(arena, count, &kept[v]))
            kept = NULL;
    }
    t->kept = kept;
    return kept ? VOUCH_OK : vouch_fail(ctx, VOUCH_ERR_MEMORY, "boxes: out of memory");
}

/* ---- forward --------------------------------------------------------------------------------- */

static void take_box(const vouch_box_tape *t, int64_t s, const float *low, const float *high)
{
    for (int64_t i = 0; i < t->net->inputs; i++) {
        t->middle[i] = 0.5F * (low[i] + high[i]);
        t->half[i] = 0.5F * (high[i] - low[i]);
    }
    vouch_net_take_input(t->centre, s, t->middle);
    vouch_net_take_input(t->radius, s, t->half);
}

/* Borders are 0 in both planes, and stay so. */
static void cut(const vouch_box_tape *t, int v, int64_t first, int64_t count)
{
    for (int64_t s = first; s < first + count; s++)
        vouch_update_boxes(&(vouch_boxes){.count = t->net->value[v].image.stride,
                                          .centre = net_value_at(t->centre, v, s),
                                          .radius = net_value_at(t->radius, v, s)});
}

static void keep(const vouch_box_tape *t, int v, int64_t first, int64_t count)
{
    const int64_t stride = t->net->value[v].image.stride;
    const size_t bytes = (size_t)(count * stride) * sizeof(float);
    memcpy(t->kept[v].centre + first * stride, net_value_at(t->centre, v, first), bytes);
    memcpy(t->kept[v].radius + first * stride, net_value_at(t->radius, v, first), bytes);
}

/* A layer in both planes: by its own boxes if it has them, otherwise plane by plane. */
static void in_planes(const vouch_box_tape *t, const net_job *which,
                      void (*both)(const net_job *job), void (*one)(const net_job *job))
{
    net_job job = *which;
    job.tape = t->centre;
    if (both) {
        both(&job);
        return;
    }
    one(&job);
    job.tape = t->radius;
    one(&job);
}

static void layer_forward(const vouch_box_tape *t, int i, int64_t first, int64_t count)
{
    const net_layer *l = &t->net->layer[i];
    in_planes(t, &(net_job){.layer = l, .first = first, .count = count}, l->kind->boxes,
              l->kind->forward);
    if (l->relu && t->kept)
        keep(t, l->give, first, count);
    if (l->relu)
        cut(t, l->give, first, count);
}

/* Rows of the last layer's weights, which lie in panels. */
static void unfold_weights(const vouch_box_tape *t)
{
    const net_weights *w = t->last->weights;
    for (int64_t j = 0; j < t->net->outputs; j++)
        for (int64_t k = 0; k < t->terms; k++)
            t->weight[j * t->terms + k] = t->net->parameters[net_weight(w, j, k)];
}

static void give_margins(const vouch_box_tape *t, int64_t s, int y, float *margin)
{
    const float *r = net_value_at(t->radius, t->last->take[0], s);
    const float *z = net_value_at(t->centre, t->last->give, s);
    for (int64_t j = 0; j < t->net->outputs; j++) {
        const vouch_contrast c = {.count = t->terms,
                                  .a = t->weight + y * t->terms,
                                  .b = t->weight + j * t->terms,
                                  .radius = r};
        margin[j] = j == y ? 0 : z[y] - z[j] - vouch_update_contrast(&c);
    }
}

void vouch_box_forward(vouch_box_tape *t, int64_t count, const float *low, const float *high,
                       const int *label, float *margin)
{
    const vouch_net *net = t->net;
    t->centre->count = t->radius->count = count;
    t->label = label;
    for (int64_t s = 0; s < count; s++)
        take_box(t, s, low + s * net->inputs, high + s * net->inputs);
    for (int i = 0; i < net->layer_count - 1 && count > 0;) {
        const net_stretch r = vouch_net_stretch(t->centre, i);
        for (int64_t first = 0; first < count; first += r.step)
            for (int l = r.from; l < r.to; l++)
                layer_forward(t, l, first, r.step);
        i = r.to;
    }
    unfold_weights(t);
    t->last->kind->forward(&(net_job){.tape = t->centre, .layer = t->last, .count = count});
    for (int64_t s = 0; s < count; s++)
        give_margins(t, s, label[s], margin + s * net->outputs);
}

/* ---- backward -------------------------------------------------------------------------------- */

/* The adjoint of z, from margins z_y - z_j. */
static void take_adjoint(const vouch_box_tape *t, int64_t s, const float *d_margin)
{
    float *d_z = net_adjoint_at(t->centre, t->last->give, s);
    const int y = t->label[s];
    float sum = 0;
    for (int64_t j = 0; j < t->net->outputs; j++) {
        d_z[j] = j == y ? 0 : -d_margin[j];
        sum -= d_z[j];
    }
    d_z[y] = sum;
}

/* What the spreads of the margins give: to the radii that the last layer takes, to its weights. */
static void spreads_backward(const vouch_box_tape *t, int64_t s, const float *d_margin)
{
    const int y = t->label[s], in = t->last->take[0];
    float *d_radius = net_adjoint_at(t->radius, in, s);
    memset(d_radius, 0, (size_t)t->net->value[in].adjoint.stride * sizeof *d_radius);
    for (int64_t j = 0; j < t->net->outputs; j++) {
        const vouch_contrast_back c = {.of = {.count = t->terms,
                                              .a = t->weight + y * t->terms,
                                              .b = t->weight + j * t->terms,
                                              .radius = net_value_at(t->radius, in, s)},
                                       .scale = -d_margin[j],
                                       .d_a = t->d_weight + y * t->terms,
                                       .d_b = t->d_weight + j * t->terms,
                                       .d_radius = d_radius};
        if (j != y)
            vouch_update_contrast_back(&c);
    }
}

static void last_backward(const vouch_box_tape *t, const float *d_margin, float *d)
{
    const net_weights *w = t->last->weights;
    const int64_t outputs = t->net->outputs, count = t->centre->count;
    memset(t->d_weight, 0, (size_t)(outputs * t->terms) * sizeof *d);
    for (int64_t s = 0; s < count; s++) {
        take_adjoint(t, s, d_margin + s * outputs);
        spreads_backward(t, s, d_margin + s * outputs);
    }
    t->last->kind->backward(
        &(net_job){.tape = t->centre, .layer = t->last, .count = count, .gradient = d});
    for (int64_t j = 0; j < outputs; j++)
        for (int64_t k = 0; k < t->terms; k++)
            d[net_weight(w, j, k)] += t->d_weight[j * t->terms + k];
}

/* Adjoints behind the ReLU of value v become those before it. */
static void cut_backward(const vouch_box_tape *t, int v, int64_t s)
{
    const net_image *value = &t->net->value[v].image, *adjoint = &t->net->value[v].adjoint;
    for (int64_t y = 0; y < value->h; y++) {
        const int64_t at = net_at(value, y, 0), d_at = net_at(adjoint, y, 0);
        vouch_update_boxes_back(
            &(vouch_boxes_back){.count = value->w * value->c,
                                .centre = net_value_at(t->centre, v, s) + at,
                                .radius = net_value_at(t->radius, v, s) + at,
                                .d_centre = net_adjoint_at(t->centre, v, s) + d_at,
                                .d_radius = net_adjoint_at(t->radius, v, s) + d_at});
    }
}

/* to += from, which is 0 then. */
static void take_over(int64_t count, float *restrict from, float *restrict to)
{
    for (int64_t j = 0; j < count; j++) {
        to[j] += from[j];
        from[j] = 0;
    }
}

/* What forms ask of the bounds before the ReLU. */
static void add_kept(const vouch_box_tape *t, int v, int64_t s)
{
    const net_image *value = &t->net->value[v].image, *adjoint = &t->net->value[v].adjoint;
    for (int64_t y = 0; y < value->h; y++) {
        const int64_t at = s * value->stride + net_at(value, y, 0);
        const int64_t d_at = net_at(adjoint, y, 0), line = value->w * value->c;
        take_over(line, t->kept[v].d_centre + at, net_adjoint_at(t->centre, v, s) + d_at);
        take_over(line, t->kept[v].d_radius + at, net_adjoint_at(t->radius, v, s) + d_at);
    }
}

static void layer_backward(const vouch_box_tape *t, int i, const net_job *which)
{
    net_job job = *which;
    job.layer = &t->net->layer[i];
    for (int64_t s = job.first; job.layer->relu && s < job.first + job.count; s++) {
        cut_backward(t, job.layer->give, s);
        if (t->kept)
            add_kept(t, job.layer->give, s);
    }
    in_planes(t, &job, job.layer->kind->boxes_back, job.layer->kind->backward);
}

void vouch_box_backward(vouch_box_tape *t, const float *d_margin, float *d_parameters)
{
    const int64_t count = t->centre->count;
    last_backward(t, d_margin, d_parameters);
    for (int i = t->net->layer_count - 1; i > 0;) {
        const net_stretch r = vouch_net_stretch(t->centre, i - 1);
        net_job job = {.count = r.step, .gradient = d_parameters};
        for (job.first = 0; job.first < count; job.first += r.step)
            for (int l = r.to - 1; l >= r.from; l--)
                layer_backward(t, l, &job);
        i = r.from;
    }
}

/* ---- spread ---------------------------------------------------------------------------------- */

/* Normalisations by the running deviations alone, as nothing has measured others. */
static void set_bare(const vouch_box_tape *t, bool on)
{
    t->radius->bare = on;
    vouch_tape_train(t->centre, !on);
    vouch_tape_train(t->radius, !on);
}

vouch_status vouch_box_spread_check(vouch_context *ctx, const vouch_net *net)
{
    for (int i = 0; i < net->layer_count; i++)
        if (!net->layer[i].kind->planes)
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                              "products of magnitudes do not go through layers '%s'",
                              net->layer[i].kind->name);
    return VOUCH_OK;
}

double vouch_box_spread(vouch_box_tape *t, const float *r)
{
    const vouch_net *net = t->net;
    double sum = 0;
    t->radius->count = 1;
    set_bare(t, true);
    vouch_net_take_input(t->radius, 0, r);
    for (int i = 0; i < net->layer_count; i++)
        net->layer[i].kind->forward(
            &(net_job){.tape = t->radius, .layer = &net->layer[i], .count = 1});
    for (int64_t j = 0; j < net->outputs; j++)
        sum += (double)net_value_at(t->radius, net->layer_count, 0)[j];
    set_bare(t, false);
    return sum;
}

void vouch_box_spread_backward(vouch_box_tape *t, float scale, float *d_parameters)
{
    const vouch_net *net = t->net;
    float *d_y = net_adjoint_at(t->radius, net->layer_count, 0);
    set_bare(t, true);
    for (int64_t j = 0; j < net->outputs; j++)
        d_y[j] = scale;
    for (int i = net->layer_count - 1; i >= 0; i--)
        net->layer[i].kind->backward(&(net_job){
            .tape = t->radius, .layer = &net->layer[i], .count = 1, .gradient = d_parameters});
    set_bare(t, false);
}
