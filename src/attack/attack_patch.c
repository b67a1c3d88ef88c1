/* Patch: any content of one small square, anywhere (Brown 2017, for one image at a time).
 *
 * The side is the largest whose square has at most eps pixels. At each of some random places the
 * square starts at the middle of the range and climbs the cross-entropy by signs of the gradient,
 * over the whole valid range. A line, where inputs are no image, has intervals of eps numbers.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct patch_settings {
    int64_t places, steps;
    double step;
} patch_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(patch_settings, places, "places tried", 20, 1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(patch_settings, steps, "gradient steps at a place", 20, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(patch_settings, step, "length of a step, relative to the range", 0.1, 0,
                      1),
};

typedef struct patch {
    vouch_assault *a;
    vouch_rows rows;
    float *at;             /* [count][inputs] */
    int64_t height, width; /* of the patch */
    int64_t *top, *left;   /* [count] */
} patch;

/* Number k of the patch's numbers, as an input. */
static int64_t covered(const patch *s, int64_t place, int64_t k)
{
    const vouch_image *image = &s->a->ball->image;
    const int64_t area = s->height * s->width, c = k / area, i = k % area;
    return (c * image->height + s->top[place] + i / s->width) * image->width + s->left[place] +
           i % s->width;
}

static int64_t covered_count(const patch *s)
{
    return s->a->ball->image.channels * s->height * s->width;
}

static void begin(patch *s, int64_t index)
{
    const vouch_assault *a = s->a;
    const vouch_image *image = &a->ball->image;
    memcpy(s->at, a->x, (size_t)(a->count * a->inputs) * sizeof *s->at);
    for (int64_t p = 0; p < a->count; p++) {
        vouch_random r = vouch_assault_random(a, p, "patch", (uint64_t)index);
        s->top[p] = (int64_t)vouch_random_below(&r, (uint64_t)(image->height - s->height + 1));
        s->left[p] = (int64_t)vouch_random_below(&r, (uint64_t)(image->width - s->width + 1));
        for (int64_t k = 0; k < covered_count(s); k++) {
            const int64_t i = covered(s, p, k);
            s->at[p * a->inputs + i] = a->ball->low[i] / 2 + a->ball->high[i] / 2;
        }
    }
}

static void move(patch *s, int64_t r)
{
    const vouch_assault *a = s->a;
    const int64_t p = s->rows.place[r];
    const double step = ((const patch_settings *)a->settings)->step;
    for (int64_t k = 0; k < covered_count(s); k++) {
        const int64_t i = covered(s, p, k);
        const float g = s->rows.gradient[r * a->inputs + i], low = a->ball->low[i],
                    high = a->ball->high[i];
        const float length = (float)step * (high - low) * (float)((g > 0) - (g < 0));
        float *x = &s->at[p * a->inputs + i];
        *x = fminf(fmaxf(*x + length, low), high);
    }
}

static vouch_status one_place(patch *s, int64_t index)
{
    const patch_settings *settings = s->a->settings;
    begin(s, index);
    for (int64_t step = 0; step < settings->steps; step++) {
        vouch_rows_gather(s->a, 3, s->at, &s->rows);
        if (s->rows.count == 0)
            return VOUCH_OK;
        VOUCH_TRY(vouch_rows_climb(s->a, vouch_objective_find("ce"), &s->rows));
        for (int64_t r = 0; r < s->rows.count; r++)
            move(s, r);
    }
    vouch_rows_gather(s->a, 1, s->at, &s->rows);
    return vouch_rows_look(s->a, &s->rows);
}

static void set_size(patch *s)
{
    const vouch_ball *ball = s->a->ball;
    const int64_t most = (int64_t)fmin(ball->eps, (double)ball->size);
    s->height = (int64_t)floor(sqrt((double)most));
    s->height = s->height < ball->image.height ? s->height : ball->image.height;
    s->width = s->height > 0 ? most / s->height : 0;
    if (ball->image.height > 1 && s->width > s->height)
        s->width = s->height;
    s->width = s->width < ball->image.width ? s->width : ball->image.width;
}

static vouch_status run(vouch_assault *a)
{
    const patch_settings *settings = a->settings;
    patch s = {.a = a,
               .at = vouch_assault_copy(a),
               .top = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count),
               .left = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count)};
    if (!s.at || !s.top || !s.left)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &s.rows));
    set_size(&s);
    for (int64_t k = 0; k < settings->places && s.height > 0; k++)
        VOUCH_TRY(one_place(&s, k));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_patch = {
    .name = "patch",
    .summary = "any content of one small square; eps counts its pixels",
    .citation = "Brown 2017",
    .norms = VOUCH_ATTACK_L0,
    .targeted = true,
    .size = sizeof(patch_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
