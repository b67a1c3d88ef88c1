/* The searches of a verification, and what comes of them; see verify_run.h. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "bounds/domain.h"
#include "verify/branch.h"
#include "verify/exact.h"
#include "verify/pieces.h"
#include "verify/places.h"
#include "verify/sweep.h"
#include "verify/verify_run.h"

typedef vouch_verify_run run;

/* A piece that rounding leaves undecided is halved up to this depth. */
enum { ROUNDING_DEPTH = 16 };
/* Of a first try by boxes: at most so many, and for large networks at most so much work. */
enum { TRY_BOXES = 1 << 16, TRY_BOXES_LEAST = 1 };
static const double TRY_WORK = 2e10;

/* ---- what comes of a search --------------------------------------------------------------- */

void vouch_verify_take_witness(run *r, const vouch_witness *w)
{
    r->result->verdict = VOUCH_SAT;
    r->result->witness_input = w->input;
    r->result->witness_output = w->output;
    r->result->witness_case = w->which_case;
    r->decided = true;
}

static void add_result(run *r, const vouch_search_output *out)
{
    r->result->subproblems += out->subproblems;
    r->result->splits += out->splits;
    r->result->clips += out->clips;
    r->result->compressions += out->compressions;
    r->result->proved_share += out->proved_share;
    if (out->max_depth > r->result->max_depth)
        r->result->max_depth = out->max_depth;
    if (out->found)
        vouch_verify_take_witness(r, &out->witness);
}

void vouch_verify_conclude_unfinished(run *r)
{
    vouch_verify_result *result = r->result;
    if (vouch_context_cancelled(r->ctx))
        result->reason = "interrupted";
    else if (vouch_wall_s() >= r->in.deadline_wall) {
        result->verdict = VOUCH_TIMEOUT;
        result->reason = "time limit reached";
    } else
        result->reason = "subproblem limit reached";
}

/* The proof is over the reals; it says nothing certain of an evaluation that rounds. */
static void conclude_proved(run *r)
{
    r->decided = true;
    if (r->in.semantics == VOUCH_SEMANTICS_REAL)
        r->result->verdict = VOUCH_UNSAT;
    else
        r->result->reason = "proved over the reals; float32 rounding is not covered";
}

/* ---- boxes ---------------------------------------------------------------------------------- */

vouch_status vouch_verify_start(run *r)
{
    int64_t n = r->spec->input_size;
    int boxes = r->spec->box_count, count = 0;
    int *box = VOUCH_NEW_ARRAY(r->arena, int, boxes + 1);
    double *low = VOUCH_NEW_ARRAY(r->arena, double, boxes *n);
    double *high = VOUCH_NEW_ARRAY(r->arena, double, boxes *n);
    double *share = VOUCH_NEW_ARRAY(r->arena, double, boxes + 1);
    if (!box || !low || !high || !share)
        return VOUCH_ERR_MEMORY;
    for (int b = 0; b < boxes; b++) {
        if (r->spec->box[b].empty)
            continue;
        box[count] = b;
        memcpy(low + count * n, r->spec->box[b].low, (size_t)n * sizeof(double));
        memcpy(high + count * n, r->spec->box[b].high, (size_t)n * sizeof(double));
        count++;
    }
    for (int i = 0; i < count; i++)
        share[i] = 1.0 / count;
    r->in.start_count = count;
    r->in.start_box = box;
    r->in.start_low = low;
    r->in.start_high = high;
    r->in.start_share = share;
    return VOUCH_OK;
}

/* One engine after the other; each gets what the one before could not decide. Where the batched
 * engines are defeated by rounding alone (a row met with equality, say), the graph engine, which
 * charges nothing for operations that are exact, gets one look at each box: cutting on would not
 * help. */
static vouch_status search(run *r, const vouch_engine_type *const *types)
{
    vouch_search_output out = {0};
    for (; *types; types++) {
        r->in.type = *types;
        r->in.last_precision = types[1] == NULL;
        r->in.bound_only = *types == &vouch_engine_graph && r->task.form && !out.unfit;
        vouch_status status = vouch_search(r->ctx, r->arena, &r->in, &out);
        r->last_id = out.last_id;
        add_result(r, &out); /* also of a search cut short in the middle of a bound */
        VOUCH_TRY(status);
        if (out.found)
            return VOUCH_OK;
        if (out.stopped) {
            vouch_verify_conclude_unfinished(r);
            return VOUCH_OK;
        }
        if (out.unfit)
            continue;
        if (!out.left_count) {
            conclude_proved(r);
            return VOUCH_OK;
        }
        r->in.first_id = out.last_id;
        r->in.start_parent = out.left_id;
        r->in.start_count = out.left_count;
        r->in.start_box = out.left_box;
        r->in.start_low = out.left_low;
        r->in.start_high = out.left_high;
        r->in.start_share = out.left_share;
    }
    r->result->reason = out.unfit ? "numbers beyond double precision"
                                  : "boxes remain that rounding leaves undecided: a row is met "
                                    "with equality, or nearly";
    return VOUCH_OK;
}

