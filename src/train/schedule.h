/* Schedules: the learning rate as a share of the greatest, along training. */
#ifndef VOUCH_TRAIN_SCHEDULE_H
#define VOUCH_TRAIN_SCHEDULE_H

#include "base/arena.h"

enum { VOUCH_MILESTONES = 16 };

/* What schedules may be given. */
typedef struct vouch_schedule_shape {
    double peak;                        /* where the rate is greatest, as a share; 0: its own */
    double factor;                      /* at each milestone */
    double milestone[VOUCH_MILESTONES]; /* rising, as shares of training */
    int milestones;                     /* 0: half and three quarters */
} vouch_schedule_shape;

typedef struct vouch_schedule {
    const char *name, *summary, *citation;
    /* done: 0 at the first step, 1 after the last */
    double (*share)(double done, const vouch_schedule_shape *shape);
} vouch_schedule;

const vouch_schedule *const *vouch_schedule_table(void); /* NULL-terminated */
const vouch_schedule *vouch_schedule_find(const char *name);

/* Milestones from text: epochs, rising, parted by commas; NULL or "": none. */
vouch_status vouch_schedule_milestones(vouch_context *ctx, const char *text, double epochs,
                                       vouch_schedule_shape *shape);

#endif
