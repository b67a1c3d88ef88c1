/* Convolutions backward, by their inputs: three ways, chosen by counting.
 *
 * Phases: positions of one phase of the stride (y + pad and x + pad modulo the stride) meet the
 * same elements of the kernel, so each phase is a product of its own: row = position, run = line
 * of the phase's part of the kernel, in reverse order because then the adjoints are neighbours
 * too; the border of the adjoints is as wide as the kernel reaches out.
 *
 * Columns: where an image has few channels, which would leave lanes empty, one product makes
 * columns [position][kernel], which are added up.
 *
 * Taps: where a kernel is large for its image, so that phases would mostly meet the border, each
 * tap of the kernel is a product added where it belongs.
 */
#include <string.h>

#include "grad/layer_conv.h"
#include "num/update.h"

/* ---- choosing -------------------------------------------------------------------------------- */

/* Taps of phase f: elements f, f + stride, ... of the kernel. */
static int64_t taps(const conv_layer *c, int axis, int64_t f)
{
    return f < c->kernel[axis] ? (c->kernel[axis] - f + c->stride[axis] - 1) / c->stride[axis]
                               : 0;
}

/* The border that backward's reach into the adjoints asks for. */
static void reach(const conv_layer *c, int axis, int64_t in, int64_t out, int64_t border[4])
{
    int64_t *before = &border[axis], *after = &border[axis + 2];
    for (int64_t y = 0; y < in; y++) {
        const int64_t f = (y + c->pad[axis]) % c->stride[axis];
        const int64_t last = (y + c->pad[axis]) / c->stride[axis];
        const int64_t first = last - taps(c, axis, f) + 1;
        if (taps(c, axis, f) == 0)
            continue;
        *before = -first > *before ? -first : *before;
        *after = last - out + 1 > *after ? last - out + 1 : *after;
    }
}

/* Multiply-adds of a backward pass in phases, those on borders included. */
static int64_t phases_cost(const conv_layer *c, const net_image *in, int64_t n)
{
    int64_t sum = 0;
    for (int64_t y = 0; y < c->stride[0]; y++)
        for (int64_t x = 0; x < c->stride[1]; x++)
            sum += taps(c, 0, y) * taps(c, 1, x);
    return sum * in->h * in->w / (c->stride[0] * c->stride[1]) * n * in->c;
}

/* And by taps, where reading and writing a sum counts as eight. */
static int64_t taps_cost(const net_image *out, const net_weights *w)
{
    return out->h * out->w * w->depth * (w->n + 8);
}

void vouch_layer_conv_choose(const vouch_net *net, net_layer *l, net_margins *m)
{
    const net_image *in = &net->value[l->take[0]].image, *out = &net->value[l->give].image;
    conv_layer *c = l->own;
    if (in->c % VOUCH_LANE != 0)
        c->way = CONV_COLUMNS;
    else if (taps_cost(out, l->weights) < phases_cost(c, in, l->weights->n))
        c->way = CONV_TAPS;
    else
        c->way = CONV_PHASES;
    if (c->way != CONV_PHASES) {
        memcpy(m->adjoint[0], c->pad, sizeof c->pad);
        return;
    }
    reach(c, 0, in->h, out->h, m->out);
    reach(c, 1, in->w, out->w, m->out);
}

/* ---- planning -------------------------------------------------------------------------------- */

/* Positions of what is taken in phase (fy, fx). */
static vouch_status plan_phase(const net_planning *p, const net_layer *l, int64_t fy,
                               int64_t fx)
{
    conv_layer *c = l->own;
    const int64_t ty = taps(c, 0, fy), tx = taps(c, 1, fx), n = l->weights->n;
    const net_image *in = &p->net->value[l->take[0]].image;
    const net_image *to = &p->net->value[l->take[0]].adjoint;
    const net_image *from = &p->net->value[l->give].adjoint;
    net_product *q = &c->backward[c->product_count++];
    VOUCH_TRY(vouch_net_new_product(p, c->group * in->h * in->w, ty * (tx > 0), q));
    q->m = 0;
    for (int64_t y = 0; y < in->h; y++)
        for (int64_t x = 0; x < in->w; x++) {
            if ((y + c->pad[0]) % c->stride[0] != fy || (x + c->pad[1]) % c->stride[1] != fx)
                continue;
            q->row[q->m] = net_at(from, (y + c->pad[0]) / c->stride[0] - ty + 1,
                                  (x + c->pad[1]) / c->stride[1] - tx + 1);
            q->gate_at[q->m] = net_at(in, y, x);
            q->at[q->m++] = net_at(to, y, x);
        }
    vouch_layer_conv_repeat(c, q, from->stride, to->stride, in->stride);
    for (int64_t u = 0; u < q->run_count; u++)
        q->run[u] = (vouch_run){u * from->pitch, u * tx * n * VOUCH_PANEL, tx * n};
    q->n = in->c;
    q->b_panel = ty * tx * n * VOUCH_PANEL;
    vouch_net_place_back(p, q);
    return VOUCH_OK;
}

