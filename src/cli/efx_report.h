/* What `vouch lab efx` says: tables by radius, JSON, a page. */
#ifndef VOUCH_CLI_EFX_REPORT_H
#define VOUCH_CLI_EFX_REPORT_H

#include <stdio.h>

#include "cli/attack_points.h"
#include "cli/text.h"
#include "lab/efx_study.h"

typedef struct vouch_cli_efx_report {
    const vouch_cli_call *call;
    const vouch_cli_points *points;
    const vouch_efx_plan *plan;
    int nets;
    const vouch_efx_net *net; /* [nets] */
    bool is_interrupted;
    double seconds, cpu_seconds;
} vouch_cli_efx_report;

void vouch_cli_efx_text(FILE *out, const vouch_cli_efx_report *report);
vouch_status vouch_cli_efx_json(vouch_context *ctx, FILE *out,
                                const vouch_cli_efx_report *report);
vouch_status vouch_cli_efx_page(vouch_context *ctx, FILE *out,
                                const vouch_cli_efx_report *report);

/* ---- what they share -------------------------------------------------------------------------- */

/* A column of the table of a radius; shares are shown in per cent. */
typedef struct vouch_cli_efx_column {
    char title[64];
    vouch_efx_place place;
    bool is_share;
} vouch_cli_efx_column;

enum { VOUCH_CLI_EFX_FIXED = 6 }; /* columns that are not of one attack */
/* Column `which` of a radius: accuracy, irrelevant features, explainable, EFX, EFX of all points,
 * seconds, EFX by each attack where there are several; false past the last. */
bool vouch_cli_efx_column_at(const vouch_cli_efx_report *report, int radius, int which,
                             vouch_cli_efx_column *column);
/* "44.49", "44.49 ± 1.2" over networks, "-" of none. */
vouch_cli_number vouch_cli_efx_cell(const vouch_summary *summary, bool is_share);

#endif
