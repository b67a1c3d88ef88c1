/* Bounds of an explanation's sets (oracle.h). */
#include "explain/oracle_priv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "op/directed.h"

static const char *const names[VOUCH_ORACLE_LEVELS] = {"interval", "crown", "alpha", "complete",
                                                       "exact"};

const char *vouch_oracle_name(vouch_oracle_level level) { return names[level]; }

bool vouch_oracle_choices(size_t index, const char **name)
{
    *name = index < VOUCH_ORACLE_LEVELS ? names[index] : NULL;
    return index < VOUCH_ORACLE_LEVELS;
}

vouch_oracle_level vouch_oracle_find(const char *name)
{
    int level = 0;
    while (level + 1 < VOUCH_ORACLE_LEVELS && strcmp(names[level], name) != 0)
        level++;
    return (vouch_oracle_level)level;
}

int64_t vouch_oracle_rivals(const vouch_oracle *oracle) { return oracle->rivals; }
int vouch_oracle_rival(const vouch_oracle *oracle, int64_t which)
{
    return oracle->rival[which];
}
const int64_t *vouch_oracle_calls(const vouch_oracle *oracle) { return oracle->calls; }
bool vouch_oracle_used_rules(const vouch_oracle *oracle) { return oracle->used_rules; }
const char *vouch_oracle_unsuited(const vouch_oracle *oracle) { return oracle->unsuited; }
const double *vouch_oracle_low(const vouch_oracle *oracle) { return oracle->low; }
const double *vouch_oracle_high(const vouch_oracle *oracle) { return oracle->high; }

/* ---- boxes --------------------------------------------------------------------------------- */

/* The interval of input i where it is free, outward: that of attack/ball_spec.c. */
static void free_interval(const vouch_ball *ball, const float *x, int64_t i, double *low,
                          double *high)
{
    const double centre = (double)x[i], radius = vouch_ball_radius(ball, i);
    *low = fmin((double)ball->low[i], centre);
    *high = fmax((double)ball->high[i], centre);
    if (isfinite(radius)) {
        *low = fmax(*low, vouch_sum_down(centre, -radius));
        *high = fmin(*high, vouch_sum_up(centre, radius));
    }
}

void vouch_oracle_set_box(vouch_oracle *o, const bool *free)
{
    const int64_t *of = o->problem->groups->of;
    for (int64_t i = 0; i < o->inputs; i++) {
        o->box_low[i] = free[of[i]] ? o->low[i] : o->point[i];
        o->box_high[i] = free[of[i]] ? o->high[i] : o->point[i];
    }
}

const vouch_ball *vouch_oracle_ball(vouch_oracle *o, const bool *free)
{
    const vouch_formal_problem *p = o->problem;
    for (int64_t i = 0; i < o->inputs; i++) {
        const bool is_free = free[p->groups->of[i]];
        o->ball_low[i] = is_free ? p->ball->low[i] : p->x[i];
        o->ball_high[i] = is_free ? p->ball->high[i] : p->x[i];
    }
    o->ball = *p->ball;
    o->ball.low = o->ball_low;
    o->ball.high = o->ball_high;
    return &o->ball;
}

/* ---- open and close ------------------------------------------------------------------------ */

