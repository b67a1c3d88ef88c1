/* channel: all of one channel of the image. */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena;
    const int64_t plane = request->image.height * request->image.width;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i / plane;
    return true;
}

const vouch_grouping vouch_grouping_channel = {.name = "channel",
                                               .summary = "a whole channel of the image",
                                               .image = true,
                                               .label = label};
