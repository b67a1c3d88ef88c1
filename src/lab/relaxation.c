/* Bounds of margins by a table of relaxations (relaxation.h). */
#include "lab/relaxation.h"

#include <math.h>
#include <string.h>

#include "lab/plan.h"
#include "train/terms.h"

static const vouch_lab_relaxation named[] = {
#define VOUCH_RELAXATION(name, text, share, theory) {name, text, share, theory, NULL, NULL},
#include "lab/relaxation.def"
#undef VOUCH_RELAXATION
};
enum { NAMED = sizeof named / sizeof *named };

/* ---- reading --------------------------------------------------------------------------------- */

static bool domain_at(size_t index, vouch_term_kind *kind)
{
    const vouch_domain *d = vouch_domain_table()[index];
    if (!d)
        return false;
    *kind = (vouch_term_kind){d->name, d, d->settings_size, d->options, d->option_count};
    return true;
}

static vouch_status read(vouch_arena *arena, const char *text, vouch_lab_relaxation *r)
{
    static const vouch_term_table table = {"relaxation", domain_at};
    vouch_term term;
    int terms = 0;
    *r = (vouch_lab_relaxation){.name = text, .text = text, .share = 1, .theory = ""};
    for (int i = 0; i < NAMED; i++)
        if (strcmp(named[i].name, text) == 0)
            *r = named[i];
    VOUCH_TRY(vouch_terms_parse(arena, &table, r->text, &term, 1, &terms));
    r->domain = term.entry;
    r->settings = term.settings;
    return VOUCH_OK;
}

vouch_status vouch_relaxation_list(vouch_arena *arena, const char *text,
                                   vouch_lab_relaxation **relaxation, int *count)
{
    const char **part;
    VOUCH_TRY(vouch_plan_list(arena, "relaxations", text, &part, count));
    *relaxation = VOUCH_NEW_ARRAY(arena, vouch_lab_relaxation, *count);
    if (!*relaxation)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < *count; i++)
        VOUCH_TRY(read(arena, part[i], &(*relaxation)[i]));
    return VOUCH_OK;
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* The box, and a row for each other class. */
static vouch_status pose(vouch_arena *arena, const vouch_relaxation_place *place, double eps,
                         vouch_linear_rows *rows, vouch_bound_problem *problem)
{
    const vouch_data_info *info = place->info;
    const int64_t size = info->size, classes = info->classes;
    double *low = VOUCH_NEW_ARRAY(arena, double, size);
    double *high = VOUCH_NEW_ARRAY(arena, double, size);
    double *output = VOUCH_NEW_ARRAY(arena, double, classes *classes);
    if (!low || !high || !output)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < size; i++) {
        const double x = (double)place->x[i];
        low[i] = fmax(x - eps, (double)info->feature[i].low);
        high[i] = fmin(x + eps, (double)info->feature[i].high);
    }
    *rows = (vouch_linear_rows){.output = output};
    for (int j = 0; j < classes; j++) {
        if (j == place->label)
            continue;
        output[rows->count * classes + place->label] = 1;
        output[rows->count++ * classes + j] = -1;
    }
    *problem = (vouch_bound_problem){.graph = place->graph,
                                     .varying = place->varying,
                                     .input_size = size,
                                     .output_size = classes,
                                     .low = low,
                                     .high = high,
                                     .rows = rows};
    return VOUCH_OK;
}

/* Adds `share` of a domain's bounds. */
static vouch_status add(vouch_context *ctx, vouch_arena *arena, const vouch_lab_relaxation *r,
                        const vouch_bound_problem *problem, double *sum)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    vouch_bounds bounds = {0};
    VOUCH_TRY(r->domain->run(ctx, arena, r->settings, problem, &bounds));
    for (int i = 0; i < problem->rows->count; i++)
        sum[i] += r->share * bounds.row_low[i];
    vouch_arena_reset(arena, mark);
    return VOUCH_OK;
}

vouch_status vouch_relaxation_margins(vouch_context *ctx, vouch_arena *arena,
                                      const vouch_lab_relaxation *r,
                                      const vouch_relaxation_place *place, double eps,
                                      double *margin)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    const int classes = place->info->classes;
    const vouch_lab_relaxation rest = {.share = 1 - r->share,
                                       .domain = vouch_domain_find("interval")};
    vouch_linear_rows rows;
    vouch_bound_problem problem;
    double *sum = VOUCH_NEW_ARRAY(arena, double, classes);
    if (!sum)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(pose(arena, place, eps, &rows, &problem));
    VOUCH_TRY(add(ctx, arena, r, &problem, sum));
    if (rest.share > 0)
        VOUCH_TRY(add(ctx, arena, &rest, &problem, sum));
    for (int j = 0, row = 0; j < classes; j++)
        margin[j] = j == place->label ? 0 : sum[row++];
    vouch_arena_reset(arena, mark);
    return VOUCH_OK;
}

double vouch_relaxation_least(int classes, int label, const double *margin)
{
    double least = (double)INFINITY;
    for (int j = 0; j < classes; j++)
        least = j == label ? least : fmin(least, margin[j]);
    return least;
}

double vouch_relaxation_loss(int classes, const double *margin)
{
    double most = 0, sum = 0;
    for (int j = 0; j < classes; j++)
        most = fmax(most, -margin[j]);
    for (int j = 0; j < classes; j++)
        sum += exp(-margin[j] - most);
    return most + log(sum);
}
