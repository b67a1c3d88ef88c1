/* Weights in panels (net_weights.h): from and into the graph, and tables of products. */
#include "grad/net_weights.h"

#include <math.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

bool vouch_net_bias_fits(const net_reading *r, int64_t outputs)
{
    const bool absent = r->node->input_count < 3 || r->node->input[2] < 0;
    const vouch_tensor *b = vouch_net_constant(r, 2);
    return absent || (b && b->count == outputs);
}

void vouch_net_set_weights(net_reading *r, net_layer *l, net_weights w)
{
    const net_value *in = &r->net->value[l->take[0]];
    l->weights = VOUCH_NEW(r->arena, net_weights);
    if (!l->weights) {
        r->status = VOUCH_ERR_MEMORY;
        return;
    }
    w.weight_value = r->node->input[1];
    w.bias_value = vouch_net_constant(r, 2) ? r->node->input[2] : -1;
    w.channels = in->image.c;
    w.real_terms = in->real[0] * w.places;
    w.depth = w.channels * w.places;
    w.n = net_fill(w.out_real);
    *l->weights = w;
}

int64_t vouch_net_after(const vouch_net *net, int64_t layers)
{
    for (int i = 0; i < net->layer_count; i++)
        if (net->layer[i].weights && layers-- == 0)
            return net->layer[i].weights->weight;
    return net->size;
}

int64_t vouch_net_stretch_end(const vouch_net *net, int64_t at, bool *weights)
{
    int64_t end = net->size;
    *weights = false;
    for (int i = 0; i < net->layer_count; i++) {
        const net_weights *w = net->layer[i].weights;
        if (w && w->weight <= at && at < w->bias) {
            *weights = true;
            return w->bias;
        }
        if (w && w->weight > at && w->weight < end)
            end = w->weight;
    }
    return end;
}

/* ---- from and into the graph ----------------------------------------------------------------- */

static double norm_factor(const net_weights *w, int64_t o)
{
    return w->norm[0] ? vouch_tensor_get(w->norm[0], o) /
                            sqrt(vouch_tensor_get(w->norm[3], o) + w->epsilon)
                      : 1;
}

/* bias is what the layer adds before the normalisation. */
static double norm_bias(const net_weights *w, int64_t o, double bias)
{
    return w->norm[0] ? (bias - vouch_tensor_get(w->norm[2], o)) * norm_factor(w, o) +
                            vouch_tensor_get(w->norm[1], o)
                      : bias;
}

/* The graph's weight (output o, element e) is element *i of its tensor; where it is among the
 * parameters. */
static int64_t place(const net_weights *w, int64_t o, int64_t e, int64_t *i)
{
    *i = w->output_first ? o * w->real_terms + e : e * w->out_real + o;
    return net_weight(w, o, e % w->places * w->channels + e / w->places);
}

void vouch_net_load_weights(vouch_net *net, const net_layer *l, const vouch_graph *graph)
{
    const net_weights *w = l->weights;
    const vouch_tensor *t = graph->value[w->weight_value].constant;
    const vouch_tensor *b = w->bias_value < 0 ? NULL : graph->value[w->bias_value].constant;
    for (int64_t e = 0, i; e < w->real_terms; e++)
        for (int64_t o = 0; o < w->out_real; o++) {
            float *at = &net->parameters[place(w, o, e, &i)];
            *at = (float)(vouch_tensor_get(t, i) * norm_factor(w, o));
        }
    for (int64_t o = 0; o < w->out_real; o++)
        net->parameters[w->bias + o] = (float)norm_bias(w, o, b ? vouch_tensor_get(b, o) : 0);
}

vouch_status vouch_net_renew(vouch_context *ctx, vouch_graph *graph, int value,
                             vouch_tensor **t)
{
    const vouch_shape *shape = &graph->value[value].constant->shape;
    *t = vouch_tensor_new(graph->arena, VOUCH_F32, shape);
    if (!*t)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "net: out of memory");
    graph->value[value].constant = *t;
    return VOUCH_OK;
}

vouch_status vouch_net_store_weights(vouch_context *ctx, const vouch_net *net,
                                     const net_layer *l, vouch_graph *graph)
{
    const net_weights *w = l->weights;
    vouch_tensor *t = NULL;
    if (w->norm[0])
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: a network with batch normalisation cannot be trained yet",
                          graph->source);
    VOUCH_TRY(vouch_net_renew(ctx, graph, w->weight_value, &t));
    for (int64_t e = 0, i; e < w->real_terms; e++)
        for (int64_t o = 0; o < w->out_real; o++) {
            const int64_t from = place(w, o, e, &i);
            t->f32[i] = net->parameters[from];
        }
    if (w->bias_value < 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_net_renew(ctx, graph, w->bias_value, &t));
    memcpy(t->f32, net->parameters + w->bias, (size_t)w->out_real * sizeof *t->f32);
    return VOUCH_OK;
}

