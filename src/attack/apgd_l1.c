/* APGD in L1 (Croce, Hein 2021, "Mind the box!", alg. 1).
 *
 * Steepest ascent over the L1 ball met with the box is sparse, and how sparse it should be changes
 * as the walk goes on. A step moves the k coordinates of the steepest gradient,
 *
 *     x' = P(x + s sign(g_k) / k),   P the exact projection onto ball and box (ball.c),
 *
 * s = eps at first, without momentum. At a checkpoint, every .04 n steps, k becomes 2/3 of the number
 * of coordinates in which the best point differs from the clean one. Where that number has fallen
 * below .95 of what it was, s is eps anew and the walk goes back to the best point; elsewhere s is
 * divided by 1.5, down to eps / 10. The start is normal, projected; k starts at a fifth of all, or at
 * 2/3 of those in which a start differs that comes from a wider ball:
 *
 * In a small ball the loss is hard to climb. So .3 n of the steps are done in the ball of 3 eps, .3 n
 * in that of 2 eps, and only the rest in that of eps, each from the best point of the last projected.
 * Claims are of the ball of eps in every phase: what is found outside of it is not kept.
 */
#include <math.h>
#include <string.h>

#include "attack/apgd.h"

static const double first_share = .2, sparser = 1.5, fewer = .95, slower = 1.5, least_step = .1;

/* A ball and the steps done in it. */
typedef struct phase {
    vouch_ball ball;
    int64_t steps;
} phase;

static void project(const vouch_ascent *s, const phase *ph, int64_t place, float *p)
{
    vouch_ball_project(&ph->ball, &s->a->cell[place], s->a->scratch, p);
}

static int64_t count_changed(const vouch_ascent *s, int64_t place, const float *p)
{
    const float *x = vouch_assault_x(s->a, place);
    int64_t count = 0;
    for (int64_t i = 0; i < s->a->inputs; i++)
        count += p[i] != x[i];
    return count;
}

static int64_t to_move(const vouch_ascent *s, double wish)
{
    return (int64_t)fmin(fmax(ceil(wish), 1), (double)s->a->inputs);
}

/* ---- one step ------------------------------------------------------------------------------ */

/* The k-th greatest of v[count], which is rearranged [Hoare 1961, FIND]. */
static double kth_greatest(int64_t count, double *v, int64_t k)
{
    int64_t first = 0, last = count - 1;
    while (first < last) {
        const double pivot = v[k - 1];
        int64_t i = first, j = last;
        while (i <= j) {
            while (v[i] > pivot)
                i++;
            while (v[j] < pivot)
                j--;
            if (i > j)
                break;
            const double swapped = v[i];
            v[i++] = v[j];
            v[j--] = swapped;
        }
        first = j < k - 1 ? i : first;
        last = i > k - 1 ? j : last;
    }
    return v[k - 1];
}

static double steepness(float g) { return isnan(g) ? 0 : fabs((double)g); }

static void move(vouch_ascent *s, const phase *ph, int64_t place)
{
    const int64_t n = s->a->inputs;
    const float *g = s->gradient + place * n;
    float *at = s->at + place * n;
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        s->a->scratch[i] = steepness(g[i]);
    const double least = kth_greatest(n, s->a->scratch, s->pace[place].moved);
    for (int64_t i = 0; i < n; i++)
        count += steepness(g[i]) > 0 && steepness(g[i]) >= least;
    const double length = s->pace[place].step / (double)(count > 0 ? count : 1);
    for (int64_t i = 0; i < n; i++)
        if (steepness(g[i]) > 0 && steepness(g[i]) >= least)
            at[i] = (float)((double)at[i] + copysign(length, (double)g[i]));
    project(s, ph, place, at);
}

static void check_point(vouch_ascent *s, const phase *ph, int64_t place)
{
    vouch_pace *pc = &s->pace[place];
    const int64_t changed = count_changed(s, place, s->best + place * s->a->inputs);
    const bool shrank = (double)changed < fewer * (double)pc->changed;
    pc->moved = to_move(s, (double)changed / sparser);
    pc->changed = changed;
    pc->step = shrank ? ph->ball.eps : fmax(pc->step / slower, ph->ball.eps * least_step);
    if (shrank)
        vouch_ascent_return(s, place);
}

/* ---- phases -------------------------------------------------------------------------------- */

static void begin_phase(vouch_ascent *s, const phase *ph, bool from_best)
{
    const int64_t n = s->a->inputs;
    for (int64_t p = 0; p < s->a->count; p++) {
        float *at = s->at + p * n;
        if (from_best)
            memcpy(at, s->best + p * n, (size_t)n * sizeof *at);
        project(s, ph, p, at);
        const int64_t changed = count_changed(s, p, at);
        s->pace[p] =
            (vouch_pace){.step = ph->ball.eps, .moved = to_move(s, (double)changed / sparser)};
        s->pace[p].changed = changed;
    }
}

static vouch_status run_phase(vouch_ascent *s, const phase *ph)
{
    const int64_t interval = (int64_t)fmax(.04 * (double)ph->steps, 1);
    VOUCH_TRY(vouch_ascent_look(s, true));
    for (int64_t step = 1; step <= ph->steps && s->rows.count > 0; step++) {
        for (int64_t r = 0; r < s->rows.count; r++)
            move(s, ph, s->rows.place[r]);
        VOUCH_TRY(vouch_ascent_look(s, false));
        for (int64_t r = 0; r < s->rows.count && step % interval == 0; r++)
            check_point(s, ph, s->rows.place[r]);
    }
    return VOUCH_OK;
}

static void start(vouch_ascent *s, uint64_t index)
{
    for (int64_t p = 0; p < s->a->count; p++) {
        vouch_random random = vouch_assault_random(s->a, p, "apgd", index);
        float *at = s->at + p * s->a->inputs;
        for (int64_t i = 0; i < s->a->inputs; i++)
            at[i] = (float)((double)at[i] + vouch_random_normal(&random));
    }
}

/* The first k is a fifth of all, whatever the start. */
static void forget_start(vouch_ascent *s)
{
    for (int64_t p = 0; p < s->a->count; p++) {
        s->pace[p].moved = to_move(s, first_share * (double)s->a->inputs);
        s->pace[p].changed = s->a->inputs;
    }
}

vouch_status vouch_apgd_l1_run(vouch_ascent *s, uint64_t index)
{
    const vouch_apgd_settings *settings = s->a->settings;
    const int64_t early = settings->wide ? (int64_t)(.3 * (double)settings->steps) : 0;
    start(s, index);
    for (int width = early > 0 ? 3 : 1; width >= 1; width--) {
        phase ph = {*s->a->ball, width > 1 ? early : settings->steps - 2 * early};
        ph.ball.eps *= width;
        begin_phase(s, &ph, early > 0 && width < 3);
        if (early == 0)
            forget_start(s);
        VOUCH_TRY(run_phase(s, &ph));
    }
    return VOUCH_OK;
}
