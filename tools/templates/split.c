/* @NAME@: which input to cut, in one sentence.
 *
 * Steps for a new heuristic (delete each as you finish it):
 *   1. needs: what the view must hold (verify/split.h); ask for little, it costs time.
 *   2. score: a number for each input dimension, the highest is cut. Any scores are sound.
 *      Give an input that cannot be cut (width 0) no more than 0.
 *   3. Randomness only from view->random: the same seed gives the same search.
 *   4. make test ARGS='-L conformance' checks that the verdicts do not change.
 *
 * This template cuts the widest input.
 */
#include "verify/split.h"

static void score(const vouch_split_view *view, double *out)
{
    for (int i = 0; i < view->input_size; i++)
        out[i] = view->width[i];
}

const vouch_split vouch_split_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list splits`",
    .citation = "PAPER, SECTION",
    .needs = 0,
    .score = score,
};
