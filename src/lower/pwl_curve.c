/* Lowering curves: which neurons stay, and the form of the curve's values.
 *
 *     f(x) = p_0(x) + sum_b (s_{b+1} - s_b) max(0, x - t_b)
 *
 * On the box, max(0, x - t_b) may be zero (inactive) or x - t_b (active) for all x: then the
 * scalar's own form takes the place of a variable. Only what is neither becomes a neuron.
 *
 * What is stable but for rounding (a difference of two equal values is 0 +- 1e-16) is folded as
 * well: with z in [l, u], max(0, z) differs from 0 by at most u and from z by at most -l, which
 * is charged to the value's error.
 *
 * Scalars of a node with the same row share a neuron, and opposite ones too, by max(0, -z) =
 * max(0, z) - z. So what encodes the identity, |d| or min(a, b) by several ReLUs becomes one
 * neuron or none, and its relaxation exact. The rows being equal as computed, the scalars differ
 * by no more than both their errors.
 */
#include <math.h>
#include <string.h>

#include "lower/pwl_priv.h"
#include "num/round.h"

/* Times its rounding, to which a neuron is as good as stable. */
enum { NEGLIGIBLE = 16 };

enum { MAX_PIECES = 5, INACTIVE = -1, ACTIVE = -2 }; /* else: the variable */

/* Open addressing over the scalars that became neurons; equal and opposite rows meet. */
typedef struct twins {
    size_t mask;
    int64_t *slot; /* scalar + 1, 0 = free */
} twins;

/* One breakpoint of a curve. */
typedef struct bend {
    double at, change; /* of the slope */
    int *place;        /* [count] */
    bool *mirrored;    /* [count]: the variable is that of -z, to which z is to be added */
    twins twins;
    double *missed; /* [count]: how far max(0, x - at) may be from what stands for it */
} bend;

static vouch_status add_neuron(vouch_lowering *lo, const vouch_form *f,
                               const vouch_enclosure *e, int64_t i, double at,
                               const double ends[2])
{
    const int var = lo->inputs + 1 + lo->neurons;
    vouch_neuron *n = &lo->neuron[lo->neurons++];
    n->columns = f->columns;
    n->identity = lo->seen + (int)i;
    n->row = VOUCH_NEW_ARRAY(lo->arena, double, f->columns);
    if (!n->row)
        return VOUCH_ERR_MEMORY;
    for (int v = 0; v < f->columns; v++)
        n->row[v] = f->m[v * f->count + i];
    n->row[lo->inputs] -= at;
    n->size = vouch_up((e->size[i] + fabs(at)) * (1 + 4 * VOUCH_U64));
    n->radius = f->err[i];
    if (at != 0)
        n->radius = vouch_up(n->radius + 4 * VOUCH_U64 * (fabs(n->row[lo->inputs]) + fabs(at)));
    lo->var_low[var] = 0;
    lo->var_high[var] = lo->magnitude[var] = ends[1];
    return vouch_pwl_relax(lo, e, f->count, i, at, ends, n);
}

/* ---- equal and opposite rows -------------------------------------------------------- */

