/* What strategies, orders and the search for witnesses ask of an explanation under way. */
#include <math.h>
#include <string.h>

#include "attack/objective.h"
#include "base/clock.h"
#include "explain/witness.h"

void vouch_inquiry_progress(const vouch_inquiry *q, const char *phase)
{
    int64_t open = 0;
    if (!vouch_has_progress(q->ctx))
        return;
    for (int64_t g = 0; g < q->features; g++)
        open += vouch_inquiry_open(q, g);
    const double limit = q->settings->budget_s;
    vouch_report_progress(q->ctx,
                          &(vouch_progress){.phase = phase,
                                            .done = (uint64_t)(q->features - open),
                                            .open = (uint64_t)open,
                                            .proved_share = (double)NAN,
                                            .elapsed_s = vouch_wall_s() - q->begun_s,
                                            .limit_s = limit > 0 ? limit : (double)INFINITY});
}

void vouch_inquiry_set_deadline(const vouch_inquiry *q)
{
    const double budget = q->settings->budget_s;
    vouch_context_set_deadline(q->ctx, budget > 0 ? q->begun_s + budget : (double)INFINITY);
}

/* ---- sets ---------------------------------------------------------------------------------- */

void vouch_inquiry_take(vouch_inquiry *q, const int64_t *feature, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        q->free[feature[k]] = true;
        q->out->class[feature[k]] = VOUCH_FORMAL_IRRELEVANT;
    }
}

/* Those of the list that are open, free (or not). */
static void set_free(vouch_inquiry *q, const int64_t *feature, int64_t count, bool is_free)
{
    for (int64_t k = 0; k < count; k++)
        if (vouch_inquiry_open(q, feature[k]))
            q->free[feature[k]] = is_free;
}

vouch_status vouch_inquiry_try(vouch_inquiry *q, const int64_t *feature, int64_t count,
                               bool *is_proved)
{
    const vouch_oracle_level most =
        q->level < VOUCH_ORACLE_ALPHA ? q->level : VOUCH_ORACLE_ALPHA;
    *is_proved = false;
    set_free(q, feature, count, true);
    const vouch_status status = vouch_oracle_prove(q->oracle, q->free, most, is_proved);
    set_free(q, feature, count, false);
    for (int64_t k = 0; status == VOUCH_OK && *is_proved && k < count; k++)
        if (vouch_inquiry_open(q, feature[k]))
            vouch_inquiry_take(q, &feature[k], 1);
    return status;
}

double vouch_inquiry_limit(const vouch_inquiry *q)
{
    const vouch_formal_settings *s = q->settings;
    const double own = s->limit_s > 0 ? s->limit_s : (double)INFINITY;
    const double left =
        s->budget_s > 0 ? q->begun_s + s->budget_s - vouch_wall_s() : (double)INFINITY;
    return fmax(fmin(own, left), 1e-3);
}

/* Of several features a walk looks for a witness, and the search for a proof alone: a witness would
 * decide none of them. A search has a deadline of its own on the context. */
vouch_status vouch_inquiry_search(vouch_inquiry *q, const int64_t *feature, int64_t count,
                                  double limit_s, vouch_found *found)
{
    *found =
        (vouch_found){.witness = VOUCH_NEW_ARRAY(q->arena, float, q->problem->groups->inputs)};
    VOUCH_TRY(vouch_context_poll(q->ctx));
    if (found->witness == NULL)
        return VOUCH_ERR_MEMORY;
    const bool walks = count > 1 && q->settings->attack_steps > 0;
    const vouch_search_effort effort = {fmin(limit_s, vouch_inquiry_limit(q)), !walks};
    set_free(q, feature, count, true);
    vouch_status status = walks ? vouch_witness_of_set(q, q->free, found) : VOUCH_OK;
    if (status == VOUCH_OK && !found->is_refuted)
        status = vouch_oracle_search(q->oracle, q->free, effort, found);
    set_free(q, feature, count, false);
    vouch_inquiry_set_deadline(q);
    VOUCH_TRY(status);
    if (found->is_proved)
        for (int64_t k = 0; k < count; k++)
            if (vouch_inquiry_open(q, feature[k]))
                vouch_inquiry_take(q, &feature[k], 1);
    if (count == 1 && (found->is_refuted || found->is_real))
        return vouch_witness_keep(q, feature[0], found->rival,
                                  found->is_real ? NULL : found->witness);
    return VOUCH_OK;
}

vouch_status vouch_inquiry_decide(vouch_inquiry *q, int64_t feature)
{
    bool is_proved;
    VOUCH_TRY(vouch_inquiry_try(q, &feature, 1, &is_proved));
    if (is_proved || q->level < VOUCH_ORACLE_COMPLETE)
        return VOUCH_OK;
    VOUCH_TRY(vouch_witness_look(q, &feature, 1));
    vouch_found found;
    return vouch_inquiry_open(q, feature)
               ? vouch_inquiry_search(q, &feature, 1, (double)INFINITY, &found)
               : VOUCH_OK;
}

/* ---- the float32 network ------------------------------------------------------------------- */

/* The best rival's class at logits z. */
static int best_rival(const vouch_inquiry *q, const float *z)
{
    return vouch_ranked(vouch_victim_classes(q->problem->plan), z, q->problem->label, 0);
}

static void take_margins(const vouch_inquiry *q, int64_t count, const float *z, double *margin)
{
    const int64_t classes = vouch_victim_classes(q->problem->plan);
    for (int64_t k = 0; k < count; k++) {
        const float *at = z + k * classes;
        margin[k] = (double)at[q->problem->label] - (double)at[best_rival(q, at)];
    }
}

static void cotangent(void *user, int64_t row, const float *z, float *d_z)
{
    const vouch_inquiry *q = user;
    (void)row;
    memset(d_z, 0, (size_t)vouch_victim_classes(q->problem->plan) * sizeof *d_z);
    d_z[q->problem->label] = 1;
    d_z[best_rival(q, z)] = -1;
}

vouch_status vouch_inquiry_descent(vouch_inquiry *q, int64_t count, const float *x,
                                   double *margin, float *gradient)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(q->arena);
    float *z = VOUCH_NEW_ARRAY(q->arena, float, count *vouch_victim_classes(q->problem->plan));
    if (z == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_cotangent loss = {.fn = cotangent, .user = q};
    VOUCH_TRY(vouch_victim_gradient(q->victim, count, x, loss, z, gradient));
    take_margins(q, count, z, margin);
    vouch_arena_reset(q->arena, mark);
    return VOUCH_OK;
}

vouch_status vouch_inquiry_margins(vouch_inquiry *q, int64_t count, const float *x,
                                   double *margin)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(q->arena);
    float *z = VOUCH_NEW_ARRAY(q->arena, float, count *vouch_victim_classes(q->problem->plan));
    if (z == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_victim_forward(q->victim, count, x, z));
    take_margins(q, count, z, margin);
    vouch_arena_reset(q->arena, mark);
    return VOUCH_OK;
}
