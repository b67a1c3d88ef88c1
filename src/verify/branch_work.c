/* What a worker of the crew does with a chunk of children: their intervals, their bounds in one
 * call, a look at the minimisers, and the best candidates for the next split.
 *
 * A child's results depend on its parent and its own fields alone, so it does not matter which
 * worker computed it, nor beside which others.
 */
#include <math.h>
#include <string.h>

#include "verify/branch_priv.h"

struct vouch_branch_worker {
    vouch_context *ctx;
    const vouch_branch_run *run;
    vouch_arena *arena;
    vouch_evaluator *evaluator;
    vouch_dag_worker *dag;
    vouch_leaf_worker *leaf;     /* made when first needed */
    double *low, *high, *output; /* [inputs], [outputs] */
    double *score;               /* [neurons + inputs] */
    vouch_dag_job *job;          /* [chunk] */
    vouch_dag_answer *answer;
    int *index; /* [chunk]: which child a job belongs to */
};

vouch_status vouch_branch_worker_new(vouch_context *ctx, const vouch_branch_run *run,
                                     vouch_branch_worker **worker)
{
    vouch_branch_worker *w = vouch_alloc(ctx, sizeof *w);
    *worker = w;
    if (!w)
        return VOUCH_ERR_MEMORY;
    w->ctx = ctx;
    w->run = run;
    w->arena = vouch_arena_new(ctx);
    if (!w->arena)
        return VOUCH_ERR_MEMORY;
    w->low = VOUCH_NEW_ARRAY(w->arena, double, run->inputs);
    w->high = VOUCH_NEW_ARRAY(w->arena, double, run->inputs);
    w->output = VOUCH_NEW_ARRAY(w->arena, double, run->in->task->output_count);
    w->score = VOUCH_NEW_ARRAY(w->arena, double, run->neurons + run->inputs);
    w->job = VOUCH_NEW_ARRAY(w->arena, vouch_dag_job, run->chunk);
    w->answer = VOUCH_NEW_ARRAY(w->arena, vouch_dag_answer, run->chunk);
    w->index = VOUCH_NEW_ARRAY(w->arena, int, run->chunk);
    if (!w->low || !w->high || !w->output || !w->score || !w->job || !w->answer || !w->index)
        return VOUCH_ERR_MEMORY;
    w->evaluator = vouch_evaluator_new(ctx, run->in->graph, VOUCH_F64);
    if (!w->evaluator)
        return VOUCH_ERR_MEMORY;
    return vouch_dag_worker_new(ctx, run->dag, &w->dag);
}

void vouch_branch_worker_free(vouch_context *ctx, vouch_branch_worker *worker)
{
    if (!worker)
        return;
    if (worker->dag)
        vouch_dag_worker_free(ctx, worker->dag);
    vouch_leaf_worker_free(ctx, worker->leaf);
    vouch_evaluator_free(worker->evaluator);
    if (worker->arena)
        vouch_arena_free(worker->arena);
    vouch_release(ctx, worker);
}

/* ---- decisions -------------------------------------------------------------------- */

enum { REMAKE_WALKS = 64 };

typedef struct decisions {
    int count;
    vouch_decision *item;
} decisions;

static bool is_input(const vouch_branch_run *run, const vouch_decision *d)
{
    return d->neuron >= run->neurons;
}

static bool has_key(const decisions *list, const vouch_decision *d)
{
    for (int i = 0; i < list->count; i++)
        if (vouch_decision_key(&list->item[i]) == vouch_decision_key(d))
            return true;
    return false;
}

/* Decisions about inputs are in the box; an older one on the same side of the same neuron is
 * implied by a newer one. */
static void add_decision(const vouch_branch_run *run, const vouch_decision *d, decisions *list)
{
    if (d->neuron >= 0 && !is_input(run, d) && !has_key(list, d))
        list->item[list->count++] = *d;
}

