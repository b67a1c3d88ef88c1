/* The picture of an evaluation.
 *
 * Left: robust accuracy over the radius lies in the shaded area, for every radius and not only
 * the measured ones: it falls with the radius, so what withstood at one radius bounds it from
 * above until the next, and what is certified at one bounds it from below down to the last. Both
 * edges are therefore steps, never slanted lines.
 *
 * Right: the reliability diagram. A bar is the accuracy of a bin of confidence, as dark as the
 * bin has points; on the diagonal confidence may be believed.
 */
#include "report/eval_svg.h"

#include <math.h>
#include <stdio.h>

enum { PANE = 450, LEFT = 90, HEIGHT = 400, TOP = 50, BOTTOM = 330, LINE = 2 * 64 + 4 };

static const char attack_stroke[] =
    "class=\"attack\" fill=\"none\" stroke=\"#b2182b\" stroke-width=\"2\"";
static const char proof_stroke[] =
    "class=\"proof\" fill=\"none\" stroke=\"#1b7837\" stroke-width=\"2\"";
static const char gap_fill[] = "class=\"gap\" fill=\"#d9d9d9\" stroke=\"none\"";

static const vouch_axis share_axis = {0, 100, BOTTOM, TOP, ""};

/* ---- the curve ------------------------------------------------------------------------------ */

typedef struct curve {
    const vouch_eval_picture *p;
    vouch_axis x, y;
} curve;

static double share(const curve *c, int64_t hits)
{
    const int64_t count = c->p->request->points.count;
    return vouch_axis_place(&c->y, count > 0 ? 100 * (double)hits / (double)count : 0);
}

/* Radius i of the curve, of which the first is 0, where both counts are the clean one. */
static double radius_at(const curve *c, int i)
{
    return vouch_axis_place(&c->x, i > 0 ? c->p->request->eps[i - 1] : 0);
}

static double withstood_at(const curve *c, int i)
{
    return share(c, i > 0 ? c->p->result->radius[i - 1].withstood : c->p->result->right);
}

static double certified_at(const curve *c, int i)
{
    return share(c, i > 0 ? c->p->result->radius[i - 1].certified : c->p->result->right);
}

/* The corners of the upper edge, left to right; returns how many. */
static int upper_edge(const curve *c, vouch_place *at)
{
    int count = 0;
    for (int i = 0; i <= c->p->request->eps_count; i++) {
        if (i > 0)
            at[count++] = (vouch_place){radius_at(c, i), withstood_at(c, i - 1)};
        at[count++] = (vouch_place){radius_at(c, i), withstood_at(c, i)};
    }
    return count;
}

static int lower_edge(const curve *c, vouch_place *at)
{
    int count = 0;
    for (int i = 0; i <= c->p->request->eps_count; i++) {
        if (i > 0)
            at[count++] = (vouch_place){radius_at(c, i - 1), certified_at(c, i)};
        at[count++] = (vouch_place){radius_at(c, i), certified_at(c, i)};
    }
    return count;
}

static void draw_edges(const curve *c, vouch_svg *svg)
{
    vouch_place at[2 * LINE];
    const int upper = upper_edge(c, at), lower = lower_edge(c, at + upper);
    for (int i = 0; i < lower / 2; i++) { /* the way back */
        const vouch_place kept = at[upper + i];
        at[upper + i] = at[upper + lower - 1 - i];
        at[upper + lower - 1 - i] = kept;
    }
    vouch_svg_path(svg, upper + lower, at, gap_fill);
    if (vouch_eval_proves(c->p->request))
        vouch_svg_path(svg, lower, at + upper, proof_stroke);
    vouch_svg_path(svg, upper, at, attack_stroke);
}

static void draw_key(vouch_svg *svg, double x, double y, const char *stroke, const char *text)
{
    vouch_svg_line(svg, x, y - 4, x + 22, y - 4, stroke);
    vouch_svg_text(svg, x + 28, y, "", text);
}

