/* pixel: a place of the image in all its channels. What is no image has one channel. */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena;
    const int64_t plane = request->image.height * request->image.width;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i % plane;
    return true;
}

const vouch_grouping vouch_grouping_pixel = {
    .name = "pixel", .summary = "a place of the image, all channels together", .label = label};
