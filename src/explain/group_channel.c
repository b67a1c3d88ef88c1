/* channel: all of one channel of the image. */
#include "explain/groups.h"

static void label(const vouch_group_request *request, int64_t *label)
{
    const int64_t plane = request->image.height * request->image.width;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i / plane;
}

const vouch_grouping vouch_grouping_channel = {.name = "channel",
                                               .summary = "a whole channel of the image",
                                               .image = true,
                                               .label = label};
