/* The picture of an evaluation: robust accuracy over the radius, and confidence against
 * accuracy. */
#ifndef VOUCH_REPORT_EVAL_SVG_H
#define VOUCH_REPORT_EVAL_SVG_H

#include "eval/eval.h"
#include "report/svg.h"

typedef struct vouch_eval_picture {
    const char *title; /* the network */
    const vouch_eval_request *request;
    const vouch_eval_result *result;
} vouch_eval_picture;

/* Draws it; svg->data is the text, freed by vouch_markup_free, on failure too. */
vouch_status vouch_eval_svg(vouch_context *ctx, const vouch_eval_picture *picture,
                            vouch_svg *svg);
/* Each half as a drawing of its own, inside of a page that has begun. */
void vouch_eval_svg_curve(const vouch_eval_picture *picture, vouch_svg *svg);
void vouch_eval_svg_reliability(const vouch_calibration *calibration, vouch_svg *svg);

#endif
