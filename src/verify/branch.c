/* The branching search: rounds, merging (branch.h). */
#include "verify/branch.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "verify/branch_priv.h"

enum {
    ROUND_MOST = 256,
    ROUND_LEAST = 4,
    SAMPLES = 4,           /* subproblems of a round on which all arms are measured, at most */
    SAMPLE_ROUNDS = 4,     /* rounds that begin so ... */
    SAMPLE_EVERY = 8,      /* ... and every so many after them */
    CLIPPED_INPUTS = 32,   /* inputs that vary, up to which boxes are clipped */
    POLISH = 4,            /* times the root's steps for a last look */
    SCORES_MOST = 1 << 16, /* neurons up to which scores are kept */
    FIRST_LOOK = 16,       /* the hull's first analysis has that part of the work */
    CELLS = 32 << 20       /* doubles of a worker's rows */
};

/* Multiply-adds of one round: some seconds of one core. */
static const double ROUND_WORK = 4e10;

/* Multiply-adds of making a box's intervals: what a core does in a third of the time limit, or
 * so. A number that follows from the settings, not from the clock. */
static double root_work(const vouch_branch_input *in)
{
    const double a_second = 1e10, least = 1e11, most = 4e12;
    double limit = in->deadline_wall - in->start_wall;
    return fmin(fmax(a_second * limit, least), most);
}

/* ---- children --------------------------------------------------------------------------- */

/* Takes a bounded child into the tree: closed, or as a waiting subproblem. */
static vouch_status adopt(vouch_context *ctx, vouch_branch_run *run, const vouch_sub *parent,
                          vouch_child *c)
{
    vouch_sub *sub = c->sub;
    uint64_t id = ++run->next_id;
    VOUCH_TRY(vouch_branch_tell_sub(run, id, parent, c));
    if (!sub) {
        run->out->proved_share += parent->share / 2;
        return vouch_branch_tell_leaf(run, id, c->empty ? VOUCH_LEAF_EMPTY : VOUCH_LEAF_PROVED);
    }
    sub->id = id;
    sub->depth = parent->depth + 1;
    sub->share = parent->share / 2;
    sub->lower = fmax(sub->lower, parent->lower); /* a part of it */
    sub->stalled = vouch_leaves_stalled(parent, sub);
    sub->trail = vouch_trail_add(ctx, parent->trail, &c->decision);
    if (!sub->trail)
        return VOUCH_ERR_MEMORY;
    if (sub->depth > run->out->max_depth)
        run->out->max_depth = sub->depth;
    c->sub = NULL;
    run->out->clips += sub->clipped;
    if (sub->clipped)
        VOUCH_TRY(vouch_branch_tell_clip(run, sub));
    return vouch_open_push(ctx, &run->open, sub);
}

/* ---- limits ----------------------------------------------------------------- */

static bool must_stop(vouch_context *ctx, const vouch_branch_run *run)
{
    const vouch_branch_input *in = run->in;
    return vouch_context_cancelled(ctx) || vouch_wall_s() >= in->deadline_wall ||
           (in->max_subproblems && run->out->subproblems >= in->max_subproblems);
}

/* ---- stages ----------------------------------------------------------------------------- */

vouch_status vouch_branch_stage(vouch_branch_run *run, vouch_child *child, int count)
{
    for (int i = 0; i < count; i++)
        run->out->subproblems += !child[i].trial && child[i].parent;
    return vouch_crew_stage(run, child, count);
}

/* ---- rounds ----------------------------------------------------------------------------- */

static vouch_status push_back(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                              int count)
{
    for (int i = 0; i < count; i++) {
        vouch_sub *one = sub[i];
        sub[i] = NULL;
        if (one)
            VOUCH_TRY(vouch_open_push(ctx, &run->open, one));
    }
    return VOUCH_OK;
}

/* Nothing is left to split. Linear programs settle most of them, and else a longer look may still
 * prove them, or find something to split. */
