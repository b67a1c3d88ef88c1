/* The lanes of one thread: what lanes.c runs and moves.c moves. */
#ifndef VOUCH_ATTACK_HUNTER_H
#define VOUCH_ATTACK_HUNTER_H

#include "attack/attack_priv.h"
#include "grad/grad.h"

/* One point on its way. */
typedef struct vouch_lane {
    const struct vouch_attack_move *move;
    int which_case;      /* what it goes for */
    vouch_random random; /* its own stream */
    double value;        /* violation / scale of that case at the current point */
    double tried;        /* violation at which it was last examined in double */
    double reach;        /* of walks, relative to the box */
    int stale;           /* steps since a walk last got better */
    uint64_t direction;  /* names the random direction of outputs of a diverse start */
} vouch_lane;

struct vouch_hunter {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_hunt *hunt;
    vouch_grad *grad;
    vouch_evaluator *exact; /* of hunt->graph in float64, made when first needed */
    vouch_grid grid;
    int64_t n, m, lanes;
    int first, last; /* cases of the box that grid is set to; 0, 0: none yet */
    int64_t *varying, varying_count;
    vouch_lane *lane;             /* [lanes] */
    double *point, *d_x;          /* [lanes][n] */
    double *mean, *square, *kept; /* [lanes][n] Adam's moments; where a walk stands */
    double *y, *d_y;              /* [lanes][m] of hunt->looked_at */
    double *outputs;              /* of hunt->graph */
    double *no_x, *no_y;          /* [n], [m]: gradients nobody wants */
    const vouch_leads *leads;
    vouch_job *job;
    int64_t step;    /* of the descent, from 1 */
    int64_t redrawn; /* lanes that found no gradient, times steps */
    bool (*stop)(void *user, const vouch_job *job);
    void *user;
};

/* How a lane makes its next point: in place (descents), or from kept into point (walks). */
typedef struct vouch_attack_move {
    bool walks;        /* keeps the better of two points; needs no gradient */
    int diverse_steps; /* at first, in a random direction of the outputs */
    void (*next)(vouch_hunter *h, int64_t i);
} vouch_attack_move;

extern const vouch_attack_move vouch_attack_adam, vouch_attack_sign, vouch_attack_diverse;
extern const vouch_attack_move vouch_attack_flip, vouch_attack_drift;

#endif
