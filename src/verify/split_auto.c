/* The default: relaxation gaps, steadied by the rows' own linear forms.
 *
 * The gap score says which cut tightens the relaxations most; the linear term says how much of
 * the row's remaining spread a cut takes away even with the relaxation unchanged:
 *
 *     score_d = gap_d / max gap + weight * linear_d / max linear,
 *     linear_d = width_d * sum over open rows of |alpha_d|
 */
#include <math.h>

#include "verify/split.h"

static const double linear_weight = 0.2;

static double linear_share(const vouch_split_view *view, int d)
{
    double sum = 0;
    for (int r = 0; r < view->row_count; r++)
        sum += fabs(view->row_lower[r * view->input_size + d]);
    return sum * view->width[d];
}

static void score(const vouch_split_view *view, double *score)
{
    double most_gap = 0, most_linear = 0;
    for (int d = 0; d < view->input_size; d++) {
        most_gap = fmax(most_gap, view->gap[d]);
        most_linear = fmax(most_linear, linear_share(view, d));
    }
    for (int d = 0; d < view->input_size; d++) {
        score[d] = 1e-30 * view->width[d];
        if (most_gap > 0)
            score[d] += view->gap[d] / most_gap;
        if (most_linear > 0)
            score[d] += linear_weight * linear_share(view, d) / most_linear;
    }
}

const vouch_split vouch_split_auto = {.name = "auto",
                                      .summary =
                                          "relaxation gaps and linear coefficients together",
                                      .citation = "vouch",
                                      .needs = VOUCH_SPLIT_NEEDS_GAP,
                                      .score = score};
