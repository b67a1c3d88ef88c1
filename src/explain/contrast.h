/* Contrastive explanations: the smallest sets of features whose change alone can change the class,
 * or all minimal sets of both kinds (duals.h). */
#ifndef VOUCH_EXPLAIN_CONTRAST_H
#define VOUCH_EXPLAIN_CONTRAST_H

#include "explain/duals.h"

typedef struct vouch_contrast {
    vouch_explanation
        base;          /* is_decided, fixed, questions, times; its classes are of no meaning */
    vouch_duals duals; /* words 0: not begun */
    int64_t asked;     /* questions that were not answered by others */
} vouch_contrast;

/* Rows of those settings that count here. */
extern const vouch_option vouch_contrast_options[];
extern const size_t vouch_contrast_option_count;

/* `most`: of all minimal sets of both kinds; 0: one smallest contrastive set. The settings' strategy
 * and order are not looked at. Stopped (VOUCH_ERR_CANCELLED) it holds what is known so far. */
vouch_status vouch_contrast_explain(vouch_arena *arena, const vouch_formal_problem *problem,
                                    const vouch_formal_settings *settings, int64_t most,
                                    vouch_contrast *contrast);

#endif
