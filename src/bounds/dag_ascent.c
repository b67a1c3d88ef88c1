/* The ascent: better mixes, multipliers and weights, by projected gradient.
 *
 * Every sound choice gives a sound bound (dag.h), so the best one seen is kept. The bound is a
 * concave function of the multipliers and, node by node, of the mixes; its derivatives come from
 * the replay. Steps are Adam's [Kingma, Ba 2015], their size falling geometrically, projected:
 *
 *     mix in [0, 1];   multiplier >= 0, in units of the coefficient it is to balance;
 *     weights by multiplicative updates, which stay on the simplex.
 *
 * Jobs that are proved leave the chunk.
 */
#include <string.h>

#include "bounds/clip.h"
#include "bounds/dag_priv.h"

enum { MIX_LEVELS = 254, MIX_UNSET = 255 };

typedef struct moments {
    float *mean, *square; /* of each derivative */
} moments;

/* A job on its way. */
typedef struct climb {
    const vouch_dag_job *job;
    vouch_dag_answer *answer;
    int64_t scalar; /* a neuron's row: sign e_scalar; else the case's */
    double sign;
    int rows;              /* of the case; 0 = a neuron's row */
    float *mix, *mix_gain; /* [mixes] */
    float *beta, *beta_gain, *beta_unit;
    double *weight, *row_value, *row_best;
    moments of_mix, of_beta;
    bool done;
} climb;

typedef struct ascent {
    vouch_dag_worker *w;
    int value; /* whose scalars the rows are; -1: cases */
    int count, active;
    climb *climb;
    climb **at;         /* [active]: those walked */
    vouch_dag_row *row; /* [active] */
} ascent;

/* ---- start ------------------------------------------------------------------------------- */

static int case_rows(const vouch_dag *dag, int which)
{
    return dag->task->case_start[which + 1] - dag->task->case_start[which];
}

static void read_mixes(const vouch_dag_job *job, int64_t count, float *mix)
{
    for (int64_t i = 0; i < count; i++)
        mix[i] =
            job->warm && job->warm[i] != MIX_UNSET ? (float)job->warm[i] / MIX_LEVELS : -1.F;
}

static vouch_status new_answer(ascent *a, climb *c)
{
    vouch_arena *arena = a->w->answers;
    const vouch_dag *dag = a->w->dag;
    vouch_dag_answer *answer = c->answer;
    int64_t all = dag->neurons + dag->inputs;

    *answer = (vouch_dag_answer){.lower = -(double)INFINITY};
    if (c->job->only_lower)
        return VOUCH_OK;
    answer->point = VOUCH_NEW_ARRAY(arena, double, dag->inputs);
    answer->form = VOUCH_NEW_ARRAY(arena, double, dag->inputs);
    answer->score = VOUCH_NEW_ARRAY(arena, double, all);
    answer->slope = VOUCH_NEW_ARRAY(arena, double, dag->neurons);
    answer->mix = VOUCH_NEW_ARRAY(arena, uint8_t, dag->mixes);
    answer->beta = VOUCH_NEW_ARRAY(arena, float, c->job->decision_count);
    answer->weight = VOUCH_NEW_ARRAY(arena, float, c->rows);
    return answer->point && answer->form && answer->score && answer->slope && answer->mix &&
                   answer->beta && answer->weight
               ? VOUCH_OK
               : VOUCH_ERR_MEMORY;
}

static bool new_moments(vouch_arena *arena, int64_t count, moments *m)
{
    m->mean = VOUCH_NEW_ARRAY(arena, float, count);
    m->square = VOUCH_NEW_ARRAY(arena, float, count);
    return m->mean && m->square;
}

/* Room for a job's state on the scratch arena; what gradient steps need only if some job of the
 * chunk climbs. */
