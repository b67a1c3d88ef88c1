/* @NAME@: what T(x, t) is, as a formula over the reals, and its source. Here: values fade to the
 * lower end of their range, T(x, t) = x + t (x - low).
 *
 * Steps for a new transformation (delete each as you finish it):
 *   1. A corruption of the same name gives the severities: make new KIND=corruption NAME=@NAME@.
 *   2. enclose: numbers between which T(x, t) lies for every t of the part, over the reals: round
 *      outwards (num/round.h). The cut to the valid range comes afterwards.
 *   3. reach: the largest parameter at a level of the corruption; parameter: one name or two.
 *   4. It belongs beside its family (transform_light.c, ...) where there is one.
 *   5. Its definition in tests/eval/test_transform.c, which holds it to that.
 */
#include "eval/transform.h"
#include "num/round.h"

static double whole(double level) { return level; }

static void enclose(const vouch_transform_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++) {
        const double x = (double)job->x[i], black = (double)job->info->feature[i].low;
        double low, high;
        vouch_interval_mul(job->part->low[0], job->part->high[0], vouch_add_down(x, -black),
                           vouch_add_up(x, -black), &low, &high);
        job->low[i] = vouch_add_down(x, low);
        job->high[i] = vouch_add_up(x, high);
    }
}

const vouch_transform vouch_transform_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for `vouch list transforms`",
    .citation = "PAPER",
    .unit = "share of the value",
    .parameter = {"t"},
    .reach = whole,
    .enclose = enclose,
};
