/* The schedule of a verification (verify.h).
 *
 *     no case left -> unsat;   sampling or attack -> sat;   a search;   what is left -> unknown.
 *
 * Which search, is decided in one place, verify_choose.c.
 */
#include "verify/verify.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "verify/probe.h"
#include "verify/verify_run.h"

typedef vouch_verify_run run;

/* With more boxes than these each gets a few samples at first, no descents. */
enum { ATTACK_BOXES = 32, ATTACK_FEW_SAMPLES = 16, RAGGED_ROUNDS = 40, SWEPT_INPUTS = 3 };
enum { PROBE_SAMPLES = 1024, ATTACK_SAMPLES = 200, ATTACK_RESTARTS = 4, ATTACK_STEPS = 20 };

const char *vouch_verdict_name(vouch_verdict verdict)
{
    static const char *const names[] = {"unknown", "unsat", "sat", "timeout"};
    return names[verdict];
}

/* ---- settings ------------------------------------------------------------------- */

static void set_engine(run *r)
{
    const vouch_verify_settings *s = r->settings;
    const vouch_split *split = r->in.split;
    bool backward = strcmp(s->domain, "symbolic") != 0;
    r->in.engine =
        (vouch_engine_settings){.backward = backward,
                                .clip = s->clip,
                                .compress = s->compress,
                                .slope_steps = backward ? (int)s->slope_steps : 0,
                                .neuron_steps = (int)s->neuron_steps,
                                .backward_neurons = backward ? 1000 : 0,
                                .fold_share = 0.85,
                                .wants_forms = split->needs & VOUCH_SPLIT_NEEDS_FORMS,
                                .wants_gap = split->needs & VOUCH_SPLIT_NEEDS_GAP,
                                .wants_gradient = split->needs & VOUCH_SPLIT_NEEDS_GRADIENT};
}

static vouch_status choose(run *r, const vouch_graph *graph, const vouch_sink *sink)
{
    const vouch_verify_settings *s = r->settings;
    vouch_search_input *in = &r->in;
    in->graph = graph;
    in->spec = r->spec;
    in->task = &r->task;
    in->sink = sink;
    in->split = vouch_split_find(s->split);
    in->cut = vouch_cut_find(s->bisect_only ? "bisect" : s->cut);
    if (!in->split || !in->cut)
        return vouch_fail(r->ctx, VOUCH_ERR_ARGUMENT, "no split heuristic '%s' or cut '%s'",
                          s->split, s->cut);
    in->semantics =
        strcmp(s->semantics, "float32") == 0 ? VOUCH_SEMANTICS_FLOAT32 : VOUCH_SEMANTICS_REAL;
    in->threads = s->threads > 0 ? (int)s->threads : vouch_workers_available();
    in->seed = (uint64_t)s->seed;
    in->max_subproblems = (uint64_t)s->max_subproblems;
    in->candidates = true;
    in->start_wall = vouch_wall_s();
    in->deadline_wall = s->timeout_s > 0 ? in->start_wall + s->timeout_s : (double)INFINITY;
    r->result->split = in->split->name;
    r->result->cut = in->cut->name;
    r->result->threads = in->threads;
    set_engine(r);
    return VOUCH_OK;
}

/* ---- the attack ------------------------------------------------------------------ */

static int count_wide(const vouch_task *t)
{
    int count = 0;
    for (int d = 0; d < t->input_count; d++)
        count += vouch_is_wide(t->low[d], t->high[d]);
    return count;
}

/* Networks of which bounds say little, and whose counterexamples hide from gradients: mostly steps,
 * or with choices among what very few inputs, that can be swept, decide. */
static bool is_ragged(const run *r)
{
    const vouch_graph *graph = r->in.graph;
    int64_t steps = 0, choices = 0;
    for (int n = 0; n < graph->node_count; n++) {
        const vouch_node *node = &graph->node[n];
        if (node->output[0] < 0)
            continue;
        int64_t count = vouch_shape_count(&graph->value[node->output[0]].shape);
        steps += node->op->op_class == VOUCH_OP_STEP ? count : 0;
        choices += node->op->op_class == VOUCH_OP_SELECT ? count : 0;
    }
    return (choices > 0 && count_wide(&r->task) <= SWEPT_INPUTS) ||
           2 * steps > vouch_verify_nonlinear(graph);
}

/* When the first look must end: before the bounds, which may well decide at once. Branching looks
 * again between its rounds, longer each time. On ragged networks the attack leads. */
