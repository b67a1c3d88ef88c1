/* What a verification found, as text for people, as JSON for scripts, and as a witness file. */
#ifndef VOUCH_CLI_REPORT_H
#define VOUCH_CLI_REPORT_H

#include <stdio.h>

#include "cli/load.h"
#include "verify/verify.h"

typedef struct vouch_cli_report {
    vouch_cli_network network; /* graph NULL: interrupted before it was read */
    vouch_cli_property property;
    const vouch_verify_settings *settings; /* as the user gave them */
    vouch_verify_result result;
    int64_t between; /* inputs of the witness that are between numbers (attack/falsify.h) */
    double load_s;   /* wall, reading network and property */
    double seconds, cpu_seconds; /* of the whole run, reading included */
} vouch_cli_report;

/* The verdict word, alone on its line. */
void vouch_cli_report_verdict(FILE *out, const vouch_cli_report *report);
void vouch_cli_report_summary(FILE *out, const vouch_cli_report *report);
/* docs/json.md has the schema. */
vouch_status vouch_cli_report_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_report *report);
/* VNN-COMP's counterexample format; nothing where the verdict is not sat. */
void vouch_cli_report_witness(FILE *out, const vouch_cli_report *report);

/* "HOLDS", "VIOLATED" or "UNDECIDED". */
const char *vouch_cli_meaning(vouch_verdict verdict);

#endif
