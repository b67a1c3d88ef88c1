/* What `vouch explain formal` says: text, JSON, picture, page, property. */
#ifndef VOUCH_CLI_FORMAL_REPORT_H
#define VOUCH_CLI_FORMAL_REPORT_H

#include <stdio.h>

#include "cli/explain_question.h"
#include "report/formal_svg.h"

typedef struct vouch_cli_formal_report {
    const vouch_cli_network *network;
    const vouch_cli_points *points;
    const vouch_ball *ball;
    const vouch_formal_settings *settings;
    const char *groups; /* name of the grouping */
    int64_t count;
    const vouch_cli_formal *point; /* [count] */
    bool is_png;                   /* the picture, else SVG */
    bool is_interrupted;
    double seconds, cpu_seconds;
} vouch_cli_formal_report;

/* How far features may move, in words. */
typedef struct vouch_cli_radius {
    char text[96];
} vouch_cli_radius;
vouch_cli_radius vouch_cli_formal_radius(const vouch_cli_formal_report *report);
/* The feature by name: a column of the table, else its number; and where it is in the image. */
typedef struct vouch_cli_feature {
    char text[96];
} vouch_cli_feature;
vouch_cli_feature vouch_cli_feature_name(const vouch_cli_formal_report *report,
                                         const vouch_cli_formal *point, int64_t feature);
/* Its value: a number, a category's name. */
vouch_cli_feature vouch_cli_feature_value(const vouch_cli_formal_report *report,
                                          const vouch_cli_formal *point, int64_t feature);

/* One sentence: "4 of 14 fields decide; the other 10 provably cannot". */
typedef struct vouch_cli_sentence {
    char text[256];
} vouch_cli_sentence;
vouch_cli_sentence vouch_cli_formal_sentence(const vouch_cli_formal *point);
void vouch_cli_formal_text(FILE *out, const vouch_cli_formal_report *report);
vouch_status vouch_cli_formal_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_formal_report *report);
/* What the JSON of all explanations shares: all before the list, all after it; the questions and
 * times of one. */
typedef struct vouch_cli_formal_kind {
    const char *name, *type;
    const vouch_option *rows; /* [row_count] of the settings that were asked */
    size_t row_count;
    bool has_networks; /* which are told elsewhere */
} vouch_cli_formal_kind;
void vouch_cli_formal_json_network(vouch_context *ctx, json_t *to,
                                   const vouch_cli_network *network);
void vouch_cli_formal_json_head(vouch_context *ctx, json_t *root,
                                const vouch_cli_formal_report *report,
                                const vouch_cli_formal_kind *kind);
void vouch_cli_formal_json_tail(vouch_context *ctx, json_t *root,
                                const vouch_cli_formal_report *report);
/* Which point it is; its numbers; where features are of this point alone, the feature of each. */
void vouch_cli_formal_json_point(vouch_context *ctx, json_t *one,
                                 const vouch_cli_formal_report *r, const vouch_cli_formal *p);
/* The class that is explained, values, certificate, work. */
void vouch_cli_formal_json_found(vouch_context *ctx, json_t *one, const vouch_cli_formal *p);
void vouch_cli_formal_json_work(vouch_context *ctx, json_t *one, const vouch_explanation *e);
/* Images beside their masks: a drawing, and a page with the features named. */
vouch_status vouch_cli_formal_picture(vouch_context *ctx, FILE *out,
                                      const vouch_cli_formal_report *report);
/* Is the picture's file a PNG, by its ending? Other endings than .png and .svg are refused. */
vouch_status vouch_cli_masks_kind(vouch_context *ctx, const char *path, bool *is_png);
vouch_status vouch_cli_put_masks(vouch_context *ctx, FILE *out,
                                 const vouch_formal_picture *picture, bool is_png);
vouch_status vouch_cli_formal_page(vouch_context *ctx, FILE *out,
                                   const vouch_cli_formal_report *report);
/* The property that proves the first point's explanation: VNN-LIB 1.0. */
vouch_status vouch_cli_formal_query(vouch_context *ctx, FILE *out,
                                    const vouch_cli_formal_report *report);

#endif
