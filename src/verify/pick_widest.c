/* The widest interval: blind to how much the neuron matters. */
#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *score)
{
    for (int64_t j = 0; j < view->neuron_count; j++)
        score[j] = view->high[j] - view->low[j];
}

const vouch_pick vouch_pick_widest = {.name = "widest",
                                      .summary = "the neuron with the widest interval",
                                      .citation = "baseline",
                                      .score = score};
