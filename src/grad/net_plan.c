/* Laying out a net: values, parameters, and the products that its passes consist of.
 *
 * A convolution of an image in its border is one product: row = output position, run = line of
 * the kernel, whose kernel_width x channels elements are neighbours. Backward by the inputs,
 * positions of one phase of the stride (y + pad and x + pad modulo the stride) meet the same
 * elements of the kernel, so each phase is a product of its own: row = position, run = line of
 * the phase's part of the kernel, in reverse order because then the adjoints are neighbours too;
 * the border of the adjoints is as wide as the kernel reaches out. Where an image has
 * few channels, which would leave lanes empty, the product makes columns [position][kernel]
 * instead, which are added up; where a kernel is large for its image, so that phases would mostly
 * meet the border, each tap is a product added where it belongs. By the weights: row = element of the kernel, run = line of positions.
 *
 * Weights are panels of outputs, [panel][term][VOUCH_PANEL]: the layout of B for forward passes
 * and of C for gradients. What backward passes need is derived in vouch_net_refresh.
 */
#include "grad/net_priv.h"

enum { BLOCK = 512 }; /* terms of a dense layer's sums at a time */

typedef struct planning {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_net *net;
} planning;

static vouch_status out_of_memory(const planning *p)
{
    return vouch_fail(p->ctx, VOUCH_ERR_MEMORY, "net: out of memory");
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Strides that are an odd number of cache lines spread samples over the cache's sets. */
static int64_t spread(int64_t floats)
{
    const int64_t lines = (floats + 15) / 16;
    return 16 * (lines | 1);
}

static net_image image(int64_t h, int64_t w, int64_t c, const int64_t border[4])
{
    net_image i = {.h = h, .w = w, .c = c};
    if (border) {
        i.top = border[0];
        i.left = border[1];
        i.bottom = border[2];
        i.right = border[3];
    }
    i.pitch = (i.left + w + i.right) * c;
    i.stride = spread((i.top + h + i.bottom) * i.pitch);
    return i;
}

static int64_t out_size(const net_layer *l, int axis, int64_t in)
{
    return (in + l->pad[axis] + l->pad[axis + 2] - l->kernel[axis]) / l->stride[axis] + 1;
}

static void lay_out_values(vouch_net *net)
{
    const net_layer *first = net->layer;
    net->value[0] = image(first->in_real[1], first->in_real[2], first->in_real[0],
                          first->conv ? first->pad : NULL);
    net->dense_from = net->layer_count;
    for (int i = net->layer_count - 1; i >= 0 && !net->layer[i].conv; i--)
        net->dense_from = i;
    for (int i = 0; i < net->layer_count; i++) {
        net_layer *l = &net->layer[i];
        const net_image *in = &net->value[i];
        const net_layer *next = i + 1 < net->layer_count ? l + 1 : NULL;
        l->n = net_fill(l->out_real);
        l->depth = in->c * (l->conv ? l->kernel[0] * l->kernel[1] : in->h * in->w);
        net->value[i + 1] =
            image(l->conv ? out_size(l, 0, in->h) : 1, l->conv ? out_size(l, 1, in->w) : 1,
                  l->n, next && next->conv ? next->pad : NULL);
    }
}

/* ---- products -------------------------------------------------------------------------------- */

static vouch_status new_product(const planning *p, int64_t m, int64_t runs, net_product *q)
{
    q->m = m;
    q->run_count = runs;
    q->row = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1);
    q->at = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1);
    q->gate_at = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1);
    q->run = VOUCH_NEW_ARRAY(p->arena, vouch_run, runs + 1);
    return q->row && q->at && q->gate_at && q->run ? VOUCH_OK : out_of_memory(p);
}

