/* The samples of a chunk: gathered, their targets, augmented. */
#include <string.h>

#include "train/fit_priv.h"

bool vouch_fit_has_targets(const vouch_fit_settings *s)
{
    bool mixes = s->smoothing > 0;
    for (int a = 0; a < s->augment_count; a++)
        mixes |= s->augment[a].augment->mixes;
    return mixes;
}

vouch_status vouch_fit_check_samples(vouch_context *ctx, const vouch_fit_data *data,
                                     const vouch_fit_settings *s)
{
    const bool images = s->height > 1 && s->channels * s->height * s->width == data->inputs;
    for (int a = 0; a < s->augment_count; a++)
        if (s->augment[a].augment->images && !images)
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                              "training: augmentation '%s' is for images",
                              s->augment[a].augment->name);
    return VOUCH_OK;
}

static void set_targets(const fit *f, const fit_desk *d, int64_t count)
{
    const int64_t classes = vouch_net_outputs(f->net);
    const float each = (float)(f->s->smoothing / (double)classes);
    for (int64_t i = 0; i < count; i++) {
        float *target = d->target + i * classes;
        for (int64_t j = 0; j < classes; j++)
            target[j] = each;
        target[d->label[i]] += (float)(1 - f->s->smoothing);
    }
}

static void augment(const fit *f, const fit_desk *d, int64_t count)
{
    vouch_augment_job job = {.count = count,
                             .inputs = f->data->inputs,
                             .classes = vouch_net_outputs(f->net),
                             .channels = f->s->channels,
                             .height = f->s->height,
                             .width = f->s->width,
                             .x = d->x,
                             .target = d->target,
                             .sample = d->name,
                             .seed = f->s->seed,
                             .spare = d->spare + vouch_net_size(f->net)};
    for (int a = 0; a < f->s->augment_count; a++) {
        job.settings = f->s->augment[a].settings;
        f->s->augment[a].augment->run(&job);
    }
}

void vouch_fit_gather(const fit *f, fit_desk *d, int64_t from, int64_t to)
{
    const size_t inputs = (size_t)f->data->inputs;
    for (int64_t i = from; i < to; i++) {
        const int64_t sample = f->order[i];
        memcpy(d->x + (size_t)(i - from) * inputs, f->data->x + (size_t)sample * inputs,
               inputs * sizeof(float));
        d->label[i - from] = f->data->label[sample];
        d->name[i - from] = (uint64_t)f->epoch * (uint64_t)f->data->count + (uint64_t)sample;
    }
    if (d->target)
        set_targets(f, d, to - from);
    augment(f, d, to - from);
}
