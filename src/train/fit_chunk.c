/* What a thread does with one chunk of a batch: its samples, then the terms of the loss; and what
 * one does after all chunks, with the sums that terms have over the batch. */
#include <string.h>

#include "train/fit_priv.h"

vouch_loss_job vouch_fit_job(const fit *f, const fit_desk *d, int64_t count, float scale)
{
    const double ramp = vouch_fit_ramp(f);
    return (vouch_loss_job){.net = f->net,
                            .tape = d->tape,
                            .count = count,
                            .inputs = f->data->inputs,
                            .classes = vouch_net_outputs(f->net),
                            .x = d->x,
                            .label = d->label,
                            .target = d->target,
                            .sample = d->name,
                            .seed = f->s->seed,
                            .scale = scale,
                            .low = (float)f->s->low,
                            .high = (float)f->s->high,
                            .eps = (float)(ramp * f->s->eps),
                            .eps_most = (float)f->s->eps,
                            .ramp = ramp,
                            .features = f->s->features,
                            .y = d->y,
                            .d_y = d->d_y,
                            .d_x = d->d_x,
                            .out = d->out,
                            .spare = d->spare};
}

static size_t sum_bytes(const fit *f, int term)
{
    return (size_t)f->s->term[term].loss->sums(f->net) * sizeof(float);
}

static void begin(const fit *f, fit_chunk *out)
{
    for (int p = 0; p < f->parts; p++) {
        out->part[p].loss = 0;
        out->part[p].begun = false;
    }
    for (int t = 0; t < f->s->term_count; t++)
        if (out->sum[t])
            memset(out->sum[t], 0, sum_bytes(f, t));
    out->hits = 0;
    out->certified = -1;
}

/* Gradients that nobody gave are 0. */
static void finish(const fit *f, fit_chunk *out)
{
    const size_t bytes = (size_t)vouch_net_size(f->net) * sizeof(float);
    for (int p = 0; p < f->parts; p++)
        if (!out->part[p].begun)
            memset(out->part[p].gradient, 0, bytes);
}

void vouch_fit_do_chunk(const fit *f, fit_desk *d, int64_t c, int64_t first, int64_t count)
{
    fit_chunk *out = &f->chunk[c];
    const int64_t from = first + count * c / f->chunk_count;
    const int64_t to = first + count * (c + 1) / f->chunk_count;
    begin(f, out);
    if (from < to) {
        vouch_fit_gather(f, d, from, to);
        vouch_tape_name(d->tape, f->s->seed, to - from, d->name);
        vouch_loss_job job = vouch_fit_job(f, d, to - from, 1.0F / (float)count);
        for (int t = 0; t < f->s->term_count; t++) {
            int64_t ignored[2] = {0};
            job.settings = f->s->term[t].settings;
            job.state = f->state[t];
            job.scratch = d->scratch[t];
            job.part = out->part + f->first_part[t];
            job.sum = out->sum[t];
            job.hits = t == 0 ? &out->hits : &ignored[0];
            job.certified = t == 0 ? &out->certified : &ignored[1];
            f->s->term[t].loss->run(&job);
        }
        memcpy(out->statistics, vouch_tape_statistics(d->tape),
               (size_t)vouch_net_statistics(f->net) * sizeof *out->statistics);
    }
    finish(f, out);
}

/* Chunks' sums into those of the first one, in order. */
static const float *sum_up(const fit *f, int t)
{
    const int64_t size = f->s->term[t].loss->sums(f->net);
    float *restrict sum = f->chunk[0].sum[t];
    for (int64_t c = 1; c < f->chunk_count; c++) {
        const float *restrict more = f->chunk[c].sum[t];
        for (int64_t i = 0; i < size; i++)
            sum[i] += more[i];
    }
    return sum;
}

void vouch_fit_whole(const fit *f, int64_t count)
{
    vouch_loss_part *part = &f->chunk[0].part[0];
    for (int t = 0; t < f->s->term_count; t++) {
        const vouch_loss_term *term = &f->s->term[t];
        if (!term->loss->whole)
            continue;
        vouch_loss_whole w = {.settings = term->settings,
                              .state = f->state[t],
                              .scratch = f->desk[0].scratch[t],
                              .sum = sum_up(f, t),
                              .scale = 1.0F / (float)count,
                              .gradient = part->gradient};
        term->loss->whole(&w);
        part->loss += w.loss;
    }
}
