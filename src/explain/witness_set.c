/* A witness in the box of one set of features (witness.h).
 *
 * Walks from the point and from random places of the box. A step moves the numbers by the signed
 * gradient, by less and less; then each category takes, one after the other, the value with the
 * least margin of all its values: a category moves from value to value and never mixes them. Whole
 * numbers stay whole. What the float32 network gets wrong is replayed over the reals.
 */
#include <math.h>
#include <string.h>

#include "attack/replay.h"
#include "base/random.h"
#include "explain/witness.h"

enum { STARTS = 4 };

typedef struct walk {
    vouch_inquiry *q;
    const vouch_feature *feature; /* [inputs]; NULL: no table */
    int64_t inputs, values;       /* the most values of a category */
    float *low, *high;            /* [inputs]: the set's box, in float32 */
    float *x, *gradient;          /* [inputs] */
    float *row;                   /* [values][inputs]: one for each value of a category */
    double *margin;               /* [values] */
    vouch_found *found;
} walk;

static bool is_category(const walk *w, int64_t i)
{
    return w->feature != NULL && w->feature[i].group >= 0 && !w->feature[i].immutable;
}

/* Behind the last input of the category that begins at input i. */
static int64_t category_end(const walk *w, int64_t i)
{
    int64_t end = i;
    while (end < w->inputs && is_category(w, end) &&
           w->feature[end].group == w->feature[i].group)
        end++;
    return end;
}

static bool open_walk(walk *w, const bool *free)
{
    const vouch_formal_problem *p = w->q->problem;
    vouch_arena *arena = w->q->arena;
    w->values = 1;
    for (int64_t i = 0; i < w->inputs; i++)
        if (is_category(w, i) && category_end(w, i) - i > w->values)
            w->values = category_end(w, i) - i;
    w->low = VOUCH_NEW_ARRAY(arena, float, w->inputs);
    w->high = VOUCH_NEW_ARRAY(arena, float, w->inputs);
    w->x = VOUCH_NEW_ARRAY(arena, float, w->inputs);
    w->gradient = VOUCH_NEW_ARRAY(arena, float, w->inputs);
    w->row = VOUCH_NEW_ARRAY(arena, float, w->values * w->inputs);
    w->margin = VOUCH_NEW_ARRAY(arena, double, w->values);
    if (!w->low || !w->high || !w->x || !w->gradient || !w->row || !w->margin)
        return false;
    vouch_ball_cell(p->ball, &(vouch_cell){.x = p->x, .low = w->low, .high = w->high});
    for (int64_t i = 0; i < w->inputs; i++)
        if (!free[p->groups->of[i]])
            w->low[i] = w->high[i] = p->x[i];
    return true;
}

static void put_number(walk *w, int64_t i, float to)
{
    if (w->feature != NULL && w->feature[i].is_integer)
        to = rintf(to);
    w->x[i] = fminf(fmaxf(to, w->low[i]), w->high[i]);
}

/* x <- the category first .. end - 1 at that value. Only if all that changes is free. */
static bool set_value(const walk *w, int64_t first, int64_t end, int64_t value, float *x)
{
    const vouch_ball *ball = w->q->problem->ball;
    for (int64_t i = first; i < end; i++) {
        x[i] = i == value ? ball->high[i] : ball->low[i];
        if (x[i] < w->low[i] || x[i] > w->high[i])
            return false;
    }
    return true;
}

/* ---- starts -------------------------------------------------------------------------------- */

static void begin_at_random(walk *w, vouch_random *random)
{
    const size_t size = (size_t)w->inputs * sizeof *w->x;
    for (int64_t i = 0, end; i < w->inputs; i = end) {
        end = is_category(w, i) ? category_end(w, i) : i + 1;
        const double u = vouch_random_unit(random);
        const int64_t value = i + (int64_t)(u * (double)(end - i));
        if (!is_category(w, i)) {
            if (w->low[i] < w->high[i])
                put_number(w, i, w->low[i] + (float)u * (w->high[i] - w->low[i]));
            continue;
        }
        memcpy(w->row, w->x, size);
        if (set_value(w, i, end, value, w->row))
            memcpy(w->x, w->row, size);
    }
}

/* ---- steps --------------------------------------------------------------------------------- */

static void step_numbers(walk *w, float share)
{
    for (int64_t i = 0; i < w->inputs; i++)
        if (!is_category(w, i) && w->low[i] < w->high[i] && w->gradient[i] != 0)
            put_number(w, i,
                       w->x[i] - copysignf(share * (w->high[i] - w->low[i]), w->gradient[i]));
}

