/* What the branching search tells: its progress, and, to the sink, every subproblem, split and
 * leaf. By the conductor alone, in the order of the merge. */
#include "base/clock.h"
#include "verify/branch_priv.h"

void vouch_branch_report(vouch_context *ctx, vouch_branch_run *run)
{
    double now = vouch_wall_s();
    const vouch_branch_input *in = run->in;
    if (now < run->next_report || !vouch_has_progress(ctx))
        return;
    run->next_report = now + 0.2;
    vouch_progress p = {.phase = "branch",
                        .done = run->out->subproblems,
                        .open = run->open.count,
                        .proved_share = run->out->proved_share,
                        .elapsed_s = now - in->start_wall,
                        .limit_s = in->deadline_wall - in->start_wall};
    vouch_report_progress(ctx, &p);
}

/* A subproblem, as the sink sees it: its box of inputs, and its case. */
vouch_status vouch_branch_tell_sub(const vouch_branch_run *run, uint64_t id,
                                   const vouch_sub *parent, const vouch_child *c)
{
    const vouch_sink *s = run->in->sink;
    const vouch_box *box = &run->in->spec->box[run->in->task->case_box[c->which_case]];
    if (!s || !s->box)
        return VOUCH_OK;
    if (parent)
        vouch_child_box(run, c, run->low, run->high);
    vouch_sink_box told = {.id = id,
                           .parent = parent ? parent->id : 0,
                           .depth = parent ? parent->depth + 1 : 0,
                           .input_size = run->inputs,
                           .which_case = c->which_case,
                           .low = parent ? run->low : box->low,
                           .high = parent ? run->high : box->high};
    return s->box(s->user, &told);
}

/* What clipping left of a subproblem's box. */
vouch_status vouch_branch_tell_clip(const vouch_branch_run *run, const vouch_sub *sub)
{
    const vouch_sink *s = run->in->sink;
    return s && s->clip ? s->clip(s->user, sub->id, vouch_dag_low(sub->at) + run->neurons,
                                  vouch_dag_high(sub->at) + run->neurons)
                        : VOUCH_OK;
}

vouch_status vouch_branch_tell_leaf(const vouch_branch_run *run, uint64_t id,
                                    vouch_leaf_kind kind)
{
    const vouch_sink *s = run->in->sink;
    return s && s->leaf ? s->leaf(s->user, id, kind) : VOUCH_OK;
}

vouch_status vouch_branch_tell_split(const vouch_branch_run *run, uint64_t id,
                                     const vouch_decision *d)
{
    const vouch_sink *s = run->in->sink;
    if (!s)
        return VOUCH_OK;
    if (d->neuron >= run->neurons)
        return s->split ? s->split(s->user, id, d->neuron - run->neurons, 1, &d->point)
                        : VOUCH_OK;
    return s->decide ? s->decide(s->user, id, d->neuron, d->point) : VOUCH_OK;
}
