/* The search loop (search.h). */
#include "verify/search.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "verify/frontier.h"
#include "verify/probe.h"

enum { AGAIN_SAMPLES = 2048 };

/* A box put aside for a higher precision. */
typedef struct leftover {
    struct leftover *next;
    int box;
    uint64_t id;
    double share;
    unsigned char place[sizeof((vouch_batch *)0)->key + 1]; /* in depth-first order */
    double ends[];                                          /* low[n], high[n] */
} leftover;

/* What the workers share; `lock` guards the witness, leftovers and totals. */
typedef struct shared {
    const vouch_search_input *in;
    vouch_search_output *out;
    vouch_engine *engine;
    vouch_frontier *frontier;
    pthread_mutex_t lock;
    unsigned char witness_key[sizeof((vouch_batch *)0)->key];
    leftover *left;
    atomic_ullong next_id, subproblems;
    atomic_bool found, stopped;
} shared;

typedef struct worker {
    vouch_context *ctx;
    shared *all;
    int index, inputs;
    vouch_arena *arena;
    vouch_engine_worker *engine;
    vouch_bound_result result;
    double *score, *witness_input, *witness_output;
    vouch_cut *cut;
    vouch_search_output count; /* this worker's share of the totals */
    double next_report;
} worker;

/* ---- sink ----------------------------------------------------------------------- */

/* Numbers the boxes and tells of them as they are before bounding clips them. */
static vouch_status tell_boxes(worker *w, vouch_batch *b)
{
    const vouch_sink *s = w->all->in->sink;
    for (int i = 0; i < b->count; i++)
        b->id[i] = atomic_fetch_add(&w->all->next_id, 1) + 1;
    if (!s || !s->box)
        return VOUCH_OK;
    w->all->in->type->boxes(b, w->result.low, w->result.high);
    for (int i = 0; i < b->count; i++) {
        vouch_sink_box box = {.id = b->id[i],
                              .parent = b->parent[i],
                              .depth = b->depth[i],
                              .input_size = w->inputs,
                              .which_case = -1,
                              .low = w->result.low + i * w->inputs,
                              .high = w->result.high + i * w->inputs};
        VOUCH_TRY(s->box(s->user, &box));
    }
    return VOUCH_OK;
}

static vouch_status tell_leaf(const worker *w, const vouch_batch *b, int i,
                              vouch_leaf_kind kind)
{
    const vouch_sink *s = w->all->in->sink;
    return s && s->leaf ? s->leaf(s->user, b->id[i], kind) : VOUCH_OK;
}

static vouch_status tell_clip(const worker *w, const vouch_batch *b, int i)
{
    const vouch_sink *s = w->all->in->sink;
    if (!s || !s->clip)
        return VOUCH_OK;
    return s->clip(s->user, b->id[i], w->result.low + i * w->inputs,
                   w->result.high + i * w->inputs);
}

static vouch_status tell_split(const worker *w, const vouch_batch *b, int i)
{
    const vouch_sink *s = w->all->in->sink;
    const vouch_cut *cut = &w->cut[i];
    if (!s || !s->split)
        return VOUCH_OK;
    for (int a = 0; a < cut->axes; a++)
        VOUCH_TRY(s->split(s->user, b->id[i], cut->axis[a].dimension, cut->axis[a].parts - 1,
                           cut->axis[a].at));
    return VOUCH_OK;
}

/* ---- candidates ----------------------------------------------------------------- */

/* Batches after the best witness in depth-first order need no more work. */
static bool is_after_witness(shared *all, const vouch_batch *b)
{
    if (!atomic_load(&all->found))
        return false;
    pthread_mutex_lock(&all->lock);
    bool after = memcmp(b->key, all->witness_key, sizeof b->key) > 0;
    pthread_mutex_unlock(&all->lock);
    return after;
}

static void keep_witness(worker *w, const vouch_batch *b, const vouch_witness *found)
{
    shared *all = w->all;
    vouch_witness *best = &all->out->witness;
    size_t outputs = (size_t)all->in->spec->output_size;
    pthread_mutex_lock(&all->lock);
    if (!best->found || memcmp(b->key, all->witness_key, sizeof b->key) < 0) {
        best->found = true;
        best->which_case = found->which_case;
        memcpy(best->input, found->input, (size_t)w->inputs * sizeof(double));
        memcpy(best->output, found->output, outputs * sizeof(double));
        memcpy(all->witness_key, b->key, sizeof b->key);
    }
    pthread_mutex_unlock(&all->lock);
    atomic_store(&all->found, true);
}

