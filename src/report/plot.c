/* Axes, ticks and colours on top of the SVG primitives. */
#include <math.h>
#include <stdio.h>

#include "report/svg.h"

/* Between the lightest and the darkest of ColorBrewer's greens that still let lines show. */
vouch_colour vouch_svg_green(double t)
{
    static const int light[3] = {0xe6, 0xf5, 0xe1}, dark[3] = {0x1b, 0x78, 0x37};
    vouch_colour colour;
    unsigned part[3];

    t = fmin(fmax(t, 0), 1);
    for (int i = 0; i < 3; i++)
        part[i] = (unsigned)lround(light[i] + t * (dark[i] - light[i])) & 0xff;
    snprintf(colour.text, sizeof colour.text, "#%02x%02x%02x", part[0], part[1], part[2]);
    return colour;
}

double vouch_axis_place(const vouch_axis *axis, double value)
{
    return axis->from +
           (value - axis->low) / (axis->high - axis->low) * (axis->to - axis->from);
}

/* The step is 1, 2 or 5 times a power of ten. */
int vouch_axis_ticks(double low, double high, int want, double tick[VOUCH_TICKS_MAX])
{
    double rough = (high - low) / want, power, step;
    int count = 0;

    if (!(rough > 0) || !isfinite(rough))
        return 0;
    power = pow(10, floor(log10(rough)));
    step = rough / power < 1.5 ? power : rough / power < 3.5 ? 2 * power : 5 * power;
    if (rough / power >= 7.5)
        step = 10 * power;
    for (double i = ceil(low / step - 1e-9); count < VOUCH_TICKS_MAX; i++) {
        double value = i * step;
        if (!(value <= high + 1e-9 * step))
            break;
        tick[count++] = value == 0 ? 0 : value; /* no "-0" */
    }
    return count;
}

void vouch_svg_number_text(double value, char *text, size_t size)
{
    snprintf(text, size, "%.6g", value);
    for (char *c = text; *c; c++)
        if (*c == ',')
            *c = '.';
}

static void x_axis(vouch_svg *svg, const vouch_axis *x, double y)
{
    double tick[VOUCH_TICKS_MAX];
    int count = vouch_axis_ticks(x->low, x->high, 6, tick);
    char text[32];

    for (int i = 0; i < count; i++) {
        double at = vouch_axis_place(x, tick[i]);
        vouch_svg_line(svg, at, y, at, y + 5, "class=\"axis\" stroke=\"#444\"");
        vouch_svg_number_text(tick[i], text, sizeof text);
        vouch_svg_text(svg, at, y + 19, "text-anchor=\"middle\"", text);
    }
    vouch_svg_text(svg, (x->from + x->to) / 2, y + 40, "text-anchor=\"middle\"", x->label);
}

static void y_axis(vouch_svg *svg, const vouch_axis *y, double x)
{
    double tick[VOUCH_TICKS_MAX], middle = (y->from + y->to) / 2;
    int count = vouch_axis_ticks(y->low, y->high, 6, tick);
    char text[96];

    for (int i = 0; i < count; i++) {
        double at = vouch_axis_place(y, tick[i]);
        vouch_svg_line(svg, x - 5, at, x, at, "class=\"axis\" stroke=\"#444\"");
        vouch_svg_number_text(tick[i], text, sizeof text);
        vouch_svg_text(svg, x - 9, at + 4, "text-anchor=\"end\"", text);
    }
    snprintf(text, sizeof text, "text-anchor=\"middle\" transform=\"rotate(-90 %ld %ld)\"",
             lround(x - 56), lround(middle));
    vouch_svg_text(svg, x - 56, middle, text, y->label);
}

void vouch_svg_axes(vouch_svg *svg, const vouch_axis *x, const vouch_axis *y)
{
    vouch_svg_rect(svg, (vouch_rect){x->from, y->to, x->to - x->from, y->from - y->to},
                   "class=\"axis\" fill=\"none\" stroke=\"#444\"");
    x_axis(svg, x, y->from);
    y_axis(svg, y, x->from);
}
