/* Gradient walks (walk.h).
 *
 * x <- P(x + step * d(g)), with P the projection onto ball and range and d the direction of
 * steepest ascent in the ball's norm. With momentum g is the sum of past gradients, each
 * normalised to L1 length one [Dong 2018]. Points that are done with drop out of the rows.
 */
#include "attack/walk.h"

#include <math.h>
#include <string.h>

typedef struct state {
    vouch_assault *a;
    const vouch_walk *walk;
    vouch_rows rows;
    float *at;   /* [count][inputs] */
    float *past; /* [count][inputs] with momentum, else NULL */
} state;

static void clip_to_range(const vouch_assault *a, float *p)
{
    for (int64_t i = 0; i < a->inputs; i++)
        p[i] = fminf(fmaxf(p[i], a->ball->low[i]), a->ball->high[i]);
}

static void begin(state *s, int64_t restart)
{
    const vouch_assault *a = s->a;
    for (int64_t p = 0; p < a->count; p++) {
        float *at = s->at + p * a->inputs;
        memcpy(at, vouch_assault_x(a, p), (size_t)a->inputs * sizeof *at);
        if (s->walk->start == 0 || a->ball->eps == (double)INFINITY)
            continue;
        vouch_random random = vouch_assault_random(a, p, "walk", (uint64_t)restart);
        vouch_assault_start(a, p, s->walk->start, &random, at);
        if (s->walk->start_free)
            clip_to_range(a, at);
        else
            vouch_assault_project(a, p, at);
    }
    if (s->past)
        memset(s->past, 0, (size_t)(a->count * a->inputs) * sizeof *s->past);
}

/* past <- momentum * past + g / |g|_1 */
static const float *gather_speed(state *s, int64_t place, const float *g)
{
    const int64_t n = s->a->inputs;
    float *past = s->past + place * n;
    double sum = 1e-30;
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)g[i]);
    for (int64_t i = 0; i < n; i++)
        past[i] = (float)(s->walk->momentum * (double)past[i] + (double)g[i] / sum);
    return past;
}

static void move(state *s)
{
    vouch_assault *a = s->a;
    const double length = s->walk->step * a->ball->eps;
    for (int64_t i = 0; i < s->rows.count; i++) {
        const int64_t p = s->rows.place[i];
        const float *g = s->rows.gradient + i * a->inputs;
        if (s->past)
            g = gather_speed(s, p, g);
        vouch_assault_step(a, p, g, length, s->at + p * a->inputs);
        vouch_assault_project(a, p, s->at + p * a->inputs);
    }
}

static vouch_status one_walk(state *s, int64_t restart)
{
    begin(s, restart);
    for (int64_t step = 0; step < s->walk->steps; step++) {
        vouch_rows_gather(s->a, 3, s->at, &s->rows);
        if (s->rows.count == 0)
            return VOUCH_OK;
        VOUCH_TRY(vouch_rows_climb(s->a, s->walk->objective, &s->rows));
        move(s);
    }
    vouch_rows_gather(s->a, 1, s->at, &s->rows);
    return vouch_rows_look(s->a, &s->rows);
}

vouch_status vouch_walk_run(vouch_assault *a, const vouch_walk *walk)
{
    state s = {.a = a, .walk = walk, .at = vouch_assault_copy(a)};
    if (walk->momentum > 0)
        s.past = VOUCH_NEW_ARRAY(a->arena, float, a->count * a->inputs);
    if (!s.at || (walk->momentum > 0 && !s.past))
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &s.rows));
    for (int64_t r = 0; r < walk->restarts; r++)
        VOUCH_TRY(one_walk(&s, r));
    return VOUCH_OK;
}
