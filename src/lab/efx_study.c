/* One network after the other, and their figures by label (efx_study.h). */
#include "lab/efx_study.h"

#include <math.h>
#include <string.h>

/* ---- a network ------------------------------------------------------------------------------- */

/* The first points of an evaluation without radii that qualify. */
static vouch_status choose(vouch_arena *arena, const vouch_efx_plan *plan,
                           const vouch_eval_result *clean, vouch_eval_points *chosen)
{
    const vouch_eval_points *all = &plan->eval->points;
    const int64_t n = all->inputs, fit = plan->with_wrong ? all->count : clean->right;
    const int64_t most = plan->most > 0 && plan->most < fit ? plan->most : fit;
    float *x = VOUCH_NEW_ARRAY(arena, float, most *n + 1);
    int *label = VOUCH_NEW_ARRAY(arena, int, most + 1);
    if (x == NULL || label == NULL)
        return VOUCH_ERR_MEMORY;
    *chosen = (vouch_eval_points){.info = all->info, .inputs = n, .x = x, .label = label};
    for (int64_t p = 0; p < all->count && chosen->count < most; p++)
        if (plan->with_wrong || clean->predicted[p] == all->label[p]) {
            memcpy(x + chosen->count * n, all->x + p * n, (size_t)n * sizeof *x);
            label[chosen->count++] = clean->predicted[p];
        }
    return VOUCH_OK;
}

static vouch_status try_orders(vouch_arena *arena, const vouch_efx_plan *plan,
                               const vouch_eval_request *chosen, vouch_efx_net *net)
{
    vouch_formal_settings formal = *plan->how.formal;
    const vouch_efx_how how = {plan->how.grouping, plan->how.group, &formal};
    vouch_eval_request q = *chosen;
    q.points.count = plan->few < q.points.count ? plan->few : q.points.count;
    vouch_efx_point *point = VOUCH_NEW_ARRAY(arena, vouch_efx_point, q.points.count + 1);
    if (point == NULL)
        return VOUCH_ERR_MEMORY;
    formal.strategy = plan->order_strategy;
    for (int o = 0; o < plan->orders; o++) {
        formal.order = plan->order[o];
        VOUCH_TRY(vouch_efx_explain(arena, &q, q.eps[q.eps_count - 1], &how, point));
        net->order[o] = vouch_efx_sum_up(q.points.count, point, NULL);
    }
    return VOUCH_OK;
}

vouch_status vouch_efx_study_net(vouch_arena *arena, const vouch_efx_plan *plan,
                                 const vouch_graph *graph, vouch_journal *journal,
                                 vouch_efx_net *net)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_eval_request clean = *plan->eval, q;
    vouch_eval_result result;
    clean.graph = graph;
    clean.journal = journal;
    q = clean;
    clean.eps_count = 0;
    net->radius = VOUCH_NEW_ARRAY(arena, vouch_efx_radius, q.eps_count);
    net->order = VOUCH_NEW_ARRAY(arena, vouch_efx_sum, plan->orders + 1);
    if (net->radius == NULL || net->order == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_eval_run(ctx, arena, &clean, &result));
    VOUCH_TRY(choose(arena, plan, &result, &q.points));
    net->points = clean.points.count;
    net->right = result.right;
    net->chosen = q.points.count;
    net->with_wrong = plan->with_wrong;
    VOUCH_TRY(vouch_eval_run(ctx, arena, &q, &net->attacks));
    VOUCH_TRY(vouch_efx_run(arena, &q, &net->attacks, &plan->how, net->radius));
    VOUCH_TRY(try_orders(arena, plan, &q, net));
    net->is_finished = true;
    return VOUCH_OK;
}

/* ---- what came out --------------------------------------------------------------------------- */

static double share(int64_t hits, int64_t of)
{
    return of > 0 ? (double)hits / (double)of : (double)NAN;
}

double vouch_efx_value(const vouch_efx_net *net, vouch_efx_place place)
{
    const vouch_efx_radius *at = &net->radius[place.radius];
    switch (place.figure) {
    case VOUCH_EFX_ACCURACY:
        return share(net->right, net->points);
    case VOUCH_EFX_IRRELEVANT:
        return at->sum.irrelevant;
    case VOUCH_EFX_EXPLAINABLE:
        return share(at->sum.explainable, at->sum.explained);
    case VOUCH_EFX_ANY:
        return share(at->sum.efx, at->sum.explained);
    case VOUCH_EFX_ATTACK:
        return share(at->efx[place.which], at->sum.explained);
    case VOUCH_EFX_INPUTS:
        return share(at->sum.efx, at->sum.explained) *
               (net->with_wrong ? 1 : share(net->right, net->points));
    case VOUCH_EFX_CPU:
        return at->sum.cpu_s;
    case VOUCH_EFX_ORDER:
        return net->order[place.which].irrelevant;
    }
    return (double)NAN;
}

vouch_summary vouch_efx_gather(const vouch_efx_net *net, int nets, const char *label,
                               vouch_efx_place place)
{
    vouch_summary s = {.count = 0};
    for (int k = 0; k < nets; k++)
        if (net[k].is_finished && strcmp(net[k].label, label) == 0)
            vouch_summary_add(&s, vouch_efx_value(&net[k], place));
    return s;
}

bool vouch_efx_is_first(const vouch_efx_net *net, int which)
{
    for (int k = 0; k < which; k++)
        if (strcmp(net[k].label, net[which].label) == 0)
            return false;
    return true;
}
