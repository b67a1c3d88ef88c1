/* JPEG files for tests, made by libjpeg from pictures of ours. */
#ifndef VOUCH_TESTS_DATA_JPEG_H
#define VOUCH_TESTS_DATA_JPEG_H

#include <stdio.h>

#include <jpeglib.h>

#include "base/random.h"
#include "data/files.h"

/* A smooth picture of that size and seed: [height][width][channels]. */
static inline void jpeg_paint(unsigned char *pixel, int side, int channels, uint64_t seed)
{
    vouch_random r = vouch_random_stream(seed, "jpeg", 0);
    int first[4], slope[4];
    for (int c = 0; c < channels; c++) {
        first[c] = (int)vouch_random_below(&r, 128);
        slope[c] = (int)vouch_random_below(&r, 4);
    }
    for (int i = 0; i < side * side; i++)
        for (int c = 0; c < channels; c++)
            pixel[i * channels + c] =
                (unsigned char)(first[c] + slope[c] * (c == 1 ? i / side : i % side));
}

/* The picture as a JPEG of the best quality, in `room` bytes; how many. */
static inline size_t jpeg_pack(const unsigned char *pixel, int side, int channels,
                               bool progressive, unsigned char *file, size_t room)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    unsigned char *data = NULL;
    unsigned long size = 0;

    jpeg.err = jpeg_std_error(&manager);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = jpeg.image_height = (JDIMENSION)side;
    jpeg.input_components = channels;
    jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < side; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixel + (size_t)y * (size_t)(side * channels));
        (void)jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    assert_true(size <= room);
    memcpy(file, data, size);
    free(data);
    return size;
}

#endif