static vouch_status plan_forward_conv(const planning *p, net_layer *l)
{
    const net_image *in = &p->net->value[l - p->net->layer], *out = in + 1;
    net_product *q = &l->forward;
    VOUCH_TRY(new_product(p, out->h * out->w, l->kernel[0], q));
    for (int64_t i = 0; i < q->m; i++) {
        const int64_t y = i / out->w, x = i % out->w;
        q->row[i] = y * l->stride[0] * in->pitch + x * l->stride[1] * in->c;
        q->at[i] = net_at(out, y, x);
    }
    const int64_t line = l->kernel[1] * in->c;
    for (int64_t k = 0; k < q->run_count; k++)
        q->run[k] = (vouch_run){k * in->pitch, k * line * VOUCH_PANEL, line};
    return VOUCH_OK;
}

/* Dense products run over samples: the tape has the tables of their rows. */
static vouch_status plan_forward_dense(const planning *p, net_layer *l)
{
    net_product *q = &l->forward;
    VOUCH_TRY(new_product(p, 0, (l->depth + BLOCK - 1) / BLOCK, q));
    for (int64_t k = 0; k < q->run_count; k++) {
        const int64_t left = l->depth - k * BLOCK;
        q->run[k] =
            (vouch_run){k * BLOCK, k * BLOCK * VOUCH_PANEL, left < BLOCK ? left : BLOCK};
    }
    return VOUCH_OK;
}

/* Taps of phase f: elements f, f + stride, ... of the kernel. */
static int64_t taps(const net_layer *l, int axis, int64_t f)
{
    return f < l->kernel[axis] ? (l->kernel[axis] - f + l->stride[axis] - 1) / l->stride[axis]
                               : 0;
}

/* The border that backward's reach into the adjoints asks for. */
static void reach(const net_layer *l, int axis, int64_t in, int64_t out, int64_t border[2])
{
    border[0] = border[1] = 0;
    for (int64_t y = 0; y < in; y++) {
        const int64_t f = (y + l->pad[axis]) % l->stride[axis];
        const int64_t last = (y + l->pad[axis]) / l->stride[axis];
        const int64_t first = last - taps(l, axis, f) + 1;
        if (taps(l, axis, f) == 0)
            continue;
        border[0] = -first > border[0] ? -first : border[0];
        border[1] = last - out + 1 > border[1] ? last - out + 1 : border[1];
    }
}

/* Multiply-adds of a backward pass in phases, those on borders included. */
static int64_t phases_cost(const net_layer *l, const net_image *in)
{
    int64_t sum = 0;
    for (int64_t y = 0; y < l->stride[0]; y++)
        for (int64_t x = 0; x < l->stride[1]; x++)
            sum += taps(l, 0, y) * taps(l, 1, x);
    return sum * in->h * in->w / (l->stride[0] * l->stride[1]) * l->n * in->c;
}

/* And by taps, where reading and writing a sum counts as eight. */
static int64_t taps_cost(const net_layer *l, const net_image *out)
{
    return out->h * out->w * l->depth * (l->n + 8);
}

static void choose(vouch_net *net)
{
    for (int i = 0; i < net->layer_count; i++) {
        net_layer *l = &net->layer[i];
        const net_image *in = &net->value[i];
        if (in->c % VOUCH_LANE != 0)
            l->way = NET_COLUMNS;
        else
            l->way = taps_cost(l, in + 1) < phases_cost(l, in) ? NET_TAPS : NET_PHASES;
    }
}

/* A border as wide as the reader of the adjoints, or the writer, reaches. */
static void lay_out_adjoints(vouch_net *net)
{
    for (int v = 0; v <= net->layer_count; v++) {
        const net_layer *reader = v > 0 ? &net->layer[v - 1] : NULL;
        const net_layer *writer = v < net->layer_count ? &net->layer[v] : NULL;
        const net_image *here = &net->value[v];
        int64_t border[4] = {0}, axis[2][2] = {{0}};
        for (int a = 0; a < 2 && reader && reader->conv && reader->way == NET_PHASES; a++)
            reach(reader, a, a ? here[-1].w : here[-1].h, a ? here->w : here->h, axis[a]);
        for (int side = 0; side < 4; side++) {
            const int64_t pad =
                writer && writer->conv && writer->way != NET_PHASES ? writer->pad[side] : 0;
            border[side] = axis[side % 2][side / 2] > pad ? axis[side % 2][side / 2] : pad;
        }
        net->image[v] = image(here->h, here->w, here->c, border);
    }
}

