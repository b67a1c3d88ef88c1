/* triangle: each given distance by itself, through the triangle inequality. */
#include <math.h>

#include "explain/latent_bound.h"

static void bound(vouch_latent_view *v)
{
    const double *p = vouch_latent_prototype(v, v->prototype);
    for (int64_t j = 0; j < v->count; j++) {
        const double *q = vouch_latent_prototype(v, v->given[j]);
        double apart = 0;
        for (int64_t k = 0; k < v->problem->dimension; k++)
            apart += (p[k] - q[k]) * (p[k] - q[k]);
        for (int64_t i = 0; i < v->count; i++)
            v->room[i] = i == j;
        vouch_latent_try_sphere(v, v->room, sqrt(vouch_latent_observed(v, v->given[j])),
                                sqrt(apart));
    }
}

static size_t room(const vouch_latent_problem *p) { return (size_t)p->prototypes; }

const vouch_latent_bounding vouch_latent_triangle = {
    .name = "triangle",
    .summary = "the triangle inequality, from each given distance",
    .citation = "Soria et al. 2026, spatial constraints",
    .room = room,
    .bound = bound,
};
