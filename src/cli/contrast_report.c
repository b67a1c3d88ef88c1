/* The text of `vouch explain contrastive`. */
#include "cli/contrast_report.h"

#include <inttypes.h>
#include <math.h>

#include "cli/text.h"

typedef struct place {
    FILE *out;
    const vouch_cli_formal_report *r;
    const vouch_cli_formal *p;
    const vouch_contrast *c;
} place;

/* ---- one set ------------------------------------------------------------------------------- */

/* "{income, debt}" */
static void put_names(const place *at, const vouch_dual *dual)
{
    const char *comma = "";
    fputc('{', at->out);
    for (int64_t f = 0; f < at->p->groups.count; f++)
        if (vouch_set_has(dual->set, f)) {
            fprintf(at->out, "%s%s", comma, vouch_cli_feature_name(at->r, at->p, f).text);
            comma = ", ";
        }
    fputc('}', at->out);
}

/* "12 of 16 inputs change, by at most 0.1" */
static void put_inputs(const place *at, const float *there, int64_t f)
{
    const vouch_groups *g = &at->p->groups;
    int64_t moved = 0;
    double most = 0;
    for (int64_t k = g->start[f]; k < g->start[f + 1]; k++) {
        const double by = fabs((double)there[g->member[k]] - (double)at->p->x[g->member[k]]);
        moved += by > 0;
        most = fmax(most, by);
    }
    fprintf(at->out, "%" PRId64 " of %" PRId64 " inputs change, by at most %.4g", moved,
            g->start[f + 1] - g->start[f], most);
}

/* "income 41.4 -> 5" for each feature that changes. */
static void put_changes(const place *at, const vouch_dual *dual)
{
    const vouch_evidence *e = dual->evidence;
    vouch_cli_formal there = *at->p;
    if (e->witness == NULL) {
        fprintf(at->out, "  over the reals; no float32 numbers were found that show it\n");
        return;
    }
    there.x = e->witness;
    for (int64_t f = 0; f < at->p->groups.count; f++) {
        if (!vouch_set_has(dual->set, f))
            continue;
        fprintf(at->out, "  %-24s ", vouch_cli_feature_name(at->r, at->p, f).text);
        if (at->p->groups.start[f + 1] - at->p->groups.start[f] == 1 || at->r->points->is_table)
            fprintf(at->out, "%s -> %s", vouch_cli_feature_value(at->r, at->p, f).text,
                    vouch_cli_feature_value(at->r, &there, f).text);
        else
            put_inputs(at, there.x, f);
        fprintf(at->out, "\n");
    }
}

static void put_class(const place *at, const vouch_dual *dual)
{
    if (dual->evidence->rival >= 0)
        fprintf(at->out, "makes it %s",
                vouch_cli_class_name(at->r->points, dual->evidence->rival).text);
    else
        fprintf(at->out, "makes it another class");
}

/* ---- a smallest one ------------------------------------------------------------------------ */

static void put_smallest(const place *at)
{
    const vouch_dual_list *list = &at->c->duals.of[VOUCH_CONTRASTIVE];
    const vouch_dual *best = vouch_duals_best(&at->c->duals, VOUCH_CONTRASTIVE);
    if (list->has_none) {
        fprintf(at->out, "none       proved: no change of any features within the radius makes "
                         "it another class\n");
        return;
    }
    if (best == NULL) {
        fprintf(at->out, "smallest   not found; it has at least %" PRId64 " feature%s\n",
                list->at_least, vouch_cli_plural(list->at_least));
        return;
    }
    fprintf(at->out, "smallest   changing ");
    put_names(at, best);
    fprintf(at->out, " alone ");
    put_class(at, best);
    if (best->size <= list->at_least)
        fprintf(at->out, "; proved: no fewer features do\n");
    else
        fprintf(at->out, "; not proved: between %" PRId64 " and %" PRId64 " features\n",
                list->at_least, best->size);
    put_changes(at, best);
}

/* ---- all ----------------------------------------------------------------------------------- */

static void put_list(const place *at, vouch_dual_kind kind)
{
    const vouch_dual_list *list = &at->c->duals.of[kind];
    fprintf(at->out, "%-11s %" PRId64 " set%s%s\n", vouch_dual_name(kind), list->count,
            vouch_cli_plural(list->count),
            list->is_all ? ", all minimal ones, proved" : "; more may exist");
    for (int64_t k = 0; k < list->count; k++) {
        fprintf(at->out, "  ");
        put_names(at, &list->item[k]);
        if (kind == VOUCH_CONTRASTIVE) {
            fputc(' ', at->out);
            put_class(at, &list->item[k]);
        }
        fprintf(at->out, "%s\n", list->item[k].is_minimal ? "" : " (minimal: not proved)");
    }
}

/* ---- the text ------------------------------------------------------------------------------ */

static void put_point(const place *at, bool wants_all)
{
    const vouch_explanation *e = &at->c->base;
    fprintf(at->out, "point      %" PRId64 ": class %s\n", at->p->index,
            vouch_cli_class_name(at->r->points, at->p->predicted).text);
    if (at->c->duals.words == 0) {
        fprintf(at->out, e->is_interrupted || e->is_out_of_time
                             ? "stopped    before anything was known\n"
                             : "undecided  over the reals the class of the point itself is "
                               "not proved\n");
        return;
    }
    if (e->fixed_count > 0)
        fprintf(at->out, "fixed      %" PRId64 " of %" PRId64 " features cannot change\n",
                e->fixed_count, e->features);
    if (e->unsuited != NULL)
        fprintf(at->out, "unsuited   %s\n", e->unsuited);
    put_smallest(at);
    for (int kind = 0; kind < VOUCH_DUAL_KINDS && wants_all; kind++)
        put_list(at, (vouch_dual_kind)kind);
    if (e->is_interrupted || e->is_out_of_time)
        fprintf(at->out, "%s: what is said holds; more may be known with more time\n",
                e->is_interrupted ? "interrupted" : "out of time");
    fprintf(at->out, "asked      %s sets; CPU %s\n",
            vouch_cli_count((uint64_t)at->c->asked).text, vouch_cli_seconds(e->cpu_s).text);
}

void vouch_cli_contrast_text(FILE *out, const vouch_cli_contrast_report *report)
{
    const vouch_cli_formal_report *r = &report->base;
    fprintf(out, "network    %s (%s inputs, %s classes)\n", r->network->path,
            vouch_cli_count((uint64_t)r->network->inputs).text,
            vouch_cli_count((uint64_t)r->network->outputs).text);
    fprintf(out, "asked      oracle %s, features: %s\n", r->settings->oracle, r->groups);
    fprintf(out, "radius     %s\n", vouch_cli_formal_radius(r).text);
    vouch_cli_points_text(out, r->points);
    for (int64_t k = 0; k < r->count; k++)
        put_point(&(place){out, r, &r->point[k], &report->contrast[k]}, report->wants_all);
    fprintf(out, "seconds    %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
}
