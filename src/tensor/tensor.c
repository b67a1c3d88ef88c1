#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

size_t vouch_dtype_size(vouch_dtype dtype)
{
    switch (dtype) {
    case VOUCH_F32:
        return sizeof(float);
    case VOUCH_F64:
        return sizeof(double);
    case VOUCH_I64:
        return sizeof(int64_t);
    case VOUCH_BOOL:
        return 1;
    }
    return 0;
}

const char *vouch_dtype_name(vouch_dtype dtype)
{
    switch (dtype) {
    case VOUCH_F32:
        return "float32";
    case VOUCH_F64:
        return "float64";
    case VOUCH_I64:
        return "int64";
    case VOUCH_BOOL:
        return "bool";
    }
    return "unknown type";
}

/* ---- shapes ---------------------------------------------------------------------------- */

int64_t vouch_shape_count(const vouch_shape *shape)
{
    int64_t count = 1;
    bool zero = false; /* an empty tensor has no overflow, whatever its other dimensions */
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0)
            return -1;
        zero = zero || shape->dim[i] == 0;
    }
    if (zero)
        return 0;
    for (int i = 0; i < shape->rank; i++) {
        if (count > INT64_MAX / shape->dim[i])
            return -1;
        count *= shape->dim[i];
    }
    return count;
}

bool vouch_shape_equal(const vouch_shape *a, const vouch_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

char *vouch_shape_print(const vouch_shape *shape, char *text, size_t size)
{
    char full[VOUCH_SHAPE_TEXT];
    size_t used = 1;
    full[0] = '[';
    for (int i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(full + used, sizeof full - used, "%s%lld", i ? "," : "",
                                 (long long)shape->dim[i]);
    full[used] = ']';
    full[used + 1] = '\0';
    if (size > 0)
        (void)snprintf(text, size, "%s", full);
    return text;
}

/* The longest shape: eight dimensions of 20 characters, commas, brackets, NUL. */
_Static_assert(VOUCH_SHAPE_TEXT >= VOUCH_RANK_MAX * 21 + 3, "a shape's text must fit");

/* Dimension i counted from the last one; 1 beyond the first. */
static int64_t dim_from_end(const vouch_shape *shape, int i)
{
    return i < shape->rank ? shape->dim[shape->rank - 1 - i] : 1;
}

bool vouch_shape_broadcast(const vouch_shape *a, const vouch_shape *b, vouch_shape *out)
{
    vouch_shape result = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < result.rank; i++) {
        const int64_t x = dim_from_end(a, i), y = dim_from_end(b, i);
        if (x != y && x != 1 && y != 1)
            return false;
        result.dim[result.rank - 1 - i] = x == 1 ? y : x;
    }
    *out = result;
    return true;
}

void vouch_shape_strides(const vouch_shape *shape, const vouch_shape *into,
                         int64_t stride[VOUCH_RANK_MAX])
{
    int64_t step = 1;
    memset(stride, 0, VOUCH_RANK_MAX * sizeof *stride);
    for (int i = 0; i < into->rank && i < shape->rank; i++) {
        const int64_t dim = dim_from_end(shape, i);
        stride[into->rank - 1 - i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

int64_t vouch_shape_place(const vouch_shape *shape, const int64_t *stride, int64_t i)
{
    int64_t at = 0;
    for (int d = shape->rank - 1; d >= 0; d--) {
        at += i % shape->dim[d] * stride[d];
        i /= shape->dim[d];
    }
    return at;
}

/* ---- tensors --------------------------------------------------------------------------- */

vouch_tensor *vouch_tensor_new(vouch_arena *arena, vouch_dtype dtype, const vouch_shape *shape)
{
    const int64_t count = vouch_shape_count(shape);
    if (count < 0) {
        char text[VOUCH_SHAPE_TEXT];
        vouch_fail(vouch_arena_context(arena), VOUCH_ERR_LIMIT,
                   "a tensor of shape %s is too large",
                   vouch_shape_print(shape, text, sizeof text));
        return NULL;
    }
    vouch_tensor *t = VOUCH_NEW(arena, vouch_tensor);
    if (!t)
        return NULL;
    t->dtype = dtype;
    t->shape = *shape;
    t->count = count;
    t->data = vouch_arena_array(arena, (size_t)count, vouch_dtype_size(dtype));
    return t->data ? t : NULL;
}

vouch_tensor *vouch_tensor_convert(vouch_arena *arena, const vouch_tensor *t, vouch_dtype dtype)
{
    vouch_tensor *copy = vouch_tensor_new(arena, dtype, &t->shape);
    if (!copy)
        return NULL;
    if (t->dtype == dtype)
        memcpy(copy->data, t->data, (size_t)t->count * vouch_dtype_size(dtype));
    else
        for (int64_t i = 0; i < t->count; i++)
            vouch_tensor_set(copy, i, vouch_tensor_get(t, i));
    return copy;
}

double vouch_tensor_get(const vouch_tensor *t, int64_t i)
{
    switch (t->dtype) {
    case VOUCH_F32:
        return (double)t->f32[i];
    case VOUCH_F64:
        return t->f64[i];
    case VOUCH_I64:
        return (double)t->i64[i];
    case VOUCH_BOOL:
        return t->boolean[i];
    }
    return 0;
}

/* Towards zero, as ONNX Cast does; what int64 cannot hold goes to its ends, NaN to 0. */
static int64_t to_integer(double x)
{
    if (x != x)
        return 0;
    if (x >= 0x1p63)
        return INT64_MAX;
    return x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

void vouch_tensor_set(vouch_tensor *t, int64_t i, double value)
{
    switch (t->dtype) {
    case VOUCH_F32:
        t->f32[i] = (float)value;
        break;
    case VOUCH_F64:
        t->f64[i] = value;
        break;
    case VOUCH_I64:
        t->i64[i] = to_integer(value);
        break;
    case VOUCH_BOOL:
        t->boolean[i] = value != 0;
        break;
    }
}
