/* Batches of lanes: points of one box that are evaluated together and go their own ways.
 *
 * Problem: a network is evaluated cheapest at many points at once; searches want many starts.
 * Method: a job fills all lanes of a batch with starts, then takes steps: one forward pass, a
 * judgement of every lane, one backward pass where some lane descends, one move a lane
 * (moves.c). A lane draws from its own stream and the gradient engine gives a sample the same
 * bits in any batch, so a job's result depends on its index and the leads alone.
 *
 * What looks like a witness in float32 is evaluated in float64 before the exact check is asked;
 * a lane whose point fails is asked again only when it has become clearly better. It goes on
 * descending meanwhile, which gives the margin that the check needs.
 */
#include <math.h>
#include <string.h>

#include "attack/hunter.h"

enum {
    MANY_COORDINATES = 64,
    MANY_CASES = 1024, /* of a box: beyond, a lane is judged by its own case alone */
    PATIENCE = 200     /* steps without success until a walk begins anew */
};

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "falsification: out of memory");
}

int vouch_hunt_last(const vouch_spec *spec, int first)
{
    int last = first;
    while (last < spec->case_count && spec->cases[last].box == spec->cases[first].box)
        last++;
    return last;
}

/* ---- buffers ------------------------------------------------------------------------------- */

static bool new_buffers(vouch_hunter *h)
{
    const struct {
        double **array;
        int64_t size;
    } row[] = {{&h->point, h->n}, {&h->d_x, h->n}, {&h->mean, h->n}, {&h->square, h->n},
               {&h->kept, h->n},  {&h->y, h->m},   {&h->d_y, h->m}};
    bool complete = true;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        complete &=
            (*row[i].array = VOUCH_NEW_ARRAY(h->arena, double, row[i].size * h->lanes)) != NULL;
    h->varying = VOUCH_NEW_ARRAY(h->arena, int64_t, h->n);
    h->lane = VOUCH_NEW_ARRAY(h->arena, vouch_lane, h->lanes);
    h->outputs = VOUCH_NEW_ARRAY(h->arena, double, h->hunt->spec->output_size);
    h->no_x = VOUCH_NEW_ARRAY(h->arena, double, h->n);
    h->no_y = VOUCH_NEW_ARRAY(h->arena, double, h->m);
    return complete && h->varying && h->lane && h->outputs && h->no_x && h->no_y;
}

vouch_status vouch_hunter_new(vouch_context *ctx, vouch_arena *arena, const vouch_hunt *hunt,
                              vouch_hunter **hunter)
{
    vouch_hunter *h = VOUCH_NEW(arena, vouch_hunter);
    *hunter = h;
    if (!h)
        return out_of_memory(ctx);
    *h = (vouch_hunter){.ctx = ctx, .arena = arena, .hunt = hunt, .lanes = hunt->lanes};
    h->n = hunt->spec->input_size;
    h->m = vouch_op_output_size(hunt->looked_at);
    if (!new_buffers(h))
        return out_of_memory(ctx);
    VOUCH_TRY(
        vouch_grid_new(arena, hunt->graph, hunt->spec, hunt->settings->semantics, &h->grid));
    return vouch_grad_new(ctx, arena, hunt->plan, &h->grad);
}

void vouch_hunter_free(vouch_hunter *hunter)
{
    if (hunter)
        vouch_evaluator_free(hunter->exact);
}

static void set_box(vouch_hunter *h, int first)
{
    const vouch_spec *spec = h->hunt->spec;
    if (h->last > 0 && h->first == first)
        return;
    h->first = first;
    h->last = vouch_hunt_last(spec, first);
    vouch_grid_set_box(&h->grid, &spec->box[spec->cases[first].box]);
    h->varying_count = 0;
    for (int64_t i = 0; i < h->n; i++)
        if (h->grid.low[i] < h->grid.high[i])
            h->varying[h->varying_count++] = i;
}

static bool finished(const vouch_hunter *h)
{
    return h->job->witness.found || h->stop(h->user, h->job);
}

