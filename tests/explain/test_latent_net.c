/* Latent explanations of whole networks: heads are read, what is observed and the domain hold for
 * inputs, and inputs that keep what is given keep the class. */
#include <math.h>

#include "attack/objective.h"
#include "attack/victim.h"
#include "explain/latent_bound.h"
#include "explain/latent_net.h"
#include "support/support.h"
#include "train/architecture.h"

enum { INPUTS = 2 * 6 * 5, CLASSES = 3 };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_graph *graph;
    vouch_latent_net net;
    vouch_victim *victim;
    float x[INPUTS], low[INPUTS], high[INPUTS];
    vouch_ball ball;
} scene;

static void open_scene(scene *s, const char *text, uint64_t seed)
{
    const vouch_architecture a = {
        .text = text, .channels = 2, .height = 6, .width = 5, .deviation = 1, .seed = seed};
    vouch_victim_plan *plan;
    *s = (scene){.ctx = vouch_test_context(),
                 .random = vouch_random_stream(3, "latent net", seed)};
    s->arena = vouch_arena_new(s->ctx);
    vouch_test_ok(s->ctx, vouch_architecture_build(s->ctx, &a, &s->graph));
    vouch_test_ok(s->ctx, vouch_op_bind_graph(s->ctx, s->graph));
    vouch_test_ok(s->ctx, vouch_latent_net_open(s->ctx, s->arena, s->graph, &s->net));
    vouch_test_ok(s->ctx, vouch_victim_plan_new(s->ctx, s->arena, s->graph, &plan));
    vouch_test_ok(s->ctx, vouch_victim_new(s->ctx, s->arena, plan, &s->victim));
    for (int i = 0; i < INPUTS; i++) {
        s->x[i] = (float)vouch_random_unit(&s->random);
        s->high[i] = 1;
    }
    s->ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                           .eps = 0.1,
                           .size = INPUTS,
                           .low = s->low,
                           .high = s->high,
                           .image = {2, 6, 5}};
}

static void close_scene(scene *s)
{
    vouch_latent_net_close(&s->net);
    vouch_graph_free(s->graph);
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

static vouch_latent_problem problem_at(scene *s, const float *x,
                                       const vouch_latent_scope *scope)
{
    vouch_latent_problem p;
    float z[CLASSES];
    vouch_test_ok(s->ctx, vouch_latent_net_at(s->ctx, s->arena, &s->net, x, scope, &p));
    vouch_test_ok(s->ctx, vouch_victim_forward(s->victim, 1, s->x, z));
    p.label = vouch_predicted(CLASSES, z);
    return p;
}

/* A float32 input of the ball. */
static void draw(scene *s, float *x)
{
    for (int i = 0; i < INPUTS; i++)
        do
            x[i] = s->x[i] + (float)(s->ball.eps * (2 * vouch_random_unit(&s->random) - 1));
        while (x[i] < 0 || x[i] > 1);
    assert_true(vouch_ball_contains(&s->ball, s->x, x));
}

static void domains_hold_what_inputs_give(void **state)
{
    static const char *const nets[] = {"conv6k2 relu conv5k2 sigmoid proto7 fc3",
                                       "conv6k2s2 relu proto6 fc3", "fc8 tanh proto4 fc3"};
    static const double ranges[][2] = {{0, 1}, {0, INFINITY}, {-1, 1}};
    (void)state;
    for (size_t n = 0; n < VOUCH_TEST_COUNT(nets); n++) {
        scene s;
        float x[INPUTS];
        open_scene(&s, nets[n], n);
        const vouch_latent_problem any = problem_at(&s, s.x, &(vouch_latent_scope){.slack = 0});
        const vouch_latent_scope near = {.ball = &s.ball};
        const vouch_latent_problem p = problem_at(&s, s.x, &near);
        const int64_t size = p.components * p.dimension;
        assert_int_equal(p.components, s.net.height * s.net.width);
        for (int64_t i = 0; i < size; i++) {
            assert_true(any.low[i] <= ranges[n][0] && any.low[i] > ranges[n][0] - 1e-9);
            assert_true(any.high[i] >= ranges[n][1]);
            assert_true(isinf(any.high[i]) || any.high[i] < ranges[n][1] + 1e-9);
            assert_true(p.low[i] >= any.low[i] && p.high[i] <= any.high[i]);
        }
        for (int trial = 0; trial < 20; trial++) {
            vouch_ball point = s.ball;
            draw(&s, x);
            point.eps = 0;
            const vouch_latent_problem at =
                problem_at(&s, x, &(vouch_latent_scope){.ball = &point});
            for (int64_t i = 0; i < size; i++)
                assert_true(at.low[i] >= p.low[i] && at.high[i] <= p.high[i]);
        }
        close_scene(&s);
    }
}

/* With slack many inputs of the ball keep the distances given. */
static void inputs_that_keep_what_is_given_keep_the_class(void **state)
{
    int kept = 0, explained = 0;
    (void)state;
    for (uint64_t i = 0; i < 12; i++)
        for (const vouch_latent_bounding *const *w = vouch_latent_table(); *w; w++) {
            scene s;
            vouch_latent_explanation e;
            open_scene(&s, "conv6k2s2 relu conv5k2 sigmoid proto6 fc3", i);
            const vouch_latent_scope scope = {.ball = i % 2 ? &s.ball : NULL, .slack = 0.02};
            const vouch_latent_problem p = problem_at(&s, s.x, &scope);
            vouch_test_ok(s.ctx, vouch_latent_explain(s.ctx, s.arena, &p, *w, &e));
            explained += e.is_entailed;
            for (int trial = 0; trial < 100 && e.is_entailed && !(*w)->top; trial++) {
                float x[INPUTS], z[CLASSES];
                bool keeps = true;
                draw(&s, x);
                const vouch_latent_problem at =
                    problem_at(&s, x, &(vouch_latent_scope){.anywhere = true});
                for (int64_t k = 0; k < p.components * p.prototypes; k++)
                    keeps = keeps && (!e.given[k] || (at.squared[k].low >= p.squared[k].low &&
                                                      at.squared[k].high <= p.squared[k].high));
                vouch_test_ok(s.ctx, vouch_victim_forward(s.victim, 1, x, z));
                kept += keeps;
                assert_true(!keeps || vouch_predicted(CLASSES, z) == p.label);
            }
            close_scene(&s);
        }
    assert_true(explained > 10 && kept > 50);
}

static void other_heads_are_refused(void **state)
{
    static const char *const nets[] = {
        "conv6k2 sigmoid fc3", "conv6k2 sigmoid proto6 fc4 relu fc3", "conv6k2 sigmoid proto6"};
    vouch_context *ctx = vouch_test_context();
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(nets); i++) {
        const vouch_architecture a = {
            .text = nets[i], .channels = 2, .height = 6, .width = 5, .deviation = 1};
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_graph *g;
        vouch_latent_net net;
        vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &g));
        vouch_test_ok(ctx, vouch_op_bind_graph(ctx, g));
        vouch_test_fails(ctx, vouch_latent_net_open(ctx, arena, g, &net), VOUCH_ERR_UNSUPPORTED,
                         "no head of prototypes");
        vouch_graph_free(g);
        vouch_arena_free(arena);
    }
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_hold_what_inputs_give),
        cmocka_unit_test(inputs_that_keep_what_is_given_keep_the_class),
        cmocka_unit_test(other_heads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
