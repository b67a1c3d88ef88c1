/* Questions about any set of features (ask.h). */
#include "explain/ask.h"

#include "explain/witness.h"

/* Pointers, so that what was handed out stays where it is. */
typedef struct memory {
    vouch_evidence **item;
    int64_t count, room;
} memory;

struct vouch_asker {
    vouch_inquiry *q;
    int64_t words, asked;
    uint64_t *movable, *moved; /* [words]: moved: scratch */
    bool *free;                /* [features] */
    float *witness;            /* [inputs]: scratch */
    memory safe, changed;
    uint64_t **undecided;
    int64_t undecided_count, undecided_room;
};

/* ---- memory -------------------------------------------------------------------------------- */

static vouch_status push(vouch_asker *a, memory *m, const vouch_evidence *e)
{
    vouch_arena *arena = a->q->arena;
    vouch_evidence *copy = VOUCH_NEW(arena, vouch_evidence);
    if (m->count == m->room) {
        const int64_t room = 2 * m->room + 16;
        vouch_evidence **item = VOUCH_NEW_ARRAY(arena, vouch_evidence *, room);
        if (item == NULL)
            return VOUCH_ERR_MEMORY;
        if (m->count > 0)
            memcpy(item, m->item, (size_t)m->count * sizeof *item);
        m->item = item;
        m->room = room;
    }
    if (copy == NULL)
        return VOUCH_ERR_MEMORY;
    *copy = *e;
    m->item[m->count++] = copy;
    return VOUCH_OK;
}

static vouch_status push_undecided(vouch_asker *a, uint64_t *set)
{
    if (a->undecided_count == a->undecided_room) {
        const int64_t room = 2 * a->undecided_room + 16;
        uint64_t **list = VOUCH_NEW_ARRAY(a->q->arena, uint64_t *, room);
        if (list == NULL)
            return VOUCH_ERR_MEMORY;
        if (a->undecided_count > 0)
            memcpy(list, a->undecided, (size_t)a->undecided_count * sizeof *list);
        a->undecided = list;
        a->undecided_room = room;
    }
    a->undecided[a->undecided_count++] = set;
    return VOUCH_OK;
}

static uint64_t *copy_set(vouch_asker *a, const uint64_t *set)
{
    uint64_t *copy = VOUCH_NEW_ARRAY(a->q->arena, uint64_t, a->words);
    if (copy != NULL)
        vouch_set_copy(a->words, copy, set);
    return copy;
}

/* UNKNOWN with *is_known: it was asked before, in vain. */
static vouch_reply remember(const vouch_asker *a, const uint64_t *set,
                            const vouch_evidence **evidence, bool *is_known)
{
    *is_known = true;
    for (int64_t k = 0; k < a->safe.count; k++)
        if (vouch_set_within(a->words, set, a->safe.item[k]->set)) {
            *evidence = a->safe.item[k];
            return VOUCH_REPLY_SAFE;
        }
    for (int64_t k = 0; k < a->changed.count; k++)
        if (vouch_set_within(a->words, a->changed.item[k]->set, set)) {
            *evidence = a->changed.item[k];
            return VOUCH_REPLY_CHANGED;
        }
    for (int64_t k = 0; k < a->undecided_count; k++)
        if (memcmp(a->undecided[k], set, (size_t)a->words * sizeof *set) == 0)
            return VOUCH_REPLY_UNKNOWN;
    *is_known = false;
    return VOUCH_REPLY_UNKNOWN;
}

/* ---- what is learnt ------------------------------------------------------------------------ */

