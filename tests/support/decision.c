#include "support/decision.h"

#include <math.h>

#include "attack/ball_spec.h"
#include "attack/objective.h"
#include "attack/replay.h"

void vouch_test_decision_open(const vouch_tiny_shape *shape, vouch_random *r,
                              const vouch_feature *feature, vouch_test_decision *d)
{
    *d = (vouch_test_decision){.ctx = vouch_test_context(), .rules = {.feature = feature}};
    d->arena = vouch_arena_new(d->ctx);
    vouch_tiny_random(d->ctx, shape, r, &d->net);
    vouch_test_ok(d->ctx, vouch_victim_plan_new(d->ctx, d->arena, d->net.graph, &d->plan));
    d->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = (double)INFINITY,
                           .size = shape->inputs,
                           .low = d->low,
                           .high = d->high,
                           .image = {1, 1, shape->inputs},
                           .rules = feature ? &d->rules : NULL};
}

static int predict(const vouch_test_decision *d)
{
    const int classes = d->net.size[d->net.layers];
    vouch_victim *victim;
    float *z = VOUCH_NEW_ARRAY(d->arena, float, classes);
    assert_non_null(z);
    vouch_test_ok(d->ctx, vouch_victim_new(d->ctx, d->arena, d->plan, &victim));
    vouch_test_ok(d->ctx, vouch_victim_forward(victim, 1, d->x, z));
    return vouch_predicted(classes, z);
}

void vouch_test_decision_state(vouch_test_decision *d, const char *grouping)
{
    const vouch_group_request request = {
        .inputs = d->ball.size, .image = d->ball.image, .feature = d->rules.feature, .x = d->x};
    vouch_test_ok(d->ctx, vouch_groups_make(d->arena, vouch_grouping_find(grouping), &request,
                                            &d->groups));
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &d->settings);
    d->settings.threads = 1;
    d->settings.limit_s = 20;
    d->problem = (vouch_formal_problem){.plan = d->plan,
                                        .ball = &d->ball,
                                        .x = d->x,
                                        .label = predict(d),
                                        .groups = &d->groups};
}

vouch_status vouch_test_decision_explain(const vouch_test_decision *d, vouch_explanation *e)
{
    return vouch_formal_explain(d->ctx, d->arena, &d->problem, &d->settings, e);
}

void vouch_test_decision_close(vouch_test_decision *d)
{
    vouch_tiny_free(&d->net);
    vouch_arena_free(d->arena);
    vouch_context_free(d->ctx);
}

bool vouch_test_decision_is_safe(const vouch_test_decision *d, const vouch_tiny *net,
                                 const vouch_ball *ball, const float *x)
{
    vouch_spec *spec;
    bool safe = true;
    vouch_test_ok(d->ctx,
                  vouch_ball_spec(d->arena, net->graph, ball, x, d->problem.label, &spec));
    for (int k = 0; k < spec->case_count; k++)
        safe = safe && !vouch_tiny_case_solvable(net, spec, k, NULL);
    vouch_spec_free(spec);
    return safe;
}

void vouch_test_decision_witness(const vouch_test_decision *d, const vouch_explanation *e,
                                 int feature)
{
    const vouch_aim aim = {d->net.size[d->net.layers], d->problem.label, -1};
    const float *witness = e->witness[feature];
    bool proved = false;
    int predicted = -1;
    assert_non_null(witness);
    assert_true(vouch_ball_contains(&d->ball, d->x, witness)); /* of a table: a record */
    for (int64_t i = 0; i < d->ball.size; i++) {
        const int64_t of = d->groups.of[i];
        if (of != feature && e->class[of] != VOUCH_FORMAL_IRRELEVANT)
            assert_true(witness[i] == d->x[i]);
    }
    vouch_test_ok(d->ctx, vouch_attack_replay(d->ctx, d->arena, vouch_victim_graph(d->plan),
                                              &aim, witness, &predicted, &proved));
    assert_true(proved);
    assert_int_equal(predicted, e->rival[feature]);
}
