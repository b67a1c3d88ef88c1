/* Randomised smoothing. The smoothed classifier g(x) is the class that f(x + N(0, sigma^2 I))
 * takes most often.
 *
 * THM: Cohen 2019 Thm 1: if f(x + noise) is class c with probability at least p > 1/2, then g is
 * c within the L2 distance sigma Phi^-1(p) of x. p is bounded from counts by Clopper and Pearson
 * (binomial.h); a few copies choose c first, so that the bound need not pay for the choice.
 *
 * f may be any function, so the network counts as it computes, in float32: here rounding needs
 * no account. The certificate holds but with probability alpha.
 *
 * Work comes in units of one point and some chunks of noise. A chunk's noise is named by seed,
 * point and number, and counts are sums of whole numbers: no result depends on threads.
 */
#include "eval/smoothing.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "attack/objective.h"
#include "base/random.h"
#include "eval/binomial.h"
#include "eval/team.h"

enum { CHUNK = 64, UNIT_CHUNKS = 16 };

/* One round: `samples` noisy copies of each point, counted by class. Points whose counts an earlier
 * run has kept are not asked again. */
typedef struct survey {
    const char *purpose;
    vouch_journal *journal;
    double sigma;
    uint64_t seed;
    int64_t samples, points, inputs, classes, units; /* units of a point */
    const float *x;
    _Atomic int64_t *count; /* [points][classes] */
    int64_t *point;         /* [open] those to be asked */
    atomic_llong *left;     /* [points] units still to come */
} survey;

/* The noisy copies of one chunk into to[CHUNK][inputs]; how many there are. */
static int64_t draw(const survey *s, int64_t point, int64_t chunk, float *to)
{
    const int64_t left = s->samples - chunk * CHUNK, rows = left < CHUNK ? left : CHUNK;
    const float *x = s->x + point * s->inputs;
    vouch_random names = vouch_random_stream(s->seed, s->purpose, (uint64_t)point);
    vouch_random r =
        vouch_random_stream(vouch_random_bits(&names), s->purpose, (uint64_t)chunk);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t i = 0; i < s->inputs; i++)
            to[k * s->inputs + i] = (float)((double)x[i] + s->sigma * vouch_random_normal(&r));
    return rows;
}

/* The counts of one point, no thread writing any more. */
static void take_counts(const survey *s, int64_t point, int64_t *count)
{
    for (int64_t k = 0; k < s->classes; k++)
        count[k] = atomic_load(&s->count[point * s->classes + k]);
}

/* ---- what an earlier run counted ----------------------------------------------------------- */

typedef struct unit_name {
    char text[64];
} unit_name;

static unit_name name_unit(const survey *s, int64_t point)
{
    unit_name name;
    snprintf(name.text, sizeof name.text, "%s %" PRId64, s->purpose, point);
    return name;
}

/* A result is "class:count ..." of the classes seen. */
static bool recall(const survey *s, int64_t point)
{
    const char *at = vouch_journal_find(s->journal, name_unit(s, point).text);
    int64_t sum = 0;
    for (char *end; at && *at; at = end + (*end == ' ')) {
        const long long class = strtoll(at, &end, 10);
        if (*end != ':' || class < 0 || class >= s->classes)
            break;
        const long long hits = strtoll(end + 1, &end, 10);
        atomic_store(&s->count[point * s->classes + class], hits);
        sum += hits;
    }
    return sum == s->samples;
}

static vouch_status keep(const vouch_team_member *m, const survey *s, int64_t point)
{
    int64_t *count = VOUCH_NEW_ARRAY(m->arena, int64_t, s->classes);
    char *text = vouch_arena_text(m->arena, "");
    if (count == NULL || text == NULL || s->journal == NULL)
        return s->journal ? VOUCH_ERR_MEMORY : VOUCH_OK;
    take_counts(s, point, count);
    for (int64_t k = 0; text && k < s->classes; k++)
        if (count[k] > 0)
            text = vouch_arena_print(m->arena, "%s%s%" PRId64 ":%" PRId64, text,
                                     *text ? " " : "", k, count[k]);
    return text ? vouch_journal_add(m->ctx, s->journal, name_unit(s, point).text, text)
                : VOUCH_ERR_MEMORY;
}

/* Those no earlier run has counted; returns how many. */
static int64_t gather(survey *s)
{
    int64_t open = 0;
    for (int64_t p = 0; p < s->points; p++) {
        if (recall(s, p))
            continue;
        for (int64_t k = 0; k < s->classes; k++)
            atomic_store(&s->count[p * s->classes + k], 0);
        atomic_store(&s->left[p], s->units);
        s->point[open++] = p;
    }
    return open;
}

/* ---- a round ------------------------------------------------------------------------------- */

