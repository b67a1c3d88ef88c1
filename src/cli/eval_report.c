/* The text of `vouch eval`: a line for each figure, then tables. */
#include "cli/eval_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/share.h"
#include "cli/text.h"

static void put_head(FILE *out, const vouch_cli_eval_report *r)
{
    const vouch_calibration *c = &r->result->calibration;
    fprintf(out, "network    %s (%s inputs, %s classes)\n", r->network->path,
            vouch_cli_count((uint64_t)r->network->inputs).text,
            vouch_cli_count((uint64_t)r->result->classes).text);
    fprintf(out, "points     %s (%s), seed %" PRIu64 "\n", r->points->place,
            vouch_cli_count((uint64_t)r->points->count).text, r->request->seed);
    vouch_cli_points_text(out, r->points);
    vouch_cli_put_share(out, 10, "clean", r->result->right, r->points->count);
    fprintf(out,
            "confidence %.2f %% on average, ECE %.2f %%, worst bin %.2f %%, Brier %.4f, "
            "log loss %.4f\n",
            100 * c->mean_confidence, 100 * c->ece, 100 * c->worst, c->brier, c->log_loss);
}

/* ---- robustness ----------------------------------------------------------------------------- */

/* As wide as the longest name of an attack. */
static int name_width(const vouch_eval_request *q)
{
    int width = 10;
    for (int k = 0; k < q->attack_count; k++) {
        const int length = (int)strlen(q->attack[k].name);
        width = length > width ? length : width;
    }
    return width;
}

static void put_proofs(FILE *out, const vouch_cli_eval_report *r, const vouch_eval_radius *at,
                       int width)
{
    const vouch_eval_request *q = r->request;
    vouch_cli_put_share(out, width, "certified", at->certified, r->points->count);
    for (int level = 1; level <= q->certify_level; level++)
        fprintf(out, "  %-*s %s\n", width - 2, vouch_certify_name(level),
                vouch_cli_count((uint64_t)at->by_level[level]).text);
    fprintf(out, "%-*s %s", width, "undecided",
            vouch_cli_count((uint64_t)(at->withstood - at->certified)).text);
    if (at->timed_out > 0)
        fprintf(out, ", %s of them by the limit",
                vouch_cli_count((uint64_t)at->timed_out).text);
    fprintf(out, "\n%-*s attacks %s, proofs %s\n", width, "time",
            vouch_cli_seconds(at->attack_s).text, vouch_cli_seconds(at->certify_s).text);
}

/* Shares of the points that are right and were explained. */
static void put_efx(FILE *out, const vouch_cli_eval_report *r, int i, int width)
{
    const vouch_eval_request *q = r->request;
    const vouch_efx_radius *at = r->efx ? &r->efx[i] : NULL;
    if (at == NULL || at->sum.explained == 0)
        return;
    vouch_cli_put_share(out, width, "EFX", at->sum.efx, at->sum.explained);
    for (int k = 0; k < r->result->radius[i].attacks && q->attack_count > 1; k++)
        fprintf(out, "  %-*s %s\n", width - 2, q->attack[k].name,
                vouch_cli_count((uint64_t)at->efx[k]).text);
    fprintf(out,
            "%-*s %.1f of %.0f features on average, %s of %s points have none; %s of CPU a "
            "point\n",
            width, "irrelevant", at->sum.irrelevant, at->sum.features,
            vouch_cli_count((uint64_t)(at->sum.explained - at->sum.explainable)).text,
            vouch_cli_count((uint64_t)at->sum.explained).text,
            vouch_cli_seconds(at->sum.cpu_s).text);
}

