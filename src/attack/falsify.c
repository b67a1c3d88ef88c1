/* Falsification: the search for a point that satisfies some case of the property.
 *
 * Problem: find x in a case's box whose rows all hold at (x, f(x)); that is, make the violation
 *     v(x) = max over rows of (a.f(x) + c.x - b)
 * of some case negative.
 * Method, for each box in turn: its centre, its corners (all while few coordinates vary, a
 * sample beyond), seeded random points, and then projected gradient descent on v for each case
 * of the box, first from the best point seen and then from random ones. Restarts alternate
 * between Adam (Kingma, Ba 2015) in coordinates scaled to the box and sign steps that start at
 * half the box (Madry 2018): the first settles in the inside, the second runs along faces.
 *
 * Every point is one a tensor can hold. Those that look like witnesses are given to
 * vouch_witness_check, whose word is the only one that counts.
 */
#include "attack/attack_priv.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "grad/grad.h"

enum {
    ALL_CORNERS = 10,    /* varying coordinates up to which every corner is tried */
    SOME_CORNERS = 256,  /* corners tried beyond that */
    PATIENCE = 64,       /* near misses given to the full check; later only clear hits */
    BEST_LIMIT = 1 << 22 /* doubles kept for the best points of one box's cases */
};

typedef struct search {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    const vouch_spec *spec;
    const vouch_falsify_settings *settings;
    vouch_witness *witness;
    vouch_grad *grad;
    vouch_grid grid;
    int first, last;                  /* cases of the box being searched */
    double *point, *y;                /* the current point (rounded) and its outputs */
    double *d_y, *d_x;                /* gradient of the violation */
    double *mean, *square, *position; /* of the descent */
    double *best_value;               /* [cases of the box]: least violation / scale seen */
    double *best_point;               /* [the same][input_size], NULL if there are too many */
    int near_misses;
} search;

static bool stopped(const search *s)
{
    return s->witness->found || vouch_context_stopped(s->ctx) ||
           vouch_wall_s() >= s->settings->deadline_wall;
}

/* A candidate that looks like a witness of case k. */
static vouch_status promote(search *s, double v)
{
    if (s->near_misses >= PATIENCE && v >= 0)
        return VOUCH_OK;
    s->near_misses++;
    VOUCH_TRY(vouch_witness_check(s->ctx, s->scratch, s->graph, s->spec, s->settings->semantics,
                                  s->point, s->witness));
    return VOUCH_OK;
}

static void remember(search *s, int k, double v)
{
    size_t n = (size_t)s->spec->input_size;

    if (!(v < s->best_value[k - s->first]))
        return;
    s->best_value[k - s->first] = v;
    if (s->best_point)
        memcpy(s->best_point + (size_t)(k - s->first) * n, s->point, n * sizeof(double));
}

/* Evaluates s->point (already rounded) and judges every case of the box. */
static vouch_status try_point(search *s)
{
    double tolerance = vouch_case_tolerance(s->settings->semantics);

    VOUCH_TRY(vouch_grad_forward(s->grad, s->point, s->y));
    for (int k = s->first; k < s->last && !s->witness->found; k++) {
        int worst;
        double scale,
            v = vouch_case_violation(&s->spec->cases[k], s->point, s->y, &worst, &scale);
        remember(s, k, v / scale);
        if (v <= tolerance * scale)
            VOUCH_TRY(promote(s, v));
    }
    return VOUCH_OK;
}

/* ---- fixed and random points ------------------------------------------------------------- */

static vouch_status try_corners(search *s)
{
    int64_t varying[ALL_CORNERS + 1];
    int count = vouch_candidate_varying(&s->grid, varying, ALL_CORNERS + 1);
    uint64_t corners = count <= ALL_CORNERS ? (uint64_t)1 << count : SOME_CORNERS;
    vouch_random random =
        vouch_random_stream((uint64_t)s->settings->seed, "falsify.corner", (uint64_t)s->first);

    for (uint64_t c = 0; c < corners && !stopped(s); c++) {
        if (count <= ALL_CORNERS)
            vouch_candidate_corner(&s->grid, varying, count, c, s->point);
        else
            vouch_candidate_random_corner(&s->grid, &random, s->point);
        VOUCH_TRY(try_point(s));
    }
    return VOUCH_OK;
}