static vouch_status new_climb(ascent *a, climb *c, bool climbs)
{
    vouch_arena *arena = a->w->scratch;
    int64_t mixes = a->w->dag->mixes;
    int decisions = c->job->decision_count;
    bool fine;

    if (a->value >= 0 && !climbs) /* a plain walk of a neuron has no state */
        return new_answer(a, c);
    c->rows = a->value < 0 ? case_rows(a->w->dag, c->job->which_case) : 0;
    c->mix = VOUCH_NEW_ARRAY(arena, float, mixes);
    c->beta = VOUCH_NEW_ARRAY(arena, float, decisions);
    c->weight = VOUCH_NEW_ARRAY(arena, double, c->rows);
    c->row_value = VOUCH_NEW_ARRAY(arena, double, c->rows);
    fine = c->mix && c->beta && c->weight && c->row_value;
    if (fine && climbs) {
        c->mix_gain = VOUCH_NEW_ARRAY(arena, float, mixes);
        c->beta_gain = VOUCH_NEW_ARRAY(arena, float, decisions);
        c->beta_unit = VOUCH_NEW_ARRAY(arena, float, decisions);
        fine = c->mix_gain && c->beta_gain && c->beta_unit &&
               new_moments(arena, mixes, &c->of_mix) &&
               new_moments(arena, decisions, &c->of_beta);
    }
    if (!fine)
        return VOUCH_ERR_MEMORY;
    read_mixes(c->job, mixes, c->mix);
    for (int k = 0; k < decisions; k++)
        c->beta[k] = c->job->warm_beta ? c->job->warm_beta[k] : 0;
    return new_answer(a, c);
}

/* ---- walks ------------------------------------------------------------------------------- */

static void set_row(const climb *c, vouch_dag_row *row)
{
    *row = (vouch_dag_row){.at = c->job->at,
                           .scalar = c->scalar,
                           .sign = c->sign,
                           .which_case = c->job->which_case,
                           .weight = c->weight,
                           .decision_count = c->job->decision_count,
                           .decision = c->job->decision,
                           .beta = c->beta,
                           .mix = c->mix};
}

/* A neuron's row is good enough once its sign is known: a Relu is then decided.
 * A case is infeasible: sum w r > 0 where all r <= 0 are asked; or >= 0 where one of them, with w > 0, is
 * asked to be < 0. */
static bool is_proved(const vouch_dag *dag, const climb *c, double lower)
{
    const vouch_task *t = dag->task;
    int first = t->case_start[c->job->which_case];

    if (lower > 0 || (lower >= 0 && c->rows == 0))
        return true;
    for (int k = 0; lower >= 0 && k < c->rows; k++)
        if (c->weight[k] > 0 && t->strict[t->case_row[first + k]])
            return true;
    return false;
}

static void keep_best(ascent *a, int r)
{
    const vouch_dag *dag = a->w->dag;
    const vouch_dag_walk *walk = &a->w->walk;
    climb *c = a->at[r];
    vouch_dag_answer *answer = c->answer;

    if (!(walk->lower[r] > answer->lower) && answer->lower > -(double)INFINITY)
        return;
    answer->lower = walk->lower[r];
    answer->proved = is_proved(dag, c, walk->lower[r]);
    c->done |= answer->proved && !c->job->to_the_end;
    if (c->job->only_lower || !c->mix || !c->beta)
        return;
    memcpy(answer->form, walk->form + r * dag->inputs, (size_t)dag->inputs * sizeof(double));
    answer->offset = vouch_down(walk->offset[r] - walk->error[r]);
    for (int64_t i = 0; i < dag->mixes; i++)
        answer->mix[i] =
            c->mix[i] < 0 ? MIX_UNSET : (uint8_t)lrintf(fminf(c->mix[i], 1) * MIX_LEVELS);
    memcpy(answer->beta, c->beta, (size_t)c->job->decision_count * sizeof(float));
    for (int k = 0; k < c->rows; k++)
        answer->weight[k] = (float)c->weight[k];
}

static void list_active(ascent *a, int step)
{
    a->active = 0;
    for (int i = 0; i < a->count; i++)
        if (!a->climb[i].done && a->climb[i].job->steps >= step)
            a->at[a->active++] = &a->climb[i];
}

