/* Witnesses: what turns a promising point into a proof of `sat`.
 *
 * Problem: a point that violates the property in floating point may not violate it over the
 * reals, and a point just outside the box, or one no tensor can hold, proves nothing.
 * Method, cheapest first:
 *   1. round the point to the input's element type, inside the exact decimal box; a coordinate
 *      whose interval holds no number of the type is taken at a real point (representable.c);
 *   2. evaluate in doubles: a case missed by more than rounding could explain is dropped;
 *   3. evaluate in outward interval arithmetic (every operator's range, enclose.c):
 *      every row must hold for all inputs and outputs in the intervals, decided in rational arithmetic;
 *   4. where the interval is too wide to decide (rows met with equality), evaluate networks of
 *      exact affine and piecewise linear nodes in rationals.
 * Under float32 semantics the float32 evaluation is what the network is: it replaces 3 and 4.
 */
#include "attack/attack_priv.h"

#include <math.h>
#include <string.h>

/* One point under examination. What is expensive is computed at most once. */
typedef struct trial {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    const vouch_spec *spec;
    vouch_semantics semantics;
    vouch_grid grid;
    double *x,
        *y; /* the rounded point; its evaluation in float64, or float32 if that decides */
    double *x_low, *x_high, *y_low, *y_high; /* bounds over the reals */
    bool enclosed;                           /* these are set */
} trial;

double vouch_case_tolerance(vouch_semantics semantics)
{
    return semantics == VOUCH_SEMANTICS_FLOAT32 ? 1e-4 : 1e-9;
}

double vouch_case_violation(const vouch_case *c, const double *x, const double *y, int *worst,
                            double *scale)
{
    double greatest = -(double)INFINITY;

    *worst = 0;
    *scale = 1;
    for (int r = 0; r < c->row_count; r++) {
        double sum = -c->row[r].bound, size = 1 + fabs(sum);
        for (int t = 0; t < c->row[r].term_count; t++) {
            const vouch_term *term = &c->row[r].term[t];
            double part = term->coefficient * (term->is_output ? y : x)[term->index];
            sum += part;
            size += fabs(part);
        }
        if (!(sum <= greatest)) { /* a NaN wins: it is then nobody's witness */
            greatest = sum;
            *worst = r;
            *scale = size;
        }
    }
    return greatest;
}

static bool plausible(const trial *t, const vouch_case *c)
{
    int worst;
    double scale, v = vouch_case_violation(c, t->x, t->y, &worst, &scale);

    return v <= vouch_case_tolerance(t->semantics) * scale;
}

