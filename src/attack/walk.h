/* Gradient walks: what FGSM, PGD and their relatives have in common. */
#ifndef VOUCH_ATTACK_WALK_H
#define VOUCH_ATTACK_WALK_H

#include "attack/attack.h"

typedef struct vouch_walk {
    const vouch_objective *objective;
    int64_t steps, restarts; /* restarts: walks in all, at least 1 */
    double step;             /* length, in units of eps */
    double start;            /* width of the random start, in units of eps; 0: at the point */
    double momentum;         /* 0: none; else the weight of what came before */
    bool start_free;         /* the start is not projected onto the ball, the steps are */
} vouch_walk;

/* From a start: `steps` steps along the gradient, each projected; the last point is looked at as
 * well. 2 * steps + 1 passes a walk. */
vouch_status vouch_walk_run(vouch_assault *a, const vouch_walk *walk);

#endif
