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
 * which is no error. The matrix is fixed once loaded but for its last rows; limits and single
 * entries change, and each solve starts from the basis of the one before: the dual simplex method
 * needs few pivots after a change of limits.
 *
 * Clp takes its memory from the C library, not from the context.
 */
#ifndef VOUCH_NUM_LP_H
#define VOUCH_NUM_LP_H

#include <stdint.h>

#include "base/context.h"

typedef struct vouch_lp_library vouch_lp_library; /* immutable, shared by threads */
typedef struct vouch_lp vouch_lp;                 /* one model, of one thread at a time */

/* *library is NULL, and the status VOUCH_OK, where there is no Clp. */
vouch_status vouch_lp_load(vouch_context *ctx, vouch_lp_library **library);
void vouch_lp_unload(vouch_context *ctx, vouch_lp_library *library); /* NULL is fine */

/* No rows yet: columns with limits and cost, [columns] each. */
vouch_status vouch_lp_new(vouch_context *ctx, const vouch_lp_library *library, int columns,
                          const double *low, const double *high, const double *cost,
                          vouch_lp **lp);
void vouch_lp_free(vouch_context *ctx, vouch_lp *lp); /* NULL is fine */
/* One more row. Values are finite; an infinite limit is none. */
void vouch_lp_append(vouch_lp *lp, int count, const int *column, const double *value,
                     double low, double high);
void vouch_lp_drop_rows(vouch_lp *lp, int keep); /* keeps the first `keep` */
void vouch_lp_limit_columns(vouch_lp *lp, const double *low, const double *high);
void vouch_lp_limit_rows(vouch_lp *lp, const double *low, const double *high);
void vouch_lp_set_entry(vouch_lp *lp, int row, int column, double value);

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

/* The basis to start from: a byte for each column, then for each row, as vouch_lp_get_basis gave
 * it, or the one in which every row is slack. */
void vouch_lp_slack_basis(const vouch_lp *lp, uint8_t *basis);
void vouch_lp_set_basis(vouch_lp *lp, const uint8_t *basis);
void vouch_lp_get_basis(const vouch_lp *lp, uint8_t *basis);
vouch_lp_state vouch_lp_solve(vouch_lp *lp, const vouch_lp_effort *effort);

/* Of the last solve. Valid until the next call. */
const double *vouch_lp_point(const vouch_lp *lp);       /* x */
const double *vouch_lp_multipliers(const vouch_lp *lp); /* y; of a row's upper limit <= 0 */
int vouch_lp_iterations(const vouch_lp *lp);
/* Multipliers that make the rows contradict the limits: some ray, or NULL. Its sign is not
 * promised. Freed by vouch_lp_free_ray. */
double *vouch_lp_ray(const vouch_lp *lp);
void vouch_lp_free_ray(const vouch_lp *lp, double *ray);

#endif
