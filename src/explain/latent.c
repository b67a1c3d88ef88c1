/* The course of a latent explanation (latent.h): the set grows until the class is proved, and pairs
 * are left out again. A change of the set bounds one component anew; the rest is remembered. */
#include "explain/latent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "explain/latent_bound.h"

typedef struct course {
    const vouch_latent_problem *problem;
    const vouch_latent_bounding *bounding;
    bool *given;         /* [components][prototypes] */
    vouch_span *domain;  /* [components][prototypes]: squared distances, by the domain */
    vouch_span *similar; /* [components][prototypes]: bounds of similarities */
    int64_t *nearest;    /* [components][prototypes]: by observed distance */
    int64_t *list;       /* [prototypes]: given ones of a component */
    vouch_latent_view view;
    int64_t questions;
} course;

/* ---- similarities ---------------------------------------------------------------------------- */

static double similarity(const vouch_latent_problem *p, double squared, bool upward)
{
    vouch_span s = vouch_span_add(vouch_span_of(squared), vouch_span_of(p->offset[0]));
    s = vouch_span_div(vouch_span_of(p->factor), s);
    s = vouch_span_add(vouch_span_cut(s, 0, (double)INFINITY), vouch_span_of(p->offset[1]));
    return upward ? vouch_library_up(log(s.high)) : vouch_library_down(log(s.low));
}

static vouch_span similar_at(const vouch_latent_problem *p, vouch_span squared)
{
    return (vouch_span){similarity(p, squared.high, false),
                        similarity(p, fmax(squared.low, 0), true)};
}

/* ---- one component --------------------------------------------------------------------------- */

static void look_at(course *c, int64_t component)
{
    const int64_t n = c->problem->prototypes;
    vouch_latent_view *v = &c->view;
    v->component = component;
    v->count = 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t j = c->nearest[component * n + k];
        if (c->given[component * n + j])
            c->list[v->count++] = j;
    }
}

/* Both sides by the box of the component alone. */
static vouch_span by_domain(course *c, int64_t prototype)
{
    vouch_latent_view *v = &c->view;
    v->prototype = prototype;
    v->squared = (vouch_span){0, (double)INFINITY};
    v->count = 0;
    vouch_latent_try(v, 1);
    vouch_latent_try(v, -1);
    return v->squared;
}

static void bound_component(course *c, int64_t component)
{
    const vouch_latent_problem *p = c->problem;
    vouch_latent_view *v = &c->view;
    look_at(c, component);
    if (c->bounding->begin != NULL)
        c->bounding->begin(v);
    for (int64_t j = 0; j < p->prototypes; j++) {
        const int64_t at = component * p->prototypes + j;
        v->prototype = j;
        v->squared = c->given[at] ? p->squared[at] : c->domain[at];
        if (!c->given[at] && c->bounding->bound != NULL)
            c->bounding->bound(v);
        c->similar[at] = similar_at(p, v->squared);
    }
}

/* ---- the margin ------------------------------------------------------------------------------ */

static vouch_span greatest(const course *c, int64_t prototype)
{
    const vouch_latent_problem *p = c->problem;
    vouch_span a = c->similar[prototype];
    for (int64_t l = 1; l < p->components; l++) {
        const vouch_span s = c->similar[l * p->prototypes + prototype];
        a.low = fmax(a.low, s.low);
        a.high = fmax(a.high, s.high);
    }
    return a;
}

/* No prototype that is not given is more similar than that. */
static double ceiling(const course *c)
{
    double least = (double)INFINITY;
    for (int64_t j = 0; c->bounding->top && j < c->problem->prototypes; j++)
        if (c->given[j])
            least = fmin(least, greatest(c, j).high);
    return least;
}

static double margin(course *c)
{
    const vouch_latent_problem *p = c->problem;
    const double *own = p->weight + p->label * p->prototypes, most = ceiling(c);
    double least = (double)INFINITY;
    c->questions++;
    for (int64_t k = 0; k < p->classes; k++) {
        double sum = vouch_sum_down(p->bias[p->label], -p->bias[k]);
        for (int64_t j = 0; k != p->label && j < p->prototypes; j++) {
            vouch_span a = greatest(c, j);
            if (!c->given[j])
                a.high = fmax(fmin(a.high, most), a.low);
            const vouch_span by = vouch_span_add(
                vouch_span_of(own[j]), vouch_span_of(-p->weight[k * p->prototypes + j]));
            sum = vouch_sum_down(sum, vouch_span_mul(by, a).low);
        }
        if (k != p->label)
            least = fmin(least, sum);
    }
    return least;
}

/* ---- growing and leaving out ----------------------------------------------------------------- */

typedef struct pair {
    int64_t component, prototype;
} pair;

static void set(course *c, const pair *q, bool given)
{
    c->given[q->component * c->problem->prototypes + q->prototype] = given;
    bound_component(c, q->component);
}

/* Rounds over the components, each with its next nearest prototype; returns how many it took. */
static vouch_status grow(vouch_context *ctx, course *c, pair *taken, int64_t *count,
                         double *proved)
{
    const vouch_latent_problem *p = c->problem;
    const int64_t all = p->components * p->prototypes;
    for (*count = 0; *count < all && !(*proved > 0); ++*count) {
        const int64_t l = *count % p->components, round = *count / p->components;
        VOUCH_TRY(vouch_context_poll(ctx));
        taken[*count] = (pair){l, c->nearest[l * p->prototypes + round]};
        set(c, &taken[*count], true);
        *proved = margin(c);
    }
    return VOUCH_OK;
}

