/* Subproblems of the branching search and what they share (branch_priv.h).
 *
 * Trails and warm starts are counted references, touched by the conductor alone, so plain
 * integers do. */
#include <string.h>

#include "verify/branch_priv.h"

vouch_trail *vouch_trail_add(vouch_context *ctx, vouch_trail *up, const vouch_decision *d)
{
    vouch_trail *t = vouch_alloc(ctx, sizeof *t);
    if (!t)
        return NULL;
    *t = (vouch_trail){.refs = 1, .up = up, .decision = *d};
    if (up)
        up->refs++;
    return t;
}

void vouch_trail_drop(vouch_context *ctx, vouch_trail *trail)
{
    while (trail && --trail->refs == 0) {
        vouch_trail *up = trail->up;
        vouch_release(ctx, trail);
        trail = up;
    }
}

/* One block: the struct, then keys, betas, scores, mixes, in order of alignment. */
vouch_warm *vouch_warm_new(vouch_context *ctx, int64_t mixes, int count, int64_t scores)
{
    size_t bytes = sizeof(vouch_warm) + (size_t)count * (sizeof(int64_t) + sizeof(float)) +
                   (size_t)scores * sizeof(float) + (size_t)mixes;
    vouch_warm *w = vouch_alloc(ctx, bytes);
    if (!w)
        return NULL;
    w->refs = 1;
    w->count = count;
    w->bytes = bytes;
    w->key = (int64_t *)(w + 1);
    w->beta = (float *)(w->key + count);
    w->score = scores > 0 ? w->beta + count : NULL;
    w->mix = (uint8_t *)(w->beta + count + scores);
    return w;
}

void vouch_warm_drop(vouch_context *ctx, vouch_warm *warm)
{
    if (warm && --warm->refs == 0)
        vouch_release(ctx, warm);
}

void vouch_sub_free(vouch_context *ctx, vouch_sub *sub)
{
    if (!sub)
        return;
    vouch_trail_drop(ctx, sub->trail);
    vouch_dag_intervals_drop(ctx, sub->at);
    vouch_warm_drop(ctx, sub->warm);
    vouch_release(ctx, sub);
}

size_t vouch_sub_bytes(const vouch_sub *sub)
{
    return sizeof *sub + sizeof(vouch_trail) +
           (sub->at ? vouch_dag_intervals_bytes(sub->at) : 0) +
           (sub->warm ? sub->warm->bytes : 0);
}

float vouch_warm_beta(const vouch_warm *warm, const vouch_decision *d)
{
    for (int i = 0; i < warm->count; i++)
        if (warm->key[i] == vouch_decision_key(d))
            return warm->beta[i];
    return 0;
}

/* ---- children ---- */

static void clear_child(vouch_context *ctx, vouch_child *c)
{
    vouch_dag_intervals_drop(ctx, c->at);
    vouch_sub_free(ctx, c->sub);
    vouch_release(ctx, c->witness);
    *c = (vouch_child){.decision = {.neuron = -1}};
}

void vouch_branch_clear(vouch_context *ctx, vouch_child *child, int count)
{
    for (int i = 0; i < count; i++)
        clear_child(ctx, &child[i]);
}

/* Keeps the first witness of a stage. */
bool vouch_branch_take_witness(vouch_branch_run *run, const vouch_child *child, int count)
{
    vouch_witness *to = &run->out->witness;
    for (int i = 0; i < count; i++) {
        if (!child[i].witness)
            continue;
        memcpy(to->input, child[i].witness, (size_t)run->inputs * sizeof(double));
        memcpy(to->output, child[i].witness + run->inputs,
               (size_t)run->in->task->output_count * sizeof(double));
        to->which_case = child[i].witness_case;
        to->found = run->out->found = true;
        run->out->phase = "search";
        return true;
    }
    return false;
}
