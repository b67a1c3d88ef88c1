/* The order of an evaluation (eval.h), and what follows from one radius for another: an
 * adversarial counts for every larger ball, a proof for every smaller one. So attacks go up
 * through the radii and proofs come down.
 */
#include "eval/eval.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

typedef struct evaluation {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_eval_request *request;
    const vouch_victim_plan *plan;
    vouch_eval_result *result;
    bool *wrong;    /* [count] */
    bool *attacked; /* [count] at the radius in hand */
} evaluation;

static vouch_eval_verdict *verdict_at(const evaluation *e, int radius, int64_t point)
{
    return &e->result->verdict[radius * e->request->points.count + point];
}

/* What is found at one radius holds for the larger, what is proved for the smaller. */
static void carry_over(evaluation *e)
{
    const int last = e->request->eps_count - 1;
    for (int64_t p = 0; p < e->request->points.count; p++) {
        for (int radius = 1; radius <= last; radius++)
            if (verdict_at(e, radius, p)->found_by == NULL)
                verdict_at(e, radius, p)->found_by = verdict_at(e, radius - 1, p)->found_by;
        for (int radius = last - 1; radius >= 0; radius--)
            if (verdict_at(e, radius, p)->level == 0)
                verdict_at(e, radius, p)->level = verdict_at(e, radius + 1, p)->level;
    }
}

/* ---- the points as they are ----------------------------------------------------------------- */

static vouch_status look_at_clean(evaluation *e)
{
    const vouch_eval_points *p = &e->request->points;
    vouch_eval_result *r = e->result;
    float *z = VOUCH_NEW_ARRAY(e->arena, float, p->count * r->classes);
    if (z == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_eval_logits(e->ctx, e->plan, e->request->threads, p->count, p->x, z));
    for (int64_t i = 0; i < p->count; i++) {
        r->predicted[i] = vouch_predicted(r->classes, z + i * r->classes);
        e->wrong[i] = r->predicted[i] != p->label[i];
        r->class[p->label[i]].points++;
        r->class[p->label[i]].right += !e->wrong[i];
        r->class[r->predicted[i]].predicted++;
        r->right += !e->wrong[i];
    }
    return vouch_calibrate(e->arena, p->count, r->classes, z, p->label, &r->calibration);
}

/* ---- attacks -------------------------------------------------------------------------------- */

typedef struct unit_name {
    char text[64];
} unit_name;

static unit_name name_attack(const evaluation *e, int radius, int which)
{
    unit_name name;
    snprintf(name.text, sizeof name.text, "attack %d %.17g", which, e->request->eps[radius]);
    return name;
}

/* found[count + 1] is a text: '1' for each point with an adversarial, else '0'. */
static bool recall_attack(const evaluation *e, int radius, int which, char *found)
{
    const size_t count = (size_t)e->request->points.count;
    const char *was =
        vouch_journal_find(e->request->journal, name_attack(e, radius, which).text);
    if (was == NULL || strlen(was) != count || strspn(was, "01") != count)
        return false;
    memcpy(found, was, count + 1);
    return true;
}

static vouch_status run_attack(evaluation *e, int radius, int which, char *adversarial)
{
    const vouch_eval_request *q = e->request;
    const int64_t count = q->points.count;
    vouch_ball ball = q->ball;
    ball.eps = q->eps[radius];
    const vouch_campaign campaign = {.graph = q->graph,
                                     .attack = q->attack[which].attack,
                                     .settings = q->attack[which].settings,
                                     .ball = &ball,
                                     .count = count,
                                     .x = q->points.x,
                                     .label = q->points.label,
                                     .seed = q->seed,
                                     .threads = q->threads};
    float *found = VOUCH_NEW_ARRAY(e->arena, float, count * q->points.inputs);
    vouch_fate *fate = VOUCH_NEW_ARRAY(e->arena, vouch_fate, count);
    if (found == NULL || fate == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_campaign_run(e->ctx, e->arena, &campaign, found, fate));
    for (int64_t p = 0; p < count; p++)
        adversarial[p] = fate[p].outcome == VOUCH_OUTCOME_FOUND ? '1' : '0';
    return vouch_journal_add(e->ctx, q->journal, name_attack(e, radius, which).text,
                             adversarial);
}