static vouch_status replay(worker *w, const vouch_batch *b, bool *found)
{
    const vouch_search_input *in = w->all->in;
    for (int i = 0; i < b->count && !*found; i++) {
        if (!in->candidates || !w->result.promising[i])
            continue;
        vouch_witness witness = {.input = w->witness_input, .output = w->witness_output};
        vouch_arena_mark mark = vouch_arena_get_mark(w->arena);
        vouch_status status =
            vouch_witness_check(w->ctx, w->arena, in->graph, in->spec, in->semantics,
                                w->result.candidate + i * w->inputs, &witness);
        vouch_arena_reset(w->arena, mark);
        VOUCH_TRY(status);
        if (witness.found) {
            *found = true;
            keep_witness(w, b, &witness);
            VOUCH_TRY(tell_leaf(w, b, i, VOUCH_LEAF_REFUTED));
        }
    }
    return VOUCH_OK;
}

/* On the first path into the tree, every few levels, the whole property is sampled anew: the
 * longer the search goes down without an end, the likelier it is that a witness was missed. One
 * batch a level lies on that path, whatever the threads do. */
static bool looks_again(const vouch_batch *b)
{
    const int first = 4, every = 8; /* four levels of the key tell starting batches apart */
    for (int i = first; i < b->level && i < (int)sizeof b->key; i++)
        if (b->key[i] != 1)
            return false;
    return b->level > first && (b->level - first) % every == 0;
}

static vouch_status look_again(worker *w, const vouch_batch *b, bool *found)
{
    vouch_search_input in = *w->all->in;
    vouch_witness witness = {.input = w->witness_input, .output = w->witness_output};
    if (!in.candidates || !in.type->probe || !looks_again(b))
        return VOUCH_OK;
    in.seed = b->place;
    VOUCH_TRY(vouch_probe(w->ctx, w->arena, &in, AGAIN_SAMPLES, &witness));
    if (witness.found)
        keep_witness(w, b, &witness);
    *found = witness.found;
    return VOUCH_OK;
}

/* ---- leaves and cuts ------------------------------------------------------------ */

/* Puts a box aside that this precision cannot decide. */
static vouch_status set_aside(worker *w, const vouch_batch *b, int i)
{
    size_t n = (size_t)w->inputs;
    leftover *l = vouch_alloc(w->ctx, sizeof *l + 2 * n * sizeof(double));
    if (!l)
        return VOUCH_ERR_MEMORY;
    l->box = b->box[i];
    l->id = b->id[i];
    memcpy(l->place, b->key, sizeof b->key);
    l->place[sizeof b->key] = (unsigned char)i;
    l->share = b->share[i];
    memcpy(l->ends, w->result.low + (size_t)i * n, n * sizeof(double));
    memcpy(l->ends + n, w->result.high + (size_t)i * n, n * sizeof(double));
    pthread_mutex_lock(&w->all->lock);
    l->next = w->all->left;
    w->all->left = l;
    pthread_mutex_unlock(&w->all->lock);
    return w->all->in->last_precision ? tell_leaf(w, b, i, VOUCH_LEAF_OPEN) : VOUCH_OK;
}

static void score_lane(worker *w, const vouch_batch *b, int i)
{
    const vouch_search_input *in = w->all->in;
    vouch_lane_view lane;
    in->type->view(w->engine, b, i, &lane);
    vouch_random random = vouch_random_stream(b->place, "split", (uint64_t)i);
    vouch_split_view view = {.input_size = w->inputs,
                             .width = lane.width,
                             .row_count = lane.row_count,
                             .row_lower = lane.row_lower,
                             .row_upper = lane.row_upper,
                             .gradient_bound = lane.gradient,
                             .gap = lane.gap,
                             .row_deficit = lane.deficit,
                             .depth = b->depth[i],
                             .random = &random};
    in->split->score(&view, w->score);
    for (int d = 0; d < w->inputs; d++) /* ties go to the widest; NaN never wins */
        w->score[d] = isnan(w->score[d]) ? 0 : w->score[d] + 1e-30 * lane.width[d];
}