static vouch_status walk_active(ascent *a, bool keep)
{
    for (int r = 0; r < a->active; r++)
        set_row(a->at[r], &a->row[r]);
    VOUCH_TRY(vouch_dag_walk_run(a->w, a->active, a->row, a->value, keep));
    for (int r = 0; r < a->active; r++)
        keep_best(a, r);
    return VOUCH_OK;
}

/* ---- the first walk: one row of the case alone ------------------------------------------- */

/* Row k of every case that has one. Afterwards weight is the best row's alone. */
static vouch_status try_row(ascent *a, int k)
{
    vouch_status status;

    a->active = 0;
    for (int i = 0; i < a->count; i++) {
        climb *c = &a->climb[i];

        if (c->done || k >= c->rows || c->job->warm_weight)
            continue;
        memset(c->weight, 0, (size_t)c->rows * sizeof(double));
        c->weight[k] = 1;
        a->at[a->active++] = c;
    }
    if (a->active == 0)
        return VOUCH_OK;
    status = walk_active(a, false);
    for (int r = 0; !status && r < a->active; r++)
        a->at[r]->row_value[k] = a->w->walk.lower[r];
    vouch_dag_walk_end(a->w);
    return status;
}

static int best_row(const climb *c)
{
    int best = 0;

    for (int k = 1; k < c->rows; k++)
        if (c->row_value[k] > c->row_value[best])
            best = k;
    return best;
}

/* Weights to start from: the parent's; the only row; else the best row, with a little of all
 * the others if there is time to find out what they are good for. */
static void set_weights(climb *c)
{
    int best = best_row(c);
    double others = c->job->steps > 0 && c->rows > 1 ? .1 : 0;

    for (int k = 0; k < c->rows; k++)
        c->weight[k] = c->job->warm_weight ? (double)c->job->warm_weight[k]
                                           : (k == best ? 1 - others : 0) + others / c->rows;
}

static vouch_status choose_weights(ascent *a)
{
    int most = 1;

    for (int i = 0; i < a->count; i++)
        most = a->climb[i].rows > most ? a->climb[i].rows : most;
    for (int k = 0; most > 1 && k < most; k++)
        VOUCH_TRY(try_row(a, k));
    for (int i = 0; i < a->count; i++)
        if (!a->climb[i].done)
            set_weights(&a->climb[i]);
    return VOUCH_OK;
}

/* ---- steps ------------------------------------------------------------------------------- */

/* A step of Adam: its size, and what its moments, which begin at 0, still lack. */
typedef struct pace {
    float rate, mean_scale, square_scale;
} pace;

static pace pace_of(int step, float rate)
{
    return (pace){rate, 1 - powf(.9F, (float)step), 1 - powf(.99F, (float)step)};
}

/* Adam's direction for one derivative, about 1 in size, times the rate. */
static float adam(moments *m, int64_t i, float gain, const pace *p)
{
    m->mean[i] = .9F * m->mean[i] + .1F * gain;
    m->square[i] = .99F * m->square[i] + .01F * gain * gain;
    return m->square[i] > 0 ? p->rate * (m->mean[i] / p->mean_scale) /
                                  (sqrtf(m->square[i] / p->square_scale) + 1e-30F)
                            : 0;
}

/* The mix a walk takes where none is set. */
static float default_mix(const vouch_dag *dag, const vouch_dag_intervals *at, int n, int64_t i,
                         bool above)
{
    const vouch_dag_node *node = &dag->node[n];
    const vouch_lines *family;

    if (node->step == VOUCH_DAG_PRODUCT)
        return .5F;
    if (node->step == VOUCH_DAG_RELU)
        return at->high[node->from + i] > -at->low[node->from + i] ? 1.F : 0.F;
    family = above ? &at->lines->entry[node->lines + i].above
                   : &at->lines->entry[node->lines + i].below;
    return family->count > 1 ? (float)(family->start / (family->count - 1)) : 0.F;
}

