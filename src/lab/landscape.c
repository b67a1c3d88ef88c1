/* Landscapes (landscape.h): rows of the plane, and pairs of points, as units of a team.
 *
 * Each unit is a batch of float32 points of its own; losses are computed from the logits in
 * double. Sums go over units in their order, so threads change nothing.
 */
#include "lab/landscape.h"

#include <inttypes.h>
#include <math.h>

#include "base/random.h"
#include "eval/team.h"

enum { PAIRS_A_UNIT = 16 };

typedef struct survey {
    const vouch_landscape_request *r;
    const vouch_victim_plan *plan;
    int64_t classes;
    vouch_landscape *l;
    double *error; /* [pairs] */
} survey;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory for the loss landscape");
}

static vouch_status check(vouch_context *ctx, const vouch_landscape_request *r)
{
    if (!(r->eps > 0) || !isfinite(r->eps))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "a landscape needs a radius eps > 0 that is finite, not %g", r->eps);
    if (r->grid < 2 || r->pairs < 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "a landscape needs a grid of at least 2 and at least 1 pair");
    return VOUCH_OK;
}

static vouch_status check_point(vouch_context *ctx, const survey *s)
{
    const int64_t inputs = vouch_victim_inputs(s->plan);
    if (s->r->size != inputs)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "%s takes %" PRId64 " numbers, the point has %" PRId64,
                          s->r->graph->source, inputs, s->r->size);
    if (s->r->label >= s->classes)
        return vouch_fail(ctx, VOUCH_ERR_VALUE,
                          "point %" PRId64 ": its label %d is none of the %" PRId64
                          " classes of %s",
                          s->r->index, s->r->label, s->classes, s->r->graph->source);
    for (int64_t i = 0; i < s->r->size; i++)
        if (!isfinite(s->r->x[i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "point %" PRId64 ": number %" PRId64 " is not finite",
                              s->r->index, i);
    return VOUCH_OK;
}

/* Input i of a point. */
static float clipped(const survey *s, int64_t i, double value)
{
    if (s->r->low)
        value = fmin(fmax(value, (double)s->r->low[i]), (double)s->r->high[i]);
    return (float)value;
}

static vouch_aim aim_of(const survey *s)
{
    return (vouch_aim){.classes = s->classes, .label = s->l->label, .target = -1};
}

/* The losses of `count` points x, and their logits z. */
static vouch_status losses(const vouch_team_member *m, const survey *s, int64_t count,
                           const float *x, float *z, double *loss)
{
    const vouch_aim aim = aim_of(s);
    float *d_z = VOUCH_NEW_ARRAY(m->arena, float, s->classes);
    if (!d_z)
        return out_of_memory(m->ctx);
    VOUCH_TRY(vouch_victim_forward(m->victim, count, x, z));
    for (int64_t p = 0; p < count; p++) {
        loss[p] = s->r->loss->value(&aim, z + p * s->classes, d_z);
        if (!isfinite(loss[p]))
            return vouch_fail(m->ctx, VOUCH_ERR_VALUE,
                              "point %" PRId64 ": the loss of %s is not finite near it",
                              s->r->index, s->r->graph->source);
    }
    return VOUCH_OK;
}

/* ---- directions ---------------------------------------------------------------------------- */

static void gradient_of_loss(void *user, int64_t row, const float *z, float *d_z)
{
    const survey *s = user;
    (void)row;
    if (s->l->label < 0)
        s->l->label = vouch_predicted(s->classes, z);
    const vouch_aim aim = aim_of(s);
    (void)s->r->loss->value(&aim, z, d_z);
}

/* One pass back: the label where none is given, d, and what the gradient promises. */
static vouch_status find_directions(const vouch_team_member *m, void *job, int64_t unit)
{
    const survey *s = job;
    vouch_landscape *l = s->l;
    float *z = VOUCH_NEW_ARRAY(m->arena, float, s->classes);
    vouch_random random =
        vouch_random_stream(s->r->seed, "landscape.plane", (uint64_t)s->r->index);
    double sum = 0;
    (void)unit;
    if (!z)
        return out_of_memory(m->ctx);
    VOUCH_TRY(vouch_victim_gradient(m->victim, 1, s->r->x,
                                    (vouch_cotangent){gradient_of_loss, job}, z, l->direction));
    for (int64_t i = 0; i < s->r->size; i++) {
        const float g = l->direction[i];
        const double x = (double)s->r->x[i], d = (g > 0) - (g < 0);
        sum += (double)g * ((double)clipped(s, i, x + s->r->eps * d) - x);
        l->direction[i] = (float)d;
        l->random[i] = vouch_random_bits(&random) >> 63 ? 1 : -1;
    }
    l->promised = sum;
    return VOUCH_OK;
}

/* ---- the plane ----------------------------------------------------------------------------- */

static vouch_status one_row(const vouch_team_member *m, void *job, int64_t row)
{
    const survey *s = job;
    const int grid = s->r->grid;
    const int64_t n = s->r->size;
    float *x = VOUCH_NEW_ARRAY(m->arena, float, grid *n);
    float *z = VOUCH_NEW_ARRAY(m->arena, float, grid * s->classes);
    const double b = s->r->eps * (double)row / (grid - 1);
    if (!x || !z)
        return out_of_memory(m->ctx);
    for (int column = 0; column < grid; column++) {
        const double a = s->r->eps * column / (grid - 1);
        for (int64_t i = 0; i < n; i++)
            x[column * n + i] = clipped(s, i,
                                        (double)s->r->x[i] + a * (double)s->l->direction[i] +
                                            b * (double)s->l->random[i]);
    }
    VOUCH_TRY(losses(m, s, grid, x, z, s->l->loss + row * grid));
    for (int column = 0; column < grid; column++)
        s->l->predicted[row * grid + column] =
            vouch_predicted(s->classes, z + column * s->classes);
    return VOUCH_OK;
}

static void find_highest(vouch_landscape *l)
{
    l->rise = l->loss[l->grid - 1] - l->loss[0];
    l->highest = 0;
    for (int i = 1; i < l->grid * l->grid; i++)
        if (l->loss[i] > l->loss[l->highest])
            l->highest = i;
}

/* ---- local linearity ----------------------------------------------------------------------- */

static void draw(const survey *s, vouch_random *random, float *p)
{
    for (int64_t i = 0; i < s->r->size; i++)
        p[i] =
            clipped(s, i, (double)s->r->x[i] + s->r->eps * (2 * vouch_random_unit(random) - 1));
}

/* Rows u, v and the point between them. */
static double draw_triple(const survey *s, int64_t pair, float *row)
{
    const int64_t n = s->r->size;
    vouch_random random = vouch_random_stream(s->r->seed, "landscape.pair", (uint64_t)pair);
    const double t = vouch_random_unit(&random);
    draw(s, &random, row);
    draw(s, &random, row + n);
    for (int64_t i = 0; i < n; i++)
        row[2 * n + i] = (float)((1 - t) * (double)row[i] + t * (double)row[n + i]);
    return t;
}

static vouch_status some_pairs(const vouch_team_member *m, void *job, int64_t unit)
{
    const survey *s = job;
    const int64_t first = unit * PAIRS_A_UNIT, left = s->r->pairs - first;
    const int64_t count = left < PAIRS_A_UNIT ? left : PAIRS_A_UNIT;
    float *x = VOUCH_NEW_ARRAY(m->arena, float, 3 * count * s->r->size);
    float *z = VOUCH_NEW_ARRAY(m->arena, float, 3 * count * s->classes);
    double t[PAIRS_A_UNIT], loss[3 * PAIRS_A_UNIT];
    if (!x || !z)
        return out_of_memory(m->ctx);
    for (int64_t p = 0; p < count; p++)
        t[p] = draw_triple(s, first + p, x + 3 * p * s->r->size);
    VOUCH_TRY(losses(m, s, 3 * count, x, z, loss));
    for (int64_t p = 0; p < count; p++) {
        const double *at = loss + 3 * p;
        const double off = at[2] - ((1 - t[p]) * at[0] + t[p] * at[1]);
        s->error[first + p] = off * off;
    }
    return VOUCH_OK;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static vouch_status make_room(vouch_context *ctx, vouch_arena *arena, survey *s)
{
    const vouch_landscape_request *r = s->r;
    vouch_landscape *l = s->l;
    *l = (vouch_landscape){.grid = r->grid, .label = r->label};
    l->loss = VOUCH_NEW_ARRAY(arena, double, (int64_t)r->grid * r->grid);
    l->predicted = VOUCH_NEW_ARRAY(arena, int, (int64_t)r->grid * r->grid);
    l->direction = VOUCH_NEW_ARRAY(arena, float, r->size);
    l->random = VOUCH_NEW_ARRAY(arena, float, r->size);
    s->error = VOUCH_NEW_ARRAY(arena, double, r->pairs);
    const bool has = l->loss && l->predicted && l->direction && l->random && s->error;
    return has ? VOUCH_OK : out_of_memory(ctx);
}

vouch_status vouch_landscape_run(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_landscape_request *request,
                                 vouch_landscape *landscape)
{
    vouch_victim_plan *plan;
    survey s = {.r = request, .l = landscape};
    VOUCH_TRY(check(ctx, request));
    VOUCH_TRY(vouch_victim_plan_new(ctx, arena, request->graph, &plan));
    s.plan = plan;
    s.classes = vouch_victim_classes(plan);
    VOUCH_TRY(check_point(ctx, &s));
    VOUCH_TRY(make_room(ctx, arena, &s));
    vouch_team team = {plan, request->threads, "landscape", find_directions, &s};
    VOUCH_TRY(vouch_team_run(ctx, &team, 1));
    team.fn = one_row;
    VOUCH_TRY(vouch_team_run(ctx, &team, request->grid));
    team.fn = some_pairs;
    VOUCH_TRY(vouch_team_run(ctx, &team, (request->pairs + PAIRS_A_UNIT - 1) / PAIRS_A_UNIT));
    find_highest(landscape);
    for (int64_t p = 0; p < request->pairs; p++)
        landscape->linearity_error += s.error[p] / (double)request->pairs;
    return VOUCH_OK;
}
