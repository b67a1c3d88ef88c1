/* Four equal parts of the best dimension: two bisections, the two halves never being bounded. */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 4);
}

const vouch_cut_shape vouch_cut_four = {.name = "four",
                                        .summary = "one dimension into four equal parts",
                                        .citation = "Csallner 2000, multisection",
                                        .plan = plan};
