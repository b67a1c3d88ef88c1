/* Reading the points of an attack, their valid range and their shape. */
#include "cli/attack_points.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/point.h"

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory for the points");
}

static vouch_status make_room(vouch_context *ctx, vouch_arena *arena, vouch_cli_points *p)
{
    p->x = VOUCH_NEW_ARRAY(arena, float, p->count * p->size);
    p->label = VOUCH_NEW_ARRAY(arena, int, p->count);
    p->low = VOUCH_NEW_ARRAY(arena, float, p->size);
    p->high = VOUCH_NEW_ARRAY(arena, float, p->size);
    return p->x && p->label && p->low && p->high ? VOUCH_OK : out_of_memory(ctx);
}

/* ---- one point ----------------------------------------------------------------------------- */

/* Numbers and what separates them, at least one comma or space among them. */
static bool is_numbers(const char *text)
{
    return strpbrk(text, ", ") != NULL && vouch_cli_point_is_list(text);
}

static vouch_status take_point(vouch_context *ctx, vouch_arena *arena, const char *text,
                               const vouch_cli_network *network, vouch_cli_points *p)
{
    vouch_cli_point point;
    p->count = 1;
    p->size = network->inputs;
    p->shape = (vouch_shape){.rank = 1, .dim = {p->size}};
    VOUCH_TRY(make_room(ctx, arena, p));
    VOUCH_TRY(vouch_cli_point_read(arena, text, network->inputs, network->outputs, &point));
    p->label[0] = -1;
    for (int64_t i = 0; i < p->size; i++) {
        p->x[i] = (float)point.input[i];
        p->low[i] = -3.4e38f;
        p->high[i] = 3.4e38f;
    }
    return VOUCH_OK;
}

/* ---- a data set ---------------------------------------------------------------------------- */

/* Passes over the first `from` samples, a few at a time, then reads. */
static vouch_status read_samples(vouch_data_stream *stream, int64_t from, vouch_cli_points *p,
                                 int32_t *label)
{
    int64_t got = 1, done = 0;
    for (int64_t at = 0; at < from && got > 0; at += got) {
        const int64_t left = from - at;
        VOUCH_TRY(
            vouch_data_next(stream, left < p->count ? left : p->count, p->x, label, &got));
    }
    while (done < p->count && got > 0) {
        VOUCH_TRY(vouch_data_next(stream, p->count - done, p->x + done * p->size, label + done,
                                  &got));
        done += got;
    }
    p->count = done;
    return VOUCH_OK;
}

static vouch_status take_rules(vouch_context *ctx, vouch_arena *arena,
                               const vouch_data_info *info, bool relative, vouch_cli_points *p)
{
    vouch_feature *feature = VOUCH_NEW_ARRAY(arena, vouch_feature, p->size);
    if (!feature)
        return out_of_memory(ctx);
    memcpy(feature, info->feature, (size_t)p->size * sizeof *feature);
    p->is_table = info->schema != NULL;
    p->rules = (vouch_rules){feature, relative};
    for (int64_t i = 0; i < p->size; i++) {
        p->low[i] = feature[i].low;
        p->high[i] = feature[i].high;
    }
    return VOUCH_OK;
}

static vouch_status take_samples(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_cli_points_wanted *wanted, vouch_cli_points *p)
{
    const vouch_data_info *info = vouch_data_stream_info(p->stream);
    int32_t *label = VOUCH_NEW_ARRAY(arena, int32_t, wanted->count);
    p->count = wanted->count;
    p->from = wanted->from;
    p->size = info->size;
    p->shape = info->shape;
    if (!label)
        return out_of_memory(ctx);
    VOUCH_TRY(make_room(ctx, arena, p));
    VOUCH_TRY(take_rules(ctx, arena, info, wanted->relative, p));
    VOUCH_TRY(read_samples(p->stream, wanted->from, p, label));
    for (int64_t i = 0; i < p->count; i++)
        p->label[i] = label[i];
    if (p->count == 0)
        return vouch_fail(ctx, VOUCH_ERR_VALUE, "%s: no sample at or after %" PRId64, p->place,
                          wanted->from);
    return VOUCH_OK;
}

