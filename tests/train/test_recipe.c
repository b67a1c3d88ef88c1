/* Recipes: text gives settings, errors name file and line, what is written reads back. */
#include <string.h>

#include "support/support.h"
#include "train/recipe.h"

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_recipe recipe;
} fixture;

static fixture *begin(void)
{
    static fixture f;
    f.ctx = vouch_test_context();
    f.arena = vouch_arena_new(f.ctx);
    f.recipe = (vouch_recipe){0};
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &f.recipe);
    return &f;
}

static void end(fixture *f)
{
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static vouch_status parse(fixture *f, const char *text)
{
    return vouch_recipe_parse(f->arena, "r.ini", text, strlen(text), &f->recipe);
}

static void a_recipe_sets_what_it_names(void **state)
{
    (void)state;
    fixture *f = begin();
    vouch_test_ok(f->ctx, parse(f, "# words\n; words\n\n[data]\r\n data =  a b.csv \r\ntest=\n"
                                   "augment = flip + crop pad=1\n"
                                   "[loss]\nloss=pgd steps=3\neps=.25\nramp = smooth\n"
                                   "[ schedule ]\nepochs = 7\nmilestones=2,3"));
    vouch_test_ok(f->ctx, vouch_recipe_finish(f->arena, &f->recipe));
    const vouch_fit_settings *s = &f->recipe.fit;
    assert_string_equal(f->recipe.data, "a b.csv");
    assert_null(f->recipe.test);
    assert_string_equal(s->term[0].loss->name, "pgd");
    assert_true(s->eps == 0.25 && s->epochs == 7 && s->augment_count == 2);
    assert_true(s->shape.milestones == 2 && s->batch == 100 && s->ramp.shape != NULL);
    end(f);
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"[data]\nepochs = 3\n", "r.ini:2: 'epochs' belongs into section [schedule]"},
        {"epochs = 3\n", "r.ini:1: 'epochs' belongs into section [schedule]"},
        {"\n[schedule]\nepoch = 3\n", "r.ini:3: no such key 'epoch'"},
        {"[schedule]\nepochs = 0\n", "r.ini:2: option 'epochs': '0' is not a whole number"},
        {"[schedule]\nschedule = up\n", "r.ini:2: option 'schedule': 'up' is not one of"},
        {"[schedule]\nepochs = 3\nepochs = 3\n", "r.ini:3: a second time 'epochs'"},
        {"[data]\ndata = \"a\n", "r.ini:2: a quote that does not end"},
        {"[data]\ndata = \"a\" b\n", "r.ini:2: words after the quote: 'b'"},
        {"[data]\ndata = \"a\"#b\n", "r.ini:2: words after the quote: '#b'"},
        {"[schedule]\nepochs = 3;why\n", "r.ini:2: option 'epochs': '3;why' is not"},
        {"[plan]\n", "r.ini:1: sections are"},
        {"[plan\n", "r.ini:1: a section ends with ]"},
        {"[data]\nwords\n", "r.ini:2: neither a section"}};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        fixture *f = begin();
        assert_true(parse(f, bad[i][0]) != VOUCH_OK);
        const char *error = vouch_context_error(f->ctx);
        if (strncmp(error, bad[i][1], strlen(bad[i][1])) != 0)
            fail_msg("'%s' does not begin with '%s'", error, bad[i][1]);
        end(f);
    }
    fixture *f = begin();
    assert_int_equal(vouch_recipe_parse(f->arena, "r.ini", "[data]\nda\0ta", 12, &f->recipe),
                     VOUCH_ERR_PARSE);
    assert_non_null(strstr(vouch_context_error(f->ctx), "r.ini:2: a byte that is zero"));
    end(f);
}