static vouch_status leave_out(vouch_context *ctx, course *c, const pair *taken, int64_t count,
                              double *proved)
{
    for (int64_t k = count - 1; k >= 0; k--) {
        VOUCH_TRY(vouch_context_poll(ctx));
        set(c, &taken[k], false);
        const double without = margin(c);
        if (without > 0)
            *proved = without;
        else
            set(c, &taken[k], true);
    }
    return VOUCH_OK;
}

typedef struct place {
    int64_t index;
    double score;
} place;

static int by_score(const void *x, const void *y)
{
    const place *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Whole prototypes, those most similar to a component first. */
static void grow_top(course *c, place *order, int64_t *count, double *proved)
{
    const vouch_latent_problem *p = c->problem;
    for (int64_t j = 0; j < p->prototypes; j++) {
        double most = -(double)INFINITY;
        for (int64_t l = 0; l < p->components; l++)
            most = fmax(most, similar_at(p, p->squared[l * p->prototypes + j]).high);
        order[j] = (place){j, -most};
    }
    qsort(order, (size_t)p->prototypes, sizeof *order, by_score);
    for (*count = 0; *count < p->prototypes && !(*proved > 0); ++*count) {
        for (int64_t l = 0; l < p->components; l++)
            set(c, &(pair){l, order[*count].index}, true);
        *proved = margin(c);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void rank(course *c, place *order)
{
    const vouch_latent_problem *p = c->problem;
    for (int64_t l = 0; l < p->components; l++) {
        for (int64_t j = 0; j < p->prototypes; j++)
            order[j] = (place){j, p->squared[l * p->prototypes + j].low};
        qsort(order, (size_t)p->prototypes, sizeof *order, by_score);
        for (int64_t j = 0; j < p->prototypes; j++)
            c->nearest[l * p->prototypes + j] = order[j].index;
    }
}

static vouch_status begin(vouch_arena *arena, const vouch_latent_problem *p,
                          const vouch_latent_bounding *way, course *c, place **order)
{
    const int64_t pairs = p->components * p->prototypes;
    *c = (course){.problem = p,
                  .bounding = way,
                  .given = VOUCH_NEW_ARRAY(arena, bool, pairs),
                  .domain = VOUCH_NEW_ARRAY(arena, vouch_span, pairs),
                  .similar = VOUCH_NEW_ARRAY(arena, vouch_span, pairs),
                  .nearest = VOUCH_NEW_ARRAY(arena, int64_t, pairs),
                  .list = VOUCH_NEW_ARRAY(arena, int64_t, p->prototypes)};
    vouch_latent_view *v = &c->view;
    v->problem = p;
    v->given = c->list;
    v->lambda = VOUCH_NEW_ARRAY(arena, double, p->prototypes);
    v->sum = VOUCH_NEW_ARRAY(arena, double, 4 * p->dimension);
    v->room = VOUCH_NEW_ARRAY(arena, double, way->room != NULL ? way->room(p) : 1);
    *order = VOUCH_NEW_ARRAY(arena, place, p->prototypes);
    if (!c->given || !c->domain || !c->similar || !c->nearest || !c->list || !v->lambda ||
        !v->sum || !v->room || !*order)
        return VOUCH_ERR_MEMORY;
    rank(c, *order);
    for (int64_t l = 0; l < p->components; l++) {
        v->component = l;
        for (int64_t j = 0; j < p->prototypes; j++)
            c->domain[l * p->prototypes + j] = by_domain(c, j);
    }
    return VOUCH_OK;
}

static void bound_all(course *c)
{
    for (int64_t l = 0; l < c->problem->components; l++)
        bound_component(c, l);
}

static vouch_status find(vouch_context *ctx, vouch_arena *arena, course *c, place *order,
                         vouch_latent_explanation *out)
{
    const vouch_latent_problem *p = c->problem;
    pair *taken = VOUCH_NEW_ARRAY(arena, pair, p->components * p->prototypes);
    if (taken == NULL)
        return VOUCH_ERR_MEMORY;
    bound_all(c);
    out->margin = margin(c);
    if (c->bounding->top) {
        grow_top(c, order, &out->whole, &out->margin);
        out->grown = out->whole * p->components;
        return VOUCH_OK;
    }
    VOUCH_TRY(grow(ctx, c, taken, &out->grown, &out->margin));
    return out->margin > 0 ? leave_out(ctx, c, taken, out->grown, &out->margin) : VOUCH_OK;
}

vouch_status vouch_latent_explain(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_latent_problem *problem,
                                  const vouch_latent_bounding *bounding,
                                  vouch_latent_explanation *explanation)
{
    const double cpu_s = vouch_thread_cpu_s();
    course c;
    place *order;
    *explanation = (vouch_latent_explanation){.count = 0};
    VOUCH_TRY(begin(arena, problem, bounding, &c, &order));
    VOUCH_TRY(find(ctx, arena, &c, order, explanation));
    explanation->given = c.given;
    for (int64_t k = 0; k < problem->components * problem->prototypes; k++)
        explanation->count += c.given[k];
    explanation->is_entailed = explanation->margin > 0;
    explanation->questions = c.questions;
    explanation->cpu_s = vouch_thread_cpu_s() - cpu_s;
    return VOUCH_OK;
}

vouch_status vouch_latent_margin(vouch_arena *arena, const vouch_latent_problem *problem,
                                 const vouch_latent_bounding *bounding, const bool *given,
                                 double *least)
{
    course c;
    place *order;
    VOUCH_TRY(begin(arena, problem, bounding, &c, &order));
    memcpy(c.given, given, (size_t)(problem->components * problem->prototypes) * sizeof *given);
    bound_all(&c);
    *least = margin(&c);
    return VOUCH_OK;
}
