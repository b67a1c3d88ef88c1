/* The training loop (fit.h). Threads start once; barriers part the phases of a step: gradients of
 * the chunks, the optimiser on slices of the parameters, what derives from parameters. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
    d->spare = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net) + inputs + classes);
    if (vouch_fit_has_targets(f->s) &&
        !(d->target = VOUCH_NEW_ARRAY(f->arena, float, f->capacity *classes)))
        return VOUCH_ERR_MEMORY;
    if (!d->x || !d->out || !d->d_x || !d->y || !d->d_y || !d->label || !d->name || !d->spare)
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
    for (int t = 0; t < f->s->term_count; t++) {
        const vouch_loss *loss = f->s->term[t].loss;
        if (loss->sums && !(c->sum[t] = VOUCH_NEW_ARRAY(f->arena, float, loss->sums(f->net))))
            return VOUCH_ERR_MEMORY;
    }
    for (int p = 0; p < f->parts; p++) {
        c->part[p].gradient = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net));
        if (!c->part[p].gradient)
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

/* An array beside the parameters, where it is wanted. */
static vouch_status new_array(const fit *f, bool wanted, float **array)
{
    if (wanted)
        *array = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net));
    return wanted && !*array ? VOUCH_ERR_MEMORY : VOUCH_OK;
}

static vouch_status new_arrays(fit *f)
{
    for (int m = 0; m < f->s->optimiser->moments; m++)
        VOUCH_TRY(new_array(f, true, &f->moment[m]));
    VOUCH_TRY(new_array(f, f->s->blur > 0, &f->kept));
    VOUCH_TRY(new_array(f, f->s->average && f->s->average->share, &f->average));
    VOUCH_TRY(new_array(f, f->s->validation, &f->best));
    f->best_running = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_statistics(f->net) + 1);
    if (!f->best_running)
        return VOUCH_ERR_MEMORY;
    f->square = VOUCH_NEW_ARRAY(f->arena, double, vouch_net_size(f->net) / VOUCH_FIT_SLICE + 1);
    return f->square ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status set_up(fit *f)
{
    f->batches = (f->data->count + f->s->batch - 1) / f->s->batch;
    f->chunk_count = chunks_of(f->s->batch);
    f->capacity = (f->s->batch + f->chunk_count - 1) / f->chunk_count;
    f->order = VOUCH_NEW_ARRAY(f->arena, int64_t, f->data->count);
    f->chunk = VOUCH_NEW_ARRAY(f->arena, fit_chunk, f->chunk_count);
    f->desk = VOUCH_NEW_ARRAY(f->arena, fit_desk, f->s->threads);
    f->log = VOUCH_NEW_ARRAY(f->arena, vouch_fit_progress, f->s->epochs);
    f->statistics = VOUCH_NEW_ARRAY(f->arena, const float *, f->chunk_count);
    f->samples = VOUCH_NEW_ARRAY(f->arena, int64_t, f->chunk_count);
    if (!f->statistics || !f->samples || !f->log || !f->order || !f->chunk || !f->desk)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < f->data->count; i++)
        f->order[i] = i;
    VOUCH_TRY(lay_out_terms(f));
    for (int64_t c = 0; c < f->chunk_count; c++) {
        VOUCH_TRY(new_chunk(f, &f->chunk[c]));
        f->statistics[c] = f->chunk[c].statistics;
    }
    VOUCH_TRY(new_arrays(f));
    VOUCH_TRY(vouch_fit_new_measure(f));
    for (int w = 0; w < f->s->threads; w++)
        VOUCH_TRY(new_desk(f, &f->desk[w]));
    return VOUCH_OK;
}

/* ---- a batch --------------------------------------------------------------------------------- */

static void wait(fit *f) { (void)pthread_barrier_wait(&f->barrier); }

