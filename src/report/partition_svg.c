/* Drawing a recorded partition.
 *
 * Which parts are not proved is derived, not trusted to be reported: a box without leaf and
 * without children is open; of a box that was cut, those parts are open that no child took up.
 * A clip proves the rest of its box: the old extent is drawn as cut off below all else.
 *
 * From back to front: cut off, green by depth, hatching, red, counterexample. Equal projections
 * are drawn once, and hatching is one union, so that the green below it shows.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/io.h"
#include "report/report_priv.h"
#include "report/svg.h"

enum { PICTURE_WIDTH = 760, PICTURE_HEIGHT = 560 };

/* A rectangle to be drawn; layers are drawn in order, within one by depth. */
typedef enum layer { CUT_OFF, GREEN, HATCH, RED } layer;

static const char cut_off_fill[] = "fill=\"#d4e8ee\"";

typedef struct shape {
    layer layer;
    int depth;
    vouch_area at;
} shape;

typedef struct drawing {
    vouch_context *ctx;
    const vouch_partition *p;
    vouch_svg svg;
    vouch_axis axis[2];
    shape *shape;
    size_t count, capacity;
    size_t proved, open, refuted; /* boxes */
    size_t cut_off;               /* boxes that lost a part in this projection */
    int shallowest;               /* depth of the lightest green */
} drawing;