static void plan_lane(worker *w, const vouch_batch *b, int i, int open)
{
    const vouch_search_input *in = w->all->in;
    score_lane(w, b, i);
    vouch_cut_view view = {.input_size = w->inputs,
                           .low = w->result.low + i * w->inputs,
                           .high = w->result.high + i * w->inputs,
                           .score = w->score,
                           .open = open,
                           .lanes = in->type->lanes,
                           .round = in->type->round};
    vouch_cut_plan(in->cut, &view, &w->cut[i]);
}

static vouch_status close_lane(worker *w, const vouch_batch *b, int i)
{
    static const vouch_leaf_kind kind[] = {[VOUCH_LANE_PROVED] = VOUCH_LEAF_PROVED,
                                           [VOUCH_LANE_EMPTY] = VOUCH_LEAF_EMPTY,
                                           [VOUCH_LANE_CLIPPED] = VOUCH_LEAF_CLIPPED};
    w->count.proved_share += b->share[i];
    return tell_leaf(w, b, i, kind[w->result.state[i]]);
}

/* Cuts the open lanes and pushes their children. */
static vouch_status branch(worker *w, vouch_batch *b)
{
    const vouch_search_input *in = w->all->in;
    int open = 0, children = 0, cuts = 0;
    vouch_batch *child[VOUCH_CHILD_BATCHES];
    for (int i = 0; i < b->count; i++)
        open += w->result.state[i] == VOUCH_LANE_OPEN;
    for (int i = 0; i < b->count; i++) {
        w->cut[i].axes = 0;
        if (w->result.state[i] != VOUCH_LANE_OPEN) {
            VOUCH_TRY(close_lane(w, b, i));
            continue;
        }
        if (w->result.clipped[i]) {
            w->count.clips++;
            VOUCH_TRY(tell_clip(w, b, i));
        }
        if (!in->bound_only && (!w->result.imprecise[i] || in->last_precision))
            plan_lane(w, b, i, open);
        if (w->cut[i].axes == 0)
            VOUCH_TRY(set_aside(w, b, i));
        else
            VOUCH_TRY(tell_split(w, b, i));
        cuts += w->cut[i].axes > 0;
    }
    w->count.splits += (uint64_t)cuts;
    w->count.compressions += w->result.compressed;
    if (!cuts)
        return VOUCH_OK;
    vouch_status status = in->type->split(w->engine, b, w->cut, child, &children);
    for (int i = 0; status && i < children; i++)
        in->type->batch_free(w->ctx, child[i]);
    VOUCH_TRY(status);
    return vouch_frontier_push(w->ctx, w->all->frontier, w->index, in->type, child, children);
}

/* ---- workers -------------------------------------------------------------------- */

static void report(worker *w)
{
    double now = vouch_wall_s();
    const vouch_search_input *in = w->all->in;
    if (in->part || w->index != 0 || now < w->next_report || !vouch_has_progress(w->ctx))
        return;
    w->next_report = now + 0.2;
    vouch_progress p = {.phase = "partition",
                        .done = atomic_load(&w->all->subproblems),
                        .open = vouch_frontier_open(w->all->frontier),
                        .proved_share = w->count.proved_share * in->threads,
                        .elapsed_s = now - in->start_wall,
                        .limit_s = in->deadline_wall - in->start_wall};
    vouch_report_progress(w->ctx, &p);
}

/* The limit is reached, and there is more to do. */
static bool is_spent(shared *all)
{
    const uint64_t most = all->in->max_subproblems;
    return most && atomic_load(&all->subproblems) >= most &&
           vouch_frontier_open(all->frontier) > 0;
}

static bool must_stop(worker *w)
{
    shared *all = w->all;
    if (vouch_context_cancelled(w->ctx) || vouch_wall_s() >= all->in->deadline_wall ||
        is_spent(all)) {
        atomic_store(&all->stopped, true);
        vouch_frontier_stop(all->frontier);
    }
    return atomic_load(&all->stopped);
}

/* A number made from the seed and the batch's place in the tree, whatever the threads did. */
static uint64_t place_of(const worker *w, const vouch_batch *b)
{
    uint64_t hash = 14695981039346656037U ^ w->all->in->seed;
    for (size_t k = 0; k < sizeof b->key; k++)
        hash = (hash ^ b->key[k]) * 1099511628211U;
    return hash + (uint64_t)b->level;
}

