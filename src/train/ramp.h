/* Ramps: how the radius, and what follows it, rises along training. */
#ifndef VOUCH_TRAIN_RAMP_H
#define VOUCH_TRAIN_RAMP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct vouch_ramp_shape {
    const char *name;
    double (*value)(double t); /* t in [0, 1]; 0 at 0 but for "none", 1 at 1 */
} vouch_ramp_shape;

typedef struct vouch_ramp {
    const vouch_ramp_shape *shape; /* NULL: none */
    double from, until;            /* epochs done when it starts, and when it ends */
} vouch_ramp;

const vouch_ramp_shape *vouch_ramp_find(const char *name);
/* As `choices` of an option row. */
bool vouch_ramp_choices(size_t index, const char **name);
/* The ramp's value after that many epochs. */
double vouch_ramp_value(const vouch_ramp *ramp, double epochs);

#endif
