/* Shapes of ramps (ramp.h). The smooth one: a t^4 in its first quarter, then a line that continues
 * it (Xu, Shi, Zhang et al. 2020; Shi et al. 2021); a makes it end at 1. */
#include "train/ramp.h"

#include <string.h>

static double none(double t)
{
    (void)t;
    return 1;
}

static double linear(double t) { return t; }

static double smooth(double t)
{
    const double middle = 0.25, cube = middle * middle * middle;
    const double a = 1 / (4 * (1 - middle) * cube + middle * cube);
    return t < middle ? a * t * t * t * t : a * cube * (middle + 4 * (t - middle));
}

static const vouch_ramp_shape shapes[] = {
    {"none", none}, {"linear", linear}, {"smooth", smooth}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

const vouch_ramp_shape *vouch_ramp_find(const char *name)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

bool vouch_ramp_choices(size_t index, const char **name)
{
    *name = index < SHAPES ? shapes[index].name : NULL;
    return index < SHAPES;
}

double vouch_ramp_value(const vouch_ramp *ramp, double epochs)
{
    const double length = ramp->until - ramp->from;
    const double t = epochs <= ramp->from ? 0 : length > 0 ? (epochs - ramp->from) / length : 1;
    if (!ramp->shape || t >= 1)
        return 1;
    return ramp->shape->value(t);
}
