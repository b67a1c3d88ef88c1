/* Falsification: the search for a point that satisfies some case of the property.
 *
 * Problem: find x in a case's box whose rows all hold at (x, f(x)); that is, make the violation
 *     v(x) = max over rows of (a.f(x) + c.x - b)
 * of some case negative.
 * Method: jobs, each a batch of points of one box (lanes.c), in waves. The first look takes every
 * box in turn: fixed and random points, descents from the best of them, descents from random
 * starts. Each later round descends and walks from the best points so far and from fresh ones,
 * in the most promising boxes and in all in turn; where gradients say nothing, it only walks.
 *
 * Threads take jobs of a wave in order; what a job does depends on its number and on the best
 * points of earlier waves alone, and the witness of the lowest job counts, so the answer is the
 * same for any number of threads. Witnesses are checked exactly (witness.c); nothing here is
 * trusted.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "attack/hunter.h"
#include "base/clock.h"
#include "base/workers.h"

enum {
    WAVE = 16,    /* jobs between two looks at the leads */
    SWEEP = 2048, /* points */
    ROUND = 8,    /* jobs of a later round */
    LANES = 64,   /* at most */
    MAX_THREADS = 256,
    TAPE = 1 << 23,   /* numbers that the lanes of one thread may hold */
    POINTS = 1 << 19, /* numbers of one buffer of points */
    LOOK = 1 << 27,   /* numbers evaluated in a look at one box */
    SMALL = 1 << 15   /* numbers and parameters of a network searched in doubles */
};

typedef struct search {
    vouch_context *ctx;
    vouch_arena *scratch;
    vouch_hunt hunt;
    vouch_leads leads;
    uint64_t next_index; /* of jobs */
    int next_first;      /* the box that fresh jobs go to next: its first case */
    int64_t sweeps;      /* so far */
    bool flat;           /* gradients said nothing in the last wave that asked for them */
    /* one wave */
    vouch_job job[WAVE];
    int job_count;
    atomic_int next, found; /* next job to take; the lowest that has a witness */
    /* threads */
    int threads;
    vouch_hunter *hunter[MAX_THREADS];
    vouch_context *child[MAX_THREADS];
    vouch_arena *arena[MAX_THREADS];
} search;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "falsification: out of memory");
}

static bool out_of_time(const search *s)
{
    return vouch_context_stopped(s->ctx) || vouch_wall_s() >= s->hunt.settings->deadline_wall;
}

/* ---- one wave ------------------------------------------------------------------------------ */

static bool unwanted(void *user, const vouch_job *job)
{
    search *s = user;
    return atomic_load(&s->found) < (int)(job - s->job) || out_of_time(s);
}

static void take_lowest(search *s, int found)
{
    int before = atomic_load(&s->found);
    while (found < before && !atomic_compare_exchange_weak(&s->found, &before, found))
        ;
}

static vouch_status run_jobs(search *s, int worker)
{
    vouch_hunter **h = &s->hunter[worker];
    if (!*h)
        VOUCH_TRY(vouch_hunter_new(s->child[worker], s->arena[worker], &s->hunt, h));
    for (;;) {
        const int j = atomic_fetch_add(&s->next, 1);
        if (j >= s->job_count || unwanted(s, &s->job[j]))
            return VOUCH_OK;
        VOUCH_TRY(vouch_hunter_run(*h, &s->leads, &s->job[j], unwanted, s));
        if (s->job[j].witness.found)
            take_lowest(s, j);
    }
}

static vouch_status work(vouch_context *ctx, void *shared, int worker)
{
    search *s = shared;
    const vouch_status status = run_jobs(s, worker);
    if (status)
        vouch_context_adopt_error(ctx, s->child[worker]);
    return status;
}

