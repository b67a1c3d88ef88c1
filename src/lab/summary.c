/* Means and intervals (summary.h), by Welford's recurrence. */
#include "lab/summary.h"

#include <math.h>

void vouch_summary_add(vouch_summary *s, double value)
{
    if (isnan(value))
        return;
    const double before = s->count > 0 ? value - s->sum / s->count : 0;
    s->count++;
    s->sum += value;
    s->square += before * (value - s->sum / s->count);
}

double vouch_summary_mean(const vouch_summary *s)
{
    return s->count > 0 ? s->sum / s->count : (double)NAN;
}

/* Quantile .975 of Student's t: a table, then its expansion around the normal one [Abramowitz,
 * Stegun 26.7.5]. */
static double quantile(int freedom)
{
    static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                   2.447,  2.365, 2.306, 2.262, 2.228};
    const double z = 1.959964, n = freedom;
    if (freedom <= 10)
        return table[freedom - 1];
    return z + (pow(z, 3) + z) / (4 * n) +
           (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n);
}

double vouch_summary_half(const vouch_summary *s)
{
    if (s->count < 2)
        return (double)NAN;
    return quantile(s->count - 1) * sqrt(s->square / (s->count - 1) / s->count);
}
