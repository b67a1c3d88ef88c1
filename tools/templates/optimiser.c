/* @NAME@: the update in a formula, and its source. Here: w -= rate g.
 *
 * Steps for a new optimiser (delete each as you finish it):
 *   1. step: element by element, since threads do slices of the parameters apart.
 *   2. moments: how many arrays of state it has (VOUCH_MOMENTS at most), zeroed at the start.
 *   3. A test of some steps against numbers worked out from the paper, in tests/train/.
 */
#include "train/optimiser.h"

static void step(const vouch_optimiser_step *s)
{
    float *restrict w = s->parameter;
    const float *restrict g = s->gradient;
    for (int64_t i = 0; i < s->count; i++)
        w[i] -= s->rate * (g[i] + s->decay * w[i]);
}

const vouch_optimiser vouch_optimiser_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list",
    .citation = "PAPER",
    .moments = 0,
    .step = step,
};