static vouch_status twins_new(vouch_lowering *lo, int64_t count, twins *t)
{
    size_t size = 16;
    while (size < 2 * (size_t)count)
        size *= 2;
    t->mask = size - 1;
    t->slot = VOUCH_NEW_ARRAY(lo->scratch, int64_t, size);
    return t->slot ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static uint64_t hash_row(const vouch_form *f, int64_t i)
{
    uint64_t hash = 14695981039346656037U, bits;
    for (int v = 0; v < f->columns; v++) {
        const double size = fabs(f->m[v * f->count + i]); /* zeros have no sign here either */
        memcpy(&bits, &size, sizeof bits);
        hash = (hash ^ bits) * 1099511628211U;
        hash ^= hash >> 29;
    }
    return hash;
}

/* 1: equal, -1: opposite, 0: neither. */
static int compare_rows(const vouch_form *f, int64_t i, int64_t j)
{
    bool equal = true, opposite = true;
    for (int v = 0; v < f->columns && (equal || opposite); v++) {
        const double a = f->m[v * f->count + i], b = f->m[v * f->count + j];
        equal &= a == b;
        opposite &= a == -b;
    }
    return equal ? 1 : opposite ? -1 : 0;
}

/* A neuron's scalar with the same or the opposite row (*sign); else -1, and i is entered. */
static int64_t find_twin(const twins *t, const vouch_form *f, int64_t i, int *sign)
{
    size_t at = (size_t)hash_row(f, i) & t->mask;
    for (; t->slot[at]; at = (at + 1) & t->mask) {
        *sign = compare_rows(f, i, t->slot[at] - 1);
        if (*sign)
            return t->slot[at] - 1;
    }
    t->slot[at] = i + 1;
    return -1;
}

/* ---- placing ------------------------------------------------------------------------ */

static vouch_status place_unstable(vouch_lowering *lo, const vouch_form *f,
                                   const vouch_enclosure *e, bend *b, int64_t i,
                                   const double ends[2])
{
    int sign;
    const int64_t twin = find_twin(&b->twins, f, i, &sign);
    if (twin >= 0 && (sign > 0 || b->at == 0)) {
        b->place[i] = b->place[twin];
        b->mirrored[i] = sign < 0;
        b->missed[i] = vouch_up(vouch_up(f->err[i] + f->err[twin]) + f->err[twin]);
        return VOUCH_OK;
    }
    if (lo->inputs + 1 + lo->neurons == lo->capacity) {
        lo->too_large = true;
        return VOUCH_OK;
    }
    b->place[i] = lo->inputs + 1 + lo->neurons;
    return add_neuron(lo, f, e, i, b->at, ends);
}

/* Folds the scalar if it is stable, or nearly. */
static bool place_stable(const vouch_enclosure *e, bend *b, int64_t i, const double ends[2])
{
    const double nothing = NEGLIGIBLE * e->rounding[i];
    const bool inactive = ends[1] <= nothing;
    const double missed = fmax(inactive ? ends[1] : -ends[0], 0);
    if (missed > nothing)
        return false;
    b->place[i] = inactive ? INACTIVE : ACTIVE;
    b->missed[i] = missed;
    return true;
}

/* Decides every scalar at one breakpoint, and makes the neurons. */
static vouch_status place_neurons(vouch_lowering *lo, const vouch_form *f,
                                  const vouch_enclosure *e, bend *b)
{
    const bool shifted = b->at != 0;
    b->place = VOUCH_NEW_ARRAY(lo->scratch, int, f->count);
    b->mirrored = VOUCH_NEW_ARRAY(lo->scratch, bool, f->count);
    b->missed = VOUCH_NEW_ARRAY(lo->scratch, double, f->count);
    if (!b->place || !b->mirrored || !b->missed)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(twins_new(lo, f->count, &b->twins));
    for (int64_t i = 0; i < f->count && !lo->too_large; i++) {
        const double ends[2] = {shifted ? vouch_down(e->low[i] - b->at) : e->low[i],
                                shifted ? vouch_up(e->high[i] - b->at) : e->high[i]};
        if (!isfinite(ends[0]) || !isfinite(ends[1]) || !isfinite(e->rounding[i]))
            lo->too_large = true; /* for numbers that a form can have */
        else if (!place_stable(e, b, i, ends))
            VOUCH_TRY(place_unstable(lo, f, e, b, i, ends));
    }
    lo->seen += (int)f->count;
    return VOUCH_OK;
}

/* ---- the form ----------------------------------------------------------------------- */

/* p_0 of the curve applied to every column of f, with its rounding and that of at most four
 * sums with the parts to come. */
static void first_piece(const vouch_lowering *lo, const vouch_form *f, const double *size,
                        vouch_line p, vouch_form *to)
{
    if (p.slope == 0 && p.offset == 0)
        return;
    const double lost = vouch_pwl_underflow(lo, f->columns, 2);
    for (int64_t c = 0; c < f->columns * f->count; c++)
        to->m[c] = p.slope * f->m[c];
    for (int64_t i = 0; i < f->count; i++) {
        to->m[lo->inputs * f->count + i] += p.offset;
        to->err[i] =
            vouch_up(fabs(p.slope) * f->err[i] * (1 + 4 * VOUCH_U64) +
                     8 * VOUCH_U64 * (fabs(p.slope) * size[i] + fabs(p.offset)) + lost);
    }
}

/* The rounding that one breakpoint's part adds to scalar i: of the change, the products, and of
 * sums with other parts. The first part of a sum that starts
 * from nothing is exact where the change is 1 and nothing is shifted. */
static double bend_error(const vouch_lowering *lo, const vouch_form *f, const double *size,
                         const bend *b, int64_t i, bool exact)
{
    const double change = fabs(b->change), missed = change * b->missed[i],
                 up = 1 + 8 * VOUCH_U64;
    if (b->place[i] == INACTIVE)
        return missed * up;
    const double taken = b->place[i] == ACTIVE || exact
                             ? 0
                             : 2 * VOUCH_U64 * change * lo->magnitude[b->place[i]];
    if (b->place[i] != ACTIVE && !b->mirrored[i])
        return (missed + taken) * up;
    if (exact)
        return (f->err[i] + missed) * up;
    return (missed + taken + change * (f->err[i] + 8 * VOUCH_U64 * (size[i] + fabs(b->at)))) *
               up +
           vouch_pwl_underflow(lo, f->columns, 4);
}

/* Adds  change * max(0, x - at)  to the curve's values. `exact`: see bend_error. */
static void add_bend(const vouch_lowering *lo, const vouch_form *f, const double *size,
                     const bend *b, bool exact, vouch_form *to)
{
    const int64_t count = f->count;
    for (int v = 0; v < f->columns; v++)
        for (int64_t i = 0; i < count; i++)
            if (b->place[i] == ACTIVE || b->mirrored[i])
                to->m[v * count + i] += b->change * f->m[v * count + i];
    for (int64_t i = 0; i < count; i++) {
        if (b->place[i] == ACTIVE)
            to->m[lo->inputs * count + i] -= b->change * b->at;
        else if (b->place[i] != INACTIVE)
            to->m[b->place[i] * count + i] = b->change;
        const double more = bend_error(lo, f, size, b, i, exact);
        if (more > 0)
            to->err[i] = vouch_up(to->err[i] + more);
    }
}

vouch_status vouch_pwl_lower_curve(vouch_lowering *lo, const vouch_node *node)
{
    const vouch_form *f = &lo->value[node->input[0]];
    vouch_form *to = &lo->value[node->output[0]];
    double breakpoint[4];
    vouch_line piece[MAX_PIECES];
    bend bends[4];
    vouch_enclosure e;
    const int breaks = node->op->pieces(lo->graph, node, breakpoint, piece);
    VOUCH_TRY(vouch_pwl_enclose(lo, f, &e));
    const int before = lo->neurons;
    for (int b = 0; b < breaks && !lo->too_large; b++) {
        bends[b] = (bend){.at = breakpoint[b], .change = piece[b + 1].slope - piece[b].slope};
        VOUCH_TRY(place_neurons(lo, f, &e, &bends[b]));
    }
    if (!lo->too_large)
        VOUCH_TRY(vouch_pwl_new_form(lo, node->output[0], to));
    if (lo->too_large)
        return VOUCH_OK;
    first_piece(lo, f, e.size, piece[0], to);
    const bool alone = breaks == 1 && piece[0].slope == 0 && piece[0].offset == 0;
    for (int b = 0; b < breaks; b++)
        add_bend(lo, f, e.size, &bends[b], alone && bends[b].change == 1 && bends[b].at == 0,
                 to);
    if (lo->neurons > before)
        lo->layer_start[++lo->layers] = lo->neurons;
    return VOUCH_OK;
}
