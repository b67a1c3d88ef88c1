/* Tables: types, categories, missing values, quoting, and errors with their line. */
#include "data/files.h"

static void a_header_names_columns_and_the_last_is_the_target(void **state)
{
    files *f = *state;
    files_text(f, "a.csv", "age,colour,out\n30,red,yes\n20, blue ,no\n");
    vouch_data *set = files_load(f, "");
    assert_int_equal(set->info.count, 2);
    assert_int_equal(set->info.size, 3);
    assert_string_equal(set->info.schema->column[0].name, "age");
    assert_string_equal(set->info.schema->column[1].category[0], "blue");
    assert_string_equal(set->info.class_name[set->label[0]], "yes");
    const float want[] = {30, 0, 1, 20, 1, 0};
    assert_memory_equal(set->x, want, sizeof want);
    assert_true(set->info.feature[0].low == 20 && set->info.feature[0].high == 30);
    assert_true(set->info.feature[0].is_integer && set->info.feature[0].group == -1);
    assert_int_equal(set->info.feature[1].group, set->info.feature[2].group);
    vouch_data_free(set);
}

static void quoted_fields_hold_separators_quotes_and_lines(void **state)
{
    files *f = *state;
    files_text(f, "q.csv", "\xef\xbb\xbf\"a\"\"b\",n,t\r\n\"x,\r\ny\",1,u\r\n\"z\",2,v");
    vouch_data *set = files_load(f, "");
    assert_string_equal(set->info.schema->column[0].name, "a\"b");
    assert_string_equal(set->info.schema->column[0].category[0], "x,\r\ny");
    assert_int_equal(set->info.count, 2);
    vouch_data_free(set);
}

static void missing_values_are_filled_dropped_or_refused(void **state)
{
    files *f = *state;
    files_text(f, "m.csv", "1,a,0\n?,b,1\n4,,0\n4,b,1\n");
    vouch_data *set = files_load(f, "");
    const float want[] = {1, 1, 0, 3, 0, 1, 4, 0, 1, 4, 0, 1};
    assert_int_equal(set->info.count, 4);
    assert_memory_equal(set->x, want, sizeof want);
    assert_true(set->info.schema->column[0].may_miss);
    vouch_data_free(set);
    set = files_load(f, "?missing=drop");
    assert_int_equal(set->info.count, 2);
    vouch_data_free(set);
    files_fail(f, "?missing=error", "m.csv:2: column 'c0': the value is missing");
}

static void blanks_tabs_and_semicolons_separate_too(void **state)
{
    files *f = *state;
    static const char *const texts[] = {"\n1\t2.5\tx\n3\t4\ty\n", "1  2.5 x\n3 4 y \n",
                                        "1;2.5;x\n3;4;y\n"};
    for (int i = 0; i < 3; i++) {
        files_text(f, "s.txt", texts[i]);
        vouch_data *set = files_load(f, "");
        const float want[] = {1, 2.5f, 3, 4};
        assert_int_equal(set->info.size, 2);
        assert_memory_equal(set->x, want, sizeof want);
        vouch_data_free(set);
    }
}

static void columns_are_chosen_dropped_and_scaled_by_settings(void **state)
{
    files *f = *state;
    files_text(f, "t.csv", "y,a,b,b\n5,0,7,1\n3,10,8,2\n");
    vouch_data *set = files_load(f, "?target=y&drop=b.2,2&scale=unit&shape=1x1");
    assert_int_equal(set->info.size, 1);
    assert_int_equal(set->label[0], 5);
    assert_string_equal(set->info.class_name[5], "5");
    assert_true(set->x[0] == 0 && set->x[1] == 1 && set->info.feature[0].high == 1);
    vouch_data_free(set);
    set = files_load(f, "?target=none");
    assert_int_equal(set->info.classes, 0);
    assert_int_equal(set->label[0], -1);
    vouch_data_free(set);
    files_fail(f, "?target=zz", "there is no column 'zz'");
}

static void words_without_end_are_ignored(void **state)
{
    files *f = *state;
    char text[8000];
    size_t size = 0;
    for (int i = 0; i < 200; i++)
        size +=
            (size_t)snprintf(text + size, sizeof text - size, "name%d,%d,%d\n", i, i, i % 2);
    files_text(f, "w.csv", text);
    vouch_data *set = files_load(f, "");
    assert_int_equal(set->info.size, 1);
    assert_int_equal(set->info.schema->column[0].type, VOUCH_COLUMN_IGNORED);
    vouch_data_free(set);
}

static void broken_tables_name_their_line(void **state)
{
    files *f = *state;
    files_text(f, "b.csv", "1,2\n3,4\n5\n");
    files_fail(f, "", "b.csv:3: 1 fields instead of 2");
    files_text(f, "b.csv", "1,\"2\n3,4\n");
    files_fail(f, "", "b.csv:1: a quote is not closed");
    files_text(f, "b.csv", "1,\"2\"x\n");
    files_fail(f, "", "b.csv:1: text after a closing quote");
    files_put(f, "b.csv", "1,\0\n", 4);
    files_fail(f, "", "b.csv:1: a byte is 0");
    files_text(f, "b.csv", "\n\n");
    files_fail(f, "", "the table is empty");
    files_text(f, "b.csv", "a,b\n");
    files_fail(f, "?header=yes", "the table has no rows");
}

