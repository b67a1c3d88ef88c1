/* NumPy arrays: an .npy of features with its labels beside it, or both in one .npz. Numbers that
 * are no bytes do not say what is valid; an .npz may, in an array valid_range = [low, high], which
 * vouch writes where it knows it.
 */
#include <stdio.h>
#include <string.h>

#include "data/arrays.h"
#include "data/write.h"
#include "io/io.h"
#include "io/zip.h"

#define RANGE_FILE "valid_range.npy"

static bool recognise_npy(const vouch_data_place *place)
{
    return place->head_size > 6 && memcmp(place->head, "\x93NUMPY", 6) == 0;
}

static bool recognise_npz(const vouch_data_place *place)
{
    return place->head_size > 4 && memcmp(place->head, "PK\3\4", 4) == 0;
}

static vouch_data_arrays *begin(vouch_data_stream *s)
{
    s->state = VOUCH_NEW(s->arena, vouch_data_arrays);
    return s->state;
}

/* ---- .npy --------------------------------------------------------------------------------- */

static vouch_status open_file(vouch_arena *arena, const char *path, vouch_array *array)
{
    vouch_stream *stream = NULL;

    VOUCH_TRY(vouch_stream_open(arena, path, &stream));
    return vouch_array_open_npy(arena, stream, array);
}

static vouch_status open_npy(vouch_data_stream *s)
{
    vouch_data_arrays *a = begin(s);
    const char *given = s->place.settings.labels, *labels = given;

    if (!a)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(open_file(s->arena, s->place.path, &a->x));
    if (!given)
        VOUCH_TRY(vouch_data_sibling(s->arena, s->place.path, ".npy", "_labels.npy", &labels));
    if (labels && strcmp(labels, "none") != 0)
        VOUCH_TRY(open_file(s->arena, labels, &a->y));
    return vouch_data_arrays_begin(s);
}

/* ---- .npz --------------------------------------------------------------------------------- */

/* Names under which others keep features and labels; the first pair of which the features are
 * there. */
static const char *const pairs[][2] = {
    {"x", "y"},
    {"X", "y"},
    {"images", "labels"},
    {"data", "labels"},
    {"features", "labels"},
    {"x_test", "y_test"},
    {"x_train", "y_train"},
    {"arr_0", "arr_1"},
};

static vouch_status find_member(vouch_data_stream *s, const vouch_zip *zip, const char *name,
                                int *member)
{
    const char *file = vouch_arena_print(s->arena, "%s.npy", name);

    if (!file)
        return VOUCH_ERR_MEMORY;
    *member = vouch_zip_find(zip, file);
    return VOUCH_OK;
}

/* Which arrays are meant: those of the settings, else a pair that is known. */
static vouch_status choose(vouch_data_stream *s, const vouch_zip *zip, int *x, int *y)
{
    const char *array = s->place.settings.array, *labels = s->place.settings.labels;
    const size_t count = array ? 0 : sizeof pairs / sizeof *pairs;

    *x = *y = -1;
    if (array)
        VOUCH_TRY(find_member(s, zip, array, x));
    for (size_t i = 0; i < count && *x < 0; i++) {
        VOUCH_TRY(find_member(s, zip, pairs[i][0], x));
        if (*x >= 0 && !labels)
            VOUCH_TRY(find_member(s, zip, pairs[i][1], y));
    }
    if (*x < 0)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT,
                          "%s: there is no array '%s': name one with ?array=NAME&labels=NAME",
                          s->place.text, array ? array : "x");
    if (!labels || strcmp(labels, "none") == 0)
        return VOUCH_OK;
    VOUCH_TRY(find_member(s, zip, labels, y));
    return *y >= 0 ? VOUCH_OK
                   : vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: there is no array '%s'",
                                s->place.text, labels);
}

static vouch_status open_member(vouch_arena *arena, const vouch_zip *zip, int member,
                                vouch_array *array)
{
    vouch_stream *stream = NULL;

    VOUCH_TRY(vouch_zip_open(arena, zip, member, &stream));
    return vouch_array_open_npy(arena, stream, array);
}

/* [low, high] of every number, where the archive has it. */
static vouch_status read_range(vouch_data_stream *s, const vouch_zip *zip, vouch_data_arrays *a)
{
    vouch_array array = {0};
    int64_t got = 0;
    const int member = vouch_zip_find(zip, RANGE_FILE);

    if (member < 0)
        return VOUCH_OK;
    vouch_status status = open_member(s->arena, zip, member, &array);
    const bool is_pair = !status && array.entries == 2 && array.entry == 1;
    if (is_pair)
        status = vouch_array_next(&array, 2, a->range, &got);
    vouch_array_close(&array);
    VOUCH_TRY(status);
    a->is_ranged = got == 2 && a->range[0] < a->range[1];
    return a->is_ranged ? VOUCH_OK
                        : vouch_fail(s->ctx, VOUCH_ERR_VALUE,
                                     "%s(" RANGE_FILE "): is not two numbers, low and high",
                                     s->place.path);
}

