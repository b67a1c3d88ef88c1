/* One cycle along cosines: from 1/25 up to 1 in the first three tenths, down to 4e-6 in the rest. */
#include "train/schedule.h"

#include <math.h>

static double between(double from, double to, double t)
{
    return to + (from - to) * 0.5 * (1 + cos(3.14159265358979323846 * t));
}

static double share(double done, const vouch_schedule_shape *shape)
{
    const double peak = shape->peak > 0 ? shape->peak : 0.3, first = 1.0 / 25;
    return done < peak ? between(first, 1, done / peak)
                       : between(1, first / 1e4, (done - peak) / (1 - peak));
}

const vouch_schedule vouch_schedule_one_cycle = {
    .name = "one-cycle",
    .summary = "along cosines from 1/25 up to 1 in the first three tenths (--peak), then down",
    .citation = "Smith, Topin 2018",
    .share = share,
};
