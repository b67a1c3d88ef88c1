/* The records of a table: complete verification under its rules.
 *
 * Problem: of a category one value holds, and whole numbers are whole. The box of a set relaxes
 *          both; what refutes the box may be a mixture of values, which no record has.
 * Method:  branch and bound, as for programs with whole numbers (Land, Doig 1960): the relaxation is
 *          verified; if it is proved so are its records. Else the point that refutes it is moved
 *          to a record near by and replayed; and the box is cut, by a category into its values, the
 *          most mixed one first, by a whole number at a number between two.
 * Invariant: the records of a box are those of its parts together, so that it is proved if all
 *          parts are. A box in which nothing is left to cut holds records alone.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "explain/oracle_priv.h"

/* A box of the search: arrays [inputs]. */
typedef struct part {
    float *x, *low, *high;
    double *radius;
} part;

typedef struct search {
    vouch_oracle *o;
    double end_s;
    vouch_found *found;
    vouch_ball ball; /* of the part looked at */
    bool is_cut;     /* some box was */
} search;

/* What a box is cut by: the inputs first .. last - 1 of a category, or one whole number. */
typedef struct cut {
    int64_t first, last;
    bool is_category;
    double at; /* of a whole number: no more than this, or more */
    double mix;
} cut;

static const vouch_feature *feature_of(const search *s, int64_t i)
{
    return &s->o->problem->ball->rules->feature[i];
}

/* Whole numbers are, but for a point that has one that is not: there the box is all that is known. */
static bool is_whole(const search *s, int64_t i)
{
    const vouch_feature *f = feature_of(s, i);
    const float x = s->o->problem->x[i];
    return f->is_integer && f->group < 0 && !f->immutable && x == rintf(x);
}

/* ---- parts --------------------------------------------------------------------------------- */

static bool make_part(search *s, part *p)
{
    vouch_arena *arena = s->o->scratch;
    const int64_t n = s->o->inputs;
    *p = (part){VOUCH_NEW_ARRAY(arena, float, n), VOUCH_NEW_ARRAY(arena, float, n),
                VOUCH_NEW_ARRAY(arena, float, n), VOUCH_NEW_ARRAY(arena, double, n)};
    return p->x && p->low && p->high && p->radius;
}

static void copy_part(const search *s, const part *from, part *to)
{
    const size_t n = (size_t)s->o->inputs;
    memcpy(to->x, from->x, n * sizeof *to->x);
    memcpy(to->low, from->low, n * sizeof *to->low);
    memcpy(to->high, from->high, n * sizeof *to->high);
    memcpy(to->radius, from->radius, n * sizeof *to->radius);
}

/* Input i is one of [low, high], whatever its radius. */
static void limit(part *p, int64_t i, float low, float high)
{
    p->low[i] = low;
    p->high[i] = high;
    p->x[i] = fminf(fmaxf(p->x[i], low), high);
    p->radius[i] = (double)INFINITY;
}

/* Whole numbers of the ball are those between its whole ends. */
static void fill_root(search *s, const vouch_ball *ball, part *p)
{
    const vouch_oracle *o = s->o;
    const vouch_cell cell = {.x = o->problem->x, .low = p->low, .high = p->high};
    memcpy(p->x, o->problem->x, (size_t)o->inputs * sizeof *p->x);
    vouch_ball_cell(o->problem->ball, &cell);
    for (int64_t i = 0; i < o->inputs; i++) {
        const vouch_feature *f = feature_of(s, i);
        const bool is_free = ball->low[i] < ball->high[i];
        const float low = p->low[i], high = p->high[i];
        p->radius[i] = ball->radius != NULL ? ball->radius[i] : ball->eps;
        p->low[i] = ball->low[i];
        p->high[i] = ball->high[i];
        if (f->immutable)
            limit(p, i, p->x[i], p->x[i]);
        else if (is_free && is_whole(s, i))
            limit(p, i, low, high);
    }
}

/* ---- what to cut --------------------------------------------------------------------------- */

static bool is_wide(const part *p, int64_t i) { return p->low[i] < p->high[i]; }

/* The end of the category that begins at input i; i: none does. */
static int64_t category_end(const search *s, int64_t i)
{
    const vouch_feature *f = feature_of(s, i);
    int64_t end = i;
    while (f->group >= 0 && !f->immutable && end < s->o->inputs &&
           feature_of(s, end)->group == f->group)
        end++;
    return end;
}

/* How much of a point lies at no value of the category, where its largest member is taken. */
static double mix_of(const part *p, const cut *c, const double *point)
{
    double sum = 0, most = 0;
    for (int64_t i = c->first; point != NULL && i < c->last; i++) {
        sum += fabs(point[i] - (double)p->low[i]);
        most = fmax(most, fabs(point[i] - (double)p->low[i]));
    }
    return sum - most;
}

static cut category_cut(const part *p, int64_t first, int64_t last, const double *point)
{
    cut c = {.first = first, .last = last, .is_category = true};
    c.mix = mix_of(p, &c, point);
    return c;
}

static cut whole_cut(const part *p, int64_t i, const double *point)
{
    const double middle = .5 * ((double)p->low[i] + (double)p->high[i]);
    const double at = floor(point != NULL ? point[i] : middle);
    return (cut){.first = i,
                 .last = i + 1,
                 .at = fmin(fmax(at, (double)p->low[i]), (double)p->high[i] - 1),
                 .mix = point != NULL ? fabs(point[i] - rint(point[i])) : 0};
}