/* About neurons, the child's own first, then the newest first. */
static vouch_status list_decisions(vouch_branch_worker *w, const vouch_child *c,
                                   decisions *list)
{
    int length = 1;
    for (const vouch_trail *t = c->parent->trail; t; t = t->up)
        length++;
    *list = (decisions){.item = VOUCH_NEW_ARRAY(w->arena, vouch_decision, length)};
    if (!list->item)
        return VOUCH_ERR_MEMORY;
    add_decision(w->run, &c->decision, list);
    for (const vouch_trail *t = c->parent->trail; t; t = t->up)
        add_decision(w->run, &t->decision, list);
    return VOUCH_OK;
}

/* ---- intervals -------------------------------------------------------------------- */

static vouch_dag_intervals *box_root(const vouch_branch_run *run, int which_case)
{
    return run->root[run->in->task->case_box[which_case]];
}

static void cut_box(const vouch_branch_run *run, const vouch_decision *d, double *low,
                    double *high)
{
    int64_t i = d->neuron - run->neurons;
    if (i < 0)
        return;
    if (d->upper)
        high[i] = fmin(high[i], d->point);
    else
        low[i] = fmax(low[i], d->point);
}

void vouch_child_box(const vouch_branch_run *run, const vouch_child *child, double *low,
                     double *high)
{
    const vouch_sub *p = child->parent;
    const vouch_dag_intervals *from = p->at ? p->at : box_root(run, child->which_case);
    size_t bytes = (size_t)run->inputs * sizeof(double);
    memcpy(low, vouch_dag_low(from) + run->neurons, bytes);
    memcpy(high, vouch_dag_high(from) + run->neurons, bytes);
    cut_box(run, &child->decision, low, high);
    for (const vouch_trail *t = p->trail; t; t = t->up)
        cut_box(run, &t->decision, low, high);
}

static const double *scores_of(vouch_branch_worker *w, const vouch_sub *parent)
{
    if (!parent->warm || !parent->warm->score)
        return NULL;
    for (int64_t j = 0; j < w->run->neurons + w->run->inputs; j++)
        w->score[j] = (double)parent->warm->score[j];
    return w->score;
}

static bool is_empty_box(const vouch_branch_worker *w)
{
    for (int64_t d = 0; d < w->run->inputs; d++)
        if (w->low[d] > w->high[d])
            return true;
    return false;
}

/* *whole with the decisions about neurons, up to `walks` neurons tightened; drops *whole. */
static vouch_status decide(vouch_branch_worker *w, vouch_child *c, int64_t walks,
                           vouch_dag_intervals **whole)
{
    decisions splits;
    vouch_dag_intervals *from = *whole;
    VOUCH_TRY(list_decisions(w, c, &splits));
    if (!from || splits.count == 0)
        return VOUCH_OK;
    *whole = NULL;
    vouch_status s = vouch_dag_narrow(w->dag, from, splits.count, splits.item,
                                      &(vouch_dag_effort){.walks = walks}, whole);
    vouch_dag_intervals_drop(w->ctx, from);
    return s;
}

/* From scratch on the child's box, then the decisions about neurons. */
static vouch_status start_over(vouch_branch_worker *w, vouch_child *c, int64_t walks)
{
    vouch_child_box(w->run, c, w->low, w->high);
    if (is_empty_box(w))
        return VOUCH_OK;
    VOUCH_TRY(vouch_dag_root(w->dag, w->low, w->high, &c->at));
    return decide(w, c, walks, &c->at);
}

/* The parent's intervals were shed, and with them what walks on the way had found: a few walks
 * make up for it. */
static vouch_status make_again(vouch_branch_worker *w, vouch_child *c)
{
    const vouch_branch_run *run = w->run;
    int64_t walks = run->keeps_score ? REMAKE_WALKS : 0;
    bool cut = is_input(run, &c->decision);
    for (const vouch_trail *t = c->parent->trail; t; t = t->up)
        cut |= is_input(run, &t->decision);
    if (cut)
        return start_over(w, c, walks);
    c->at = box_root(run, c->which_case);
    vouch_dag_intervals_hold(c->at);
    return decide(w, c, walks, &c->at);
}

