/* Losses of interval bounds and regularisers: limits in which one is another, their gradients
 * against differences of themselves, and what they mean. */
enum { IN = 42, OUT = 4, COUNT = 5, ROWS = 3 * COUNT, SEED = 11 };

#include "train/architecture.h"
#include "train/loss_fixture.h"

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
    draw_samples(f, &r);
}

static fixture *begin(const char *loss)
{
    static fixture f;
    f = (fixture){.ctx = vouch_test_context()};
    f.arena = vouch_arena_new(f.ctx);
    build(&f);
    char name[32] = "";
    (void)sscanf(loss, "%31s", name);
    const bool adds = vouch_loss_find(name)->regulariser;
    prepare(&f, loss, adds ? 0.5F : 0.02F);
    f.job.eps_most = adds ? 1 : f.job.eps; /* in the middle of its ramp */
    return &f;
}

static void end(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static double value(const char *loss)
{
    fixture *f = begin(loss);
    run(f);
    const double sum = f->part[0].loss;
    end(f);
    return sum;
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
                                         "shi",
                                         "shi tolerance=1",
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

/* Of sample s at the logits of the last pass. */
static double entropy(const fixture *f, int s)
{
    const float *y = f->y + (ptrdiff_t)s * OUT;
    double sum = 0;
    for (int j = 0; j < OUT; j++)
        sum += exp((double)y[j]);
    return log(sum) - (double)y[f->label[s]];
}

/* After one batch of the same samples: COUNT sum_g q_g L_g with q = softmax(rate L). */
static double robust(const fixture *f, const int group[COUNT], double rate)
{
    double loss[2 * OUT] = {0}, count[2 * OUT] = {0}, sum = 0, total = 0;
    for (int s = 0; s < COUNT; s++) {
        loss[group[s]] += entropy(f, s);
        count[group[s]]++;
    }
    for (int g = 0; g < 2 * OUT; g++) {
        const double mean = count[g] > 0 ? loss[g] / count[g] : 0;
        const double q = count[g] > 0 ? exp(rate * mean) : 1;
        sum += q;
        total += q * mean;
    }
    return COUNT * total / sum;
}

static void group_dro_weighs_groups_by_the_exponentials_of_their_losses(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        fixture *f =
            begin(k ? "group-dro rate=5 column=3" : "group-dro rate=5 column=20 columns=2");
        const int64_t size = vouch_net_size(f->net);
        float *w = vouch_net_parameters(f->net), *g = VOUCH_NEW_ARRAY(f->arena, float, size);
        double mean = 0, kept[VOUCH_TEST_COUNT(f->state)], square = 0, ends[2];
        int group[COUNT];
        run(f);
        for (int s = 0; s < COUNT; s++) {
            const float *x = f->x + (ptrdiff_t)s * IN;
            group[s] = 2 * f->label[s] + (k ? x[3] > 0.5F : x[21] > x[20]);
            mean += entropy(f, s);
        }
        near(f->part[0].loss, mean, 1e-5);
        memcpy(kept, f->state, sizeof kept);
        run(f);
        const double want = robust(f, group, 5);
        near(f->part[0].loss, want, 1e-4);
        assert_true(fabs(want - mean) > 1e-2);
        memcpy(g, f->part[0].gradient, (size_t)size * sizeof *g);
        for (int64_t i = 0; i < size; i++)
            square += (double)g[i] * (double)g[i];
        const double step = 1e-3 / sqrt(square);
        for (int side = 0; side < 2; side++) {
            for (int64_t i = 0; i < size; i++)
                w[i] += (float)((side ? -2 : 1) * step * (double)g[i]);
            memcpy(f->state, kept, sizeof kept);
            run(f);
            ends[side] = f->part[0].loss / COUNT;
        }
        near((ends[0] - ends[1]) / (2 * step), square, 0.01 * square);
        end(f);
    }
}

static void group_dro_refuses_groups_that_samples_do_not_have(void **state)
{
    (void)state;
    static const char *const bad[] = {"column=42", "column=40 columns=3", "labels=0",
                                      "column=0 columns=20"};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        fixture *f = begin("standard");
        char text[64];
        int count = 0;
        snprintf(text, sizeof text, "group-dro %s", bad[i]);
        vouch_test_ok(f->ctx, vouch_loss_parse_sum(f->arena, text, NULL, f->term, &count));
        const vouch_loss_place place = {
            f->ctx, f->arena, f->net, f->job.tape, f->term[0].settings, COUNT};
        assert_int_equal(f->term[0].loss->prepare(&place, &f->job.scratch), VOUCH_ERR_ARGUMENT);
        end(f);
    }
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
        cmocka_unit_test(group_dro_weighs_groups_by_the_exponentials_of_their_losses),
        cmocka_unit_test(group_dro_refuses_groups_that_samples_do_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
