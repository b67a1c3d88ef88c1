/* The schedule of a verification (verify.h).
 *
 *     no case left -> unsat;   sampling or attack -> sat;   a search;   what is left -> unknown.
 *
 * Which search, is decided in one place, choose_search:
 *
 *   boxes    cuts of inputs, many boxes at once on a network that shrinks (verify/search.h): in
 *            float, what float could not decide in double. Piecewise-linear networks of few
 *            inputs. Or any network, box by box, in a domain that was asked for.
 *   pieces   the same on one part of the property's boxes after the other, where the network is
 *            too large for the whole (verify/pieces.h).
 *   blocks   the same on a block of very many boxes after the other.
 *   branch   splits of neurons and cuts of inputs in one tree (verify/branch.h): everything else.
 *   swept    a cheap look at every box, then branch on what is left: very many boxes in each of
 *            which few inputs vary (verify/sweep.h).
 *   both     boxes for a fixed number of subproblems, then branch: piecewise-linear networks of
 *            more inputs, where it takes little to see whether cuts do.
 */
#include "verify/verify.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "bounds/domain.h"
#include "verify/branch.h"
#include "verify/exact.h"
#include "verify/pieces.h"
#include "verify/places.h"
#include "verify/probe.h"
#include "verify/search.h"
#include "verify/sweep.h"
#include "verify/task.h"

/* A piece that rounding leaves undecided is halved up to this depth. */
enum { ROUNDING_DEPTH = 16 };
/* Beyond so many varying inputs a search by cuts alone may never end where a few splits would do:
 * it is only tried. */
enum { INPUTS_FEW = 5 };
/* Networks of more parameters are not tried by boxes: one of their boxes takes as long as many
 * subproblems of the branching search. */
enum { SMALL = 100000 };
/* Of a first try by boxes: at most so many, and for large networks at most so much work. */
enum { TRY_BOXES = 1 << 16, TRY_BOXES_LEAST = 1 };
static const double TRY_WORK = 2e10;

/* With more boxes than these each gets a few samples at first, no descents. */
enum { ATTACK_BOXES = 32, ATTACK_FEW_SAMPLES = 16, RAGGED_ROUNDS = 40, SWEPT_INPUTS = 3 };
enum { PROBE_SAMPLES = 1024, ATTACK_SAMPLES = 200, ATTACK_RESTARTS = 4, ATTACK_STEPS = 20 };

typedef enum search_kind {
    SEARCH_BOXES,
    SEARCH_PIECES,
    SEARCH_BLOCKS,
    SEARCH_BRANCH,
    SEARCH_BOTH,
    SEARCH_SWEPT
} search_kind;

typedef struct run {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_spec *spec;
    const vouch_verify_settings *settings;
    vouch_verify_result *result;
    vouch_task task;
    vouch_search_input in;
    search_kind search;
    bool decided;     /* sat, or proved (which under float32 semantics is no verdict) */
    bool open;        /* some piece stays undecided */
    uint64_t last_id; /* the largest id of a subproblem so far */
} run;

const char *vouch_verdict_name(vouch_verdict verdict)
{
    static const char *const names[] = {"unknown", "unsat", "sat", "timeout"};
    return names[verdict];
}

/* ---- settings ------------------------------------------------------------------- */

/* Domains that the batched engine implements itself, on piecewise-linear networks. */
static bool is_batched(const char *domain)
{
    return !strcmp(domain, "auto") || !strcmp(domain, "crown") || !strcmp(domain, "symbolic");
}

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

/* ---- phases --------------------------------------------------------------------- */

static void take_witness(run *r, const vouch_witness *w)
{
    r->result->verdict = VOUCH_SAT;
    r->result->witness_input = w->input;
    r->result->witness_output = w->output;
    r->result->witness_case = w->which_case;
    r->decided = true;
}

static int count_varying(const vouch_task *t)
{
    int count = 0;
    for (int d = 0; d < t->input_count; d++)
        count += t->low[d] < t->high[d];
    return count;
}

/* Scalars that nodes make whose operators are not affine. */
static int64_t count_nonlinear(const vouch_graph *graph)
{
    int64_t count = 0;
    for (int n = 0; n < graph->node_count; n++) {
        const vouch_node *node = &graph->node[n];
        if (node->op->op_class != VOUCH_OP_AFFINE && node->output[0] >= 0)
            count += vouch_shape_count(&graph->value[node->output[0]].shape);
    }
    return count;
}

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
           2 * steps > count_nonlinear(graph);
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
        take_witness(r, &w);
        r->result->phase = "attack";
    }
    return VOUCH_OK;
}

/* Starts from the spec's boxes that some case lives in, each with its share of all volume. */
static vouch_status start_from_boxes(run *r)
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
        take_witness(r, &out->witness);
}

static void conclude_unfinished(run *r)
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
            conclude_unfinished(r);
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
    VOUCH_TRY(start_from_boxes(&part));
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
    VOUCH_TRY((r->search == SEARCH_BLOCKS ? vouch_pieces_blocks : vouch_pieces_run)(
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
        take_witness(r, &out->witness);
}

static vouch_status search_branch(run *r)
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
        conclude_unfinished(r);
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
        conclude_unfinished(r);
    else {
        VOUCH_TRY(search_rest(r, out.left));
        r->result->bounds_s += swept;
    }
    return VOUCH_OK;
}

/* ---- which search ----------------------------------------------------------------- */

/* However few inputs vary, the form of a network with so many neurons is dear on any part of the
 * box; walks keep to what is unstable, and to patches of images. */
