/* The points that `vouch attack` and `vouch eval` look at: a data set's, or one named on the
 * command line. */
#ifndef VOUCH_CLI_ATTACK_POINTS_H
#define VOUCH_CLI_ATTACK_POINTS_H

#include <stdio.h>

#include "attack/ball.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/load.h"
#include "data/data.h"

typedef struct vouch_cli_points {
    const char *place;
    int64_t count, size;
    vouch_shape shape; /* of one point */
    float *x;          /* [count][size] */
    int *label;        /* [count] -1: unknown */
    float *low, *high; /* [size] valid range */
    vouch_image image;
    vouch_rules rules;
    bool is_table;             /* rules hold */
    bool is_ranged;            /* the valid range is known */
    const char *range_from;    /* "data", "option", "none" */
    int64_t from;              /* the first sample of the data set */
    int64_t outside;           /* points with a number outside the valid range */
    vouch_data_stream *stream; /* of a data set: stays open for its info; else NULL */
} vouch_cli_points;

typedef struct vouch_cli_points_wanted {
    int64_t from, count; /* of a data set */
    const char *range;   /* "LOW,HIGH" or NULL: what the data says */
    const char *image;   /* "C,H,W" or NULL: the data's shape */
    bool relative;       /* rules: eps is a share of each number's range */
} vouch_cli_points_wanted;

/* text: numbers separated by commas or spaces, or the place of a data set. */
vouch_status vouch_cli_points_load(vouch_context *ctx, vouch_arena *arena, const char *text,
                                   const vouch_cli_network *network,
                                   const vouch_cli_points_wanted *wanted,
                                   vouch_cli_points *points);
void vouch_cli_points_free(vouch_cli_points *points);

/* ---- what reports say of them (attack_points_report.c) ---- */

/* The valid range and where it is from; how many points it does not hold. */
void vouch_cli_points_text(FILE *out, const vouch_cli_points *points);
void vouch_cli_points_json(vouch_context *ctx, json_t *root, const vouch_cli_points *points);
/* " of each column's range" where eps is a share, else "". */
const char *vouch_cli_points_unit(const vouch_cli_points *points);
/* The class as the data names it, else its number; and how wide a column of them is. */
typedef struct vouch_cli_class {
    char text[64];
} vouch_cli_class;
vouch_cli_class vouch_cli_class_name(const vouch_cli_points *points, int64_t k);
int vouch_cli_class_width(const vouch_cli_points *points, int64_t classes);

#endif
