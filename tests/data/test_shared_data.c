/* Real data: MNIST, CIFAR-10 and the tables are read, and have the sizes they are known by. */
#include "data/files.h"

typedef struct known {
    const char *name, *settings;
    int64_t count, size;
    int classes;
} known;

static const known sets[] = {
    {"datasets/mnist/t10k-images-idx3-ubyte.gz", "", 10000, 784, 10},
    {"datasets/mnist/train-images-idx3-ubyte.gz", "?first=59000", 1000, 784, 10},
    {"datasets/cifar10/test_0000-0999_lossless.bin.gz", "", 1000, 3072, 10},
    {"datasets/tabular/adult.data.csv.gz", "", 32561, 105, 2},
    {"datasets/tabular/adult.data.csv.gz", "?missing=drop", 30162, 105, 2},
    {"datasets/tabular/german.data.txt", "?classes=1,2", 1000, 61, 2},
    {"datasets/tabular/compas-two-years.csv.gz", "?target=two_year_recid", 5410, 0, 2},
    {"datasets/tabular/iris.csv", "", 150, 4, 3},
    {"datasets/tabular/wine.csv", "?skip=1", 178, 13, 3},
    {"datasets/tabular/breast_cancer.csv", "?skip=1", 569, 30, 2},
    {"datasets/tabular/digits.csv.gz", "?shape=1x8x8", 1797, 64, 10},
};

static void every_shared_set_has_its_known_size(void **state)
{
    files *f = *state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(sets); i++) {
        vouch_test_data(sets[i].name, f->path);
        vouch_data *set = files_load(f, sets[i].settings);
        print_message("%s: %lld x %lld, %d classes\n", sets[i].name, (long long)set->info.count,
                      (long long)set->info.size, set->info.classes);
        assert_int_equal(set->info.count, sets[i].count);
        assert_true(sets[i].size == 0 || set->info.size == sets[i].size);
        assert_int_equal(set->info.classes, sets[i].classes);
        vouch_data_free(set);
    }
}

static void the_first_test_digit_is_a_seven(void **state)
{
    files *f = *state;
    vouch_test_data(sets[0].name, f->path);
    vouch_data *set = files_load(f, "?count=1");
    assert_int_equal(set->label[0], 7);
    assert_true(set->x[7 * 28 + 6] == 84.0f / 255.0f);
    vouch_data_free(set);
}

static void features_stay_inside_their_ranges(void **state)
{
    files *f = *state;
    vouch_test_data("datasets/tabular/adult.data.csv.gz", f->path);
    vouch_data *set = files_load(f, "?scale=unit");
    for (int64_t i = 0; i < set->info.count * set->info.size; i++) {
        const vouch_feature *feature = &set->info.feature[i % set->info.size];
        assert_true(set->x[i] >= feature->low && set->x[i] <= feature->high);
    }
    vouch_data_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shared_set_has_its_known_size),
        cmocka_unit_test(the_first_test_digit_is_a_seven),
        cmocka_unit_test(features_stay_inside_their_ranges),
    };
    return cmocka_run_group_tests_name("data.shared", tests, files_open, files_close);
}
