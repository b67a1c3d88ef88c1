/* Balls: exact membership, and projections that end inside.
 *
 * Nearest points. With delta the wish, cap_i the room in its direction up to the range:
 *   L-infinity  clamp; the box of each point is computed once, exactly;
 *   L2          delta_i = min(t |delta_i|, cap_i), t such that the norm is eps. In q = t^2 this is
 *               sum min(q delta_i^2, cap_i^2) = eps^2: piecewise linear, concave and increasing, so
 *               that Newton from q = 0 meets the solution from the left after finitely many steps;
 *   L1          delta_i = min(max(|delta_i| - tau, 0), cap_i), tau >= 0 such that the norm is at
 *               most eps [Duchi 2008; with a box: Croce, Hein 2021]: piecewise linear in tau and
 *               decreasing, so that Newton in a bracket ends on the right piece.
 * Each satisfies the conditions of Karush, Kuhn and Tucker of the box met with the ball.
 *
 * Exactness. For floats a, b and d = fl(a - b) in double: d < eps implies a - b <= eps since
 * rounding is monotone, d > eps implies a - b > eps, and at d = eps the sign of the rounding
 * error (THM: two-sum, Knuth) decides. Sums are rounded upward, which errs towards "outside".
 */
#include "attack/ball.h"

#include <math.h>
#include <string.h>

#include "num/round.h"

const char *vouch_norm_name(vouch_norm norm)
{
    static const char *const name[VOUCH_NORMS] = {"linf", "l2", "l1", "l0"};
    return (unsigned)norm < VOUCH_NORMS ? name[norm] : NULL;
}

bool vouch_norm_choices(size_t index, const char **name)
{
    *name = vouch_norm_name((vouch_norm)index);
    return *name != NULL;
}

bool vouch_norm_find(const char *name, vouch_norm *norm)
{
    for (int i = 0; i < VOUCH_NORMS; i++)
        if (strcmp(vouch_norm_name((vouch_norm)i), name) == 0) {
            *norm = (vouch_norm)i;
            return true;
        }
    return false;
}

/* ---- membership ---------------------------------------------------------------------------- */

/* |p - x| <= radius, exactly? */
static bool within(double x, double p, double radius)
{
    const double a = fmax(x, p), b = fmin(x, p);
    const double d = a - b;
    if (d != radius)
        return d < radius;
    const double back = a - d; /* a - b = d + error exactly */
    const double error = (a - (d + back)) + (back - b);
    return error <= 0;
}

static bool is_category(const vouch_feature *f) { return f->group >= 0 && !f->immutable; }

double vouch_ball_radius(const vouch_ball *ball, int64_t i)
{
    const double eps = ball->radius ? ball->radius[i] : ball->eps;
    if (!ball->rules)
        return eps;
    const vouch_feature *f = &ball->rules->feature[i];
    if (f->immutable)
        return 0;
    if (is_category(f))
        return (double)INFINITY;
    const double range = (double)ball->high[i] - (double)ball->low[i];
    return ball->rules->relative ? fmax(0, eps * range) : eps;
}

/* At least |p - x|. */
static double apart(float x, float p)
{
    return p == x ? 0 : vouch_up(fabs((double)p - (double)x));
}

static bool pixel_differs(const vouch_ball *ball, const float *x, const float *p, int64_t pixel)
{
    const int64_t plane = ball->image.height * ball->image.width;
    for (int64_t c = 0; c < ball->image.channels; c++)
        if (x[c * plane + pixel] != p[c * plane + pixel])
            return true;
    return false;
}

static double count_pixels(const vouch_ball *ball, const float *x, const float *p)
{
    int64_t count = 0;
    for (int64_t i = 0; i < ball->image.height * ball->image.width; i++)
        count += pixel_differs(ball, x, p, i);
    return (double)count;
}

/* An upper bound of the norm to the power that needs no root. */
static double above(const vouch_ball *ball, const float *x, const float *p)
{
    double sum = 0;
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = apart(x[i], p[i]);
        if (d != 0)
            sum = vouch_add_up(sum, ball->norm == VOUCH_NORM_L2 ? vouch_mul_up(d, d) : d);
    }
    return sum;
}

