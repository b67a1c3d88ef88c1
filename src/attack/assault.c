/* An assault's bookkeeping: who is still open, what was spent, what was found.
 *
 * Of a point's adversarials the one kept is the first whose margin is clear (more than rounding
 * of float32 could make), or, where the ball has no bound, the nearest such; an unclear one is
 * kept only until a clear one comes, and the attack goes on, since the replay may refuse it.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

/* A margin of this share of the largest logit is not mere rounding. */
static const double clear_share = 1e-4;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
}

static bool unbounded(const vouch_assault *a) { return a->ball->eps == (double)INFINITY; }

/* The margin in units of what rounding may make: >= 1 is clear. */
static double clarity(const vouch_assault *a, const vouch_aim *aim, const float *z)
{
    double size = 1e-30;
    for (int64_t j = 0; j < a->classes; j++)
        size = fmax(size, fabs((double)z[j]));
    return vouch_aim_margin(aim, z) / (clear_share * size);
}

vouch_status vouch_assault_prepare(vouch_assault *a)
{
    const int64_t n = a->count * a->inputs;
    float *cells = VOUCH_NEW_ARRAY(a->arena, float, 2 * n);
    a->cell = VOUCH_NEW_ARRAY(a->arena, vouch_cell, a->count);
    a->scratch = VOUCH_NEW_ARRAY(a->arena, double, 2 * a->inputs);
    a->best = VOUCH_NEW_ARRAY(a->arena, float, n);
    a->margin = VOUCH_NEW_ARRAY(a->arena, double, a->count);
    a->distance = VOUCH_NEW_ARRAY(a->arena, double, a->count);
    a->forward = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count);
    a->backward = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count);
    if (!cells || !a->cell || !a->scratch || !a->best || !a->margin || !a->distance ||
        !a->forward || !a->backward)
        return out_of_memory(a->ctx);
    for (int64_t p = 0; p < a->count; p++) {
        a->cell[p] = (vouch_cell){vouch_assault_x(a, p), cells + p * a->inputs,
                                  cells + n + p * a->inputs};
        vouch_ball_cell(a->ball, &a->cell[p]);
        a->margin[p] = -(double)INFINITY;
        a->distance[p] = (double)INFINITY;
    }
    return VOUCH_OK;
}

float *vouch_assault_copy(vouch_assault *a)
{
    float *copy = VOUCH_NEW_ARRAY(a->arena, float, a->count * a->inputs);
    if (copy)
        memcpy(copy, a->x, (size_t)(a->count * a->inputs) * sizeof *copy);
    return copy;
}

int64_t vouch_assault_open(const vouch_assault *a, int64_t passes, int64_t *place)
{
    int64_t count = 0;
    for (int64_t p = 0; p < a->count; p++)
        if ((unbounded(a) || a->margin[p] < 1) &&
            passes <= a->budget - a->forward[p] - a->backward[p])
            place[count++] = p;
    return count;
}

vouch_random vouch_assault_random(const vouch_assault *a, int64_t place, const char *purpose,
                                  uint64_t index)
{
    vouch_random of_point = vouch_random_stream(a->seed, purpose, a->number[place]);
    return vouch_random_stream(vouch_random_bits(&of_point), purpose, index);
}

void vouch_assault_project(const vouch_assault *a, int64_t place, float *p)
{
    vouch_ball_project(a->ball, &a->cell[place], a->scratch, p);
}

vouch_aim vouch_assault_aim(const vouch_assault *a, const vouch_rows *rows, int64_t i)
{
    return (vouch_aim){a->classes, a->label[rows->place[i]], rows->target[i]};
}

/* ---- rows ---------------------------------------------------------------------------------- */

