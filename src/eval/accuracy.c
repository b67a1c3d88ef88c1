/* Accuracy, calibration [Guo et al. 2017] and accuracy under corruptions. */
#include "eval/accuracy.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "attack/objective.h"
#include "eval/team.h"

enum { BLOCK = 64 };

static int64_t blocks_of(int64_t count) { return (count + BLOCK - 1) / BLOCK; }
static int64_t rows_of(int64_t count, int64_t block)
{
    const int64_t left = count - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

typedef struct logits_job {
    int64_t count, inputs, classes;
    const float *x;
    float *z;
} logits_job;

static vouch_status logits_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    const logits_job *j = job;
    const int64_t at = unit * BLOCK;
    return vouch_victim_forward(m->victim, rows_of(j->count, unit), j->x + at * j->inputs,
                                j->z + at * j->classes);
}

vouch_status vouch_eval_logits(vouch_context *ctx, const vouch_victim_plan *plan, int threads,
                               int64_t count, const float *x, float *z)
{
    logits_job job = {count, vouch_victim_inputs(plan), vouch_victim_classes(plan), x, z};
    const vouch_team team = {
        .plan = plan, .threads = threads, .phase = "clean", .fn = logits_unit, .job = &job};
    return vouch_team_run(ctx, &team, blocks_of(count));
}

/* ---- calibration --------------------------------------------------------------------------- */

/* p <- softmax of z; the largest is at `top`. */
static void soften(int64_t classes, const float *z, int top, double *p)
{
    double sum = 0;
    for (int64_t k = 0; k < classes; k++)
        sum += p[k] = exp((double)z[k] - (double)z[top]);
    for (int64_t k = 0; k < classes; k++)
        p[k] /= sum;
}

/* No number at all is no confidence. */
static int bin_of(double confidence)
{
    const double bin = ceil(confidence * VOUCH_BINS) - 1;
    return bin >= 0 ? (int)fmin(bin, VOUCH_BINS - 1) : 0;
}

static void add_point(vouch_calibration *c, int64_t classes, int top, const double *p,
                      int label)
{
    const int bin = bin_of(p[top]);
    c->points[bin]++;
    c->right[bin] += top == label;
    c->confidence[bin] += p[top];
    c->mean_confidence += p[top];
    c->log_loss -= log(fmax(p[label], 0x1p-1022));
    for (int64_t k = 0; k < classes; k++)
        c->brier += (p[k] - (k == label)) * (p[k] - (k == label));
}

/* From sums to means. */
static void finish(vouch_calibration *c, double n)
{
    for (int b = 0; b < VOUCH_BINS; b++) {
        const double gap = fabs((double)c->right[b] - c->confidence[b]);
        c->ece += gap / n;
        c->worst = c->points[b] > 0 ? fmax(c->worst, gap / (double)c->points[b]) : c->worst;
        c->confidence[b] =
            c->points[b] > 0 ? c->confidence[b] / (double)c->points[b] : (double)NAN;
    }
    c->mean_confidence /= n;
    c->brier /= n;
    c->log_loss /= n;
}

vouch_status vouch_calibrate(vouch_arena *arena, int64_t count, int64_t classes, const float *z,
                             const int *label, vouch_calibration *calibration)
{
    double *p = VOUCH_NEW_ARRAY(arena, double, classes);
    *calibration = (vouch_calibration){.ece = 0};
    if (p == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        const int top = vouch_predicted(classes, z + i * classes);
        soften(classes, z + i * classes, top, p);
        add_point(calibration, classes, top, p, label[i]);
    }
    finish(calibration, count > 0 ? (double)count : 1);
    return VOUCH_OK;
}

/* ---- corruptions --------------------------------------------------------------------------- */

typedef struct corrupted_job {
    const vouch_eval_points *points;
    const vouch_corruption *corruption;
    uint64_t seed;
    int64_t classes, blocks;
    atomic_llong right[VOUCH_SEVERITIES];
} corrupted_job;

/* A unit is a block of points at one severity. */
static vouch_status corrupted_unit(const vouch_team_member *m, void *job, int64_t unit)
{
    corrupted_job *j = job;
    const vouch_eval_points *p = j->points;
    const int severity = (int)(unit / j->blocks);
    const vouch_corrupting how = {j->corruption, p->info, severity + 1, j->seed};
    const int64_t at = unit % j->blocks * BLOCK, rows = rows_of(p->count, unit % j->blocks);
    float *x = VOUCH_NEW_ARRAY(m->arena, float, rows * p->inputs);
    float *z = VOUCH_NEW_ARRAY(m->arena, float, rows * j->classes);
    float *scratch = VOUCH_NEW_ARRAY(m->arena, float, p->inputs);
    if (!x || !z || !scratch)
        return VOUCH_ERR_MEMORY;
    memcpy(x, p->x + at * p->inputs, (size_t)(rows * p->inputs) * sizeof *x);
    for (int64_t r = 0; r < rows; r++)
        vouch_corrupt(&how, (uint64_t)(at + r), x + r * p->inputs, scratch);
    VOUCH_TRY(vouch_victim_forward(m->victim, rows, x, z));
    for (int64_t r = 0; r < rows; r++)
        atomic_fetch_add(&j->right[severity],
                         vouch_predicted(j->classes, z + r * j->classes) == p->label[at + r]);
    return VOUCH_OK;
}

vouch_status vouch_eval_corrupted(vouch_context *ctx, const vouch_victim_plan *plan,
                                  int threads, uint64_t seed, const vouch_eval_points *points,
                                  vouch_corrupted *result)
{
    corrupted_job job = {.points = points,
                         .corruption = result->corruption,
                         .seed = seed,
                         .classes = vouch_victim_classes(plan),
                         .blocks = blocks_of(points->count)};
    const vouch_team team = {.plan = plan,
                             .threads = threads,
                             .phase = "corruptions",
                             .fn = corrupted_unit,
                             .job = &job};
    VOUCH_TRY(vouch_team_run(ctx, &team, job.blocks * VOUCH_SEVERITIES));
    for (int s = 0; s < VOUCH_SEVERITIES; s++)
        result->right[s] = (int64_t)atomic_load(&job.right[s]);
    return VOUCH_OK;
}
