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

#include "lower/exact_form.h"
#include "num/round.h"
#include "num/simplex.h"
#include "spec/rational.h"

enum {
    NEURONS = 400,      /* beyond, there is no point in trying */
    CELLS = 1 << 20,    /* rationals in a network's forms */
    TABLEAU = 1 << 18,  /* and in a tableau */
    LOST_REGIONS = 1000 /* with real solutions only, until the search gives up */
};

typedef enum outcome {
    STOPPED = 0,
    DEAD, /* no solution */
    LOST, /* solutions, but no witness was found */
    FOUND
} outcome;

typedef enum side { OPEN = 0, INACTIVE, ACTIVE } side;

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
    const vouch_case *which;
    vouch_simplex *simplex;
    side *side;   /* [neurons] */
    bool *blamed; /* [neurons + 1][neurons + 1]: per depth, the splits a contradiction needs */
    mpq_t *point; /* [columns] */
    double *candidate;
    int lost;
    vouch_status status;
} search;

/* ---- variables of the tableau ------------------------------------------------------------ */

static int h_of(const search *s, int k) { return s->form->input_count + 1 + k; }
static int s_of(const search *s, int k) { return s->form->columns + k; }
static int triangle_of(const search *s, int k)
{
    return s->form->columns + s->form->neuron_count + k;
}
static int row_of(const search *s, int i)
{
    return s->form->columns + 2 * s->form->neuron_count + i;
}

static int row_count(const search *s)
{
    return 2 * s->form->neuron_count + s->which->row_count;
}

static bool limit(search *s, int variable, vouch_simplex_side at, double value, int tag)
{
    mpq_t q;

    mpq_init(q);
    mpq_set_d(q, value);
    bool fits = vouch_simplex_limit(s->simplex, variable, at, q, false, tag);
    mpq_clear(q);
    return fits;
}

static bool limit_both(search *s, int variable, double value)
{
    return limit(s, variable, VOUCH_SIMPLEX_LOW, value, 0) &&
           limit(s, variable, VOUCH_SIMPLEX_HIGH, value, 0);
}

/* ---- intervals --------------------------------------------------------------------------- */

/* Outward doubles around z_k, the limits of v being known. */
static void neuron_range(mpq_t *row, int columns, mpq_t *low, mpq_t *high, double *least,
                         double *most)
{
    mpq_t down, up, part;

    mpq_inits(down, up, part, NULL);
    for (int v = 0; v < columns; v++) {
        int sign = mpq_sgn(row[v]);
        if (sign == 0)
            continue;
        mpq_mul(part, row[v], sign > 0 ? low[v] : high[v]);
        mpq_add(down, down, part);
        mpq_mul(part, row[v], sign > 0 ? high[v] : low[v]);
        mpq_add(up, up, part);
    }
    *least = vouch_rational_down(down);
    *most = vouch_rational_up(up);
    mpq_clears(down, up, part, NULL);
}

/* Intervals of all z_k on the case's box; false where they overflow. */
static bool neuron_ranges(search *s, mpq_t *low, mpq_t *high, double *least, double *most)
{
    const vouch_exact_form *f = s->form;
    const vouch_box *box = &s->spec->box[s->which->box];

    for (int d = 0; d < f->input_count; d++) {
        mpq_set(low[d], box->exact_low[d]);
        mpq_set(high[d], box->exact_high[d]);
    }
    mpq_set_si(low[f->input_count], 1, 1);
    mpq_set_si(high[f->input_count], 1, 1);
    for (int k = 0; k < f->neuron_count; k++) {
        neuron_range(vouch_exact_row(f, k), f->columns, low, high, &least[k], &most[k]);
        if (!isfinite(least[k]) || !isfinite(most[k]))
            return false;
        mpq_set_d(low[h_of(s, k)], fmax(least[k], 0));
        mpq_set_d(high[h_of(s, k)], fmax(most[k], 0));
    }
    return true;
}

/* ---- tableau ----------------------------------------------------------------------------- */

static mpq_t *new_rationals(search *s, size_t count)
{
    mpq_t *q = VOUCH_NEW_ARRAY(s->arena, mpq_t, count);

    if (!q)
        s->status = VOUCH_ERR_MEMORY;
    for (size_t i = 0; q && i < count; i++)
        mpq_init(q[i]);
    return q;
}

static void clear_rationals(mpq_t *q, size_t count)
{
    for (size_t i = 0; q && i < count; i++)
        mpq_clear(q[i]);
}