static void step_node_mixes(ascent *a, int r, int n, const pace *p)
{
    const vouch_dag *dag = a->w->dag;
    const vouch_dag_node *node = &dag->node[n];
    climb *c = a->at[r];
    int64_t count = node->step == VOUCH_DAG_PRODUCT ? node->start[node->count] : node->count;
    const double *kept = a->w->walk.kept[n];

    for (int64_t i = 0; kept && i < count; i++) {
        int64_t k = node->mix + i;
        float gain = c->mix_gain[k];

        if (gain == 0 || !isfinite(gain))
            continue;
        if (c->mix[k] < 0)
            c->mix[k] =
                default_mix(dag, c->job->at, n, i,
                            node->step == VOUCH_DAG_CURVE && kept[r * node->count + i] < 0);
        c->mix[k] = fminf(fmaxf(c->mix[k] + adam(&c->of_mix, k, gain, p), 0), 1);
    }
}

/* The unit of a multiplier: the coefficient of its neuron in the first walk. */
static void measure_units(ascent *a, int r)
{
    const vouch_dag *dag = a->w->dag;
    climb *c = a->at[r];

    for (int k = 0; k < c->job->decision_count; k++) {
        int32_t j = c->job->decision[k].neuron;
        double size = 0;

        if (j < dag->neurons) {
            int v = dag->owner[j], n = dag->reader[v];
            int64_t i = j - dag->scalar[v];

            if (dag->node[n].step != VOUCH_DAG_PRODUCT && a->w->walk.kept[n])
                size = fabs(a->w->walk.kept[n][r * dag->node[n].count + i]);
        }
        c->beta_unit[k] = fmaxf(fmaxf((float)size, c->beta[k]), c->beta_unit[k]);
    }
}

static float mean_unit(const climb *c)
{
    float sum = 0;

    for (int k = 0; k < c->job->decision_count; k++)
        sum += c->beta_unit[k];
    return c->job->decision_count ? sum / (float)c->job->decision_count : 0;
}

static void step_betas(climb *c, const pace *p)
{
    float mean = mean_unit(c);

    for (int k = 0; k < c->job->decision_count; k++) {
        float gain = c->beta_gain[k], unit = fmaxf(c->beta_unit[k], .1F * mean);

        if (gain != 0 && isfinite(gain))
            c->beta[k] = fmaxf(c->beta[k] + unit * adam(&c->of_beta, k, gain, p), 0);
    }
}

static void step_weights(climb *c, double rate)
{
    double most = 0, sum = 0, mean = 0;

    for (int k = 0; k < c->rows; k++)
        mean += c->weight[k] * c->row_value[k];
    for (int k = 0; k < c->rows; k++)
        most = fmax(most, fabs(c->row_value[k] - mean));
    if (c->rows < 2 || !(most > 0) || !isfinite(most))
        return;
    for (int k = 0; k < c->rows; k++) {
        c->weight[k] *= exp(rate * (c->row_value[k] - mean) / most);
        sum += c->weight[k];
    }
    for (int k = 0; k < c->rows; k++)
        c->weight[k] = c->weight[k] / sum < 1e-4 ? 0 : c->weight[k] / sum;
}

static vouch_status climb_step(ascent *a, int step, int steps)
{
    const vouch_dag *dag = a->w->dag;
    float rate = .25F * powf(.15F, (float)(step - 1) / (float)steps);
    const pace p = pace_of(step, rate);

    for (int r = 0; r < a->active; r++) {
        climb *c = a->at[r];

        if (c->done)
            continue;
        if (step == 1)
            measure_units(a, r);
        for (int n = 0; n < dag->graph->node_count; n++)
            if (dag->node[n].step == VOUCH_DAG_RELU || dag->node[n].step == VOUCH_DAG_CURVE ||
                dag->node[n].step == VOUCH_DAG_PRODUCT)
                step_node_mixes(a, r, n, &p);
        step_betas(c, &p);
        step_weights(c, 2 * (double)rate);
    }
    return VOUCH_OK;
}

