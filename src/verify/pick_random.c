/* Any neuron whose relaxation costs something: what the others must beat. */
#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *score)
{
    for (int64_t j = 0; j < view->neuron_count; j++)
        score[j] = view->loss[j] > 0 ? .5 + vouch_random_unit(view->random) : 0;
}

const vouch_pick vouch_pick_random = {
    .name = "random", .summary = "a random neuron", .citation = "baseline", .score = score};
