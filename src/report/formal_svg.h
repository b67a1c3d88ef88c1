/* The picture of formal explanations: each image beside its mask of three colours. */
#ifndef VOUCH_REPORT_FORMAL_SVG_H
#define VOUCH_REPORT_FORMAL_SVG_H

#include "explain/formal.h"
#include "io/png.h"
#include "report/svg.h"

typedef struct vouch_formal_mask {
    const char *title; /* above it; NULL: none */
    const vouch_groups *groups;
    const vouch_explanation *explanation;
} vouch_formal_mask;

typedef struct vouch_formal_row {
    const char *title;             /* "7, sample 3" */
    const float *x;                /* [inputs] */
    const vouch_formal_mask *mask; /* [picture's masks] */
} vouch_formal_row;

typedef struct vouch_formal_picture {
    const char *title;
    vouch_image image;
    const float *low, *high;     /* [inputs]: black and white */
    int64_t count, masks;        /* rows; masks beside each image */
    const vouch_formal_row *row; /* [count] */
} vouch_formal_picture;

/* Draws it; svg->data is the text, freed by vouch_markup_free, on failure too. */
vouch_status vouch_formal_svg(vouch_context *ctx, const vouch_formal_picture *picture,
                              vouch_svg *svg);
/* The class that a pixel is drawn in. */
vouch_formal_class vouch_formal_pixel_class(const vouch_formal_picture *picture,
                                            const vouch_formal_mask *mask, int64_t pixel);
/* Red, green, blue of the image's pixel: grey where there is one channel. */
void vouch_formal_pixel_colour(const vouch_formal_picture *picture, const float *x,
                               int64_t pixel, int colour[3]);
/* The same without words, as PNG: image and masks in a row, rows below each other. Appended. */
vouch_status vouch_formal_png(vouch_context *ctx, const vouch_formal_picture *picture,
                              vouch_pack *pack);
/* The same inside of a page that has begun. */
void vouch_formal_svg_draw(const vouch_formal_picture *picture, vouch_svg *svg);

#endif
