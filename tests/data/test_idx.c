/* IDX and CIFAR files: what is read, and what is refused. */
#include "data/files.h"

static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2,  0,   0,
                                       0, 2, 0, 0, 0, 1, 0, 51, 255, 7};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 3};

static void images_find_their_labels_beside_them(void **state)
{
    files *f = *state;
    files_put(f, "t-labels-idx1-ubyte", labels, sizeof labels);
    files_put(f, "t-images-idx3-ubyte", images, sizeof images);
    vouch_data *set = files_load(f, "");
    assert_int_equal(set->info.count, 2);
    assert_int_equal(set->info.shape.rank, 3);
    assert_int_equal(set->info.shape.dim[0], 1);
    assert_int_equal(set->info.size, 2);
    assert_int_equal(set->info.classes, 4);
    assert_int_equal(set->label[1], 3);
    assert_true(set->x[1] == 51.0f / 255.0f && set->x[2] == 1.0f);
    assert_true(set->info.feature[0].low == 0 && set->info.feature[0].high == 1);
    vouch_data_free(set);
}

static void a_set_without_labels_has_none(void **state)
{
    files *f = *state;
    files_put(f, "lone", images, sizeof images);
    vouch_data *set = files_load(f, "?scale=none&first=1");
    assert_int_equal(set->info.count, 1);
    assert_int_equal(set->info.classes, 0);
    assert_int_equal(set->label[0], -1);
    assert_true(set->x[1] == 7);
    vouch_data_free(set);
}

static void a_short_file_is_refused_at_its_last_byte(void **state)
{
    files *f = *state;
    files_put(f, "short", images, sizeof images - 1);
    files_fail(f, "?format=idx", "short: byte 19: the file ends early");
}

static void a_long_file_is_refused_behind_its_numbers(void **state)
{
    files *f = *state;
    unsigned char longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    files_put(f, "long", longer, sizeof longer);
    files_fail(f, "", "byte 20: there is more than the header says");
}

static void another_number_of_labels_is_refused(void **state)
{
    files *f = *state;
    const unsigned char three[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 3, 0};
    files_put(f, "u-labels", three, sizeof three);
    files_put(f, "u-images", images, sizeof images);
    files_fail(f, "", "3 labels for the 2 samples");
}

static void labels_alone_are_no_features(void **state)
{
    files *f = *state;
    files_put(f, "labels-only", labels, sizeof labels);
    files_fail(f, "", "has 1 axis");
}

static void a_huge_claim_costs_no_memory(void **state)
{
    files *f = *state;
    const unsigned char huge[] = {0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 16, 0, 0, 0, 16, 0, 1};
    files_put(f, "huge", huge, sizeof huge);
    files_fail(f, "", "the file ends early");
}

static void floats_with_the_high_byte_first_are_read(void **state)
{
    files *f = *state;
    const unsigned char rows[] = {0, 0, 0x0d, 2,    0, 0, 0,    1, 0, 0,
                                  0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
    files_put(f, "rows", rows, sizeof rows);
    vouch_data *set = files_load(f, "");
    assert_true(set->x[0] == 1 && set->x[1] == -2);
    vouch_data_free(set);
    unsigned char nan[sizeof rows];
    memcpy(nan, rows, sizeof rows);
    nan[12] = 0x7f;
    nan[13] = 0xc0;
    files_put(f, "nan", nan, sizeof nan);
    files_fail(f, "", "entry 0, number 0 is not finite");
}

static unsigned char records[2 * 3074];

static void cifar_records_have_a_label_and_three_planes(void **state)
{
    files *f = *state;
    records[3073] = 9;
    records[3074] = 255;
    files_put(f, "c.bin", records, 2 * 3073);
    vouch_data *set = files_load(f, "");
    assert_string_equal(set->info.format, "cifar10");
    assert_int_equal(set->info.count, 2);
    assert_string_equal(set->info.class_name[set->label[1]], "truck");
    assert_true(vouch_data_x(set, 1)[0] == 1.0f);
    vouch_data_free(set);
}

static void cifar100_has_a_coarse_and_a_fine_label(void **state)
{
    files *f = *state;
    memset(records, 0, sizeof records);
    records[0] = 19;
    records[1] = 99;
    files_put(f, "d.bin", records, 2 * 3074);
    vouch_data *set = files_load(f, "");
    assert_string_equal(set->info.format, "cifar100");
    assert_int_equal(set->label[0], 99);
    vouch_data_free(set);
    set = files_load(f, "?labels=coarse");
    assert_int_equal(set->label[0], 19);
    vouch_data_free(set);
}

static void broken_cifar_records_name_their_byte(void **state)
{
    files *f = *state;
    memset(records, 0, sizeof records);
    files_put(f, "e.bin", records, 3073 + 5);
    files_fail(f, "?format=cifar10", "byte 3078: the file ends within record 1");
    files_fail(f, "", "format is not recognised");
    records[3073] = 10;
    files_put(f, "e.bin", records, 2 * 3073);
    files_fail(f, "", "byte 3073: the label 10 of record 1 is over 9");
}

static void a_stream_gives_the_same_after_a_rewind(void **state)
{
    files *f = *state;
    vouch_data_stream *s = NULL;
    float x[8];
    int32_t label[4];
    int64_t got = 0;
    files_put(f, "v-labels-idx1", labels, sizeof labels);
    files_put(f, "v-images-idx3", images, sizeof images);
    assert_int_equal(vouch_data_open(f->ctx, f->path, &s), VOUCH_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(vouch_data_next(s, 1, x, label, &got), VOUCH_OK);
        assert_int_equal(got, 1);
        assert_int_equal(label[0], 1);
        assert_int_equal(vouch_data_next(s, 4, x, label, &got), VOUCH_OK);
        assert_int_equal(got, 1);
        assert_int_equal(label[0], 3);
        assert_int_equal(vouch_data_next(s, 4, x, label, &got), VOUCH_OK);
        assert_int_equal(got, 0);
        assert_int_equal(vouch_data_rewind(s), VOUCH_OK);
    }
    vouch_data_close(s);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    files *f = *state;
    files_put(f, "w-images", images, sizeof images);
    files_fail(f, "?nonsense=1", "'nonsense' is not a setting");
    files_fail(f, "?count", "has no value");
    files_fail(f, "?count=x", "count");
    files_fail(f, "?shape=1x3", "has 2 numbers, not 1x3");
    files_fail(f, "?shape=ax3", "is not a shape");
    files_fail(f, "?format=jpeg", "format");
    files_put(f, "empty", "", 0);
    files_fail(f, "", "the file is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_find_their_labels_beside_them),
        cmocka_unit_test(a_set_without_labels_has_none),
        cmocka_unit_test(a_short_file_is_refused_at_its_last_byte),
        cmocka_unit_test(a_long_file_is_refused_behind_its_numbers),
        cmocka_unit_test(another_number_of_labels_is_refused),
        cmocka_unit_test(labels_alone_are_no_features),
        cmocka_unit_test(a_huge_claim_costs_no_memory),
        cmocka_unit_test(floats_with_the_high_byte_first_are_read),
        cmocka_unit_test(cifar_records_have_a_label_and_three_planes),
        cmocka_unit_test(cifar100_has_a_coarse_and_a_fine_label),
        cmocka_unit_test(broken_cifar_records_name_their_byte),
        cmocka_unit_test(a_stream_gives_the_same_after_a_rewind),
        cmocka_unit_test(settings_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests_name("data.idx", tests, files_open, files_close);
}
