/* Tightness, continuity and sensitivity of relaxations (relaxations.h). */
#include "lab/relaxations.h"

#include <math.h>
#include <string.h>

#include "eval/team.h"
#include "lab/gauge.h"
#include "lab/profile.h"
#include "train/entropy.h"

enum { SEED = 1, RADII = 2 * VOUCH_RELAXATIONS_FAR };

const vouch_figure vouch_relaxations_figure_table[VOUCH_RELAXATIONS_FIGURES] = {
    {"certified", "certified, %", VOUCH_FIGURE_LAST, true, true},
    {"radius", "radius, eps", VOUCH_FIGURE_LAST, false, true},
    {"gap", "gap", VOUCH_FIGURE_LAST, false, true},
    {"jumps", "jumps", VOUCH_FIGURE_LAST, false, true},
    {"bend", "bend", VOUCH_FIGURE_LAST, false, true},
    {"degree", "degree", VOUCH_FIGURE_LAST, false, true}};

/* A network in training, looked at. */
typedef struct look {
    const vouch_relaxations *study;
    const vouch_grid_moment *moment;
    const vouch_recipe *recipe;
    const bool *varying;
    double eps;
    double *least;   /* [samples held out] margins under PGD */
    double *tight;   /* [samples held out][relaxations][RADII] least margins */
    float *line;     /* [lines][parameters] how weights change along it */
    int64_t weights; /* parameters */
    double *loss;    /* [lines][samples][relaxations][points] */
} look;

static vouch_relaxation_place place_of(const look *l, const vouch_graph *graph, int64_t sample)
{
    const vouch_data *held = l->study->held;
    return (vouch_relaxation_place){.graph = graph,
                                    .varying = l->varying,
                                    .info = &held->info,
                                    .x = vouch_data_x(held, sample),
                                    .label = held->label[sample]};
}

/* ---- tightness ------------------------------------------------------------------------------- */

static vouch_status bound_sample(const vouch_team_member *m, void *shared, int64_t sample)
{
    const look *l = shared;
    const vouch_relaxations *s = l->study;
    const int classes = s->held->info.classes;
    const vouch_relaxation_place place = place_of(l, l->moment->graph, sample);
    double *margin = VOUCH_NEW_ARRAY(m->arena, double, classes);
    double *out = l->tight + sample * s->count * RADII;
    if (!margin)
        return VOUCH_ERR_MEMORY;
    for (int r = 0; r < s->count; r++)
        for (int k = 0; k < RADII; k++) {
            const double eps = l->eps * (k + 1) * VOUCH_RELAXATIONS_FAR / RADII;
            VOUCH_TRY(vouch_relaxation_margins(m->ctx, m->arena, &s->relaxation[r], &place, eps,
                                               margin));
            *out++ = vouch_relaxation_least(classes, place.label, margin);
        }
    return VOUCH_OK;
}

static vouch_status find_tightness(look *l, double *clean)
{
    const vouch_relaxations *s = l->study;
    const vouch_gauge_request request = {.graph = l->moment->graph,
                                         .data = s->held,
                                         .eps = l->eps,
                                         .steps = s->steps,
                                         .seed = SEED,
                                         .threads = s->threads};
    const vouch_team team = {NULL, s->threads, "bounds", bound_sample, l};
    VOUCH_TRY(vouch_gauge_margins(l->moment->ctx, l->moment->arena, &request, clean, l->least));
    return vouch_team_run(l->moment->ctx, &team, s->held->info.count);
}

