/* Drawing landscapes (landscape_svg.h).
 *
 * A place of the grid is a cell around it, cut at the frame. Cells of one shade are one path, a
 * run of them in a row one rectangle, so that files stay small. All networks of a point share
 * the colours and the levels of the loss: before and after can be compared by eye.
 */
#include "lab/landscape_svg.h"

#include <math.h>
#include <stdio.h>

#include "lab/contour.h"

enum {
    SHADES = 48,
    LEVELS = 9,
    SIDE = 260, /* of a map */
    LEFT = 84,  /* from a column's edge to its maps */
    COLUMN = LEFT + SIDE + 130,
    TOP = 76, /* from a point's edge to its first map */
    BELOW = 66,
    POINT = TOP + SIDE + BELOW + SIDE + BELOW,
    HEAD = 44,
    KEY_LIMIT = 12 /* classes named beside a map */
};

static const char fine[] = "shape-rendering=\"crispEdges\"";

/* Pale yellow, orange, red, dark violet: dark is a high loss. Stops of ColorBrewer's YlOrRd,
 * lengthened. */
static vouch_colour heat(double t)
{
    enum { STOPS = 6 };
    static const int stop[STOPS][3] = {{255, 255, 212}, {254, 217, 118}, {253, 141, 60},
                                       {227, 26, 28},   {128, 0, 60},    {45, 0, 60}};
    const double at = fmin(fmax(t, 0), 1) * (STOPS - 1);
    const int k = at < STOPS - 2 ? (int)at : STOPS - 2;
    vouch_colour colour;
    unsigned part[3];
    for (int i = 0; i < 3; i++)
        part[i] =
            (unsigned)lround(stop[k][i] + (at - k) * (stop[k + 1][i] - stop[k][i])) & 0xff;
    snprintf(colour.text, sizeof colour.text, "#%02x%02x%02x", part[0], part[1], part[2]);
    return colour;
}

/* Neighbouring classes far apart; they repeat after twelve. */
static const char *class_colour(int k)
{
    enum { COLOURS = 12 };
    static const char *const colour[COLOURS] = {"#8ecae6", "#ffb703", "#90be6d", "#e07a5f",
                                                "#b39ddb", "#f4a6c0", "#c2b280", "#4f9d9d",
                                                "#d9d9d9", "#e6e46a", "#7a89c2", "#b5651d"};
    return colour[k % COLOURS];
}

/* ---- cells --------------------------------------------------------------------------------- */

/* A map on the page; the axes are in units of eps. */
typedef struct map {
    const vouch_landscape *l;
    vouch_svg *svg;
    vouch_axis x, y;
} map;

static vouch_place place_of(const map *m, double column, double row)
{
    const double last = m->l->grid - 1;
    return (vouch_place){vouch_axis_place(&m->x, column / last),
                         vouch_axis_place(&m->y, row / last)};
}

/* Columns first .. last of a row. */
static void add_run(const map *m, int row, int first, int last)
{
    const double end = m->l->grid - 1;
    const vouch_place from =
        place_of(m, first == 0 ? 0 : first - .5, row == end ? end : row + .5);
    const vouch_place to = place_of(m, last == end ? end : last + .5, row == 0 ? 0 : row - .5);
    vouch_svg_union_add(m->svg, (vouch_rect){from.x, from.y, to.x - from.x, to.y - from.y});
}

/* Paints the cells whose shade is `wanted`; returns how many they are. */
static int paint(const map *m, const int *shade, int wanted, const char *colour)
{
    const int grid = m->l->grid;
    char fill[96];
    int cells = 0;
    for (int i = 0; i < grid * grid; i++)
        cells += shade[i] == wanted;
    if (cells == 0)
        return 0;
    vouch_svg_union_begin(m->svg);
    for (int row = 0; row < grid; row++) {
        const int *at = shade + (ptrdiff_t)row * grid;
        for (int column = 0; column < grid; column++) {
            const int first = column;
            if (at[column] != wanted)
                continue;
            while (column + 1 < grid && at[column + 1] == wanted)
                column++;
            add_run(m, row, first, column);
        }
    }
    snprintf(fill, sizeof fill, "fill=\"%s\" %s", colour, fine);
    vouch_svg_union_end(m->svg, fill);
    return cells;
}

/* ---- marks --------------------------------------------------------------------------------- */

static void cross(vouch_svg *svg, vouch_place at)
{
    const vouch_place end[] = {
        {at.x - 5, at.y - 5}, {at.x + 5, at.y + 5}, {at.x - 5, at.y + 5}, {at.x + 5, at.y - 5}};
    vouch_svg_segments(svg, 4, end, "stroke=\"#fff\" stroke-width=\"5\"");
    vouch_svg_segments(svg, 4, end, "stroke=\"#000\" stroke-width=\"2\"");
}