static void put_radius(FILE *out, const vouch_cli_eval_report *r, int i)
{
    const vouch_eval_request *q = r->request;
    const vouch_eval_radius *at = &r->result->radius[i];
    const int64_t n = r->points->count;
    const int width = name_width(q);
    fprintf(out, "\n%s, eps %s%s\n", vouch_norm_name(q->ball.norm),
            vouch_cli_real(at->eps).text, vouch_cli_points_unit(r->points));
    for (int k = 0; k < at->attacks; k++)
        vouch_cli_put_share(out, width, q->attack[k].name, at->robust[k], n);
    if (at->attacks != 1 || at->withstood != at->robust[0])
        vouch_cli_put_share(out, width, "withstood", at->withstood, n);
    if (vouch_eval_proves(q))
        put_proofs(out, r, at, width);
    else if (q->certify_level > 0)
        fprintf(out, "%-*s no proofs in %s\n", width, "certified",
                vouch_norm_name(q->ball.norm));
    put_efx(out, r, i, width);
}

/* The curve in a few columns. */
static void put_curve(FILE *out, const vouch_cli_eval_report *r)
{
    const vouch_eval_request *q = r->request;
    const bool proves = vouch_eval_proves(q);
    if (q->eps_count < 2)
        return;
    fprintf(out, "\n%12s %12s", "eps", "withstood %");
    if (proves)
        fprintf(out, " %12s", "certified %");
    fprintf(out, "\n");
    for (int i = 0; i < q->eps_count; i++) {
        const vouch_eval_radius *at = &r->result->radius[i];
        fprintf(out, "%12s %12.2f", vouch_cli_real(at->eps).text,
                vouch_cli_percent(at->withstood, r->points->count));
        if (proves)
            fprintf(out, " %12.2f", vouch_cli_percent(at->certified, r->points->count));
        fprintf(out, "\n");
    }
}

/* Up to that many classes have a row each. */
enum { CLASSES_SHOWN = 20 };

static void put_classes(FILE *out, const vouch_cli_eval_report *r)
{
    const bool radii = r->request->eps_count > 0, proves = vouch_eval_proves(r->request);
    const int width = vouch_cli_class_width(r->points, r->result->classes);
    if (r->result->classes > CLASSES_SHOWN)
        return;
    fprintf(out, "\n%-*s %8s %8s %8s", width, "class", "points", "right", "named");
    if (radii)
        fprintf(out, " %9s%s (eps %s)", "withstood", proves ? " certified" : "",
                vouch_cli_real(r->request->eps[0]).text);
    fprintf(out, "\n");
    for (int64_t k = 0; k < r->result->classes; k++) {
        const vouch_eval_class *c = &r->result->class[k];
        fprintf(out, "%-*s %8" PRId64 " %8" PRId64 " %8" PRId64, width,
                vouch_cli_class_name(r->points, k).text, c->points, c->right, c->predicted);
        if (radii)
            fprintf(out, " %9" PRId64, c->robust);
        if (radii && proves)
            fprintf(out, " %9" PRId64, c->certified);
        fprintf(out, "\n");
    }
}

/* ---- noise ---------------------------------------------------------------------------------- */

int64_t vouch_cli_eval_beyond(const vouch_cli_eval_report *r, double radius)
{
    int64_t count = 0;
    for (int64_t p = 0; p < r->points->count; p++)
        count += r->result->smoothed[p].predicted == r->request->points.label[p] &&
                 r->result->smoothed[p].radius_l2 >= radius;
    return count;
}

int64_t vouch_cli_eval_abstained(const vouch_cli_eval_report *r)
{
    int64_t count = 0;
    for (int64_t p = 0; p < r->points->count; p++)
        count += r->result->smoothed[p].predicted == VOUCH_SMOOTHING_ABSTAINS;
    return count;
}

