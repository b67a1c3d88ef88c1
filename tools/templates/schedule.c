/* @NAME@: how the learning rate goes along training. Here: down to 0 in a straight line.
 *
 * Steps for a new schedule (delete each as you finish it):
 *   1. share: of the greatest rate, from 0 to 1, at the share of training that is done.
 *   2. A line in docs/howto/train.md, a test in tests/train/.
 */
#include "train/schedule.h"

static double share(double done, const vouch_schedule_shape *shape)
{
    (void)shape; /* what users may set: peak, factor, milestones */
    return 1 - done;
}

const vouch_schedule vouch_schedule_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list",
    .citation = "",
    .share = share,
};