/* Runs the jobs; the lowest witness, if any, goes into *witness. */
static vouch_status run_wave(search *s, vouch_witness *witness)
{
    const vouch_spec *spec = s->hunt.spec;
    bool asked = false, flat = true;

    atomic_store(&s->next, 0);
    atomic_store(&s->found, WAVE);
    for (int j = 0; j < s->job_count; j++)
        s->job[j].best.count = 0;
    VOUCH_TRY(vouch_workers_run(s->ctx, s->threads < s->job_count ? s->threads : s->job_count,
                                work, s));
    const int found = atomic_load(&s->found);
    if (found < WAVE) {
        const vouch_witness *w = &s->job[found].witness;
        witness->found = true;
        witness->which_case = w->which_case;
        memcpy(witness->input, w->input, (size_t)spec->input_size * sizeof(double));
        memcpy(witness->output, w->output, (size_t)spec->output_size * sizeof(double));
        return VOUCH_OK;
    }
    for (int j = 0; j < s->job_count; j++) {
        for (int i = 0; i < s->job[j].best.count; i++) {
            const vouch_lead *lead = &s->job[j].best.lead[i];
            vouch_leads_add(&s->leads, lead->value, lead->which_case, lead->point,
                            spec->input_size);
        }
        const bool descends =
            s->job[j].kind == VOUCH_JOB_LOOK || s->job[j].kind == VOUCH_JOB_DESCEND;
        asked = asked || descends;
        flat = flat && (!descends || s->job[j].flat);
    }
    if (asked)
        s->flat = flat;
    return VOUCH_OK;
}

static void add_job(search *s, vouch_job_kind kind, int first, int64_t steps)
{
    vouch_job *job = &s->job[s->job_count++];
    job->kind = kind;
    job->first = first;
    job->index = s->next_index++;
    job->steps = s->hunt.settings->restarts > 0 ? steps : 0;
}

/* ---- the schedule -------------------------------------------------------------------------- */

static int first_of_box(const vouch_spec *spec, int which_case)
{
    while (which_case > 0 && spec->cases[which_case - 1].box == spec->cases[which_case].box)
        which_case--;
    return which_case;
}

/* Every box once. The lowest job with a witness has to be awaited, so the shortest comes first:
 * a few steps are all that easy questions need. */
static void add_look(search *s, int first)
{
    const int64_t steps = s->hunt.settings->steps;
    if (s->hunt.settings->restarts > 0)
        add_job(s, VOUCH_JOB_DESCEND, first, steps / 5);
    add_job(s, VOUCH_JOB_LOOK, first, steps);
    if (s->hunt.settings->restarts > 0)
        add_job(s, VOUCH_JOB_DESCEND, first, steps);
}

static vouch_status first_look(search *s, vouch_witness *witness)
{
    const vouch_spec *spec = s->hunt.spec;

    for (int first = 0; first < spec->case_count && !witness->found && !out_of_time(s);) {
        s->job_count = 0;
        for (; first < spec->case_count && s->job_count + 3 <= WAVE;
             first = vouch_hunt_last(spec, first))
            add_look(s, first);
        VOUCH_TRY(run_wave(s, witness));
    }
    return VOUCH_OK;
}

static int next_box(search *s)
{
    const int first = s->next_first;
    s->next_first = vouch_hunt_last(s->hunt.spec, first);
    if (s->next_first == s->hunt.spec->case_count)
        s->next_first = 0;
    return first;
}

/* Do few enough coordinates of the box vary to sweep it? */
static bool can_sweep(const vouch_spec *spec, int first)
{
    const vouch_box *box = &spec->box[spec->cases[first].box];
    int64_t varying = 0;
    for (int64_t i = 0; i < spec->input_size; i++)
        varying += box->low[i] < box->high[i];
    return varying <= VOUCH_CANDIDATE_FEW;
}

static void add_sweep(search *s, int first)
{
    const int64_t seed = (int64_t)((uint64_t)s->hunt.settings->seed % 1024);
    add_job(s, VOUCH_JOB_SWEEP, first, SWEEP);
    s->job[s->job_count - 1].from = (seed << 20) + s->sweeps++ * SWEEP;
}

/* Job j of a later round. */
static vouch_job_kind choose_kind(const search *s, int j, int first)
{
    if (j % 2 == 1 && can_sweep(s->hunt.spec, first))
        return VOUCH_JOB_SWEEP;
    return (s->flat ? j != 0 : j % 4 == 3) ? VOUCH_JOB_WALK : VOUCH_JOB_DESCEND;
}

static vouch_status one_round(search *s, int64_t round, vouch_witness *witness)
{
    const vouch_spec *spec = s->hunt.spec;
    const int64_t steps = s->hunt.settings->steps << (round < 2 ? round : 2);

    s->job_count = 0;
    for (int j = 0; j < ROUND; j++) {
        const bool led = j % 2 == 0 && s->leads.count > 0;
        const int first =
            led ? first_of_box(spec, s->leads.lead[j / 2 % s->leads.count].which_case)
                : next_box(s);
        const vouch_job_kind kind = choose_kind(s, j, first);
        if (kind == VOUCH_JOB_SWEEP)
            add_sweep(s, first);
        else
            add_job(s, kind, first, kind == VOUCH_JOB_WALK ? 2 * steps : steps);
    }
    return run_wave(s, witness);
}

