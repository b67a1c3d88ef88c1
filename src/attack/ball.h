/* The ball an attack may move in: a norm, a radius, a valid range of each input, and for tables
 * the rules of their columns.
 *
 * Membership is a fact about the real numbers: `contains` says yes only where |x' - x| <= eps
 * holds exactly for the float32 numbers x', x and the double eps, and x' is in the range.
 * Projection computes in floating point and then moves inward until `contains` says yes.
 */
#ifndef VOUCH_ATTACK_BALL_H
#define VOUCH_ATTACK_BALL_H

#include "spec/schema.h"

typedef enum vouch_norm {
    VOUCH_NORM_LINF,
    VOUCH_NORM_L2,
    VOUCH_NORM_L1,
    VOUCH_NORM_L0 /* eps counts pixels: places of the image, whatever their channels */
} vouch_norm;
enum { VOUCH_NORMS = 4 };

/* "linf", "l2", "l1", "l0"; NULL past the last. */
const char *vouch_norm_name(vouch_norm norm);
/* As `choices` of an option row. */
bool vouch_norm_choices(size_t index, const char **name);
bool vouch_norm_find(const char *name, vouch_norm *norm);

/* Inputs as an image, channel by channel; 1 x 1 x n where they are none. */
typedef struct vouch_image {
    int64_t channels, height, width;
} vouch_image;

/* What a table's columns allow. Immutable features stay; a category may change to any other of
 * its group, one member at its high, the others at their low; whole numbers stay whole. eps binds
 * the numbers alone. */
typedef struct vouch_rules {
    const vouch_feature *feature; /* [size] */
    bool relative;                /* eps is a share of each number's valid range */
} vouch_rules;

typedef struct vouch_ball {
    vouch_norm norm;
    double eps; /* infinity: no bound, attacks look for the nearest adversarial */
    int64_t size;
    const double *radius;     /* [size] in place of eps, in L-infinity; NULL: eps for all */
    const float *low, *high;  /* [size] valid range, finite */
    vouch_image image;        /* of size numbers */
    const vouch_rules *rules; /* NULL: none; with them the norm is L-infinity */
} vouch_ball;

/* The part of the box around one point that all norms share: x' is in [low, high]. */
typedef struct vouch_cell {
    const float *x;    /* [size] the centre */
    float *low, *high; /* [size] the valid range, of L-infinity met with the ball, exactly */
} vouch_cell;

/* How far input i may move, in L-infinity, by eps and the rules: infinity where by the range
 * alone. A relative one is the product in double precision, to nearest: .1 of 30 is 3. */
double vouch_ball_radius(const vouch_ball *ball, int64_t i);
/* Sets cell->low, cell->high from cell->x. A centre outside its range counts as inside. */
void vouch_ball_cell(const vouch_ball *ball, const vouch_cell *cell);
bool vouch_ball_contains(const vouch_ball *ball, const float *x, const float *p);
/* Distance of p from x in the norm, rounded to nearest. */
double vouch_ball_distance(const vouch_ball *ball, const float *x, const float *p);
/* The nearest point of ball and range (Euclidean), then made safe. L0 is only clamped: its
 * attacks count themselves. scratch: [2 * size]. */
void vouch_ball_project(const vouch_ball *ball, const vouch_cell *cell, double *scratch,
                        float *p);

/* The level q >= 0 with sum_i min(q slope_i, cap_i) = goal (all >= 0); infinity where even the
 * caps do not reach it. */
double vouch_ball_level(int64_t count, const double *slope, const double *cap, double goal);

#endif