/* ---- what the last walk leaves ----------------------------------------------------------- */

static void take_point(const vouch_dag *dag, climb *c)
{
    const vouch_dag_intervals *at = c->job->at;

    for (int64_t i = 0; i < dag->inputs; i++) {
        double low = at->low[dag->neurons + i], high = at->high[dag->neurons + i];
        double g = c->answer->form[i];

        c->answer->point[i] = g > 0 ? low : g < 0 ? high : .5 * low + .5 * high;
    }
}

static vouch_status replay_active(ascent *a, bool gains, bool losses)
{
    vouch_arena *arena = a->w->scratch;
    vouch_dag_replay into = {0};

    if (gains) {
        into.gain = VOUCH_NEW_ARRAY(arena, float *, a->active);
        into.beta_gain = VOUCH_NEW_ARRAY(arena, float *, a->active);
        into.row_value = VOUCH_NEW_ARRAY(arena, double *, a->active); /* of cases only */
        if (!into.gain || !into.beta_gain || !into.row_value)
            return VOUCH_ERR_MEMORY;
    }
    if (losses) {
        into.loss = VOUCH_NEW_ARRAY(arena, double *, a->active);
        into.slope = VOUCH_NEW_ARRAY(arena, double *, a->active);
        if (!into.loss || !into.slope)
            return VOUCH_ERR_MEMORY;
    }
    for (int r = 0; r < a->active; r++) {
        climb *c = a->at[r];

        if (gains) {
            memset(c->mix_gain, 0, (size_t)a->w->dag->mixes * sizeof(float));
            into.gain[r] = c->mix_gain;
            into.beta_gain[r] = c->beta_gain;
            into.row_value[r] = c->row_value;
        }
        if (losses) {
            into.loss[r] = c->answer->score;
            into.slope[r] = c->answer->slope;
        }
    }
    return vouch_dag_replay_run(a->w, &into);
}

/* One walk and, unless it was the last, a step. */
static vouch_status iterate(ascent *a, int step, int steps)
{
    vouch_arena_mark mark = vouch_arena_get_mark(a->w->scratch);
    vouch_status status;

    list_active(a, step);
    if (a->active == 0)
        return VOUCH_OK;
    status = walk_active(a, step < steps);
    if (!status && step < steps)
        status = replay_active(a, true, false);
    if (!status && step < steps)
        status = climb_step(a, step + 1, steps);
    vouch_dag_walk_end(a->w);
    vouch_arena_reset(a->w->scratch, mark);
    return status;
}

/* For jobs that ask for it, where few inputs vary. */
static vouch_status spread_losses(ascent *a)
{
    vouch_arena *arena = a->w->scratch;
    const vouch_dag_intervals **at =
        VOUCH_NEW_ARRAY(arena, const vouch_dag_intervals *, a->active);
    const vouch_dag_intervals **extent =
        VOUCH_NEW_ARRAY(arena, const vouch_dag_intervals *, a->active);
    double **loss = VOUCH_NEW_ARRAY(arena, double *, a->active);
    int count = 0;

    if (!at || !extent || !loss)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < a->active; r++) {
        const vouch_dag_job *job = a->at[r]->job;

        if (!job->spread && !job->spread_hull)
            continue;
        at[count] = job->at;
        extent[count] = job->spread_hull ? a->w->dag->hull : job->at;
        loss[count++] = a->at[r]->answer->score;
    }
    return count ? vouch_dag_spread(a->w, count, at, extent, loss) : VOUCH_OK;
}

