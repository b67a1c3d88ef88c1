/* The course of a contrastive explanation (contrast.h). */
#include "explain/contrast.h"

typedef struct plan {
    vouch_contrast *contrast;
    int64_t most;
} plan;

static vouch_status run(vouch_inquiry *q, void *user)
{
    const plan *p = user;
    vouch_duals *d = &p->contrast->duals;
    VOUCH_TRY(vouch_inquiry_start(q));
    if (!q->out->is_decided)
        return VOUCH_OK;
    VOUCH_TRY(vouch_duals_open(q, d));
    const vouch_status status =
        p->most > 0 ? vouch_duals_all(d, p->most) : vouch_duals_smallest(d, VOUCH_CONTRASTIVE);
    p->contrast->asked = vouch_asker_asked(d->asker);
    d->q = NULL; /* what was found stays, the inquiry does not */
    return status;
}

vouch_status vouch_contrast_explain(vouch_arena *arena, const vouch_formal_problem *problem,
                                    const vouch_formal_settings *settings, int64_t most,
                                    vouch_contrast *contrast)
{
    plan p = {contrast, most};
    *contrast = (vouch_contrast){.asked = 0};
    return vouch_inquiry_run(arena, problem, settings, (vouch_course){run, &p},
                             &contrast->base);
}
