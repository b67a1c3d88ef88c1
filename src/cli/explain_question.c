/* What explanations are asked about (explain_question.h). */
#include "cli/explain_question.h"

#include <inttypes.h>
#include <string.h>

#include "attack/objective.h"
#include "cli/point.h"
#include "explain/strategy.h"

enum { OWN = 1 }; /* the table that has the settings */

static vouch_status fail_range(vouch_context *ctx, const char *option)
{
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                      "%s inf frees an input over its valid range, which is not known "
                      "(--range LOW,HIGH)",
                      option);
}

static vouch_status check(vouch_context *ctx, const vouch_cli_question_settings *s,
                          const vouch_cli_points *points)
{
    if (isinf(s->eps) && s->radii == NULL && !points->is_ranged)
        return fail_range(ctx, "--eps");
    return VOUCH_OK;
}

/* The grouping that looks at the option, or NULL. */
static const vouch_grouping *grouping_of(const char *option)
{
    for (const vouch_grouping *const *g = vouch_grouping_table(); *g != NULL; g++)
        if (vouch_grouping_uses(*g, option))
            return *g;
    return NULL;
}

vouch_status vouch_cli_grouping_check(const vouch_cli_call *call, int table, const char *name)
{
    const vouch_cli_table options = vouch_command_options(call->command, table);
    for (size_t i = 0; i < *options.count; i++) {
        const char *option = options.rows[i].name;
        const vouch_grouping *of = grouping_of(option);
        if (call->given[table][i] && of != NULL &&
            !vouch_grouping_uses(vouch_grouping_find(name), option))
            return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                              "--%s is of --groups %s, not of %s", option, of->name, name);
    }
    return VOUCH_OK;
}

static vouch_status load(const vouch_cli_call *call, const vouch_cli_question_settings *s,
                         vouch_cli_question *q)
{
    const vouch_cli_points_wanted wanted = {s->index, s->count, s->range, s->image,
                                            s->relative};
    if (isnan(s->eps) == (s->radii == NULL))
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                          s->radii == NULL ? "--eps is missing"
                                           : "--eps and --radii exclude each other");
    VOUCH_TRY(vouch_cli_network_load(call->ctx, call->argument[0], &q->network));
    VOUCH_TRY(vouch_cli_points_load(call->ctx, call->arena, call->argument[1], &q->network,
                                    &wanted, &q->points));
    VOUCH_TRY(check(call->ctx, s, &q->points));
    q->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = s->radii != NULL ? 0 : s->eps,
                           .size = q->points.size,
                           .low = q->points.low,
                           .high = q->points.high,
                           .image = q->points.image,
                           .rules = q->points.is_table ? &q->points.rules : NULL};
    return vouch_victim_plan_new(call->ctx, call->arena, q->network.graph, &q->plan);
}

/* What the network says of each point, in float32. */
static vouch_status predict(const vouch_cli_call *call, vouch_cli_question *q)
{
    const vouch_cli_points *p = &q->points;
    const int64_t classes = vouch_victim_classes(q->plan);
    float *z = VOUCH_NEW_ARRAY(call->arena, float, p->count *classes);
    vouch_victim *victim;
    q->point = VOUCH_NEW_ARRAY(call->arena, vouch_cli_formal, p->count);
    if (z == NULL || q->point == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_victim_new(call->ctx, call->arena, q->plan, &victim));
    VOUCH_TRY(vouch_victim_forward(victim, p->count, p->x, z));
    for (int64_t k = 0; k < p->count; k++)
        q->point[k] =
            (vouch_cli_formal){.index = p->from + k,
                               .x = p->x + k * p->size,
                               .label = p->label[k],
                               .predicted = vouch_predicted(classes, z + k * classes)};
    return VOUCH_OK;
}

