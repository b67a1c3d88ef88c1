/* The page of `vouch eval --html`: headlines first, then each measurement with its picture and
 * table, last what was run, so that anybody can run it again. */
#include <inttypes.h>

#include "cli/eval_report.h"
#include "cli/publish.h"
#include "cli/share.h"
#include "cli/text.h"
#include "report/eval_svg.h"
#include "report/html.h"
#include "vouch/vouch.h"

/* More radii than these have no card of their own: the curve and the table show them. */
enum { RADIUS_CARDS = 8 };

static vouch_cli_number percent(int64_t hits, int64_t of)
{
    vouch_cli_number out;
    if (of > 0)
        snprintf(out.text, sizeof out.text, "%.2f %%", vouch_cli_percent(hits, of));
    else
        snprintf(out.text, sizeof out.text, "\u2013");
    return out;
}

static vouch_cli_number count(int64_t n) { return vouch_cli_count((uint64_t)n); }

/* ---- headlines ------------------------------------------------------------------------------ */

static void put_clean_card(vouch_html *page, const vouch_cli_eval_report *r)
{
    const int64_t n = r->points->count, right = r->result->right;
    char note[160];
    snprintf(note, sizeof note, "%s of %s points; 95 %%: %s", count(right).text, count(n).text,
             vouch_cli_interval(right, n).text);
    const vouch_html_card card = {
        .label = "Clean accuracy", .value = percent(right, n).text, .note = note};
    vouch_html_put_card(page, &card);
}

static void put_radius_card(vouch_html *page, const vouch_cli_eval_report *r,
                            const vouch_eval_radius *at)
{
    const int64_t n = r->points->count;
    const bool proves = vouch_eval_proves(r->request);
    char label[96], value[96], note[160];
    snprintf(label, sizeof label, "Robust within %s %s", vouch_norm_name(r->request->ball.norm),
             vouch_cli_real(at->eps).text);
    if (!proves)
        snprintf(value, sizeof value, "at most %s", percent(at->withstood, n).text);
    else if (at->certified == at->withstood)
        snprintf(value, sizeof value, "%s", percent(at->withstood, n).text);
    else
        snprintf(value, sizeof value, "%.2f to %s", vouch_cli_percent(at->certified, n),
                 percent(at->withstood, n).text);
    if (proves)
        snprintf(note, sizeof note, "proved %s, undecided %s, of %s points",
                 count(at->certified).text, count(at->withstood - at->certified).text,
                 count(n).text);
    else
        snprintf(note, sizeof note, "%s of %s points withstood the attacks",
                 count(at->withstood).text, count(n).text);
    const vouch_html_card card = {label,
                                  value,
                                  note,
                                  .has_span = true,
                                  .low = vouch_cli_percent(at->certified, n) / 100,
                                  .high = vouch_cli_percent(at->withstood, n) / 100};
    vouch_html_put_card(page, &card);
}

static void put_headlines(vouch_html *page, const vouch_cli_eval_report *r)
{
    const vouch_calibration *c = &r->result->calibration;
    char ece[48], note[96];
    if (r->result->is_interrupted)
        vouch_html_warning(page,
                           "The evaluation was interrupted: what follows is true, but not "
                           "all was tried.");
    if (r->points->outside > 0)
        vouch_html_warning(page, "Some points lie outside the valid range: no valid inputs.");
    vouch_html_cards(page);
    put_clean_card(page, r);
    for (int i = 0; i < r->request->eps_count && i < RADIUS_CARDS; i++)
        put_radius_card(page, r, &r->result->radius[i]);
    snprintf(ece, sizeof ece, "%.2f %%", 100 * c->ece);
    snprintf(note, sizeof note, "mean confidence %.2f %%", 100 * c->mean_confidence);
    vouch_html_put_card(
        page,
        &(vouch_html_card){.label = "Expected calibration error", .value = ece, .note = note});
    vouch_html_cards_end(page);
}

/* ---- robustness ----------------------------------------------------------------------------- */

static void put_curve(vouch_html *page, const vouch_cli_eval_report *r)
{
    const vouch_eval_picture picture = {r->network->path, r->request, r->result};
    vouch_html_figure(page);
    vouch_eval_svg_curve(&picture, &page->out);
    vouch_html_figure_end(page,
                          "The true curve lies in the shaded area, for every radius: below "
                          "what withstood the attacks, above what is proved. So its edges are "
                          "steps.");
}

