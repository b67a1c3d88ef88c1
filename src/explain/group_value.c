/* value: every input is a feature of its own. */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i;
    return true;
}

const vouch_grouping vouch_grouping_value = {
    .name = "value", .summary = "every input by itself", .label = label};