static vouch_status make_groups(const vouch_cli_call *call,
                                const vouch_cli_question_settings *s, vouch_cli_question *q)
{
    const vouch_cli_points *p = &q->points;
    for (int64_t k = 0; k < p->count; k++) {
        const vouch_group_request request = {.inputs = p->size,
                                             .image = p->image,
                                             .feature = p->is_table ? p->rules.feature : NULL,
                                             .x = q->point[k].x,
                                             .patch = s->patch,
                                             .bandwidth = s->bandwidth,
                                             .lambda = s->lambda};
        VOUCH_TRY(vouch_groups_make(call->arena, vouch_grouping_find(s->groups), &request,
                                    &q->point[k].groups));
    }
    return VOUCH_OK;
}

/* Have all points the features of the first one? Superpixels of images differ. */
static bool have_same_features(const vouch_cli_question *q)
{
    const vouch_groups *first = &q->point[0].groups;
    const size_t size = (size_t)q->points.size * sizeof *first->of;
    for (int64_t k = 1; k < q->points.count; k++)
        if (memcmp(first->of, q->point[k].groups.of, size) != 0)
            return false;
    return true;
}

/* The radii of the points' features, which have to be the same. */
static vouch_status read_radii(const vouch_cli_call *call, const char *text,
                               vouch_cli_question *q)
{
    const vouch_groups *groups = &q->point[0].groups;
    double *radius = VOUCH_NEW_ARRAY(call->arena, double, q->points.size);
    double *given;
    if (radius == NULL)
        return VOUCH_ERR_MEMORY;
    if (!have_same_features(q))
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                          "--radii: these points have different features; ask for one at a "
                          "time (--count 1)");
    const vouch_status status = vouch_cli_radii_read(call->arena, text, groups->count, &given);
    if (status == VOUCH_ERR_SHAPE)
        vouch_context_clear_error(call->ctx);
    if (status == VOUCH_ERR_SHAPE)
        return vouch_fail(call->ctx, status,
                          "--radii %s: a number for each of the %" PRId64 " features is needed",
                          text, groups->count);
    if (status != VOUCH_OK)
        vouch_error_prefix(call->ctx, "--radii");
    VOUCH_TRY(status);
    for (int64_t i = 0; i < q->points.size; i++) {
        radius[i] = given[groups->of[i]];
        if (radius[i] < 0)
            return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "--radii: %g is below 0",
                              radius[i]);
        if (isinf(radius[i]) && !q->points.is_ranged)
            return fail_range(call->ctx, "--radii");
    }
    q->ball.radius = radius;
    return VOUCH_OK;
}

vouch_status vouch_cli_question_load(const vouch_cli_call *call,
                                     const vouch_cli_question_settings *settings,
                                     vouch_cli_question *question)
{
    VOUCH_TRY(vouch_cli_grouping_check(call, OWN, settings->groups));
    VOUCH_TRY(load(call, settings, question));
    VOUCH_TRY(predict(call, question));
    VOUCH_TRY(make_groups(call, settings, question));
    return settings->radii != NULL ? read_radii(call, settings->radii, question) : VOUCH_OK;
}

void vouch_cli_question_free(vouch_cli_question *question)
{
    vouch_cli_points_free(&question->points);
    vouch_cli_network_free(&question->network);
}

vouch_formal_problem vouch_cli_question_problem(const vouch_cli_question *q, int64_t k)
{
    return (vouch_formal_problem){.plan = q->plan,
                                  .ball = &q->ball,
                                  .x = q->point[k].x,
                                  .label = q->point[k].predicted,
                                  .groups = &q->point[k].groups};
}

void vouch_cli_choose_oracle(const vouch_cli_call *call, int table,
                             vouch_formal_settings *settings)
{
    const vouch_option *row =
        vouch_option_find(vouch_formal_options, vouch_formal_option_count, "oracle");
    if (vouch_strategy_find(settings->strategy)->wants_search &&
        !call->given[table][row - vouch_formal_options])
        settings->oracle = vouch_oracle_name(VOUCH_ORACLE_COMPLETE);
}
