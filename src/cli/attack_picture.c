/* The picture of `vouch attack`: a row for each of up to ten adversarials: before, after, and
 * the difference, grey where nothing changed, red where it got brighter, blue where darker, in
 * units of the row's largest change. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/attack_report.h"
#include "cli/publish.h"
#include "io/png.h"
#include "report/svg.h"

enum { ROWS = 10, CELL = 112, GAP = 8 };

typedef struct sheet {
    const vouch_cli_attack_report *r;
    int64_t point[ROWS];
    int rows, scale;
    int64_t width, height; /* of the sheet in pixels */
    unsigned char *rgb;
} sheet;

static void choose(sheet *s)
{
    for (int64_t p = 0; p < s->r->points->count && s->rows < ROWS; p++)
        if (s->r->fate[p].outcome == VOUCH_OUTCOME_FOUND)
            s->point[s->rows++] = p;
}

static unsigned char byte_of(double share)
{
    return (unsigned char)lrint(255 * fmin(fmax(share, 0), 1));
}

/* Channel c (of 3) of a pixel; one channel is grey. */
static double value_of(const sheet *s, const float *x, int64_t c, int64_t pixel)
{
    const vouch_image *image = &s->r->points->image;
    return (double)x[(c < image->channels ? c : 0) * image->height * image->width + pixel];
}

/* The pixel's colour: column 0 before, 1 after, 2 the difference. */
static void colour(const sheet *s, int64_t point, int column, int64_t pixel, double most,
                   unsigned char rgb[3])
{
    const vouch_cli_points *p = s->r->points;
    const float *x = p->x + point * p->size, *adv = s->r->adversarial + point * p->size;
    double change = 0;
    for (int64_t c = 0; c < 3; c++) {
        const double low = value_of(s, p->low, c, pixel), high = value_of(s, p->high, c, pixel);
        const double v = value_of(s, column == 0 ? x : adv, c, pixel);
        rgb[c] = byte_of((v - low) / (high > low ? high - low : 1));
        change += (value_of(s, adv, c, pixel) - value_of(s, x, c, pixel)) / (3 * most);
    }
    if (column < 2)
        return;
    rgb[0] = byte_of(.94 + fmin(change, 0));
    rgb[1] = byte_of(.94 - fabs(change));
    rgb[2] = byte_of(.94 - fmax(change, 0));
}

static double greatest_change(const sheet *s, int64_t point)
{
    const vouch_cli_points *p = s->r->points;
    double most = 1e-30;
    for (int64_t i = point * p->size; i < (point + 1) * p->size; i++)
        most = fmax(most, fabs((double)s->r->adversarial[i] - (double)p->x[i]));
    return most;
}

static void draw_cell(const sheet *s, int row, int column)
{
    const vouch_image *image = &s->r->points->image;
    const int64_t w = image->width * s->scale, h = image->height * s->scale;
    const int64_t left = GAP + column * (w + GAP), top = GAP + row * (h + GAP);
    const double most = greatest_change(s, s->point[row]);
    for (int64_t i = 0; i < h; i++)
        for (int64_t j = 0; j < w; j++) {
            const int64_t pixel = i / s->scale * image->width + j / s->scale;
            colour(s, s->point[row], column, pixel, most,
                   s->rgb + ((top + i) * s->width + left + j) * 3);
        }
}

static vouch_status draw(vouch_context *ctx, sheet *s)
{
    const vouch_image *image = &s->r->points->image;
    s->scale = CELL / (int)image->width > 1 ? CELL / (int)image->width : 1;
    s->width = GAP + 3 * (image->width * s->scale + GAP);
    s->height = GAP + s->rows * (image->height * s->scale + GAP);
    s->rgb = vouch_alloc(ctx, (size_t)(s->width * s->height * 3));
    if (s->rgb == NULL)
        return VOUCH_ERR_MEMORY;
    memset(s->rgb, 255, (size_t)(s->width * s->height * 3));
    for (int row = 0; row < s->rows; row++)
        for (int column = 0; column < 3; column++)
            draw_cell(s, row, column);
    return VOUCH_OK;
}

