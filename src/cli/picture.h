/* --picture: the partition of the input space, drawn in two of its dimensions. */
#ifndef VOUCH_CLI_PICTURE_H
#define VOUCH_CLI_PICTURE_H

#include "cli/output.h"
#include "cli/report.h"
#include "report/partition_svg.h"

typedef struct vouch_cli_picture {
    vouch_cli_output file; /* holds the place, so that a wrong name is known at the start */
    vouch_partition *partition; /* NULL: no picture */
    int64_t dims[2];
} vouch_cli_picture;

/* dims: "I,J", or NULL for the two widest dimensions of the property's first box. */
vouch_status vouch_cli_picture_start(vouch_context *ctx, const char *dims,
                                     const vouch_cli_report *report,
                                     vouch_cli_picture *picture);
/* What vouch_verify is to report to; NULL where no picture is wanted. */
const vouch_sink *vouch_cli_picture_sink(vouch_cli_picture *picture);
vouch_status vouch_cli_picture_write(vouch_context *ctx, const vouch_cli_report *report,
                                     vouch_cli_picture *picture);
void vouch_cli_picture_free(vouch_cli_picture *picture);

#endif