static vouch_status try_random(search *s)
{
    vouch_random random =
        vouch_random_stream((uint64_t)s->settings->seed, "falsify.sample", (uint64_t)s->first);

    for (int64_t i = 0; i < s->settings->samples && !stopped(s); i++) {
        vouch_candidate_random(&s->grid, &random, i % 2 == 0, s->point);
        VOUCH_TRY(try_point(s));
    }
    return VOUCH_OK;
}

/* ---- descent ----------------------------------------------------------------------------- */

/* d_x = gradient of the violation of case k at s->point, whose forward pass was the last. */
static vouch_status violation_gradient(search *s, int k)
{
    const vouch_case *c = &s->spec->cases[k];
    int worst;
    double scale;

    memset(s->d_y, 0, (size_t)s->spec->output_size * sizeof(double));
    vouch_case_violation(c, s->point, s->y, &worst, &scale);
    for (int t = 0; t < c->row[worst].term_count; t++)
        if (c->row[worst].term[t].is_output)
            s->d_y[c->row[worst].term[t].index] += c->row[worst].term[t].coefficient;
    VOUCH_TRY(vouch_grad_backward(s->grad, s->d_y, s->d_x));
    for (int t = 0; t < c->row[worst].term_count; t++)
        if (!c->row[worst].term[t].is_output)
            s->d_x[c->row[worst].term[t].index] += c->row[worst].term[t].coefficient;
    return VOUCH_OK;
}

/* One Adam step of size rate, relative to the box. */
static void adam_step(search *s, int64_t step, double rate)
{
    double m_scale = 1 / (1 - pow(0.9, (double)step)),
           v_scale = 1 / (1 - pow(0.99, (double)step));

    for (int64_t i = 0; i < s->grid.size; i++) {
        double width = s->grid.high[i] - s->grid.low[i], g = s->d_x[i] * width;
        s->mean[i] = 0.9 * s->mean[i] + 0.1 * g;
        s->square[i] = 0.99 * s->square[i] + 0.01 * g * g;
        double root = sqrt(s->square[i] * v_scale);
        if (root > 0)
            s->position[i] -= rate * width * s->mean[i] * m_scale / root;
    }
}

static void sign_step(search *s, double rate)
{
    for (int64_t i = 0; i < s->grid.size; i++) {
        double width = s->grid.high[i] - s->grid.low[i];
        if (s->d_x[i] != 0)
            s->position[i] -= s->d_x[i] > 0 ? rate * width : -rate * width;
    }
}

static bool flat(const search *s)
{
    for (int64_t i = 0; i < s->grid.size; i++)
        if (s->d_x[i] != 0 && s->grid.low[i] < s->grid.high[i])
            return false;
    return true;
}

/* Descends from s->point, with step sizes that fall geometrically over settings->steps. */
static vouch_status descend(search *s, int k, bool adam)
{
    size_t bytes = (size_t)s->grid.size * sizeof(double);
    double start = adam ? 0.1 : 0.5, steps = (double)s->settings->steps;

    memset(s->mean, 0, bytes);
    memset(s->square, 0, bytes);
    memcpy(s->position, s->point, bytes);
    VOUCH_TRY(try_point(s));
    for (int64_t i = 1; i <= s->settings->steps && !stopped(s); i++) {
        double rate = start * pow(0.01, (double)i / steps);
        VOUCH_TRY(violation_gradient(s, k));
        if (flat(s))
            break;
        if (adam)
            adam_step(s, i, rate);
        else
            sign_step(s, rate);
        vouch_grid_round(&s->grid, s->position, s->point);
        memcpy(s->position, s->point, bytes);
        VOUCH_TRY(try_point(s));
    }
    return VOUCH_OK;
}

