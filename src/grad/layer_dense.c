/* Dense layers: Gemm and MatMul with constant weights.
 *
 * All samples at once, so that weights are read once: row = sample, run = some terms of the sums.
 * What it takes is flat, without a border; an image that was flattened keeps its order of
 * elements (place, channel), to which the weights are permuted (net_weights.h).
 */
#include <string.h>

#include "grad/net_weights.h"

enum {
    BLOCK = 512,    /* terms of the sums at a time: their weights stay in the cache */
    ROW_BLOCK = 224 /* rows of the weights' gradient at a time: they stay in the cache */
};

typedef struct dense {
    net_product forward, by_weight, backward;
} dense;

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_one(const net_reading *r, const char *name)
{
    const vouch_attr *a = vouch_node_attr(r->node, name);
    return !a || (a->kind == VOUCH_ATTR_FLOAT && a->f == 1);
}

static bool is_gemm(const net_reading *r, bool *transposed)
{
    const vouch_attr *b = vouch_node_attr(r->node, "transB");
    *transposed = b && b->i != 0;
    return strcmp(r->node->type, "Gemm") == 0 && vouch_net_all_are(r, "transA", 0) &&
           is_one(r, "alpha") && is_one(r, "beta");
}

static bool read(net_reading *r)
{
    bool transposed = false;
    if (!is_gemm(r, &transposed) && strcmp(r->node->type, "MatMul") != 0)
        return false;
    const int take = vouch_net_taken(r);
    const vouch_tensor *w = vouch_net_constant(r, 1);
    if (take < 0 || !r->net->value[take].flat || !w || w->shape.rank != 2)
        return false;
    const int64_t *real = r->net->value[take].real;
    const int64_t inputs = w->shape.dim[transposed], outputs = w->shape.dim[!transposed];
    if (vouch_shape_count(vouch_net_shape_out(r)) != outputs ||
        inputs != real[0] * real[1] * real[2] || !vouch_net_bias_fits(r, outputs))
        return false;
    net_layer *l = vouch_net_add_layer(r, take, sizeof(dense));
    if (!l)
        return false;
    vouch_net_set_weights(r, l,
                          (net_weights){.out_real = outputs,
                                        .places = real[1] * real[2],
                                        .output_first = transposed,
                                        .late_bias = !vouch_net_constant(r, 2)});
    vouch_net_set_size(r, l, outputs, 1, 1);
    l->whole = true;
    return true;
}

/* ---- planning -------------------------------------------------------------------------------- */

static vouch_status plan_forward(const net_planning *p, const net_weights *w, net_product *q)
{
    VOUCH_TRY(vouch_net_new_product(p, 0, (w->depth + BLOCK - 1) / BLOCK, q));
    for (int64_t k = 0; k < q->run_count; k++) {
        const int64_t left = w->depth - k * BLOCK;
        q->run[k] =
            (vouch_run){k * BLOCK, k * BLOCK * VOUCH_PANEL, left < BLOCK ? left : BLOCK};
    }
    q->n = w->n;
    q->b_panel = w->depth * VOUCH_PANEL;
    return VOUCH_OK;
}

/* Row = term, run = samples. */
static vouch_status plan_by_weight(const net_planning *p, const net_layer *l, net_product *q)
{
    const net_weights *w = l->weights;
    VOUCH_TRY(vouch_net_new_product(p, w->depth, 1, q));
    for (int64_t i = 0; i < w->depth; i++) {
        q->row[i] = i;
        q->at[i] = i * VOUCH_PANEL;
    }
    q->n = w->n;
    q->a_step = p->net->value[l->take[0]].image.stride;
    q->b_step = p->net->value[l->give].adjoint.stride;
    q->b_panel = VOUCH_PANEL;
    q->c_panel = w->depth * VOUCH_PANEL;
    return VOUCH_OK;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    dense *d = l->own;
    vouch_net_place_weights(p->net, l->weights);
    VOUCH_TRY(plan_forward(p, l->weights, &d->forward));
    VOUCH_TRY(plan_by_weight(p, l, &d->by_weight));
    VOUCH_TRY(vouch_net_new_back(p, l, 0, net_fill(l->weights->depth), &d->backward));
    l->units = net_panels(d->backward.n);
    return VOUCH_OK;
}

/* A panel of terms. */
static void refresh(vouch_net *net, const net_layer *l, int64_t panel)
{
    const dense *d = l->own;
    const int64_t first = panel * VOUCH_PANEL, left = l->weights->depth - first;
    vouch_net_turn(net, l->weights, first, left < VOUCH_PANEL ? left : VOUCH_PANEL,
                   net->back + d->backward.weights + panel * d->backward.b_panel);
}

/* ---- passes ---------------------------------------------------------------------------------- */

static void forward(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const dense *d = l->own;
    const int64_t blocks = d->forward.run_count;
    vouch_indirect g = vouch_net_forward_operands(job, &d->forward);
    g.ahead = g.b_panel;
    const vouch_indirect whole = g;
    g.m = job->count;
    g.run_count = 1;
    g.a = t->value[l->take[0]];
    g.row = t->row[l->take[0]];
    g.c = t->value[l->give];
    g.at = g.gate_at = t->row[l->give];
    for (int64_t block = 0; block < blocks; block++, g.run++) {
        g.accumulate = block > 0;
        g.bias = block + 1 == blocks ? whole.bias : NULL;
        g.relu = block + 1 == blocks && whole.relu;
        g.gate = block + 1 == blocks ? whole.gate : NULL;
        vouch_indirect_run(&g);
    }
}

static void by_weight(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const dense *d = l->own;
    const vouch_run run = {0, 0, job->count};
    vouch_indirect g = vouch_net_gradient_operands(job, &d->by_weight);
    const vouch_indirect whole = g;
    g.b = t->adjoint[l->give];
    g.ahead = g.b_panel;
    g.run = &run;
    for (int64_t first = 0; first < l->weights->depth; first += ROW_BLOCK) {
        const int64_t left = l->weights->depth - first;
        g.m = left < ROW_BLOCK ? left : ROW_BLOCK;
        g.a = t->value[l->take[0]] + first;
        g.c = whole.c + first * VOUCH_PANEL;
        g.sign = whole.sign ? whole.sign + first * VOUCH_PANEL : NULL;
        vouch_indirect_run(&g);
    }
    vouch_net_by_bias(
        job, &(vouch_row_sums){.count = job->count, .at = t->adjoint_at[l->give], .from = g.b});
}

static void by_inputs(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const dense *d = l->own;
    const int in = l->take[0];
    vouch_indirect g = vouch_net_back_operands(job, &d->backward);
    g.ahead = g.b_panel;
    g.m = job->count;
    g.a = t->adjoint[l->give];
    g.row = t->adjoint_at[l->give];
    g.c = t->adjoint[in];
    g.at = t->adjoint_at[in];
    g.gate = net_gate_at(t, in, 0);
    g.gate_at = t->row[in];
    g.accumulate = l->adds[0];
    vouch_indirect_run(&g);
}

static void backward(const net_job *job)
{
    if (job->gradient)
        by_weight(job);
    if (net_wants(job, 0))
        by_inputs(job);
}

const net_kind vouch_layer_dense = {.name = "dense",
                                    .planes = true,
                                    .tangents = true,
                                    .forms = true,
                                    .relu = true,
                                    .read = read,
                                    .plan = plan,
                                    .forward = forward,
                                    .backward = backward,
                                    .refresh = refresh,
                                    .load = vouch_net_load_weights,
                                    .store = vouch_net_store_weights};
