/* The root of the branching search: one subproblem for every case, bounded ever better.
 *
 * Problem: intervals of all neurons are dear where there are tens of thousands of them, and most
 *          matter little to what is left to prove; but which ones matter is not known before.
 * Method:  a first look takes a small part of the work, and settles most cases. For those that
 *          stay open, the losses at the minimiser of their bound say which neurons their
 *          relaxation pays most for; these are walked, the best for their cost first, with twice
 *          the work in every round, until a round brings little.
 */
#include <math.h>

#include "base/clock.h"
#include "verify/branch_priv.h"

enum { ROUNDS = 5 }; /* of sharpening */

static const double LEAST_GAIN = .02; /* of the deficit, for another round to follow */

/* ---- first bounds ------------------------------------------------------------------------ */

/* Intervals of the boxes in which some case lives. */
static vouch_status bound_boxes(vouch_context *ctx, vouch_branch_run *run)
{
    const vouch_task *t = run->in->task;
    for (int k = 0; k < t->case_count;) {
        int count = 0, last = -1;
        for (; k < t->case_count && count < run->round_size; k++) {
            int b = t->case_box[k]; /* cases of a box are neighbours */
            if (b == last || run->in->spec->box[b].empty || run->root[b])
                continue;
            last = b;
            run->child[count++] = (vouch_child){.which_case = b, .decision = {.neuron = -1}};
        }
        VOUCH_TRY(vouch_branch_stage(run, run->child, count));
        for (int i = 0; i < count; i++) {
            run->root[run->child[i].which_case] = run->child[i].at;
            run->child[i].at = NULL;
        }
        vouch_branch_clear(ctx, run->child, count);
    }
    return VOUCH_OK;
}

/* *sub as the child found it, in the same place of the tree; NULL: proved. */
static vouch_status replace(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                            vouch_child *c)
{
    vouch_sub *old = *sub, *new = c->sub;
    uint64_t id = old->id;
    c->sub = NULL;
    if (new) {
        if (!new->at) { /* made on the old one's; else those had been shed */
            new->at = old->at;
            old->at = NULL;
        }
        new->id = id;
        new->depth = old->depth;
        new->share = old->share;
        new->lower = fmax(new->lower, old->lower);
        new->trail = old->trail;
        old->trail = NULL;
    } else
        run->out->proved_share += old->share;
    *sub = new;
    vouch_sub_free(ctx, old);
    vouch_branch_clear(ctx, c, 1);
    return new ? VOUCH_OK : vouch_branch_tell_leaf(run, id, VOUCH_LEAF_PROVED);
}

vouch_status vouch_branch_again(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                                int count, const vouch_child *model)
{
    for (int first = 0; first < count && !run->out->found; first += run->round_size) {
        int n = count - first < run->round_size ? count - first : run->round_size;
        for (int i = 0; i < n; i++) {
            run->child[i] = *model;
            run->child[i].parent = sub[first + i];
            run->child[i].which_case = sub[first + i]->which_case;
            run->child[i].decision.neuron = -1;
        }
        VOUCH_TRY(vouch_branch_stage(run, run->child, n));
        vouch_branch_take_witness(run, run->child, n);
        for (int i = 0; i < n; i++)
            VOUCH_TRY(replace(ctx, run, &sub[first + i], &run->child[i]));
        run->work += n * (1 + 2.5 * model->steps + .5 * (double)model->walks);
    }
    return VOUCH_OK;
}

int vouch_branch_compact(vouch_sub **sub, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        vouch_sub *one = sub[i];
        sub[i] = NULL;
        if (one)
            sub[kept++] = one;
    }
    return kept;
}

/* One subproblem for every case whose box is not empty. */
static vouch_status start_case(vouch_context *ctx, vouch_branch_run *run, int k,
                               vouch_sub **sub)
{
    const vouch_child as_child = {.which_case = k};
    vouch_dag_intervals *root = run->root[run->in->task->case_box[k]];
    uint64_t id = ++run->next_id;
    double share = 1.0 / run->in->task->case_count;
    VOUCH_TRY(vouch_branch_tell_sub(run, id, NULL, &as_child));
    if (!root) {
        run->out->proved_share += share;
        return vouch_branch_tell_leaf(run, id, VOUCH_LEAF_EMPTY);
    }
    *sub = vouch_alloc(ctx, sizeof **sub);
    if (!*sub)
        return VOUCH_ERR_MEMORY;
    vouch_dag_intervals_hold(root);
    **sub = (vouch_sub){
        .id = id, .which_case = k, .share = share, .lower = -(double)INFINITY, .at = root};
    return VOUCH_OK;
}

