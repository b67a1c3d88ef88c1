/* Universal perturbation: one delta for all points (Moosavi-Dezfooli 2017; here by gradients, as
 * Shafahi 2020).
 *
 * delta climbs the sum of the points' cross-entropies, each clipped as there so that a few lost
 * points do not rule, by steps of steepest ascent in the ball's norm, projected. What is claimed
 * at the end are the points x + delta, clipped to the valid range, of this one delta. An attack
 * of all points at once: what a point gets depends on the others.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct universal_settings {
    int64_t epochs, batch;
    double step, clip;
} universal_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(universal_settings, epochs, "passes over the points", 10, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(universal_settings, batch, "points of a step", 64, 1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(universal_settings, step, "length of a step in units of eps", 0.1, 0,
                      100),
    VOUCH_ATTACK_REAL(universal_settings, clip,
                      "a point whose cross-entropy is larger counts no more", 2, 0, 1e9),
};

typedef struct universal {
    vouch_assault *a;
    vouch_rows rows;
    vouch_ball ball;    /* the ball around 0, without a range */
    float *delta, *sum; /* [inputs] */
    int64_t *order;     /* [count] */
} universal;

/* x + delta of these places into the rows. */
static void place_rows(universal *u, const int64_t *place, int64_t count)
{
    const vouch_assault *a = u->a;
    u->rows.count = count;
    for (int64_t r = 0; r < count; r++) {
        float *x = u->rows.x + r * a->inputs;
        u->rows.place[r] = place[r];
        u->rows.target[r] = a->target[place[r]];
        for (int64_t i = 0; i < a->inputs; i++)
            x[i] = (float)((double)vouch_assault_x(a, place[r])[i] + (double)u->delta[i]);
        vouch_assault_project(a, place[r], x);
    }
}

/* delta's own projection: onto the ball around 0. */
static void project_delta(universal *u)
{
    const vouch_assault *a = u->a;
    float *zero = u->sum; /* free between steps */
    float *low = u->rows.x, *high = u->rows.gradient;
    const vouch_cell cell = {zero, low, high};
    memset(zero, 0, (size_t)a->inputs * sizeof *zero);
    for (int64_t i = 0; i < a->inputs; i++) {
        const float reach = a->ball->norm == VOUCH_NORM_LINF ? (float)a->ball->eps : INFINITY;
        low[i] = -fminf(reach, a->ball->high[i] - a->ball->low[i]);
        high[i] = -low[i];
    }
    vouch_ball_project(&u->ball, &cell, a->scratch, u->delta);
}

static vouch_status step(universal *u, const int64_t *place, int64_t count)
{
    const universal_settings *s = u->a->settings;
    const int64_t n = u->a->inputs;
    place_rows(u, place, count);
    VOUCH_TRY(vouch_rows_climb(u->a, vouch_objective_find("ce"), &u->rows));
    memset(u->sum, 0, (size_t)n * sizeof *u->sum);
    for (int64_t r = 0; r < count; r++)
        for (int64_t i = 0; i < n && u->rows.value[r] < s->clip; i++)
            u->sum[i] += u->rows.gradient[r * n + i];
    vouch_assault_step(u->a, place[0], u->sum, s->step * u->a->ball->eps, u->delta);
    project_delta(u);
    return VOUCH_OK;
}

static void shuffle(universal *u, int64_t epoch)
{
    vouch_random r = vouch_random_stream(u->a->seed, "universal", (uint64_t)epoch);
    for (int64_t i = u->a->count - 1; i > 0; i--) {
        const int64_t j = (int64_t)vouch_random_below(&r, (uint64_t)i + 1);
        const int64_t kept = u->order[i];
        u->order[i] = u->order[j];
        u->order[j] = kept;
    }
}

static vouch_status train(universal *u)
{
    const universal_settings *s = u->a->settings;
    for (int64_t epoch = 0; epoch < s->epochs; epoch++) {
        if (u->a->budget - u->a->forward[0] - u->a->backward[0] < 3)
            return VOUCH_OK;
        shuffle(u, epoch);
        for (int64_t at = 0; at < u->a->count; at += s->batch) {
            const int64_t left = u->a->count - at;
            VOUCH_TRY(step(u, u->order + at, left < s->batch ? left : s->batch));
        }
    }
    return VOUCH_OK;
}

/* The final delta on all points, as many at a time as there is room. */
static vouch_status claim(universal *u, int64_t room)
{
    for (int64_t i = 0; i < u->a->count; i++)
        u->order[i] = i;
    for (int64_t at = 0; at < u->a->count; at += room) {
        const int64_t left = u->a->count - at;
        place_rows(u, u->order + at, left < room ? left : room);
        VOUCH_TRY(vouch_rows_look(u->a, &u->rows));
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const universal_settings *s = a->settings;
    universal u = {.a = a,
                   .ball = *a->ball,
                   .delta = VOUCH_NEW_ARRAY(a->arena, float, a->inputs),
                   .sum = VOUCH_NEW_ARRAY(a->arena, float, a->inputs),
                   .order = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count)};
    const int64_t room = s->batch < a->count ? s->batch : a->count;
    if (!u.delta || !u.sum || !u.order)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, room, &u.rows));
    for (int64_t i = 0; i < a->count; i++)
        u.order[i] = i;
    a->blind = true;
    VOUCH_TRY(train(&u));
    a->blind = false;
    return a->budget - a->forward[0] - a->backward[0] > 0 ? claim(&u, room) : VOUCH_OK;
}

const vouch_attack vouch_attack_universal = {.name = "universal",
                                             .summary = "one perturbation for all points",
                                             .citation = "Moosavi-Dezfooli 2017; Shafahi 2020",
                                             .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
                                             .targeted = true,
                                             .whole = true,
                                             .size = sizeof(universal_settings),
                                             .options = options,
                                             .option_count = sizeof options / sizeof *options,
                                             .run = run};
