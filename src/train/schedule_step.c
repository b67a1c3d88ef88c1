/* Times a factor at each milestone. */
#include "train/schedule.h"

static double share(double done, const vouch_schedule_shape *shape)
{
    static const double otherwise[] = {0.5, 0.75};
    const double *at = shape->milestones > 0 ? shape->milestone : otherwise;
    const int count = shape->milestones > 0 ? shape->milestones : 2;
    double share = 1;
    for (int i = 0; i < count && done >= at[i]; i++)
        share *= shape->factor;
    return share;
}

const vouch_schedule vouch_schedule_step = {
    .name = "step",
    .summary = "times --factor at each of --milestones",
    .citation = "",
    .share = share,
};
