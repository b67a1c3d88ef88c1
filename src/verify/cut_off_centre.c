/* Off centre: the best dimension at two fifths, so that no cut falls on the symmetries (zero,
 * say) that networks and properties often have.
 */
#include "verify/cut.h"

static void plan(const vouch_cut_view *view, vouch_cut *cut)
{
    const double fraction = 0.4;
    vouch_cut_add(view, cut, vouch_cut_best(view, cut), 1, &fraction);
}

const vouch_cut_shape vouch_cut_off_centre = {.name = "off-centre",
                                              .summary = "one dimension at two fifths",
                                              .citation = "vouch",
                                              .plan = plan};
