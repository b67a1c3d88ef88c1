/* The norm that --clip limits counted gradients of frozen layers: what moves was cut too short. */
#include <math.h>

#include "train/net_fixture.h"

/* How far one step of a whole batch goes, by SGD at rate 1. */
static double length_of(fixture *f, double clip)
{
    const vouch_fit_data data = data_of(f);
    vouch_fit_settings s = settings(f, 2);
    double square = 0;
    s.optimiser = vouch_optimiser_find("sgd");
    s.schedule = vouch_schedule_find("constant");
    s.rate = 1;
    s.epochs = 1;
    s.batch = COUNT;
    s.clip = clip;
    s.frozen = vouch_net_after(f->net, 2);
    again(f);
    vouch_test_ok(f->ctx, vouch_fit_run(f->ctx, f->net, &data, &s, NULL, NULL));
    for (int64_t i = 0; i < vouch_net_size(f->net); i++)
        square += pow((double)vouch_net_parameters(f->net)[i] - (double)f->start[i], 2);
    return sqrt(square);
}

static void frozen_layers_do_not_count_in_the_norm_of_a_step(void **state)
{
    (void)state;
    fixture *f = begin(CONV);
    const double whole = length_of(f, 0);
    assert_true(whole > 0);
    assert_true(length_of(f, 1.001 * whole) == whole);
    assert_true(fabs(length_of(f, whole / 2) - whole / 2) <= 1e-5 * whole);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_layers_do_not_count_in_the_norm_of_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
