/* HTML pages: see html.h. SPEC: HTML Living Standard; colours meet WCAG 2.1 AA (contrast 4.5). */
#include "report/html.h"

#include <stdarg.h>
#include <stdio.h>

/* The classes proof, attack, gap, axis, ground and bin are those of drawings. */
static const char *const style[] = {
    ":root{color-scheme:light dark;--ink:#1c1f23;--paper:#fff;--soft:#5a626c;--line:#d9dde2;",
    "--card:#f6f7f9;--proof:#1b7837;--attack:#b2182b;--gap:#d4d7db;--warn:#fff3cd}\n",
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--paper:#14171a;--soft:#a3adb8;",
    "--line:#333a42;--card:#1d2126;--proof:#5fbf7b;--attack:#f28b84;--gap:#414952;",
    "--warn:#4a3b10}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 3rem;background:var(--paper);",
    "color:var(--ink);font:1rem/1.5 system-ui,Roboto,Helvetica,Arial,sans-serif;",
    "font-variant-numeric:tabular-nums;overflow-wrap:break-word}\n",
    "h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}\n",
    "h2{font-size:1.15rem;margin:2.5rem 0 .75rem;padding-top:.75rem;",
    "border-top:1px solid var(--line)}\n",
    "p{max-width:42rem;margin:.5rem 0}\n",
    ".sub,figcaption,caption,.note{color:var(--soft)}\n",
    ".warn{background:var(--warn);border-radius:.5rem;padding:.5rem .75rem}\n",
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.75rem;",
    "margin:1.25rem 0;padding:0;list-style:none}\n",
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;",
    "padding:.75rem 1rem}\n",
    ".card b{display:block;font-size:1.4rem;line-height:1.4;font-weight:650}\n",
    ".label{font-weight:600}.note{font-size:.875rem}\n",
    ".bar{display:flex;height:.5rem;margin:.35rem 0 .5rem;border-radius:.25rem;",
    "overflow:hidden;border:1px solid var(--line)}\n",
    ".bar i{background:var(--proof)}.bar i+i{background:var(--gap)}\n",
    ".wide{overflow-x:auto;max-height:32rem;margin:.75rem 0 1.25rem}\n",
    "table{border-collapse:collapse;font-size:.9375rem;min-width:min(100%,26rem)}\n",
    "caption{text-align:left;padding-bottom:.35rem;font-size:.875rem}\n",
    "th,td{padding:.3rem .75rem;text-align:right;border-bottom:1px solid var(--line);",
    "font-weight:400;white-space:nowrap}\n",
    "thead th{position:sticky;top:0;background:var(--paper);font-weight:600}\n",
    "th:first-child{text-align:left;padding-left:0;position:sticky;left:0;",
    "background:var(--paper)}\n",
    ".pairs td{text-align:left;white-space:normal;overflow-wrap:anywhere}\n",
    ".pairs th{vertical-align:top}\n",
    "figure{margin:1rem 0;max-width:36rem}figcaption{font-size:.875rem}\n",
    "svg{width:100%;height:auto;fill:var(--ink);font-size:13px}\n",
    "svg .ground{fill:none}svg .axis,svg .bin{stroke:var(--soft)}\n",
    "svg .attack{stroke:var(--attack)}svg .proof{stroke:var(--proof)}\n",
    "svg .gap{fill:var(--gap)}svg .bin{fill:var(--proof)}\n",
    "@media(min-width:48rem){.wide{max-height:none}}\n",
    "@media(max-width:30rem){svg{font-size:14px}}\n",
    "@media print{.wide{overflow:visible;max-height:none}section{break-inside:avoid}}\n",
    NULL};

static void element(vouch_html *page, const char *open, const char *text, const char *close)
{
    vouch_markup_put(&page->out, open);
    vouch_markup_text(&page->out, text);
    vouch_markup_put(&page->out, close);
}

/* What the format makes, escaped. */
static void VOUCH_PRINTF(2, 0)
    formatted(vouch_html *page, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0 || page->out.status != VOUCH_OK)
        return;
    char *text = vouch_alloc(page->out.ctx, (size_t)length + 1);
    if (text == NULL) {
        page->out.status = vouch_fail(page->out.ctx, VOUCH_ERR_MEMORY, "page: out of memory");
        return;
    }
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    vouch_markup_text(&page->out, text);
    vouch_release(page->out.ctx, text);
}

/* ---- the page ------------------------------------------------------------------------------- */

void vouch_html_begin(vouch_html *page, vouch_context *ctx, const char *title,
                      const char *subtitle)
{
    *page = (vouch_html){.out = {.ctx = ctx}};
    vouch_markup_put(&page->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                                 "<meta charset=\"utf-8\">\n"
                                 "<meta name=\"viewport\" content=\"width=device-width, "
                                 "initial-scale=1\">\n");
    element(page, "<title>", title, "</title>\n<style>\n");
    for (const char *const *line = style; *line; line++)
        vouch_markup_put(&page->out, *line);
    element(page, "</style>\n</head>\n<body>\n<header>\n<h1>", title, "</h1>\n");
    element(page, "<p class=\"sub\">", subtitle, "</p>\n</header>\n<main>\n");
}

