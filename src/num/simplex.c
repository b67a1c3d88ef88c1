/* The general simplex method in rationals (simplex.h).
 *
 * Invariants: every row's variable (basic) equals its combination of the columns' variables (not
 * basic); every variable of a column lies within its limits. A check repairs one basic variable
 * at a time: moved to its limit, it changes places with a column's variable that can give way.
 * Where none can, row and limits contradict each other, whatever the values [Dutertre, de Moura
 * 2006].
 */
#include "num/simplex.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct pair {
    mpq_t real, small;
} pair;

typedef struct limit {
    bool is_set;
    int tag;
    pair value;
} limit;

/* A limit that was replaced; the trail owns its value. */
typedef struct change {
    int variable;
    vouch_simplex_side side;
    limit old;
} change;

struct vouch_simplex {
    vouch_context *ctx;
    int columns, rows, variables, tags;
    mpq_t *a;                /* [rows][columns] */
    int *at_row, *at_column; /* which variable is where */
    int *place;              /* [variables]: row, or rows + column */
    pair *value;             /* [variables] */
    limit (*limits)[2];      /* [variables] */
    change *trail;
    size_t trail_count, trail_capacity;
    bool *blamed; /* [tags] */
    bool failed;  /* out of memory */
    mpq_t part, ratio;
    pair step;
};

/* ---- pairs ------------------------------------------------------------------------------- */

static void pair_init(pair *p)
{
    mpq_init(p->real);
    mpq_init(p->small);
}

static void pair_clear(pair *p)
{
    mpq_clear(p->real);
    mpq_clear(p->small);
}

static int pair_compare(const pair *a, const pair *b)
{
    int order = mpq_cmp(a->real, b->real);
    return order ? order : mpq_cmp(a->small, b->small);
}

/* to += factor * step */
static void pair_add(vouch_simplex *s, pair *to, mpq_srcptr factor, const pair *step)
{
    mpq_mul(s->part, factor, step->real);
    mpq_add(to->real, to->real, s->part);
    if (mpq_sgn(step->small)) {
        mpq_mul(s->part, factor, step->small);
        mpq_add(to->small, to->small, s->part);
    }
}

/* ---- tableau ----------------------------------------------------------------------------- */

static mpq_t *row_at(const vouch_simplex *s, int row)
{
    return s->a + (size_t)row * (size_t)s->columns;
}

/* < 0: below its lower limit; > 0: above its upper one. */
static int outside(const vouch_simplex *s, int variable)
{
    const limit *low = &s->limits[variable][VOUCH_SIMPLEX_LOW];
    const limit *high = &s->limits[variable][VOUCH_SIMPLEX_HIGH];

    if (low->is_set && pair_compare(&s->value[variable], &low->value) < 0)
        return -1;
    return high->is_set && pair_compare(&s->value[variable], &high->value) > 0;
}

/* Moves the variable of a column by step; the rows follow. */
static void move(vouch_simplex *s, int column, const pair *step)
{
    pair *value = &s->value[s->at_column[column]];

    mpq_add(value->real, value->real, step->real);
    mpq_add(value->small, value->small, step->small);
    for (int r = 0; r < s->rows; r++)
        if (mpq_sgn(row_at(s, r)[column]))
            pair_add(s, &s->value[s->at_row[r]], row_at(s, r)[column], step);
}

/* Row r, solved for the variable of column c. */
static void solve_row(vouch_simplex *s, int r, int c)
{
    mpq_t *row = row_at(s, r);

    mpq_inv(s->ratio, row[c]);
    for (int j = 0; j < s->columns; j++)
        if (j != c && mpq_sgn(row[j])) {
            mpq_mul(row[j], row[j], s->ratio);
            mpq_neg(row[j], row[j]);
        }
    mpq_set(row[c], s->ratio);
}

