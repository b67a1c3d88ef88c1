/* Tensors: a shape, an element type and contiguous row-major data.
 *
 * Views are not needed here: the verifier's hot loops use their own layouts, and evaluation of
 * a network moves whole tensors. Element types are those networks compute with (float32,
 * float64) and those their shape arithmetic uses (int64, bool). Other ONNX integer types are
 * widened to int64 when read.
 */
#ifndef VOUCH_TENSOR_TENSOR_H
#define VOUCH_TENSOR_TENSOR_H

#include <stdint.h>

#include "base/arena.h"

enum { VOUCH_RANK_MAX = 8 };

typedef enum vouch_dtype { VOUCH_F32 = 1, VOUCH_F64, VOUCH_I64, VOUCH_BOOL } vouch_dtype;

typedef struct vouch_shape {
    int rank; /* 0: a scalar */
    int64_t dim[VOUCH_RANK_MAX];
} vouch_shape;

typedef struct vouch_tensor {
    vouch_dtype dtype;
    vouch_shape shape;
    int64_t count; /* product of shape.dim */
    union {
        float *f32;
        double *f64;
        int64_t *i64;
        unsigned char *boolean;
        void *data;
    };
} vouch_tensor;

size_t vouch_dtype_size(vouch_dtype dtype);
const char *vouch_dtype_name(vouch_dtype dtype);

/* Product of the dimensions; -1 if it overflows or a dimension is negative. */
int64_t vouch_shape_count(const vouch_shape *shape);
bool vouch_shape_equal(const vouch_shape *a, const vouch_shape *b);
/* "[1,3,32,32]" into text (truncated to size). Returns text. */
char *vouch_shape_print(const vouch_shape *shape, char *text, size_t size);
enum { VOUCH_SHAPE_TEXT = 192 };

/* ONNX multidirectional broadcasting of a and b; false if they do not fit. */
bool vouch_shape_broadcast(const vouch_shape *a, const vouch_shape *b, vouch_shape *out);
/* Row-major strides of `shape` seen in the broadcast shape `into` (0 along repeated axes). */
void vouch_shape_strides(const vouch_shape *shape, const vouch_shape *into,
                         int64_t stride[VOUCH_RANK_MAX]);
/* Where element i (row-major) of a tensor of that shape lies under those strides. */
int64_t vouch_shape_place(const vouch_shape *shape, const int64_t *stride, int64_t i);

/* A zeroed tensor in the arena. NULL when out of memory or the size overflows (recorded). */
vouch_tensor *vouch_tensor_new(vouch_arena *arena, vouch_dtype dtype, const vouch_shape *shape);
/* A copy converted to dtype (float64 -> float32 rounds to nearest). */
vouch_tensor *vouch_tensor_convert(vouch_arena *arena, const vouch_tensor *t,
                                   vouch_dtype dtype);
/* Element i as a double (int64 beyond 2^53 rounds). */
double vouch_tensor_get(const vouch_tensor *t, int64_t i);
void vouch_tensor_set(vouch_tensor *t, int64_t i, double value);

#endif
