/* From files of pictures to features (data/pictures.h). */
#include "data/pictures.h"

void vouch_pictures_shape(vouch_data_stream *s, const vouch_picture *first)
{
    s->info.shape = (vouch_shape){3, {first->channels, first->height, first->width}};
    s->info.size = vouch_shape_count(&s->info.shape);
    s->info.scaling = VOUCH_SCALING_BYTE;
}

static void to_features(const vouch_picture *picture, float *x)
{
    const int64_t pixels = (int64_t)picture->width * picture->height;

    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < picture->channels; c++) {
            const int64_t at = i * picture->channels + c;
            x[c * pixels + i] = picture->wide ? (float)picture->wide[at] / 65535.0f
                                              : (float)picture->pixel[at] / 255.0f;
        }
}

vouch_status vouch_pictures_take(const vouch_picture *first, vouch_arena *scratch,
                                 const char *path, float *x)
{
    vouch_picture picture = {0};

    VOUCH_TRY(vouch_picture_read(scratch, path, first->channels, &picture));
    if (picture.width != first->width || picture.height != first->height)
        return vouch_fail(vouch_arena_context(scratch), VOUCH_ERR_SHAPE,
                          "%s: %d x %d pixels instead of %d x %d", path, picture.width,
                          picture.height, first->width, first->height);
    to_features(&picture, x);
    return VOUCH_OK;
}
