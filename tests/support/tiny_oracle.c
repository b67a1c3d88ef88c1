/* The oracle of tiny.h: depth-first over the curves' pieces, each partial choice kept only
 * while its linear system over x is solvable. Within a choice every value is affine in x, so
 * that a system is a list of rows  a.x + c <= 0  or  < 0. */
#include "support/tiny.h"

#include <stdlib.h>
#include <string.h>

enum { INPUTS = 3, CELLS = INPUTS + 1 };

typedef struct linear {
    mpq_t a[CELLS]; /* last: constant */
    bool strict;
} linear;

typedef struct system {
    int count, capacity;
    linear *row;
} system_;

static void clear(linear *l)
{
    for (int i = 0; i < CELLS; i++)
        mpq_clear(l->a[i]);
}

static linear *add(system_ *s)
{
    if (s->count == s->capacity) {
        s->capacity = 2 * s->capacity + 16;
        s->row = realloc(s->row, (size_t)s->capacity * sizeof *s->row);
        assert_non_null(s->row);
    }
    linear *l = &s->row[s->count++];
    for (int i = 0; i < CELLS; i++)
        mpq_init(l->a[i]);
    l->strict = false;
    return l;
}

static void shrink(system_ *s, int count)
{
    while (s->count > count)
        clear(&s->row[--s->count]);
}

static void drop(system_ *s)
{
    shrink(s, 0);
    free(s->row);
}

/* ---- elimination ----------------------------------------------------------------------- */

/* to += p's row times |n_d| plus n's row times |p_d|: x_d is gone. */
static void combine(system_ *to, const linear *p, const linear *n, int d)
{
    linear *l = add(to);
    mpq_t part;

    mpq_init(part);
    for (int i = 0; i < CELLS; i++) {
        mpq_mul(l->a[i], p->a[i], n->a[d]);
        mpq_neg(l->a[i], l->a[i]);
        mpq_mul(part, n->a[i], p->a[d]);
        mpq_add(l->a[i], l->a[i], part);
    }
    l->strict = p->strict || n->strict;
    mpq_clear(part);
}

static void copy(system_ *to, const linear *from)
{
    linear *l = add(to);

    for (int i = 0; i < CELLS; i++)
        mpq_set(l->a[i], from->a[i]);
    l->strict = from->strict;
}

static system_ eliminate(const system_ *s, int d)
{
    system_ out = {0};

    for (int i = 0; i < s->count; i++) {
        if (mpq_sgn(s->row[i].a[d]) == 0)
            copy(&out, &s->row[i]);
        for (int j = 0; mpq_sgn(s->row[i].a[d]) > 0 && j < s->count; j++)
            if (mpq_sgn(s->row[j].a[d]) < 0)
                combine(&out, &s->row[i], &s->row[j], d);
    }
    return out;
}

/* A value for x_d, those of all later dimensions being fixed in x: between the limits that the
 * rows give, in the middle where there are two. */
static void choose(const system_ *s, int d, mpq_t *x)
{
    mpq_t low, high, at, part;
    bool has_low = false, has_high = false;

    mpq_inits(low, high, at, part, NULL);
    for (int i = 0; i < s->count; i++) {
        const linear *l = &s->row[i];
        int sign = mpq_sgn(l->a[d]);
        if (sign == 0)
            continue;
        mpq_set(at, l->a[INPUTS]);
        for (int j = 0; j < d; j++) {
            mpq_mul(part, l->a[j], x[j]);
            mpq_add(at, at, part);
        }
        mpq_div(at, at, l->a[d]);
        mpq_neg(at, at);
        if (sign > 0 && (!has_high || mpq_cmp(at, high) < 0))
            mpq_set(high, at);
        if (sign < 0 && (!has_low || mpq_cmp(at, low) > 0))
            mpq_set(low, at);
        has_high |= sign > 0;
        has_low |= sign < 0;
    }
    assert_true(has_low && has_high); /* the box is among the rows */
    mpq_add(x[d], low, high);
    mpq_div_2exp(x[d], x[d], 1);
    mpq_clears(low, high, at, part, NULL);
}

/* Is the system in x_0 .. x_{n-1} solvable? Then x gets a solution. */
static bool solve(const system_ *s, int n, mpq_t *x)
{
    if (n == 0) {
        for (int i = 0; i < s->count; i++) {
            int sign = mpq_sgn(s->row[i].a[INPUTS]);
            if (sign > 0 || (sign == 0 && s->row[i].strict))
                return false;
        }
        return true;
    }
    system_ less = eliminate(s, n - 1);
    bool solvable = solve(&less, n - 1, x);
    drop(&less);
    if (solvable)
        choose(s, n - 1, x);
    return solvable;
}

/* ---- enumeration ----------------------------------------------------------------------- */

typedef struct search {
    const vouch_tiny *net;
    const vouch_case *which;
    system_ rows;
    /* affine forms of the values of the current layer's inputs and of its z */
    mpq_t in[VOUCH_TINY_LAYERS + 1][VOUCH_TINY_WIDTH][CELLS];
    mpq_t z[VOUCH_TINY_LAYERS][VOUCH_TINY_WIDTH][CELLS];
    mpq_t *x;
} search;

/* to = sign (form - at) <= 0 */
static void add_limit(search *s, mpq_t *form, double at, int sign)
{
    linear *l = add(&s->rows);
    mpq_t limit;

    mpq_init(limit);
    mpq_set_d(limit, at);
    for (int i = 0; i < CELLS; i++)
        mpq_set(l->a[i], form[i]);
    mpq_sub(l->a[INPUTS], l->a[INPUTS], limit);
    for (int i = 0; sign < 0 && i < CELLS; i++)
        mpq_neg(l->a[i], l->a[i]);
    mpq_clear(limit);
}

