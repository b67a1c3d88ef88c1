/* Carlini and Wagner: the margin in place of cross-entropy.
 *
 * L2: x' = centre + radius tanh(w) keeps the range without a constraint; Adam on w makes
 *
 *     |x' - x|^2 + c max(margin of the label at x', 0)
 *
 * small, from the w of x, .999999 of the way to the range's ends so that tanh has a slope there. c is found
 * for each point by bisection: it is multiplied by 10 until the label falls; too small and the
 * point stays right, too large and the distance does not count. Every tenth of a descent it is
 * given up if what is made small is not below .9999 of what it was a tenth before. The nearest
 * adversarial on the way is kept, so with a bounded ball the search for a point ends at the first
 * one inside. Settings are those of the authors' program, with a tenth of its steps. It looks at
 * a whole batch when it gives up a descent; here every point decides for itself.
 * L-infinity: projected steps on the margin, as the attack is used in the literature on training.
 */
#include <math.h>
#include <string.h>

#include "attack/walk.h"

typedef struct cw_settings {
    int64_t steps, searches;
    double rate, weight;
} cw_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(cw_settings, steps,
                     "steps of one descent (a tenth of them, of a walk in linf)", 1000, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(cw_settings, searches, "values of the weight tried (restarts in linf)", 9,
                     1, 100),
    VOUCH_ATTACK_REAL(cw_settings, rate, "learning rate of Adam", 0.01, 1e-9, 100),
    VOUCH_ATTACK_REAL(cw_settings, weight, "first weight of the margin", 1e-3, 1e-9, 1e9),
};

/* Per point: the descent's variables, and the bracket of the weight. */
typedef struct descent {
    vouch_assault *a;
    vouch_rows rows;
    float *w, *first, *second; /* [count][inputs]; Adam's moments */
    float *x;                  /* [count][inputs] */
    double *weight, *low, *high;
    double *loss;        /* a tenth of the descent before */
    bool *fooled, *over; /* in this descent; it is given up */
} descent;

static double centre(const vouch_ball *b, int64_t i)
{
    return ((double)b->low[i] + (double)b->high[i]) / 2;
}

static double half(const vouch_ball *b, int64_t i)
{
    return ((double)b->high[i] - (double)b->low[i]) / 2;
}

/* w of the clean point, a hair inside, where tanh still has a slope. */
static void start(descent *d)
{
    const vouch_assault *a = d->a;
    const int64_t n = a->inputs;
    for (int64_t p = 0; p < a->count; p++)
        for (int64_t i = 0; i < n; i++) {
            const double r = half(a->ball, i);
            const double u = ((double)a->x[p * n + i] - centre(a->ball, i)) / (r > 0 ? r : 1);
            d->w[p * n + i] = (float)atanh(fmin(fmax(u, -1), 1) * .999999);
        }
    memset(d->first, 0, (size_t)(a->count * n) * sizeof *d->first);
    memset(d->second, 0, (size_t)(a->count * n) * sizeof *d->second);
    memset(d->fooled, 0, (size_t)a->count * sizeof *d->fooled);
    memset(d->over, 0, (size_t)a->count * sizeof *d->over);
    for (int64_t p = 0; p < a->count; p++)
        d->loss[p] = (double)INFINITY;
}

static void place_points(descent *d)
{
    const vouch_assault *a = d->a;
    for (int64_t k = 0; k < a->count * a->inputs; k++) {
        const int64_t i = k % a->inputs;
        const double x = centre(a->ball, i) + half(a->ball, i) * tanh((double)d->w[k]);
        d->x[k] = fminf(fmaxf((float)x, a->ball->low[i]), a->ball->high[i]);
    }
}

/* Rows of the points whose descent goes on. */
static void gather(descent *d)
{
    const size_t bytes = (size_t)d->a->inputs * sizeof *d->x;
    vouch_rows *rows = &d->rows;
    int64_t kept = 0;
    vouch_rows_gather(d->a, 2, d->x, rows);
    for (int64_t r = 0; r < rows->count; r++) {
        if (d->over[rows->place[r]])
            continue;
        rows->place[kept] = rows->place[r];
        rows->target[kept] = rows->target[r];
        memmove(rows->x + kept * d->a->inputs, rows->x + r * d->a->inputs, bytes);
        kept++;
    }
    rows->count = kept;
}

/* Is nothing gained any more? */
static bool is_stuck(descent *d, int64_t r)
{
    const int64_t p = d->rows.place[r];
    const double distance =
        vouch_ball_distance(d->a->ball, vouch_assault_x(d->a, p), d->x + p * d->a->inputs);
    const double before = d->loss[p];
    d->loss[p] = distance * distance + d->weight[p] * fmax(-d->rows.value[r], 0);
    return d->loss[p] > before * .9999;
}

