/* Momentum that looks ahead: v = momentum v + g, w -= rate (g + momentum v). */
#include "train/optimiser.h"

static void step(const vouch_optimiser_step *s)
{
    float *restrict w = s->parameter, *restrict v = s->moment[0];
    const float *restrict gradient = s->gradient;
    for (int64_t i = 0; i < s->count; i++) {
        const float g = gradient[i] + s->decay * w[i];
        v[i] = s->momentum * v[i] + g;
        w[i] -= s->rate * (g + s->momentum * v[i]);
    }
}

const vouch_optimiser vouch_optimiser_nesterov = {
    .name = "nesterov",
    .summary = "stochastic gradient descent with momentum that looks ahead",
    .citation = "Nesterov 1983; Sutskever, Martens, Dahl, Hinton 2013",
    .moments = 1,
    .step = step,
};
