/* The table of losses, terms from text, and what losses call (loss.h). */
#include "train/loss.h"

#include <string.h>

#include "train/entropy.h"
#include "train/terms.h"

#define VOUCH_LOSS(name) extern const vouch_loss vouch_loss_##name;
#include "train/loss.def"
#undef VOUCH_LOSS

const vouch_loss *const *vouch_loss_table(void)
{
    static const vouch_loss *const table[] = {
#define VOUCH_LOSS(name) &vouch_loss_##name,
#include "train/loss.def"
#undef VOUCH_LOSS
        NULL};
    return table;
}

const vouch_loss *vouch_loss_find(const char *name)
{
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++)
        if (strcmp((*l)->name, name) == 0)
            return *l;
    return NULL;
}

/* ---- terms from text ------------------------------------------------------------------------- */

/* Entry `index` among those that are regularisers, or are not. */
static bool entry(size_t index, bool regulariser, vouch_term_kind *kind)
{
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++) {
        if ((*l)->regulariser != regulariser || index-- > 0)
            continue;
        *kind =
            (vouch_term_kind){(*l)->name, *l, (*l)->size, (*l)->options, (*l)->option_count};
        return true;
    }
    return false;
}

static bool loss_at(size_t index, vouch_term_kind *kind) { return entry(index, false, kind); }

static bool regulariser_at(size_t index, vouch_term_kind *kind)
{
    return entry(index, true, kind);
}

vouch_status vouch_loss_parse_sum(vouch_arena *arena, const char *loss,
                                  const char *regularisers, vouch_loss_term *term, int *count)
{
    static const vouch_term_table table[2] = {{"loss", loss_at},
                                              {"regulariser", regulariser_at}};
    vouch_term part[VOUCH_LOSS_TERMS];
    int more = 0;
    *count = 0;
    VOUCH_TRY(vouch_terms_parse(arena, &table[0], loss, part, 1, count));
    if (*count != 1)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT, "no loss is named");
    VOUCH_TRY(vouch_terms_parse(arena, &table[1], regularisers, part + 1, VOUCH_LOSS_TERMS - 1,
                                &more));
    *count += more;
    for (int t = 0; t < *count; t++)
        term[t] = (vouch_loss_term){.loss = part[t].entry, .settings = part[t].settings};
    return VOUCH_OK;
}

/* ---- gradients ------------------------------------------------------------------------------- */

float *vouch_loss_room(const vouch_loss_job *job, int p)
{
    return job->part[p].begun ? job->spare : job->part[p].gradient;
}

void vouch_loss_put(const vouch_loss_job *job, int p)
{
    const int64_t size = vouch_net_size(job->net);
    float *restrict sum = job->part[p].gradient;
    const float *restrict more = job->spare;
    for (int64_t i = 0; job->part[p].begun && i < size; i++)
        sum[i] += more[i];
    job->part[p].begun = true;
}

void vouch_loss_backward(const vouch_loss_job *job, int p, const float *d_y)
{
    vouch_tape_backward(job->tape, d_y, NULL, vouch_loss_room(job, p));
    vouch_loss_put(job, p);
}

vouch_aim_at vouch_loss_aims(const vouch_loss_job *job)
{
    return (vouch_aim_at){.count = job->count,
                          .classes = job->classes,
                          .label = job->label,
                          .target = job->target};
}

vouch_aim_at vouch_loss_aim(const vouch_loss_job *job, int64_t s)
{
    return (vouch_aim_at){.count = 1,
                          .classes = job->classes,
                          .label = job->label + s,
                          .target = job->target ? job->target + s * job->classes : NULL};
}

void vouch_loss_classify(const vouch_loss_job *job, int p, const float *x)
{
    const vouch_aim_at at = vouch_loss_aims(job);
    vouch_tape_forward(job->tape, job->count, x, job->y);
    job->part[p].loss += vouch_entropy_cross(&at, job->y, job->scale, job->d_y, job->hits);
    vouch_loss_backward(job, p, job->d_y);
}