vouch_status vouch_rows_new(vouch_assault *a, int64_t capacity, vouch_rows *rows)
{
    *rows = (vouch_rows){.place = VOUCH_NEW_ARRAY(a->arena, int64_t, capacity),
                         .target = VOUCH_NEW_ARRAY(a->arena, int, capacity),
                         .x = VOUCH_NEW_ARRAY(a->arena, float, capacity * a->inputs),
                         .z = VOUCH_NEW_ARRAY(a->arena, float, capacity * a->classes),
                         .value = VOUCH_NEW_ARRAY(a->arena, double, capacity),
                         .gradient = VOUCH_NEW_ARRAY(a->arena, float, capacity * a->inputs)};
    if (!rows->place || !rows->target || !rows->x || !rows->z || !rows->value ||
        !rows->gradient)
        return out_of_memory(a->ctx);
    return VOUCH_OK;
}

void vouch_rows_gather(const vouch_assault *a, int64_t passes, const float *state,
                       vouch_rows *rows)
{
    rows->count = vouch_assault_open(a, passes, rows->place);
    for (int64_t i = 0; i < rows->count; i++) {
        rows->target[i] = a->target[rows->place[i]];
        memcpy(rows->x + i * a->inputs, state + rows->place[i] * a->inputs,
               (size_t)a->inputs * sizeof(float));
    }
}

static vouch_status spend(vouch_assault *a, const vouch_rows *rows, int64_t backward)
{
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t p = rows->place[i];
        a->forward[p]++;
        a->backward[p] += backward;
        if (a->forward[p] + a->backward[p] > a->budget)
            return vouch_fail(a->ctx, VOUCH_ERR_INTERNAL,
                              "attack: more passes than the budget");
    }
    return VOUCH_OK;
}

/* Is a claim of this clarity at this distance better than the one kept? */
static bool improves(const vouch_assault *a, int64_t place, double clear, double distance)
{
    const double kept = a->margin[place];
    if (kept >= 1)
        return unbounded(a) && clear >= 1 && distance < a->distance[place];
    return clear > kept;
}

/* Keeps the rows that do what the user asked for, whatever they were tried for. */
static void keep(vouch_assault *a, const vouch_rows *rows)
{
    for (int64_t i = 0; i < rows->count && !a->blind; i++) {
        const int64_t p = rows->place[i];
        const float *x = rows->x + i * a->inputs;
        const vouch_aim goal = {a->classes, a->label[p], a->target[p]};
        const double clear = clarity(a, &goal, rows->z + i * a->classes);
        if (!(clear > 0))
            continue;
        const double distance = vouch_ball_distance(a->ball, vouch_assault_x(a, p), x);
        if (!improves(a, p, clear, distance) ||
            !vouch_ball_contains(a->ball, vouch_assault_x(a, p), x))
            continue;
        a->margin[p] = clear;
        a->distance[p] = distance;
        memcpy(a->best + p * a->inputs, x, (size_t)a->inputs * sizeof *x);
    }
}

vouch_status vouch_rows_look(vouch_assault *a, vouch_rows *rows)
{
    VOUCH_TRY(spend(a, rows, 0));
    VOUCH_TRY(vouch_victim_forward(a->victim, rows->count, rows->x, rows->z));
    keep(a, rows);
    return VOUCH_OK;
}

typedef struct climb {
    const vouch_assault *a;
    const vouch_objective *objective;
    vouch_rows *rows;
} climb;

static void cotangent(void *user, int64_t row, const float *z, float *d_z)
{
    const climb *c = user;
    const vouch_aim aim = vouch_assault_aim(c->a, c->rows, row);
    c->rows->value[row] = c->objective->value(&aim, z, d_z);
}

vouch_status vouch_rows_climb(vouch_assault *a, const vouch_objective *objective,
                              vouch_rows *rows)
{
    climb c = {a, objective, rows};
    VOUCH_TRY(spend(a, rows, 1));
    VOUCH_TRY(vouch_victim_gradient(a->victim, rows->count, rows->x,
                                    (vouch_cotangent){cotangent, &c}, rows->z, rows->gradient));
    keep(a, rows);
    return VOUCH_OK;
}