/* What derives from parameters, after they have changed. */
static void refresh(fit *f, int worker)
{
    wait(f);
    vouch_net_refresh(f->net, worker, f->s->threads);
    wait(f);
}

static bool averages(const fit *f, bool epoch)
{
    return f->average && f->s->average->epochs == epoch &&
           (!epoch || (double)f->epoch > f->s->average_from);
}

static void do_chunks(fit *f, int worker, int64_t first, int64_t count)
{
    if (f->kept) {
        vouch_fit_blur(f, worker);
        refresh(f, worker);
    }
    for (int64_t c = worker; c < f->chunk_count; c += f->s->threads)
        vouch_fit_do_chunk(f, &f->desk[worker], c, first, count);
    wait(f);
    if (worker == 0) {
        vouch_fit_whole(f, count);
        vouch_fit_mix(f, count);
        vouch_fit_absorb(f, count);
        f->cancelled = !isfinite(f->loss) || vouch_context_stopped(f->ctx);
    }
    wait(f);
}

/* All samples of all epochs; the time that it will take stands for the limit. */
static void tell_progress(const fit *f)
{
    const double elapsed_s = vouch_wall_s() - f->started_s;
    const int64_t all = f->batches * f->s->epochs;
    const vouch_progress progress = {.phase = "samples",
                                     .elapsed_s = elapsed_s,
                                     .limit_s = elapsed_s * (double)(all - f->first_step) /
                                                (double)(f->step - f->first_step),
                                     .done =
                                         (uint64_t)((f->step - f->first_step) * f->s->batch),
                                     .open = (uint64_t)((all - f->step) * f->s->batch),
                                     .proved_share = (double)NAN};
    if (vouch_has_progress(f->ctx))
        vouch_report_progress(f->ctx, &progress);
}

static void do_batch(fit *f, int worker, int64_t batch)
{
    const int64_t first = batch * f->s->batch, left = f->data->count - first;
    const bool average = averages(f, false);
    do_chunks(f, worker, first, left < f->s->batch ? left : f->s->batch);
    vouch_fit_sum(f, worker);
    if (f->s->clip > 0)
        wait(f);
    vouch_fit_take_step(f, worker);
    if (average)
        vouch_fit_average(f, worker);
    refresh(f, worker);
    if (worker == 0) {
        f->step++;
        f->taken += average;
        tell_progress(f);
    }
    wait(f);
}

/* ---- epochs ---------------------------------------------------------------------------------- */

/* Each epoch shuffles the order of the one before. */
static void shuffle(const fit *f, int64_t epoch)
{
    vouch_random r = vouch_random_stream(f->s->seed, "shuffle", (uint64_t)epoch);
    for (int64_t i = f->data->count - 1; i > 0; i--) {
        const int64_t j = (int64_t)vouch_random_below(&r, (uint64_t)i + 1);
        const int64_t swap = f->order[i];
        f->order[i] = f->order[j];
        f->order[j] = swap;
    }
}

static void begin_epoch(fit *f)
{
    shuffle(f, f->epoch);
    f->loss = 0;
    f->hits = 0;
    f->certified = -1;
    f->better = false;
    f->score = (vouch_fit_score){-1, -1};
    f->began_s = vouch_wall_s();
}

/* Statistics of the average that the net now holds. */
static void measure(fit *f, int worker)
{
    vouch_fit_measure(f, &f->desk[worker], worker);
    wait(f);
    if (worker == 0)
        vouch_fit_set_measured(f);
    wait(f);
}

/* The score of what would be kept now; the best parameters are. */
static void validate(fit *f, int worker)
{
    float *average = f->taken > 0 ? f->average : NULL;
    if (average) {
        vouch_fit_exchange(f, worker, average);
        refresh(f, worker);
        measure(f, worker);
    }
    vouch_fit_validate(f, &f->desk[worker], worker);
    wait(f);
    if (worker == 0)
        f->better = vouch_fit_judge(f);
    if (worker == 0 && f->better)
        memcpy(f->best_running, vouch_net_running(f->net),
               (size_t)vouch_net_statistics(f->net) * sizeof *f->best_running);
    wait(f);
    if (f->better)
        vouch_fit_copy(f, worker, f->best);
    if (average) {
        wait(f);
        if (worker == 0)
            vouch_fit_unset_measured(f);
        vouch_fit_exchange(f, worker, average);
        refresh(f, worker);
    }
}