/* The most mixed category that is open, else such a whole number. */
static bool find_cut(const search *s, const part *p, const double *point, cut *best)
{
    bool any = false;
    for (int64_t i = 0, end; i < s->o->inputs; i = end) {
        const int64_t last = category_end(s, i);
        bool wide = false;
        cut c = {0};
        end = last > i ? last : i + 1;
        for (int64_t k = i; k < end; k++)
            wide = wide || is_wide(p, k);
        if (!wide || (last == i && !is_whole(s, i)))
            continue;
        c = last > i ? category_cut(p, i, last, point) : whole_cut(p, i, point);
        if (!any || (c.is_category && !best->is_category) ||
            (c.is_category == best->is_category && c.mix > best->mix))
            *best = c;
        any = true;
    }
    return any;
}

/* ---- the search ---------------------------------------------------------------------------- */

/* A record near the point. */
static vouch_status try_record(search *s, const part *p, const double *point)
{
    float *x = VOUCH_NEW_ARRAY(s->o->scratch, float, s->o->inputs);
    if (x == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0, end; i < s->o->inputs; i = end) {
        const int64_t last = category_end(s, i);
        int64_t most = i;
        end = last > i ? last : i + 1;
        for (int64_t k = i; k < last; k++)
            most = point[k] > point[most] ? k : most;
        for (int64_t k = i; k < last; k++)
            x[k] = k == most ? s->o->problem->ball->high[k] : s->o->problem->ball->low[k];
        for (int64_t k = i; k < end; k++) {
            const float whole = is_whole(s, k) ? rintf((float)point[k]) : (float)point[k];
            x[k] = fminf(fmaxf(last > i ? x[k] : whole, p->low[k]), p->high[k]);
        }
    }
    return vouch_oracle_replay(s->o, x, s->found);
}

static bool is_refuted(const search *s) { return s->found->is_refuted || s->found->is_real; }

static vouch_status visit(search *s, const part *p);

/* One part of the box. Left open it stays so. */
static vouch_status visit_part(search *s, const part *child, bool *all)
{
    VOUCH_TRY(visit(s, child));
    *all = *all && s->found->is_proved;
    return VOUCH_OK;
}

/* Each value of the category that the box has. */
static vouch_status visit_values(search *s, const part *p, const cut *c, part *child, bool *all)
{
    const vouch_ball *ball = s->o->problem->ball;
    for (int64_t value = c->first; value < c->last && !is_refuted(s); value++) {
        bool fits = true;
        copy_part(s, p, child);
        for (int64_t i = c->first; i < c->last; i++) {
            const float to = i == value ? ball->high[i] : ball->low[i];
            fits = fits && to >= fminf(p->low[i], p->x[i]) && to <= fmaxf(p->high[i], p->x[i]);
            limit(child, i, to, to);
        }
        if (fits)
            VOUCH_TRY(visit_part(s, child, all));
    }
    return VOUCH_OK;
}

static vouch_status visit_halves(search *s, const part *p, const cut *c, part *child, bool *all)
{
    copy_part(s, p, child);
    limit(child, c->first, p->low[c->first], (float)c->at);
    VOUCH_TRY(visit_part(s, child, all));
    if (is_refuted(s))
        return VOUCH_OK;
    copy_part(s, p, child);
    limit(child, c->first, (float)c->at + 1, p->high[c->first]);
    return visit_part(s, child, all);
}

static vouch_status visit_parts(search *s, const part *p, const cut *c)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(s->o->scratch);
    part child;
    bool all = true;
    if (!make_part(s, &child))
        return VOUCH_ERR_MEMORY;
    const vouch_status status = c->is_category ? visit_values(s, p, c, &child, &all)
                                               : visit_halves(s, p, c, &child, &all);
    vouch_arena_reset(s->o->scratch, mark);
    s->is_cut = true;
    s->found->is_proved = all && !is_refuted(s);
    return status;
}

/* s->found <- of this box. Where it can be cut its relaxation has but a share of the time. */
static vouch_status visit(search *s, const part *p)
{
    enum { SHARE = 4 };
    const double *point = NULL, now = vouch_wall_s();
    cut c = {0};
    s->found->is_proved = false;
    if (now >= s->end_s)
        return VOUCH_OK;
    s->ball.low = p->low;
    s->ball.high = p->high;
    s->ball.radius = p->radius;
    const bool whole = !find_cut(s, p, NULL, &c);
    const double end_s = whole ? s->end_s : now + (s->end_s - now) / SHARE;
    VOUCH_TRY(vouch_oracle_search_part(s->o, &(vouch_oracle_part){&s->ball, p->x, end_s, true},
                                       s->found, &point));
    if (s->found->is_proved || s->found->is_refuted || whole)
        return VOUCH_OK;
    s->found->is_real = false; /* of a mixture */
    if (point != NULL)
        VOUCH_TRY(try_record(s, p, point));
    if (s->found->is_refuted)
        return VOUCH_OK;
    (void)find_cut(s, p, point, &c);
    return visit_parts(s, p, &c);
}

vouch_status vouch_oracle_search_records(vouch_oracle *o, const vouch_ball *ball, double end_s,
                                         vouch_found *found)
{
    search s = {.o = o, .end_s = end_s, .found = found, .ball = *ball};
    part root;
    if (!make_part(&s, &root))
        return VOUCH_ERR_MEMORY;
    fill_root(&s, ball, &root);
    VOUCH_TRY(visit(&s, &root));
    o->used_rules = o->used_rules || (found->is_proved && s.is_cut);
    return VOUCH_OK;
}