static void pivot(vouch_simplex *s, int r, int c)
{
    int leaving = s->at_row[r], entering = s->at_column[c];
    mpq_t *from = row_at(s, r);

    solve_row(s, r, c);
    for (int i = 0; i < s->rows; i++) {
        mpq_t *row = row_at(s, i);
        if (i == r || !mpq_sgn(row[c]))
            continue;
        mpq_set(s->ratio, row[c]);
        mpq_set_si(row[c], 0, 1);
        for (int j = 0; j < s->columns; j++)
            if (mpq_sgn(from[j])) {
                mpq_mul(s->part, s->ratio, from[j]);
                mpq_add(row[j], row[j], s->part);
            }
    }
    s->at_row[r] = entering;
    s->at_column[c] = leaving;
    s->place[entering] = r;
    s->place[leaving] = s->rows + c;
}

/* ---- limits ------------------------------------------------------------------------------ */

static bool grow_trail(vouch_simplex *s)
{
    if (s->trail_count < s->trail_capacity)
        return true;
    size_t capacity = 2 * s->trail_capacity + 64;
    change *grown = vouch_resize(s->ctx, s->trail, capacity * sizeof *grown);
    if (!grown) {
        s->failed = true;
        return false;
    }
    s->trail = grown;
    s->trail_capacity = capacity;
    return true;
}

/* Brings the variable of a column back to the limit it is outside of. */
static void bring_inside(vouch_simplex *s, int variable)
{
    int side = outside(s, variable);

    if (side == 0 || s->place[variable] < s->rows)
        return;
    const pair *to = &s->limits[variable][side > 0].value;
    mpq_sub(s->step.real, to->real, s->value[variable].real);
    mpq_sub(s->step.small, to->small, s->value[variable].small);
    move(s, s->place[variable] - s->rows, &s->step);
}

static void blame(vouch_simplex *s, const limit *l) { s->blamed[l->tag] = true; }

bool vouch_simplex_limit(vouch_simplex *s, int variable, vouch_simplex_side side,
                         mpq_srcptr value, bool strict, int tag)
{
    limit *now = &s->limits[variable][side], *other = &s->limits[variable][!side];
    int sign = side == VOUCH_SIMPLEX_LOW ? 1 : -1;
    limit next = {.is_set = true, .tag = tag};
    bool fits = true;

    pair_init(&next.value);
    mpq_set(next.value.real, value);
    mpq_set_si(next.value.small, strict ? sign : 0, 1);
    bool weaker = now->is_set && sign * pair_compare(&next.value, &now->value) <= 0;
    if (!weaker && other->is_set && sign * pair_compare(&next.value, &other->value) > 0) {
        memset(s->blamed, 0, (size_t)s->tags * sizeof *s->blamed);
        blame(s, &next);
        blame(s, other);
        fits = false;
    }
    if (weaker || !fits || !grow_trail(s)) {
        pair_clear(&next.value);
        return fits;
    }
    s->trail[s->trail_count++] = (change){variable, side, *now};
    *now = next;
    bring_inside(s, variable);
    return true;
}

size_t vouch_simplex_mark(const vouch_simplex *s) { return s->trail_count; }

void vouch_simplex_undo(vouch_simplex *s, size_t mark)
{
    while (s->trail_count > mark) {
        const change *c = &s->trail[--s->trail_count];
        limit *l = &s->limits[c->variable][c->side];
        pair_clear(&l->value);
        *l = c->old;
    }
}

/* ---- check ------------------------------------------------------------------------------- */

/* How far a variable is outside its limits, roughly. */
static double distance(const vouch_simplex *s, int variable, int side)
{
    return fabs(mpq_get_d(s->value[variable].real) -
                mpq_get_d(s->limits[variable][side > 0].value.real));
}

/* The row of a variable that is outside its limits: the farthest, or, by Bland's rule, the first
 * in number; -1: none is. */
static int choose_row(const vouch_simplex *s, bool bland)
{
    int best = -1;
    double most = -1;

    for (int r = 0; r < s->rows; r++) {
        int side = outside(s, s->at_row[r]);
        if (side == 0 || (bland && best >= 0 && s->at_row[r] > s->at_row[best]))
            continue;
        double far = bland ? 0 : distance(s, s->at_row[r], side);
        if (!bland && far <= most)
            continue;
        most = far;
        best = r;
    }
    return best;
}

