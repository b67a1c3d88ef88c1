/* Linear programs by Clp: proposals, never proofs.
 *
 *     minimise c.x   subject to   row_low <= A x <= row_high,   low <= x <= high
 *
 * A solver in floating point with tolerances proves nothing. Its callers take the multipliers y
 * as a proposal and compute themselves what these prove: for any y
 *
 *     c.x  >=  sum_i y_i (A x)_i  +  sum_j min over [low_j, high_j] of (c - A^T y)_j x_j
 *
 * [weak duality; Neumaier, Shcherbina 2004], and take x as a candidate to be checked.
 *
 * Clp and the libraries it pulls in (C++, Fortran) take milliseconds to load, more than a small
 * query, so they are loaded when first wanted. Where they are not installed there is no solver,
 * which is no error. Every solve is of a model of its own, so that its result depends on problem,
 * basis and effort alone; a good basis, that of a problem with other limits, saves most of the
 * work.
 *
 * Clp takes its memory from the C library, not from the context.
 */
#ifndef VOUCH_NUM_LP_H
#define VOUCH_NUM_LP_H

#include <stdint.h>

#include "base/context.h"

typedef struct vouch_lp_library vouch_lp_library; /* immutable, shared by threads */
typedef struct vouch_lp vouch_lp;                 /* a problem being solved, by one thread */

/* *library is NULL, and the status VOUCH_OK, where there is no Clp. */
vouch_status vouch_lp_load(vouch_context *ctx, vouch_lp_library **library);
void vouch_lp_unload(vouch_context *ctx, vouch_lp_library *library); /* NULL is fine */

/* The matrix by columns: entries start[j] .. start[j+1]-1 of column j. All numbers are finite but
 * the limits of rows; an infinite limit is none. */
typedef struct vouch_lp_problem {
    int columns, rows;
    const int *start, *row;
    const double *value;
    const double *cost, *low, *high;  /* [columns] */
    const double *row_low, *row_high; /* [rows] */
} vouch_lp_problem;

/* Copies the problem. basis: a byte for each column, then for each row, as vouch_lp_basis gave it;
 * NULL: every row slack. */
vouch_status vouch_lp_new(vouch_context *ctx, const vouch_lp_library *library,
                          const vouch_lp_problem *problem, const uint8_t *basis, vouch_lp **lp);
void vouch_lp_free(vouch_context *ctx, vouch_lp *lp); /* NULL is fine */

typedef enum vouch_lp_state {
    VOUCH_LP_FAILED = 0, /* it gave up: iterations, time, numbers */
    VOUCH_LP_OPTIMAL,
    VOUCH_LP_ABOVE,     /* the minimum seems to be above the bound asked for */
    VOUCH_LP_INFEASIBLE /* there seems to be no solution */
} vouch_lp_state;

typedef struct vouch_lp_effort {
    double enough; /* stop once the minimum is seen to be above it; infinity: never */
    int iterations;
    double seconds;
} vouch_lp_effort;

/* May be called again, to go on with another effort. */
vouch_lp_state vouch_lp_solve(vouch_lp *lp, const vouch_lp_effort *effort);

/* Of the last solve; valid until the next. */
const double *vouch_lp_point(const vouch_lp *lp);       /* x */
const double *vouch_lp_multipliers(const vouch_lp *lp); /* y; of a row's upper limit <= 0 */
int vouch_lp_iterations(const vouch_lp *lp);
const uint8_t *vouch_lp_basis(const vouch_lp *lp); /* [columns + rows] */
/* Multipliers that make the rows contradict the limits: some ray, or NULL. Its sign is not
 * promised. Freed by vouch_lp_free_ray. */
double *vouch_lp_ray(const vouch_lp *lp);
void vouch_lp_free_ray(const vouch_lp *lp, double *ray);

#endif