static double first_look_end(const run *r, bool ragged)
{
    const double least = 1, share = ragged ? .4 : .02;
    double limit = r->in.deadline_wall - r->in.start_wall;
    return fmin(r->in.deadline_wall,
                vouch_wall_s() + (isfinite(limit) ? fmax(least, share * limit) : least));
}

static vouch_status attack(run *r)
{
    vouch_witness w = {0};
    double start = vouch_wall_s();
    w.input = VOUCH_NEW_ARRAY(r->arena, double, r->spec->input_size);
    w.output = VOUCH_NEW_ARRAY(r->arena, double, r->spec->output_size);
    if (!w.input || !w.output)
        return VOUCH_ERR_MEMORY;
    if (r->task.form)
        VOUCH_TRY(vouch_probe(r->ctx, r->arena, &r->in, PROBE_SAMPLES, &w));
    else {
        const bool many = r->spec->box_count > ATTACK_BOXES, ragged = is_ragged(r);
        vouch_falsify_settings s = {.samples = many ? ATTACK_FEW_SAMPLES : ATTACK_SAMPLES,
                                    .restarts = many ? 0 : ATTACK_RESTARTS,
                                    .steps = ATTACK_STEPS,
                                    .rounds = ragged ? RAGGED_ROUNDS : 0,
                                    .seed = r->settings->seed,
                                    .threads = r->in.threads,
                                    .deadline_wall = first_look_end(r, ragged),
                                    .semantics = r->in.semantics};
        VOUCH_TRY(vouch_falsify(r->ctx, r->arena, r->in.graph, r->spec, &s, &w));
    }
    r->result->attack_s = vouch_wall_s() - start;
    if (w.found) {
        vouch_verify_take_witness(r, &w);
        r->result->phase = "attack";
    }
    return VOUCH_OK;
}

/* ---- the schedule ---------------------------------------------------------------- */

static vouch_status decide(run *r)
{
    if (r->spec->case_count == 0) {
        r->result->verdict = VOUCH_UNSAT;
        r->result->reason = r->spec->note ? r->spec->note : "the property has no case left";
        r->result->proved_share = 1;
        return VOUCH_OK;
    }
    if (strcmp(r->settings->complete, "exact") == 0)
        return vouch_verify_exact(r);
    VOUCH_TRY(vouch_verify_choose(r));
    VOUCH_TRY(vouch_verify_start(r));
    VOUCH_TRY(vouch_verify_places(r));
    if (r->settings->attack && !r->decided)
        VOUCH_TRY(attack(r));
    return r->decided ? VOUCH_OK : vouch_verify_search(r);
}

/* A phase that the deadline or the limit on memory ended, and no cancellation: a verdict, not an
 * error. */
static vouch_status take_limits(run *r, vouch_status status)
{
    const bool late = status == VOUCH_ERR_CANCELLED && !vouch_context_cancelled(r->ctx);
    const bool full = status == VOUCH_ERR_MEMORY && vouch_context_memory(r->ctx).refused;
    if (!late && !full)
        return status;
    vouch_context_clear_error(r->ctx);
    if (r->result->verdict == VOUCH_SAT)
        return VOUCH_OK;
    if (late)
        vouch_verify_conclude_unfinished(r);
    else
        r->result->reason = "memory limit reached";
    return VOUCH_OK;
}

vouch_status vouch_verify(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                          const vouch_spec *spec, const vouch_verify_settings *settings,
                          const vouch_sink *sink, vouch_verify_result *result)
{
    double wall = vouch_wall_s(), cpu = vouch_cpu_s();
    run r = {.ctx = ctx, .arena = arena, .spec = spec, .settings = settings, .result = result};
    *result = (vouch_verify_result){.domain = settings->domain};
    vouch_status status = choose(&r, graph, sink);
    const size_t memory_before = vouch_context_memory(ctx).limit;
    vouch_context_set_deadline(ctx, r.in.deadline_wall);
    vouch_context_set_memory_limit(ctx, vouch_verify_memory(settings));
    if (!status)
        status = take_limits(&r, decide(&r));
    vouch_context_set_deadline(ctx, (double)INFINITY);
    vouch_context_set_memory_limit(ctx, memory_before);
    vouch_task_clear(ctx, &r.task);
    result->seconds = vouch_wall_s() - wall;
    result->cpu_seconds = vouch_cpu_s() - cpu;
    return status;
}
