/* Pictures of 8 or 16 bits, grey or coloured, from files of the kinds we read. */
#ifndef VOUCH_IO_PICTURE_H
#define VOUCH_IO_PICTURE_H

#include "base/arena.h"

/* Channels come last: pixel[(row * width + column) * channels + channel]. */
typedef struct vouch_picture {
    int width, height, channels; /* 1 or 3 */
    unsigned char *pixel;
    uint16_t *wide; /* where the numbers have 16 bits; then pixel is NULL */
} vouch_picture;

enum { VOUCH_PIXELS_MAX = 1 << 26 };

/* A PNG or a JPEG file, told by its first bytes. channels 0: as the picture has; else grey becomes
 * colour, or colour grey. */
vouch_status vouch_picture_read(vouch_arena *arena, const char *path, int channels,
                                vouch_picture *picture);

#endif
