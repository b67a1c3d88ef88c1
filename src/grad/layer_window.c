/* Windows of pooling (layer_window.h). They are clipped to the image: padding is never read. */
#include "grad/layer_window.h"

#include <string.h>

static bool copy_ints(const net_reading *r, const char *name, int64_t *to, size_t count)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    if (a && (a->kind != VOUCH_ATTR_INTS || a->count != count))
        return false;
    for (size_t i = 0; a && i < count; i++)
        to[i] = a->ints[i];
    return true;
}

bool vouch_layer_window_read(net_reading *r, size_t own_size)
{
    const int take = vouch_net_taken(r);
    const vouch_shape *out = vouch_net_shape_out(r);
    const bool global = strncmp(r->node->type, "Global", 6) == 0;
    if (take < 0 || r->net->value[take].flat || out->rank != 4 ||
        vouch_node_attr(r->node, "auto_pad") || !vouch_net_all_are(r, "dilations", 1) ||
        r->net->value[take].image.c % VOUCH_LANE != 0)
        return false;
    const int64_t *real = r->net->value[take].real;
    net_window w = {.stride = {1, 1}};
    if (!copy_ints(r, "kernel_shape", w.kernel, 2) || !copy_ints(r, "strides", w.stride, 2) ||
        !copy_ints(r, "pads", w.pad, 4))
        return false;
    memcpy(w.kernel, global ? real + 1 : w.kernel, sizeof w.kernel);
    net_layer *l = vouch_net_add_layer(r, take, own_size);
    if (!l)
        return false;
    *(net_window *)l->own = w;
    vouch_net_set_size(r, l, real[0], out->dim[2], out->dim[3]);
    return true;
}

net_spot vouch_layer_window_spot(const net_window *w, const net_image *in, int64_t y, int64_t x)
{
    const int64_t at[] = {y, x}, size[] = {in->h, in->w};
    net_spot s;
    for (int axis = 0; axis < 2; axis++) {
        const int64_t from = at[axis] * w->stride[axis] - w->pad[axis];
        const int64_t to = from + w->kernel[axis];
        s.from[axis] = from > 0 ? from : 0;
        s.to[axis] = to < size[axis] ? to : size[axis];
    }
    return s;
}

void vouch_layer_window_clear(const net_job *job)
{
    const int in = job->layer->take[0];
    const net_image *image = &job->tape->net->value[in].adjoint;
    float *to = net_adjoint_at(job->tape, in, job->first);
    for (int64_t y = 0; y < image->h && !job->layer->adds[0]; y++)
        memset(to + net_at(image, y, 0), 0, (size_t)(image->w * image->c) * sizeof *to);
}