/* May the variable of column c move so that row r moves in the direction (1 or -1)? Which of its
 * limits hinders it goes to *hindrance. */
static bool can_give(const vouch_simplex *s, int r, int c, int direction,
                     const limit **hindrance)
{
    int variable = s->at_column[c];
    bool rises = mpq_sgn(row_at(s, r)[c]) * direction > 0;
    const limit *l = &s->limits[variable][rises ? VOUCH_SIMPLEX_HIGH : VOUCH_SIMPLEX_LOW];

    *hindrance = l;
    return !l->is_set || pair_compare(&s->value[variable], &l->value) != 0;
}

/* The column whose variable gives way: that of the shortest entry, which keeps numbers short, or,
 * by Bland's rule, the first in number; -1: none does. */
static int choose_column(const vouch_simplex *s, int r, int direction, bool bland)
{
    const limit *hindrance;
    int best = -1;
    size_t least = 0;

    for (int c = 0; c < s->columns; c++) {
        mpq_srcptr entry = row_at(s, r)[c];
        if (!mpq_sgn(entry) || !can_give(s, r, c, direction, &hindrance))
            continue;
        size_t size =
            bland ? (size_t)s->at_column[c]
                  : mpz_sizeinbase(mpq_numref(entry), 2) + mpz_sizeinbase(mpq_denref(entry), 2);
        if (best >= 0 && size >= least)
            continue;
        least = size;
        best = c;
    }
    return best;
}

static void explain(vouch_simplex *s, int r, int direction)
{
    const limit *hindrance;

    memset(s->blamed, 0, (size_t)s->tags * sizeof *s->blamed);
    blame(s, &s->limits[s->at_row[r]][direction < 0]);
    for (int c = 0; c < s->columns; c++)
        if (mpq_sgn(row_at(s, r)[c])) {
            can_give(s, r, c, direction, &hindrance);
            blame(s, hindrance);
        }
}

/* Row r's variable goes to its limit, and changes places with column c's. */
static void repair(vouch_simplex *s, int r, int c, int side)
{
    int variable = s->at_row[r];
    const pair *to = &s->limits[variable][side > 0].value;

    mpq_inv(s->ratio, row_at(s, r)[c]);
    mpq_sub(s->step.real, to->real, s->value[variable].real);
    mpq_sub(s->step.small, to->small, s->value[variable].small);
    mpq_mul(s->step.real, s->step.real, s->ratio);
    mpq_mul(s->step.small, s->step.small, s->ratio);
    move(s, c, &s->step);
    pivot(s, r, c);
}

vouch_simplex_answer vouch_simplex_check(vouch_simplex *s)
{
    for (int repairs = 0; !s->failed && !vouch_context_stopped(s->ctx); repairs++) {
        bool bland = repairs > s->rows + s->columns; /* from then on it ends for certain */
        int r = choose_row(s, bland);
        if (r < 0)
            return VOUCH_SIMPLEX_POINT;
        int side = outside(s, s->at_row[r]);
        int c = choose_column(s, r, -side, bland);
        if (c < 0) {
            explain(s, r, -side);
            return VOUCH_SIMPLEX_NONE;
        }
        repair(s, r, c, side);
    }
    return VOUCH_SIMPLEX_STOPPED;
}

bool vouch_simplex_blames(const vouch_simplex *s, int tag) { return s->blamed[tag]; }

/* ---- values ------------------------------------------------------------------------------ */

int vouch_simplex_sign(const vouch_simplex *s, int variable)
{
    int sign = mpq_sgn(s->value[variable].real);
    return sign ? sign : mpq_sgn(s->value[variable].small);
}

double vouch_simplex_near(const vouch_simplex *s, int variable)
{
    return mpq_get_d(s->value[variable].real);
}

