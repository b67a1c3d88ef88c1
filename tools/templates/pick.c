/* @NAME@: which neuron to split, in one sentence.
 *
 * Steps for a new heuristic (delete each as you finish it):
 *   1. score: a number for each neuron, the highest is split. Any scores are sound. Neurons whose
 *      loss is 0 are never picked.
 *   2. trials: how many of the best are tried by bounding both children; 0 = none.
 *   3. learns: scores are weighed by what splits brought so far (src/verify/branch_plan.c).
 *   4. Randomness only from view->random: the same seed gives the same search.
 *   5. make test ARGS='-L conformance' checks that the verdicts do not change.
 *
 * This template picks the neuron whose relaxation costs most.
 */
#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *out)
{
    for (int64_t j = 0; j < view->neuron_count; j++)
        out[j] = view->loss[j];
}

const vouch_pick vouch_pick_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list picks`",
    .citation = "PAPER, SECTION",
    .trials = 0,
    .learns = false,
    .score = score,
};
