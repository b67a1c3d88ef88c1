/* What studies of grids say: text, JSON and a page, made from their figures (lab/figures.h). What
 * one study alone has to say stands in its vouch_cli_study. */
#ifndef VOUCH_CLI_GRID_REPORT_H
#define VOUCH_CLI_GRID_REPORT_H

#include <stdio.h>

#include "cli/grid_study.h"
#include "lab/figures.h"
#include "lab/plot_svg.h"
#include "report/html.h"

typedef struct vouch_cli_study vouch_cli_study;

/* A page in the making. */
typedef struct vouch_cli_page {
    vouch_html html;
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_cli_study *study;
    const vouch_plan *plan;
    vouch_findings all;
} vouch_cli_page;

struct vouch_cli_study {
    const char *name;       /* "co" */
    int schema;             /* of its JSON */
    const char *title, *by; /* of the page; what its subtitle adds to the data */
    const char *sweep;      /* the setting whose values differ; NULL: none */
    const vouch_cli_grid *grid;
    const vouch_figures *figures;
    const void *own; /* for the functions below */
    /* Fields of its own at the JSON's root; NULL: none. */
    void (*add)(vouch_context *ctx, json_t *root, const vouch_cli_study *study);
    /* The part of the page about a network and a radius. */
    vouch_status (*section)(vouch_cli_page *page, const vouch_plan_place *place);
    /* What comes after the last of them; NULL: nothing. */
    vouch_status (*finish)(vouch_cli_page *page);
};

/* A vouch_cli_put_fn: report is a vouch_cli_study. */
vouch_status vouch_cli_study_put(vouch_context *ctx, int which, FILE *out, const void *report);

/* ---- pages (grid_page.c) ---------------------------------------------------------------------- */

vouch_status vouch_cli_study_page(vouch_context *ctx, FILE *out, const vouch_cli_study *study);
/* A table's head; a row, where the place has runs; all rows of a network and radius, and the end. */
void vouch_cli_page_head(vouch_cli_page *page, const char *caption);
void vouch_cli_page_row(vouch_cli_page *page, const vouch_plan_place *place);
void vouch_cli_page_figures(vouch_cli_page *page, const vouch_group *group); /* their cells */
void vouch_cli_page_rows(vouch_cli_page *page, vouch_plan_place place);
void vouch_cli_page_plot(vouch_cli_page *page, const vouch_plot *plot, const char *caption);

/* A figure over epochs. */
typedef struct vouch_cli_curve {
    const char *title, *label, *caption;
    int figure;
    bool is_share, is_log; /* shares are drawn in per cent */
} vouch_cli_curve;
/* What one line of such a curve draws. */
typedef struct vouch_cli_series {
    const char *name;
    int figure;
    vouch_plan_place place;
} vouch_cli_series;
/* A picture over epochs; the curve's own figure does not count. */
vouch_status vouch_cli_page_series(vouch_cli_page *page, const vouch_cli_curve *curve,
                                   int lines, const vouch_cli_series *series);
/* A line for each method; where there are parts, for each part of the place's method. */
vouch_status vouch_cli_page_curve(vouch_cli_page *page, const vouch_cli_curve *curve,
                                  const vouch_plan_place *place);

#endif
