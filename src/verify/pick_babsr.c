/* BaBSR: the loss of the relaxation, as estimated from one backward walk.
 *
 * For a ReLU with input in [l, u], l < 0 < u, and coefficient lambda, relaxing costs the bound
 * at most  max(0, -lambda) * -u l / (u - l)  (Bunel 2020, section 5.3: the intercept's part);
 * the engine computes the same quantity for every nonlinear node, at the minimiser. Where that
 * is nothing for all, their second score decides: |lambda| times the shorter side. */
#include <math.h>

#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *score)
{
    for (int64_t j = 0; j < view->neuron_count; j++) {
        double shorter = fmin(fabs(view->low[j]), fabs(view->high[j]));
        score[j] = view->loss[j] + 1e-9 * fabs(view->slope[j]) * shorter;
    }
}

const vouch_pick vouch_pick_babsr = {.name = "babsr",
                                     .summary = "what the neuron's relaxation costs the bound",
                                     .citation = "Bunel 2020, BaBSR",
                                     .score = score};
