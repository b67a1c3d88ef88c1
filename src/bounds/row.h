/* Rows of a task from below, by bounds of the network's values. */
#ifndef VOUCH_BOUNDS_ROW_H
#define VOUCH_BOUNDS_ROW_H

#include "bounds/domain.h"
#include "bounds/engine.h"

/* What inexact coefficients may take off row r, given bounds of the outputs. */
double vouch_row_loss(const vouch_task *t, const vouch_bounds *bounds, int r);

/* The best that is known of row r over x in [low, high]: `known`, which the domain found without
 * regard to inexact coefficients, or the intervals of x and y, every operation rounded only where
 * it is not exact, which proves a strict row that is met with equality; less what inexact
 * coefficients may take off. -infinity where nothing is known. */
double vouch_row_low(const vouch_task *t, const vouch_bounds *bounds, const double *low,
                     const double *high, int r, double known);

#endif