/* The best choice once more, for the losses that guide branching. */
static vouch_status find_losses(ascent *a)
{
    vouch_status status;

    a->active = 0;
    for (int i = 0; i < a->count; i++) {
        climb *c = &a->climb[i];

        if ((c->answer->proved && !c->job->to_the_end) || c->job->only_lower || !c->mix ||
            !c->beta || c->job->only_form)
            continue;
        for (int64_t k = 0; k < a->w->dag->mixes; k++)
            c->mix[k] =
                c->answer->mix[k] == MIX_UNSET ? -1.F : (float)c->answer->mix[k] / MIX_LEVELS;
        memcpy(c->beta, c->answer->beta, (size_t)c->job->decision_count * sizeof(float));
        for (int k = 0; k < c->rows; k++)
            c->weight[k] = (double)c->answer->weight[k];
        take_point(a->w->dag, c);
        a->at[a->active++] = c;
    }
    if (a->active == 0)
        return VOUCH_OK;
    status = walk_active(a, true);
    if (!status)
        status = replay_active(a, false, true);
    vouch_dag_walk_end(a->w);
    return status ? status : spread_losses(a);
}

/* ---- clipping ---------------------------------------------------------------------------- */

/* The forms of each row of the cases alone, with the best mixes: form[rows][inputs + 1] of each
 * climb, in the half-spaces form.x + offset <= 0. */
static vouch_status find_row_forms(ascent *a, int k, double *const *form)
{
    int64_t n = a->w->dag->inputs;
    const vouch_dag_walk *walk = &a->w->walk;
    vouch_status status;

    a->active = 0;
    for (int i = 0; i < a->count; i++) {
        climb *c = &a->climb[i];

        if (!form[i] || k >= c->rows)
            continue;
        for (int r = 0; r < c->rows; r++)
            c->weight[r] = r == k;
        a->at[a->active++] = c;
    }
    if (a->active == 0)
        return VOUCH_OK;
    for (int r = 0; r < a->active; r++)
        set_row(a->at[r], &a->row[r]);
    status = vouch_dag_walk_run(a->w, a->active, a->row, a->value, false);
    for (int r = 0; !status && r < a->active; r++) {
        double *to = form[a->at[r] - a->climb] + k * (n + 1);

        memcpy(to, walk->form + r * n, (size_t)n * sizeof(double));
        to[n] = vouch_down(walk->offset[r] - walk->error[r]);
    }
    vouch_dag_walk_end(a->w);
    return status;
}

static vouch_status clip_climb(ascent *a, climb *c, const double *form)
{
    const vouch_dag *dag = a->w->dag;
    size_t n = (size_t)dag->inputs, bytes = n * sizeof(double);
    const double *low = c->job->at->low + dag->neurons, *high = c->job->at->high + dag->neurons;
    double *box = VOUCH_NEW_ARRAY(a->w->answers, double, 2 * n);
    double *work = VOUCH_NEW_ARRAY(a->w->scratch, double, n + 1 + 2 * (size_t)c->rows);

    if (!box || !work)
        return VOUCH_ERR_MEMORY;
    memcpy(box, low, bytes);
    memcpy(box + n, high, bytes);
    if (!vouch_clip_case(n, (size_t)c->rows, form, box, box + n, work)) {
        c->answer->proved = true;
        c->answer->lower = (double)INFINITY;
    } else if (memcmp(box, low, bytes) != 0 || memcmp(box + n, high, bytes) != 0) {
        c->answer->low = box;
        c->answer->high = box + n;
    }
    return VOUCH_OK;
}

static vouch_status clip_boxes(ascent *a)
{
    size_t n = (size_t)a->w->dag->inputs;
    double **form = VOUCH_NEW_ARRAY(a->w->scratch, double *, a->count);
    int most = 0;

    if (!form)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < a->count; i++) {
        climb *c = &a->climb[i];

        if (!c->job->clip || c->answer->proved || c->job->only_lower || c->rows == 0)
            continue;
        form[i] = VOUCH_NEW_ARRAY(a->w->scratch, double, (size_t)c->rows *(n + 1));
        if (!form[i])
            return VOUCH_ERR_MEMORY;
        most = c->rows > most ? c->rows : most;
    }
    for (int k = 0; k < most; k++)
        VOUCH_TRY(find_row_forms(a, k, form));
    for (int i = 0; i < a->count; i++)
        if (form[i])
            VOUCH_TRY(clip_climb(a, &a->climb[i], form[i]));
    return VOUCH_OK;
}

