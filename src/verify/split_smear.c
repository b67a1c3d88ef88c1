/* Gradient smear: the input whose interval times steepest gradient is largest.
 *
 *     score_d = width_d * max over open rows and the box of |d row / d x_d|
 *
 * The gradient bounds come from an interval reverse pass (Wang 2018, section 4.2). */
#include "verify/split.h"

static void score(const vouch_split_view *view, double *score)
{
    for (int d = 0; d < view->input_size; d++)
        score[d] = view->width[d] * view->gradient_bound[d];
}

const vouch_split vouch_split_smear = {.name = "smear",
                                       .summary = "interval width times largest gradient",
                                       .citation = "Wang 2018 (ReluVal), smear",
                                       .needs = VOUCH_SPLIT_NEEDS_GRADIENT,
                                       .score = score};
