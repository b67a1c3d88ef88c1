/* What `vouch explain latent` says: text, JSON. */
#ifndef VOUCH_CLI_LATENT_REPORT_H
#define VOUCH_CLI_LATENT_REPORT_H

#include <stdio.h>

#include "cli/attack_points.h"
#include "explain/latent_bound.h"
#include "explain/latent_net.h"

/* One point explained. */
typedef struct vouch_cli_latent {
    int64_t index;
    int label, predicted; /* of the data (-1: none), of the network */
    vouch_latent_problem problem;
    vouch_latent_explanation explanation;
} vouch_cli_latent;

typedef struct vouch_cli_latent_report {
    const vouch_cli_network *network;
    const vouch_cli_points *points;
    const vouch_latent_net *net;
    const vouch_latent_bounding *bounding;
    double eps; /* negative: inputs are not bounded */
    bool anywhere;
    double slack;
    int64_t count;
    const vouch_cli_latent *point; /* [count] */
    bool is_interrupted;
    double seconds, cpu_seconds;
} vouch_cli_latent_report;

void vouch_cli_latent_text(FILE *out, const vouch_cli_latent_report *report);
vouch_status vouch_cli_latent_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_latent_report *report);

#endif
