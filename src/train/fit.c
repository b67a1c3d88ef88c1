/* The training loop (fit.h). Threads start once; barriers part the phases of a step: gradients of
 * the chunks, the optimiser on slices of the parameters, what derives from parameters. */
#include <math.h>

#include "base/clock.h"
#include "base/workers.h"
#include "train/fit_priv.h"

/* ---- setting up ------------------------------------------------------------------------------ */

/* An even number, that two threads have the same to do; of the batch's size alone. */
static int64_t chunks_of(int64_t batch)
{
    const int64_t pairs = (batch + 2 * VOUCH_FIT_CHUNK - 1) / (2 * VOUCH_FIT_CHUNK);
    return 2 * pairs;
}

static vouch_status new_desk(fit *f, fit_desk *d)
{
    const int64_t inputs = vouch_net_inputs(f->net), classes = vouch_net_outputs(f->net);
    d->x = VOUCH_NEW_ARRAY(f->arena, float, f->capacity *inputs);
    d->out = VOUCH_NEW_ARRAY(f->arena, float, f->rows *inputs);
    d->d_x = VOUCH_NEW_ARRAY(f->arena, float, f->rows *inputs);
    d->y = VOUCH_NEW_ARRAY(f->arena, float, f->rows *classes);
    d->d_y = VOUCH_NEW_ARRAY(f->arena, float, f->rows *classes);
    d->label = VOUCH_NEW_ARRAY(f->arena, int, f->capacity);
    d->name = VOUCH_NEW_ARRAY(f->arena, uint64_t, f->capacity);
    d->spare = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net));
    d->sum = VOUCH_NEW_ARRAY(f->arena, float, VOUCH_FIT_SLICE);
    if (!d->x || !d->out || !d->d_x || !d->y || !d->d_y || !d->label || !d->name || !d->spare ||
        !d->sum)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_tape_new(f->ctx, f->arena, f->net, f->rows, &d->tape));
    vouch_tape_train(d->tape, true);
    for (int t = 0; t < f->s->term_count; t++) {
        const vouch_loss_place place = {.ctx = f->ctx,
                                        .arena = f->arena,
                                        .net = f->net,
                                        .tape = d->tape,
                                        .settings = f->s->term[t].settings,
                                        .capacity = f->capacity};
        if (f->s->term[t].loss->prepare)
            VOUCH_TRY(f->s->term[t].loss->prepare(&place, &d->scratch[t]));
    }
    return VOUCH_OK;
}

/* Where each term's sums go; how many rows a pass may have. */
static vouch_status lay_out_terms(fit *f)
{
    f->parts = 1;
    f->rows = f->capacity;
    for (int t = 0; t < f->s->term_count; t++) {
        const vouch_loss *loss = f->s->term[t].loss;
        f->first_part[t] = loss->mix ? f->parts : 0;
        if (loss->mix)
            f->parts += loss->parts > 0 ? loss->parts : 1;
        if (f->rows < f->capacity * loss->rows)
            f->rows = f->capacity * loss->rows;
        if (!(f->state[t] = vouch_arena_alloc(f->arena, loss->state_size + 1)))
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

static vouch_status new_chunk(fit *f, fit_chunk *c)
{
    c->statistics = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_statistics(f->net) + 1);
    if (!c->statistics)
        return VOUCH_ERR_MEMORY;
    for (int p = 0; p < f->parts; p++) {
        c->part[p].gradient = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net));
        if (!c->part[p].gradient)
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

static vouch_status set_up(fit *f)
{
    f->batches = (f->data->count + f->s->batch - 1) / f->s->batch;
    f->chunk_count = chunks_of(f->s->batch);
    f->capacity = (f->s->batch + f->chunk_count - 1) / f->chunk_count;
    f->order = VOUCH_NEW_ARRAY(f->arena, int64_t, f->data->count);
    f->chunk = VOUCH_NEW_ARRAY(f->arena, fit_chunk, f->chunk_count);
    f->desk = VOUCH_NEW_ARRAY(f->arena, fit_desk, f->s->threads);
    f->statistics = VOUCH_NEW_ARRAY(f->arena, const float *, f->chunk_count);
    f->samples = VOUCH_NEW_ARRAY(f->arena, int64_t, f->chunk_count);
    if (!f->order || !f->chunk || !f->desk || !f->statistics || !f->samples)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < f->data->count; i++)
        f->order[i] = i;
    VOUCH_TRY(lay_out_terms(f));
    for (int64_t c = 0; c < f->chunk_count; c++) {
        VOUCH_TRY(new_chunk(f, &f->chunk[c]));
        f->statistics[c] = f->chunk[c].statistics;
    }
    for (int m = 0; m < f->s->optimiser->moments; m++)
        if (!(f->moment[m] = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net))))
            return VOUCH_ERR_MEMORY;
    for (int w = 0; w < f->s->threads; w++)
        VOUCH_TRY(new_desk(f, &f->desk[w]));
    return VOUCH_OK;
}