/* Positions of `in` in phase (fy, fx). */
static vouch_status plan_phase(const planning *p, net_layer *l, int64_t fy, int64_t fx)
{
    const int64_t i = l - p->net->layer, ty = taps(l, 0, fy), tx = taps(l, 1, fx);
    const net_image *in = &p->net->value[i], *to = &p->net->image[i],
                    *from = &p->net->image[i + 1];
    net_product *q = &l->backward[l->product_count++];
    VOUCH_TRY(new_product(p, in->h * in->w, ty * (tx > 0), q));
    q->m = 0;
    for (int64_t y = 0; y < in->h; y++)
        for (int64_t x = 0; x < in->w; x++) {
            if ((y + l->pad[0]) % l->stride[0] != fy || (x + l->pad[1]) % l->stride[1] != fx)
                continue;
            q->row[q->m] = net_at(from, (y + l->pad[0]) / l->stride[0] - ty + 1,
                                  (x + l->pad[1]) / l->stride[1] - tx + 1);
            q->gate_at[q->m] = net_at(in, y, x);
            q->at[q->m++] = net_at(to, y, x);
        }
    for (int64_t u = 0; u < q->run_count; u++)
        q->run[u] = (vouch_run){u * from->pitch, u * tx * l->n * VOUCH_PANEL, tx * l->n};
    q->n = in->c;
    q->b_panel = ty * tx * l->n * VOUCH_PANEL;
    q->weights = p->net->back_size;
    p->net->back_size += net_panels(q->n) * q->b_panel;
    return VOUCH_OK;
}

static vouch_status plan_phases(const planning *p, net_layer *l)
{
    l->backward = VOUCH_NEW_ARRAY(p->arena, net_product, l->stride[0] * l->stride[1]);
    if (!l->backward)
        return out_of_memory(p);
    for (int64_t fy = 0; fy < l->stride[0]; fy++)
        for (int64_t fx = 0; fx < l->stride[1]; fx++)
            VOUCH_TRY(plan_phase(p, l, fy, fx));
    return VOUCH_OK;
}

/* Output positions, as rows of the adjoint and as corners of what they look at. */
static vouch_status plan_positions(const planning *p, net_layer *l)
{
    const net_image *to = &p->net->image[l - p->net->layer], *from = to + 1;
    l->position = VOUCH_NEW_ARRAY(p->arena, int64_t, from->h * from->w);
    l->corner = VOUCH_NEW_ARRAY(p->arena, int64_t, from->h * from->w);
    if (!l->position || !l->corner)
        return out_of_memory(p);
    for (int64_t i = 0; i < from->h * from->w; i++) {
        const int64_t y = i / from->w, x = i % from->w;
        l->position[i] = net_at(from, y, x);
        l->corner[i] = net_at(to, y * l->stride[0] - l->pad[0], x * l->stride[1] - l->pad[1]);
    }
    return VOUCH_OK;
}

static vouch_status plan_tap(const planning *p, net_layer *l, int64_t tap)
{
    const net_image *to = &p->net->image[l - p->net->layer], *from = to + 1;
    net_product *q = &l->backward[l->product_count++];
    const int64_t offset = tap / l->kernel[1] * to->pitch + tap % l->kernel[1] * to->c;
    VOUCH_TRY(new_product(p, from->h * from->w, 1, q));
    for (int64_t i = 0; i < q->m; i++) {
        q->row[i] = l->position[i];
        q->at[i] = l->corner[i] + offset;
    }
    q->run[0] = (vouch_run){0, 0, l->n};
    q->n = to->c;
    q->b_panel = l->n * VOUCH_PANEL;
    q->weights = p->net->back_size;
    p->net->back_size += net_panels(q->n) * q->b_panel;
    return VOUCH_OK;
}

