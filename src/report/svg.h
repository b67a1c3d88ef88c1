/* A small SVG writer: shapes and text into a growing buffer (markup.h), whose errors stick.
 *
 * `attributes` are written as they are and must come from the program itself; text is escaped.
 * Colours are attributes; a `class` beside them lets a page that holds the drawing choose its own
 * (ground, axis, text inherits).
 */
#ifndef VOUCH_REPORT_SVG_H
#define VOUCH_REPORT_SVG_H

#include "report/markup.h"

typedef vouch_markup vouch_svg;

typedef struct vouch_rect {
    double x, y, width, height;
} vouch_rect;

/* Opens a drawing of that many user units on a white ground; title is what screen readers say.
 */
void vouch_svg_begin(vouch_svg *svg, vouch_context *ctx, double width, double height,
                     const char *title);
/* The same inside of a page that has begun. */
void vouch_svg_open(vouch_svg *svg, double width, double height, const char *title);
void vouch_svg_rect(vouch_svg *svg, vouch_rect r, const char *attributes);
/* A union of rectangles, painted once where they overlap: begin, any number of add, end. */
void vouch_svg_union_begin(vouch_svg *svg);
void vouch_svg_union_add(vouch_svg *svg, vouch_rect r);
void vouch_svg_union_end(vouch_svg *svg, const char *attributes);
void vouch_svg_line(vouch_svg *svg, double x1, double y1, double x2, double y2,
                    const char *attributes);
typedef struct vouch_place {
    double x, y;
} vouch_place;
/* Straight lines from one place to the next. */
void vouch_svg_path(vouch_svg *svg, int count, const vouch_place *place,
                    const char *attributes);
/* Separate lines place[0]-place[1], place[2]-place[3], ... as one path; count is even. */
void vouch_svg_segments(vouch_svg *svg, int count, const vouch_place *place,
                        const char *attributes);
void vouch_svg_circle(vouch_svg *svg, double x, double y, double radius,
                      const char *attributes);
void vouch_svg_text(vouch_svg *svg, double x, double y, const char *attributes,
                    const char *text);
/* Closes the drawing; its text is svg->data (NUL-terminated) until vouch_markup_free. */
vouch_status vouch_svg_end(vouch_svg *svg);

/* A green that darkens with t in [0, 1]: "#rrggbb". */
typedef struct vouch_colour {
    char text[8];
} vouch_colour;
vouch_colour vouch_svg_green(double t);

/* A linear axis: data low..high drawn along pixels from..to. */
typedef struct vouch_axis {
    double low, high; /* low < high */
    double from, to;
    const char *label;
} vouch_axis;

double vouch_axis_place(const vouch_axis *axis, double value);
enum { VOUCH_TICKS_MAX = 16 };
/* %g to six digits, with a point whatever the locale. */
void vouch_svg_number_text(double value, char *text, size_t size);
/* Round tick values in [low, high], about `want` of them; returns how many. */
int vouch_axis_ticks(double low, double high, int want, double tick[VOUCH_TICKS_MAX]);
/* Frame, ticks, their numbers and the labels of a plot whose area is x.from..to, y.from..to
 * (y.from is the lower edge, so y.from > y.to). */
void vouch_svg_axes(vouch_svg *svg, const vouch_axis *x, const vouch_axis *y);

#endif
