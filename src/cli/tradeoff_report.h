/* What `vouch lab tradeoff` says: text, JSON and a page. */
#ifndef VOUCH_CLI_TRADEOFF_REPORT_H
#define VOUCH_CLI_TRADEOFF_REPORT_H

#include <stdio.h>

#include "cli/grid_study.h"
#include "lab/tradeoff.h"

typedef struct vouch_cli_tradeoff_report {
    const vouch_cli_grid *grid;
    const char *sweep, *attack;
    int certify_level;
} vouch_cli_tradeoff_report;

void vouch_cli_tradeoff_text(FILE *out, const vouch_cli_tradeoff_report *report);
vouch_status vouch_cli_tradeoff_json(vouch_context *ctx, FILE *out,
                                     const vouch_cli_tradeoff_report *report);
vouch_status vouch_cli_tradeoff_html(vouch_context *ctx, FILE *out,
                                     const vouch_cli_tradeoff_report *report);

#endif