/* Bounds the cases that are open, *count of them, once more. */
static vouch_status look_again(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                               int *count, const vouch_child *model)
{
    run->out->phase = "bounds";
    VOUCH_TRY(vouch_branch_again(ctx, run, sub, *count, model));
    *count = vouch_branch_compact(sub, *count);
    return VOUCH_OK;
}

/* ---- sharpening -------------------------------------------------------------------------- */

static double total_deficit(vouch_sub *const *sub, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += fmax(-sub[i]->lower, 0);
    return sum;
}

/* Walks through the whole network that one case may spend in that round, of a budget shared by all
 * open cases: each round has twice the work of the one before. */
static int64_t walks_of_round(const vouch_branch_run *run, int round, int count)
{
    double share = run->root_work / (count * fmax(run->cost, 1));
    double part = exp2(round) / (exp2(ROUNDS) - 1);
    return (int64_t)fmin(.5 * share * part, 1e12);
}

/* Walks of the neurons that cost the open cases most, in rounds, while they bring something. */
static vouch_status sharpen(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                            int *count)
{
    double before = total_deficit(sub, *count), after;
    for (int round = 0; round<ROUNDS && * count> 0; round++) {
        const vouch_child model = {.refresh = VOUCH_REFRESH_NARROW,
                                   .walks = walks_of_round(run, round, *count),
                                   .threads = *count == 1 ? (int)run->in->threads : 1,
                                   .steps = run->in->root_steps};
        if (model.walks == 0)
            continue;
        VOUCH_TRY(look_again(ctx, run, sub, count, &model));
        after = total_deficit(sub, *count);
        if (run->out->found || !(after < (1 - LEAST_GAIN) * before))
            return VOUCH_OK;
        before = after;
    }
    return VOUCH_OK;
}

/* ---- the root ---------------------------------------------------------------------------- */

/* Every case's bound, first plain, then optimised, then on sharper intervals of neurons. */
static vouch_status bound_cases(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub)
{
    int cases = run->in->task->case_count, count;
    const vouch_child plain = {.refresh = VOUCH_REFRESH_KEEP};
    const vouch_child steps = {.refresh = VOUCH_REFRESH_KEEP, .steps = run->in->root_steps};
    VOUCH_TRY(bound_boxes(ctx, run));
    for (int k = 0; k < cases; k++)
        VOUCH_TRY(start_case(ctx, run, k, &sub[k]));
    count = vouch_branch_compact(sub, cases);
    VOUCH_TRY(look_again(ctx, run, sub, &count, &plain));
    if (!run->out->found && count)
        VOUCH_TRY(look_again(ctx, run, sub, &count, &steps));
    if (!run->out->found && count && run->sharpens)
        VOUCH_TRY(sharpen(ctx, run, sub, &count));
    if (run->out->found || !count)
        return VOUCH_OK;
    run->out->phase = NULL;
    for (int i = 0; i < count; i++) {
        vouch_sub *one = sub[i];
        sub[i] = NULL;
        VOUCH_TRY(vouch_open_push(ctx, &run->open, one));
    }
    return VOUCH_OK;
}

vouch_status vouch_branch_root(vouch_context *ctx, vouch_branch_run *run)
{
    int cases = run->in->task->case_count;
    vouch_sub **sub = VOUCH_NEW_ARRAY(run->arena, vouch_sub *, cases);
    if (!sub)
        return VOUCH_ERR_MEMORY;
    double start = vouch_wall_s();
    vouch_status s = bound_cases(ctx, run, sub);
    for (int k = 0; k < cases; k++)
        vouch_sub_free(ctx, sub[k]); /* what an error or a witness left */
    run->out->bounds_s = vouch_wall_s() - start;
    return s;
}
