/* Square attack: random search with squares, from the logits alone (Andriushchenko 2020).
 *
 * L-infinity: vertical stripes of +-eps to begin with; then each query adds +-2 eps, a sign for
 * each channel, to one square of the best image so far and projects, so that the square is at a
 * corner of the ball. L2, L1: a grid of bumps to begin with; then each query empties one window and
 * gives its norm, and what was left of eps, to a bump in another. A query is taken over if the
 * margin of the label shrank. The share of the image that a square covers falls with the number
 * of queries.
 *
 * Inputs that are no image are a line: squares become intervals of the same area.
 */
#include <math.h>
#include <string.h>

#include "attack/square.h"

typedef struct square_settings {
    int64_t queries;
    double share;
} square_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(square_settings, queries, "queries of a point", 5000, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(square_settings, share, "share of the image that the first squares cover",
                      0.8, 0, 1),
};

double vouch_square_share(double first, int64_t query)
{
    static const int64_t after[] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        first = query > after[i] ? first / 2 : first;
    return first;
}

typedef struct square_search {
    vouch_assault *a;
    vouch_rows rows;
    float *best;    /* [count][inputs] */
    double *margin; /* [count] of best: what shrinks is its negative */
    vouch_random *random;
    vouch_square_bump bump;
} square_search;

/* ---- L-infinity ---------------------------------------------------------------------------- */

static double random_sign(vouch_random *r) { return vouch_random_bits(r) >> 63 ? 1 : -1; }

static void stripes(const square_search *s, int64_t p, float *x)
{
    const vouch_image *image = &s->a->ball->image;
    for (int64_t c = 0; c < image->channels; c++)
        for (int64_t j = 0; j < image->width; j++) {
            const double add = s->a->ball->eps * random_sign(&s->random[p]);
            for (int64_t i = 0; i < image->height; i++) {
                float *at = x + (c * image->height + i) * image->width + j;
                *at = (float)((double)*at + add);
            }
        }
}

/* Height and width of a square of that share of the image's area. */
static void sides(const vouch_image *image, double share, int64_t *height, int64_t *width)
{
    const double area = share * (double)(image->height * image->width);
    const int64_t side = (int64_t)fmax(rint(sqrt(area)), 1);
    *height = side < image->height ? side : image->height;
    *width = *height < side ? (int64_t)fmax(rint(area / (double)*height), 1) : side;
    *width = *width < image->width ? *width : image->width;
}

static void add_square(const square_search *s, int64_t p, double share, float *x)
{
    const vouch_image *image = &s->a->ball->image;
    vouch_random *r = &s->random[p];
    int64_t height, width;
    sides(image, share, &height, &width);
    const int64_t top = (int64_t)vouch_random_below(r, (uint64_t)(image->height - height + 1));
    const int64_t left = (int64_t)vouch_random_below(r, (uint64_t)(image->width - width + 1));
    for (int64_t c = 0; c < image->channels; c++) {
        const double add = 2 * s->a->ball->eps * random_sign(r);
        for (int64_t i = 0; i < height * width; i++) {
            float *at =
                x + (c * image->height + top + i / width) * image->width + left + i % width;
            *at = (float)((double)*at + add);
        }
    }
}

/* ---- the search ---------------------------------------------------------------------------- */

static void propose(const square_search *s, int64_t p, int64_t query, float *x)
{
    const vouch_assault *a = s->a;
    const square_settings *settings = a->settings;
    const double share = vouch_square_share(settings->share, query - 1);
    const vouch_square_scene scene = {&a->ball->image, vouch_assault_x(a, p), a->ball->norm,
                                      a->ball->eps,    &s->random[p],         &s->bump};
    const bool flat = a->ball->norm == VOUCH_NORM_LINF;
    memcpy(x, s->best + p * a->inputs, (size_t)a->inputs * sizeof *x);
    if (!flat && query == 0)
        vouch_square_bump_start(&scene, x);
    else if (!flat)
        vouch_square_bump_move(&scene, share, x);
    else if (query == 0)
        stripes(s, p, x);
    else
        add_square(s, p, share, x);
    vouch_assault_project(a, p, x);
}

static vouch_status one_query(square_search *s, int64_t query)
{
    vouch_assault *a = s->a;
    vouch_rows_gather(a, 1, s->best, &s->rows);
    for (int64_t r = 0; r < s->rows.count; r++)
        propose(s, s->rows.place[r], query, s->rows.x + r * a->inputs);
    VOUCH_TRY(vouch_rows_look(a, &s->rows));
    for (int64_t r = 0; r < s->rows.count; r++) {
        const int64_t p = s->rows.place[r];
        const vouch_aim aim = vouch_assault_aim(a, &s->rows, r);
        const double margin = vouch_aim_margin(&aim, s->rows.z + r * a->classes);
        if (query > 0 && !(margin > s->margin[p]))
            continue;
        s->margin[p] = margin;
        memcpy(s->best + p * a->inputs, s->rows.x + r * a->inputs,
               (size_t)a->inputs * sizeof *s->best);
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const square_settings *settings = a->settings;
    square_search s = {.a = a,
                       .best = vouch_assault_copy(a),
                       .margin = VOUCH_NEW_ARRAY(a->arena, double, a->count),
                       .random = VOUCH_NEW_ARRAY(a->arena, vouch_random, a->count)};
    if (!s.best || !s.margin || !s.random ||
        !vouch_square_bump_new(a->arena, a->inputs, &s.bump))
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &s.rows));
    for (int64_t p = 0; p < a->count; p++)
        s.random[p] = vouch_assault_random(a, p, "square", 0);
    s.rows.count = 1;
    for (int64_t query = 0; query < settings->queries && s.rows.count > 0; query++)
        VOUCH_TRY(one_query(&s, query));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_square = {
    .name = "square",
    .summary = "random search with squares of the largest change",
    .citation = "Andriushchenko 2020; l1: Croce, Hein 2021",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2 | VOUCH_ATTACK_L1,
    .black_box = true,
    .targeted = true,
    .size = sizeof(square_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
