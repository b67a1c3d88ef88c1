/* What vouch train tells: the progress line, the log, the curves, the model card. */
#ifndef VOUCH_CLI_TRAIN_REPORT_H
#define VOUCH_CLI_TRAIN_REPORT_H

#include "cli/command.h"
#include "cli/progress.h"
#include "data/data.h"
#include "train/recipe.h"

typedef struct vouch_cli_train_report {
    const vouch_cli_call *call;
    const vouch_recipe *recipe;
    const char *out, *log, *curves, *card; /* files; NULL: not wanted */
    vouch_cli_progress progress;
    char last[160];          /* what the last epoch reached, for the progress line */
    vouch_fit_progress *row; /* [members x epochs] one member after the other */
    int64_t before;          /* rows of members that have ended */
    int64_t rows, printed;   /* printed: of a log on standard output */
    int64_t validation;      /* samples; 0: none */
    const vouch_data *data, *test;
    int64_t parameters, hits[2]; /* hits: training, test */
    char start_sha256[65];       /* of the network gone on from; "": none */
    double seconds;
} vouch_cli_train_report;

/* The progress line, until vouch_cli_progress_stop. */
void vouch_cli_train_watch(vouch_cli_train_report *r, bool quiet);
/* After an epoch (vouch_fit_report): false if a file cannot be written. */
bool vouch_cli_train_tell(void *user, const vouch_fit_progress *log, int64_t count);
/* The model card, as JSON. */
vouch_status vouch_cli_train_card(const vouch_cli_train_report *r);

#endif