/* ---- judging ------------------------------------------------------------------------------- */

/* Does case k seem to hold in float64? */
static vouch_status seems_to_hold(vouch_hunter *h, int k, const double *x, bool *yes)
{
    int worst;
    double scale;

    *yes = true;
    if (h->hunt->settings->semantics == VOUCH_SEMANTICS_FLOAT32)
        return VOUCH_OK;
    if (!h->exact)
        h->exact = vouch_evaluator_new(h->ctx, h->hunt->graph, VOUCH_F64);
    if (!h->exact)
        return out_of_memory(h->ctx);
    VOUCH_TRY(vouch_evaluator_run(h->exact, x, h->outputs));
    const double v =
        vouch_case_violation(&h->hunt->spec->cases[k], x, h->outputs, &worst, &scale);
    *yes = v <= vouch_case_tolerance(VOUCH_SEMANTICS_REAL) * scale;
    return VOUCH_OK;
}

/* Lane i's point may be a witness of case k. */
static vouch_status examine(vouch_hunter *h, int64_t i, int k)
{
    bool yes;
    VOUCH_TRY(seems_to_hold(h, k, h->point + i * h->n, &yes));
    if (!yes)
        return VOUCH_OK;
    return vouch_witness_check(h->ctx, h->arena, h->hunt->graph, h->hunt->spec,
                               h->hunt->settings->semantics, h->point + i * h->n,
                               &h->job->witness);
}

/* Judges lane i by case k; returns violation / scale. */
static vouch_status judge_case(vouch_hunter *h, int64_t i, int k, double *value)
{
    const double noise = 1e-5; /* of float32, relative; what a deep network may reach */
    const double *x = h->point + i * h->n;
    vouch_lane *l = &h->lane[i];
    int worst;
    double scale,
        v = vouch_case_violation(&h->hunt->spec->cases[k], x, h->y + i * h->m, &worst, &scale);

    *value = v / scale;
    if (!(v <= noise * scale) || !(v < l->tried - 0.1 * noise * scale))
        return VOUCH_OK;
    l->tried = v;
    return examine(h, i, k);
}

/* Judges lane i; its value is that of its case. *best, *which: the most promising case. */
static vouch_status judge(vouch_hunter *h, int64_t i, double *best, int *which)
{
    const bool all = h->last - h->first <= MANY_CASES;
    vouch_lane *l = &h->lane[i];

    *best = (double)INFINITY;
    *which = l->which_case;
    for (int k = h->first; k < h->last && !h->job->witness.found; k++) {
        double value;
        if (!all && k != l->which_case)
            continue;
        VOUCH_TRY(judge_case(h, i, k, &value));
        if (k == l->which_case)
            l->value = value;
        if (value < *best) {
            *best = value;
            *which = k;
        }
    }
    if (!h->job->witness.found)
        vouch_leads_add(&h->job->best, *best, *which, h->point + i * h->n, h->n);
    return VOUCH_OK;
}

static vouch_status judge_all(vouch_hunter *h)
{
    for (int64_t i = 0; i < h->lanes && !h->job->witness.found; i++) {
        double best;
        int which;
        VOUCH_TRY(judge(h, i, &best, &which));
    }
    return VOUCH_OK;
}

/* ---- looking ------------------------------------------------------------------------------- */

/* Keeps the point of lane i as a start in place of the worst one, if it is better. start[] are
 * the lanes of the descent to come: their values and cases; their points are in kept. */
static void keep_start(vouch_hunter *h, vouch_lane *start, int64_t i, double best, int which)
{
    int64_t worst = 0;
    for (int64_t s = 1; s < h->lanes; s++)
        if (start[s].value > start[worst].value)
            worst = s;
    if (!(best < start[worst].value))
        return;
    start[worst].value = best;
    start[worst].which_case = which;
    memcpy(h->kept + worst * h->n, h->point + i * h->n, (size_t)h->n * sizeof(double));
}