/* Lessens epsilon so that low <= high, which holds of the pairs, holds of the numbers. */
static void fit(const pair *low, const pair *high, mpq_ptr epsilon, mpq_ptr a, mpq_ptr b)
{
    mpq_sub(a, high->real, low->real);
    mpq_sub(b, low->small, high->small);
    if (mpq_sgn(a) <= 0 || mpq_sgn(b) <= 0)
        return;
    mpq_div(a, a, b);
    if (mpq_cmp(a, epsilon) < 0)
        mpq_set(epsilon, a);
}

void vouch_simplex_point(const vouch_simplex *s, int count, mpq_t *value)
{
    mpq_t epsilon, a, b;

    mpq_inits(epsilon, a, b, NULL);
    mpq_set_si(epsilon, 1, 1);
    for (int v = 0; v < s->variables; v++) {
        const limit *low = &s->limits[v][VOUCH_SIMPLEX_LOW];
        const limit *high = &s->limits[v][VOUCH_SIMPLEX_HIGH];
        if (low->is_set)
            fit(&low->value, &s->value[v], epsilon, a, b);
        if (high->is_set)
            fit(&s->value[v], &high->value, epsilon, a, b);
    }
    for (int v = 0; v < count; v++) {
        mpq_mul(a, epsilon, s->value[v].small);
        mpq_add(value[v], s->value[v].real, a);
    }
    mpq_clears(epsilon, a, b, NULL);
}

/* ---- making ------------------------------------------------------------------------------ */

static bool make_room(vouch_simplex *s)
{
    size_t cells = (size_t)s->rows * (size_t)s->columns, variables = (size_t)s->variables;

    s->a = vouch_alloc(s->ctx, cells * sizeof *s->a);
    s->at_row = vouch_alloc(s->ctx, (size_t)s->rows * sizeof *s->at_row);
    s->at_column = vouch_alloc(s->ctx, (size_t)s->columns * sizeof *s->at_column);
    s->place = vouch_alloc(s->ctx, variables * sizeof *s->place);
    s->value = vouch_alloc(s->ctx, variables * sizeof *s->value);
    s->limits = vouch_alloc(s->ctx, variables * sizeof *s->limits);
    s->blamed = vouch_alloc(s->ctx, (size_t)s->tags * sizeof *s->blamed);
    for (size_t i = 0; s->a && i < cells; i++)
        mpq_init(s->a[i]);
    for (size_t v = 0; s->value && v < variables; v++)
        pair_init(&s->value[v]);
    return s->a && s->at_row && s->at_column && s->place && s->value && s->limits && s->blamed;
}

vouch_simplex *vouch_simplex_new(vouch_context *ctx, int columns, int rows, mpq_t *a, int tags)
{
    vouch_simplex *s = vouch_alloc(ctx, sizeof *s);

    if (!s)
        return NULL;
    s->ctx = ctx;
    s->columns = columns;
    s->rows = rows;
    s->variables = columns + rows;
    s->tags = tags;
    mpq_inits(s->part, s->ratio, NULL);
    pair_init(&s->step);
    if (!make_room(s)) {
        vouch_simplex_free(s);
        return NULL;
    }
    for (size_t i = 0; i < (size_t)rows * (size_t)columns; i++)
        mpq_set(s->a[i], a[i]);
    for (int v = 0; v < s->variables; v++)
        s->place[v] = v < columns ? rows + v : v - columns;
    for (int c = 0; c < columns; c++)
        s->at_column[c] = c;
    for (int r = 0; r < rows; r++)
        s->at_row[r] = columns + r;
    return s;
}

void vouch_simplex_free(vouch_simplex *s)
{
    if (!s)
        return;
    if (s->limits)
        vouch_simplex_undo(s, 0);
    for (size_t i = 0; s->a && i < (size_t)s->rows * (size_t)s->columns; i++)
        mpq_clear(s->a[i]);
    for (int v = 0; s->value && v < s->variables; v++)
        pair_clear(&s->value[v]);
    void *const blocks[] = {s->a,     s->at_row, s->at_column, s->place,
                            s->value, s->limits, s->blamed,    s->trail};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        vouch_release(s->ctx, blocks[i]);
    mpq_clears(s->part, s->ratio, NULL);
    pair_clear(&s->step);
    vouch_release(s->ctx, s);
}
