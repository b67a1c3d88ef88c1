/* Shi's regulariser for certified training with short warm-ups: bounds that do not explode from layer
 * to layer, ReLUs that are neither all open nor all shut. Mean over the ReLUs l of
 *
 *   relu(b - tau_0 / tau_l) / b  +  (relu(b - rho_mean) + relu(b - rho_variance)) / b,   b = .5
 *
 * tau: mean radius of the boxes, of the inputs and before the ReLU. rho = min(q, 1/q), where q is the
 * quotient of open units (lower bound above 0) and shut ones (upper bound below 0): of the means of
 * their centres, in size, and of the squares of their centres' distances from the mean of all. The
 * whole counts lambda (1 - eps / its end), so it is there along the ramp and fades with it.
 *
 * ReLUs are those of convolutions, dense layers, batch normalisations and sums. Means are those of a
 * chunk, as in batch normalisation. Where one side is empty rho is 0, where both
 * are it does not count. Source: Shi, Wang, Zhang, Yi, Hsieh 2021.
 */
#include <math.h>
#include <string.h>

#include "grad/cut.h"
#include "train/bound.h"

typedef struct settings {
    double lambda, tolerance;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, lambda, "what it counts at the beginning of the ramp", 0.5, 0,
                    1e9),
    VOUCH_LOSS_REAL(settings, tolerance, "quotients above it are good", 0.5, 1e-6, 1)};

enum { OPEN, SHUT };

/* Of the boxes before one ReLU. */
typedef struct look {
    double count, radius, centre; /* sums; then means */
    double sum[2];                /* of open and shut units: sizes of the sums of centres, */
    double off[2], square[2];     /* sums of distances from the mean, of their squares */
    /* derivatives of the term: by the mean radius, by sum and square */
    double d_radius, d_sum[2], d_square[2];
} look;

static vouch_status prepare(const vouch_loss_place *place, void **scratch)
{
    VOUCH_TRY(vouch_bound_prepare(place, scratch));
    const vouch_bound *b = *scratch;
    if (vouch_box_cut_count(b->tape) == 0)
        return vouch_fail(place->ctx, VOUCH_ERR_UNSUPPORTED,
                          "regulariser shi: the network has no ReLU");
    return vouch_box_keep(place->ctx, place->arena, b->tape);
}

/* OPEN, SHUT or neither. */
static int side_of(float c, float r) { return c - r > 0 ? OPEN : c + r < 0 ? SHUT : -1; }

static void add_means(void *user, const vouch_cut_line *l)
{
    look *k = user;
    for (int64_t p = 0; p < l->pixels; p++)
        for (int64_t i = p * l->step; i < p * l->step + l->units; i++) {
            const int side = side_of(l->centre[i], l->radius[i]);
            k->radius += (double)l->radius[i];
            k->centre += (double)l->centre[i];
            if (side >= 0)
                k->sum[side] += fabs((double)l->centre[i]);
        }
}

static void add_squares(void *user, const vouch_cut_line *l)
{
    look *k = user;
    for (int64_t p = 0; p < l->pixels; p++)
        for (int64_t i = p * l->step; i < p * l->step + l->units; i++) {
            const int side = side_of(l->centre[i], l->radius[i]);
            const double off = (double)l->centre[i] - k->centre;
            if (side < 0)
                continue;
            k->off[side] += off;
            k->square[side] += off * off;
        }
}

/* relu(b - min(q, 1/q)) / b and its derivatives, q = a[OPEN] / a[SHUT]. */
static double imbalance(const double a[2], double b, double d[2])
{
    const int less = a[OPEN] <= a[SHUT] ? OPEN : SHUT, more = 1 - less;
    d[OPEN] = d[SHUT] = 0;
    if (a[more] <= 0)
        return 0;
    const double rho = a[less] / a[more];
    if (rho >= b)
        return 0;
    d[less] = a[less] > 0 ? -1 / (a[more] * b) : 0;
    d[more] = a[less] > 0 ? rho / (a[more] * b) : 0;
    return (b - rho) / b;
}

static double spread(look *k, double input, double b)
{
    const double quotient = k->radius > 0 ? input / k->radius : b;
    k->d_radius = 0;
    if (!(input > 0) || quotient >= b)
        return 0;
    k->d_radius = quotient / (k->radius * b);
    return (b - quotient) / b;
}

static void put_adjoints(void *user, const vouch_cut_line *l)
{
    const look *k = user;
    const double common =
        -2 * (k->d_square[OPEN] * k->off[OPEN] + k->d_square[SHUT] * k->off[SHUT]) / k->count;
    for (int64_t p = 0; p < l->pixels; p++)
        for (int64_t i = p * l->step; i < p * l->step + l->units; i++) {
            const int side = side_of(l->centre[i], l->radius[i]);
            const double off = (double)l->centre[i] - k->centre;
            double d = common;
            if (side >= 0)
                d += (side == OPEN ? 1 : -1) * k->d_sum[side] + 2 * off * k->d_square[side];
            l->d_centre[i] += (float)d;
            l->d_radius[i] += (float)(k->d_radius / k->count);
        }
}

/* One ReLU's term; its adjoints, times the factor, go into the tape. */
static double look_at(const vouch_loss_job *job, int i, double input, double factor)
{
    const settings *s = job->settings;
    const vouch_bound *b = job->scratch;
    look k = {.count = (double)(job->count * vouch_box_cut_units(b->tape, i))};
    vouch_box_cut_each(b->tape, i, add_means, &k);
    k.radius /= k.count;
    k.centre /= k.count;
    vouch_box_cut_each(b->tape, i, add_squares, &k);
    const double term = spread(&k, input, s->tolerance) +
                        imbalance(k.sum, s->tolerance, k.d_sum) +
                        imbalance(k.square, s->tolerance, k.d_square);
    k.d_radius *= factor;
    for (int side = 0; side < 2; side++) {
        k.d_sum[side] *= factor;
        k.d_square[side] *= factor;
    }
    vouch_box_cut_each(b->tape, i, put_adjoints, &k);
    return term;
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    vouch_bound *b = job->scratch;
    const int count = vouch_box_cut_count(b->tape);
    const double left = job->eps_most > 0 ? 1 - (double)(job->eps / job->eps_most) : 0;
    if (!(left > 0))
        return;
    const double factor = s->lambda * left / count * (double)job->count;
    vouch_bound_ball(job, job->eps);
    vouch_bound_forward(job);
    const double input = vouch_box_mean_radius(b->tape);
    for (int i = 0; i < count; i++)
        job->part[0].loss += factor * look_at(job, i, input, factor * (double)job->scale);
    memset(b->d_y, 0, (size_t)(job->count * job->classes) * sizeof *b->d_y);
    vouch_bound_backward(job, 0, b->d_y);
}

const vouch_loss vouch_loss_shi = {
    .name = "shi",
    .summary = "bounds that do not explode, ReLUs of which some are open and some shut",
    .citation = "Shi, Wang, Zhang, Yi, Hsieh 2021",
    .regulariser = true,
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = prepare,
    .run = run,
};