static void comments_may_follow_values_and_sections(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"a.csv # why", "a.csv"},
        {"a.csv\t; why # more", "a.csv"},
        {"a#1;b.csv", "a#1;b.csv"},
        {"#1.csv", "#1.csv"},
        {"\"a # b.csv\"  # why", "a # b.csv"},
        {"\" a \"\"b\"\" ;\"", " a \"b\" ;"},
        {"a \"b\" # c", "a \"b\""},
    };
    for (size_t i = 0; i < VOUCH_TEST_COUNT(values); i++) {
        fixture *f = begin();
        char *text = vouch_arena_print(
                 f->arena, "[data] # words\ndata =%s\n[run]\t;\nseed = 7 ;\n", values[i][0]),
             *again;
        vouch_test_ok(f->ctx, parse(f, text));
        assert_string_equal(f->recipe.data, values[i][1]);
        assert_int_equal(f->recipe.seed, 7);
        vouch_test_ok(f->ctx, vouch_recipe_write(f->arena, &f->recipe, &again));
        vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &f->recipe);
        vouch_test_ok(f->ctx, parse(f, again));
        assert_string_equal(f->recipe.data, values[i][1]);
        end(f);
    }
    fixture *f = begin();
    vouch_test_ok(f->ctx, parse(f, "[data]\ndata = a\ntest = # none\n"));
    assert_null(f->recipe.test);
    end(f);
}

static void words_set_keys_with_or_without_their_section(void **state)
{
    (void)state;
    fixture *f = begin();
    vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, "epochs=4", &f->recipe));
    vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, "loss.eps=.5", &f->recipe));
    vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, "loss=pgd steps=2", &f->recipe));
    assert_true(f->recipe.fit.epochs == 4 && f->recipe.fit.eps == 0.5);
    assert_string_equal(f->recipe.loss, "pgd steps=2");
    end(f);
    static const char *const bad[] = {"epochs", "data.epochs=3", "epoch=3", "epochs=x", "=3"};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        f = begin();
        assert_int_equal(vouch_recipe_assign(f->arena, bad[i], &f->recipe), VOUCH_ERR_ARGUMENT);
        end(f);
    }
}

/* An empty loss, found by fuzzing, came back as the standard one. */
static void an_empty_text_reads_back_as_none(void **state)
{
    (void)state;
    fixture *f = begin();
    char *text;
    vouch_test_ok(f->ctx, parse(f, "[loss]\nloss =\n"));
    assert_null(f->recipe.loss);
    vouch_test_ok(f->ctx, vouch_recipe_write(f->arena, &f->recipe, &text));
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &f->recipe);
    vouch_test_ok(f->ctx, parse(f, text));
    assert_null(f->recipe.loss);
    end(f);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    fixture *f = begin();
    char *first, *second;
    vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, "data=x.csv", &f->recipe));
    vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, "rate=.1234567890123", &f->recipe));
    vouch_test_ok(f->ctx, vouch_recipe_write(f->arena, &f->recipe, &first));
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &f->recipe);
    vouch_test_ok(f->ctx, parse(f, first));
    vouch_test_ok(f->ctx, vouch_recipe_write(f->arena, &f->recipe, &second));
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "rate = 0.1234567890123\n"));
    end(f);
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][3] = {{"patience=3", NULL, "validation"},
                                         {"ramp=linear", "ramp-from=5", "ramp-until"},
                                         {"average=swa", "average-from=10", "average-from"},
                                         {"loss=none", NULL, "loss 'none'"},
                                         {"milestones=3,1", NULL, "milestones"}};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        fixture *f = begin();
        for (int k = 0; k < 2; k++)
            if (bad[i][k])
                vouch_test_ok(f->ctx, vouch_recipe_assign(f->arena, bad[i][k], &f->recipe));
        assert_int_equal(vouch_recipe_finish(f->arena, &f->recipe), VOUCH_ERR_ARGUMENT);
        assert_non_null(strstr(vouch_context_error(f->ctx), bad[i][2]));
        end(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_sets_what_it_names),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(comments_may_follow_values_and_sections),
        cmocka_unit_test(words_set_keys_with_or_without_their_section),
        cmocka_unit_test(an_empty_text_reads_back_as_none),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(settings_that_contradict_each_other_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
