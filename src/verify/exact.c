/* The exact search (exact.h).
 *
 * Variables: v = (x, 1, h) of the exact form, the 1 limited to itself; then, as rows,
 *
 *     s_k = h_k - z_k(v) >= 0,    h_k >= 0,    and  h_k = 0 or s_k = 0   for every ReLU,
 *     (-l) h_k + u s_k <= -u l    where z_k in [l, u] may have either sign [Ehlers 2017],
 *
 * and the case's rows. A split limits h_k <= 0 or s_k <= 0. Where a split is contradicted
 * without a limit of its own taking part, so is its sibling: the search jumps back over it.
 *
 * A point that keeps every ReLU is a solution over the reals. A witness must be one that the
 * input's type can hold: within the linear region of the point, coordinate after coordinate is
 * fixed at a number next to the point's. Feasible values of one coordinate are an interval, so
 * that if any number of the type is feasible, one of the two next to the point is; later
 * coordinates may still fail, and then the search goes on to other regions.
 */
#include "verify/exact.h"

#include <math.h>
#include <string.h>

#include "num/round.h"
#include "spec/rational.h"
#include "verify/exact_tableau.h"

enum {
    NEURONS = 400,      /* beyond, there is no point in trying */
    CELLS = 1 << 20,    /* rationals in a network's forms */
    LOST_REGIONS = 1000 /* with real solutions only, until the search gives up */
};

typedef enum outcome {
    STOPPED = 0,
    DEAD, /* no solution */
    LOST, /* solutions, but no witness was found */
    FOUND
} outcome;

typedef struct search {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    const vouch_spec *spec;
    vouch_semantics semantics;
    const vouch_exact_form *form;
    vouch_exact_output *out;
    const bool *is_float; /* [inputs]: float32, else float64 */
    /* of the case being searched */
    vouch_exact_case at;
    vouch_simplex *simplex;
    vouch_exact_side *side;
    bool *blamed; /* [neurons + 1][neurons + 1]: per depth, the splits a contradiction needs */
    mpq_t *point; /* [columns] */
    double *candidate;
    int lost;
    vouch_status status;
} search;

static bool limit_both(vouch_simplex *simplex, int variable, double value)
{
    return vouch_exact_limit(simplex, variable, VOUCH_SIMPLEX_LOW, value, 0) &&
           vouch_exact_limit(simplex, variable, VOUCH_SIMPLEX_HIGH, value, 0);
}

/* ---- witnesses --------------------------------------------------------------------------- */

/* The numbers of the input's type next to q, the nearer one first; how many (1: q itself). */
static int neighbours(const search *s, int d, mpq_srcptr q, double number[2])
{
    double low = vouch_rational_down(q), high = vouch_rational_up(q);

    if (s->is_float[d]) {
        low = (double)vouch_float_down(low);
        high = (double)vouch_float_up(high);
    }
    bool high_first = vouch_rational_nearest(q) - low > high - vouch_rational_nearest(q);
    number[0] = high_first ? high : low;
    number[1] = high_first ? low : high;
    return low == high ? 1 : 2;
}

/* Fixes coordinate d at a number of its type, if one is feasible. A coordinate that the property
 * fixes stays where it is, number or not. */
static outcome fix_coordinate(search *s, int d)
{
    double number[2];

    vouch_simplex_point(s->simplex, d + 1, s->point);
    s->candidate[d] = vouch_rational_nearest(s->point[d]);
    if (mpq_equal(s->at.box->exact_low[d], s->at.box->exact_high[d]))
        return FOUND;
    int count = neighbours(s, d, s->point[d], number);
    for (int i = 0; i < count; i++) {
        size_t mark = vouch_simplex_mark(s->simplex);
        s->candidate[d] = number[i];
        if (isfinite(number[i]) && limit_both(s->simplex, d, number[i])) {
            vouch_simplex_answer answer = vouch_simplex_check(s->simplex);
            if (answer != VOUCH_SIMPLEX_NONE)
                return answer == VOUCH_SIMPLEX_POINT ? FOUND : STOPPED;
        }
        vouch_simplex_undo(s->simplex, mark);
    }
    return LOST;
}

/* Keeps the search to the linear region that the assignment is in, where every ReLU is kept. */
static void enter_region(search *s)
{
    for (int k = 0; k < s->form->neuron_count; k++)
        if (s->side[k] == VOUCH_EXACT_OPEN) {
            bool active = vouch_simplex_sign(s->simplex, vouch_exact_h(s->form, k)) > 0;
            vouch_exact_limit(s->simplex,
                              active ? vouch_exact_s(s->form, k) : vouch_exact_h(s->form, k),
                              VOUCH_SIMPLEX_HIGH, 0, 0);
        }
}

