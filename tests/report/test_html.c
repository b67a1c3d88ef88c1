/* Pages: what is escaped, and that marks match. */
#include "report/html.h"

#include <stdio.h>
#include <string.h>

#include "support/support.h"

static vouch_context *ctx;

static int setup(void **state)
{
    (void)state;
    ctx = vouch_context_new(NULL);
    return ctx ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vouch_context_free(ctx);
    return 0;
}

static int occurrences(const char *text, const char *word)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

static void write_page(vouch_html *page, const char *text)
{
    vouch_html_begin(page, ctx, text, text);
    vouch_html_section(page, text);
    vouch_html_cards(page);
    vouch_html_put_card(page, &(vouch_html_card){text, text, text, true, .25, .75});
    vouch_html_cards_end(page);
    vouch_html_section(page, text);
    vouch_html_paragraph(page, "%s", text);
    vouch_html_warning(page, text);
    vouch_html_table(page, text);
    for (int row = 0; row < 3; row++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", text);
        vouch_html_cell(page, "%d", row);
    }
    vouch_html_table_end(page);
    vouch_html_pairs(page, text); /* without a row */
    vouch_html_table_end(page);
    vouch_html_figure(page);
    vouch_html_figure_end(page, text);
}

static void text_is_escaped_wherever_it_stands(void **state)
{
    (void)state;
    vouch_html page;
    write_page(&page, "<i>\"&\x01");
    vouch_test_ok(ctx, vouch_html_end(&page));
    assert_null(strstr(page.out.data, "<i>\""));
    assert_int_equal(occurrences(page.out.data, "&lt;i&gt;&quot;&amp; "), 18);
    vouch_markup_free(&page.out);
}

static void what_is_opened_is_closed(void **state)
{
    static const char *const tag[] = {"html",  "head",  "body", "main", "section", "table",
                                      "thead", "tbody", "tr",   "ul",   "li",      "figure"};
    (void)state;
    vouch_html page;
    write_page(&page, "x");
    vouch_test_ok(ctx, vouch_html_end(&page));
    for (size_t i = 0; i < sizeof tag / sizeof *tag; i++) {
        char close[32], open[32], open_more[32];
        snprintf(close, sizeof close, "</%s>", tag[i]);
        snprintf(open, sizeof open, "<%s>", tag[i]);
        snprintf(open_more, sizeof open_more, "<%s ", tag[i]);
        assert_int_equal(occurrences(page.out.data, close),
                         occurrences(page.out.data, open) +
                             occurrences(page.out.data, open_more));
    }
    assert_non_null(strstr(page.out.data, "width:25%\"></i><i style=\"width:50%"));
    vouch_markup_free(&page.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped_wherever_it_stands),
        cmocka_unit_test(what_is_opened_is_closed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