static vouch_status open_npz(vouch_data_stream *s)
{
    vouch_data_arrays *a = begin(s);
    vouch_zip zip;
    int x = -1, y = -1;

    if (!a)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_zip_read(s->arena, s->place.path, &zip));
    VOUCH_TRY(choose(s, &zip, &x, &y));
    VOUCH_TRY(read_range(s, &zip, a));
    VOUCH_TRY(open_member(s->arena, &zip, x, &a->x));
    if (y >= 0)
        VOUCH_TRY(open_member(s->arena, &zip, y, &a->y));
    return vouch_data_arrays_begin(s);
}

/* ---- writing ------------------------------------------------------------------------------ */

static vouch_status put_features_head(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_shape shape = vouch_data_full_shape(&piece->set->info, piece->total);

    return vouch_pack_npy(pack, "<f4", &shape);
}

static vouch_status put_features(const vouch_data_piece *piece, vouch_pack *pack)
{
    return vouch_data_pack_floats(piece->set, false, pack);
}

static vouch_status put_labels_head(const vouch_data_piece *piece, vouch_pack *pack)
{
    const vouch_shape shape = {.rank = 1, .dim = {piece->total}};

    return vouch_pack_npy(pack, "<i4", &shape);
}

static vouch_status put_labels(const vouch_data_piece *piece, vouch_pack *pack)
{
    for (int64_t i = 0; i < piece->set->info.count; i++) {
        const uint32_t bits = (uint32_t)piece->set->label[i];
        const unsigned char raw[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                      (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        VOUCH_TRY(vouch_pack_bytes(pack, raw, 4));
    }
    return VOUCH_OK;
}

static vouch_status files_npy(vouch_arena *arena, const vouch_data_info *info, const char *path,
                              vouch_data_file *file)
{
    if (!vouch_data_path_ends(path, ".npy"))
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                          "%s: the name must end in .npy", path);
    file[0] = (vouch_data_file){path, put_features_head, put_features};
    if (!info->classes)
        return VOUCH_OK;
    const size_t stem = strlen(path) - (sizeof ".npy" - 1);
    const char *labels = vouch_arena_print(arena, "%.*s_labels.npy", (int)stem, path);
    file[1] = (vouch_data_file){labels, put_labels_head, put_labels};
    return labels ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* Nothing where numbers differ in it, or nothing is known of it. */
static vouch_status pack_range(const vouch_data *set, vouch_pack *pack)
{
    const vouch_shape shape = {.rank = 1, .dim = {2}};
    const vouch_feature *f = set->info.feature;
    const float range[2] = {f[0].low, f[0].high};

    for (int64_t i = 0; i < set->info.size; i++)
        if (!vouch_range_is_known(range[0], range[1]) || f[i].low != range[0] ||
            f[i].high != range[1])
            return VOUCH_OK;
    VOUCH_TRY(vouch_pack_npy(pack, "<f4", &shape));
    return vouch_pack_floats(pack, range, 2, false);
}

static vouch_status save_npz(const vouch_data *set, const char *path, vouch_pack *x,
                             vouch_pack *y)
{
    vouch_zip_file files[3] = {{"x.npy", x->data, x->size}};
    vouch_pack zip = {.ctx = set->ctx}, range = {.ctx = set->ctx};
    int count = 1;
    vouch_status status = set->info.schema ? VOUCH_OK : pack_range(set, &range);

    if (set->info.classes)
        files[count++] = (vouch_zip_file){"y.npy", y->data, y->size};
    if (range.size > 0)
        files[count++] = (vouch_zip_file){RANGE_FILE, range.data, range.size};
    if (!status)
        status = vouch_pack_zip(&zip, files, count);
    vouch_pack_free(&range);
    if (!status)
        status = vouch_file_write(set->ctx, path, zip.data, zip.size);
    vouch_pack_free(&zip);
    return status;
}

static vouch_status write_npz(const vouch_data *set, const char *path)
{
    const vouch_data_piece piece = {.set = set, .total = set->info.count};
    vouch_pack x = {.ctx = set->ctx}, y = {.ctx = set->ctx};
    vouch_status status = put_features_head(&piece, &x);

    if (!status)
        status = put_features(&piece, &x);
    if (!status)
        status = put_labels_head(&piece, &y);
    if (!status)
        status = put_labels(&piece, &y);
    if (!status)
        status = save_npz(set, path, &x, &y);
    vouch_pack_free(&x);
    vouch_pack_free(&y);
    return status;
}

const vouch_data_format vouch_data_format_npy = {
    .name = "npy",
    .summary = "a NumPy array, and its labels in NAME_labels.npy beside it",
    .citation = "NumPy format 1-3",
    .suffix = ".npy",
    .recognise = recognise_npy,
    .open = open_npy,
    .next = vouch_data_arrays_next,
    .rewind = vouch_data_arrays_rewind,
    .close = vouch_data_arrays_close,
    .files = files_npy,
};

const vouch_data_format vouch_data_format_npz = {
    .name = "npz",
    .summary =
        "NumPy arrays of features and labels in one file (x and y, or array= and labels=)",
    .citation = "NumPy format 1-3; PKWARE APPNOTE",
    .suffix = ".npz",
    .recognise = recognise_npz,
    .open = open_npz,
    .next = vouch_data_arrays_next,
    .rewind = vouch_data_arrays_rewind,
    .close = vouch_data_arrays_close,
    .write = write_npz,
};
