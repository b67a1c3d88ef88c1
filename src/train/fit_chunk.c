/* What a thread does with one chunk of a batch: gathers its samples, runs the terms. */
#include <string.h>

#include "train/fit_priv.h"

/* Samples [from, to) of the epoch's order onto the desk. */
static void gather(const fit *f, fit_desk *d, int64_t from, int64_t to)
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

static vouch_loss_job job_of(const fit *f, fit_desk *d, int64_t count, float scale)
{
    return (vouch_loss_job){.net = f->net,
                            .tape = d->tape,
                            .count = count,
                            .inputs = f->data->inputs,
                            .classes = vouch_net_outputs(f->net),
                            .x = d->x,
                            .label = d->label,
                            .sample = d->name,
                            .seed = f->s->seed,
                            .scale = scale,
                            .low = (float)f->s->low,
                            .high = (float)f->s->high,
                            .eps = (float)f->s->eps,
                            .eps_most = (float)f->s->eps,
                            .ramp = 1,
                            .y = d->y,
                            .d_y = d->d_y,
                            .d_x = d->d_x,
                            .out = d->out,
                            .spare = d->spare};
}

static void begin(const fit *f, fit_chunk *out)
{
    for (int p = 0; p < f->parts; p++) {
        out->part[p].loss = 0;
        out->part[p].begun = false;
    }
    out->hits = 0;
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
        gather(f, d, from, to);
        vouch_loss_job job = job_of(f, d, to - from, 1.0F / (float)count);
        for (int t = 0; t < f->s->term_count; t++) {
            int64_t ignored = 0;
            job.settings = f->s->term[t].settings;
            job.state = f->state[t];
            job.scratch = d->scratch[t];
            job.part = out->part + f->first_part[t];
            job.hits = t == 0 ? &out->hits : &ignored;
            f->s->term[t].loss->run(&job);
        }
        memcpy(out->statistics, vouch_tape_statistics(d->tape),
               (size_t)vouch_net_statistics(f->net) * sizeof *out->statistics);
    }
    finish(f, out);
}
