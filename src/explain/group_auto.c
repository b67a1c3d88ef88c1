/* auto: the columns of a table, the pixels of an image, else single inputs. */
#include "explain/groups.h"

extern const vouch_grouping vouch_grouping_column, vouch_grouping_pixel;

static bool label(vouch_arena *arena, const vouch_group_request *request, int64_t *label)
{
    const vouch_grouping *grouping =
        request->feature != NULL ? &vouch_grouping_column : &vouch_grouping_pixel;
    return grouping->label(arena, request, label);
}

const vouch_grouping vouch_grouping_auto = {
    .name = "auto",
    .summary = "columns of a table, pixels of an image, else single inputs",
    .label = label,
};
