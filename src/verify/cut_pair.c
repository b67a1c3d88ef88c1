/* A pair: the two best dimensions at their middles, four children at once. */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 2);
    vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 2);
}

const vouch_cut_shape vouch_cut_pair = {.name = "pair",
                                        .summary = "the two best dimensions at their middles",
                                        .citation = "vouch",
                                        .plan = plan};
