/* patch: squares of the image, all channels together; those at the lower and right edges may be
 * smaller. */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena;
    const int64_t width = request->image.width, plane = request->image.height * width;
    const int64_t across = (width + request->patch - 1) / request->patch;
    for (int64_t i = 0; i < request->inputs; i++) {
        const int64_t row = i % plane / width, column = i % width;
        label[i] = row / request->patch * across + column / request->patch;
    }
    return true;
}

const vouch_grouping vouch_grouping_patch = {
    .name = "patch",
    .summary = "squares of the image (--patch N), all channels together",
    .image = true,
    .setting = {"patch"},
    .label = label,
};