static const char schema[] =
    "{\"vouch_schema\": 1, \"target\": \"t\", \"columns\": ["
    "{\"name\": \"a\", \"type\": \"real\", \"low\": 0, \"high\": 9, \"fill\": 2.5},"
    "{\"name\": \"k\", \"type\": \"category\", \"categories\": [\"x\", \"y\"], \"immutable\": "
    "true,"
    " \"protected\": true},"
    "{\"name\": \"n\", \"type\": \"integer\"},"
    "{\"name\": \"t\", \"type\": \"category\", \"categories\": [\"0\", \"1\"]}]}";

static void a_schema_decides_about_types_and_features(void **state)
{
    files *f = *state;
    char settings[2 * VOUCH_TEST_PATH];
    files_text(f, "schema.json", schema);
    (void)snprintf(settings, sizeof settings, "?schema=%s", f->path);
    files_text(f, "s.csv", "n,k,extra,a,t\n3,y,7,?,1.0\n");
    vouch_data *set = files_load(f, settings);
    const float want[] = {2.5f, 0, 1, 3};
    assert_memory_equal(set->x, want, sizeof want);
    assert_int_equal(set->label[0], 1);
    assert_true(set->info.feature[1].immutable && set->info.schema->column[1].is_protected);
    vouch_data_free(set);
    files_text(f, "s.csv", "n,k,a,t\n3,z,1,0\n");
    files_fail(f, settings, "s.csv:2: column 'k': 'z' is none of its 2 categories");
    files_text(f, "s.csv", "n,k,a,t\n3.5,x,1,0\n");
    files_fail(f, settings, "s.csv:2: column 'n': '3.5' is not an integer");
    files_text(f, "s.csv", "n,a,t\n3,1,0\n");
    files_fail(f, settings, "the column 'k' of the schema is missing");
}

static void a_schema_is_the_same_after_writing_and_reading(void **state)
{
    files *f = *state;
    vouch_arena *arena = vouch_arena_new(f->ctx);
    vouch_schema *s = NULL, *again = NULL;
    char *text = NULL, *second = NULL;
    size_t size = 0, second_size = 0;
    assert_int_equal(vouch_schema_parse(arena, "s", schema, strlen(schema), &s), VOUCH_OK);
    assert_int_equal(vouch_schema_dump(f->ctx, s, &text, &size), VOUCH_OK);
    assert_int_equal(vouch_schema_parse(arena, "s", text, size, &again), VOUCH_OK);
    assert_int_equal(vouch_schema_dump(f->ctx, again, &second, &second_size), VOUCH_OK);
    assert_string_equal(text, second);
    assert_int_equal(again->target, 3);
    vouch_release(f->ctx, text);
    vouch_release(f->ctx, second);
    vouch_arena_free(arena);
}

static void broken_schemas_are_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } broken[] = {
        {"{\n\"vouch_schema\": 1,", "s:2"},
        {"[]", "\"vouch_schema\" is not 1"},
        {"{\"vouch_schema\": 1, \"columns\": []}", "\"columns\""},
        {"{\"vouch_schema\": 1, \"columns\": [{\"name\": \"a\", \"type\": \"odd\"}]}",
         "\"type\""},
        {"{\"vouch_schema\": 1, \"columns\": [{\"name\": \"a\", \"type\": \"real\", \"low\": "
         "2, "
         "\"high\": 1}]}",
         "above"},
        {"{\"vouch_schema\": 1, \"columns\": [{\"name\": \"a\", \"type\": \"category\"}]}",
         "\"categories\""},
        {"{\"vouch_schema\": 1, \"target\": \"b\", \"columns\": [{\"name\": \"a\", \"type\": "
         "\"real\"}]}",
         "\"target\""},
    };
    files *f = *state;
    vouch_arena *arena = vouch_arena_new(f->ctx);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        vouch_schema *s = NULL;
        assert_int_not_equal(
            vouch_schema_parse(arena, "s", broken[i].text, strlen(broken[i].text), &s),
            VOUCH_OK);
        assert_non_null(strstr(vouch_context_error(f->ctx), broken[i].words));
        vouch_context_clear_error(f->ctx);
    }
    vouch_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_names_columns_and_the_last_is_the_target),
        cmocka_unit_test(quoted_fields_hold_separators_quotes_and_lines),
        cmocka_unit_test(missing_values_are_filled_dropped_or_refused),
        cmocka_unit_test(blanks_tabs_and_semicolons_separate_too),
        cmocka_unit_test(columns_are_chosen_dropped_and_scaled_by_settings),
        cmocka_unit_test(words_without_end_are_ignored),
        cmocka_unit_test(broken_tables_name_their_line),
        cmocka_unit_test(a_schema_decides_about_types_and_features),
        cmocka_unit_test(a_schema_is_the_same_after_writing_and_reading),
        cmocka_unit_test(broken_schemas_are_refused),
    };
    return cmocka_run_group_tests_name("data.csv", tests, files_open, files_close);
}
