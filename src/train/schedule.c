/* The table of schedules, and milestones from text. */
#include "train/schedule.h"

#include <stdlib.h>
#include <string.h>

#define VOUCH_SCHEDULE(name) extern const vouch_schedule vouch_schedule_##name;
#include "train/schedule.def"
#undef VOUCH_SCHEDULE

const vouch_schedule *const *vouch_schedule_table(void)
{
    static const vouch_schedule *const table[] = {
#define VOUCH_SCHEDULE(name) &vouch_schedule_##name,
#include "train/schedule.def"
#undef VOUCH_SCHEDULE
        0};
    return table;
}

const vouch_schedule *vouch_schedule_find(const char *name)
{
    for (const vouch_schedule *const *s = vouch_schedule_table(); *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return *s;
    return 0;
}

vouch_status vouch_schedule_milestones(vouch_context *ctx, const char *text, double epochs,
                                       vouch_schedule_shape *shape)
{
    const char *at = text ? text : "";
    double last = 0;
    shape->milestones = 0;
    while (*at) {
        char *end = NULL;
        const double epoch = strtod(at, &end);
        const bool fine = end != at && (*end == ',' || *end == '\0') && epoch > last;
        if (!fine || shape->milestones == VOUCH_MILESTONES)
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                              "milestones '%s': not at most %d rising epochs, parted by commas",
                              text, VOUCH_MILESTONES);
        shape->milestone[shape->milestones++] = epoch / epochs;
        last = epoch;
        at = end + (*end == ',');
    }
    return VOUCH_OK;
}
