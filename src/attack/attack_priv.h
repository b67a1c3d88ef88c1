/* What the files of this folder share: representable points, row values, exact evaluation. */
#ifndef VOUCH_ATTACK_ATTACK_PRIV_H
#define VOUCH_ATTACK_ATTACK_PRIV_H

#include "attack/falsify.h"
#include "base/random.h"

/* ---- representable.c ------------------------------------------------------------------- */

/* The points of a box that may be witnesses: low[i] is the least number of coordinate i's element
 * type that is >= the exact lower bound, high[i] the greatest that is <= the exact upper bound.
 * Where the exact interval holds no such number, the coordinate is `between`: fixed at one real
 * point of the interval, of which low[i] = high[i] is the nearest double (under float32
 * semantics: at the nearest float32, inside or not). */
typedef struct vouch_grid {
    int64_t size;
    vouch_semantics semantics;
    const bool *is_float; /* [size]: float32, else float64 */
    bool *between;        /* [size] */
    double *low, *high;   /* [size] */
    const vouch_box *box;
    bool empty; /* the box is */
} vouch_grid;

vouch_status vouch_grid_new(vouch_arena *arena, const vouch_graph *graph,
                            const vouch_spec *spec, vouch_semantics semantics,
                            vouch_grid *grid);
/* Sets low, high, empty for that box of the specification. */
void vouch_grid_set_box(vouch_grid *grid, const vouch_box *box);
/* Rounds every coordinate of from to its type and clamps it into the grid. A NaN becomes low.
 */
void vouch_grid_round(const vouch_grid *grid, const double *from, double *to);
/* The exact coordinate i of a rounded point x, into an initialised rational. */
void vouch_grid_exact(const vouch_grid *grid, const double *x, int64_t i, mpq_ptr exact);
/* Doubles around the exact coordinates of x. */
void vouch_grid_enclose(const vouch_grid *grid, const double *x, double *low, double *high);
/* Does the rounded point x lie in the box, exactly? Coordinates between numbers count as inside
 * (they are chosen so, or, under float32 semantics, are inside by definition). */
bool vouch_grid_contains(const vouch_grid *grid, const double *x);

/* ---- candidates.c ---------------------------------------------------------------------- */

void vouch_candidate_centre(const vouch_grid *grid, double *point);
/* Up to `limit` varying coordinates: how many there are, their indices in varying[]. */
int vouch_candidate_varying(const vouch_grid *grid, int64_t *varying, int limit);
/* Corner number `bits`: coordinate varying[j] at its upper end if bit j is set. */
void vouch_candidate_corner(const vouch_grid *grid, const int64_t *varying, int count,
                            uint64_t bits, double *point);
void vouch_candidate_random_corner(const vouch_grid *grid, vouch_random *random, double *point);
/* Uniform; with snap, each coordinate moves to one of its ends with probability 1/2. */
void vouch_candidate_random(const vouch_grid *grid, vouch_random *random, bool snap,
                            double *point);

/* ---- witness.c ------------------------------------------------------------------------- */

/* Largest row value a.y + c.x - b of the case, in plain doubles: <= 0 where all rows hold.
 * *worst: that row; *scale: 1 + the magnitudes summed in it. -infinity for a case without
 * rows. */
double vouch_case_violation(const vouch_case *c, const double *x, const double *y, int *worst,
                            double *scale);
/* Relative size of a violation that may still turn out to be none when decided soundly. */
double vouch_case_tolerance(vouch_semantics semantics);

/* ---- exact.c --------------------------------------------------------------------------- */

/* Decides case k at the point x of the grid by rational evaluation of the network. *decided false: the
 * network is too large, or not made of exact affine and piecewise linear nodes. */
vouch_status vouch_exact_case_holds(vouch_context *ctx, vouch_arena *scratch,
                                    const vouch_graph *graph, const vouch_grid *grid,
                                    const vouch_case *c, const double *x, bool *decided,
                                    bool *holds);

#endif
