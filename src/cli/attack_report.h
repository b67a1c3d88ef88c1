/* What `vouch attack` says: a table, JSON, a picture, an array of adversarials. */
#ifndef VOUCH_CLI_ATTACK_REPORT_H
#define VOUCH_CLI_ATTACK_REPORT_H

#include <stdio.h>

#include "attack/campaign.h"
#include "cli/attack_points.h"

typedef struct vouch_cli_attack_report {
    const vouch_cli_network *network;
    const vouch_cli_points *points;
    const vouch_campaign *campaign;
    const float *adversarial; /* [count][size] */
    const vouch_fate *fate;   /* [count] */
    bool is_svg;              /* the picture; else PNG */
    bool is_interrupted;      /* withstood is a bound all the same, but not all was tried */
    double seconds, cpu_seconds;
} vouch_cli_attack_report;

/* What is counted over the points. Shares are of those that were looked at (all, unless the run
 * was interrupted at once), but for those of the class that an attack wants. */
typedef struct vouch_cli_attack_counts {
    int64_t of[VOUCH_OUTCOMES];
    int64_t points;
    int64_t right;  /* as given */
    int64_t fallen; /* right, and an adversarial was found: the other finds were wrong before */
    int64_t robust; /* right - fallen */
    double forward, backward;       /* means over all points */
    double nearest, mean, farthest; /* distances of what was found; NaN: none */
} vouch_cli_attack_counts;
vouch_cli_attack_counts vouch_cli_attack_count(const vouch_cli_attack_report *report);

void vouch_cli_attack_text(FILE *out, const vouch_cli_attack_report *report);
vouch_status vouch_cli_attack_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_attack_report *report);
/* All points in the data's shape: what was found, else the point itself. */
vouch_status vouch_cli_attack_array(vouch_context *ctx, FILE *out,
                                    const vouch_cli_attack_report *report);
/* Up to ten found: before, after, difference. PNG, or SVG around it where svg. */
vouch_status vouch_cli_attack_picture(vouch_context *ctx, FILE *out,
                                      const vouch_cli_attack_report *report);

#endif
