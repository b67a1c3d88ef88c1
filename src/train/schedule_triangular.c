/* Up in the first two fifths of training, down in the rest (two fifths: Wong 2020). */
#include "train/schedule.h"

static double share(double done, const vouch_schedule_shape *shape)
{
    const double peak = shape->peak > 0 ? shape->peak : 0.4;
    return done < peak ? done / peak : (1 - done) / (1 - peak);
}

const vouch_schedule vouch_schedule_triangular = {
    .name = "triangular",
    .summary = "up to 1 in the first two fifths (--peak), down to 0 in the rest",
    .citation = "Smith 2017",
    .share = share,
};