/* ---- products -------------------------------------------------------------------------------- */

void vouch_net_place_weights(vouch_net *net, net_weights *w)
{
    w->weight = net->size;
    w->bias = w->weight + net_panels(w->n) * w->depth * VOUCH_PANEL;
    net->size = w->bias + net_panels(w->n) * VOUCH_PANEL;
}

vouch_status vouch_net_new_product(const net_planning *p, int64_t m, int64_t runs,
                                   net_product *q)
{
    *q = (net_product){.m = m,
                       .run_count = runs,
                       .row = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1),
                       .at = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1),
                       .gate_at = VOUCH_NEW_ARRAY(p->arena, int64_t, m + 1),
                       .run = VOUCH_NEW_ARRAY(p->arena, vouch_run, runs + 1),
                       .a_step = 1,
                       .b_step = VOUCH_PANEL,
                       .c_panel = VOUCH_PANEL};
    return q->row && q->at && q->gate_at && q->run
               ? VOUCH_OK
               : vouch_fail(p->ctx, VOUCH_ERR_MEMORY, "net: out of memory");
}

vouch_status vouch_net_new_back(const net_planning *p, const net_layer *l, int64_t m, int64_t n,
                                net_product *q)
{
    VOUCH_TRY(vouch_net_new_product(p, m, 1, q));
    q->n = n;
    q->run[0] = (vouch_run){0, 0, l->weights->n};
    q->b_panel = l->weights->n * VOUCH_PANEL;
    vouch_net_place_back(p, q);
    return VOUCH_OK;
}

void vouch_net_place_back(const net_planning *p, net_product *q)
{
    q->weights = p->net->back_size;
    p->net->back_size += net_panels(q->n) * q->b_panel;
}

vouch_indirect vouch_net_operands(const net_product *q)
{
    return (vouch_indirect){.m = q->m,
                            .n = q->n,
                            .row = q->row,
                            .at = q->at,
                            .gate_at = q->gate_at,
                            .run = q->run,
                            .run_count = q->run_count,
                            .a_step = q->a_step,
                            .b_step = q->b_step,
                            .b_panel = q->b_panel,
                            .c_panel = q->c_panel};
}

vouch_indirect vouch_net_forward_operands(const net_job *job, const net_product *q)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const bool bias = t->plane != NET_RADII && t->plane != NET_TANGENTS;
    vouch_indirect g = vouch_net_operands(q);
    g.b = t->net->parameters + l->weights->weight;
    g.bias = bias ? t->net->parameters + l->weights->bias : NULL;
    g.relu = l->relu && t->plane == NET_POINTS;
    g.gate = t->plane == NET_TANGENTS ? net_gate_at(t, l->give, job->first) : NULL;
    g.gate_at = q->at;
    g.magnitude = t->plane == NET_RADII;
    return g;
}

vouch_indirect vouch_net_back_operands(const net_job *job, const net_product *q)
{
    vouch_indirect g = vouch_net_operands(q);
    g.b = job->tape->net->back + q->weights;
    g.magnitude = job->tape->plane == NET_RADII;
    return g;
}

vouch_indirect vouch_net_gradient_operands(const net_job *job, const net_product *q)
{
    const bool radii = job->tape->plane == NET_RADII;
    vouch_indirect g = vouch_net_operands(q);
    g.c = job->gradient + job->layer->weights->weight;
    g.sign = radii ? job->tape->net->parameters + job->layer->weights->weight : NULL;
    g.accumulate = radii || job->adds || job->first > 0;
    return g;
}

void vouch_net_turn(const vouch_net *net, const net_weights *w, int64_t k, int64_t count,
                    float *to)
{
    for (int64_t o = 0; o < w->n; o++, to += VOUCH_PANEL) {
        const float *from = net->parameters + net_weight(w, o, k);
        for (int64_t j = 0; j < count; j++)
            to[j] = from[j * VOUCH_PANEL];
    }
}

void vouch_net_by_bias(const net_job *job, const vouch_row_sums *rows)
{
    const net_weights *w = job->layer->weights;
    vouch_row_sums s = *rows;
    if (job->tape->plane == NET_RADII)
        return;
    s.n = w->n;
    s.sum = job->gradient + w->bias;
    if (job->first == 0 && !job->adds)
        memset(s.sum, 0, (size_t)w->n * sizeof *s.sum);
    if (job->tape->plane != NET_TANGENTS)
        vouch_update_row_sums(&s);
}
