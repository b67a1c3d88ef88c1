/* Convolutional layers, forward and by their weights; by their inputs: layer_conv_back.c.
 *
 * A convolution of an image in its border is one product: row = output position, run = line of
 * the kernel, whose kernel_width x channels elements are neighbours. By the weights: row = element
 * of the kernel, run = line of positions.
 */
#include "grad/layer_conv.h"

#include <string.h>

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
    return true;
}

/* ---- planning -------------------------------------------------------------------------------- */

static void margins(const vouch_net *net, net_layer *l, net_margins *m)
{
    const conv_layer *c = l->own;
    memcpy(m->value[0], c->pad, sizeof c->pad);
    vouch_layer_conv_choose(net, l, m);
}

static vouch_status plan_forward(const net_planning *p, const net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    const net_image *out = &p->net->value[l->give].image;
    conv_layer *c = l->own;
    net_product *q = &c->forward;
    const int64_t line = c->kernel[1] * in->c;
    VOUCH_TRY(vouch_net_new_product(p, out->h * out->w, c->kernel[0], q));
    q->n = l->weights->n;
    q->b_panel = l->weights->depth * VOUCH_PANEL;
    const int64_t corner = net_at(in, -c->pad[0], -c->pad[1]);
    for (int64_t i = 0; i < q->m; i++) {
        const int64_t y = i / out->w, x = i % out->w;
        q->row[i] = corner + y * c->stride[0] * in->pitch + x * c->stride[1] * in->c;
        q->at[i] = net_at(out, y, x);
    }
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
    VOUCH_TRY(vouch_net_new_product(p, depth, adjoint->h, q));
    const int64_t corner = net_at(in, -c->pad[0], -c->pad[1]);
    for (int64_t i = 0; i < depth; i++) {
        q->row[i] = corner + i / line * in->pitch + i % line;
        q->at[i] = i * VOUCH_PANEL;
    }
    for (int64_t y = 0; y < adjoint->h; y++)
        q->run[y] =
            (vouch_run){y * c->stride[0] * in->pitch, net_at(adjoint, y, 0), adjoint->w};
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

static void forward(const net_job *job)
{
    const net_layer *l = job->layer;
    const conv_layer *c = l->own;
    vouch_indirect g = vouch_net_forward_operands(job, &c->forward);
    g.a = net_value_at(job->tape, l->take[0], job->first);
    g.c = net_value_at(job->tape, l->give, job->first);
    vouch_indirect_run(&g);
}

static void by_weight(const net_job *job)
{
    const net_layer *l = job->layer;
    const conv_layer *c = l->own;
    vouch_indirect g = vouch_net_gradient_operands(job, &c->by_weight);
    g.a = net_value_at(job->tape, l->take[0], job->first);
    g.b = net_adjoint_at(job->tape, l->give, job->first);
    vouch_indirect_run(&g);
    vouch_net_by_bias(job,
                      &(vouch_row_sums){.count = c->forward.m, .at = c->position, .from = g.b});
}

static void backward(const net_job *job)
{
    if (job->gradient)
        by_weight(job);
    if (net_wants(job, 0))
        vouch_layer_conv_back(job);
}

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
