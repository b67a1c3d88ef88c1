/* Weights by rank (tail.h): losses of the chunk are sorted; the tail begins share x count from the
 * greatest. */
#include "train/tail.h"

#include <math.h>
#include <stdlib.h>

#include "train/entropy.h"
#include "train/perturb.h"

typedef struct ranked {
    double loss;
    int64_t sample;
} ranked;

vouch_status vouch_tail_prepare(const vouch_loss_place *place, void **scratch)
{
    *scratch = VOUCH_NEW_ARRAY(place->arena, ranked, place->capacity);
    return *scratch ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* Greatest loss first; of equals the first sample. */
static int by_loss(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->loss != y->loss)
        return x->loss > y->loss ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

static void rank(const vouch_loss_job *job, ranked *list)
{
    for (int64_t s = 0; s < job->count; s++) {
        const vouch_aim_at at = vouch_loss_aim(job, s);
        list[s].loss = vouch_entropy_cross(&at, job->y + s * job->classes, job->scale,
                                           job->d_y + s * job->classes, NULL);
        list[s].sample = s;
    }
    qsort(list, (size_t)job->count, sizeof *list, by_loss);
}

static void perturb(const vouch_loss_job *job, int64_t steps)
{
    vouch_perturb_none(job);
    if (steps == 0)
        return;
    vouch_perturb_start(job, job->eps);
    vouch_perturb_clip(job);
    vouch_perturb_climb(job, steps, 0.25F * job->eps, job->eps);
}

void vouch_tail_classify(const vouch_loss_job *job, bool others)
{
    const vouch_tail *tail = job->settings;
    const double edge = tail->share * (double)job->count;
    const double counted = others ? (double)job->count - edge : edge;
    ranked *list = job->scratch;
    const vouch_aim_at all = {
        .count = job->count, .classes = job->classes, .label = job->label};
    perturb(job, tail->steps);
    vouch_tape_forward(job->tape, job->count, job->out, job->y);
    (void)vouch_entropy_cross(&all, job->y, 1, NULL, job->hits);
    rank(job, list);
    for (int64_t i = 0; i < job->count; i++) {
        const double in = fmin(fmax(edge - (double)i, 0), 1); /* the tail */
        const double weight =
            counted > 0 ? (others ? 1 - in : in) * (double)job->count / counted : 0;
        float *d_y = job->d_y + list[i].sample * job->classes;
        job->part[0].loss += weight * list[i].loss;
        for (int64_t j = 0; j < job->classes; j++)
            d_y[j] *= (float)weight;
    }
    vouch_loss_backward(job, 0, job->d_y);
}