static void layer_forms(search *s, int l)
{
    const vouch_tiny *net = s->net;

    for (int j = 0; j < net->size[l + 1]; j++)
        for (int c = 0; c < CELLS; c++) {
            mpq_set_d(s->z[l][j][c], c == INPUTS ? net->bias[l][j] : 0);
            for (int i = 0; i < net->size[l]; i++)
                vouch_tiny_add(s->z[l][j][c], s->in[l][i][c], net->weight[l][i][j]);
        }
}

static bool solve_rows(search *s)
{
    int before = s->rows.count;
    mpq_t part;

    mpq_init(part);
    for (int r = 0; r < s->which->row_count; r++) {
        const vouch_row *row = &s->which->row[r];
        linear *l = add(&s->rows);
        l->strict = row->strict;
        mpq_neg(l->a[INPUTS], row->exact_bound);
        for (int t = 0; t < row->term_count; t++)
            for (int c = 0; c < CELLS; c++) {
                mpq_t *form = row->term[t].is_output
                                  ? s->z[s->net->layers - 1][row->term[t].index]
                                  : s->in[0][row->term[t].index];
                mpq_mul(part, row->term[t].exact, form[c]);
                mpq_add(l->a[c], l->a[c], part);
            }
    }
    mpq_clear(part);
    bool solvable = solve(&s->rows, s->net->size[0], s->x);
    shrink(&s->rows, before);
    return solvable;
}

static bool descend(search *s, int layer, int neuron);

/* Neuron `neuron` of the layer on piece p. */
static bool take_piece(search *s, int layer, int neuron, int p)
{
    const vouch_tiny_pieces *pieces = &s->net->pieces[layer];
    mpq_t *z = s->z[layer][neuron];
    int before = s->rows.count;

    if (p > 0)
        add_limit(s, z, pieces->at[p - 1], -1);
    if (p + 1 < pieces->count)
        add_limit(s, z, pieces->at[p], 1);
    bool found = solve(&s->rows, s->net->size[0], s->x);
    for (int c = 0; c < CELLS; c++) {
        mpq_set_d(s->in[layer + 1][neuron][c], c == INPUTS ? pieces->offset[p] : 0);
        vouch_tiny_add(s->in[layer + 1][neuron][c], z[c], pieces->slope[p]);
    }
    found = found && descend(s, layer, neuron + 1);
    shrink(&s->rows, before);
    return found;
}

static bool descend(search *s, int layer, int neuron)
{
    if (neuron == 0)
        layer_forms(s, layer);
    if (layer + 1 == s->net->layers)
        return solve_rows(s);
    if (neuron == s->net->size[layer + 1])
        return descend(s, layer + 1, 0);
    for (int p = 0; p < s->net->pieces[layer].count; p++)
        if (take_piece(s, layer, neuron, p))
            return true;
    return false;
}

static void for_all(search *s, bool init)
{
    for (int l = 0; l <= VOUCH_TINY_LAYERS; l++)
        for (int i = 0; i < VOUCH_TINY_WIDTH; i++)
            for (int c = 0; c < CELLS; c++) {
                init ? mpq_init(s->in[l][i][c]) : mpq_clear(s->in[l][i][c]);
                if (l < VOUCH_TINY_LAYERS)
                    init ? mpq_init(s->z[l][i][c]) : mpq_clear(s->z[l][i][c]);
            }
}

bool vouch_tiny_solvable(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *low,
                         mpq_t *high, mpq_t *x)
{
    search *s = calloc(1, sizeof *s);
    mpq_t *point = x ? x : vouch_tiny_rationals(INPUTS);

    assert_non_null(s);
    assert_true(net->size[0] <= INPUTS);
    s->net = net;
    s->which = &spec->cases[k];
    s->x = point;
    for_all(s, true);
    for (int d = 0; d < net->size[0]; d++) {
        mpq_set_si(s->in[0][d][d], 1, 1);
        linear *below = add(&s->rows);
        mpq_set_si(below->a[d], -1, 1);
        mpq_set(below->a[INPUTS], low[d]);
        linear *above = add(&s->rows);
        mpq_set_si(above->a[d], 1, 1);
        mpq_neg(above->a[INPUTS], high[d]);
    }
    bool solvable = solve(&s->rows, net->size[0], point) && descend(s, 0, 0);
    if (solvable)
        assert_true(vouch_tiny_rows_hold(net, spec, k, point));
    drop(&s->rows);
    for_all(s, false);
    free(s);
    if (!x)
        vouch_tiny_rationals_free(point, INPUTS);
    return solvable;
}

bool vouch_tiny_case_solvable(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x)
{
    const vouch_box *box = &spec->box[spec->cases[k].box];
    mpq_t *low = vouch_tiny_rationals(INPUTS), *high = vouch_tiny_rationals(INPUTS);

    for (int d = 0; d < net->size[0]; d++) {
        mpq_set(low[d], box->exact_low[d]);
        mpq_set(high[d], box->exact_high[d]);
    }
    bool solvable = !box->empty && vouch_tiny_solvable(net, spec, k, low, high, x);
    vouch_tiny_rationals_free(low, INPUTS);
    vouch_tiny_rationals_free(high, INPUTS);
    return solvable;
}