/* The value of least margin, of the category first .. end - 1. */
static vouch_status choose_value(walk *w, int64_t first, int64_t end)
{
    const size_t size = (size_t)w->inputs * sizeof *w->x;
    int64_t rows = 0, best = 0;
    for (int64_t value = first; value < end; value++) {
        float *row = w->row + rows * w->inputs;
        memcpy(row, w->x, size);
        rows += set_value(w, first, end, value, row);
    }
    if (rows < 2)
        return VOUCH_OK;
    VOUCH_TRY(vouch_inquiry_margins(w->q, rows, w->row, w->margin));
    for (int64_t k = 1; k < rows; k++)
        best = w->margin[k] < w->margin[best] ? k : best;
    memcpy(w->x, w->row + best * w->inputs, size);
    return VOUCH_OK;
}

static vouch_status step(walk *w, float share)
{
    step_numbers(w, share);
    for (int64_t i = 0, end; i < w->inputs; i = end) {
        end = is_category(w, i) ? category_end(w, i) : i + 1;
        if (is_category(w, i))
            VOUCH_TRY(choose_value(w, i, end));
    }
    return VOUCH_OK;
}

static vouch_status claim(walk *w)
{
    const vouch_formal_problem *p = w->q->problem;
    const vouch_aim aim = {vouch_victim_classes(p->plan), p->label, -1};
    if (!vouch_ball_contains(p->ball, p->x, w->x))
        return VOUCH_OK;
    VOUCH_TRY(vouch_attack_replay(w->q->ctx, w->q->arena, vouch_victim_graph(p->plan), &aim,
                                  w->x, &w->found->rival, &w->found->is_refuted));
    if (w->found->is_refuted)
        memcpy(w->found->witness, w->x, (size_t)w->inputs * sizeof *w->x);
    return VOUCH_OK;
}

static vouch_status walk_down(walk *w)
{
    const int64_t steps = w->q->settings->attack_steps;
    for (int64_t k = 0; k <= steps && !w->found->is_refuted; k++) {
        double margin = 0;
        VOUCH_TRY(vouch_inquiry_descent(w->q, 1, w->x, &margin, w->gradient));
        if (margin < 0)
            return claim(w);
        if (k < steps)
            VOUCH_TRY(step(w, k == 0 ? 1 : .5F * (float)(steps - k) / (float)steps));
    }
    return VOUCH_OK;
}

static vouch_status search(walk *w, const bool *free)
{
    const vouch_formal_problem *p = w->q->problem;
    const uint64_t seed = (uint64_t)w->q->settings->seed;
    if (!open_walk(w, free))
        return VOUCH_ERR_MEMORY;
    for (uint64_t start = 0; start < STARTS && !w->found->is_refuted; start++) {
        vouch_random random = vouch_random_stream(seed, "explain set", start);
        memcpy(w->x, p->x, (size_t)w->inputs * sizeof *w->x);
        if (start > 0)
            begin_at_random(w, &random);
        VOUCH_TRY(walk_down(w));
    }
    return VOUCH_OK;
}

vouch_status vouch_witness_of_set(vouch_inquiry *q, const bool *free, vouch_found *found)
{
    const vouch_rules *rules = q->problem->ball->rules;
    const vouch_arena_mark mark = vouch_arena_get_mark(q->arena);
    walk w = {.q = q,
              .feature = rules != NULL ? rules->feature : NULL,
              .inputs = q->problem->groups->inputs,
              .found = found};
    found->is_proved = found->is_refuted = found->is_real = false;
    q->out->attacks++;
    const vouch_status status = search(&w, free);
    vouch_arena_reset(q->arena, mark);
    return status;
}

vouch_status vouch_witness_each(vouch_inquiry *q, const int64_t *feature, int64_t count)
{
    vouch_found found = {.witness =
                             VOUCH_NEW_ARRAY(q->arena, float, q->problem->groups->inputs)};
    if (found.witness == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t k = 0; k < count; k++) {
        vouch_inquiry_progress(q, "witnesses");
        VOUCH_TRY(vouch_context_poll(q->ctx));
        if (!vouch_inquiry_open(q, feature[k]))
            continue;
        q->free[feature[k]] = true;
        const vouch_status status = vouch_witness_of_set(q, q->free, &found);
        q->free[feature[k]] = false;
        VOUCH_TRY(status);
        if (found.is_refuted)
            VOUCH_TRY(vouch_witness_keep(q, feature[k], found.rival, found.witness));
    }
    return VOUCH_OK;
}
