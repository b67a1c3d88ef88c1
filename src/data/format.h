/* How a format of data is added: one file with its descriptor, one line in format.def.
 *
 * A place is parsed into a path and settings; the first format that recognises the path (by its
 * first bytes and its name) opens it, or the one that ?format= names. What every format shares
 * (`first`, `count`) the stream does.
 */
#ifndef VOUCH_DATA_FORMAT_H
#define VOUCH_DATA_FORMAT_H

#include "base/option.h"
#include "data/data.h"

/* The settings of a place; rows in place.c, where each is described. */
typedef struct vouch_data_settings {
    const char *format, *labels, *schema, *target, *separator, *header, *missing, *scale;
    const char *shape, *array, *drop, *classes;
    int64_t first, count, skip, seed;
} vouch_data_settings;

extern const vouch_option vouch_data_options[];
extern const size_t vouch_data_option_count;

typedef struct vouch_data_place {
    const char *text; /* the whole place */
    const char *path; /* without settings; of a built-in set, its name */
    bool is_builtin, is_folder;
    bool has_table; /* a folder with labels.csv */
    vouch_data_settings settings;
    unsigned char head[512]; /* first bytes, uncompressed */
    size_t head_size;
    size_t file_size; /* uncompressed; SIZE_MAX: not known */
} vouch_data_place;

struct vouch_data_format;
struct vouch_pack;

struct vouch_data_stream {
    vouch_context *ctx;
    vouch_arena *arena; /* of the stream and of all that the format needs */
    const struct vouch_data_format *format;
    vouch_data_place place;
    vouch_data_info info; /* filled by open; scale and feature have defaults (pixels) */
    void *state;          /* the format's */
    int64_t at;           /* samples given out since the first */
};

/* A file of a set that is written piece by piece. */
enum { VOUCH_DATA_FILES = 2 };
typedef struct vouch_data_piece {
    const vouch_data *set; /* the samples at hand; of `head`, none */
    int64_t total;         /* samples of the whole set */
    bool bytes;            /* every number of it is a byte divided by 255 */
    int top;               /* the largest label; -1: there is none */
} vouch_data_piece;
typedef struct vouch_data_file {
    const char *path; /* NULL: there is no such file */
    vouch_status (*head)(const vouch_data_piece *piece, struct vouch_pack *pack);
    vouch_status (*body)(const vouch_data_piece *piece, struct vouch_pack *pack);
} vouch_data_file;

typedef struct vouch_data_format {
    const char *name, *summary, *citation;
    const char *suffix; /* of files to be written in it; NULL: none tells it */
    bool (*recognise)(const vouch_data_place *place);
    /* Fills info and state; what it opened is closed by close, on failure too. */
    vouch_status (*open)(vouch_data_stream *stream);
    /* Up to n samples; *got 0 at the end alone. */
    vouch_status (*next)(vouch_data_stream *stream, int64_t n, float *x, int32_t *label,
                         int64_t *got);
    vouch_status (*rewind)(vouch_data_stream *stream);
    void (*close)(vouch_data_stream *stream); /* state may be NULL */
    /* Writing, either way: the files of a set at path, written piece by piece in bounded memory,
     * or a whole set at once. Both NULL: vouch cannot write this format. */
    vouch_status (*files)(vouch_arena *arena, const vouch_data_info *info, const char *path,
                          vouch_data_file *file);
    vouch_status (*write)(const vouch_data *set, const char *path);
} vouch_data_format;

const vouch_data_format *const *vouch_data_format_table(void); /* NULL-terminated */
const vouch_data_format *vouch_data_format_find(const char *name);

/* Parses the text of a place and looks at the file. */
vouch_status vouch_data_place_parse(vouch_arena *arena, const char *text,
                                    vouch_data_place *place);
/* Does the path end so, before any ".gz"? */
bool vouch_data_place_ends(const vouch_data_place *place, const char *suffix);

/* Names "0", "1", ... for classes that have none. */
vouch_status vouch_data_number_classes(vouch_data_stream *stream, int classes);
/* What follows from a schema: features, shape, classes; with the setting `scale`. */
vouch_status vouch_data_use_schema(vouch_data_stream *stream, const vouch_schema *schema);
/* The same from a table of columns. */
vouch_status vouch_data_use_columns(vouch_data_stream *stream, const vouch_column *column,
                                    int count, int target);
/* "1x28x28" -> a shape; VOUCH_ERR_ARGUMENT for anything else. */
vouch_status vouch_data_shape_parse(vouch_context *ctx, const char *text, vouch_shape *shape);

#endif
