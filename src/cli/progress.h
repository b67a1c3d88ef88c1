/* The progress line on a terminal's standard error. */
#ifndef VOUCH_CLI_PROGRESS_H
#define VOUCH_CLI_PROGRESS_H

#include <stdatomic.h>

#include "base/context.h"

typedef struct vouch_cli_progress {
    bool on;    /* standard error is a terminal, and --quiet was not given */
    bool shown; /* a line stands there */
    atomic_flag busy;
    double last_s;      /* when it was drawn last */
    const char *prefix; /* before the state of the search; NULL = "vouch" */
} vouch_cli_progress;

/* Starts reporting ctx's progress; the object must stay until vouch_cli_progress_stop. */
void vouch_cli_progress_start(vouch_context *ctx, bool quiet, vouch_cli_progress *progress);
/* Draws `text` as the line now. */
void vouch_cli_progress_draw(vouch_cli_progress *progress, const char *text);
/* Wipes the line, so that other output may follow. */
void vouch_cli_progress_clear(vouch_cli_progress *progress);
void vouch_cli_progress_stop(vouch_context *ctx, vouch_cli_progress *progress);

#endif
