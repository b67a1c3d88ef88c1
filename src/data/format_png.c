/* A folder of PNG or JPEG pictures with a table of labels: labels.csv, whose records are a file's name
 * and its label; classes.txt beside it, where there is one, orders the classes. All pictures
 * have the size of the first. Writing makes such a folder of PNGs, in 16 bits what is no byte
 * divided by 255, or one picture with all samples in a grid where the path ends in .png.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "data/classes.h"
#include "data/pictures.h"
#include "data/table.h"
#include "data/write.h"
#include "io/csv.h"
#include "io/io.h"
#include "io/png.h"

enum { NAMES_MAX = 1000, RECORD = 2 };

typedef struct pictures {
    vouch_csv *csv;
    bool has_header;
    vouch_picture first; /* its size and channels are everybody's */
    const char **word;   /* the different labels */
    int words;
    vouch_arena *scratch;
} pictures;

static bool recognise(const vouch_data_place *place) { return place->is_folder; }

/* ---- labels ------------------------------------------------------------------------------- */

/* The next record; *end where there is none. */
static vouch_status next_record(vouch_data_stream *s, vouch_csv_record *r, bool *end)
{
    const pictures *p = s->state;

    VOUCH_TRY(vouch_csv_next(p->csv, r));
    *end = r->count == 0;
    if (*end || r->count == RECORD)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE,
                      "%s:%zu: %d fields instead of a name and a label", vouch_csv_name(p->csv),
                      r->line, r->count);
}

static vouch_status rewind_pictures(vouch_data_stream *s)
{
    const pictures *p = s->state;
    vouch_csv_record r = {0};

    VOUCH_TRY(vouch_csv_rewind(p->csv));
    return p->has_header ? vouch_csv_next(p->csv, &r) : VOUCH_OK;
}

static vouch_status add_word(vouch_data_stream *s, const char *text)
{
    pictures *p = s->state;

    for (int i = 0; i < p->words; i++)
        if (strcmp(p->word[i], text) == 0)
            return VOUCH_OK;
    if (p->words == NAMES_MAX)
        return vouch_fail(s->ctx, VOUCH_ERR_LIMIT, "%s: more than %d different labels",
                          vouch_csv_name(p->csv), NAMES_MAX);
    p->word[p->words] = vouch_arena_text(s->arena, text);
    return p->word[p->words++] ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* One pass over the table: how many pictures, and which labels. */
static vouch_status survey(vouch_data_stream *s)
{
    const pictures *p = s->state;
    vouch_classes classes;
    vouch_csv_record r = {0};
    bool end = false;

    for (s->info.count = 0;; s->info.count++) {
        VOUCH_TRY(next_record(s, &r, &end));
        if (end)
            break;
        if (!vouch_table_is_missing(&r.field[1]))
            VOUCH_TRY(add_word(s, r.field[1].text));
    }
    VOUCH_TRY(vouch_classes_listed(s, &classes));
    if (!classes.count)
        VOUCH_TRY(vouch_classes_sorted(s->arena, p->word, p->words, &classes));
    vouch_classes_use(s, &classes);
    return rewind_pictures(s);
}

static vouch_status read_label(vouch_data_stream *s, const vouch_csv_record *r, int32_t *label)
{
    const char *text = r->field[1].text;

    *label = vouch_classes_find(s->info.class_name, s->info.classes, text);
    if (*label >= 0 || vouch_table_is_missing(&r->field[1]))
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s:%zu: '%.60s' is none of the %d classes, %s",
                      vouch_csv_name(((const pictures *)s->state)->csv), r->line, text,
                      s->info.classes, s->info.class_order);
}

/* ---- pictures ----------------------------------------------------------------------------- */

static const char *path_of(const vouch_data_stream *s, const vouch_csv_record *r)
{
    const pictures *p = s->state;

    return vouch_arena_print(p->scratch, "%s/%s", s->place.path, r->field[0].text);
}

