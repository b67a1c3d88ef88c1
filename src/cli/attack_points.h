/* The points that `vouch attack` and `vouch eval` look at: a data set's, or one named on the
 * command line. */
#ifndef VOUCH_CLI_ATTACK_POINTS_H
#define VOUCH_CLI_ATTACK_POINTS_H

#include "attack/ball.h"
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

#endif
