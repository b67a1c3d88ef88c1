/* SVG primitives: see svg.h. SPEC: SVG 1.1 (every viewer and librsvg reads it). */
#include "report/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ` name="12.34"` */
static void number(vouch_svg *svg, const char *name, double value)
{
    vouch_markup_put(svg, " ");
    vouch_markup_put(svg, name);
    vouch_markup_put(svg, "=\"");
    vouch_markup_number(svg, value);
    vouch_markup_put(svg, "\"");
}

static void attributes_and(vouch_svg *svg, const char *attributes, const char *end)
{
    if (*attributes)
        vouch_markup_put(svg, " ");
    vouch_markup_put(svg, attributes);
    vouch_markup_put(svg, end);
}

void vouch_svg_begin(vouch_svg *svg, vouch_context *ctx, double width, double height,
                     const char *title)
{
    *svg = (vouch_svg){.ctx = ctx};
    vouch_svg_open(svg, width, height, title);
}

void vouch_svg_open(vouch_svg *svg, double width, double height, const char *title)
{
    vouch_markup_put(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    number(svg, "width", width);
    number(svg, "height", height);
    char box[64];
    snprintf(box, sizeof box, " viewBox=\"0 0 %ld %ld\"", lround(width), lround(height));
    vouch_markup_put(svg, box);
    vouch_markup_put(svg, " font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" "
                          "fill=\"#222\">\n<title>");
    vouch_markup_text(svg, title);
    vouch_markup_put(svg, "</title>\n");
    vouch_svg_rect(svg, (vouch_rect){0, 0, width, height}, "class=\"ground\" fill=\"#fff\"");
}

void vouch_svg_rect(vouch_svg *svg, vouch_rect r, const char *attributes)
{
    vouch_markup_put(svg, "<rect");
    number(svg, "x", r.x);
    number(svg, "y", r.y);
    number(svg, "width", r.width);
    number(svg, "height", r.height);
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_union_begin(vouch_svg *svg) { vouch_markup_put(svg, "<path d=\""); }

void vouch_svg_union_add(vouch_svg *svg, vouch_rect r)
{
    vouch_markup_put(svg, "M");
    vouch_markup_number(svg, r.x);
    vouch_markup_put(svg, " ");
    vouch_markup_number(svg, r.y);
    vouch_markup_put(svg, "h");
    vouch_markup_number(svg, r.width);
    vouch_markup_put(svg, "v");
    vouch_markup_number(svg, r.height);
    vouch_markup_put(svg, "h");
    vouch_markup_number(svg, -r.width);
    vouch_markup_put(svg, "z");
}

void vouch_svg_union_end(vouch_svg *svg, const char *attributes)
{
    vouch_markup_put(svg, "\"");
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_line(vouch_svg *svg, double x1, double y1, double x2, double y2,
                    const char *attributes)
{
    vouch_markup_put(svg, "<line");
    number(svg, "x1", x1);
    number(svg, "y1", y1);
    number(svg, "x2", x2);
    number(svg, "y2", y2);
    attributes_and(svg, attributes, "/>\n");
}

/* A new line begins at every place whose number `period` divides. */
static void path(vouch_svg *svg, int count, const vouch_place *place, int period,
                 const char *attributes)
{
    vouch_markup_put(svg, "<path d=\"");
    for (int i = 0; i < count; i++) {
        vouch_markup_put(svg, i % period > 0 ? "L" : "M");
        vouch_markup_number(svg, place[i].x);
        vouch_markup_put(svg, " ");
        vouch_markup_number(svg, place[i].y);
    }
    vouch_markup_put(svg, "\"");
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_path(vouch_svg *svg, int count, const vouch_place *place, const char *attributes)
{
    path(svg, count, place, count > 0 ? count : 1, attributes);
}

void vouch_svg_segments(vouch_svg *svg, int count, const vouch_place *place,
                        const char *attributes)
{
    path(svg, count, place, 2, attributes);
}

void vouch_svg_circle(vouch_svg *svg, double x, double y, double radius, const char *attributes)
{
    vouch_markup_put(svg, "<circle");
    number(svg, "cx", x);
    number(svg, "cy", y);
    number(svg, "r", radius);
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_text(vouch_svg *svg, double x, double y, const char *attributes,
                    const char *text)
{
    vouch_markup_put(svg, "<text");
    number(svg, "x", x);
    number(svg, "y", y);
    attributes_and(svg, attributes, ">");
    vouch_markup_text(svg, text);
    vouch_markup_put(svg, "</text>\n");
}

vouch_status vouch_svg_end(vouch_svg *svg)
{
    vouch_markup_put(svg, "</svg>\n");
    return svg->status;
}