static vouch_status check(vouch_context *ctx, const vouch_formal_problem *p)
{
    const int64_t inputs = vouch_victim_inputs(p->plan);
    if (p->ball->norm != VOUCH_NORM_LINF || !(p->ball->eps >= 0))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "explain: eps is %g in the norm %s; a radius in linf is needed",
                          p->ball->eps, vouch_norm_name(p->ball->norm));
    if (p->ball->size != inputs || p->groups->inputs != inputs)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "explain: %" PRId64 " numbers in %" PRId64
                          " groups do not fit a network of %" PRId64 " inputs",
                          p->ball->size, p->groups->inputs, inputs);
    if (p->label < 0 || p->label >= vouch_victim_classes(p->plan))
        return vouch_fail(ctx, VOUCH_ERR_VALUE, "explain: class %d is none of %" PRId64,
                          p->label, vouch_victim_classes(p->plan));
    for (int64_t i = 0; i < inputs; i++)
        if (!isfinite(p->x[i]) || !isfinite(p->ball->low[i]) || !isfinite(p->ball->high[i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "explain: input %" PRId64 " is %g in [%g, %g], not finite", i,
                              (double)p->x[i], (double)p->ball->low[i],
                              (double)p->ball->high[i]);
    return VOUCH_OK;
}

static bool make_arrays(vouch_oracle *o)
{
    vouch_arena *arena = o->arena;
    double **const inputs[] = {&o->point,    &o->low,      &o->high,     &o->box_low,
                               &o->box_high, &o->hull_low, &o->hull_high};
    for (size_t k = 0; k < sizeof inputs / sizeof *inputs; k++)
        if ((*inputs[k] = VOUCH_NEW_ARRAY(arena, double, o->inputs)) == NULL)
            return false;
    o->rival = VOUCH_NEW_ARRAY(arena, int, o->rivals);
    o->varying = VOUCH_NEW_ARRAY(arena, bool, o->graph->value_count);
    o->job = VOUCH_NEW_ARRAY(arena, vouch_dag_job, o->rivals);
    o->answer = VOUCH_NEW_ARRAY(arena, vouch_dag_answer, o->rivals);
    o->lower = VOUCH_NEW_ARRAY(arena, double, o->rivals);
    o->offset = VOUCH_NEW_ARRAY(arena, double, o->rivals);
    o->form = VOUCH_NEW_ARRAY(arena, const double *, o->rivals);
    o->loss = VOUCH_NEW_ARRAY(arena, const double *, o->rivals);
    o->ball_low = VOUCH_NEW_ARRAY(arena, float, o->inputs);
    o->ball_high = VOUCH_NEW_ARRAY(arena, float, o->inputs);
    return o->rival && o->varying && o->job && o->answer && o->lower && o->offset && o->form &&
           o->loss && o->ball_low && o->ball_high;
}

/* f_label - f_j <= 0 is a case of its own for each rival j. */
static vouch_status make_task(vouch_oracle *o)
{
    const int64_t classes = o->rivals + 1;
    const int rows = (int)o->rivals;
    double *output = VOUCH_NEW_ARRAY(o->arena, double, rows *classes);
    double *zero = VOUCH_NEW_ARRAY(o->arena, double, rows * o->inputs);
    int *start = VOUCH_NEW_ARRAY(o->arena, int, rows + 1);
    int *box = VOUCH_NEW_ARRAY(o->arena, int, rows + 1);
    bool *strict = VOUCH_NEW_ARRAY(o->arena, bool, rows + 1);
    if (!output || !zero || !start || !box || !strict)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < rows; k++) {
        o->rival[k] = k < o->problem->label ? k : k + 1;
        output[k * classes + o->problem->label] = 1;
        output[k * classes + o->rival[k]] = -1;
        start[k] = k;
    }
    start[rows] = rows;
    o->task = (vouch_task){.graph = o->graph,
                           .row_output = output,
                           .row_input = zero,
                           .row_constant = zero,
                           .row_radius = zero,
                           .input_count = (int)o->inputs,
                           .output_count = (int)classes,
                           .row_count = rows,
                           .case_count = rows,
                           .case_start = start,
                           .case_row = start,
                           .case_box = box,
                           .strict = strict,
                           .low = o->hull_low,
                           .high = o->hull_high};
    return VOUCH_OK;
}

static vouch_status prepare(vouch_oracle *o)
{
    const vouch_formal_problem *p = o->problem;
    if (!make_arrays(o))
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(o->graph, o->varying);
    for (int64_t i = 0; i < o->inputs; i++) {
        o->point[i] = (double)p->x[i];
        free_interval(p->ball, p->x, i, &o->low[i], &o->high[i]);
        o->hull_low[i] = vouch_down(o->low[i]);
        o->hull_high[i] = vouch_up(o->high[i]);
    }
    return make_task(o);
}

vouch_status vouch_oracle_open(vouch_context *ctx, vouch_arena *arena,
                               const vouch_formal_problem *problem,
                               const vouch_oracle_settings *settings, vouch_oracle **oracle)
{
    *oracle = NULL;
    VOUCH_TRY(check(ctx, problem));
    vouch_oracle *o = VOUCH_NEW(arena, vouch_oracle);
    if (o == NULL)
        return VOUCH_ERR_MEMORY;
    *o = (vouch_oracle){.ctx = ctx,
                        .arena = arena,
                        .scratch = vouch_arena_new(ctx),
                        .problem = problem,
                        .graph = vouch_victim_graph(problem->plan),
                        .settings = *settings,
                        .inputs = problem->ball->size,
                        .rivals = vouch_victim_classes(problem->plan) - 1};
    const vouch_status status = o->scratch != NULL ? prepare(o) : VOUCH_ERR_MEMORY;
    if (status == VOUCH_OK)
        *oracle = o;
    else
        vouch_oracle_close(o);
    return status;
}

void vouch_oracle_close(vouch_oracle *o)
{
    if (o == NULL)
        return;
    vouch_dag_worker_free(o->ctx, o->worker);
    vouch_dag_close(o->ctx, o->dag);
    vouch_arena_free(o->scratch);
}

/* ---- intervals ----------------------------------------------------------------------------- */

