/* Training: the same bits with any number of threads, losses and their gradients, perturbations
 * inside their ball, schedules from end to end, networks that learn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/entropy.h"
#include "train/net_fixture.h"

/* Trains with a loss or a regulariser by one, two and three threads. */
static void compare_threads(const vouch_loss *loss)
{
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    float *one = VOUCH_NEW_ARRAY(f->arena, float, size), *w = vouch_net_parameters(f->net);
    const vouch_fit_data data = data_of(f);
    assert_non_null(one);
    for (int threads = 1; threads <= 3; threads++) {
        vouch_fit_settings s = settings(f, threads);
        s.epochs = 2;
        vouch_test_ok(f->ctx, vouch_loss_parse_sum(f->arena,
                                                   loss->regulariser ? "standard" : loss->name,
                                                   loss->regulariser ? loss->name : NULL,
                                                   s.term, &s.term_count));
        again(f);
        vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
        if (threads == 1)
            memcpy(one, w, (size_t)size * sizeof *w);
        assert_memory_equal(w, one, (size_t)size * sizeof *w);
    }
    assert_memory_not_equal(w, f->start, (size_t)size * sizeof *w);
    end(f);
}

static void training_gives_the_same_bits_with_any_number_of_threads(void **state)
{
    (void)state;
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++)
        compare_threads(*l);
}

/* Everything that the graph keeps of a trained net, running statistics too. */
static float *train_anew(const char *text, int threads, int64_t *hits, int64_t *count)
{
    fixture *f = begin(text);
    const vouch_fit_data data = data_of(f);
    const vouch_fit_settings s = settings(f, threads);
    float *kept = NULL;
    *count = 0;
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
    vouch_test_ok(f->ctx, vouch_fit_count_hits(f->ctx, f->net, &data, 2, hits));
    vouch_test_ok(f->ctx, vouch_net_store(f->ctx, f->net, f->graph));
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_tensor *t = f->graph->value[v].constant;
        const int64_t more = t && t->dtype == VOUCH_F32 ? t->count : 0;
        kept = realloc(kept, (size_t)(*count + more + 1) * sizeof *kept);
        assert_non_null(kept);
        if (more)
            memcpy(kept + *count, t->f32, (size_t)more * sizeof *kept);
        *count += more;
    }
    end(f);
    return kept;
}

static void nets_learn_and_keep_the_same_bits_with_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "conv16s2p1 bn relu conv16 bn relu fc24 bn relu fc4",
        "preactresnet18/32 fc4",
        "conv16p1 relu maxpool conv16p1 relu avgpool fc4",
        "conv16p1 silu ln avgpool fc24 gelu dropout20 fc4",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t hits = 0, count = 0;
        float *one = train_anew(texts[i], 1, &hits, &count);
        if (hits < COUNT * 95 / 100)
            fail_msg("%s: %lld of %d", texts[i], (long long)hits, COUNT);
        for (int threads = 2; threads <= 3; threads++) {
            float *other = train_anew(texts[i], threads, &hits, &count);
            assert_memory_equal(other, one, (size_t)count * sizeof *one);
            free(other);
        }
        free(one);
    }
}

static void every_optimiser_learns(void **state)
{
    (void)state;
    for (const vouch_optimiser *const *o = vouch_optimiser_table(); *o; o++) {
        fixture *f = begin(CONV);
        const vouch_fit_data data = data_of(f);
        vouch_fit_settings s = settings(f, 2);
        int64_t hits = 0;
        s.optimiser = *o;
        s.epochs = 30;
        vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
        vouch_test_ok(f->ctx, vouch_fit_count_hits(f->ctx, f->net, &data, 2, &hits));
        assert_true(hits >= COUNT * 95 / 100);
        end(f);
    }
}

static double cross(const float *y, const float *target, int label, float *d)
{
    const vouch_aim_at at = {.count = 1, .classes = CLASSES, .label = &label, .target = target};
    return vouch_entropy_cross(&at, y, 1, d, NULL);
}

static void the_gradient_of_the_loss_agrees_with_differences(void **state)
{
    (void)state;
    static const float shares[CLASSES] = {0.5F, 0.25F, 0, 0.25F};
    float y[CLASSES] = {1.5F, -0.25F, 80, 79}, d[CLASSES];
    for (int round = 0; round < 3; round++, y[2] = 0.5F, y[3] = 1) {
        const float *target = round == 2 ? shares : NULL;
        (void)cross(y, target, 3, d);
        for (int j = 0; j < CLASSES; j++) {
            const float h = 0x1p-6F, at = y[j];
            double ends[2];
            for (int side = 0; side < 2; side++) {
                y[j] = side ? at - h : at + h;
                ends[side] = cross(y, target, 3, NULL);
            }
            y[j] = at;
            assert_true(fabs((ends[0] - ends[1]) / (2 * (double)h) - (double)d[j]) < 1e-3);
        }
    }
}

