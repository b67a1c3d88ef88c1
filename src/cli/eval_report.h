/* What `vouch eval` says: a table, JSON, a curve. */
#ifndef VOUCH_CLI_EVAL_REPORT_H
#define VOUCH_CLI_EVAL_REPORT_H

#include <stdio.h>

#include "cli/attack_points.h"
#include "lab/efx.h"

typedef struct vouch_cli_eval_report {
    const vouch_cli_call *call;
    const vouch_cli_network *network;
    const vouch_cli_points *points;
    const vouch_eval_request *request;
    const vouch_eval_result *result;
    const vouch_efx_radius *efx; /* [eps_count]; NULL: not asked for */
    double seconds, cpu_seconds;
} vouch_cli_eval_report;

void vouch_cli_eval_text(FILE *out, const vouch_cli_eval_report *report);
vouch_status vouch_cli_eval_json(vouch_context *ctx, FILE *out,
                                 const vouch_cli_eval_report *report);
vouch_status vouch_cli_eval_html(vouch_context *ctx, FILE *out,
                                 const vouch_cli_eval_report *report);

/* ---- what they share ----------------------------------------------------------------------- */

/* Smoothing is shown at radii 0, sigma/2, sigma, ... */
enum { VOUCH_CLI_EVAL_STEPS = 7 };
/* How many points the smoothed network gets right and certifies to at least that radius; for
 * how many it has no answer. */
int64_t vouch_cli_eval_beyond(const vouch_cli_eval_report *report, double radius);
int64_t vouch_cli_eval_abstained(const vouch_cli_eval_report *report);

#endif
