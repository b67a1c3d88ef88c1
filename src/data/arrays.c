/* Data sets of one array of features and one of labels, whatever files they come from.
 *
 * The labels are read twice: once to find how many classes there are, then with the samples.
 * Features of three axes are grey images (1 x height x width), of two are rows, of more as they
 * are.
 */
#include "data/arrays.h"

#include <string.h>
#include <unistd.h>

#include "data/classes.h"

static vouch_status fail_label(const vouch_array *y, int64_t i, float value)
{
    return vouch_fail(vouch_stream_context(y->stream), VOUCH_ERR_VALUE,
                      "%s: label %lld is %g: labels are integers from 0 to %d",
                      vouch_stream_name(y->stream), (long long)i, (double)value,
                      VOUCH_DATA_CLASSES_MAX - 1);
}

static bool is_label(float value)
{
    return value >= 0 && value < (float)VOUCH_DATA_CLASSES_MAX && value == (float)(int)value;
}

/* How many classes the labels speak of. */
static vouch_status count_classes(vouch_array *y, int *classes)
{
    enum { BATCH = 256 };
    float value[BATCH];
    int64_t got = 1;

    *classes = 0;
    for (int64_t at = 0; got; at += got) {
        VOUCH_TRY(vouch_array_next(y, BATCH, value, &got));
        for (int64_t i = 0; i < got; i++) {
            if (!is_label(value[i]))
                return fail_label(y, at + i, value[i]);
            if ((int)value[i] >= *classes)
                *classes = (int)value[i] + 1;
        }
    }
    return vouch_array_rewind(y);
}

static vouch_status begin_labels(vouch_data_stream *s, vouch_data_arrays *a)
{
    vouch_classes list;
    int classes = 0;

    if (!a->y.stream)
        return VOUCH_OK;
    if (a->y.entry != 1)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: is not a list of labels",
                          vouch_stream_name(a->y.stream));
    if (a->y.entries != a->x.entries)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: %lld labels for the %lld samples of %s",
                          vouch_stream_name(a->y.stream), (long long)a->y.entries,
                          (long long)a->x.entries, vouch_stream_name(a->x.stream));
    VOUCH_TRY(count_classes(&a->y, &classes));
    VOUCH_TRY(vouch_classes_listed(s, &list));
    if (!list.count)
        return vouch_data_number_classes(s, classes);
    if (list.count < classes)
        return vouch_fail(
            s->ctx, VOUCH_ERR_VALUE, "%s: the label %d is over %d: classes are %s",
            vouch_stream_name(a->y.stream), classes - 1, list.count - 1, list.order);
    vouch_classes_use(s, &list);
    return VOUCH_OK;
}

static void begin_shape(vouch_data_stream *s, const vouch_array *x)
{
    vouch_shape *shape = &s->info.shape;
    const bool grey = x->shape.rank == 3;

    shape->rank = x->shape.rank - (grey ? 0 : 1);
    shape->dim[0] = 1;
    for (int d = 1; d < x->shape.rank; d++)
        shape->dim[d - (grey ? 0 : 1)] = x->shape.dim[d];
    s->info.size = x->entry;
    s->info.count = x->entries;
}

/* Bytes are pixels, unless the setting says otherwise. */
static vouch_status begin_scale(vouch_data_stream *s, const vouch_array *x)
{
    const char *scale = s->place.settings.scale;
    const bool bytes = x->element.kind == 'u' && x->element.bytes == 1 && x->shape.rank > 2;

    if (strcmp(scale, "unit") == 0)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: scale=unit is for tables",
                          s->place.text);
    const bool automatic = strcmp(scale, "auto") == 0;
    const bool divide = automatic ? bytes : scale[0] == '2';
    s->info.scaling = divide ? VOUCH_SCALING_BYTE : VOUCH_SCALING_NONE;
    return VOUCH_OK;
}