static vouch_status add_shape(drawing *d, layer l, int depth, const vouch_area *at)
{
    if (d->count == d->capacity) {
        size_t capacity = d->capacity ? 2 * d->capacity : 256;
        shape *shapes = vouch_resize(d->ctx, d->shape, capacity * sizeof *shapes);
        if (!shapes)
            return vouch_fail(d->ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
        d->shape = shapes;
        d->capacity = capacity;
    }
    if (l == GREEN && depth < d->shallowest)
        d->shallowest = depth;
    d->shape[d->count++] = (shape){.layer = l, .depth = depth, .at = *at};
    return VOUCH_OK;
}

/* The projection of part number `part` of a box that was cut into slices. */
static vouch_area part_of(const vouch_partition *p, const vouch_box_record *r, int part)
{
    vouch_area a = r->kept;

    for (int d = 0; d < 2; d++) {
        if (r->dimension != p->dim[d])
            continue;
        if (part > 0)
            a.low[d] = r->cut[part - 1];
        if (part < r->cut_count)
            a.high[d] = r->cut[part];
    }
    return a;
}

/* Hatches what no child of a cut box took up. */
static vouch_status add_missing(drawing *d, const vouch_box_record *r)
{
    if (r->children > r->cut_count)
        return VOUCH_OK;
    if (r->dimension < 0) {
        d->open++;
        return add_shape(d, HATCH, r->depth, &r->kept);
    }
    for (int part = 0; part <= r->cut_count; part++) {
        vouch_area a = part_of(d->p, r, part);
        if (r->seen >> part & 1)
            continue;
        d->open++;
        VOUCH_TRY(add_shape(d, HATCH, r->depth + 1, &a));
    }
    return VOUCH_OK;
}

static int compare_doubles(double a, double b) { return (a > b) - (a < b); }

static int compare_areas(const vouch_area *a, const vouch_area *b)
{
    int order = 0;

    for (int d = 0; d < 2 && !order; d++)
        order = compare_doubles(a->low[d], b->low[d]);
    for (int d = 0; d < 2 && !order; d++)
        order = compare_doubles(a->high[d], b->high[d]);
    return order;
}

static vouch_status add_record(drawing *d, const vouch_box_record *r)
{
    if (compare_areas(&r->whole, &r->kept) != 0) {
        d->cut_off++;
        VOUCH_TRY(add_shape(d, CUT_OFF, 0, &r->whole));
    }
    switch (r->leaf) {
    case VOUCH_LEAF_PROVED:
    case VOUCH_LEAF_EMPTY:
    case VOUCH_LEAF_CLIPPED:
        d->proved++;
        return add_shape(d, GREEN, r->depth, &r->kept);
    case VOUCH_LEAF_REFUTED:
        d->refuted++;
        return add_shape(d, RED, r->depth, &r->kept);
    case VOUCH_LEAF_OPEN:
        d->open++;
        return add_shape(d, HATCH, r->depth, &r->kept);
    default:
        break;
    }
    if (r->dimension != -1)
        return add_missing(d, r);
    d->open += r->children == 0;
    return r->children ? VOUCH_OK : add_shape(d, HATCH, r->depth, &r->kept);
}

static int compare_shapes(const void *left, const void *right)
{
    const shape *a = left, *b = right;
    int order = (a->layer > b->layer) - (a->layer < b->layer);

    if (!order)
        order = (a->depth > b->depth) - (a->depth < b->depth);
    if (!order)
        order = compare_areas(&a->at, &b->at);
    return order;
}

static vouch_colour shade(const drawing *d, int depth)
{
    int span = d->p->deepest - d->shallowest;

    return vouch_svg_green(span > 0 ? (double)(depth - d->shallowest) / span : 0);
}

static vouch_rect place(const drawing *d, const vouch_area *at)
{
    double x = vouch_axis_place(&d->axis[0], at->low[0]);
    double y = vouch_axis_place(&d->axis[1], at->high[1]);

    return (vouch_rect){x, y, vouch_axis_place(&d->axis[0], at->high[0]) - x,
                        vouch_axis_place(&d->axis[1], at->low[1]) - y};
}

static void draw_shape(drawing *d, const shape *s)
{
    vouch_rect r = place(d, &s->at);
    char attributes[96];

    if (s->layer == CUT_OFF) {
        vouch_svg_rect(&d->svg, r, cut_off_fill);
    } else if (s->layer == GREEN) {
        snprintf(attributes, sizeof attributes, "fill=\"%s\"%s", shade(d, s->depth).text,
                 r.width < 3 || r.height < 3 ? "" : " stroke=\"#fff\" stroke-width=\".5\"");
        vouch_svg_rect(&d->svg, r, attributes);
    } else {
        r.width = fmax(r.width, 3);
        r.height = fmax(r.height, 3);
        vouch_svg_rect(&d->svg, r, "fill=\"#d7301f\" fill-opacity=\".75\"");
    }
}

/* Draws the sorted shapes of a layer, each projection once per depth. */
static void draw_layer(drawing *d, layer l)
{
    for (size_t i = 0; i < d->count; i++) {
        const shape *s = &d->shape[i];
        if (s->layer != l || (i > 0 && compare_shapes(&d->shape[i - 1], s) == 0))
            continue;
        if (l == HATCH)
            vouch_svg_union_add(&d->svg, place(d, &s->at));
        else
            draw_shape(d, s);
    }
}

static void draw_shapes(drawing *d)
{
    draw_layer(d, CUT_OFF);
    draw_layer(d, GREEN);
    if (d->open) {
        vouch_svg_union_begin(&d->svg);
        draw_layer(d, HATCH);
        vouch_svg_union_end(&d->svg, "fill=\"url(#open)\"");
    }
    draw_layer(d, RED);
}

static void draw_witness(drawing *d, const double *witness)
{
    double x, y;

    if (!witness)
        return;
    x = vouch_axis_place(&d->axis[0], witness[d->p->dim[0]]);
    y = vouch_axis_place(&d->axis[1], witness[d->p->dim[1]]);
    vouch_svg_circle(&d->svg, x, y, 6, "fill=\"none\" stroke=\"#fff\" stroke-width=\"4\"");
    vouch_svg_circle(&d->svg, x, y, 6, "fill=\"none\" stroke=\"#000\" stroke-width=\"1.8\"");
    vouch_svg_circle(&d->svg, x, y, 1.6, "fill=\"#000\"");
}

/* Shades of green from depth 0 to the deepest. */
static void draw_scale(drawing *d, double x, double y)
{
    char text[32];

    vouch_svg_text(&d->svg, x, y, "", "proved, by split depth");
    for (int i = 0; i < 24; i++) {
        char fill[32];
        snprintf(fill, sizeof fill, "fill=\"%s\"", vouch_svg_green(i / 23.0).text);
        vouch_svg_rect(&d->svg, (vouch_rect){x + 6 * i, y + 8, 6.5, 14}, fill);
    }
    snprintf(text, sizeof text, "%d", d->shallowest);
    vouch_svg_text(&d->svg, x, y + 37, "", text);
    snprintf(text, sizeof text, "%d", d->p->deepest);
    vouch_svg_text(&d->svg, x + 144, y + 37, "text-anchor=\"end\"", text);
}

static void draw_key(drawing *d, vouch_rect r, const char *attributes, const char *text)
{
    vouch_svg_rect(&d->svg, r, attributes);
    vouch_svg_text(&d->svg, r.x + r.width + 8, r.y + r.height - 2, "", text);
}

static void draw_counts(drawing *d, double x, double y)
{
    char text[96];

    snprintf(text, sizeof text, "%zu proved, %zu open, %zu refuted", d->proved, d->open,
             d->refuted);
    vouch_svg_text(&d->svg, x, y, "font-size=\"11\" fill=\"#555\"", text);
    if (!d->p->left_out)
        return;
    snprintf(text, sizeof text, "%" PRIu64 " more boxes are not drawn", d->p->left_out);
    vouch_svg_text(&d->svg, x, y + 18, "font-size=\"11\" fill=\"#555\"", text);
}

/* Only what the picture shows is explained. */
static void draw_legend(drawing *d, const vouch_partition_picture *picture)
{
    double x = 572, y = 174;

    if (d->proved)
        draw_scale(d, x, y - 54);
    else
        y -= 66;
    if (d->cut_off) {
        draw_key(d, (vouch_rect){x, y, 22, 14}, cut_off_fill, "proved, by clipping");
        y += 26;
    }
    if (d->open) {
        draw_key(d, (vouch_rect){x, y, 22, 14},
                 "fill=\"url(#open)\" stroke=\"#888\" stroke-width=\".5\"", "not decided");
        y += 26;
    }
    if (d->refuted) {
        draw_key(d, (vouch_rect){x, y, 22, 14}, "fill=\"#d7301f\" fill-opacity=\".75\"",
                 "refuted");
        y += 26;
    }
    if (picture->witness) {
        vouch_svg_circle(&d->svg, x + 11, y + 7, 6,
                         "fill=\"none\" stroke=\"#000\" stroke-width=\"1.8\"");
        vouch_svg_circle(&d->svg, x + 11, y + 7, 1.6, "fill=\"#000\"");
        vouch_svg_text(&d->svg, x + 30, y + 12, "", "counterexample");
        y += 26;
    }
    draw_counts(d, x, y + 18);
}

/* Widens the axis to what the records show where nobody said what it spans. */
static void span_records(const drawing *d, int k, vouch_axis *a)
{
    for (size_t i = 0; i < d->p->count; i++) {
        if (vouch_partition_find(d->p, d->p->record[i].parent))
            continue;
        a->low = fmin(a->low, d->p->record[i].whole.low[k]);
        a->high = fmax(a->high, d->p->record[i].whole.high[k]);
    }
}

static bool says_span(const vouch_partition_picture *picture)
{
    bool any = false;

    for (int k = 0; k < 2; k++)
        any = any || picture->low[k] != 0 || picture->high[k] != 0;
    return any;
}

/* The axes span the property's boxes, else the recorded ones without recorded parent. A zero
 * width is opened up a little. */
static void set_axes(drawing *d, const vouch_partition_picture *picture, char label[2][32])
{
    const double from[2] = {90, 490}, to[2] = {530, 70};

    for (int k = 0; k < 2; k++) {
        vouch_axis *a = &d->axis[k];
        *a = (vouch_axis){(double)INFINITY, -(double)INFINITY, from[k], to[k],
                          picture->label[k]};
        if (says_span(picture)) {
            a->low = picture->low[k];
            a->high = picture->high[k];
        }
        span_records(d, k, a);
        if (!(a->low < a->high)) {
            double middle = isfinite(a->low) ? a->low : 0;
            a->low = middle - fmax(fabs(middle), 1) / 2;
            a->high = middle + fmax(fabs(middle), 1) / 2;
        }
        snprintf(label[k], sizeof label[k], "input %" PRId64, d->p->dim[k]);
        if (!a->label)
            a->label = label[k];
    }
}

static void draw(drawing *d, const vouch_partition_picture *picture)
{
    char label[2][32];

    set_axes(d, picture, label);
    vouch_svg_begin(&d->svg, d->ctx, PICTURE_WIDTH, PICTURE_HEIGHT, picture->title);
    vouch_markup_put(&d->svg,
                     "<defs><pattern id=\"open\" width=\"7\" height=\"7\" "
                     "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                     "<rect width=\"7\" height=\"7\" fill=\"#fff\" fill-opacity=\".45\"/>"
                     "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\" stroke=\"#e08214\" "
                     "stroke-width=\"2\"/></pattern></defs>\n");
    vouch_svg_text(&d->svg, 90, 34, "font-size=\"17\" font-weight=\"bold\"", picture->title);
    if (picture->subtitle)
        vouch_svg_text(&d->svg, 90, 54, "fill=\"#555\"", picture->subtitle);
    draw_shapes(d);
    draw_witness(d, picture->witness);
    vouch_svg_axes(&d->svg, &d->axis[0], &d->axis[1]);
    draw_legend(d, picture);
}

/* Nothing was searched: all of it is undecided. */
static vouch_status add_unsearched(drawing *d, const vouch_partition_picture *picture)
{
    const vouch_area all = {{picture->low[0], picture->low[1]},
                            {picture->high[0], picture->high[1]}};

    d->open = 1;
    return add_shape(d, HATCH, 0, &all);
}

vouch_status vouch_partition_write(vouch_context *ctx, const vouch_partition *partition,
                                   const vouch_partition_picture *picture, const char *path)
{
    drawing d = {.ctx = ctx, .p = partition, .shallowest = partition->deepest};
    vouch_status status = VOUCH_OK;

    for (size_t i = 0; i < partition->count && !status; i++)
        status = add_record(&d, &partition->record[i]);
    if (partition->count == 0 && says_span(picture))
        status = add_unsearched(&d, picture);
    if (!status) {
        if (d.count)
            qsort(d.shape, d.count, sizeof *d.shape, compare_shapes);
        draw(&d, picture);
        status = vouch_svg_end(&d.svg);
    }
    if (!status)
        status = vouch_file_write(ctx, path, d.svg.data, d.svg.size);
    vouch_markup_free(&d.svg);
    if (d.shape)
        vouch_release(ctx, d.shape);
    return status;
}
