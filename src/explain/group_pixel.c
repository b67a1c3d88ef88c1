/* pixel: a place of the image in all its channels. What is no image has one channel. */
#include "explain/groups.h"

static void label(const vouch_group_request *request, int64_t *label)
{
    const int64_t plane = request->image.height * request->image.width;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i % plane;
}

const vouch_grouping vouch_grouping_pixel = {
    .name = "pixel", .summary = "a place of the image, all channels together", .label = label};
