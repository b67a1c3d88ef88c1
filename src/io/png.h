/* PNG pictures through libpng. */
#ifndef VOUCH_IO_PNG_H
#define VOUCH_IO_PNG_H

#include "io/array.h"
#include "io/picture.h"

/* channels 0: as the picture has; else grey becomes colour. Transparency lies on black. */
vouch_status vouch_png_parse(vouch_arena *arena, const char *source, const void *data,
                             size_t size, int channels, vouch_picture *picture);
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