/* Scalars whose interval cannot be cut to advantage, and those already a point, score 0. */
static void clear_settled(const vouch_dag *dag, climb *c)
{
    const vouch_dag_intervals *at = c->job->at;

    for (int64_t j = 0; j < dag->neurons; j++)
        if (c->answer->score[j] > 0 && !vouch_dag_unsettled(dag, at, j))
            c->answer->score[j] = 0;
}

static vouch_status run(ascent *a)
{
    int steps = 0;

    for (int i = 0; i < a->count; i++)
        steps = a->climb[i].job->steps > steps ? a->climb[i].job->steps : steps;
    for (int i = 0; i < a->count; i++)
        VOUCH_TRY(new_climb(a, &a->climb[i], steps > 0));
    VOUCH_TRY(choose_weights(a));
    for (int step = 0; step <= steps; step++)
        VOUCH_TRY(iterate(a, step, steps));
    VOUCH_TRY(find_losses(a));
    VOUCH_TRY(clip_boxes(a));
    for (int i = 0; i < a->count; i++)
        if (!a->climb[i].answer->proved && !a->climb[i].job->only_lower)
            clear_settled(a->w->dag, &a->climb[i]);
    return VOUCH_OK;
}

static vouch_status begin(ascent *a)
{
    vouch_arena *arena = a->w->scratch;

    a->climb = VOUCH_NEW_ARRAY(arena, climb, a->count);
    a->at = VOUCH_NEW_ARRAY(arena, climb *, a->count);
    a->row = VOUCH_NEW_ARRAY(arena, vouch_dag_row, a->count);
    return a->climb && a->at && a->row ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status bound_chunk(vouch_dag_worker *w, int count, const vouch_dag_job *job,
                                vouch_dag_answer *answer)
{
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    ascent a = {.w = w, .value = -1, .count = count};
    vouch_status status = begin(&a);

    for (int i = 0; !status && i < count; i++)
        a.climb[i] = (climb){.job = &job[i], .answer = &answer[i]};
    if (!status)
        status = run(&a);
    vouch_dag_walk_end(w);
    vouch_arena_reset(w->scratch, mark);
    return status;
}

vouch_status vouch_dag_bound(vouch_dag_worker *w, int count, const vouch_dag_job *job,
                             vouch_dag_answer *answer)
{
    int chunk = (int)vouch_dag_chunk(w->dag, true);

    vouch_arena_reset(w->answers, w->fresh);
    for (int first = 0; first < count; first += chunk)
        VOUCH_TRY(bound_chunk(w, count - first < chunk ? count - first : chunk, job + first,
                              answer + first));
    return VOUCH_OK;
}

vouch_status vouch_dag_climb_neurons(vouch_dag_worker *w, int value, int count,
                                     const vouch_dag_target *list, int steps, double *lower)
{
    vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
    ascent a = {.w = w, .value = value, .count = 2 * count};
    vouch_dag_answer *answer = VOUCH_NEW_ARRAY(w->scratch, vouch_dag_answer, 2 * count);
    vouch_dag_job *job = VOUCH_NEW_ARRAY(w->scratch, vouch_dag_job, count);
    vouch_status status = answer && job ? begin(&a) : VOUCH_ERR_MEMORY;

    for (int i = 0; !status && i < 2 * count; i++) {
        const vouch_dag_target *target = &list[i % count];

        job[i % count] = (vouch_dag_job){.at = target->at, .steps = steps, .only_lower = true};
        a.climb[i] = (climb){.job = &job[i % count],
                             .answer = &answer[i],
                             .scalar = target->scalar,
                             .sign = i < count ? 1 : -1};
    }
    if (!status)
        status = run(&a);
    for (int i = 0; !status && i < 2 * count; i++)
        lower[i] = answer[i].lower;
    vouch_dag_walk_end(w);
    vouch_arena_reset(w->scratch, mark);
    return status;
}
