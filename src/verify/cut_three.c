/* Trisection: the best dimension into three equal parts. An odd number never cuts in the middle,
 * where a centred perturbation has its unperturbed point.
 */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 3);
}

const vouch_cut_shape vouch_cut_three = {.name = "three",
                                         .summary = "one dimension into three equal parts",
                                         .citation = "Csallner 2000, multisection",
                                         .plan = plan};