static void put_radii(vouch_html *page, const vouch_cli_eval_report *r)
{
    enum { ATTACKED = 4, HEADS = 9 }; /* the rest is of proofs */
    const int64_t n = r->points->count;
    const bool proves = vouch_eval_proves(r->request);
    static const char *const head[HEADS] = {"radius",     "withstood", "95 %",
                                            "attacks, s", "proved",    "95 %",
                                            "undecided",  "timed out", "proofs, s"};
    vouch_html_table(page, proves ? "Robust accuracy by radius, between attack and proof"
                                  : "Robust accuracy by radius is at most this: no proofs");
    vouch_html_row(page);
    for (int i = 0; i < (proves ? HEADS : ATTACKED); i++)
        vouch_html_cell(page, "%s", head[i]);
    for (int i = 0; i < r->request->eps_count; i++) {
        const vouch_eval_radius *at = &r->result->radius[i];
        vouch_html_row(page);
        vouch_html_cell(page, "%s", vouch_cli_real(at->eps).text);
        vouch_html_cell(page, "%s", percent(at->withstood, n).text);
        vouch_html_cell(page, "%s", vouch_cli_interval(at->withstood, n).text);
        vouch_html_cell(page, "%.2f", at->attack_s);
        if (!proves)
            continue;
        vouch_html_cell(page, "%s", percent(at->certified, n).text);
        vouch_html_cell(page, "%s", vouch_cli_interval(at->certified, n).text);
        vouch_html_cell(page, "%s", count(at->withstood - at->certified).text);
        vouch_html_cell(page, "%s", count(at->timed_out).text);
        vouch_html_cell(page, "%.2f", at->certify_s);
    }
    vouch_html_table_end(page);
}

static void put_radius_heads(vouch_html *page, const vouch_cli_eval_report *r, const char *name)
{
    vouch_html_row(page);
    vouch_html_cell(page, "%s", name);
    for (int i = 0; i < r->request->eps_count; i++)
        vouch_html_cell(page, "%s", vouch_cli_real(r->request->eps[i]).text);
}

static void put_attacks(vouch_html *page, const vouch_cli_eval_report *r)
{
    vouch_html_table(page, "Points that are right and withstood each attack, by radius");
    put_radius_heads(page, r, "attack");
    for (int k = 0; k < r->request->attack_count; k++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", r->request->attack[k].name);
        for (int i = 0; i < r->request->eps_count; i++)
            if (k < r->result->radius[i].attacks)
                vouch_html_cell(page, "%s", count(r->result->radius[i].robust[k]).text);
            else
                vouch_html_cell(page, "not run");
    }
    vouch_html_table_end(page);
}

static void put_levels(vouch_html *page, const vouch_cli_eval_report *r)
{
    vouch_html_table(page,
                     "Points proved by each level, by radius; a point goes to the cheaper "
                     "levels first");
    put_radius_heads(page, r, "level");
    for (int level = 1; level <= r->request->certify_level; level++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", vouch_certify_name(level));
        for (int i = 0; i < r->request->eps_count; i++)
            vouch_html_cell(page, "%s", count(r->result->radius[i].by_level[level]).text);
    }
    vouch_html_table_end(page);
}

/* Shares of the points that are right and were explained. */
static void put_efx_row(vouch_html *page, const vouch_cli_eval_report *r, int i)
{
    const vouch_efx_sum *s = &r->efx[i].sum;
    vouch_html_row(page);
    vouch_html_cell(page, "%s", vouch_cli_real(r->request->eps[i]).text);
    vouch_html_cell(page, "%s", count(s->explained).text);
    vouch_html_cell(page, "%s", percent(s->explainable, s->explained).text);
    vouch_html_cell(page, "%.1f of %.0f", s->irrelevant, s->features);
    vouch_html_cell(page, "%s", percent(s->efx, s->explained).text);
    for (int k = 0; k < r->request->attack_count; k++)
        if (k < r->result->radius[i].attacks)
            vouch_html_cell(page, "%s", percent(r->efx[i].efx[k], s->explained).text);
        else
            vouch_html_cell(page, "not run");
}

static void put_efx(vouch_html *page, const vouch_cli_eval_report *r)
{
    if (r->efx == NULL)
        return;
    vouch_html_section(page, "Empirically formally explainable");
    vouch_html_table(page, "Of the points that are right: a feature is proved irrelevant; mean "
                           "number of such features; EFX, moreover an attack succeeds");
    vouch_html_row(page);
    vouch_html_cell(page, "radius");
    vouch_html_cell(page, "explained");
    vouch_html_cell(page, "explainable");
    vouch_html_cell(page, "irrelevant");
    vouch_html_cell(page, "EFX");
    for (int k = 0; k < r->request->attack_count; k++)
        vouch_html_cell(page, "EFX, %s", r->request->attack[k].name);
    for (int i = 0; i < r->request->eps_count; i++)
        if (r->efx[i].sum.explained > 0)
            put_efx_row(page, r, i);
    vouch_html_table_end(page);
}

