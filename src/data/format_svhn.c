/* SVHN in its cropped form: a Matlab file with X, bytes of 32 x 32 x 3 x samples, and y, one
 * label a sample, 1 to 10, where 10 is the digit 0.
 *
 * Matlab has the first axis innermost, so samples lie one after the other, channel after channel,
 * but each channel column by column: as an array of reversed axes only the two axes of a picture
 * are to be exchanged.
 */
#include <string.h>

#include "data/arrays.h"
#include "io/mat.h"

enum { SIDE = 32, CHANNELS = 3, DIGITS = 10 };

static bool recognise(const vouch_data_place *place)
{
    const unsigned char *h = place->head;

    return place->head_size >= 128 && memcmp(h, "MATLAB ", 7) == 0 &&
           (memcmp(h + 126, "IM", 2) == 0 || memcmp(h + 126, "MI", 2) == 0);
}

static vouch_status check_pictures(const vouch_array *x)
{
    const int64_t *dim = x->shape.dim;

    if (dim[1] == CHANNELS && dim[2] == SIDE && dim[3] == SIDE && x->element.kind == 'u' &&
        x->element.bytes == 1)
        return VOUCH_OK;
    return vouch_fail(vouch_stream_context(x->stream), VOUCH_ERR_SHAPE,
                      "%s: X is %lld x %lld x %lld x %lld numbers of %d bytes (%c) instead of "
                      "32 x 32 x 3 x samples of 1 byte (u)",
                      vouch_stream_name(x->stream), (long long)dim[3], (long long)dim[2],
                      (long long)dim[1], (long long)dim[0], x->element.bytes, x->element.kind);
}

/* All of them are read once before the first is used. */
static vouch_status check_labels(vouch_array *y)
{
    enum { BATCH = 256 };
    float value[BATCH];
    int64_t got = 1;

    for (int64_t at = 0; got; at += got) {
        VOUCH_TRY(vouch_array_next(y, BATCH, value, &got));
        for (int64_t i = 0; i < got; i++)
            if (!(value[i] >= 1 && value[i] <= DIGITS && value[i] == (float)(int)value[i]))
                return vouch_fail(vouch_stream_context(y->stream), VOUCH_ERR_VALUE,
                                  "%s: label %lld is %g: those of SVHN are 1 to 10",
                                  vouch_stream_name(y->stream), (long long)at + (long long)i,
                                  (double)value[i]);
    }
    return vouch_array_rewind(y);
}

static vouch_status open_labels(vouch_data_stream *s, vouch_data_arrays *a)
{
    const char *labels = s->place.settings.labels;

    if (labels && strcmp(labels, "none") == 0)
        return VOUCH_OK;
    if (labels)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT, "%s: labels are y or none, not '%s'",
                          s->place.text, labels);
    VOUCH_TRY(vouch_mat_open(s->arena, s->place.path, "y", 1, &a->y));
    if (a->y.entries != a->x.entries)
        return vouch_fail(s->ctx, VOUCH_ERR_SHAPE, "%s: y has %lld labels for the %lld samples",
                          s->place.path, (long long)a->y.entries, (long long)a->x.entries);
    VOUCH_TRY(check_labels(&a->y));
    return vouch_data_number_classes(s, DIGITS);
}

static vouch_status open_svhn(vouch_data_stream *s)
{
    vouch_data_arrays *a = VOUCH_NEW(s->arena, vouch_data_arrays);

    if (!a)
        return VOUCH_ERR_MEMORY;
    s->state = a;
    VOUCH_TRY(vouch_mat_open(s->arena, s->place.path, "X", 4, &a->x));
    VOUCH_TRY(check_pictures(&a->x));
    VOUCH_TRY(vouch_data_arrays_begin(s));
    return open_labels(s, a);
}

/* Columns to rows, one channel. */
static void turn(float *x)
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < row; column++) {
            const float kept = x[row * SIDE + column];
            x[row * SIDE + column] = x[column * SIDE + row];
            x[column * SIDE + row] = kept;
        }
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    VOUCH_TRY(vouch_data_arrays_next(s, n, x, label, got));
    for (int64_t i = 0; i < *got * CHANNELS; i++)
        turn(x + i * SIDE * SIDE);
    for (int64_t i = 0; i < *got; i++)
        label[i] = label[i] == DIGITS ? 0 : label[i];
    return VOUCH_OK;
}

const vouch_data_format vouch_data_format_svhn = {
    .name = "svhn",
    .summary = "SVHN's cropped digits: a Matlab file (level 5) of X and y",
    .citation = "Netzer et al. 2011; MathWorks MAT-File Format",
    .recognise = recognise,
    .open = open_svhn,
    .next = next,
    .rewind = vouch_data_arrays_rewind,
    .close = vouch_data_arrays_close,
};
