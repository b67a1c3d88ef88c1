/* @NAME@: which inputs are one feature. Here: neighbours in pairs.
 *
 * Steps for a new grouping (delete each as you finish it):
 *   1. label: a number >= 0 for every input; inputs of one label are one feature. Numbers need not
 *      be dense, but should be small: an array is made of them.
 *   2. image or table, where it needs one: it is then refused where there is none.
 *      setting: options of its own; beside other groupings they are refused.
 *   3. What goes together in tests/explain/test_groups.c.
 */
#include "explain/groups.h"

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    (void)arena; /* for what is kept on the way; false: out of memory */
    for (int64_t i = 0; i < request->inputs; i++)
        label[i] = i / 2;
    return true;
}

const vouch_grouping vouch_grouping_@NAME@ = {
    .name = "@NAME@",
    .summary = "one line for vouch list groups",
    .label = label,
};
