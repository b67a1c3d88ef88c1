/* FAB-T, the fast adaptive boundary attack, targeted version (Croce, Hein 2020b).
 *
 * Each step linearises the boundary to the target, f_t(x) = z_t - z_y = 0, and projects both the
 * current point x and the clean point x0 onto that hyperplane within the valid range, by the
 * nearest point in the ball's norm: x + d, x0 + d0. The next point lies between the two, a little
 * beyond the boundary,
 *
 *     x <- clip((1 - alpha)(x + eta d) + alpha (x0 + eta d0)),
 *     alpha = min(|d| / (|d| + |d0|), alpha_max),
 *
 * which biases the walk towards the clean point. Where that is adversarial, x is kept if nearest
 * so far, and the walk goes back, x <- x0 + beta (x - x0). Distances are minimised: with a
 * bounded ball a point is done with as soon as it is inside.
 *
 * Projection. Along the signs that lower c = |w.x - b|, coordinate i has room_i to the range. In
 * L-infinity |d_i| = min(q, room_i), in L2 |d_i| = min(q |w_i|, room_i), with the level q that
 * makes sum |w_i||d_i| = c (ball.h). In L1 it is the fractional knapsack: the steepest coordinates
 * go all their room, one after the other, and the last as far as c still asks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attack/attack.h"

typedef struct fab_settings {
    int64_t steps, restarts, targets;
    double alpha, eta, beta;
} fab_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(fab_settings, steps, "linearisations towards a target", 100, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(fab_settings, restarts,
                     "runs towards a target; the first starts at the point", 1, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(fab_settings, targets, "likeliest other classes aimed at", 9, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(fab_settings, alpha, "greatest weight of the clean point", 0.1, 0, 1),
    VOUCH_ATTACK_REAL(fab_settings, eta, "overshoot", 1.05, 1, 10),
    VOUCH_ATTACK_REAL(fab_settings, beta, "how far to go back after a success", 0.9, 0, 1),
};

/* A coordinate and its steepness |w_i|. */
typedef struct steep {
    double size;
    int64_t at;
} steep;

typedef struct fab {
    vouch_assault *a;
    vouch_rows rows;
    float *at;      /* [count][inputs] */
    int *aim;       /* [count] the target of this run */
    double *d, *d0; /* [inputs] */
    steep *order;   /* [inputs] */
} fab;

static double norm_of(const vouch_assault *a, const double *d)
{
    double sum = 0;
    for (int64_t i = 0; i < a->inputs; i++) {
        const double s = fabs(d[i]);
        sum = a->ball->norm == VOUCH_NORM_LINF ? fmax(sum, s)
              : a->ball->norm == VOUCH_NORM_L2 ? sum + s * s
                                               : sum + s;
    }
    return a->ball->norm == VOUCH_NORM_L2 ? sqrt(sum) : sum;
}

static bool goes_up(float slope, double c) { return (c < 0) == (slope > 0); }

/* d <- what each coordinate may go until the range ends. */
static void set_room(const vouch_assault *a, const float *w, double c, const float *p,
                     double *d)
{
    for (int64_t i = 0; i < a->inputs; i++)
        d[i] = goes_up(w[i], c) ? (double)a->ball->high[i] - (double)p[i]
                                : (double)p[i] - (double)a->ball->low[i];
}

/* By one level for all: L-infinity and L2. d: room, then lengths. */
static void level(const vouch_assault *a, const float *w, double c, double *d)
{
    const bool flat = a->ball->norm == VOUCH_NORM_LINF;
    double *slope = a->scratch, *cap = a->scratch + a->inputs;
    for (int64_t i = 0; i < a->inputs; i++) {
        const double size = fabs((double)w[i]);
        slope[i] = flat ? size : size * size;
        cap[i] = size * d[i];
    }
    const double q = vouch_ball_level(a->inputs, slope, cap, c);
    for (int64_t i = 0; i < a->inputs; i++) {
        const double size = fabs((double)w[i]);
        d[i] = size == 0 ? 0 : fmin(flat ? q : q * size, d[i]);
    }
}

static int steepest_first(const void *one, const void *two)
{
    const steep *a = one, *b = two;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->at < b->at ? -1 : 1;
}

/* The steepest first: L1. d: room, then lengths. */
static void fill(int64_t count, const float *w, double c, steep *order, double *d)
{
    for (int64_t i = 0; i < count; i++)
        order[i] = (steep){isnan(w[i]) ? 0 : fabs((double)w[i]), i};
    qsort(order, (size_t)count, sizeof *order, steepest_first);
    for (int64_t k = 0; k < count; k++) {
        const double size = order[k].size, room = d[order[k].at];
        const double length = size == 0 ? 0 : fmin(room, c / size);
        d[order[k].at] = length;
        c = length < room ? 0 : c - size * length;
    }
}

/* d <- the shortest move with p + d in the range and w.d = -c, or as near as the range allows. */
static void project(const fab *f, const float *w, double c, const float *p, double *d)
{
    const vouch_assault *a = f->a;
    set_room(a, w, c, p, d);
    if (a->ball->norm == VOUCH_NORM_L1)
        fill(a->inputs, w, fabs(c), f->order, d);
    else
        level(a, w, fabs(c), d);
    for (int64_t i = 0; i < a->inputs; i++)
        d[i] = goes_up(w[i], c) ? d[i] : -d[i];
}

