/* column: a column of the table; a category's inputs, one for each value, are one feature. */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena;
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = request->feature[i].column;
    return true;
}

const vouch_grouping vouch_grouping_column = {
    .name = "column",
    .summary = "a column of the table, all values of a category together",
    .table = true,
    .label = label,
};
