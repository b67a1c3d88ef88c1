/* Clipping (clip.h).
 *
 * With m = min over the box of form.x + offset, a point x of the half-space has, in dimension
 * d, form_d (x_d - e_d) <= -m, where e_d is the end of the interval at which the form is least.
 * m is computed in double and lowered by a margin that covers its rounding. A form with an
 * infinite or undefined part says nothing: the box stays.
 */
#include "bounds/clip.h"

#include <math.h>

#include "num/round.h"

bool vouch_clip_box(size_t count, const double *form, double offset, double *low, double *high)
{
    double least = offset, size = fabs(offset);
    for (size_t d = 0; d < count; d++) {
        least += fmin(form[d] * low[d], form[d] * high[d]);
        size += fabs(form[d]) * fmax(fabs(low[d]), fabs(high[d]));
    }
    double margin = size * vouch_gamma64(4 * (int64_t)count + 16) + 1e-300;
    if (!isfinite(least) || !isfinite(margin))
        return true;
    if (least > margin)
        return false;
    double reach = vouch_up(fmax(margin - least, 0)); /* how far the form may rise */
    for (size_t d = 0; d < count; d++) {
        if (form[d] > 0)
            high[d] = fmin(high[d], vouch_up(low[d] + vouch_up(reach / form[d])));
        else if (form[d] < 0)
            low[d] = fmax(low[d], vouch_down(high[d] - vouch_up(reach / -form[d])));
    }
    return true;
}
