/* Lowering curves: which neurons stay, and the form of the curve's values.
 *
 *     f(x) = p_0(x) + sum_b (s_{b+1} - s_b) max(0, x - t_b)
 *
 * On the box, max(0, x - t_b) may be zero (inactive) or x - t_b (active) for all x: then the
 * scalar's own form takes the place of a variable. Only what is neither becomes a neuron.
 */
#include <math.h>
#include <string.h>

#include "lower/pwl_priv.h"
#include "num/round.h"

enum { MAX_PIECES = 5, INACTIVE = -1, ACTIVE = -2 }; /* else: the variable */

/* One breakpoint of a curve. */
typedef struct bend {
    double at, change; /* of the slope */
    int *place;        /* [count] */
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

/* Decides every scalar at one breakpoint, and makes the neurons. */
static vouch_status place_neurons(vouch_lowering *lo, const vouch_form *f,
                                  const vouch_enclosure *e, bend *b)
{
    b->place = VOUCH_NEW_ARRAY(lo->scratch, int, f->count);
    if (!b->place)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < f->count; i++) {
        const bool shifted = b->at != 0;
        const double ends[2] = {shifted ? vouch_down(e->low[i] - b->at) : e->low[i],
                                shifted ? vouch_up(e->high[i] - b->at) : e->high[i]};
        b->place[i] = ends[1] <= 0 ? INACTIVE : ACTIVE;
        if (ends[1] <= 0 || ends[0] >= 0)
            continue;
        if (lo->inputs + 1 + lo->neurons == lo->capacity) {
            lo->too_large = true;
            return VOUCH_OK;
        }
        b->place[i] = lo->inputs + 1 + lo->neurons;
        VOUCH_TRY(add_neuron(lo, f, e, i, b->at, ends));
    }
    lo->seen += (int)f->count;
    return VOUCH_OK;
}

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
    const double change = fabs(b->change);
    if (b->place[i] == INACTIVE)
        return 0;
    if (b->place[i] != ACTIVE)
        return exact ? 0 : 2 * VOUCH_U64 * change * lo->magnitude[b->place[i]];
    return exact ? f->err[i]
                 : change * (f->err[i] + 8 * VOUCH_U64 * (size[i] + fabs(b->at))) *
                           (1 + 8 * VOUCH_U64) +
                       vouch_pwl_underflow(lo, f->columns, 4);
}

/* Adds  change * max(0, x - at)  to the curve's values. `exact`: see bend_error. */
static void add_bend(const vouch_lowering *lo, const vouch_form *f, const double *size,
                     const bend *b, bool exact, vouch_form *to)
{
    const int64_t count = f->count;
    for (int v = 0; v < f->columns; v++)
        for (int64_t i = 0; i < count; i++)
            if (b->place[i] == ACTIVE)
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
