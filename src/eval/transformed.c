/* Points under a transformation, in parallel, and the counts (transformed.h). */
#include "eval/transformed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eval/transform_search.h"

typedef struct transformed_job {
    const vouch_transforming *request;
    const bool *varying;
    vouch_transform_verdict *verdict;
} transformed_job;

/* A verdict as "proved refuted limited cells parameter ..." of the journal's unit `name`. */
static bool recall(vouch_journal *journal, const char *name, vouch_transform_verdict *v)
{
    const char *text = vouch_journal_find(journal, name);
    double number[4 + VOUCH_PARAMETERS];
    char *end = NULL;
    for (int i = 0; text && i < 4 + VOUCH_PARAMETERS; i++, text = end) {
        number[i] = strtod(text, &end);
        if (end == text)
            return false;
    }
    if (text == NULL || *text != '\0')
        return false;
    *v = (vouch_transform_verdict){.proved = (int)number[0],
                                   .refuted = (int)number[1],
                                   .is_limited = number[2] > 0,
                                   .cells = (int64_t)number[3]};
    memcpy(v->parameter, number + 4, sizeof v->parameter);
    return true;
}

static vouch_status keep(vouch_context *ctx, vouch_journal *journal, const char *name,
                         const vouch_transform_verdict *v)
{
    char text[64 + 32 * VOUCH_PARAMETERS];
    int length = snprintf(text, sizeof text, "%d %d %d %" PRId64, v->proved, v->refuted,
                          v->is_limited, v->cells);
    for (int i = 0; i < VOUCH_PARAMETERS; i++)
        length +=
            snprintf(text + length, sizeof text - (size_t)length, " %.17g", v->parameter[i]);
    return vouch_journal_add(ctx, journal, name, text);
}

static vouch_status transformed_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    const transformed_job *j = job;
    const vouch_transforming *request = j->request;
    const vouch_transform_point at = {request, j->varying, unit};
    vouch_transform_verdict *verdict = &j->verdict[unit];
    char name[96];
    snprintf(name, sizeof name, "transform %s %" PRId64, request->transform->name, unit);
    if (request->skip[unit] || recall(request->journal, name, verdict))
        return VOUCH_OK;
    VOUCH_TRY(vouch_transform_search(m, &at, verdict));
    VOUCH_TRY(vouch_context_poll(m->ctx)); /* what was stopped is no result */
    return keep(m->ctx, request->journal, name, verdict);
}

static void count_point(const vouch_transform_verdict *v, vouch_transformed *result)
{
    for (int k = 1; k <= VOUCH_SEVERITIES; k++) {
        result->withstood[k - 1] += v->refuted == 0 || k < v->refuted;
        result->certified[k - 1] += k <= v->proved;
    }
    result->limited += v->is_limited;
    result->cells += v->cells;
}

vouch_status vouch_eval_transformed(vouch_context *ctx, vouch_arena *arena,
                                    const vouch_transforming *request,
                                    vouch_transformed *result)
{
    const vouch_graph *graph = vouch_victim_graph(request->plan);
    const int64_t count = request->points->count;
    const double begun = vouch_wall_s();
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, graph->value_count);
    *result =
        (vouch_transformed){.transform = request->transform,
                            .verdict = VOUCH_NEW_ARRAY(arena, vouch_transform_verdict, count)};
    if (!varying || !result->verdict)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(graph, varying);
    transformed_job job = {request, varying, result->verdict};
    const vouch_team team = {.plan = request->plan,
                             .threads = request->threads,
                             .phase = request->transform->name,
                             .fn = transformed_unit,
                             .job = &job};
    const vouch_status status = vouch_team_run(ctx, &team, count);
    for (int k = 1; k <= VOUCH_SEVERITIES; k++)
        result->reach[k - 1] = vouch_transform_reach(request->transform, k);
    for (int64_t p = 0; p < count; p++)
        if (!request->skip[p])
            count_point(&result->verdict[p], result);
    result->seconds = vouch_wall_s() - begun;
    return status;
}
