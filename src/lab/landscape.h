/* The loss around a point, on a plane: how a network looks to an attack of one step.
 *
 * The plane is x + eps (a d + b r), a and b in [0, 1]: d the signs of the loss's gradient at x,
 * the direction of FGSM, and r random signs. Where a network is locally linear, the loss rises
 * along a as its gradient says and contours are straight. After catastrophic overfitting the
 * loss may be low at the end of a FGSM step and high before it: the network has learnt to mislead
 * its own gradient [Kim 2021; de Jorge 2022].
 *
 * Clipping to the valid range of inputs shows what attacks may use, and bends the plane: where
 * many inputs lie at the ends of their range, as the ground of pictures does, half of the random
 * direction goes. Without clipping the plane is flat, and may leave the range.
 */
#ifndef VOUCH_LAB_LANDSCAPE_H
#define VOUCH_LAB_LANDSCAPE_H

#include "attack/objective.h"
#include "attack/victim.h"

typedef struct vouch_landscape_request {
    const vouch_graph *graph;
    const vouch_objective *loss;
    double eps;          /* finite, > 0 */
    int grid;            /* places along each axis, at least 2 */
    int64_t pairs;       /* of the local linearity error */
    uint64_t seed;       /* of the random signs and of the pairs */
    int threads;         /* change no result */
    int64_t size, index; /* numbers of the point; it names the random streams */
    const float *x;
    const float *low, *high; /* [size] the valid range to clip to; NULL: no clipping */
    int label;               /* -1: what the network says of x */
} vouch_landscape_request;

/* Place (column i, row j) is a = i / (grid - 1), b = j / (grid - 1), at [j * grid + i]. */
typedef struct vouch_landscape {
    int grid, label;
    double *loss;     /* [grid][grid] */
    int *predicted;   /* [grid][grid] */
    int highest;      /* where the loss is highest, the first of several */
    float *direction; /* [size] -1, 0 or 1: d */
    float *random;    /* [size] -1 or 1: r */
    /* Along d, from x to the FGSM point: what the gradient promises, without clipping
     * eps |g|_1; what comes. */
    double promised, rise;
    /* Mean over pairs of (L((1-t)u + t v) - (1-t) L(u) - t L(v))^2, u and v uniform in the ball
     * (and clipped), t uniform in [0, 1] [ELLE: Abad Rocamora 2024]. */
    double linearity_error;
} vouch_landscape;

/* The results lie in the arena. VOUCH_ERR_VALUE where a loss is not finite. */
vouch_status vouch_landscape_run(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_landscape_request *request,
                                 vouch_landscape *landscape);

#endif