static vouch_status end_leaves(vouch_context *ctx, vouch_branch_run *run, int count)
{
    int fresh = 0;
    if (run->finish)
        VOUCH_TRY(vouch_leaves_attempt(ctx, run, run->leaf, count, true));
    if (run->out->found)
        return VOUCH_OK;
    count = vouch_branch_compact(run->leaf, count);
    for (int i = 0; i < count; i++) {
        vouch_sub *sub = run->leaf[i];
        run->leaf[i] = NULL;
        if (!sub->polished) {
            run->leaf[fresh++] = sub;
            continue;
        }
        vouch_status s = vouch_branch_tell_leaf(run, sub->id, VOUCH_LEAF_OPEN);
        run->out->open_leaves++;
        run->out->used_programs |= sub->programs > 0;
        vouch_sub_free(ctx, sub);
        VOUCH_TRY(s);
    }
    const vouch_child longer = {.refresh = VOUCH_REFRESH_KEEP,
                                .steps = POLISH * (run->in->root_steps + 1)};
    VOUCH_TRY(vouch_branch_again(ctx, run, run->leaf, fresh, &longer));
    for (int i = 0; i < fresh; i++) {
        vouch_sub *sub = run->leaf[i];
        run->leaf[i] = NULL;
        if (!sub)
            continue;
        sub->polished = true;
        VOUCH_TRY(vouch_open_push(ctx, &run->open, sub));
    }
    return VOUCH_OK;
}

static int sample_size(const vouch_branch_run *run)
{
    bool sampled = run->round < SAMPLE_ROUNDS || run->round % SAMPLE_EVERY == 0;
    return sampled ? SAMPLES : 0;
}

/* Takes subproblems from the frontier and plans their splits; leaves are ended. */
static vouch_status take(vouch_context *ctx, vouch_branch_run *run, int *plans)
{
    int samples = sample_size(run), leaves = 0, attempts = 0;
    vouch_sub *sub;
    *plans = 0;
    VOUCH_TRY(vouch_leaves_prepare(ctx, run));
    while (*plans + leaves + attempts < run->round_size / 2 &&
           (sub = vouch_open_pop(&run->open))) {
        if (vouch_leaves_want(run, sub, attempts)) {
            run->attempt[attempts++] = sub;
            continue;
        }
        vouch_plan *plan = &run->plan[*plans];
        *plan = (vouch_plan){.sub = sub};
        if (vouch_plan_make(run, plan, *plans < samples)) {
            (*plans)++;
            continue;
        }
        plan->sub = NULL;
        run->leaf[leaves++] = sub;
    }
    VOUCH_TRY(vouch_leaves_attempt(ctx, run, run->attempt, attempts, false));
    VOUCH_TRY(push_back(ctx, run, run->attempt, attempts));
    return run->out->found ? VOUCH_OK : end_leaves(ctx, run, leaves);
}

static vouch_status try_choices(vouch_branch_run *run, int plans)
{
    int count = 0;
    for (int i = 0; i < plans; i++) {
        vouch_plan *plan = &run->plan[i];
        plan->trial_child = count;
        for (int t = 0; t < plan->tried; t++, count += 2)
            vouch_plan_fill(run, plan, -1 - plan->trial[t], &run->trial[count]);
    }
    VOUCH_TRY(vouch_branch_stage(run, run->trial, count));
    for (int i = 0; i < plans; i++)
        for (int t = 0; t < run->plan[i].tried; t++)
            vouch_plan_learn(run, &run->plan[i], -1,
                             &run->trial[run->plan[i].trial_child + 2 * t]);
    return VOUCH_OK;
}

