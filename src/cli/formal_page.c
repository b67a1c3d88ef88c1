/* The picture and the page of `vouch explain formal`. */
#include <inttypes.h>
#include <string.h>

#include "cli/formal_report.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "report/formal_svg.h"
#include "report/html.h"

enum { ROWS = 16, TITLE = 128 }; /* images drawn at most */

typedef struct drawing {
    vouch_formal_picture picture;
    vouch_formal_row row[ROWS];
    vouch_formal_mask mask[ROWS];
    char title[ROWS][TITLE];
} drawing;

static void prepare(const vouch_cli_formal_report *r, drawing *d)
{
    d->picture = (vouch_formal_picture){.title = "Formal explanations: images and masks",
                                        .image = r->points->image,
                                        .low = r->points->low,
                                        .high = r->points->high,
                                        .masks = 1,
                                        .row = d->row};
    for (int64_t k = 0; k < r->count && k < ROWS; k++) {
        const vouch_cli_formal *p = &r->point[k];
        snprintf(d->title[k], TITLE,
                 "%s (point %" PRId64 "): %" PRId64 " of %" PRId64 " irrelevant",
                 vouch_cli_class_name(r->points, p->predicted).text, p->index,
                 p->explanation.count[VOUCH_FORMAL_IRRELEVANT], p->explanation.features);
        d->mask[k] = (vouch_formal_mask){NULL, &p->groups, &p->explanation};
        d->row[d->picture.count++] = (vouch_formal_row){d->title[k], p->x, &d->mask[k]};
    }
}

vouch_status vouch_cli_formal_picture(vouch_context *ctx, FILE *out,
                                      const vouch_cli_formal_report *r)
{
    drawing d = {.picture = {.count = 0}};
    prepare(r, &d);
    return vouch_cli_put_masks(ctx, out, &d.picture, r->is_png);
}

vouch_status vouch_cli_put_masks(vouch_context *ctx, FILE *out,
                                 const vouch_formal_picture *picture, bool is_png)
{
    vouch_svg svg;
    vouch_pack pack = {.ctx = ctx};
    if (!is_png)
        return vouch_cli_put_markup(out, &svg, vouch_formal_svg(ctx, picture, &svg));
    const vouch_status status = vouch_formal_png(ctx, picture, &pack);
    if (status == VOUCH_OK)
        (void)fwrite(pack.data, 1, pack.size, out); /* the stream remembers an error */
    vouch_pack_free(&pack);
    return status;
}

static bool ends_with(const char *path, const char *ending)
{
    const size_t length = strlen(path), end = strlen(ending);
    return length > end && strcmp(path + length - end, ending) == 0;
}

vouch_status vouch_cli_masks_kind(vouch_context *ctx, const char *path, bool *is_png)
{
    *is_png = path != NULL && ends_with(path, ".png");
    if (path == NULL || *is_png || ends_with(path, ".svg") || strncmp(path, "/dev/", 5) == 0 ||
        strcmp(path, "-") == 0)
        return VOUCH_OK;
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                      "--picture needs a file named .svg or .png, not '%s'", path);
}

/* ---- the page ------------------------------------------------------------------------------ */

static void put_points(vouch_html *page, const vouch_cli_formal_report *r)
{
    static const char *const head[] = {"point",   "class",   "irrelevant", "relevant",
                                       "unknown", "minimal", "CPU s"};
    vouch_html_table(page, "Features by class");
    vouch_html_row_of(page, sizeof head / sizeof *head, head);
    for (int64_t k = 0; k < r->count; k++) {
        const vouch_explanation *e = &r->point[k].explanation;
        vouch_html_row(page);
        vouch_html_cell(page, "%" PRId64, r->point[k].index);
        vouch_html_cell(page, "%s",
                        vouch_cli_class_name(r->points, r->point[k].predicted).text);
        vouch_html_cell(page, "%" PRId64, e->count[VOUCH_FORMAL_IRRELEVANT]);
        vouch_html_cell(page, "%" PRId64, e->count[VOUCH_FORMAL_RELEVANT]);
        vouch_html_cell(page, "%" PRId64, e->count[VOUCH_FORMAL_UNKNOWN]);
        vouch_html_cell(page, "%s", e->is_minimal ? "proved" : "not proved");
        vouch_html_cell(page, "%.3f", e->cpu_s);
    }
    vouch_html_table_end(page);
}

enum { NAMED = 64 }; /* features of a record that are listed, at most */

static void put_record(vouch_html *page, const vouch_cli_formal_report *r,
                       const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    vouch_html_paragraph(page, "%s", vouch_cli_formal_sentence(p).text);
    vouch_html_table(page, "Fields of the record");
    vouch_html_row(page);
    vouch_html_cell(page, "field");
    vouch_html_cell(page, "value");
    vouch_html_cell(page, "class");
    for (int64_t f = 0; f < e->features; f++) {
        vouch_html_row(page);
        vouch_html_cell(page, "%s", vouch_cli_feature_name(r, p, f).text);
        vouch_html_cell(page, "%s", vouch_cli_feature_value(r, p, f).text);
        vouch_html_cell(page, "%s", vouch_formal_class_name(e->class[f]));
    }
    vouch_html_table_end(page);
}

static void put_asked(vouch_html *page, const vouch_cli_formal_report *r)
{
    const char *unsuited = NULL;
    for (int64_t k = 0; k < r->count && unsuited == NULL; k++)
        unsuited = r->point[k].explanation.unsuited;
    vouch_html_section(page, "What was asked");
    vouch_html_paragraph(page,
                         "Network %s (SHA-256 %s), points of %s, radius %s, strategy %s, "
                         "order %s, oracle %s, features: %s.",
                         r->network->path, r->network->sha256, r->points->place,
                         vouch_cli_formal_radius(r).text, r->settings->strategy,
                         r->settings->order, r->settings->oracle, r->groups);
    if (unsuited != NULL)
        vouch_html_paragraph(page, "Unsuited: %s.", unsuited);
}

vouch_status vouch_cli_formal_page(vouch_context *ctx, FILE *out,
                                   const vouch_cli_formal_report *r)
{
    drawing d = {.picture = {.count = 0}};
    vouch_html page;
    prepare(r, &d);
    vouch_html_begin(&page, ctx, "Formal explanations", r->network->path);
    if (r->is_interrupted)
        vouch_html_warning(&page, "Interrupted: what is said holds, more may be known with "
                                  "more time.");
    vouch_html_paragraph(&page,
                         "All irrelevant features together provably cannot change the class, "
                         "whatever values they take within the radius. A relevant one can, "
                         "together with them: a witness is known. Of unknown ones neither was "
                         "shown.");
    if (r->points->image.height > 1) {
        vouch_html_figure(&page);
        vouch_formal_svg_draw(&d.picture, &page.out);
        vouch_html_figure_end(&page, "Images, and what their pixels are to the decision.");
    }
    put_points(&page, r);
    for (int64_t k = 0; r->points->is_table && k < r->count && k < ROWS; k++)
        if (r->point[k].explanation.features <= NAMED)
            put_record(&page, r, &r->point[k]);
    put_asked(&page, r);
    return vouch_cli_put_markup(out, &page.out, vouch_html_end(&page));
}