static vouch_status search_form(run *r)
{
    static const vouch_engine_type *const automatic[] = {&vouch_engine_f32, &vouch_engine_f64,
                                                         &vouch_engine_graph, NULL};
    static const vouch_engine_type *const only_float[] = {&vouch_engine_f32, NULL};
    const char *p = r->settings->precision;
    if (strcmp(p, "float") == 0)
        return search(r, only_float);
    return search(r, strcmp(p, "double") == 0 ? automatic + 1 : automatic);
}

/* Any domain on any graph, box by box. */
static vouch_status search_graph(run *r)
{
    static const vouch_engine_type *const general[] = {&vouch_engine_graph, NULL};
    return search(r, general);
}

static vouch_status search_boxes(run *r)
{
    vouch_status status = r->task.form ? search_form(r) : search_graph(r);
    if (r->decided)
        r->result->phase = "search";
    return status;
}

static vouch_status search_branch(run *r);

/* Has the search ended for good: sat, out of time, cancelled, or beyond its number? */
static bool is_finished(const run *r)
{
    const uint64_t most = (uint64_t)r->settings->max_subproblems;
    return r->result->verdict == VOUCH_SAT || vouch_context_stopped(r->ctx) ||
           (most && r->result->subproblems >= most);
}

/* A witness of a piece, kept beyond it. */
static vouch_status keep_witness(run *r, const vouch_piece *piece)
{
    vouch_verify_result *result = r->result;
    const int64_t inputs = r->spec->input_size, outputs = r->spec->output_size;
    double *input = VOUCH_NEW_ARRAY(r->arena, double, inputs);
    double *output = VOUCH_NEW_ARRAY(r->arena, double, outputs);
    if (!input || !output)
        return VOUCH_ERR_MEMORY;
    memcpy(input, result->witness_input, (size_t)inputs * sizeof *input);
    memcpy(output, result->witness_output, (size_t)outputs * sizeof *output);
    result->witness_input = input;
    result->witness_output = output;
    result->witness_case += piece->first_case;
    r->decided = true;
    return VOUCH_OK;
}

/* The piece as a run of its own; what it proves is only a part. */
static vouch_status search_piece(void *user, vouch_arena *arena, vouch_piece *piece,
                                 vouch_piece_outcome *outcome)
{
    run *r = user, part = *r;
    const uint64_t most = (uint64_t)r->settings->max_subproblems;
    double proved_before = r->result->proved_share;
    part.arena = arena;
    part.spec = part.in.spec = &piece->spec;
    part.task = piece->task;
    part.task.domain = r->task.domain;
    part.in.task = &part.task;
    part.in.first_id = r->last_id;
    part.in.max_subproblems = most ? most - r->result->subproblems : 0;
    VOUCH_TRY(vouch_verify_start(&part));
    vouch_status status = search_form(&part);
    r->last_id = part.last_id;
    r->result->proved_share =
        proved_before + (r->result->proved_share - proved_before) * piece->share;
    VOUCH_TRY(status);
    if (r->result->verdict == VOUCH_SAT)
        VOUCH_TRY(keep_witness(r, piece));
    *outcome = is_finished(r) ? VOUCH_PIECE_STOP : VOUCH_PIECE_DONE;
    if (*outcome == VOUCH_PIECE_STOP)
        return VOUCH_OK;
    r->result->verdict = VOUCH_UNKNOWN;
    if (part.decided)
        return VOUCH_OK;
    if (piece->depth < ROUNDING_DEPTH) {
        r->result->proved_share = proved_before;
        *outcome = VOUCH_PIECE_HALVE;
    } else
        r->open = true;
    return VOUCH_OK;
}

static vouch_status search_pieces(run *r)
{
    bool stuck;
    VOUCH_TRY((r->search == VOUCH_SEARCH_BLOCKS ? vouch_pieces_blocks : vouch_pieces_run)(
        r->ctx, r->in.graph, r->spec, search_piece, r, &stuck));
    r->result->phase = r->decided ? "search" : NULL;
    if (r->decided || is_finished(r))
        return VOUCH_OK;
    if (stuck)
        return search_branch(r);
    if (r->open)
        return VOUCH_OK;
    r->result->reason = NULL;
    conclude_proved(r);
    r->result->phase = "search";
    return VOUCH_OK;
}

