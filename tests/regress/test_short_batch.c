/* Batch normalisation and batches of few samples: the last batch of an epoch, be it of one sample,
 * moved the running statistics as far as a whole one, their variance towards 0; and batches so small
 * that a chunk had one sample of a dense layer taught nothing, without a word. */
#include <math.h>
#include <string.h>

#include "train/net_fixture.h"

#define NORMALISED "fc8 bn relu fc4"

/* What running statistics of 1 become after passes with mean 3 and variance 5. */
static void absorb(fixture *f, int64_t samples, int64_t batch, float after[2])
{
    const int64_t count = vouch_net_statistics(f->net);
    float *running = vouch_net_running(f->net),
          *given = VOUCH_NEW_ARRAY(f->arena, float, count);
    const float *const statistics[] = {given};
    for (int64_t i = 0; i < count; i++) {
        running[i] = 1;
        given[i] = i < count / 2 ? 3 : 5;
    }
    vouch_net_absorb(
        f->net, &(vouch_net_passes){
                    .count = 1, .statistics = statistics, .samples = &samples, .batch = batch});
    after[0] = running[0];
    after[1] = running[count / 2];
}

static void near(float a, double b)
{
    if (!(fabs((double)a - b) <= 1e-6))
        fail_msg("%.9g is not %.9g", (double)a, b);
}

static void a_part_of_a_batch_moves_statistics_by_its_share(void **state)
{
    (void)state;
    fixture *f = begin(NORMALISED);
    float after[2];
    absorb(f, 100, 100, after);
    near(after[0], 1 + 0.1 * 2);
    near(after[1], 1 + 0.1 * (5 * 100.0 / 99 - 1));
    absorb(f, 10, 100, after);
    near(after[0], 1 + 0.01 * 2);
    near(after[1], 1 + 0.01 * (5 * 10.0 / 9 - 1));
    absorb(f, 1, 100, after);
    near(after[0], 1 + 0.001 * 2);
    near(after[1], 1); /* one value has no variance */
    absorb(f, 10, 0, after);
    near(after[0], 1 + 0.1 * 2);
    end(f);
}

static void batches_too_small_to_be_normalised_are_refused(void **state)
{
    (void)state;
    fixture *f = begin(NORMALISED);
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 1);
    s.epochs = 1;
    for (s.batch = 1; s.batch < 4; s.batch++)
        vouch_test_fails(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL),
                         VOUCH_ERR_ARGUMENT, "at least 4 samples");
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
    vouch_fit_data few = data;
    few.count = 3;
    vouch_test_fails(f->ctx, vouch_fit_run(f->ctx, f->net, &few, &s, NULL, NULL),
                     VOUCH_ERR_ARGUMENT, "at least 4 samples");
    end(f);
}

static void images_are_normalised_in_batches_of_one(void **state)
{
    (void)state;
    fixture *f = begin("conv4 bn relu fc4");
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 1);
    s.epochs = 1;
    s.batch = 1;
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_of_a_batch_moves_statistics_by_its_share),
        cmocka_unit_test(batches_too_small_to_be_normalised_are_refused),
        cmocka_unit_test(images_are_normalised_in_batches_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
