/* Sampling (probe.h).
 *
 * Uniform points miss counterexamples that lie on faces of the box (ACAS Xu property 7: none in
 * a million), so half of the points have about half of their coordinates snapped to an end.
 */
#include "verify/probe.h"

#include "base/random.h"

static void draw(const vouch_box *box, int64_t n, vouch_random *r, bool snap, double *point)
{
    for (int64_t d = 0; d < n; d++) {
        double unit = vouch_random_unit(r);
        if (snap && vouch_random_below(r, 2))
            unit = (double)vouch_random_below(r, 2);
        point[d] = box->low[d] + unit * (box->high[d] - box->low[d]);
    }
}

static vouch_status replay(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                           const double *point, vouch_witness *witness)
{
    vouch_arena_mark mark = vouch_arena_get_mark(arena);
    vouch_status status =
        vouch_witness_check(ctx, arena, in->graph, in->spec, in->semantics, point, witness);
    vouch_arena_reset(arena, mark);
    return status;
}

/* One round of points for one box. */
static vouch_status round_of(vouch_context *ctx, vouch_arena *arena,
                             const vouch_search_input *in, vouch_engine_worker *worker, int box,
                             int count, vouch_random *r, double *points, bool *promising,
                             vouch_witness *witness)
{
    int64_t n = in->spec->input_size;
    for (int i = 0; i < count; i++)
        draw(&in->spec->box[box], n, r, i % 2 == 1, points + i * n);
    in->type->probe(worker, count, points, promising);
    for (int i = 0; i < count && !witness->found; i++)
        if (promising[i])
            VOUCH_TRY(replay(ctx, arena, in, points + i * n, witness));
    return VOUCH_OK;
}

static vouch_status sample_boxes(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_search_input *in, vouch_engine_worker *worker,
                                 int samples, vouch_witness *witness)
{
    int capacity = in->type->probe_capacity;
    double *points = VOUCH_NEW_ARRAY(arena, double, capacity * in->spec->input_size);
    bool *promising = VOUCH_NEW_ARRAY(arena, bool, capacity);
    if (!points || !promising)
        return VOUCH_ERR_MEMORY;
    int each = samples / (in->spec->box_count > 0 ? in->spec->box_count : 1) + 1;
    for (int b = 0; b < in->spec->box_count && !witness->found; b++) {
        vouch_random r = vouch_random_stream(in->seed, "probe", (uint64_t)b);
        for (int left = in->spec->box[b].empty ? 0 : each; left > 0 && !witness->found;) {
            int here = left < capacity ? left : capacity;
            VOUCH_TRY(
                round_of(ctx, arena, in, worker, b, here, &r, points, promising, witness));
            left -= here;
        }
    }
    return VOUCH_OK;
}

vouch_status vouch_probe(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                         int samples, vouch_witness *witness)
{
    vouch_engine *engine;
    vouch_engine_worker *worker = NULL;
    VOUCH_TRY(in->type->open(ctx, in->task, &in->engine, &engine));
    if (!engine)
        return VOUCH_OK;
    vouch_arena_mark mark = vouch_arena_get_mark(arena);
    vouch_status status = in->type->worker_new(ctx, engine, &worker);
    if (!status)
        status = sample_boxes(ctx, arena, in, worker, samples, witness);
    if (worker)
        in->type->worker_free(ctx, worker);
    in->type->close(ctx, engine);
    vouch_arena_reset(arena, mark);
    return status;
}
