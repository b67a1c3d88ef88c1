/* Averages (average.h): exponential ones, faster at first so that the random start is forgotten;
 * stochastic weight averaging (Izmailov, Podoprikhin, Garipov, Vetrov, Wilson 2018). */
#include "train/average.h"

#include <math.h>
#include <string.h>

static double ema(double decay, int64_t time)
{
    return 1 - fmin(decay, (double)time / ((double)time + 10));
}

static double swa(double decay, int64_t time)
{
    (void)decay;
    return 1 / ((double)time + 1);
}

static const vouch_average averages[] = {
    {"none", false, NULL}, {"ema", false, ema}, {"swa", true, swa}};
enum { AVERAGES = sizeof averages / sizeof *averages };

const vouch_average *vouch_average_find(const char *name)
{
    for (size_t i = 0; i < AVERAGES; i++)
        if (strcmp(averages[i].name, name) == 0)
            return &averages[i];
    return NULL;
}

bool vouch_average_choices(size_t index, const char **name)
{
    *name = index < AVERAGES ? averages[index].name : NULL;
    return index < AVERAGES;
}