static void huge_outputs_give_finite_losses(void **state)
{
    (void)state;
    const float y[CLASSES] = {3e4F, -3e4F, -3e4F, -3e4F};
    float d[CLASSES];
    const double loss = cross(y, NULL, 1, d);
    assert_true(loss == 6e4 && d[0] == 1 && d[1] == -1);
}

static void schedules_stay_within_their_greatest(void **state)
{
    (void)state;
    const vouch_schedule_shape shape = {.factor = 0.1};
    for (const vouch_schedule *const *s = vouch_schedule_table(); *s; s++) {
        double most = 0;
        for (int i = 0; i <= 1000; i++) {
            const double share = (*s)->share(i / 1000.0, &shape);
            assert_true(share >= 0 && share <= 1);
            most = fmax(most, share);
        }
        assert_true(most == 1);
    }
}

static void labels_and_sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    vouch_fit_data data = data_of(f);
    const vouch_fit_settings s = settings(f, 1);
    data.inputs = 3;
    assert_int_equal(vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL), VOUCH_ERR_SHAPE);
    data.inputs = INPUTS;
    end(f);
    f = begin(CONV);
    f->label[17] = CLASSES;
    assert_int_equal(vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(vouch_context_error(f->ctx), "sample 17"));
    end(f);
}

static void a_loss_that_is_no_number_is_an_error(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const vouch_fit_data data = data_of(f);
    const vouch_fit_settings s = settings(f, 2);
    f->x[5] = NAN;
    assert_int_equal(vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL), VOUCH_ERR_VALUE);
    assert_non_null(strstr(vouch_context_error(f->ctx), "epoch 1"));
    end(f);
}

static void architectures_name_the_word_that_does_not_fit(void **state)
{
    (void)state;
    static const char *const bad[] = {"fc0",         "fcx",       "conv3k9 fc2", "fc3 conv3",
                                      "relu fc2",    "conv3k",    "pool2",       "",
                                      "conv3z4 fc2", "conv3k2k2", "fc3 flatten", "conv",
                                      "res( fc3",    "fc3 )",     "fc3 | fc3",   "res( ) fc3",
                                      "res( fc3 )",  "cnn7/0",    "cnn7/x",      "bn3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vouch_context *ctx = vouch_test_context();
        vouch_graph *graph;
        const vouch_architecture a = {
            .text = bad[i], .channels = 1, .height = SIDE, .width = SIDE, .deviation = 1};
        assert_int_equal(vouch_architecture_build(ctx, &a, &graph), VOUCH_ERR_ARGUMENT);
        assert_null(graph);
        assert_non_null(strstr(vouch_context_error(ctx), "architecture: "));
        vouch_context_free(ctx);
    }
}

/* E |w| = 2 / fan-in for all layers but the last. */
static void ibp_weights_keep_the_size_of_bounds(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    const vouch_architecture a = {.text = "fc300 relu fc200 relu fc10",
                                  .channels = 1,
                                  .height = 1,
                                  .width = 100,
                                  .deviation = 1,
                                  .seed = 3,
                                  .initial = vouch_initial_find("ibp")};
    vouch_graph *graph;
    vouch_test_ok(ctx, vouch_architecture_build(ctx, &a, &graph));
    int layer = 0;
    for (int v = 0; v < graph->value_count; v++) {
        const vouch_tensor *w = graph->value[v].constant;
        double sum = 0;
        for (int64_t i = 0; w && w->shape.rank == 2 && i < w->count; i++)
            sum += fabs((double)w->f32[i]) / (double)w->shape.dim[0];
        if (!w || w->shape.rank != 2)
            continue;
        const double want = ++layer < 3 ? 2 : sqrt(200.) / 2;
        assert_true(fabs(sum - want) < 0.1 * want);
    }
    assert_int_equal(layer, 3);
    vouch_graph_free(graph);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ibp_weights_keep_the_size_of_bounds),
        cmocka_unit_test(training_gives_the_same_bits_with_any_number_of_threads),
        cmocka_unit_test(nets_learn_and_keep_the_same_bits_with_any_number_of_threads),
        cmocka_unit_test(every_optimiser_learns),
        cmocka_unit_test(the_gradient_of_the_loss_agrees_with_differences),
        cmocka_unit_test(huge_outputs_give_finite_losses),
        cmocka_unit_test(schedules_stay_within_their_greatest),
        cmocka_unit_test(labels_and_sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(a_loss_that_is_no_number_is_an_error),
        cmocka_unit_test(architectures_name_the_word_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
