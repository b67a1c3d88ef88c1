/* The table of schedules. */
#include "train/schedule.h"

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
