/* Images as PNG, in memory. */
#ifndef VOUCH_REPORT_PNG_H
#define VOUCH_REPORT_PNG_H

#include <stdint.h>

#include "io/array.h"

/* Appends an image of 8-bit red, green, blue, row after row, to the pack [ISO 15948]. */
vouch_status vouch_png_write(vouch_pack *pack, const unsigned char *rgb, int64_t width,
                             int64_t height);

#endif
