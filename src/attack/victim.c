/* The victim, on one of two engines.
 *
 * A chain of dense and convolutional layers is computed by grad/net.h, whose tape takes any number
 * of rows up to its width. Any other graph is computed by grad/grad.h, whose tapes have a fixed
 * number of lanes: there are tapes of several widths, each laid out when first needed, and rows
 * are dealt to the widest that they fill, the last ones to the narrowest that holds them. Lanes
 * that stay empty hold copies of the first row.
 */
#include "attack/victim.h"

#include <string.h>

#include "attack/attack_priv.h"
#include "grad/grad.h"
#include "grad/net.h"

enum { WIDTHS = 4 };
static const int64_t widths[WIDTHS] = {64, 16, 4, 1};
enum { TAPE_MIB = 256 }; /* most memory of one tape, roughly; one row may take more */

struct vouch_victim_plan {
    const vouch_graph *graph;
    int64_t inputs, classes;
    vouch_net *net;                /* NULL: the graph is no chain */
    vouch_grad_plan *plan[WIDTHS]; /* NULL: would take too much memory */
};

struct vouch_victim {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_victim_plan *plan;
    vouch_tape *chain;        /* of a chain */
    float *d_z;               /* [widest][classes] of a chain */
    vouch_grad *tape[WIDTHS]; /* NULL: not needed so far */
    double *x, *z;            /* [widest][inputs], [widest][classes] */
    float *row, *d_row;       /* [classes] */
};

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
}

/* A property whose rows only compare outputs: what vouch_loss_graph looks at. */
static vouch_status find_logits(vouch_arena *arena, const vouch_graph *graph,
                                const vouch_graph **logits)
{
    static const vouch_term terms[2] = {{.index = 0, .is_output = true, .coefficient = 1},
                                        {.index = 1, .is_output = true, .coefficient = -1}};
    static const vouch_row row = {.term_count = 2, .term = terms};
    static const vouch_case only = {.row_count = 1, .row = &row};
    const vouch_spec spec = {.case_count = 1, .cases = &only};
    return vouch_loss_graph(arena, graph, &spec, logits);
}

static vouch_status check(vouch_context *ctx, const vouch_graph *graph)
{
    const int64_t outputs = vouch_op_output_size(graph);
    if (graph->output_count != 1 || outputs < 2)
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: %d output tensors of %lld numbers in all: a classifier has one, "
                          "of a number for each class",
                          graph->source, graph->output_count, (long long)outputs);
    return VOUCH_OK;
}

static vouch_status plan_tapes(vouch_context *ctx, vouch_arena *arena, vouch_victim_plan *p)
{
    const int64_t row_bytes = vouch_grad_size(p->graph) * (int64_t)sizeof(float);
    for (int w = 0; w < WIDTHS; w++) {
        const vouch_grad_settings settings = {VOUCH_F32, widths[w], true};
        if (widths[w] > 1 && row_bytes > ((int64_t)TAPE_MIB << 20) / widths[w])
            continue;
        VOUCH_TRY(vouch_grad_plan_new(ctx, arena, p->graph, &settings, &p->plan[w]));
    }
    return VOUCH_OK;
}

vouch_status vouch_victim_plan_new(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_graph *graph, vouch_victim_plan **plan)
{
    vouch_victim_plan *p = VOUCH_NEW(arena, vouch_victim_plan);
    *plan = NULL;
    VOUCH_TRY(check(ctx, graph));
    if (!p)
        return out_of_memory(ctx);
    VOUCH_TRY(find_logits(arena, graph, &p->graph));
    p->inputs = vouch_op_input_size(p->graph);
    p->classes = vouch_op_output_size(p->graph);
    VOUCH_TRY(vouch_net_new(ctx, arena, p->graph, &p->net));
    if (!p->net)
        VOUCH_TRY(plan_tapes(ctx, arena, p));
    *plan = p;
    return VOUCH_OK;
}

const vouch_graph *vouch_victim_graph(const vouch_victim_plan *plan) { return plan->graph; }
int64_t vouch_victim_inputs(const vouch_victim_plan *plan) { return plan->inputs; }
int64_t vouch_victim_classes(const vouch_victim_plan *plan) { return plan->classes; }

static vouch_status new_chain(vouch_victim *v)
{
    v->d_z = VOUCH_NEW_ARRAY(v->arena, float, widths[0] * v->plan->classes);
    if (!v->d_z)
        return out_of_memory(v->ctx);
    return vouch_tape_new(v->ctx, v->arena, v->plan->net, widths[0], &v->chain);
}

static vouch_status new_lanes(vouch_victim *v)
{
    const vouch_victim_plan *plan = v->plan;
    v->x = VOUCH_NEW_ARRAY(v->arena, double, widths[0] * plan->inputs);
    v->z = VOUCH_NEW_ARRAY(v->arena, double, widths[0] * plan->classes);
    v->row = VOUCH_NEW_ARRAY(v->arena, float, plan->classes);
    v->d_row = VOUCH_NEW_ARRAY(v->arena, float, plan->classes);
    if (!v->x || !v->z || !v->row || !v->d_row)
        return out_of_memory(v->ctx);
    return VOUCH_OK;
}