/* One step of Adam for the point of row r [Kingma, Ba 2015]. */
static void adam(descent *d, int64_t r, int64_t step)
{
    const vouch_assault *a = d->a;
    const int64_t p = d->rows.place[r], n = a->inputs;
    const double rate = ((const cw_settings *)a->settings)->rate;
    const double past = 1 - pow(.9, (double)step), past_square = 1 - pow(.999, (double)step);
    const double pull =
        d->rows.value[r] < 0 ? d->weight[p] : 0; /* margin < 0: not yet fooled */
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = p * n + i;
        const double t = tanh((double)d->w[k]);
        const double slope = (2 * ((double)d->x[k] - (double)a->x[k]) -
                              pull * (double)d->rows.gradient[r * n + i]) *
                             half(a->ball, i) * (1 - t * t);
        d->first[k] = (float)(.9 * (double)d->first[k] + .1 * slope);
        d->second[k] = (float)(.999 * (double)d->second[k] + .001 * slope * slope);
        d->w[k] =
            (float)((double)d->w[k] - rate * ((double)d->first[k] / past) /
                                          (sqrt((double)d->second[k] / past_square) + 1e-8));
    }
}

static vouch_status descend(descent *d)
{
    const cw_settings *s = d->a->settings;
    const vouch_objective *margin = vouch_objective_find("margin");
    start(d);
    const int64_t tenth = s->steps >= 10 ? s->steps / 10 : 1;
    for (int64_t step = 1; step <= s->steps; step++) {
        place_points(d);
        gather(d);
        if (d->rows.count == 0)
            return VOUCH_OK;
        VOUCH_TRY(vouch_rows_climb(d->a, margin, &d->rows));
        for (int64_t r = 0; r < d->rows.count; r++) {
            d->fooled[d->rows.place[r]] |= d->rows.value[r] > 0;
            d->over[d->rows.place[r]] = (step - 1) % tenth == 0 && is_stuck(d, r);
            adam(d, r, step);
        }
    }
    return VOUCH_OK;
}

static void adjust_weights(descent *d)
{
    for (int64_t p = 0; p < d->a->count; p++) {
        *(d->fooled[p] ? &d->high[p] : &d->low[p]) = d->weight[p];
        d->weight[p] =
            d->high[p] < (double)INFINITY ? (d->low[p] + d->high[p]) / 2 : d->weight[p] * 10;
    }
}

static vouch_status run_l2(vouch_assault *a)
{
    const cw_settings *s = a->settings;
    descent d = {.a = a,
                 .w = vouch_assault_copy(a),
                 .first = vouch_assault_copy(a),
                 .second = vouch_assault_copy(a),
                 .x = vouch_assault_copy(a),
                 .weight = VOUCH_NEW_ARRAY(a->arena, double, a->count),
                 .low = VOUCH_NEW_ARRAY(a->arena, double, a->count),
                 .high = VOUCH_NEW_ARRAY(a->arena, double, a->count),
                 .loss = VOUCH_NEW_ARRAY(a->arena, double, a->count),
                 .fooled = VOUCH_NEW_ARRAY(a->arena, bool, a->count),
                 .over = VOUCH_NEW_ARRAY(a->arena, bool, a->count)};
    if (!d.w || !d.first || !d.second || !d.x || !d.weight || !d.low || !d.high || !d.loss ||
        !d.fooled || !d.over)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &d.rows));
    for (int64_t p = 0; p < a->count; p++) {
        d.weight[p] = s->weight;
        d.high[p] = (double)INFINITY;
    }
    for (int64_t search = 0; search < s->searches; search++) {
        VOUCH_TRY(descend(&d));
        adjust_weights(&d);
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const cw_settings *s = a->settings;
    const int64_t steps = s->steps / 10 > 1 ? s->steps / 10 : 1;
    const vouch_walk walk = {.objective = vouch_objective_find("margin"),
                             .steps = steps,
                             .restarts = s->searches,
                             .step = fmax(.05, 2 / (double)steps),
                             .start = 1};
    return a->ball->norm == VOUCH_NORM_L2 ? run_l2(a) : vouch_walk_run(a, &walk);
}

const vouch_attack vouch_attack_cw = {
    .name = "cw",
    .summary = "Adam on distance and margin (l2), projected steps on the margin (linf)",
    .citation = "Carlini, Wagner 2017",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
    .targeted = true,
    .nearest = VOUCH_ATTACK_L2,
    .size = sizeof(cw_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