/* The move from the point of row r to the next. w.(x + d) + (f - w.x) = 0 asks for w.d = -f. */
static void move(fab *f, int64_t r)
{
    const vouch_assault *a = f->a;
    const fab_settings *s = a->settings;
    const int64_t p = f->rows.place[r], n = a->inputs;
    const float *w = f->rows.gradient + r * n, *x0 = vouch_assault_x(a, p);
    float *x = f->at + p * n;
    double at_clean = f->rows.value[r];
    for (int64_t i = 0; i < n; i++)
        at_clean += (double)w[i] * ((double)x0[i] - (double)x[i]);
    project(f, w, f->rows.value[r], x, f->d);
    project(f, w, at_clean, x0, f->d0);
    const double far = fmax(norm_of(a, f->d), 1e-8), far0 = fmax(norm_of(a, f->d0), 1e-8);
    const double alpha = fmin(far / (far + far0), s->alpha);
    for (int64_t i = 0; i < n; i++) {
        const double next = ((double)x[i] + s->eta * f->d[i]) * (1 - alpha) +
                            ((double)x0[i] + s->eta * f->d0[i]) * alpha;
        x[i] = fminf(fmaxf((float)next, a->ball->low[i]), a->ball->high[i]);
    }
}

/* After a look: from a success it goes back. */
static void retreat(fab *f, int64_t r)
{
    const vouch_assault *a = f->a;
    const double beta = ((const fab_settings *)a->settings)->beta;
    const int64_t p = f->rows.place[r], n = a->inputs;
    const vouch_aim goal = {a->classes, a->label[p], a->target[p]};
    const float *x0 = vouch_assault_x(a, p);
    float *x = f->at + p * n;
    if (!(vouch_aim_margin(&goal, f->rows.z + r * a->classes) > 0))
        return;
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((double)x0[i] + beta * ((double)x[i] - (double)x0[i]));
}

static void aim_rows(fab *f)
{
    for (int64_t r = 0; r < f->rows.count; r++)
        f->rows.target[r] = f->aim[f->rows.place[r]];
}

static vouch_status one_step(fab *f)
{
    vouch_rows_gather(f->a, 3, f->at, &f->rows);
    aim_rows(f);
    VOUCH_TRY(vouch_rows_climb(f->a, vouch_objective_find("gap"), &f->rows));
    for (int64_t r = 0; r < f->rows.count; r++)
        move(f, r);
    vouch_rows_gather(f->a, 1, f->at, &f->rows);
    VOUCH_TRY(vouch_rows_look(f->a, &f->rows));
    for (int64_t r = 0; r < f->rows.count; r++)
        retreat(f, r);
    return VOUCH_OK;
}

static void start(fab *f, int64_t rank, int64_t restart)
{
    const vouch_assault *a = f->a;
    for (int64_t p = 0; p < a->count; p++) {
        float *x = f->at + p * a->inputs;
        memcpy(x, vouch_assault_x(a, p), (size_t)a->inputs * sizeof *x);
        f->aim[p] = a->target[p] >= 0 ? a->target[p]
                                      : vouch_ranked(a->classes, a->clean + p * a->classes,
                                                     a->label[p], rank);
        if (restart == 0 || a->ball->eps == (double)INFINITY)
            continue;
        vouch_random random =
            vouch_assault_random(a, p, "fab", (uint64_t)(restart * 4096 + rank));
        vouch_assault_start(a, p, .5, &random, x);
        vouch_assault_project(a, p, x);
    }
}

static vouch_status one_target(fab *f, int64_t rank)
{
    const fab_settings *s = f->a->settings;
    for (int64_t restart = 0; restart < s->restarts; restart++) {
        start(f, rank, restart);
        f->rows.count = 1;
        for (int64_t step = 0; step < s->steps && f->rows.count > 0; step++)
            VOUCH_TRY(one_step(f));
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const fab_settings *s = a->settings;
    const int64_t targets = s->targets < a->classes - 1 ? s->targets : a->classes - 1;
    fab f = {.a = a,
             .at = vouch_assault_copy(a),
             .aim = VOUCH_NEW_ARRAY(a->arena, int, a->count),
             .d = VOUCH_NEW_ARRAY(a->arena, double, a->inputs),
             .d0 = VOUCH_NEW_ARRAY(a->arena, double, a->inputs),
             .order = VOUCH_NEW_ARRAY(a->arena, steep, a->inputs)};
    if (!f.at || !f.aim || !f.d || !f.d0 || !f.order)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &f.rows));
    for (int64_t rank = 0; rank < targets; rank++)
        VOUCH_TRY(one_target(&f, rank));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_fab_t = {
    .name = "fab-t",
    .summary = "fast adaptive boundary: nearest points beyond linearised boundaries",
    .citation = "Croce, Hein 2020b",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 | VOUCH_ATTACK_L1,
    .targeted = true,
    .nearest = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 | VOUCH_ATTACK_L1,
    .size = sizeof(fab_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
