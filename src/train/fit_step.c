/* From the chunks of a batch to a step: losses, the sum of gradients, the optimiser, averages. */
#include <math.h>
#include <string.h>

#include "train/fit_priv.h"

double vouch_fit_rate(const fit *f, int64_t step)
{
    const double done = (double)step / (double)(f->batches * f->s->epochs);
    const double warm = f->s->warmup * (double)f->batches;
    const double risen = (double)(step + 1) < warm ? (double)(step + 1) / warm : 1;
    return f->s->rate * f->s->schedule->share(done, &f->s->shape) * risen;
}

double vouch_fit_ramp(const fit *f)
{
    return vouch_ramp_value(&f->s->ramp, (double)f->step / (double)f->batches);
}

void vouch_fit_mix(fit *f, int64_t count)
{
    double mean[VOUCH_FIT_PARTS] = {0};
    for (int64_t c = 0; c < f->chunk_count; c++) {
        for (int p = 0; p < f->parts; p++)
            mean[p] += f->chunk[c].part[p].loss;
        f->hits += f->chunk[c].hits;
        if (f->chunk[c].certified >= 0)
            f->certified = (f->certified > 0 ? f->certified : 0) + f->chunk[c].certified;
    }
    f->loss += mean[0];
    for (int p = 1; p < f->parts; p++)
        mean[p] /= (double)count;
    for (int t = 0; t < f->s->term_count; t++) {
        const int at = f->first_part[t];
        vouch_loss_mix mix = {.settings = f->s->term[t].settings,
                              .state = f->state[t],
                              .ramp = vouch_fit_ramp(f),
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
                                                 .samples = f->samples,
                                                 .batch = f->s->batch < f->data->count
                                                              ? f->s->batch
                                                              : f->data->count});
}

/* ---- slices of the parameters ---------------------------------------------------------------- */

/* Parameters that are 0 stay so: the layout's filling is. */
void vouch_fit_blur(const fit *f, int worker)
{
    float *w = vouch_net_parameters(f->net);
    const uint64_t slices = (uint64_t)(vouch_net_size(f->net) / VOUCH_FIT_SLICE + 1);
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    {
        vouch_random r = vouch_random_stream(
            f->s->seed, "blur", (uint64_t)f->step * slices + (uint64_t)(at / VOUCH_FIT_SLICE));
        memcpy(f->kept + at, w + at, (size_t)count * sizeof *w);
        for (int64_t i = at; i < at + count; i++)
            if (w[i] != 0)
                w[i] += (float)(f->s->blur * vouch_random_normal(&r));
    }
}

/* Chunks' gradients, times their weights, into that of the first chunk. */
static void add_up(const fit *f, int64_t at, int64_t count)
{
    float *restrict sum = f->chunk[0].part[0].gradient + at;
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

/* Decay and L1 are for weights: biases, scales and shifts say where and how large, not how
 * intricate a network is. Stretches of one kind within a slice. */
static int64_t stretch_end(const fit *f, int64_t at, int64_t most, bool *weights)
{
    const int64_t end = vouch_net_stretch_end(f->net, at, weights);
    return end < most ? end : most;
}

static void add_l1(const float *restrict w, int64_t count, float l1, float *restrict g)
{
    for (int64_t i = 0; i < count; i++)
        g[i] += w[i] > 0 ? l1 : w[i] < 0 ? -l1 : 0;
}

void vouch_fit_sum(const fit *f, int worker)
{
    const float *w = f->kept ? f->kept : vouch_net_parameters(f->net);
    float *g = f->chunk[0].part[0].gradient;
    const float l1 = (float)f->s->l1;
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    {
        double square = 0;
        add_up(f, at, count);
        for (int64_t i = at, end; l1 > 0 && i < at + count; i = end) {
            bool weights;
            end = stretch_end(f, i, at + count, &weights);
            if (weights)
                add_l1(w + i, end - i, l1, g + i);
        }
        for (int64_t i = at > f->s->frozen ? at : f->s->frozen;
             f->s->clip > 0 && i < at + count; i++) /* of what moves */
            square += (double)g[i] * (double)g[i];
        f->square[at / VOUCH_FIT_SLICE] = square;
    }
}

/* What brings the gradient's norm to at most `clip`; slices are added in order. */
static float clip_factor(const fit *f)
{
    double square = 0;
    for (int64_t at = 0; f->s->clip > 0 && at < vouch_net_size(f->net); at += VOUCH_FIT_SLICE)
        square += f->square[at / VOUCH_FIT_SLICE];
    return square > f->s->clip * f->s->clip ? (float)(f->s->clip / sqrt(square)) : 1;
}

static void step_stretch(const fit *f, vouch_optimiser_step *s, int64_t at, int64_t count)
{
    s->count = count;
    s->parameter = vouch_net_parameters(f->net) + at;
    s->gradient = f->chunk[0].part[0].gradient + at;
    for (int m = 0; m < f->s->optimiser->moments; m++)
        s->moment[m] = f->moment[m] + at;
    f->s->optimiser->step(s);
}

void vouch_fit_take_step(const fit *f, int worker)
{
    float *w = vouch_net_parameters(f->net), *g = f->chunk[0].part[0].gradient;
    const float factor = clip_factor(f);
    vouch_optimiser_step s = {.time = f->step + 1,
                              .rate = (float)vouch_fit_rate(f, f->step),
                              .momentum = (float)f->s->momentum};
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    {
        const int64_t frozen = f->s->frozen - at;
        const int64_t from = at + (frozen < 0 ? 0 : frozen < count ? frozen : count);
        if (f->kept)
            memcpy(w + at, f->kept + at, (size_t)count * sizeof *w);
        for (int64_t i = from; factor < 1 && i < at + count; i++)
            g[i] *= factor;
        for (int64_t i = from, end; i < at + count; i = end) {
            bool weights;
            end = stretch_end(f, i, at + count, &weights);
            s.decay = weights ? (float)f->s->decay : 0;
            step_stretch(f, &s, i, end - i);
        }
    }
}

void vouch_fit_average(const fit *f, int worker)
{
    const float *restrict w = vouch_net_parameters(f->net);
    float *restrict average = f->average;
    const float share = (float)f->s->average->share(f->s->average_decay, f->taken);
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    {
        if (f->taken == 0)
            memcpy(average + at, w + at, (size_t)count * sizeof *w);
        for (int64_t i = at; i < at + count; i++)
            average[i] += share * (w[i] - average[i]);
    }
}

void vouch_fit_exchange(const fit *f, int worker, float *array)
{
    float *w = vouch_net_parameters(f->net);
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    for (int64_t i = at; i < at + count; i++) {
        const float swap = w[i];
        w[i] = array[i];
        array[i] = swap;
    }
}

void vouch_fit_copy(const fit *f, int worker, float *to)
{
    const float *w = vouch_net_parameters(f->net);
    VOUCH_FIT_EACH_SLICE(f, worker, at, count)
    memcpy(to + at, w + at, (size_t)count * sizeof *w);
}