void vouch_html_section(vouch_html *page, const char *title)
{
    char open[96];
    if (page->sections++ > 0)
        vouch_markup_put(&page->out, "</section>\n");
    snprintf(open, sizeof open, "<section aria-labelledby=\"s%d\">\n<h2 id=\"s%d\">",
             page->sections, page->sections);
    element(page, open, title, "</h2>\n");
}

void vouch_html_paragraph(vouch_html *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vouch_markup_put(&page->out, "<p>");
    formatted(page, format, arguments);
    vouch_markup_put(&page->out, "</p>\n");
    va_end(arguments);
}

void vouch_html_warning(vouch_html *page, const char *text)
{
    element(page, "<p class=\"warn\" role=\"note\">", text, "</p>\n");
}

vouch_status vouch_html_end(vouch_html *page)
{
    if (page->sections > 0)
        vouch_markup_put(&page->out, "</section>\n");
    vouch_markup_put(&page->out, "</main>\n</body>\n</html>\n");
    return page->out.status;
}

/* ---- cards ---------------------------------------------------------------------------------- */

void vouch_html_cards(vouch_html *page)
{
    vouch_markup_put(&page->out, "<ul class=\"cards\">\n");
}

static void bar(vouch_html *page, double low, double high)
{
    vouch_markup_put(&page->out, "<div class=\"bar\" aria-hidden=\"true\"><i style=\"width:");
    vouch_markup_number(&page->out, 100 * low);
    vouch_markup_put(&page->out, "%\"></i><i style=\"width:");
    vouch_markup_number(&page->out, 100 * (high - low));
    vouch_markup_put(&page->out, "%\"></i></div>");
}

void vouch_html_put_card(vouch_html *page, const vouch_html_card *card)
{
    element(page, "<li class=\"card\"><span class=\"label\">", card->label, "</span>");
    element(page, "<b>", card->value, "</b>");
    if (card->has_span)
        bar(page, card->low, card->high);
    element(page, "<span class=\"note\">", card->note, "</span></li>\n");
}

void vouch_html_cards_end(vouch_html *page) { vouch_markup_put(&page->out, "</ul>\n"); }

/* ---- tables --------------------------------------------------------------------------------- */

static void open_table(vouch_html *page, const char *class, const char *caption)
{
    page->rows = 0;
    vouch_markup_put(&page->out, "<div class=\"wide\" role=\"region\" tabindex=\"0\"");
    element(page, " aria-label=\"", caption, "\">\n<table");
    vouch_markup_put(&page->out, class);
    element(page, ">\n<caption>", caption, "</caption>\n");
}

void vouch_html_table(vouch_html *page, const char *caption) { open_table(page, "", caption); }

void vouch_html_pairs(vouch_html *page, const char *caption)
{
    open_table(page, " class=\"pairs\"", caption);
}

void vouch_html_row(vouch_html *page)
{
    static const char *const open[] = {"<thead>\n<tr>", "</tr>\n</thead>\n<tbody>\n<tr>"};
    vouch_markup_put(&page->out, page->rows < 2 ? open[page->rows] : "</tr>\n<tr>");
    page->rows++;
    page->cells = 0;
}

void vouch_html_cell(vouch_html *page, const char *format, ...)
{
    const bool head = page->rows == 1, name = page->cells++ == 0;
    va_list arguments;
    va_start(arguments, format);
    vouch_markup_put(&page->out, head   ? "<th scope=\"col\">"
                                 : name ? "<th scope=\"row\">"
                                        : "<td>");
    formatted(page, format, arguments);
    vouch_markup_put(&page->out, head || name ? "</th>" : "</td>");
    va_end(arguments);
}

void vouch_html_row_of(vouch_html *page, int count, const char *const *text)
{
    vouch_html_row(page);
    for (int k = 0; k < count; k++)
        vouch_html_cell(page, "%s", text[k]);
}

void vouch_html_table_end(vouch_html *page)
{
    if (page->rows > 0)
        vouch_markup_put(&page->out,
                         page->rows == 1 ? "</tr>\n</thead>\n" : "</tr>\n</tbody>\n");
    vouch_markup_put(&page->out, "</table>\n</div>\n");
}

/* ---- figures -------------------------------------------------------------------------------- */

void vouch_html_figure(vouch_html *page) { vouch_markup_put(&page->out, "<figure>\n"); }

void vouch_html_figure_end(vouch_html *page, const char *caption)
{
    element(page, "<figcaption>", caption, "</figcaption>\n</figure>\n");
}
