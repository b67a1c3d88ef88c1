/* Auto-PGD (Croce, Hein 2020, sec. 3).
 *
 * A step of length s along steepest ascent, s = 2 eps at first, then momentum:
 *
 *     z = P(x + s d(g)),   x' = P(x + 3/4 (z - x) + 1/4 (x - x_before))     (first step: x' = z)
 *
 * At checkpoints, which come closer and closer, s is halved and the walk goes back to the best
 * point if (1) the loss grew in at most 3/4 of the steps since the last checkpoint, or (2) s was
 * not halved there and the best loss is what it was. Everything is per point.
 *
 * The start is x + eps u / |u|, in the norm of the ball, u uniform (L-infinity) or normal (L2). L1 has
 * steps of its own (apgd_l1.c); what a run keeps and looks at is the same.
 */
#include "attack/apgd.h"

#include <math.h>
#include <string.h>

static const double grows = .75;

vouch_apgd_schedule vouch_apgd_schedule_of(int64_t steps)
{
    const double n = (double)steps;
    return (vouch_apgd_schedule){.interval = (int64_t)fmax(.22 * n, 1),
                                 .shrink = (int64_t)fmax(.03 * n, 1),
                                 .least = (int64_t)fmax(.06 * n, 1)};
}

/* ---- start --------------------------------------------------------------------------------- */

static void start_point(const vouch_assault *a, int64_t place, vouch_random *random, float *p)
{
    const bool flat = a->ball->norm == VOUCH_NORM_LINF;
    double *u = a->scratch, size = 0;
    for (int64_t i = 0; i < a->inputs; i++) {
        u[i] = flat ? 2 * vouch_random_unit(random) - 1 : vouch_random_normal(random);
        size = flat ? fmax(size, fabs(u[i])) : size + u[i] * u[i];
    }
    const double scale = a->ball->eps / (flat ? size : sqrt(size) + 1e-12);
    for (int64_t i = 0; i < a->inputs; i++)
        p[i] = (float)((double)vouch_assault_x(a, place)[i] + scale * u[i]);
}

static void start(vouch_ascent *s, uint64_t index)
{
    const vouch_assault *a = s->a;
    for (int64_t p = 0; p < a->count; p++) {
        float *at = s->at + p * a->inputs;
        vouch_random random = vouch_assault_random(a, p, "apgd", index);
        start_point(a, p, &random, at);
        vouch_assault_project(a, p, at);
        memcpy(s->before + p * a->inputs, at, (size_t)a->inputs * sizeof *at);
        s->pace[p] = (vouch_pace){.step = 2 * a->ball->eps,
                                  .best = -(double)INFINITY,
                                  .best_at_check = -(double)INFINITY,
                                  .halved = true};
    }
}

/* ---- one step ------------------------------------------------------------------------------ */

static void set_targets(vouch_ascent *s)
{
    const vouch_assault *a = s->a;
    for (int64_t r = 0; r < s->rows.count && s->rank >= 0; r++) {
        const int64_t p = s->rows.place[r];
        if (a->target[p] < 0)
            s->rows.target[r] =
                vouch_ranked(a->classes, a->clean + p * a->classes, a->label[p], s->rank);
    }
}

/* Takes the losses and gradients of the rows. */
static void note(vouch_ascent *s, bool first)
{
    const size_t bytes = (size_t)s->a->inputs * sizeof(float);
    for (int64_t r = 0; r < s->rows.count; r++) {
        const int64_t p = s->rows.place[r], from = p * s->a->inputs;
        vouch_pace *pc = &s->pace[p];
        memcpy(s->gradient + from, s->rows.gradient + r * s->a->inputs, bytes);
        pc->increases += !first && s->rows.value[r] > pc->loss;
        pc->loss = s->rows.value[r];
        if (!first && !(pc->loss > pc->best))
            continue;
        pc->best = pc->loss;
        memcpy(s->best + from, s->at + from, bytes);
        memcpy(s->best_gradient + from, s->gradient + from, bytes);
        if (first)
            pc->best_at_check = pc->best;
    }
}

vouch_status vouch_ascent_look(vouch_ascent *s, bool first)
{
    vouch_rows_gather(s->a, 2, s->at, &s->rows);
    set_targets(s);
    VOUCH_TRY(vouch_rows_climb(s->a, s->objective, &s->rows));
    note(s, first);
    return VOUCH_OK;
}

