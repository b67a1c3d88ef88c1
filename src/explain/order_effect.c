/* Effects of single features, in blocks of rows through the float32 network. */
#include "explain/order_effect.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128 };

static void fill_row(const vouch_formal_problem *p, vouch_effect_fn *change, int64_t feature,
                     float *row)
{
    const vouch_groups *g = p->groups;
    memcpy(row, p->x, (size_t)g->inputs * sizeof *row);
    for (int64_t k = g->start[feature]; k < g->start[feature + 1]; k++)
        row[g->member[k]] = change(p, g->member[k]);
}

vouch_status vouch_order_by_effect(vouch_inquiry *q, vouch_effect_fn *change, double *score)
{
    const vouch_formal_problem *p = q->problem;
    const int64_t inputs = p->groups->inputs;
    const vouch_arena_mark mark = vouch_arena_get_mark(q->arena);
    float *row = VOUCH_NEW_ARRAY(q->arena, float, BLOCK *inputs);
    double margin[BLOCK], clean;
    if (row == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_inquiry_margins(q, 1, p->x, &clean));
    for (int64_t first = 0; first < q->features; first += BLOCK) {
        const int64_t left = q->features - first, count = left < BLOCK ? left : BLOCK;
        for (int64_t k = 0; k < count; k++)
            fill_row(p, change, first + k, row + k * inputs);
        VOUCH_TRY(vouch_inquiry_margins(q, count, row, margin));
        for (int64_t k = 0; k < count; k++)
            score[first + k] = fabs(clean - margin[k]);
    }
    vouch_arena_reset(q->arena, mark);
    return VOUCH_OK;
}