static vouch_status learn_safe(vouch_asker *a, const uint64_t *set,
                               const vouch_evidence **evidence)
{
    const vouch_evidence e = {.set = copy_set(a, set), .rival = -1};
    if (e.set == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(push(a, &a->safe, &e));
    *evidence = a->safe.item[a->safe.count - 1];
    return VOUCH_OK;
}

vouch_status vouch_asker_learn_safe(vouch_asker *a, const uint64_t *set)
{
    const vouch_evidence *evidence;
    return learn_safe(a, set, &evidence);
}

static vouch_status learn_changed(vouch_asker *a, const uint64_t *set, const float *witness,
                                  int rival, const vouch_evidence **evidence)
{
    const size_t size = (size_t)a->q->problem->groups->inputs * sizeof *witness;
    float *copy = witness != NULL ? vouch_arena_alloc_raw(a->q->arena, size) : NULL;
    const vouch_evidence e = {.set = copy_set(a, set), .witness = copy, .rival = rival};
    if (e.set == NULL || (copy == NULL && witness != NULL))
        return VOUCH_ERR_MEMORY;
    if (copy != NULL)
        memcpy(copy, witness, size);
    VOUCH_TRY(push(a, &a->changed, &e));
    *evidence = a->changed.item[a->changed.count - 1];
    return VOUCH_OK;
}

vouch_status vouch_asker_learn_changed(vouch_asker *a, const float *witness, int rival,
                                       const vouch_evidence **evidence)
{
    const vouch_formal_problem *p = a->q->problem;
    memset(a->moved, 0, (size_t)a->words * sizeof *a->moved);
    for (int64_t i = 0; i < p->groups->inputs; i++)
        if (witness[i] != p->x[i])
            vouch_set_add(a->moved, p->groups->of[i]);
    return learn_changed(a, a->moved, witness, rival, evidence);
}

const vouch_evidence *vouch_asker_witness(const vouch_asker *a, const uint64_t *fixed,
                                          int64_t feature)
{
    for (int64_t k = 0; k < a->changed.count; k++) {
        bool is_it = vouch_set_has(a->changed.item[k]->set, feature);
        for (int64_t w = 0; w < a->words && is_it; w++) {
            uint64_t both = a->changed.item[k]->set[w] & fixed[w];
            if (w == feature / VOUCH_SET_WORD)
                both &= ~(UINT64_C(1) << (feature % VOUCH_SET_WORD));
            is_it = both == 0;
        }
        if (is_it)
            return a->changed.item[k];
    }
    return NULL;
}

/* ---- the oracle ---------------------------------------------------------------------------- */

/* Complete verification has a deadline of its own on the context. */
static vouch_status search(vouch_asker *a, vouch_found *found)
{
    vouch_inquiry *q = a->q;
    VOUCH_TRY(vouch_context_poll(q->ctx));
    const vouch_status status = vouch_oracle_search(
        q->oracle, a->free, (vouch_search_effort){vouch_inquiry_limit(q), true}, found);
    vouch_inquiry_set_deadline(q);
    return status;
}

/* Bounds, walks, then the search. */
static vouch_status consult(vouch_asker *a, vouch_found *found)
{
    vouch_inquiry *q = a->q;
    const vouch_oracle_level most =
        q->level < VOUCH_ORACLE_ALPHA ? q->level : VOUCH_ORACLE_ALPHA;
    VOUCH_TRY(vouch_context_poll(q->ctx));
    VOUCH_TRY(vouch_oracle_prove(q->oracle, a->free, most, &found->is_proved));
    if (!found->is_proved && q->settings->attack_steps > 0)
        VOUCH_TRY(vouch_witness_of_set(q, a->free, found));
    if (!found->is_proved && !found->is_refuted && q->level >= VOUCH_ORACLE_COMPLETE)
        return search(a, found);
    return VOUCH_OK;
}

vouch_status vouch_ask(vouch_asker *a, const uint64_t *set, vouch_reply *reply,
                       const vouch_evidence **evidence)
{
    vouch_found found = {.witness = a->witness};
    bool is_known = false;
    *evidence = NULL;
    *reply = remember(a, set, evidence, &is_known);
    if (is_known)
        return VOUCH_OK;
    for (int64_t f = 0; f < a->q->features; f++)
        a->free[f] = vouch_set_has(set, f);
    a->asked++;
    VOUCH_TRY(consult(a, &found));
    if (found.is_proved) {
        *reply = VOUCH_REPLY_SAFE;
        return learn_safe(a, set, evidence);
    }
    if (found.is_real) {
        *reply = VOUCH_REPLY_CHANGED;
        return learn_changed(a, set, NULL, -1, evidence);
    }
    if (found.is_refuted) {
        *reply = VOUCH_REPLY_CHANGED;
        return vouch_asker_learn_changed(a, found.witness, found.rival, evidence);
    }
    uint64_t *copy = copy_set(a, set);
    return copy != NULL ? push_undecided(a, copy) : VOUCH_ERR_MEMORY;
}

/* ---- the asker ----------------------------------------------------------------------------- */

vouch_status vouch_asker_new(vouch_inquiry *q, vouch_asker **asker)
{
    vouch_asker *a = VOUCH_NEW(q->arena, vouch_asker);
    *asker = a;
    if (a == NULL)
        return VOUCH_ERR_MEMORY;
    *a = (vouch_asker){.q = q, .words = vouch_set_words(q->features)};
    a->movable = VOUCH_NEW_ARRAY(q->arena, uint64_t, a->words);
    a->moved = VOUCH_NEW_ARRAY(q->arena, uint64_t, a->words);
    a->free = VOUCH_NEW_ARRAY(q->arena, bool, q->features);
    a->witness = VOUCH_NEW_ARRAY(q->arena, float, q->problem->groups->inputs);
    if (!a->movable || !a->moved || !a->free || !a->witness)
        return VOUCH_ERR_MEMORY;
    for (int64_t f = 0; f < q->features; f++)
        if (!q->out->fixed[f])
            vouch_set_add(a->movable, f);
    return VOUCH_OK;
}

int64_t vouch_asker_words(const vouch_asker *a) { return a->words; }
const uint64_t *vouch_asker_movable(const vouch_asker *a) { return a->movable; }
int64_t vouch_asker_asked(const vouch_asker *a) { return a->asked; }

void vouch_asker_forget_undecided(vouch_asker *a) { a->undecided_count = 0; }
