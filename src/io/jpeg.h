/* JPEG pictures, grey or coloured, through libjpeg. */
#ifndef VOUCH_IO_JPEG_H
#define VOUCH_IO_JPEG_H

#include "io/picture.h"

/* Does it begin as a JPEG file does? */
bool vouch_jpeg_is(const void *data, size_t size);
/* channels as for vouch_picture_read. What is cut short or damaged is an error. */
vouch_status vouch_jpeg_parse(vouch_arena *arena, const char *source, const void *data,
                              size_t size, int channels, vouch_picture *picture);

#endif
