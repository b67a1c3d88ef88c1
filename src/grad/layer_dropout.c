/* Dropout: in training mode each element becomes 0 with a probability p, or itself over 1 - p;
 * otherwise nothing changes, and nets that are not trained read no layer here.
 *
 * What is dropped is drawn from a stream that the sample's name and the layer's place name: the
 * same in every pass over the sample within a step, whatever thread it is on (vouch_tape_name),
 * for points, boxes around them, tangents at them and linear forms. Where it drops it is linear.
 * Source: Srivastava et al. 2014. SPEC: ONNX Dropout-13.
 */
#include <string.h>

#include "base/random.h"
#include "grad/net_priv.h"

typedef struct dropout {
    float share; /* of elements that are dropped */
} dropout;

static bool read(net_reading *r)
{
    const int take = vouch_net_taken(r);
    const vouch_tensor *ratio = vouch_net_constant(r, 1);
    const vouch_attr *old = vouch_node_attr(r->node, "ratio");
    if (strcmp(r->node->type, "Dropout") != 0 || take < 0)
        return false;
    const double share = ratio ? vouch_tensor_get(ratio, 0) : old ? old->f : 0.5;
    if (!r->net->training || !(share > 0) || !(share < 1)) {
        vouch_net_pass_on(r, take);
        return true;
    }
    net_layer *l = vouch_net_add_layer(r, take, sizeof(dropout));
    if (l)
        *(dropout *)l->own = (dropout){(float)share};
    return l != NULL;
}

/* A line of factors. */
static vouch_status plan(const net_planning *p, net_layer *l)
{
    const net_image *in = &p->net->value[l->take[0]].image;
    p->net->scratch = p->net->scratch > in->w * in->c ? p->net->scratch : in->w * in->c;
    return VOUCH_OK;
}

static vouch_random stream_of(const net_job *job)
{
    const vouch_tape *t = job->tape->at;
    const uint64_t sample =
        t->name_count > 0 ? t->name[job->first % t->name_count] : (uint64_t)job->first;
    return vouch_random_stream(t->seed + (uint64_t)job->layer->give, "dropout", sample);
}

/* The next line's factors: 0, or 1 / (1 - share). */
static void draw(const net_job *job, vouch_random *r, int64_t n, float *factor)
{
    const dropout *o = job->layer->own;
    for (int64_t j = 0; j < n; j++)
        factor[j] = !job->tape->at->training                 ? 1
                    : (float)vouch_random_unit(r) < o->share ? 0
                                                             : 1 / (1 - o->share);
}

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    vouch_random r = stream_of(job);
    for (int64_t y = 0; y < in->h; y++) {
        const float *from = net_value_at(t, l->take[0], job->first) + net_at(in, y, 0);
        float *restrict to = net_value_at(t, l->give, job->first) + net_at(out, y, 0);
        draw(job, &r, in->w * in->c, t->scratch);
        for (int64_t j = 0; j < in->w * in->c; j++)
            to[j] = from[j] * t->scratch[j];
    }
}

static void backward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]];
    const net_image *out = &t->net->value[l->give].adjoint;
    const float *gate = net_gate_at(t, l->take[0], job->first);
    vouch_random r = stream_of(job);
    for (int64_t y = 0; y < out->h && net_wants(job, 0); y++) {
        const float *d = net_adjoint_at(t, l->give, job->first) + net_at(out, y, 0);
        const float *on = gate ? gate + net_at(&in->image, y, 0) : NULL;
        float *restrict to =
            net_adjoint_at(t, l->take[0], job->first) + net_at(&in->adjoint, y, 0);
        draw(job, &r, out->w * out->c, t->scratch);
        for (int64_t j = 0; j < out->w * out->c; j++) {
            const float part = !on || on[j] > 0 ? d[j] * t->scratch[j] : 0;
            to[j] = l->adds[0] ? to[j] + part : part;
        }
    }
}

const net_kind vouch_layer_dropout = {.name = "dropout",
                                      .planes = true,
                                      .tangents = true,
                                      .forms = true,
                                      .read = read,
                                      .plan = plan,
                                      .forward = forward,
                                      .backward = backward};