static vouch_status look_at_batch(vouch_hunter *h, int64_t number, vouch_lane *start)
{
    for (int64_t i = 0; i < h->lanes; i++)
        vouch_candidate(&h->grid, h->varying, h->varying_count, number + i, &h->lane[i].random,
                        h->point + i * h->n);
    for (int64_t i = 0; i < h->lanes; i++)
        vouch_loss_project(&h->grid, &h->hunt->spec->cases[h->lane[i].which_case],
                           h->point + i * h->n);
    for (int64_t i = 0; i < h->lanes; i++)
        vouch_grid_round(&h->grid, h->point + i * h->n, h->point + i * h->n);
    VOUCH_TRY(vouch_grad_forward(h->grad, h->point, h->y));
    for (int64_t i = 0; i < h->lanes && !h->job->witness.found; i++) {
        double best;
        int which;
        VOUCH_TRY(judge(h, i, &best, &which));
        keep_start(h, start, i, best, which);
    }
    return VOUCH_OK;
}

/* Random points cover what few coordinates span; where many vary, descents find more. */
static int64_t sample_count(const vouch_hunter *h)
{
    const int64_t most = h->varying_count > MANY_COORDINATES ? h->lanes : h->hunt->points;
    const int64_t asked = h->hunt->settings->samples;
    return asked < most ? asked : most;
}

/* Fixed and random points; the best become the lanes. */
static vouch_status look(vouch_hunter *h)
{
    vouch_lane *start = VOUCH_NEW_ARRAY(h->arena, vouch_lane, h->lanes);
    const int64_t fixed = vouch_candidate_fixed(h->varying_count);
    const int64_t total = fixed + sample_count(h);
    if (!start)
        return out_of_memory(h->ctx);
    for (int64_t i = 0; i < h->lanes; i++)
        start[i].value = (double)INFINITY;
    for (int64_t at = 0; at < total && !finished(h); at += h->lanes)
        VOUCH_TRY(look_at_batch(h, at, start));
    for (int64_t i = 0; i < h->lanes; i++) {
        if (!(start[i].value < (double)INFINITY))
            continue;
        memcpy(h->point + i * h->n, h->kept + i * h->n, (size_t)h->n * sizeof(double));
        if (i % 4) /* every fourth lane goes for a case drawn at random */
            h->lane[i].which_case = start[i].which_case;
    }
    return VOUCH_OK;
}

/* ---- starts -------------------------------------------------------------------------------- */

static void random_start(vouch_hunter *h, int64_t i)
{
    vouch_lane *l = &h->lane[i];
    const int64_t random = vouch_candidate_fixed(h->varying_count);
    vouch_candidate(&h->grid, h->varying, h->varying_count,
                    random + (int64_t)vouch_random_below(&l->random, 1 << 20), &l->random,
                    h->point + i * h->n);
}

/* Near the lead, so that no two lanes take the same way. */
static void start_from(vouch_hunter *h, int64_t i, const vouch_lead *lead)
{
    vouch_lane *l = &h->lane[i];
    double *x = h->point + i * h->n;
    const double reach = pow(10, -1 - 2 * vouch_random_unit(&l->random));

    memcpy(x, lead->point, (size_t)h->n * sizeof *x);
    l->which_case = lead->which_case;
    for (int64_t j = 0; j < h->varying_count && !l->move->walks; j++) {
        const int64_t c = h->varying[j];
        x[c] += reach * (h->grid.high[c] - h->grid.low[c]) * vouch_random_normal(&l->random);
    }
    vouch_grid_round(&h->grid, x, x);
}

/* The leads that lie in the current box. */
static int leads_here(const vouch_hunter *h, const vouch_lead *here[VOUCH_LEADS])
{
    int count = 0;
    for (int i = 0; i < h->leads->count; i++)
        if (h->leads->lead[i].which_case >= h->first && h->leads->lead[i].which_case < h->last)
            here[count++] = &h->leads->lead[i];
    return count;
}

