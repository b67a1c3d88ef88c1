/* Explanations of many points, side by side, and what they are beside attacks (efx.h). */
#include "lab/efx.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "eval/team.h"

typedef struct job {
    const vouch_eval_request *eval;
    const vouch_victim_plan *plan;
    const vouch_efx_how *how;
    vouch_formal_settings formal;
    vouch_ball ball;
    const int64_t *unit; /* [units] the point of each */
    vouch_efx_point *point;
} job;

/* ---- one point ------------------------------------------------------------------------------- */

typedef struct unit_name {
    char text[160];
} unit_name;

/* Whatever of the settings may differ within one journal. */
static unit_name name_unit(const job *j, int64_t p)
{
    unit_name name;
    snprintf(name.text, sizeof name.text, "explain %.17g %s %s %" PRId64, j->ball.eps,
             j->formal.strategy, j->formal.order, p);
    return name;
}

/* "features irrelevant seconds" */
static bool recall(const job *j, int64_t p, vouch_efx_point *point)
{
    const char *was = vouch_journal_find(j->eval->journal, name_unit(j, p).text);
    char *at = NULL, *end = NULL;
    if (was == NULL)
        return false;
    point->features = strtoll(was, &at, 10);
    point->irrelevant = strtoll(at, &at, 10);
    point->cpu_s = strtod(at, &end);
    point->is_explained = end != at && *end == '\0' && point->irrelevant >= 0 &&
                          point->features >= point->irrelevant;
    return point->is_explained;
}

static vouch_status keep(vouch_context *ctx, const job *j, int64_t p,
                         const vouch_efx_point *point)
{
    char text[96];
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %.6f", point->features,
             point->irrelevant, point->cpu_s);
    return vouch_journal_add(ctx, j->eval->journal, name_unit(j, p).text, text);
}

static vouch_status explain(const vouch_team_member *m, const job *j, int64_t p,
                            vouch_efx_point *point)
{
    const vouch_eval_points *points = &j->eval->points;
    const float *x = points->x + p * points->inputs;
    const vouch_rules *rules = j->ball.rules;
    const double begun = vouch_thread_cpu_s();
    vouch_groups groups;
    vouch_explanation explanation;
    vouch_group_request request = j->how->group;
    const vouch_formal_problem problem = {.plan = j->plan,
                                          .ball = &j->ball,
                                          .x = x,
                                          .label = points->label[p],
                                          .groups = &groups};
    request.inputs = points->inputs;
    request.image = j->ball.image;
    request.feature = rules ? rules->feature : NULL;
    request.x = x;
    VOUCH_TRY(vouch_groups_make(m->arena, j->how->grouping, &request, &groups));
    VOUCH_TRY(vouch_formal_explain(m->ctx, m->arena, &problem, &j->formal, &explanation));
    *point = (vouch_efx_point){.is_explained = true,
                               .features = explanation.features - explanation.fixed_count,
                               .irrelevant = explanation.count[VOUCH_FORMAL_IRRELEVANT] -
                                             explanation.fixed_count,
                               .cpu_s = vouch_thread_cpu_s() - begun};
    return keep(m->ctx, j, p, point);
}

static vouch_status take_unit(const vouch_team_member *m, void *shared, int64_t unit)
{
    const job *j = shared;
    const int64_t p = j->unit[unit];
    return recall(j, p, &j->point[p]) ? VOUCH_OK : explain(m, j, p, &j->point[p]);
}

/* ---- all ------------------------------------------------------------------------------------- */

/* The points that are right. */
static vouch_status choose(vouch_arena *arena, const vouch_victim_plan *plan,
                           const vouch_eval_request *q, int64_t **unit, int64_t *units)
{
    const vouch_eval_points *p = &q->points;
    const int64_t classes = vouch_victim_classes(plan);
    float *z = VOUCH_NEW_ARRAY(arena, float, p->count *classes);
    *unit = VOUCH_NEW_ARRAY(arena, int64_t, p->count);
    *units = 0;
    if (z == NULL || *unit == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(
        vouch_eval_logits(vouch_arena_context(arena), plan, q->threads, p->count, p->x, z));
    for (int64_t i = 0; i < p->count; i++)
        if (vouch_predicted(classes, z + i * classes) == p->label[i])
            (*unit)[(*units)++] = i;
    return VOUCH_OK;
}

vouch_status vouch_efx_explain(vouch_arena *arena, const vouch_eval_request *eval, double eps,
                               const vouch_efx_how *how, vouch_efx_point *point)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_victim_plan *plan;
    int64_t *unit, units;
    job j = {.eval = eval, .how = how, .formal = *how->formal, .ball = eval->ball};
    const vouch_team team = {
        .threads = eval->threads, .phase = "explaining", .fn = take_unit, .job = &j};
    for (int64_t p = 0; p < eval->points.count; p++)
        point[p] = (vouch_efx_point){.is_explained = false};
    VOUCH_TRY(vouch_victim_plan_new(ctx, arena, eval->graph, &plan));
    VOUCH_TRY(choose(arena, plan, eval, &unit, &units));
    j.plan = plan;
    j.formal.threads = 1;
    j.ball.eps = eps;
    j.unit = unit;
    j.point = point;
    return vouch_team_run(ctx, &team, units);
}

