/* From the chunks of a batch to a step: losses, the sum of gradients, the optimiser. */
#include <string.h>

#include "train/fit_priv.h"

double vouch_fit_rate(const fit *f, int64_t step)
{
    const double done = (double)step / (double)(f->batches * f->s->epochs);
    return f->s->rate * f->s->schedule->share(done);
}

void vouch_fit_mix(fit *f, int64_t count)
{
    double mean[VOUCH_FIT_PARTS] = {0};
    for (int64_t c = 0; c < f->chunk_count; c++) {
        for (int p = 0; p < f->parts; p++)
            mean[p] += f->chunk[c].part[p].loss;
        f->hits += f->chunk[c].hits;
    }
    f->loss += mean[0];
    for (int p = 1; p < f->parts; p++)
        mean[p] /= (double)count;
    for (int t = 0; t < f->s->term_count; t++) {
        const int at = f->first_part[t];
        vouch_loss_mix mix = {.settings = f->s->term[t].settings,
                              .state = f->state[t],
                              .ramp = 1,
                              .mean = mean + at,
                              .weight = f->weight + at};
        if (!f->s->term[t].loss->mix)
            continue;
        f->s->term[t].loss->mix(&mix);
        f->loss += mix.loss * (double)count;
    }
}

void vouch_fit_absorb(const fit *f, int64_t count)
{
    for (int64_t c = 0; c < f->chunk_count; c++)
        f->samples[c] = count * (c + 1) / f->chunk_count - count * c / f->chunk_count;
    vouch_net_absorb(f->net, &(vouch_net_passes){.count = f->chunk_count,
                                                 .statistics = f->statistics,
                                                 .samples = f->samples});
}

/* sum[0..count) <- the chunks' gradients from `at` on, times their weights. */
static void add_up(const fit *f, float *restrict sum, int64_t at, int64_t count)
{
    memcpy(sum, f->chunk[0].part[0].gradient + at, (size_t)count * sizeof *sum);
    for (int64_t c = 1; c < f->chunk_count; c++) {
        const float *restrict g = f->chunk[c].part[0].gradient + at;
        for (int64_t i = 0; i < count; i++)
            sum[i] += g[i];
    }
    for (int p = 1; p < f->parts; p++)
        for (int64_t c = 0; c < f->chunk_count; c++) {
            const float *restrict g = f->chunk[c].part[p].gradient + at;
            const float weight = (float)f->weight[p];
            for (int64_t i = 0; i < count; i++)
                sum[i] += weight * g[i];
        }
}

void vouch_fit_do_slices(const fit *f, const fit_desk *d, int worker)
{
    const int64_t size = vouch_net_size(f->net), stride = VOUCH_FIT_SLICE * f->s->threads;
    vouch_optimiser_step s = {.time = f->step + 1,
                              .rate = (float)vouch_fit_rate(f, f->step),
                              .momentum = (float)f->s->momentum,
                              .decay = (float)f->s->decay,
                              .gradient = d->sum};
    for (int64_t at = (int64_t)worker * VOUCH_FIT_SLICE; at < size; at += stride) {
        s.count = size - at < VOUCH_FIT_SLICE ? size - at : VOUCH_FIT_SLICE;
        add_up(f, d->sum, at, s.count);
        s.parameter = vouch_net_parameters(f->net) + at;
        for (int m = 0; m < f->s->optimiser->moments; m++)
            s.moment[m] = f->moment[m] + at;
        f->s->optimiser->step(&s);
    }
}
