/* What is written is read again as the same set; what cannot be is refused. */
#include <math.h>
#include <sys/stat.h>

#include "data/files.h"
#include "data/split.h"
#include "data/write.h"
#include "io/io.h"
#include "io/picture.h"
#include "io/zip.h"

static vouch_data *make(files *f, const char *place)
{
    (void)snprintf(f->path, sizeof f->path, "%s", place);
    return files_load(f, "");
}

static void same(const vouch_data *a, const vouch_data *b)
{
    assert_int_equal(a->info.count, b->info.count);
    assert_int_equal(a->info.size, b->info.size);
    assert_memory_equal(a->x, b->x, (size_t)(a->info.count * a->info.size) * sizeof *a->x);
    assert_memory_equal(a->label, b->label, (size_t)a->info.count * sizeof *a->label);
}

static void round_trip(files *f, const char *place, const char *name, const char *settings)
{
    vouch_data *set = make(f, place);
    vouch_test_join(f->folder, name, f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
    vouch_data *again = files_load(f, settings);
    same(set, again);
    vouch_data_free(set);
    vouch_data_free(again);
}

static void every_format_gives_back_what_was_written(void **state)
{
    files *f = *state;
    const char *const glyphs = "builtin:glyphs16?count=300";
    round_trip(f, glyphs, "a.npy", "");
    round_trip(f, glyphs, "a.npz", "");
    round_trip(f, glyphs, "a-images-idx3-ubyte", "");
    round_trip(f, glyphs, "a.csv", "?shape=1x16x16");
    round_trip(f, "builtin:loan?count=300", "b.npz", "");
    round_trip(f, "builtin:loan?count=300", "b-images-ubyte", "");
}

static void a_folder_of_pictures_gives_back_what_was_written(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:glyphs28?count=40");
    vouch_test_join(f->folder, "pictures", f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, "png"));
    vouch_data *again = files_load(f, "");
    same(set, again);
    vouch_data_free(again);
    again = files_load(f, "?first=30&count=5");
    assert_memory_equal(again->x, vouch_data_x(set, 30), 5 * 784 * sizeof(float));
    vouch_data_free(again);
    vouch_data_free(set);
    char path[VOUCH_TEST_PATH];
    vouch_test_join(f->path, "000039.png", path);
    vouch_test_write(path, "not a picture", 13);
    files_fail(f, "", "000039.png: not a readable PNG");
    assert_int_equal(remove(path), 0);
    files_fail(f, "", "000039.png: cannot open");
}