vouch_status vouch_victim_new(vouch_context *ctx, vouch_arena *arena,
                              const vouch_victim_plan *plan, vouch_victim **victim)
{
    vouch_victim *v = VOUCH_NEW(arena, vouch_victim);
    *victim = NULL;
    if (!v)
        return out_of_memory(ctx);
    *v = (vouch_victim){.ctx = ctx, .arena = arena, .plan = plan};
    VOUCH_TRY(plan->net ? new_chain(v) : new_lanes(v));
    *victim = v;
    return VOUCH_OK;
}

/* The tape for `left` rows, and how many of them it takes. */
static vouch_status choose(vouch_victim *v, int64_t left, int *which, int64_t *take)
{
    int w = 0;
    while (w < WIDTHS - 1 && (!v->plan->plan[w] || widths[w] / 2 > left))
        w++;
    *which = w;
    *take = left < widths[w] ? left : widths[w];
    if (!v->tape[w])
        VOUCH_TRY(vouch_grad_new(v->ctx, v->arena, v->plan->plan[w], &v->tape[w]));
    return VOUCH_OK;
}

static void put_rows(vouch_victim *v, int64_t take, int64_t width, const float *x)
{
    const int64_t n = v->plan->inputs;
    for (int64_t i = 0; i < take * n; i++)
        v->x[i] = (double)x[i];
    for (int64_t r = take; r < width; r++)
        memcpy(v->x + r * n, v->x, (size_t)n * sizeof *v->x);
}

static void to_float(int64_t count, const double *from, float *to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)from[i];
}

/* Forward; z <- logits of the rows taken. */
static vouch_status pass(vouch_victim *v, int64_t left, const float *x, float *z, int64_t *take,
                         int *which)
{
    if (vouch_context_stopped(v->ctx))
        return vouch_fail_stopped(v->ctx);
    VOUCH_TRY(choose(v, left, which, take));
    put_rows(v, *take, widths[*which], x);
    VOUCH_TRY(vouch_grad_forward(v->tape[*which], v->x, v->z));
    to_float(*take * v->plan->classes, v->z, z);
    return VOUCH_OK;
}

static vouch_status forward_lanes(vouch_victim *victim, int64_t count, const float *x, float *z)
{
    int64_t take = 0;
    int which = 0;
    for (int64_t at = 0; at < count; at += take)
        VOUCH_TRY(pass(victim, count - at, x + at * victim->plan->inputs,
                       z + at * victim->plan->classes, &take, &which));
    return VOUCH_OK;
}

/* v->z <- the gradients of the losses of rows at .. at + take - 1, 0 in empty lanes. */
static void seed(vouch_victim *v, vouch_cotangent loss, int64_t at, int64_t take, int64_t width)
{
    const int64_t k = v->plan->classes;
    for (int64_t r = 0; r < width; r++) {
        to_float(k, v->z + r * k, v->row);
        memset(v->d_row, 0, (size_t)k * sizeof *v->d_row);
        if (r < take)
            loss.fn(loss.user, at + r, v->row, v->d_row);
        for (int64_t j = 0; j < k; j++)
            v->z[r * k + j] = (double)v->d_row[j];
    }
}

static vouch_status gradient_lanes(vouch_victim *victim, int64_t count, const float *x,
                                   vouch_cotangent loss, float *z, float *d_x)
{
    const int64_t n = victim->plan->inputs;
    int64_t take = 0;
    int which = 0;
    for (int64_t at = 0; at < count; at += take) {
        VOUCH_TRY(pass(victim, count - at, x + at * n, z + at * victim->plan->classes, &take,
                       &which));
        seed(victim, loss, at, take, widths[which]);
        VOUCH_TRY(vouch_grad_backward(victim->tape[which], victim->z, victim->x));
        to_float(take * n, victim->x, d_x + at * n);
    }
    return VOUCH_OK;
}

/* ---- chains -------------------------------------------------------------------------------- */

/* d_x NULL: forward alone. */
static vouch_status run_chain(vouch_victim *v, int64_t count, const float *x,
                              vouch_cotangent loss, float *z, float *d_x)
{
    const int64_t n = v->plan->inputs, k = v->plan->classes;
    for (int64_t at = 0; at < count; at += widths[0]) {
        const int64_t take = count - at < widths[0] ? count - at : widths[0];
        if (vouch_context_stopped(v->ctx))
            return vouch_fail_stopped(v->ctx);
        vouch_tape_forward(v->chain, take, x + at * n, z + at * k);
        if (!d_x)
            continue;
        memset(v->d_z, 0, (size_t)(take * k) * sizeof *v->d_z);
        for (int64_t r = 0; r < take; r++)
            loss.fn(loss.user, at + r, z + (at + r) * k, v->d_z + r * k);
        vouch_tape_backward(v->chain, v->d_z, d_x + at * n, NULL);
    }
    return VOUCH_OK;
}

vouch_status vouch_victim_forward(vouch_victim *victim, int64_t count, const float *x, float *z)
{
    if (victim->chain)
        return run_chain(victim, count, x, (vouch_cotangent){0}, z, NULL);
    return forward_lanes(victim, count, x, z);
}

vouch_status vouch_victim_gradient(vouch_victim *victim, int64_t count, const float *x,
                                   vouch_cotangent loss, float *z, float *d_x)
{
    if (victim->chain)
        return run_chain(victim, count, x, loss, z, d_x);
    return gradient_lanes(victim, count, x, loss, z, d_x);
}