static vouch_status try_descents(search *s)
{
    size_t n = (size_t)s->spec->input_size;

    for (int64_t r = 0; r < s->settings->restarts; r++) {
        for (int k = s->first; k < s->last && !stopped(s); k++) {
            vouch_random random = vouch_random_stream(
                (uint64_t)s->settings->seed, "falsify.start", (uint64_t)r << 32 | (uint64_t)k);

            if (s->spec->cases[k].row_count == 0)
                continue;
            if (s->best_point && r < 2 && isfinite(s->best_value[k - s->first]))
                memcpy(s->point, s->best_point + (size_t)(k - s->first) * n,
                       n * sizeof(double));
            else
                vouch_candidate_random(&s->grid, &random, r % 2 != 0, s->point);
            VOUCH_TRY(descend(s, k, r % 2 == 0));
        }
    }
    return VOUCH_OK;
}

/* ---- the schedule ------------------------------------------------------------------------ */

/* Room for the best points of the box's cases; without it descents start at random. */
static vouch_status new_best(search *s)
{
    size_t cases = (size_t)(s->last - s->first), n = (size_t)s->spec->input_size;

    s->best_value = VOUCH_NEW_ARRAY(s->scratch, double, cases);
    s->best_point = NULL;
    if (s->best_value && cases * n <= BEST_LIMIT)
        s->best_point = VOUCH_NEW_ARRAY(s->scratch, double, cases *n);
    if (!s->best_value || (cases * n <= BEST_LIMIT && !s->best_point))
        return vouch_fail(s->ctx, VOUCH_ERR_MEMORY, "falsification: out of memory");
    for (size_t k = 0; k < cases; k++)
        s->best_value[k] = (double)INFINITY;
    return VOUCH_OK;
}

static vouch_status search_box(search *s)
{
    VOUCH_TRY(new_best(s));
    vouch_candidate_centre(&s->grid, s->point);
    if (!stopped(s))
        VOUCH_TRY(try_point(s));
    VOUCH_TRY(try_corners(s));
    VOUCH_TRY(try_random(s));
    if (vouch_grad_differentiable(s->grad))
        VOUCH_TRY(try_descents(s));
    return VOUCH_OK;
}

static vouch_status search_boxes(search *s)
{
    const vouch_spec *spec = s->spec;

    for (s->first = 0; s->first < spec->case_count && !stopped(s); s->first = s->last) {
        int box = spec->cases[s->first].box;
        vouch_arena_mark mark = vouch_arena_get_mark(s->scratch);
        for (s->last = s->first; s->last < spec->case_count && spec->cases[s->last].box == box;)
            s->last++;
        vouch_grid_set_box(&s->grid, &spec->box[box]);
        if (s->grid.empty)
            continue;
        VOUCH_TRY(search_box(s));
        vouch_arena_reset(s->scratch, mark);
    }
    return VOUCH_OK;
}

static vouch_status new_search(search *s)
{
    double **input_sized[] = {&s->point, &s->d_x, &s->mean, &s->square, &s->position};
    double **output_sized[] = {&s->y, &s->d_y};
    bool complete = true;

    VOUCH_TRY(vouch_grad_new(s->ctx, s->scratch, s->graph, &s->grad));
    VOUCH_TRY(vouch_grid_new(s->scratch, s->graph, s->spec, s->settings->semantics, &s->grid));
    for (size_t i = 0; i < sizeof input_sized / sizeof *input_sized; i++)
        complete &= (*input_sized[i] =
                         VOUCH_NEW_ARRAY(s->scratch, double, s->spec->input_size)) != NULL;
    for (size_t i = 0; i < sizeof output_sized / sizeof *output_sized; i++)
        complete &= (*output_sized[i] =
                         VOUCH_NEW_ARRAY(s->scratch, double, s->spec->output_size)) != NULL;
    return complete ? VOUCH_OK
                    : vouch_fail(s->ctx, VOUCH_ERR_MEMORY, "falsification: out of memory");
}

vouch_status vouch_falsify(vouch_context *ctx, vouch_arena *scratch, const vouch_graph *graph,
                           const vouch_spec *spec, const vouch_falsify_settings *settings,
                           vouch_witness *witness)
{
    search s = {.ctx = ctx,
                .scratch = scratch,
                .graph = graph,
                .spec = spec,
                .settings = settings,
                .witness = witness};
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    vouch_status status;

    witness->found = false;
    status = new_search(&s);
    if (!status)
        status = search_boxes(&s);
    vouch_arena_reset(scratch, mark);
    return status;
}
