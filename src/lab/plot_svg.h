/* A plot of lines with intervals and a key, inside of a page. */
#ifndef VOUCH_LAB_PLOT_SVG_H
#define VOUCH_LAB_PLOT_SVG_H

#include "report/svg.h"

typedef struct vouch_plot_line {
    const char *name;
    int count;
    const double *x, *y; /* [count] places whose y is NaN are left out */
    const double *half;  /* [count] of the interval; NULL: none */
} vouch_plot_line;

typedef struct vouch_plot {
    const char *title, *x_label, *y_label;
    bool is_share;  /* y is in per cent: from 0 to 100 */
    bool has_marks; /* places are marked */
    int lines;
    const vouch_plot_line *line;
} vouch_plot;

void vouch_plot_svg(vouch_svg *svg, const vouch_plot *plot);

#endif