/* to += factor * from, over all columns */
static void add_row(const search *s, mpq_t *to, mpq_srcptr factor, mpq_t *from)
{
    mpq_t part;

    mpq_init(part);
    for (int v = 0; v < s->form->columns; v++)
        if (mpq_sgn(from[v])) {
            mpq_mul(part, factor, from[v]);
            mpq_add(to[v], to[v], part);
        }
    mpq_clear(part);
}

/* The rows s_k = h_k - z_k and, where the sign is open, -l h_k + u s_k. */
static void put_neuron(const search *s, int k, double least, double most, mpq_t *tableau)
{
    const vouch_exact_form *f = s->form;
    size_t width = (size_t)f->columns;
    mpq_t *link = tableau + (size_t)k * width;
    mpq_t *triangle = tableau + (size_t)(f->neuron_count + k) * width;
    mpq_t factor;

    mpq_init(factor);
    mpq_set_si(factor, -1, 1);
    add_row(s, link, factor, vouch_exact_row(f, k));
    mpq_set_si(factor, 1, 1);
    mpq_add(link[h_of(s, k)], link[h_of(s, k)], factor);
    if (least < 0 && most > 0) {
        mpq_set_d(factor, most);
        add_row(s, triangle, factor, link);
        mpq_set_d(factor, least);
        mpq_sub(triangle[h_of(s, k)], triangle[h_of(s, k)], factor);
    }
    mpq_clear(factor);
}

static void put_property_row(const search *s, const vouch_row *row, mpq_t *to)
{
    const vouch_exact_form *f = s->form;

    for (int t = 0; t < row->term_count; t++) {
        const vouch_term *term = &row->term[t];
        int index = (int)term->index;
        if (term->is_output)
            add_row(s, to, term->exact, vouch_exact_row(f, f->neuron_count + index));
        else
            mpq_add(to[index], to[index], term->exact);
    }
}

/* Limits that hold for the whole case; false: already these contradict each other. */
static bool limit_neuron(search *s, int k, double least, double most)
{
    mpq_t bound, part;
    bool fits = limit(s, h_of(s, k), VOUCH_SIMPLEX_LOW, 0, 0) &&
                limit(s, s_of(s, k), VOUCH_SIMPLEX_LOW, 0, 0) &&
                limit(s, h_of(s, k), VOUCH_SIMPLEX_HIGH, fmax(most, 0), 0) &&
                limit(s, s_of(s, k), VOUCH_SIMPLEX_HIGH, fmax(-least, 0), 0);

    s->side[k] = most <= 0 ? INACTIVE : least >= 0 ? ACTIVE : OPEN;
    if (s->side[k] != OPEN)
        return fits;
    mpq_inits(bound, part, NULL);
    mpq_set_d(bound, -least);
    mpq_set_d(part, most);
    mpq_mul(bound, bound, part);
    fits = fits && vouch_simplex_limit(s->simplex, triangle_of(s, k), VOUCH_SIMPLEX_HIGH, bound,
                                       false, 0);
    mpq_clears(bound, part, NULL);
    return fits;
}