/* ---- range and image ----------------------------------------------------------------------- */

/* "a,b,..." as exactly `count` finite numbers. */
static bool read_list(const char *text, int count, double *number)
{
    for (int i = 0; i < count; i++) {
        char *end = NULL;
        number[i] = strtod(text, &end);
        if (end == text || *end != (i + 1 < count ? ',' : '\0') || !isfinite(number[i]))
            return false;
        text = end + 1;
    }
    return true;
}

static vouch_status set_range(vouch_context *ctx, const char *text, vouch_cli_points *p)
{
    double end[2];
    if (text == NULL)
        return VOUCH_OK;
    if (!read_list(text, 2, end) || !(end[0] < end[1]))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option 'range': '%s' is not LOW,HIGH",
                          text);
    for (int64_t i = 0; i < p->size; i++) {
        p->low[i] = (float)end[0];
        p->high[i] = (float)end[1];
    }
    p->range_from = "option";
    return VOUCH_OK;
}

/* What is known of the range, and which points it does not hold. */
static void judge_range(vouch_cli_points *p)
{
    p->is_ranged = true;
    for (int64_t i = 0; i < p->size; i++)
        p->is_ranged = p->is_ranged && vouch_range_is_known(p->low[i], p->high[i]);
    if (!p->is_ranged)
        p->range_from = "none";
    for (int64_t k = 0; k < p->count; k++) {
        const float *x = p->x + k * p->size;
        int64_t i = 0;
        while (i < p->size && x[i] >= p->low[i] && x[i] <= p->high[i])
            i++;
        p->outside += i < p->size;
    }
}

/* A shape of rank 2 or 3 is an image, its channels first; anything else a line. */
static vouch_image image_of(const vouch_shape *s, int64_t size)
{
    if (s->rank == 3)
        return (vouch_image){s->dim[0], s->dim[1], s->dim[2]};
    if (s->rank == 2)
        return (vouch_image){1, s->dim[0], s->dim[1]};
    return (vouch_image){1, 1, size};
}

static vouch_status set_image(vouch_context *ctx, const char *text, vouch_cli_points *p)
{
    double side[3];
    p->image = image_of(&p->shape, p->size);
    if (text == NULL)
        return VOUCH_OK;
    bool fits = read_list(text, 3, side) && side[0] * side[1] * side[2] == (double)p->size;
    for (int i = 0; i < 3 && fits; i++)
        fits = side[i] >= 1 && side[i] == rint(side[i]);
    if (!fits)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'image': '%s' is not C,H,W with a product of %" PRId64, text,
                          p->size);
    p->image = (vouch_image){(int64_t)side[0], (int64_t)side[1], (int64_t)side[2]};
    p->shape =
        (vouch_shape){.rank = 3, .dim = {p->image.channels, p->image.height, p->image.width}};
    return VOUCH_OK;
}

void vouch_cli_points_free(vouch_cli_points *points)
{
    vouch_data_close(points->stream);
    points->stream = NULL;
}

vouch_status vouch_cli_points_load(vouch_context *ctx, vouch_arena *arena, const char *text,
                                   const vouch_cli_network *network,
                                   const vouch_cli_points_wanted *wanted,
                                   vouch_cli_points *points)
{
    *points = (vouch_cli_points){.place = text, .range_from = "data"};
    if (is_numbers(text))
        VOUCH_TRY(take_point(ctx, arena, text, network, points));
    else {
        VOUCH_TRY(vouch_data_open(ctx, text, &points->stream));
        VOUCH_TRY(take_samples(ctx, arena, wanted, points));
    }
    if (points->size != network->inputs)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "%s: points of %" PRId64 " numbers; %s takes %" PRId64, text,
                          points->size, network->path, network->inputs);
    if (wanted->relative && !points->is_table)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'relative': %s is no table with a range of each column",
                          text);
    VOUCH_TRY(set_range(ctx, wanted->range, points));
    judge_range(points);
    return set_image(ctx, wanted->image, points);
}
