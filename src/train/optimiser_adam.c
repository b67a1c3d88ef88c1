/* Adam, with the usual constants: betas .9 and .999, 1e-8 below the quotient. */
#include "train/optimiser.h"

#include <math.h>

#include "num/update.h"

static void step(const vouch_optimiser_step *s)
{
    const double first = 1 - pow(0.9, (double)s->time),
                 second = 1 - pow(0.999, (double)s->time);
    const vouch_moments m = {.count = s->count,
                             .beta = {0.9F, 0.999F},
                             .rate = (float)((double)s->rate / first),
                             .scale = (float)(1 / sqrt(second)),
                             .least = 1e-8F,
                             .decay = s->decay,
                             .parameter = s->parameter,
                             .gradient = s->gradient,
                             .moment = {s->moment[0], s->moment[1]}};
    vouch_update_moments(&m);
}

const vouch_optimiser vouch_optimiser_adam = {
    .name = "adam",
    .summary = "steps divided by the root of the gradient's mean square",
    .citation = "Kingma, Ba 2015",
    .moments = 2,
    .step = step,
};
