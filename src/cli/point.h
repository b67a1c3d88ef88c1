/* Reading a point: numbers on the command line, a file of numbers, or a witness file. */
#ifndef VOUCH_CLI_POINT_H
#define VOUCH_CLI_POINT_H

#include <stdint.h>

#include "base/arena.h"

typedef struct vouch_cli_point {
    double *input;  /* [inputs] */
    double *output; /* [outputs]; NULL where the text names none */
} vouch_cli_point;

/* text is the name of a file, or the numbers themselves, separated by commas or spaces. A
 * witness, as --witness writes it, is told by its X_i and Y_i. */
vouch_status vouch_cli_point_read(vouch_arena *arena, const char *text, int64_t inputs,
                                  int64_t outputs, vouch_cli_point *point);

/* Likewise as many numbers, of which some may be infinite. */
vouch_status vouch_cli_radii_read(vouch_arena *arena, const char *text, int64_t count,
                                  double **radius);

/* Is it numbers alone, nan and inf (which reading will refuse) among them? */
bool vouch_cli_point_is_list(const char *text);

#endif
