/* Shares of points with their intervals, as text and JSON. */
#ifndef VOUCH_CLI_SHARE_H
#define VOUCH_CLI_SHARE_H

#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/text.h"

/* Wilson's interval at 95 %: "94.28 to 98.93", per cent. */
vouch_cli_number vouch_cli_interval(int64_t hits, int64_t of);
double vouch_cli_percent(int64_t hits, int64_t of); /* 0 of none */
/* "label      195 of 200, 97.50 % (95 %: 94.28 to 98.93)" */
void vouch_cli_put_share(FILE *out, int width, const char *label, int64_t hits, int64_t of);
/* NAME: the count, and NAME_interval: Wilson's of the share. */
void vouch_cli_add_share(vouch_context *ctx, json_t *parent, const char *name, int64_t hits,
                         int64_t of);

#endif