/* The parent's intervals and the decision, carried forward. */
static vouch_status narrow(vouch_branch_worker *w, vouch_child *c)
{
    const vouch_dag_effort effort = {.walks = c->walks,
                                     .score = c->walks > 0 ? scores_of(w, c->parent) : NULL,
                                     .threads = c->threads};
    return vouch_dag_narrow(w->dag, c->parent->at, c->decision.neuron >= 0, &c->decision,
                            &effort, &c->at);
}

/* ---- boxes from scratch, side by side ----------------------------------------------------- */

typedef struct fresh {
    int count;
    vouch_child **child; /* whose box has a point */
    const double **low, **high;
    vouch_dag_intervals **at;
} fresh;

static vouch_status new_fresh(vouch_branch_worker *w, int count, fresh *f)
{
    *f = (fresh){.child = VOUCH_NEW_ARRAY(w->arena, vouch_child *, count),
                 .low = VOUCH_NEW_ARRAY(w->arena, const double *, count),
                 .high = VOUCH_NEW_ARRAY(w->arena, const double *, count),
                 .at = VOUCH_NEW_ARRAY(w->arena, vouch_dag_intervals *, count)};
    return f->child && f->low && f->high && f->at ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* The child's box, on the arena; one of the property's has none to be cut from. */
static vouch_status add_fresh(vouch_branch_worker *w, vouch_child *c, fresh *f)
{
    const vouch_branch_run *run = w->run;
    double *ends = c->parent ? VOUCH_NEW_ARRAY(w->arena, double, 2 * run->inputs) : NULL;
    if (c->parent && !ends)
        return VOUCH_ERR_MEMORY;
    f->child[f->count] = c;
    f->low[f->count] = ends ? ends : run->in->spec->box[c->which_case].low;
    f->high[f->count] = ends ? ends + run->inputs : run->in->spec->box[c->which_case].high;
    if (ends)
        vouch_child_box(run, c, ends, ends + run->inputs);
    for (int64_t d = 0; d < run->inputs; d++)
        if (f->low[f->count][d] > f->high[f->count][d])
            return VOUCH_OK; /* empty: not counted, so it stays without intervals */
    f->count++;
    return VOUCH_OK;
}

/* Intervals of all children that start from their box. */
static vouch_status start_boxes(vouch_branch_worker *w, vouch_child *child, int count)
{
    fresh f;
    VOUCH_TRY(new_fresh(w, count, &f));
    for (int i = 0; i < count; i++)
        if (!child[i].parent || child[i].refresh == VOUCH_REFRESH_ROOT)
            VOUCH_TRY(add_fresh(w, &child[i], &f));
    VOUCH_TRY(vouch_dag_roots(w->dag, f.count, f.low, f.high, f.at));
    for (int i = 0; i < f.count; i++)
        f.child[i]->at = f.at[i];
    return VOUCH_OK;
}

/* *at: what to bound the child on; NULL: the child is empty. */
static vouch_status intervals(vouch_branch_worker *w, vouch_child *c,
                              const vouch_dag_intervals **at)
{
    if (c->refresh == VOUCH_REFRESH_KEEP && c->parent->at) {
        *at = c->parent->at;
        return VOUCH_OK;
    }
    if (c->refresh == VOUCH_REFRESH_ROOT)
        VOUCH_TRY(decide(w, c, 0, &c->at));
    else
        VOUCH_TRY(c->parent->at ? narrow(w, c) : make_again(w, c));
    *at = c->at;
    if (!c->at) {
        c->empty = c->closed = true;
        c->lower = (double)INFINITY;
    }
    return VOUCH_OK;
}

/* ---- candidates for a witness ----------------------------------------------------------- */

static vouch_status try_point(vouch_branch_worker *w, vouch_child *c, const double *x)
{
    const vouch_branch_input *in = w->run->in;
    VOUCH_TRY(vouch_evaluator_run(w->evaluator, x, w->output));
    if (!vouch_branch_promising(in->task, c->which_case, x, w->output))
        return VOUCH_OK;
    size_t inputs = (size_t)w->run->inputs, outputs = (size_t)in->task->output_count;
    double *room = vouch_alloc(w->ctx, (inputs + outputs) * sizeof(double));
    if (!room)
        return VOUCH_ERR_MEMORY;
    vouch_witness witness = {.input = room, .output = room + inputs};
    vouch_arena_mark mark = vouch_arena_get_mark(w->arena);
    vouch_status s =
        vouch_witness_check(w->ctx, w->arena, in->graph, in->spec, in->semantics, x, &witness);
    vouch_arena_reset(w->arena, mark);
    if (s || !witness.found) {
        vouch_release(w->ctx, room);
        return s;
    }
    c->witness = room;
    c->witness_case = witness.which_case;
    return VOUCH_OK;
}

/* ---- linear programs ---------------------------------------------------------------------- */

typedef struct attempt {
    vouch_branch_worker *worker;
    vouch_child *child;
} attempt;

static vouch_status try_program_point(void *user, const double *point, bool *found)
{
    attempt *a = user;
    VOUCH_TRY(try_point(a->worker, a->child, point));
    *found = a->child->witness != NULL;
    return VOUCH_OK;
}

static vouch_status run_programs(vouch_branch_worker *w, vouch_child *c,
                                 const vouch_dag_intervals *at)
{
    const vouch_finish *finish = w->run->finish;
    attempt user = {w, c};
    vouch_leaf_search_settings settings = {
        .programs = c->programs, .try_point = try_program_point, .user = &user};
    vouch_leaf_search_result result;
    if (!w->leaf)
        VOUCH_TRY(vouch_leaf_worker_new(w->ctx, vouch_finish_leaf(finish), &w->leaf));
    VOUCH_TRY(vouch_finish_run(w->ctx, w->arena, finish, w->leaf, at, c->which_case, &settings,
                               w->run->in->deadline_wall, &result));
    c->closed = result.proved;
    c->program_work = vouch_finish_work(finish, &result);
    return VOUCH_OK;
}

static vouch_status finish(vouch_branch_worker *w, vouch_child *c)
{
    const vouch_dag_intervals *at = NULL;
    VOUCH_TRY(intervals(w, c, &at));
    vouch_status s = at ? run_programs(w, c, at) : VOUCH_OK;
    vouch_dag_intervals_drop(w->ctx, c->at);
    c->at = NULL;
    return s;
}

/* ---- the bound -------------------------------------------------------------------------- */

static vouch_status make_job(vouch_branch_worker *w, const vouch_child *c,
                             const vouch_dag_intervals *at, vouch_dag_job *job)
{
    const vouch_warm *warm = c->parent->warm;
    decisions list;
    VOUCH_TRY(list_decisions(w, c, &list));
    *job = (vouch_dag_job){.at = at,
                           .which_case = c->which_case,
                           .decision_count = list.count,
                           .decision = list.item,
                           .clip = w->run->clips && !c->trial,
                           .spread = w->run->clips && !c->trial,
                           .steps = c->steps};
    if (!warm) { /* shed: what the parent's steps had found is found again */
        job->steps += c->steps > 0 ? w->run->in->root_steps : 0;
        return VOUCH_OK;
    }
    float *beta = VOUCH_NEW_ARRAY(w->arena, float, list.count + 1);
    if (!beta)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < list.count; i++)
        beta[i] = vouch_warm_beta(warm, &list.item[i]);
    job->warm = warm->mix;
    job->warm_beta = beta;
    return VOUCH_OK;
}

