/* loan: a table of requests for loans whose causes are known.
 *
 * Every value is drawn from those it depends on, in this order (=> reads "causes"):
 *
 *     sex, age                 are given
 *     sex => region            a proxy: three in four men live north or east, so of women south
 *                              or west
 *     age => education
 *     age => employed_years
 *     education, employed_years, sex => income      women earn 0.85 of it: the old injustice
 *     income => debt, amount;   amount => months;   purpose is given
 *     income, debt, amount, months, employed_years, education, sex => approved
 *
 * The last step is a logit; sex enters it directly, with -0.6 for women, so a classifier fitted
 * to the table learns a bias whose size is known, directly and through region and income. The
 * best possible classifier is right for 87 in 100; 47 in 100 women and 63 in 100 men get a loan.
 * 5 in 100 employed_years and 3 in 100 regions are missing, whatever the rest.
 */
#include <math.h>

#include "data/builtin.h"

static const char *const sexes[] = {"female", "male"};
static const char *const regions[] = {"east", "north", "south", "west"};
static const char *const educations[] = {"school", "vocational", "bachelor", "master"};
static const char *const purposes[] = {"business", "car", "home", "studies"};
static const char *const answers[] = {"no", "yes"};

enum column {
    SEX,
    AGE,
    REGION,
    EDUCATION,
    EMPLOYED,
    INCOME,
    DEBT,
    AMOUNT,
    MONTHS,
    PURPOSE,
    APPROVED,
    COLUMNS
};

static const vouch_column columns[COLUMNS] = {
    [SEX] = {.name = "sex",
             .type = VOUCH_COLUMN_CATEGORY,
             .categories = 2,
             .category = sexes,
             .immutable = true,
             .is_protected = true},
    [AGE] = {.name = "age",
             .type = VOUCH_COLUMN_INTEGER,
             .low = 21,
             .high = 75,
             .immutable = true,
             .is_protected = true,
             .fill = 45},
    [REGION] = {.name = "region",
                .type = VOUCH_COLUMN_CATEGORY,
                .categories = 4,
                .category = regions,
                .may_miss = true,
                .fill = 1},
    [EDUCATION] = {.name = "education",
                   .type = VOUCH_COLUMN_CATEGORY,
                   .categories = 4,
                   .category = educations},
    [EMPLOYED] = {.name = "employed_years",
                  .type = VOUCH_COLUMN_INTEGER,
                  .high = 57,
                  .may_miss = true,
                  .fill = 15},
    [INCOME] = {.name = "income", .type = VOUCH_COLUMN_REAL, .low = 5, .high = 250, .fill = 40},
    [DEBT] = {.name = "debt", .type = VOUCH_COLUMN_REAL, .high = 200, .fill = 12},
    [AMOUNT] =
        {.name = "amount", .type = VOUCH_COLUMN_INTEGER, .low = 1, .high = 200, .fill = 20},
    [MONTHS] =
        {.name = "months", .type = VOUCH_COLUMN_INTEGER, .low = 6, .high = 120, .fill = 48},
    [PURPOSE] = {.name = "purpose",
                 .type = VOUCH_COLUMN_CATEGORY,
                 .categories = 4,
                 .category = purposes},
    [APPROVED] = {.name = "approved",
                  .type = VOUCH_COLUMN_CATEGORY,
                  .categories = 2,
                  .category = answers},
};

static double within(double value, const vouch_column *column)
{
    const double v = column->type == VOUCH_COLUMN_INTEGER ? floor(value + .5) : value;

    return v < column->low ? column->low : v > column->high ? column->high : v;
}

static int below(vouch_random *r, uint64_t n) { return (int)vouch_random_below(r, n); }

/* Who asks. */
static void draw_person(vouch_random *r, double *v)
{
    const bool usual = vouch_random_unit(r) < .75;

    v[SEX] = below(r, 2);
    v[AGE] = 21 + below(r, 55);
    const bool northern = (v[SEX] == 1) == usual;
    v[REGION] = (northern ? 0 : 2) + below(r, 2);
    const double learned = .5 + (v[AGE] > 24) + 1.1 * vouch_random_normal(r);
    v[EDUCATION] = learned < .5 ? 0 : learned < 1.5 ? 1 : learned < 2.5 ? 2 : 3;
    v[EMPLOYED] = within((v[AGE] - 18) * sqrt(vouch_random_unit(r)), &columns[EMPLOYED]);
}

/* What they have and want; in thousands. */
static void draw_money(vouch_random *r, double *v)
{
    const double gap = v[SEX] == 0 ? .85 : 1;
    const double usual = (18 + 9 * v[EDUCATION] + .6 * v[EMPLOYED]) * gap;

    v[INCOME] = within(usual * exp(.35 * vouch_random_normal(r)), &columns[INCOME]);
    v[DEBT] = within(v[INCOME] * .9 * pow(vouch_random_unit(r), 2), &columns[DEBT]);
    v[AMOUNT] = within(v[INCOME] * (.1 + vouch_random_unit(r)), &columns[AMOUNT]);
    v[MONTHS] = within(12 + 1.2 * v[AMOUNT] + 12 * vouch_random_normal(r), &columns[MONTHS]);
    v[PURPOSE] = below(r, 4);
}

/* The decision: a logit, steep enough that chance decides little. */
static void decide(vouch_random *r, double *v)
{
    const double monthly = 1000 * v[AMOUNT] / v[MONTHS], spare = 1000 * v[INCOME] / 12;
    const double logit = 1.5 - 9 * monthly / spare - 3.5 * v[DEBT] / v[INCOME] +
                         .06 * v[EMPLOYED] + .4 * v[EDUCATION] - .6 * (v[SEX] == 0);

    v[APPROVED] = vouch_random_unit(r) < 1 / (1 + exp(-2 * logit));
}

static void draw(const vouch_data_info *info, vouch_random *r, float *x, int32_t *label,
                 bool *missing)
{
    double v[COLUMNS];

    draw_person(r, v);
    draw_money(r, v);
    decide(r, v);
    *label = (int32_t)v[APPROVED];
    if (vouch_random_unit(r) < .05)
        v[EMPLOYED] = (double)NAN;
    if (vouch_random_unit(r) < .03)
        v[REGION] = (double)NAN;
    *missing = isnan(v[EMPLOYED]) || isnan(v[REGION]);
    for (int i = 0; i < APPROVED; i++)
        x = vouch_column_encode(&columns[i], info->scaling, v[i], x);
}

static vouch_status describe(vouch_data_stream *s)
{
    return vouch_data_use_columns(s, columns, COLUMNS, APPROVED);
}

const vouch_data_builtin vouch_data_builtin_loan = {
    .name = "loan",
    .summary = "requests for loans with known causes, a protected attribute and a known bias",
    .describe = describe,
    .draw = draw,
};
