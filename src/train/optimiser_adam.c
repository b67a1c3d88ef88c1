/* Adam, with the usual constants: betas .9 and .999, 1e-8 below the quotient. AdamW takes the decay
 * off the weights themselves, apart from the gradient's moments. */
#include "train/optimiser.h"

#include <math.h>

#include "num/update.h"

static void move(const vouch_optimiser_step *s, float decay)
{
    const double first = 1 - pow(0.9, (double)s->time),
                 second = 1 - pow(0.999, (double)s->time);
    const vouch_moments m = {.count = s->count,
                             .beta = {0.9F, 0.999F},
                             .rate = (float)((double)s->rate / first),
                             .scale = (float)(1 / sqrt(second)),
                             .least = 1e-8F,
                             .decay = decay,
                             .parameter = s->parameter,
                             .gradient = s->gradient,
                             .moment = {s->moment[0], s->moment[1]}};
    vouch_update_moments(&m);
}

static void step(const vouch_optimiser_step *s) { move(s, s->decay); }

static void step_apart(const vouch_optimiser_step *s)
{
    const float keep = 1 - s->rate * s->decay;
    for (int64_t i = 0; i < s->count; i++)
        s->parameter[i] *= keep;
    move(s, 0);
}

const vouch_optimiser vouch_optimiser_adam = {
    .name = "adam",
    .summary = "steps divided by the root of the gradient's mean square",
    .citation = "Kingma, Ba 2015",
    .moments = 2,
    .step = step,
};

const vouch_optimiser vouch_optimiser_adamw = {
    .name = "adamw",
    .summary = "adam, the decay of weights apart from the gradient",
    .citation = "Loshchilov, Hutter 2019",
    .moments = 2,
    .step = step_apart,
};
