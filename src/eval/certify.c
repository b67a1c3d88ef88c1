/* The cascade of certification (certify.h).
 *
 * The property "some other output is at least the label's" has one row for each other class; a
 * point is proved when every row has a positive lower bound. Levels of bounds run over points in
 * parallel; complete verification takes one point after the other and gives it all threads.
 *
 * Points for which an attack has succeeded go through the levels of bounds all the same: a bound
 * that proved one of them would be wrong, and eval.c looks for that.
 */
#include "eval/certify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "bounds/domain.h"
#include "eval/team.h"
#include "verify/task.h"
#include "verify/verify.h"

/* Domains by level; the last level is no domain but a search. */
static const char *const names[VOUCH_CERTIFY_LEVELS + 1] = {"none", "interval", "crown",
                                                            "alpha", "complete"};

const char *vouch_certify_name(int level) { return names[level]; }

bool vouch_certify_choices(size_t index, const char **name)
{
    *name = index <= VOUCH_CERTIFY_LEVELS ? names[index] : NULL;
    return index <= VOUCH_CERTIFY_LEVELS;
}

int vouch_certify_find(const char *name)
{
    for (int level = 0; level <= VOUCH_CERTIFY_LEVELS; level++)
        if (strcmp(names[level], name) == 0)
            return level;
    return -1;
}

typedef struct stage {
    const vouch_certify *request;
    const vouch_domain *domain;
    const bool *varying;
    int level;
    int64_t inputs;
    const int64_t *point; /* by unit */
    vouch_certificate *certificate;
} stage;

static vouch_status make_spec(vouch_arena *arena, const vouch_certify *r, int64_t point,
                              vouch_spec **spec)
{
    return vouch_ball_spec(arena, r->graph, r->ball, r->x + point * r->ball->size,
                           r->label[point], spec);
}

/* ---- what an earlier run found ------------------------------------------------------------- */

/* A result is a letter: proved, refuted, timed out, open. */
static const char letters[] = "prto";

typedef struct unit_name {
    char text[96];
} unit_name;

static unit_name name_unit(const stage *c, int64_t point)
{
    unit_name name;
    snprintf(name.text, sizeof name.text, "%s %.17g %" PRId64, names[c->level],
             c->request->ball->eps, point);
    return name;
}

static bool recall(const stage *c, int64_t point)
{
    const char *was = vouch_journal_find(c->request->journal, name_unit(c, point).text);
    if (was == NULL || was[0] == '\0' || was[1] != '\0' || strchr(letters, was[0]) == NULL)
        return false;
    c->certificate[point] = (vouch_certificate){.level = was[0] == 'p' ? c->level : 0,
                                                .is_refuted = was[0] == 'r',
                                                .is_timed_out = was[0] == 't'};
    return true;
}

static vouch_status keep(vouch_context *ctx, const stage *c, int64_t point)
{
    const vouch_certificate *now = &c->certificate[point];
    const char result[2] = {now->level > 0      ? 'p'
                            : now->is_refuted   ? 'r'
                            : now->is_timed_out ? 't'
                                                : 'o'};
    return vouch_journal_add(ctx, c->request->journal, name_unit(c, point).text, result);
}

/* ---- bounds -------------------------------------------------------------------------------- */

static bool all_positive(const vouch_bounds *bounds, int rows)
{
    for (int r = 0; r < rows; r++)
        if (!(bounds->row_low[r] > 0))
            return false;
    return !bounds->empty; /* a ball is never empty: no proof by contradiction */
}

static vouch_status bound(vouch_context *ctx, vouch_arena *arena, const stage *c,
                          const vouch_spec *spec, bool *is_proved)
{
    vouch_task task;
    vouch_bounds bounds = {0};
    VOUCH_TRY(vouch_task_build(ctx, arena, c->request->graph, spec, false, &task));
    const vouch_linear_rows rows = {task.row_count, task.row_output, NULL, task.row_constant};
    const vouch_bound_problem problem = {.graph = c->request->graph,
                                         .varying = c->varying,
                                         .input_size = task.input_count,
                                         .output_size = task.output_count,
                                         .low = task.low,
                                         .high = task.high,
                                         .rows = &rows};
    VOUCH_TRY(c->domain->run(ctx, arena, NULL, &problem, &bounds));
    *is_proved = all_positive(&bounds, task.row_count);
    return VOUCH_OK;
}

static vouch_status bound_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    const stage *c = job;
    const int64_t point = c->point[unit];
    vouch_spec *spec;
    bool is_proved = false;
    VOUCH_TRY(make_spec(m->arena, c->request, point, &spec));
    const vouch_status status = bound(m->ctx, m->arena, c, spec, &is_proved);
    vouch_spec_free(spec);
    if (is_proved)
        c->certificate[point].level = c->level;
    return status == VOUCH_OK ? keep(m->ctx, c, point) : status;
}

/* ---- complete verification ------------------------------------------------------------------ */

static vouch_status search(vouch_context *ctx, vouch_arena *arena, const stage *c,
                           int64_t point, const vouch_spec *spec)
{
    const vouch_certify *r = c->request;
    vouch_certificate *certificate = &c->certificate[point];
    vouch_verify_settings settings;
    vouch_verify_result result = {0};
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.timeout_s = r->limit_s;
    settings.threads = r->threads;
    settings.seed = (int64_t)r->seed;
    VOUCH_TRY(vouch_verify(ctx, arena, r->graph, spec, &settings, NULL, &result));
    certificate->level = result.verdict == VOUCH_UNSAT ? c->level : 0;
    certificate->is_refuted = result.verdict == VOUCH_SAT;
    certificate->is_timed_out = result.verdict == VOUCH_TIMEOUT;
    return VOUCH_OK;
}

static vouch_status search_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    const stage *c = job;
    const int64_t point = c->point[unit];
    vouch_spec *spec;
    if (c->request->attacked[point])
        return VOUCH_OK;
    VOUCH_TRY(make_spec(m->arena, c->request, point, &spec));
    const vouch_status status = search(m->ctx, m->arena, c, point, spec);
    vouch_spec_free(spec);
    VOUCH_TRY(status);
    VOUCH_TRY(vouch_context_poll(m->ctx)); /* what was stopped is no result */
    return keep(m->ctx, c, point);
}

/* ---- the cascade ---------------------------------------------------------------------------- */

/* The points that are open and that no earlier run has looked at. */
static int64_t gather(const stage *c, int64_t *point)
{
    int64_t count = 0;
    for (int64_t p = 0; p < c->request->count; p++)
        if (!c->request->skip[p] && c->certificate[p].level == 0 &&
            !c->certificate[p].is_refuted && !recall(c, p))
            point[count++] = p;
    return count;
}

vouch_status vouch_certify_run(vouch_context *ctx, vouch_arena *arena,
                               const vouch_certify *request, vouch_certificate *certificate)
{
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, request->graph->value_count);
    int64_t *point = VOUCH_NEW_ARRAY(arena, int64_t, request->count);
    if (varying == NULL || point == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(request->graph, varying);
    stage c = {
        .request = request, .varying = varying, .point = point, .certificate = certificate};
    for (c.level = 1; c.level <= request->level; c.level++) {
        const int64_t count = gather(&c, point);
        c.domain = vouch_domain_find(names[c.level]);
        const vouch_team team = {.threads = c.domain ? request->threads : 1,
                                 .phase = names[c.level],
                                 .fn = c.domain ? bound_unit : search_unit,
                                 .job = &c};
        VOUCH_TRY(vouch_team_run(ctx, &team, count));
    }
    return VOUCH_OK;
}
