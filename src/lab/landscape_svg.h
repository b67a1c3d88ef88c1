/* The picture of loss landscapes: for each point and network a heat map of the loss with contour
 * lines above, the map of decisions below; networks side by side, points one under the other. */
#ifndef VOUCH_LAB_LANDSCAPE_SVG_H
#define VOUCH_LAB_LANDSCAPE_SVG_H

#include "lab/landscape.h"
#include "report/svg.h"

typedef struct vouch_landscape_picture {
    const char *loss; /* what was computed: "cross-entropy" */
    double eps;
    int points, networks;
    const char *const *point_name;    /* [points] */
    const char *const *network_name;  /* [networks] */
    const vouch_landscape *landscape; /* [points][networks] */
    int classes;
    const char *const *class_name; /* [classes] */
} vouch_landscape_picture;

/* Draws it; svg->data is the text, freed by vouch_markup_free, on failure too. */
vouch_status vouch_landscape_svg(vouch_context *ctx, const vouch_landscape_picture *picture,
                                 vouch_svg *svg);
/* The same inside of a page that has begun. */
vouch_status vouch_landscape_figure(vouch_context *ctx, const vouch_landscape_picture *picture,
                                    vouch_svg *page);

#endif