/* ---- a batch --------------------------------------------------------------------------------- */

static void do_batch(fit *f, int worker, int64_t batch)
{
    fit_desk *d = &f->desk[worker];
    const int64_t first = batch * f->s->batch, left = f->data->count - first;
    const int64_t count = left < f->s->batch ? left : f->s->batch;
    for (int64_t c = worker; c < f->chunk_count; c += f->s->threads)
        vouch_fit_do_chunk(f, d, c, first, count);
    (void)pthread_barrier_wait(&f->barrier);
    if (worker == 0) {
        vouch_fit_mix(f, count);
        vouch_fit_absorb(f, count);
        f->cancelled = vouch_context_stopped(f->ctx);
    }
    (void)pthread_barrier_wait(&f->barrier);
    vouch_fit_do_slices(f, d, worker);
    (void)pthread_barrier_wait(&f->barrier);
    vouch_net_refresh(f->net, worker, f->s->threads);
    if (worker == 0)
        f->step++;
    (void)pthread_barrier_wait(&f->barrier);
}

/* ---- epochs ---------------------------------------------------------------------------------- */

static void begin_epoch(fit *f)
{
    vouch_random r = vouch_random_stream(f->s->seed, "shuffle", (uint64_t)f->epoch);
    for (int64_t i = f->data->count - 1; i > 0; i--) {
        const int64_t j = (int64_t)vouch_random_below(&r, (uint64_t)i + 1);
        const int64_t swap = f->order[i];
        f->order[i] = f->order[j];
        f->order[j] = swap;
    }
    f->loss = 0;
    f->hits = 0;
    f->began_s = vouch_wall_s();
}

static void end_epoch(fit *f)
{
    const double count = (double)f->data->count;
    const vouch_fit_progress progress = {.epoch = f->epoch,
                                         .loss = f->loss / count,
                                         .accuracy = (double)f->hits / count,
                                         .rate = vouch_fit_rate(f, f->step - 1),
                                         .seconds = vouch_wall_s() - f->began_s};
    if (f->cancelled)
        f->status =
            vouch_fail(f->ctx, VOUCH_ERR_CANCELLED, "training: stopped in epoch %d", f->epoch);
    else if (!isfinite(f->loss))
        f->status = vouch_fail(f->ctx, VOUCH_ERR_VALUE,
                               "training: the loss is no number any more in epoch %d; a lower "
                               "learning rate may help",
                               f->epoch);
    else if (f->report)
        f->stop = !f->report(f->user, &progress);
    f->stop |= f->status != VOUCH_OK || f->epoch == f->s->epochs;
}

static vouch_status work(vouch_context *ctx, void *shared, int worker)
{
    fit *f = shared;
    (void)ctx;
    for (bool stop = false; !stop;) {
        if (worker == 0) {
            f->epoch++;
            begin_epoch(f);
        }
        (void)pthread_barrier_wait(&f->barrier);
        for (int64_t b = 0; b < f->batches && !f->cancelled; b++)
            do_batch(f, worker, b);
        if (worker == 0)
            end_epoch(f);
        (void)pthread_barrier_wait(&f->barrier);
        stop = f->stop;
    }
    return VOUCH_OK;
}

static vouch_status check(vouch_context *ctx, const vouch_net *net, const vouch_fit_data *data,
                          const vouch_fit_settings *s)
{
    if (data->count < 1 || s->term_count < 1 || s->epochs < 1 || s->batch < 1 || s->threads < 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "training: samples, epochs, batch and threads must be at least 1");
    if (data->inputs != vouch_net_inputs(net))
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "training: samples have %lld features, the network %lld inputs",
                          (long long)data->inputs, (long long)vouch_net_inputs(net));
    for (int64_t i = 0; i < data->count; i++)
        if (data->label[i] < 0 || data->label[i] >= vouch_net_outputs(net))
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                              "training: label %d of sample %lld, the network has %lld outputs",
                              data->label[i], (long long)i, (long long)vouch_net_outputs(net));
    return VOUCH_OK;
}

vouch_status vouch_fit_run(vouch_context *ctx, vouch_net *net, const vouch_fit_data *data,
                           const vouch_fit_settings *settings, vouch_fit_report *report,
                           void *user)
{
    fit f = {
        .ctx = ctx, .net = net, .data = data, .s = settings, .report = report, .user = user};
    VOUCH_TRY(check(ctx, net, data, settings));
    f.arena = vouch_arena_new(ctx);
    if (!f.arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = set_up(&f);
    if (status == VOUCH_OK &&
        pthread_barrier_init(&f.barrier, NULL, (unsigned)settings->threads) == 0) {
        status = vouch_workers_run(ctx, settings->threads, work, &f);
        pthread_barrier_destroy(&f.barrier);
    }
    vouch_arena_free(f.arena);
    return status ? status : f.status;
}