static vouch_status attack(evaluation *e, int radius, int which)
{
    const vouch_eval_request *q = e->request;
    const vouch_arena_mark mark = vouch_arena_get_mark(e->arena);
    char *found = VOUCH_NEW_ARRAY(e->arena, char, q->points.count + 1);
    if (found == NULL)
        return VOUCH_ERR_MEMORY;
    if (!recall_attack(e, radius, which, found))
        VOUCH_TRY(run_attack(e, radius, which, found));
    vouch_eval_radius *r = &e->result->radius[radius];
    for (int64_t p = 0; p < q->points.count; p++) {
        r->robust[which] += !e->wrong[p] && found[p] == '0';
        r->found[which * q->points.count + p] = found[p] == '1';
        if (found[p] == '1' && verdict_at(e, radius, p)->found_by == NULL)
            verdict_at(e, radius, p)->found_by = q->attack[which].name;
    }
    r->attacks++;
    vouch_arena_reset(e->arena, mark);
    return VOUCH_OK;
}

static vouch_status attack_all(evaluation *e, int radius)
{
    const double begun = vouch_wall_s();
    for (int which = 0; which < e->request->attack_count; which++)
        VOUCH_TRY(attack(e, radius, which));
    e->result->radius[radius].attack_s = vouch_wall_s() - begun;
    return VOUCH_OK;
}

/* ---- proofs --------------------------------------------------------------------------------- */

static vouch_status certify(evaluation *e, int radius, vouch_certificate *certificate)
{
    const vouch_eval_request *q = e->request;
    vouch_eval_radius *r = &e->result->radius[radius];
    const double begun = vouch_wall_s();
    vouch_ball ball = q->ball;
    ball.eps = q->eps[radius];
    const vouch_certify request = {.graph = vouch_victim_graph(e->plan),
                                   .ball = &ball,
                                   .x = q->points.x,
                                   .label = q->points.label,
                                   .count = q->points.count,
                                   .skip = e->wrong,
                                   .attacked = e->attacked,
                                   .level = q->certify_level,
                                   .limit_s = q->limit_s,
                                   .seed = q->seed,
                                   .threads = q->threads,
                                   .journal = q->journal};
    for (int64_t p = 0; p < q->points.count; p++) {
        e->attacked[p] = verdict_at(e, radius, p)->found_by != NULL;
        certificate[p].is_refuted = certificate[p].is_timed_out = false;
    }
    const vouch_status status = vouch_certify_run(e->ctx, e->arena, &request, certificate);
    for (int64_t p = 0; p < q->points.count; p++) {
        verdict_at(e, radius, p)->level = certificate[p].level;
        r->refuted += certificate[p].is_refuted;
        r->timed_out += certificate[p].is_timed_out;
        if (certificate[p].is_refuted)
            verdict_at(e, radius, p)->found_by = vouch_certify_name(VOUCH_CERTIFY_LEVELS);
    }
    r->certify_s = vouch_wall_s() - begun;
    return status;
}

static vouch_status certify_all(evaluation *e)
{
    const vouch_eval_request *q = e->request;
    vouch_certificate *certificate =
        VOUCH_NEW_ARRAY(e->arena, vouch_certificate, q->points.count);
    if (certificate == NULL)
        return VOUCH_ERR_MEMORY;
    if (!vouch_eval_proves(q))
        return VOUCH_OK;
    carry_over(e);
    for (int radius = q->eps_count - 1; radius >= 0; radius--)
        VOUCH_TRY(certify(e, radius, certificate));
    return VOUCH_OK;
}

/* ---- sums ----------------------------------------------------------------------------------- */

/* The sandwich: nothing is proved and refuted. */
static vouch_status count_point(evaluation *e, int radius, int64_t p)
{
    vouch_eval_radius *r = &e->result->radius[radius];
    vouch_eval_class *class = &e->result->class[e->request->points.label[p]];
    const vouch_eval_verdict *v = verdict_at(e, radius, p);
    if (v->found_by != NULL && v->level > 0) {
        vouch_context_clear_error(e->ctx); /* this is worse than an interruption */
        return vouch_fail(e->ctx, VOUCH_ERR_INTERNAL,
                          "point %" PRId64 ", eps %g: %s found an adversarial where %s proves "
                          "that there is none; this is a defect of vouch",
                          p, r->eps, v->found_by, vouch_certify_name(v->level));
    }
    r->withstood += !e->wrong[p] && v->found_by == NULL;
    r->certified += v->level > 0;
    r->by_level[v->level] += v->level > 0;
    class->robust += radius == 0 && !e->wrong[p] && v->found_by == NULL;
    class->certified += radius == 0 && v->level > 0;
    return VOUCH_OK;
}

