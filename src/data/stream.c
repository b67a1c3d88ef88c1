/* A data set as a stream: finds the format, then gives its samples from `first` on, `count` at
 * most.
 */
#include <string.h>

#include "data/format.h"

#define VOUCH_DATA_FORMAT(name) extern const vouch_data_format vouch_data_format_##name;
#include "data/format.def"
#undef VOUCH_DATA_FORMAT

#define VOUCH_DATA_FORMAT(name) &vouch_data_format_##name,
static const vouch_data_format *const formats[] = {
#include "data/format.def"
    NULL};
#undef VOUCH_DATA_FORMAT

const vouch_data_format *const *vouch_data_format_table(void) { return formats; }

const vouch_data_format *vouch_data_format_find(const char *name)
{
    for (int i = 0; formats[i]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

/* ---- opening ------------------------------------------------------------------------------ */

static const vouch_data_format *choose(const vouch_data_place *place)
{
    const vouch_data_format *named = vouch_data_format_find(place->settings.format);

    if (named)
        return named;
    for (int i = 0; formats[i]; i++)
        if (formats[i]->recognise(place))
            return formats[i];
    return NULL;
}

vouch_status vouch_data_number_classes(vouch_data_stream *stream, int classes)
{
    const char **name = VOUCH_NEW_ARRAY(stream->arena, const char *, classes);

    if (!name)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < classes; i++) {
        name[i] = vouch_arena_print(stream->arena, "%d", i);
        if (!name[i])
            return VOUCH_ERR_MEMORY;
    }
    stream->info.classes = classes;
    stream->info.class_name = name;
    return VOUCH_OK;
}

/* Every feature may be anything: pixels in [0,1]; numbers of an unscaled file between the ends
 * of float32. */
static vouch_status default_features(vouch_data_stream *s)
{
    vouch_feature *feature = VOUCH_NEW_ARRAY(s->arena, vouch_feature, s->info.size);
    const bool pixels = s->info.scaling != VOUCH_SCALING_NONE;

    if (!feature)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < s->info.size; i++)
        feature[i] = (vouch_feature){.low = pixels ? 0.0f : -3.4e38f,
                                     .high = pixels ? 1.0f : 3.4e38f,
                                     .column = -1,
                                     .group = -1};
    s->info.feature = feature;
    return VOUCH_OK;
}

vouch_status vouch_data_use_schema(vouch_data_stream *s, const vouch_schema *schema)
{
    const char *scale = s->place.settings.scale;
    const int64_t size = vouch_schema_features(schema);
    vouch_feature *feature = VOUCH_NEW_ARRAY(s->arena, vouch_feature, size);

    if (!feature)
        return VOUCH_ERR_MEMORY;
    if (size == 0)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: no column is left to be a feature",
                          s->place.text);
    s->info.scaling = scale[0] == '2'   ? VOUCH_SCALING_BYTE
                      : scale[0] == 'u' ? VOUCH_SCALING_UNIT
                                        : VOUCH_SCALING_NONE;
    vouch_schema_expand(schema, s->info.scaling, feature);
    s->info.schema = schema;
    s->info.feature = feature;
    s->info.size = size;
    s->info.shape = (vouch_shape){.rank = 1, .dim = {size}};
    if (schema->target >= 0) {
        s->info.classes = schema->column[schema->target].categories;
        s->info.class_name = schema->column[schema->target].category;
    }
    return VOUCH_OK;
}

vouch_status vouch_data_use_columns(vouch_data_stream *s, const vouch_column *column, int count,
                                    int target)
{
    vouch_schema *schema = VOUCH_NEW(s->arena, vouch_schema);
    vouch_column *copy = VOUCH_NEW_ARRAY(s->arena, vouch_column, count);

    if (!schema || !copy)
        return VOUCH_ERR_MEMORY;
    memcpy(copy, column, (size_t)count * sizeof *copy);
    *schema = (vouch_schema){.columns = count, .column = copy, .target = target};
    return vouch_data_use_schema(s, schema);
}

static vouch_status reshape(vouch_data_stream *s)
{
    vouch_shape shape;

    if (!s->place.settings.shape)
        return VOUCH_OK;
    VOUCH_TRY(vouch_data_shape_parse(s->ctx, s->place.settings.shape, &shape));
    if (vouch_shape_count(&shape) != s->info.size)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: a sample has %lld numbers, not %s",
                          s->place.text, (long long)s->info.size, s->place.settings.shape);
    s->info.shape = shape;
    return VOUCH_OK;
}

/* What `first` and `count` leave of the samples. */
static void limit_count(vouch_data_stream *s)
{
    const vouch_data_settings *set = &s->place.settings;
    int64_t *count = &s->info.count;

    if (*count >= 0)
        *count = *count > set->first ? *count - set->first : 0;
    if (set->count > 0 && *count > set->count)
        *count = set->count;
}

/* Passes over the samples before the first. */
static vouch_status pass_over(vouch_data_stream *s)
{
    int64_t got = 1, left = s->place.settings.first;

    s->at = 0;
    if (!left || s->place.is_builtin)
        return VOUCH_OK;
    float *x = vouch_alloc(s->ctx, (size_t)s->info.size * sizeof *x);
    int32_t label = 0;
    vouch_status status = x ? VOUCH_OK : VOUCH_ERR_MEMORY;
    while (!status && left && got) {
        status = s->format->next(s, 1, x, &label, &got);
        left -= got;
    }
    vouch_release(s->ctx, x);
    return status;
}

static vouch_status open_stream(vouch_data_stream *s, const char *text)
{
    VOUCH_TRY(vouch_data_place_parse(s->arena, text, &s->place));
    s->info = (vouch_data_info){.place = s->place.text, .count = -1};
    s->format = choose(&s->place);
    if (!s->format)
        return vouch_fail(s->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: the format is not recognised; see vouch list data, and name it "
                          "with ?format=NAME",
                          s->place.text);
    s->info.format = s->format->name;
    VOUCH_TRY(s->format->open(s));
    VOUCH_TRY(reshape(s));
    if (!s->info.feature)
        VOUCH_TRY(default_features(s));
    limit_count(s);
    return pass_over(s);
}

vouch_status vouch_data_open(vouch_context *ctx, const char *place, vouch_data_stream **stream)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_data_stream *s = arena ? VOUCH_NEW(arena, vouch_data_stream) : NULL;

    *stream = NULL;
    if (!s) {
        vouch_arena_free(arena);
        return VOUCH_ERR_MEMORY;
    }
    s->ctx = ctx;
    s->arena = arena;
    vouch_status status = open_stream(s, place);
    if (status) {
        vouch_data_close(s);
        return status;
    }
    *stream = s;
    return VOUCH_OK;
}

/* ---- use ---------------------------------------------------------------------------------- */

const vouch_data_info *vouch_data_stream_info(const vouch_data_stream *s) { return &s->info; }

vouch_status vouch_data_next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                             int64_t *got)
{
    const int64_t most = s->place.settings.count;

    *got = 0;
    if (vouch_context_stopped(s->ctx))
        return vouch_fail_stopped(s->ctx);
    if (most > 0 && n > most - s->at)
        n = most - s->at;
    if (n > 0)
        VOUCH_TRY(s->format->next(s, n, x, label, got));
    s->at += *got;
    return VOUCH_OK;
}

vouch_status vouch_data_rewind(vouch_data_stream *s)
{
    VOUCH_TRY(s->format->rewind(s));
    return pass_over(s);
}

void vouch_data_close(vouch_data_stream *s)
{
    if (!s)
        return;
    if (s->format)
        s->format->close(s);
    vouch_arena_free(s->arena);
}