/* Of the arms measured, the one whose children promise the smallest tree is kept. */
static vouch_status merge(vouch_context *ctx, vouch_branch_run *run, vouch_plan *plan)
{
    int best = 0;
    double least = (double)INFINITY;
    for (int a = 0; a < plan->arms; a++) {
        const vouch_child *pair = &run->child[plan->child + 2 * a];
        double growth = vouch_plan_growth(plan, pair);
        vouch_plan_learn(run, plan, plan->arm[a], pair);
        if (growth < least) {
            least = growth;
            best = a;
        }
    }
    vouch_child *pair = &run->child[plan->child + 2 * best];
    run->out->splits++;
    VOUCH_TRY(vouch_branch_tell_split(run, plan->sub->id, &pair[0].decision));
    for (int side = 0; side < 2; side++)
        VOUCH_TRY(adopt(ctx, run, plan->sub, &pair[side]));
    vouch_sub_free(ctx, plan->sub);
    plan->sub = NULL;
    return VOUCH_OK;
}

static vouch_status play_round(vouch_context *ctx, vouch_branch_run *run)
{
    int plans, count = 0;
    VOUCH_TRY(take(ctx, run, &plans));
    if (run->out->found)
        return VOUCH_OK;
    VOUCH_TRY(try_choices(run, plans));
    for (int i = 0; i < plans; i++) {
        vouch_plan *plan = &run->plan[i];
        plan->child = count;
        for (int a = 0; a < plan->arms; a++, count += 2)
            vouch_plan_fill(run, plan, plan->arm[a], &run->child[count]);
    }
    VOUCH_TRY(vouch_branch_stage(run, run->child, count));
    if (vouch_branch_take_witness(run, run->child, count))
        return VOUCH_OK;
    for (int i = 0; i < plans; i++)
        VOUCH_TRY(merge(ctx, run, &run->plan[i]));
    vouch_branch_clear(ctx, run->child, count);
    vouch_leaves_round(run);
    run->round++;
    return VOUCH_OK;
}

static vouch_status play(vouch_context *ctx, vouch_branch_run *run)
{
    VOUCH_TRY(vouch_branch_root(ctx, run));
    while (run->open.count && !run->out->found) {
        if (must_stop(ctx, run)) {
            run->out->stopped = true;
            return VOUCH_OK;
        }
        VOUCH_TRY(vouch_branch_attack(ctx, run));
        if (run->out->found)
            return VOUCH_OK;
        VOUCH_TRY(play_round(ctx, run));
        vouch_open_relieve(ctx, &run->open, vouch_context_memory(ctx).is_short);
        vouch_branch_report(ctx, run);
    }
    return VOUCH_OK;
}

/* What the conductor's context has made is given back before it ends. */
static vouch_status conduct(vouch_context *ctx, vouch_branch_run *run)
{
    vouch_status s = play(ctx, run);
    vouch_finish_close(ctx, run->finish);
    run->finish = NULL;
    return s;
}

/* ---- beginning and end ------------------------------------------------------------------ */

static int64_t count_varying(const vouch_task *t)
{
    int64_t count = 0;
    for (int d = 0; d < t->input_count; d++)
        count += t->low[d] < t->high[d];
    return count;
}

/* How many children a round and a chunk have: many for cheap networks, so that matrix products
 * are large, few for dear ones, so that news travels. Made from the cost alone. */
static void set_sizes(vouch_branch_run *run)
{
    double child = (1 + 2.5 * run->in->steps) * fmax(run->cost, 1);
    run->round_size = ROUND_MOST;
    while (run->round_size > ROUND_LEAST && run->round_size * child > ROUND_WORK)
        run->round_size /= 2;
    run->chunk = run->round_size >= 64 ? run->round_size / 8 : run->round_size / 4;
    run->chunk = run->chunk < 2 ? 2 : run->chunk;
}

/* Has the root a first look, and then one by scores? Where inputs are cut, or are several boxes, the
 * hull's intervals do not last: then they are made once, as well as they can be. */
static bool is_sharpened(const vouch_branch_input *in)
{
    return in->spec->box_count == 1 && count_varying(in->task) > VOUCH_FEW_INPUTS;
}

