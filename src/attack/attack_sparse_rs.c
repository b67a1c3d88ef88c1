/* Sparse-RS: few pixels, from the logits alone (Croce 2022).
 *
 * eps pixels hold corners of the valid range, each channel at its low or its high. A query swaps
 * a share of the pixels for others with new colours, and is taken over if the margin of the label
 * shrank. The share falls with the number of queries, .3 at first, to single pixels. With eps = 1
 * this is the one-pixel attack.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct sparse_settings {
    int64_t queries;
    double share;
} sparse_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(sparse_settings, queries, "queries of a point", 5000, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(sparse_settings, share, "share of the pixels that the first queries swap",
                      0.3, 0, 1),
};

typedef struct sparse {
    vouch_assault *a;
    vouch_rows rows;
    int64_t pixels, places; /* changed pixels, pixels of the image */
    float *best;            /* [count][inputs] */
    int64_t *order;         /* [count][places]: the first `pixels` of them are changed */
    int64_t *trial;         /* [count][places] */
    double *margin;         /* [count] */
    vouch_random *random;   /* [count] */
} sparse;

/* How many pixels a query swaps: the share shrinks at the places of the paper's schedule. */
static int64_t swaps(const sparse *s, int64_t query)
{
    static const int64_t after[] = {50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    static const double factor[] = {.5, 1 / 3., .25, .2, 1 / 6., 1 / 7., 1 / 8., 1 / 9.};
    const sparse_settings *settings = s->a->settings;
    double share = settings->share;
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        share = query > after[i] ? settings->share * factor[i] : share;
    return (int64_t)fmax(rint(share * (double)s->pixels), 1);
}

/* Every channel of the pixel at one end of its range. */
static void colour(const sparse *s, int64_t p, int64_t pixel, float *x)
{
    for (int64_t c = 0; c < s->a->ball->image.channels; c++) {
        const int64_t i = c * s->places + pixel;
        const bool high = vouch_random_bits(&s->random[p]) >> 63;
        x[i] = high ? s->a->cell[p].high[i] : s->a->cell[p].low[i];
    }
}

static void restore(const sparse *s, int64_t p, int64_t pixel, float *x)
{
    for (int64_t c = 0; c < s->a->ball->image.channels; c++)
        x[c * s->places + pixel] = vouch_assault_x(s->a, p)[c * s->places + pixel];
}

static void exchange(int64_t *order, int64_t i, int64_t j)
{
    const int64_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
}

static void first_pixels(const sparse *s, int64_t p, float *x)
{
    int64_t *order = s->trial + p * s->places;
    for (int64_t i = 0; i < s->pixels; i++) {
        const uint64_t left = (uint64_t)(s->places - i);
        exchange(order, i, i + (int64_t)vouch_random_below(&s->random[p], left));
        colour(s, p, order[i], x);
    }
}

static void swap_pixels(const sparse *s, int64_t p, int64_t count, float *x)
{
    int64_t *order = s->trial + p * s->places;
    const uint64_t unchanged = (uint64_t)(s->places - s->pixels);
    for (int64_t k = 0; k < count; k++) {
        const int64_t i = (int64_t)vouch_random_below(&s->random[p], (uint64_t)s->pixels);
        restore(s, p, order[i], x);
        if (unchanged > 0)
            exchange(order, i,
                     s->pixels + (int64_t)vouch_random_below(&s->random[p], unchanged));
        colour(s, p, order[i], x);
    }
}

static vouch_status one_query(sparse *s, int64_t query)
{
    vouch_assault *a = s->a;
    const size_t list = (size_t)s->places * sizeof *s->order;
    vouch_rows_gather(a, 1, s->best, &s->rows);
    for (int64_t r = 0; r < s->rows.count; r++) {
        const int64_t p = s->rows.place[r];
        memcpy(s->trial + p * s->places, s->order + p * s->places, list);
        if (query == 0)
            first_pixels(s, p, s->rows.x + r * a->inputs);
        else
            swap_pixels(s, p, swaps(s, query), s->rows.x + r * a->inputs);
    }
    VOUCH_TRY(vouch_rows_look(a, &s->rows));
    for (int64_t r = 0; r < s->rows.count; r++) {
        const int64_t p = s->rows.place[r];
        const vouch_aim aim = vouch_assault_aim(a, &s->rows, r);
        const double margin = vouch_aim_margin(&aim, s->rows.z + r * a->classes);
        if (query > 0 && !(margin >= s->margin[p]))
            continue;
        s->margin[p] = margin;
        memcpy(s->order + p * s->places, s->trial + p * s->places, list);
        memcpy(s->best + p * a->inputs, s->rows.x + r * a->inputs,
               (size_t)a->inputs * sizeof *s->best);
    }
    return VOUCH_OK;
}

static vouch_status new_search(vouch_assault *a, sparse *s)
{
    const vouch_image *image = &a->ball->image;
    s->places = image->height * image->width;
    s->pixels = (int64_t)fmin(a->ball->eps, (double)s->places);
    s->best = vouch_assault_copy(a);
    s->order = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count * s->places);
    s->trial = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count * s->places);
    s->margin = VOUCH_NEW_ARRAY(a->arena, double, a->count);
    s->random = VOUCH_NEW_ARRAY(a->arena, vouch_random, a->count);
    if (!s->best || !s->order || !s->trial || !s->margin || !s->random)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    for (int64_t p = 0; p < a->count; p++)
        s->random[p] = vouch_assault_random(a, p, "sparse", 0);
    for (int64_t i = 0; i < a->count * s->places; i++)
        s->order[i] = i % s->places;
    return vouch_rows_new(a, a->count, &s->rows);
}

static vouch_status run(vouch_assault *a)
{
    const sparse_settings *settings = a->settings;
    sparse s = {.a = a};
    VOUCH_TRY(new_search(a, &s));
    s.rows.count = s.pixels > 0;
    for (int64_t query = 0; query < settings->queries && s.rows.count > 0; query++)
        VOUCH_TRY(one_query(&s, query));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_sparse_rs = {
    .name = "sparse-rs",
    .summary = "random search over a few pixels; eps counts them",
    .citation = "Croce 2022",
    .norms = VOUCH_ATTACK_L0,
    .black_box = true,
    .targeted = true,
    .size = sizeof(sparse_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