static void add_branch(run *r, const vouch_branch_output *out)
{
    r->result->subproblems += out->subproblems;
    r->result->splits += out->splits;
    r->result->clips += out->clips;
    r->result->proved_share = out->proved_share;
    r->result->attack_s += out->attack_s;
    r->result->bounds_s += out->bounds_s;
    r->result->leaves_s += out->leaves_s;
    if (out->max_depth > r->result->max_depth)
        r->result->max_depth = out->max_depth;
    r->last_id = out->last_id;
    if (out->found)
        vouch_verify_take_witness(r, &out->witness);
}

static vouch_status branch(run *r)
{
    const vouch_verify_settings *s = r->settings;
    vouch_branch_output out;
    vouch_branch_input in = {.task = &r->task,
                             .graph = r->in.graph,
                             .spec = r->spec,
                             .semantics = r->in.semantics,
                             .pick = vouch_pick_find(s->pick),
                             .sink = r->in.sink,
                             .threads = r->in.threads,
                             .root_steps = (int)s->root_steps,
                             .steps = (int)s->branch_steps,
                             .seed = r->in.seed,
                             .max_subproblems = (uint64_t)s->max_subproblems,
                             .memory = vouch_verify_memory(s) / 2,
                             .start_wall = r->in.start_wall,
                             .deadline_wall = r->in.deadline_wall,
                             .attack = s->attack,
                             .clip = s->clip,
                             .late_programs = s->late_programs,
                             .first_id = r->last_id};
    if (!in.pick)
        return vouch_fail(r->ctx, VOUCH_ERR_ARGUMENT, "no pick heuristic '%s'", s->pick);
    r->result->domain = "dag";
    r->result->split = in.pick->name;
    vouch_status status = vouch_branch(r->ctx, r->arena, &in, &out);
    add_branch(r, &out); /* also of a search cut short */
    VOUCH_TRY(status);
    r->result->phase = out.phase;
    if (out.found)
        return VOUCH_OK;
    if (out.stopped)
        vouch_verify_conclude_unfinished(r);
    else if (out.open_leaves)
        r->result->reason =
            out.used_programs
                ? "subproblems remain that linear programs leave undecided: a row "
                  "is met with equality, or nearly"
                : "subproblems remain in which nothing is left to split";
    else
        conclude_proved(r);
    return VOUCH_OK;
}

static bool has_strict_row(const vouch_task *t)
{
    for (int k = 0; k < t->row_count; k++)
        if (t->strict[k])
            return true;
    return false;
}

/* A strict row met with equality is proved only by arithmetic that does not round, as intervals are
 * where a network moves, compares and adds small numbers; walks charge for rounding in any case. So
 * where such a row is, each box gets a look by intervals alone. */
static vouch_status look_by_intervals(run *r)
{
    const vouch_domain *domain = r->task.domain;
    vouch_search_output out;
    if (r->in.sink || !has_strict_row(&r->task))
        return VOUCH_OK;
    r->task.domain = vouch_domain_find("interval");
    r->in.type = &vouch_engine_graph;
    r->in.last_precision = r->in.bound_only = true;
    vouch_status status = vouch_search(r->ctx, r->arena, &r->in, &out);
    r->in.bound_only = false;
    r->task.domain = domain;
    r->last_id = out.last_id;
    add_result(r, &out);
    VOUCH_TRY(status);
    if (!out.found && !out.stopped && !out.left_count) {
        conclude_proved(r);
        r->result->phase = "bounds";
    }
    return VOUCH_OK;
}

static vouch_status search_branch(run *r)
{
    VOUCH_TRY(look_by_intervals(r));
    return r->decided ? VOUCH_OK : branch(r);
}

/* ---- very many boxes --------------------------------------------------------------- */

/* What the sweep has left, as a run of its own; what it proves is only a part. */
static vouch_status search_rest(run *r, const bool *left)
{
    run part = *r;
    vouch_spec rest;
    int *which;
    double proved = r->result->proved_share;
    part.task = (vouch_task){0};
    VOUCH_TRY(vouch_sweep_rest(r->arena, r->spec, left, &rest, &which));
    part.spec = part.in.spec = &rest;
    VOUCH_TRY(vouch_task_build(r->ctx, r->arena, r->in.graph, &rest, false, &part.task));
    part.in.task = &part.task;
    vouch_status status = search_branch(&part);
    vouch_task_clear(r->ctx, &part.task);
    r->result->proved_share = proved + (1 - proved) * r->result->proved_share;
    r->last_id = part.last_id;
    r->decided = part.decided;
    if (r->result->verdict == VOUCH_SAT)
        r->result->witness_case = which[r->result->witness_case];
    return status;
}