static vouch_status prepare(vouch_arena *arena, vouch_branch_run *run)
{
    const vouch_branch_input *in = run->in;
    run->neurons = vouch_dag_neuron_count(run->dag);
    run->inputs = in->task->input_count;
    run->mixes = vouch_dag_mix_count(run->dag);
    run->cost = vouch_dag_cost(run->dag);
    run->varying = count_varying(in->task);
    run->clips = in->clip && run->varying <= CLIPPED_INPUTS;
    run->keeps_score = run->neurons <= SCORES_MOST;
    run->sharpens = run->keeps_score && is_sharpened(in);
    run->open.budget = in->memory;
    run->next_id = in->first_id;
    set_sizes(run);
    size_t children = (size_t)run->round_size + 2 * (size_t)SAMPLES * VOUCH_ARM_COUNT;
    run->root = VOUCH_NEW_ARRAY(arena, vouch_dag_intervals *, in->spec->box_count);
    run->ratio = VOUCH_NEW_ARRAY(arena, vouch_ratio, run->neurons + run->inputs);
    run->plan = VOUCH_NEW_ARRAY(arena, vouch_plan, run->round_size);
    run->leaf = VOUCH_NEW_ARRAY(arena, vouch_sub *, run->round_size);
    run->attempt = VOUCH_NEW_ARRAY(arena, vouch_sub *, run->round_size);
    run->low = VOUCH_NEW_ARRAY(arena, double, run->inputs);
    run->high = VOUCH_NEW_ARRAY(arena, double, run->inputs);
    run->child = VOUCH_NEW_ARRAY(arena, vouch_child, children);
    run->trial = VOUCH_NEW_ARRAY(arena, vouch_child, (size_t)run->round_size * VOUCH_TRIALS);
    run->out->witness.input = VOUCH_NEW_ARRAY(arena, double, run->inputs);
    run->out->witness.output = VOUCH_NEW_ARRAY(arena, double, in->task->output_count);
    if (!run->root || !run->ratio || !run->plan || !run->child || !run->trial || !run->leaf ||
        !run->attempt || !run->low || !run->high || !run->out->witness.input ||
        !run->out->witness.output)
        return VOUCH_ERR_MEMORY;
    return VOUCH_OK;
}

/* Also after an error, in whatever state it left things. */
static void clear(vouch_context *ctx, vouch_branch_run *run)
{
    for (int i = 0; run->plan && i < run->round_size; i++)
        vouch_sub_free(ctx, run->plan[i].sub);
    for (int i = 0; run->leaf && i < run->round_size; i++)
        vouch_sub_free(ctx, run->leaf[i]);
    for (int i = 0; run->attempt && i < run->round_size; i++)
        vouch_sub_free(ctx, run->attempt[i]);
    if (run->child)
        vouch_branch_clear(ctx, run->child, run->round_size + 2 * SAMPLES * VOUCH_ARM_COUNT);
    if (run->trial) /* intervals that an error left */
        vouch_branch_clear(ctx, run->trial, run->round_size * VOUCH_TRIALS);
    for (int b = 0; run->root && b < run->in->spec->box_count; b++)
        vouch_dag_intervals_drop(ctx, run->root[b]);
    vouch_open_clear(ctx, &run->open);
}

vouch_status vouch_branch(vouch_context *ctx, vouch_arena *arena, const vouch_branch_input *in,
                          vouch_branch_output *out)
{
    vouch_branch_run run = {.in = in, .out = out, .arena = arena};
    vouch_dag_settings settings = {.cells = CELLS,
                                   .root_work = root_work(in),
                                   .hull_work = root_work(in) / FIRST_LOOK,
                                   .hull_neurons = is_sharpened(in) ? SCORES_MOST : 0,
                                   .threads = in->threads};
    run.root_work = settings.root_work;
    *out = (vouch_branch_output){0};
    VOUCH_TRY(vouch_dag_open(ctx, in->task, &settings, &run.dag));
    vouch_status s = prepare(arena, &run);
    if (!s)
        s = vouch_crew_run(ctx, &run, conduct);
    clear(ctx, &run);
    vouch_dag_close(ctx, run.dag);
    out->last_id = run.next_id;
    return s;
}
