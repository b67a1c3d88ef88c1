/* Numeric arrays in files: IDX and NumPy's .npy, read entry by entry along the first axis. */
#ifndef VOUCH_IO_ARRAY_H
#define VOUCH_IO_ARRAY_H

#include "io/stream.h"
#include "tensor/tensor.h"

/* How a number lies in a file. */
typedef struct vouch_element {
    char kind; /* 'b' truth, 'u', 'i', 'f' as NumPy names them */
    int bytes; /* 1, 2, 4, 8 */
    bool big;  /* most significant byte first */
} vouch_element;

/* An array being read. An entry is what one index of the first axis names; a scalar file has
 * one entry. */
typedef struct vouch_array {
    vouch_arena *arena;
    vouch_stream *stream;
    vouch_element element;
    vouch_shape shape;
    int64_t entries, entry; /* numbers of entries; numbers in each */
    int64_t next;           /* entry to be read next */
    bool fortran;           /* the file has the first axis innermost */
    size_t start;           /* of the data in the stream */
    size_t padding;         /* bytes between the numbers and the end of the stream, below 8 */
    unsigned char *raw;     /* bytes of one entry */
    float *whole;           /* NULL but for Fortran order: all, in C order */
} vouch_array;

/* Reads the header; the array owns the stream from then on, on failure too. */
vouch_status vouch_array_open_idx(vouch_arena *arena, vouch_stream *stream, vouch_array *array);
vouch_status vouch_array_open_npy(vouch_arena *arena, vouch_stream *stream, vouch_array *array);

/* Up to count entries as float32 (the nearest to each number); *got 0 at the end alone, where
 * the stream must end too. NaN and infinities are an error. Fortran order of several axes takes
 * memory for the whole array. */
vouch_status vouch_array_next(vouch_array *array, int64_t count, float *out, int64_t *got);
vouch_status vouch_array_rewind(vouch_array *array);
void vouch_array_close(vouch_array *array); /* harmless on zeroed memory */

/* What the readers share: checks the shape, fills what follows from it and element. */
vouch_status vouch_array_begin(vouch_arena *arena, vouch_array *array);

/* ---- writing ----------------------------------------------------------------------------- */

/* A growing file in memory, on the context's allocator; freed by vouch_pack_free. */
typedef struct vouch_pack {
    vouch_context *ctx;
    unsigned char *data;
    size_t size, capacity;
} vouch_pack;

vouch_status vouch_pack_bytes(vouch_pack *pack, const void *data, size_t size);
vouch_status vouch_pack_print(vouch_pack *pack, const char *format, ...) VOUCH_PRINTF(2, 3);
/* Numbers as float32, least significant byte first or last. */
vouch_status vouch_pack_floats(vouch_pack *pack, const float *x, int64_t count, bool big);
void vouch_pack_free(vouch_pack *pack);

/* The header of a little-endian .npy of such numbers, its data following ("<f4", "<i8"). */
vouch_status vouch_pack_npy(vouch_pack *pack, const char *descr, const vouch_shape *shape);
/* The header of an IDX file: type 0x08 (bytes) or 0x0D (float32, most significant byte first). */
vouch_status vouch_pack_idx(vouch_pack *pack, int type, const vouch_shape *shape);

#endif
