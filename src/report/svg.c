/* SVG primitives: see svg.h. SPEC: SVG 1.1 (every viewer and librsvg reads it). */
#include "report/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Makes room for `extra` more bytes and a NUL. */
static bool reserve(vouch_svg *svg, size_t extra)
{
    size_t wanted = svg->size + extra + 1, capacity = svg->capacity ? svg->capacity : 4096;
    char *data;

    if (svg->status)
        return false;
    if (wanted <= svg->capacity)
        return true;
    while (capacity < wanted)
        capacity *= 2;
    data = vouch_resize(svg->ctx, svg->data, capacity);
    if (!data) {
        svg->status = vouch_fail(svg->ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
        return false;
    }
    svg->data = data;
    svg->capacity = capacity;
    return true;
}

void vouch_svg_markup(vouch_svg *svg, const char *markup)
{
    size_t length = strlen(markup);

    if (!reserve(svg, length))
        return;
    memcpy(svg->data + svg->size, markup, length + 1);
    svg->size += length;
}

/* Two decimals, none for a whole number. Built from integers because printf follows the locale.
 * Infinite or absurd numbers become 0, so that a drawing stays readable. */
static void bare_number(vouch_svg *svg, double value)
{
    char text[32];
    long long hundredths = isfinite(value) && fabs(value) < 1e9 ? llround(value * 100) : 0;
    const char *sign = hundredths < 0 ? "-" : "";
    long long size = hundredths < 0 ? -hundredths : hundredths;

    if (size % 100 == 0)
        snprintf(text, sizeof text, "%s%lld", sign, size / 100);
    else
        snprintf(text, sizeof text, "%s%lld.%02lld", sign, size / 100, size % 100);
    vouch_svg_markup(svg, text);
}

/* ` name="12.34"` */
static void number(vouch_svg *svg, const char *name, double value)
{
    vouch_svg_markup(svg, " ");
    vouch_svg_markup(svg, name);
    vouch_svg_markup(svg, "=\"");
    bare_number(svg, value);
    vouch_svg_markup(svg, "\"");
}

static void attributes_and(vouch_svg *svg, const char *attributes, const char *end)
{
    if (*attributes)
        vouch_svg_markup(svg, " ");
    vouch_svg_markup(svg, attributes);
    vouch_svg_markup(svg, end);
}

/* XML allows no control characters but tab and newline; they become spaces. */
static void escaped(vouch_svg *svg, const char *text)
{
    for (; *text; text++) {
        char one[2] = {(unsigned char)*text < 0x20 ? ' ' : *text, 0};
        const char *written = one;
        if (*text == '<')
            written = "&lt;";
        else if (*text == '>')
            written = "&gt;";
        else if (*text == '&')
            written = "&amp;";
        else if (*text == '"')
            written = "&quot;";
        vouch_svg_markup(svg, written);
    }
}

void vouch_svg_begin(vouch_svg *svg, vouch_context *ctx, double width, double height,
                     const char *title)
{
    *svg = (vouch_svg){.ctx = ctx};
    vouch_svg_markup(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    number(svg, "width", width);
    number(svg, "height", height);
    char box[64];
    snprintf(box, sizeof box, " viewBox=\"0 0 %ld %ld\"", lround(width), lround(height));
    vouch_svg_markup(svg, box);
    vouch_svg_markup(svg, " font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" "
                          "fill=\"#222\">\n<title>");
    escaped(svg, title);
    vouch_svg_markup(svg, "</title>\n");
    vouch_svg_rect(svg, (vouch_rect){0, 0, width, height}, "fill=\"#fff\"");
}

void vouch_svg_rect(vouch_svg *svg, vouch_rect r, const char *attributes)
{
    vouch_svg_markup(svg, "<rect");
    number(svg, "x", r.x);
    number(svg, "y", r.y);
    number(svg, "width", r.width);
    number(svg, "height", r.height);
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_union_begin(vouch_svg *svg) { vouch_svg_markup(svg, "<path d=\""); }

void vouch_svg_union_add(vouch_svg *svg, vouch_rect r)
{
    vouch_svg_markup(svg, "M");
    bare_number(svg, r.x);
    vouch_svg_markup(svg, " ");
    bare_number(svg, r.y);
    vouch_svg_markup(svg, "h");
    bare_number(svg, r.width);
    vouch_svg_markup(svg, "v");
    bare_number(svg, r.height);
    vouch_svg_markup(svg, "h");
    bare_number(svg, -r.width);
    vouch_svg_markup(svg, "z");
}

void vouch_svg_union_end(vouch_svg *svg, const char *attributes)
{
    vouch_svg_markup(svg, "\"");
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_line(vouch_svg *svg, double x1, double y1, double x2, double y2,
                    const char *attributes)
{
    vouch_svg_markup(svg, "<line");
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
    vouch_svg_markup(svg, "<path d=\"");
    for (int i = 0; i < count; i++) {
        vouch_svg_markup(svg, i % period > 0 ? "L" : "M");
        bare_number(svg, place[i].x);
        vouch_svg_markup(svg, " ");
        bare_number(svg, place[i].y);
    }
    vouch_svg_markup(svg, "\"");
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
    vouch_svg_markup(svg, "<circle");
    number(svg, "cx", x);
    number(svg, "cy", y);
    number(svg, "r", radius);
    attributes_and(svg, attributes, "/>\n");
}

void vouch_svg_text(vouch_svg *svg, double x, double y, const char *attributes,
                    const char *text)
{
    vouch_svg_markup(svg, "<text");
    number(svg, "x", x);
    number(svg, "y", y);
    attributes_and(svg, attributes, ">");
    escaped(svg, text);
    vouch_svg_markup(svg, "</text>\n");
}

vouch_status vouch_svg_end(vouch_svg *svg)
{
    vouch_svg_markup(svg, "</svg>\n");
    return svg->status;
}

void vouch_svg_free(vouch_svg *svg)
{
    if (svg->data)
        vouch_release(svg->ctx, svg->data);
    *svg = (vouch_svg){0};
}
