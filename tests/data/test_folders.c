/* Folders of classes with JPEG files, in the layout of TinyImageNet: what is read, and what is
 * refused. */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "data/jpeg.h"

enum { SIDE = 16, PIXELS = SIDE * SIDE, ROOM = 1 << 14 };

static void make_folder(files *f, const char *name)
{
    char path[VOUCH_TEST_PATH];
    vouch_test_join(f->folder, name, path);
    assert_int_equal(mkdir(path, 0777), 0);
}

/* A fresh folder below that of the tests. */
static void begin(files *f, const char *name)
{
    make_folder(f, name);
    vouch_test_join(f->folder, name, f->path);
}

typedef struct picture {
    const char *name;
    int side, channels;
    bool progressive;
} picture;

static void put(files *f, const char *set, const picture *p, uint64_t seed)
{
    unsigned char pixel[4 * 4 * PIXELS], file[ROOM];
    char name[VOUCH_TEST_PATH], kept[VOUCH_TEST_PATH];
    (void)snprintf(kept, sizeof kept, "%s", f->path);
    (void)snprintf(name, sizeof name, "%s/%s", set, p->name);
    jpeg_paint(pixel, p->side, p->channels, seed);
    files_put(f, name, file,
              jpeg_pack(pixel, p->side, p->channels, p->progressive, file, ROOM));
    (void)snprintf(f->path, sizeof f->path, "%s", kept);
}

static void text(files *f, const char *name, const char *words)
{
    char kept[VOUCH_TEST_PATH];
    (void)snprintf(kept, sizeof kept, "%s", f->path);
    files_text(f, name, words);
    (void)snprintf(f->path, sizeof f->path, "%s", kept);
}

/* Best quality: within a few steps of what was painted. */
static void check_pixels(const float *x, int channels, uint64_t seed)
{
    unsigned char pixel[3 * PIXELS];
    jpeg_paint(pixel, SIDE, channels, seed);
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < 3; c++) {
            const int from = channels == 1 ? i : 3 * i + c;
            assert_true(fabsf(x[c * PIXELS + i] * 255 - (float)pixel[from]) <= 6);
        }
}

/* root: wnids.txt in another order than the alphabet's; train with images, boxes and a grey one. */
static void make_tiny(files *f, const char *root)
{
    static const picture train[] = {{"train/n02/images/n02_0.JPEG", SIDE, 1, false},
                                    {"train/n02/images/n02_1.JPEG", SIDE, 3, true},
                                    {"train/n07/images/n07_0.JPEG", SIDE, 3, false},
                                    {"train/n07/images/n07_1.jpg", SIDE, 3, false}};
    static const picture val[] = {{"val/images/val_0.JPEG", SIDE, 3, false},
                                  {"val/images/val_1.JPEG", SIDE, 1, false}};
    static const char *const folders[] = {"",           "/train",
                                          "/train/n02", "/train/n02/images",
                                          "/train/n07", "/train/n07/images",
                                          "/val",       "/val/images"};
    char name[VOUCH_TEST_PATH];
    for (size_t i = 0; i < VOUCH_TEST_COUNT(folders); i++) {
        (void)snprintf(name, sizeof name, "%s%s", root, folders[i]);
        make_folder(f, name);
    }
    for (size_t i = 0; i < VOUCH_TEST_COUNT(train); i++)
        put(f, root, &train[i], i);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(val); i++)
        put(f, root, &val[i], 10 + i);
    (void)snprintf(name, sizeof name, "%s/wnids.txt", root);
    text(f, name, "n07\nn02\nn09\n");
    (void)snprintf(name, sizeof name, "%s/train/n02/n02_boxes.txt", root);
    text(f, name, "n02_0.JPEG\t0\t0\t9\t9\n");
    (void)snprintf(name, sizeof name, "%s/val/val_annotations.txt", root);
    text(f, name, "val_1.JPEG\tn02\t0\t0\t9\t9\nval_0.JPEG\tn07\t1\t2\t3\t4\n");
}

static void tiny_image_net_is_read_with_the_classes_of_wnids(void **state)
{
    files *f = *state;
    static const int32_t label[] = {1, 1, 0, 0};
    make_tiny(f, "tiny");
    vouch_test_join(f->folder, "tiny/train", f->path);
    vouch_data *set = files_load(f, "");
    assert_string_equal(set->info.format, "folders");
    assert_int_equal(set->info.count, 4);
    assert_int_equal(set->info.classes, 3);
    assert_string_equal(set->info.class_name[0], "n07");
    assert_int_equal(set->info.shape.dim[0], 3);
    assert_int_equal(set->info.shape.dim[2], SIDE);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(set->label[i], label[i]);
        check_pixels(vouch_data_x(set, i), i == 0 ? 1 : 3, (uint64_t)i);
    }
    vouch_data_free(set);
    vouch_test_join(f->folder, "tiny/val", f->path);
    set = files_load(f, "");
    assert_int_equal(set->info.count, 2);
    assert_int_equal(set->info.classes, 3);
    assert_int_equal(set->label[0], 1);
    assert_int_equal(set->label[1], 0);
    check_pixels(vouch_data_x(set, 0), 1, 11);
    check_pixels(vouch_data_x(set, 1), 3, 10);
    vouch_data_free(set);
    set = files_load(f, "?first=1&classes=n02,n07");
    assert_int_equal(set->info.count, 1);
    assert_int_equal(set->label[0], 1);
    vouch_data_free(set);
    vouch_test_join(f->folder, "tiny", f->path);
    files_fail(f, "", "'val' is none of the 3 classes, as");
    vouch_test_join(f->folder, "tiny/train", f->path);
    files_fail(f, "?classes=n02,n09", "'n07' is none of the 2 classes");
}