/* ---- SVG around the image ------------------------------------------------------------------ */

static vouch_status put_base64(vouch_pack *to, const vouch_pack *from)
{
    static const char digit[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < from->size; i += 3) {
        const size_t left = from->size - i;
        const unsigned bits = (unsigned)from->data[i] << 16 |
                              (left > 1 ? (unsigned)from->data[i + 1] << 8 : 0) |
                              (left > 2 ? from->data[i + 2] : 0);
        const char four[4] = {digit[bits >> 18], digit[bits >> 12 & 63],
                              left > 1 ? digit[bits >> 6 & 63] : '=',
                              left > 2 ? digit[bits & 63] : '='};
        VOUCH_TRY(vouch_pack_bytes(to, four, sizeof four));
    }
    return VOUCH_OK;
}

static void label_rows(vouch_svg *svg, const sheet *s)
{
    static const char *const head[3] = {"before", "after", "difference"};
    const vouch_image *image = &s->r->points->image;
    const double w = (double)(image->width * s->scale), h = (double)(image->height * s->scale);
    for (int c = 0; c < 3; c++)
        vouch_svg_text(svg, GAP + c * (w + GAP), 16, "font-size=\"13\"", head[c]);
    for (int row = 0; row < s->rows; row++) {
        const vouch_fate *f = &s->r->fate[s->point[row]];
        char text[96];
        const double y = 20 + GAP + row * (h + GAP) + h / 2;
        snprintf(text, sizeof text, "%d \u2192 %d", f->label, f->predicted);
        vouch_svg_text(svg, (double)s->width + 4, y, "font-size=\"14\"", text);
        snprintf(text, sizeof text, "point %" PRId64 ", %.4g", s->point[row], f->distance);
        vouch_svg_text(svg, (double)s->width + 4, y + 16, "font-size=\"11\"", text);
    }
}

static vouch_status put_svg(vouch_context *ctx, FILE *out, const sheet *s,
                            const vouch_pack *png)
{
    vouch_pack markup = {.ctx = ctx};
    vouch_svg svg;
    vouch_status status = vouch_pack_print(
        &markup,
        "<image x=\"0\" y=\"20\" width=\"%lld\" height=\"%lld\" href=\"data:image/png;base64,",
        (long long)s->width, (long long)s->height);
    if (status == VOUCH_OK)
        status = put_base64(&markup, png);
    if (status == VOUCH_OK)
        status = vouch_pack_bytes(&markup, "\"/>\n", sizeof "\"/>\n");
    if (status == VOUCH_OK) {
        vouch_svg_begin(&svg, ctx, (double)s->width + 150, (double)s->height + 20,
                        "Adversarial inputs: before, after, difference");
        vouch_markup_put(&svg, (const char *)markup.data);
        label_rows(&svg, s);
        status = vouch_cli_put_markup(out, &svg, vouch_svg_end(&svg));
    }
    vouch_pack_free(&markup);
    return status;
}

vouch_status vouch_cli_attack_picture(vouch_context *ctx, FILE *out,
                                      const vouch_cli_attack_report *report)
{
    sheet s = {.r = report};
    vouch_pack png = {.ctx = ctx};
    choose(&s);
    vouch_status status = draw(ctx, &s);
    if (status == VOUCH_OK)
        status =
            vouch_png_pack(&png, &(vouch_picture){(int)s.width, (int)s.height, 3, s.rgb, NULL});
    if (status == VOUCH_OK && report->is_svg)
        status = put_svg(ctx, out, &s, &png);
    else if (status == VOUCH_OK)
        (void)fwrite(png.data, 1, png.size, out);
    vouch_pack_free(&png);
    vouch_release(ctx, s.rgb);
    return status;
}
