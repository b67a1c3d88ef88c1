/* Bounds of distances from other distances, for latent explanations (latent.h).
 *
 * A component z lies in a box, and |z - p_j|^2 in [d_j, D_j] for the prototypes j of a set J. Then
 * for any real numbers lambda_j
 *
 *   +-|z - p_i|^2  >=  min over the box of  +-|z - p_i|^2 + sum_j lambda_j |z - p_j|^2
 *                      - sum_j lambda_j (D_j where lambda_j > 0, else d_j),
 *
 * a Lagrangian that falls apart into a parabola for each coordinate. So every way of bounding is a
 * choice of multipliers, and soundness rests on this one evaluation, made with directed rounding:
 *
 *   domain       none at all
 *   triangle     one j at a time: | |z - p_j| - |p_j - p_i| | <= |z - p_i| <= ...
 *   hypersphere  z lies on two spheres, so on a smaller one around a point between their centres;
 *                and so on, one sphere after the other. The last one is used as in `triangle`
 *   spheres      the sphere in which all of them meet, exactly
 *
 * A way is one file latent_NAME.c with `const vouch_latent_bounding vouch_latent_NAME` and one line
 * VOUCH_LATENT(NAME) in latent.def. It proposes multipliers and can claim nothing itself.
 */
#ifndef VOUCH_EXPLAIN_LATENT_BOUND_H
#define VOUCH_EXPLAIN_LATENT_BOUND_H

#include "explain/latent.h"

/* One component, with what is given of it. */
typedef struct vouch_latent_view {
    const vouch_latent_problem *problem;
    int64_t component, count; /* prototypes whose distances are given */
    const int64_t *given;     /* [count] those, the nearest first */
    double *lambda;           /* [count] room for multipliers */
    double *room;             /* of the bounding, as large as it wants */
    double *sum;              /* [4][dimension] of the evaluation */
    int64_t prototype;        /* whose distance is asked about */
    vouch_span squared;       /* what is known of it */
} vouch_latent_view;

typedef struct vouch_latent_bounding {
    const char *name, *summary, *citation;
    /* Prototypes are given whole, those most alike first, and all others are no more alike than
     * the least of them. */
    bool top;
    size_t (*room)(const vouch_latent_problem *problem); /* doubles; NULL: none */
    /* Once a component, and then for each prototype that is not given; NULL: nothing to do. */
    void (*begin)(vouch_latent_view *view);
    void (*bound)(vouch_latent_view *view);
} vouch_latent_bounding;

const vouch_latent_bounding *const *vouch_latent_table(void); /* NULL-terminated */
const vouch_latent_bounding *vouch_latent_find(const char *name);
/* As `choices` of an option row. */
bool vouch_latent_choices(size_t index, const char **name);

/* ---- what ways of bounding call ------------------------------------------------------------ */

/* Tightens view->squared from below (sign 1) or from above (-1) by the multipliers in
 * view->lambda, which may be any numbers. */
void vouch_latent_try(vouch_latent_view *view, double sign);
/* Both sides by the sphere around sum_j share_j p_j (shares sum to 1) of that radius, on which z
 * lies: as the triangle inequality would. `apart`: from there to the prototype asked about. */
void vouch_latent_try_sphere(vouch_latent_view *view, const double *share, double radius,
                             double apart);

static inline const double *vouch_latent_prototype(const vouch_latent_view *view, int64_t j)
{
    return view->problem->prototype + j * view->problem->dimension;
}

/* Observed, in plain arithmetic: for guesses. */
static inline double vouch_latent_observed(const vouch_latent_view *view, int64_t j)
{
    const vouch_span s =
        view->problem->squared[view->component * view->problem->prototypes + j];
    return 0.5 * (s.low + s.high);
}

#endif
