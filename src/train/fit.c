/* The training loop (fit.h). Threads start once; barriers part the phases of a step: gradients of
 * the chunks, the optimiser on slices of the parameters, what derives from parameters. */
#include "train/fit.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "train/loss.h"

enum { CHUNK = 64, SLICE = 1 << 14 };

/* What one chunk of the batch gives. */
typedef struct chunk {
    float *gradient; /* [size] */
    double loss;
    int64_t hits;
} chunk;

/* What one thread works on. */
typedef struct desk {
    vouch_tape *tape;
    float *x, *out, *d_x; /* [capacity][inputs] */
    float *y, *d_y;       /* [capacity][classes] */
    int *label;
    uint64_t *name; /* of the samples' random streams */
    float *sum;     /* [SLICE] */
} desk;

typedef struct fit {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_net *net;
    const vouch_fit_data *data;
    const vouch_fit_settings *s;
    vouch_fit_report *report;
    void *user;
    int64_t *order; /* [count] */
    int64_t batches, chunk_count, capacity;
    chunk *chunk;
    desk *desk; /* [threads] */
    float *moment[VOUCH_MOMENTS];
    pthread_barrier_t barrier;
    double loss, began_s;
    int64_t hits;
    int epoch;
    bool stop, cancelled;
    vouch_status status;
} fit;

/* ---- setting up ------------------------------------------------------------------------------ */

/* An even number, that two threads have the same to do; of the batch's size alone. */
static int64_t chunks_of(int64_t batch)
{
    const int64_t pairs = (batch + 2 * CHUNK - 1) / (2 * CHUNK);
    return 2 * pairs;
}

static vouch_status new_desk(fit *f, desk *d)
{
    const int64_t inputs = f->capacity * vouch_net_inputs(f->net);
    const int64_t classes = f->capacity * vouch_net_outputs(f->net);
    d->x = VOUCH_NEW_ARRAY(f->arena, float, inputs);
    d->out = VOUCH_NEW_ARRAY(f->arena, float, inputs);
    d->d_x = VOUCH_NEW_ARRAY(f->arena, float, inputs);
    d->y = VOUCH_NEW_ARRAY(f->arena, float, classes);
    d->d_y = VOUCH_NEW_ARRAY(f->arena, float, classes);
    d->label = VOUCH_NEW_ARRAY(f->arena, int, f->capacity);
    d->name = VOUCH_NEW_ARRAY(f->arena, uint64_t, f->capacity);
    d->sum = VOUCH_NEW_ARRAY(f->arena, float, SLICE);
    if (!d->x || !d->out || !d->d_x || !d->y || !d->d_y || !d->label || !d->name || !d->sum)
        return VOUCH_ERR_MEMORY;
    return vouch_tape_new(f->ctx, f->arena, f->net, f->capacity, &d->tape);
}

static vouch_status set_up(fit *f)
{
    const int64_t size = vouch_net_size(f->net);
    f->batches = (f->data->count + f->s->batch - 1) / f->s->batch;
    f->chunk_count = chunks_of(f->s->batch);
    f->capacity = (f->s->batch + f->chunk_count - 1) / f->chunk_count;
    f->order = VOUCH_NEW_ARRAY(f->arena, int64_t, f->data->count);
    f->chunk = VOUCH_NEW_ARRAY(f->arena, chunk, f->chunk_count);
    f->desk = VOUCH_NEW_ARRAY(f->arena, desk, f->s->threads);
    if (!f->order || !f->chunk || !f->desk)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < f->data->count; i++)
        f->order[i] = i;
    for (int64_t c = 0; c < f->chunk_count; c++)
        if (!(f->chunk[c].gradient = VOUCH_NEW_ARRAY(f->arena, float, size)))
            return VOUCH_ERR_MEMORY;
    for (int m = 0; m < f->s->optimiser->moments; m++)
        if (!(f->moment[m] = VOUCH_NEW_ARRAY(f->arena, float, size)))
            return VOUCH_ERR_MEMORY;
    for (int w = 0; w < f->s->threads; w++)
        VOUCH_TRY(new_desk(f, &f->desk[w]));
    return VOUCH_OK;
}

/* ---- a chunk --------------------------------------------------------------------------------- */

/* Samples [from, to) of the epoch's order onto the desk. */
static void gather(const fit *f, desk *d, int64_t from, int64_t to)
{
    const size_t inputs = (size_t)f->data->inputs;
    for (int64_t i = from; i < to; i++) {
        const int64_t sample = f->order[i];
        memcpy(d->x + (size_t)(i - from) * inputs, f->data->x + (size_t)sample * inputs,
               inputs * sizeof(float));
        d->label[i - from] = f->data->label[sample];
        d->name[i - from] = (uint64_t)f->epoch * (uint64_t)f->data->count + (uint64_t)sample;
    }
}

