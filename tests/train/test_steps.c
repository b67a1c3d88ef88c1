/* From gradients to parameters: optimisers, norms, decays, averages, noise, ramps, what is kept. */
#include <math.h>

#include "train/net_fixture.h"

enum { SHORT = 5 };

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.9g is not %.9g", a, b);
}

/* Three steps of an optimiser on one parameter, gradients 1, -.5 and 2 from w = 1. */
static double walk(const char *name, float decay)
{
    static const float gradient[3] = {1, -0.5F, 2};
    float w = 1, moment[VOUCH_MOMENTS] = {0};
    for (int t = 0; t < 3; t++) {
        const vouch_optimiser_step s = {.count = 1,
                                        .time = t + 1,
                                        .rate = 0.1F,
                                        .momentum = 0.9F,
                                        .decay = decay,
                                        .parameter = &w,
                                        .gradient = &gradient[t],
                                        .moment = {&moment[0], &moment[1]}};
        vouch_optimiser_find(name)->step(&s);
    }
    return (double)w;
}

/* The same from the papers' formulas. */
static double adam(double decay, bool apart)
{
    const double gradient[3] = {1, -0.5, 2};
    double w = 1, m = 0, v = 0;
    for (int t = 0; t < 3; t++) {
        const double g = gradient[t] + (apart ? 0 : decay * w);
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        w -= apart ? 0.1 * decay * w : 0;
        w -= 0.1 * (m / (1 - pow(0.9, t + 1))) / (sqrt(v / (1 - pow(0.999, t + 1))) + 1e-8);
    }
    return w;
}

static double momentum(double decay, bool ahead)
{
    const double gradient[3] = {1, -0.5, 2};
    double w = 1, v = 0;
    for (int t = 0; t < 3; t++) {
        const double g = gradient[t] + decay * w;
        v = 0.9 * v + g;
        w -= 0.1 * (ahead ? g + 0.9 * v : v);
    }
    return w;
}

static void optimisers_follow_their_formulas(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const float decay = k ? 0.25F : 0;
        near(walk("adam", decay), adam((double)decay, false), 1e-5);
        near(walk("adamw", decay), adam((double)decay, true), 1e-5);
        near(walk("sgd", decay), momentum((double)decay, false), 1e-5);
        near(walk("nesterov", decay), momentum((double)decay, true), 1e-5);
    }
    near(walk("sgd", 0), 1 - 0.1 * (1 + (0.9 - 0.5) + (0.81 - 0.45 + 2)), 1e-6);
}

static void ramps_are_smooth_and_end_where_they_should(void **state)
{
    (void)state;
    const char *name;
    for (size_t i = 0; vouch_ramp_choices(i, &name); i++) {
        const vouch_ramp r = {vouch_ramp_find(name), 2, 6};
        double last = vouch_ramp_value(&r, 0);
        assert_true(strcmp(name, "none") == 0 || last == 0);
        for (int k = 0; k <= 800; k++) {
            const double value = vouch_ramp_value(&r, k / 100.0);
            assert_true(value >= last && value <= 1 && value - last <= 0.01 + (last == 0));
            last = value;
        }
        assert_true(vouch_ramp_value(&r, 6) == 1 && vouch_ramp_value(&r, 99) == 1);
    }
    const vouch_ramp smooth = {vouch_ramp_find("smooth"), 0, 4}, step = {smooth.shape, 3, 3};
    /* a (s - s0)^4 and its line, a = 1 / (4 (s1 - sm) t + (sm - s0) t), t = (sm - s0)^3 */
    const double a = 1 / (4 * 3.0 + 1);
    near(vouch_ramp_value(&smooth, 0.5), a / 16, 1e-12);
    near(vouch_ramp_value(&smooth, 1), a, 1e-12);
    near(vouch_ramp_value(&smooth, 2), a + 4 * a, 1e-12);
    near(vouch_ramp_value(&step, 2.9) + vouch_ramp_value(&step, 3.1), 1, 0);
}