static outcome find_witness(search *s)
{
    size_t mark = vouch_simplex_mark(s->simplex);
    outcome result = FOUND;

    s->out->solvable = true;
    enter_region(s);
    for (int d = 0; d < s->form->input_count && result == FOUND; d++)
        result = fix_coordinate(s, d);
    vouch_simplex_undo(s->simplex, mark);
    if (result != FOUND)
        return result;
    s->status = vouch_witness_check(s->ctx, s->arena, s->graph, s->spec, s->semantics,
                                    s->candidate, &s->out->witness);
    if (s->status)
        return STOPPED;
    return s->out->witness.found ? FOUND : LOST;
}

/* ---- search ------------------------------------------------------------------------------ */

/* The open ReLU that the assignment breaks most; -1: it keeps all. */
static int most_broken(const search *s)
{
    int best = -1;
    double most = -1;

    for (int k = 0; k < s->form->neuron_count; k++) {
        if (s->side[k] != VOUCH_EXACT_OPEN ||
            vouch_simplex_sign(s->simplex, vouch_exact_h(s->form, k)) <= 0 ||
            vouch_simplex_sign(s->simplex, vouch_exact_s(s->form, k)) <= 0)
            continue;
        double gap = fmin(vouch_simplex_near(s->simplex, vouch_exact_h(s->form, k)),
                          vouch_simplex_near(s->simplex, vouch_exact_s(s->form, k)));
        if (best < 0 || gap > most) {
            most = gap;
            best = k;
        }
    }
    return best;
}

static int first_open(const search *s)
{
    for (int k = 0; k < s->form->neuron_count; k++)
        if (s->side[k] == VOUCH_EXACT_OPEN)
            return k;
    return -1;
}

static bool *blamed_at(const search *s, int depth)
{
    return s->blamed + (size_t)depth * ((size_t)s->form->neuron_count + 1);
}

/* The contradiction just met becomes what kills the subproblem at this depth. */
static outcome die(search *s, int depth)
{
    for (int tag = 0; tag <= s->form->neuron_count; tag++)
        blamed_at(s, depth)[tag] = vouch_simplex_blames(s->simplex, tag);
    return DEAD;
}

static outcome descend(search *s, int depth);

/* ReLU k on one side, as split number depth + 1. */
static outcome try_side(search *s, int depth, int k, vouch_exact_side which)
{
    size_t mark = vouch_simplex_mark(s->simplex);
    int variable =
        which == VOUCH_EXACT_ACTIVE ? vouch_exact_s(s->form, k) : vouch_exact_h(s->form, k);

    s->side[k] = which;
    outcome result = vouch_exact_limit(s->simplex, variable, VOUCH_SIMPLEX_HIGH, 0, depth + 1)
                         ? descend(s, depth + 1)
                         : die(s, depth + 1);
    s->side[k] = VOUCH_EXACT_OPEN;
    vouch_simplex_undo(s->simplex, mark);
    return result;
}

static outcome split(search *s, int depth, int k)
{
    bool active = vouch_simplex_near(s->simplex, vouch_exact_h(s->form, k)) >
                  vouch_simplex_near(s->simplex, vouch_exact_s(s->form, k));
    size_t size = (size_t)s->form->neuron_count + 1;
    bool *here = blamed_at(s, depth), *below = blamed_at(s, depth + 1);
    bool lost = false;

    s->out->splits++;
    memset(here, 0, size * sizeof *here);
    for (int i = 0; i < 2; i++) {
        outcome result = try_side(
            s, depth, k, (i == 0) == active ? VOUCH_EXACT_ACTIVE : VOUCH_EXACT_INACTIVE);
        if (result == FOUND || result == STOPPED)
            return result;
        lost |= result == LOST;
        if (result == DEAD && !below[depth + 1] && !lost) {
            memcpy(here, below, size * sizeof *here);
            return DEAD; /* the split had no part in it: nor has the other side's */
        }
        for (size_t tag = 0; tag < size; tag++)
            here[tag] = here[tag] || (below[tag] && tag != (size_t)depth + 1);
    }
    return lost ? LOST : DEAD;
}

static outcome descend(search *s, int depth)
{
    s->out->subproblems++;
    s->out->max_depth = depth > s->out->max_depth ? depth : s->out->max_depth;
    vouch_simplex_answer answer = vouch_simplex_check(s->simplex);
    if (answer != VOUCH_SIMPLEX_POINT)
        return answer == VOUCH_SIMPLEX_NONE ? die(s, depth) : STOPPED;
    int k = most_broken(s);
    if (k < 0) {
        outcome result = find_witness(s);
        if (result != LOST)
            return result;
        k = first_open(s);
        if (k < 0 || ++s->lost > LOST_REGIONS)
            return s->lost > LOST_REGIONS ? STOPPED : LOST;
    }
    return split(s, depth, k);
}

