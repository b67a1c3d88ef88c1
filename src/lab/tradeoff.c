/* Evaluations of a sweep (tradeoff.h). */
#include "lab/tradeoff.h"

#include <math.h>

#include "lab/gauge.h"

enum { SEED = 1 };

static const char *const names[VOUCH_TRADEOFF_FIGURES] = {"clean", "empirical", "certified",
                                                          "seconds"};

const char *vouch_tradeoff_name(vouch_tradeoff_figure figure) { return names[figure]; }

/* ---- measuring ------------------------------------------------------------------------------- */

static vouch_status put_result(const vouch_grid_moment *m, const vouch_tradeoff *t,
                               const vouch_eval_result *result)
{
    const vouch_eval_radius *radius = &result->radius[0];
    const double count = (double)t->held->info.count;
    json_t *levels;
    (void)vouch_json_add_real(m->ctx, m->result, names[VOUCH_TRADEOFF_CLEAN],
                              (double)result->right / count);
    (void)vouch_json_add_real(m->ctx, m->result, names[VOUCH_TRADEOFF_EMPIRICAL],
                              (double)radius->withstood / count);
    (void)vouch_json_add_real(m->ctx, m->result, names[VOUCH_TRADEOFF_CERTIFIED],
                              (double)radius->certified / count);
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

vouch_tradeoff_group vouch_tradeoff_gather(const vouch_plan *plan, json_t *const *result,
                                           const vouch_plan_place *place)
{
    vouch_tradeoff_group group = {0};
    vouch_plan_place at = *place;
    for (at.seed = 0; at.seed < plan->seeds; at.seed++) {
        const json_t *r = result[vouch_plan_cell(plan, &at)];
        if (!r)
            continue;
        group.finished++;
        group.failed += json_object_get(r, "failed") != NULL;
        for (int f = 0; f < VOUCH_TRADEOFF_FIGURES; f++)
            vouch_summary_add(&group.figure[f], f == VOUCH_TRADEOFF_SECONDS
                                                    ? vouch_grid_mean(r, names[f])
                                                    : vouch_grid_number(r, names[f]));
    }
    return group;
}

int vouch_tradeoff_best(const vouch_plan *plan, json_t *const *result,
                        const vouch_plan_place *place, vouch_tradeoff_figure figure)
{
    vouch_plan_place at = *place;
    double most = -1;
    int best = -1;
    for (at.value = 0; at.value < plan->values; at.value++) {
        const vouch_tradeoff_group group = vouch_tradeoff_gather(plan, result, &at);
        const double mean = vouch_summary_mean(&group.figure[figure]);
        if (mean > most) {
            most = mean;
            best = at.value;
        }
    }
    return best;
}

bool vouch_tradeoff_axis(const vouch_plan *plan, double *x)
{
    double low = INFINITY, high = 0;
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
