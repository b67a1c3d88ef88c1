/* Images and masks (formal_svg.h).
 *
 * A mask shows each pixel's feature: irrelevant ones fade to the ground, relevant ones are dark red,
 * unknown ones hatched, so that they read neither as one nor as the other, in grey print too. Where
 * channels belong to different features a pixel is relevant if one of them is, else unknown if one
 * of them is.
 */
#include "report/formal_svg.h"

#include <math.h>
#include <stdio.h>

enum { SIDE = 168, GAP = 12, HEAD = 24, KEY = 28 };

static const char *const fill[VOUCH_FORMAL_CLASSES] = {"fill=\"url(#unknown)\"",
                                                       "fill=\"#dce9f5\"", "fill=\"#a1201b\""};

static double scale_of(const vouch_formal_picture *p)
{
    return SIDE / fmax((double)p->image.width, (double)p->image.height);
}

static double height_of(const vouch_formal_picture *p)
{
    const double row = (double)p->image.height * scale_of(p) + HEAD + GAP;
    return KEY + (double)p->count * row + GAP;
}

static double width_of(const vouch_formal_picture *p)
{
    const double panels = (double)(1 + p->masks);
    return (panels + 1) * GAP + panels * (double)p->image.width * scale_of(p);
}

void vouch_formal_pixel_colour(const vouch_formal_picture *p, const float *x, int64_t pixel,
                               int colour[3])
{
    const int64_t plane = p->image.height * p->image.width;
    for (int64_t c = 0; c < 3; c++) {
        const int64_t i = (c < p->image.channels ? c : 0) * plane + pixel;
        const double range = (double)p->high[i] - (double)p->low[i];
        const double share = range > 0 ? ((double)x[i] - (double)p->low[i]) / range : 0;
        colour[c] = (int)lrint(255 * fmin(fmax(share, 0), 1));
    }
}

vouch_formal_class vouch_formal_pixel_class(const vouch_formal_picture *p,
                                            const vouch_formal_mask *mask, int64_t pixel)
{
    const int64_t plane = p->image.height * p->image.width;
    vouch_formal_class worst = VOUCH_FORMAL_IRRELEVANT;
    for (int64_t c = 0; c < p->image.channels; c++) {
        const vouch_formal_class class =
            mask->explanation->class[mask->groups->of[c * plane + pixel]];
        if (class == VOUCH_FORMAL_RELEVANT || worst == VOUCH_FORMAL_RELEVANT)
            worst = VOUCH_FORMAL_RELEVANT;
        else if (class == VOUCH_FORMAL_UNKNOWN)
            worst = VOUCH_FORMAL_UNKNOWN;
    }
    return worst;
}

static void draw_image(const vouch_formal_picture *p, const float *x, double top,
                       vouch_svg *svg)
{
    const double scale = scale_of(p);
    for (int64_t i = 0; i < p->image.height * p->image.width; i++) {
        const int64_t line = i / p->image.width, column = i % p->image.width;
        int colour[3];
        char text[32];
        vouch_formal_pixel_colour(p, x, i, colour);
        snprintf(text, sizeof text, "fill=\"#%02x%02x%02x\"", (unsigned)colour[0],
                 (unsigned)colour[1], (unsigned)colour[2]);
        vouch_svg_rect(svg,
                       (vouch_rect){GAP + (double)column * scale, top + (double)line * scale,
                                    scale, scale},
                       text);
    }
}

static void draw_mask(const vouch_formal_picture *p, const vouch_formal_mask *mask,
                      vouch_place at, vouch_svg *svg)
{
    const double scale = scale_of(p);
    if (mask->title != NULL)
        vouch_svg_text(svg, at.x, at.y - 8, "font-size=\"12\" class=\"text\"", mask->title);
    for (int64_t i = 0; i < p->image.height * p->image.width; i++) {
        const int64_t line = i / p->image.width, column = i % p->image.width;
        vouch_svg_rect(svg,
                       (vouch_rect){at.x + (double)column * scale, at.y + (double)line * scale,
                                    scale, scale},
                       fill[vouch_formal_pixel_class(p, mask, i)]);
    }
}

static void draw_row(const vouch_formal_picture *p, const vouch_formal_row *row, double top,
                     vouch_svg *svg)
{
    const double step = GAP + (double)p->image.width * scale_of(p);
    vouch_svg_text(svg, GAP, top + HEAD - 8, "font-size=\"13\" class=\"text\"", row->title);
    draw_image(p, row->x, top + HEAD, svg);
    for (int64_t m = 0; m < p->masks; m++)
        draw_mask(p, &row->mask[m], (vouch_place){GAP + (double)(m + 1) * step, top + HEAD},
                  svg);
}

static void draw_key(vouch_svg *svg)
{
    static const vouch_formal_class shown[] = {VOUCH_FORMAL_IRRELEVANT, VOUCH_FORMAL_RELEVANT,
                                               VOUCH_FORMAL_UNKNOWN};
    double x = GAP;
    for (size_t k = 0; k < sizeof shown / sizeof *shown; k++, x += 96) {
        vouch_svg_rect(svg, (vouch_rect){x, 8, 14, 14}, fill[shown[k]]);
        vouch_svg_text(svg, x + 20, 19, "class=\"text\"", vouch_formal_class_name(shown[k]));
    }
}

static void draw(const vouch_formal_picture *p, vouch_svg *svg)
{
    const double row = (double)p->image.height * scale_of(p) + HEAD + GAP;
    vouch_markup_put(svg, "<defs><pattern id=\"unknown\" width=\"4\" height=\"4\" "
                          "patternUnits=\"userSpaceOnUse\"><rect width=\"4\" height=\"4\" "
                          "fill=\"#f6e7b0\"/><path d=\"M0 4L4 0\" stroke=\"#7a6a1f\" "
                          "stroke-width=\"0.8\"/></pattern></defs>\n");
    draw_key(svg);
    for (int64_t k = 0; k < p->count; k++)
        draw_row(p, &p->row[k], KEY + (double)k * row, svg);
}

vouch_status vouch_formal_svg(vouch_context *ctx, const vouch_formal_picture *p, vouch_svg *svg)
{
    vouch_svg_begin(svg, ctx, fmax(width_of(p), 3 * 96), height_of(p), p->title);
    draw(p, svg);
    return vouch_svg_end(svg);
}

void vouch_formal_svg_draw(const vouch_formal_picture *p, vouch_svg *svg)
{
    vouch_svg_open(svg, fmax(width_of(p), 3 * 96), height_of(p), p->title);
    draw(p, svg);
    (void)vouch_svg_end(svg);
}
