/* One case on its box as limits of rational linear arithmetic (exact_tableau.h). */
#include "verify/exact_tableau.h"

#include <math.h>

#include "spec/rational.h"

enum { LARGEST = 1 << 18 }; /* rationals in a tableau */

/* Rows of the tableau, beside vouch_exact_s: the triangles, then the case's rows. */
static int triangle_of(const vouch_exact_form *f, int k)
{
    return f->columns + f->neuron_count + k;
}
static int row_of(const vouch_exact_form *f, int i)
{
    return f->columns + 2 * f->neuron_count + i;
}

static size_t row_count(const vouch_exact_case *c)
{
    return 2 * (size_t)c->form->neuron_count + (size_t)c->which->row_count;
}

bool vouch_exact_limit(vouch_simplex *simplex, int variable, vouch_simplex_side at,
                       double value, int tag)
{
    mpq_t q;

    mpq_init(q);
    mpq_set_d(q, value);
    bool fits = vouch_simplex_limit(simplex, variable, at, q, false, tag);
    mpq_clear(q);
    return fits;
}

/* A limit that always holds. */
static bool limit(const vouch_exact_case *c, int variable, vouch_simplex_side at, double value)
{
    return vouch_exact_limit(c->simplex, variable, at, value, 0);
}

/* ---- intervals --------------------------------------------------------------------------- */

/* The least number >= x of few binary digits: every digit of an interval's end goes into the
 * triangles, and from there into all rationals. */
static double short_up(double x)
{
    enum { DIGITS = 8 };
    int exponent;
    double fraction = frexp(x, &exponent);

    return ldexp(ceil(ldexp(fraction, DIGITS)), exponent - DIGITS);
}

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
    *least = -short_up(-vouch_rational_down(down));
    *most = short_up(vouch_rational_up(up));
    mpq_clears(down, up, part, NULL);
}

/* Intervals of all z_k on the case's box; false where they overflow. */
static bool neuron_ranges(const vouch_exact_case *c, mpq_t *low, mpq_t *high, double *least,
                          double *most)
{
    const vouch_exact_form *f = c->form;

    for (int d = 0; d < f->input_count; d++) {
        mpq_set(low[d], c->box->exact_low[d]);
        mpq_set(high[d], c->box->exact_high[d]);
    }
    mpq_set_si(low[f->input_count], 1, 1);
    mpq_set_si(high[f->input_count], 1, 1);
    for (int k = 0; k < f->neuron_count; k++) {
        neuron_range(vouch_exact_row(f, k), f->columns, low, high, &least[k], &most[k]);
        if (!isfinite(least[k]) || !isfinite(most[k]))
            return false;
        mpq_set_d(low[vouch_exact_h(c->form, k)], fmax(least[k], 0));
        mpq_set_d(high[vouch_exact_h(c->form, k)], fmax(most[k], 0));
    }
    return true;
}

/* ---- tableau ----------------------------------------------------------------------------- */

