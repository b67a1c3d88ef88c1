/* What `vouch explain contrastive` says: text, JSON. */
#ifndef VOUCH_CLI_CONTRAST_REPORT_H
#define VOUCH_CLI_CONTRAST_REPORT_H

#include "cli/formal_report.h"
#include "explain/contrast.h"

typedef struct vouch_cli_contrast_report {
    vouch_cli_formal_report base;   /* its points' explanations are not looked at */
    const vouch_contrast *contrast; /* [base.count] */
    bool wants_all;
} vouch_cli_contrast_report;

void vouch_cli_contrast_text(FILE *out, const vouch_cli_contrast_report *report);
vouch_status vouch_cli_contrast_json(vouch_context *ctx, FILE *out,
                                     const vouch_cli_contrast_report *report);

#endif
