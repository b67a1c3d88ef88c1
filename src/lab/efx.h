/* EFX inputs: empirically formally explainable ones.
 *
 * A point that the network gets right is EFX within eps if (1) an attack finds x' in B(x, eps)
 * with another class, and (2) at least one feature is proved irrelevant: all irrelevant ones
 * together may take any values within eps, and the class stays. A robust point has nothing to
 * explain, of one without an irrelevant feature nothing could be explained: EFX says how many
 * explanations a network has to offer, as shares of points between both.
 *
 * Attacks are those of an evaluation (eval/eval.h), replayed over the reals; explanations are those
 * of explain/formal.h, proved over the reals. A point that is attacked though all its features are
 * irrelevant would mean that vouch is wrong; it is looked for, and is an error.
 */
#ifndef VOUCH_LAB_EFX_H
#define VOUCH_LAB_EFX_H

#include "eval/eval.h"
#include "explain/formal.h"

/* How points are explained. */
typedef struct vouch_efx_how {
    const vouch_grouping *grouping;
    vouch_group_request group; /* of it what is no matter of the data: patch ... */
    const vouch_formal_settings
        *formal; /* but for threads: points are explained side by side */
} vouch_efx_how;

/* What is irrelevant to one point. Features that cannot move at all count nowhere. */
typedef struct vouch_efx_point {
    bool is_explained; /* the network gets it right, and nothing stopped the run before it */
    int64_t features, irrelevant;
    double cpu_s;
} vouch_efx_point;

/* Over points. */
typedef struct vouch_efx_sum {
    int64_t explained;           /* points that are right: what the following are of */
    int64_t explainable;         /* at least one feature is irrelevant */
    int64_t efx;                 /* and an attack succeeds */
    double features, irrelevant; /* means; NaN of none */
    double cpu_s;                /* mean */
} vouch_efx_sum;

typedef struct vouch_efx_radius {
    vouch_efx_point *point; /* [count] */
    vouch_efx_sum sum;      /* attacked: by any attack, or complete verification */
    int64_t *efx;           /* [attack_count] by that attack, at this radius */
} vouch_efx_radius;

/* Explains those points of an evaluation that are right, at one of its radii. The ball must be
 * L-infinity; threads and journal are the evaluation's. Stopped (VOUCH_ERR_CANCELLED), point[count]
 * has what is known so far. */
vouch_status vouch_efx_explain(vouch_arena *arena, const vouch_eval_request *eval, double eps,
                               const vouch_efx_how *how, vouch_efx_point *point);
/* attacked[count]: an attack found an adversarial; NULL: nothing is known of that. */
vouch_efx_sum vouch_efx_sum_up(int64_t count, const vouch_efx_point *point,
                               const bool *attacked);
/* All radii of an evaluation that was run, radius[eps_count]; one that stopped ends with what it
 * has. */
vouch_status vouch_efx_run(vouch_arena *arena, const vouch_eval_request *eval,
                           const vouch_eval_result *result, const vouch_efx_how *how,
                           vouch_efx_radius *radius);

#endif
