/* @NAME@: what the samples are, and what is known of them. Here: points of the unit square, in two
 * classes parted by its diagonal.
 *
 * Steps for a new set (delete each as you finish it):
 *   1. describe: shape, size, scaling, classes; of a table vouch_data_use_schema instead.
 *   2. draw: one sample, by the random stream alone; *missing: a value of it was, and was filled.
 *   3. A word on it in docs/howto/data.md. make test ARGS='-L unit' checks ranges, seeds, labels.
 */
#include "data/builtin.h"

enum { SIDES = 2 };

static vouch_status describe(vouch_data_stream *s)
{
    s->info.shape = (vouch_shape){.rank = 1, .dim = {SIDES}};
    s->info.size = SIDES;
    s->info.scaling = VOUCH_SCALING_UNIT; /* every feature is valid from 0 to 1 */
    return vouch_data_number_classes(s, 2);
}

static void draw(const vouch_data_info *info, vouch_random *r, float *x, int32_t *label,
                 bool *missing)
{
    for (int64_t i = 0; i < info->size; i++)
        x[i] = (float)vouch_random_unit(r);
    *label = x[0] > x[1];
    *missing = false;
}

const vouch_data_builtin vouch_data_builtin_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list data",
    .describe = describe,
    .draw = draw,
};