static bool limit_case(search *s, const double *least, const double *most)
{
    const vouch_box *box = &s->spec->box[s->which->box];
    int n = s->form->input_count;
    mpq_t one;

    mpq_init(one);
    mpq_set_si(one, 1, 1);
    bool fits = vouch_simplex_limit(s->simplex, n, VOUCH_SIMPLEX_LOW, one, false, 0) &&
                vouch_simplex_limit(s->simplex, n, VOUCH_SIMPLEX_HIGH, one, false, 0);
    mpq_clear(one);
    for (int d = 0; d < n && fits; d++)
        fits = vouch_simplex_limit(s->simplex, d, VOUCH_SIMPLEX_LOW, box->exact_low[d], false,
                                   0) &&
               vouch_simplex_limit(s->simplex, d, VOUCH_SIMPLEX_HIGH, box->exact_high[d], false,
                                   0);
    for (int k = 0; k < s->form->neuron_count && fits; k++)
        fits = limit_neuron(s, k, least[k], most[k]);
    for (int i = 0; i < s->which->row_count && fits; i++)
        fits = vouch_simplex_limit(s->simplex, row_of(s, i), VOUCH_SIMPLEX_HIGH,
                                   s->which->row[i].exact_bound, s->which->row[i].strict, 0);
    return fits;
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
    const vouch_box *box = &s->spec->box[s->which->box];
    double number[2];

    vouch_simplex_point(s->simplex, d + 1, s->point);
    s->candidate[d] = vouch_rational_nearest(s->point[d]);
    if (mpq_equal(box->exact_low[d], box->exact_high[d]))
        return FOUND;
    int count = neighbours(s, d, s->point[d], number);
    for (int i = 0; i < count; i++) {
        size_t mark = vouch_simplex_mark(s->simplex);
        s->candidate[d] = number[i];
        if (isfinite(number[i]) && limit_both(s, d, number[i])) {
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
        if (s->side[k] == OPEN) {
            bool active = vouch_simplex_sign(s->simplex, h_of(s, k)) > 0;
            limit(s, active ? s_of(s, k) : h_of(s, k), VOUCH_SIMPLEX_HIGH, 0, 0);
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
        if (s->side[k] != OPEN || vouch_simplex_sign(s->simplex, h_of(s, k)) <= 0 ||
            vouch_simplex_sign(s->simplex, s_of(s, k)) <= 0)
            continue;
        double gap = fmin(vouch_simplex_near(s->simplex, h_of(s, k)),
                          vouch_simplex_near(s->simplex, s_of(s, k)));
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
        if (s->side[k] == OPEN)
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
static outcome try_side(search *s, int depth, int k, side which)
{
    size_t mark = vouch_simplex_mark(s->simplex);
    int variable = which == ACTIVE ? s_of(s, k) : h_of(s, k);

    s->side[k] = which;
    outcome result = limit(s, variable, VOUCH_SIMPLEX_HIGH, 0, depth + 1)
                         ? descend(s, depth + 1)
                         : die(s, depth + 1);
    s->side[k] = OPEN;
    vouch_simplex_undo(s->simplex, mark);
    return result;
}

static outcome split(search *s, int depth, int k)
{
    bool active =
        vouch_simplex_near(s->simplex, h_of(s, k)) > vouch_simplex_near(s->simplex, s_of(s, k));
    size_t size = (size_t)s->form->neuron_count + 1;
    bool *here = blamed_at(s, depth), *below = blamed_at(s, depth + 1);
    bool lost = false;

    s->out->splits++;
    memset(here, 0, size * sizeof *here);
    for (int i = 0; i < 2; i++) {
        outcome result = try_side(s, depth, k, (i == 0) == active ? ACTIVE : INACTIVE);
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

static outcome search_tableau(search *s, const double *least, const double *most)
{
    size_t cells = (size_t)row_count(s) * (size_t)s->form->columns;
    mpq_t *tableau = new_rationals(s, cells);
    outcome result = STOPPED;

    if (!tableau)
        return STOPPED;
    for (int k = 0; k < s->form->neuron_count; k++)
        put_neuron(s, k, least[k], most[k], tableau);
    for (int i = 0; i < s->which->row_count; i++)
        put_property_row(s, &s->which->row[i],
                         tableau + (size_t)(2 * s->form->neuron_count + i) *
                                       (size_t)s->form->columns);
    s->simplex = vouch_simplex_new(s->ctx, s->form->columns, row_count(s), tableau,
                                   s->form->neuron_count + 1);
    clear_rationals(tableau, cells);
    if (!s->simplex)
        s->status = VOUCH_ERR_MEMORY;
    else
        result = limit_case(s, least, most) ? descend(s, 0) : DEAD;
    vouch_simplex_free(s->simplex);
    return result;
}

static outcome search_case(search *s, int which)
{
    vouch_arena_mark mark = vouch_arena_get_mark(s->arena);
    size_t neurons = (size_t)s->form->neuron_count, columns = (size_t)s->form->columns;
    double *least = VOUCH_NEW_ARRAY(s->arena, double, neurons);
    double *most = VOUCH_NEW_ARRAY(s->arena, double, neurons);
    mpq_t *low = new_rationals(s, columns), *high = new_rationals(s, columns);
    outcome result = STOPPED;

    s->which = &s->spec->cases[which];
    s->point = new_rationals(s, columns);
    s->candidate = VOUCH_NEW_ARRAY(s->arena, double, columns);
    s->side = VOUCH_NEW_ARRAY(s->arena, side, neurons);
    s->blamed = VOUCH_NEW_ARRAY(s->arena, bool, (neurons + 2) * (neurons + 1));
    if (!least || !most || !s->candidate || !s->side || !s->blamed)
        s->status = VOUCH_ERR_MEMORY;
    else if (s->spec->box[s->which->box].empty)
        result = DEAD;
    else if (!s->status && (int64_t)row_count(s) * s->form->columns > TABLEAU)
        s->out->reason = "exact search: the network and the property are too large for it";
    else if (!s->status && !neuron_ranges(s, low, high, least, most))
        s->out->reason = "exact search: numbers beyond double precision";
    else if (!s->status)
        result = search_tableau(s, least, most);
    clear_rationals(low, columns);
    clear_rationals(high, columns);
    clear_rationals(s->point, columns);
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
