/* A folder of pictures whose classes are folders, as ImageNet and its kin are kept:
 *
 *     FOLDER/CLASS/NAME.JPEG         or FOLDER/CLASS/images/NAME.JPEG, as TinyImageNet has them
 *     FOLDER/val_annotations.txt     TinyImageNet's validation: names and classes of FOLDER/images
 *
 * The order of the classes is that of a list (data/classes.h), of wnids.txt in the folder or the one
 * above it, or of their names. Samples come class by class, in the order of their files' names, or
 * as the annotations have them. Pictures are JPEG or PNG; they are read when they are asked for, the
 * names are kept. A set has colour if one of its pictures has.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "data/classes.h"
#include "data/pictures.h"
#include "io/csv.h"
#include "io/folder.h"

enum { CLASSES_MAX = 10000, FIRST_ROOM = 1024 };

typedef struct sample {
    const char *folder, *name, *word; /* word: its class */
    int32_t label;
} sample;

typedef struct folders {
    sample *sample;
    int64_t count, room, at;
    const char **word; /* [words] the different classes of samples */
    int words;
    vouch_picture first; /* its size is everybody's */
    vouch_arena *scratch;
} folders;

static bool recognise(const vouch_data_place *place)
{
    return place->is_folder && !place->has_table && !place->settings.labels;
}

/* ---- samples ------------------------------------------------------------------------------- */

static vouch_status add_word(vouch_data_stream *s, const char *word)
{
    folders *f = s->state;

    for (int i = 0; i < f->words; i++)
        if (strcmp(f->word[i], word) == 0)
            return VOUCH_OK;
    if (f->words == CLASSES_MAX)
        return vouch_fail(s->ctx, VOUCH_ERR_LIMIT, "%s: more than %d classes", s->place.path,
                          CLASSES_MAX);
    f->word[f->words++] = word;
    return VOUCH_OK;
}

/* All texts live in the stream's arena. */
static vouch_status add_sample(vouch_data_stream *s, const char *folder, const char *name,
                               const char *word)
{
    folders *f = s->state;

    if (!folder || !name || !word)
        return VOUCH_ERR_MEMORY;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : FIRST_ROOM;
        sample *grown = VOUCH_NEW_ARRAY(s->arena, sample, f->room);
        if (!grown)
            return VOUCH_ERR_MEMORY;
        if (f->count)
            memcpy(grown, f->sample, (size_t)f->count * sizeof *grown);
        f->sample = grown;
    }
    if (f->count == 0 || f->sample[f->count - 1].word != word)
        VOUCH_TRY(add_word(s, word));
    f->sample[f->count++] = (sample){.folder = folder, .name = name, .word = word};
    return VOUCH_OK;
}

static bool is_picture(const char *name)
{
    static const char *const endings[] = {".jpeg", ".jpg", ".png"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

/* The pictures of one class, in its folder or in `images` there. */
static vouch_status list_class(vouch_data_stream *s, const char *folder, const char *word)
{
    vouch_folder list;
    const char *images = vouch_arena_print(s->arena, "%s/images", folder);

    if (!images)
        return VOUCH_ERR_MEMORY;
    folder = vouch_folder_is(images) ? images : folder;
    VOUCH_TRY(vouch_folder_list(s->arena, folder, &list));
    for (int64_t i = 0; i < list.count; i++)
        if (is_picture(list.name[i]))
            VOUCH_TRY(add_sample(s, folder, list.name[i], word));
    return VOUCH_OK;
}

static vouch_status list_classes(vouch_data_stream *s)
{
    vouch_folder list;

    VOUCH_TRY(vouch_folder_list(s->arena, s->place.path, &list));
    for (int64_t i = 0; i < list.count; i++) {
        const char *folder = vouch_arena_print(s->arena, "%s/%s", s->place.path, list.name[i]);
        if (!folder)
            return VOUCH_ERR_MEMORY;
        if (vouch_folder_is(folder))
            VOUCH_TRY(list_class(s, folder, list.name[i]));
    }
    return VOUCH_OK;
}

/* Lines of a name, a class and a box around the object, between tabs. */
static vouch_status take_annotations(vouch_data_stream *s, vouch_csv *csv)
{
    const char *folder = vouch_arena_print(s->arena, "%s/images", s->place.path);
    vouch_csv_record r = {0};

    for (;;) {
        VOUCH_TRY(vouch_csv_next(csv, &r));
        if (r.count == 0)
            return VOUCH_OK;
        if (r.count < 2)
            return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s:%zu: no name and class",
                              vouch_csv_name(csv), r.line);
        VOUCH_TRY(add_sample(s, folder, vouch_arena_text(s->arena, r.field[0].text),
                             vouch_arena_text(s->arena, r.field[1].text)));
    }
}

static vouch_status list_annotations(vouch_data_stream *s, const char *path)
{
    vouch_stream *stream = NULL;
    vouch_csv *csv = NULL;

    VOUCH_TRY(vouch_stream_open(s->arena, path, &stream));
    VOUCH_TRY(vouch_csv_open(s->arena, stream, '\t', 0, &csv));
    const vouch_status status = take_annotations(s, csv);
    vouch_csv_close(csv);
    return status;
}

static vouch_status list_samples(vouch_data_stream *s)
{
    const folders *f = s->state;
    const char *path = vouch_arena_print(s->arena, "%s/val_annotations.txt", s->place.path);

    if (!path)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(access(path, F_OK) == 0 ? list_annotations(s, path) : list_classes(s));
    s->info.count = f->count;
    if (f->count)
        return VOUCH_OK;
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE,
                      "%s: no folders of classes with pictures, no val_annotations.txt, no "
                      "labels.csv",
                      s->place.path);
}

