/* Split a random dimension: what the others must beat. */
#include "verify/split.h"

static void score(const vouch_split_view *view, double *score)
{
    for (int d = 0; d < view->input_size; d++)
        score[d] = view->width[d] > 0 ? vouch_random_unit(view->random) + 0.5 : 0;
}

const vouch_split vouch_split_random = {.name = "random",
                                        .summary = "a random input interval",
                                        .citation = "baseline",
                                        .score = score};