static void put_smoothing(FILE *out, const vouch_cli_eval_report *r)
{
    const vouch_smoothing *s = &r->request->smoothing;
    const double sigma = r->request->smoothing_sigma;
    if (r->result->smoothed == NULL)
        return;
    fprintf(out,
            "\nsmoothed by sigma %s, %s copies, alpha %s: %s of %s points without answer\n",
            vouch_cli_real(sigma).text, vouch_cli_count((uint64_t)s->samples).text,
            vouch_cli_real(s->alpha).text,
            vouch_cli_count((uint64_t)vouch_cli_eval_abstained(r)).text,
            vouch_cli_count((uint64_t)r->points->count).text);
    fprintf(out, "%12s %12s\n", "L2 radius", "certified %");
    for (int i = 0; i < VOUCH_CLI_EVAL_STEPS; i++)
        fprintf(out, "%12.6g %12.2f\n", i * sigma / 2,
                vouch_cli_percent(vouch_cli_eval_beyond(r, i * sigma / 2), r->points->count));
}

static void put_corruptions(FILE *out, const vouch_cli_eval_report *r)
{
    double mean = 0;
    if (r->result->corrupted_count == 0)
        return;
    fprintf(out, "\n%-12s", "corruption %");
    for (int s = 1; s <= VOUCH_SEVERITIES; s++)
        fprintf(out, " %7d", s);
    fprintf(out, " %7s\n", "mean");
    for (int i = 0; i < r->result->corrupted_count; i++) {
        const vouch_corrupted *row = &r->result->corrupted[i];
        double sum = 0;
        fprintf(out, "%-12s", row->corruption->name);
        for (int s = 0; s < VOUCH_SEVERITIES; s++) {
            fprintf(out, " %7.2f", vouch_cli_percent(row->right[s], r->points->count));
            sum += vouch_cli_percent(row->right[s], r->points->count);
        }
        fprintf(out, " %7.2f\n", sum / VOUCH_SEVERITIES);
        mean += sum / VOUCH_SEVERITIES / r->result->corrupted_count;
    }
    fprintf(out, "%-12s %47.2f\n", "mean", mean);
}

static void put_shares(FILE *out, const char *name, const int64_t *hits, int64_t of)
{
    fprintf(out, "  %-22s", name);
    for (int s = 0; s < VOUCH_SEVERITIES; s++)
        fprintf(out, " %7.2f", vouch_cli_percent(hits[s], of));
    fprintf(out, "\n");
}

/* Every parameter up to the head of the column, either way. */
static void put_transforms(FILE *out, const vouch_cli_eval_report *r)
{
    for (int i = 0; i < r->result->transformed_count; i++) {
        const vouch_transformed *t = &r->result->transformed[i];
        char head[64];
        (void)snprintf(head, sizeof head, "%s, %s", t->transform->name, t->transform->unit);
        fprintf(out, "\n%-24s", head);
        for (int s = 0; s < VOUCH_SEVERITIES; s++)
            fprintf(out, " %7.4g", t->reach[s]);
        fprintf(out, "\n");
        put_shares(out, "withstood %", t->withstood, r->points->count);
        if (r->request->certify_level > 0)
            put_shares(out, "certified %", t->certified, r->points->count);
        fprintf(out, "  %s cells, %s points ended by the limit, %s\n",
                vouch_cli_count((uint64_t)t->cells).text,
                vouch_cli_count((uint64_t)t->limited).text, vouch_cli_seconds(t->seconds).text);
    }
}

void vouch_cli_eval_text(FILE *out, const vouch_cli_eval_report *r)
{
    put_head(out, r);
    const int64_t before = vouch_journal_units(r->request->journal);
    if (before > 0)
        fprintf(out, "resumed    %s piece%s of work done before\n",
                vouch_cli_count((uint64_t)before).text, vouch_cli_plural(before));
    if (r->result->is_interrupted)
        fprintf(out, "interrupted: what follows is true, but not all was tried\n");
    for (int i = 0; i < r->request->eps_count; i++)
        put_radius(out, r, i);
    put_curve(out, r);
    put_classes(out, r);
    put_transforms(out, r);
    put_smoothing(out, r);
    put_corruptions(out, r);
    fprintf(out, "\ntime       %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
}