static const vouch_attack_move *choose_move(const vouch_job *job, int64_t i)
{
    static const vouch_attack_move *const descents[] = {&vouch_attack_adam, &vouch_attack_sign,
                                                        &vouch_attack_diverse};
    static const vouch_attack_move *const walks[] = {&vouch_attack_flip, &vouch_attack_drift};
    if (job->kind == VOUCH_JOB_WALK)
        return walks[i / 2 % 2];
    return job->kind == VOUCH_JOB_LOOK ? descents[i % 2] : descents[i % 3];
}

static void begin_lanes(vouch_hunter *h)
{
    const vouch_lead *here[VOUCH_LEADS];
    const int count = leads_here(h, here);
    const uint64_t cases = (uint64_t)(h->last - h->first);

    for (int64_t i = 0; i < h->lanes; i++) {
        vouch_lane *l = &h->lane[i];
        *l = (vouch_lane){.move = choose_move(h->job, i),
                          .value = (double)INFINITY,
                          .tried = (double)INFINITY,
                          .reach = 0.3};
        l->random = vouch_random_stream((uint64_t)h->hunt->settings->seed, "falsify",
                                        h->job->index << 12 | (uint64_t)i);
        l->direction = vouch_random_bits(&l->random);
        l->which_case = h->first + (int)vouch_random_below(&l->random, cases);
        if (h->job->kind == VOUCH_JOB_LOOK)
            continue;
        if (count > 0 && i % 2 == 0)
            start_from(h, i, here[i / 2 % count]);
        else
            random_start(h, i);
    }
}

/* ---- descents ------------------------------------------------------------------------------ */

/* The gradient of what the lane goes for, with respect to outputs. */
static void set_seed(vouch_hunter *h, int64_t i)
{
    const vouch_lane *l = &h->lane[i];
    double *d_y = h->d_y + i * h->m;

    if (h->step <= l->move->diverse_steps) {
        vouch_random direction = {.state = l->direction};
        for (int64_t j = 0; j < h->m; j++)
            d_y[j] = 2 * vouch_random_unit(&direction) - 1;
        return;
    }
    memset(d_y, 0, (size_t)h->m * sizeof *d_y);
    vouch_loss_gradient(&h->hunt->spec->cases[l->which_case], h->point + i * h->n,
                        h->y + i * h->m, d_y, h->no_x);
}

static bool is_flat(const vouch_hunter *h, int64_t lane)
{
    for (int64_t j = 0; j < h->varying_count; j++)
        if (h->d_x[lane * h->n + h->varying[j]] != 0)
            return false;
    return true;
}

static void place(vouch_hunter *h, int64_t i)
{
    double *x = h->point + i * h->n;
    vouch_loss_project(&h->grid, &h->hunt->spec->cases[h->lane[i].which_case], x);
    vouch_grid_round(&h->grid, x, x);
}

static void descend_lane(vouch_hunter *h, int64_t i)
{
    vouch_lane *l = &h->lane[i];
    vouch_loss_gradient(&h->hunt->spec->cases[l->which_case], h->point + i * h->n,
                        h->y + i * h->m, h->no_y, h->d_x + i * h->n);
    if (is_flat(h, i)) {
        h->redrawn++;
        random_start(h, i);
    } else {
        l->move->next(h, i);
    }
    place(h, i);
}

static vouch_status descend(vouch_hunter *h)
{
    const size_t bytes = (size_t)(h->lanes * h->n) * sizeof(double);

    memset(h->mean, 0, bytes);
    memset(h->square, 0, bytes);
    h->redrawn = 0;
    for (h->step = 1; h->step <= h->job->steps && !finished(h); h->step++) {
        for (int64_t i = 0; i < h->lanes; i++)
            set_seed(h, i);
        VOUCH_TRY(vouch_grad_backward(h->grad, h->d_y, h->d_x));
        for (int64_t i = 0; i < h->lanes; i++)
            descend_lane(h, i);
        VOUCH_TRY(vouch_grad_forward(h->grad, h->point, h->y));
        VOUCH_TRY(judge_all(h));
    }
    h->job->flat = 2 * h->redrawn > h->job->steps * h->lanes;
    return VOUCH_OK;
}