static mpq_t *new_rationals(vouch_exact_case *c, size_t count)
{
    mpq_t *q = VOUCH_NEW_ARRAY(c->arena, mpq_t, count);

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
static void add_row(const vouch_exact_case *c, mpq_t *to, mpq_srcptr factor, mpq_t *from)
{
    mpq_t part;

    mpq_init(part);
    for (int v = 0; v < c->form->columns; v++)
        if (mpq_sgn(from[v])) {
            mpq_mul(part, factor, from[v]);
            mpq_add(to[v], to[v], part);
        }
    mpq_clear(part);
}

/* The rows s_k = h_k - z_k and, where the sign is open, -l h_k + u s_k. */
static void put_neuron(const vouch_exact_case *c, int k, double least, double most,
                       mpq_t *tableau)
{
    const vouch_exact_form *f = c->form;
    size_t width = (size_t)f->columns;
    mpq_t *link = tableau + (size_t)k * width;
    mpq_t *triangle = tableau + (size_t)(f->neuron_count + k) * width;
    mpq_t factor;

    mpq_init(factor);
    mpq_set_si(factor, -1, 1);
    add_row(c, link, factor, vouch_exact_row(f, k));
    mpq_set_si(factor, 1, 1);
    mpq_add(link[vouch_exact_h(c->form, k)], link[vouch_exact_h(c->form, k)], factor);
    if (least < 0 && most > 0) {
        mpq_set_d(factor, most);
        add_row(c, triangle, factor, link);
        mpq_set_d(factor, least);
        mpq_sub(triangle[vouch_exact_h(c->form, k)], triangle[vouch_exact_h(c->form, k)],
                factor);
    }
    mpq_clear(factor);
}

static void put_property_row(const vouch_exact_case *c, const vouch_row *row, mpq_t *to)
{
    const vouch_exact_form *f = c->form;

    for (int t = 0; t < row->term_count; t++) {
        const vouch_term *term = &row->term[t];
        int index = (int)term->index;
        if (term->is_output)
            add_row(c, to, term->exact, vouch_exact_row(f, f->neuron_count + index));
        else
            mpq_add(to[index], to[index], term->exact);
    }
}

/* Limits that hold for the whole case; false: already these contradict each other. */
static bool limit_neuron(vouch_exact_case *c, int k, double least, double most)
{
    mpq_t bound, part;
    bool fits = limit(c, vouch_exact_h(c->form, k), VOUCH_SIMPLEX_LOW, 0) &&
                limit(c, vouch_exact_s(c->form, k), VOUCH_SIMPLEX_LOW, 0) &&
                limit(c, vouch_exact_h(c->form, k), VOUCH_SIMPLEX_HIGH, fmax(most, 0)) &&
                limit(c, vouch_exact_s(c->form, k), VOUCH_SIMPLEX_HIGH, fmax(-least, 0));

    c->side[k] = most <= 0    ? VOUCH_EXACT_INACTIVE
                 : least >= 0 ? VOUCH_EXACT_ACTIVE
                              : VOUCH_EXACT_OPEN;
    if (c->side[k] != VOUCH_EXACT_OPEN)
        return fits;
    mpq_inits(bound, part, NULL);
    mpq_set_d(bound, -least);
    mpq_set_d(part, most);
    mpq_mul(bound, bound, part);
    fits = fits && vouch_simplex_limit(c->simplex, triangle_of(c->form, k), VOUCH_SIMPLEX_HIGH,
                                       bound, false, 0);
    mpq_clears(bound, part, NULL);
    return fits;
}

static bool limit_case(vouch_exact_case *c, const double *least, const double *most)
{
    int n = c->form->input_count;
    mpq_t one;

    mpq_init(one);
    mpq_set_si(one, 1, 1);
    bool fits = vouch_simplex_limit(c->simplex, n, VOUCH_SIMPLEX_LOW, one, false, 0) &&
                vouch_simplex_limit(c->simplex, n, VOUCH_SIMPLEX_HIGH, one, false, 0);
    mpq_clear(one);
    for (int d = 0; d < n && fits; d++)
        fits = vouch_simplex_limit(c->simplex, d, VOUCH_SIMPLEX_LOW, c->box->exact_low[d],
                                   false, 0) &&
               vouch_simplex_limit(c->simplex, d, VOUCH_SIMPLEX_HIGH, c->box->exact_high[d],
                                   false, 0);
    for (int k = 0; k < c->form->neuron_count && fits; k++)
        fits = limit_neuron(c, k, least[k], most[k]);
    for (int i = 0; i < c->which->row_count && fits; i++)
        fits = vouch_simplex_limit(c->simplex, row_of(c->form, i), VOUCH_SIMPLEX_HIGH,
                                   c->which->row[i].exact_bound, c->which->row[i].strict, 0);
    return fits;
}

/* ---- the whole --------------------------------------------------------------------------- */

static vouch_status build(vouch_exact_case *c, const double *least, const double *most)
{
    size_t width = (size_t)c->form->columns, cells = row_count(c) * width;
    int neurons = c->form->neuron_count;
    mpq_t *tableau = new_rationals(c, cells);

    if (!tableau)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < neurons; k++)
        put_neuron(c, k, least[k], most[k], tableau);
    for (int i = 0; i < c->which->row_count; i++)
        put_property_row(c, &c->which->row[i], tableau + (size_t)(2 * neurons + i) * width);
    c->simplex =
        vouch_simplex_new(c->ctx, c->form->columns, (int)row_count(c), tableau, neurons + 1);
    clear_rationals(tableau, cells);
    if (!c->simplex)
        return VOUCH_ERR_MEMORY;
    c->possible = limit_case(c, least, most);
    return VOUCH_OK;
}

vouch_status vouch_exact_case_open(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_exact_form *form, const vouch_spec *spec,
                                   int which, vouch_exact_case *c)
{
    size_t neurons = (size_t)form->neuron_count, columns = (size_t)form->columns;
    double *least = VOUCH_NEW_ARRAY(arena, double, neurons);
    double *most = VOUCH_NEW_ARRAY(arena, double, neurons);
    vouch_status status = VOUCH_ERR_MEMORY;

    *c = (vouch_exact_case){.ctx = ctx, .arena = arena, .form = form};
    c->which = &spec->cases[which];
    c->box = &spec->box[c->which->box];
    c->side = VOUCH_NEW_ARRAY(arena, vouch_exact_side, neurons);
    mpq_t *low = new_rationals(c, columns), *high = new_rationals(c, columns);
    if (least && most && c->side && low && high) {
        status = VOUCH_OK;
        if (row_count(c) * columns > LARGEST)
            c->reason = "exact search: the network and the property are too large for it";
        else if (!neuron_ranges(c, low, high, least, most))
            c->reason = "exact search: numbers beyond double precision";
        else
            status = build(c, least, most);
    }
    clear_rationals(low, columns);
    clear_rationals(high, columns);
    return status;
}
