/* Stochastic gradient descent with momentum: v = momentum v + g, w -= rate v. */
#include "train/optimiser.h"

static void step(const vouch_optimiser_step *s)
{
    float *restrict w = s->parameter, *restrict v = s->moment[0];
    const float *restrict g = s->gradient;
    for (int64_t i = 0; i < s->count; i++) {
        v[i] = s->momentum * v[i] + g[i] + s->decay * w[i];
        w[i] -= s->rate * v[i];
    }
}

const vouch_optimiser vouch_optimiser_sgd = {
    .name = "sgd",
    .summary = "stochastic gradient descent with momentum",
    .citation = "Polyak 1964",
    .moments = 1,
    .step = step,
};
