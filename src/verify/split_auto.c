/* The default: relaxation gaps and gradient smear together.
 *
 * The gap says which cut tightens the relaxations most, judged through the middle of each
 * relaxed neuron; the smear says where the row can vary most, judged by bounds that see through
 * it. Each misjudges where the other is right (saturated gradients; gaps that cancel), so their
 * shares of the best are added:
 *
 *     score_d = gap_d / max gap + weight * smear_d / max smear,   smear_d = width_d *
 * gradient_d
 */
#include <math.h>

#include "verify/split.h"

static const double smear_weight = 1.0;

static void score(const vouch_split_view *view, double *score)
{
    double most_gap = 0, most_smear = 0;
    for (int d = 0; d < view->input_size; d++) {
        most_gap = fmax(most_gap, view->gap[d]);
        most_smear = fmax(most_smear, view->width[d] * view->gradient_bound[d]);
    }
    for (int d = 0; d < view->input_size; d++) {
        score[d] = 1e-30 * view->width[d];
        if (most_gap > 0)
            score[d] += view->gap[d] / most_gap;
        if (most_smear > 0)
            score[d] += smear_weight * view->width[d] * view->gradient_bound[d] / most_smear;
    }
}

const vouch_split vouch_split_auto = {.name = "auto",
                                      .summary = "relaxation gaps and gradient smear together",
                                      .citation = "vouch",
                                      .needs =
                                          VOUCH_SPLIT_NEEDS_GAP | VOUCH_SPLIT_NEEDS_GRADIENT,
                                      .score = score};
