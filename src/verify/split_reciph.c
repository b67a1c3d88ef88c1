/* ReCIPH: reuse the linear bounds that were computed anyway.
 *
 * With  sum alpha_d x_d + c <= row(x) <= sum beta_d x_d + e  on the box,
 *
 *     score_d = (|alpha_d| + |beta_d|) / 2 * width_d,   summed over the open rows.
 */
#include <math.h>

#include "verify/split.h"

static void score(const vouch_split_view *view, double *score)
{
    int n = view->input_size;
    for (int d = 0; d < n; d++) {
        double sum = 0;
        for (int r = 0; r < view->row_count; r++) {
            double alpha = fabs(view->row_lower[r * n + d]);
            double beta = view->row_upper ? fabs(view->row_upper[r * n + d]) : alpha;
            sum += (alpha + beta) / 2;
        }
        score[d] = sum * view->width[d];
    }
}

const vouch_split vouch_split_reciph = {.name = "reciph",
                                        .summary =
                                            "interval width times linear-bound coefficients",
                                        .citation = "ReCIPH: relational coefficient for input "
                                                    "partitioning heuristic",
                                        .needs = VOUCH_SPLIT_NEEDS_FORMS,
                                        .score = score};
