/* The search for witnesses (witness.h).
 *
 * First one walk down the margin on the box of the irrelevant features, for all open features
 * together: what is near the boundary there for one is so for all. Then for each feature a walk on
 * its own box, begun at that point with the feature at the end its gradient asks for: signed
 * gradient steps, of half the box at first and less and less, projected (PGD). Rows go through the
 * float32 network together; what it gets wrong is replayed over the reals. Tables are another
 * matter (witness_set.c).
 */
#include "explain/witness.h"

#include <math.h>
#include <string.h>

#include "attack/replay.h"

enum { ROWS = 64 };

typedef struct walk {
    vouch_inquiry *q;
    int64_t inputs, count;
    float *low, *high;         /* [inputs]: the box of the irrelevant features, in float32 */
    float *own_low, *own_high; /* [inputs]: the widest box, in float32 */
    float *base;               /* [inputs]: where the first walk ended */
    int64_t feature[ROWS];
    bool found[ROWS];
    float *x, *gradient; /* [ROWS][inputs] */
    double margin[ROWS];
} walk;

/* ---- boxes in float32 ---------------------------------------------------------------------- */

/* The numbers that vouch_ball_contains admits: the cell of the ball. */
static void fill_boxes(walk *w)
{
    const vouch_formal_problem *p = w->q->problem;
    const vouch_cell cell = {.x = p->x, .low = w->own_low, .high = w->own_high};
    vouch_ball_cell(p->ball, &cell);
    for (int64_t i = 0; i < w->inputs; i++) {
        const bool is_free = w->q->free[p->groups->of[i]];
        w->low[i] = is_free ? w->own_low[i] : p->x[i];
        w->high[i] = is_free ? w->own_high[i] : p->x[i];
    }
}

static bool make_arrays(walk *w)
{
    vouch_arena *arena = w->q->arena;
    float **const row[] = {&w->low, &w->high, &w->own_low, &w->own_high, &w->base};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        if ((*row[k] = VOUCH_NEW_ARRAY(arena, float, w->inputs)) == NULL)
            return false;
    w->x = VOUCH_NEW_ARRAY(arena, float, ROWS * w->inputs);
    w->gradient = VOUCH_NEW_ARRAY(arena, float, ROWS * w->inputs);
    return w->x && w->gradient;
}

/* ---- steps --------------------------------------------------------------------------------- */

/* Is input i free for row k? */
static bool is_own(const walk *w, int64_t k, int64_t i)
{
    return w->feature[k] >= 0 && w->q->problem->groups->of[i] == w->feature[k];
}

static void step_row(walk *w, int64_t k, float share)
{
    float *x = w->x + k * w->inputs;
    const float *g = w->gradient + k * w->inputs;
    for (int64_t i = 0; i < w->inputs; i++) {
        const bool own = is_own(w, k, i);
        const float low = own ? w->own_low[i] : w->low[i];
        const float high = own ? w->own_high[i] : w->high[i];
        if (low >= high || g[i] == 0)
            continue;
        const float to = x[i] - copysignf(share * (high - low), g[i]);
        x[i] = fminf(fmaxf(to, low), high);
    }
}

/* One walk of the rows; found[k]: a row that the float32 network gets wrong, left where it is. */
static vouch_status walk_rows(walk *w, int64_t steps)
{
    for (int64_t step = 0; step <= steps; step++) {
        bool any = false;
        VOUCH_TRY(vouch_inquiry_descent(w->q, w->count, w->x, w->margin, w->gradient));
        for (int64_t k = 0; k < w->count; k++) {
            w->found[k] = w->found[k] || w->margin[k] < 0;
            any = any || !w->found[k];
            if (!w->found[k] && step < steps)
                step_row(w, k, step == 0 ? 1 : .5F * (float)(steps - step) / (float)steps);
        }
        if (!any)
            break;
    }
    return VOUCH_OK;
}

/* Down the margin on the box of the irrelevant features alone. */
static vouch_status walk_base(walk *w)
{
    memcpy(w->x, w->q->problem->x, (size_t)w->inputs * sizeof *w->x);
    w->count = 1;
    w->feature[0] = -1;
    w->found[0] = false;
    VOUCH_TRY(walk_rows(w, w->q->settings->attack_steps));
    memcpy(w->base, w->x, (size_t)w->inputs * sizeof *w->base);
    return VOUCH_OK;
}

/* ---- what was found ------------------------------------------------------------------------ */

vouch_status vouch_witness_keep(vouch_inquiry *q, int64_t feature, int rival, const float *x)
{
    const size_t size = (size_t)q->problem->groups->inputs * sizeof *x;
    float *copy = x != NULL ? vouch_arena_alloc_raw(q->arena, size) : NULL;
    if (copy == NULL && x != NULL)
        return VOUCH_ERR_MEMORY;
    if (copy != NULL)
        memcpy(copy, x, size);
    q->out->witness[feature] = copy;
    q->out->rival[feature] = rival;
    q->out->class[feature] = VOUCH_FORMAL_RELEVANT;
    return VOUCH_OK;
}

/* Replays row k. */
static vouch_status claim(walk *w, int64_t k)
{
    vouch_inquiry *q = w->q;
    const vouch_formal_problem *p = q->problem;
    const vouch_aim aim = {vouch_victim_classes(p->plan), p->label, -1};
    const float *x = w->x + k * w->inputs;
    bool proved = false;
    int rival = 0;
    if (!w->found[k] || !vouch_ball_contains(p->ball, p->x, x))
        return VOUCH_OK;
    VOUCH_TRY(vouch_attack_replay(q->ctx, q->arena, vouch_victim_graph(p->plan), &aim, x,
                                  &rival, &proved));
    return proved ? vouch_witness_keep(q, w->feature[k], rival, x) : VOUCH_OK;
}

static vouch_status look_rows(walk *w)
{
    for (int64_t k = 0; k < w->count; k++) {
        memcpy(w->x + k * w->inputs, w->base, (size_t)w->inputs * sizeof *w->x);
        w->found[k] = false;
    }
    VOUCH_TRY(walk_rows(w, w->q->settings->attack_steps));
    for (int64_t k = 0; k < w->count; k++)
        VOUCH_TRY(claim(w, k));
    return VOUCH_OK;
}

vouch_status vouch_witness_look(vouch_inquiry *q, const int64_t *feature, int64_t count)
{
    walk w = {.q = q, .inputs = q->problem->groups->inputs};
    if (q->settings->attack_steps == 0 || count == 0)
        return VOUCH_OK;
    if (q->problem->ball->rules != NULL) /* a category moves as one */
        return vouch_witness_each(q, feature, count);
    if (!make_arrays(&w))
        return VOUCH_ERR_MEMORY;
    fill_boxes(&w);
    q->out->attacks++;
    VOUCH_TRY(walk_base(&w));
    for (int64_t first = 0; first < count; first += ROWS) {
        vouch_inquiry_progress(q, "witnesses");
        VOUCH_TRY(vouch_context_poll(q->ctx));
        w.count = 0;
        for (int64_t k = first; k < count && k < first + ROWS; k++)
            if (vouch_inquiry_open(q, feature[k]))
                w.feature[w.count++] = feature[k];
        if (w.count > 0)
            VOUCH_TRY(look_rows(&w));
    }
    return VOUCH_OK;
}