static const float *perturbed(const fit *f, const desk *d, int64_t count)
{
    const vouch_perturb_job job = {.tape = d->tape,
                                   .count = count,
                                   .inputs = f->data->inputs,
                                   .classes = vouch_net_outputs(f->net),
                                   .x = d->x,
                                   .label = d->label,
                                   .eps = (float)f->s->eps,
                                   .low = (float)f->s->low,
                                   .high = (float)f->s->high,
                                   .steps = f->s->steps,
                                   .seed = f->s->seed,
                                   .sample = d->name,
                                   .y = d->y,
                                   .d_y = d->d_y,
                                   .d_x = d->d_x,
                                   .out = d->out};
    if (!f->s->perturb)
        return d->x;
    f->s->perturb->run(&job);
    return d->out;
}

/* Chunk c of the batch that begins at `first` and has `count` samples. */
static void do_chunk(const fit *f, desk *d, int64_t c, int64_t first, int64_t count)
{
    chunk *out = &f->chunk[c];
    const int64_t from = first + count * c / f->chunk_count;
    const int64_t to = first + count * (c + 1) / f->chunk_count;
    if (from == to) {
        memset(out->gradient, 0, (size_t)vouch_net_size(f->net) * sizeof(float));
        out->loss = 0;
        out->hits = 0;
        return;
    }
    gather(f, d, from, to);
    const float *x = perturbed(f, d, to - from);
    vouch_tape_forward(d->tape, to - from, x, d->y);
    out->loss = vouch_loss_cross_entropy(to - from, vouch_net_outputs(f->net), d->y, d->label,
                                         1.0F / (float)count, d->d_y, &out->hits);
    vouch_tape_backward(d->tape, d->d_y, NULL, out->gradient);
}

/* ---- a step ---------------------------------------------------------------------------------- */

static vouch_optimiser_step step_of(const fit *f, int64_t step)
{
    const double done = (double)step / (double)(f->batches * f->s->epochs);
    return (vouch_optimiser_step){.time = step + 1,
                                  .rate = (float)(f->s->rate * f->s->schedule->share(done)),
                                  .momentum = (float)f->s->momentum,
                                  .decay = (float)f->s->decay};
}

/* Every threads-th slice of the parameters: sums the chunks' gradients, takes the step. */
static void do_slices(const fit *f, const desk *d, int worker, int64_t step)
{
    const int64_t size = vouch_net_size(f->net);
    vouch_optimiser_step s = step_of(f, step);
    s.gradient = d->sum;
    for (int64_t at = (int64_t)worker * SLICE; at < size;
         at += (int64_t)f->s->threads * SLICE) {
        s.count = size - at < SLICE ? size - at : SLICE;
        memcpy(d->sum, f->chunk[0].gradient + at, (size_t)s.count * sizeof(float));
        for (int64_t c = 1; c < f->chunk_count; c++) {
            float *restrict sum = d->sum;
            const float *restrict g = f->chunk[c].gradient + at;
            for (int64_t i = 0; i < s.count; i++)
                sum[i] += g[i];
        }
        s.parameter = vouch_net_parameters(f->net) + at;
        for (int m = 0; m < f->s->optimiser->moments; m++)
            s.moment[m] = f->moment[m] + at;
        f->s->optimiser->step(&s);
    }
}

static void do_batch(fit *f, int worker, int64_t batch)
{
    desk *d = &f->desk[worker];
    const int64_t first = batch * f->s->batch, left = f->data->count - first;
    const int64_t count = left < f->s->batch ? left : f->s->batch;
    for (int64_t c = worker; c < f->chunk_count; c += f->s->threads)
        do_chunk(f, d, c, first, count);
    (void)pthread_barrier_wait(&f->barrier);
    do_slices(f, d, worker, (int64_t)(f->epoch - 1) * f->batches + batch);
    for (int64_t c = 0; worker == 0 && c < f->chunk_count; c++) {
        f->loss += f->chunk[c].loss;
        f->hits += f->chunk[c].hits;
    }
    if (worker == 0)
        f->cancelled = vouch_context_stopped(f->ctx);
    (void)pthread_barrier_wait(&f->barrier);
    vouch_net_refresh(f->net, worker, f->s->threads);
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
    const vouch_fit_progress progress = {
        .epoch = f->epoch,
        .loss = f->loss / count,
        .accuracy = (double)f->hits / count,
        .rate = (double)step_of(f, (int64_t)f->epoch * f->batches - 1).rate,
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
    if (data->count < 1 || s->epochs < 1 || s->batch < 1 || s->threads < 1)
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

/* ---- counting -------------------------------------------------------------------------------- */

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
    float *y = arena ? VOUCH_NEW_ARRAY(arena, float, CHUNK *classes) : NULL;
    vouch_status status =
        y ? vouch_tape_new(ctx, arena, c->net, CHUNK, &tape) : VOUCH_ERR_MEMORY;
    for (int64_t at = (int64_t)worker * CHUNK; !status && at < c->data->count;
         at += (int64_t)c->threads * CHUNK) {
        const int64_t n = c->data->count - at < CHUNK ? c->data->count - at : CHUNK;
        int64_t hits = 0;
        vouch_tape_forward(tape, n, c->data->x + at * c->data->inputs, y);
        (void)vouch_loss_cross_entropy(n, classes, y, c->data->label + at, 1, NULL, &hits);
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
