/* Losses of interval bounds and regularisers: limits in which one is another, their gradients
 * against differences of themselves, and what they mean. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/net.h"
#include "train/architecture.h"
#include "train/loss.h"

enum { IN = 42, OUT = 4, COUNT = 5, ROWS = 3 * COUNT, SEED = 11 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    float x[COUNT * IN];
    int label[COUNT];
    uint64_t sample[COUNT];
    float y[ROWS * OUT], d_y[ROWS * OUT], d_x[ROWS * IN], out[ROWS * IN];
    vouch_loss_part part[VOUCH_LOSS_PARTS];
    int64_t hits, certified;
    vouch_loss_term term[VOUCH_LOSS_TERMS];
    vouch_loss_job job;
    double state[8];
} fixture;

static void build(fixture *f)
{
    const vouch_architecture a = {.text =
                                      "conv6k3 relu res( conv6p1 ) relu avgpool fc8 relu fc4",
                                  .channels = 1,
                                  .height = 6,
                                  .width = 7,
                                  .mean = 0.5,
                                  .deviation = 0.5,
                                  .seed = 3};
    vouch_random r = vouch_random_stream(3, "test", 0);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_net_new(f->ctx, f->arena, f->graph, &f->net));
    for (int i = 0; i < COUNT * IN; i++)
        f->x[i] = (float)vouch_random_unit(&r);
    for (int s = 0; s < COUNT; s++) {
        f->label[s] = s % OUT;
        f->sample[s] = (uint64_t)(7 + s);
    }
}

static void prepare(fixture *f)
{
    const vouch_loss *loss = f->term[0].loss;
    const vouch_loss_place place = {f->ctx,      f->arena,        f->net,
                                    f->job.tape, f->job.settings, COUNT};
    if (loss->prepare)
        vouch_test_ok(f->ctx, loss->prepare(&place, &f->job.scratch));
}

static fixture *begin(const char *loss)
{
    static fixture f;
    int count = 0;
    f = (fixture){.ctx = vouch_test_context()};
    f.arena = vouch_arena_new(f.ctx);
    build(&f);
    char name[32] = "";
    (void)sscanf(loss, "%31s", name);
    const bool adds = vouch_loss_find(name)->regulariser;
    vouch_test_ok(f.ctx, vouch_loss_parse_sum(f.arena, adds ? "standard" : loss,
                                              adds ? loss : NULL, f.term, &count));
    f.term[0] = f.term[count - 1];
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++)
        f.part[p].gradient = VOUCH_NEW_ARRAY(f.arena, float, vouch_net_size(f.net));
    f.job = (vouch_loss_job){.net = f.net,
                             .count = COUNT,
                             .inputs = IN,
                             .classes = OUT,
                             .x = f.x,
                             .label = f.label,
                             .sample = f.sample,
                             .seed = SEED,
                             .scale = 1.0F / COUNT,
                             .high = 1,
                             .eps = adds ? 0.5F : 0.02F,
                             .eps_most = adds ? 0.5F : 0.02F,
                             .ramp = 1,
                             .settings = f.term[0].settings,
                             .state = f.state,
                             .y = f.y,
                             .d_y = f.d_y,
                             .d_x = f.d_x,
                             .out = f.out,
                             .spare = VOUCH_NEW_ARRAY(f.arena, float, vouch_net_size(f.net)),
                             .part = f.part,
                             .hits = &f.hits,
                             .certified = &f.certified};
    vouch_test_ok(f.ctx, vouch_tape_new(f.ctx, f.arena, f.net, ROWS, &f.job.tape));
    prepare(&f);
    return &f;
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void run(fixture *f)
{
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++) {
        f->part[p].loss = 0;
        f->part[p].begun = false;
    }
    vouch_net_refresh(f->net, 0, 1);
    f->term[0].loss->run(&f->job);
}

static double value(const char *loss)
{
    fixture *f = begin(loss);
    run(f);
    const double sum = f->part[0].loss;
    end(f);
    return sum;
}

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.9g is not %.9g", a, b);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void losses_meet_in_their_limits(void **state)
{
    (void)state;
    const double bound = value("ibp kappa=0");
    near(value("ibp kappa=1"), value("standard"), 1e-5);
    near(value("crown-ibp"), bound, 1e-5);
    near(value("cvar share=1"), value("standard"), 1e-5);
    near(value("trimmed share=0"), value("standard"), 1e-5);
    near(0.3 * value("cvar share=.3") + 0.7 * value("trimmed share=.3"), value("standard"),
         1e-5);
    assert_true(value("cvar share=.3") > value("trimmed share=.3"));
    near(value("crown-ibp kappa=1"), value("standard"), 1e-5);
    near(value("mtl-ibp alpha=1"), bound, 1e-5);
    near(value("cc-ibp alpha=1"), bound, 1e-5);
    near(value("sabr share=1"), bound, 1e-4);
    near(value("mtl-ibp alpha=0 steps=10 step=.25"), value("pgd"), 1e-5);
    near(value("cc-ibp alpha=0 steps=10 step=.25"), value("pgd"), 1e-5);
    near(value("sabr share=0 steps=10 step=.25"), value("pgd"), 1e-4);
    near(value("mtl-ibp alpha=0 points=fgsm"), value("fgsm"), 1e-5);
    near(value("mtl-ibp alpha=0 points=n-fgsm"), value("n-fgsm"), 1e-5);
}

static void bounds_are_above_attacks_and_between_lie_the_expressive_losses(void **state)
{
    (void)state;
    const double bound = value("ibp kappa=0"), point = value("pgd");
    const char *const between[] = {"sabr share=.5", "mtl-ibp", "cc-ibp", "crown-ibp beta=.5",
                                   "crown-ibp beta=1"};
    assert_true(point < bound);
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        assert_true(value(between[i]) > point && value(between[i]) < bound);
}

/* Along the gradient, the attacks' points being held by their signs. */
static void gradients_agree_with_differences(void **state)
{
    (void)state;
    static const char *const losses[] = {"ibp",
                                         "sabr steps=1 step=9",
                                         "mtl-ibp",
                                         "cc-ibp",
                                         "elle",
                                         "forwabs coefficient=.01",
                                         "ibp kappa=0",
                                         "elle-a",
                                         "mtl-ibp alpha=.1",
                                         "input-gradient",
                                         "input-gradient lambda=.01",
                                         "crown-ibp",
                                         "crown-ibp beta=1",
                                         "cvar share=.3",
                                         "trimmed share=.3",
                                         "crown-ibp beta=.4 kappa=.3"};
    for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
        fixture *f = begin(losses[l]);
        const int64_t size = vouch_net_size(f->net);
        float *w = vouch_net_parameters(f->net), *g = VOUCH_NEW_ARRAY(f->arena, float, size);
        double square = 0, ends[2];
        run(f);
        memcpy(g, f->part[0].gradient, (size_t)size * sizeof *g);
        for (int64_t k = 0; k < size; k++)
            square += (double)g[k] * (double)g[k];
        const double step = 5e-5 / sqrt(square);
        for (int side = 0; side < 2; side++) {
            for (int64_t k = 0; k < size; k++)
                w[k] += (float)((side ? -2 : 1) * step * (double)g[k]);
            run(f);
            ends[side] = f->part[0].loss / COUNT;
        }
        const double slope = (ends[0] - ends[1]) / (2 * step);
        if (!(fabs(slope - square) <= 0.03 * square))
            fail_msg("%s: %g, not %g", losses[l], square, slope);
        end(f);
    }
}

