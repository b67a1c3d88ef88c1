/* Products of two values, element by element: x sigmoid(x), which is SiLU, and gates. */
#include <string.h>

#include "grad/net_priv.h"

static bool read(net_reading *r)
{
    return strcmp(r->node->type, "Mul") == 0 && vouch_net_add_pair(r);
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *image[NET_TAKES], *to = &t->net->value[l->give].image;
    const float *from[NET_TAKES];
    for (int k = 0; k < NET_TAKES; k++) {
        image[k] = &t->net->value[l->take[k]].image;
        from[k] = net_value_at(t, l->take[k], job->first);
    }
    for (int64_t y = 0; y < to->h; y++) {
        const float *a = from[0] + net_at(image[0], y, 0),
                    *b = from[1] + net_at(image[1], y, 0);
        float *restrict out = net_value_at(t, l->give, job->first) + net_at(to, y, 0);
        for (int64_t j = 0; j < to->w * to->c; j++)
            out[j] = a[j] * b[j];
    }
}

/* The adjoint times the other factor. */
static void by_input(const net_job *job, int k)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[k]];
    const net_image *other = &t->net->value[l->take[!k]].image;
    const net_image *given = &t->net->value[l->give].adjoint;
    const float *gate = net_gate_at(t, l->take[k], job->first);
    for (int64_t y = 0; y < given->h; y++) {
        const float *d = net_adjoint_at(t, l->give, job->first) + net_at(given, y, 0);
        const float *by = net_value_at(t, l->take[!k], job->first) + net_at(other, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        float *restrict to =
            net_adjoint_at(t, l->take[k], job->first) + net_at(&in->adjoint, y, 0);
        for (int64_t j = 0; j < given->w * given->c; j++) {
            const float part = !on || on[j] > 0 ? d[j] * by[j] : 0;
            to[j] = l->adds[k] ? to[j] + part : part;
        }
    }
}

static void backward(const net_job *job)
{
    for (int k = NET_TAKES - 1; k >= 0; k--) /* x x: the last one sets */
        if (net_wants(job, k))
            by_input(job, k);
}

const net_kind vouch_layer_product = {
    .name = "product", .read = read, .forward = forward, .backward = backward};
