/* Statistics of batch normalisations for parameters that no pass has been made with: averages by
 * epochs (fit_priv.h). A mean of networks has activations of its own; those of its last member are
 * not theirs [Izmailov et al. 2018]. So one pass over the samples, in the epoch's order and in
 * training mode, measures them anew, chunk by chunk; their sum over the chunks goes in order. */
#include <string.h>

#include "train/fit_priv.h"

vouch_status vouch_fit_new_measure(fit *f)
{
    const int64_t size = vouch_net_statistics(f->net);
    fit_measure *m = &f->measure;
    if (size == 0 || !f->s->average || !f->s->average->epochs)
        return VOUCH_OK;
    const int64_t passes = (f->data->count + f->capacity - 1) / f->capacity;
    float *all = VOUCH_NEW_ARRAY(f->arena, float, passes *size);
    m->statistics = VOUCH_NEW_ARRAY(f->arena, const float *, passes);
    m->samples = VOUCH_NEW_ARRAY(f->arena, int64_t, passes);
    m->kept = VOUCH_NEW_ARRAY(f->arena, float, size);
    if (!all || !m->statistics || !m->samples || !m->kept)
        return VOUCH_ERR_MEMORY;
    for (int64_t p = 0; p < passes; p++) {
        const int64_t left = f->data->count - p * f->capacity;
        m->statistics[p] = all + p * size;
        m->samples[p] = left < f->capacity ? left : f->capacity;
    }
    m->all = all;
    m->passes = passes;
    return VOUCH_OK;
}

void vouch_fit_measure(const fit *f, fit_desk *d, int worker)
{
    const fit_measure *m = &f->measure;
    const int64_t size = vouch_net_statistics(f->net);
    for (int64_t p = worker; p < m->passes; p += f->s->threads) {
        const int64_t first = p * f->capacity;
        vouch_fit_gather(f, d, first, first + m->samples[p]);
        vouch_tape_name(d->tape, f->s->seed, m->samples[p], d->name);
        vouch_tape_forward(d->tape, m->samples[p], d->x, d->y);
        memcpy(m->all + p * size, vouch_tape_statistics(d->tape),
               (size_t)size * sizeof *m->all);
    }
}

void vouch_fit_set_measured(const fit *f)
{
    const fit_measure *m = &f->measure;
    float *running = vouch_net_running(f->net);
    if (m->passes == 0)
        return;
    memcpy(m->kept, running, (size_t)vouch_net_statistics(f->net) * sizeof *running);
    vouch_net_absorb(f->net, &(vouch_net_passes){.count = m->passes,
                                                 .statistics = m->statistics,
                                                 .samples = m->samples,
                                                 .anew = true});
}

void vouch_fit_unset_measured(const fit *f)
{
    const fit_measure *m = &f->measure;
    if (m->passes > 0)
        memcpy(vouch_net_running(f->net), m->kept,
               (size_t)vouch_net_statistics(f->net) * sizeof *m->kept);
}
