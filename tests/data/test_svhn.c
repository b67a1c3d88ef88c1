/* SVHN: Matlab files of level 5, written here byte by byte; what is read, and what is refused. */
#include <math.h>

#include <zlib.h>

#include "data/files.h"

enum { PICTURE = 3 * 32 * 32, DOUBLE = 6, BYTES = 9, ROOM = 64 << 10 };

typedef struct mat {
    unsigned char data[ROOM];
    size_t size;
} mat;

static void put(mat *m, const void *data, size_t size)
{
    assert_true(m->size + size <= ROOM);
    memcpy(m->data + m->size, data, size);
    m->size += size;
}

static void put_word(mat *m, unsigned value)
{
    const unsigned char raw[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                                  (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    put(m, raw, 4);
}

static void put_part(mat *m, unsigned type, const void *data, size_t size)
{
    static const unsigned char zeros[8];
    put_word(m, type);
    put_word(m, (unsigned)size);
    put(m, data, size);
    put(m, zeros, (8 - size % 8) % 8);
}

typedef struct numbers {
    unsigned type;
    const void *data;
    size_t size;
} numbers;

/* The tag and the bytes of a matrix; the name in a small element. */
static void put_matrix(mat *m, char name, unsigned class, const unsigned *axis, int axes,
                       numbers n)
{
    const size_t at = m->size;
    put_word(m, 14);
    put_word(m, 0);
    put_word(m, 6);
    put_word(m, 8);
    put_word(m, class);
    put_word(m, 0);
    put_word(m, 5);
    put_word(m, 4 * (unsigned)axes);
    for (int d = 0; d < axes; d++)
        put_word(m, axis[d]);
    if (axes % 2)
        put_word(m, 0);
    put_word(m, 1 << 16 | 1);
    put_word(m, (unsigned)name);
    put_part(m, n.type, n.data, n.size);
    const size_t length = m->size - at - 8;
    m->data[at + 4] = (unsigned char)length;
    m->data[at + 5] = (unsigned char)(length >> 8);
}

static void put_packed(mat *m, const mat *plain)
{
    unsigned char packed[ROOM];
    uLongf size = sizeof packed;
    assert_int_equal(compress2(packed, &size, plain->data, plain->size, 9), Z_OK);
    put_word(m, 15);
    put_word(m, (unsigned)size);
    put(m, packed, size);
}

static void begin(mat *m)
{
    char text[128];
    m->size = 0;
    memset(text, ' ', sizeof text);
    memcpy(text, "MATLAB 5.0 MAT-file", 19);
    memcpy(text + 116, "\0\0\0\0\0\0\0\0\0\1IM", 12);
    put(m, text, sizeof text);
}

/* Sample i, channel c, row r, column w. */
static unsigned char pixel(int i, int c, int r, int w)
{
    return (unsigned char)(100 * i + 40 * c + 5 * r + w);
}

static void put_pictures(mat *m, unsigned samples)
{
    static unsigned char x[3 * PICTURE];
    const unsigned axis[] = {32, 32, 3, samples};
    for (int k = 0; k < (int)samples * PICTURE; k++)
        x[k] = pixel(k / PICTURE, k / 1024 % 3, k % 32, k / 32 % 32);
    put_matrix(m, 'X', BYTES, axis, samples == 1 ? 3 : 4,
               (numbers){2, x, samples * (size_t)PICTURE});
}

static void put_labels(mat *m, const unsigned char *label, unsigned samples)
{
    put_matrix(m, 'y', DOUBLE, (const unsigned[]){samples, 1}, 2, (numbers){2, label, samples});
}

/* Two matrices, each packed if so; returns where the second begins. */
static size_t make(mat *m, bool packed, unsigned samples, const unsigned char *label)
{
    static mat x, y;
    x.size = y.size = 0;
    put_pictures(&x, samples);
    put_labels(&y, label, samples);
    begin(m);
    if (packed)
        put_packed(m, &x);
    else
        put(m, x.data, x.size);
    const size_t second = m->size;
    if (packed)
        put_packed(m, &y);
    else
        put(m, y.data, y.size);
    return second;
}

static mat file;
static const unsigned char three[] = {10, 1, 9};

static void check_set(files *f, const char *settings)
{
    vouch_data *set = files_load(f, settings);
    assert_string_equal(set->info.format, "svhn");
    assert_int_equal(set->info.count, 3);
    assert_int_equal(set->info.classes, 10);
    assert_int_equal(set->info.shape.rank, 3);
    assert_int_equal(set->info.shape.dim[0], 3);
    for (int k = 0; k < 3 * PICTURE; k++)
        assert_true(set->x[k] ==
                    (float)pixel(k / PICTURE, k / 1024 % 3, k / 32 % 32, k % 32) / 255.0f);
    assert_int_equal(set->label[0], 0);
    assert_int_equal(set->label[1], 1);
    assert_int_equal(set->label[2], 9);
    vouch_data_free(set);
}

static void plain_and_packed_files_give_the_same_pictures(void **state)
{
    files *f = *state;
    for (int packed = 0; packed < 2; packed++) {
        (void)make(&file, packed, 3, three);
        files_put(f, "train_32x32.mat", file.data, file.size);
        check_set(f, "");
        check_set(f, "?format=svhn");
    }
}

static void labels_may_come_first_and_other_matrices_between(void **state)
{
    files *f = *state;
    static mat extra;
    extra.size = 0;
    put_matrix(&extra, 'z', 4, (const unsigned[]){1, 2}, 2, (numbers){4, "abcd", 4});
    begin(&file);
    put_labels(&file, three, 3);
    put_packed(&file, &extra);
    put(&file, extra.data, extra.size);
    put_pictures(&file, 3);
    files_put(f, "order.mat", file.data, file.size);
    check_set(f, "");
}

static void one_picture_has_no_fourth_axis(void **state)
{
    files *f = *state;
    (void)make(&file, true, 1, three);
    files_put(f, "one.mat", file.data, file.size);
    vouch_data *set = files_load(f, "");
    assert_int_equal(set->info.count, 1);
    assert_true(set->x[PICTURE - 1] == (float)pixel(0, 2, 31, 31) / 255.0f);
    vouch_data_free(set);
}

static void labels_may_be_left_out_and_samples_skipped(void **state)
{
    files *f = *state;
    (void)make(&file, true, 3, three);
    files_put(f, "part.mat", file.data, file.size);
    vouch_data *set = files_load(f, "?labels=none&first=1&count=1");
    assert_int_equal(set->info.count, 1);
    assert_int_equal(set->label[0], -1);
    assert_true(set->x[1] == (float)pixel(1, 0, 0, 1) / 255.0f);
    vouch_data_free(set);
    files_fail(f, "?labels=z", "labels are y or none");
}

static void a_stream_rewinds(void **state)
{
    files *f = *state;
    vouch_data_stream *s = NULL;
    static float x[4 * PICTURE];
    int32_t label[4];
    int64_t got = 0;
    (void)make(&file, true, 3, three);
    files_put(f, "again.mat", file.data, file.size);
    assert_int_equal(vouch_data_open(f->ctx, f->path, &s), VOUCH_OK);
    for (int round = 0; round < 2; round++) {
        for (int64_t wanted = 2; wanted >= 0; wanted--) {
            assert_int_equal(vouch_data_next(s, wanted ? wanted : 1, x, label, &got), VOUCH_OK);
            assert_int_equal(got, wanted);
        }
        assert_int_equal(vouch_data_rewind(s), VOUCH_OK);
    }
    vouch_data_close(s);
}

static void short_files_are_refused_at_their_end(void **state)
{
    files *f = *state;
    const size_t second = make(&file, true, 3, three);
    files_put(f, "short.mat", file.data, second - 1);
    files_fail(f, "", "the file ends early: the matrix that begins at byte 128 has");
    files_put(f, "short.mat", file.data, second);
    files_fail(f, "", "there is no matrix 'y'");
    files_put(f, "short.mat", file.data, second + 3);
    files_fail(f, "", "short.mat");
    files_put(f, "short.mat", file.data, 40);
    files_fail(f, "?format=svhn", "short.mat");
}

static void broken_bytes_are_found_by_the_checksum(void **state)
{
    files *f = *state;
    const size_t second = make(&file, true, 3, three);
    file.data[second - 1] ^= 1;
    files_put(f, "broken.mat", file.data, file.size);
    files_fail(f, "", "corrupt zlib data");
}

static void other_versions_of_the_format_are_refused(void **state)
{
    files *f = *state;
    (void)make(&file, false, 3, three);
    memcpy(file.data + 124, "\0\2", 2);
    files_put(f, "new.mat", file.data, file.size);
    files_fail(f, "", "version 2 of the format instead of 1");
    memcpy(file.data + 124, "\1\0MI", 4);
    files_put(f, "big.mat", file.data, file.size);
    files_fail(f, "", "big-endian");
    files_put(f, "text.mat", file.data, 200);
    file.data[127] = 'x';
    files_put(f, "text.mat", file.data, file.size);
    files_fail(f, "?format=svhn", "is not a Matlab file of level 5");
}

static void other_classes_and_axes_are_refused(void **state)
{
    files *f = *state;
    static unsigned char x[8 * PICTURE];
    begin(&file);
    put_matrix(&file, 'X', BYTES, (const unsigned[]){32, 16, 3, 2}, 4,
               (numbers){2, x, PICTURE});
    files_put(f, "axes.mat", file.data, file.size);
    files_fail(f, "", "X is 32 x 16 x 3 x 2 numbers of 1 bytes (u) instead of 32 x 32 x 3");
    begin(&file);
    put_matrix(&file, 'X', BYTES, (const unsigned[]){32, 32, 3, 1, 2}, 5,
               (numbers){2, x, 2 * PICTURE});
    put_labels(&file, three, 2);
    files_put(f, "five.mat", file.data, file.size);
    vouch_data_free(files_load(f, "")); /* an axis of length 1 says nothing */
    begin(&file);
    put_matrix(&file, 'X', DOUBLE, (const unsigned[]){32, 32, 3, 1}, 4,
               (numbers){9, x, 8 * PICTURE});
    files_put(f, "doubles.mat", file.data, file.size);
    files_fail(f, "", "numbers of 8 bytes (f)");
    begin(&file);
    put_matrix(&file, 'X', 1, (const unsigned[]){32, 32, 3, 1}, 4, (numbers){2, x, PICTURE});
    files_put(f, "cells.mat", file.data, file.size);
    files_fail(f, "", "X is not a full matrix of real numbers (class 1)");
    begin(&file);
    put_matrix(&file, 'X', BYTES, (const unsigned[]){32, 32, 3, 2}, 4,
               (numbers){2, x, PICTURE});
    files_put(f, "few.mat", file.data, file.size);
    files_fail(f, "", "the numbers are not as many as the axes say");
}

static void labels_beside_one_to_ten_are_refused(void **state)
{
    files *f = *state;
    const double nan[3] = {1, (double)NAN, 2};
    (void)make(&file, true, 3, (const unsigned char[]){1, 0, 2});
    files_put(f, "zero.mat", file.data, file.size);
    files_fail(f, "", "label 1 is 0: those of SVHN are 1 to 10");
    (void)make(&file, true, 3, (const unsigned char[]){1, 2, 11});
    files_put(f, "eleven.mat", file.data, file.size);
    files_fail(f, "", "label 2 is 11");
    begin(&file);
    put_pictures(&file, 3);
    put_matrix(&file, 'y', DOUBLE, (const unsigned[]){3, 1}, 2, (numbers){9, nan, sizeof nan});
    files_put(f, "nan.mat", file.data, file.size);
    files_fail(f, "", "entry 1, number 0 is not finite");
    begin(&file);
    put_pictures(&file, 3);
    put_labels(&file, three, 2);
    files_put(f, "two.mat", file.data, file.size);
    files_fail(f, "", "y has 2 labels for the 3 samples");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_packed_files_give_the_same_pictures),
        cmocka_unit_test(labels_may_come_first_and_other_matrices_between),
        cmocka_unit_test(one_picture_has_no_fourth_axis),
        cmocka_unit_test(labels_may_be_left_out_and_samples_skipped),
        cmocka_unit_test(a_stream_rewinds),
        cmocka_unit_test(short_files_are_refused_at_their_end),
        cmocka_unit_test(broken_bytes_are_found_by_the_checksum),
        cmocka_unit_test(other_versions_of_the_format_are_refused),
        cmocka_unit_test(other_classes_and_axes_are_refused),
        cmocka_unit_test(labels_beside_one_to_ten_are_refused),
    };
    return cmocka_run_group_tests_name("data.svhn", tests, files_open, files_close);
}