static vouch_status plan_taps(const planning *p, net_layer *l)
{
    const int64_t count = l->kernel[0] * l->kernel[1];
    l->backward = VOUCH_NEW_ARRAY(p->arena, net_product, count);
    if (!l->backward)
        return out_of_memory(p);
    for (int64_t tap = 0; tap < count; tap++)
        VOUCH_TRY(plan_tap(p, l, tap));
    return VOUCH_OK;
}

/* Backward in one product: of a dense layer, or into columns [position][kernel element]. */
static vouch_status plan_whole(const planning *p, net_layer *l)
{
    const net_image *from = &p->net->image[l - p->net->layer + 1];
    l->backward = VOUCH_NEW(p->arena, net_product);
    if (!l->backward)
        return out_of_memory(p);
    net_product *q = l->backward;
    VOUCH_TRY(new_product(p, l->conv ? from->h * from->w : 0, 1, q));
    q->n = net_fill(l->depth);
    for (int64_t i = 0; i < q->m; i++) {
        q->row[i] = l->position[i];
        q->at[i] = i * q->n;
    }
    if (q->m * q->n > p->net->columns)
        p->net->columns = q->m * q->n;
    q->run[0] = (vouch_run){0, 0, l->n};
    q->b_panel = l->n * VOUCH_PANEL;
    q->weights = p->net->back_size;
    l->product_count = 1;
    p->net->back_size += net_panels(q->n) * q->b_panel;
    return VOUCH_OK;
}

static vouch_status plan_by_weight(const planning *p, net_layer *l)
{
    const net_image *in = &p->net->value[l - p->net->layer], *out = in + 1;
    const net_image *adjoint = &p->net->image[l - p->net->layer + 1];
    net_product *q = &l->by_weight;
    const int64_t line = l->conv ? l->kernel[1] * in->c : l->depth;
    VOUCH_TRY(new_product(p, l->depth, l->conv ? out->h : 1, q));
    for (int64_t i = 0; i < l->depth; i++) {
        q->row[i] = i / line * in->pitch + i % line;
        q->at[i] = i * VOUCH_PANEL;
    }
    for (int64_t y = 0; l->conv && y < out->h; y++)
        q->run[y] = (vouch_run){y * l->stride[0] * in->pitch, net_at(adjoint, y, 0), out->w};
    q->n = l->n;
    q->a_step = l->conv ? l->stride[1] * in->c : in->stride;
    q->b_step = l->n;
    q->b_panel = VOUCH_PANEL;
    q->c_panel = l->depth * VOUCH_PANEL;
    return VOUCH_OK;
}

static vouch_status plan_layer(const planning *p, net_layer *l)
{
    l->weight = p->net->size;
    l->bias = l->weight + net_panels(l->n) * l->depth * VOUCH_PANEL;
    p->net->size = l->bias + net_panels(l->n) * VOUCH_PANEL;
    VOUCH_TRY(l->conv ? plan_forward_conv(p, l) : plan_forward_dense(p, l));
    l->forward.n = l->n;
    l->forward.b_panel = l->depth * VOUCH_PANEL;
    l->forward.a_step = 1;
    l->forward.b_step = l->forward.c_panel = VOUCH_PANEL;
    if (l->conv)
        VOUCH_TRY(plan_positions(p, l));
    VOUCH_TRY(!l->conv || l->way == NET_COLUMNS ? plan_whole(p, l)
              : l->way == NET_TAPS              ? plan_taps(p, l)
                                                : plan_phases(p, l));
    for (int f = 0; f < l->product_count; f++) {
        l->backward[f].a_step = 1;
        l->backward[f].b_step = l->backward[f].c_panel = VOUCH_PANEL;
    }
    return plan_by_weight(p, l);
}

vouch_status vouch_net_plan(vouch_context *ctx, vouch_arena *arena, vouch_net *net)
{
    const planning p = {ctx, arena, net};
    net->value = VOUCH_NEW_ARRAY(arena, net_image, net->layer_count + 1);
    net->image = VOUCH_NEW_ARRAY(arena, net_image, net->layer_count + 1);
    if (!net->value || !net->image)
        return out_of_memory(&p);
    lay_out_values(net);
    choose(net);
    lay_out_adjoints(net);
    for (int i = 0; i < net->layer_count; i++)
        VOUCH_TRY(plan_layer(&p, &net->layer[i]));
    net->parameters = VOUCH_NEW_ARRAY(arena, float, net->size);
    net->back = VOUCH_NEW_ARRAY(arena, float, net->back_size);
    return net->parameters && net->back ? VOUCH_OK : out_of_memory(&p);
}