static vouch_status survey_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    survey *s = job;
    const int64_t point = s->point[unit / s->units], from = unit % s->units * UNIT_CHUNKS;
    float *x = VOUCH_NEW_ARRAY(m->arena, float, CHUNK * s->inputs);
    float *z = VOUCH_NEW_ARRAY(m->arena, float, CHUNK * s->classes);
    if (x == NULL || z == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t c = from; c < from + UNIT_CHUNKS && c * CHUNK < s->samples; c++) {
        const int64_t rows = draw(s, point, c, x);
        VOUCH_TRY(vouch_victim_forward(m->victim, rows, x, z));
        for (int64_t k = 0; k < rows; k++) {
            const int class = vouch_predicted(s->classes, z + k * s->classes);
            atomic_fetch_add(&s->count[point * s->classes + class], 1);
        }
    }
    return atomic_fetch_sub(&s->left[point], 1) == 1 ? keep(m, s, point) : VOUCH_OK;
}

static vouch_status run_survey(vouch_context *ctx, vouch_arena *arena,
                               const vouch_victim_plan *plan, int threads, survey *s)
{
    s->units = (s->samples + CHUNK * UNIT_CHUNKS - 1) / (CHUNK * UNIT_CHUNKS);
    s->count = vouch_arena_array(arena, (size_t)(s->points * s->classes), sizeof *s->count);
    s->point = VOUCH_NEW_ARRAY(arena, int64_t, s->points);
    s->left = vouch_arena_array(arena, (size_t)s->points, sizeof *s->left);
    if (s->count == NULL || s->point == NULL || s->left == NULL)
        return VOUCH_ERR_MEMORY;
    const vouch_team team = {
        .plan = plan, .threads = threads, .phase = "smoothing", .fn = survey_unit, .job = s};
    return vouch_team_run(ctx, &team, gather(s) * s->units);
}

/* ---- judgement ----------------------------------------------------------------------------- */

vouch_smoothed vouch_smoothing_judge(const vouch_smoothing *smoothing, int chosen, int64_t hits)
{
    vouch_smoothed a = {.predicted = VOUCH_SMOOTHING_ABSTAINS, .hits = hits};
    a.lower = vouch_binomial_lower(hits, smoothing->samples, smoothing->alpha);
    if (!(a.lower > .5))
        return a;
    a.predicted = chosen;
    a.radius_l2 = smoothing->sigma * vouch_normal_quantile(a.lower);
    return a;
}

/* The classes most often seen; of equals the first. */
static int most_often(int64_t classes, const int64_t *count, int without)
{
    int best = without == 0 ? 1 : 0;
    for (int k = best + 1; k < classes; k++)
        if (k != without && count[k] > count[best])
            best = k;
    return best;
}

int vouch_smoothing_vote(int64_t classes, const int64_t *count, double alpha)
{
    const int first = most_often(classes, count, -1);
    const int second = most_often(classes, count, first);
    return vouch_binomial_test(count[first], count[first] + count[second]) <= alpha
               ? first
               : VOUCH_SMOOTHING_ABSTAINS;
}

static vouch_status check(vouch_context *ctx, const vouch_smoothing *s)
{
    if (!(s->sigma > 0) || !isfinite(s->sigma))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "smoothing: sigma is %g, not above 0",
                          s->sigma);
    if (!(s->alpha > 0 && s->alpha < .5))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "smoothing: alpha is %g, not between 0 and 1/2", s->alpha);
    if (s->selection < 1 || s->samples < 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "smoothing: %" PRId64 " and %" PRId64 " noisy copies are too few",
                          s->selection, s->samples);
    return VOUCH_OK;
}

vouch_status vouch_smoothing_run(vouch_arena *arena, const vouch_victim_plan *plan,
                                 const vouch_smoothing *smoothing, int64_t count,
                                 const float *x, vouch_smoothed *smoothed)
{
    survey choose = {.purpose = "smoothing: choice",
                     .journal = smoothing->journal,
                     .sigma = smoothing->sigma,
                     .seed = smoothing->seed,
                     .samples = smoothing->selection,
                     .points = count,
                     .inputs = vouch_victim_inputs(plan),
                     .classes = vouch_victim_classes(plan),
                     .x = x};
    survey bound = choose;
    bound.purpose = "smoothing: bound";
    bound.samples = smoothing->samples;
    vouch_context *ctx = vouch_arena_context(arena);
    int64_t *seen = VOUCH_NEW_ARRAY(arena, int64_t, choose.classes);
    if (seen == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(check(ctx, smoothing));
    VOUCH_TRY(run_survey(ctx, arena, plan, smoothing->threads, &choose));
    VOUCH_TRY(run_survey(ctx, arena, plan, smoothing->threads, &bound));
    for (int64_t p = 0; p < count; p++) {
        take_counts(&choose, p, seen);
        const int chosen = most_often(choose.classes, seen, -1);
        take_counts(&bound, p, seen);
        smoothed[p] = vouch_smoothing_judge(smoothing, chosen, seen[chosen]);
    }
    return VOUCH_OK;
}