static void a_grid_holds_every_sample(void **state)
{
    files *f = *state;
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_picture p;
    vouch_data *set = make(f, "builtin:glyphs16?count=5");
    vouch_test_join(f->folder, "grid.png", f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
    vouch_test_ok(f->ctx, vouch_picture_read(arena, f->path, 0, &p));
    assert_int_equal(p.width, 48);
    assert_int_equal(p.height, 32);
    assert_int_equal(p.channels, 1);
    const float *last = vouch_data_x(set, 4); /* in the middle of the second row */
    for (int i = 0; i < 256; i++)
        assert_int_equal(p.pixel[(16 + i / 16) * 48 + 16 + i % 16], vouch_data_byte(last[i]));
    vouch_data_free(set);
    vouch_arena_free(arena);
}

static void a_table_and_its_schema_give_the_same_features(void **state)
{
    files *f = *state;
    char settings[VOUCH_TEST_PATH + 16];
    vouch_data *set = make(f, "builtin:loan?count=500&seed=3");
    vouch_test_join(f->folder, "loan.json", f->path);
    vouch_test_ok(f->ctx, vouch_data_write_schema(f->ctx, set->info.schema, f->path));
    (void)snprintf(settings, sizeof settings, "?schema=%s", f->path);
    vouch_test_join(f->folder, "loan.csv", f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
    vouch_data *again = files_load(f, settings);
    same(set, again);
    for (int64_t k = 0; k < set->info.size; k++) {
        assert_true(set->info.feature[k].low == again->info.feature[k].low);
        assert_true(set->info.feature[k].immutable == again->info.feature[k].immutable);
        assert_int_equal(set->info.feature[k].group, again->info.feature[k].group);
    }
    vouch_data_free(set);
    vouch_data_free(again);
}

/* Random words, full of what CSV has to quote. */
static void random_texts_survive_quoting(void **state)
{
    files *f = *state;
    static const char letters[] = "ab,\"\n\r; \t?N";
    vouch_random r = vouch_random_stream(7, "csv", 0);
    for (int round = 0; round < 60; round++) {
        char text[3][40], file[1024];
        size_t size = (size_t)sprintf(file, "w,n\n");
        for (int i = 0; i < 3; i++) {
            const size_t length = 1 + vouch_random_below(&r, 12);
            file[size++] = '"';
            for (size_t k = 0; k < length; k++) {
                text[i][k] = letters[vouch_random_below(&r, sizeof letters - 1)];
                file[size++] = text[i][k];
                if (text[i][k] == '"')
                    file[size++] = '"';
            }
            text[i][length] = '\0';
            size += (size_t)sprintf(file + size, "\",%d\n", i);
        }
        files_put(f, "r.csv", file, size);
        vouch_data *set = files_load(f, "?header=yes");
        vouch_test_join(f->folder, "r2.csv", f->path);
        vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
        vouch_data *again = files_load(f, "?header=yes");
        same(set, again);
        for (int i = 0; i < 3; i++) {
            int hit = 0;
            const vouch_column *c = &again->info.schema->column[0];
            for (int k = 0; k < c->categories; k++)
                hit +=
                    vouch_data_x(again, i)[k] == 1.0f && strcmp(c->category[k], text[i]) == 0;
            assert_int_equal(hit, 1);
        }
        vouch_data_free(set);
        vouch_data_free(again);
    }
}

static void what_cannot_be_written_is_refused(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:loan?count=5");
    static const struct {
        const char *path, *format, *words;
    } refused[] = {
        {"x.unknown", NULL, "does not tell a format"},
        {"x", "cifar10", "vouch does not write cifar10"},
        {"x", "idx", "must hold 'images'"},
        {"x.png", NULL, "not pictures"},
        {"x", "npy", "must end in .npy"},
        {"/nonexistent/folder/x.npz", NULL, "cannot create"},
    };
    for (size_t i = 0; i < VOUCH_TEST_COUNT(refused); i++) {
        assert_int_not_equal(vouch_data_write(set, refused[i].path, refused[i].format),
                             VOUCH_OK);
        if (!strstr(vouch_context_error(f->ctx), refused[i].words))
            print_error("%s\n", vouch_context_error(f->ctx));
        assert_non_null(strstr(vouch_context_error(f->ctx), refused[i].words));
        vouch_context_clear_error(f->ctx);
    }
    vouch_data_free(set);
}

static void every_cut_of_an_archive_is_refused(void **state)
{
    files *f = *state;
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_file file;
    vouch_data *set = make(f, "builtin:loan?count=3");
    vouch_test_join(f->folder, "cut.npz", f->path);
    vouch_test_ok(f->ctx, vouch_data_write(set, f->path, NULL));
    vouch_test_ok(f->ctx, vouch_file_read(arena, f->path, 1 << 20, &file));
    for (size_t size = 0; size < file.size; size += 7) {
        vouch_data *again = NULL;
        files_put(f, "short.npz", file.data, size);
        assert_int_not_equal(vouch_data_load(f->ctx, f->path, &again), VOUCH_OK);
        assert_null(again);
        assert_non_null(strstr(vouch_context_error(f->ctx), "short.npz"));
        vouch_context_clear_error(f->ctx);
    }
    file.data[200] ^= 1; /* a number changes: its checksum does not */
    files_put(f, "flipped.npz", file.data, file.size);
    files_fail(f, "", "checksum");
    vouch_data_free(set);
    vouch_arena_free(arena);
}

static void splits_are_seeded_disjoint_and_stratified(void **state)
{
    files *f = *state;
    vouch_data *set = make(f, "builtin:glyphs16?count=1000");
    int64_t index[1000], again[1000], size[3], counts[10] = {0}, in_first[10] = {0};
    const double share[] = {.7, .2, .1}, wrong[] = {1, 0};
    vouch_data_shares shares = {share, 3, true, 4};
    bool seen[1000] = {false};
    vouch_test_ok(f->ctx, vouch_data_split(set, &shares, index, size));
    assert_int_equal(size[0] + size[1] + size[2], 1000);
    for (int64_t i = 0; i < 1000; i++) {
        assert_false(seen[index[i]]);
        seen[index[i]] = true;
        counts[set->label[index[i]]]++;
        in_first[set->label[index[i]]] += i < size[0];
    }
    for (int c = 0; c < 10; c++)
        assert_true(fabs((double)in_first[c] - .7 * (double)counts[c]) < 1);
    vouch_test_ok(f->ctx, vouch_data_split(set, &shares, again, size));
    assert_memory_equal(index, again, sizeof index);
    shares.seed = 5;
    vouch_test_ok(f->ctx, vouch_data_split(set, &shares, again, size));
    assert_true(memcmp(index, again, sizeof index) != 0);
    shares.stratified = false;
    vouch_test_ok(f->ctx, vouch_data_split(set, &shares, again, size));
    assert_int_equal(size[0], 700);
    shares = (vouch_data_shares){wrong, 2, false, 4};
    vouch_test_fails(f->ctx, vouch_data_split(set, &shares, again, size), VOUCH_ERR_ARGUMENT,
                     "positive");
    vouch_data *part = NULL;
    vouch_test_ok(f->ctx, vouch_data_select(set, index, 10, &part));
    assert_int_equal(part->label[9], set->label[index[9]]);
    assert_memory_equal(vouch_data_x(part, 9), vouch_data_x(set, index[9]), 1024);
    vouch_data_free(part);
    vouch_data_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_back_what_was_written),
        cmocka_unit_test(a_folder_of_pictures_gives_back_what_was_written),
        cmocka_unit_test(a_grid_holds_every_sample),
        cmocka_unit_test(a_table_and_its_schema_give_the_same_features),
        cmocka_unit_test(random_texts_survive_quoting),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(every_cut_of_an_archive_is_refused),
        cmocka_unit_test(splits_are_seeded_disjoint_and_stratified),
    };
    return cmocka_run_group_tests_name("data.write", tests, files_open, files_close);
}