/* ---- weights for backward passes ------------------------------------------------------------- */

/* One line of B: element k of the kernel, output o, over a panel of the kernel's elements. */
static void turn(const vouch_net *net, const net_layer *l, int64_t k, int64_t count, float *to)
{
    for (int64_t o = 0; o < l->n; o++, to += VOUCH_PANEL) {
        const float *from = net->parameters + net_weight(l, o, k);
        for (int64_t j = 0; j < count; j++)
            to[j] = from[j * VOUCH_PANEL];
    }
}

/* Panel of input channels of a phase: its taps in reverse order. */
static void refresh_phase(const vouch_net *net, const net_layer *l, int f, int64_t panel)
{
    const net_product *q = &l->backward[f];
    const int64_t fy = f / l->stride[1], fx = f % l->stride[1], first = panel * VOUCH_PANEL;
    const int64_t ty = taps(l, 0, fy), tx = taps(l, 1, fx);
    const int64_t count = q->n - first < VOUCH_PANEL ? q->n - first : VOUCH_PANEL;
    float *to = net->back + q->weights + panel * q->b_panel;
    for (int64_t t = 0; t < ty * tx; t++, to += l->n * VOUCH_PANEL) {
        const int64_t ky = fy + l->stride[0] * (ty - 1 - t / tx);
        const int64_t kx = fx + l->stride[1] * (tx - 1 - t % tx);
        turn(net, l, (ky * l->kernel[1] + kx) * q->n + first, count, to);
    }
}

/* A panel of elements of the whole kernel, or of one tap's. */
static void refresh_part(const vouch_net *net, const net_layer *l, int f, int64_t panel)
{
    const net_product *q = &l->backward[f];
    const bool tap = l->conv && l->way == NET_TAPS;
    const int64_t first = panel * VOUCH_PANEL, left = (tap ? q->n : l->depth) - first;
    turn(net, l, (tap ? f * q->n : 0) + first, left < VOUCH_PANEL ? left : VOUCH_PANEL,
         net->back + q->weights + panel * q->b_panel);
}

static void refresh_panel(const vouch_net *net, const net_layer *l, int f, int64_t panel)
{
    if (l->conv && l->way == NET_PHASES)
        refresh_phase(net, l, f, panel);
    else
        refresh_part(net, l, f, panel);
}

void vouch_net_refresh(vouch_net *net, int part, int parts)
{
    int64_t unit = 0;
    for (int i = 0; i < net->layer_count; i++)
        for (int f = 0; f < net->layer[i].product_count; f++)
            for (int64_t panel = 0; panel < net_panels(net->layer[i].backward[f].n); panel++)
                if (unit++ % parts == part)
                    refresh_panel(net, &net->layer[i], f, panel);
}

vouch_status vouch_net_new(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                           vouch_net **net)
{
    vouch_net *made = VOUCH_NEW(arena, vouch_net);
    bool fits = false;
    *net = NULL;
    if (!made)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    VOUCH_TRY(vouch_net_read(ctx, arena, graph, made, &fits));
    if (!fits)
        return VOUCH_OK;
    VOUCH_TRY(vouch_net_plan(ctx, arena, made));
    vouch_net_load(made, graph);
    vouch_net_refresh(made, 0, 1);
    *net = made;
    return VOUCH_OK;
}

int64_t vouch_net_inputs(const vouch_net *net) { return net->inputs; }
int64_t vouch_net_outputs(const vouch_net *net) { return net->outputs; }
int64_t vouch_net_size(const vouch_net *net) { return net->size; }
float *vouch_net_parameters(vouch_net *net) { return net->parameters; }
