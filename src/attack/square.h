/* What the norms of the Square attack share, and its moves in L2 and L1. */
#ifndef VOUCH_ATTACK_SQUARE_H
#define VOUCH_ATTACK_SQUARE_H

#include "attack/attack.h"

/* The share of the image that squares cover at that query: halved after queries 10, 50, 200, 500,
 * 1000, 2000, 4000, 6000, 8000. */
double vouch_square_share(double first, int64_t query);

/* Buffers for one bump and its windows. */
typedef struct vouch_square_bump {
    double *eta;   /* [inputs] at least height * width */
    double *delta; /* [inputs] */
} vouch_square_bump;
bool vouch_square_bump_new(vouch_arena *arena, int64_t inputs, vouch_square_bump *bump);

/* One point under attack. */
typedef struct vouch_square_scene {
    const vouch_image *image;
    const float *clean;
    vouch_norm norm; /* L2 or L1 */
    double eps;
    vouch_random *random;
    const vouch_square_bump *bump;
} vouch_square_scene;

/* x, the clean point, gets bumps on a grid of five windows a side; not projected. */
void vouch_square_bump_start(const vouch_square_scene *scene, float *x);
/* x moves norm from one window to a bump in another; not projected. */
void vouch_square_bump_move(const vouch_square_scene *scene, double share, float *x);

#endif