/* Patience counts from the end of the ramp. */
static bool is_patience_over(const fit *f)
{
    const double ramp = f->s->ramp.shape ? f->s->ramp.until : 0;
    const int64_t since = f->top_epoch > (int64_t)ramp ? f->top_epoch : (int64_t)ramp;
    return f->s->validation && f->s->patience > 0 && f->epoch - since >= f->s->patience;
}

/* The epoch's row of the log. */
static void note(fit *f)
{
    const double count = (double)f->data->count;
    f->log[f->epoch - 1] = (vouch_fit_progress){
        .epoch = f->epoch,
        .loss = f->loss / count,
        .accuracy = (double)f->hits / count,
        .certified = f->certified < 0 ? (double)NAN : (double)f->certified / count,
        .rate = vouch_fit_rate(f, f->step - 1),
        .eps = f->s->eps * vouch_fit_ramp(f),
        .seconds = vouch_wall_s() - f->began_s,
        .score = f->score,
        .best = f->better};
}

static void tell(fit *f)
{
    if (f->report)
        f->stop = !f->report(f->user, f->log, f->epoch);
}

/* Without leaving early: that is a few vectors at a time. */
static bool is_finite(const fit *f)
{
    const float *w = vouch_net_parameters(f->net);
    const int64_t size = vouch_net_size(f->net);
    int finite = isfinite(f->loss) != 0;
    for (int64_t i = 0; i < size; i++)
        finite &= fabsf(w[i]) <= FLT_MAX;
    return finite;
}

static bool is_over(const fit *f) { return f->epoch == f->s->epochs || is_patience_over(f); }

static void end_epoch(fit *f)
{
    const long long epoch = (long long)f->epoch;
    if (f->cancelled && isfinite(f->loss))
        f->status =
            vouch_fail(f->ctx, VOUCH_ERR_CANCELLED, "training: stopped in epoch %lld", epoch);
    else if (!is_finite(f))
        f->status =
            vouch_fail(f->ctx, VOUCH_ERR_VALUE,
                       "training: the loss is no number any more in epoch %lld; a lower "
                       "learning rate may help",
                       epoch);
    else
        note(f);
    if (!f->status && f->s->checkpoint)
        f->status = vouch_fit_save(f);
    if (!f->status)
        tell(f);
    f->stop |= f->status != VOUCH_OK || is_over(f);
}

static void do_epoch(fit *f, int worker)
{
    for (int64_t b = 0; b < f->batches && !f->cancelled; b++)
        do_batch(f, worker, b);
    if (f->cancelled)
        return;
    if (averages(f, true)) {
        vouch_fit_average(f, worker);
        wait(f);
        if (worker == 0)
            f->taken++;
        wait(f);
    }
    if (f->s->validation)
        validate(f, worker);
}

/* The parameters that are kept: the best ones, the average, or the last ones. */
static void keep(fit *f)
{
    const float *kept = f->top_epoch > 0 ? f->best : f->taken > 0 ? f->average : NULL;
    if (!kept)
        return;
    memcpy(vouch_net_parameters(f->net), kept, (size_t)vouch_net_size(f->net) * sizeof *kept);
    if (f->top_epoch > 0)
        memcpy(vouch_net_running(f->net), f->best_running,
               (size_t)vouch_net_statistics(f->net) * sizeof *kept);
    vouch_net_refresh(f->net, 0, 1);
}

