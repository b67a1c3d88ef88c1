/* Real properties: those of the competition's benchmarks, and the examples of VNN-LIB 2.0. */
#include "spec_fixture.h"

#include <dirent.h>
#include <stdio.h>

#include "io/io.h"
#include "support/support.h"

enum { SIZE_MAX_BYTES = 1 << 20 };

static vouch_status read_text(spec_fixture *f, vouch_arena *arena, const char *path,
                              vouch_file *file)
{
    vouch_status status = vouch_file_read(arena, path, SIZE_MAX_BYTES, file);

    if (status == VOUCH_ERR_LIMIT)
        vouch_context_clear_error(f->ctx);
    return status;
}

static int64_t count_of(const vouch_file *file, const char *word)
{
    size_t length = strlen(word);
    int64_t count = 0;

    for (size_t i = 0; i + length <= file->size; i++)
        count += file->data[i] == word[0] && memcmp(file->data + i, word, length) == 0;
    return count;
}

/* How many properties of the folder were parsed. */
static int parse_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int parsed = 0;

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        char path[VOUCH_TEST_PATH];
        vouch_arena *arena;
        vouch_file file;
        spec_fixture f;

        if (!strstr(entry->d_name, ".vnnlib"))
            continue;
        vouch_test_join(folder, entry->d_name, path);
        fixture_open(&f, 1, 1);
        arena = vouch_arena_new(f.ctx);
        assert_non_null(arena);
        if (read_text(&f, arena, path, &file) == VOUCH_OK) {
            f.value[0].shape.dim[1] = count_of(&file, "(declare-const X_");
            f.value[1].shape.dim[1] = count_of(&file, "(declare-const Y_");
            if (vouch_spec_parse(f.ctx, &f.graph, entry->d_name, file.data, file.size,
                                 &f.spec) != VOUCH_OK)
                fail_msg("%s", vouch_context_error(f.ctx));
            assert_true(f.spec->case_count > 0);
            parsed++;
        }
        vouch_arena_free(arena);
        fixture_close(&f);
    }
    if (dir)
        closedir(dir);
    return parsed;
}

static void every_property_of_the_benchmarks_parses(void **state)
{
    char root[VOUCH_TEST_PATH], folder[VOUCH_TEST_PATH], inner[VOUCH_TEST_PATH];
    int parsed = 0;
    DIR *dir;

    (void)state;
    vouch_test_data("vnncomp", root);
    dir = opendir(root);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        vouch_test_join(root, entry->d_name, folder);
        vouch_test_join(folder, "vnnlib", inner);
        if (entry->d_name[0] != '.')
            parsed += parse_folder(inner);
    }
    closedir(dir);
    print_message("%d properties parsed\n", parsed);
    assert_true(parsed > 100);
}

static const struct {
    const char *name;
    int64_t inputs, outputs;
    vouch_status status;
    const char *error; /* or its words */
} examples[] = {
    {"acc.vnnlib", 3, 1, VOUCH_OK, "unsafe if (X[2] <= 1.5 X[1] - 15 and Y <= -3) or"},
    {"cartpole.vnnlib", 4, 2, VOUCH_OK, "unsafe if Y[1] <= Y[0]"},
    {"drones.vnnlib", 12, 1, VOUCH_OK,
     "unsafe if Y >= 20.507437306839908 or Y <= -14.696421224076236"},
    {"mnist.vnnlib", 784, 10, VOUCH_ERR_VALUE, "mnist.vnnlib: X[0,1] has no lower bound"},
    {"single_network.vnnlib", 3, 4, VOUCH_OK, "unsafe if (1.5 X[1] <= X[2] - 5 and"},
    {"single_network.vnnlib", 5, 4, VOUCH_ERR_SHAPE,
     "single_network.vnnlib:3: 'X' is declared as [3], but input 'in' of the network "
     "'net.onnx' is [1,5]"},
    {"multiple_networks.vnnlib", 5, 5, VOUCH_ERR_UNSUPPORTED,
     "multiple_networks.vnnlib:7: several networks ('AcasXu', 'AcasYu') are not supported yet"},
    {"initialized.vnnlib", 5, 5, VOUCH_ERR_UNSUPPORTED,
     "initialized.vnnlib:4: initialized input 'A': not supported yet"},
};

static void the_examples_of_the_standard_parse_or_say_why_not(void **state)
{
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH], words[256];

    (void)state;
    vouch_test_data("vnnlib2", folder);
    for (size_t i = 0; i < VOUCH_TEST_COUNT(examples); i++) {
        vouch_arena *arena;
        vouch_file file;
        spec_fixture f;
        vouch_status status;

        fixture_open(&f, examples[i].inputs, examples[i].outputs);
        arena = vouch_arena_new(f.ctx);
        assert_non_null(arena);
        vouch_test_join(folder, examples[i].name, path);
        assert_int_equal(read_text(&f, arena, path, &file), VOUCH_OK);
        status =
            vouch_spec_parse(f.ctx, &f.graph, examples[i].name, file.data, file.size, &f.spec);
        if (status == VOUCH_OK)
            vouch_spec_describe(f.spec, -1, words, sizeof words);
        else
            (void)snprintf(words, sizeof words, "%s", vouch_context_error(f.ctx));
        if (strncmp(words, examples[i].error, strlen(examples[i].error)) != 0)
            fail_msg("%s: %s", examples[i].name, words);
        assert_int_equal(status, examples[i].status);
        vouch_arena_free(arena);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_property_of_the_benchmarks_parses),
        cmocka_unit_test(the_examples_of_the_standard_parse_or_say_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