/* The area below the certified share, from that of the samples as they are on, by trapezia. */
static void sum_tightness(const look *l, int r, const double *clean, double *figure)
{
    const vouch_relaxations *s = l->study;
    const int64_t count = s->held->info.count;
    const double width = (double)VOUCH_RELAXATIONS_FAR / RADII;
    const int at_eps = RADII / VOUCH_RELAXATIONS_FAR - 1;
    double area = 0, gap = 0;
    int64_t certified = 0;
    for (int64_t i = 0; i < count; i++) {
        const double *bound = l->tight + (i * s->count + r) * RADII;
        certified += bound[at_eps] > 0;
        gap += l->least[i] - bound[at_eps];
        area += (clean[i] > 0) / 2.0;
        for (int k = 0; k < RADII; k++)
            area += (bound[k] > 0) / (k + 1 < RADII ? 1.0 : 2.0);
    }
    figure[VOUCH_RELAXATIONS_CERTIFIED] = (double)certified / (double)count;
    figure[VOUCH_RELAXATIONS_GAP] = gap / (double)count;
    figure[VOUCH_RELAXATIONS_RADIUS] = width * area / (double)count;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static double size_of(int64_t count, const float *v)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* Down the gradient of the samples' cross-entropy. */
static vouch_status descend(const look *l, vouch_net *net, float *line)
{
    const vouch_relaxations *s = l->study;
    vouch_arena *arena = l->moment->arena;
    const vouch_aim_at at = {
        .count = s->samples, .classes = vouch_net_outputs(net), .label = s->held->label};
    float *y = VOUCH_NEW_ARRAY(arena, float, 2 * s->samples * at.classes);
    float *d_y = y + s->samples * at.classes;
    vouch_tape *tape;
    if (!y)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_tape_new(l->moment->ctx, arena, net, s->samples, &tape));
    vouch_tape_forward(tape, s->samples, s->held->x, y);
    (void)vouch_entropy_cross(&at, y, -1, d_y, NULL);
    vouch_tape_backward(tape, d_y, NULL, line);
    return VOUCH_OK;
}

static vouch_status make_lines(look *l)
{
    const vouch_relaxations *s = l->study;
    vouch_net *net;
    VOUCH_TRY(vouch_net_new_to_train(l->moment->ctx, l->moment->arena, l->moment->graph, &net));
    const float *weight = vouch_net_parameters(net);
    l->weights = vouch_net_size(net);
    l->line = VOUCH_NEW_ARRAY(l->moment->arena, float, s->lines * l->weights);
    if (!l->line)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(descend(l, net, l->line));
    for (int n = 0; n < s->lines; n++) {
        float *line = l->line + n * l->weights;
        vouch_random random = vouch_random_stream(SEED, "lab.relaxations.line", (uint64_t)n);
        for (int64_t i = 0; n > 0 && i < l->weights; i++)
            line[i] = (float)vouch_random_normal(&random) * weight[i];
        const double size = size_of(l->weights, line);
        const double scale = size > 0 ? s->reach * size_of(l->weights, weight) / size : 0;
        for (int64_t i = 0; i < l->weights; i++)
            line[i] *= (float)scale;
    }
    return VOUCH_OK;
}

/* The network at a point of a line, as a graph of its own. */
static vouch_status move(const vouch_team_member *m, const look *l, int line, double t,
                         vouch_graph **graph)
{
    vouch_net *net;
    VOUCH_TRY(vouch_net_new_to_train(m->ctx, m->arena, l->moment->graph, &net));
    float *weight = vouch_net_parameters(net);
    for (int64_t i = 0; i < l->weights; i++)
        weight[i] += (float)t * l->line[line * l->weights + i];
    VOUCH_TRY(vouch_recipe_build(m->arena, l->recipe, &l->study->held->info, graph));
    VOUCH_TRY(vouch_net_store(m->ctx, net, *graph));
    return vouch_op_bind_graph(m->ctx, *graph);
}

static vouch_status bound_point(const vouch_team_member *m, const look *l,
                                const vouch_graph *graph, int line, int point)
{
    const vouch_relaxations *s = l->study;
    const int classes = s->held->info.classes;
    double *margin = VOUCH_NEW_ARRAY(m->arena, double, classes);
    if (!margin)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < s->samples; i++) {
        const vouch_relaxation_place place = place_of(l, graph, i);
        for (int r = 0; r < s->count; r++) {
            VOUCH_TRY(vouch_relaxation_margins(m->ctx, m->arena, &s->relaxation[r], &place,
                                               l->eps, margin));
            l->loss[((line * s->samples + i) * s->count + r) * s->points + point] =
                vouch_relaxation_loss(classes, margin);
        }
    }
    return VOUCH_OK;
}

static vouch_status at_point(const vouch_team_member *m, void *shared, int64_t unit)
{
    const look *l = shared;
    const int points = l->study->points;
    const int line = (int)(unit / points), point = (int)(unit % points);
    vouch_graph *graph = NULL;
    vouch_status status = move(m, l, line, (double)point / (points - 1), &graph);
    if (status == VOUCH_OK)
        status = bound_point(m, l, graph, line, point);
    if (graph)
        vouch_graph_free(graph);
    return status;
}

