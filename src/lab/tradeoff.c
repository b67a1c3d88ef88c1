/* Evaluations of a sweep (tradeoff.h). */
#include "lab/tradeoff.h"

#include <math.h>

#include "lab/gauge.h"

enum { SEED = 1 };

static const vouch_figure figure[VOUCH_TRADEOFF_FIGURES] = {
    {"clean", "standard, %", VOUCH_FIGURE_END, true, true},
    {"empirical", "empirical, %", VOUCH_FIGURE_END, true, true},
    {"certified", "certified, %", VOUCH_FIGURE_END, true, true},
    {"seconds", "s an epoch", VOUCH_FIGURE_MEAN, false, true}};

const vouch_figures vouch_tradeoff_figures = {.count = VOUCH_TRADEOFF_FIGURES,
                                              .figure = figure};

/* ---- measuring ------------------------------------------------------------------------------- */

static vouch_status put_result(const vouch_grid_moment *m, const vouch_tradeoff *t,
                               const vouch_eval_result *result)
{
    const vouch_eval_radius *radius = &result->radius[0];
    const double count = (double)t->held->info.count;
    json_t *levels;
    const int64_t right[] = {result->right, radius->withstood, radius->certified};
    for (vouch_tradeoff_figure f = 0; f < VOUCH_TRADEOFF_SECONDS; f++)
        (void)vouch_json_add_real(m->ctx, m->result, figure[f].name, (double)right[f] / count);
    levels = vouch_json_object_in(m->ctx, m->result, "levels");
    for (int level = 1; level <= t->certify_level; level++)
        (void)vouch_json_add_int(m->ctx, levels, vouch_certify_name(level),
                                 radius->by_level[level]);
    (void)vouch_json_add_int(m->ctx, m->result, "timed_out", radius->timed_out);
    (void)vouch_json_add_real(m->ctx, m->result, "attack_seconds", radius->attack_s);
    (void)vouch_json_add_real(m->ctx, m->result, "certify_seconds", radius->certify_s);
    return vouch_context_status(m->ctx);
}

vouch_status vouch_tradeoff_at_end(void *study, const vouch_grid_moment *m)
{
    const vouch_tradeoff *t = study;
    const vouch_data *d = t->held;
    const double eps = t->plan->eps[t->plan->place[m->cell].radius];
    vouch_eval_result result = {0};
    vouch_eval_request request = {
        .graph = m->graph,
        .points = {&d->info, d->info.count, d->info.size, d->x, d->label},
        .eps_count = 1,
        .eps = &eps,
        .attack_count = 1,
        .attack = &t->attack,
        .certify_level = t->certify_level,
        .limit_s = t->limit_s,
        .seed = SEED,
        .threads = t->threads,
    };
    VOUCH_TRY(vouch_gauge_ball(m->arena, &d->info, eps, &request.ball));
    VOUCH_TRY(vouch_eval_run(m->ctx, m->arena, &request, &result));
    return put_result(m, t, &result);
}

/* ---- what came out --------------------------------------------------------------------------- */

int vouch_tradeoff_best(const vouch_findings *all, const vouch_plan_place *place,
                        vouch_tradeoff_figure by)
{
    vouch_plan_place at = *place;
    double most = -1;
    int best = -1;
    for (at.value = 0; at.value < all->plan->values; at.value++) {
        const vouch_group group = vouch_findings_gather(all, &at);
        const double mean = vouch_summary_mean(&group.figure[by]);
        if (mean > most) {
            most = mean;
            best = at.value;
        }
    }
    return best;
}

bool vouch_tradeoff_axis(const vouch_plan *plan, double *x)
{
    double low = (double)INFINITY, high = 0;
    bool are_numbers = true;
    for (int v = 0; v < plan->values; v++) {
        are_numbers = are_numbers && plan->value[v] && vouch_plan_number(plan->value[v], &x[v]);
        low = are_numbers ? fmin(low, x[v]) : low;
        high = are_numbers ? fmax(high, x[v]) : high;
    }
    const bool is_log = are_numbers && low > 0 && high > 20 * low;
    for (int v = 0; v < plan->values; v++)
        x[v] = !are_numbers ? v + 1 : is_log ? log10(x[v]) : x[v];
    return is_log;
}