/* The gradient at the sample is held, so the slope has a share that the gradient has not. */
static void grad_align_turns_the_second_gradient(void **state)
{
    (void)state;
    fixture *f = begin("grad-align");
    const int64_t size = vouch_net_size(f->net);
    float *w = vouch_net_parameters(f->net), *g = VOUCH_NEW_ARRAY(f->arena, float, size);
    double square = 0;
    run(f);
    const double before = f->part[0].loss;
    memcpy(g, f->part[0].gradient, (size_t)size * sizeof *g);
    for (int64_t k = 0; k < size; k++)
        square += (double)g[k] * (double)g[k];
    assert_true(before > 0 && square > 0);
    for (int64_t k = 0; k < size; k++)
        w[k] -= (float)(1e-4 / sqrt(square)) * g[k];
    run(f);
    assert_true(f->part[0].loss < before);
    end(f);
}

static void certified_samples_are_those_whose_bounds_keep_the_label(void **state)
{
    (void)state;
    fixture *f = begin("ibp kappa=0");
    run(f);
    const int64_t wide = f->certified;
    f->job.eps = 0;
    run(f);
    const int64_t points = f->certified;
    assert_true(points == f->hits && wide <= points);
    f->job.eps = 10;
    run(f);
    assert_int_equal(f->certified, 0);
    end(f);
}

