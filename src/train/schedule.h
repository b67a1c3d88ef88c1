/* Schedules: the learning rate as a share of the greatest, along training. */
#ifndef VOUCH_TRAIN_SCHEDULE_H
#define VOUCH_TRAIN_SCHEDULE_H

typedef struct vouch_schedule {
    const char *name, *summary;
    double (*share)(double done); /* done: 0 at the first step, 1 after the last */
} vouch_schedule;

const vouch_schedule *const *vouch_schedule_table(void); /* NULL-terminated */
const vouch_schedule *vouch_schedule_find(const char *name);

#endif
