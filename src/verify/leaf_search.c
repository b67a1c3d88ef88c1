/* Depth-first splits with a linear program each (leaf_search.h).
 *
 * The two sides of a split, z_k <= 0 and z_k >= 0, cover the subproblem: it is proved if both
 * are. What a side adds is carried through the rows by intervals, then the program decides.
 */
#include "verify/leaf_search.h"

#include <string.h>

#include "verify/leaf_priv.h"

enum { DEEPEST = 2000 };

typedef struct search {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_leaf_worker *worker;
    const vouch_leaf *leaf;
    const vouch_pwl *form;
    const vouch_leaf_search_settings *settings;
    vouch_leaf_search_result *result;
} search;

static bool is_over(const search *s) { return s->result->found || s->result->stopped; }

/* A copy of the job with intervals and basis of its own. */
static vouch_status copy_job(search *s, const vouch_leaf_job *from, vouch_leaf_job *to,
                             double **low, double **high, uint8_t **basis)
{
    size_t neurons = (size_t)s->form->neuron_count;

    *low = VOUCH_NEW_ARRAY(s->arena, double, neurons + 1);
    *high = VOUCH_NEW_ARRAY(s->arena, double, neurons + 1);
    *basis = VOUCH_NEW_ARRAY(s->arena, uint8_t, vouch_leaf_basis_size(s->leaf));
    if (!*low || !*high || !*basis)
        return VOUCH_ERR_MEMORY;
    memcpy(*low, from->neuron_low, neurons * sizeof(double));
    memcpy(*high, from->neuron_high, neurons * sizeof(double));
    *to = *from;
    to->neuron_low = *low;
    to->neuron_high = *high;
    return VOUCH_OK;
}

static int first_open(const search *s, const double *low, const double *high)
{
    for (int k = 0; k < s->form->neuron_count; k++)
        if (low[k] < 0 && high[k] > 0)
            return k;
    return -1;
}

/* What one program says: the ReLU to split, or -1: nothing is left to do here. */
static vouch_status decide(search *s, const vouch_leaf_job *job, uint8_t *basis, int *split,
                           bool *active)
{
    vouch_leaf_answer answer;

    *split = -1;
    s->result->programs++;
    VOUCH_TRY(vouch_leaf_solve(s->worker, job, &answer));
    s->result->iterations += answer.iterations;
    if (answer.proved)
        return VOUCH_OK;
    if (answer.solved && s->settings->try_point)
        VOUCH_TRY(s->settings->try_point(s->settings->user, answer.point, &s->result->found));
    if (s->result->found)
        return VOUCH_OK;
    if (answer.basis) { /* else there are limits that no program takes: no use going on */
        memcpy(basis, answer.basis, vouch_leaf_basis_size(s->leaf));
        *active = answer.active;
        *split =
            answer.split >= 0 ? answer.split : first_open(s, job->neuron_low, job->neuron_high);
    }
    s->result->left += *split < 0;
    return VOUCH_OK;
}

static vouch_status descend(search *s, const vouch_leaf_job *from, int depth)
{
    vouch_arena_mark mark = vouch_arena_get_mark(s->arena);
    vouch_leaf_job job;
    double *low, *high;
    uint8_t *basis;
    int split;
    bool active = false;

    if (s->result->programs >= s->settings->programs || depth > DEEPEST ||
        vouch_context_stopped(s->ctx)) {
        s->result->stopped = true;
        return VOUCH_OK;
    }
    if (depth > s->result->max_depth)
        s->result->max_depth = depth;
    VOUCH_TRY(copy_job(s, from, &job, &low, &high, &basis));
    if (vouch_leaf_narrow(s->form, job.low, job.high, low, high)) {
        VOUCH_TRY(decide(s, &job, basis, &split, &active));
        job.warm = basis;
        s->result->splits += split >= 0;
        for (int side = 0; side < 2 && split >= 0 && !is_over(s); side++) {
            double *end = (side == 0) == active ? &low[split] : &high[split], was = *end;
            *end = 0;
            VOUCH_TRY(descend(s, &job, depth + 1));
            *end = was;
        }
    }
    vouch_arena_reset(s->arena, mark);
    return VOUCH_OK;
}

vouch_status vouch_leaf_search(vouch_context *ctx, vouch_leaf_worker *worker,
                               const vouch_leaf_job *job,
                               const vouch_leaf_search_settings *settings,
                               vouch_leaf_search_result *result)
{
    *result = (vouch_leaf_search_result){0};
    search s = {.ctx = ctx,
                .arena = vouch_arena_new(ctx),
                .worker = worker,
                .leaf = worker->leaf,
                .form = worker->leaf->form,
                .settings = settings,
                .result = result};
    if (!s.arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = descend(&s, job, 0);
    result->proved = !status && !is_over(&s) && result->left == 0;
    vouch_arena_free(s.arena);
    return status;
}
