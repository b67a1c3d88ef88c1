/* Measures, and what they amount to (co.h). */
#include "lab/co.h"

#include "lab/gauge.h"

enum { SEED = 1, PAIRS = 64 };

static const vouch_figure figure[VOUCH_CO_FIGURES] = {
    {"clean", "clean, %", VOUCH_FIGURE_LAST, true, true},
    {"single", "FGSM, %", VOUCH_FIGURE_LAST, true, true},
    {"pgd", "PGD, %", VOUCH_FIGURE_LAST, true, true},
    {"linearity", "linearity error", VOUCH_FIGURE_LAST, false, false},
    {"bound", "IBP loss", VOUCH_FIGURE_LAST, false, false},
    {"seconds", "s an epoch", VOUCH_FIGURE_MEAN, false, true}};

const vouch_figures vouch_co_figures = {.count = VOUCH_CO_FIGURES,
                                        .figure = figure,
                                        .mark = "collapsed",
                                        .is_marked = vouch_co_has_collapsed};

/* ---- measuring ------------------------------------------------------------------------------- */

static vouch_status put_landscape(const vouch_grid_moment *m, const char *when,
                                  const vouch_landscape *l)
{
    json_t *epochs = json_object_get(m->result, "epochs"), *list;
    (void)json_object_del(m->result, when);
    json_t *object = vouch_json_object_in(m->ctx, m->result, when);
    (void)vouch_json_add_int(m->ctx, object, "epoch", (int64_t)json_array_size(epochs));
    (void)vouch_json_add_int(m->ctx, object, "label", l->label);
    (void)vouch_json_add_int(m->ctx, object, "highest", l->highest);
    (void)vouch_json_add_real(m->ctx, object, "promised", l->promised);
    (void)vouch_json_add_real(m->ctx, object, "rise", l->rise);
    (void)vouch_json_add_real(m->ctx, object, "linearity_error", l->linearity_error);
    (void)vouch_json_add_reals(m->ctx, object, "loss", l->loss,
                               (size_t)l->grid * (size_t)l->grid);
    list = vouch_json_array_in(m->ctx, object, "predicted");
    for (int i = 0; i < l->grid * l->grid; i++)
        (void)vouch_json_add_int(m->ctx, list, NULL, l->predicted[i]);
    return vouch_context_status(m->ctx);
}

/* Of the first sample, without clipping: the plane stays flat. */
static vouch_status draw_landscape(const vouch_co *co, const vouch_grid_moment *m,
                                   const char *when)
{
    vouch_landscape landscape;
    const vouch_plan_place *place = &co->plan->place[m->cell];
    const vouch_landscape_request request = {.graph = m->graph,
                                             .loss = vouch_objective_find("ce"),
                                             .eps = co->plan->eps[place->radius],
                                             .grid = VOUCH_CO_GRID,
                                             .pairs = PAIRS,
                                             .seed = SEED,
                                             .threads = co->threads,
                                             .size = co->held->info.size,
                                             .x = co->held->x,
                                             .label = co->held->label[0]};
    if (place->seed > 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_landscape_run(m->ctx, m->arena, &request, &landscape));
    return put_landscape(m, when, &landscape);
}

vouch_status vouch_co_after_epoch(void *study, const vouch_grid_moment *m)
{
    vouch_co *co = study;
    const double count = (double)co->held->info.count;
    const vouch_gauge_request request = {
        .graph = m->graph,
        .data = co->held,
        .eps = co->plan->eps[co->plan->place[m->cell].radius],
        .steps = co->steps,
        .restarts = co->restarts,
        .seed = SEED,
        .threads = co->threads,
    };
    vouch_gauge g;
    VOUCH_TRY(vouch_gauge_run(m->ctx, m->arena, &request, &g));
    const double measured[] = {(double)g.clean / count, (double)g.single / count,
                               (double)g.pgd / count, g.linearity, g.bound};
    for (vouch_co_figure f = 0; f < VOUCH_CO_SECONDS; f++)
        (void)vouch_json_add_real(m->ctx, m->row, figure[f].name, measured[f]);
    const double pgd = measured[VOUCH_CO_PGD];
    if (m->epoch->epoch > 1 && pgd <= co->best)
        return VOUCH_OK;
    co->best = pgd;
    return draw_landscape(co, m, "before");
}

vouch_status vouch_co_at_end(void *study, const vouch_grid_moment *m)
{
    return draw_landscape(study, m, "after");
}

/* ---- what came out --------------------------------------------------------------------------- */

bool vouch_co_has_collapsed(const json_t *result)
{
    return vouch_grid_last(result, figure[VOUCH_CO_PGD].name) <
           vouch_grid_last(result, figure[VOUCH_CO_SINGLE].name) / 2;
}

vouch_status vouch_co_landscape(vouch_arena *arena, const json_t *result, const char *when,
                                int64_t *epoch, vouch_landscape *l)
{
    const json_t *object = json_object_get(result, when);
    const json_t *loss = json_object_get(object, "loss");
    const json_t *predicted = json_object_get(object, "predicted");
    const size_t places = (size_t)VOUCH_CO_GRID * VOUCH_CO_GRID;
    *epoch = 0;
    *l = (vouch_landscape){.grid = VOUCH_CO_GRID};
    if (json_array_size(loss) != places || json_array_size(predicted) != places)
        return VOUCH_OK;
    l->loss = VOUCH_NEW_ARRAY(arena, double, places);
    l->predicted = VOUCH_NEW_ARRAY(arena, int, places);
    if (!l->loss || !l->predicted)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < places; i++) {
        l->loss[i] = json_number_value(json_array_get(loss, i));
        l->predicted[i] = (int)json_integer_value(json_array_get(predicted, i));
    }
    l->label = (int)json_integer_value(json_object_get(object, "label"));
    l->highest = (int)json_integer_value(json_object_get(object, "highest"));
    l->promised = vouch_grid_number(object, "promised");
    l->rise = vouch_grid_number(object, "rise");
    l->linearity_error = vouch_grid_number(object, "linearity_error");
    *epoch = json_integer_value(json_object_get(object, "epoch"));
    return VOUCH_OK;
}