static bool in_norm(const vouch_ball *ball, const float *x, const float *p)
{
    if (ball->norm == VOUCH_NORM_L0)
        return count_pixels(ball, x, p) <= ball->eps;
    if (ball->norm == VOUCH_NORM_L2)
        return ball->eps == (double)INFINITY ||
               above(ball, x, p) <= fmax(0, vouch_mul_down(ball->eps, ball->eps));
    if (ball->norm == VOUCH_NORM_L1)
        return above(ball, x, p) <= ball->eps;
    for (int64_t i = 0; i < ball->size; i++)
        if (!within((double)x[i], (double)p[i], vouch_ball_radius(ball, i)))
            return false;
    return true;
}

/* One member of the group at its high, the others at their low? */
static bool group_is_valid(const vouch_ball *ball, const float *p, int group)
{
    int at_high = 0;
    for (int64_t i = 0; i < ball->size; i++) {
        if (ball->rules->feature[i].group != group)
            continue;
        at_high += p[i] == ball->high[i];
        if (p[i] != ball->high[i] && p[i] != ball->low[i])
            return false;
    }
    return at_high == 1;
}

static bool follows_rules(const vouch_ball *ball, const float *p)
{
    int seen = -1; /* groups come one after the other */
    for (int64_t i = 0; i < ball->size; i++) {
        const vouch_feature *f = &ball->rules->feature[i];
        if (is_category(f) && f->group != seen && !group_is_valid(ball, p, f->group))
            return false;
        seen = f->group >= 0 ? f->group : seen;
        if (f->group < 0 && !f->immutable && f->is_integer && p[i] != rintf(p[i]))
            return false;
    }
    return true;
}

bool vouch_ball_contains(const vouch_ball *ball, const float *x, const float *p)
{
    for (int64_t i = 0; i < ball->size; i++)
        if (p[i] != x[i] && !(p[i] >= ball->low[i] && p[i] <= ball->high[i]))
            return false;
    return in_norm(ball, x, p) && (!ball->rules || follows_rules(ball, p));
}

double vouch_ball_distance(const vouch_ball *ball, const float *x, const float *p)
{
    double sum = 0;
    if (ball->norm == VOUCH_NORM_L0)
        return count_pixels(ball, x, p);
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = fabs((double)p[i] - (double)x[i]);
        if (ball->norm == VOUCH_NORM_LINF)
            sum = ball->rules && is_category(&ball->rules->feature[i]) ? sum : fmax(sum, d);
        else
            sum += ball->norm == VOUCH_NORM_L2 ? d * d : d;
    }
    return ball->norm == VOUCH_NORM_L2 ? sqrt(sum) : sum;
}

/* ---- the cell of a point ------------------------------------------------------------------- */

/* The farthest float from x, in that direction, that is exactly within the radius. */
static float farthest(float x, double radius, float limit)
{
    const double wish = limit > x ? (double)x + radius : (double)x - radius;
    float p = limit > x ? (float)fmin(wish, (double)limit) : (float)fmax(wish, (double)limit);
    while (p != x && !within((double)x, (double)p, radius))
        p = nextafterf(p, x);
    return p;
}

void vouch_ball_cell(const vouch_ball *ball, const vouch_cell *cell)
{
    for (int64_t i = 0; i < ball->size; i++) {
        const float x = cell->x[i];
        cell->low[i] = ball->low[i] < x ? ball->low[i] : x;
        cell->high[i] = ball->high[i] > x ? ball->high[i] : x;
        if (ball->norm != VOUCH_NORM_LINF)
            continue;
        cell->low[i] = farthest(x, vouch_ball_radius(ball, i), cell->low[i]);
        cell->high[i] = farthest(x, vouch_ball_radius(ball, i), cell->high[i]);
        const vouch_feature *f = ball->rules ? &ball->rules->feature[i] : NULL;
        if (f && f->is_integer && f->group < 0 && !f->immutable) {
            cell->low[i] = ceilf(cell->low[i]);
            cell->high[i] = floorf(cell->high[i]);
        }
    }
}

/* ---- projection ---------------------------------------------------------------------------- */

double vouch_ball_level(int64_t count, const double *slope, const double *cap, double goal)
{
    enum { STEPS = 64 };
    double q = 0;
    for (int step = 0; step < STEPS; step++) {
        double sum = 0, free_slope = 0;
        for (int64_t i = 0; i < count; i++) {
            const bool capped = !(q * slope[i] < cap[i]);
            sum += capped ? cap[i] : q * slope[i];
            free_slope += capped ? 0 : slope[i];
        }
        if (sum >= goal * (1 - 1e-13))
            return q;
        if (free_slope == 0)
            return (double)INFINITY;
        q += (goal - sum) / free_slope;
    }
    return q;
}