static vouch_status next_picture(vouch_data_stream *s, float *x, int32_t *label, bool *end)
{
    const pictures *p = s->state;
    vouch_csv_record r = {0};

    VOUCH_TRY(next_record(s, &r, end));
    if (*end)
        return VOUCH_OK;
    const char *path = path_of(s, &r);
    if (!path)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_pictures_take(&p->first, p->scratch, path, x));
    return read_label(s, &r, label);
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    const pictures *p = s->state;
    bool end = false;

    for (*got = 0; *got < n; ++*got) {
        const vouch_arena_mark mark = vouch_arena_get_mark(p->scratch);
        vouch_status status = next_picture(s, x + *got * s->info.size, &label[*got], &end);
        vouch_arena_reset(p->scratch, mark);
        if (status || end)
            return status;
    }
    return VOUCH_OK;
}

/* The first record is a header if no picture has its name. */
static vouch_status begin(vouch_data_stream *s, pictures *p)
{
    vouch_csv_record r = {0};
    struct stat info;
    bool end = false;

    VOUCH_TRY(next_record(s, &r, &end));
    const char *path = end ? s->place.path : path_of(s, &r);
    if (!path)
        return VOUCH_ERR_MEMORY;
    p->has_header = !end && stat(path, &info) != 0;
    if (p->has_header)
        VOUCH_TRY(next_record(s, &r, &end));
    if (end)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: names no picture",
                          vouch_csv_name(p->csv));
    path = path_of(s, &r);
    if (!path)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_picture_read(p->scratch, path, 0, &p->first));
    vouch_pictures_shape(s, &p->first);
    VOUCH_TRY(rewind_pictures(s));
    return survey(s);
}

static vouch_status open_pictures(vouch_data_stream *s)
{
    pictures *p = VOUCH_NEW(s->arena, pictures);
    vouch_stream *stream = NULL;
    const char *path = s->place.settings.labels;

    if (!p)
        return VOUCH_ERR_MEMORY;
    s->state = p;
    p->word = VOUCH_NEW_ARRAY(s->arena, const char *, NAMES_MAX);
    p->scratch = vouch_arena_new(s->ctx);
    if (!path)
        path = vouch_arena_print(s->arena, "%s/labels.csv", s->place.path);
    if (!path || !p->word || !p->scratch)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_stream_open(s->arena, path, &stream));
    VOUCH_TRY(vouch_csv_open(s->arena, stream, ',', 0, &p->csv));
    return begin(s, p);
}

static void close_pictures(vouch_data_stream *s)
{
    const pictures *p = s->state;

    vouch_csv_close(p ? p->csv : NULL);
    vouch_arena_free(p ? p->scratch : NULL);
}

/* ---- writing ------------------------------------------------------------------------------ */

static vouch_status check_shape(const vouch_data *set)
{
    const vouch_shape *shape = &set->info.shape;

    if (shape->rank == 3 && (shape->dim[0] == 1 || shape->dim[0] == 3))
        return VOUCH_OK;
    return vouch_fail(set->ctx, VOUCH_ERR_SHAPE,
                      "%s: samples are not pictures of 1 or 3 channels: give them a shape, "
                      "?shape=CxHxW",
                      set->info.place);
}

static uint16_t word(float x)
{
    const float v = floorf(65535 * x + .5f);

    return (uint16_t)(v < 0 ? 0 : v > 65535 ? 65535 : v);
}

/* Puts sample i into the picture, its upper left corner there. */
static void paint(const vouch_data *set, int64_t i, vouch_picture *to, int row, int column)
{
    const int64_t *dim = set->info.shape.dim;
    const float *x = vouch_data_x(set, i);

    for (int64_t c = 0; c < dim[0]; c++)
        for (int64_t y = 0; y < dim[1]; y++)
            for (int64_t z = 0; z < dim[2]; z++) {
                const float value = x[(c * dim[1] + y) * dim[2] + z];
                const int64_t at = ((row + y) * to->width + column + z) * dim[0] + c;
                if (to->wide)
                    to->wide[at] = word(value);
                else
                    to->pixel[at] = vouch_data_byte(value);
            }
}

