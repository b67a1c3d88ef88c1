/* Points under a transformation, in parallel, and the counts (transformed.h). */
#include "eval/transformed.h"

#include "base/clock.h"
#include "eval/transform_search.h"

typedef struct transformed_job {
    const vouch_transforming *request;
    const bool *varying;
    vouch_transform_verdict *verdict;
} transformed_job;

static vouch_status transformed_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    const transformed_job *j = job;
    const vouch_transform_point at = {j->request, j->varying, unit};
    return j->request->skip[unit] ? VOUCH_OK
                                  : vouch_transform_search(m, &at, &j->verdict[unit]);
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
