/* Filtered smart branching: the best few by loss are tried, and the best of those is taken.
 *
 * A trial bounds both children by one plain walk; what counts is the growth of the tree that
 * their gains promise (verify/branch_plan.c), close to De Palma's least improvement of two. */
#include <string.h>

#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *score)
{
    memcpy(score, view->loss, (size_t)view->neuron_count * sizeof *score);
}

const vouch_pick vouch_pick_fsb = {.name = "fsb",
                                   .summary = "both children of the best few are bounded first",
                                   .citation = "De Palma 2021, filtered smart branching",
                                   .trials = 8,
                                   .score = score};