static vouch_status count_all(evaluation *e)
{
    for (int radius = 0; radius < e->request->eps_count; radius++)
        for (int64_t p = 0; p < e->request->points.count; p++)
            VOUCH_TRY(count_point(e, radius, p));
    return VOUCH_OK;
}

/* ---- noise ---------------------------------------------------------------------------------- */

static vouch_status smooth(evaluation *e)
{
    const vouch_eval_request *q = e->request;
    vouch_eval_result *r = e->result;
    vouch_smoothing smoothing = q->smoothing;
    if (q->smoothing_sigma == 0)
        return VOUCH_OK;
    smoothing.sigma = q->smoothing_sigma;
    smoothing.seed = q->seed;
    smoothing.threads = q->threads;
    smoothing.journal = q->journal;
    vouch_smoothed *smoothed = VOUCH_NEW_ARRAY(e->arena, vouch_smoothed, q->points.count);
    if (smoothed == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_smoothing_run(e->arena, e->plan, &smoothing, q->points.count, q->points.x,
                                  smoothed));
    r->smoothed = smoothed;
    for (int64_t p = 0; p < q->points.count; p++)
        r->smoothed_right += r->smoothed[p].predicted == q->points.label[p];
    return VOUCH_OK;
}

/* "n n n n n" of a corruption, which an earlier run has kept. */
static bool read_counts(const char *text, int64_t right[VOUCH_SEVERITIES])
{
    char *end = NULL;
    for (int s = 0; text && s < VOUCH_SEVERITIES; s++, text = end) {
        right[s] = strtoll(text, &end, 10);
        if (end == text)
            return false;
    }
    return text && *text == '\0';
}

static vouch_status corrupt(evaluation *e, vouch_corrupted *row)
{
    const vouch_eval_request *q = e->request;
    char name[96], text[VOUCH_SEVERITIES * 24] = "";
    snprintf(name, sizeof name, "corruption %s", row->corruption->name);
    if (read_counts(vouch_journal_find(q->journal, name), row->right))
        return VOUCH_OK;
    VOUCH_TRY(vouch_eval_corrupted(e->ctx, e->plan, q->threads, q->seed, &q->points, row));
    for (int s = 0, length = 0; s < VOUCH_SEVERITIES; s++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%" PRId64,
                           s > 0 ? " " : "", row->right[s]);
    return vouch_journal_add(e->ctx, q->journal, name, text);
}

static vouch_status corrupt_all(evaluation *e)
{
    const vouch_eval_request *q = e->request;
    vouch_eval_result *r = e->result;
    int count = 0;
    while (vouch_corruption_table()[count])
        count++;
    r->corrupted = VOUCH_NEW_ARRAY(e->arena, vouch_corrupted, count);
    if (r->corrupted == NULL)
        return VOUCH_ERR_MEMORY;
    for (const vouch_corruption *const *c = vouch_corruption_table(); q->corruptions && *c;
         c++) {
        vouch_corrupted *row = &r->corrupted[r->corrupted_count];
        if (!vouch_corruption_applies(*c, q->points.info))
            continue;
        row->corruption = *c;
        VOUCH_TRY(corrupt(e, row));
        r->corrupted_count++;
    }
    return VOUCH_OK;
}

static vouch_status transform_all(evaluation *e)
{
    const vouch_eval_request *q = e->request;
    vouch_eval_result *r = e->result;
    r->transformed = VOUCH_NEW_ARRAY(e->arena, vouch_transformed, q->transform_count + 1);
    if (r->transformed == NULL)
        return VOUCH_ERR_MEMORY;
    while (r->transformed_count < q->transform_count) {
        const vouch_transforming request = {.transform = q->transform[r->transformed_count],
                                            .plan = e->plan,
                                            .points = &q->points,
                                            .skip = e->wrong,
                                            .level = q->certify_level,
                                            .limit_s = q->limit_s,
                                            .threads = q->threads,
                                            .journal = q->journal};
        VOUCH_TRY(vouch_eval_transformed(e->ctx, e->arena, &request,
                                         &r->transformed[r->transformed_count++]));
    }
    return VOUCH_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Corruptions and transformations are told in shares of the valid range. */
static vouch_status check_ranges(vouch_context *ctx, const vouch_eval_request *q)
{
    if (!q->corruptions && q->transform_count == 0)
        return VOUCH_OK;
    for (int64_t i = 0; i < q->points.inputs; i++) {
        const vouch_feature *f = &q->points.info->feature[i];
        if (!vouch_range_is_known(f->low, f->high))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "eval: the valid range of input %" PRId64
                              " is not known, and %s need it (--range LOW,HIGH gives it)",
                              i, q->corruptions ? "corruptions" : "transformations");
    }
    return VOUCH_OK;
}

