/* What happens to tables: values that were not recorded, and values in the wrong unit. */
#include <math.h>

#include "data/corruption.h"

/* Calls change(job, column, x) for the columns that a network sees, each hit with the
 * probability `level`. A column takes as many random numbers whether hit or not. */
typedef void column_fn(const vouch_corruption_job *job, const vouch_column *column,
                       vouch_random *random, float *x);

static void hit_columns(vouch_corruption_job *job, column_fn *change)
{
    for (int64_t i = 0, next; i < job->info->size; i = next) {
        const int index = job->info->feature[i].column;
        const bool is_hit = vouch_random_unit(&job->random) < job->level;
        vouch_random own = {vouch_random_bits(&job->random)};
        for (next = i; next < job->info->size && job->info->feature[next].column == index;)
            next++;
        if (is_hit)
            change(job, &job->info->schema->column[index], &own, job->x + i);
    }
}

static void forget(const vouch_corruption_job *job, const vouch_column *column,
                   vouch_random *random, float *x)
{
    (void)random;
    vouch_column_encode(column, job->info->scaling, (double)NAN, x);
}

/* Thousands for ones, hundredths, minutes for hours. What leaves the valid range is cut to it. */
static void mistake(const vouch_corruption_job *job, const vouch_column *column,
                    vouch_random *random, float *x)
{
    static const double factors[] = {1000, 100, 60, 12, 1. / 12, 1. / 60, .01, .001};
    const double factor = factors[vouch_random_below(random, sizeof factors / sizeof *factors)];
    if (column->type == VOUCH_COLUMN_CATEGORY)
        return;
    double value = factor * vouch_column_decode(column, job->info->scaling, x);
    if (column->type == VOUCH_COLUMN_INTEGER)
        value = floor(value + .5);
    value = fmin(column->high, fmax(column->low, value));
    vouch_column_encode(column, job->info->scaling, value, x);
}

static void lose_values(vouch_corruption_job *job) { hit_columns(job, forget); }
static void mistake_units(vouch_corruption_job *job) { hit_columns(job, mistake); }

const vouch_corruption vouch_corruption_missing = {
    .name = "missing",
    .summary = "values lost, their column's fill in place; levels: the share of columns",
    .citation = "",
    .tables = true,
    .level = {.05, .1, .2, .3, .5},
    .run = lose_values,
};

const vouch_corruption vouch_corruption_unit_errors = {
    .name = "unit-errors",
    .summary = "numbers in the wrong unit, off by 12, 60, 100 or 1000; levels: the share",
    .citation = "",
    .tables = true,
    .level = {.05, .1, .2, .3, .5},
    .run = mistake_units,
};
