/* Reverse mode over a list of numbers (trace.h). Source: Linnainmaa 1970. */
#include "support/trace.h"

#include <math.h>
#include <stdlib.h>

#include "support/support.h"

typedef enum kind { LEAF, DOT, EXP, LOG, POWER, ERFC } kind;

typedef struct entry {
    double value, exponent;
    int64_t from, count; /* DOT: pairs; functions: the argument */
    kind kind;
} entry;

typedef struct pair {
    traced a, b;
} pair;

struct vouch_trace {
    entry *entry;
    pair *pair;
    int64_t entries, entry_room, pairs, pair_room;
    double nearest;
};

static const double root_pi = 1.7724538509055160273;

/* ---- the list -------------------------------------------------------------------------------- */

/* Room for `more` beyond `count` elements. */
static void *grow(void *array, int64_t count, int64_t more, int64_t *room, size_t size)
{
    if (count + more <= *room)
        return array;
    *room = 2 * (count + more);
    array = realloc(array, (size_t)*room * size);
    assert_non_null(array);
    return array;
}

static traced put(vouch_trace *t, entry e)
{
    t->entry = grow(t->entry, t->entries, 1, &t->entry_room, sizeof e);
    t->entry[t->entries] = e;
    return (traced)t->entries++;
}

vouch_trace *vouch_trace_new(void)
{
    vouch_trace *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->nearest = INFINITY;
    (void)trace_number(t, 0);
    (void)trace_number(t, 1);
    return t;
}

void vouch_trace_free(vouch_trace *t)
{
    free(t->entry);
    free(t->pair);
    free(t);
}

double trace_value(const vouch_trace *t, traced a) { return t->entry[a].value; }

double trace_nearest(const vouch_trace *t) { return t->nearest; }

/* ---- making numbers -------------------------------------------------------------------------- */

traced trace_number(vouch_trace *t, double x) { return put(t, (entry){.value = x}); }

traced trace_dot(vouch_trace *t, int64_t count, const traced *a, const traced *b)
{
    entry e = {.kind = DOT, .from = t->pairs, .count = count};
    t->pair = grow(t->pair, t->pairs, count, &t->pair_room, sizeof *t->pair);
    for (int64_t i = 0; i < count; i++) {
        t->pair[t->pairs++] = (pair){a[i], b[i]};
        e.value += t->entry[a[i]].value * t->entry[b[i]].value;
    }
    return put(t, e);
}

traced trace_sum(vouch_trace *t, int64_t count, const traced *a)
{
    entry e = {.kind = DOT, .from = t->pairs, .count = count};
    t->pair = grow(t->pair, t->pairs, count, &t->pair_room, sizeof *t->pair);
    for (int64_t i = 0; i < count; i++) {
        t->pair[t->pairs++] = (pair){a[i], TRACED_ONE};
        e.value += t->entry[a[i]].value;
    }
    return put(t, e);
}

traced trace_add(vouch_trace *t, traced a, traced b)
{
    return a == TRACED_ZERO ? b : b == TRACED_ZERO ? a : trace_sum(t, 2, (traced[]){a, b});
}

traced trace_times(vouch_trace *t, traced a, traced b) { return trace_dot(t, 1, &a, &b); }

traced trace_scale(vouch_trace *t, traced a, double factor)
{
    return trace_times(t, a, trace_number(t, factor));
}

traced trace_less(vouch_trace *t, traced a, traced b)
{
    return trace_add(t, a, trace_scale(t, b, -1));
}

traced trace_over(vouch_trace *t, traced a, traced b)
{
    return trace_times(t, a, trace_power(t, b, -1));
}

static traced function(vouch_trace *t, kind which, traced a, double value)
{
    return put(t, (entry){.kind = which, .from = a, .count = 1, .value = value});
}

traced trace_exp(vouch_trace *t, traced a)
{
    return function(t, EXP, a, exp(trace_value(t, a)));
}

traced trace_log(vouch_trace *t, traced a)
{
    return function(t, LOG, a, log(trace_value(t, a)));
}

traced trace_erfc(vouch_trace *t, traced a)
{
    return function(t, ERFC, a, erfc(trace_value(t, a)));
}

traced trace_power(vouch_trace *t, traced a, double exponent)
{
    const traced y = function(t, POWER, a, pow(trace_value(t, a), exponent));
    t->entry[y].exponent = exponent;
    return y;
}

/* ---- decisions ------------------------------------------------------------------------------- */

bool trace_positive(vouch_trace *t, traced a)
{
    const double x = trace_value(t, a);
    if (x != 0) /* 0 is so by its making: what a closed ReLU gives */
        t->nearest = fmin(t->nearest, fabs(x));
    return x > 0;
}