/* Room for across x down samples, in bytes or in 16 bits. */
static vouch_status new_picture(vouch_arena *arena, const vouch_data *set, const int grid[2],
                                bool wide, vouch_picture *picture)
{
    const int64_t *dim = set->info.shape.dim,
                  count = (int64_t)grid[0] * grid[1] * set->info.size;

    *picture = (vouch_picture){(int)(grid[0] * dim[2]), (int)(grid[1] * dim[1]), (int)dim[0],
                               NULL, NULL};
    if (wide)
        picture->wide = VOUCH_NEW_ARRAY(arena, uint16_t, count);
    else
        picture->pixel = vouch_arena_alloc(arena, (size_t)count);
    return picture->pixel || picture->wide ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status write_grid(vouch_arena *arena, const vouch_data *set, const char *path)
{
    enum { SAMPLES_MAX = 10000 };
    vouch_picture picture;

    if (set->info.count > SAMPLES_MAX)
        return vouch_fail(set->ctx, VOUCH_ERR_LIMIT,
                          "%s: %lld samples are too many for one picture: see ?count=", path,
                          (long long)set->info.count);
    const int count = (int)set->info.count, across = (int)ceil(sqrt(count));
    VOUCH_TRY(new_picture(arena, set, (int[2]){across, (count + across - 1) / across}, false,
                          &picture));
    for (int i = 0; i < count; i++)
        paint(set, i, &picture, i / across * (int)set->info.shape.dim[1],
              i % across * (int)set->info.shape.dim[2]);
    return vouch_png_write(set->ctx, path, &picture);
}

static vouch_status write_folder(vouch_arena *arena, const vouch_data *set, const char *path,
                                 vouch_pack *table)
{
    vouch_picture picture;

    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return vouch_fail(set->ctx, VOUCH_ERR_IO, "%s: cannot make the folder: %s", path,
                          strerror(errno));
    VOUCH_TRY(new_picture(arena, set, (int[2]){1, 1}, !vouch_data_is_bytes(set), &picture));
    VOUCH_TRY(vouch_pack_print(table, "file,label\n"));
    for (int64_t i = 0; i < set->info.count; i++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(arena);
        const char *name = vouch_arena_print(arena, "%s/%06lld.png", path, (long long)i);
        if (!name)
            return VOUCH_ERR_MEMORY;
        paint(set, i, &picture, 0, 0);
        VOUCH_TRY(vouch_png_write(set->ctx, name, &picture));
        VOUCH_TRY(vouch_pack_print(table, "%06lld.png,", (long long)i));
        if (set->label[i] >= 0)
            VOUCH_TRY(vouch_table_put_text(table, set->info.class_name[set->label[i]]));
        VOUCH_TRY(vouch_pack_bytes(table, "\n", 1));
        vouch_arena_reset(arena, mark);
    }
    const char *labels = vouch_arena_print(arena, "%s/labels.csv", path);
    return labels ? vouch_file_write(set->ctx, labels, table->data, table->size)
                  : VOUCH_ERR_MEMORY;
}

static vouch_status write_pictures(const vouch_data *set, const char *path)
{
    vouch_pack table = {.ctx = set->ctx};

    VOUCH_TRY(check_shape(set));
    vouch_arena *arena = vouch_arena_new(set->ctx);
    vouch_status status = VOUCH_ERR_MEMORY;
    if (arena)
        status = vouch_data_path_ends(path, ".png") ? write_grid(arena, set, path)
                                                    : write_folder(arena, set, path, &table);
    vouch_pack_free(&table);
    vouch_arena_free(arena);
    return status;
}

const vouch_data_format vouch_data_format_png = {
    .name = "png",
    .summary =
        "a folder of PNG or JPEG files with labels.csv; written also as one picture, a grid",
    .citation = "PNG, RFC 4180",
    .suffix = ".png",
    .recognise = recognise,
    .open = open_pictures,
    .next = next,
    .rewind = rewind_pictures,
    .close = close_pictures,
    .write = write_pictures,
};
