/* The objectives of attacks.
 *
 * DLR (Croce, Hein 2020), sorted logits z(1) >= z(2) >= ...:
 *     untargeted   -(z_y - max_{j != y} z_j) / (z(1) - z(3))
 *     targeted     -(z_y - z_t) / (z(1) - (z(3) + z(4)) / 2)
 * Both do not change when the logits are shifted or scaled, so that a network cannot hide its
 * gradient by large logits as it can from cross-entropy. The ratios need 3 and 4 classes; with
 * fewer they are undefined, and the numerator alone, the margin, stands in: for two classes its
 * sign is the same, and steps normalise lengths anyway.
 */
#include "attack/objective.h"

#include <math.h>
#include <string.h>

int vouch_ranked(int64_t classes, const float *z, int without, int64_t r)
{
    for (int j = 0; j < classes; j++) {
        int64_t before = 0;
        if (j == without)
            continue;
        for (int i = 0; i < classes; i++)
            before += i != without && i != j && (z[i] > z[j] || (z[i] == z[j] && i < j));
        if (before == r)
            return j;
    }
    return without == 0 ? 1 : 0; /* NaNs alone are in no order */
}

int vouch_predicted(int64_t classes, const float *z)
{
    int best = 0;
    for (int j = 1; j < classes; j++)
        if (z[j] > z[best] || isnan(z[best]))
            best = j;
    return best;
}

static int best_but(int64_t classes, const float *z, int without)
{
    int best = without == 0 ? 1 : 0;
    for (int j = 0; j < classes; j++)
        if (j != without && z[j] > z[best])
            best = j;
    return best;
}

double vouch_aim_margin(const vouch_aim *aim, const float *z)
{
    if (aim->target >= 0)
        return (double)z[aim->target] - (double)z[best_but(aim->classes, z, aim->target)];
    return (double)z[best_but(aim->classes, z, aim->label)] - (double)z[aim->label];
}

/* ---- cross-entropy ------------------------------------------------------------------------- */

static double cross_entropy(const vouch_aim *aim, const float *z, float *d_z)
{
    const int at = aim->target >= 0 ? aim->target : aim->label;
    const float sign = aim->target >= 0 ? -1 : 1;
    const double most = (double)z[vouch_predicted(aim->classes, z)];
    double sum = 0;
    for (int64_t j = 0; j < aim->classes; j++)
        sum += exp((double)z[j] - most);
    for (int64_t j = 0; j < aim->classes; j++)
        d_z[j] = sign * (float)(exp((double)z[j] - most) / sum);
    double others = 0; /* 1 - p by adding what is left: no cancellation where p is near 1 */
    for (int64_t j = 0; j < aim->classes; j++)
        others += j == at ? 0 : exp((double)z[j] - most) / sum;
    d_z[at] = -sign * (float)others;
    return (double)sign * (most + log(sum) - (double)z[at]);
}

/* ---- margins ------------------------------------------------------------------------------- */

/* The two classes whose logits an aim compares: up - down. */
static void compared(const vouch_aim *aim, const float *z, int *up, int *down)
{
    *up = aim->target >= 0 ? aim->target : best_but(aim->classes, z, aim->label);
    *down = aim->target >= 0 ? best_but(aim->classes, z, aim->target) : aim->label;
}

static double difference(int64_t classes, const float *z, int up, int down, float *d_z)
{
    memset(d_z, 0, (size_t)classes * sizeof *d_z);
    d_z[up] += 1;
    d_z[down] -= 1;
    return (double)z[up] - (double)z[down];
}

static double margin(const vouch_aim *aim, const float *z, float *d_z)
{
    int up, down;
    compared(aim, z, &up, &down);
    return difference(aim->classes, z, up, down, d_z);
}

/* z_t - z_y, whatever the other classes say. */
static double gap(const vouch_aim *aim, const float *z, float *d_z)
{
    if (aim->target < 0)
        return margin(aim, z, d_z);
    return difference(aim->classes, z, aim->target, aim->label, d_z);
}

/* ---- difference of logits ratio ------------------------------------------------------------ */

/* What a quotient's denominator z_first - mean(z_last...) is made of; last[1] -1: one alone. */
typedef struct spread {
    int first, last[2];
} spread;

static double width_of(const spread *s, const float *z)
{
    const double other = (double)z[s->last[s->last[1] >= 0]];
    return (double)z[s->first] - ((double)z[s->last[0]] + other) / 2 + 1e-12;
}

/* value / width; d_z holds the gradient of value and gets that of the quotient. */
static double divided(const vouch_aim *aim, const spread *s, double value, const float *z,
                      float *d_z)
{
    const double width = width_of(s, z);
    const float slope = (float)(value / (width * width));
    for (int64_t j = 0; j < aim->classes; j++)
        d_z[j] = (float)((double)d_z[j] / width);
    d_z[s->first] -= slope;
    d_z[s->last[0]] += slope / 2;
    d_z[s->last[s->last[1] >= 0]] += slope / 2;
    return value / width;
}

static double dlr(const vouch_aim *aim, const float *z, float *d_z)
{
    const bool targeted = aim->target >= 0;
    const int64_t n = aim->classes;
    const double value = gap(aim, z, d_z);
    if (n < (targeted ? 4 : 3))
        return value;
    const spread s = {vouch_ranked(n, z, -1, 0),
                      {vouch_ranked(n, z, -1, 2), targeted ? vouch_ranked(n, z, -1, 3) : -1}};
    return divided(aim, &s, value, z, d_z);
}

static const vouch_objective ce = {.name = "ce",
                                   .summary = "cross-entropy",
                                   .citation = "Goodfellow 2015",
                                   .value = cross_entropy};
static const vouch_objective margin_objective = {.name = "margin",
                                                 .summary =
                                                     "the largest other logit less the label's",
                                                 .citation = "Carlini, Wagner 2017, f6",
                                                 .value = margin};
static const vouch_objective gap_objective = {.name = "gap",
                                              .summary = "the target's logit less the label's",
                                              .citation = "",
                                              .value = gap};
static const vouch_objective dlr_objective = {
    .name = "dlr",
    .summary = "difference of logits ratio; the margin where there are too few classes",
    .citation = "Croce, Hein 2020, sec. 4",
    .value = dlr};

const vouch_objective *const *vouch_objective_table(void)
{
    static const vouch_objective *const table[] = {&ce, &margin_objective, &dlr_objective,
                                                   &gap_objective, NULL};
    return table;
}

const vouch_objective *vouch_objective_find(const char *name)
{
    const vouch_objective *const *at = vouch_objective_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_objective_choices(size_t index, const char **name)
{
    enum { COUNT = 4 };
    *name = index < COUNT ? vouch_objective_table()[index]->name : NULL;
    return index < COUNT;
}