traced trace_size(vouch_trace *t, traced a)
{
    return trace_value(t, a) < 0 ? trace_scale(t, a, -1) : a;
}

traced trace_ramp(vouch_trace *t, traced a) { return trace_positive(t, a) ? a : TRACED_ZERO; }

traced trace_most(vouch_trace *t, traced a, traced b)
{
    return a == b || trace_positive(t, trace_less(t, a, b)) ? a : b;
}

/* ---- derivatives ----------------------------------------------------------------------------- */

static double slope(const vouch_trace *t, const entry *e)
{
    const double x = t->entry[e->from].value;
    switch (e->kind) {
    case EXP:
        return e->value;
    case LOG:
        return 1 / x;
    case POWER:
        return e->exponent * pow(x, e->exponent - 1);
    case ERFC:
        return -2 / root_pi * exp(-x * x);
    case LEAF:
    case DOT:
        break;
    }
    return 0;
}

double *trace_derive(const vouch_trace *t, traced y)
{
    double *d = calloc((size_t)y + 1, sizeof *d);
    assert_non_null(d);
    d[y] = 1;
    for (traced i = y; i > TRACED_ONE; i--) {
        const entry *e = &t->entry[i];
        for (int64_t k = e->from; e->kind == DOT && d[i] != 0 && k < e->from + e->count; k++) {
            const pair p = t->pair[k];
            d[p.a] += d[i] * t->entry[p.b].value;
            d[p.b] += d[i] * t->entry[p.a].value;
        }
        if (e->kind > DOT)
            d[e->from] += d[i] * slope(t, e);
    }
    return d;
}

/* The number i's derivative by its argument. */
static traced slope_number(vouch_trace *t, traced i)
{
    const entry e = t->entry[i];
    const traced x = (traced)e.from;
    if (e.kind == EXP)
        return i;
    if (e.kind == LOG)
        return trace_power(t, x, -1);
    if (e.kind == POWER)
        return trace_scale(t, trace_power(t, x, e.exponent - 1), e.exponent);
    return trace_scale(t, trace_exp(t, trace_scale(t, trace_times(t, x, x), -1)), -2 / root_pi);
}

/* Which of the numbers first .. y depend on those, none of which comes before first. */
static bool *find_dependent(const vouch_trace *t, traced first, traced y, int64_t count,
                            const traced *by)
{
    bool *depends = calloc((size_t)(y - first) + 1, sizeof *depends);
    assert_non_null(depends);
    for (int64_t i = 0; i < count; i++)
        if (by[i] <= y)
            depends[by[i] - first] = true;
    for (traced i = first; i <= y; i++) {
        const entry *e = &t->entry[i];
        for (int64_t k = e->from; e->kind == DOT && k < e->from + e->count; k++) {
            const pair p = t->pair[k];
            depends[i - first] |= (p.a >= first && depends[p.a - first]) ||
                                  (p.b >= first && depends[p.b - first]);
        }
        if (e->kind > DOT && e->from >= first)
            depends[i - first] |= depends[e->from - first];
    }
    return depends;
}

/* *d += more times factor. */
static void gain(vouch_trace *t, traced *d, traced more, traced factor)
{
    *d = trace_add(t, *d, trace_times(t, more, factor));
}

void trace_differentiate(vouch_trace *t, traced y, int64_t count, const traced *by, traced *to)
{
    traced first = y;
    for (int64_t i = 0; i < count; i++)
        first = by[i] < first ? by[i] : first;
    bool *depends = find_dependent(t, first, y, count, by);
    traced *d = calloc((size_t)(y - first) + 1, sizeof *d); /* TRACED_ZERO */
    assert_non_null(d);
    d[y - first] = TRACED_ONE;
    for (traced i = y; i >= first; i--) {
        const entry e = t->entry[i];
        if (!depends[i - first] || d[i - first] == TRACED_ZERO)
            continue;
        for (int64_t k = e.from; e.kind == DOT && k < e.from + e.count; k++) {
            const pair p = t->pair[k];
            if (p.a >= first && depends[p.a - first])
                gain(t, &d[p.a - first], d[i - first], p.b);
            if (p.b >= first && depends[p.b - first])
                gain(t, &d[p.b - first], d[i - first], p.a);
        }
        if (e.kind > DOT)
            gain(t, &d[e.from - first], d[i - first], slope_number(t, i));
    }
    for (int64_t i = 0; i < count; i++)
        to[i] = by[i] <= y ? d[by[i] - first] : TRACED_ZERO;
    free(depends);
    free(d);
}
