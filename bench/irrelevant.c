/* Attacks on what is proved irrelevant, for bench/formal.py.
 *
 * Usage: irrelevant NET DATA EPS COUNT STEPS RESTARTS. Explains the first COUNT samples by linear
 * bounds, then attacks each with PGD that moves irrelevant features alone, every other number of the
 * point being its own. Prints how many samples were explained, how many of the sets an attack
 * refuted, and the gradient steps taken in all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "attack/campaign.h"
#include "data/data.h"
#include "explain/formal.h"
#include "io/io.h"

typedef struct job {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_data *data;
    vouch_victim_plan *plan;
    vouch_victim *victim;
    const vouch_attack *attack;
    void *settings; /* of the attack */
    float *low, *high, *found;
    double eps;
    int64_t explained, refuted, passes;
} job;

static vouch_status choose_attack(job *j, const char *steps, const char *restarts)
{
    const char *const set[][2] = {{"steps", steps}, {"restarts", restarts}};
    j->attack = vouch_attack_find("pgd");
    j->settings = vouch_arena_alloc(j->arena, j->attack->size);
    if (!j->settings)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(j->attack->options, j->attack->option_count, j->settings);
    for (int k = 0; k < 2; k++)
        VOUCH_TRY(vouch_option_set(
            j->ctx, vouch_option_find(j->attack->options, j->attack->option_count, set[k][0]),
            set[k][1], j->settings));
    return VOUCH_OK;
}

static vouch_status load(job *j, char **argument)
{
    j->eps = strtod(argument[2], NULL);
    VOUCH_TRY(vouch_network_read(j->ctx, argument[0], &j->graph, NULL));
    VOUCH_TRY(vouch_op_bind_graph(j->ctx, j->graph));
    VOUCH_TRY(vouch_data_load(j->ctx, argument[1], &j->data));
    VOUCH_TRY(vouch_victim_plan_new(j->ctx, j->arena, j->graph, &j->plan));
    VOUCH_TRY(vouch_victim_new(j->ctx, j->arena, j->plan, &j->victim));
    j->low = VOUCH_NEW_ARRAY(j->arena, float, j->data->info.size);
    j->high = VOUCH_NEW_ARRAY(j->arena, float, j->data->info.size);
    j->found = VOUCH_NEW_ARRAY(j->arena, float, j->data->info.size);
    return j->low && j->high && j->found ? choose_attack(j, argument[4], argument[5])
                                         : VOUCH_ERR_MEMORY;
}

static vouch_ball ball_of(job *j)
{
    for (int64_t i = 0; i < j->data->info.size; i++) {
        j->low[i] = 0;
        j->high[i] = 1;
    }
    return (vouch_ball){.norm = VOUCH_NORM_LINF,
                        .eps = j->eps,
                        .size = j->data->info.size,
                        .low = j->low,
                        .high = j->high,
                        .image = {1, 1, j->data->info.size}};
}

static vouch_status explain(job *j, const float *x, int label, const vouch_ball *ball,
                            vouch_explanation *e)
{
    vouch_formal_settings settings;
    vouch_groups groups;
    const vouch_group_request request = {.inputs = ball->size, .image = ball->image, .x = x};
    const vouch_formal_problem problem = {
        .plan = j->plan, .ball = ball, .x = x, .label = label, .groups = &groups};
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &settings);
    settings.oracle = "crown";
    settings.attack_steps = 0;
    settings.threads = 1;
    VOUCH_TRY(vouch_groups_make(j->arena, vouch_grouping_find("value"), &request, &groups));
    return vouch_formal_explain(j->ctx, j->arena, &problem, &settings, e);
}

static vouch_status attack(job *j, const float *x, int label, const vouch_ball *ball)
{
    vouch_fate fate = {0};
    const vouch_campaign campaign = {.graph = j->graph,
                                     .attack = j->attack,
                                     .settings = j->settings,
                                     .ball = ball,
                                     .count = 1,
                                     .x = x,
                                     .label = &label,
                                     .seed = 1,
                                     .threads = 1};
    VOUCH_TRY(vouch_campaign_run(j->ctx, j->arena, &campaign, j->found, &fate));
    j->refuted += fate.outcome == VOUCH_OUTCOME_FOUND;
    j->passes += fate.backward;
    return VOUCH_OK;
}

static vouch_status examine(job *j, int64_t sample)
{
    const float *x = vouch_data_x(j->data, sample);
    const vouch_ball ball = ball_of(j);
    const int64_t classes = vouch_victim_classes(j->plan);
    vouch_explanation e;
    float *z = VOUCH_NEW_ARRAY(j->arena, float, classes);
    if (!z)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_victim_forward(j->victim, 1, x, z));
    const int label = vouch_predicted(classes, z);
    VOUCH_TRY(explain(j, x, label, &ball, &e));
    if (!e.is_decided)
        return VOUCH_OK;
    for (int64_t i = 0; i < ball.size; i++)
        if (e.class[i] != VOUCH_FORMAL_IRRELEVANT)
            j->low[i] = j->high[i] = x[i];
    j->explained++;
    return attack(j, x, label, &ball);
}

static vouch_status run(job *j, char **argument)
{
    VOUCH_TRY(load(j, argument));
    const int64_t wanted = strtoll(argument[3], NULL, 10);
    for (int64_t k = 0; k < wanted && k < j->data->info.count; k++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(j->arena);
        VOUCH_TRY(examine(j, k));
        vouch_arena_reset(j->arena, mark);
    }
    printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", j->explained, j->refuted, j->passes);
    return VOUCH_OK;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("usage: irrelevant NET DATA EPS COUNT STEPS RESTARTS\n", stderr);
        return EXIT_FAILURE;
    }
    job j = {.ctx = vouch_context_new(NULL)};
    j.arena = j.ctx ? vouch_arena_new(j.ctx) : NULL;
    const vouch_status status = j.arena ? run(&j, argv + 1) : VOUCH_ERR_MEMORY;
    if (status)
        fprintf(stderr, "irrelevant: %s\n",
                j.ctx ? vouch_context_error(j.ctx) : "out of memory");
    vouch_data_free(j.data);
    if (j.graph)
        vouch_graph_free(j.graph);
    vouch_arena_free(j.arena);
    vouch_context_free(j.ctx);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
