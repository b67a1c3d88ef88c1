/* Bisection: the best dimension is halved. What tools do, and the baseline. */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 2);
}

const vouch_cut_shape vouch_cut_bisect = {.name = "bisect",
                                          .summary = "one dimension at its middle",
                                          .citation = "Wang 2018 (ReluVal)",
                                          .plan = plan};