enum { MANY_NEURONS = 1 << 15 };

static search_kind choose_search(const run *r)
{
    const vouch_verify_settings *s = r->settings;
    if (strcmp(s->search, "boxes") == 0)
        return SEARCH_BOXES;
    if (strcmp(s->search, "branch") == 0)
        return SEARCH_BRANCH;
    if (strcmp(s->domain, "auto") == 0 && count_nonlinear(r->in.graph) > MANY_NEURONS)
        return SEARCH_BRANCH;
    if (strcmp(s->domain, "auto") != 0 || count_varying(&r->task) <= INPUTS_FEW)
        return SEARCH_BOXES;
    return vouch_graph_parameters(r->in.graph) <= SMALL ? SEARCH_BOTH : SEARCH_BRANCH;
}

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

static vouch_status run_search(run *r)
{
    static vouch_status (*const searches[])(run *) = {
        [SEARCH_BOXES] = search_boxes,   [SEARCH_PIECES] = search_pieces,
        [SEARCH_BLOCKS] = search_pieces, [SEARCH_BRANCH] = search_branch,
        [SEARCH_BOTH] = search_both,     [SEARCH_SWEPT] = search_swept};
    double start = vouch_wall_s(), attack_s = r->result->attack_s;
    vouch_status status = searches[r->search](r);
    r->result->search_s = vouch_wall_s() - start - (r->result->attack_s - attack_s);
    return status;
}

static vouch_status choose_blocks(run *r)
{
    bool has;
    VOUCH_TRY(vouch_pwl_has_form(r->ctx, r->in.graph, &has));
    if (has)
        r->search = SEARCH_BLOCKS;
    return VOUCH_OK;
}

/* Where no form was found: pieces if those may have one. */
static vouch_status choose_without_form(run *r)
{
    bool pieces;
    if (r->task.form || r->search == SEARCH_BRANCH || r->search == SEARCH_BLOCKS ||
        !is_batched(r->settings->domain))
        return VOUCH_OK;
    VOUCH_TRY(vouch_pieces_apply(r->ctx, r->in.graph, &pieces));
    if (pieces)
        r->search = SEARCH_PIECES;
    else if (strcmp(r->settings->search, "boxes") != 0 &&
             strcmp(r->settings->domain, "auto") == 0)
        r->search = SEARCH_BRANCH;
    return VOUCH_OK;
}

/* Pictures and proofs want one tree of each box: with a sink the sweep is left out. */
static bool is_swept(const run *r)
{
    const vouch_verify_settings *s = r->settings;
    return strcmp(s->search, "auto") == 0 && strcmp(s->domain, "auto") == 0 && !r->in.sink &&
           vouch_sweep_applies(r->spec);
}

/* The engine: batched where the network has a piecewise-linear form and the domain allows it.
 */
static vouch_status choose_engine(run *r)
{
    const char *name = strcmp(r->settings->domain, "auto") == 0 ? "crown" : r->settings->domain;
    bool in_double = strcmp(r->settings->precision, "double") == 0;
    VOUCH_TRY(vouch_task_build(r->ctx, r->arena, r->in.graph, r->spec, false, &r->task));
    r->search = choose_search(r);
    if (r->search == SEARCH_BOXES && is_batched(r->settings->domain) &&
        r->spec->box_count > VOUCH_BLOCK_BOXES)
        VOUCH_TRY(choose_blocks(r));
    if (r->search != SEARCH_BRANCH && r->search != SEARCH_BLOCKS &&
        is_batched(r->settings->domain))
        VOUCH_TRY(vouch_task_lower(r->ctx, r->in.graph, r->spec, &r->task));
    VOUCH_TRY(choose_without_form(r));
    if (r->search == SEARCH_BRANCH && is_swept(r))
        r->search = SEARCH_SWEPT;
    r->in.type = in_double ? &vouch_engine_f64 : &vouch_engine_f32;
    r->task.domain = vouch_domain_find(name);
    if (!r->task.domain)
        return vouch_fail(r->ctx, VOUCH_ERR_ARGUMENT, "no domain '%s'", name);
    r->result->domain = r->task.domain->name;
    return VOUCH_OK;
}

static vouch_status search_exact(run *r)
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
    if (out.witness.found)
        take_witness(r, &out.witness);
    else if (out.verdict == VOUCH_UNSAT)
        conclude_proved(r);
    else if (!out.reason)
        conclude_unfinished(r);
    return VOUCH_OK;
}

/* Place by place, where the property is of that kind (verify/places.h). Places that stay open are
 * left to the search as a whole. */
static vouch_status search_places(run *r)
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
        take_witness(r, &out.witness);
    else if (out.places && out.proved == out.places)
        conclude_proved(r);
    if (r->decided)
        r->result->phase = "search";
    return VOUCH_OK;
}

static vouch_status decide(run *r)
{
    if (r->spec->case_count == 0) {
        r->result->verdict = VOUCH_UNSAT;
        r->result->reason = r->spec->note ? r->spec->note : "the property has no case left";
        r->result->proved_share = 1;
        return VOUCH_OK;
    }
    if (strcmp(r->settings->complete, "exact") == 0)
        return search_exact(r);
    VOUCH_TRY(choose_engine(r));
    VOUCH_TRY(start_from_boxes(r));
    VOUCH_TRY(search_places(r));
    if (r->settings->attack && !r->decided)
        VOUCH_TRY(attack(r));
    return r->decided ? VOUCH_OK : run_search(r);
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
        conclude_unfinished(r);
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
