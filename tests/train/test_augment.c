/* Augmentations: what each may change, that every epoch differs and that a seed repeats. */
#include <math.h>
#include <string.h>

#include "support/support.h"
#include "train/augment.h"

enum { COUNT = 64, CHANNELS = 2, H = 5, W = 6, IN = CHANNELS * H * W, OUT = 3 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    float clean[COUNT * IN], x[COUNT * IN], target[COUNT * OUT], spare[IN + OUT];
    uint64_t sample[COUNT];
} fixture;

static fixture *begin(void)
{
    static fixture f;
    f.ctx = vouch_test_context();
    f.arena = vouch_arena_new(f.ctx);
    for (int i = 0; i < COUNT * IN; i++)
        f.clean[i] = (float)(1 + i); /* all differ, none is 0 */
    return &f;
}

static void end(fixture *f)
{
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void run(fixture *f, const char *text, uint64_t seed, uint64_t epoch)
{
    vouch_augment_term term[VOUCH_AUGMENTS];
    int count = 0;
    memcpy(f->x, f->clean, sizeof f->x);
    memset(f->target, 0, sizeof f->target);
    for (int s = 0; s < COUNT; s++) {
        f->target[s * OUT + s % OUT] = 1;
        f->sample[s] = epoch * COUNT + (uint64_t)s;
    }
    vouch_test_ok(f->ctx, vouch_augment_parse(f->arena, text, term, &count));
    vouch_augment_job job = {.count = COUNT,
                             .inputs = IN,
                             .classes = OUT,
                             .channels = CHANNELS,
                             .height = H,
                             .width = W,
                             .x = f->x,
                             .target = f->target,
                             .sample = f->sample,
                             .seed = seed,
                             .spare = f->spare};
    for (int t = 0; t < count; t++) {
        job.settings = term[t].settings;
        term[t].augment->run(&job);
    }
}

static void every_epoch_differs_and_a_seed_repeats(void **state)
{
    (void)state;
    fixture *f = begin();
    static float first[COUNT * IN];
    for (const vouch_augment *const *a = vouch_augment_table(); *a; a++) {
        run(f, (*a)->name, 1, 1);
        memcpy(first, f->x, sizeof first);
        assert_memory_not_equal(first, f->clean, sizeof first);
        run(f, (*a)->name, 1, 1);
        assert_memory_equal(first, f->x, sizeof first);
        run(f, (*a)->name, 1, 2);
        assert_memory_not_equal(first, f->x, sizeof first);
        run(f, (*a)->name, 2, 1);
        assert_memory_not_equal(first, f->x, sizeof first);
    }
    end(f);
}

/* Is x the image moved by (dy, dx), zeros coming in? */
static bool is_moved(const float *clean, const float *x, int dy, int dx)
{
    for (int i = 0; i < IN; i++) {
        const int y = i / W % H + dy, left = i % W + dx;
        const bool inside = y >= 0 && y < H && left >= 0 && left < W;
        if (x[i] != (inside ? clean[i + dy * W + dx] : 0))
            return false;
    }
    return true;
}

static void crops_are_shifts_of_at_most_the_border(void **state)
{
    (void)state;
    fixture *f = begin();
    bool seen[5][5] = {{false}};
    run(f, "crop pad=2", 1, 0);
    for (int s = 0; s < COUNT; s++) {
        int found = 0;
        for (int dy = -2; dy <= 2; dy++)
            for (int dx = -2; dx <= 2; dx++)
                if (is_moved(f->clean + s * IN, f->x + s * IN, dy, dx)) {
                    found++;
                    seen[dy + 2][dx + 2] = true;
                }
        assert_int_equal(found, 1);
    }
    assert_true(seen[2][2] || seen[0][0] || seen[4][4]);
    run(f, "crop pad=0", 1, 0);
    assert_memory_equal(f->x, f->clean, sizeof f->x);
    run(f, "crop pad=100", 1, 0); /* most are moved out of sight */
    end(f);
}

static void flips_mirror_about_half_of_the_images(void **state)
{
    (void)state;
    fixture *f = begin();
    int flipped = 0;
    run(f, "flip", 1, 0);
    for (int s = 0; s < COUNT; s++) {
        const float *x = f->x + s * IN, *clean = f->clean + s * IN;
        const bool is = x[0] != clean[0];
        flipped += is;
        for (int i = 0; i < IN; i++)
            assert_true(x[i] == clean[is ? i / W * W + W - 1 - i % W : i]);
    }
    assert_in_range(flipped, COUNT / 4, 3 * COUNT / 4);
    end(f);
}

static void cutouts_are_squares_of_zeros(void **state)
{
    (void)state;
    fixture *f = begin();
    run(f, "cutout size=3", 1, 0);
    for (int s = 0; s < COUNT; s++) {
        int zeros = 0;
        for (int i = 0; i < IN; i++) {
            const float x = f->x[s * IN + i];
            assert_true(x == 0 || x == f->clean[s * IN + i]);
            zeros += x == 0;
        }
        assert_true(zeros % CHANNELS == 0 && zeros >= 4 * CHANNELS && zeros <= 9 * CHANNELS);
    }
    end(f);
}

static void noise_has_its_deviation(void **state)
{
    (void)state;
    fixture *f = begin();
    double square = 0;
    run(f, "noise deviation=.5", 1, 0);
    for (int i = 0; i < COUNT * IN; i++) {
        const double d = (double)f->x[i] - (double)f->clean[i];
        square += d * d;
    }
    assert_true(fabs(sqrt(square / (COUNT * IN)) - 0.5) < 0.03);
    end(f);
}

static void mixtures_mix_samples_and_labels_alike(void **state)
{
    (void)state;
    fixture *f = begin();
    run(f, "mixup alpha=.4", 1, 0);
    for (int s = 0; s < COUNT; s++) {
        const int next = (s + 1) % COUNT;
        const float share = f->target[s * OUT + s % OUT];
        const bool same = s % OUT == next % OUT;
        assert_true(share >= 0 && share <= 1);
        float sum = 0;
        for (int j = 0; j < OUT; j++)
            sum += f->target[s * OUT + j];
        assert_true(fabs((double)sum - 1) < 1e-6);
        for (int i = 0; i < IN && !same; i++) {
            const double a = (double)f->clean[s * IN + i], b = (double)f->clean[next * IN + i];
            const double mixed = (double)share * a + (1 - (double)share) * b;
            assert_true(fabs((double)f->x[s * IN + i] - mixed) < 1e-2);
        }
    }
    end(f);
}

static void augmentations_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"crap",          "crop pad",
                                      "crop pad=-1",   "flip + crop pud=1",
                                      "mixup alpha=0", "noise deviation=x"};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        fixture *f = begin();
        vouch_augment_term term[VOUCH_AUGMENTS];
        int count = 0;
        assert_int_equal(vouch_augment_parse(f->arena, bad[i], term, &count),
                         VOUCH_ERR_ARGUMENT);
        end(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_differs_and_a_seed_repeats),
        cmocka_unit_test(crops_are_shifts_of_at_most_the_border),
        cmocka_unit_test(flips_mirror_about_half_of_the_images),
        cmocka_unit_test(cutouts_are_squares_of_zeros),
        cmocka_unit_test(noise_has_its_deviation),
        cmocka_unit_test(mixtures_mix_samples_and_labels_alike),
        cmocka_unit_test(augmentations_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