static vouch_warm *keep_warm(const vouch_branch_worker *w, const vouch_dag_job *job,
                             const vouch_dag_answer *answer)
{
    const vouch_branch_run *run = w->run;
    int64_t scores = run->keeps_score ? run->neurons + run->inputs : 0;
    vouch_warm *warm = vouch_warm_new(w->ctx, run->mixes, job->decision_count, scores);
    if (!warm)
        return NULL;
    memcpy(warm->mix, answer->mix, (size_t)run->mixes);
    for (int i = 0; i < job->decision_count; i++) {
        warm->key[i] = vouch_decision_key(&job->decision[i]);
        warm->beta[i] = answer->beta[i];
    }
    for (int64_t j = 0; j < scores; j++)
        warm->score[j] = (float)answer->score[j];
    return warm;
}

/* An open child as a subproblem; the conductor gives it its place in the tree. */
/* *at: the intervals on what clipping left of the box; NULL where it left all. */
static vouch_status clip(vouch_branch_worker *w, const vouch_dag_job *job,
                         const vouch_dag_answer *answer, vouch_dag_intervals **at)
{
    const vouch_branch_run *run = w->run;
    const double *low = vouch_dag_low(job->at) + run->neurons;
    const double *high = vouch_dag_high(job->at) + run->neurons;
    vouch_decision *cut = VOUCH_NEW_ARRAY(w->arena, vouch_decision, 2 * run->inputs);
    int count = 0;
    *at = NULL;
    if (!cut)
        return VOUCH_ERR_MEMORY;
    for (int64_t d = 0; answer->low && d < run->inputs; d++) {
        int32_t neuron = (int32_t)(run->neurons + d);
        if (answer->low[d] > low[d])
            cut[count++] = (vouch_decision){.neuron = neuron, .point = answer->low[d]};
        if (answer->high[d] < high[d])
            cut[count++] =
                (vouch_decision){.neuron = neuron, .upper = true, .point = answer->high[d]};
    }
    return count ? vouch_dag_narrow(w->dag, job->at, count, cut, &(vouch_dag_effort){0}, at)
                 : VOUCH_OK;
}

