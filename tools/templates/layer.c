/* @NAME@: which nodes become this layer of the float32 engine, and what it computes. Here: Neg,
 * element by element.
 *
 * Steps for a new layer (delete each as you finish it; docs/howto/add-a-layer.md):
 *   1. read: which nodes; its line in layer.def stands before kinds that would read the same.
 *   2. forward, backward: samples lie as net_image says; filling and borders stay 0.
 *   3. Parameters: plan, load, store. Flags of net_kind that hold: planes, tangents, relu ...
 *   4. A network with it in the table `nets` of tests/grad/test_layers.c.
 * SPEC: ONNX OPERATOR-VERSION
 */
#include <string.h>

#include "grad/net_priv.h"

static bool read(net_reading *r)
{
    const int take = strcmp(r->node->type, "Neg") == 0 ? vouch_net_taken(r) : -1;
    return take >= 0 && vouch_net_add_layer(r, take, 0) != NULL;
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image;
    const net_image *out = &t->net->value[l->give].image;
    for (int64_t y = 0; y < out->h; y++) {
        const float *from = net_value_at(t, l->take[0], job->first) + net_at(in, y, 0);
        float *to = net_value_at(t, l->give, job->first) + net_at(out, y, 0);
        for (int64_t j = 0; j < out->w * out->c; j++)
            to[j] = 0 - from[j];
    }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const float *gate = net_gate_at(t, l->take[0], job->first);
    for (int64_t y = 0; y < in->image.h && net_wants(job, 0); y++) {
        const float *from =
            net_adjoint_at(t, l->give, job->first) + net_at(&out->adjoint, y, 0);
        float *to = net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        for (int64_t j = 0; j < in->image.w * in->image.c; j++) {
            const float part = !on || on[j] > 0 ? 0 - from[j] : 0;
            to[j] = l->adds[0] ? to[j] + part : part;
        }
    }
}

const net_kind vouch_layer_@NAME@ = {
    .name = "@NAME@", .read = read, .forward = forward, .backward = backward};