static vouch_status check(vouch_context *ctx, const evaluation *e)
{
    const vouch_eval_request *q = e->request;
    const int64_t classes = vouch_victim_classes(e->plan);
    for (int64_t p = 0; p < q->points.count; p++)
        if (q->points.label[p] < 0 || q->points.label[p] >= classes)
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "eval: point %" PRId64 " has the label %d, of %" PRId64
                              " classes: every point needs one",
                              p, q->points.label[p], classes);
    for (int64_t i = 0; i < q->points.count * q->points.inputs; i++)
        if (!isfinite(q->points.x[i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "eval: number %" PRId64 " of point %" PRId64 " is not finite",
                              i % q->points.inputs, i / q->points.inputs);
    if (q->transform_count > 0 && !vouch_transform_applies(q->points.info))
        return vouch_fail(ctx, VOUCH_ERR_VALUE,
                          "eval: transformations are of images; this data has none");
    VOUCH_TRY(check_ranges(ctx, q));
    for (int i = 1; i < q->eps_count; i++)
        if (!(q->eps[i] > q->eps[i - 1]))
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "eval: eps %g after %g", q->eps[i],
                              q->eps[i - 1]);
    return VOUCH_OK;
}

static vouch_status make_room(evaluation *e)
{
    const vouch_eval_request *q = e->request;
    vouch_eval_result *r = e->result;
    const int64_t count = q->points.count;
    *r = (vouch_eval_result){.classes = vouch_victim_classes(e->plan)};
    r->predicted = VOUCH_NEW_ARRAY(e->arena, int, count);
    r->class = VOUCH_NEW_ARRAY(e->arena, vouch_eval_class, r->classes);
    r->radius = VOUCH_NEW_ARRAY(e->arena, vouch_eval_radius, q->eps_count + 1);
    r->verdict = VOUCH_NEW_ARRAY(e->arena, vouch_eval_verdict, (q->eps_count + 1) * count);
    e->wrong = VOUCH_NEW_ARRAY(e->arena, bool, count);
    e->attacked = VOUCH_NEW_ARRAY(e->arena, bool, count);
    if (!r->predicted || !r->class || !r->radius || !r->verdict || !e->wrong || !e->attacked)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < q->eps_count; i++) {
        r->radius[i].eps = q->eps[i];
        r->radius[i].robust = VOUCH_NEW_ARRAY(e->arena, int64_t, q->attack_count + 1);
        r->radius[i].found = VOUCH_NEW_ARRAY(e->arena, bool, (q->attack_count + 1) * count);
        if (r->radius[i].robust == NULL || r->radius[i].found == NULL)
            return VOUCH_ERR_MEMORY;
    }
    return VOUCH_OK;
}

static vouch_status run_all(evaluation *e)
{
    vouch_status status = look_at_clean(e);
    if (status == VOUCH_OK)
        status = corrupt_all(e);
    for (int radius = 0; status == VOUCH_OK && radius < e->request->eps_count; radius++)
        status = attack_all(e, radius);
    if (status == VOUCH_OK)
        status = certify_all(e);
    if (status == VOUCH_OK)
        status = transform_all(e);
    return status == VOUCH_OK ? smooth(e) : status;
}

/* Also what was stopped is counted. */
static vouch_status take(evaluation *e, vouch_status status)
{
    if (status != VOUCH_OK && status != VOUCH_ERR_CANCELLED)
        return status;
    e->result->is_interrupted = status != VOUCH_OK;
    carry_over(e);
    VOUCH_TRY(count_all(e));
    return status;
}

vouch_status vouch_eval_run(vouch_context *ctx, vouch_arena *arena,
                            const vouch_eval_request *request, vouch_eval_result *result)
{
    evaluation e = {.ctx = ctx, .arena = arena, .request = request, .result = result};
    vouch_victim_plan *plan;
    *result = (vouch_eval_result){.classes = 0};
    VOUCH_TRY(vouch_victim_plan_new(ctx, arena, request->graph, &plan));
    e.plan = plan;
    VOUCH_TRY(make_room(&e));
    VOUCH_TRY(check(ctx, &e));
    return take(&e, run_all(&e));
}
