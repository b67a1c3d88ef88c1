/* @NAME@: how a box is divided, in one sentence.
 *
 * Steps for a new shape (delete each as you finish it):
 *   1. plan: the dimensions to be cut, the best first (vouch_cut_best), and where. The helpers of
 *      verify/cut.h round the points to the engine's precision and keep them inside the box.
 *   2. At most VOUCH_CUT_AXES dimensions of at most VOUCH_CUT_PARTS parts, and not more children
 *      than VOUCH_CHILD_BATCHES; otherwise, and where there is no axis, the box is bisected.
 *   3. make test ARGS='-L conformance' checks that the verdicts do not change.
 *
 * This template cuts the best dimension at both quarters.
 */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    const double fraction[] = {0.25, 0.75};
    vouch_cut_add(view, cut, vouch_cut_best(view, cut), 2, fraction);
}

const vouch_cut_shape vouch_cut_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list cuts`",
    .citation = "PAPER, SECTION",
    .plan = plan,
};
