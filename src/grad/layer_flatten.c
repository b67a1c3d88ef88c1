/* Flattening: an image without its border, which is what dense layers take.
 *
 * Elements keep their order, pixel by pixel; dense layers permute their weights instead. Where
 * the image has no border anyway, nothing is moved: both values share their memory, and so do
 * their adjoints if nothing else reads the image.
 */
#include <string.h>

#include "grad/net_priv.h"

/* The batch is one sample: any reshaping to (1, n) or (n) flattens. */
static bool read(net_reading *r)
{
    const char *types[] = {"Flatten", "Reshape", "Squeeze"};
    const vouch_shape *out = vouch_net_shape_out(r);
    const int take = vouch_net_taken(r);
    bool known = false, flat = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        known |= strcmp(r->node->type, types[i]) == 0;
    for (int i = 0; i < out->rank; i++)
        flat |= out->dim[i] == vouch_shape_count(out);
    if (!known || !flat || take < 0)
        return false;
    if (r->net->value[take].flat)
        vouch_net_pass_on(r, take);
    else {
        const net_layer *l = vouch_net_add_layer(r, take, 0);
        if (l)
            r->net->value[l->give].flat = true;
    }
    return true;
}

static bool bare(const net_image *image)
{
    return image->top + image->left + image->bottom + image->right == 0;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    net_value *from = &p->net->value[l->take[0]], *to = &p->net->value[l->give];
    if (bare(&from->image))
        to->shares = l->take[0];
    if (bare(&from->adjoint) && from->readers == 1) {
        to->adjoint_shares = l->take[0];
        from->whole = to->whole;
    }
    return VOUCH_OK;
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *image = &t->net->value[l->take[0]].image;
    const int64_t line = image->w * image->c;
    const float *from = net_value_at(t, l->take[0], job->first);
    float *to = net_value_at(t, l->give, job->first);
    for (int64_t y = 0; from != to && y < image->h; y++)
        memcpy(to + y * line, from + net_at(image, y, 0), (size_t)line * sizeof *to);
}

/* The gate, if any, is shut already: it is that of what was given, too. */
static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *image = &t->net->value[l->take[0]].adjoint;
    const int64_t line = image->w * image->c;
    const float *from = net_adjoint_at(t, l->give, job->first);
    float *to = net_adjoint_at(t, l->take[0], job->first);
    for (int64_t y = 0; from != to && net_wants(job, 0) && y < image->h; y++, from += line) {
        float *restrict d = to + net_at(image, y, 0);
        for (int64_t j = 0; j < line; j++)
            d[j] = l->adds[0] ? d[j] + from[j] : from[j];
    }
}

const net_kind vouch_layer_flatten = {.name = "flatten",
                                      .keeps = true,
                                      .planes = true,
                                      .tangents = true,
                                      .forms = true,
                                      .read = read,
                                      .plan = plan,
                                      .forward = forward,
                                      .backward = backward};