vouch_efx_sum vouch_efx_sum_up(int64_t count, const vouch_efx_point *point,
                               const bool *attacked)
{
    vouch_efx_sum s = {.explained = 0};
    for (int64_t p = 0; p < count; p++) {
        if (!point[p].is_explained)
            continue;
        s.explained++;
        s.explainable += point[p].irrelevant > 0;
        s.efx += point[p].irrelevant > 0 && attacked && attacked[p];
        s.features += (double)point[p].features;
        s.irrelevant += (double)point[p].irrelevant;
        s.cpu_s += point[p].cpu_s;
    }
    const double of = s.explained > 0 ? (double)s.explained : (double)NAN;
    s.features /= of;
    s.irrelevant /= of;
    s.cpu_s /= of;
    return s;
}

/* ---- beside attacks -------------------------------------------------------------------------- */

/* The sandwich: an attack cannot change what is proved to stay. */
static vouch_status check(vouch_context *ctx, double eps, int64_t count,
                          const vouch_efx_point *point, const bool *attacked)
{
    for (int64_t p = 0; p < count; p++)
        if (attacked[p] && point[p].is_explained && point[p].features > 0 &&
            point[p].irrelevant == point[p].features) {
            vouch_context_clear_error(ctx); /* this is worse than an interruption */
            return vouch_fail(ctx, VOUCH_ERR_INTERNAL,
                              "point %" PRId64
                              ", eps %g: an attack succeeds where all features "
                              "are proved irrelevant; this is a defect of vouch",
                              p, eps);
        }
    return VOUCH_OK;
}

/* An evaluation that was run. */
typedef struct evaluated {
    const vouch_eval_request *request;
    const vouch_eval_result *result;
} evaluated;

static vouch_status run_radius(vouch_arena *arena, const evaluated *e, int i,
                               const vouch_efx_how *how, vouch_efx_radius *radius)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const vouch_eval_request *q = e->request;
    const vouch_eval_radius *at = &e->result->radius[i];
    const int64_t count = q->points.count;
    bool *attacked = VOUCH_NEW_ARRAY(arena, bool, count);
    radius->point = VOUCH_NEW_ARRAY(arena, vouch_efx_point, count);
    radius->efx = VOUCH_NEW_ARRAY(arena, int64_t, q->attack_count + 1);
    if (attacked == NULL || radius->point == NULL || radius->efx == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t p = 0; p < count; p++)
        attacked[p] = e->result->verdict[i * count + p].found_by != NULL;
    const vouch_status status = vouch_efx_explain(arena, q, q->eps[i], how, radius->point);
    if (status != VOUCH_OK && status != VOUCH_ERR_CANCELLED)
        return status;
    VOUCH_TRY(check(ctx, q->eps[i], count, radius->point, attacked));
    radius->sum = vouch_efx_sum_up(count, radius->point, attacked);
    for (int k = 0; k < at->attacks; k++)
        radius->efx[k] = vouch_efx_sum_up(count, radius->point, at->found + k * count).efx;
    return status;
}

vouch_status vouch_efx_run(vouch_arena *arena, const vouch_eval_request *eval,
                           const vouch_eval_result *result, const vouch_efx_how *how,
                           vouch_efx_radius *radius)
{
    const evaluated e = {eval, result};
    for (int i = 0; i < eval->eps_count; i++)
        radius[i] = (vouch_efx_radius){.point = NULL};
    for (int i = 0; i < eval->eps_count; i++)
        VOUCH_TRY(run_radius(arena, &e, i, how, &radius[i]));
    return VOUCH_OK;
}