static vouch_status work_on(worker *w, vouch_batch *b)
{
    bool found = false;
    b->place = place_of(w, b);
    if (is_after_witness(w->all, b))
        return VOUCH_OK;
    VOUCH_TRY(tell_boxes(w, b));
    VOUCH_TRY(w->all->in->type->bound(w->engine, b, &w->result));
    atomic_fetch_add(&w->all->subproblems, (unsigned long long)b->count);
    for (int i = 0; i < b->count; i++)
        w->count.max_depth =
            b->depth[i] > w->count.max_depth ? b->depth[i] : w->count.max_depth;
    VOUCH_TRY(replay(w, b, &found));
    if (!found)
        VOUCH_TRY(look_again(w, b, &found));
    return found ? VOUCH_OK : branch(w, b);
}

static vouch_status work(worker *w)
{
    vouch_batch *b;
    vouch_status status = VOUCH_OK;
    while (!status && !must_stop(w) && (b = vouch_frontier_take(w->all->frontier, w->index))) {
        status = work_on(w, b);
        w->all->in->type->batch_free(w->ctx, b);
        vouch_frontier_done(w->all->frontier);
        report(w);
    }
    if (status)
        vouch_frontier_stop(w->all->frontier);
    return status;
}

static vouch_status prepare(worker *w)
{
    size_t n = (size_t)w->inputs, lanes = VOUCH_LANES_MAX;
    w->result.candidate = VOUCH_NEW_ARRAY(w->arena, double, lanes *n);
    w->result.low = VOUCH_NEW_ARRAY(w->arena, double, lanes *n);
    w->result.high = VOUCH_NEW_ARRAY(w->arena, double, lanes *n);
    w->score = VOUCH_NEW_ARRAY(w->arena, double, n);
    w->cut = VOUCH_NEW_ARRAY(w->arena, vouch_cut, lanes);
    w->witness_input = VOUCH_NEW_ARRAY(w->arena, double, n);
    w->witness_output = VOUCH_NEW_ARRAY(w->arena, double, w->all->in->spec->output_size);
    if (!w->result.candidate || !w->result.low || !w->result.high || !w->score || !w->cut ||
        !w->witness_input || !w->witness_output)
        return VOUCH_ERR_MEMORY;
    return w->all->in->type->worker_new(w->ctx, w->all->engine, &w->engine);
}

static void add_counts(shared *all, const vouch_search_output *c)
{
    pthread_mutex_lock(&all->lock);
    all->out->splits += c->splits;
    all->out->clips += c->clips;
    all->out->compressions += c->compressions;
    all->out->proved_share += c->proved_share;
    if (c->max_depth > all->out->max_depth)
        all->out->max_depth = c->max_depth;
    pthread_mutex_unlock(&all->lock);
}

static vouch_status run_worker(vouch_context *ctx, void *user, int index)
{
    shared *all = user;
    worker w = {.ctx = ctx, .all = all, .index = index, .inputs = all->in->task->input_count};
    w.arena = vouch_arena_new(ctx);
    vouch_status status = w.arena ? prepare(&w) : VOUCH_ERR_MEMORY;
    if (status)
        vouch_frontier_stop(all->frontier);
    else
        status = work(&w);
    add_counts(all, &w.count);
    if (w.engine)
        all->in->type->worker_free(ctx, w.engine);
    vouch_arena_free(w.arena);
    return status;
}

/* ---- the whole ------------------------------------------------------------------ */

/* The first batches: as many boxes each as there are lanes. */
static vouch_status start(vouch_context *ctx, shared *all)
{
    const vouch_search_input *in = all->in;
    int n = in->task->input_count;
    for (int at = in->start_count; at > 0;) {
        int here = (at - 1) % in->type->lanes + 1;
        vouch_batch *b = NULL;
        at -= here;
        VOUCH_TRY(in->type->start(ctx, all->engine, here, in->start_box + at,
                                  in->start_low + (size_t)at * (size_t)n,
                                  in->start_high + (size_t)at * (size_t)n, &b));
        for (int i = 0; i < here; i++) {
            b->share[i] = in->start_share[at + i];
            b->parent[i] = in->start_parent ? in->start_parent[at + i] : 0;
        }
        /* four bytes of the key tell the batches of many starting boxes apart */
        for (int i = 0; i < 4; i++)
            b->key[i] = (unsigned char)((unsigned)at >> (24 - 8 * i));
        b->level = 4;
        VOUCH_TRY(vouch_frontier_push(ctx, all->frontier, 0, in->type, &b, 1));
    }
    return VOUCH_OK;
}