static void put_robustness(vouch_html *page, const vouch_cli_eval_report *r)
{
    if (r->request->eps_count == 0)
        return;
    vouch_html_section(page, "Robustness between attack and proof");
    put_curve(page, r);
    put_radii(page, r);
    if (r->request->attack_count > 0)
        put_attacks(page, r);
    if (vouch_eval_proves(r->request))
        put_levels(page, r);
}

/* ---- confidence and classes ----------------------------------------------------------------- */

static void put_confidence(vouch_html *page, const vouch_cli_eval_report *r)
{
    const vouch_calibration *c = &r->result->calibration;
    vouch_html_section(page, "Confidence");
    vouch_html_paragraph(page,
                         "Mean confidence %.2f %%, expected calibration error %.2f %%, worst "
                         "bin %.2f %%, Brier score %.4f, log loss %.4f.",
                         100 * c->mean_confidence, 100 * c->ece, 100 * c->worst, c->brier,
                         c->log_loss);
    vouch_html_figure(page);
    vouch_eval_svg_reliability(c, &page->out);
    vouch_html_figure_end(page, "A bar is the accuracy of the points of that confidence, the "
                                "fuller the more points. On the diagonal confidence may be "
                                "believed.");
}

static void put_classes(vouch_html *page, const vouch_cli_eval_report *r)
{
    const bool radii = r->request->eps_count > 0;
    static const char *const head[] = {"class", "points", "right", "accuracy", "named", NULL};
    vouch_html_section(page, "Classes");
    vouch_html_table(page, "Points, right answers, and how often each class was named");
    vouch_html_row(page);
    for (const char *const *name = head; *name; name++)
        vouch_html_cell(page, "%s", *name);
    if (radii) {
        vouch_html_cell(page, "withstood %s", vouch_cli_real(r->request->eps[0]).text);
        if (vouch_eval_proves(r->request))
            vouch_html_cell(page, "proved %s", vouch_cli_real(r->request->eps[0]).text);
    }
    for (int64_t k = 0; k < r->result->classes; k++) {
        const vouch_eval_class *c = &r->result->class[k];
        vouch_html_row(page);
        vouch_html_cell(page, "%s", vouch_cli_class_name(r->points, k).text);
        vouch_html_cell(page, "%s", count(c->points).text);
        vouch_html_cell(page, "%s", count(c->right).text);
        vouch_html_cell(page, "%s", percent(c->right, c->points).text);
        vouch_html_cell(page, "%s", count(c->predicted).text);
        if (radii) {
            vouch_html_cell(page, "%s", count(c->robust).text);
            if (vouch_eval_proves(r->request))
                vouch_html_cell(page, "%s", count(c->certified).text);
        }
    }
    vouch_html_table_end(page);
}

/* ---- noise ---------------------------------------------------------------------------------- */

static void put_smoothing(vouch_html *page, const vouch_cli_eval_report *r)
{
    const double sigma = r->request->smoothing_sigma;
    const int64_t n = r->points->count;
    if (r->result->smoothed == NULL)
        return;
    vouch_html_section(page, "Randomised smoothing");
    vouch_html_paragraph(page,
                         "The network under Gaussian noise of deviation %s, %s copies of each "
                         "point; each certificate is wrong with probability %s at most. %s of "
                         "%s points have no answer.",
                         vouch_cli_real(sigma).text, count(r->request->smoothing.samples).text,
                         vouch_cli_real(r->request->smoothing.alpha).text,
                         count(vouch_cli_eval_abstained(r)).text, count(n).text);
    vouch_html_table(page, "Points right and certified to at least an L2 radius");
    vouch_html_row(page);
    vouch_html_cell(page, "L2 radius");
    vouch_html_cell(page, "certified");
    vouch_html_cell(page, "95 %%");
    for (int i = 0; i < VOUCH_CLI_EVAL_STEPS; i++) {
        const int64_t hits = vouch_cli_eval_beyond(r, i * sigma / 2);
        vouch_html_row(page);
        vouch_html_cell(page, "%.6g", i * sigma / 2);
        vouch_html_cell(page, "%s", percent(hits, n).text);
        vouch_html_cell(page, "%s", vouch_cli_interval(hits, n).text);
    }
    vouch_html_table_end(page);
}

static void put_corruption(vouch_html *page, const vouch_cli_eval_report *r,
                           const vouch_corrupted *row)
{
    int64_t sum = 0;
    vouch_html_row(page);
    vouch_html_cell(page, "%s", row->corruption->name);
    for (int s = 0; s < VOUCH_SEVERITIES; s++) {
        vouch_html_cell(page, "%.2f", vouch_cli_percent(row->right[s], r->points->count));
        sum += row->right[s];
    }
    vouch_html_cell(page, "%.2f", vouch_cli_percent(sum, VOUCH_SEVERITIES * r->points->count));
}