/* All boxes cheaply, then what is left dearly. */
static vouch_status search_swept(run *r)
{
    vouch_sweep_output out;
    double start = vouch_wall_s();
    vouch_status status = vouch_sweep(r->ctx, r->arena, &r->in, &out);
    double swept = vouch_wall_s() - start;
    r->result->bounds_s = swept;
    r->result->domain = "symbolic";
    add_result(r, &out.total);
    VOUCH_TRY(status);
    r->result->phase = out.total.found || !out.left_count ? "bounds" : NULL;
    if (out.total.found)
        return VOUCH_OK;
    if (!out.left_count)
        conclude_proved(r);
    else if (out.total.stopped)
        vouch_verify_conclude_unfinished(r);
    else {
        VOUCH_TRY(search_rest(r, out.left));
        r->result->bounds_s += swept;
    }
    return VOUCH_OK;
}

/* ---- boxes, then branch ---------------------------------------------------------------------- */

/* A bound of a box walks back from every unstable neuron, through half of the form on average;
 * a part of the neurons is unstable. */
static uint64_t boxes_to_try(const vouch_pwl *form)
{
    double rows = (double)form->neuron_count, work = rows * rows * form->pitch / 8;
    double boxes = fmin(fmax(TRY_WORK / work, TRY_BOXES_LEAST), TRY_BOXES);
    return (uint64_t)boxes;
}

/* Boxes for a while. What they did not decide is left to the branching search as a whole. */
static vouch_status try_boxes(run *r)
{
    uint64_t allowed = r->in.max_subproblems, some = boxes_to_try(r->task.form);
    r->in.max_subproblems = allowed && allowed < some ? allowed : some;
    VOUCH_TRY(search_boxes(r));
    r->in.max_subproblems = allowed;
    return VOUCH_OK;
}

static bool is_over(const run *r)
{
    return r->decided || r->result->verdict == VOUCH_TIMEOUT || vouch_context_cancelled(r->ctx);
}

static vouch_status search_both(run *r)
{
    VOUCH_TRY(try_boxes(r));
    if (is_over(r))
        return VOUCH_OK;
    r->result->reason = NULL;
    return search_branch(r);
}

vouch_status vouch_verify_search(run *r)
{
    static vouch_status (*const searches[])(run *) = {
        [VOUCH_SEARCH_BOXES] = search_boxes,   [VOUCH_SEARCH_PIECES] = search_pieces,
        [VOUCH_SEARCH_BLOCKS] = search_pieces, [VOUCH_SEARCH_BRANCH] = search_branch,
        [VOUCH_SEARCH_BOTH] = search_both,     [VOUCH_SEARCH_SWEPT] = search_swept};
    double start = vouch_wall_s(), attack_s = r->result->attack_s;
    vouch_status status = searches[r->search](r);
    r->result->search_s = vouch_wall_s() - start - (r->result->attack_s - attack_s);
    return status;
}

/* ---- other ways ------------------------------------------------------------------------------- */

vouch_status vouch_verify_exact(run *r)
{
    vouch_exact_output out;
    double start = vouch_wall_s();

    VOUCH_TRY(vouch_exact(r->ctx, r->arena, r->in.graph, r->spec, r->in.semantics, &out));
    r->result->search_s = vouch_wall_s() - start;
    r->result->subproblems = out.subproblems;
    r->result->splits = out.splits;
    r->result->max_depth = out.max_depth;
    r->result->domain = r->result->split = "exact";
    r->result->reason = out.reason;
    r->result->is_solvable = out.solvable;
    r->result->is_unsuited = out.unsuited;
    if (out.witness.found)
        vouch_verify_take_witness(r, &out.witness);
    else if (out.verdict == VOUCH_UNSAT)
        conclude_proved(r);
    else if (!out.reason)
        vouch_verify_conclude_unfinished(r);
    return VOUCH_OK;
}

vouch_status vouch_verify_places(run *r)
{
    const vouch_verify_settings *s = r->settings;
    vouch_places_output out;
    vouch_places_input in = {.task = &r->task,
                             .graph = r->in.graph,
                             .spec = r->spec,
                             .sink = r->in.sink,
                             .semantics = r->in.semantics,
                             .threads = r->in.threads,
                             .first_id = r->last_id,
                             .max_subproblems = (uint64_t)s->max_subproblems};
    double start = vouch_wall_s();
    if (strcmp(s->search, "auto") != 0 || strcmp(s->domain, "auto") != 0)
        return VOUCH_OK;
    vouch_status status = vouch_places(r->ctx, r->arena, &in, &out);
    r->last_id = out.last_id;
    r->result->subproblems += (uint64_t)out.seen;
    r->result->proved_share =
        out.places ? (double)out.proved / (double)out.places : r->result->proved_share;
    r->result->search_s = vouch_wall_s() - start;
    VOUCH_TRY(status);
    if (out.witness.found)
        vouch_verify_take_witness(r, &out.witness);
    else if (out.places && out.proved == out.places)
        conclude_proved(r);
    if (r->decided)
        r->result->phase = "search";
    return VOUCH_OK;
}