static int by_place(const void *a, const void *b)
{
    const leftover *const *x = a, *const *y = b;
    return memcmp((*x)->place, (*y)->place, sizeof(*x)->place);
}

static vouch_status allocate_left(vouch_arena *arena, vouch_search_output *out, size_t n)
{
    size_t count = (size_t)out->left_count;
    out->left_box = VOUCH_NEW_ARRAY(arena, int, count);
    out->left_id = VOUCH_NEW_ARRAY(arena, uint64_t, count);
    out->left_low = VOUCH_NEW_ARRAY(arena, double, count *n);
    out->left_high = VOUCH_NEW_ARRAY(arena, double, count *n);
    out->left_share = VOUCH_NEW_ARRAY(arena, double, count);
    bool fine =
        out->left_box && out->left_id && out->left_low && out->left_high && out->left_share;
    return fine ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* Copies the boxes set aside into the output's arrays, in depth-first order whatever the
 * threads did. */
static vouch_status collect(vouch_arena *arena, shared *all)
{
    size_t n = (size_t)all->in->task->input_count, bytes = n * sizeof(double), at = 0;
    vouch_search_output *out = all->out;
    for (const leftover *l = all->left; l; l = l->next)
        out->left_count++;
    const leftover **order = VOUCH_NEW_ARRAY(arena, const leftover *, out->left_count + 1);
    if (!order)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(allocate_left(arena, out, n));
    for (const leftover *l = all->left; l; l = l->next)
        order[at++] = l;
    qsort(order, at, sizeof *order, by_place);
    for (at = 0; at < (size_t)out->left_count; at++) {
        out->left_box[at] = order[at]->box;
        out->left_id[at] = order[at]->id;
        out->left_share[at] = order[at]->share;
        memcpy(out->left_low + at * n, order[at]->ends, bytes);
        memcpy(out->left_high + at * n, order[at]->ends + n, bytes);
    }
    return VOUCH_OK;
}

static void release_left(vouch_context *ctx, shared *all)
{
    while (all->left) {
        leftover *l = all->left;
        all->left = l->next;
        vouch_release(ctx, l);
    }
}

static vouch_status run(vouch_context *ctx, shared *all)
{
    const vouch_search_input *in = all->in;
    VOUCH_TRY(in->type->open(ctx, in->task, &in->engine, &all->engine));
    all->out->unfit = !all->engine;
    if (!all->engine)
        return VOUCH_OK;
    all->frontier = vouch_frontier_new(ctx, in->threads);
    vouch_status status = all->frontier ? start(ctx, all) : VOUCH_ERR_MEMORY;
    if (!status)
        status = vouch_workers_run(ctx, in->threads, run_worker, all);
    vouch_frontier_free(ctx, all->frontier, in->type);
    in->type->close(ctx, all->engine);
    return status;
}

vouch_status vouch_search(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                          vouch_search_output *out)
{
    shared all = {.in = in, .out = out};
    *out = (vouch_search_output){0};
    out->witness.input = VOUCH_NEW_ARRAY(arena, double, in->task->input_count);
    out->witness.output = VOUCH_NEW_ARRAY(arena, double, in->spec->output_size);
    if (!out->witness.input || !out->witness.output)
        return VOUCH_ERR_MEMORY;
    pthread_mutex_init(&all.lock, NULL);
    atomic_init(&all.next_id, in->first_id);
    vouch_status status = run(ctx, &all);
    vouch_status collected = collect(arena, &all);
    release_left(ctx, &all);
    pthread_mutex_destroy(&all.lock);
    out->found = out->witness.found;
    out->last_id = atomic_load(&all.next_id);
    out->subproblems = atomic_load(&all.subproblems);
    out->stopped |= atomic_load(&all.stopped);
    return status ? status : collected;
}
