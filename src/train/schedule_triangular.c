/* Up in the first two fifths of training, down in the rest (Smith 2017; two fifths: Wong 2020). */
#include "train/schedule.h"

static double share(double done) { return done < 0.4 ? done / 0.4 : (1 - done) / 0.6; }

const vouch_schedule vouch_schedule_triangular = {
    .name = "triangular",
    .summary = "up to 1 in the first two fifths, down to 0 in the rest",
    .share = share,
};
