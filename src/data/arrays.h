/* Data sets that are one array of features and perhaps one of labels: IDX, .npy, .npz. */
#ifndef VOUCH_DATA_ARRAYS_H
#define VOUCH_DATA_ARRAYS_H

#include "data/format.h"
#include "io/array.h"

enum { VOUCH_DATA_CLASSES_MAX = 100000 };

/* The state of such a format; x is open, y where y.stream is. */
typedef struct vouch_data_arrays {
    vouch_array x, y;
    bool is_ranged;
    float range[2]; /* of every number, where the file says it */
    float *label;   /* labels of a batch */
    int64_t room;
} vouch_data_arrays;

/* Fills the stream's info from the arrays, which it owns from now on. */
vouch_status vouch_data_arrays_begin(vouch_data_stream *stream);
vouch_status vouch_data_arrays_next(vouch_data_stream *stream, int64_t n, float *x,
                                    int32_t *label, int64_t *got);
vouch_status vouch_data_arrays_rewind(vouch_data_stream *stream);
void vouch_data_arrays_close(vouch_data_stream *stream);

/* The path with the last `from` of the file's name replaced by `to`; *path NULL where there is
 * none. */
vouch_status vouch_data_replace(vouch_arena *arena, const char *of, const char *from,
                                const char *to, char **path);
/* The same, if there is such a file (or its .gz). */
vouch_status vouch_data_sibling(vouch_arena *arena, const char *of, const char *from,
                                const char *to, const char **path);

#endif