static void put_corruptions(vouch_html *page, const vouch_cli_eval_report *r)
{
    if (r->result->corrupted_count == 0)
        return;
    vouch_html_section(page, "Corruptions");
    vouch_html_table(page, "Accuracy under each corruption, per cent, by severity");
    vouch_html_row(page);
    vouch_html_cell(page, "corruption");
    for (int s = 1; s <= VOUCH_SEVERITIES; s++)
        vouch_html_cell(page, "%d", s);
    vouch_html_cell(page, "mean");
    for (int i = 0; i < r->result->corrupted_count; i++)
        put_corruption(page, r, &r->result->corrupted[i]);
    vouch_html_table_end(page);
}

/* A row for each severity. */
static void put_transform(vouch_html *page, const vouch_cli_eval_report *r,
                          const vouch_transformed *t)
{
    const int64_t n = r->points->count;
    for (int s = 0; s < VOUCH_SEVERITIES; s++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", t->transform->name);
        vouch_html_cell(page, "%s %s", vouch_cli_real(t->reach[s]).text, t->transform->unit);
        vouch_html_cell(page, "%s", percent(t->withstood[s], n).text);
        vouch_html_cell(page, "%s", vouch_cli_interval(t->withstood[s], n).text);
        vouch_html_cell(page, "%s", percent(t->certified[s], n).text);
        vouch_html_cell(page, "%s", vouch_cli_interval(t->certified[s], n).text);
    }
}

static void put_transforms(vouch_html *page, const vouch_cli_eval_report *r)
{
    static const char *const head[] = {"transformation", "up to", "withstood", "95 %",
                                       "proved",         "95 %",  NULL};
    if (r->result->transformed_count == 0)
        return;
    vouch_html_section(page, "Verified transformations");
    vouch_html_table(page, "Points that keep their class under every parameter up to a bound, "
                           "either way: not refuted, and proved");
    vouch_html_row(page);
    for (const char *const *name = head; *name; name++)
        vouch_html_cell(page, "%s", *name);
    for (int i = 0; i < r->result->transformed_count; i++)
        put_transform(page, r, &r->result->transformed[i]);
    vouch_html_table_end(page);
}

/* ---- what was run --------------------------------------------------------------------------- */

static void put_pair(vouch_html *page, const char *name, const char *text)
{
    vouch_html_row(page);
    vouch_html_cell(page, "%s", name);
    vouch_html_cell(page, "%s", text);
}

/* Every option with the value it had; what was not given is left out. */
static void put_options(vouch_html *page, const vouch_cli_call *call)
{
    const vouch_cli_table table = vouch_command_options(call->command, 1);
    for (size_t i = 0; i < *table.count; i++) {
        const vouch_option *row = &table.rows[i];
        const char *text = vouch_cli_setting_text(call->arena, row, call->settings[1]);
        char name[64];
        snprintf(name, sizeof name, "--%s", row->name);
        if (text && *text)
            put_pair(page, name, text);
    }
}

static void put_run(vouch_html *page, const vouch_cli_eval_report *r)
{
    vouch_html_section(page, "What was run");
    vouch_html_pairs(page, "Network, data and every option; the same give the same figures");
    put_pair(page, "what", "value");
    put_pair(page, "vouch", vouch_version());
    put_pair(page, "network", r->network->path);
    put_pair(page, "its SHA-256", r->network->sha256);
    put_pair(page, "its inputs", count(r->network->inputs).text);
    put_pair(page, "its parameters", count(r->network->parameters).text);
    put_pair(page, "data", r->points->place);
    put_options(page, r->call);
    put_pair(page, "seconds", vouch_cli_seconds(r->seconds).text);
    put_pair(page, "CPU seconds", vouch_cli_seconds(r->cpu_seconds).text);
    vouch_html_table_end(page);
}

vouch_status vouch_cli_eval_html(vouch_context *ctx, FILE *out, const vouch_cli_eval_report *r)
{
    vouch_html page;
    char *title = vouch_arena_print(r->call->arena, "Evaluation of %s", r->network->path);
    char *subtitle =
        vouch_arena_print(r->call->arena, "%s points of %s, seed %" PRIu64,
                          count(r->points->count).text, r->points->place, r->request->seed);
    if (title == NULL || subtitle == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_html_begin(&page, ctx, title, subtitle);
    put_headlines(&page, r);
    put_robustness(&page, r);
    put_efx(&page, r);
    put_confidence(&page, r);
    put_classes(&page, r);
    put_transforms(&page, r);
    put_smoothing(&page, r);
    put_corruptions(&page, r);
    put_run(&page, r);
    return vouch_cli_put_markup(out, &page.out, vouch_html_end(&page));
}