/* All features, none, and a share of either side: together the two sides are all. */
static void boxes_cover_the_features_that_are_asked_for(void **state)
{
    (void)state;
    const double all = value("ibp kappa=0"), none = value("standard");
    const double share[] = {1e-9, -0.999999, 0.4, -0.4, 0.9};
    double loss[5];
    for (int i = 0; i < 5; i++) {
        fixture *f = begin("ibp kappa=0");
        f->job.features = share[i];
        run(f);
        loss[i] = f->part[0].loss;
        end(f);
    }
    near(loss[0], none, 1e-5);
    assert_true(loss[1] < none + 0.1 * (all - none));
    assert_true(loss[2] > none && loss[2] < all && loss[3] > none && loss[3] < all);
    assert_true(loss[4] > loss[2] && loss[4] < all);
}

static void exp_ibp_mixes_its_parts_by_their_derivatives(void **state)
{
    (void)state;
    fixture *f = begin("exp-ibp alpha=.3");
    double mean[2] = {5, 2}, weight[2], other[2];
    vouch_loss_mix mix = {.settings = f->term[0].settings, .mean = mean, .weight = weight};
    f->term[0].loss->mix(&mix);
    near(mix.loss, pow(5, 0.3) * pow(2, 0.7), 1e-12);
    for (int p = 0; p < 2; p++) {
        double ends[2];
        for (int side = 0; side < 2; side++) {
            double moved[2] = {5, 2};
            vouch_loss_mix at = mix;
            moved[p] += side ? -1e-5 : 1e-5;
            at.mean = moved;
            at.weight = other;
            f->term[0].loss->mix(&at);
            ends[side] = at.loss;
        }
        near(weight[p], (ends[0] - ends[1]) / 2e-5, 1e-8);
    }
    run(f);
    assert_true(f->part[0].begun && f->part[1].begun && f->part[0].loss > f->part[1].loss);
    end(f);
}

static void elle_a_counts_after_a_leap_and_fades(void **state)
{
    (void)state;
    fixture *f = begin("elle-a lambda=100 decay=.5");
    const double error[] = {1, 1.1, 0.9, 1, 50, 1, 1};
    const double want[] = {0, 0, 0, 0, 100, 50, 25};
    for (int i = 0; i < 7; i++) {
        double weight = -1;
        vouch_loss_mix mix = {.settings = f->term[0].settings,
                              .state = f->state,
                              .mean = &error[i],
                              .weight = &weight};
        f->term[0].loss->mix(&mix);
        near(weight, want[i], 1e-9);
        near(mix.loss, want[i] * error[i], 1e-9);
    }
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_meet_in_their_limits),
        cmocka_unit_test(bounds_are_above_attacks_and_between_lie_the_expressive_losses),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(grad_align_turns_the_second_gradient),
        cmocka_unit_test(certified_samples_are_those_whose_bounds_keep_the_label),
        cmocka_unit_test(boxes_cover_the_features_that_are_asked_for),
        cmocka_unit_test(exp_ibp_mixes_its_parts_by_their_derivatives),
        cmocka_unit_test(elle_a_counts_after_a_leap_and_fades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
