/* Sampling (probe.h).
 *
 * Uniform points miss counterexamples that lie on faces of the box (ACAS Xu property 7: none in
 * a million), so half of the points have about half of their coordinates snapped to an end. A
 * quarter of the points are drawn so; the rest are drawn around the best so far, ever closer:
 * an evolution strategy that needs no gradients and costs a batched evaluation a round.
 */
#include "verify/probe.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

enum { PARENTS = 16, ROUNDS = 6 };

/* The best points so far, worst last. */
typedef struct parents {
    int count;
    double violation[PARENTS];
    double *point; /* [PARENTS][n] */
} parents;

typedef struct probe {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_search_input *in;
    vouch_engine_worker *worker;
    int64_t n;
    int which_box;
    const vouch_box *box;
    vouch_random random;
    parents best;
    double *points, *violation; /* [capacity] */
    vouch_witness *witness;
} probe;

static double draw_in(vouch_random *r, double low, double high, bool snap)
{
    double unit = vouch_random_unit(r);
    if (snap && vouch_random_below(r, 2))
        unit = (double)vouch_random_below(r, 2);
    return low + unit * (high - low);
}

/* A point near a parent: some coordinates moved by about `reach` of the width, some snapped. */
static void draw_near(probe *p, const double *parent, double reach, double *point)
{
    for (int64_t d = 0; d < p->n; d++) {
        double low = p->box->low[d], high = p->box->high[d];
        point[d] = parent[d];
        if (vouch_random_below(&p->random, 2))
            point[d] += reach * (high - low) * vouch_random_normal(&p->random);
        if (vouch_random_below(&p->random, 16) == 0)
            point[d] = vouch_random_below(&p->random, 2) ? low : high;
        point[d] = fmin(fmax(point[d], low), high);
    }
}

static void draw(probe *p, int round, int i, double *point)
{
    if (round > 0 && p->best.count > 0) {
        int parent = (int)vouch_random_below(&p->random, (uint64_t)p->best.count);
        draw_near(p, p->best.point + parent * p->n, pow(0.4, round), point);
        return;
    }
    for (int64_t d = 0; d < p->n; d++)
        point[d] = draw_in(&p->random, p->box->low[d], p->box->high[d], i % 2 == 1);
}

static void keep(probe *p, const double *point, double violation)
{
    parents *b = &p->best;
    size_t bytes = (size_t)p->n * sizeof(double);
    if (isnan(violation) || (b->count == PARENTS && violation >= b->violation[PARENTS - 1]))
        return;
    int at = b->count < PARENTS ? b->count++ : PARENTS - 1;
    for (; at > 0 && b->violation[at - 1] > violation; at--) {
        b->violation[at] = b->violation[at - 1];
        memcpy(b->point + at * p->n, b->point + (at - 1) * p->n, bytes);
    }
    b->violation[at] = violation;
    memcpy(b->point + at * p->n, point, bytes);
}

static vouch_status replay(probe *p, const double *point)
{
    vouch_arena_mark mark = vouch_arena_get_mark(p->arena);
    vouch_status status = vouch_witness_check(p->ctx, p->arena, p->in->graph, p->in->spec,
                                              p->in->semantics, point, p->witness);
    vouch_arena_reset(p->arena, mark);
    return status;
}

/* Draws and judges `count` points of one round; the promising ones are replayed. */
static vouch_status try_points(probe *p, int round, int count)
{
    for (int i = 0; i < count; i++)
        draw(p, round, i, p->points + i * p->n);
    p->in->type->probe(p->worker, p->which_box, count, p->points, p->violation);
    for (int i = 0; i < count && !p->witness->found; i++) {
        keep(p, p->points + i * p->n, p->violation[i]);
        if (p->violation[i] <= p->in->type->probe_witness)
            VOUCH_TRY(replay(p, p->points + i * p->n));
    }
    return VOUCH_OK;
}

static vouch_status sample_box(probe *p, int samples)
{
    int capacity = p->in->type->probe_capacity;
    p->best.count = 0;
    for (int round = 0; round < ROUNDS && !p->witness->found; round++) {
        int left = round == 0 ? samples / 4 + 1 : samples * 3 / 4 / (ROUNDS - 1) + 1;
        for (; left > 0 && !p->witness->found; left -= capacity)
            VOUCH_TRY(try_points(p, round, left < capacity ? left : capacity));
    }
    return VOUCH_OK;
}

static vouch_status sample_boxes(probe *p, int samples)
{
    const vouch_spec *spec = p->in->spec;
    int capacity = p->in->type->probe_capacity;
    p->points = VOUCH_NEW_ARRAY(p->arena, double, capacity * p->n);
    p->violation = VOUCH_NEW_ARRAY(p->arena, double, capacity);
    p->best.point = VOUCH_NEW_ARRAY(p->arena, double, PARENTS * p->n);
    if (!p->points || !p->violation || !p->best.point)
        return VOUCH_ERR_MEMORY;
    int each = samples / (spec->box_count > 0 ? spec->box_count : 1) + 1;
    for (int b = 0; b < spec->box_count && !p->witness->found; b++) {
        if (spec->box[b].empty)
            continue;
        VOUCH_TRY(vouch_context_poll(p->ctx));
        p->which_box = b;
        p->box = &spec->box[b];
        p->random = vouch_random_stream(p->in->seed, "probe", (uint64_t)b);
        VOUCH_TRY(sample_box(p, each));
    }
    return VOUCH_OK;
}

vouch_status vouch_probe(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                         int samples, vouch_witness *witness)
{
    vouch_engine *engine;
    probe p = {
        .ctx = ctx, .arena = arena, .in = in, .n = in->spec->input_size, .witness = witness};
    VOUCH_TRY(in->type->open(ctx, in->task, &in->engine, &engine));
    if (!engine)
        return VOUCH_OK;
    vouch_arena_mark mark = vouch_arena_get_mark(arena);
    vouch_status status = in->type->worker_new(ctx, engine, &p.worker);
    if (!status)
        status = sample_boxes(&p, samples);
    if (p.worker)
        in->type->worker_free(ctx, p.worker);
    in->type->close(ctx, engine);
    vouch_arena_reset(arena, mark);
    return status;
}
