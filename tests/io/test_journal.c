/* Journals: what was kept is found again, a torn line goes, the files of others are left alone. */
#include "io/journal.h"

#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "support/support.h"

static vouch_context *ctx;
static vouch_arena *arena;
static char path[VOUCH_TEST_PATH];

static int setup(void **state)
{
    char folder[VOUCH_TEST_PATH];
    (void)state;
    ctx = vouch_context_new(NULL);
    arena = vouch_arena_new(ctx);
    vouch_test_temp_dir(folder);
    vouch_test_join(folder, "journal", path);
    return ctx && arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}

static vouch_status open_with(const char *network, const char *data, vouch_journal **journal)
{
    const vouch_journal_fact fact[] = {{"network", network}, {"data", data}};
    return vouch_journal_open(arena, path, fact, 2, journal);
}

static void put_file(const char *text)
{
    vouch_test_ok(ctx, vouch_file_write(ctx, path, text, strlen(text)));
}

static void assert_file(const char *text)
{
    vouch_file file;
    vouch_test_ok(ctx, vouch_file_read(arena, path, 1 << 20, &file));
    assert_string_equal(file.data, text);
}

static void what_was_kept_is_found_again(void **state)
{
    vouch_journal *j;
    (void)state;
    vouch_test_ok(ctx, open_with("n\t1", "d", &j));
    vouch_test_ok(ctx, vouch_journal_add(ctx, j, "b", "2"));
    vouch_test_ok(ctx, vouch_journal_add(ctx, j, "a", ""));
    assert_null(vouch_journal_find(j, "b")); /* of this run */
    vouch_journal_close(j);
    vouch_test_ok(ctx, open_with("n\t1", "d", &j));
    assert_int_equal(vouch_journal_units(j), 2);
    assert_string_equal(vouch_journal_find(j, "b"), "2");
    assert_string_equal(vouch_journal_find(j, "a"), "");
    assert_null(vouch_journal_find(j, "c"));
    vouch_journal_close(j);
    assert_file("vouch-journal 1\tnetwork=n?1\tdata=d\nb\t2\na\t\n");
    (void)remove(path);
}

static void parts_have_units_of_their_own(void **state)
{
    vouch_journal *j, *a, *b, *none;
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        vouch_test_ok(ctx, open_with("n", "d", &j));
        vouch_test_ok(ctx, vouch_journal_part(arena, j, "one", &a));
        vouch_test_ok(ctx, vouch_journal_part(arena, j, "two", &b));
        if (turn == 0) {
            vouch_test_ok(ctx, vouch_journal_add(ctx, a, "u", "1"));
            vouch_test_ok(ctx, vouch_journal_add(ctx, b, "u", "2"));
        } else {
            assert_int_equal(vouch_journal_units(a), 2);
            assert_string_equal(vouch_journal_find(a, "u"), "1");
            assert_string_equal(vouch_journal_find(b, "u"), "2");
            assert_null(vouch_journal_find(j, "u"));
        }
        vouch_journal_close(j);
    }
    vouch_test_ok(ctx, vouch_journal_part(arena, NULL, "one", &none));
    assert_null(none);
    (void)remove(path);
}

static void torn_lines_are_cut_off(void **state)
{
    static const char *const torn[] = {"",
                                       "v",
                                       "vouch-journal 1\tnetwork=n\tdat",
                                       "vouch-journal 1\tnetwork=n\tdata=d\n",
                                       "vouch-journal 1\tnetwork=n\tdata=d\na\t1",
                                       "vouch-journal 1\tnetwork=n\tdata=d\njunk\nb\t1\n"};
    vouch_journal *j;
    (void)state;
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        put_file(torn[i]);
        vouch_test_ok(ctx, open_with("n", "d", &j));
        assert_int_equal(vouch_journal_units(j), 0);
        vouch_journal_close(j);
        assert_file("vouch-journal 1\tnetwork=n\tdata=d\n");
    }
    (void)remove(path);
}

static void other_runs_and_other_files_are_refused(void **state)
{
    static const struct {
        const char *text, *word;
    } other[] = {
        {"vouch-journal 1\tnetwork=m\tdata=d\n", "other network"},
        {"vouch-journal 1\tnetwork=n\tdata=dd\n", "other data"},
        {"vouch-journal 1\tnetwork=n\n", "other network"},
        {"vouch-journal 1\tnetwork=n\tdata=d\tmore=1\n", "other data"},
        {"vouch-journal 2\tnetwork=n\tdata=d\n", "no journal"},
        {"my poem", "no journal"},
        {"my poem\n", "no journal"},
    };
    vouch_journal *j;
    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        put_file(other[i].text);
        assert_int_not_equal(open_with("n", "d", &j), VOUCH_OK);
        assert_non_null(strstr(vouch_context_error(ctx), other[i].word));
        vouch_context_clear_error(ctx);
        assert_file(other[i].text);
    }
    (void)remove(path);
}

static void two_runs_do_not_share_a_journal(void **state)
{
    vouch_journal *first, *second;
    (void)state;
    vouch_test_ok(ctx, open_with("n", "d", &first));
    assert_int_equal(open_with("n", "d", &second), VOUCH_ERR_IO);
    vouch_context_clear_error(ctx);
    vouch_journal_close(first);
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_found_again),
        cmocka_unit_test(parts_have_units_of_their_own),
        cmocka_unit_test(torn_lines_are_cut_off),
        cmocka_unit_test(other_runs_and_other_files_are_refused),
        cmocka_unit_test(two_runs_do_not_share_a_journal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
