/* How many samples a net classifies as labelled, by threads. */
#include <string.h>

#include "base/workers.h"
#include "train/entropy.h"
#include "train/fit_priv.h"

typedef struct count {
    const vouch_net *net;
    const vouch_fit_data *data;
    int threads;
    int64_t *hits; /* [threads] */
} count;

static vouch_status count_some(vouch_context *ctx, void *shared, int worker)
{
    const count *c = shared;
    const int64_t classes = vouch_net_outputs(c->net);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_tape *tape = NULL;
    float *y = arena ? VOUCH_NEW_ARRAY(arena, float, VOUCH_FIT_CHUNK *classes) : NULL;
    vouch_status status =
        y ? vouch_tape_new(ctx, arena, c->net, VOUCH_FIT_CHUNK, &tape) : VOUCH_ERR_MEMORY;
    for (int64_t at = (int64_t)worker * VOUCH_FIT_CHUNK; !status && at < c->data->count;
         at += (int64_t)c->threads * VOUCH_FIT_CHUNK) {
        const int64_t n =
            c->data->count - at < VOUCH_FIT_CHUNK ? c->data->count - at : VOUCH_FIT_CHUNK;
        int64_t hits = 0;
        vouch_tape_forward(tape, n, c->data->x + at * c->data->inputs, y);
        const vouch_aim_at aim = {.count = n, .classes = classes, .label = c->data->label + at};
        (void)vouch_entropy_cross(&aim, y, 1, NULL, &hits);
        c->hits[worker] += hits;
    }
    vouch_arena_free(arena);
    return status;
}

vouch_status vouch_fit_count_hits(vouch_context *ctx, const vouch_net *net,
                                  const vouch_fit_data *data, int threads, int64_t *hits)
{
    count c = {.net = net, .data = data, .threads = threads};
    *hits = 0;
    c.hits = vouch_alloc(ctx, (size_t)threads * sizeof *c.hits);
    if (!c.hits)
        return VOUCH_ERR_MEMORY;
    memset(c.hits, 0, (size_t)threads * sizeof *c.hits);
    const vouch_status status = vouch_workers_run(ctx, threads, count_some, &c);
    for (int w = 0; w < threads; w++)
        *hits += c.hits[w];
    vouch_release(ctx, c.hits);
    return status;
}
