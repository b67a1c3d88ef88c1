/* A data set in memory: a stream read to its end.
 *
 * The numbers lie in one block that grows as samples come, not as a header promises, so that a
 * short file with a large claim costs nothing.
 */
#include <stdio.h>
#include <string.h>

#include "data/format.h"
#include "io/io.h"

static vouch_status grow(vouch_data *set, int64_t wanted, int64_t *room)
{
    int64_t next = *room ? *room : 256;

    while (next < wanted)
        next += next / 2;
    if (next > INT64_MAX / 8 / (set->info.size ? set->info.size : 1))
        return vouch_fail(set->ctx, VOUCH_ERR_LIMIT, "%s: is too large for memory",
                          set->info.place);
    float *x = vouch_resize(set->ctx, set->x, (size_t)(next * set->info.size) * sizeof *x + 1);
    if (!x)
        return VOUCH_ERR_MEMORY;
    set->x = x;
    int32_t *label = vouch_resize(set->ctx, set->label, (size_t)next * sizeof *label);
    if (!label)
        return VOUCH_ERR_MEMORY;
    set->label = label;
    *room = next;
    return VOUCH_OK;
}

static vouch_status read_all(vouch_data *set, vouch_data_stream *stream)
{
    enum { BATCH = 256 };
    int64_t room = 0, got = 1;

    set->info.count = 0;
    while (got) {
        const int64_t at = set->info.count;
        if (at + BATCH > room)
            VOUCH_TRY(grow(set, at + BATCH, &room));
        VOUCH_TRY(vouch_data_next(stream, BATCH, set->x + at * set->info.size, set->label + at,
                                  &got));
        set->info.count += got;
    }
    if (set->info.count)
        return VOUCH_OK;
    return vouch_fail(set->ctx, VOUCH_ERR_VALUE, "%s: holds no sample", set->info.place);
}

/* The set takes the stream's arena, where the info lives. */
vouch_status vouch_data_load(vouch_context *ctx, const char *place, vouch_data **out)
{
    vouch_data_stream *stream = NULL;

    *out = NULL;
    VOUCH_TRY(vouch_data_open(ctx, place, &stream));
    vouch_data *set = VOUCH_NEW(stream->arena, vouch_data);
    if (!set) {
        vouch_data_close(stream);
        return VOUCH_ERR_MEMORY;
    }
    *set = (vouch_data){.info = stream->info, .ctx = ctx, .arena = stream->arena};
    vouch_status status = read_all(set, stream);
    stream->format->close(stream);
    if (status) {
        vouch_data_free(set);
        return status;
    }
    *out = set;
    return VOUCH_OK;
}

void vouch_data_sha256(const vouch_data *set, char text[65])
{
    char part[2][65], both[2 * sizeof part[0]];
    const size_t count = (size_t)set->info.count;
    vouch_sha256(set->x, count * (size_t)set->info.size * sizeof *set->x, part[0]);
    vouch_sha256(set->label, count * sizeof *set->label, part[1]);
    (void)snprintf(both, sizeof both, "%s %s", part[0], part[1]);
    vouch_sha256(both, strlen(both), text);
}

void vouch_data_free(vouch_data *set)
{
    if (!set)
        return;
    vouch_release(set->ctx, set->x);
    vouch_release(set->ctx, set->label);
    vouch_arena_free(set->arena);
}

vouch_status vouch_data_select(const vouch_data *set, const int64_t *index, int64_t count,
                               vouch_data **out)
{
    vouch_arena *arena = vouch_arena_new(set->ctx);
    vouch_data *made = arena ? VOUCH_NEW(arena, vouch_data) : NULL;
    int64_t room = 0;

    *out = NULL;
    if (!made) {
        vouch_arena_free(arena);
        return VOUCH_ERR_MEMORY;
    }
    *made = (vouch_data){.info = set->info, .ctx = set->ctx, .arena = arena};
    vouch_status status = grow(made, count, &room);
    if (status || !made->x) {
        vouch_data_free(made);
        return status;
    }
    for (int64_t i = 0; i < count; i++) {
        memcpy(made->x + i * set->info.size, vouch_data_x(set, index[i]),
               (size_t)set->info.size * sizeof *made->x);
        made->label[i] = set->label[index[i]];
    }
    made->info.count = count;
    *out = made;
    return VOUCH_OK;
}

vouch_status vouch_data_to_shares(vouch_data *set)
{
    const vouch_feature *from = set->info.feature;
    vouch_feature *feature = VOUCH_NEW_ARRAY(set->arena, vouch_feature, set->info.size);

    if (!feature)
        return VOUCH_ERR_MEMORY;
    for (int64_t k = 0; k < set->info.size; k++) {
        const double low = (double)from[k].low, range = (double)from[k].high - low;
        if (!vouch_range_is_known(from[k].low, from[k].high))
            return vouch_fail(set->ctx, VOUCH_ERR_VALUE, "%s: feature %lld has no range",
                              set->info.place, (long long)k);
        for (int64_t i = 0; i < set->info.count; i++) {
            float *x = &set->x[i * set->info.size + k];
            *x = range > 0 ? (float)(((double)*x - low) / range) : 0;
        }
        feature[k] = from[k];
        feature[k].low = 0;
        feature[k].high = 1;
    }
    set->info.feature = feature;
    return VOUCH_OK;
}
