/* The text and the page of `vouch explain compare`. */
#include "cli/compare_report.h"

#include <inttypes.h>
#include <string.h>

#include "cli/publish.h"
#include "report/html.h"

double vouch_cli_way_mean(const vouch_cli_compare_report *r, int way, vouch_formal_class class)
{
    double sum = 0;
    for (int64_t k = 0; k < r->count; k++)
        sum += (double)r->way[way].point[k].explanation.count[class];
    return sum / (double)r->count;
}

double vouch_cli_way_cpu_s(const vouch_cli_compare_report *r, int way)
{
    double sum = 0;
    for (int64_t k = 0; k < r->count; k++)
        sum += r->way[way].point[k].explanation.cpu_s;
    return sum / (double)r->count;
}

double vouch_cli_ways_agree(const vouch_cli_compare_report *r, int a, int b)
{
    double sum = 0;
    for (int64_t k = 0; k < r->count; k++) {
        const vouch_explanation *one = &r->way[a].point[k].explanation;
        const vouch_explanation *other = &r->way[b].point[k].explanation;
        int64_t same = 0;
        for (int64_t f = 0; f < one->features; f++)
            same += one->class[f] == other->class[f];
        sum += (double)same / (double)one->features;
    }
    return sum / (double)r->count;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* Why the exact search could not take a point's questions, or NULL. */
static const char *unsuited(const vouch_cli_compare_report *r, int way)
{
    const char *why = NULL;
    for (int64_t k = 0; k < r->count && why == NULL; k++)
        why = r->way[way].point[k].explanation.unsuited;
    return why;
}

void vouch_cli_compare_text(FILE *out, const vouch_cli_compare_report *r)
{
    int width = 32;
    for (int w = 0; w < r->ways; w++) {
        const int length = (int)strlen(r->way[w].name);
        width = length > width ? length : width;
    }
    fprintf(out, "means of %" PRId64 " points, of %" PRId64 " features%s\n", r->count,
            r->way[0].point[0].explanation.features,
            r->is_interrupted ? "; interrupted before the rest" : "");
    fprintf(out, "%-*s %10s %10s %10s %10s %10s\n", width, "", "irrelevant", "relevant",
            "unknown", "CPU s", "as first %");
    for (int w = 0; w < r->ways; w++)
        fprintf(out, "%-*s %10.1f %10.1f %10.1f %10.3f %10.1f\n", width, r->way[w].name,
                vouch_cli_way_mean(r, w, VOUCH_FORMAL_IRRELEVANT),
                vouch_cli_way_mean(r, w, VOUCH_FORMAL_RELEVANT),
                vouch_cli_way_mean(r, w, VOUCH_FORMAL_UNKNOWN), vouch_cli_way_cpu_s(r, w),
                100 * vouch_cli_ways_agree(r, 0, w));
    for (int w = 0; w < r->ways; w++)
        if (unsuited(r, w) != NULL)
            fprintf(out, "unsuited   %s: %s\n", r->way[w].name, unsuited(r, w));
}

/* ---- page ---------------------------------------------------------------------------------- */

static void put_table(vouch_html *page, const vouch_cli_compare_report *r)
{
    static const char *const head[] = {"way",     "irrelevant", "relevant",
                                       "unknown", "CPU s",      "as the first, %"};
    vouch_html_table(page, "Means over the points");
    vouch_html_row_of(page, sizeof head / sizeof *head, head);
    for (int w = 0; w < r->ways; w++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", r->way[w].name);
        vouch_html_cell(page, "%.1f", vouch_cli_way_mean(r, w, VOUCH_FORMAL_IRRELEVANT));
        vouch_html_cell(page, "%.1f", vouch_cli_way_mean(r, w, VOUCH_FORMAL_RELEVANT));
        vouch_html_cell(page, "%.1f", vouch_cli_way_mean(r, w, VOUCH_FORMAL_UNKNOWN));
        vouch_html_cell(page, "%.3f", vouch_cli_way_cpu_s(r, w));
        vouch_html_cell(page, "%.1f", 100 * vouch_cli_ways_agree(r, 0, w));
    }
    vouch_html_table_end(page);
}

vouch_status vouch_cli_compare_page(vouch_context *ctx, FILE *out,
                                    const vouch_cli_compare_report *r)
{
    vouch_html page;
    vouch_html_begin(&page, ctx, "Formal explanations side by side",
                     r->question[0].points.place);
    vouch_html_paragraph(&page, "Rows are points, columns ways of explaining them. Irrelevant "
                                "features provably cannot change the class, all together; a "
                                "relevant one can; hatched ones are not decided.");
    if (r->is_interrupted)
        vouch_html_paragraph(&page, "Interrupted: points that are not finished are left out.");
    if (r->picture.image.height > 1) {
        vouch_html_figure(&page);
        vouch_formal_svg_draw(&r->picture, &page.out);
        vouch_html_figure_end(&page, "Images, and what their pixels are to each decision.");
    }
    put_table(&page, r);
    return vouch_cli_put_markup(out, &page.out, vouch_html_end(&page));
}