void vouch_ascent_return(vouch_ascent *s, int64_t place)
{
    const size_t bytes = (size_t)s->a->inputs * sizeof(float);
    const int64_t from = place * s->a->inputs;
    memcpy(s->at + from, s->best + from, bytes);
    memcpy(s->gradient + from, s->best_gradient + from, bytes);
}

static void move(vouch_ascent *s, int64_t place, bool first)
{
    const vouch_assault *a = s->a;
    const int64_t n = a->inputs;
    float *at = s->at + place * n, *before = s->before + place * n;
    float *next = s->rows.x; /* free between looks */
    memcpy(next, at, (size_t)n * sizeof *at);
    vouch_assault_step(a, place, s->gradient + place * n, s->pace[place].step, next);
    vouch_assault_project(a, place, next);
    for (int64_t i = 0; i < n && !first; i++) {
        const double x = (double)at[i];
        next[i] = (float)(x + ((double)next[i] - x) * .75 + (x - (double)before[i]) * .25);
    }
    if (!first)
        vouch_assault_project(a, place, next);
    memcpy(before, at, (size_t)n * sizeof *at);
    memcpy(at, next, (size_t)n * sizeof *at);
}

static void check_point(vouch_ascent *s, int64_t place, int64_t interval)
{
    vouch_pace *pc = &s->pace[place];
    const bool oscillates = (double)pc->increases <= grows * (double)interval;
    const bool stuck = !pc->halved && pc->best_at_check >= pc->best;
    pc->halved = oscillates || stuck;
    pc->best_at_check = pc->best;
    pc->increases = 0;
    if (!pc->halved)
        return;
    pc->step /= 2;
    vouch_ascent_return(s, place);
}

static vouch_status run(vouch_ascent *s, uint64_t index)
{
    const int64_t steps = ((const vouch_apgd_settings *)s->a->settings)->steps;
    const vouch_apgd_schedule schedule = vouch_apgd_schedule_of(steps);
    int64_t interval = schedule.interval, since = 0;
    start(s, index);
    VOUCH_TRY(vouch_ascent_look(s, true));
    for (int64_t step = 0; step < steps && s->rows.count > 0; step++) {
        for (int64_t r = 0; r < s->rows.count; r++)
            move(s, s->rows.place[r], step == 0);
        VOUCH_TRY(vouch_ascent_look(s, false));
        if (++since < interval)
            continue;
        for (int64_t r = 0; r < s->rows.count; r++)
            check_point(s, s->rows.place[r], interval);
        since = 0;
        interval = interval - schedule.shrink > schedule.least ? interval - schedule.shrink
                                                               : schedule.least;
    }
    return VOUCH_OK;
}

vouch_status vouch_apgd_run(vouch_assault *a, const vouch_objective *objective, int64_t rank,
                            uint64_t index)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(a->arena);
    vouch_ascent s = {.a = a,
                      .objective = objective,
                      .rank = rank,
                      .at = vouch_assault_copy(a),
                      .before = vouch_assault_copy(a),
                      .best = vouch_assault_copy(a),
                      .gradient = vouch_assault_copy(a),
                      .best_gradient = vouch_assault_copy(a),
                      .pace = VOUCH_NEW_ARRAY(a->arena, vouch_pace, a->count)};
    vouch_status status = VOUCH_OK;
    if (!s.at || !s.before || !s.best || !s.gradient || !s.best_gradient || !s.pace)
        status = vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    if (!status)
        status = vouch_rows_new(a, a->count, &s.rows);
    if (!status)
        status = (a->ball->norm == VOUCH_NORM_L1 ? vouch_apgd_l1_run : run)(&s, index);
    vouch_arena_reset(a->arena, mark);
    return status;
}

const vouch_option vouch_apgd_options[VOUCH_APGD_OPTIONS] = {
    VOUCH_ATTACK_INT(vouch_apgd_settings, steps, "gradient steps of a run", 100, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(vouch_apgd_settings, restarts, "runs, each from another start", 1, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_APGD_WIDE,
};

vouch_status vouch_apgd_restarts(vouch_assault *a, const vouch_objective *objective)
{
    const vouch_apgd_settings *s = a->settings;
    for (int64_t r = 0; r < s->restarts; r++)
        VOUCH_TRY(vouch_apgd_run(a, objective, -1, (uint64_t)r));
    return VOUCH_OK;
}
