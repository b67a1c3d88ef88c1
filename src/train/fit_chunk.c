/* What a thread does with one chunk of a batch: its samples, then the terms of the loss. */
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

static void begin(const fit *f, fit_chunk *out)
{
    for (int p = 0; p < f->parts; p++) {
        out->part[p].loss = 0;
        out->part[p].begun = false;
    }
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
            job.hits = t == 0 ? &out->hits : &ignored[0];
            job.certified = t == 0 ? &out->certified : &ignored[1];
            f->s->term[t].loss->run(&job);
        }
        memcpy(out->statistics, vouch_tape_statistics(d->tape),
               (size_t)vouch_net_statistics(f->net) * sizeof *out->statistics);
    }
    finish(f, out);
}