/* ---- walks --------------------------------------------------------------------------------- */

/* The lane's point has been judged: it becomes where the walk stands if it is no worse. */
static void settle(vouch_hunter *h, int64_t i, double before)
{
    vouch_lane *l = &h->lane[i];
    if (l->value <= before) {
        memcpy(h->kept + i * h->n, h->point + i * h->n, (size_t)h->n * sizeof(double));
        l->stale = l->value < before ? 0 : l->stale + 1;
        l->reach = fmin(l->reach * 1.5, 0.5);
    } else {
        l->value = before;
        l->stale++;
        l->reach = fmax(l->reach * 0.95, 1e-7);
    }
    if (l->stale > PATIENCE && i % 4) { /* every fourth lane stays */
        random_start(h, i);
        memcpy(h->kept + i * h->n, h->point + i * h->n, (size_t)h->n * sizeof(double));
        l->value = (double)INFINITY;
        l->reach = 0.3;
        l->stale = 0;
    }
}

static vouch_status walk(vouch_hunter *h)
{
    memcpy(h->kept, h->point, (size_t)(h->lanes * h->n) * sizeof(double));
    for (h->step = 1; h->step <= h->job->steps && !finished(h); h->step++) {
        for (int64_t i = 0; i < h->lanes; i++) {
            h->lane[i].move->next(h, i);
            place(h, i);
        }
        VOUCH_TRY(vouch_grad_forward(h->grad, h->point, h->y));
        for (int64_t i = 0; i < h->lanes && !h->job->witness.found; i++) {
            const double before = h->lane[i].value;
            double best;
            int which;
            VOUCH_TRY(judge(h, i, &best, &which));
            settle(h, i, before);
        }
    }
    return VOUCH_OK;
}

/* ---- sweeps -------------------------------------------------------------------------------- */

static vouch_status sweep(vouch_hunter *h)
{
    const vouch_job *job = h->job;
    for (int64_t at = 0; at < job->steps && !finished(h); at += h->lanes) {
        for (int64_t i = 0; i < h->lanes; i++)
            vouch_candidate(&h->grid, h->varying, h->varying_count, job->from + at + i,
                            &h->lane[i].random, h->point + i * h->n);
        VOUCH_TRY(vouch_grad_forward(h->grad, h->point, h->y));
        VOUCH_TRY(judge_all(h));
    }
    return VOUCH_OK;
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static vouch_status run(vouch_hunter *h)
{
    begin_lanes(h);
    if (h->job->kind == VOUCH_JOB_SWEEP)
        return sweep(h);
    if (h->job->kind == VOUCH_JOB_LOOK)
        VOUCH_TRY(look(h));
    if (finished(h) || h->job->steps == 0 || h->varying_count == 0)
        return VOUCH_OK;
    for (int64_t i = 0; i < h->lanes; i++)
        place(h, i);
    VOUCH_TRY(vouch_grad_forward(h->grad, h->point, h->y));
    VOUCH_TRY(judge_all(h));
    return h->job->kind == VOUCH_JOB_WALK ? walk(h) : descend(h);
}

vouch_status vouch_hunter_run(vouch_hunter *h, const vouch_leads *leads, vouch_job *job,
                              bool (*stop)(void *user, const vouch_job *job), void *user)
{
    vouch_arena_mark mark = vouch_arena_get_mark(h->arena);
    vouch_status status = VOUCH_OK;

    h->leads = leads;
    h->job = job;
    h->stop = stop;
    h->user = user;
    job->flat = job->witness.found = false;
    job->best.count = 0;
    set_box(h, job->first);
    if (!h->grid.empty)
        status = run(h);
    vouch_arena_reset(h->arena, mark);
    return status;
}
