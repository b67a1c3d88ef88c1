/* Means over seeds (figures.h). */
#include "lab/figures.h"

static double in_epoch(const vouch_findings *all, int figure, const json_t *epoch, int part)
{
    const vouch_figures *f = all->figures;
    if (f->parts > 0)
        epoch = json_object_get(epoch, f->part[part]);
    return vouch_grid_number(epoch, f->figure[figure].name);
}

static double read(const vouch_findings *all, int figure, const json_t *result, int part)
{
    const vouch_figure *f = &all->figures->figure[figure];
    const json_t *epochs = json_object_get(result, "epochs");
    const size_t count = json_array_size(epochs);
    switch (f->when) {
    case VOUCH_FIGURE_LAST:
        return in_epoch(all, figure, json_array_get(epochs, count - 1), part);
    case VOUCH_FIGURE_MEAN:
        return vouch_grid_mean(result, f->name);
    case VOUCH_FIGURE_END:
    default:
        return vouch_grid_number(result, f->name);
    }
}

bool vouch_findings_next(const vouch_findings *all, vouch_plan_place *at)
{
    if (++at->part < all->figures->parts)
        return true;
    at->part = 0;
    if (++at->value < all->plan->values)
        return true;
    at->value = 0;
    if (++at->method < all->plan->methods)
        return true;
    at->method = 0;
    return false;
}

vouch_group vouch_findings_gather(const vouch_findings *all, const vouch_plan_place *place)
{
    vouch_group group = {0};
    vouch_plan_place at = *place;
    for (at.seed = 0; at.seed < all->plan->seeds; at.seed++) {
        const json_t *r = all->result[vouch_plan_cell(all->plan, &at)];
        if (!r)
            continue;
        group.finished++;
        group.failed += json_object_get(r, "failed") != NULL;
        group.marked += all->figures->mark && all->figures->is_marked(r);
        for (int f = 0; f < all->figures->count; f++)
            vouch_summary_add(&group.figure[f], read(all, f, r, at.part));
    }
    return group;
}

const char *vouch_findings_failure(const vouch_findings *all, const vouch_plan_place *place)
{
    vouch_plan_place at = *place;
    const char *why = NULL;
    for (at.seed = 0; !why && at.seed < all->plan->seeds; at.seed++) {
        const json_t *r = all->result[vouch_plan_cell(all->plan, &at)];
        why = json_string_value(json_object_get(r, "failed"));
    }
    return why;
}

double vouch_findings_at(const vouch_findings *all, int figure, const vouch_plan_place *place,
                         int64_t epoch)
{
    vouch_summary over = {0};
    vouch_plan_place at = *place;
    for (at.seed = 0; at.seed < all->plan->seeds; at.seed++) {
        const json_t *r = all->result[vouch_plan_cell(all->plan, &at)];
        const json_t *row = json_array_get(json_object_get(r, "epochs"), (size_t)epoch);
        vouch_summary_add(&over, in_epoch(all, figure, row, at.part));
    }
    return vouch_summary_mean(&over);
}
