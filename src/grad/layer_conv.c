/* Convolutional layers, forward and by their weights; by their inputs: layer_conv_back.c.
 *
 * A convolution of an image in its border is one product: row = output position, run = line of
 * the kernel, whose kernel_width x channels elements are neighbours. By the weights: row = element
 * of the kernel, run = line of positions.
 *
 * Where weights are too many for the cache and positions few, products take several samples, that
 * weights may be read, and their gradients written, less often. Sums are the same.
 */
#include "grad/layer_conv.h"

#include <string.h>

enum {
    CACHED = 1 << 16, /* weights that stay in the cache from sample to sample */
    ROWS = 256,       /* positions that a product should have at least */
    GROUP = 16        /* samples of a product, at most */
};

/* ---- reading --------------------------------------------------------------------------------- */

static void copy_ints(const net_reading *r, const char *name, int64_t *to)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    for (size_t i = 0; a && a->kind == VOUCH_ATTR_INTS && i < a->count; i++)
        to[i] = a->ints[i];
}

static bool fits(const net_reading *r, int take, const vouch_tensor *w)
{
    return take >= 0 && !r->net->value[take].flat && w && w->shape.rank == 4 &&
           vouch_net_bias_fits(r, w->shape.dim[0]) && !vouch_node_attr(r->node, "auto_pad") &&
           vouch_net_all_are(r, "group", 1) && vouch_net_all_are(r, "dilations", 1) &&
           w->shape.dim[1] == r->net->value[take].real[0];
}

static int64_t group_of(const net_weights *w, int64_t positions)
{
    const int64_t wanted = ROWS / positions < GROUP ? ROWS / positions : GROUP;
    return w->depth * w->n > CACHED && wanted > 1 ? wanted : 1;
}

static bool read(net_reading *r)
{
    const vouch_tensor *w = vouch_net_constant(r, 1);
    const vouch_shape *out = vouch_net_shape_out(r);
    if (strcmp(r->node->type, "Conv") != 0 || !fits(r, vouch_net_taken(r), w))
        return false;
    net_layer *l = vouch_net_add_layer(r, vouch_net_taken(r), sizeof(conv_layer));
    if (!l)
        return false;
    conv_layer *c = l->own;
    c->stride[0] = c->stride[1] = 1;
    memcpy(c->kernel, w->shape.dim + 2, sizeof c->kernel);
    copy_ints(r, "strides", c->stride);
    copy_ints(r, "pads", c->pad);
    vouch_net_set_weights(r, l,
                          (net_weights){.out_real = w->shape.dim[0],
                                        .places = c->kernel[0] * c->kernel[1],
                                        .output_first = true});
    vouch_net_set_size(r, l, w->shape.dim[0], out->dim[2], out->dim[3]);
    c->group = group_of(l->weights, out->dim[2] * out->dim[3]);
    l->whole = c->group > 1;
    return true;
}

/* ---- planning -------------------------------------------------------------------------------- */

static void margins(const vouch_net *net, net_layer *l, net_margins *m)
{
    const conv_layer *c = l->own;
    memcpy(m->value[0], c->pad, sizeof c->pad);
    vouch_layer_conv_choose(net, l, m);
}

void vouch_layer_conv_repeat(const conv_layer *c, net_product *q, int64_t row, int64_t at,
                             int64_t gate)
{
    for (int64_t i = q->m; i < c->group * q->m; i++) {
        q->row[i] = q->row[i - q->m] + row;
        q->at[i] = q->at[i - q->m] + at;
        q->gate_at[i] = q->gate_at[i - q->m] + gate;
    }
}

static vouch_status plan_forward(const net_planning *p, const net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    const net_image *out = &p->net->value[l->give].image;
    conv_layer *c = l->own;
    net_product *q = &c->forward;
    const int64_t line = c->kernel[1] * in->c;
    VOUCH_TRY(vouch_net_new_product(p, c->group * out->h * out->w, c->kernel[0], q));
    q->m = out->h * out->w;
    q->n = l->weights->n;
    q->b_panel = l->weights->depth * VOUCH_PANEL;
    const int64_t corner = net_at(in, -c->pad[0], -c->pad[1]);
    for (int64_t i = 0; i < q->m; i++) {
        const int64_t y = i / out->w, x = i % out->w;
        q->row[i] = corner + y * c->stride[0] * in->pitch + x * c->stride[1] * in->c;
        q->at[i] = net_at(out, y, x);
    }
    vouch_layer_conv_repeat(c, q, in->stride, out->stride, 0);
    for (int64_t k = 0; k < q->run_count; k++)
        q->run[k] = (vouch_run){k * in->pitch, k * line * VOUCH_PANEL, line};
    return VOUCH_OK;
}