vouch_status vouch_oracle_interval_margin(vouch_oracle *o, const bool *free, double *least)
{
    const vouch_linear_rows rows = {o->task.row_count, o->task.row_output, NULL, NULL};
    const vouch_bound_problem problem = {.graph = o->graph,
                                         .varying = o->varying,
                                         .input_size = o->inputs,
                                         .output_size = o->rivals + 1,
                                         .low = o->box_low,
                                         .high = o->box_high,
                                         .rows = &rows};
    const vouch_arena_mark mark = vouch_arena_get_mark(o->scratch);
    vouch_bounds bounds = {0};
    vouch_oracle_set_box(o, free);
    o->calls[VOUCH_ORACLE_INTERVAL]++;
    VOUCH_TRY(vouch_domain_find("interval")->run(o->ctx, o->scratch, NULL, &problem, &bounds));
    *least = bounds.empty ? -(double)INFINITY : (double)INFINITY; /* no box is empty */
    for (int r = 0; r < rows.count; r++)
        *least = fmin(*least, bounds.row_low[r]);
    vouch_arena_reset(o->scratch, mark);
    return VOUCH_OK;
}

/* ---- linear bounds ------------------------------------------------------------------------- */

enum { CELLS = 1 << 24 }; /* doubles a chunk of rows may use */

static vouch_status need_dag(vouch_oracle *o)
{
    /* The hull's own bounds serve nobody: no work for it. */
    const vouch_dag_settings settings = {
        .cells = CELLS, .root_work = (double)INFINITY, .hull_neurons = INT64_MAX};
    if (o->worker != NULL)
        return VOUCH_OK;
    VOUCH_TRY(vouch_dag_open(o->ctx, &o->task, &settings, &o->dag));
    return vouch_dag_worker_new(o->ctx, o->dag, &o->worker);
}

/* A box is never empty: what contradicts itself there is no proof. */
static vouch_status take_answers(vouch_oracle *o, vouch_margins *margins)
{
    margins->is_proved = true;
    for (int64_t k = 0; k < o->rivals; k++) {
        o->lower[k] = o->answer[k].lower;
        o->offset[k] = o->answer[k].offset;
        o->form[k] = isfinite(o->answer[k].offset) ? o->answer[k].form : NULL;
        o->loss[k] =
            o->job[k].only_form ? NULL : o->answer[k].score + vouch_dag_neuron_count(o->dag);
        margins->is_proved = margins->is_proved && o->lower[k] > 0;
    }
    margins->lower = o->lower;
    margins->offset = o->offset;
    margins->form = o->form;
    margins->loss = o->loss;
    return VOUCH_OK;
}

vouch_status vouch_oracle_margins(vouch_oracle *o, const bool *free, int steps, bool wants_loss,
                                  vouch_margins *margins)
{
    vouch_dag_intervals *at = NULL;
    VOUCH_TRY(need_dag(o));
    vouch_oracle_set_box(o, free);
    o->calls[steps > 0 ? VOUCH_ORACLE_ALPHA : VOUCH_ORACLE_CROWN]++;
    VOUCH_TRY(vouch_dag_root(o->worker, o->box_low, o->box_high, &at));
    if (at == NULL)
        return vouch_fail(o->ctx, VOUCH_ERR_INTERNAL,
                          "explain: bounds contradict each other on a box that is not empty; "
                          "this is a defect of vouch");
    for (int k = 0; k < (int)o->rivals; k++)
        o->job[k] = (vouch_dag_job){.at = at,
                                    .which_case = k,
                                    .steps = steps,
                                    .only_form = !wants_loss,
                                    .to_the_end = wants_loss,
                                    .spread_hull = wants_loss};
    const vouch_status status = vouch_dag_bound(o->worker, (int)o->rivals, o->job, o->answer);
    vouch_dag_intervals_drop(o->ctx, at);
    return status == VOUCH_OK ? take_answers(o, margins) : status;
}

vouch_status vouch_oracle_prove(vouch_oracle *o, const bool *free, vouch_oracle_level level,
                                bool *is_proved)
{
    vouch_margins margins = {0};
    double least = 0;
    VOUCH_TRY(vouch_oracle_interval_margin(o, free, &least));
    *is_proved = least > 0;
    if (*is_proved || level == VOUCH_ORACLE_INTERVAL)
        return VOUCH_OK;
    VOUCH_TRY(vouch_oracle_margins(o, free, 0, false, &margins));
    if (!margins.is_proved && level > VOUCH_ORACLE_CROWN && o->settings.steps > 0)
        VOUCH_TRY(vouch_oracle_margins(o, free, o->settings.steps, false, &margins));
    *is_proved = margins.is_proved;
    return VOUCH_OK;
}