static void milestones_are_epochs_that_rise(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_schedule_shape shape = {.factor = 0.5};
    const vouch_schedule *step = vouch_schedule_find("step");
    vouch_test_ok(ctx, vouch_schedule_milestones(ctx, "2,5", 10, &shape));
    assert_true(step->share(0.19, &shape) == 1 && step->share(0.2, &shape) == 0.5 &&
                step->share(0.6, &shape) == 0.25);
    vouch_test_ok(ctx, vouch_schedule_milestones(ctx, NULL, 10, &shape));
    assert_true(step->share(0.6, &shape) == 0.5 && shape.milestones == 0);
    static const char *const bad[] = {
        "3,2", "x", "1;2", "0", "1,,2", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        vouch_context *other = vouch_test_context();
        assert_int_equal(vouch_schedule_milestones(other, bad[i], 10, &shape),
                         VOUCH_ERR_ARGUMENT);
        vouch_context_free(other);
    }
    vouch_context_free(ctx);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static double norm(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

static void run(fixture *f, const vouch_fit_settings *s)
{
    const vouch_fit_data data = data_of(f);
    again(f);
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, s, NULL, NULL));
}

static void a_clipped_step_is_no_longer_than_its_limit(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    vouch_fit_settings s = settings(f, 2);
    s.optimiser = vouch_optimiser_find("sgd");
    s.schedule = vouch_schedule_find("constant");
    s.rate = 1;
    s.epochs = 1;
    s.batch = COUNT;
    run(f, &s);
    const double free_length = norm(vouch_net_parameters(f->net), f->start, size);
    s.clip = free_length / 3;
    run(f, &s);
    near(norm(vouch_net_parameters(f->net), f->start, size), free_length / 3, 1e-5);
    s.clip = 2 * free_length;
    run(f, &s);
    near(norm(vouch_net_parameters(f->net), f->start, size), free_length, 0);
    end(f);
}

static void size_penalties_pull_parameters_to_zero(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    vouch_fit_settings s = settings(f, 2);
    s.optimiser = vouch_optimiser_find("sgd");
    s.schedule = vouch_schedule_find("constant");
    s.rate = 1;
    s.epochs = 1;
    s.batch = COUNT;
    run(f, &s);
    float *without = VOUCH_NEW_ARRAY(f->arena, float, size), *w = vouch_net_parameters(f->net);
    memcpy(without, w, (size_t)size * sizeof *w);
    s.l1 = 0.25;
    run(f, &s);
    for (int64_t i = 0; i < size; i++) {
        const double sign = (double)((f->start[i] > 0) - (f->start[i] < 0));
        near((double)w[i], (double)without[i] - 0.25 * sign, 1e-6);
    }
    end(f);
}

static void frozen_parameters_stay_as_they_are(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net), frozen = vouch_net_after(f->net, 2);
    vouch_fit_settings s = settings(f, 2);
    assert_true(vouch_net_after(f->net, 0) == 0 && frozen > 0 && frozen < size);
    assert_true(vouch_net_after(f->net, 4) == size && vouch_net_after(f->net, 99) == size);
    s.frozen = frozen;
    s.decay = 0.01;
    s.blur = 0.01;
    run(f, &s);
    const float *w = vouch_net_parameters(f->net);
    assert_memory_equal(w, f->start, (size_t)frozen * sizeof *w);
    assert_memory_not_equal(w + frozen, f->start + frozen, (size_t)(size - frozen) * sizeof *w);
    end(f);
}

/* Parameters after each epoch. */
typedef struct trace {
    const fixture *f;
    float *w[SHORT];
    vouch_fit_progress row[SHORT];
    int64_t rows, stop;
} trace;

static bool note(void *user, const vouch_fit_progress *log, int64_t count)
{
    trace *t = user;
    const int64_t size = vouch_net_size(t->f->net);
    t->w[count - 1] = VOUCH_NEW_ARRAY(t->f->arena, float, size);
    memcpy(t->w[count - 1], vouch_net_parameters(t->f->net), (size_t)size * sizeof(float));
    t->row[count - 1] = log[count - 1];
    t->rows = count;
    return count != t->stop;
}

