/* A tenth after half of training, a hundredth after three quarters. */
#include "train/schedule.h"

static double share(double done) { return done < 0.5 ? 1 : done < 0.75 ? 0.1 : 0.01; }

const vouch_schedule vouch_schedule_step = {
    .name = "step",
    .summary = "a tenth after half of training, a hundredth after three quarters",
    .share = share,
};
