/* Lines of equal value in a field given on a grid. */
#ifndef VOUCH_LAB_CONTOUR_H
#define VOUCH_LAB_CONTOUR_H

#include <stdint.h>

#include "report/svg.h"

typedef struct vouch_field {
    int columns, rows;   /* at least 2 each */
    const double *value; /* [rows][columns], finite */
} vouch_field;

/* How many places vouch_contour may write. */
int64_t vouch_contour_room(const vouch_field *field);
/* Segments place[0]-place[1], place[2]-place[3], ..., in units of columns and rows; returns how
 * many places were written. */
int vouch_contour(const vouch_field *field, double level, vouch_place *place);

#endif