static vouch_status keep_open(vouch_branch_worker *w, vouch_child *c, const vouch_dag_job *job,
                              const vouch_dag_answer *answer)
{
    vouch_sub *sub = vouch_alloc(w->ctx, sizeof *sub);
    c->sub = sub;
    if (!sub)
        return VOUCH_ERR_MEMORY;
    sub->which_case = c->which_case;
    sub->lower = c->lower;
    VOUCH_TRY(clip(w, job, answer, &sub->at));
    sub->clipped = sub->at != NULL;
    vouch_choose(w->run, c, sub->at ? sub->at : job->at, answer, w->score, sub);
    if (!sub->at) {
        sub->at = c->at;
        c->at = NULL;
    }
    sub->warm = keep_warm(w, job, answer);
    return sub->warm ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status take_answer(vouch_branch_worker *w, vouch_child *c,
                                const vouch_dag_job *job, const vouch_dag_answer *answer)
{
    c->closed = answer->proved;
    c->lower = isnan(answer->lower) ? -(double)INFINITY : answer->lower;
    if (!c->closed && !c->trial) {
        VOUCH_TRY(try_point(w, c, answer->point));
        VOUCH_TRY(keep_open(w, c, job, answer));
    }
    vouch_dag_intervals_drop(w->ctx, c->at);
    c->at = NULL;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_branch_worker *w, vouch_child *child, int count, int *jobs)
{
    VOUCH_TRY(start_boxes(w, child, count));
    for (int i = 0; i < count; i++) {
        const vouch_dag_intervals *at = NULL;
        VOUCH_TRY(vouch_context_poll(w->ctx));
        if (!child[i].parent) {
            child[i].empty = child[i].closed = !child[i].at;
            continue;
        }
        if (child[i].programs > 0) {
            VOUCH_TRY(finish(w, &child[i]));
            continue;
        }
        VOUCH_TRY(intervals(w, &child[i], &at));
        if (!at)
            continue;
        w->index[*jobs] = i;
        VOUCH_TRY(make_job(w, &child[i], at, &w->job[(*jobs)++]));
    }
    return VOUCH_OK;
}

static vouch_status bound(vouch_branch_worker *w, vouch_child *child, int count)
{
    int jobs = 0;
    VOUCH_TRY(prepare(w, child, count, &jobs));
    if (jobs == 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_dag_bound(w->dag, jobs, w->job, w->answer));
    for (int j = 0; j < jobs; j++)
        VOUCH_TRY(take_answer(w, &child[w->index[j]], &w->job[j], &w->answer[j]));
    return VOUCH_OK;
}

vouch_status vouch_branch_work(vouch_branch_worker *worker, vouch_child *child, int count)
{
    vouch_arena_mark mark = vouch_arena_get_mark(worker->arena);
    vouch_status s = bound(worker, child, count);
    vouch_arena_reset(worker->arena, mark);
    return s;
}
