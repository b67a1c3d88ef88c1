/* Clipping (clip.h).
 *
 * One half-space: with m = min over the box of form.x + offset, a point x of it has, in
 * dimension d, form_d (x_d - e_d) <= -m, where e_d is the end of the interval at which the form
 * is least. m is computed in double and lowered by a margin that covers its rounding. A form
 * with an infinite or undefined part says nothing: the box stays.
 *
 * Several: a point that satisfies all rows satisfies every combination  sum_r w_r form_r <= 0,
 * w >= 0. The combination whose least value is largest is the dual of "do they meet in the
 * box?": if it is positive they do not. Multiplicative weights climb towards it: the rows that
 * are larger at the current combination's minimiser gain weight.
 */
#include "bounds/clip.h"

#include <float.h>
#include <math.h>

#include "num/round.h"

enum { ROUNDS = 2, CLIMBS = 8 };

bool vouch_clip_box(size_t n, const double *form, double *low, double *high)
{
    double least = form[n], size = fabs(form[n]);
    for (size_t d = 0; d < n; d++) {
        least += fmin(form[d] * low[d], form[d] * high[d]);
        size += fabs(form[d]) * fmax(fabs(low[d]), fabs(high[d]));
    }
    double margin = size * vouch_gamma64(4 * (int64_t)n + 16) + 1e-300;
    if (!isfinite(least) || !isfinite(margin))
        return true;
    if (least > margin)
        return false;
    double reach = vouch_up(fmax(margin - least, 0)); /* how far the form may rise */
    for (size_t d = 0; d < n; d++) {
        if (form[d] > 0)
            high[d] = fmin(high[d], vouch_up(low[d] + vouch_up(reach / form[d])));
        else if (form[d] < 0)
            low[d] = fmax(low[d], vouch_down(high[d] - vouch_up(reach / -form[d])));
    }
    return true;
}

/* sum_r weight_r form_r, its offset lowered by what the sums may have rounded up on the box. */
static void combine(size_t n, size_t rows, const double *form, const double *weight,
                    const double *low, const double *high, double *out)
{
    double size = 0, underflow = 1e-300;
    for (size_t d = 0; d <= n; d++) {
        double reach = d < n ? fmax(fabs(low[d]), fabs(high[d])) : 1, sum = 0;
        for (size_t r = 0; r < rows; r++) {
            double part = weight[r] * form[r * (n + 1) + d];
            sum += part;
            size += fabs(part) * reach;
            underflow += DBL_MIN * reach;
        }
        out[d] = sum;
    }
    out[n] -= size * vouch_gamma64(4 * (int64_t)(rows + n) + 16) + underflow;
}

/* Moves weight to the rows that are larger where the combination is least. */
static void reweigh(size_t n, size_t rows, const double *form, const double *combined,
                    const double *low, const double *high, double *weight, double *value)
{
    double most = 0, total = 0;
    for (size_t r = 0; r < rows; r++) {
        const double *f = form + r * (n + 1);
        value[r] = f[n];
        for (size_t d = 0; d < n; d++)
            value[r] += f[d] * (combined[d] >= 0 ? low[d] : high[d]);
        most = fmax(most, fabs(value[r]));
    }
    for (size_t r = 0; r < rows; r++) {
        weight[r] *= 1 + 0.9 * (most > 0 ? value[r] / most : 0);
        total += weight[r];
    }
    for (size_t r = 0; r < rows; r++)
        weight[r] /= total;
}

bool vouch_clip_case(size_t n, size_t rows, const double *form, double *low, double *high,
                     double *work)
{
    double *combined = work, *weight = combined + n + 1, *value = weight + rows;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t r = 0; r < rows; r++)
            if (!vouch_clip_box(n, form + r * (n + 1), low, high))
                return false;
    for (size_t r = 0; r < rows; r++)
        weight[r] = 1.0 / (double)rows;
    for (int climb = 0; rows > 1 && climb < CLIMBS; climb++) {
        combine(n, rows, form, weight, low, high, combined);
        if (!vouch_clip_box(n, combined, low, high))
            return false;
        reweigh(n, rows, form, combined, low, high, weight, value);
    }
    return true;
}