static void averages_by_epochs_are_means_of_their_networks(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 2);
    trace t = {.f = f};
    s.epochs = SHORT;
    s.average = vouch_average_find("swa");
    s.average_from = 2;
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &t));
    const float *w = vouch_net_parameters(f->net);
    for (int64_t i = 0; i < vouch_net_size(f->net); i++) {
        const double mean = ((double)t.w[2][i] + (double)t.w[3][i] + (double)t.w[4][i]) / 3;
        near((double)w[i], mean, 1e-5);
    }
    end(f);
}

static void averages_by_steps_stay_near_the_parameters(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 2);
    trace t = {.f = f};
    s.epochs = SHORT;
    s.average = vouch_average_find("ema");
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &t));
    const float *w = vouch_net_parameters(f->net), *last = t.w[SHORT - 1];
    const double far = norm(last, f->start, size), apart = norm(w, last, size);
    assert_true(apart > 0 && apart < far / 2);
    end(f);
}

static void the_best_of_the_validation_is_kept(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 2);
    trace t = {.f = f};
    s.epochs = SHORT;
    s.rate = 0.2; /* far too much: scores go up and down */
    s.schedule = vouch_schedule_find("constant");
    s.validation = &data;
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &t));
    int best = 0;
    for (int e = 0; e < SHORT; e++) {
        assert_true(t.row[e].score.robust >= 0 && t.row[e].score.clean <= COUNT);
        best = t.row[e].best ? e : best;
    }
    for (int e = 0; e < SHORT; e++)
        assert_true(t.row[e].score.robust <= t.row[best].score.robust);
    assert_memory_equal(vouch_net_parameters(f->net), t.w[best], (size_t)size * sizeof(float));
    end(f);
}

static void patience_ends_training(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 2);
    trace t = {.f = f};
    s.epochs = SHORT;
    s.rate = 0; /* nothing gets better after the first epoch */
    s.validation = &data;
    s.patience = 2;
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &t));
    assert_int_equal(t.rows, 3);
    s.ramp = (vouch_ramp){vouch_ramp_find("linear"), 0, 2};
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &t));
    assert_int_equal(t.rows, 4);
    end(f);
}

static void everything_at_once_gives_the_same_bits_with_any_number_of_threads(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const int64_t size = vouch_net_size(f->net);
    const vouch_fit_data data = data_of(f);
    float *one = VOUCH_NEW_ARRAY(f->arena, float, size);
    for (int threads = 1; threads <= 3; threads++) {
        vouch_fit_settings s = settings(f, threads);
        vouch_test_ok(f->ctx, vouch_augment_parse(f->arena,
                                                  "crop pad=1 + flip + cutout size=2 + mixup "
                                                  "alpha=.4 + noise deviation=.05",
                                                  s.augment, &s.augment_count));
        vouch_test_ok(f->ctx,
                      vouch_loss_parse_sum(f->arena, "n-fgsm", NULL, s.term, &s.term_count));
        s.epochs = 3;
        s.smoothing = 0.1;
        s.blur = 0.01;
        s.clip = 1;
        s.l1 = 1e-4;
        s.warmup = 1;
        s.average = vouch_average_find("ema");
        s.ramp = (vouch_ramp){vouch_ramp_find("smooth"), 0, 2};
        s.validation = &data;
        run(f, &s);
        if (threads == 1)
            memcpy(one, vouch_net_parameters(f->net), (size_t)size * sizeof *one);
        assert_memory_equal(one, vouch_net_parameters(f->net), (size_t)size * sizeof *one);
    }
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimisers_follow_their_formulas),
        cmocka_unit_test(ramps_are_smooth_and_end_where_they_should),
        cmocka_unit_test(milestones_are_epochs_that_rise),
        cmocka_unit_test(a_clipped_step_is_no_longer_than_its_limit),
        cmocka_unit_test(size_penalties_pull_parameters_to_zero),
        cmocka_unit_test(frozen_parameters_stay_as_they_are),
        cmocka_unit_test(averages_by_epochs_are_means_of_their_networks),
        cmocka_unit_test(averages_by_steps_stay_near_the_parameters),
        cmocka_unit_test(the_best_of_the_validation_is_kept),
        cmocka_unit_test(patience_ends_training),
        cmocka_unit_test(everything_at_once_gives_the_same_bits_with_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
