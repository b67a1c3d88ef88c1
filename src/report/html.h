/* A page for people: one HTML file that needs nothing else, no script, no font, no picture.
 *
 * It has a head, sections, cards of headline figures, paragraphs, tables and figures (drawn by
 * svg.h into `out`). It can be read on a phone (wide tables scroll by themselves), in the dark
 * (colours follow the system), by a screen reader (headings, captions, scopes) and on paper.
 * Errors stick, as in markup.h. All text is escaped; formats are the program's own.
 *
 *     vouch_html_begin(&page, ctx, "Title", "below it");
 *     vouch_html_section(&page, "Section");
 *     vouch_html_table(&page, "Caption");
 *     vouch_html_row(&page); vouch_html_cell(&page, "name"); vouch_html_cell(&page, "count");
 *     vouch_html_row(&page); vouch_html_cell(&page, "%s", name); vouch_html_cell(&page, ...
 *     vouch_html_table_end(&page);
 *     status = vouch_html_end(&page);
 */
#ifndef VOUCH_REPORT_HTML_H
#define VOUCH_REPORT_HTML_H

#include "base/arena.h"
#include "report/markup.h"

typedef struct vouch_html {
    vouch_markup out;
    int sections, rows, cells; /* so far; rows of the table, cells of the row */
} vouch_html;

void vouch_html_begin(vouch_html *page, vouch_context *ctx, const char *title,
                      const char *subtitle);
void vouch_html_section(vouch_html *page, const char *title); /* ends the one before */
void vouch_html_paragraph(vouch_html *page, const char *format, ...) VOUCH_PRINTF(2, 3);
/* A paragraph nobody may overlook. */
void vouch_html_warning(vouch_html *page, const char *text);

/* Headline figures side by side: begin, cards, end. */
void vouch_html_cards(vouch_html *page);
typedef struct vouch_html_card {
    const char *label, *value, *note;
    bool has_span;
    double low, high; /* of the span, 0 to 1: a bar that is sure up to low, open up to high */
} vouch_html_card;
void vouch_html_put_card(vouch_html *page, const vouch_html_card *card);
void vouch_html_cards_end(vouch_html *page);

/* The first row is the head, the first cell of each row its name. */
void vouch_html_table(vouch_html *page, const char *caption);
void vouch_html_pairs(vouch_html *page, const char *caption); /* of names and texts */
void vouch_html_row(vouch_html *page);
void vouch_html_cell(vouch_html *page, const char *format, ...) VOUCH_PRINTF(2, 3);
/* A row of words, as of a head. */
void vouch_html_row_of(vouch_html *page, int count, const char *const *text);
void vouch_html_table_end(vouch_html *page);

/* What is drawn between the two is the figure. */
void vouch_html_figure(vouch_html *page);
void vouch_html_figure_end(vouch_html *page, const char *caption);

/* The text is page->out.data until vouch_markup_free(&page->out). */
vouch_status vouch_html_end(vouch_html *page);

#endif