/* ---- classes ------------------------------------------------------------------------------- */

/* wnids.txt, here or above; count 0: there is none. */
static vouch_status find_wnids(const vouch_data_stream *s, vouch_classes *classes)
{
    static const char *const above[] = {"", "../"};

    for (int i = 0; i < 2; i++) {
        const char *path =
            vouch_arena_print(s->arena, "%s/%swnids.txt", s->place.path, above[i]);
        if (!path)
            return VOUCH_ERR_MEMORY;
        if (access(path, F_OK) == 0)
            return vouch_classes_read(s->arena, path, classes);
    }
    return VOUCH_OK;
}

static vouch_status label_samples(vouch_data_stream *s)
{
    folders *f = s->state;
    vouch_classes classes;

    VOUCH_TRY(vouch_classes_listed(s, &classes));
    if (!classes.count)
        VOUCH_TRY(find_wnids(s, &classes));
    if (!classes.count)
        VOUCH_TRY(vouch_classes_sorted(s->arena, f->word, f->words, &classes));
    vouch_classes_use(s, &classes);
    for (int64_t i = 0; i < f->count; i++) {
        sample *one = &f->sample[i];
        one->label = i > 0 && one->word == one[-1].word
                         ? one[-1].label
                         : vouch_classes_find(classes.name, classes.count, one->word);
        if (one->label < 0)
            return vouch_fail(s->ctx, VOUCH_ERR_VALUE,
                              "%s/%s: '%.60s' is none of the %d classes, %s", one->folder,
                              one->name, one->word, classes.count, classes.order);
    }
    return VOUCH_OK;
}

/* ---- the stream ---------------------------------------------------------------------------- */

static const char *path_of(const folders *f, int64_t i)
{
    return vouch_arena_print(f->scratch, "%s/%s", f->sample[i].folder, f->sample[i].name);
}

/* The size of the first picture, and the channels of the most coloured: where that is not the
 * first, others are read to find one. */
static vouch_status look_at_pictures(vouch_data_stream *s)
{
    folders *f = s->state;

    for (int64_t i = 0; i < f->count && f->first.channels < 3; i++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(f->scratch);
        const char *path = path_of(f, i);
        vouch_picture picture = {0};
        if (!path)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_picture_read(f->scratch, path, 0, &picture));
        vouch_arena_reset(f->scratch, mark);
        f->first = i == 0 ? picture : f->first;
        f->first.channels = picture.channels;
    }
    vouch_pictures_shape(s, &f->first);
    return VOUCH_OK;
}

static vouch_status open_folders(vouch_data_stream *s)
{
    folders *f = VOUCH_NEW(s->arena, folders);

    if (!f)
        return VOUCH_ERR_MEMORY;
    s->state = f;
    f->scratch = vouch_arena_new(s->ctx);
    f->word = VOUCH_NEW_ARRAY(s->arena, const char *, CLASSES_MAX);
    if (!f->scratch || !f->word)
        return VOUCH_ERR_MEMORY;
    if (!s->place.is_folder)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: is no folder", s->place.path);
    VOUCH_TRY(list_samples(s));
    VOUCH_TRY(label_samples(s));
    return look_at_pictures(s);
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    folders *f = s->state;

    for (*got = 0; *got < n && f->at < f->count; ++*got, f->at++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(f->scratch);
        const char *path = path_of(f, f->at);
        if (!path)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_pictures_take(&f->first, f->scratch, path, x + *got * s->info.size));
        label[*got] = f->sample[f->at].label;
        vouch_arena_reset(f->scratch, mark);
    }
    return VOUCH_OK;
}

static vouch_status rewind_folders(vouch_data_stream *s)
{
    ((folders *)s->state)->at = 0;
    return VOUCH_OK;
}

static void close_folders(vouch_data_stream *s)
{
    const folders *f = s->state;

    vouch_arena_free(f ? f->scratch : NULL);
}

const vouch_data_format vouch_data_format_folders = {
    .name = "folders",
    .summary = "folders of JPEG or PNG files, one for each class; TinyImageNet",
    .citation = "Le and Yang 2015",
    .recognise = recognise,
    .open = open_folders,
    .next = next,
    .rewind = rewind_folders,
    .close = close_folders,
};