static vouch_status hunt(search *s, vouch_witness *witness)
{
    VOUCH_TRY(first_look(s, witness));
    if (s->hunt.settings->restarts <= 0)
        return VOUCH_OK;
    for (int64_t r = 0; r < s->hunt.settings->rounds && !witness->found && !out_of_time(s); r++)
        VOUCH_TRY(one_round(s, r, witness));
    return VOUCH_OK;
}

/* ---- laying out ---------------------------------------------------------------------------- */

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Floats are twice as fast; small networks can afford to be looked at as they really are. */
static vouch_dtype choose_dtype(const vouch_hunt *h)
{
    const vouch_graph *g = h->looked_at;
    bool doubles = h->settings->semantics == VOUCH_SEMANTICS_REAL &&
                   vouch_grad_size(g) + vouch_graph_parameters(g) <= SMALL;
    for (int i = 0; i < g->input_count; i++)
        doubles = doubles || g->value[g->input[i]].dtype == VOUCH_F64;
    return doubles ? VOUCH_F64 : VOUCH_F32;
}

static vouch_status plan(search *s)
{
    vouch_hunt *h = &s->hunt;
    vouch_grad_plan *made = NULL;

    VOUCH_TRY(vouch_loss_graph(s->scratch, h->graph, h->spec, &h->looked_at));
    const int64_t size = vouch_grad_size(h->looked_at) + 1;
    h->lanes = clamp(TAPE / size, 4, LANES);
    h->lanes = clamp(POINTS / (h->spec->input_size + 1), 4, h->lanes);
    h->points = clamp(LOOK / size, 2 * h->lanes, INT32_MAX);
    VOUCH_TRY(vouch_grad_plan_new(
        s->ctx, s->scratch, h->looked_at,
        &(vouch_grad_settings){.dtype = choose_dtype(h), .batch = h->lanes, .surrogate = true},
        &made));
    h->plan = made;
    return VOUCH_OK;
}

static vouch_status new_jobs(search *s)
{
    const vouch_spec *spec = s->hunt.spec;
    bool complete = vouch_leads_new(s->scratch, spec->input_size, &s->leads);

    for (int j = 0; j < WAVE && complete; j++) {
        vouch_witness *w = &s->job[j].witness;
        w->input = VOUCH_NEW_ARRAY(s->scratch, double, spec->input_size);
        w->output = VOUCH_NEW_ARRAY(s->scratch, double, spec->output_size);
        complete = vouch_leads_new(s->scratch, spec->input_size, &s->job[j].best) && w->input &&
                   w->output;
    }
    return complete ? VOUCH_OK : out_of_memory(s->ctx);
}

static vouch_status new_threads(search *s)
{
    s->threads = (int)clamp(s->hunt.settings->threads, 1, MAX_THREADS);
    for (int t = 0; t < s->threads; t++) {
        s->child[t] = vouch_context_new_child(s->ctx);
        s->arena[t] = s->child[t] ? vouch_arena_new(s->child[t]) : NULL;
        if (!s->arena[t])
            return out_of_memory(s->ctx);
    }
    return VOUCH_OK;
}

static void free_threads(search *s)
{
    for (int t = 0; t < s->threads; t++) {
        vouch_hunter_free(s->hunter[t]);
        vouch_arena_free(s->arena[t]);
        vouch_context_free(s->child[t]);
    }
}

static vouch_status run_search(search *s, vouch_witness *witness)
{
    VOUCH_TRY(new_jobs(s));
    VOUCH_TRY(new_threads(s));
    VOUCH_TRY(plan(s));
    return hunt(s, witness);
}

vouch_status vouch_falsify(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *graph,
                           const vouch_spec *spec, const vouch_falsify_settings *settings,
                           vouch_witness *witness)
{
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    search *s = VOUCH_NEW(scratch, search);
    vouch_status status;

    witness->found = false;
    if (!s)
        return out_of_memory(ctx);
    s->ctx = ctx;
    s->scratch = scratch;
    s->hunt = (vouch_hunt){.graph = graph, .spec = spec, .settings = settings};
    status = out_of_time(s) || spec->case_count == 0 ? VOUCH_OK : run_search(s, witness);
    free_threads(s);
    vouch_arena_reset(scratch, mark);
    if (status == VOUCH_ERR_CANCELLED && !vouch_context_cancelled(ctx) && witness->found)
        status = VOUCH_OK;
    return status;
}
