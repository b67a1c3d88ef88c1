/* The course of a formal explanation (formal.h): the point itself, the order, the strategy, then
 * witnesses and, where asked for, a search for each feature that is left. */
#include "explain/formal.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/workers.h"
#include "explain/witness.h"

const char *vouch_formal_class_name(vouch_formal_class class)
{
    static const char *const name[VOUCH_FORMAL_CLASSES] = {"unknown", "irrelevant", "relevant"};
    return name[class];
}

/* ---- the order ----------------------------------------------------------------------------- */

typedef struct place {
    int64_t feature;
    double score;
} place;

static int by_score(const void *x, const void *y)
{
    const place *a = x, *b = y;
    if (a->score != b->score && !isnan(a->score) && !isnan(b->score))
        return a->score < b->score ? -1 : 1;
    return (a->feature > b->feature) - (a->feature < b->feature);
}

static vouch_status make_order(vouch_inquiry *q)
{
    double *score = VOUCH_NEW_ARRAY(q->arena, double, q->features);
    place *list = VOUCH_NEW_ARRAY(q->arena, place, q->features);
    int64_t *order = VOUCH_NEW_ARRAY(q->arena, int64_t, q->features);
    if (score == NULL || list == NULL || order == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_order_find(q->settings->order)->score(q, score));
    for (int64_t g = 0; g < q->features; g++)
        list[g] = (place){g, isnan(score[g]) ? (double)INFINITY : score[g]};
    qsort(list, (size_t)q->features, sizeof *list, by_score);
    for (int64_t g = 0; g < q->features; g++)
        order[g] = list[g].feature;
    q->order = order;
    return VOUCH_OK;
}

/* ---- the course ---------------------------------------------------------------------------- */

/* Features that cannot move at all are irrelevant in the sense of the definition, which says nothing
 * of their influence; they are marked. */
static void take_fixed(vouch_inquiry *q)
{
    const vouch_groups *g = q->problem->groups;
    const double *low = vouch_oracle_low(q->oracle), *high = vouch_oracle_high(q->oracle);
    for (int64_t f = 0; f < q->features; f++) {
        bool moves = false;
        for (int64_t k = g->start[f]; k < g->start[f + 1]; k++)
            moves = moves || low[g->member[k]] < high[g->member[k]];
        if (moves)
            continue;
        vouch_inquiry_take(q, &f, 1);
        q->out->fixed[f] = true;
        q->out->fixed_count++;
    }
}

vouch_status vouch_inquiry_start(vouch_inquiry *q)
{
    vouch_margins m;
    VOUCH_TRY(vouch_victim_new(q->ctx, q->arena, q->problem->plan, &q->victim));
    VOUCH_TRY(vouch_oracle_margins(q->oracle, q->free, 0, false, &m));
    q->out->is_decided = m.is_proved;
    if (m.is_proved)
        take_fixed(q);
    return VOUCH_OK;
}

static vouch_status find_irrelevant(vouch_inquiry *q)
{
    VOUCH_TRY(vouch_inquiry_start(q));
    if (!q->out->is_decided)
        return VOUCH_OK;
    VOUCH_TRY(make_order(q));
    return vouch_strategy_find(q->settings->strategy)->run(q);
}

static vouch_status find_witnesses(vouch_inquiry *q)
{
    if (!q->out->is_decided)
        return VOUCH_OK;
    VOUCH_TRY(vouch_witness_look(q, q->order, q->features));
    return q->level < VOUCH_ORACLE_COMPLETE ? VOUCH_OK : vouch_inquiry_refine(q);
}

static vouch_status run(vouch_inquiry *q, void *user)
{
    (void)user;
    const double begun = vouch_thread_cpu_s();
    vouch_status status = find_irrelevant(q);
    q->out->prove_s = vouch_thread_cpu_s() - begun;
    if (status == VOUCH_OK)
        status = find_witnesses(q);
    q->out->attack_s = vouch_thread_cpu_s() - begun - q->out->prove_s;
    return status;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static vouch_status make_room(vouch_inquiry *q)
{
    vouch_explanation *out = q->out;
    *out = (vouch_explanation){.features = q->features};
    out->class = VOUCH_NEW_ARRAY(q->arena, vouch_formal_class, q->features);
    out->fixed = VOUCH_NEW_ARRAY(q->arena, bool, q->features);
    out->witness = VOUCH_NEW_ARRAY(q->arena, float *, q->features);
    out->rival = VOUCH_NEW_ARRAY(q->arena, int, q->features);
    q->free = VOUCH_NEW_ARRAY(q->arena, bool, q->features);
    return out->class && out->fixed && out->witness && out->rival && q->free ? VOUCH_OK
                                                                             : VOUCH_ERR_MEMORY;
}

/* Counts, also of what was stopped. */
static void count(vouch_inquiry *q)
{
    vouch_explanation *out = q->out;
    for (int64_t g = 0; g < q->features; g++)
        out->count[out->class[g]]++;
    for (int l = 0; l < VOUCH_ORACLE_LEVELS; l++)
        out->calls[l] = vouch_oracle_calls(q->oracle)[l];
    out->used_rules = vouch_oracle_used_rules(q->oracle);
    out->unsuited = vouch_oracle_unsuited(q->oracle);
    out->is_minimal = out->is_decided && out->count[VOUCH_FORMAL_UNKNOWN] == 0;
    out->cpu_s = vouch_cpu_s() - q->begun_cpu_s;
    out->wall_s = vouch_wall_s() - q->begun_s;
}

/* The budget's end is an answer; a caller's stop is passed on. */
static vouch_status settle(vouch_inquiry *q, vouch_status status)
{
    if (status != VOUCH_ERR_CANCELLED)
        return status;
    if (vouch_context_cancelled(q->ctx)) {
        q->out->is_interrupted = true;
        return status;
    }
    q->out->is_out_of_time = true;
    vouch_context_clear_error(q->ctx);
    return VOUCH_OK;
}

vouch_status vouch_inquiry_run(vouch_arena *arena, const vouch_formal_problem *problem,
                               const vouch_formal_settings *settings, vouch_course course,
                               vouch_explanation *explanation)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const int threads =
        settings->threads > 0 ? (int)settings->threads : vouch_workers_available();
    vouch_inquiry q = {.ctx = ctx,
                       .arena = arena,
                       .problem = problem,
                       .settings = settings,
                       .level = vouch_oracle_find(settings->oracle),
                       .features = problem->groups->count,
                       .begun_s = vouch_wall_s(),
                       .begun_cpu_s = vouch_cpu_s(),
                       .out = explanation};
    const vouch_oracle_settings oracle = {.level = q.level,
                                          .steps = (int)settings->steps,
                                          .seed = (uint64_t)settings->seed,
                                          .threads = threads};
    VOUCH_TRY(make_room(&q));
    VOUCH_TRY(vouch_oracle_open(ctx, arena, problem, &oracle, &q.oracle));
    vouch_inquiry_set_deadline(&q);
    vouch_status status = settle(&q, course.run(&q, course.user));
    vouch_context_set_deadline(ctx, (double)INFINITY);
    count(&q);
    vouch_oracle_close(q.oracle);
    return status;
}

vouch_status vouch_formal_explain(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_formal_problem *problem,
                                  const vouch_formal_settings *settings,
                                  vouch_explanation *explanation)
{
    (void)ctx;
    return vouch_inquiry_run(arena, problem, settings, (vouch_course){run, NULL}, explanation);
}
