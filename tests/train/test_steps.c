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

/* The graph's constants of at least that rank, or of a lesser one, as the net has them now. */
static float *constants(fixture *f, int rank, bool least, int64_t *count)
{
    float *all = VOUCH_NEW_ARRAY(f->arena, float, vouch_net_size(f->net) + INPUTS);
    *count = 0;
    vouch_test_ok(f->ctx, vouch_net_store(f->ctx, f->net, f->graph));
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_tensor *t = f->graph->value[v].constant;
        if (!t || t->dtype != VOUCH_F32 || (t->shape.rank >= rank) != least)
            continue;
        memcpy(all + *count, t->f32, (size_t)t->count * sizeof *all);
        *count += t->count;
    }
    return all;
}

static void size_penalties_pull_weights_to_zero_and_nothing_else(void **state)
{
    (void)state;
    fixture *f = begin("conv16k3 bn relu fc6 ln relu fc4");
    vouch_fit_settings s = settings(f, 2);
    int64_t weights = 0, others = 0;
    s.optimiser = vouch_optimiser_find("sgd");
    s.schedule = vouch_schedule_find("constant");
    s.rate = 1;
    s.epochs = 1;
    s.batch = COUNT;
    const float *start = constants(f, 2, true, &weights);
    run(f, &s);
    const float *without = constants(f, 2, true, &weights);
    const float *fixed = constants(f, 2, false, &others);
    assert_true(weights == 16 * 9 + 16 * 36 * 6 + 6 * 4 && others > 16 + 6 + 4);
    for (int k = 0; k < 2; k++) {
        s.l1 = k ? 0 : 0.25;
        s.decay = k ? 0.25 : 0;
        run(f, &s);
        const float *w = constants(f, 2, true, &weights);
        for (int64_t i = 0; i < weights; i++) {
            const double sign = (double)((start[i] > 0) - (start[i] < 0));
            near((double)w[i], (double)without[i] - 0.25 * (k ? (double)start[i] : sign), 1e-6);
        }
        assert_memory_equal(constants(f, 2, false, &others), fixed,
                            (size_t)others * sizeof *fixed);
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

/* The first normalisation's mean, of the averaged network, by hand: W (x - .25) / .5 + b. */
static void averages_by_epochs_have_the_statistics_of_their_own_network(void **state)
{
    (void)state;
    fixture *f = begin("fc6 bn relu fc4");
    const vouch_fit_data data = data_of(f);
    for (int k = 0; k < 3; k++) {
        vouch_fit_settings s = settings(f, k + 1);
        int64_t count = 0;
        again(f);
        s.epochs = SHORT;
        s.average = vouch_average_find("swa");
        s.average_from = 1;
        s.validation = k < 2 ? NULL : &data;
        vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
        const float *w = constants(f, 2, true, &count), *b = constants(f, 2, false, &count);
        const float *mean = vouch_net_running(f->net);
        for (int h = 0; h < 6; h++) {
            double sum = 0;
            for (int64_t i = 0; i < COUNT * INPUTS; i++)
                sum += (double)w[h * INPUTS + i % INPUTS] * ((double)f->x[i] - 0.25) / 0.5;
            bool found = false;
            for (int64_t i = 0; i < count; i++)
                found |= fabs(sum / COUNT + (double)b[i] - (double)mean[h]) < 1e-4;
            assert_true(found);
        }
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

/* |W2| |W1| r / deviation, summed over the outputs, of the graph's first weights. */
static double spread(const fixture *f, const double r[INPUTS])
{
    const vouch_tensor *w[2] = {NULL, NULL};
    double hidden[6] = {0}, sum = 0;
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_tensor *t = f->graph->value[v].constant;
        if (t && t->shape.rank == 2 && t->count > CLASSES)
            w[w[0] != NULL] = t;
    }
    assert_true(w[0]->count == 6 * INPUTS && w[1]->count == 6 * CLASSES);
    const bool first = w[0]->shape.dim[0] == 6; /* outputs first */
    for (int h = 0; h < 6; h++) {
        for (int i = 0; i < INPUTS; i++)
            hidden[h] +=
                fabs((double)w[0]->f32[first ? h * INPUTS + i : i * 6 + h]) * r[i] / 0.5;
        for (int j = 0; j < CLASSES; j++)
            sum += fabs((double)w[1]->f32[first ? j * 6 + h : h * CLASSES + j]) * hidden[h];
    }
    return sum;
}

static double first_loss(fixture *f, const char *regulariser, int threads)
{
    vouch_fit_settings s = settings(f, threads);
    const vouch_fit_data data = data_of(f);
    trace log = {.f = f};
    s.epochs = 1;
    s.rate = 0;
    s.batch = COUNT; /* three chunks and more */
    vouch_test_ok(
        f->ctx, vouch_loss_parse_sum(f->arena, "standard", regulariser, s.term, &s.term_count));
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, note, &log));
    return log.row[0].loss;
}

static void forwabs_of_a_batch_is_the_product_of_magnitudes_by_the_sum_of_radii(void **state)
{
    (void)state;
    fixture *f = begin("fc6 relu fc4");
    double r[INPUTS] = {0};
    for (int i = 0; i < COUNT * INPUTS; i++) {
        const double x = (double)f->x[i];
        r[i % INPUTS] += (fmin(x + 0.1, 1) - fmax(x - 0.1, 0)) / 2;
    }
    const double plain = first_loss(f, NULL, 1), want = 0.01 * spread(f, r);
    for (int threads = 1; threads <= 2; threads++)
        near(first_loss(f, "forwabs coefficient=.01", threads) - plain, want, 1e-5 * want);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwabs_of_a_batch_is_the_product_of_magnitudes_by_the_sum_of_radii),
        cmocka_unit_test(optimisers_follow_their_formulas),
        cmocka_unit_test(ramps_are_smooth_and_end_where_they_should),
        cmocka_unit_test(milestones_are_epochs_that_rise),
        cmocka_unit_test(a_clipped_step_is_no_longer_than_its_limit),
        cmocka_unit_test(size_penalties_pull_weights_to_zero_and_nothing_else),
        cmocka_unit_test(frozen_parameters_stay_as_they_are),
        cmocka_unit_test(averages_by_epochs_are_means_of_their_networks),
        cmocka_unit_test(averages_by_epochs_have_the_statistics_of_their_own_network),
        cmocka_unit_test(averages_by_steps_stay_near_the_parameters),
        cmocka_unit_test(the_best_of_the_validation_is_kept),
        cmocka_unit_test(patience_ends_training),
        cmocka_unit_test(everything_at_once_gives_the_same_bits_with_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