static vouch_status plan_phases(const net_planning *p, const net_layer *l)
{
    const conv_layer *c = l->own;
    for (int64_t fy = 0; fy < c->stride[0]; fy++)
        for (int64_t fx = 0; fx < c->stride[1]; fx++)
            VOUCH_TRY(plan_phase(p, l, fy, fx));
    return VOUCH_OK;
}

/* Output positions, as rows of the adjoint and as corners of what they look at. */
static vouch_status plan_positions(const net_planning *p, const net_layer *l)
{
    const net_image *to = &p->net->value[l->take[0]].adjoint;
    const net_image *from = &p->net->value[l->give].adjoint;
    conv_layer *c = l->own;
    const int64_t area = from->h * from->w;
    c->position = VOUCH_NEW_ARRAY(p->arena, int64_t, c->group * area);
    c->corner = VOUCH_NEW_ARRAY(p->arena, int64_t, c->group * area);
    if (!c->position || !c->corner)
        return vouch_fail(p->ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    for (int64_t i = 0; i < c->group * area; i++) {
        const int64_t sample = i / area, y = i % area / from->w, x = i % from->w;
        c->position[i] = sample * from->stride + net_at(from, y, x);
        c->corner[i] = sample * to->stride +
                       net_at(to, y * c->stride[0] - c->pad[0], x * c->stride[1] - c->pad[1]);
    }
    return VOUCH_OK;
}

static vouch_status plan_tap(const net_planning *p, const net_layer *l, int64_t tap)
{
    const net_image *to = &p->net->value[l->take[0]].adjoint;
    conv_layer *c = l->own;
    net_product *q = &c->backward[c->product_count++];
    const int64_t offset = tap / c->kernel[1] * to->pitch + tap % c->kernel[1] * to->c;
    VOUCH_TRY(vouch_net_new_back(p, l, c->group * c->forward.m, to->c, q));
    for (int64_t i = 0; i < q->m; i++) {
        q->row[i] = c->position[i];
        q->at[i] = c->corner[i] + offset;
    }
    q->m = c->forward.m;
    return VOUCH_OK;
}

static vouch_status plan_taps(const net_planning *p, const net_layer *l)
{
    const conv_layer *c = l->own;
    for (int64_t tap = 0; tap < c->kernel[0] * c->kernel[1]; tap++)
        VOUCH_TRY(plan_tap(p, l, tap));
    return VOUCH_OK;
}

/* In one product into columns [position][kernel element]. */
static vouch_status plan_columns(const net_planning *p, const net_layer *l)
{
    conv_layer *c = l->own;
    net_product *q = &c->backward[c->product_count++];
    VOUCH_TRY(
        vouch_net_new_back(p, l, c->group * c->forward.m, net_fill(l->weights->depth), q));
    for (int64_t i = 0; i < q->m; i++) {
        q->row[i] = c->position[i];
        q->at[i] = i * q->n;
    }
    if (q->m * q->n > p->net->scratch)
        p->net->scratch = q->m * q->n;
    q->m = c->forward.m;
    return VOUCH_OK;
}

vouch_status vouch_layer_conv_plan_back(const net_planning *p, net_layer *l)
{
    conv_layer *c = l->own;
    const int64_t most[] = {[CONV_PHASES] = c->stride[0] * c->stride[1],
                            [CONV_COLUMNS] = 1,
                            [CONV_TAPS] = c->kernel[0] * c->kernel[1]};
    c->backward = VOUCH_NEW_ARRAY(p->arena, net_product, most[c->way]);
    if (!c->backward)
        return vouch_fail(p->ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    VOUCH_TRY(plan_positions(p, l));
    VOUCH_TRY(c->way == CONV_COLUMNS ? plan_columns(p, l)
              : c->way == CONV_TAPS  ? plan_taps(p, l)
                                     : plan_phases(p, l));
    for (int f = 0; f < c->product_count; f++)
        l->units += net_panels(c->backward[f].n);
    return VOUCH_OK;
}

/* ---- derived weights ------------------------------------------------------------------------- */

/* Panel of input channels of a phase: its taps in reverse order. */
static void refresh_phase(const vouch_net *net, const net_layer *l, int f, int64_t panel)
{
    const conv_layer *c = l->own;
    const net_product *q = &c->backward[f];
    const int64_t fy = f / c->stride[1], fx = f % c->stride[1], first = panel * VOUCH_PANEL;
    const int64_t ty = taps(c, 0, fy), tx = taps(c, 1, fx);
    const int64_t count = q->n - first < VOUCH_PANEL ? q->n - first : VOUCH_PANEL;
    float *to = net->back + q->weights + panel * q->b_panel;
    for (int64_t t = 0; t < ty * tx; t++, to += l->weights->n * VOUCH_PANEL) {
        const int64_t ky = fy + c->stride[0] * (ty - 1 - t / tx);
        const int64_t kx = fx + c->stride[1] * (tx - 1 - t % tx);
        vouch_net_turn(net, l->weights, (ky * c->kernel[1] + kx) * q->n + first, count, to);
    }
}

/* A panel of elements of the whole kernel, or of one tap's. */
static void refresh_part(const vouch_net *net, const net_layer *l, int f, int64_t panel)
{
    const conv_layer *c = l->own;
    const net_product *q = &c->backward[f];
    const bool tap = c->way == CONV_TAPS;
    const int64_t first = panel * VOUCH_PANEL, left = (tap ? q->n : l->weights->depth) - first;
    vouch_net_turn(net, l->weights, (tap ? f * q->n : 0) + first,
                   left < VOUCH_PANEL ? left : VOUCH_PANEL,
                   net->back + q->weights + panel * q->b_panel);
}

/* Units are the panels of product after product. */
void vouch_layer_conv_refresh(vouch_net *net, const net_layer *l, int64_t unit)
{
    const conv_layer *c = l->own;
    int f = 0;
    for (; unit >= net_panels(c->backward[f].n); f++)
        unit -= net_panels(c->backward[f].n);
    if (c->way == CONV_PHASES)
        refresh_phase(net, l, f, unit);
    else
        refresh_part(net, l, f, unit);
}

/* ---- the pass -------------------------------------------------------------------------------- */

/* Nothing but the picture itself, and of that where the gate lets something through. */
static void shut(const net_image *here, const net_image *from, const float *gate, float *d)
{
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
static void scatter(const net_job *job, const net_image *image, const float *columns, float *to)
{
    const conv_layer *c = job->layer->own;
    const vouch_columns s = {.count = job->count * c->backward[0].m,
                             .lines = c->kernel[0],
                             .line = c->kernel[1] * image->c,
                             .pitch = image->pitch,
                             .stride = c->backward[0].n,
                             .at = c->corner,
                             .from = columns,
                             .to = to};
    vouch_update_columns(&s);
}

void vouch_layer_conv_back(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const conv_layer *c = l->own;
    const net_value *in = &t->net->value[l->take[0]];
    const float *gate = net_gate_at(t, l->take[0], job->first);
    const float *from = net_adjoint_at(t, l->give, job->first);
    float *to = net_adjoint_at(t, l->take[0], job->first);
    if (c->way != CONV_PHASES && !l->adds[0])
        memset(to, 0, (size_t)(job->count * in->adjoint.stride) * sizeof *to);
    for (int f = 0; f < c->product_count; f++) {
        vouch_indirect g = vouch_net_back_operands(job, &c->backward[f]);
        g.a = from;
        g.m *= job->count;
        g.c = c->way == CONV_COLUMNS ? t->scratch : to;
        g.accumulate = c->way == CONV_TAPS || (c->way == CONV_PHASES && l->adds[0]);
        g.gate = c->way == CONV_PHASES ? gate : NULL;
        vouch_indirect_run(&g);
    }
    if (c->way == CONV_COLUMNS)
        scatter(job, &in->adjoint, t->scratch, to);
    for (int64_t s = 0; s < job->count && c->way != CONV_PHASES; s++)
        shut(&in->adjoint, &in->image, gate ? gate + s * in->image.stride : NULL,
             to + s * in->adjoint.stride);
}