static vouch_status plan_by_weight(const net_planning *p, const net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    const net_image *adjoint = &p->net->value[l->give].adjoint;
    conv_layer *c = l->own;
    net_product *q = &c->by_weight;
    const int64_t line = c->kernel[1] * in->c, depth = l->weights->depth;
    VOUCH_TRY(vouch_net_new_product(p, depth, c->group * adjoint->h, q));
    const int64_t corner = net_at(in, -c->pad[0], -c->pad[1]);
    for (int64_t i = 0; i < depth; i++) {
        q->row[i] = corner + i / line * in->pitch + i % line;
        q->at[i] = i * VOUCH_PANEL;
    }
    for (int64_t i = 0; i < q->run_count; i++) {
        const int64_t sample = i / adjoint->h, y = i % adjoint->h;
        q->run[i] = (vouch_run){sample * in->stride + y * c->stride[0] * in->pitch,
                                sample * adjoint->stride + net_at(adjoint, y, 0), adjoint->w};
    }
    q->run_count = adjoint->h;
    q->n = l->weights->n;
    q->a_step = c->stride[1] * in->c;
    q->b_step = l->weights->n;
    q->b_panel = VOUCH_PANEL;
    q->c_panel = depth * VOUCH_PANEL;
    return VOUCH_OK;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    vouch_net_place_weights(p->net, l->weights);
    VOUCH_TRY(plan_forward(p, l));
    VOUCH_TRY(plan_by_weight(p, l));
    return vouch_layer_conv_plan_back(p, l);
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* Of up to `group` samples. */
static void forward_group(const net_job *job)
{
    const net_layer *l = job->layer;
    const conv_layer *c = l->own;
    vouch_indirect g = vouch_net_forward_operands(job, &c->forward);
    g.a = net_value_at(job->tape, l->take[0], job->first);
    g.c = net_value_at(job->tape, l->give, job->first);
    g.m *= job->count;
    vouch_indirect_run(&g);
}

static void by_weight(const net_job *job)
{
    const net_layer *l = job->layer;
    const conv_layer *c = l->own;
    vouch_indirect g = vouch_net_gradient_operands(job, &c->by_weight);
    g.a = net_value_at(job->tape, l->take[0], job->first);
    g.b = net_adjoint_at(job->tape, l->give, job->first);
    g.run_count *= job->count;
    vouch_indirect_run(&g);
    vouch_net_by_bias(
        job,
        &(vouch_row_sums){.count = job->count * c->forward.m, .at = c->position, .from = g.b});
}

static void backward_group(const net_job *job)
{
    if (job->gradient)
        by_weight(job);
    if (net_wants(job, 0))
        vouch_layer_conv_back(job);
}

static void by_groups(const net_job *job, void (*pass)(const net_job *part))
{
    const conv_layer *c = job->layer->own;
    const int64_t end = job->first + job->count;
    net_job part = *job;
    for (; part.first < end; part.first += c->group) {
        part.count = end - part.first < c->group ? end - part.first : c->group;
        pass(&part);
    }
}

static void forward(const net_job *job) { by_groups(job, forward_group); }

static void backward(const net_job *job) { by_groups(job, backward_group); }

const net_kind vouch_layer_conv = {.name = "conv",
                                   .relu = true,
                                   .planes = true,
                                   .tangents = true,
                                   .forms = true,
                                   .read = read,
                                   .margins = margins,
                                   .plan = plan,
                                   .forward = forward,
                                   .backward = backward,
                                   .refresh = vouch_layer_conv_refresh,
                                   .load = vouch_net_load_weights,
                                   .store = vouch_net_store_weights};
