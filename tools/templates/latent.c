/* @NAME@: how given distances bound others. Here: as a sphere around the nearest prototype.
 *
 * Steps for a new way of bounding (delete each as you finish it):
 *   1. begin, where something is worked out once a component; room: the doubles that takes.
 *   2. bound: multipliers in view->lambda, then vouch_latent_try for each side. They may be any
 *      numbers: what they prove is evaluated with directed rounding.
 *   3. `vouch explain latent --bounds @NAME@` on a network with prototypes; tests/explain/test_latent.c
 *      covers it by the table.
 */
#include <math.h>

#include "explain/latent_bound.h"

static size_t room(const vouch_latent_problem *p) { return (size_t)p->prototypes; }

static void bound(vouch_latent_view *v)
{
    double apart = 0;
    for (int64_t k = 0; k < v->problem->dimension && v->count > 0; k++) {
        const double off = vouch_latent_prototype(v, v->prototype)[k] -
                           vouch_latent_prototype(v, v->given[0])[k];
        apart += off * off;
    }
    for (int64_t j = 0; j < v->count; j++)
        v->room[j] = j == 0;
    if (v->count > 0)
        vouch_latent_try_sphere(v, v->room, sqrt(vouch_latent_observed(v, v->given[0])),
                                sqrt(apart));
}

const vouch_latent_bounding vouch_latent_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list latent",
    .citation = "whose idea it is",
    .room = room,
    .bound = bound,
};
