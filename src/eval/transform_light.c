/* Light: brightness and contrast. Both are affine in their one parameter t, so that the ends of
 * an interval of t give the ends of every value: T(x, t)_i = a_i + t b_i with
 *
 *     brightness  a_i = x_i   b_i = the length of the valid range of i
 *     contrast    a_i = x_i   b_i = x_i - m, m the mean of the channel
 *
 * The corruption of contrast leaves a share l of the difference to the mean, which is t = l - 1.
 */
#include "eval/transform.h"
#include "num/round.h"

static double whole(double level) { return level; }
static double rest(double level) { return 1 - level; }

/* Value i is x + t b for b in [slope_low, slope_high] and t in the part. */
static void put_line(const vouch_transform_job *job, int64_t i, double slope_low,
                     double slope_high)
{
    double low, high;
    vouch_interval_mul(job->part->low[0], job->part->high[0], slope_low, slope_high, &low,
                       &high);
    job->low[i] = vouch_add_down((double)job->x[i], low);
    job->high[i] = vouch_add_up((double)job->x[i], high);
}

static void enclose_brightness(const vouch_transform_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++) {
        const vouch_feature *f = &job->info->feature[i];
        const double range =
            (double)f->high - (double)f->low; /* rounded where exponents differ */
        put_line(job, i, vouch_down(range), vouch_up(range));
    }
}

static void enclose_contrast(const vouch_transform_job *job)
{
    const int64_t plane = job->height * job->width;
    for (int64_t c = 0; c < job->channels; c++) {
        const float *x = job->x + c * plane;
        double low = 0, high = 0;
        for (int64_t i = 0; i < plane; i++) {
            low = vouch_add_down(low, (double)x[i]);
            high = vouch_add_up(high, (double)x[i]);
        }
        low = vouch_div_down(low, (double)plane);
        high = vouch_div_up(high, (double)plane);
        for (int64_t i = 0; i < plane; i++)
            put_line(job, c * plane + i, vouch_add_down((double)x[i], -high),
                     vouch_add_up((double)x[i], -low));
    }
}

const vouch_transform vouch_transform_brightness = {
    .name = "brightness",
    .summary = "x + t times the range: brighter or darker",
    .citation = "Mohapatra et al. 2020",
    .unit = "share of the range",
    .parameter = {"t"},
    .reach = whole,
    .enclose = enclose_brightness,
};

const vouch_transform vouch_transform_contrast = {
    .name = "contrast",
    .summary = "mean + (1 + t) (x - mean), by channel: less or more of it",
    .citation = "Mohapatra et al. 2020",
    .unit = "share of the difference",
    .parameter = {"t"},
    .reach = rest,
    .enclose = enclose_contrast,
};