static void end_training(fit *f, int worker)
{
    if (worker == 0)
        keep(f);
    wait(f);
    if (f->top_epoch == 0 && f->taken > 0)
        measure(f, worker);
}

static vouch_status work(vouch_context *ctx, void *shared, int worker)
{
    fit *f = shared;
    (void)ctx;
    for (bool stop = f->stop; !stop;) {
        if (worker == 0) {
            f->epoch++;
            begin_epoch(f);
        }
        wait(f);
        do_epoch(f, worker);
        wait(f);
        if (worker == 0)
            end_epoch(f);
        wait(f);
        stop = f->stop;
    }
    if (!f->status)
        end_training(f, worker);
    return VOUCH_OK;
}

static vouch_status check_data(vouch_context *ctx, const vouch_net *net,
                               const vouch_fit_data *data)
{
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

/* Every chunk of a whole batch has the samples that layers need. */
static vouch_status check_batch(vouch_context *ctx, const vouch_net *net, int64_t batch)
{
    const int64_t least = vouch_net_least_samples(net), asked = least * chunks_of(1);
    return batch / chunks_of(batch) >= least || least < 2
               ? VOUCH_OK
               : vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                            "training: batch normalisation of dense layers needs batches of at "
                            "least %lld samples, not %lld",
                            (long long)asked, (long long)batch);
}

static vouch_status check(vouch_context *ctx, const vouch_net *net, const vouch_fit_data *data,
                          const vouch_fit_settings *s)
{
    if (data->count < 1 || s->term_count < 1 || s->epochs < 1 || s->batch < 1 || s->threads < 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "training: samples, epochs, batch and threads must be at least 1");
    VOUCH_TRY(check_data(ctx, net, data));
    VOUCH_TRY(check_batch(ctx, net, s->batch < data->count ? s->batch : data->count));
    if (s->validation)
        VOUCH_TRY(check_data(ctx, net, s->validation));
    return vouch_fit_check_samples(ctx, data, s);
}

/* From a checkpoint, where there is one. */
static vouch_status go_on(fit *f)
{
    vouch_fit_identify(f);
    if (f->s->resume)
        VOUCH_TRY(vouch_fit_restore(f));
    for (int64_t e = 1; e <= f->epoch; e++)
        shuffle(f, e);
    if (f->epoch > 0)
        tell(f);
    f->stop |= f->epoch > 0 && is_over(f);
    return VOUCH_OK;
}

static vouch_status run(fit *f)
{
    VOUCH_TRY(set_up(f));
    if (f->s->checkpoint)
        VOUCH_TRY(go_on(f));
    if (pthread_barrier_init(&f->barrier, NULL, (unsigned)f->s->threads) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_MEMORY, "training: no barrier for %d threads",
                          f->s->threads);
    const vouch_status status = vouch_workers_run(f->ctx, f->s->threads, work, f);
    pthread_barrier_destroy(&f->barrier);
    return status ? status : f->status;
}

/* Where to go on from, before the error. */
static void tell_checkpoint(const fit *f)
{
    char text[512];
    if (f->saved == 0)
        return;
    snprintf(text, sizeof text, "%s holds epoch %lld, to go on with resume", f->s->checkpoint,
             (long long)f->saved);
    vouch_error_prefix(f->ctx, text);
}

vouch_status vouch_fit_run(vouch_context *ctx, vouch_net *net, const vouch_fit_data *data,
                           const vouch_fit_settings *settings, vouch_fit_report *report,
                           void *user)
{
    fit f = {.ctx = ctx,
             .net = net,
             .data = data,
             .s = settings,
             .report = report,
             .user = user,
             .started_s = vouch_wall_s()};
    VOUCH_TRY(check(ctx, net, data, settings));
    f.arena = vouch_arena_new(ctx);
    if (!f.arena)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = run(&f);
    if (status)
        tell_checkpoint(&f);
    vouch_arena_free(f.arena);
    return status;
}