static void draw_curve(const vouch_eval_picture *p, vouch_svg *svg)
{
    const int count = p->request->eps_count;
    const double last = count > 0 ? p->request->eps[count - 1] : 0;
    char label[48];
    snprintf(label, sizeof label, "radius (%s)", vouch_norm_name(p->request->ball.norm));
    const curve c = {p, {0, last > 0 ? last : 1, LEFT, 430, label}, share_axis};
    vouch_axis y = share_axis;
    y.label = "robust accuracy, %";
    if (count > 0)
        draw_edges(&c, svg);
    vouch_svg_axes(svg, &c.x, &y);
    /* room for the widest fonts that a phone may have */
    draw_key(svg, LEFT, TOP - 12, attack_stroke, "withstood");
    if (vouch_eval_proves(p->request))
        draw_key(svg, 213, TOP - 12, proof_stroke, "proved");
    vouch_svg_rect(svg, (vouch_rect){315, TOP - 22, 22, 12}, gap_fill);
    vouch_svg_text(svg, 343, TOP - 12, "", "undecided");
}

/* ---- reliability ---------------------------------------------------------------------------- */

static void draw_bin(const vouch_calibration *c, int bin, int64_t most, vouch_svg *svg,
                     const vouch_axis *x)
{
    char fill[112];
    if (c->points[bin] == 0)
        return;
    const double left = vouch_axis_place(x, 100. * bin / VOUCH_BINS);
    const double right = vouch_axis_place(x, 100. * (bin + 1) / VOUCH_BINS);
    const double top =
        vouch_axis_place(&share_axis, 100 * (double)c->right[bin] / (double)c->points[bin]);
    snprintf(fill, sizeof fill,
             "class=\"bin\" fill=\"#1b7837\" fill-opacity=\"0.%02d\" stroke=\"#444\" "
             "stroke-width=\"0.5\"",
             (int)(10 + 89 * sqrt((double)c->points[bin] / (double)most)));
    vouch_svg_rect(svg, (vouch_rect){left, top, right - left, BOTTOM - top}, fill);
}

static void draw_reliability(const vouch_calibration *c, vouch_svg *svg)
{
    const vouch_axis x = {0, 100, LEFT, 410, "confidence, %"};
    vouch_axis y = share_axis;
    int64_t most = 1;
    char text[96];
    y.label = "accuracy, %";
    for (int bin = 0; bin < VOUCH_BINS; bin++)
        most = c->points[bin] > most ? c->points[bin] : most;
    for (int bin = 0; bin < VOUCH_BINS; bin++)
        draw_bin(c, bin, most, svg, &x);
    vouch_svg_line(svg, x.from, y.from, x.to, y.to,
                   "class=\"axis\" stroke=\"#444\" stroke-dasharray=\"4 3\"");
    vouch_svg_axes(svg, &x, &y);
    snprintf(text, sizeof text, "expected calibration error %.2f %%", 100 * c->ece);
    vouch_svg_text(svg, x.from, TOP - 12, "", text);
}

void vouch_eval_svg_curve(const vouch_eval_picture *picture, vouch_svg *svg)
{
    vouch_svg_open(svg, PANE, HEIGHT - 20, "Robust accuracy over the radius");
    draw_curve(picture, svg);
    (void)vouch_svg_end(svg);
}

void vouch_eval_svg_reliability(const vouch_calibration *calibration, vouch_svg *svg)
{
    vouch_svg_open(svg, PANE, HEIGHT - 20, "Accuracy over confidence");
    draw_reliability(calibration, svg);
    (void)vouch_svg_end(svg);
}

vouch_status vouch_eval_svg(vouch_context *ctx, const vouch_eval_picture *picture,
                            vouch_svg *svg)
{
    char place[48];
    vouch_svg_begin(svg, ctx, 2 * PANE, HEIGHT, picture->title);
    vouch_svg_text(svg, PANE, 18, "text-anchor=\"middle\" font-size=\"14\"", picture->title);
    draw_curve(picture, svg);
    snprintf(place, sizeof place, "<g transform=\"translate(%d 0)\">\n", PANE);
    vouch_markup_put(svg, place);
    draw_reliability(&picture->result->calibration, svg);
    vouch_markup_put(svg, "</g>\n");
    return vouch_svg_end(svg);
}