static void folders_without_a_list_are_sorted_and_grey_sets_stay_grey(void **state)
{
    files *f = *state;
    static const picture pictures[] = {{"dog/a.jpg", SIDE, 1, false},
                                       {"cat/b.jpg", SIDE, 1, false},
                                       {"cat/a.jpg", SIDE, 1, false}};
    begin(f, "plain");
    make_folder(f, "plain/dog");
    make_folder(f, "plain/cat");
    for (size_t i = 0; i < VOUCH_TEST_COUNT(pictures); i++)
        put(f, "plain", &pictures[i], i);
    vouch_data *set = files_load(f, "?shape=256");
    assert_int_equal(set->info.size, PIXELS);
    assert_string_equal(set->info.class_name[1], "dog");
    assert_int_equal(set->label[0] + set->label[1], 0);
    assert_int_equal(set->label[2], 1);
    unsigned char pixel[PIXELS];
    jpeg_paint(pixel, SIDE, 1, 2);
    for (int i = 0; i < PIXELS; i++)
        assert_true(fabsf(set->x[i] * 255 - (float)pixel[i]) <= 6);
    vouch_data_free(set);
}

static void a_table_of_labels_may_name_jpeg_files(void **state)
{
    files *f = *state;
    begin(f, "tabled");
    put(f, "tabled", &(picture){"a.jpg", SIDE, 3, false}, 1);
    text(f, "tabled/labels.csv", "a.jpg,ship\n");
    vouch_data *set = files_load(f, "");
    assert_string_equal(set->info.format, "png");
    check_pixels(set->x, 3, 1);
    vouch_data_free(set);
}

static void pictures_that_do_not_fit_name_their_file(void **state)
{
    files *f = *state;
    begin(f, "misfit");
    make_folder(f, "misfit/a");
    put(f, "misfit", &(picture){"a/1.jpg", SIDE, 3, false}, 1);
    put(f, "misfit", &(picture){"a/2.jpg", SIDE / 2, 3, false}, 2);
    files_fail(f, "", "misfit/a/2.jpg: 8 x 8 pixels instead of 16 x 16");
    put(f, "misfit", &(picture){"a/2.jpg", SIDE, 4, false}, 2);
    files_fail(f, "", "misfit/a/2.jpg: not a readable JPEG: four inks");
    vouch_test_join(f->folder, "plain/none", f->path);
    make_folder(f, "plain/none");
    files_fail(f, "", "plain/none: no folders of classes with pictures");
    vouch_test_join(f->folder, "misfit", f->path);
    text(f, "misfit/a/2.jpg", "no picture");
    files_fail(f, "", "misfit/a/2.jpg: not a readable PNG");
    text(f, "misfit/val_annotations.txt", "val_0.JPEG\n");
    files_fail(f, "", "val_annotations.txt:1: no name and class");
    text(f, "misfit/val_annotations.txt", "val_0.JPEG\tn1\t0\n");
    files_fail(f, "", "val_0.JPEG");
}

/* Every length, baseline and progressive: an error that names the file, never half a picture. */
static void a_jpeg_cut_short_anywhere_is_an_error(void **state)
{
    files *f = *state;
    unsigned char pixel[3 * PIXELS], file[ROOM];
    begin(f, "cut");
    make_folder(f, "cut/a");
    jpeg_paint(pixel, SIDE, 3, 5);
    for (int progressive = 0; progressive < 2; progressive++) {
        const size_t size = jpeg_pack(pixel, SIDE, 3, progressive != 0, file, ROOM);
        for (size_t cut = 0; cut < size; cut += cut < 700 ? 7 : 1) {
            files_put(f, "cut/a/1.jpg", file, cut);
            vouch_test_join(f->folder, "cut", f->path);
            files_fail(f, "", "cut/a/1.jpg");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiny_image_net_is_read_with_the_classes_of_wnids),
        cmocka_unit_test(folders_without_a_list_are_sorted_and_grey_sets_stay_grey),
        cmocka_unit_test(a_table_of_labels_may_name_jpeg_files),
        cmocka_unit_test(pictures_that_do_not_fit_name_their_file),
        cmocka_unit_test(a_jpeg_cut_short_anywhere_is_an_error),
    };
    return cmocka_run_group_tests_name("data.folders", tests, files_open, files_close);
}
