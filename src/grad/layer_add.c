/* Sums of two values, element by element: where the branches of a residual block meet. */
#include <string.h>

#include "grad/net_priv.h"
#include "num/sheet.h"

static bool read(net_reading *r)
{
    return strcmp(r->node->type, "Add") == 0 && vouch_net_add_pair(r);
}

static vouch_sheet sheet_of(const net_image *image)
{
    return (vouch_sheet){.lines = image->h, .pixels = image->w, .c = image->c};
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *a = &t->net->value[l->take[0]].image,
                    *b = &t->net->value[l->take[1]].image;
    const net_image *to = &t->net->value[l->give].image;
    vouch_sheet_run_pair(
        &(vouch_sheet_pair){.sheet = sheet_of(to),
                            .a = net_value_at(t, l->take[0], job->first) + net_at(a, 0, 0),
                            .b = net_value_at(t, l->take[1], job->first) + net_at(b, 0, 0),
                            .to = net_value_at(t, l->give, job->first) + net_at(to, 0, 0),
                            .a_pitch = a->pitch,
                            .b_pitch = b->pitch,
                            .to_pitch = to->pitch,
                            .relu = net_cuts(job)});
    if (t->plane == NET_TANGENTS)
        vouch_net_shut(job);
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *from = &t->net->value[l->give].adjoint;
    for (int k = NET_TAKES - 1; k >= 0; k--) { /* x + x: the last one sets */
        const net_value *in = &t->net->value[l->take[k]];
        const float *gate = net_gate_at(t, l->take[k], job->first);
        if (net_wants(job, k))
            vouch_sheet_run_pass(&(vouch_sheet_pass){
                .sheet = sheet_of(from),
                .d = net_adjoint_at(t, l->give, job->first) + net_at(from, 0, 0),
                .gate = gate ? gate + net_at(&in->image, 0, 0) : NULL,
                .to = net_adjoint_at(t, l->take[k], job->first) + net_at(&in->adjoint, 0, 0),
                .d_pitch = from->pitch,
                .gate_pitch = in->image.pitch,
                .to_pitch = in->adjoint.pitch,
                .add = l->adds[k]});
    }
}

const net_kind vouch_layer_add = {.name = "add",
                                  .relu = true,
                                  .planes = true,
                                  .tangents = true,
                                  .forms = true,
                                  .read = read,
                                  .forward = forward,
                                  .backward = backward};