static double room(const vouch_cell *cell, int64_t i, double delta)
{
    return delta > 0 ? (double)cell->high[i] - (double)cell->x[i]
                     : (double)cell->x[i] - (double)cell->low[i];
}

static void project_l2(const vouch_ball *ball, const vouch_cell *cell, double *scratch,
                       float *p)
{
    double *slope = scratch, *cap = scratch + ball->size;
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = (double)p[i] - (double)cell->x[i];
        slope[i] = d * d;
        cap[i] = room(cell, i, d) * room(cell, i, d);
    }
    const double q = vouch_ball_level(ball->size, slope, cap, ball->eps * ball->eps);
    const double t = q < 1 ? sqrt(q) : 1;
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = (double)p[i] - (double)cell->x[i];
        p[i] = (float)((double)cell->x[i] + copysign(fmin(t * fabs(d), sqrt(cap[i])), d));
    }
}

/* Magnitudes and caps of a wish; what is left of them in sum over a threshold, and how many
 * elements shrink there as it grows. */
static double thresholded(int64_t count, const double *size, const double *cap,
                          double threshold, int64_t *sloping)
{
    double sum = 0;
    *sloping = 0;
    for (int64_t i = 0; i < count; i++) {
        const double over = size[i] - threshold;
        *sloping += over > 0 && over < cap[i];
        sum += fmin(fmax(over, 0), cap[i]);
    }
    return sum;
}

/* The least threshold that leaves at most eps, to rounding. What it leaves falls piecewise
 * linearly: a step of Newton's that stays in the bracket, else half of it; on the right piece the
 * step is exact. */
static double threshold_of(int64_t count, const double *size, const double *cap, double eps)
{
    enum { STEPS = 100 };
    double low = 0, high = 0;
    int64_t sloping;
    for (int64_t i = 0; i < count; i++)
        high = fmax(high, size[i]);
    double at = 0, sum = thresholded(count, size, cap, 0, &sloping);
    if (sum <= eps)
        return 0;
    for (int step = 0; step < STEPS && fabs(sum - eps) > 1e-14 * eps && low < high; step++) {
        *(sum > eps ? &low : &high) = at;
        const double newton = at + (sum - eps) / (double)sloping; /* sloping 0: no number */
        at = newton > low && newton < high ? newton : low + (high - low) / 2;
        sum = thresholded(count, size, cap, at, &sloping);
    }
    return at;
}

static void project_l1(const vouch_ball *ball, const vouch_cell *cell, double *scratch,
                       float *p)
{
    double *size = scratch, *cap = scratch + ball->size;
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = (double)p[i] - (double)cell->x[i];
        size[i] = fabs(d);
        cap[i] = room(cell, i, d);
    }
    const double threshold = threshold_of(ball->size, size, cap, ball->eps);
    for (int64_t i = 0; i < ball->size; i++) {
        const double d = (double)p[i] - (double)cell->x[i];
        const double left = fmin(fmax(size[i] - threshold, 0), cap[i]);
        p[i] = (float)((double)cell->x[i] + copysign(left, d));
    }
}

static void clamp(const vouch_ball *ball, const vouch_cell *cell, float *p)
{
    for (int64_t i = 0; i < ball->size; i++) {
        const float above_low = p[i] > cell->low[i] ? p[i] : cell->low[i]; /* a NaN: low */
        p[i] = above_low < cell->high[i] ? above_low : cell->high[i];
    }
}

/* Rounding may have left p a few units outside: shrinks it, at last to the centre. */
static void make_safe(const vouch_ball *ball, const vouch_cell *cell, float *p)
{
    double shrink = 0x1p-24;
    while (!in_norm(ball, cell->x, p)) {
        for (int64_t i = 0; i < ball->size; i++) {
            const double x = (double)cell->x[i];
            p[i] = shrink < 1 ? (float)(x + ((double)p[i] - x) * (1 - shrink)) : cell->x[i];
        }
        shrink *= 2;
    }
    clamp(ball, cell, p);
}

void vouch_ball_project(const vouch_ball *ball, const vouch_cell *cell, double *scratch,
                        float *p)
{
    const bool curved = ball->norm == VOUCH_NORM_L2 || ball->norm == VOUCH_NORM_L1;
    if (curved && ball->eps < (double)INFINITY) {
        if (ball->norm == VOUCH_NORM_L2)
            project_l2(ball, cell, scratch, p);
        else
            project_l1(ball, cell, scratch, p);
    }
    clamp(ball, cell, p);
    if (curved)
        make_safe(ball, cell, p);
}
