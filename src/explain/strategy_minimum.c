/* minimum: as few features as can be are left, and that is proved.
 *
 * An irrelevant set by `batched` is a beginning: its complement an abductive set, witnesses for what
 * is left contrastive ones. From there duality (duals.h) closes in on a smallest abductive set from
 * both sides, by bounds and walks before searches. Stopped, the smaller of what is known remains,
 * with the bound that was proved. Ignatiev, Morgado, Marques-Silva 2019.
 */
#include "explain/duals.h"
#include "explain/witness.h"

/* One way to an irrelevant set, and witnesses for features of the rest. */
static vouch_status begin(vouch_inquiry *q)
{
    VOUCH_TRY(vouch_strategy_find("batched")->run(q));
    return vouch_witness_look(q, q->order, q->features);
}

/* What is known by then, in terms of sets. */
static vouch_status learn(vouch_duals *d, void *user)
{
    vouch_inquiry *q = user;
    const vouch_evidence *evidence;
    uint64_t *rest = VOUCH_NEW_ARRAY(q->arena, uint64_t, d->words);
    if (rest == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t f = 0; f < q->features; f++)
        if (q->free[f] && !q->out->fixed[f])
            vouch_set_add(rest, f);
    VOUCH_TRY(vouch_asker_learn_safe(d->asker, rest));
    vouch_set_minus(d->words, rest, vouch_asker_movable(d->asker), rest);
    for (int64_t f = 0; f < q->features; f++) {
        if (q->out->witness[f] == NULL)
            continue;
        VOUCH_TRY(vouch_asker_learn_changed(d->asker, q->out->witness[f], q->out->rival[f],
                                            &evidence));
        VOUCH_TRY(vouch_duals_add(d, VOUCH_CONTRASTIVE, evidence->set, evidence));
    }
    return vouch_duals_add(d, VOUCH_ABDUCTIVE, rest, NULL);
}

/* The features outside of that set are irrelevant, and no others; its own have their witnesses where
 * any are known. */
static vouch_status adopt(vouch_inquiry *q, const vouch_duals *d, const uint64_t *set)
{
    for (int64_t f = 0; f < q->features; f++) {
        if (q->out->fixed[f])
            continue;
        q->free[f] = false;
        q->out->class[f] = VOUCH_FORMAL_UNKNOWN;
        q->out->witness[f] = NULL;
    }
    for (int64_t f = 0; f < q->features; f++) {
        const vouch_evidence *e =
            vouch_set_has(set, f) ? vouch_asker_witness(d->asker, set, f) : NULL;
        if (q->out->fixed[f])
            continue;
        if (!vouch_set_has(set, f))
            vouch_inquiry_take(q, &f, 1);
        else if (e != NULL)
            VOUCH_TRY(vouch_witness_keep(q, f, e->rival, e->witness));
    }
    return VOUCH_OK;
}

/* The best that is known, unless what was there already is as good. */
static vouch_status take_best(vouch_inquiry *q, const vouch_duals *d)
{
    const vouch_dual *best = vouch_duals_best(d, VOUCH_ABDUCTIVE);
    int64_t rest = 0, at_least = d->of[VOUCH_ABDUCTIVE].at_least;
    for (int64_t f = 0; f < q->features; f++) {
        rest += !q->free[f];
        if (at_least == 0 && q->out->witness[f] != NULL)
            at_least = 1; /* not all features are irrelevant together */
    }
    q->out->is_bounded = true;
    q->out->at_least = at_least;
    return best != NULL && best->size < rest ? adopt(q, d, best->set) : VOUCH_OK;
}

static vouch_status close_in(vouch_inquiry *q, vouch_duals *d)
{
    VOUCH_TRY(begin(q));
    VOUCH_TRY(vouch_duals_cheaply(d, learn, q));
    return vouch_duals_smallest(d, VOUCH_ABDUCTIVE);
}

static vouch_status run(vouch_inquiry *q)
{
    vouch_duals d;
    VOUCH_TRY(vouch_duals_open(q, &d));
    const vouch_status status = close_in(q, &d);
    if (status != VOUCH_OK && status != VOUCH_ERR_CANCELLED)
        return status;
    const vouch_status taken = take_best(q, &d);
    return status != VOUCH_OK ? status : taken;
}

const vouch_strategy vouch_strategy_minimum = {
    .name = "minimum",
    .summary = "as few features as can be stay, proved by hitting sets; of few features",
    .citation = "Ignatiev et al. 2019, minimum hitting set duality",
    .wants_search = true,
    .run = run,
};