/* The range that the file says, unless its numbers are read as something else. */
static vouch_status begin_range(vouch_data_stream *s, const vouch_data_arrays *a)
{
    if (!a->is_ranged || s->info.scaling != VOUCH_SCALING_NONE)
        return VOUCH_OK;
    vouch_feature *feature = VOUCH_NEW_ARRAY(s->arena, vouch_feature, s->info.size);
    if (!feature)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < s->info.size; i++)
        feature[i] =
            (vouch_feature){.low = a->range[0], .high = a->range[1], .column = -1, .group = -1};
    s->info.feature = feature;
    return VOUCH_OK;
}

vouch_status vouch_data_arrays_begin(vouch_data_stream *s)
{
    vouch_data_arrays *a = s->state;

    if (a->x.shape.rank < 2)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE,
                          "%s: has %d axis: features need samples and numbers",
                          vouch_stream_name(a->x.stream), a->x.shape.rank);
    if (a->x.entry == 0)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: holds no numbers",
                          vouch_stream_name(a->x.stream));
    begin_shape(s, &a->x);
    VOUCH_TRY(begin_scale(s, &a->x));
    VOUCH_TRY(begin_range(s, a));
    return begin_labels(s, a);
}

static vouch_status next_labels(vouch_data_stream *s, int64_t n, int32_t *label)
{
    vouch_data_arrays *a = s->state;
    int64_t got = 0;

    if (n > a->room) {
        a->label = VOUCH_NEW_ARRAY(s->arena, float, n);
        a->room = a->label ? n : 0;
    }
    if (!a->label)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_array_next(&a->y, n, a->label, &got));
    for (int64_t i = 0; i < n; i++)
        label[i] = (int32_t)a->label[i];
    return VOUCH_OK;
}

vouch_status vouch_data_arrays_next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                                    int64_t *got)
{
    vouch_data_arrays *a = s->state;
    const bool divide = s->info.scaling == VOUCH_SCALING_BYTE;

    VOUCH_TRY(vouch_array_next(&a->x, n, x, got));
    for (int64_t i = 0; divide && i < *got * a->x.entry; i++)
        x[i] /= 255.0f;
    if (a->y.stream && *got)
        return next_labels(s, *got, label);
    for (int64_t i = 0; i < *got; i++)
        label[i] = -1;
    return VOUCH_OK;
}

vouch_status vouch_data_arrays_rewind(vouch_data_stream *s)
{
    vouch_data_arrays *a = s->state;

    VOUCH_TRY(vouch_array_rewind(&a->x));
    return a->y.stream ? vouch_array_rewind(&a->y) : VOUCH_OK;
}

void vouch_data_arrays_close(vouch_data_stream *s)
{
    vouch_data_arrays *a = s->state;

    if (!a)
        return;
    vouch_array_close(&a->x);
    vouch_array_close(&a->y);
}

/* ---- siblings ----------------------------------------------------------------------------- */

static const char *last_hit(const char *name, const char *part)
{
    const char *hit = NULL;

    for (const char *at = strstr(name, part); at; at = strstr(at + 1, part))
        hit = at;
    return hit;
}

vouch_status vouch_data_replace(vouch_arena *arena, const char *of, const char *from,
                                const char *to, char **path)
{
    const char *slash = strrchr(of, '/');
    const char *hit = last_hit(slash ? slash : of, from);

    *path = NULL;
    if (!hit)
        return VOUCH_OK;
    *path = vouch_arena_print(arena, "%.*s%s%s", (int)(hit - of), of, to, hit + strlen(from));
    return *path ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

vouch_status vouch_data_sibling(vouch_arena *arena, const char *of, const char *from,
                                const char *to, const char **path)
{
    char *made = NULL;

    *path = NULL;
    VOUCH_TRY(vouch_data_replace(arena, of, from, to, &made));
    if (!made)
        return VOUCH_OK;
    const size_t length = strlen(made);
    const char *packed = vouch_arena_print(arena, "%s.gz", made);
    if (!packed)
        return VOUCH_ERR_MEMORY;
    if (access(made, F_OK) != 0 && length > 3 && strcmp(made + length - 3, ".gz") == 0)
        made[length - 3] = '\0';
    if (access(made, F_OK) == 0 || access(packed, F_OK) == 0)
        *path = made;
    return VOUCH_OK;
}
