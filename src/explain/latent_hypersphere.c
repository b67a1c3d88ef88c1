/* hypersphere: the spheres of the given distances meet one after the other.
 *
 * What lies on a sphere (C, R) and at distance r from p, with d = |p - C|, lies at distance
 * sqrt(R^2 - t^2 d^2) from C + t (p - C), t = (R^2 - r^2 + d^2) / (2 d^2). That all points of the
 * meeting lie in a plane as well is forgotten, so a later step may find less than is known.
 */
#include <math.h>
#include <string.h>

#include "explain/latent_bound.h"

/* Rooms: the centre [dimension], its shares [prototypes], the squared radius. */
static double *centre(const vouch_latent_view *v) { return v->room; }
static double *shares(const vouch_latent_view *v) { return v->room + v->problem->dimension; }
static double *radius(const vouch_latent_view *v) { return shares(v) + v->problem->prototypes; }

static size_t room(const vouch_latent_problem *p)
{
    return (size_t)(p->dimension + p->prototypes + 1);
}

static double squared_apart(const vouch_latent_view *v, const double *p)
{
    double sum = 0;
    for (int64_t k = 0; k < v->problem->dimension; k++)
        sum += (p[k] - centre(v)[k]) * (p[k] - centre(v)[k]);
    return sum;
}

static void meet(vouch_latent_view *v, int64_t j)
{
    const double *p = vouch_latent_prototype(v, v->given[j]);
    const double d = squared_apart(v, p), r = vouch_latent_observed(v, v->given[j]);
    if (!(d > 1e-12))
        return;
    const double t = (*radius(v) - r + d) / (2 * d);
    for (int64_t k = 0; k < v->problem->dimension; k++)
        centre(v)[k] += t * (p[k] - centre(v)[k]);
    for (int64_t i = 0; i < j; i++)
        shares(v)[i] *= 1 - t;
    shares(v)[j] = t;
    *radius(v) = fmax(*radius(v) - t * t * d, 0);
}

static void begin(vouch_latent_view *v)
{
    if (v->count == 0)
        return;
    memcpy(centre(v), vouch_latent_prototype(v, v->given[0]),
           (size_t)v->problem->dimension * sizeof(double));
    memset(shares(v), 0, (size_t)v->count * sizeof(double));
    shares(v)[0] = 1;
    *radius(v) = vouch_latent_observed(v, v->given[0]);
    for (int64_t j = 1; j < v->count; j++)
        meet(v, j);
}

static void bound(vouch_latent_view *v)
{
    if (v->count > 0)
        vouch_latent_try_sphere(
            v, shares(v), sqrt(*radius(v)),
            sqrt(squared_apart(v, vouch_latent_prototype(v, v->prototype))));
}

const vouch_latent_bounding vouch_latent_hypersphere = {
    .name = "hypersphere",
    .summary = "spheres of given distances meet one after the other, approximately",
    .citation = "Soria et al. 2026, hypersphere intersection approximation",
    .room = room,
    .begin = begin,
    .bound = bound,
};
