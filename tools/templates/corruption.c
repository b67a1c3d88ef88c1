/* @NAME@: what happens to a sample, in one sentence, and its source. Here: values fade to the
 * lower end of their range.
 *
 * Steps for a new corruption (delete each as you finish it):
 *   1. run: change job->x in place, by job->level. Values past the range are cut afterwards.
 *   2. Draw from job->random the same numbers whatever the level, so that severities nest.
 *   3. level: five of them, each worse. Of tables: .tables = true, and categories stay whole.
 *   4. It belongs beside its family (corruption_light.c, ...) where there is one.
 *   5. make test ARGS='-L conformance' checks range, severities, seeds.
 */
#include "data/corruption.h"

static void run(vouch_corruption_job *job)
{
    for (int64_t i = 0; i < job->info->size; i++) {
        const float low = job->info->feature[i].low;
        job->x[i] = low + (1 - (float)job->level) * (job->x[i] - low);
    }
}

const vouch_corruption vouch_corruption_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for `vouch list corruptions`; levels: what they are",
    .citation = "PAPER",
    .level = {.1, .2, .3, .4, .5},
    .run = run,
};
