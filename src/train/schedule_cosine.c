/* Half a cosine, from 1 down to 0, without restarts. */
#include "train/schedule.h"

#include <math.h>

static double share(double done, const vouch_schedule_shape *shape)
{
    (void)shape;
    return 0.5 * (1 + cos(3.14159265358979323846 * done));
}

const vouch_schedule vouch_schedule_cosine = {
    .name = "cosine",
    .summary = "half a cosine, from 1 down to 0",
    .citation = "Loshchilov, Hutter 2017",
    .share = share,
};
