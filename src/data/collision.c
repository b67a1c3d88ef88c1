/* collision: encounters of two aircraft, and which of five advisories a hand-written rule gives.
 *
 * Of our own making, in the manner of airborne collision avoidance. An encounter is the distance to
 * the intruder (m), its bearing (rad, 0 ahead, positive to the left), its heading relative to ours
 * (rad), our speed and its speed (m/s). From straight flight follow
 *
 *     danger = fade(time to the closest approach) fade(distance kept then) fade(distance now)
 *     side   = where the intruder passes, 1 left, -1 right
 *
 * and from these the scores of the advisories: clear of conflict falls with danger, weak turns peak
 * in the middle, strong ones rise; a turn towards the side on which the intruder passes is worth
 * less, the more so the more dangerous it is. The label is the advisory of the highest score. Half
 * of the encounters are near, where the advisories change.
 */
#include <math.h>

#include "data/builtin.h"

enum column { DISTANCE, BEARING, HEADING, OWN_SPEED, ITS_SPEED, ADVISORY, COLUMNS };
enum { ADVISORIES = 5 };

static const char *const advisories[ADVISORIES] = {"clear", "weak_left", "weak_right",
                                                   "strong_left", "strong_right"};

#define PI 3.14159265
static const vouch_column columns[COLUMNS] = {
    [DISTANCE] =
        {.name = "distance", .type = VOUCH_COLUMN_REAL, .low = 0, .high = 20000, .fill = 10000},
    [BEARING] = {.name = "bearing", .type = VOUCH_COLUMN_REAL, .low = -PI, .high = PI},
    [HEADING] = {.name = "heading", .type = VOUCH_COLUMN_REAL, .low = -PI, .high = PI},
    [OWN_SPEED] =
        {.name = "own_speed", .type = VOUCH_COLUMN_REAL, .low = 50, .high = 350, .fill = 200},
    [ITS_SPEED] =
        {.name = "its_speed", .type = VOUCH_COLUMN_REAL, .low = 50, .high = 350, .fill = 200},
    [ADVISORY] = {.name = "advisory",
                  .type = VOUCH_COLUMN_CATEGORY,
                  .categories = ADVISORIES,
                  .category = advisories},
};

/* 1 at 0, 1/2 at `half`, towards 0 beyond; smooth. */
static double fade(double x, double half) { return 1 / (1 + x * x / (half * half)); }

/* In 0..1; *side as above. */
static double danger(const double *v, double *side)
{
    const double across = v[DISTANCE] * sin(v[BEARING]);
    const double vx = v[ITS_SPEED] * cos(v[HEADING]) - v[OWN_SPEED],
                 vy = v[ITS_SPEED] * sin(v[HEADING]);
    double px = v[DISTANCE] * cos(v[BEARING]), py = across;
    const double t = fmax(0, -(px * vx + py * vy) / (vx * vx + vy * vy + 1));

    px += t * vx;
    py += t * vy;
    const double lateral = py + .25 * across;
    *side = lateral / hypot(lateral, 250);
    return fade(t, 30) * fade(hypot(px, py), 1200) * fade(v[DISTANCE], 9000);
}

static int32_t advise(const double *v)
{
    double side;
    const double d = danger(v, &side), weak = .2 + 1.4 * d - 1.3 * d * d,
                 strong = -.2 + 1.45 * d, pull = side * d / (d + .1);
    const double score[ADVISORIES] = {1 - 2.2 * d, weak - .3 * pull, weak + .3 * pull,
                                      strong - .4 * pull, strong + .4 * pull};
    int32_t best = 0;

    for (int32_t k = 1; k < ADVISORIES; k++)
        best = score[k] > score[best] ? k : best;
    return best;
}

static void draw(const vouch_data_info *info, vouch_random *r, float *x, int32_t *label,
                 bool *missing)
{
    double v[COLUMNS];

    (void)missing;
    for (int i = 0; i < ADVISORY; i++)
        v[i] = columns[i].low + vouch_random_unit(r) * (columns[i].high - columns[i].low);
    if (vouch_random_unit(r) < .5)
        v[DISTANCE] *= .3;
    *label = advise(v);
    for (int i = 0; i < ADVISORY; i++)
        x = vouch_column_encode(&columns[i], info->scaling, v[i], x);
}

static vouch_status describe(vouch_data_stream *s)
{
    return vouch_data_use_columns(s, columns, COLUMNS, ADVISORY);
}

const vouch_data_builtin vouch_data_builtin_collision = {
    .name = "collision",
    .summary = "encounters of two aircraft, with the advisory that a known rule gives",
    .describe = describe,
    .draw = draw,
};
