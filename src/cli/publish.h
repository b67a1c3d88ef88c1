/* What a measuring command hands out at its end: text on standard output and some files, opened
 * before the run (output.h) and written after it from one report. */
#ifndef VOUCH_CLI_PUBLISH_H
#define VOUCH_CLI_PUBLISH_H

#include "cli/command.h"
#include "cli/output.h"
#include "report/markup.h"

enum { VOUCH_CLI_FILES = 4, VOUCH_CLI_TEXT = VOUCH_CLI_FILES };

typedef struct vouch_cli_files {
    int count;
    bool is_json_only; /* the first file is standard output, in place of the text */
    vouch_cli_output output[VOUCH_CLI_FILES];
} vouch_cli_files;

/* Writes file `which` of the report, or VOUCH_CLI_TEXT. */
typedef vouch_status vouch_cli_put_fn(vouch_context *ctx, int which, FILE *out,
                                      const void *report);

/* The first name is the JSON's. Names must differ from each other and from what is read. */
vouch_status vouch_cli_files_open(vouch_arena *arena, const vouch_cli_name *out, int outs,
                                  const vouch_cli_name *in, int ins, vouch_cli_files *files);
/* Each file is tried, also where another failed; the first error is reported. */
vouch_exit vouch_cli_publish(const vouch_cli_call *call, vouch_cli_files *files,
                             vouch_cli_put_fn *put, const void *report);
/* The end of a run that came to `status`: what was found is published, or the error told; no trace
 * is left of what was not published. */
vouch_exit vouch_cli_conclude(const vouch_cli_call *call, vouch_status status,
                              vouch_cli_files *files, vouch_cli_put_fn *put, const void *report,
                              bool is_interrupted);
/* Leaves no trace of what was not published. */
void vouch_cli_files_discard(vouch_cli_files *files);

/* Writes a drawing or page that was made with that status, and frees it. */
vouch_status vouch_cli_put_markup(FILE *out, vouch_markup *markup, vouch_status made);

#endif
