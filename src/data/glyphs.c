/* glyphs16, glyphs28: pictures of the ten digits, drawn by strokes.
 *
 * A digit is a line through a few points of the unit square. A sample turns it by a random
 * slant, scale and shift, draws it with a pen of random width and ink (a pixel's grey falls with
 * its distance to the line), and adds what is not to be looked at: short strokes in the border
 * and noise everywhere. Pixels are rounded to bytes, so that a file written from the set and
 * read again is the same set. What carries the label is therefore known: an explanation that
 * names the border is wrong.
 */
#include <math.h>

#include "data/builtin.h"

enum { POINTS = 9, DIGITS = 10 };

typedef struct point {
    float x, y;
} point;

/* x to the right, y down */
static const struct digit {
    int count;
    point at[POINTS];
} digits[DIGITS] = {
    {9,
     {{.5f, .1f},
      {.3f, .2f},
      {.24f, .5f},
      {.3f, .8f},
      {.5f, .9f},
      {.7f, .8f},
      {.76f, .5f},
      {.7f, .2f},
      {.5f, .1f}}},
    {3, {{.3f, .28f}, {.52f, .1f}, {.52f, .9f}}},
    {6, {{.25f, .3f}, {.4f, .1f}, {.65f, .12f}, {.74f, .32f}, {.25f, .9f}, {.78f, .9f}}},
    {7,
     {{.26f, .14f},
      {.6f, .1f},
      {.72f, .28f},
      {.45f, .47f},
      {.75f, .67f},
      {.6f, .9f},
      {.25f, .86f}}},
    {4, {{.66f, .9f}, {.66f, .1f}, {.22f, .64f}, {.82f, .64f}}},
    {7,
     {{.74f, .1f},
      {.32f, .1f},
      {.29f, .46f},
      {.6f, .42f},
      {.75f, .65f},
      {.6f, .9f},
      {.25f, .87f}}},
    {7,
     {{.66f, .1f},
      {.36f, .38f},
      {.25f, .7f},
      {.45f, .9f},
      {.72f, .76f},
      {.6f, .53f},
      {.28f, .62f}}},
    {3, {{.22f, .1f}, {.78f, .1f}, {.44f, .9f}}},
    {9,
     {{.5f, .48f},
      {.3f, .3f},
      {.5f, .1f},
      {.7f, .3f},
      {.5f, .48f},
      {.25f, .7f},
      {.5f, .9f},
      {.75f, .7f},
      {.5f, .48f}}},
    {7,
     {{.36f, .9f},
      {.66f, .62f},
      {.75f, .3f},
      {.55f, .1f},
      {.29f, .24f},
      {.4f, .48f},
      {.72f, .38f}}},
};

static const char *const names[DIGITS] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

/* A line to be drawn, in pixels. */
typedef struct stroke {
    int count;
    point at[POINTS];
    float radius, ink;
} stroke;

static float uniform(vouch_random *r, float low, float high)
{
    return low + (high - low) * (float)vouch_random_unit(r);
}

static float distance(point p, point a, point b)
{
    const float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    float t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;

    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const float ex = p.x - a.x - t * dx, ey = p.y - a.y - t * dy;
    return sqrtf(ex * ex + ey * ey);
}

/* Full ink inside the radius, none one pixel beyond it; strokes do not add up. */
static void draw_stroke(const stroke *s, int side, float *x)
{
    for (int i = 0; i < side * side; i++) {
        const int row = i / side, column = i % side;
        const point p = {(float)column + .5f, (float)row + .5f};
        float nearest = distance(p, s->at[0], s->at[0]);
        for (int k = 0; k + 1 < s->count; k++)
            nearest = fminf(nearest, distance(p, s->at[k], s->at[k + 1]));
        const float grey = s->ink * fmaxf(0, fminf(1, 1 + s->radius - nearest));
        x[i] = fmaxf(x[i], grey);
    }
}

/* The digit in the middle, somewhat moved; at most a tenth of the side reaches the border. */
static void draw_digit(vouch_random *r, int digit, int side, float *x)
{
    const float size = (float)side * uniform(r, .58f, .74f), wide = uniform(r, .75f, 1);
    const float slant = uniform(r, -.2f, .2f), middle = (float)side / 2;
    const float shift_x = (float)side * uniform(r, -.08f, .08f);
    const float shift_y = (float)side * uniform(r, -.08f, .08f);
    stroke s = {.count = digits[digit].count,
                .radius = (float)side * uniform(r, .015f, .05f),
                .ink = uniform(r, .75f, 1)};

    for (int k = 0; k < s.count; k++) {
        const float u = digits[digit].at[k].x - .5f, v = digits[digit].at[k].y - .5f;
        s.at[k] = (point){middle + shift_x + size * (wide * u - slant * v),
                          middle + shift_y + size * v};
    }
    draw_stroke(&s, side, x);
}

/* A short stroke along one of the four sides: not part of the digit. */
static void draw_distractor(vouch_random *r, int side, float *x)
{
    const float along = (float)side * uniform(r, .05f, .85f);
    const float length = (float)side * uniform(r, .05f, .12f);
    const float depth = (float)side * uniform(r, .02f, .06f);
    const uint64_t edge = vouch_random_below(r, 4);
    const float across = edge & 1 ? depth : (float)side - depth;
    stroke s = {.count = 2, .radius = .2f, .ink = uniform(r, .3f, .9f)};

    s.at[0] = edge & 2 ? (point){along, across} : (point){across, along};
    s.at[1] = edge & 2 ? (point){along + length, across} : (point){across, along + length};
    draw_stroke(&s, side, x);
}

static void draw(const vouch_data_info *info, vouch_random *r, float *x, int32_t *label,
                 bool *missing)
{
    const int side = (int)info->shape.dim[1];
    const float noise = uniform(r, 0, .12f);

    *missing = false;
    *label = (int32_t)vouch_random_below(r, DIGITS);
    for (int i = 0; i < side * side; i++)
        x[i] = 0;
    draw_digit(r, *label, side, x);
    for (uint64_t k = vouch_random_below(r, 4); k > 0; k--)
        draw_distractor(r, side, x);
    for (int i = 0; i < side * side; i++) {
        const float grey = x[i] + noise * (float)vouch_random_normal(r);
        x[i] = floorf(255 * fmaxf(0, fminf(1, grey)) + .5f) / 255.0f;
    }
}

static vouch_status describe(vouch_data_stream *s, int side)
{
    s->info.shape = (vouch_shape){.rank = 3, .dim = {1, side, side}};
    s->info.size = (int64_t)side * side;
    s->info.scaling = VOUCH_SCALING_BYTE;
    s->info.classes = DIGITS;
    s->info.class_name = names;
    return VOUCH_OK;
}

static vouch_status describe_16(vouch_data_stream *s) { return describe(s, 16); }
static vouch_status describe_28(vouch_data_stream *s) { return describe(s, 28); }

const vouch_data_builtin vouch_data_builtin_glyphs16 = {
    .name = "glyphs16",
    .summary = "digits drawn by strokes, 1x16x16, with distractors in the border",
    .describe = describe_16,
    .draw = draw,
};

const vouch_data_builtin vouch_data_builtin_glyphs28 = {
    .name = "glyphs28",
    .summary = "digits drawn by strokes, 1x28x28, with distractors in the border",
    .describe = describe_28,
    .draw = draw,
};
