/* IDX images (or rows) with their labels, as MNIST has them: the labels lie in a file of their
 * own, found by the images' name (train-images-idx3-ubyte, train-labels-idx1-ubyte).
 */
#include <string.h>

#include "data/arrays.h"

static bool recognise(const vouch_data_place *place)
{
    const unsigned char *h = place->head;

    return place->head_size >= 8 && !h[0] && !h[1] && h[2] >= 0x08 && h[2] <= 0x0e && h[3] &&
           h[3] <= VOUCH_RANK_MAX;
}

/* images-idx3 -> labels-idx1, for any number of axes; or images -> labels alone. */
static vouch_status find_labels(vouch_data_stream *s, const char **path)
{
    const vouch_data_arrays *a = s->state;
    const char *from = vouch_arena_print(s->arena, "images-idx%d", a->x.shape.rank);
    const char *given = s->place.settings.labels;

    *path = given && strcmp(given, "none") != 0 ? given : NULL;
    if (!from)
        return VOUCH_ERR_MEMORY;
    if (given)
        return VOUCH_OK;
    VOUCH_TRY(vouch_data_sibling(s->arena, s->place.path, from, "labels-idx1", path));
    return *path ? VOUCH_OK
                 : vouch_data_sibling(s->arena, s->place.path, "images", "labels", path);
}

static vouch_status open_idx(vouch_arena *arena, const char *path, vouch_array *array)
{
    vouch_stream *stream = NULL;

    VOUCH_TRY(vouch_stream_open(arena, path, &stream));
    return vouch_array_open_idx(arena, stream, array);
}

static vouch_status open_files(vouch_data_stream *s)
{
    vouch_data_arrays *a = VOUCH_NEW(s->arena, vouch_data_arrays);
    const char *labels = NULL;

    if (!a)
        return VOUCH_ERR_MEMORY;
    s->state = a;
    VOUCH_TRY(open_idx(s->arena, s->place.path, &a->x));
    VOUCH_TRY(find_labels(s, &labels));
    if (labels)
        VOUCH_TRY(open_idx(s->arena, labels, &a->y));
    return vouch_data_arrays_begin(s);
}

const vouch_data_format vouch_data_format_idx = {
    .name = "idx",
    .summary = "IDX (MNIST): images, and labels in a file beside them",
    .citation = "LeCun, Cortes, Burges 1998",
    .recognise = recognise,
    .open = open_files,
    .next = vouch_data_arrays_next,
    .rewind = vouch_data_arrays_rewind,
    .close = vouch_data_arrays_close,
};