static bool all_finite(const double *v, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

/* Bounds of the outputs at the point, over the reals. */
static vouch_status enclose(trial *t)
{
    vouch_grid_enclose(&t->grid, t->x, t->x_low, t->x_high);
    VOUCH_TRY(vouch_enclose_outputs(t->ctx, t->scratch, t->graph, t->x_low, t->x_high, t->y_low,
                                    t->y_high));
    t->enclosed = true;
    return VOUCH_OK;
}

/* Does some row fail for all outputs in the enclosure? In plain doubles: it only saves the cost
 * of the rational evaluation. */
static bool hopeless(const trial *t, const vouch_case *c)
{
    for (int r = 0; r < c->row_count; r++) {
        double least = -c->row[r].bound;
        for (int i = 0; i < c->row[r].term_count; i++) {
            const vouch_term *term = &c->row[r].term[i];
            const double *x = term->coefficient > 0 ? t->x_low : t->x_high;
            const double *y = term->coefficient > 0 ? t->y_low : t->y_high;
            least += term->coefficient * (term->is_output ? y : x)[term->index];
        }
        if (least > 1e-12 * fabs(c->row[r].bound))
            return true;
    }
    return false;
}

static vouch_status decide_real(trial *t, int k, bool *holds)
{
    int64_t n = t->spec->output_size;
    bool decided;

    if (!t->enclosed)
        VOUCH_TRY(enclose(t));
    *holds = all_finite(t->y_low, n) && all_finite(t->y_high, n) &&
             vouch_spec_rows_hold(t->spec, k, t->x_low, t->x_high, t->y_low, t->y_high);
    if (*holds || hopeless(t, &t->spec->cases[k]))
        return VOUCH_OK;
    return vouch_exact_case_holds(t->ctx, t->scratch, t->graph, &t->grid, &t->spec->cases[k],
                                  t->x, &decided, holds);
}

/* The float32 evaluation is the network: t->y already holds it. */
static bool holds_in_float32(const trial *t, int k)
{
    return all_finite(t->y, t->spec->output_size) &&
           vouch_spec_rows_hold(t->spec, k, t->x, t->x, t->y, t->y);
}

static void keep(const trial *t, int k, vouch_witness *witness)
{
    witness->found = true;
    witness->which_case = k;
    memcpy(witness->input, t->x, (size_t)t->spec->input_size * sizeof(double));
    memcpy(witness->output, t->y, (size_t)t->spec->output_size * sizeof(double));
}

/* Tries the cases first..last-1, which share the box that t->x was rounded into. */
static vouch_status try_cases(trial *t, int first, int last, vouch_witness *witness)
{
    bool in_float32 = t->semantics == VOUCH_SEMANTICS_FLOAT32;

    VOUCH_TRY(
        vouch_op_eval_graph(t->ctx, t->graph, in_float32 ? VOUCH_F32 : VOUCH_F64, t->x, t->y));
    t->enclosed = false;
    for (int k = first; k < last && !witness->found; k++) {
        bool holds = false;
        if (!plausible(t, &t->spec->cases[k]))
            continue;
        if (in_float32)
            holds = holds_in_float32(t, k);
        else
            VOUCH_TRY(decide_real(t, k, &holds));
        if (holds)
            keep(t, k, witness);
    }
    return VOUCH_OK;
}

static vouch_status new_trial(trial *t)
{
    t->x = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->input_size);
    t->y = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->output_size);
    t->x_low = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->input_size);
    t->x_high = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->input_size);
    t->y_low = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->output_size);
    t->y_high = VOUCH_NEW_ARRAY(t->scratch, double, t->spec->output_size);
    if (!t->x || !t->y || !t->x_low || !t->x_high || !t->y_low || !t->y_high)
        return vouch_fail(t->ctx, VOUCH_ERR_MEMORY, "witness: out of memory");
    return VOUCH_OK;
}

static vouch_status check(trial *t, const double *candidate, vouch_witness *witness)
{
    const vouch_spec *spec = t->spec;
    VOUCH_TRY(vouch_grid_new(t->scratch, t->graph, spec, t->semantics, &t->grid));
    VOUCH_TRY(new_trial(t));
    for (int first = 0, last; first < spec->case_count && !witness->found; first = last) {
        int box = spec->cases[first].box;
        for (last = first; last < spec->case_count && spec->cases[last].box == box;)
            last++;
        vouch_grid_set_box(&t->grid, &spec->box[box]);
        if (t->grid.empty)
            continue;
        vouch_grid_round(&t->grid, candidate, t->x);
        if (!vouch_grid_contains(&t->grid, t->x))
            return vouch_fail(t->ctx, VOUCH_ERR_INTERNAL, "witness: rounded out of its box");
        VOUCH_TRY(try_cases(t, first, last, witness));
    }
    return VOUCH_OK;
}

vouch_status vouch_witness_check(vouch_context *ctx, vouch_arena *scratch,
                                 const vouch_graph *graph, const vouch_spec *spec,
                                 vouch_semantics semantics, const double *candidate,
                                 vouch_witness *witness)
{
    trial t = {
        .ctx = ctx, .scratch = scratch, .graph = graph, .spec = spec, .semantics = semantics};
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    vouch_status status;

    witness->found = false;
    status = check(&t, candidate, witness);
    vouch_arena_reset(scratch, mark);
    return status;
}

vouch_status vouch_witness_between(vouch_arena *scratch, const vouch_graph *graph,
                                   const vouch_spec *spec, vouch_semantics semantics,
                                   int which_case, int64_t *count)
{
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    vouch_grid grid;

    *count = 0;
    VOUCH_TRY(vouch_grid_new(scratch, graph, spec, semantics, &grid));
    vouch_grid_set_box(&grid, &spec->box[spec->cases[which_case].box]);
    for (int64_t i = 0; i < grid.size && !grid.empty; i++)
        *count += grid.between[i];
    vouch_arena_reset(scratch, mark);
    return VOUCH_OK;
}
