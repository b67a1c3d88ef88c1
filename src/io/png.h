/* PNG pictures of 8 or 16 bits, grey or coloured, through libpng. */
#ifndef VOUCH_IO_PNG_H
#define VOUCH_IO_PNG_H

#include "io/array.h"

/* Channels come last: pixel[(row * width + column) * channels + channel]. */
typedef struct vouch_picture {
    int width, height, channels; /* 1 or 3 */
    unsigned char *pixel;
    uint16_t *wide; /* where the numbers have 16 bits; then pixel is NULL */
} vouch_picture;

enum { VOUCH_PIXELS_MAX = 1 << 26 };

/* channels 0: as the picture has; else grey becomes colour. Transparency lies on black. */
vouch_status vouch_png_parse(vouch_arena *arena, const char *source, const void *data,
                             size_t size, int channels, vouch_picture *picture);
vouch_status vouch_png_read(vouch_arena *arena, const char *path, int channels,
                            vouch_picture *picture);
/* The same of 16 bits, which the first tells. */
bool vouch_png_is_wide(const void *data, size_t size);
vouch_status vouch_png_parse_wide(vouch_arena *arena, const char *source, const void *data,
                                  size_t size, int channels, vouch_picture *picture);
/* Appends the picture as a PNG file. */
vouch_status vouch_png_pack(vouch_pack *pack, const vouch_picture *picture);
/* Writes the file, atomically. */
vouch_status vouch_png_write(vouch_context *ctx, const char *path,
                             const vouch_picture *picture);

#endif
