/* Plots of studies (plot_svg.h): the n-th line has the n-th colour in all plots of a page. */
#include "lab/plot_svg.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 640,
    LEFT = 80,
    RIGHT = 420,
    TOP = 36,
    BOTTOM = 276,
    HEIGHT = 330,
    POINTS = 512
};

/* Okabe and Ito's, told apart by the colour-blind, then darker ones. */
static const char *const colours[] = {"#d55e00", "#0072b2", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#7f5539", "#8338ec",
                                      "#6c757d", "#2b9348", "#9d0208", "#3a0ca3"};
enum { COLOURS = sizeof colours / sizeof *colours };

typedef struct span {
    double low, high;
} span;

static void widen(span *s, double value)
{
    if (!isfinite(value))
        return;
    s->low = fmin(s->low, value);
    s->high = fmax(s->high, value);
}

/* Of one or no place: some room around it. */
static void settle(span *s)
{
    if (s->low > s->high)
        *s = (span){0, 1};
    if (s->high - s->low < 1e-12 * fmax(1, fabs(s->high))) {
        s->low -= fmax(1e-3, 0.1 * fabs(s->low));
        s->high += fmax(1e-3, 0.1 * fabs(s->high));
    }
}

static void find_spans(const vouch_plot *plot, span *x, span *y)
{
    *x = *y = (span){(double)INFINITY, -(double)INFINITY};
    for (int l = 0; l < plot->lines; l++)
        for (int i = 0; i < plot->line[l].count; i++)
            if (isfinite(plot->line[l].y[i])) {
                widen(x, plot->line[l].x[i]);
                widen(y, plot->line[l].y[i]);
            }
    settle(x);
    settle(y);
    if (plot->is_share)
        *y = (span){0, 100};
}

static double within(const vouch_axis *axis, double value)
{
    return vouch_axis_place(axis, fmin(fmax(value, axis->low), axis->high));
}

static void draw_line(vouch_svg *svg, const vouch_plot *plot, int l, const vouch_axis axis[2])
{
    const vouch_plot_line *line = &plot->line[l];
    const char *colour = colours[l % COLOURS];
    vouch_place place[POINTS];
    char stroke[96], fill[48];
    int count = 0;
    snprintf(stroke, sizeof stroke, "fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s", colour,
             l < COLOURS ? "" : " stroke-dasharray=\"5 3\"");
    snprintf(fill, sizeof fill, "fill=\"%s\"", colour);
    for (int i = 0; i < line->count && count < POINTS; i++) {
        if (!isfinite(line->y[i]))
            continue;
        const double x = vouch_axis_place(&axis[0], line->x[i]);
        if (line->half && isfinite(line->half[i]))
            vouch_svg_line(svg, x, within(&axis[1], line->y[i] - line->half[i]), x,
                           within(&axis[1], line->y[i] + line->half[i]), stroke);
        place[count++] = (vouch_place){x, within(&axis[1], line->y[i])};
    }
    if (count > 1)
        vouch_svg_path(svg, count, place, stroke);
    for (int i = 0; i < count && (plot->has_marks || count == 1); i++)
        vouch_svg_circle(svg, place[i].x, place[i].y, 3, fill);
    vouch_svg_line(svg, RIGHT + 14, TOP + 10 + 20 * l, RIGHT + 34, TOP + 10 + 20 * l, stroke);
    vouch_svg_text(svg, RIGHT + 40, TOP + 14 + 20 * l, "", line->name);
}

void vouch_plot_svg(vouch_svg *svg, const vouch_plot *plot)
{
    span x, y;
    const int key = TOP + 20 * plot->lines + 10;
    find_spans(plot, &x, &y);
    const vouch_axis axis[2] = {{x.low, x.high, LEFT, RIGHT, plot->x_label},
                                {y.low, y.high, BOTTOM, TOP, plot->y_label}};
    vouch_svg_open(svg, WIDTH, key > HEIGHT ? key : HEIGHT, plot->title);
    vouch_svg_text(svg, LEFT, TOP - 14, "font-size=\"14\"", plot->title);
    for (int l = 0; l < plot->lines; l++)
        draw_line(svg, plot, l, axis);
    vouch_svg_axes(svg, &axis[0], &axis[1]);
    (void)vouch_svg_end(svg);
}