static void clean_mark(vouch_svg *svg, vouch_place at)
{
    vouch_svg_circle(svg, at.x, at.y, 5, "fill=\"#fff\" stroke=\"#000\" stroke-width=\"2\"");
}

static void fgsm_mark(vouch_svg *svg, vouch_place at)
{
    vouch_svg_rect(svg, (vouch_rect){at.x - 7, at.y - 7, 14, 14},
                   "fill=\"#fff\" stroke=\"#000\" stroke-width=\"2\"");
}

static void put_marks(const map *m)
{
    const int grid = m->l->grid, row = m->l->highest / grid;
    clean_mark(m->svg, place_of(m, 0, 0));
    fgsm_mark(m->svg, place_of(m, grid - 1, 0));
    cross(m->svg, place_of(m, m->l->highest % grid, row));
}

static void put_key(vouch_svg *svg, double y)
{
    static const struct {
        void (*mark)(vouch_svg *, vouch_place);
        const char *text;
        double x;
    } key[] = {
        {clean_mark, "clean", LEFT}, {fgsm_mark, "FGSM", 150}, {cross, "highest loss", 216}};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        key[i].mark(svg, (vouch_place){key[i].x, y});
        vouch_svg_text(svg, key[i].x + 13, y + 4, "", key[i].text);
    }
}

/* ---- the two maps -------------------------------------------------------------------------- */

typedef struct range {
    double low, high;
    int levels;
    double level[VOUCH_TICKS_MAX];
} range;

static range range_of(const vouch_landscape *l, int networks)
{
    range r = {.low = l->loss[0], .high = l->loss[0]};
    for (int k = 0; k < networks; k++)
        for (int i = 0; i < l[k].grid * l[k].grid; i++) {
            r.low = fmin(r.low, l[k].loss[i]);
            r.high = fmax(r.high, l[k].loss[i]);
        }
    if (!(r.high > r.low)) /* a plain has no levels; the bar still needs a length */
        r.high = r.low + fmax(1, fabs(r.low));
    r.levels = vouch_axis_ticks(r.low, r.high, LEVELS, r.level);
    return r;
}

static const char on_light[] = "stroke=\"#222\" stroke-width=\"0.8\"";
static const char on_dark[] = "stroke=\"#fff\" stroke-width=\"0.8\"";

static vouch_status put_contours(vouch_context *ctx, const map *m, const range *r)
{
    const vouch_field field = {m->l->grid, m->l->grid, m->l->loss};
    vouch_place *place =
        vouch_alloc(ctx, (size_t)vouch_contour_room(&field) * sizeof(vouch_place));
    if (!place)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
    for (int i = 0; i < r->levels; i++) {
        const int count = vouch_contour(&field, r->level[i], place);
        const bool is_dark = r->level[i] > r->low + .6 * (r->high - r->low);
        for (int k = 0; k < count; k++)
            place[k] = place_of(m, place[k].x, place[k].y);
        if (count > 0)
            vouch_svg_segments(m->svg, count, place, is_dark ? on_dark : on_light);
    }
    vouch_release(ctx, place);
    return VOUCH_OK;
}

/* The shades beside the map, with a line and a number at each level. */
static void put_bar(const map *m, const range *r)
{
    const vouch_axis y = {r->low, r->high, m->y.from, m->y.to, NULL};
    const double x = m->x.to + 14, width = 14, step = (double)SIDE / SHADES;
    for (int k = 0; k < SHADES; k++) {
        char fill[96];
        snprintf(fill, sizeof fill, "fill=\"%s\" %s", heat((k + .5) / SHADES).text, fine);
        vouch_svg_rect(m->svg, (vouch_rect){x, y.from - (k + 1) * step, width, step}, fill);
    }
    vouch_svg_rect(m->svg, (vouch_rect){x, y.to, width, SIDE}, "fill=\"none\" stroke=\"#444\"");
    for (int i = 0; i < r->levels; i++) {
        char text[32];
        const double at = vouch_axis_place(&y, r->level[i]);
        vouch_svg_line(m->svg, x, at, x + width + 4, at, "stroke=\"#222\"");
        vouch_svg_number_text(r->level[i], text, sizeof text);
        vouch_svg_text(m->svg, x + width + 8, at + 4, "", text);
    }
}

