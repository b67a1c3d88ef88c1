/* What `vouch lab landscape` says: text and JSON. */
#ifndef VOUCH_CLI_LANDSCAPE_REPORT_H
#define VOUCH_CLI_LANDSCAPE_REPORT_H

#include <stdio.h>

#include "cli/load.h"
#include "lab/landscape_svg.h"

typedef struct vouch_cli_landscape_report {
    const vouch_landscape_picture *picture;
    const vouch_cli_network *network; /* [picture->networks] */
    const vouch_objective *loss;
    const char *data;
    int64_t pairs;
    uint64_t seed;
    bool clip;
    double seconds;
} vouch_cli_landscape_report;

void vouch_cli_landscape_text(FILE *out, const vouch_cli_landscape_report *report);
vouch_status vouch_cli_landscape_json(vouch_context *ctx, FILE *out,
                                      const vouch_cli_landscape_report *report);

#endif
