/* IDX images (or rows) with their labels, as MNIST has them: the labels lie in a file of their
 * own, found by the images' name (train-images-idx3-ubyte, train-labels-idx1-ubyte).
 */
#include <string.h>

#include "data/arrays.h"
#include "data/write.h"
#include "io/io.h"

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

/* ---- writing ------------------------------------------------------------------------------ */

/* Grey images lose the axis of their one channel, as MNIST has it. */
static vouch_status put_images_head(const vouch_data_piece *piece, vouch_pack *pack)
{
    enum { BYTES = 0x08, FLOATS = 0x0d };
    vouch_shape shape = vouch_data_full_shape(&piece->set->info, piece->total);

    if (shape.rank == 4 && shape.dim[1] == 1)
        shape = (vouch_shape){3, {shape.dim[0], shape.dim[2], shape.dim[3]}};
    return vouch_pack_idx(pack, piece->bytes ? BYTES : FLOATS, &shape);
}

static vouch_status put_images(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_data *set = piece->set;

    if (!piece->bytes)
        return vouch_data_pack_floats(set, true, pack);
    for (int64_t i = 0; i < set->info.count * set->info.size; i++) {
        const unsigned char byte = vouch_data_byte(set->x[i]);
        VOUCH_TRY(vouch_pack_bytes(pack, &byte, 1));
    }
    return VOUCH_OK;
}

static vouch_status put_labels_head(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_shape shape = {.rank = 1, .dim = {piece->total}};

    return vouch_pack_idx(pack, 0x08, &shape);
}

static vouch_status put_labels(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_data *set = piece->set;

    for (int64_t i = 0; i < set->info.count; i++) {
        const unsigned char label = (unsigned char)set->label[i];
        if (set->label[i] < 0 || set->label[i] > UINT8_MAX)
            return vouch_fail(set->ctx, VOUCH_ERR_VALUE,
                              "%s: the label %d is not one of 0 to 255, as IDX has them",
                              set->info.place, set->label[i]);
        VOUCH_TRY(vouch_pack_bytes(pack, &label, 1));
    }
    return VOUCH_OK;
}

/* The labels go to the file where reading will look for them. */
static vouch_status files(vouch_arena *arena, const vouch_data_info *info, const char *path,
                          vouch_data_file *file)
{
    char *labels = NULL;

    VOUCH_TRY(vouch_data_replace(arena, path, "images-idx3", "labels-idx1", &labels));
    if (!labels)
        VOUCH_TRY(vouch_data_replace(arena, path, "images", "labels", &labels));
    if (!labels && info->classes)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                          "%s: a name of IDX images must hold 'images': that of the labels is "
                          "made of it",
                          path);
    file[0] = (vouch_data_file){path, put_images_head, put_images};
    if (info->classes)
        file[1] = (vouch_data_file){labels, put_labels_head, put_labels};
    return VOUCH_OK;
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
    .suffix = "-ubyte",
    .files = files,
};