static vouch_status find_lines(look *l)
{
    const vouch_relaxations *s = l->study;
    const vouch_team team = {NULL, s->threads, "lines", at_point, l};
    VOUCH_TRY(make_lines(l));
    return vouch_team_run(l->moment->ctx, &team, (int64_t)s->lines * s->points);
}

static void sum_lines(const look *l, int r, double *spare, double *figure)
{
    const vouch_relaxations *s = l->study;
    const int64_t curves = s->lines * s->samples;
    for (int64_t c = 0; c < curves; c++) {
        const vouch_profile p =
            vouch_profile_of(s->points, l->loss + (c * s->count + r) * s->points, spare);
        figure[VOUCH_RELAXATIONS_JUMPS] += p.jumps / (double)curves;
        figure[VOUCH_RELAXATIONS_BEND] += p.bend / (double)curves;
        figure[VOUCH_RELAXATIONS_DEGREE] += p.degree / (double)curves;
    }
}

/* ---- what came out --------------------------------------------------------------------------- */

static double share_above(int64_t count, const double *margin)
{
    int64_t above = 0;
    for (int64_t i = 0; i < count; i++)
        above += margin[i] > 0;
    return (double)above / (double)count;
}

static vouch_status put_figures(const look *l, const double *clean)
{
    const vouch_relaxations *s = l->study;
    const vouch_grid_moment *m = l->moment;
    const int64_t count = s->held->info.count;
    double *spare = VOUCH_NEW_ARRAY(m->arena, double, 2 * s->points);
    if (!spare)
        return VOUCH_ERR_MEMORY;
    (void)vouch_json_add_real(m->ctx, m->row, "clean", share_above(count, clean));
    (void)vouch_json_add_real(m->ctx, m->row, "pgd", share_above(count, l->least));
    for (int r = 0; r < s->count; r++) {
        double figure[VOUCH_RELAXATIONS_FIGURES] = {0};
        json_t *object = vouch_json_object_in(m->ctx, m->row, s->relaxation[r].name);
        sum_tightness(l, r, clean, figure);
        sum_lines(l, r, spare, figure);
        for (int f = 0; f < VOUCH_RELAXATIONS_FIGURES; f++)
            (void)vouch_json_add_real(m->ctx, object, vouch_relaxations_figure_table[f].name,
                                      figure[f]);
    }
    return vouch_context_status(m->ctx);
}

static vouch_status put_line(const look *l)
{
    const vouch_relaxations *s = l->study;
    const vouch_grid_moment *m = l->moment;
    if (s->plan->place[m->cell].seed > 0)
        return VOUCH_OK;
    (void)json_object_del(m->result, "line");
    json_t *object = vouch_json_object_in(m->ctx, m->result, "line");
    (void)vouch_json_add_int(m->ctx, object, "epoch", m->epoch->epoch);
    for (int r = 0; r < s->count; r++)
        (void)vouch_json_add_reals(m->ctx, object, s->relaxation[r].name,
                                   l->loss + r * s->points, (size_t)s->points);
    return vouch_context_status(m->ctx);
}

vouch_status vouch_relaxations_after_epoch(void *study, const vouch_grid_moment *m)
{
    const vouch_relaxations *s = study;
    const int64_t count = s->held->info.count, values = m->graph->value_count;
    bool *varying = VOUCH_NEW_ARRAY(m->arena, bool, values);
    double *clean = VOUCH_NEW_ARRAY(m->arena, double, count);
    look l = {.study = s,
              .moment = m,
              .recipe = &s->plan->cell[m->cell].recipe,
              .varying = varying,
              .eps = s->plan->eps[s->plan->place[m->cell].radius]};
    l.least = VOUCH_NEW_ARRAY(m->arena, double, count);
    l.tight = VOUCH_NEW_ARRAY(m->arena, double, count * s->count * RADII);
    l.loss = VOUCH_NEW_ARRAY(m->arena, double, s->lines * s->samples * s->count * s->points);
    if (!varying || !clean || !l.least || !l.tight || !l.loss)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(m->graph, varying);
    VOUCH_TRY(find_tightness(&l, clean));
    VOUCH_TRY(find_lines(&l));
    VOUCH_TRY(put_figures(&l, clean));
    return put_line(&l);
}
