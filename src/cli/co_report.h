/* What `vouch lab co` says: text, JSON and a page. */
#ifndef VOUCH_CLI_CO_REPORT_H
#define VOUCH_CLI_CO_REPORT_H

#include <stdio.h>

#include "cli/grid_study.h"
#include "lab/co.h"

typedef struct vouch_cli_co_report {
    const vouch_cli_grid *grid;
    int64_t steps, restarts;
} vouch_cli_co_report;

void vouch_cli_co_text(FILE *out, const vouch_cli_co_report *report);
vouch_status vouch_cli_co_json(vouch_context *ctx, FILE *out,
                               const vouch_cli_co_report *report);
vouch_status vouch_cli_co_html(vouch_context *ctx, FILE *out,
                               const vouch_cli_co_report *report);

#endif