/* ---- cases ------------------------------------------------------------------------------- */

static mpq_t *new_point(search *s)
{
    mpq_t *q = VOUCH_NEW_ARRAY(s->arena, mpq_t, s->form->columns);

    for (int i = 0; q && i < s->form->columns; i++)
        mpq_init(q[i]);
    return q;
}

static outcome search_open_case(search *s, int which)
{
    size_t neurons = (size_t)s->form->neuron_count;

    s->status = vouch_exact_case_open(s->ctx, s->arena, s->form, s->spec, which, &s->at);
    if (s->status)
        return STOPPED;
    if (s->at.reason) {
        s->out->reason = s->at.reason;
        s->out->unsuited = true;
        return STOPPED;
    }
    s->simplex = s->at.simplex;
    s->side = s->at.side;
    s->candidate = VOUCH_NEW_ARRAY(s->arena, double, s->form->columns);
    s->blamed = VOUCH_NEW_ARRAY(s->arena, bool, (neurons + 2) * (neurons + 1));
    s->point = new_point(s);
    if (!s->candidate || !s->blamed || !s->point) {
        s->status = VOUCH_ERR_MEMORY;
        return STOPPED;
    }
    return s->at.possible ? descend(s, 0) : DEAD;
}

static outcome search_case(search *s, int which)
{
    vouch_arena_mark mark = vouch_arena_get_mark(s->arena);

    if (s->spec->box[s->spec->cases[which].box].empty)
        return DEAD;
    s->point = NULL;
    s->at = (vouch_exact_case){0};
    outcome result = search_open_case(s, which);
    for (int i = 0; s->point && i < s->form->columns; i++)
        mpq_clear(s->point[i]);
    vouch_simplex_free(s->at.simplex);
    vouch_arena_reset(s->arena, mark);
    return result;
}

static void conclude(search *s, outcome worst)
{
    vouch_exact_output *out = s->out;

    if (out->witness.found)
        out->verdict = VOUCH_SAT;
    else if (worst == DEAD)
        out->verdict = VOUCH_UNSAT;
    else if (worst == LOST || s->lost > LOST_REGIONS)
        out->reason = "exact search: there are solutions over the reals, but no witness among "
                      "the numbers that the input's type holds was found";
}

static vouch_status search_cases(search *s)
{
    outcome worst = DEAD;
    bool *is_float = VOUCH_NEW_ARRAY(s->arena, bool, s->form->input_count);
    int at = 0;

    if (!is_float)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < s->graph->input_count; i++) {
        const vouch_value *value = &s->graph->value[s->graph->input[i]];
        for (int64_t j = vouch_shape_count(&value->shape); j > 0; j--)
            is_float[at++] = value->dtype == VOUCH_F32 || s->semantics != VOUCH_SEMANTICS_REAL;
    }
    s->is_float = is_float;
    for (int k = 0; k < s->spec->case_count && worst != STOPPED && worst != FOUND; k++) {
        outcome result = search_case(s, k);
        VOUCH_TRY(s->status);
        worst = result == DEAD ? worst : result;
    }
    conclude(s, worst);
    return worst == STOPPED ? vouch_context_status(s->ctx) : VOUCH_OK; /* out of memory */
}

vouch_status vouch_exact(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                         const vouch_spec *spec, vouch_semantics semantics,
                         vouch_exact_output *out)
{
    const vouch_exact_limits limits = {.neurons = NEURONS, .cells = CELLS};
    vouch_exact_form *form;

    *out = (vouch_exact_output){0};
    out->witness.input = VOUCH_NEW_ARRAY(arena, double, spec->input_size);
    out->witness.output = VOUCH_NEW_ARRAY(arena, double, spec->output_size);
    if (!out->witness.input || !out->witness.output)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_exact_form_new(ctx, graph, &limits, &form));
    if (!form) {
        out->unsuited = true;
        out->reason =
            "exact search: the network is too large, or not made of affine nodes with "
            "stored coefficients and piecewise-linear curves";
        return VOUCH_OK;
    }
    search s = {.ctx = ctx,
                .arena = arena,
                .graph = graph,
                .spec = spec,
                .semantics = semantics,
                .form = form,
                .out = out};
    vouch_status status = search_cases(&s);
    vouch_exact_form_free(ctx, form);
    return status;
}