static vouch_status put_loss(vouch_context *ctx, const map *m, const range *r)
{
    const int cells = m->l->grid * m->l->grid;
    int *shade = vouch_alloc(ctx, (size_t)cells * sizeof *shade);
    if (!shade)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
    for (int i = 0; i < cells; i++) {
        const double t = (m->l->loss[i] - r->low) / (r->high - r->low);
        shade[i] = t < 1 ? (int)(t * SHADES) : SHADES - 1;
    }
    for (int k = 0; k < SHADES; k++)
        (void)paint(m, shade, k, heat((k + .5) / SHADES).text);
    vouch_release(ctx, shade);
    VOUCH_TRY(put_contours(ctx, m, r));
    put_bar(m, r);
    vouch_svg_axes(m->svg, &m->x, &m->y);
    put_marks(m);
    return VOUCH_OK;
}

/* A class of the key, with its share of the plane. */
static void put_class(const map *m, int line, const char *colour, const char *name,
                      double cells)
{
    const double x = m->x.to + 14, y = m->y.to + 20 * line;
    const double share = 100 * cells / ((double)m->l->grid * m->l->grid);
    char text[64];
    snprintf(text, sizeof text, "%.10s: %ld %%", name, lround(share));
    vouch_svg_rect(m->svg, (vouch_rect){x, y, 14, 14}, colour);
    vouch_svg_text(m->svg, x + 20, y + 11, "", text);
}

static void put_decisions(const map *m, const vouch_landscape_picture *p)
{
    int line = 0;
    for (int k = 0; k < p->classes; k++) {
        char fill[96];
        const int cells = paint(m, m->l->predicted, k, class_colour(k));
        if (cells == 0 || line == KEY_LIMIT)
            continue;
        snprintf(fill, sizeof fill, "fill=\"%s\" stroke=\"#444\"", class_colour(k));
        put_class(m, line++, fill, p->class_name[k], cells);
    }
    vouch_svg_axes(m->svg, &m->x, &m->y);
    put_marks(m);
}

/* ---- the page ------------------------------------------------------------------------------ */

static map map_at(const vouch_landscape *l, vouch_svg *svg, double left, double top)
{
    return (map){l,
                 svg,
                 {0, 1, left, left + SIDE, "FGSM direction, in units of eps"},
                 {0, 1, top + SIDE, top, "random direction, in units of eps"}};
}

static vouch_status put_landscape(vouch_context *ctx, const vouch_landscape_picture *p,
                                  int point, int network, vouch_svg *svg)
{
    const vouch_landscape *row = p->landscape + (ptrdiff_t)point * p->networks;
    const vouch_landscape *l = row + network;
    const range r = range_of(row, p->networks);
    const double left = LEFT + (double)network * COLUMN, top = HEAD + (double)point * POINT;
    const map loss = map_at(l, svg, left, top + TOP);
    const map decision = map_at(l, svg, left, top + TOP + SIDE + BELOW);
    char text[256];
    snprintf(text, sizeof text, "%s, point %s, label %.20s", p->network_name[network],
             p->point_name[point], p->class_name[l->label]);
    vouch_svg_text(svg, left, top + 18, "font-size=\"14\"", text);
    snprintf(text, sizeof text, "%s; linearity error %.3g", p->loss, l->linearity_error);
    vouch_svg_text(svg, left, top + 40, "", text);
    snprintf(text, sizeof text, "along FGSM: promised %+.3g, comes %+.3g", l->promised,
             l->rise);
    vouch_svg_text(svg, left, top + 58, "", text);
    put_decisions(&decision, p);
    return put_loss(ctx, &loss, &r);
}

static vouch_status draw(vouch_context *ctx, const vouch_landscape_picture *picture,
                         bool is_of_page, vouch_svg *svg)
{
    const double width = (double)picture->networks * COLUMN;
    const double height = HEAD + (double)picture->points * POINT;
    char title[128];
    snprintf(title, sizeof title, "Loss landscapes, eps %.6g", picture->eps);
    if (is_of_page)
        vouch_svg_open(svg, width, height, title);
    else
        vouch_svg_begin(svg, ctx, width, height, title);
    vouch_svg_text(svg, LEFT, 20, "font-size=\"16\"", title);
    put_key(svg, 38);
    for (int p = 0; p < picture->points; p++)
        for (int n = 0; n < picture->networks; n++)
            VOUCH_TRY(put_landscape(ctx, picture, p, n, svg));
    return vouch_svg_end(svg);
}

vouch_status vouch_landscape_svg(vouch_context *ctx, const vouch_landscape_picture *picture,
                                 vouch_svg *svg)
{
    return draw(ctx, picture, false, svg);
}

vouch_status vouch_landscape_figure(vouch_context *ctx, const vouch_landscape_picture *picture,
                                    vouch_svg *page)
{
    return draw(ctx, picture, true, page);
}
