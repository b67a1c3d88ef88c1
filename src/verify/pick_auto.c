/* Loss weighed by experience: pseudo-costs, as in mixed-integer programming.
 *
 * The loss says how much of the bound the relaxation of a neuron costs, that is, the most that
 * a split could bring; how much of it a split really brings differs by neuron and is measured
 * as the search goes: for each neuron and side, gain / loss over the splits made. A neuron
 * about which little is known is tried first (reliability branching). The learning itself is
 * the search's (verify/branch_plan.c), the same for all heuristics that ask for it. */
#include <string.h>

#include "verify/pick.h"

static void score(const vouch_pick_view *view, double *score)
{
    memcpy(score, view->loss, (size_t)view->neuron_count * sizeof *score);
}

const vouch_pick vouch_pick_auto = {
    .name = "auto",
    .summary = "relaxation loss times the share of it that splits of the neuron brought so far",
    .citation = "ours; after Achterberg 2005, reliability branching",
    .trials = 6,
    .learns = true,
    .score = score};
